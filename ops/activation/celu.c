/* Celu: max(0, x) + min(0, alpha * (e^(x / alpha) - 1)), which is x for x >= 0 and the second
 * term below, whatever the sign of alpha.  Opsets 12, 28.
 * Method: with alpha 1 it is Elu; with most alpha above 0, NEGATIVE_EXPM1_OF_RATIO of kit/math.h.
 * With others, and in double, x / alpha is x * (1 / alpha) and a rest, which one fused multiply-add
 * finds; where x / alpha is tiny the result is x.  Below 1 ulp in float and double. */
#include "ops/kit/unary.h"

struct celu {
  float alpha;
};

/* Without a rest: an infinite 1 / alpha, and a quotient beyond the exponential's range. */
#define CELU_BELOW_0(name, T, EXPM1_OF, tiny)                                                      \
  ALWAYS_INLINE T name(T x, T alpha)                                                               \
  {                                                                                                \
    const T inverse = 1 / alpha, q = x * inverse;                                                  \
    const bool has_rest = inverse - inverse == 0 && q > -100 && q < 1000;                          \
    const T rest = has_rest ? MADD_EXACT(-q, alpha, x) * inverse : 0;                              \
    const T y = EXPM1_OF(q, rest, alpha, 0);                                                       \
    return q < (tiny) && q > -(tiny) ? x : y;                                                      \
  }

CELU_BELOW_0(any_f32, float, EXPM1_BY, 0x1p-26f)
CELU_BELOW_0(below_0_f64, double, EXPM1_BY, 0x1p-55)

#define CELU_1_F32(x, p) ((x) < 0 ? NEGATIVE_EXPM1_BY((x), 1.0f) : (x))
#define CELU_USUAL_F32(x, p) ((x) < 0 ? NEGATIVE_EXPM1_OF_RATIO((x), (p).alpha) : (x))
#define CELU_ANY_F32(x, p) ((x) < 0 ? any_f32((x), (p).alpha) : (x))
#define CELU_F64(x, p) ((x) < 0 ? below_0_f64((x), (double)(p).alpha) : (x))

UNARY_LOOP(celu_1_f32, float, struct celu, CELU_1_F32)
UNARY_LOOP(celu_usual_f32, float, struct celu, CELU_USUAL_F32)
UNARY_LOOP(celu_any_f32, float, struct celu, CELU_ANY_F32)
UNARY_LOOP(celu_f64, double, struct celu, CELU_F64)

/* Alpha for which the reduction's errors stay within the bound: without fused multiply-adds they
 * would not. */
#ifdef HAS_MADD
#define CELU_IS_USUAL(alpha) ((alpha) >= 0x1p-60f && (alpha) <= 0x1p60f)
#else
#define CELU_IS_USUAL(alpha) false
#endif

static void celu_f32(const onnxrun_job *job, size_t begin, size_t end)
{
  const float alpha = ((const struct celu *)job->params)->alpha;
  if (alpha == 1)
    celu_1_f32(job, begin, end);
  else if (CELU_IS_USUAL(alpha))
    celu_usual_f32(job, begin, end);
  else
    celu_any_f32(job, begin, end);
}

HALF_LOOPS(celu)

static const onnxrun_loop celu_loops[] = {FLOAT_LOOPS(celu), END};

static const onnxrun_attr celu_attrs[] = {ATTR_F(struct celu, alpha, 1.0), END};

static const onnxrun_kernel celu_12 = {UNARY("Celu", 12, 0, T_FLOATS, celu_loops, struct celu),
                                       .attrs = celu_attrs, .item_cost = 1.5};

KERNELS(celu, &celu_12)
