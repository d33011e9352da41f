/* Greater: C = A > B, false where one is NaN.  Opsets 1 (limited broadcast), 7, 9, 13. */
#include "ops/kit/compare.h"

COMPARE_LOOP(greater, COMPARE_GREATER)

static const onnxrun_kernel greater_1 = {COMPARE("Greater", 1, 6, T_FLOATS, greater),
                                         .attrs = LIMITED_ATTRS, .shape = limited_shape};
static const onnxrun_kernel greater_7 = {COMPARE("Greater", 7, 0, T_NUMBERS, greater)};

KERNELS(greater, &greater_7, &greater_1)
