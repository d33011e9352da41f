/* map_cases.c: what maps do beside their formula: broadcasting before opset 7, types that are only
 * moved or compared, and models that are refused. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "tests/ops/harness.h"

/* ---- opsets 1 to 6: B's dims are a run of A's ------------------------------------------------ */

/* B of dims [3,4] in A of [2,3,4,5] from axis 1. */
static void check_limited(const char *op, onnxrun_dtype type, onnxrun_dtype result, int opset,
                          double (*f)(double a, double b))
{
  trial *t = trial_new(op, opset);
  const onnxrun_tensor *a = tensor_random(type, DIMS(2, 3, 4, 5), 1, 5);
  const onnxrun_tensor *b = tensor_random(type, DIMS(3, 4), 1, 5);
  onnxrun_tensor *c = tensor_new(result, DIMS(2, 3, 4, 5));
  for (size_t i = 0; i < 120; i++)
    set_number(c, i, f(get_number(a, i), get_number(b, i / 5 % 12)));
  trial_int(t, "broadcast", 1);
  trial_int(t, "axis", 1);
  trial_input(t, a);
  trial_input(t, b);
  trial_expect(t, c);
  trial_within_ulp(t, 1);
  trial_passes(t);
  trial_int(t, "broadcast", 0);
  trial_fails(t, ONNXRUN_INVALID_INPUT, "input 1");
  trial_int(t, "broadcast", 1);
  trial_int(t, "axis", 2);
  trial_fails(t, ONNXRUN_INVALID_INPUT, "input 1");
}

/* Without axis B stands at the end; one element goes anywhere. */
static void check_suffix(const char *op, onnxrun_dtype type, onnxrun_dtype result, int opset,
                         double (*f)(double a, double b))
{
  trial *t = trial_new(op, opset);
  trial_int(t, "broadcast", 1);
  for (int64_t n = 1; n <= 5; n += 4) {
    const onnxrun_tensor *a = tensor_random(type, DIMS(3, 4, 5), 1, 5);
    const onnxrun_tensor *b = tensor_random(type, DIMS(n), 1, 5);
    onnxrun_tensor *c = tensor_new(result, DIMS(3, 4, 5));
    for (size_t i = 0; i < 60; i++)
      set_number(c, i, f(get_number(a, i), get_number(b, i % (size_t)n)));
    trial_clear(t);
    trial_input(t, a);
    trial_input(t, b);
    trial_expect(t, c);
    trial_within_ulp(t, 1);
    trial_passes(t);
  }
}

#define LIMITED(op, type, result, formula)                                                         \
  static double op##_of(double a, double b)                                                        \
  {                                                                                                \
    return formula;                                                                                \
  }                                                                                                \
  void op##_before_opset_7(void)                                                                   \
  {                                                                                                \
    check_limited(#op, ONNXRUN_##type, ONNXRUN_##result, 6, op##_of);                              \
    check_suffix(#op, ONNXRUN_##type, ONNXRUN_##result, 1, op##_of);                               \
  }
LIMITED(Add, FLOAT, FLOAT, a + b)
LIMITED(Sub, FLOAT, FLOAT, a - b)
LIMITED(Mul, FLOAT, FLOAT, a *b)
LIMITED(Div, FLOAT, FLOAT, a / b)
LIMITED(Pow, FLOAT, FLOAT, pow(a, b))
LIMITED(Less, FLOAT, BOOL, a < b)
LIMITED(Greater, FLOAT, BOOL, a > b)
LIMITED(Equal, INT32, BOOL, a == b)
LIMITED(And, BOOL, BOOL, a != 0 && b != 0)
LIMITED(Or, BOOL, BOOL, a != 0 || b != 0)
#undef LIMITED

/* ---- PRelu ----------------------------------------------------------------------------------- */

void prelu_slope_by_channel(void)
{
  trial *t = trial_new("PRelu", 6);
  const onnxrun_tensor *x = tensor_random(ONNXRUN_FLOAT, DIMS(2, 3, 4), -4, 4);
  const onnxrun_tensor *slope = tensor_of(ONNXRUN_FLOAT, DIMS(3), VALUES(0.5, -2, 4));
  onnxrun_tensor *y = tensor_new(ONNXRUN_FLOAT, DIMS(2, 3, 4));
  for (size_t i = 0; i < 24; i++) {
    const double v = get_number(x, i);
    set_number(y, i, v < 0 ? v * get_number(slope, i / 4 % 3) : v);
  }
  trial_input(t, x);
  trial_input(t, slope);
  trial_expect(t, y);
  trial_passes(t);
  t->opset = 9; /* now at the last dim, of 4 */
  trial_fails(t, ONNXRUN_INVALID_INPUT, "[3]");
}

void prelu_slope_larger_than_x(void)
{
  trial *t = trial_new("PRelu", 16);
  trial_input(t, tensor_new(ONNXRUN_FLOAT, DIMS(3, 1)));
  trial_input(t, tensor_new(ONNXRUN_FLOAT, DIMS(3, 4)));
  trial_fails(t, ONNXRUN_INVALID_INPUT, "broadcast");
}

/* ---- Celu ------------------------------------------------------------------------------------ */

/* x / alpha is above 0 then, and e^(x / alpha) grows past every limit. */
void celu_below_0_alpha(void)
{
  static const float alphas[] = {-1.5f, -0.25f, -0.01f, -1e-30f};
  for (size_t k = 0; k < sizeof alphas / sizeof *alphas; k++) {
    onnxrun_tensor *x = tensor_random(ONNXRUN_FLOAT, DIMS(300), -1, 0);
    onnxrun_tensor *y = tensor_new(ONNXRUN_FLOAT, DIMS(300));
    set_number(x, 0, (double)-INFINITY);
    set_number(x, 1, (double)-FLT_MAX);
    const long double alpha = (long double)alphas[k];
    for (size_t i = 0; i < 300; i++) {
      if (i > 1) /* quotients up to 95, the last that may be finite */
        set_number(x, i, get_number(x, i) * -95 * (double)alpha);
      const long double v = (long double)get_number(x, i);
      set_number(y, i, (double)(alpha * expm1l(v / alpha)));
    }
    trial *t = trial_new("Celu", 28);
    trial_float(t, "alpha", alphas[k]);
    trial_input(t, x);
    trial_expect(t, y);
    trial_within_ulp(t, 1);
    trial_passes(t);
  }
}

/* ---- types that are moved or compared as they are -------------------------------------------- */

void abs_of_unsigned(void)
{
  static const onnxrun_dtype types[] = {ONNXRUN_UINT8, ONNXRUN_UINT16, ONNXRUN_UINT32,
                                        ONNXRUN_UINT64};
  for (size_t k = 0; k < 4; k++) {
    trial *t = trial_new("Abs", 13);
    onnxrun_tensor *x = tensor_random(types[k], DIMS(3, 5), 0, 250);
    set_int(x, 4, -1); /* the largest */
    trial_input(t, x);
    trial_expect(t, x);
    trial_passes(t);
  }
}

void where_of_moved_types(void)
{
  static const onnxrun_dtype types[] = {ONNXRUN_STRING, ONNXRUN_COMPLEX64, ONNXRUN_COMPLEX128};
  for (size_t k = 0; k < 3; k++) {
    trial *t = trial_new("Where", 16);
    const onnxrun_tensor *condition = tensor_random(ONNXRUN_BOOL, DIMS(2, 1, 4), 0, 1);
    const onnxrun_tensor *x = tensor_random(types[k], DIMS(3, 4), -9, 9);
    const onnxrun_tensor *y = tensor_random(types[k], DIMS(3, 1), -9, 9);
    onnxrun_tensor *z = tensor_new(types[k], DIMS(2, 3, 4));
    for (size_t i = 0; i < 24; i++) {
      if (get_int(condition, i / 12 * 4 + i % 4))
        copy_element(z, i, x, i % 12);
      else
        copy_element(z, i, y, i / 4 % 3);
    }
    trial_input(t, condition);
    trial_input(t, x);
    trial_input(t, y);
    trial_expect(t, z);
    trial_passes(t);
  }
}

void equal_of_strings(void)
{
  trial *t = trial_new("Equal", 19);
  trial_input(t, tensor_texts(DIMS(2, 3), TEXTS("", "a", "ab", "abc", "b", "\xc3\xa9")));
  trial_input(t, tensor_texts(DIMS(2, 3), TEXTS("", "b", "abc", "abc", "b ", "\xc3\xa9")));
  trial_expect(t, tensor_of(ONNXRUN_BOOL, DIMS(2, 3), VALUES(1, 0, 0, 1, 0, 1)));
  trial_passes(t);
}

/* ---- refusals -------------------------------------------------------------------------------- */

void shapes_that_do_not_broadcast(void)
{
  trial *t = trial_new("Add", 14);
  trial_input(t, tensor_new(ONNXRUN_FLOAT, DIMS(2, 3)));
  trial_input(t, tensor_new(ONNXRUN_FLOAT, DIMS(2, 4)));
  trial_fails(t, ONNXRUN_INVALID_INPUT, "does not broadcast");
  trial_clear(t);
  trial_input(t, tensor_new(ONNXRUN_FLOAT, DIMS(2, 3)));
  trial_input(t, tensor_new(ONNXRUN_DOUBLE, DIMS(2, 3)));
  trial_fails(t, ONNXRUN_INVALID_MODEL, "is double, expected float");
  trial_clear(t);
  trial_input(t, tensor_new(ONNXRUN_FLOAT, DIMS(2, 3)));
  trial_fails(t, ONNXRUN_INVALID_MODEL, "absent");
}

void clip_limits_with_several_elements(void)
{
  trial *t = trial_new("Clip", 13);
  trial_input(t, tensor_new(ONNXRUN_FLOAT, DIMS(2)));
  trial_input(t, NULL);
  trial_input(t, tensor_new(ONNXRUN_FLOAT, DIMS(2)));
  trial_fails(t, ONNXRUN_INVALID_INPUT, "'max' has 2 elements, expected 1");
}

void variadic_shapes_before_opset_8(void)
{
  static const char *const ops[] = {"Max", "Min", "Sum"};
  for (size_t k = 0; k < 3; k++) {
    trial *t = trial_new(ops[k], 7);
    trial_input(t, tensor_new(ONNXRUN_FLOAT, DIMS(2, 3)));
    trial_input(t, tensor_new(ONNXRUN_FLOAT, DIMS(1, 3)));
    trial_fails(t, ONNXRUN_INVALID_INPUT, "dim 0 of input 1 is 1");
  }
}
