/* Greater: C = A > B, false where one is NaN.  Opsets 1 (limited broadcast), 7, 9, 13. */
#include "ops/kit/binary.h"

#define GREATER(a, b) ((a) > (b))
COMPARE_FLOATS(greater, GREATER)
BINARY_UNSIGNED(greater, BOOL_OF, GREATER)
BINARY_SIGNED(greater, BOOL_OF, GREATER)

static const onnxrun_loop greater_loops[] = {
    FLOAT_LOOPS_OF(greater, _map), UNSIGNED_LOOPS(greater, _map), SIGNED_LOOPS(greater, _map), END};

static const onnxrun_kernel greater_1 = {COMPARISON("Greater", 1, 6, T_FLOATS, greater_loops),
                                         LIMITED};
static const onnxrun_kernel greater_7 = {COMPARISON("Greater", 7, 0, T_NUMBERS, greater_loops)};

KERNELS(greater, &greater_7, &greater_1)
