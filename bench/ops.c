/* ops.c: the speed of operators of one tensor, by the rows of tests/ops/cases.def, beside copies of
 * as many bytes on as many threads.
 *
 *   bench_ops [OPTION VALUE]...      any word that it does not know prints the options
 *
 * A row is one case at one size: median, least and spread of a run in microseconds (spread: largest
 * less least, by the median), nanoseconds an element, bytes read and written a second, and the
 * multiple of memcpy() and of the best copy there is (streaming stores included, for copies of 4
 * MB and more) of half these bytes, timed by turns with it. A run is onnxrun_session_run() of a
 * model of one node, with buffers of the caller's. Inputs are random in the range of the case. */
#include "bench/suite.h"

int main(int argc, char **argv)
{
  static suite s = {.program = "bench_ops"};
  const int status = suite_options(&s, argc, argv);
  return status ? status : suite_run(&s);
}
