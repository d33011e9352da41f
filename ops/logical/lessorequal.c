/* LessOrEqual: C = A <= B, false where one is NaN.  Opsets 12, 16. */
#include "ops/kit/compare.h"

COMPARE_LOOP(lessorequal, COMPARE_LESS | COMPARE_OR_EQUAL)

static const onnxrun_kernel lessorequal_12 = {
    COMPARE("LessOrEqual", 12, 0, T_NUMBERS, lessorequal)};

KERNELS(lessorequal, &lessorequal_12)
