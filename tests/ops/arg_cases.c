/* arg_cases.c: ArgMax and ArgMin against a plain loop. */
#undef NDEBUG
#include <assert.h>
#include <math.h>

#include "tests/ops/harness.h"

#define MAP(...)
#define CASE(op, function) void function(void);
#include "tests/ops/cases.def"
#undef MAP
#undef CASE

/* Whether element i comes before the best so far, at element b. */
static bool wins(const onnxrun_tensor *x, bool is_min, size_t i, size_t b)
{
  if (x->dtype == ONNXRUN_UINT64) {
    const uint64_t v = (uint64_t)get_int(x, i), best = (uint64_t)get_int(x, b);
    return is_min ? v < best : v > best;
  }
  if (!is_float_type(x->dtype))
    return is_min ? get_int(x, i) < get_int(x, b) : get_int(x, i) > get_int(x, b);
  const double v = get_number(x, i), best = get_number(x, b);
  return isnan(best) ? false : isnan(v) || (is_min ? v < best : v > best);
}

static onnxrun_tensor *reference(const onnxrun_tensor *x, uint32_t axis, bool is_min, bool is_last)
{
  int64_t dims[ONNXRUN_MAX_RANK];
  size_t n = (size_t)x->dims[axis], inner = 1;
  for (uint32_t d = 0; d < x->rank; d++)
    dims[d] = d == axis ? 1 : x->dims[d];
  for (uint32_t d = axis + 1; d < x->rank; d++)
    inner *= (size_t)x->dims[d];
  onnxrun_tensor *y = tensor_new(ONNXRUN_INT64, x->rank, dims);
  for (size_t i = 0; i < onnxrun_elements(y); i++) {
    const size_t first = i / inner * n * inner + i % inner;
    size_t best = is_last ? n - 1 : 0;
    for (size_t k = 1; k < n; k++) {
      const size_t at = is_last ? n - 1 - k : k;
      if (wins(x, is_min, first + at * inner, first + best * inner))
        best = at;
    }
    set_int(y, i, (int64_t)best);
  }
  return y;
}

static void check(bool is_min, const onnxrun_tensor *x, uint32_t axis)
{
  for (int is_last = 0; is_last < 2; is_last++) {
    trial *t = trial_new(is_min ? "ArgMin" : "ArgMax", 13);
    trial_input(t, x);
    trial_int(t, "axis", is_last ? (int64_t)axis - x->rank : axis);
    trial_int(t, "select_last_index", is_last);
    trial_expect(t, reference(x, axis, is_min, is_last));
    trial_passes(t);
  }
}

static const struct {
  uint32_t rank, axis;
  int64_t dims[3];
} shapes[] = {
    {1, 0, {1}},       {1, 0, {5}},         {2, 1, {300, 10}}, {2, 1, {3, 64}},
    {2, 1, {3, 65}},   {2, 1, {2, 1000}},   {2, 1, {2, 640}},  {2, 0, {7, 300}},
    {2, 0, {1000, 3}}, {3, 1, {3, 20, 33}}, {3, 0, {3, 4, 5}}, {3, 2, {3, 70, 1}},
};

static void check_type(bool is_min, onnxrun_dtype type, double lowest, double highest)
{
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
    check(is_min, tensor_random(type, shapes[i].rank, shapes[i].dims, lowest, highest),
          shapes[i].axis);
}

/* Few different values, so that many are equal. */
static void check_arg(bool is_min)
{
  check_type(is_min, ONNXRUN_FLOAT, -1, 1);
  check_type(is_min, ONNXRUN_INT32, -3, 3);
  check_type(is_min, ONNXRUN_UINT64, 0, 3);
  static const onnxrun_dtype types[] = {ONNXRUN_DOUBLE, ONNXRUN_FLOAT16, ONNXRUN_BFLOAT16,
                                        ONNXRUN_INT8,   ONNXRUN_UINT8,   ONNXRUN_INT16,
                                        ONNXRUN_UINT16, ONNXRUN_UINT32,  ONNXRUN_INT64};
  for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
    check(is_min, tensor_random(types[i], DIMS(3, 5, 8), is_signed_type(types[i]) ? -9 : 0, 9), 1);
    check(is_min, tensor_random(types[i], DIMS(3, 130), is_signed_type(types[i]) ? -9 : 0, 9), 1);
  }
}

/* NaN anywhere in a row; nothing but the worst value; integers past 2^53. */
static void check_specials(bool is_min)
{
  onnxrun_tensor *x = tensor_random(ONNXRUN_FLOAT, DIMS(100, 100), -1, 1);
  for (size_t i = 0; i < 100; i++) {
    set_number(x, i * 100 + i, NAN);
    set_number(x, i * 100 + i / 2, NAN);
  }
  check(is_min, x, 0);
  check(is_min, x, 1);
  x = tensor_range(ONNXRUN_FLOAT, DIMS(2, 200), is_min ? INFINITY : -INFINITY, 0);
  check(is_min, x, 1);
  check(is_min, x, 0);
  x = tensor_new(ONNXRUN_UINT64, DIMS(3));
  for (int i = 0; i < 3; i++)
    set_int(x, (size_t)i, i == 1 ? INT64_MAX : -1 - i);
  check(is_min, x, 0);
  x = tensor_new(ONNXRUN_INT64, DIMS(3));
  for (int i = 0; i < 3; i++)
    set_int(x, (size_t)i, INT64_MAX - 2 + i);
  check(is_min, x, 0);
}

static void check_shapes(bool is_min)
{
  trial *t = trial_new(is_min ? "ArgMin" : "ArgMax", 11);
  trial_input(t, tensor_of(ONNXRUN_FLOAT, DIMS(2, 2), VALUES(0, 3, 1, 2)));
  trial_int(t, "keepdims", 0);
  trial_expect(t, tensor_of(ONNXRUN_INT64, DIMS(2), VALUES(!is_min, is_min)));
  trial_passes(t);
  trial_clear(t);
  trial_input(t, tensor_new(ONNXRUN_FLOAT, DIMS(3, 0)));
  trial_expect(t, tensor_new(ONNXRUN_INT64, DIMS(0)));
  trial_passes(t);
  trial_clear(t);
  trial_input(t, tensor_new(ONNXRUN_FLOAT, DIMS(0, 3)));
  trial_fails(t, ONNXRUN_INVALID_INPUT, "axis 0 has 0 elements");
  trial_clear(t);
  trial_input(t, tensor_new(ONNXRUN_FLOAT, DIMS(3)));
  trial_int(t, "axis", -2);
  trial_fails(t, ONNXRUN_INVALID_MODEL, "axis -2 is outside [-1, 1)");
}

void arg_max_cases(void)
{
  check_arg(false);
  check_specials(false);
  check_shapes(false);
}

void arg_min_cases(void)
{
  check_arg(true);
  check_specials(true);
  check_shapes(true);
}
