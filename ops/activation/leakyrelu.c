/* LeakyRelu: x for x >= 0, alpha * x below.  Opsets 1, 6, 16.  Correctly rounded. */
#include "ops/kit/unary.h"

struct leakyrelu {
  float alpha;
};

#define LEAKYRELU(x, p) ((x) < 0 ? (p).alpha * (x) : (x))

UNARY_LOOP(leakyrelu_f32, float, struct leakyrelu, LEAKYRELU)
UNARY_LOOP(leakyrelu_f64, double, struct leakyrelu, LEAKYRELU)
#define LEAKYRELU_PARAMS(tag) *(const struct leakyrelu *)job->params
HALF_UNARY(leakyrelu, struct leakyrelu, LEAKYRELU, LEAKYRELU_PARAMS)

static const onnxrun_loop leakyrelu_loops[] = {FLOAT_LOOPS(leakyrelu), END};

static const onnxrun_attr leakyrelu_attrs[] = {ATTR_F(struct leakyrelu, alpha, 0.01),
                                               ATTR_IGNORED("consumed_inputs"), END};

static const onnxrun_kernel leakyrelu_1 = {
    UNARY("LeakyRelu", 1, 0, T_FLOATS, leakyrelu_loops, struct leakyrelu),
    .attrs = leakyrelu_attrs};

KERNELS(leakyrelu, &leakyrelu_1)
