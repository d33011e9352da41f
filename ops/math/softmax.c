/* Softmax: e^(x - m) / s, and LogSoftmax: (x - m) - ln s, with m the largest x and s the sum of
 * e^(x - m) along an axis. Opsets 1, 11 (all dims from axis on), 13 (axis alone).
 *
 * A row is a run of contiguous elements, cut into pieces of FOLD_LANES, or up to SOFTMAX_TILE
 * neighbouring columns are done together; SOFTMAX_SHORT_ROWS short rows are transposed to columns.
 * Maxima and sums are folds (kit/fold.h), in an order that
 * only the axis' length decides. Error of Softmax, in units in the last place: 1 for e^x, 1.5 for
 * the quotient, and that of the sum. 16-bit types compute in float and are rounded once. NaN or inf
 * in a row makes all of it NaN, as the formula does. */
#include "ops/kit/fold.h"
#include "ops/kit/math.h"

enum {
  SOFTMAX_TILE = 256,
  SOFTMAX_TILE_LEAST = 16,
  SOFTMAX_TILE_ELEMENTS = 1 << 16, /* 256 KB of float: half of a second-level cache */
  SOFTMAX_DIRECT = 64,             /* so many rows of a tile stay in the first level as they lie */
  SOFTMAX_SHORT = 32,
  SOFTMAX_SHORT_ROWS = 64,
};

/* Rows of what is computed at a time, in the type computed in; y may be x. */
struct softmax_rows {
  const void *x;
  void *y;
  size_t stride, rows, width;
};

/* Of column j: m, and 1/s or ln s. */
#define SOFTMAX_M(by, j) (by)[j]
#define SOFTMAX_S(by, j) (by)[SOFTMAX_TILE + (j)]

/* y[j] from x[j] and by. */
typedef void (*softmax_fn)(const struct softmax_rows *rows, const void *by);

#define SOFTMAX_ROWS(name, T, VALUE)                                                               \
  NOINLINE void name(const struct softmax_rows *rows, const void *by)                              \
  {                                                                                                \
    const T *x = rows->x, *b = by;                                                                 \
    T *y = rows->y;                                                                                \
    for (size_t r = 0; r < rows->rows; r++, x += rows->stride, y += rows->stride) {                \
      LOOP_SIMD for (size_t j = 0; j < rows->width; j++) y[j] = VALUE;                             \
    }                                                                                              \
  }
SOFTMAX_ROWS(exp_rows_f32, float, EXP(x[j] - SOFTMAX_M(b, j)))
SOFTMAX_ROWS(exp_rows_f64, double, EXP(x[j] - SOFTMAX_M(b, j)))
SOFTMAX_ROWS(scale_rows_f32, float, x[j] * SOFTMAX_S(b, j))
SOFTMAX_ROWS(scale_rows_f64, double, x[j] * SOFTMAX_S(b, j))
SOFTMAX_ROWS(log_rows_f32, float, (x[j] - SOFTMAX_M(b, j)) - SOFTMAX_S(b, j))
SOFTMAX_ROWS(log_rows_f64, double, (x[j] - SOFTMAX_M(b, j)) - SOFTMAX_S(b, j))

/* The same as a fold's map, of one row. */
static void exp_f32(void *y, const void *x, const void *by, size_t n)
{
  exp_rows_f32(&(struct softmax_rows){x, y, 0, 1, n}, by);
}

static void exp_f64(void *y, const void *x, const void *by, size_t n)
{
  exp_rows_f64(&(struct softmax_rows){x, y, 0, 1, n}, by);
}

FOLD_EXACT(max_f32, float, max_of_f32)
FOLD_EXACT(max_f64, double, max_of_f64)
FOLD(add_f32, float, FOLD_ADD)
FOLD(add_f64, double, FOLD_ADD)

/* Sums to 1/s or ln s. */
static void end_sums_f32(float *s, size_t n, bool is_log)
{
  for (size_t j = 0; j < n; j++)
    s[j] = is_log ? logf(s[j]) : 1.0f / s[j];
}

static void end_sums_f64(double *s, size_t n, bool is_log)
{
  for (size_t j = 0; j < n; j++)
    s[j] = is_log ? log(s[j]) : 1.0 / s[j];
}

struct softmax {
  int64_t axis;
  bool is_log;
  bool is_row, is_short;      /* neither: columns */
  bool is_apart;              /* computed in scratch */
  size_t outer, count, inner; /* rows or sets of columns, elements along the axis, columns */
  size_t tile, tiles;         /* columns, or short rows, at a time; of a set of columns */
  size_t items;
  size_t stored;    /* bytes of a stored element */
  struct walk walk; /* a row, or a tile of columns */
  struct fold max, add;
  softmax_fn exp, end;
  widen_fn load, store; /* NULL: stored as computed */
};

/* ---- shapes ---- */

static COLD void softmax_types(struct softmax *p, onnxrun_dtype dtype)
{
  const bool is_double = dtype == ONNXRUN_DOUBLE;
  p->stored = element_bytes(dtype);
  const bool is_f16 = dtype == ONNXRUN_FLOAT16, is_bf16 = dtype == ONNXRUN_BFLOAT16;
  p->load = is_f16 ? widen_f16 : is_bf16 ? widen_bf16 : NULL;
  p->store = is_f16 ? narrow_f16 : is_bf16 ? narrow_bf16 : NULL;
  p->exp = is_double ? exp_rows_f64 : exp_rows_f32;
  p->end = is_double ? (p->is_log ? log_rows_f64 : scale_rows_f64)
                     : (p->is_log ? log_rows_f32 : scale_rows_f32);
  const size_t bytes = is_double ? sizeof(double) : sizeof(float);
  p->add = (struct fold){
      .fold = is_double ? add_f64 : add_f32, .stored = bytes, .bytes = bytes, .identity = 0};
  p->max = p->add;
  p->max.fold = is_double ? max_f64 : max_f32;
  p->max.identity = is_double ? UINT64_C(0xfff) << 52 : 0xff800000u; /* -inf */
}

static COLD void softmax_geometry(struct softmax *p)
{
  p->is_short = p->inner <= 1 && p->count <= SOFTMAX_SHORT;
  p->is_row = p->inner <= 1 && !p->is_short;
  p->tile = p->tiles = 1;
  p->items = p->outer;
  p->walk = walk_run(p->count);
  p->is_apart = p->load != NULL;
  if (p->is_row)
    return;
  if (p->is_short) {
    p->tile = SOFTMAX_SHORT_ROWS;
    p->items = (p->outer + p->tile - 1) / p->tile;
    p->walk = (struct walk){.rows = p->count, .stride = p->tile, .width = p->tile};
    return;
  }
  size_t tile = SOFTMAX_TILE_ELEMENTS / (p->count ? p->count : 1) / SOFTMAX_TILE_LEAST;
  tile = tile < 1 ? SOFTMAX_TILE_LEAST : tile * SOFTMAX_TILE_LEAST;
  tile = tile < SOFTMAX_TILE ? tile : SOFTMAX_TILE;
  p->tile = tile < p->inner ? tile : p->inner;
  p->tiles = (p->inner + p->tile - 1) / p->tile;
  p->items = p->outer * p->tiles;
  /* Rows that lie a power of two apart would push each other out of the cache. */
  p->is_apart = p->load || p->count > SOFTMAX_DIRECT;
  p->walk =
      (struct walk){.rows = p->count, .stride = p->is_apart ? p->tile : p->inner, .width = p->tile};
}

/* Scratch: by, what folds take, and memory for elements that are not computed where they lie. */
static size_t by_bytes(const struct softmax *p)
{
  return 2 * SOFTMAX_TILE * p->max.bytes;
}

static size_t folds_bytes(const struct softmax *p)
{
  return fold_scratch(&p->max, walk_rows(&p->walk), p->walk.width);
}

static size_t tile_bytes(const struct softmax *p)
{
  const size_t bytes = p->count * p->tile * p->max.bytes;
  return p->is_short ? 2 * bytes : p->is_apart ? bytes : 0;
}

/* Rows of an item of softmax_loop, and where they begin. */
static void softmax_part(const void *params, size_t i, onnxrun_part *part)
{
  const struct softmax *p = params;
  if (p->is_row || p->is_short) {
    const size_t first = i * p->tile, left = p->outer - first;
    *part = (onnxrun_part){.first = first * p->count,
                           .length = p->count * (left < p->tile ? left : p->tile),
                           .rows = 1};
    return;
  }
  const size_t first = i % p->tiles * p->tile, left = p->inner - first;
  *part = (onnxrun_part){.first = i / p->tiles * p->count * p->inner + first,
                         .length = left < p->tile ? left : p->tile,
                         .rows = p->count,
                         .stride = p->inner};
}

static COLD onnxrun_status softmax_shape(const onnxrun_host *h, onnxrun_node *n, struct softmax *p,
                                         bool is_flat)
{
  const onnxrun_tensor *x = h->input(n, 0);
  uint32_t axis = 0;
  onnxrun_status s = x->rank > 0 ? axis_of(h, n, p->axis, x->rank, &axis) : ONNXRUN_OK;
  if (!s)
    s = h->output(n, 0, x->rank, x->dims);
  if (s)
    return s;
  const uint32_t last = is_flat || x->rank == 0 ? x->rank : axis + 1;
  p->count = dims_product(x, axis, last);
  p->inner = dims_product(x, last, x->rank);
  p->outer = dims_product(x, 0, axis);
  softmax_types(p, x->dtype);
  softmax_geometry(p);
  onnxrun_work work = ONNXRUN_WORK_INIT;
  if (onnxrun_elements(x) == 0)
    return h->plan(n, &work);
  work.items = p->items;
  work.part = softmax_part;
  work.item_cost = 60 + 2.5 * (double)p->count * (double)p->tile;
  work.scratch = by_bytes(p) + folds_bytes(p) + tile_bytes(p);
  return h->plan(n, &work);
}

/* ---- the loop ---- */

/* f on all rows of x and y. */
static void softmax_map(const struct softmax *p, softmax_fn f, struct softmax_rows rows,
                        const void *by)
{
  f(&rows, by);
  if (p->walk.tail == 0)
    return;
  const size_t done = rows.rows * rows.stride * p->max.bytes;
  const struct softmax_rows tail = {(const char *)rows.x + done, (char *)rows.y + done, 0, 1,
                                    p->walk.tail};
  f(&tail, by);
}

/* Folds all rows of x; to[width] is the result, of a row its only one in every place. */
static void softmax_fold(const struct softmax *p, const struct fold *how,
                         const struct softmax_rows *rows, void *to, void *scratch)
{
  fold_walk(&p->walk, how, rows->x, &(struct fold_span){0, walk_rows(&p->walk), rows->width},
            scratch);
  if (p->is_row) {
    fold_lanes(how, scratch, rows->width);
    fold_spread(how, scratch, rows->width);
  }
  memcpy(to, scratch, rows->width * how->bytes);
}

static void softmax_compute(const struct softmax *p, struct softmax_rows rows, char *scratch)
{
  char *by = scratch, *sums = by + SOFTMAX_TILE * p->max.bytes, *folds = by + by_bytes(p);
  softmax_fold(p, &p->max, &rows, by, folds);
  struct softmax_rows from = rows;
  struct fold add = p->add;
  if (p->is_log) { /* e^(x - m) is summed and not kept */
    add.map = p->max.bytes == sizeof(float) ? exp_f32 : exp_f64;
    add.by = by;
  } else {
    softmax_map(p, p->exp, rows, by);
    from.x = rows.y;
  }
  softmax_fold(p, &add, &from, sums, folds);
  if (p->max.bytes == sizeof(float))
    end_sums_f32((float *)(void *)sums, rows.width, p->is_log);
  else
    end_sums_f64((double *)(void *)sums, rows.width, p->is_log);
  softmax_map(p, p->end, from, by);
}

/* Columns, or a row of 16-bit elements, computed in memory of their own. */
static void softmax_apart(const struct softmax *p, const char *x, char *y, size_t width,
                          char *scratch)
{
  char *tile = scratch + by_bytes(p) + folds_bytes(p);
  const size_t rows = p->is_row ? 1 : p->count, n = p->is_row ? p->count : width;
  const size_t apart = p->inner * p->stored, bytes = p->tile * p->max.bytes;
  for (size_t r = 0; r < rows; r++) {
    if (p->load)
      p->load(tile + r * bytes, x + r * apart, n);
    else
      memcpy(tile + r * bytes, x + r * apart, n * p->stored);
  }
  softmax_compute(p, (struct softmax_rows){tile, tile, p->walk.stride, p->walk.rows, width},
                  scratch);
  for (size_t r = 0; r < rows; r++) {
    if (p->store)
      p->store(y + r * apart, tile + r * bytes, n);
    else
      memcpy(y + r * apart, tile + r * bytes, n * p->stored);
  }
}

/* `width` short rows, transposed. */
static void softmax_short(const struct softmax *p, const char *x, char *y, size_t width,
                          char *scratch)
{
  const size_t bytes = p->max.bytes, n = p->count;
  char *tile = scratch + by_bytes(p) + folds_bytes(p), *wide = tile + n * p->tile * bytes;
  if (p->load)
    p->load(wide, x, n * width);
  const char *from = p->load ? wide : x;
  char *to = p->load ? wide : y;
  for (size_t r = 0; r < n; r++)
    fold_pick(tile + r * p->tile * bytes, from + r * bytes, n, bytes, width);
  softmax_compute(p, (struct softmax_rows){tile, tile, p->tile, n, width}, scratch);
  for (size_t j = 0; j < width; j++)
    fold_pick(to + j * n * bytes, tile + j * bytes, p->tile, bytes, n);
  if (p->store)
    p->store(y, wide, n * width);
}

static void softmax_loop(const onnxrun_job *job, size_t begin, size_t end)
{
  const struct softmax *p = job->params;
  for (size_t i = begin; i < end; i++) {
    const size_t first = (p->is_short ? i : i % p->tiles) * p->tile;
    const size_t left = (p->is_short ? p->outer : p->inner) - first;
    const size_t width = p->is_row || left > p->tile ? p->walk.width : left;
    const size_t at = p->is_short ? first * p->count : i / p->tiles * p->count * p->inner + first;
    const char *x = (const char *)job->in[0] + at * p->stored;
    char *y = (char *)job->out[0] + at * p->stored;
    if (p->is_short)
      softmax_short(p, x, y, width, job->scratch);
    else if (p->is_apart)
      softmax_apart(p, x, y, width, job->scratch);
    else
      softmax_compute(p, (struct softmax_rows){x, y, p->walk.stride, p->walk.rows, width},
                      job->scratch);
  }
}

/* ---- descriptors ---- */

static const onnxrun_operand softmax_in[] = {IN("input", 'T', T_FLOATS), END};
static const onnxrun_operand softmax_out[] = {OUT("output", 'T', T_FLOATS), END};
static const onnxrun_attr softmax_attrs_1[] = {ATTR_I(struct softmax, axis, 1), END};
static const onnxrun_attr softmax_attrs_13[] = {ATTR_I(struct softmax, axis, -1), END};
static const onnxrun_loop softmax_loops[] = {{ONNXRUN_UNDEFINED, softmax_loop}, END};

#define SOFTMAX_OP(id, name, first, last, log, flat, attributes)                                   \
  static COLD onnxrun_status id##_shape(const onnxrun_host *h, onnxrun_node *n, void *params)      \
  {                                                                                                \
    ((struct softmax *)params)->is_log = log;                                                      \
    return softmax_shape(h, n, params, flat);                                                      \
  }                                                                                                \
  static const onnxrun_kernel id = {KERNEL(name, first, last),      .inputs = softmax_in,          \
                                    .outputs = softmax_out,         .attrs = attributes,           \
                                    PARAMS(struct softmax, is_row), .shape = id##_shape,           \
                                    .loops = softmax_loops};
SOFTMAX_OP(softmax_1, "Softmax", 1, 12, false, true, softmax_attrs_1)
SOFTMAX_OP(softmax_13, "Softmax", 13, 0, false, false, softmax_attrs_13)
SOFTMAX_OP(log_softmax_1, "LogSoftmax", 1, 12, true, true, softmax_attrs_1)
SOFTMAX_OP(log_softmax_13, "LogSoftmax", 13, 0, true, false, softmax_attrs_13)

KERNELS(softmax, &softmax_1, &softmax_13, &log_softmax_1, &log_softmax_13)
