/* ReduceSum, ReduceMean, ReduceL1, ReduceL2, ReduceSumSquare, ReduceLogSum, ReduceLogSumExp,
 * ReduceProd, ReduceMax, ReduceMin. Opsets 1, 11, 12 (8 bits in Max and Min), 13, 18 (axes an
 * input; ReduceSum from 13 on), 20 (bool in Max and Min).
 *
 * Sums and products of floats are made in the fixed order of fold.h, which bounds their error, in
 * float or double, and rounded once to 16 bits; squares add half a unit each. ln sum e^x is
 * m + ln(sum of e^(x - m)) with m the largest element, or 0 if that is infinite; its error is that
 * of the sum, of x - m and of ln, relative to max(|m|, 1). Maxima are exact; NaN wins.
 *
 * Integers are summed and multiplied modulo 2^64 and keep the low bits; a mean is truncated, a
 * root or logarithm is taken in double and truncated, the least integer standing for -inf and NaN.
 *
 * Of nothing the sum is 0, the mean NaN (integers 0), the product 1, the maximum -inf, of integers
 * and bool the least of the type. */
#include "ops/kit/reduce.h"
#include "ops/kit/math.h"

/* ---- sums ---- */

FOLD(add_f32, float, FOLD_ADD)
FOLD(add_f64, double, FOLD_ADD)
FOLD(add_u64, uint64_t, FOLD_ADD)
#define ADD                                                                                        \
  {                                                                                                \
    add_f32, add_f64, add_u64, add_u64                                                             \
  }
/* -0 lets a sum of -0 alone stay one. */
#define MINUS_0                                                                                    \
  {                                                                                                \
    0x80000000u, UINT64_C(1) << 63, 0, 0                                                           \
  }

#define ABS_F32(x) fabsf(x)
#define ABS_F64(x) fabs(x)
#define ABS_I64(x) ((int64_t)(x) < 0 ? 0 - (x) : (x))
#define SQUARE(x) ((x) * (x))
FOLD_MAP(abs_f32, float, ABS_F32)
FOLD_MAP(abs_f64, double, ABS_F64)
FOLD_MAP(abs_i64, uint64_t, ABS_I64)
FOLD_MAP(square_f32, float, SQUARE)
FOLD_MAP(square_f64, double, SQUARE)
FOLD_MAP(square_u64, uint64_t, SQUARE)
#define SQUARES                                                                                    \
  {                                                                                                \
    square_f32, square_f64, square_u64, square_u64                                                 \
  }

#define MEAN_F32(y, p) ((y) / (float)(p)->count)
#define MEAN_F64(y, p) ((y) / (double)(p)->count)
#define MEAN_I64(y, p) ((p)->count ? (y) / (int64_t)(p)->count : 0)
#define MEAN_U64(y, p) ((p)->count ? (y) / (p)->count : 0)
REDUCE_FINISH(mean_f32, float, MEAN_F32)
REDUCE_FINISH(mean_f64, double, MEAN_F64)
REDUCE_FINISH(mean_i64, int64_t, MEAN_I64)
REDUCE_FINISH(mean_u64, uint64_t, MEAN_U64)

/* A sum of squares is not negative: 64 bits without a sign. */
#define ROOT_F32(y, p) sqrtf(y)
#define ROOT_F64(y, p) sqrt(y)
#define ROOT_U64(y, p) sqrt((double)(y))
REDUCE_FINISH(root_f32, float, ROOT_F32)
REDUCE_FINISH(root_f64, double, ROOT_F64)
REDUCE_FINISH(root_u64, uint64_t, ROOT_U64)

#define LOG_F32(y, p) logf(y)
#define LOG_F64(y, p) log(y)
#define LOG_I64(y, p) ((y) > 0 ? (int64_t)log((double)(y)) : (p)->type->least)
#define LOG_U64(y, p) ((y) > 0 ? (uint64_t)log((double)(y)) : 0)
REDUCE_FINISH(log_f32, float, LOG_F32)
REDUCE_FINISH(log_f64, double, LOG_F64)
REDUCE_FINISH(log_i64, int64_t, LOG_I64)
REDUCE_FINISH(log_u64, uint64_t, LOG_U64)

static const struct reduce_method sum_method = {.fold = ADD, .identity = MINUS_0};
static const struct reduce_method mean_method = {
    .fold = ADD, .identity = MINUS_0, .finish = {mean_f32, mean_f64, mean_i64, mean_u64}};
static const struct reduce_method l1_method = {.fold = ADD,
                                               .map = {abs_f32, abs_f64, abs_i64, NULL}};
static const struct reduce_method l2_method = {
    .fold = ADD, .map = SQUARES, .finish = {root_f32, root_f64, root_u64, root_u64}};
static const struct reduce_method sum_square_method = {.fold = ADD, .map = SQUARES};
#define LOGS                                                                                       \
  {                                                                                                \
    log_f32, log_f64, log_i64, log_u64                                                             \
  }
static const struct reduce_method log_sum_method = {.fold = ADD, .finish = LOGS};

/* ---- products and extremes ---- */

#define TIMES(a, b) ((a) * (b))
FOLD(times_f32, float, TIMES)
FOLD(times_f64, double, TIMES)
FOLD(times_u64, uint64_t, TIMES)
#define PROD                                                                                       \
  {                                                                                                \
    times_f32, times_f64, times_u64, times_u64                                                     \
  }
#define ONE                                                                                        \
  {                                                                                                \
    0x3f800000u, UINT64_C(0x3ff) << 52, 1, 1                                                       \
  }
static const struct reduce_method prod_method = {.fold = PROD, .identity = ONE, .empty = ONE};

FOLD_EXACT(max_f32, float, max_of_f32)
FOLD_EXACT(max_f64, double, max_of_f64)
FOLD_EXACT(max_i64, int64_t, max_of_i64)
FOLD_EXACT(max_u64, uint64_t, max_of_u64)
#define MAX                                                                                        \
  {                                                                                                \
    max_f32, max_f64, max_i64, max_u64                                                             \
  }
#define LEAST                                                                                      \
  {                                                                                                \
    0xff800000u, UINT64_C(0xfff) << 52, UINT64_C(1) << 63, 0                                       \
  }
static const struct reduce_method max_method = {.fold = MAX, .identity = LEAST, .empty = LEAST};

FOLD_EXACT(min_f32, float, min_of_f32)
FOLD_EXACT(min_f64, double, min_of_f64)
FOLD_EXACT(min_i64, int64_t, min_of_i64)
FOLD_EXACT(min_u64, uint64_t, min_of_u64)
#define MIN                                                                                        \
  {                                                                                                \
    min_f32, min_f64, min_i64, min_u64                                                             \
  }
#define MOST                                                                                       \
  {                                                                                                \
    0x7f800000u, UINT64_C(0x7ff) << 52, INT64_MAX, UINT64_MAX                                      \
  }
static const struct reduce_method min_method = {.fold = MIN, .identity = MOST, .empty = MOST};

/* ---- ln sum e^x: the maximum first ---- */

static const struct reduce_method log_sum_exp_method = {
    .fold = MAX, .identity = LEAST, .empty = LEAST, .is_whole = true};

/* y[j] = e^(x[j] - by[j]); of integers as doubles. */
#define EXP_OF_DIFFERENCE(name, T, FROM)                                                           \
  static void name(void *to, const void *from, const void *by, size_t n)                           \
  {                                                                                                \
    T *y = to;                                                                                     \
    const T *x = from, *m = by;                                                                    \
    LOOP_SIMD for (size_t j = 0; j < n; j++)                                                       \
    {                                                                                              \
      FROM v;                                                                                      \
      memcpy(&v, &x[j], sizeof v);                                                                 \
      y[j] = EXP((T)v - m[j]);                                                                     \
    }                                                                                              \
  }
EXP_OF_DIFFERENCE(exp_f32, float, float)
EXP_OF_DIFFERENCE(exp_f64, double, double)
EXP_OF_DIFFERENCE(exp_i64, double, int64_t)
EXP_OF_DIFFERENCE(exp_u64, double, uint64_t)

/* Maxima in the type computed in to shifts in the type summed in. */
static COLD void shifts_of(uint8_t wide, const void *max, void *shift, size_t n)
{
  const float *f = max;
  const double *d = max;
  const int64_t *i64 = max;
  const uint64_t *u64 = max;
  for (size_t i = 0; i < n; i++) {
    if (wide == WIDE_F32)
      ((float *)shift)[i] = isinf(f[i]) ? 0 : f[i];
    else if (wide == WIDE_F64)
      ((double *)shift)[i] = isinf(d[i]) ? 0 : d[i];
    else
      ((double *)shift)[i] = wide == WIDE_I64 ? (double)i64[i] : (double)u64[i];
  }
}

/* Truncated and kept within the type. */
static COLD int64_t whole(double x, const struct wide_type *t)
{
  if (!(x > (double)t->least))
    return t->least;
  return x >= (double)t->most ? t->most : (int64_t)x;
}

/* Results from sums and shifts, in the sums' place. */
static COLD void results_of(const struct wide_type *t, void *sum, const void *shift, size_t n)
{
  float *f = sum;
  double *d = sum;
  for (size_t i = 0; i < n; i++) {
    if (t->wide == WIDE_F32) {
      f[i] = logf(f[i]) + ((const float *)shift)[i];
      continue;
    }
    d[i] = log(d[i]) + ((const double *)shift)[i];
    if (t->wide != WIDE_F64) {
      const int64_t y = whole(d[i], t);
      memcpy(&d[i], &y, sizeof y);
    }
  }
}

static void log_sum_exp_loop(const onnxrun_job *job, size_t begin, size_t end)
{
  static const fold_fn add[WIDES] = {add_f32, add_f64, add_f64, add_f64};
  static const fold_map_fn exps[WIDES] = {exp_f32, exp_f64, exp_i64, exp_u64};
  const struct reduce *p = job->params;
  char *scratch = job->scratch, *shift = scratch + fold_scratch(&p->how, p->rows, p->walk.width);
  struct fold sum = p->how;
  sum.fold = add[p->type->wide];
  sum.map = exps[p->type->wide];
  sum.by = shift;
  sum.identity = 0;
  for (size_t i = begin; i < end; i++) {
    const struct reduce_place at = reduce_place(p, i);
    const char *x = (const char *)job->in[0] + at.from * p->type->bytes;
    reduce_fold(p, &p->how, x, &at, scratch);
    shifts_of(p->type->wide, scratch, shift, at.count);
    if (p->inner == 0)
      fold_spread(&p->how, shift, at.width);
    reduce_fold(p, &sum, x, &at, scratch);
    results_of(p->type, scratch, shift, at.count);
    reduce_write(p, &at, scratch, job->out[0]);
  }
}

/* ---- descriptors ---- */

static const onnxrun_loop reduce_loops[] = {{ONNXRUN_UNDEFINED, reduce_loop}, END};
static const onnxrun_loop log_sum_exp_loops[] = {{ONNXRUN_UNDEFINED, log_sum_exp_loop}, END};

REDUCE_OP(sum, "ReduceSum", 13, reduce, reduce_loops)
REDUCE_OP(mean, "ReduceMean", 18, reduce, reduce_loops)
REDUCE_OP(l1, "ReduceL1", 18, reduce, reduce_loops)
REDUCE_OP(l2, "ReduceL2", 18, reduce, reduce_loops)
REDUCE_OP(sum_square, "ReduceSumSquare", 18, reduce, reduce_loops)
REDUCE_OP(log_sum, "ReduceLogSum", 18, reduce, reduce_loops)
REDUCE_OP(log_sum_exp, "ReduceLogSumExp", 18, reduce, log_sum_exp_loops)
REDUCE_OP(prod, "ReduceProd", 18, reduce, reduce_loops)

#define T_PICK (T_REDUCE | ONNXRUN_TYPE(INT8) | ONNXRUN_TYPE(UINT8))
static const onnxrun_operand pick_data[] = {IN("data", 'T', T_PICK), END};
static const onnxrun_operand pick_data_axes[] = {
    IN("data", 'T', T_PICK | T_BOOL),
    IN_FLAGS("axes", 0, T_INT64, ONNXRUN_OPTIONAL_OPERAND | ONNXRUN_VALUE), END};
static const onnxrun_operand pick_reduced[] = {OUT("reduced", 'T', T_PICK | T_BOOL), END};
REDUCE_OP(max, "ReduceMax", 18, pick, reduce_loops)
REDUCE_OP(min, "ReduceMin", 18, pick, reduce_loops)

#define BOTH(id, n) &id##_1, &id##_##n
KERNELS(reduce, BOTH(sum, 13), BOTH(mean, 18), BOTH(l1, 18), BOTH(l2, 18), BOTH(sum_square, 18),
        BOTH(log_sum, 18), BOTH(log_sum_exp, 18), BOTH(prod, 18), BOTH(max, 18), BOTH(min, 18))
