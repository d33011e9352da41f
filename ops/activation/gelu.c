/* Gelu: x Phi(x), Phi the normal distribution: x (1 + erf(x / sqrt 2)) / 2, or, approximate = tanh,
 * x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2; -0 at -infinity.  Opset 20.
 * Method: GELU and GELU_TANH of ops/kit/math_family.h.  Below 2 ulp. */
#include "ops/kit/unary.h"

enum { GELU_ERF, GELU_BY_TANH };

struct gelu {
  int64_t approximate;
};

#define GELU_OF(x, p) GELU(x)
#define GELU_TANH_OF(x, p) GELU_TANH(x)

UNARY_LOOP(gelu_erf_f32, float, struct gelu, GELU_OF)
UNARY_LOOP(gelu_erf_f64, double, struct gelu, GELU_OF)
UNARY_LOOP(gelu_tanh_f32, float, struct gelu, GELU_TANH_OF)
UNARY_LOOP(gelu_tanh_f64, double, struct gelu, GELU_TANH_OF)

#define GELU_LOOP(tag)                                                                             \
  static void gelu_##tag(const onnxrun_job *job, size_t begin, size_t end)                         \
  {                                                                                                \
    const struct gelu *p = job->params;                                                            \
    (p->approximate == GELU_BY_TANH ? gelu_tanh_##tag : gelu_erf_##tag)(job, begin, end);          \
  }
GELU_LOOP(f32)
GELU_LOOP(f64)
HALF_LOOPS(gelu)

static const onnxrun_loop gelu_loops[] = {FLOAT_LOOPS(gelu), END};

static const onnxrun_attr gelu_attrs[] = {
    ATTR_ENUM(struct gelu, approximate, GELU_ERF, "none|tanh"), END};

static const onnxrun_kernel gelu_20 = {UNARY("Gelu", 20, 0, T_FLOATS, gelu_loops, struct gelu),
                                       .attrs = gelu_attrs, .item_cost = 4};

KERNELS(gelu, &gelu_20)
