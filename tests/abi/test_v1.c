/* test_v1.c: the plug-in of ABI 1 (tests/abi/v1, built against the headers of its day) does what it
 * did then.
 *
 *   test_v1 MODELS PLUGIN */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "onnxrun/onnxrun.h"

enum { N = 3001, OUTS = 4, OPSET = 3, K = 3 };

/* Of models/plugins/make.py: f, i, s, t, floats, ints, strings, choice. */
static const double attributes = 0.25 + 512 + 8 + 16 + 32 + 64 + 128 + 256 + 1 + 2 + 1;

static onnxrun_error error;

static void must(int claim, const char *what, const char *detail)
{
  if (claim)
    return;
  printf("FAIL: %s: %s\n", what, detail);
  exit(1);
}

static onnxrun_status open_model(const char *folder, const char *name, const onnxrun_options *o,
                                 onnxrun_model **m)
{
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  return onnxrun_model_open(path, o, m, &error);
}

static double expected(const float *x, size_t i)
{
  static const double packed[] = {2, 3, 4}, bias[] = {1000, 2000};
  const double a = x[i] * packed[i % 3] + K + attributes;
  return (a + bias[i / N]) / 2;
}

static void check(const onnxrun_tensor *out, const float *x, const char *name)
{
  must(out[0].rank == 2 && out[0].dims[0] == 1 && out[0].dims[1] == 2 * N, name, "shape of y");
  for (size_t i = 0; i < 2 * N; i++)
    must(fabs(((float *)out[0].data)[i] - expected(x, i)) < 1e-3, name, "y");
  must(out[1].rank == 1 && out[1].dims[0] == K, name, "shape of z");
  for (int i = 0; i < K; i++)
    must(((int64_t *)out[1].data)[i] == 1000 * 6 + 100 * 2 + OPSET, name, "z");
  must(*(int64_t *)out[2].data == 2, name, "rank");
}

/* Objects that are held after one more run of it. */
static int64_t run(onnxrun_session *s, const char *name, size_t n_in, float *x)
{
  int64_t k = K;
  const onnxrun_tensor in[] = {{ONNXRUN_FLOAT, 2, {2, N}, x, 2 * N * sizeof *x},
                               {ONNXRUN_INT64, 0, {0}, &k, sizeof k}};
  onnxrun_tensor out[OUTS] = {{.data = NULL}};
  must(onnxrun_session_run(s, in, n_in, out, OUTS, &error) == ONNXRUN_OK, name, error.text);
  check(out, x, name);
  const int64_t held = *(int64_t *)out[3].data;
  x[0] = -101;
  must(onnxrun_session_run(s, in, n_in, out, OUTS, &error) == ONNXRUN_RUN_FAILED, name, "-101");
  must(strstr(error.text, "(v1::Everything): input 'X' begins with -101") != NULL, name,
       error.text);
  x[0] = 1;
  return held;
}

static void check_model(const char *folder, const char *name, const onnxrun_options *o)
{
  static float x[2 * N];
  for (int i = 0; i < 2 * N; i++)
    x[i] = (float)(i % 17) - 8;
  onnxrun_model *m = NULL;
  onnxrun_session *s = NULL;
  must(open_model(folder, name, o, &m) == ONNXRUN_OK, name, error.text);
  must(onnxrun_session_create(m, o, &s, &error) == ONNXRUN_OK, name, error.text);
  const size_t n_in = onnxrun_model_inputs(m);
  run(s, name, n_in, x);
  /* Of prepare, pack, and shape: of the plan, or of one run at a time. A step of unknown shape may
   * come after the count. */
  const int64_t held = run(s, name, n_in, x);
  must(held == 3 || (n_in == 2 && held == 2), name, "objects held");
  onnxrun_session_release(s);
  onnxrun_model_release(m);
}

int main(int argc, char **argv)
{
  must(argc == 3, "arguments", "MODELS PLUGIN");
  onnxrun_registry *r = NULL;
  onnxrun_model *m = NULL;
  must(onnxrun_registry_create(NULL, &r, &error) == ONNXRUN_OK, "registry", error.text);
  must(onnxrun_registry_load(r, argv[2], &error) == ONNXRUN_OK, argv[2], error.text);
  onnxrun_options o = ONNXRUN_OPTIONS_INIT;
  o.registry = r;
  for (o.threads = 1; o.threads <= 7; o.threads += 3) {
    check_model(argv[1], "v1.onnx", &o);
    check_model(argv[1], "v1-run.onnx", &o);
  }
  must(open_model(argv[1], "v1-declined.onnx", &o, &m) == ONNXRUN_UNSUPPORTED, "v1-declined.onnx",
       "is taken");
  must(strstr(error.text, "attribute 'i' is 99") != NULL, "v1-declined.onnx", error.text);
  onnxrun_registry_release(r);
  return 0;
}
