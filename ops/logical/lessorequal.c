/* LessOrEqual: C = A <= B, false where one is NaN.  Opsets 12, 16. */
#include "ops/kit/binary.h"

#define LESS_OR_EQUAL(a, b) ((a) <= (b))
COMPARE_FLOATS(lessorequal, LESS_OR_EQUAL)
BINARY_UNSIGNED(lessorequal, BOOL_OF, LESS_OR_EQUAL)
BINARY_SIGNED(lessorequal, BOOL_OF, LESS_OR_EQUAL)

static const onnxrun_loop lessorequal_loops[] = {FLOAT_LOOPS_OF(lessorequal, _map),
                                                 UNSIGNED_LOOPS(lessorequal, _map),
                                                 SIGNED_LOOPS(lessorequal, _map), END};

static const onnxrun_kernel lessorequal_12 = {
    COMPARISON("LessOrEqual", 12, 0, T_NUMBERS, lessorequal_loops)};

KERNELS(lessorequal, &lessorequal_12)
