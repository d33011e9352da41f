/* run.c: what a run costs: opening a model, creating a session, planning, and running again.
 *
 *   bench_run MODEL [FREE_DIM] [THREADS]
 *
 * Inputs are made of small numbers, every free dim is FREE_DIM (1). Prints medians over batches of
 * runs, with the least and the largest batch: the machine's speed changes by the minute. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/node.h"
#include "bench/timing.h"

#define BATCHES 31
#define BATCH_SECONDS 0.02

/* A tensor for input i: bytes of 0x3c3c... are 0.0115 as floats, 1.06 as float16, 60 as bytes. */
static onnxrun_tensor make_input(const onnxrun_model *m, size_t i, int64_t free_dim)
{
  onnxrun_error error;
  onnxrun_info info = {.size = sizeof info};
  check(onnxrun_model_input(m, i, &info, &error), &error);
  onnxrun_tensor t = info.spec;
  size_t n = 1;
  for (uint32_t d = 0; d < t.rank; d++) {
    t.dims[d] = t.dims[d] < 0 ? free_dim : t.dims[d];
    n *= (size_t)t.dims[d];
  }
  t.bytes = n * onnxrun_dtype_bits(t.dtype) / 8;
  t.data = take_aligned(t.bytes);
  memset(t.data, 0x3c, t.bytes);
  return t;
}

static void time_runs(onnxrun_session *s, const onnxrun_tensor *in, size_t n_in,
                      const onnxrun_tensor *out, size_t n_out)
{
  onnxrun_error error;
  onnxrun_tensor *used = take(n_out * sizeof *used);
  double batch[BATCHES];
  size_t runs = 1;
  for (int b = -2; b < BATCHES; b++) {
    const double start = seconds_now();
    for (size_t r = 0; r < runs; r++) {
      memcpy(used, out, n_out * sizeof *used);
      check(onnxrun_session_run(s, in, n_in, used, n_out, &error), &error);
    }
    const double seconds = (seconds_now() - start) / (double)runs;
    if (b < 0)
      runs = seconds < BATCH_SECONDS ? (size_t)(BATCH_SECONDS / seconds) + 1 : 1;
    else
      batch[b] = seconds;
  }
  const summary all = summary_of(batch, BATCHES);
  printf("run      %10.3f us  (least %.3f, largest %.3f; %d batches of %zu)\n", 1e6 * all.median,
         1e6 * all.least, 1e6 * all.largest, BATCHES, runs);
  free(used);
}

int main(int argc, char **argv)
{
  if (argc < 2 || argc > 4) {
    fprintf(stderr, "usage: bench_run MODEL [FREE_DIM] [THREADS]\n");
    return 2;
  }
  const int64_t free_dim = argc > 2 ? strtoll(argv[2], NULL, 10) : 1;
  onnxrun_options options = ONNXRUN_OPTIONS_INIT;
  options.threads = argc > 3 ? (int32_t)strtol(argv[3], NULL, 10) : 0;
  onnxrun_error error;
  onnxrun_model *m = NULL;
  onnxrun_session *s = NULL;
  double start = seconds_now();
  check(onnxrun_model_open(argv[1], &options, &m, &error), &error);
  printf("open     %10.1f us\n", 1e6 * (seconds_now() - start));
  start = seconds_now();
  check(onnxrun_session_create(m, &options, &s, &error), &error);
  printf("session  %10.1f us\n", 1e6 * (seconds_now() - start));
  const size_t n_in = onnxrun_model_inputs(m), n_out = onnxrun_model_outputs(m);
  onnxrun_tensor *in = take(n_in * sizeof *in), *out = take(n_out * sizeof *out);
  for (size_t i = 0; i < n_in; i++)
    in[i] = make_input(m, i, free_dim);
  start = seconds_now();
  check(onnxrun_session_run(s, in, n_in, out, n_out, &error), &error);
  printf("first    %10.1f us  (planning and one run)\n", 1e6 * (seconds_now() - start));
  memset(out, 0, n_out * sizeof *out);
  time_runs(s, in, n_in, out, n_out);
  for (size_t i = 0; i < n_in; i++)
    free(in[i].data);
  free(in);
  free(out);
  onnxrun_session_release(s);
  onnxrun_model_release(m);
  return 0;
}
