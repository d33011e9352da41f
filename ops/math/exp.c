/* Exp: Y = e^X.  Opsets 1, 6, 13.  Method: EXP of ops/kit/math.h.  Below 0.82 ulp in float and
 * double. */
#include "ops/kit/unary.h"

#define EXP_OF(x, p) EXP(x)
UNARY_FLOATS(exp, struct no_params, EXP_OF)

static const onnxrun_loop exp_loops[] = {FLOAT_LOOPS(exp), END};

static const onnxrun_attr exp_attrs[] = {ATTR_IGNORED("consumed_inputs"), END};

static const onnxrun_kernel exp_1 = {UNARY("Exp", 1, 0, T_FLOATS, exp_loops, struct no_params),
                                     .attrs = exp_attrs, .item_cost = 3};

KERNELS(exp, &exp_1)
