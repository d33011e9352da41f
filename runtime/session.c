/* session.c: one thread's run state: plans by input shapes, the arena, lent outputs. */
#include "runtime/session.h"

#include <string.h>

#include "runtime/error.h"
#include "runtime/inputs.h"
#include "runtime/model.h"
#include "runtime/parallel.h"
#include "runtime/schedule.h"

#define THREADS_MOST ((size_t)64) /* or the executor's width, if that is more */
#define PLANS_MOST 8              /* plans kept; the least recently used goes */

typedef struct onx_cached {
  onx_plan *plan;
  onx_schedule *schedule;
  uint64_t used; /* number of the last run with it */
} onx_cached;

typedef struct onx_block {
  void *data;
  size_t bytes;
} onx_block;

struct onnxrun_session {
  onx_heap heap; /* first: see onx_object_new */
  onx_pool pool; /* of what lives as long as the session */
  const onx_module *module;
  onx_inputs inputs;
  onx_watch watch;
  const onnxrun_executor *executor;
  size_t threads, width; /* of a run at most, as created; that the executor has */
  size_t run_threads;    /* of the next run at most */
  onx_cached cached[PLANS_MOST];
  size_t n_cached;
  uint64_t runs;
  onx_block arena; /* the plan's arena, then scratch for each worker */
  onx_block *lent; /* by output */
  void **results;  /* by output: where this run writes it */
};

/* More threads than `width` only help to test; OpenMP ends the program when it can't make them. */
static size_t threads_of(size_t width, int32_t threads, size_t usual)
{
  const size_t most = width > THREADS_MOST ? width : THREADS_MOST;
  const size_t wanted = threads > 0 ? (size_t)threads : usual;
  return wanted < most ? wanted : most;
}

static onnxrun_status prepare(onnxrun_session *s, onnxrun_error *error)
{
  const size_t n = s->module->main->n_outputs;
  s->lent = onx_pool_array(&s->pool, n, sizeof *s->lent);
  s->results = onx_pool_array(&s->pool, n, sizeof *s->results);
  if (!s->lent || !s->results)
    return onx_heap_fail(&s->heap, n, "a session", error);
  return onx_inputs_init(&s->inputs, s->module->main, &s->pool, error);
}

onnxrun_status onx_session_create(const onx_module *module, const onnxrun_options *options,
                                  onnxrun_session **out, onnxrun_error *error)
{
  void *object = NULL;
  ONX_TRY(onx_object_new(sizeof **out, options, "a session", &object, error));
  onnxrun_session *s = object;
  s->module = module;
  s->executor = options && options->executor ? options->executor : onx_parallel_default();
  s->width = s->executor->width(s->executor->user);
  s->threads = threads_of(s->width, options ? options->threads : 0, s->width);
  s->run_threads = s->threads;
  s->pool.heap = &s->heap;
  const onnxrun_status status = prepare(s, error);
  if (status == ONNXRUN_OK)
    *out = s;
  else
    onnxrun_session_release(s);
  return status;
}

onnxrun_status onnxrun_session_create(const onnxrun_model *model, const onnxrun_options *options,
                                      onnxrun_session **out, onnxrun_error *error)
{
  if (!model || !out)
    return onx_fail(error, ONNXRUN_INVALID_ARGUMENT, "model or out is NULL");
  return onx_session_create(onx_model_module(model), options, out, error);
}

static void release_block(onnxrun_session *s, onx_block *b)
{
  onx_heap_give(&s->heap, b->data, b->bytes);
  *b = (onx_block){0};
}

void onnxrun_session_release(onnxrun_session *session)
{
  if (!session)
    return;
  const size_t n = session->module->main->n_outputs;
  for (size_t i = 0; i < session->n_cached; i++)
    onx_plan_release(session->cached[i].plan);
  for (size_t i = 0; session->lent && i < n; i++)
    release_block(session, &session->lent[i]);
  release_block(session, &session->arena);
  onx_pool_release(&session->pool);
  onx_object_release(session, sizeof *session);
}

onnxrun_status onnxrun_session_configure(onnxrun_session *session,
                                         const onnxrun_run_options *options, onnxrun_error *error)
{
  if (!session)
    return onx_fail(error, ONNXRUN_INVALID_ARGUMENT, "session is NULL");
  if (options && options->size != sizeof *options)
    return onx_fail(error, ONNXRUN_INVALID_ARGUMENT, "run options: size is %zu, expected %zu",
                    options->size, sizeof *options);
  session->watch.options = options ? *options : (onnxrun_run_options)ONNXRUN_RUN_OPTIONS_INIT;
  session->run_threads =
      threads_of(session->width, session->watch.options.threads, session->threads);
  return ONNXRUN_OK;
}

void onnxrun_session_cancel(onnxrun_session *session)
{
  if (session)
    onx_watch_cancel(&session->watch);
}

/* Makes the block at least that large; its content is lost when it grows. No bytes take none. */
static onnxrun_status reserve(onnxrun_session *s, onx_block *b, size_t bytes, const char *what,
                              onnxrun_error *error)
{
  if (b->bytes >= bytes)
    return ONNXRUN_OK;
  release_block(s, b);
  b->data = onx_heap_take(&s->heap, bytes);
  if (!b->data)
    return onx_heap_fail(&s->heap, bytes, what, error);
  b->bytes = bytes;
  return ONNXRUN_OK;
}

static bool has_shapes(const onx_plan *plan, const onnxrun_tensor *in, size_t n_in)
{
  const int64_t *key = plan->key;
  for (size_t i = 0; i < n_in; i++) {
    if (*key++ != (int64_t)in[i].rank)
      return false;
    for (uint32_t d = 0; d < in[i].rank; d++) {
      if (*key++ != in[i].dims[d])
        return false;
    }
  }
  return true;
}

/* A free place for a plan; the least recently used one makes room. */
static onx_cached *cache_slot(onnxrun_session *s)
{
  if (s->n_cached < PLANS_MOST)
    return &s->cached[s->n_cached];
  onx_cached *oldest = &s->cached[0];
  for (size_t i = 1; i < s->n_cached; i++) {
    if (s->cached[i].used < oldest->used)
      oldest = &s->cached[i];
  }
  onx_plan_release(oldest->plan);
  *oldest = s->cached[--s->n_cached];
  return &s->cached[s->n_cached];
}

static onnxrun_status find_plan(onnxrun_session *s, const onnxrun_tensor *in, size_t n_in,
                                onx_cached **out, onnxrun_error *error)
{
  for (size_t i = 0; i < s->n_cached; i++) {
    if (has_shapes(s->cached[i].plan, in, n_in)) {
      *out = &s->cached[i];
      return ONNXRUN_OK;
    }
  }
  onx_cached *slot = cache_slot(s);
  *slot = (onx_cached){0};
  ONX_TRY(onx_plan_create(&s->heap, s->module, in, n_in, &slot->plan, error));
  slot->schedule = onx_schedule_new(slot->plan, &s->watch);
  if (!slot->schedule) {
    const onnxrun_status failed = onx_heap_fail(&s->heap, slot->plan->n_steps, "a schedule", error);
    onx_plan_release(slot->plan);
    return failed;
  }
  s->n_cached++;
  *out = slot;
  return ONNXRUN_OK;
}

/* What empty values, and an arena that holds nothing else, have for an address. */
static const _Alignas(ONX_ALIGN) int64_t nothing[ONX_ALIGN / sizeof(int64_t)];

static void *address_of(const onx_block *b)
{
  return b->data ? b->data : (void *)(uintptr_t)nothing;
}

/* Bytes of the arena and, behind it, of scratch for each worker. */
static onnxrun_status arena_bytes(const onnxrun_session *s, const onx_plan *p, size_t *bytes,
                                  onnxrun_error *error)
{
  const size_t workers = onx_schedule_workers(p, s->run_threads);
  if (!onx_mul(p->scratch_bytes, workers, bytes) || !onx_add(*bytes, p->arena_bytes, bytes))
    return onx_fail(error, ONNXRUN_LIMIT, "the run needs more memory than can be addressed");
  return ONNXRUN_OK;
}

static onnxrun_status place(onnxrun_session *s, onx_cached *c, onnxrun_error *error)
{
  const onx_plan *p = c->plan;
  c->schedule->workers = onx_schedule_workers(p, s->run_threads);
  c->schedule->is_crowded = c->schedule->workers > s->width;
  size_t bytes;
  ONX_TRY(arena_bytes(s, p, &bytes, error));
  ONX_TRY(reserve(s, &s->arena, bytes, "the arena", error));
  char *arena = address_of(&s->arena);
  if (p->bound != arena)
    onx_plan_bind(c->plan, arena);
  c->schedule->scratch = arena + p->arena_bytes;
  return ONNXRUN_OK;
}

/* What the run will write: the caller's buffer if it is given and large enough, else lent memory.
 */
static onnxrun_status place_output(onnxrun_session *s, const onx_value *v, const onnxrun_tensor *t,
                                   size_t i, onnxrun_tensor *out, onnxrun_error *error)
{
  if (!out->data) {
    ONX_TRY(reserve(s, &s->lent[i], t->bytes, "an output", error));
    s->results[i] = address_of(&s->lent[i]);
    return ONNXRUN_OK;
  }
  if ((uintptr_t)out->data % onx_alignment(t->dtype) != 0)
    return onx_fail(error, ONNXRUN_INVALID_ARGUMENT, "output '%s' is not aligned to its type",
                    v->name.data);
  if (out->bytes < t->bytes) {
    const size_t found = out->bytes;
    out->bytes = t->bytes;
    return onx_fail(error, ONNXRUN_BUFFER_TOO_SMALL,
                    "output '%s' needs %zu bytes, the buffer has %zu", v->name.data, t->bytes,
                    found);
  }
  s->results[i] = out->data;
  return ONNXRUN_OK;
}

static onnxrun_status place_outputs(onnxrun_session *s, const onx_plan *p, onnxrun_tensor *out,
                                    bool is_loose, onnxrun_error *error)
{
  for (size_t i = 0; i < p->graph->n_outputs; i++) {
    const uint32_t v = p->graph->outputs[i];
    if ((p->place[v] == ONX_LOOSE) == is_loose)
      ONX_TRY(place_output(s, &p->graph->values[v], &p->tensors[v], i, &out[i], error));
  }
  return ONNXRUN_OK;
}

/* An input without elements may come without data; kernels are given a pointer all the same. */
static void patch(const onnxrun_session *s, const onx_plan *p, const onnxrun_tensor *in)
{
  for (size_t i = 0; i < p->n_patches; i++) {
    const onx_patch *patch = &p->patches[i];
    void *given = patch->is_result ? s->results[patch->index] : in[patch->index].data;
    *patch->slot = given ? given : (void *)(uintptr_t)nothing;
  }
}

static void copy_loose_outputs(onnxrun_session *s, const onx_plan *p)
{
  for (size_t i = 0; i < p->graph->n_outputs; i++) {
    const uint32_t v = p->graph->outputs[i];
    if (p->place[v] == ONX_LOOSE && p->tensors[v].bytes > 0)
      memcpy(s->results[i], p->tensors[v].data, p->tensors[v].bytes);
  }
}

static void describe_outputs(const onnxrun_session *s, const onx_plan *p, onnxrun_tensor *out)
{
  for (size_t i = 0; i < p->graph->n_outputs; i++) {
    out[i] = p->tensors[p->graph->outputs[i]];
    out[i].data = s->results[i];
  }
}

static onnxrun_status run_plan(onnxrun_session *s, onx_cached *c, const onnxrun_tensor *in,
                               onnxrun_tensor *out, onnxrun_error *error)
{
  const onx_plan *p = c->plan;
  ONX_TRY(place(s, c, error));
  ONX_TRY(place_outputs(s, p, out, false, error));
  patch(s, p, in);
  ONX_TRY(onx_schedule_run(c->schedule, s->executor, error));
  if (p->has_loose) {
    ONX_TRY(place_outputs(s, p, out, true, error));
    copy_loose_outputs(s, p);
  }
  describe_outputs(s, p, out);
  return ONNXRUN_OK;
}

onnxrun_status onnxrun_session_run(onnxrun_session *session, const onnxrun_tensor *in, size_t n_in,
                                   onnxrun_tensor *out, size_t n_out, onnxrun_error *error)
{
  if (!session)
    return onx_fail(error, ONNXRUN_INVALID_ARGUMENT, "session is NULL");
  onx_watch_begin(&session->watch);
  const onx_graph *g = session->module->main;
  if (n_out != g->n_outputs || (n_out > 0 && !out))
    return onx_fail(error, ONNXRUN_INVALID_ARGUMENT, "%zu outputs are given, the model has %zu",
                    out ? n_out : 0, g->n_outputs);
  ONX_TRY(onx_inputs_check(&session->inputs, in, n_in, error));
  onx_cached *c = NULL;
  ONX_TRY(find_plan(session, in, n_in, &c, error));
  c->used = ++session->runs;
  const onnxrun_status s = run_plan(session, c, in, out, error);
  onx_schedule_clear(c->schedule);
  return s;
}

/* The plan for inputs of these shapes, kept for runs. */
static onnxrun_status plan_ahead(onnxrun_session *s, const onnxrun_tensor *in, size_t n_in,
                                 const onx_plan **out, onnxrun_error *error)
{
  onx_cached *c = NULL;
  ONX_TRY(onx_inputs_check_shapes(&s->inputs, in, n_in, error));
  ONX_TRY(find_plan(s, in, n_in, &c, error));
  c->used = ++s->runs;
  *out = c->plan;
  return ONNXRUN_OK;
}

onnxrun_status onnxrun_session_output(onnxrun_session *session, const onnxrun_tensor *in,
                                      size_t n_in, size_t i, onnxrun_info *info,
                                      onnxrun_error *error)
{
  if (!session)
    return onx_fail(error, ONNXRUN_INVALID_ARGUMENT, "session is NULL");
  const onx_graph *g = session->module->main;
  const onx_plan *p = NULL;
  onnxrun_info found = {.size = info ? info->size : 0};
  ONX_TRY(onx_graph_describe(g, true, i, &found, error));
  ONX_TRY(plan_ahead(session, in, n_in, &p, error));
  const uint32_t v = g->outputs[i];
  if (p->place[v] != ONX_LOOSE) {
    found.spec = p->tensors[v];
    found.spec.data = NULL;
    found.any_rank = 0;
    /* Names belong to the dims that the model declares. */
    if (g->values[v].rank != (int32_t)found.spec.rank)
      found.dim_names = onx_no_names;
  }
  *info = found;
  return ONNXRUN_OK;
}

onnxrun_status onnxrun_session_memory(onnxrun_session *session, const onnxrun_tensor *in,
                                      size_t n_in, size_t *bytes, onnxrun_error *error)
{
  if (!session || !bytes)
    return onx_fail(error, ONNXRUN_INVALID_ARGUMENT, "session or bytes is NULL");
  const onx_plan *p = NULL;
  size_t sum;
  ONX_TRY(plan_ahead(session, in, n_in, &p, error));
  ONX_TRY(arena_bytes(session, p, &sum, error));
  for (size_t i = 0; i < p->graph->n_outputs; i++) {
    const uint32_t v = p->graph->outputs[i];
    if (p->place[v] != ONX_LOOSE && !onx_add(sum, p->tensors[v].bytes, &sum))
      return onx_fail(error, ONNXRUN_LIMIT, "the run needs more memory than can be addressed");
  }
  *bytes = sum;
  return ONNXRUN_OK;
}
