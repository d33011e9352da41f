/* subject.c: the activations, their references, and calling their loops.
 *
 * References in double use the C library's functions, which are within about one unit of
 * double's last place, 2^-29 of float's; those of double are MPFR's. */
#include "tests/exhaustive/subject.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/kernels.h"

static double relu(double x, const double *a)
{
  (void)a;
  return x < 0 ? 0 : x;
}

static double leakyrelu(double x, const double *a)
{
  return x < 0 ? a[0] * x : x; /* the product of two floats is exact */
}

static double elu(double x, const double *a)
{
  return x < 0 ? a[0] * expm1(x) : x;
}

static double selu(double x, const double *a)
{
  return x < 0 ? a[1] * a[0] * expm1(x) : a[1] * x;
}

static double celu(double x, const double *a)
{
  return x < 0 ? a[0] * expm1(x / a[0]) : x;
}

static double sigmoid(double x, const double *a)
{
  (void)a;
  return x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x));
}

static double tanh_of(double x, const double *a)
{
  (void)a;
  return tanh(x);
}

static double hardsigmoid(double x, const double *a)
{
  const double y = a[0] * x + a[1];
  return y < 0 ? 0 : y > 1 ? 1 : y;
}

static double hardswish(double x, const double *a)
{
  (void)a;
  return x <= -3 ? -0.0 : x >= 3 ? x : x * (x + 3) / 6;
}

static double softsign(double x, const double *a)
{
  (void)a;
  return isinf(x) ? copysign(1, x) : x / (1 + fabs(x));
}

static double reciprocal(double x, const double *a)
{
  (void)a;
  return 1 / x;
}

static double softplus(double x, const double *a)
{
  (void)a;
  return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
}

/* x / (1 + e^-v); 0 beyond the range, where infinity times 0 stands. */
static double gate(double x, double v)
{
  if (v < -700)
    return copysign(0, x);
  return v < 0 ? x * (exp(v) / (1 + exp(v))) : x / (1 + exp(-v));
}

static double swish(double x, const double *a)
{
  return gate(x, a[0] * x);
}

static double mish(double x, const double *a)
{
  (void)a;
  const double e = exp(-fabs(x));
  if (x >= 0)
    return x * ((1 + 2 * e) / (1 + 2 * e + 2 * e * e));
  return x < -700 ? -0.0 : x * (e * (e + 2) / (e * (e + 2) + 2));
}

static double gelu(double x, const double *a)
{
  (void)a;
  return x < -100 ? -0.0 : x / 2 * erfc(-x / sqrt(2));
}

static double gelu_tanh(double x, const double *a)
{
  (void)a;
  const double v = sqrt(8 / acos(-1)) * (x + 0.044715 * x * x * x);
  return gate(x, v);
}

static double erf_of(double x, const double *a)
{
  (void)a;
  return erf(x);
}

static double exp_of(double x, const double *a)
{
  (void)a;
  return exp(x);
}

static double sqrt_of(double x, const double *a)
{
  (void)a;
  return sqrt(x);
}

static double log_of(double x, const double *a)
{
  (void)a;
  return log(x);
}

static void true_relu(mpfr_t x, const double *a)
{
  (void)a;
  if (mpfr_sgn(x) < 0)
    mpfr_set_zero(x, 1);
}

static void true_leakyrelu(mpfr_t x, const double *a)
{
  if (mpfr_sgn(x) < 0)
    mpfr_mul_d(x, x, a[0], MPFR_RNDN);
}

static void true_elu(mpfr_t x, const double *a)
{
  if (mpfr_sgn(x) >= 0)
    return;
  mpfr_expm1(x, x, MPFR_RNDN);
  mpfr_mul_d(x, x, a[0], MPFR_RNDN);
}

static void true_selu(mpfr_t x, const double *a)
{
  true_elu(x, a);
  mpfr_mul_d(x, x, a[1], MPFR_RNDN);
}

static void true_celu(mpfr_t x, const double *a)
{
  if (mpfr_sgn(x) >= 0)
    return;
  mpfr_div_d(x, x, a[0], MPFR_RNDN);
  mpfr_expm1(x, x, MPFR_RNDN);
  mpfr_mul_d(x, x, a[0], MPFR_RNDN);
}

static void true_sigmoid(mpfr_t x, const double *a)
{
  (void)a;
  mpfr_neg(x, x, MPFR_RNDN);
  mpfr_exp(x, x, MPFR_RNDN);
  mpfr_add_ui(x, x, 1, MPFR_RNDN);
  mpfr_ui_div(x, 1, x, MPFR_RNDN);
}

static void true_tanh(mpfr_t x, const double *a)
{
  (void)a;
  mpfr_tanh(x, x, MPFR_RNDN);
}

static void true_hardsigmoid(mpfr_t x, const double *a)
{
  mpfr_mul_d(x, x, a[0], MPFR_RNDN);
  mpfr_add_d(x, x, a[1], MPFR_RNDN);
  if (mpfr_nan_p(x))
    return;
  if (mpfr_sgn(x) <= 0)
    mpfr_set_zero(x, 1);
  else if (mpfr_cmp_ui(x, 1) > 0)
    mpfr_set_ui(x, 1, MPFR_RNDN);
}

static void true_hardswish(mpfr_t x, const double *a)
{
  (void)a;
  if (mpfr_nan_p(x))
    return;
  if (mpfr_cmp_si(x, -3) <= 0)
    mpfr_set_zero(x, -1);
  else if (mpfr_cmp_si(x, 3) < 0) {
    mpfr_t above;
    mpfr_init2(above, 300);
    mpfr_add_ui(above, x, 3, MPFR_RNDN);
    mpfr_mul(x, x, above, MPFR_RNDN);
    mpfr_div_ui(x, x, 6, MPFR_RNDN);
    mpfr_clear(above);
  }
}

static void true_softsign(mpfr_t x, const double *a)
{
  (void)a;
  if (mpfr_inf_p(x)) {
    mpfr_set_si(x, mpfr_sgn(x), MPFR_RNDN);
    return;
  }
  mpfr_t size;
  mpfr_init2(size, 1200);
  mpfr_abs(size, x, MPFR_RNDN);
  mpfr_add_ui(size, size, 1, MPFR_RNDN);
  mpfr_div(x, x, size, MPFR_RNDN);
  mpfr_clear(size);
}

static void true_reciprocal(mpfr_t x, const double *a)
{
  (void)a;
  mpfr_ui_div(x, 1, x, MPFR_RNDN);
}

static void true_softplus(mpfr_t x, const double *a)
{
  (void)a;
  mpfr_t y;
  mpfr_init2(y, 300);
  mpfr_abs(y, x, MPFR_RNDN);
  mpfr_neg(y, y, MPFR_RNDN);
  mpfr_exp(y, y, MPFR_RNDN);
  mpfr_log1p(y, y, MPFR_RNDN);
  if (mpfr_sgn(x) > 0)
    mpfr_add(x, x, y, MPFR_RNDN);
  else
    mpfr_set(x, y, MPFR_RNDN);
  mpfr_clear(y);
}

/* x / (1 + e^-v); 0 with the sign of x where v is so low that infinity times 0 could stand. */
static void true_gate(mpfr_t x, mpfr_t v)
{
  if (mpfr_cmp_si(v, -100000) < 0) {
    mpfr_set_zero(x, mpfr_signbit(x) ? -1 : 1);
    return;
  }
  mpfr_neg(v, v, MPFR_RNDN);
  mpfr_exp(v, v, MPFR_RNDN);
  mpfr_add_ui(v, v, 1, MPFR_RNDN);
  mpfr_div(x, x, v, MPFR_RNDN);
}

static void true_swish(mpfr_t x, const double *a)
{
  mpfr_t v;
  mpfr_init2(v, 300);
  mpfr_mul_d(v, x, a[0], MPFR_RNDN);
  true_gate(x, v);
  mpfr_clear(v);
}

static void true_gelu_tanh(mpfr_t x, const double *a)
{
  (void)a;
  mpfr_t v, c;
  mpfr_inits2(300, v, c, (mpfr_ptr)NULL);
  mpfr_sqr(v, x, MPFR_RNDN);
  mpfr_mul(v, v, x, MPFR_RNDN);
  mpfr_mul_ui(v, v, 44715, MPFR_RNDN);
  mpfr_div_ui(v, v, 1000000, MPFR_RNDN);
  mpfr_add(v, v, x, MPFR_RNDN);
  mpfr_const_pi(c, MPFR_RNDN);
  mpfr_ui_div(c, 8, c, MPFR_RNDN);
  mpfr_sqrt(c, c, MPFR_RNDN);
  mpfr_mul(v, v, c, MPFR_RNDN);
  true_gate(x, v);
  mpfr_clears(v, c, (mpfr_ptr)NULL);
}

static void true_mish(mpfr_t x, const double *a)
{
  (void)a;
  if (mpfr_cmp_si(x, -100000) < 0) {
    mpfr_set_zero(x, -1);
    return;
  }
  mpfr_t y;
  mpfr_init2(y, 300);
  mpfr_set(y, x, MPFR_RNDN);
  true_softplus(y, a);
  mpfr_tanh(y, y, MPFR_RNDN);
  mpfr_mul(x, x, y, MPFR_RNDN);
  mpfr_clear(y);
}

static void true_gelu(mpfr_t x, const double *a)
{
  (void)a;
  if (mpfr_cmp_si(x, -1000) < 0) {
    mpfr_set_zero(x, -1);
    return;
  }
  mpfr_t y;
  mpfr_init2(y, 300);
  mpfr_sqrt_ui(y, 2, MPFR_RNDN);
  mpfr_div(y, x, y, MPFR_RNDN);
  mpfr_neg(y, y, MPFR_RNDN);
  mpfr_erfc(y, y, MPFR_RNDN);
  mpfr_mul(x, x, y, MPFR_RNDN);
  mpfr_div_ui(x, x, 2, MPFR_RNDN);
  mpfr_clear(y);
}

static void true_erf(mpfr_t x, const double *a)
{
  (void)a;
  mpfr_erf(x, x, MPFR_RNDN);
}

static void true_exp(mpfr_t x, const double *a)
{
  (void)a;
  mpfr_exp(x, x, MPFR_RNDN);
}

static void true_sqrt(mpfr_t x, const double *a)
{
  (void)a;
  mpfr_sqrt(x, x, MPFR_RNDN);
}

static void true_log(mpfr_t x, const double *a)
{
  (void)a;
  mpfr_log(x, x, MPFR_RNDN);
}

const subject subjects[] = {
    {"Relu", "", 0.5, 0.5, true, false, relu, true_relu},
    {"LeakyRelu", "", 0.5, 0.5, true, false, leakyrelu, true_leakyrelu},
    {"LeakyRelu", "alpha=-0.3", 0.5, 0.5, false, false, leakyrelu, true_leakyrelu},
    {"PRelu", "slope=0.25", 0.5, 0.5, true, false, leakyrelu, true_leakyrelu},
    {"PRelu", "slope=-1.7", 0.5, 0.5, false, false, leakyrelu, true_leakyrelu},
    {"Sigmoid", "", 1, 1.5, true, false, sigmoid, true_sigmoid},
    {"Tanh", "", 1, 1.5, true, true, tanh_of, true_tanh},
    {"Elu", "", 1, 1.5, false, false, elu, true_elu},
    {"Elu", "alpha=0.3", 1, 1.5, false, false, elu, true_elu},
    {"Elu", "alpha=1.7", 1, 1.5, false, false, elu, true_elu},
    {"Elu", "alpha=-2.3", 1, 1.5, false, false, elu, true_elu},
    {"Selu", "", 1, 1.5, false, false, selu, true_selu},
    {"Selu", "alpha=0.7 gamma=-3.1", 1, 1.5, false, false, selu, true_selu},
    {"Celu", "", 1, 1.5, false, false, celu, true_celu},
    {"Celu", "alpha=0.3", 1, 1.5, false, false, celu, true_celu},
    {"Celu", "alpha=1.7", 1, 1.5, false, false, celu, true_celu},
    {"Celu", "alpha=-2.3", 1, 1.5, false, false, celu, true_celu},
    {"HardSigmoid", "", 0.5001, 0.51, true, false, hardsigmoid, true_hardsigmoid},
    {"HardSigmoid", "alpha=-0.7 beta=0.3", 0.5001, 0.51, false, false, hardsigmoid,
     true_hardsigmoid},
    {"HardSwish", "", 2, 2, false, false, hardswish, true_hardswish},
    {"Softsign", "", 1, 2, true, true, softsign, true_softsign},
    {"Reciprocal", "", 0.5, 0.5, false, true, reciprocal, true_reciprocal},
    {"Softplus", "", 1, 2, true, false, softplus, true_softplus},
    {"Mish", "", 2, 2, false, false, mish, true_mish},
    {"Swish", "", 2, 2, false, false, swish, true_swish},
    {"Swish", "alpha=1.702", 2, 2, false, false, swish, true_swish},
    {"Swish", "alpha=-0.3", 2, 2, false, false, swish, true_swish},
    {"Gelu", "", 2, 2, false, false, gelu, true_gelu},
    {"Gelu", "approximate=tanh", 2, 2, false, false, gelu_tanh, true_gelu_tanh},
    {"Erf", "", 1, 2, true, true, erf_of, true_erf},
    {"Log", "", 1, 2, true, false, log_of, true_log},
    {"Exp", "", 1, 2, true, false, exp_of, true_exp},
    {"Sqrt", "", 0.5, 0.5, true, false, sqrt_of, true_sqrt},
};
const size_t n_subjects = sizeof subjects / sizeof *subjects;

/* The value that "alpha=0.5 gamma=2" gives a name, or otherwise. */
static double attribute_of(const char *attributes, const char *name, double otherwise)
{
  const size_t size = strlen(name);
  for (const char *at = attributes; (at = strstr(at, name)); at += size) {
    if (at[size] == '=')
      return (float)atof(at + size + 1);
  }
  return otherwise;
}

/* The place of the attribute's value among the choices "none|tanh"; the default otherwise. */
static int64_t choice_of(const char *attributes, const onnxrun_attr *a)
{
  const char *given = strstr(attributes, a->name);
  const char *value = given ? given + strlen(a->name) + 1 : "";
  int64_t at = 0;
  for (const char *choice = a->text; *value && choice; at++) {
    const size_t size = strcspn(choice, "|");
    if (strncmp(choice, value, size) == 0)
      return at;
    choice = choice[size] ? choice + size + 1 : NULL;
  }
  return (int64_t)a->number;
}

bool loops_of(const onnxrun_registry *r, const subject *s, loops *out)
{
  memset(out, 0, sizeof *out);
  out->kernel = newest_kernel(r, s->op);
  if (!out->kernel || out->kernel->params_size > sizeof out->params)
    return false;
  size_t n = 0;
  for (const onnxrun_attr *a = out->kernel->attrs; a && a->name; a++) {
    if (a->type == ONNXRUN_ATTR_ENUM) {
      const int64_t choice = choice_of(s->attributes, a);
      memcpy(out->params + a->offset, &choice, sizeof choice);
    }
    if (a->type != ONNXRUN_ATTR_FLOAT || n == 2)
      continue;
    const float value = (float)attribute_of(s->attributes, a->name, (float)a->number);
    memcpy(out->params + a->offset, &value, sizeof value);
    out->attributes[n++] = value;
  }
  if (n == 0)
    out->attributes[0] = attribute_of(s->attributes, "slope", 0);
  out->slope = (float)out->attributes[0];
  return true;
}

void loops_run(const loops *l, onnxrun_dtype type, const void *x, void *y, size_t n)
{
  const double slope_f64 = l->slope;
  const uint32_t bits = (union {
                          float f;
                          uint32_t u;
                        }){l->slope}
                            .u;
  const uint16_t slope_bf16 = (uint16_t)(bits >> 16);
  const void *slope = type == ONNXRUN_FLOAT    ? (const void *)&l->slope
                      : type == ONNXRUN_DOUBLE ? (const void *)&slope_f64
                                               : (const void *)&slope_bf16;
  const void *in[] = {x, slope};
  void *out[] = {y};
  const size_t step[] = {1, 0};
  const size_t n_in = strcmp(l->kernel->op, "PRelu") == 0 ? 2 : 1;
  const onnxrun_job job = {in, out, step, n_in, l->params, NULL};
  for (const onnxrun_loop *loop = l->kernel->loops; loop->run; loop++) {
    if (loop->dtype == type)
      loop->run(&job, 0, n);
  }
}
