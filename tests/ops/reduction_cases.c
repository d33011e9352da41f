/* reduction_cases.c: the Reduce operators against plain loops over all elements. */
#undef NDEBUG
#include <assert.h>
#include <math.h>
#include <string.h>

#include "tests/ops/harness.h"

#define MAP(...)
#define CASE(op, function) void function(void);
#include "tests/ops/cases.def"
#undef MAP
#undef CASE

typedef enum fold_kind {
  SUM,
  MEAN,
  L1,
  L2,
  SQUARES,
  LOG_SUM,
  LOG_SUM_EXP,
  PROD,
  MAX,
  MIN
} fold_kind;

static const struct fold_op {
  const char *name;
  int32_t axes_input; /* the opset from which axes is an input */
} ops[] = {
    [SUM] = {"ReduceSum", 13},
    [MEAN] = {"ReduceMean", 18},
    [L1] = {"ReduceL1", 18},
    [L2] = {"ReduceL2", 18},
    [SQUARES] = {"ReduceSumSquare", 18},
    [LOG_SUM] = {"ReduceLogSum", 18},
    [LOG_SUM_EXP] = {"ReduceLogSumExp", 18},
    [PROD] = {"ReduceProd", 18},
    [MAX] = {"ReduceMax", 18},
    [MIN] = {"ReduceMin", 18},
};

/* ---- the reference ---- */

/* Element i of x belongs to this element of the result; kept: bit d set. */
static size_t result_of(const onnxrun_tensor *x, uint32_t reduced, size_t i)
{
  size_t at = 0, stride = 1;
  for (uint32_t d = x->rank; d-- > 0;) {
    const size_t dim = (size_t)x->dims[d], place = i % dim;
    i /= dim;
    if (!(reduced >> d & 1)) {
      at += place * stride;
      stride *= dim;
    }
  }
  return at;
}

static onnxrun_tensor *result_shape(const onnxrun_tensor *x, uint32_t reduced, bool keepdims)
{
  int64_t dims[ONNXRUN_MAX_RANK];
  uint32_t rank = 0;
  for (uint32_t d = 0; d < x->rank; d++) {
    if (!(reduced >> d & 1))
      dims[rank++] = x->dims[d];
    else if (keepdims)
      dims[rank++] = 1;
  }
  return tensor_new(x->dtype, rank, dims);
}

static long double first_of(fold_kind kind)
{
  return kind == PROD ? 1 : kind == MAX ? -INFINITY : kind == MIN ? INFINITY : 0;
}

static long double joined(fold_kind kind, long double a, long double x)
{
  switch (kind) {
  case L1:
    return a + fabsl(x);
  case L2:
  case SQUARES:
    return a + x * x;
  case LOG_SUM_EXP:
    return a + expl(x);
  case PROD:
    return a * x;
  case MAX:
    return isnan(a) || isnan(x) ? NAN : x > a ? x : a;
  case MIN:
    return isnan(a) || isnan(x) ? NAN : x < a ? x : a;
  default:
    return a + x;
  }
}

static long double finished(fold_kind kind, long double a, long double count)
{
  switch (kind) {
  case MEAN:
    return a / count;
  case L2:
    return sqrtl(a);
  case LOG_SUM:
  case LOG_SUM_EXP:
    return logl(a);
  default:
    return a;
  }
}

/* The result in long double, and in *magnitude the largest sum of magnitudes. */
static onnxrun_tensor *reference(fold_kind kind, const onnxrun_tensor *x, uint32_t reduced,
                                 bool keepdims, double *magnitude)
{
  onnxrun_tensor *y = result_shape(x, reduced, keepdims);
  const size_t n = onnxrun_elements(x), results = onnxrun_elements(y);
  long double *a = test_memory((results + 1) * sizeof *a),
              *sizes = test_memory((results + 1) * sizeof *sizes);
  for (size_t i = 0; i < results; i++)
    a[i] = first_of(kind);
  for (size_t i = 0; i < n; i++) {
    const size_t to = result_of(x, reduced, i);
    a[to] = joined(kind, a[to], get_number(x, i));
    sizes[to] += fabsl(joined(kind, 0, get_number(x, i)));
  }
  long double most = 0;
  for (size_t i = 0; i < results; i++) {
    const long double value = finished(kind, a[i], (long double)n / (long double)results);
    set_number(y, i, (double)(is_float_type(x->dtype) ? value : truncl(value)));
    most = sizes[i] > most ? sizes[i] : most;
  }
  *magnitude = (double)(kind == MEAN ? most * (long double)results / (long double)n : most);
  return y;
}

/* ---- running ---- */

static trial *reduce_trial(fold_kind kind, const onnxrun_tensor *x, uint32_t reduced, bool as_input)
{
  int64_t axes[ONNXRUN_MAX_RANK];
  size_t n = 0;
  for (uint32_t d = 0; d < x->rank; d++) {
    if (reduced >> d & 1)
      axes[n++] = d % 2 ? (int64_t)d - x->rank : d;
  }
  trial *t = trial_new(ops[kind].name, as_input ? 20 : ops[kind].axes_input - 1);
  trial_input(t, x);
  if (as_input && reduced == 0)
    trial_int(t, "noop_with_empty_axes", 1);
  if (as_input)
    trial_input(t, tensor_ints(n, axes));
  else
    trial_ints(t, "axes", n, axes);
  return t;
}

/* Sums may be off by their bound, (18 + log2 n) u times the sum of magnitudes, and 2 units more
 * for what is done before and after. */
static void check_fold(fold_kind kind, const onnxrun_tensor *x, uint32_t reduced, bool keepdims)
{
  double magnitude;
  const onnxrun_tensor *y = reference(kind, x, reduced, keepdims, &magnitude);
  const bool needs_input = reduced == 0 || x->dtype == ONNXRUN_BOOL;
  trial *t = reduce_trial(kind, x, reduced, keepdims || needs_input);
  trial_int(t, "keepdims", keepdims);
  trial_expect(t, y);
  const double u = x->dtype == ONNXRUN_DOUBLE ? 0x1p-53 : 0x1p-24;
  const double bound = (20 + log2((double)onnxrun_elements(x) + 1)) * u;
  const bool is_16 = x->dtype == ONNXRUN_FLOAT16 || x->dtype == ONNXRUN_BFLOAT16;
  if (is_16)
    trial_within_ulp(t, kind == MAX || kind == MIN ? 0 : 1);
  else if (is_float_type(x->dtype) && kind == PROD)
    trial_within(t, u * (double)onnxrun_elements(x), 0);
  else if (is_float_type(x->dtype) && kind >= L2 && kind <= LOG_SUM_EXP)
    trial_within(t, 2 * bound, 2 * bound);
  else if (is_float_type(x->dtype) && kind < L2)
    trial_within(t, 0, bound * magnitude);
  trial_passes(t);
}

static const onnxrun_dtype floats[] = {ONNXRUN_FLOAT, ONNXRUN_DOUBLE, ONNXRUN_FLOAT16,
                                       ONNXRUN_BFLOAT16};
static const onnxrun_dtype ints[] = {ONNXRUN_INT32, ONNXRUN_INT64, ONNXRUN_UINT32, ONNXRUN_UINT64};

static const struct shape {
  uint32_t rank, reduced;
  int64_t dims[6];
} shapes[] = {
    {0, 0, {0}},
    {1, 1, {1}},
    {1, 1, {7}},
    {1, 1, {1000}},
    {2, 2, {4, 16}},
    {2, 2, {5, 17}},
    {2, 2, {4, 64}},
    {2, 2, {4, 65}},
    {2, 2, {3, 5000}},
    {2, 1, {70, 3}},
    {2, 1, {131, 700}},
    {2, 1, {5000, 3}},
    {3, 0, {3, 5, 4}},
    {3, 1, {3, 5, 4}},
    {3, 2, {3, 5, 4}},
    {3, 3, {3, 5, 4}},
    {3, 4, {3, 5, 4}},
    {3, 5, {3, 5, 4}},
    {3, 6, {3, 5, 4}},
    {3, 7, {3, 5, 4}},
    {3, 5, {9, 2, 100}},
    {3, 2, {2, 200, 5}},
    {4, 10, {3, 20, 7, 9}},
    {4, 5, {3, 20, 7, 9}},
    {5, 21, {3, 2, 5, 3, 4}},
    {5, 10, {3, 2, 5, 3, 4}},
    {6, 13, {1, 2, 1, 4, 3, 1}},
};

/* Every shape; the types in turn. */
static void check_shapes(fold_kind kind, const onnxrun_dtype *types, size_t n_types, double lowest,
                         double highest)
{
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
    for (size_t k = 0; k < (n_types < 2 ? n_types : 2); k++) {
      const struct shape *s = &shapes[i];
      const onnxrun_dtype type = types[(i + k * 2) % n_types];
      check_fold(kind, tensor_random(type, s->rank, s->dims, lowest, highest), s->reduced,
                 (i + k) % 2 == 0);
    }
  }
}

#define TYPES(list) (list), sizeof(list) / sizeof *(list)

/* ---- cases ---- */

/* Enough elements for slices, and one more than a multiple of their size. */
static void check_large(fold_kind kind)
{
  static const struct shape large[] = {{1, 1, {(1 << 18) + 1}},
                                       {2, 2, {3, (1 << 17) + 130}},
                                       {3, 2, {2, 30001, 5}},
                                       {3, 5, {40, 3, 3333}}};
  for (size_t i = 0; i < sizeof large / sizeof *large; i++)
    check_fold(kind, tensor_random(ONNXRUN_FLOAT, large[i].rank, large[i].dims, -1, 2),
               large[i].reduced, true);
}

static const onnxrun_tensor *empty(onnxrun_dtype type)
{
  return tensor_new(type, DIMS(2, 0, 3));
}

/* Nothing to reduce gives `value`; no result at all is fine, too. */
static void check_empty(fold_kind kind, onnxrun_dtype type, double value)
{
  trial *t = reduce_trial(kind, empty(type), 2, true);
  onnxrun_tensor *y = tensor_new(type, DIMS(2, 1, 3));
  for (size_t i = 0; i < 6; i++)
    set_number(y, i, value);
  trial_expect(t, y);
  trial_passes(t);
  t = reduce_trial(kind, empty(type), 1, true);
  trial_expect(t, tensor_new(type, DIMS(1, 0, 3)));
  trial_passes(t);
  t = reduce_trial(kind, tensor_new(type, DIMS(2, 0)), 2, true);
  trial_int(t, "keepdims", 0);
  trial_expect(t, tensor_of(type, DIMS(2), VALUES(value, value)));
  trial_passes(t);
}

/* Axes: none given is all of them, or none where the attribute says so; out of range; twice. */
static void check_axes(fold_kind kind)
{
  const onnxrun_tensor *x = tensor_of(ONNXRUN_FLOAT, DIMS(2, 2), VALUES(1, 2, 3, 4));
  double magnitude;
  trial *t = trial_new(ops[kind].name, 18);
  trial_within_ulp(t, 4);
  trial_input(t, x);
  trial_expect(t, reference(kind, x, 3, true, &magnitude));
  trial_passes(t);
  trial_input(t, tensor_ints(0, NULL));
  trial_passes(t);
  trial_int(t, "noop_with_empty_axes", 1);
  trial_clear(t);
  trial_input(t, x);
  trial_expect(t, reference(kind, x, 0, true, &magnitude));
  trial_passes(t);
  trial_clear(t);
  trial_input(t, x);
  trial_input(t, tensor_ints(INTS(1, -1)));
  trial_expect(t, reference(kind, x, 2, true, &magnitude));
  trial_passes(t);
  trial_clear(t);
  trial_input(t, x);
  trial_input(t, tensor_ints(INTS(2)));
  trial_fails(t, ONNXRUN_INVALID_MODEL, "axis 2 is outside [-2, 2)");
  t = trial_new(ops[kind].name, 11);
  trial_within_ulp(t, 4);
  trial_input(t, x);
  trial_expect(t, reference(kind, x, 3, true, &magnitude));
  trial_passes(t);
}

void reduce_sum_cases(void)
{
  check_shapes(SUM, TYPES(floats), 0.5, 2);
  check_shapes(SUM, TYPES(ints), 0, 100);
  check_large(SUM);
  check_axes(SUM);
  check_empty(SUM, ONNXRUN_FLOAT, 0);
  check_empty(SUM, ONNXRUN_INT32, 0);
}

void reduce_sum_wraps(void)
{
  trial *t = trial_new("ReduceSum", 13);
  trial_input(t, tensor_of(ONNXRUN_INT32, DIMS(2), VALUES(2147483647, 2)));
  trial_expect(t, tensor_of(ONNXRUN_INT32, DIMS(1), VALUES(-2147483647)));
  trial_passes(t);
}

/* A sum that would lose everything if it were made in 16 bits, and one in a single float. */
void reduce_sum_is_accurate(void)
{
  trial *t = trial_new("ReduceSum", 13);
  trial_input(t, tensor_range(ONNXRUN_FLOAT16, DIMS(4096), 1, 0));
  trial_expect(t, tensor_of(ONNXRUN_FLOAT16, DIMS(1), VALUES(4096)));
  trial_passes(t);
  trial_clear(t);
  trial_input(t, tensor_range(ONNXRUN_FLOAT, DIMS(1 << 22), (double)0.1f, 0));
  trial_expect(t, tensor_of(ONNXRUN_FLOAT, DIMS(1), VALUES((double)0.1f * (1 << 22))));
  trial_within_ulp(t, 4);
  trial_passes(t);
}

void reduce_sum_special_values(void)
{
  trial *t = trial_new("ReduceSum", 13);
  trial_input(t, tensor_of(ONNXRUN_FLOAT, DIMS(4, 2),
                           VALUES(-0.0, -0.0, INFINITY, 1, INFINITY, -INFINITY, NAN, 1)));
  trial_input(t, tensor_ints(INTS(1)));
  trial_int(t, "keepdims", 0);
  trial_expect(t, tensor_of(ONNXRUN_FLOAT, DIMS(4), VALUES(-0.0, INFINITY, NAN, NAN)));
  trial_passes(t);
}

void reduce_mean_cases(void)
{
  check_shapes(MEAN, TYPES(floats), 0.5, 2);
  check_shapes(MEAN, TYPES(ints), 0, 100);
  check_large(MEAN);
  check_axes(MEAN);
  check_empty(MEAN, ONNXRUN_FLOAT, NAN);
  check_empty(MEAN, ONNXRUN_FLOAT16, NAN);
  check_empty(MEAN, ONNXRUN_INT64, 0);
}

void reduce_mean_truncates(void)
{
  trial *t = trial_new("ReduceMean", 18);
  trial_input(t, tensor_of(ONNXRUN_INT32, DIMS(2, 2), VALUES(-3, -2, 3, 2)));
  trial_input(t, tensor_ints(INTS(1)));
  trial_int(t, "keepdims", 0);
  trial_expect(t, tensor_of(ONNXRUN_INT32, DIMS(2), VALUES(-2, 2)));
  trial_passes(t);
}

static void check_norm(fold_kind kind, double empty_value)
{
  check_shapes(kind, TYPES(floats), kind == LOG_SUM ? 0.5 : -2, 2);
  check_shapes(kind, TYPES(ints), kind == LOG_SUM ? 1 : 0, 20);
  check_axes(kind);
  check_empty(kind, ONNXRUN_FLOAT, empty_value);
  check_empty(kind, ONNXRUN_DOUBLE, empty_value);
}

void reduce_l1_cases(void)
{
  check_norm(L1, 0);
  check_large(L1);
}

void reduce_l2_cases(void)
{
  check_norm(L2, 0);
}

void reduce_sum_square_cases(void)
{
  check_norm(SQUARES, 0);
}

void reduce_log_sum_cases(void)
{
  check_norm(LOG_SUM, -INFINITY);
}

void reduce_log_sum_exp_cases(void)
{
  check_norm(LOG_SUM_EXP, -INFINITY);
  trial *t = trial_new("ReduceLogSumExp", 18);
  trial_input(t, tensor_of(ONNXRUN_FLOAT, DIMS(4, 2),
                           VALUES(1000, 1000, -1000, -1000, INFINITY, 1, -INFINITY, -INFINITY)));
  trial_input(t, tensor_ints(INTS(1)));
  trial_int(t, "keepdims", 0);
  trial_expect(t, tensor_of(ONNXRUN_FLOAT, DIMS(4),
                            VALUES(1000.69314718, -999.30685282, INFINITY, -INFINITY)));
  trial_within_ulp(t, 1);
  trial_passes(t);
}

void reduce_prod_cases(void)
{
  check_shapes(PROD, TYPES(floats), 0.999, 1.001);
  check_fold(PROD, tensor_random(ONNXRUN_INT64, DIMS(4, 9), -5, 5), 2, true);
  check_fold(PROD, tensor_random(ONNXRUN_UINT64, DIMS(9, 4), 0, 5), 1, false);
  check_axes(PROD);
  check_empty(PROD, ONNXRUN_FLOAT, 1);
  check_empty(PROD, ONNXRUN_UINT32, 1);
}

static void check_pick(fold_kind kind, double empty_float)
{
  static const onnxrun_dtype narrow[] = {ONNXRUN_INT8, ONNXRUN_UINT8, ONNXRUN_BOOL};
  check_shapes(kind, TYPES(floats), -100, 100);
  check_shapes(kind, TYPES(ints), -1000, 1000);
  check_shapes(kind, TYPES(narrow), -100, 100);
  check_large(kind);
  check_axes(kind);
  check_empty(kind, ONNXRUN_FLOAT, empty_float);
  check_empty(kind, ONNXRUN_BFLOAT16, empty_float);
  check_empty(kind, ONNXRUN_INT8, kind == MAX ? -128 : 127);
  check_empty(kind, ONNXRUN_UINT32, kind == MAX ? 0 : 4294967295.0);
  check_empty(kind, ONNXRUN_BOOL, kind == MIN);
}

/* Past 2^63, and NaN in every place of a row. */
static void check_pick_specials(fold_kind kind)
{
  onnxrun_tensor *x = tensor_of(ONNXRUN_UINT64, DIMS(2), VALUES(1, 0));
  set_int(x, 1, -1);
  trial *t = trial_new(ops[kind].name, 20);
  trial_input(t, x);
  onnxrun_tensor *y = tensor_new(ONNXRUN_UINT64, DIMS(1));
  set_int(y, 0, kind == MAX ? -1 : 1);
  trial_expect(t, y);
  trial_passes(t);
  x = tensor_random(ONNXRUN_FLOAT, DIMS(70, 70), -1, 1);
  for (size_t i = 0; i < 70; i++)
    set_number(x, i * 70 + i, NAN);
  check_fold(kind, x, 1, true);
  check_fold(kind, x, 2, true);
}

void reduce_max_cases(void)
{
  check_pick(MAX, -INFINITY);
  check_pick_specials(MAX);
}

void reduce_min_cases(void)
{
  check_pick(MIN, INFINITY);
  check_pick_specials(MIN);
}
