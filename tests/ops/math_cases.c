/* math_cases.c: what arithmetic does at its edges: whole numbers that wrap or divide by 0, powers
 * of mixed types, many operands. */
#include <math.h>

#include "tests/ops/harness.h"

/* Both whole by nature, of one element each. */
static void check_whole(const char *op, onnxrun_dtype a_type, int64_t a, onnxrun_dtype b_type,
                        int64_t b, int64_t expected)
{
  trial *t = trial_new(op, 15);
  const int64_t values[] = {a, b, expected};
  const onnxrun_dtype types[] = {a_type, b_type, a_type};
  onnxrun_tensor *tensors[3];
  for (size_t i = 0; i < 3; i++) {
    tensors[i] = tensor_new(types[i], DIMS(1));
    if (is_float_type(types[i]))
      set_number(tensors[i], 0, (double)values[i]);
    else
      set_int(tensors[i], 0, values[i]);
  }
  trial_input(t, tensors[0]);
  trial_input(t, tensors[1]);
  trial_expect(t, tensors[2]);
  trial_passes(t);
}

void division_by_zero_is_zero(void)
{
  check_whole("Div", ONNXRUN_INT8, 5, ONNXRUN_INT8, 0, 0);
  check_whole("Div", ONNXRUN_UINT16, 5, ONNXRUN_UINT16, 0, 0);
  check_whole("Div", ONNXRUN_INT32, -5, ONNXRUN_INT32, 0, 0);
  check_whole("Div", ONNXRUN_UINT64, 5, ONNXRUN_UINT64, 0, 0);
  check_whole("Div", ONNXRUN_INT64, 0, ONNXRUN_INT64, 0, 0);
}

void least_integer_by_minus_one_wraps(void)
{
  check_whole("Div", ONNXRUN_INT8, INT8_MIN, ONNXRUN_INT8, -1, INT8_MIN);
  check_whole("Div", ONNXRUN_INT32, INT32_MIN, ONNXRUN_INT32, -1, INT32_MIN);
  check_whole("Div", ONNXRUN_INT64, INT64_MIN, ONNXRUN_INT64, -1, INT64_MIN);
}

void whole_powers(void)
{
  check_whole("Pow", ONNXRUN_INT64, 3, ONNXRUN_INT64, 39, 4052555153018976267);
  check_whole("Pow", ONNXRUN_INT64, -3, ONNXRUN_UINT8, 39, -4052555153018976267);
  check_whole("Pow", ONNXRUN_INT64, 3, ONNXRUN_FLOAT, 39, 4052555153018976267);
  check_whole("Pow", ONNXRUN_INT32, 65536, ONNXRUN_INT32, 2, 0);
  check_whole("Pow", ONNXRUN_INT32, 7, ONNXRUN_DOUBLE, 0, 1);
}

void whole_powers_below_zero(void)
{
  check_whole("Pow", ONNXRUN_INT32, 0, ONNXRUN_INT8, -1, 0);
  check_whole("Pow", ONNXRUN_INT32, 2, ONNXRUN_INT16, -1, 0);
  check_whole("Pow", ONNXRUN_INT32, 1, ONNXRUN_INT64, INT64_MIN, 1);
  check_whole("Pow", ONNXRUN_INT64, -1, ONNXRUN_INT32, -3, -1);
  check_whole("Pow", ONNXRUN_INT64, -1, ONNXRUN_FLOAT16, -4, 1);
}

static const double bases[] = {0,    -0.0,  1,     -1,        2.5,      -2.5, 0.3,
                               -0.3, 1e30,  1e-30, -INFINITY, INFINITY, NAN,  0x1p-140,
                               1e10, -1e10, 3,     7,         0.125};
enum { BASES = sizeof bases / sizeof *bases };

static void check_power(onnxrun_dtype type, onnxrun_dtype exponent_type, double exponent)
{
  const bool is_double = type == ONNXRUN_DOUBLE;
  const onnxrun_tensor *x = tensor_of(type, DIMS(BASES), BASES, bases);
  onnxrun_tensor *z = tensor_new(type, DIMS(BASES)), *many = tensor_new(exponent_type, DIMS(BASES));
  for (size_t i = 0; i < BASES; i++) {
    set_number(z, i, pow(get_number(x, i), exponent));
    set_number(many, i, exponent);
  }
  const onnxrun_tensor *exponents[] = {tensor_of(exponent_type, SCALAR, 1, &exponent), many};
  for (size_t k = 0; k < 2; k++) {
    trial *t = trial_new("Pow", 15);
    trial_input(t, x);
    trial_input(t, exponents[k]);
    trial_expect(t, z);
    trial_within_ulp(t, is_double ? 1 : 0.501);
    trial_passes(t);
  }
}

/* The same number for all has its own way, which must agree with the way of any number. */
void powers_with_a_way_of_their_own(void)
{
  static const double exponents[] = {2, 3, 0.5, -1, 1, 0, -2, 1.5};
  for (size_t i = 0; i < sizeof exponents / sizeof *exponents; i++) {
    check_power(ONNXRUN_FLOAT, ONNXRUN_FLOAT, exponents[i]);
    check_power(ONNXRUN_DOUBLE, ONNXRUN_DOUBLE, exponents[i]);
  }
}

void powers_of_mixed_types(void)
{
  static const onnxrun_dtype types[] = {ONNXRUN_INT8,    ONNXRUN_INT16,   ONNXRUN_INT32,
                                        ONNXRUN_INT64,   ONNXRUN_UINT8,   ONNXRUN_UINT16,
                                        ONNXRUN_UINT32,  ONNXRUN_UINT64,  ONNXRUN_DOUBLE,
                                        ONNXRUN_FLOAT16, ONNXRUN_BFLOAT16};
  for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
    check_power(ONNXRUN_FLOAT, types[i], 5);
    check_power(ONNXRUN_DOUBLE, types[i], 4);
    check_power(ONNXRUN_BFLOAT16, types[i], 3);
  }
}

/* Enough elements for several blocks; a step of 0 comes first, last and twice in a row. */
void many_operands(void)
{
  enum { N = 5000 };
  trial *t = trial_new("Max", 13);
  const onnxrun_tensor *a = tensor_random(ONNXRUN_INT32, DIMS(N), -100, 100);
  const onnxrun_tensor *b = tensor_random(ONNXRUN_INT32, DIMS(N), -100, 100);
  const double low = -60, lower = -90, lowest = -95;
  onnxrun_tensor *most = tensor_new(ONNXRUN_INT32, DIMS(N));
  for (size_t i = 0; i < N; i++)
    set_number(most, i, fmax(fmax(get_number(a, i), get_number(b, i)), low));
  trial_input(t, tensor_of(ONNXRUN_INT32, SCALAR, 1, &lowest));
  trial_input(t, tensor_of(ONNXRUN_INT32, DIMS(1), 1, &low));
  trial_input(t, a);
  trial_input(t, b);
  trial_input(t, tensor_of(ONNXRUN_INT32, SCALAR, 1, &lower));
  trial_expect(t, most);
  t->is_brief = true;
  trial_passes(t);
}

/* Whole numbers, whose sums every type holds exactly; the second operand is one row. */
static void sum_of(size_t n, onnxrun_dtype type)
{
  trial *t = trial_new("Sum", 13);
  onnxrun_tensor *sum = tensor_new(type, DIMS(3, 700));
  for (size_t i = 0; i < n; i++) {
    const onnxrun_tensor *whole = tensor_random(ONNXRUN_INT32, DIMS(3, 700), -9, 9);
    onnxrun_tensor *x = tensor_new(type, DIMS(i == 1 ? 1 : 3, 700));
    for (size_t j = 0; j < 2100; j++) {
      const size_t at = i == 1 ? j % 700 : j;
      set_number(x, at, get_number(whole, at));
      set_number(sum, j, get_number(sum, j) + get_number(whole, at));
    }
    trial_input(t, x);
  }
  trial_expect(t, sum);
  t->is_brief = true;
  trial_passes(t);
}

void sum_cases(void)
{
  for (size_t n = 1; n <= 7; n++) {
    sum_of(n, ONNXRUN_FLOAT);
    sum_of(n, ONNXRUN_DOUBLE);
    sum_of(n, ONNXRUN_FLOAT16);
    sum_of(n, ONNXRUN_BFLOAT16);
  }
}

void one_operand(void)
{
  trial *t = trial_new("Min", 13);
  trial_input(t, tensor_range(ONNXRUN_FLOAT16, DIMS(3, 100), -5, 0.5));
  trial_expect(t, tensor_range(ONNXRUN_FLOAT16, DIMS(3, 100), -5, 0.5));
  trial_passes(t);
}

void clip_of_nan_and_of_crossed_limits(void)
{
  trial *t = trial_new("Clip", 13);
  trial_input(t, tensor_of(ONNXRUN_FLOAT, DIMS(5), VALUES(NAN, -INFINITY, 0, 1, INFINITY)));
  trial_input(t, tensor_of(ONNXRUN_FLOAT, SCALAR, VALUES(3)));
  trial_input(t, tensor_of(ONNXRUN_FLOAT, SCALAR, VALUES(-2)));
  trial_expect(t, tensor_of(ONNXRUN_FLOAT, DIMS(5), VALUES(NAN, -2, -2, -2, -2)));
  trial_passes(t);
}
