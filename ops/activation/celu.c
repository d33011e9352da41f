/* Celu: max(0, x) + min(0, alpha * (e^(x / alpha) - 1)), which is x for x >= 0 and the second term
 * below whatever the sign of alpha.  Opsets 12, 28. Method: as Elu; x / alpha is x * (1 / alpha)
 * and what that leaves over, which one fused multiply-add finds.  Below 0.6 ulp in float, 1 in
 * double. */
#include "ops/kit/unary.h"

struct celu {
  float alpha;
};

/* An infinite quotient has no rest. */
#define REST(x, q, inverse, alpha)                                                                 \
  ((inverse) - (inverse) == 0 ? MADD_EXACT(-(q), (alpha), (x)) * (inverse) : 0)

static inline float celu_of_f32(float x, float alpha)
{
  const float inverse = 1.0f / alpha, q = x * inverse;
  const float y = EXPM1_BY(q, REST(x, q, inverse, alpha), alpha, 0);
  return q < 0x1p-26f && q > -0x1p-26f ? x : y;
}

static inline double celu_of_f64(double x, double alpha)
{
  const double inverse = 1.0 / alpha, q = x * inverse;
  const double y = EXPM1_BY(q, REST(x, q, inverse, alpha), alpha, 0);
  return q < 0x1p-55 && q > -0x1p-55 ? x : y;
}

#define CELU_F32(x, p) ((x) < 0 ? celu_of_f32((x), (p).alpha) : (x))
#define CELU_F64(x, p) ((x) < 0 ? celu_of_f64((x), (double)(p).alpha) : (x))

UNARY_LOOP(celu_f32, float, struct celu, CELU_F32)
UNARY_LOOP(celu_f64, double, struct celu, CELU_F64)
HALF_LOOPS(celu)

static const onnxrun_loop celu_loops[] = {FLOAT_LOOPS(celu), END};

static const onnxrun_attr celu_attrs[] = {ATTR_F(struct celu, alpha, 1.0), END};

static const onnxrun_kernel celu_12 = {UNARY("Celu", 12, 0, T_FLOATS, celu_loops, struct celu),
                                       .attrs = celu_attrs, .item_cost = 1.5};

KERNELS(celu, &celu_12)
