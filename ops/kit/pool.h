/* pool.h: pools as two folds. A row of the output is the fold of the input rows in its windows,
 * element by element, and then of the columns of each window. An item is one row of the output. */
#ifndef ONX_KIT_POOL_H
#define ONX_KIT_POOL_H

#include "ops/kit/half.h"
#include "ops/kit/window.h"

/* to[i] = to[i] (max or +) from[i] */
typedef void (*pool_fold_fn)(void *to, const void *from, size_t n);

/* The fold of one element type in computation. */
typedef struct pool_type {
  size_t bytes;
  pool_fold_fn fold;
  void (*fill)(void *to, size_t n); /* with what changes nothing */
} pool_type;

/* A tap of the last dim: outputs [from, to) read input o * stride + at - before. */
typedef struct pool_tap {
  size_t at, from, to;
} pool_tap;

typedef struct pool_plan {
  window w;
  uint32_t last;                                      /* the last dim */
  size_t planes, in_plane, rows, columns, in_columns; /* rows and columns of an output plane */
  size_t n_taps;
  pool_tap *taps;
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

/* Rough cycles of a row, and its scratch: two rows of the input and one of the output. */
static COLD inline double pool_cost(const pool_plan *p, size_t bytes)
{
  double taps = 1;
  for (uint32_t i = 0; i < p->last; i++)
    taps *= (double)p->w.axis[i].taps < (double)p->w.axis[i].in ? (double)p->w.axis[i].taps
                                                                : (double)p->w.axis[i].in;
  const double lanes = (double)VEC_BYTES / (double)bytes;
  return 200 + taps * (20 + 2 * (double)p->in_columns / lanes) +
         (double)p->n_taps * (20 + 4 * (double)p->columns / lanes);
}

static inline size_t pool_scratch(const pool_plan *p, size_t bytes)
{
  return (2 * p->in_columns + p->columns) * bytes + 2 * VEC_BYTES;
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

/* The plane of a channel. */
static inline const void *pool_plane(const pool_plan *p, const void *x, size_t plane)
{
  return (const char *)x + plane * p->in_plane * element_bytes(p->dtype);
}

/* What is done to a row once it is folded, in the type computed in; `params` are the job's. */
typedef void (*pool_finish_fn)(const void *params, void *row, const pool_rows *rows);

/* Computes rows [begin, end) of the output; finish NULL: nothing. */
#define pool_run ONX_KIT(pool_run)
KIT void pool_run(const pool_plan *p, const pool_type *t, const onnxrun_job *job, size_t begin,
                  size_t end, pool_finish_fn finish);

/* Elements [i, i + count) of a fold, count constant. */
#define POOL_BLOCK(E, expression, count, from)                                                     \
  LOOP_SIMD for (size_t j = 0; j < (count); j++)                                                   \
  {                                                                                                \
    const E a = y[i + j], b = (from)[j];                                                           \
    y[i + j] = (expression);                                                                       \
  }

/* The fold of a type: its name, the element, an expression of the old element a and the new b, what
 * changes nothing, and whether an element may be folded in twice: then a short rest is done as the
 * last 16 bytes. Blocks have fixed sizes, for compilers' own remainders are long. */
#define POOL_FOLD(tag, E, expression, nothing, twice)                                              \
  static void pool_fold_##tag(void *to, const void *from, size_t n)                                \
  {                                                                                                \
    enum { WHOLE = VEC_BYTES / sizeof(E), PART = 16 / sizeof(E) };                                 \
    E *restrict y = to;                                                                            \
    const E *restrict x = from;                                                                    \
    size_t i = 0;                                                                                  \
    for (; i + WHOLE <= n; i += WHOLE)                                                             \
      POOL_BLOCK(E, expression, WHOLE, x + i)                                                      \
    for (; i + PART <= n; i += PART)                                                               \
      POOL_BLOCK(E, expression, PART, x + i)                                                       \
    if ((twice) && i < n && n >= PART) {                                                           \
      i = n - PART;                                                                                \
      POOL_BLOCK(E, expression, PART, x + i)                                                       \
      return;                                                                                      \
    }                                                                                              \
    for (; i < n; i++) {                                                                           \
      const E a = y[i], b = x[i];                                                                  \
      y[i] = (expression);                                                                         \
      KEEP_LOOP;                                                                                   \
    }                                                                                              \
  }                                                                                                \
  static void pool_fill_##tag(void *to, size_t n)                                                  \
  {                                                                                                \
    E *y = to;                                                                                     \
    for (size_t i = 0; i < n; i++)                                                                 \
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
  return pool_find_taps(h, n, p);
}

KIT void pool_rows_of(const pool_plan *p, size_t row, pool_rows *r)
{
  r->n = r->padded = 1;
  for (uint32_t i = p->last; i-- > 0;) {
    const window_axis *x = &p->w.axis[i];
    const size_t o = row % x->out;
    size_t from, to;
    row /= x->out;
    pool_taps(x, o, x->before, x->before + x->in, &from, &to);
    r->at[i] = o * x->stride + from * x->dilation - x->before;
    r->count[i] = to - from;
    r->now[i] = 0;
    r->n *= to - from;
    r->padded *= pool_count(x, o, true);
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

/* n elements at `at` as they are computed: where they are, or converted into `line`. */
static inline const void *pool_line(const pool_plan *p, void *line, const void *x, size_t at,
                                    size_t n)
{
  if (p->dtype == ONNXRUN_FLOAT16)
    f16_load_n(line, (const uint16_t *)x + at, n);
  else if (p->dtype == ONNXRUN_BFLOAT16)
    bf16_load_n(line, (const uint16_t *)x + at, n);
  else
    return (const char *)x + at * element_bytes(p->dtype);
  return line;
}

/* Every step-th element, into `to`. */
#define POOL_PICK(E)                                                                               \
  if (bytes == sizeof(E)) {                                                                        \
    const E *restrict x = from;                                                                    \
    E *restrict y = to;                                                                            \
    if (step == 2)                                                                                 \
      LOOP_SIMD for (size_t i = 0; i < n; i++) y[i] = x[2 * i];                                    \
    else                                                                                           \
      for (size_t i = 0; i < n; i++)                                                               \
        y[i] = x[i * step];                                                                        \
  }
static const void *pool_pick(void *to, const void *from, size_t n, size_t step, size_t bytes)
{
  POOL_PICK(uint8_t)
  POOL_PICK(uint32_t)
  POOL_PICK(uint64_t)
  return to;
}
#undef POOL_PICK

/* Folds one row of a plane's output into `to`; `rows` are consumed. */
static void pool_fold_row(const pool_plan *p, const pool_type *t, const void *plane,
                          pool_rows *rows, void *to, void *scratch)
{
  const window_axis *c = &p->w.axis[p->last];
  char *sum = scratch, *line = sum + p->in_columns * t->bytes;
  const void *folded = NULL;
  for (size_t i = 0; i < rows->n; i++) {
    const size_t at = pool_row_next(p, rows);
    const void *row = pool_line(p, i == 0 ? sum : line, plane, at, p->in_columns);
    if (i == 1 && folded != sum)
      memcpy(sum, folded, p->in_columns * t->bytes);
    if (i > 0)
      t->fold(sum, row, p->in_columns);
    folded = i == 0 ? row : sum;
  }
  t->fill(to, p->columns);
  for (size_t i = 0; rows->n > 0 && i < p->n_taps; i++) {
    const pool_tap *tap = &p->taps[i];
    const void *from =
        (const char *)folded + (tap->from * c->stride + tap->at - c->before) * t->bytes;
    if (c->stride > 1)
      from = pool_pick(line, from, tap->to - tap->from, c->stride, t->bytes);
    t->fold((char *)to + tap->from * t->bytes, from, tap->to - tap->from);
  }
}

/* A row of the output in its type, from one in computation. */
static inline void pool_store(const pool_plan *p, void *y, size_t at, const void *row)
{
  if (p->dtype == ONNXRUN_FLOAT16)
    f16_store_n((uint16_t *)y + at, row, p->columns);
  else if (p->dtype == ONNXRUN_BFLOAT16)
    bf16_store_n((uint16_t *)y + at, row, p->columns);
}

/* Where a row is computed: in the output, or for 16-bit types in scratch. */
static inline void *pool_target(const pool_plan *p, const pool_type *t, void *y, size_t at,
                                void *scratch)
{
  if (p->dtype == ONNXRUN_FLOAT16 || p->dtype == ONNXRUN_BFLOAT16)
    return (char *)scratch + 2 * p->in_columns * t->bytes;
  return (char *)y + at * t->bytes;
}

KIT void pool_run(const pool_plan *p, const pool_type *t, const onnxrun_job *job, size_t begin,
                  size_t end, pool_finish_fn finish)
{
  for (size_t i = begin; i < end; i++) {
    pool_rows rows;
    void *to = pool_target(p, t, job->out[0], i * p->columns, job->scratch);
    pool_rows_of(p, i % p->rows, &rows);
    pool_fold_row(p, t, pool_plane(p, job->in[0], i / p->rows), &rows, to, job->scratch);
    if (finish)
      finish(job->params, to, &rows);
    pool_store(p, job->out[0], i * p->columns, to);
  }
}
#endif /* ONX_KIT_BODIES */

#endif
