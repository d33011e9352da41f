/* Sqrt: Y = sqrt(X), correctly rounded, NaN for X < 0.  Opsets 1, 6, 13. */
#include "ops/kit/unary.h"

#define SQRT(x, p) _Generic((x), float : sqrtf, double : sqrt)(x)
UNARY_FLOATS(sqrt, struct no_params, SQRT)

static const onnxrun_loop sqrt_loops[] = {FLOAT_LOOPS(sqrt), END};

static const onnxrun_attr sqrt_attrs[] = {ATTR_IGNORED("consumed_inputs"), END};

static const onnxrun_kernel sqrt_1 = {UNARY("Sqrt", 1, 0, T_FLOATS, sqrt_loops, struct no_params),
                                      .attrs = sqrt_attrs, .item_cost = 3};

KERNELS(sqrt, &sqrt_1)
