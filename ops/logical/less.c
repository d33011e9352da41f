/* Less: C = A < B, false where one is NaN.  Opsets 1 (limited broadcast), 7, 9, 13. */
#include "ops/kit/compare.h"

COMPARE_LOOP(less, COMPARE_LESS)

static const onnxrun_kernel less_1 = {COMPARE("Less", 1, 6, T_FLOATS, less), .attrs = LIMITED_ATTRS,
                                      .shape = limited_shape};
static const onnxrun_kernel less_7 = {COMPARE("Less", 7, 0, T_NUMBERS, less)};

KERNELS(less, &less_7, &less_1)
