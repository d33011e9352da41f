/* test_plugin.c: runs a model on a plug-in's kernels.
 *
 *   test_plugin MODEL PLUGIN...
 *
 * The kernels of every PLUGIN are added to a registry; the first one's must then be what computes
 * MODEL (one node, float X[n] to Y[n]), with the results of the built-in operator. */
#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "onnxrun/kernel.h"
#include "onnxrun/onnxrun.h"

enum { COUNT = 1000 };

static onnxrun_error error;

static void must(int claim, const char *what, const char *detail)
{
  if (claim)
    return;
  printf("FAIL: %s: %s\n", what, detail);
  exit(1);
}

static const onnxrun_plugin *query(void *object, uint32_t abi)
{
  const onnxrun_plugin *(*f)(uint32_t);
  void *symbol = dlsym(object, "onnxrun_plugin_query");
  must(symbol != NULL, "onnxrun_plugin_query", "not exported");
  memcpy(&f, &symbol, sizeof f);
  return f(abi);
}

/* The float loop of the plug-in, counted. */
static onnxrun_loop_fn plugin_loop;
static size_t items;

static void counted(const onnxrun_job *job, size_t begin, size_t end)
{
  items += end - begin;
  plugin_loop(job, begin, end);
}

static const onnxrun_loop counted_loops[] = {{ONNXRUN_FLOAT, counted}, {0}};

static void add_counted(onnxrun_registry *r, const onnxrun_plugin *p, onnxrun_kernel *copy)
{
  *copy = *p->kernels[0];
  for (const onnxrun_loop *l = copy->loops; l && l->run; l++) {
    if (l->dtype == ONNXRUN_FLOAT)
      plugin_loop = l->run;
  }
  must(plugin_loop != NULL, p->name, "no float loop");
  copy->loops = counted_loops;
  must(onnxrun_registry_add(r, copy, &error) == ONNXRUN_OK, p->name, error.text);
}

static void *load(const char *path, onnxrun_registry *r, onnxrun_kernel *copy)
{
  void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  must(object != NULL, path, object ? "" : dlerror());
  must(query(object, 0) == NULL, path, "serves ABI 0, which never was");
  const onnxrun_plugin *p = query(object, ONNXRUN_ABI);
  must(p && p->size >= sizeof *p && p->abi == ONNXRUN_ABI && p->name && p->version, path,
       "not a plug-in of this ABI");
  must(p->kernels && p->kernels[0], p->name, "has no kernels");
  for (const onnxrun_kernel *const *k = p->kernels; *k; k++)
    must(onnxrun_registry_add(r, *k, &error) == ONNXRUN_OK, p->name, error.text);
  if (copy)
    add_counted(r, p, copy);
  return object;
}

static void run(const char *path, const onnxrun_registry *registry, float *x, float *y)
{
  onnxrun_options o = ONNXRUN_OPTIONS_INIT;
  o.registry = registry;
  o.threads = 1;
  onnxrun_model *m = NULL;
  onnxrun_session *s = NULL;
  onnxrun_tensor in = {ONNXRUN_FLOAT, 1, {COUNT}, x, COUNT * sizeof *x},
                 out = {.data = y, .bytes = COUNT * sizeof *y};
  must(onnxrun_model_open(path, &o, &m, &error) == ONNXRUN_OK, path, error.text);
  must(onnxrun_session_create(m, &o, &s, &error) == ONNXRUN_OK, path, error.text);
  must(onnxrun_session_run(s, &in, 1, &out, 1, &error) == ONNXRUN_OK, path, error.text);
  onnxrun_session_release(s);
  onnxrun_model_release(m);
}

int main(int argc, char **argv)
{
  must(argc > 2, "arguments", "MODEL PLUGIN...");
  static float x[COUNT], expected[COUNT], found[COUNT];
  for (int i = 0; i < COUNT; i++)
    x[i] = (float)(i - COUNT / 2) / 100;
  run(argv[1], NULL, x, expected);
  must(items == 0, argv[1], "the built-in operator ran the plug-in's loop");

  onnxrun_registry *r = NULL;
  onnxrun_kernel copy;
  must(onnxrun_registry_create(NULL, &r, &error) == ONNXRUN_OK, "registry", error.text);
  void **objects = calloc((size_t)argc, sizeof *objects);
  must(objects != NULL, "objects", "no memory");
  for (int i = argc - 1; i >= 2; i--)
    objects[i] = load(argv[i], r, i == 2 ? &copy : NULL);
  run(argv[1], r, x, found);
  must(items == COUNT, argv[1], "the plug-in's loop did not compute it");
  for (int i = 0; i < COUNT; i++)
    must(fabsf(found[i] - expected[i]) <= 1e-6f * (1 + fabsf(expected[i])), argv[1],
         "the plug-in's results differ from the built-in operator's");

  onnxrun_registry_release(r);
  for (int i = 2; i < argc; i++)
    dlclose(objects[i]);
  free(objects);
  printf("%d plug-ins, %d elements by the first\n", argc - 2, COUNT);
  return 0;
}
