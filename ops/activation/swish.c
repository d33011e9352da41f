/* Swish: x / (1 + e^(-alpha x)); where alpha x is -infinity, 0 with the sign of x.  Opset 24.
 * Method: GATE of ops/kit/math_family.h, alpha x in two words.  Below 2 ulp. */
#include "ops/kit/unary.h"

struct swish {
  float alpha;
};

#define SWISH_BY(x, alpha) GATE((x), (alpha) * (x), MADD_EXACT((alpha), (x), -((alpha) * (x))))
#define SWISH(x, p) SWISH_BY(x, (p).alpha)

UNARY_FLOATS(swish, struct swish, SWISH)

static const onnxrun_loop swish_loops[] = {FLOAT_LOOPS(swish), END};

static const onnxrun_attr swish_attrs[] = {ATTR_F(struct swish, alpha, 1.0), END};

static const onnxrun_kernel swish_24 = {UNARY("Swish", 24, 0, T_FLOATS, swish_loops, struct swish),
                                        .attrs = swish_attrs, .item_cost = 4};

KERNELS(swish, &swish_24)
