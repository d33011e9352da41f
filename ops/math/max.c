/* Max: the largest of all inputs, NaN where one is NaN.  Opsets 1, 6 (equal shapes), 8, 12, 13. */
#include "ops/kit/binary.h"

#define MAX(a, b) ((a) >= (b) ? (a) : (b))
/* a != a is NaN; a b that is NaN is taken as nothing compares with it. */
#define MAX_FLOAT(a, b) ((a) >= (b) || (a) != (a) ? (a) : (b))
BINARY_FLOATS(max, MAX_FLOAT)
BINARY_UNSIGNED(max, SAME_AS, MAX)
BINARY_SIGNED(max, SAME_AS, MAX)
FOLD_LOOPS(max)

static const onnxrun_loop max_loops[] = {FLOAT_LOOPS_OF(max, _all), UNSIGNED_LOOPS(max, _all),
                                         SIGNED_LOOPS(max, _all), END};

static const onnxrun_kernel max_1 = {VARIADIC("Max", "max", 1, 7, T_FLOATS, max_loops),
                                     .attrs = VARIADIC_ATTRS, .shape = same_shapes};
static const onnxrun_kernel max_8 = {VARIADIC("Max", "max", 8, 0, T_NUMBERS, max_loops)};

KERNELS(max, &max_8, &max_1)
