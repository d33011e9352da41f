/* MaxPool: the largest element of each window; NaN where a window has one, the type's least number
 * where it lies wholly in the padding.  ONNX opsets 1, 8, 10, 11, 12, 22.
 * Indices say where in the whole input the first of the largest stands, by rows or (storage_order)
 * by columns within a plane; -1 for a window without elements. */
#include "ops/kit/pool.h"

struct maxpool {
  window_attrs window;
  int64_t storage_order;
  pool_plan plan;
};

static const onnxrun_attr maxpool_1_attrs[] = {
    WINDOW_AUTO_PAD(struct maxpool), WINDOW_INTS(struct maxpool, pads),
    WINDOW_INTS(struct maxpool, strides), WINDOW_INTS_REQUIRED(struct maxpool, kernel_shape), END};
static const onnxrun_attr maxpool_8_attrs[] = {
    WINDOW_AUTO_PAD(struct maxpool),          WINDOW_INTS(struct maxpool, pads),
    WINDOW_INTS(struct maxpool, strides),     WINDOW_INTS_REQUIRED(struct maxpool, kernel_shape),
    ATTR_I(struct maxpool, storage_order, 0), END};
static const onnxrun_attr maxpool_10_attrs[] = {
    WINDOW_AUTO_PAD(struct maxpool),          WINDOW_INTS(struct maxpool, pads),
    WINDOW_INTS(struct maxpool, strides),     WINDOW_INTS_REQUIRED(struct maxpool, kernel_shape),
    ATTR_I(struct maxpool, storage_order, 0), WINDOW_INTS(struct maxpool, dilations),
    WINDOW_CEIL_MODE(struct maxpool),         END};

#define MAX_FLOAT (b > a || b != b ? b : a)
#define MAX_WHOLE (b > a ? b : a)
POOL_FOLD(f32, float, MAX_FLOAT, -INFINITY)
POOL_FOLD(f64, double, MAX_FLOAT, -(double)INFINITY)
POOL_FOLD(i8, int8_t, MAX_WHOLE, INT8_MIN)
POOL_FOLD(u8, uint8_t, MAX_WHOLE, 0)

static const pool_type *maxpool_type(onnxrun_dtype t)
{
  return t == ONNXRUN_DOUBLE  ? &pool_f64
         : t == ONNXRUN_INT8  ? &pool_i8
         : t == ONNXRUN_UINT8 ? &pool_u8
                              : &pool_f32;
}

static void maxpool_rows(const onnxrun_job *job, size_t begin, size_t end)
{
  const pool_plan *p = &((const struct maxpool *)job->params)->plan;
  pool_run(p, maxpool_type(p->dtype), job, begin, end, NULL);
}

static double maxpool_element(const void *x, size_t at, onnxrun_dtype t)
{
  switch (t) {
  case ONNXRUN_FLOAT16:
    return (double)f16_load(((const uint16_t *)x)[at]);
  case ONNXRUN_BFLOAT16:
    return (double)bf16_load(((const uint16_t *)x)[at]);
  case ONNXRUN_DOUBLE:
    return ((const double *)x)[at];
  case ONNXRUN_INT8:
    return ((const int8_t *)x)[at];
  case ONNXRUN_UINT8:
    return ((const uint8_t *)x)[at];
  default:
    return (double)((const float *)x)[at];
  }
}

/* Where the largest element of a window stands in its plane, SIZE_MAX when there is none. */
static size_t maxpool_find(const pool_plan *p, const void *x, size_t plane, pool_rows rows,
                           size_t o)
{
  const window_axis *c = &p->w.axis[p->last];
  size_t from, to, found = SIZE_MAX;
  double most = 0;
  pool_taps(c, o, c->before, c->before + c->in, &from, &to);
  for (size_t i = 0; i < rows.n; i++) {
    const size_t row = pool_row_next(p, &rows);
    for (size_t tap = from; tap < to; tap++) {
      const size_t at = row + o * c->stride + tap * c->dilation - c->before;
      const double value = maxpool_element(x, plane * p->in_plane + at, p->dtype);
      if (found == SIZE_MAX || value > most || (value != value && most == most)) {
        found = at;
        most = value;
      }
    }
  }
  return found;
}

/* The index by columns of what stands at `at` by rows. */
static size_t maxpool_turn(const pool_plan *p, size_t at)
{
  size_t turned = 0;
  for (uint32_t i = p->w.rank; i-- > 0;) {
    const size_t in = p->w.axis[i].in;
    turned = turned * in + at % in;
    at /= in;
  }
  return turned;
}

static void maxpool_indices(const onnxrun_job *job, size_t begin, size_t end)
{
  const struct maxpool *m = job->params;
  const pool_plan *p = &m->plan;
  const pool_type *t = maxpool_type(p->dtype);
  const size_t bytes = element_bytes(p->dtype);
  for (size_t i = begin; i < end; i++) {
    const size_t plane = i / p->rows;
    char *y = job->out[0] ? (char *)job->out[0] + i * p->columns * bytes : NULL;
    int64_t *indices = (int64_t *)job->out[1] + i * p->columns;
    pool_rows rows;
    pool_rows_of(p, i % p->rows, &rows);
    for (size_t o = 0; o < p->columns; o++) {
      const size_t at = maxpool_find(p, job->in[0], plane, rows, o), from = plane * p->in_plane;
      indices[o] = -1;
      if (at != SIZE_MAX)
        indices[o] = (int64_t)(from + (m->storage_order ? maxpool_turn(p, at) : at));
      if (y && at != SIZE_MAX)
        memcpy(y + o * bytes, (const char *)job->in[0] + (from + at) * bytes, bytes);
      else if (y)
        t->fill(job->scratch, 1);
      if (y && at == SIZE_MAX && bytes == t->bytes)
        memcpy(y + o * bytes, job->scratch, bytes);
      else if (y && at == SIZE_MAX)
        ((uint16_t *)(void *)y)[o] = p->dtype == ONNXRUN_FLOAT16 ? 0xfc00 : 0xff80;
    }
  }
}

static void maxpool_part(const void *params, size_t i, onnxrun_part *part)
{
  *part = pool_part_of(&((const struct maxpool *)params)->plan, i);
}

static COLD onnxrun_status maxpool_shape(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  struct maxpool *p = params;
  onnxrun_work work = ONNXRUN_WORK_INIT;
  bool is_empty;
  const onnxrun_status s = pool_shape(h, n, &p->window, &p->plan, &is_empty);
  if (s != ONNXRUN_OK)
    return s;
  if (!is_empty) {
    const size_t bytes = maxpool_type(p->plan.dtype)->bytes;
    work.items = p->plan.planes * p->plan.rows;
    work.part = maxpool_part;
    work.item_cost = pool_cost(&p->plan, bytes);
    work.scratch = pool_scratch(&p->plan, bytes);
  }
  if (h->result(n, 1)) {
    work.loop = maxpool_indices;
    work.item_cost *= 8;
  }
  return h->plan(n, &work);
}

static const onnxrun_loop maxpool_loops[] = {{ONNXRUN_UNDEFINED, maxpool_rows},
                                             {ONNXRUN_UNDEFINED, NULL}};

#define T_MAXPOOL_1 (ONNXRUN_TYPE(FLOAT16) | ONNXRUN_TYPE(FLOAT) | ONNXRUN_TYPE(DOUBLE))
#define T_MAXPOOL_12 (T_MAXPOOL_1 | ONNXRUN_TYPE(INT8) | ONNXRUN_TYPE(UINT8))
#define T_MAXPOOL_22 (T_MAXPOOL_12 | ONNXRUN_TYPE(BFLOAT16))

#define MAXPOOL_OPSET(first, last, types, attributes, ...)                                         \
  static const onnxrun_operand maxpool_##first##_in[] = {IN("X", 'T', types), END};                \
  static const onnxrun_operand maxpool_##first##_out[] = {OUT("Y", 'T', types), __VA_ARGS__};      \
  static const onnxrun_kernel maxpool_##first = {KERNEL("MaxPool", first, last),                   \
                                                 .inputs = maxpool_##first##_in,                   \
                                                 .outputs = maxpool_##first##_out,                 \
                                                 .attrs = attributes,                              \
                                                 PARAMS(struct maxpool, plan),                     \
                                                 .shape = maxpool_shape,                           \
                                                 .loops = maxpool_loops};
#define INDICES OUT_OPTIONAL("Indices", 'I', T_INT64), END
MAXPOOL_OPSET(1, 7, T_MAXPOOL_1, maxpool_1_attrs, END)
MAXPOOL_OPSET(8, 9, T_MAXPOOL_1, maxpool_8_attrs, INDICES)
MAXPOOL_OPSET(10, 11, T_MAXPOOL_1, maxpool_10_attrs, INDICES)
MAXPOOL_OPSET(12, 21, T_MAXPOOL_12, maxpool_10_attrs, INDICES)
MAXPOOL_OPSET(22, 0, T_MAXPOOL_22, maxpool_10_attrs, INDICES)
#undef INDICES
#undef MAXPOOL_OPSET

KERNELS(maxpool, &maxpool_1, &maxpool_8, &maxpool_10, &maxpool_12, &maxpool_22)
