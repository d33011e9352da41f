/* Sum: the sum of all inputs, from the first on.  Opsets 1, 6 (equal shapes), 8, 13. */
#include "ops/kit/binary.h"

#define SUM(a, b) ((a) + (b))
BINARY_FLOATS(sum, SUM)
FOLD_LOOP(sum_f32, sum_f32, 4)
FOLD_LOOP(sum_f64, sum_f64, 8)
FOLD_LOOP(sum_f16, sum_f16, 2)
FOLD_LOOP(sum_bf16, sum_bf16, 2)

static const onnxrun_loop sum_loops[] = {FLOAT_LOOPS_OF(sum, _all), END};

static const onnxrun_kernel sum_1 = {VARIADIC("Sum", "sum", 1, 7, T_FLOATS, sum_loops),
                                     .attrs = VARIADIC_ATTRS, .shape = same_shapes};
static const onnxrun_kernel sum_8 = {VARIADIC("Sum", "sum", 8, 0, T_FLOATS, sum_loops)};

KERNELS(sum, &sum_8, &sum_1)
