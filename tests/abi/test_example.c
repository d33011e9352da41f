/* test_example.c: the example plug-ins on the models of models/plugins.
 *
 *   test_example MODELS SOFTCLIP MEDIAN */
#include <math.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "onnxrun/onnxrun.h"

enum { ROWS = 3000, COLUMNS = 8, COUNT = ROWS * COLUMNS };

static onnxrun_error error;
static const char *models;

static void must(int claim, const char *what, const char *detail)
{
  if (claim)
    return;
  printf("FAIL: %s: %s\n", what, detail);
  exit(1);
}

/* Steps of a run, and the nodes of the last of them. */
static atomic_uint steps, nodes;

static void count_step(void *user, const onnxrun_event *event)
{
  (void)user;
  if (event->nodes > 0) {
    atomic_fetch_add(&steps, 1);
    atomic_store(&nodes, event->nodes);
  }
}

struct job {
  const char *model;
  const onnxrun_registry *registry;
  int threads;
  const onnxrun_tensor *in;
  size_t n_in;
};

/* Runs the model, on the text of the status that is not OK; out has the caller's buffer. */
static onnxrun_status run(const struct job *j, onnxrun_tensor *out)
{
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", models, j->model);
  onnxrun_options o = ONNXRUN_OPTIONS_INIT;
  o.registry = j->registry;
  o.threads = j->threads;
  onnxrun_run_options watched = ONNXRUN_RUN_OPTIONS_INIT;
  watched.node = count_step;
  onnxrun_model *m = NULL;
  onnxrun_session *s = NULL;
  steps = nodes = 0;
  onnxrun_status status = onnxrun_model_open(path, &o, &m, &error);
  if (status == ONNXRUN_OK)
    status = onnxrun_session_create(m, &o, &s, &error);
  if (status == ONNXRUN_OK)
    status = onnxrun_session_configure(s, &watched, &error);
  if (status == ONNXRUN_OK)
    status = onnxrun_session_run(s, j->in, j->n_in, out, 1, &error);
  onnxrun_session_release(s);
  onnxrun_model_release(m);
  return status;
}

static onnxrun_registry *registry_with(const char *plugin)
{
  onnxrun_registry *r = NULL;
  must(onnxrun_registry_create(NULL, &r, &error) == ONNXRUN_OK, "registry", error.text);
  must(onnxrun_registry_load(r, plugin, &error) == ONNXRUN_OK, plugin, error.text);
  return r;
}

/* A constant of the models (models/plugins/make.py: numbers), and an input between -16 and 16; both
 * are exact in 11 bits, constants in 8. */
static double constant(int i, double scale)
{
  return ((i * 37 + 11) % 64 - 31.5) / 32 * scale;
}
static double input(int i)
{
  return (double)((i * 7919) % 1025 - 512) / 32;
}

/* To `bits` significant bits; float16 has 11 as long as it is normal. */
static double rounded(double x, int bits)
{
  int exponent;
  const double fraction = frexp(x, &exponent);
  return ldexp(nearbyint(ldexp(fraction, bits)), exponent - bits);
}

/* How numbers are stored, and their significant bits. */
struct format {
  onnxrun_dtype type;
  int bits, exponent_bits; /* exponent_bits 0: a float */
  const char *model;
};
static const struct format formats[] = {{ONNXRUN_FLOAT, 24, 0, "softclip.onnx"},
                                        {ONNXRUN_FLOAT16, 11, 5, "softclip-f16.onnx"},
                                        {ONNXRUN_BFLOAT16, 8, 8, "softclip-bf16.onnx"}};

/* A normal number of so few bits, as sign, exponent and fraction. */
static uint16_t to_half(double x, const struct format *f)
{
  int exponent;
  const double fraction = frexp(fabs(x), &exponent);
  const unsigned sign = signbit(x) ? 0x8000 : 0, bias = (1u << (f->exponent_bits - 1)) - 2;
  const unsigned low = (unsigned)ldexp(fraction, f->bits) - (1u << (f->bits - 1));
  return (uint16_t)(x == 0 ? sign : sign | ((unsigned)exponent + bias) << (f->bits - 1) | low);
}

static double from_half(uint16_t h, const struct format *f)
{
  const int shift = f->bits - 1, bias = (1 << (f->exponent_bits - 1)) - 1;
  const int exponent = (h & 0x7fff) >> shift, low = h & ((1 << shift) - 1);
  const double magnitude = exponent > 0 ? ldexp(low + (1 << shift), exponent - bias - shift)
                                        : ldexp(low, 1 - bias - shift);
  return h & 0x8000 ? -magnitude : magnitude;
}

static double expected_softclip(int i, int bits)
{
  const double x = rounded(rounded(input(i), bits) * constant(i % COLUMNS, 2), bits);
  const double clipped = rounded(x / (1 + fabs(x) / 2.5), bits);
  return rounded(clipped + constant(i % COLUMNS, 1), bits);
}

/* The activation runs with the nodes around it as one step, in all types, with the same bits on any
 * number of threads. What may differ is the last place, where two roundings meet. */
static void check_softclip(const onnxrun_registry *r, const struct format *f, int threads)
{
  static float x[COUNT], y[COUNT], first[COUNT];
  static uint16_t xh[COUNT], yh[COUNT];
  const int is_half = f->exponent_bits > 0;
  const size_t bytes = is_half ? sizeof yh : sizeof y;
  for (int i = 0; i < COUNT; i++) {
    x[i] = (float)input(i);
    xh[i] = is_half ? to_half(rounded(input(i), f->bits), f) : 0;
  }
  const onnxrun_tensor in = {f->type, 2, {ROWS, COLUMNS}, is_half ? (void *)xh : x, bytes};
  onnxrun_tensor out = {.data = is_half ? (void *)yh : y, .bytes = bytes};
  const struct job j = {f->model, r, threads, &in, 1};
  must(run(&j, &out) == ONNXRUN_OK, f->model, error.text);
  must(steps == 1 && nodes == 3, f->model, "is not one step of three nodes");
  for (int i = 0; i < COUNT; i++) {
    const double e = expected_softclip(i, f->bits), found = is_half ? from_half(yh[i], f) : y[i];
    must(fabs(found - e) <= ldexp(fabs(e) + 1, 1 - f->bits), f->model, "another result");
  }
  if (threads == 1)
    memcpy(first, out.data, bytes);
  must(memcmp(first, out.data, bytes) == 0, f->model, "other bits by several threads");
}

/* It also goes behind a convolution, in its step. */
static void check_conv(const onnxrun_registry *r)
{
  static float x[3 * 16 * 16], y[40 * 16 * 16];
  for (int i = 0; i < 3 * 16 * 16; i++)
    x[i] = (float)input(i) / 16;
  const onnxrun_tensor in = {ONNXRUN_FLOAT, 4, {1, 3, 16, 16}, x, sizeof x};
  onnxrun_tensor out = {.data = y, .bytes = sizeof y};
  const struct job j = {"conv.onnx", r, 2, &in, 1};
  must(run(&j, &out) == ONNXRUN_OK, j.model, error.text);
  must(steps == 1 && nodes == 2, j.model, "is not one step of two nodes");
}

static int by_value(const void *a, const void *b)
{
  const float x = *(const float *)a, y = *(const float *)b;
  return (x > y) - (x < y);
}

/* The window sorted anew for each element. */
static float expected_median(const float *row, int length, int first, int size)
{
  float window[99];
  for (int i = 0; i < size; i++) {
    const int at = first + i;
    window[i] = row[at < 0 ? 0 : at < length ? at : length - 1];
  }
  qsort(window, (size_t)size, sizeof *window, by_value);
  return window[size / 2];
}

/* size 0: the model's own, 5, and ends repeated; else it is an input, and windows are whole. */
static void check_median(const onnxrun_registry *r, int64_t size, int threads)
{
  enum { N = 50, LENGTH = 101 };
  static float x[N * LENGTH], y[N * LENGTH];
  for (int i = 0; i < N * LENGTH; i++)
    x[i] = (float)sin(i * 12.9898) * 100;
  const onnxrun_tensor in[] = {{ONNXRUN_FLOAT, 2, {N, LENGTH}, x, sizeof x},
                               {ONNXRUN_INT64, 0, {0}, &size, sizeof size}};
  onnxrun_tensor out = {.data = y, .bytes = sizeof y};
  const struct job j = {size ? "median-valid.onnx" : "median.onnx", r, threads, in, size ? 2 : 1};
  must(run(&j, &out) == ONNXRUN_OK, j.model, error.text);
  const int window = size ? (int)size : 5, wanted = size ? LENGTH - window + 1 : LENGTH;
  must(out.rank == 2 && out.dims[0] == N && out.dims[1] == wanted, j.model, "another shape");
  for (int i = 0; i < N * wanted; i++) {
    const int at = i % wanted - (size ? 0 : window / 2);
    must(y[i] == expected_median(x + i / wanted * LENGTH, LENGTH, at, window), j.model,
         "another median");
  }
}

/* The kernel's own words reach the caller, behind the node's name. */
static void check_failures(const onnxrun_registry *median, const onnxrun_registry *none)
{
  static float x[20], y[20];
  int64_t size = 4;
  const onnxrun_tensor in[] = {{ONNXRUN_FLOAT, 2, {2, 10}, x, sizeof x},
                               {ONNXRUN_INT64, 0, {0}, &size, sizeof size}};
  onnxrun_tensor out = {.data = y, .bytes = sizeof y};
  struct job j = {"median-valid.onnx", median, 1, in, 2};
  must(run(&j, &out) == ONNXRUN_INVALID_INPUT, j.model, "takes a size of 4");
  must(strstr(error.text, "'n0'") && strstr(error.text, "Median") &&
           strstr(error.text, "input 'size' is 4, expected 1, 3 ... up to 10"),
       j.model, error.text);
  j.registry = none;
  must(run(&j, &out) == ONNXRUN_UNSUPPORTED, j.model, "runs without its plug-in");
  must(strstr(error.text, "Median") != NULL, j.model, error.text);
}

int main(int argc, char **argv)
{
  must(argc == 4, "arguments", "MODELS SOFTCLIP MEDIAN");
  models = argv[1];
  onnxrun_registry *softclip = registry_with(argv[2]), *median = registry_with(argv[3]);
  for (size_t f = 0; f < sizeof formats / sizeof *formats; f++) {
    for (int threads = 1; threads <= 7; threads += 3)
      check_softclip(softclip, &formats[f], threads);
  }
  for (int threads = 1; threads <= 7; threads += 3) {
    check_median(median, 0, threads);
    check_median(median, 1, threads);
    check_median(median, 9, threads);
  }
  check_conv(softclip);
  check_failures(median, softclip);
  onnxrun_registry_release(softclip);
  onnxrun_registry_release(median);
  return 0;
}
