/* Tanh: (e^x - e^-x) / (e^x + e^-x).  Opsets 1, 6, 13.
 * Method: vec_tanh of kit/math_table.h, below 0.7 ulp in float (0.94 without fused multiply-adds);
 * TANH of kit/math.h, below 1.1 ulp in double. */
#include "ops/kit/unary.h"

#define TANH_OF(x, p) TANH(x)

UNARY_FLOATS_BY(tanh, struct no_params, TANH_OF, vec_tanh)

static const onnxrun_loop tanh_loops[] = {FLOAT_LOOPS(tanh), END};

static const onnxrun_attr tanh_attrs[] = {ATTR_IGNORED("consumed_inputs"), END};

static const onnxrun_kernel tanh_1 = {UNARY("Tanh", 1, 0, T_FLOATS, tanh_loops, struct no_params),
                                      .attrs = tanh_attrs, .item_cost = 2};

KERNELS(tanh, &tanh_1)
