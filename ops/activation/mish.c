/* Mish: x tanh(ln(1 + e^x)), -0 at -infinity.  Opsets 18, 22.  Method: MISH of
 * ops/kit/math_family.h.  Below 2 ulp. */
#include "ops/kit/unary.h"

#define MISH_OF(x, p) MISH(x)

UNARY_FLOATS(mish, struct no_params, MISH_OF)

static const onnxrun_loop mish_loops[] = {FLOAT_LOOPS(mish), END};

static const onnxrun_kernel mish_18 = {UNARY("Mish", 18, 0, T_FLOATS, mish_loops, struct no_params),
                                       .item_cost = 4};

KERNELS(mish, &mish_18)
