/* compare.c: bench_ops with ONNX Runtime beside it.
 *
 *   ORT_LIB=PATH bench_compare [OPTION VALUE]...
 *
 * The options and the table are those of bench_ops; two columns more say ONNX Runtime's median, for
 * the same model, buffers and number of threads, and how many times ours that is: below 1, ours is
 * slower. Rows without them are of types that ONNX Runtime has no kernel for. */
#include <stdlib.h>

#include "bench/suite.h"

int main(int argc, char **argv)
{
  static suite s = {.program = "bench_compare"};
  const int status = suite_options(&s, argc, argv);
  if (status)
    return status;
  s.peer = ort_peer(getenv("ORT_LIB"));
  return s.peer ? suite_run(&s) : 2;
}
