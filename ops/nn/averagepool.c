/* AveragePool: the sum of each window divided by how many elements it has: those inside the input,
 * or with count_include_pad those inside its padding too.  ONNX opsets 1, 7, 10, 11, 19, 22.
 * Rows are summed first, then columns, float16 and bfloat16 in float, rounded once. */
#include "ops/kit/pool.h"

struct averagepool {
  window_attrs window;
  int64_t count_include_pad;
  pool_plan plan;
  void *counts; /* of each column, in the type computed in */
};

static const onnxrun_attr averagepool_1_attrs[] = {
    WINDOW_AUTO_PAD(struct averagepool), WINDOW_INTS(struct averagepool, pads),
    WINDOW_INTS(struct averagepool, strides),
    WINDOW_INTS_REQUIRED(struct averagepool, kernel_shape), END};
static const onnxrun_attr averagepool_7_attrs[] = {
    WINDOW_AUTO_PAD(struct averagepool),
    WINDOW_INTS(struct averagepool, pads),
    WINDOW_INTS(struct averagepool, strides),
    WINDOW_INTS_REQUIRED(struct averagepool, kernel_shape),
    ATTR_I(struct averagepool, count_include_pad, 0),
    END};
static const onnxrun_attr averagepool_10_attrs[] = {
    WINDOW_AUTO_PAD(struct averagepool),
    WINDOW_INTS(struct averagepool, pads),
    WINDOW_INTS(struct averagepool, strides),
    WINDOW_INTS_REQUIRED(struct averagepool, kernel_shape),
    ATTR_I(struct averagepool, count_include_pad, 0),
    WINDOW_CEIL_MODE(struct averagepool),
    END};
static const onnxrun_attr averagepool_19_attrs[] = {
    WINDOW_AUTO_PAD(struct averagepool),
    WINDOW_INTS(struct averagepool, pads),
    WINDOW_INTS(struct averagepool, strides),
    WINDOW_INTS_REQUIRED(struct averagepool, kernel_shape),
    ATTR_I(struct averagepool, count_include_pad, 0),
    WINDOW_CEIL_MODE(struct averagepool),
    WINDOW_INTS(struct averagepool, dilations),
    END};

POOL_FOLD(f32, float, a + b, 0)
POOL_FOLD(f64, double, a + b, 0)

/* A window without elements gives 0 / 0. */
static void averagepool_divide(const void *params, void *row, const pool_rows *rows)
{
  const struct averagepool *p = params;
  const size_t n = p->plan.columns, count = p->count_include_pad ? rows->padded : rows->n;
  if (p->plan.dtype == ONNXRUN_DOUBLE) {
    double *restrict y = row;
    const double *restrict counts = p->counts, factor = (double)count;
    LOOP_SIMD for (size_t i = 0; i < n; i++) y[i] /= factor * counts[i];
  } else {
    float *restrict y = row;
    const float *restrict counts = p->counts, factor = (float)count;
    LOOP_SIMD for (size_t i = 0; i < n; i++) y[i] /= factor * counts[i];
  }
}

static void averagepool_rows(const onnxrun_job *job, size_t begin, size_t end)
{
  const pool_plan *p = &((const struct averagepool *)job->params)->plan;
  const pool_type *t = p->dtype == ONNXRUN_DOUBLE ? &pool_f64 : &pool_f32;
  pool_run(p, t, job, begin, end, averagepool_divide);
}

static void averagepool_part(const void *params, size_t i, onnxrun_part *part)
{
  *part = pool_part_of(&((const struct averagepool *)params)->plan, i);
}

static COLD onnxrun_status averagepool_shape(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  struct averagepool *p = params;
  onnxrun_work work = ONNXRUN_WORK_INIT;
  bool is_empty;
  const onnxrun_status s = pool_shape(h, n, &p->window, &p->plan, &is_empty);
  if (s != ONNXRUN_OK)
    return s;
  if (is_empty)
    return h->plan(n, &work);
  const size_t bytes = p->plan.dtype == ONNXRUN_DOUBLE ? sizeof(double) : sizeof(float);
  p->counts = h->keep(n, p->plan.columns * bytes);
  if (!p->counts)
    return ONNXRUN_NO_MEMORY;
  for (size_t i = 0; i < p->plan.columns; i++) {
    const window_axis *x = &p->plan.w.axis[p->plan.last];
    const size_t count = pool_count(x, i, p->count_include_pad != 0);
    if (p->plan.dtype == ONNXRUN_DOUBLE)
      ((double *)p->counts)[i] = (double)count;
    else
      ((float *)p->counts)[i] = (float)count;
  }
  work.items = p->plan.planes * p->plan.rows;
  work.part = averagepool_part;
  work.item_cost = pool_cost(&p->plan, bytes);
  work.scratch = pool_scratch(&p->plan, bytes);
  return h->plan(n, &work);
}

static const onnxrun_loop averagepool_loops[] = {{ONNXRUN_UNDEFINED, averagepool_rows},
                                                 {ONNXRUN_UNDEFINED, NULL}};

#define T_AVERAGEPOOL_1 (ONNXRUN_TYPE(FLOAT16) | ONNXRUN_TYPE(FLOAT) | ONNXRUN_TYPE(DOUBLE))

#define AVERAGEPOOL_OPSET(first, last, types, attributes)                                          \
  static const onnxrun_operand averagepool_##first##_in[] = {IN("X", 'T', types), END};            \
  static const onnxrun_operand averagepool_##first##_out[] = {OUT("Y", 'T', types), END};          \
  static const onnxrun_kernel averagepool_##first = {KERNEL("AveragePool", first, last),           \
                                                     .inputs = averagepool_##first##_in,           \
                                                     .outputs = averagepool_##first##_out,         \
                                                     .attrs = attributes,                          \
                                                     PARAMS(struct averagepool, plan),             \
                                                     .shape = averagepool_shape,                   \
                                                     .loops = averagepool_loops};
AVERAGEPOOL_OPSET(1, 6, T_AVERAGEPOOL_1, averagepool_1_attrs)
AVERAGEPOOL_OPSET(7, 9, T_AVERAGEPOOL_1, averagepool_7_attrs)
AVERAGEPOOL_OPSET(10, 18, T_AVERAGEPOOL_1, averagepool_10_attrs)
AVERAGEPOOL_OPSET(19, 21, T_AVERAGEPOOL_1, averagepool_19_attrs)
AVERAGEPOOL_OPSET(22, 0, T_FLOATS, averagepool_19_attrs)
#undef AVERAGEPOOL_OPSET

KERNELS(averagepool, &averagepool_1, &averagepool_7, &averagepool_10, &averagepool_19,
        &averagepool_22)
