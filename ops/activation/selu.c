/* Selu: gamma * x for x > 0, gamma * alpha * (e^x - 1) below.  Opsets 1, 6, 22; opset 1 has its own
 * defaults.
 * Method: as Elu, with gamma * alpha in two words.  Below 0.98 ulp in float, 1 in double. */
#include "ops/kit/unary.h"

struct selu {
  float alpha, gamma;
};

/* The product of two floats is exact in double, and in two floats. */
#define BOTH(p) ((double)(p).alpha * (double)(p).gamma)
#define SELU_F32(x, p)                                                                             \
  ((x) < 0                                                                                         \
       ? NEGATIVE_EXPM1_BY_PAIR((x), (float)BOTH(p), (float)(BOTH(p) - (double)(float)BOTH(p)))    \
       : (p).gamma * (x))
#define SELU_F64(x, p) ((x) < 0 ? NEGATIVE_EXPM1_BY((x), BOTH(p)) : (double)(p).gamma * (x))

UNARY_LOOP(selu_f32, float, struct selu, SELU_F32)
UNARY_LOOP(selu_f64, double, struct selu, SELU_F64)
HALF_LOOPS(selu)

static const onnxrun_loop selu_loops[] = {FLOAT_LOOPS(selu), END};

static const onnxrun_attr selu_1_attrs[] = {ATTR_F(struct selu, alpha, 1.6732),
                                            ATTR_F(struct selu, gamma, 1.0507),
                                            ATTR_IGNORED("consumed_inputs"), END};
static const onnxrun_attr selu_6_attrs[] = {ATTR_F(struct selu, alpha, 1.67326319217681884765625),
                                            ATTR_F(struct selu, gamma, 1.05070102214813232421875),
                                            END};

static const onnxrun_kernel selu_1 = {UNARY("Selu", 1, 5, T_FLOATS, selu_loops, struct selu),
                                      .attrs = selu_1_attrs, .item_cost = 1.5};
static const onnxrun_kernel selu_6 = {UNARY("Selu", 6, 0, T_FLOATS, selu_loops, struct selu),
                                      .attrs = selu_6_attrs, .item_cost = 1.5};

KERNELS(selu, &selu_1, &selu_6)
