/* Tanh: (e^x - e^-x) / (e^x + e^-x).  Opsets 1, 6, 13.
 * Method: TANH of kit/math.h.  Below 0.8 ulp in float, 1.1 in double. */
#include "ops/kit/unary.h"

#define TANH_OF(x, p) TANH(x)

UNARY_FLOATS(tanh, struct no_params, TANH_OF)

static const onnxrun_loop tanh_loops[] = {FLOAT_LOOPS(tanh), END};

static const onnxrun_attr tanh_attrs[] = {ATTR_IGNORED("consumed_inputs"), END};

static const onnxrun_kernel tanh_1 = {UNARY("Tanh", 1, 0, T_FLOATS, tanh_loops, struct no_params),
                                      .attrs = tanh_attrs, .item_cost = 2};

KERNELS(tanh, &tanh_1)
