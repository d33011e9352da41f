/* runs.h: the runs of a trial's model that harness.c asks for. */
#ifndef RUNS_H
#define RUNS_H

#include "tests/ops/harness.h"

/* All thread counts, lent and given outputs; fails the test when one differs from what is expected
 * or from the others. */
void run_and_compare(const trial *t, const onnxrun_registry *r, uint64_t constants, built *b);
/* The kernel's loop by hand, one item at a time. Nothing for maps, views and kernels without loop.
 */
void run_by_item(const trial *t, const onnxrun_registry *r, built *b);
/* One run by one thread; copies of the outputs that have a name, where `out` is not NULL. */
onnxrun_status run_once(const trial *t, built *b, uint64_t constants, onnxrun_tensor *out,
                        onnxrun_error *error);

#endif
