/* Less: C = A < B, false where one is NaN.  Opsets 1 (limited broadcast), 7, 9, 13. */
#include "ops/kit/binary.h"

#define LESS(a, b) ((a) < (b))
COMPARE_FLOATS(less, LESS)
BINARY_UNSIGNED(less, BOOL_OF, LESS)
BINARY_SIGNED(less, BOOL_OF, LESS)

static const onnxrun_loop less_loops[] = {FLOAT_LOOPS_OF(less, _map), UNSIGNED_LOOPS(less, _map),
                                          SIGNED_LOOPS(less, _map), END};

static const onnxrun_kernel less_1 = {COMPARISON("Less", 1, 6, T_FLOATS, less_loops), LIMITED};
static const onnxrun_kernel less_7 = {COMPARISON("Less", 7, 0, T_NUMBERS, less_loops)};

KERNELS(less, &less_7, &less_1)
