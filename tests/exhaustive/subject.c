/* subject.c: the activations, their references, and calling their loops.
 *
 * References in double use the C library's functions, which are within about one unit of
 * double's last place, 2^-29 of float's; those of double are MPFR's. */
#include "tests/exhaustive/subject.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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

static const onnxrun_kernel *newest(const onnxrun_registry *r, const char *op)
{
  const onnxrun_kernel *found = NULL;
  for (size_t i = 0; i < onnxrun_registry_size(r); i++) {
    const onnxrun_kernel *k = onnxrun_registry_kernel(r, i);
    if (strcmp(k->op, op) == 0 && *k->domain == '\0' && k->until == 0)
      found = k;
  }
  return found;
}

bool loops_of(const onnxrun_registry *r, const subject *s, loops *out)
{
  memset(out, 0, sizeof *out);
  out->kernel = newest(r, s->op);
  if (!out->kernel || out->kernel->params_size > sizeof out->params)
    return false;
  size_t n = 0;
  for (const onnxrun_attr *a = out->kernel->attrs; a && a->name; a++) {
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
