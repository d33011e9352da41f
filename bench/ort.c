/* ort.c: ONNX Runtime as a peer, through the stable part of its C interface: a table of functions
 * to which each release adds at the end, so that what stands here at its place holds for all of
 * them. The types behind the pointers are its own. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/peer.h"

typedef struct ort_status ort_status;
typedef struct ort_env ort_env;
typedef struct ort_session ort_session;
typedef struct ort_options ort_options;
typedef struct ort_memory ort_memory;
typedef struct ort_value ort_value;
typedef struct ort_binding ort_binding;
typedef void (*ort_unused)(void);

/* Functions by place, counted from 0; those between are not used here. */
typedef struct ort_api {
  ort_unused from_0[2];
  const char *(*message)(const ort_status *);
  ort_status *(*create_env)(int severity, const char *name, ort_env **); /* 3 */
  ort_unused from_4[4];
  ort_status *(*create_session)(const ort_env *, const void *model, size_t, const ort_options *,
                                ort_session **); /* 8 */
  ort_unused from_9[1];
  ort_status *(*create_options)(ort_options **); /* 10 */
  ort_unused from_11[13];
  ort_status *(*set_threads)(ort_options *, int); /* 24 */
  ort_unused from_25[24];
  ort_status *(*create_value)(const ort_memory *, void *data, size_t, const int64_t *dims,
                              size_t rank, int dtype, ort_value **); /* 49 */
  ort_unused from_50[19];
  ort_status *(*create_memory)(int allocator, int kind, ort_memory **); /* 69 */
  ort_unused from_70[23];
  void (*release_status)(ort_status *); /* 93 */
  void (*release_memory)(ort_memory *);
  void (*release_session)(ort_session *);
  void (*release_value)(ort_value *); /* 96 */
  ort_unused from_97[3];
  void (*release_options)(ort_options *); /* 100 */
  ort_unused from_101[32];
  ort_status *(*run)(ort_session *, const void *, const ort_binding *); /* 133 */
  ort_status *(*create_binding)(ort_session *, ort_binding **);
  void (*release_binding)(ort_binding *);
  ort_status *(*bind_input)(ort_binding *, const char *, const ort_value *);
  ort_status *(*bind_output)(ort_binding *, const char *, const ort_value *); /* 137 */
} ort_api;
_Static_assert(sizeof(ort_api) == 138 * sizeof(ort_unused), "places of the table");

typedef struct ort_base {
  const ort_api *(*api)(uint32_t version);
  const char *(*version)(void);
} ort_base;

/* The first release whose table has all of these places. */
enum { ORT_VERSION = 8, ORT_ERRORS = 3, ORT_FATAL = 4, ORT_DEVICE = 0, ORT_DEFAULT = 0 };

typedef struct ort_run {
  ort_session *session;
  ort_binding *binding;
  ort_value *values[2 * IO_MOST];
  size_t n_values;
} ort_run;

/* The process's one environment, made by ort_peer() and kept to the end. */
static const ort_api *api;
static ort_env *env;
static char peer_name[64];

/* false after a failure, which is reported when it has to work. */
static bool passes(ort_status *s, bool has_to)
{
  if (!s)
    return true;
  if (has_to)
    fprintf(stderr, "ONNX Runtime: %s\n", api->message(s));
  api->release_status(s);
  if (has_to)
    exit(1);
  return false;
}

static ort_value *add_value(ort_run *r, const onnxrun_tensor *t, const ort_memory *memory)
{
  ort_value *v = NULL;
  passes(api->create_value(memory, t->data, t->bytes, t->dims, t->rank, (int)t->dtype, &v), true);
  r->values[r->n_values++] = v;
  return v;
}

static bool ort_bind(void *session, const peer_io *io)
{
  ort_run *r = session;
  ort_memory *memory = NULL;
  passes(api->create_memory(ORT_DEVICE, ORT_DEFAULT, &memory), true);
  passes(api->create_binding(r->session, &r->binding), true);
  for (size_t i = 0; i < io->n_in; i++)
    passes(api->bind_input(r->binding, io->in_names[i], add_value(r, &io->in[i], memory)), true);
  for (size_t i = 0; i < io->n_out; i++)
    passes(api->bind_output(r->binding, io->out_names[i], add_value(r, &io->out[i], memory)), true);
  api->release_memory(memory);
  return passes(api->run(r->session, NULL, r->binding), false);
}

static void ort_close(void *session)
{
  ort_run *r = session;
  for (size_t i = 0; i < r->n_values; i++)
    api->release_value(r->values[i]);
  if (r->binding)
    api->release_binding(r->binding);
  if (r->session)
    api->release_session(r->session);
  free(r);
}

static void ort_run_once(void *session)
{
  ort_run *r = session;
  passes(api->run(r->session, NULL, r->binding), true);
}

static void *ort_load(const uint8_t *model, size_t size, int threads)
{
  ort_run *r = take(sizeof *r);
  ort_options *options = NULL;
  passes(api->create_options(&options), true);
  passes(api->set_threads(options, threads), true);
  const bool is_loaded = passes(api->create_session(env, model, size, options, &r->session), false);
  api->release_options(options);
  if (is_loaded)
    return r;
  ort_close(r);
  return NULL;
}

const peer *ort_peer(const char *library)
{
  static const peer ort = {peer_name, ort_load, ort_bind, ort_run_once, ort_close};
  const ort_base *(*base)(void) = NULL;
  if (!library || !*library) {
    fprintf(stderr, "set ORT_LIB to the path of ONNX Runtime's library "
                    "(libonnxruntime.so, release 1.8 or later)\n");
    return NULL;
  }
  void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
  if (handle)
    *(void **)&base = dlsym(handle, "OrtGetApiBase");
  api = base ? base()->api(ORT_VERSION) : NULL;
  if (!api) {
    const char *why = dlerror();
    fprintf(stderr, "ORT_LIB: %s\n", why ? why : "ONNX Runtime is too old");
    return NULL;
  }
  snprintf(peer_name, sizeof peer_name, "ONNX Runtime %s", base()->version());
  passes(api->create_env(ORT_FATAL, "onnxrun", &env), true);
  return &ort;
}
