/* gemm.c: speed of the operators that the large networks spend their time in: products,
 * convolutions, pools, normalisation, one node at a time, through the public interface.
 *
 *   bench_gemm [ISA] [THREADS] [NAME]
 *
 * ISA: base, avx2, avx512 (the best); THREADS: 1; NAME: only the rows whose name has it. A row says
 * median, least and largest time of a run in microseconds over batches of runs, and GFLOP/s (two
 * operations for each product, one for each element of a pool's windows) of the median. W: the
 * right operand or weights are constant. With one thread the time is the process's, so that other
 * work on the machine counts less. With NAME and a file after it the first such row's model
 * is written there, for a comparison with another program. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/node.h"
#include "bench/timing.h"

#define BATCHES 21
#define BATCH_SECONDS 0.03

typedef struct row {
  const char *name, *op;
  int dtype; /* ONNX's number */
  int n_in;
  int64_t dims[5][5]; /* ended by 0 */
  int first_constant; /* inputs from here are */
  int64_t kernel, stride, pad, group;
  double operations; /* a run's, in millions */
} row;

#define CONV(name, c, m, size, k, s, g)                                                            \
  {                                                                                                \
    name, "Conv", 1, 3, {{1, c, size, size}, {m, (c) / (g), k, k}, {m}}, 1, k, s, (k) / 2, g,      \
        2e-6 * (m) * (c) / (g) * (k) * (k) * ((size) / (s)) * ((size) / (s))                       \
  }
#define GEMM(name, type, m, k, n, w)                                                               \
  {                                                                                                \
    name, "MatMul", type, 2, {{m, k}, {k, n}}, w, 0, 0, 0, 0, 2e-6 * (m) * (k) * (n)               \
  }
#define POOL(name, op, type, c, size, k, s, p)                                                     \
  {                                                                                                \
    name, op, type, 1, {{1, c, size, size}}, 1, k, s, p, 0,                                        \
        1e-6 * (c) * (k) * (k) * ((size) / (s)) * ((size) / (s))                                   \
  }

static const row rows[] = {
    GEMM("matmul 512x512x512 W", 1, 512, 512, 512, 1),
    GEMM("matmul 512x512x512", 1, 512, 512, 512, 2),
    GEMM("matmul 512x512x512 f64", 11, 512, 512, 512, 2),
    GEMM("matmul 512x512x512 f16 W", 10, 512, 512, 512, 1),
    GEMM("matmul 128x768x768 W", 1, 128, 768, 768, 1),
    GEMM("matmul 1x1024x1024 W", 1, 1, 1024, 1024, 1),
    GEMM("matmul 1x1024x1024", 1, 1, 1024, 1024, 2),
    GEMM("matmul 1024x1024x1", 1, 1024, 1024, 1, 2),
    GEMM("matmul 8x256x256 W", 1, 8, 256, 256, 1),
    GEMM("matmul 4x4x4", 1, 4, 4, 4, 2),
    {"matmul 12 heads 128x64x128",
     "MatMul",
     1,
     2,
     {{12, 128, 64}, {12, 64, 128}},
     2,
     0,
     0,
     0,
     0,
     2e-6 * 12 * 128 * 64 * 128},
    CONV("conv 3x3 64-64 56x56 W", 64, 64, 56, 3, 1, 1),
    CONV("conv 3x3 128-128 28x28 W", 128, 128, 28, 3, 1, 1),
    CONV("conv 3x3 256-256 14x14 W", 256, 256, 14, 3, 1, 1),
    CONV("conv 3x3 512-512 7x7 W", 512, 512, 7, 3, 1, 1),
    CONV("conv 7x7s2 3-64 224x224 W", 3, 64, 224, 7, 2, 1),
    CONV("conv 3x3s2 3-32 224x224 W", 3, 32, 224, 3, 2, 1),
    CONV("conv 1x1 256-64 56x56 W", 256, 64, 56, 1, 1, 1),
    CONV("conv 1x1 64-256 56x56 W", 64, 256, 56, 1, 1, 1),
    CONV("conv 1x1 1024-256 14x14 W", 1024, 256, 14, 1, 1, 1),
    CONV("conv 1x1s2 256-512 56x56 W", 256, 512, 56, 1, 2, 1),
    CONV("conv 1x1 16-96 112x112 W", 16, 96, 112, 1, 1, 1),
    CONV("depthwise 3x3 96 56x56 W", 96, 96, 56, 3, 1, 96),
    CONV("depthwise 3x3s2 96 112x112 W", 96, 96, 112, 3, 2, 96),
    CONV("depthwise 3x3 576 14x14 W", 576, 576, 14, 3, 1, 576),
    CONV("depthwise 5x5 960 7x7 W", 960, 960, 7, 5, 1, 960),
    CONV("grouped 3x3 32x4 56x56 W", 128, 128, 56, 3, 1, 32),
    POOL("maxpool 3x3s2 64 112x112", "MaxPool", 1, 64, 112, 3, 2, 1),
    POOL("maxpool 2x2s2 64 112x112", "MaxPool", 1, 64, 112, 2, 2, 0),
    POOL("maxpool 3x3 64 28x28 u8", "MaxPool", 2, 64, 28, 3, 1, 1),
    POOL("averagepool 3x3 64 28x28", "AveragePool", 1, 64, 28, 3, 1, 1),
    POOL("globalaveragepool 1280 7x7", "GlobalAveragePool", 1, 1280, 7, 0, 1, 0),
    {"batchnorm 64 56x56",
     "BatchNormalization",
     1,
     5,
     {{1, 64, 56, 56}, {64}, {64}, {64}, {64}},
     1,
     0,
     0,
     0,
     0,
     2e-6 * 64 * 56 * 56},
};

static clockid_t the_clock = CLOCK_PROCESS_CPUTIME_ID;

static size_t rank_of(const int64_t *dims)
{
  size_t n = 0;
  while (n < 5 && dims[n] > 0)
    n++;
  return n;
}

/* Small numbers of any type: 0x3c3c is 1.06 in float16 and 0.0115 in float. */
static onnxrun_tensor input_of(const row *r, int i)
{
  onnxrun_tensor t = {.dtype = (onnxrun_dtype)r->dtype, .rank = (uint32_t)rank_of(r->dims[i])};
  t.bytes = onnxrun_dtype_bits(t.dtype) / 8;
  for (uint32_t d = 0; d < t.rank; d++) {
    t.dims[d] = r->dims[i][d];
    t.bytes *= (size_t)t.dims[d];
  }
  t.data = take_aligned(t.bytes);
  memset(t.data, 0x3c, t.bytes);
  return t;
}

/* The row's model; the caller releases the inputs in `spec`. */
static size_t model_of(const row *r, node_spec *spec, uint8_t **bytes)
{
  *spec = (node_spec){.op = r->op, .opset = 15, .out = (onnxrun_dtype)r->dtype};
  spec->n_in = (size_t)r->n_in;
  for (int i = 0; i < r->n_in; i++) {
    spec->in[i] = input_of(r, i);
    spec->is_constant[i] = i >= r->first_constant;
  }
  if (r->kernel > 0) {
    spec->attrs[0] = (node_attr){"kernel_shape", NODE_INTS, .i = r->kernel, .n = 2};
    spec->attrs[1] = (node_attr){"strides", NODE_INTS, .i = r->stride, .n = 2};
    spec->attrs[2] = (node_attr){"pads", NODE_INTS, .i = r->pad, .n = 4};
    spec->n_attrs = 3;
  }
  if (r->group > 1)
    spec->attrs[spec->n_attrs++] = (node_attr){"group", NODE_INT, .i = r->group};
  return node_model(spec, bytes);
}

static void release_inputs(const node_spec *spec)
{
  for (size_t i = 0; i < spec->n_in; i++)
    free(spec->in[i].data);
}

static void time_row(const row *r, const onnxrun_tensor *in, onnxrun_session *s)
{
  onnxrun_tensor out = {0};
  onnxrun_error error;
  double times[BATCHES];
  size_t runs = 1;
  for (int b = -1; b < BATCHES; b++) {
    const double start = seconds_of(the_clock);
    double passed = 0;
    size_t n = 0;
    for (; b < 0 ? passed < BATCH_SECONDS : n < runs; n++) {
      out.data = NULL;
      check(onnxrun_session_run(s, in, (size_t)r->first_constant, &out, 1, &error), &error);
      passed = seconds_of(the_clock) - start;
    }
    runs = n;
    if (b >= 0)
      times[b] = passed / (double)n * 1e6;
  }
  const summary all = summary_of(times, BATCHES);
  printf("%-30s %9.1f %9.1f %9.1f us %8.2f GFLOP/s\n", r->name, all.median, all.least, all.largest,
         1e3 * r->operations / all.median);
}

static void bench_row(const row *r, const onnxrun_options *o)
{
  uint8_t *bytes;
  onnxrun_error error;
  onnxrun_model *m = NULL;
  onnxrun_session *s = NULL;
  node_spec spec;
  const size_t size = model_of(r, &spec, &bytes);
  if (onnxrun_model_load(bytes, size, o, &m, &error) == ONNXRUN_OK) {
    check(onnxrun_session_create(m, o, &s, &error), &error);
    time_row(r, spec.in, s);
  } else {
    printf("%-30s %s\n", r->name, error.text);
  }
  onnxrun_session_release(s);
  onnxrun_model_release(m);
  release_inputs(&spec);
  free(bytes);
}

static int write_model(const row *r, const char *path)
{
  uint8_t *bytes;
  node_spec spec;
  const size_t size = model_of(r, &spec, &bytes);
  FILE *f = fopen(path, "wb");
  const int is_written = f && fwrite(bytes, 1, size, f) == size;
  if (f)
    fclose(f);
  release_inputs(&spec);
  free(bytes);
  return is_written ? 0 : 1;
}

int main(int argc, char **argv)
{
  onnxrun_options o = ONNXRUN_OPTIONS_INIT;
  o.isa = argc > 1 ? argv[1] : NULL;
  o.threads = argc > 2 ? atoi(argv[2]) : 1;
  if (o.threads != 1)
    the_clock = CLOCK_MONOTONIC;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    if (argc > 3 && !strstr(rows[i].name, argv[3]))
      continue;
    if (argc > 4)
      return write_model(&rows[i], argv[4]);
    bench_row(&rows[i], &o);
  }
  return 0;
}
