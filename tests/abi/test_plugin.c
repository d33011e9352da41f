/* test_plugin.c: loads plug-ins as a program does.
 *
 *   test_plugin run MODEL PLUGIN...            the first one's kernel must be what
 *                                              computes MODEL (one node, float X[n] to Y[n]), with
 *                                              the results of the built-in operator
 *   test_plugin refuse STATUS TEXT PLUGIN      loading must fail so and add nothing
 *   test_plugin accept PLUGIN...               loading, twice, must add kernels each time
 *   test_plugin starve PLUGIN                  loading without memory must fail and add nothing */
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

static onnxrun_registry *new_registry(void)
{
  onnxrun_registry *r = NULL;
  must(onnxrun_registry_create(NULL, &r, &error) == ONNXRUN_OK, "registry", error.text);
  return r;
}

/* ---- run ------------------------------------------------------------------------------------- */

/* The float loop of the plug-in, counted. */
static onnxrun_loop_fn plugin_loop;
static size_t items;

static void counted(const onnxrun_job *job, size_t begin, size_t end)
{
  items += end - begin;
  plugin_loop(job, begin, end);
}

static const onnxrun_loop counted_loops[] = {{ONNXRUN_FLOAT, counted}, {0}};

/* Puts a copy of the newest kernel, which the last plug-in loaded brought, in its place. */
static void count_newest(onnxrun_registry *r, const char *path, onnxrun_kernel *copy)
{
  *copy = *onnxrun_registry_kernel(r, onnxrun_registry_size(r) - 1);
  for (const onnxrun_loop *l = copy->loops; l && l->run; l++) {
    if (l->dtype == ONNXRUN_FLOAT)
      plugin_loop = l->run;
  }
  must(plugin_loop != NULL, path, "no float loop");
  copy->loops = counted_loops;
  must(onnxrun_registry_add(r, copy, &error) == ONNXRUN_OK, path, error.text);
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

static void run_on(const char *model, char **plugins, int n)
{
  static float x[COUNT], expected[COUNT], found[COUNT];
  for (int i = 0; i < COUNT; i++)
    x[i] = (float)(i - COUNT / 2) / 100;
  run(model, NULL, x, expected);
  onnxrun_registry *r = new_registry();
  onnxrun_kernel copy;
  for (int i = n - 1; i >= 0; i--)
    must(onnxrun_registry_load(r, plugins[i], &error) == ONNXRUN_OK, plugins[i], error.text);
  count_newest(r, plugins[0], &copy);
  run(model, r, x, found);
  must(items == COUNT, model, "the plug-in's loop did not compute it");
  for (int i = 0; i < COUNT; i++)
    must(fabsf(found[i] - expected[i]) <= 1e-6f * (1 + fabsf(expected[i])), model,
         "the plug-in's results differ from the built-in operator's");
  onnxrun_registry_release(r);
  printf("%d plug-ins, %d elements by the first\n", n, COUNT);
}

/* ---- refuse, accept -------------------------------------------------------------------------- */

static void refuse(const char *status, const char *text, const char *path)
{
  onnxrun_registry *r = new_registry();
  const size_t before = onnxrun_registry_size(r);
  const onnxrun_status s = onnxrun_registry_load(r, path, &error);
  must(s != ONNXRUN_OK, path, "is loaded");
  must(strcmp(onnxrun_status_text(s), status) == 0 && error.status == s, path, error.text);
  must(strstr(error.text, text) != NULL, text, error.text);
  must(onnxrun_registry_size(r) == before, path, "some kernels were added");
  must(onnxrun_registry_load(r, path, NULL) == s, path, "fails otherwise without an error");
  onnxrun_registry_release(r);
}

static void accept(char **plugins, int n)
{
  onnxrun_registry *r = new_registry();
  for (int i = 0; i < 2 * n; i++) {
    const size_t before = onnxrun_registry_size(r);
    const char *path = plugins[i % n];
    must(onnxrun_registry_load(r, path, &error) == ONNXRUN_OK, path, error.text);
    must(onnxrun_registry_size(r) > before, path, "no kernel was added");
  }
  must(onnxrun_registry_load(NULL, plugins[0], NULL) == ONNXRUN_INVALID_ARGUMENT, "registry",
       "NULL");
  must(onnxrun_registry_load(r, NULL, NULL) == ONNXRUN_INVALID_ARGUMENT, "path", "NULL");
  onnxrun_registry_release(r);
}

/* An allocator that refuses the n-th request from now on. */
static long until_refusal;

static void *failing_resize(void *user, void *block, size_t old_size, size_t new_size, size_t align)
{
  (void)user, (void)align;
  if (new_size == 0) {
    free(block);
    return NULL;
  }
  if (--until_refusal == 0)
    return NULL;
  void *moved = aligned_alloc(4096, (new_size + 4095) / 4096 * 4096);
  if (moved && block)
    memcpy(moved, block, old_size < new_size ? old_size : new_size);
  free(moved ? block : NULL);
  return moved;
}

/* Loads the plug-in again and again, so that memory is asked for at all of the places, and lets
 * every request fail once. */
static void starve(const char *path)
{
  const onnxrun_allocator allocator = {NULL, failing_resize};
  onnxrun_options o = ONNXRUN_OPTIONS_INIT;
  o.allocator = &allocator;
  onnxrun_status s = ONNXRUN_NO_MEMORY;
  for (long n = 1; s != ONNXRUN_OK; n++) {
    onnxrun_registry *r = NULL;
    size_t before = 0;
    until_refusal = 0;
    must(onnxrun_registry_create(&o, &r, &error) == ONNXRUN_OK, "registry", error.text);
    until_refusal = n;
    s = ONNXRUN_OK;
    for (int i = 0; s == ONNXRUN_OK && i < 2000; i++) {
      before = onnxrun_registry_size(r);
      s = onnxrun_registry_load(r, path, &error);
    }
    must(s == ONNXRUN_OK || s == ONNXRUN_NO_MEMORY, path, error.text);
    must(s == ONNXRUN_OK || onnxrun_registry_size(r) == before, path, "some kernels were added");
    onnxrun_registry_release(r);
  }
}

int main(int argc, char **argv)
{
  must(argc > 2, "arguments", "what to do, and with what");
  if (strcmp(argv[1], "run") == 0 && argc > 3)
    run_on(argv[2], argv + 3, argc - 3);
  else if (strcmp(argv[1], "refuse") == 0 && argc == 5)
    refuse(argv[2], argv[3], argv[4]);
  else if (strcmp(argv[1], "accept") == 0)
    accept(argv + 2, argc - 2);
  else if (strcmp(argv[1], "starve") == 0)
    starve(argv[2]);
  else
    must(0, argv[1], "is none of them");
  return 0;
}
