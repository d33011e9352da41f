/* softmax_cases.c: Softmax, LogSoftmax and Hardmax against plain loops. */
#undef NDEBUG
#include <assert.h>
#include <math.h>

#include "tests/ops/harness.h"

#define MAP(...)
#define CASE(op, function) void function(void);
#include "tests/ops/cases.def"
#undef MAP
#undef CASE

typedef enum line_kind { SOFTMAX, LOG_SOFTMAX, HARDMAX } line_kind;

static const char *const names[] = {"Softmax", "LogSoftmax", "Hardmax"};

/* One line of n elements, `step` apart, from element `first` on. */
static void line_of(line_kind kind, const onnxrun_tensor *x, onnxrun_tensor *y, size_t first,
                    size_t n, size_t step)
{
  long double max = -INFINITY, sum = 0;
  size_t at = 0;
  for (size_t i = 0; i < n; i++) {
    const double v = get_number(x, first + i * step);
    if (v > max || (isnan(v) && !isnan(max))) {
      max = v;
      at = i;
    }
  }
  for (size_t i = 0; i < n; i++)
    sum += expl(get_number(x, first + i * step) - max);
  for (size_t i = 0; i < n; i++) {
    const long double d = get_number(x, first + i * step) - max;
    const long double value = kind == HARDMAX   ? i == at
                              : kind == SOFTMAX ? expl(d) / sum
                                                : d - logl(sum);
    set_number(y, first + i * step, (double)value);
  }
}

static onnxrun_tensor *reference(line_kind kind, const onnxrun_tensor *x, uint32_t axis,
                                 bool is_flat)
{
  onnxrun_tensor *y = tensor_new(x->dtype, x->rank, x->dims);
  size_t n = 1, inner = 1;
  for (uint32_t d = axis; d < x->rank; d++)
    *(d == axis || is_flat ? &n : &inner) *= (size_t)x->dims[d];
  for (size_t i = 0; i < onnxrun_elements(x) / (n ? n : 1); i++)
    line_of(kind, x, y, i / (inner ? inner : 1) * n * inner + i % (inner ? inner : 1), n, inner);
  return y;
}

static void check(line_kind kind, const onnxrun_tensor *x, int64_t axis, int32_t opset)
{
  const uint32_t at = (uint32_t)(axis < 0 ? axis + x->rank : axis);
  trial *t = trial_new(names[kind], opset);
  trial_int(t, "axis", axis);
  trial_input(t, x);
  trial_expect(t, reference(kind, x, at, opset < 13));
  /* 3.5 units for e^x and the quotient; of the sum's 18 + log2 n few are ever needed. A logarithm
   * has two roundings, of x - m, which is no larger than the result, and its own; ln s is exact
   * to an absolute bound. */
  const bool is_double = x->dtype == ONNXRUN_DOUBLE;
  const bool is_16 = x->dtype == ONNXRUN_FLOAT16 || x->dtype == ONNXRUN_BFLOAT16;
  if (kind == SOFTMAX)
    trial_within_ulp(t, is_16 ? 1 : 16);
  else if (kind == LOG_SOFTMAX && is_16)
    trial_within_ulp(t, 1);
  else if (kind == LOG_SOFTMAX)
    trial_within(t, is_double ? 0x1p-52 : 0x1p-23, is_double ? 0x1p-47 : 0x1p-18);
  trial_passes(t);
}

static void check_all(line_kind kind)
{
  static const onnxrun_dtype types[] = {ONNXRUN_FLOAT, ONNXRUN_DOUBLE, ONNXRUN_FLOAT16,
                                        ONNXRUN_BFLOAT16};
  static const struct {
    uint32_t rank;
    int64_t axis, dims[4];
  } lines[] = {
      {1, 0, {1}},           {1, 0, {9}},         {2, 1, {200, 10}},    {2, 1, {3, 32}},
      {2, 1, {3, 33}},       {2, -1, {5, 64}},    {2, 1, {3, 1000}},    {2, 0, {21, 300}},
      {2, 0, {2000, 17}},    {3, 1, {3, 5, 7}},   {3, -3, {4, 2, 3}},   {4, 2, {2, 3, 70, 19}},
      {4, 3, {2, 2, 3, 65}}, {3, 2, {3, 100, 1}}, {3, 1, {2, 40, 257}},
  };
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
    for (size_t k = 0; k < 2; k++) {
      const onnxrun_dtype type = types[(i + 2 * k) % 4];
      const bool is_old = k == 1 && type != ONNXRUN_BFLOAT16;
      check(kind, tensor_random(type, lines[i].rank, lines[i].dims, -8, 8), lines[i].axis,
            is_old ? 11 : 13);
    }
  }
}

/* Defaults of the axis, no elements, an axis out of range. */
static void check_shapes(line_kind kind)
{
  const onnxrun_tensor *x = tensor_random(ONNXRUN_FLOAT, DIMS(2, 3, 2), -1, 1);
  for (int32_t opset = 11; opset <= 13; opset += 2) {
    trial *t = trial_new(names[kind], opset);
    trial_input(t, x);
    trial_expect(t, reference(kind, x, opset == 11 ? 1 : 2, opset == 11));
    trial_within(t, 1e-6, 1e-6);
    trial_passes(t);
  }
  check(kind, tensor_new(ONNXRUN_FLOAT, DIMS(2, 0, 3)), 1, 13);
  check(kind, tensor_new(ONNXRUN_FLOAT16, DIMS(0, 70)), 1, 13);
  trial *t = trial_new(names[kind], 13);
  trial_input(t, x);
  trial_expect(t, x);
  trial_int(t, "axis", 3);
  trial_fails(t, ONNXRUN_INVALID_MODEL, "axis 3 is outside [-3, 3)");
}

/* Large numbers, a row with infinities or NaN beside one without. */
static void check_specials(line_kind kind, size_t n)
{
  onnxrun_tensor *x = tensor_random(ONNXRUN_FLOAT, DIMS(6, (int64_t)n), -3, 3);
  set_number(x, 1, 1e5);
  set_number(x, n + 1, -1e5);
  set_number(x, 2 * n + n - 1, INFINITY);
  set_number(x, 3 * n, NAN);
  for (size_t i = 0; i < n; i++)
    set_number(x, 4 * n + i, -INFINITY);
  set_number(x, 5 * n, -INFINITY);
  check(kind, x, 1, 13);
}

void softmax_cases(void)
{
  check_all(SOFTMAX);
  check_shapes(SOFTMAX);
  check_specials(SOFTMAX, 7);
  check_specials(SOFTMAX, 100);
}

void log_softmax_cases(void)
{
  check_all(LOG_SOFTMAX);
  check_shapes(LOG_SOFTMAX);
  check_specials(LOG_SOFTMAX, 7);
  check_specials(LOG_SOFTMAX, 100);
}

void hardmax_cases(void)
{
  check_all(HARDMAX);
  check_shapes(HARDMAX);
  check(HARDMAX, tensor_of(ONNXRUN_FLOAT, DIMS(2, 3), VALUES(1, 1, 0, 0, NAN, NAN)), 1, 13);
}
