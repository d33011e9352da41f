/* HardSigmoid: max(0, min(1, alpha * x + beta)).  Opsets 1, 6, 22.  Correctly rounded in float, and
 * where the instruction set has a fused multiply-add in double; elsewhere below 0.51 ulp. */
#include "ops/kit/unary.h"

struct hardsigmoid {
  float alpha, beta;
};

/* NaN passes. */
#define AT_MOST_1(y) ((y) > 1 ? 1 : (y))
#define FROM_0_TO_1(y) ((y) < 0 ? 0 : AT_MOST_1(y))
#define LINE(x, p) MADD_EXACT((p).alpha, (x), (p).beta)
#define HARDSIGMOID(x, p) FROM_0_TO_1(LINE(x, p))

UNARY_FLOATS(hardsigmoid, struct hardsigmoid, HARDSIGMOID)

static const onnxrun_loop hardsigmoid_loops[] = {FLOAT_LOOPS(hardsigmoid), END};

static const onnxrun_attr hardsigmoid_attrs[] = {ATTR_F(struct hardsigmoid, alpha, 0.2f),
                                                 ATTR_F(struct hardsigmoid, beta, 0.5),
                                                 ATTR_IGNORED("consumed_inputs"), END};

static const onnxrun_kernel hardsigmoid_1 = {
    UNARY("HardSigmoid", 1, 0, T_FLOATS, hardsigmoid_loops, struct hardsigmoid),
    .attrs = hardsigmoid_attrs};

KERNELS(hardsigmoid, &hardsigmoid_1)
