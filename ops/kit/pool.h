/* pool.h: pools as two folds. A row of the output is the fold of the input rows in its windows,
 * element by element, and then of the columns of each window. An item is one row of the output. */
#ifndef ONX_KIT_POOL_H
#define ONX_KIT_POOL_H

#include "ops/kit/half.h"
#include "ops/kit/window.h"

/* The fold of one element type in computation, on whole vectors. */
typedef struct pool_type {
  size_t bytes;
  void (*fold)(void *to, const void *from, size_t vectors); /* to[i] = to[i] (max or +) from[i] */
  void (*fill)(void *to, size_t vectors);                   /* with what changes nothing */
} pool_type;

/* A tap of the last dim: outputs [from, to) read input o * stride + at - before. */
typedef struct pool_tap {
  size_t at, from, to;
} pool_tap;

/* Windows in a dim but the last, of one output: the input's rows from `at`, how many are inside it,
 * and inside it and its padding. */
typedef struct pool_span {
  size_t at, count, padded;
} pool_span;

typedef struct pool_plan {
  window w;
  uint32_t last;                                      /* the last dim */
  size_t planes, in_plane, rows, columns, in_columns; /* rows and columns of an output plane */
  size_t n_taps;
  pool_tap *taps;
  pool_span *spans[ONNXRUN_MAX_RANK]; /* of each dim but the last, for each output */
  size_t size;                        /* elements of the input */
  onnxrun_dtype dtype;
} pool_plan;

/* Taps [*from, *to) of output o that read [low, high), counted as input plus padding before. */
static inline void pool_taps(const window_axis *x, size_t o, size_t low, size_t high, size_t *from,
                             size_t *to)
{
  const size_t at = o * x->stride, d = x->dilation;
  *from = low > at ? (low - at - 1) / d + 1 : 0;
  *to = high > at ? (high - at - 1) / d + 1 : 0;
  if (*from > x->taps)
    *from = x->taps;
  if (*to > x->taps)
    *to = x->taps;
  if (*to < *from)
    *to = *from;
}

/* Taps of output o inside the input; with `padded`, or in the padding too. */
static inline size_t pool_count(const window_axis *x, size_t o, bool padded)
{
  size_t from, to;
  pool_taps(x, o, padded ? 0 : x->before, x->before + x->in + (padded ? x->after : 0), &from, &to);
  return to - from;
}

/* Checks the attributes and declares the outputs from `first` to `outputs`; *is_empty when there is
 * nothing to compute. */
#define pool_shape ONX_KIT(pool_shape)
KIT onnxrun_status pool_shape(const onnxrun_host *h, onnxrun_node *n, const window_attrs *a,
                              pool_plan *p, bool *is_empty);

/* A row of the output. */
static inline onnxrun_part pool_part_of(const pool_plan *p, size_t row)
{
  return (onnxrun_part){.first = row * p->columns, .length = p->columns, .rows = 1};
}

/* Rough cycles of a row. */
static COLD inline double pool_cost(const pool_plan *p, size_t bytes)
{
  double taps = 1;
  for (uint32_t i = 0; i < p->last; i++)
    taps *= (double)p->w.axis[i].taps < (double)p->w.axis[i].in ? (double)p->w.axis[i].taps
                                                                : (double)p->w.axis[i].in;
  const double lanes = (double)VEC_BYTES / (double)bytes;
  return 80 + taps * (10 + 2 * (double)p->in_columns / lanes) +
         (double)p->n_taps * (10 + 4 * (double)p->columns / lanes);
}

/* Bytes of a row of n elements in whole vectors and one more. */
static inline size_t pool_line_bytes(size_t n, size_t bytes)
{
  return (n * bytes / VEC_BYTES + 2) * VEC_BYTES;
}

/* Scratch: two rows of the input, or of the output if that is longer, and one of the output. */
static inline size_t pool_scratch(const pool_plan *p, size_t bytes)
{
  const size_t longer = p->in_columns > p->columns ? p->in_columns : p->columns;
  return 2 * pool_line_bytes(longer, bytes) + pool_line_bytes(p->columns, bytes);
}

/* The windows' rows of one row of the output: in each dim but the last `count` of them from `at`.
 */
typedef struct pool_rows {
  size_t at[ONNXRUN_MAX_RANK], count[ONNXRUN_MAX_RANK], now[ONNXRUN_MAX_RANK];
  size_t n;      /* rows inside the input */
  size_t padded; /* rows inside the input and its padding */
} pool_rows;

#define pool_rows_of ONX_KIT(pool_rows_of)
KIT void pool_rows_of(const pool_plan *p, size_t row, pool_rows *r);

/* The first element of the row at hand in its plane; moves on to the next. */
#define pool_row_next ONX_KIT(pool_row_next)
KIT size_t pool_row_next(const pool_plan *p, pool_rows *r);

/* What is done to a row once it is folded, in the type computed in; `params` are the job's. */
typedef void (*pool_finish_fn)(const void *params, void *row, const pool_rows *rows);

/* Computes rows [begin, end) of the output; finish NULL: nothing. */
#define pool_run ONX_KIT(pool_run)
KIT void pool_run(const pool_plan *p, const pool_type *t, const onnxrun_job *job, size_t begin,
                  size_t end, pool_finish_fn finish);

/* The fold of a type: its name, the element, an expression of the old element a and the new b, what
 * changes nothing. */
#define POOL_FOLD(tag, E, expression, nothing)                                                     \
  static void pool_fold_##tag(void *to, const void *from, size_t vectors)                          \
  {                                                                                                \
    enum { LANES = VEC_BYTES / sizeof(E) };                                                        \
    E *restrict y = to;                                                                            \
    const E *restrict x = from;                                                                    \
    for (; vectors > 0; vectors--, x += LANES, y += LANES) {                                       \
      LOOP_SIMD for (size_t j = 0; j < LANES; j++)                                                 \
      {                                                                                            \
        const E a = y[j], b = x[j];                                                                \
        y[j] = (expression);                                                                       \
      }                                                                                            \
    }                                                                                              \
  }                                                                                                \
  static void pool_fill_##tag(void *to, size_t vectors)                                            \
  {                                                                                                \
    E *y = to;                                                                                     \
    for (size_t i = 0; i < vectors * (VEC_BYTES / sizeof(E)); i++)                                 \
      y[i] = (nothing);                                                                            \
  }                                                                                                \
  static const pool_type pool_##tag = {sizeof(E), pool_fold_##tag, pool_fill_##tag};

#ifdef ONX_KIT_BODIES
/* The taps of the last dim that read something. */
static COLD onnxrun_status pool_find_taps(const onnxrun_host *h, onnxrun_node *n, pool_plan *p)
{
  const window_axis *x = &p->w.axis[p->last];
  const size_t reach =
      x->before > (x->out - 1) * x->stride ? x->before - (x->out - 1) * x->stride : 0;
  const size_t first = reach > 0 ? (reach - 1) / x->dilation + 1 : 0;
  size_t end = x->before + x->in > 0 ? (x->before + x->in - 1) / x->dilation + 1 : 0;
  end = end < x->taps ? end : x->taps;
  if (end <= first)
    return ONNXRUN_OK;
  p->taps = h->keep(n, (end - first) * sizeof *p->taps);
  if (!p->taps)
    return ONNXRUN_NO_MEMORY;
  for (size_t t = first; t < end; t++) {
    pool_tap *tap = &p->taps[p->n_taps];
    tap->at = t * x->dilation;
    window_inside(x, t, &tap->from, &tap->to);
    p->n_taps += tap->from < tap->to;
  }
  return ONNXRUN_OK;
}

static COLD onnxrun_status pool_find_spans(const onnxrun_host *h, onnxrun_node *n, pool_plan *p)
{
  for (uint32_t i = 0; i < p->last; i++) {
    const window_axis *x = &p->w.axis[i];
    p->spans[i] = h->keep(n, x->out * sizeof *p->spans[i]);
    if (!p->spans[i])
      return ONNXRUN_NO_MEMORY;
    for (size_t o = 0; o < x->out; o++) {
      size_t from, to;
      pool_taps(x, o, x->before, x->before + x->in, &from, &to);
      const size_t at = o * x->stride + from * x->dilation - x->before;
      p->spans[i][o] = (pool_span){at, to - from, pool_count(x, o, true)};
    }
  }
  return ONNXRUN_OK;
}

COLD KIT onnxrun_status pool_shape(const onnxrun_host *h, onnxrun_node *n, const window_attrs *a,
                                   pool_plan *p, bool *is_empty)
{
  const onnxrun_tensor *x = h->input(n, 0);
  if (x->rank < 3)
    return h->fail(n, ONNXRUN_INVALID_INPUT, "input 'X' has rank %u, expected 3 or more", x->rank);
  const uint32_t rank = x->rank - 2;
  if (a->kernel_shape.size != rank)
    return h->fail(n, ONNXRUN_INVALID_MODEL, "attribute 'kernel_shape' has %zu values, expected %u",
                   a->kernel_shape.size, rank);
  onnxrun_status s = window_make(h, n, a, x, a->kernel_shape.items, &p->w);
  int64_t dims[ONNXRUN_MAX_RANK] = {x->dims[0], x->dims[1]};
  *is_empty = x->dims[0] == 0 || x->dims[1] == 0;
  for (uint32_t i = 0; s == ONNXRUN_OK && i < rank; i++) {
    dims[2 + i] = (int64_t)p->w.axis[i].out;
    *is_empty = *is_empty || dims[2 + i] == 0;
  }
  for (uint32_t i = 0; s == ONNXRUN_OK && i < h->n_outputs(n); i++)
    s = h->output(n, i, x->rank, dims);
  if (s != ONNXRUN_OK || *is_empty)
    return s;
  p->dtype = x->dtype;
  p->last = rank - 1;
  p->planes = (size_t)x->dims[0] * (size_t)x->dims[1];
  p->in_columns = p->w.axis[p->last].in;
  p->columns = p->w.axis[p->last].out;
  p->in_plane = p->in_columns;
  p->rows = 1;
  for (uint32_t i = 0; i < p->last; i++) {
    p->in_plane *= p->w.axis[i].in;
    p->rows *= p->w.axis[i].out;
  }
  p->size = onnxrun_elements(x);
  s = pool_find_spans(h, n, p);
  return s == ONNXRUN_OK ? pool_find_taps(h, n, p) : s;
}

KIT void pool_rows_of(const pool_plan *p, size_t row, pool_rows *r)
{
  r->n = r->padded = 1;
  for (uint32_t i = p->last; i-- > 0;) {
    const size_t o = i > 0 ? row % p->w.axis[i].out : row;
    const pool_span *span = &p->spans[i][o];
    row = i > 0 ? row / p->w.axis[i].out : 0;
    r->at[i] = span->at;
    r->count[i] = span->count;
    r->now[i] = 0;
    r->n *= span->count;
    r->padded *= span->padded;
  }
}

KIT size_t pool_row_next(const pool_plan *p, pool_rows *r)
{
  size_t at = 0, stride = p->in_columns;
  bool carries = true;
  for (uint32_t i = p->last; i-- > 0;) {
    const window_axis *x = &p->w.axis[i];
    at += (r->at[i] + r->now[i] * x->dilation) * stride;
    stride *= x->in;
    if (carries && ++r->now[i] == r->count[i])
      r->now[i] = 0;
    else
      carries = false;
  }
  return at;
}

/* Vectors that hold n elements. */
static inline size_t pool_vectors(size_t n, size_t bytes)
{
  return (n * bytes + VEC_BYTES - 1) / VEC_BYTES;
}

/* A row of the input as it is computed, readable in whole vectors: where it is, or in `line`. */
static inline const void *pool_line(const pool_plan *p, void *line, const void *x, size_t at)
{
  const size_t n = p->in_columns, bytes = element_bytes(p->dtype);
  const char *row = (const char *)x + at * bytes;
  if (p->dtype == ONNXRUN_FLOAT16)
    f16_load_n(line, (const uint16_t *)x + at, n);
  else if (p->dtype == ONNXRUN_BFLOAT16)
    bf16_load_n(line, (const uint16_t *)x + at, n);
  else if (at * bytes + pool_vectors(n, bytes) * VEC_BYTES <= p->size * bytes)
    return row;
  else
    memcpy(line, row, n * bytes);
  return line;
}

/* The windows' rows folded into `sum`; past its end stands what changes nothing. */
static inline void pool_fold_rows(const pool_plan *p, const pool_type *t, const void *x,
                                  size_t plane, pool_rows *rows, char *const scratch[2])
{
  char *sum = scratch[0], *line = scratch[1];
  const size_t vectors = pool_vectors(p->in_columns, t->bytes);
  for (size_t i = 0; i < rows->n; i++) {
    const void *row = pool_line(p, line, x, plane * p->in_plane + pool_row_next(p, rows));
    if (i > 0) {
      t->fold(sum, row, vectors);
      continue;
    }
    for (size_t v = 0; v < vectors * VEC_BYTES; v += VEC_BYTES) {
      memcpy(sum + v, (const char *)row + v, VEC_BYTES);
      KEEP_LOOP;
    }
  }
  t->fill(sum + p->in_columns * t->bytes, 1);
}

/* The columns of each window folded into `out`. */
static inline void pool_fold_columns(const pool_plan *p, const pool_type *t, const char *sum,
                                     char *line, char *out)
{
  const window_axis *c = &p->w.axis[p->last];
  for (size_t i = 0; i < p->n_taps; i++) {
    const pool_tap *tap = &p->taps[i];
    const size_t n = tap->to - tap->from;
    const char *from = sum + (tap->from * c->stride + tap->at - c->before) * t->bytes;
    if (c->stride > 1) {
      window_pick(line, from, n, c->stride, t->bytes);
      t->fill(line + n * t->bytes, 1);
      from = line;
    }
    t->fold(out + tap->from * t->bytes, from, pool_vectors(n, t->bytes));
  }
}

/* A row of the output in its type. */
static inline void pool_store(const pool_plan *p, void *y, size_t at, const char *row)
{
  const size_t bytes = p->columns * element_bytes(p->dtype);
  char *to = (char *)y + at * element_bytes(p->dtype);
  if (p->dtype == ONNXRUN_FLOAT16)
    f16_store_n((uint16_t *)y + at, (const float *)(const void *)row, p->columns);
  else if (p->dtype == ONNXRUN_BFLOAT16)
    bf16_store_n((uint16_t *)y + at, (const float *)(const void *)row, p->columns);
  else
    memcpy(to, row, bytes);
}

KIT void pool_run(const pool_plan *p, const pool_type *t, const onnxrun_job *job, size_t begin,
                  size_t end, pool_finish_fn finish)
{
  const size_t longer = p->in_columns > p->columns ? p->in_columns : p->columns;
  const size_t bytes = pool_line_bytes(longer, t->bytes);
  char *scratch[2] = {job->scratch, (char *)job->scratch + bytes}, *out = scratch[1] + bytes;
  size_t plane = begin / p->rows, row = begin % p->rows;
  for (size_t i = begin; i < end; i++) {
    pool_rows rows;
    pool_rows_of(p, row, &rows);
    t->fill(out, pool_vectors(p->columns, t->bytes));
    if (rows.n > 0) {
      pool_fold_rows(p, t, job->in[0], plane, &rows, scratch);
      pool_fold_columns(p, t, scratch[0], scratch[1], out);
    }
    if (finish)
      finish(job->params, out, &rows);
    pool_store(p, job->out[0], i * p->columns, out);
    row = row + 1 < p->rows ? row + 1 : 0;
    plane += row == 0;
  }
}
#endif /* ONX_KIT_BODIES */

#endif
