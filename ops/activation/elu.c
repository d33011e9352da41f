/* Elu: x for x >= 0, alpha * (e^x - 1) below.  Opsets 1, 6, 22.
 * Method: NEGATIVE_EXPM1_BY of kit/math.h, one rounding.  Below 0.95 ulp in float, 1 in
 * double. */
#include "ops/kit/unary.h"

struct elu {
  float alpha;
};

#define ELU(x, p) ((x) < 0 ? NEGATIVE_EXPM1_BY((x), (p).alpha) : (x))

UNARY_FLOATS(elu, struct elu, ELU)

static const onnxrun_loop elu_loops[] = {FLOAT_LOOPS(elu), END};

static const onnxrun_attr elu_attrs[] = {ATTR_F(struct elu, alpha, 1.0),
                                         ATTR_IGNORED("consumed_inputs"), END};

static const onnxrun_kernel elu_1 = {UNARY("Elu", 1, 0, T_FLOATS, elu_loops, struct elu),
                                     .attrs = elu_attrs, .item_cost = 1.5};

KERNELS(elu, &elu_1)
