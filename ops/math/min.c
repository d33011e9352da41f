/* Min: the least of all inputs, NaN where one is NaN.  Opsets 1, 6 (equal shapes), 8, 12, 13. */
#include "ops/kit/binary.h"

#define MIN(a, b) ((a) <= (b) ? (a) : (b))
/* a != a is NaN; a b that is NaN is taken as nothing compares with it. */
#define MIN_FLOAT(a, b) ((a) <= (b) || (a) != (a) ? (a) : (b))
BINARY_FLOATS(min, MIN_FLOAT)
BINARY_UNSIGNED(min, SAME_AS, MIN)
BINARY_SIGNED(min, SAME_AS, MIN)
FOLD_LOOPS(min)

static const onnxrun_loop min_loops[] = {FLOAT_LOOPS_OF(min, _all), UNSIGNED_LOOPS(min, _all),
                                         SIGNED_LOOPS(min, _all), END};

static const onnxrun_kernel min_1 = {VARIADIC("Min", "min", 1, 7, T_FLOATS, min_loops),
                                     .attrs = VARIADIC_ATTRS, .shape = same_shapes};
static const onnxrun_kernel min_8 = {VARIADIC("Min", "min", 8, 0, T_NUMBERS, min_loops)};

KERNELS(min, &min_8, &min_1)
