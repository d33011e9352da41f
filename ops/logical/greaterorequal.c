/* GreaterOrEqual: C = A >= B, false where one is NaN.  Opsets 12, 16. */
#include "ops/kit/binary.h"

#define GREATER_OR_EQUAL(a, b) ((a) >= (b))
COMPARE_FLOATS(greaterorequal, GREATER_OR_EQUAL)
BINARY_UNSIGNED(greaterorequal, BOOL_OF, GREATER_OR_EQUAL)
BINARY_SIGNED(greaterorequal, BOOL_OF, GREATER_OR_EQUAL)

static const onnxrun_loop greaterorequal_loops[] = {FLOAT_LOOPS_OF(greaterorequal, _map),
                                                    UNSIGNED_LOOPS(greaterorequal, _map),
                                                    SIGNED_LOOPS(greaterorequal, _map), END};

static const onnxrun_kernel greaterorequal_12 = {
    COMPARISON("GreaterOrEqual", 12, 0, T_NUMBERS, greaterorequal_loops)};

KERNELS(greaterorequal, &greaterorequal_12)
