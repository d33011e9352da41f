/* Softplus: ln(1 + e^x).  Opsets 1, 22.  Method: LOG1P_EXP of ops/kit/math_family.h.  Below 1 ulp
 * in float, 0.9 in double. */
#include "ops/kit/unary.h"

#define SOFTPLUS_OF(x, p) LOG1P_EXP(x)

UNARY_FLOATS(softplus, struct no_params, SOFTPLUS_OF)

static const onnxrun_loop softplus_loops[] = {FLOAT_LOOPS(softplus), END};

static const onnxrun_kernel softplus_1 = {
    UNARY("Softplus", 1, 0, T_FLOATS, softplus_loops, struct no_params), .item_cost = 4};

KERNELS(softplus, &softplus_1)
