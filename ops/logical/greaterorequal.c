/* GreaterOrEqual: C = A >= B, false where one is NaN.  Opsets 12, 16. */
#include "ops/kit/compare.h"

COMPARE_LOOP(greaterorequal, COMPARE_GREATER | COMPARE_OR_EQUAL)

static const onnxrun_kernel greaterorequal_12 = {
    COMPARE("GreaterOrEqual", 12, 0, T_NUMBERS, greaterorequal)};

KERNELS(greaterorequal, &greaterorequal_12)
