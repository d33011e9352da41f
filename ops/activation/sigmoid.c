/* Sigmoid: 1 / (1 + e^-x).  Opsets 1, 6, 13.
 * Method: with AVX2 and AVX-512, in float, vec_logistic of kit/math_table.h, below 0.7 ulp;
 * elsewhere LOGISTIC of kit/math.h, below 0.9 ulp in float, 0.8 in double. */
#include "ops/kit/unary.h"

#define SIGMOID_OF(x, p) LOGISTIC(x)

#ifdef HAS_VEC_LOGISTIC
UNARY_FLOATS_BY(sigmoid, struct no_params, SIGMOID_OF, vec_logistic)
#else
UNARY_FLOATS(sigmoid, struct no_params, SIGMOID_OF)
#endif

static const onnxrun_loop sigmoid_loops[] = {FLOAT_LOOPS(sigmoid), END};

static const onnxrun_attr sigmoid_attrs[] = {ATTR_IGNORED("consumed_inputs"), END};

static const onnxrun_kernel sigmoid_1 = {
    UNARY("Sigmoid", 1, 0, T_FLOATS, sigmoid_loops, struct no_params), .attrs = sigmoid_attrs,
    .item_cost = 2};

KERNELS(sigmoid, &sigmoid_1)
