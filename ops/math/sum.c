/* Sum: the sum of all inputs, from the first on, rounded to the type after each.
 * Opsets 1, 6 (equal shapes), 8, 13. */
#include "ops/kit/binary.h"

#define SUM(a, b) ((a) + (b))
BINARY_FLOATS(sum, SUM)
FOLD_FLOATS(sum)

static const onnxrun_loop sum_loops[] = {FLOAT_LOOPS_OF(sum, _all), END};

static const onnxrun_kernel sum_1 = {VARIADIC("Sum", "sum", 1, 7, T_FLOATS, sum_loops),
                                     .attrs = VARIADIC_ATTRS, .shape = same_shapes};
static const onnxrun_kernel sum_8 = {VARIADIC("Sum", "sum", 8, 0, T_FLOATS, sum_loops)};

KERNELS(sum, &sum_8, &sum_1)
