/* conv.h: how a convolution is cut into matrix products; the computing is conv_body.h's.
 *
 * An item is a block of one image's and group's output: some output channels times a rectangle of
 * the last two spatial dims. It copies the input that it needs into scratch, padded, so that for
 * every (channel, tap) the positions of the rectangle lie one after the other, at at[k] past the
 * first: the columns of the right matrix, without a copy for every tap. There are two ways for an
 * axis: taps share a copy (a phase: samples `stride` apart) and are shifted in it, or have a copy
 * each. Shifts along columns leave positions between rows that are computed in vain. */
#ifndef ONX_KIT_CONV_H
#define ONX_KIT_CONV_H

#include "ops/kit/gemm.h"
#include "ops/kit/window.h"

/* Products of a chunk: the windows that a tile reads stay in L1, at two cache lines each. */
#define CONV_DEPTH ((size_t)128)

/* Products of a block that is not made smaller for the sake of more blocks: some 200 microseconds
 * of one core. Every block copies its input for itself. */
#define CONV_BLOCK_WORK 6e6

/* Filters of a block, at most: a multiple of every panel. */
#define CONV_HIGH ((size_t)192)

/* A vector of outputs of a thin block: from the block's first sample, from its first output, and
 * how many outputs it has. */
typedef struct conv_vector {
  size_t from, to, n;
} conv_vector;

/* One of the two inner axes. Sample u of plane p is input coordinate (first + u) * stride +
 * base[p] - before; tap t of output first + u is sample u + shift[t] of plane plane[t]. */
typedef struct conv_axis {
  window_axis w;
  size_t planes, reach; /* reach: the largest shift */
  size_t *base, *plane, *shift;
  size_t block, blocks; /* outputs of a block; how many blocks */
  size_t length;        /* samples of a plane: block + reach */
} conv_axis;

/* How filters and positions meet in a tile, by the shape of the filters alone, for constant ones
 * are packed before the input's shape is known. THIN: so few filters that tiles would wait for
 * their sums; whole vectors of a row's positions, for one filter after the other. ROWS: a tile's
 * rows are filters, its columns positions. COLUMNS: the other way round, which has no vectors of
 * positions to fill, but must turn over its results: for long sums of floats. */
typedef enum conv_form { CONV_THIN, CONV_ROWS, CONV_COLUMNS } conv_form;

/* `filters` of a group, of k products each on `channels` channels. */
static inline conv_form conv_form_of(size_t channels, size_t k, size_t filters, size_t bytes)
{
  if (filters <= 2 || (channels == 1 && filters <= 4))
    return CONV_THIN;
  const bool fills = gemm_packed_columns(filters, VEC_BYTES / bytes) - filters <= filters / 8;
  return bytes == sizeof(float) && k >= 192 && fills ? CONV_COLUMNS : CONV_ROWS;
}

/* Filters of a group when they are packed: panels are padded. */
static inline size_t conv_packed_filters(conv_form form, size_t filters, size_t lanes)
{
  const size_t tail = filters % GEMM_ROWS;
  if (form == CONV_COLUMNS)
    return gemm_packed_columns(filters, lanes);
  return form == CONV_THIN || tail == 0 ? filters : filters - tail + gemm_rows(tail);
}

typedef struct conv_plan {
  window w;
  enum gemm_kind kind;
  size_t images, groups, channels, filters; /* channels and filters of a group */
  size_t outer, outer_taps;                 /* positions and taps of all dims but the last two */
  conv_axis rows, columns;
  size_t taps;         /* of the two inner axes */
  size_t n_virtual;    /* a channel for each of channels x outer taps */
  size_t chunk;        /* virtual channels copied at once */
  size_t k;            /* n_virtual * taps */
  size_t area;         /* samples of a virtual channel's planes */
  size_t high, n_high; /* filters of a block, blocks */
  size_t flat;         /* positions of a block, those in vain included */
  size_t *at;          /* chunk * taps */
  size_t in_plane, in_channel, out_plane, out_channel; /* elements */
  size_t b_size, a_size, c_size;                       /* elements of scratch */
  size_t c_width;                                      /* columns of the sums */
  conv_form form;
  size_t n_vectors;     /* of a row of a thin block */
  conv_vector *vectors; /* of a whole thin block, and GEMM_WIDE more that are never written */
  size_t span, p_size;  /* elements of a padded row of the input, 0: planes are read from X itself;
                          and of all rows of a plane */
} conv_plan;

/* a * b in *product, or false when it does not fit in PTRDIFF_MAX / 64. */
static inline bool conv_multiply(size_t a, size_t b, size_t *product)
{
  const size_t most = (size_t)PTRDIFF_MAX / 64;
  *product = a * b;
  return b == 0 || a <= most / b;
}

/* Gives each tap a plane and a shift: its own plane, or that of its phase. Phases come back after
 * `period` taps. */
static COLD inline void conv_axis_taps(conv_axis *x, bool shares)
{
  size_t period = x->w.taps;
  for (size_t t = 1; shares && t < period; t++) {
    if (t * x->w.dilation % x->w.stride == 0)
      period = t;
  }
  x->planes = period;
  x->reach = 0;
  for (size_t t = 0; t < x->w.taps; t++) {
    const size_t at = t * x->w.dilation;
    x->plane[t] = t % period;
    x->shift[t] = shares ? at / x->w.stride : 0;
    if (t < period)
      x->base[t] = shares ? at % x->w.stride : at;
    if (x->shift[t] > x->reach)
      x->reach = x->shift[t];
  }
}

static COLD inline onnxrun_status conv_axis_new(const onnxrun_host *h, onnxrun_node *n,
                                                conv_axis *x, const window_axis *w)
{
  *x = (conv_axis){.w = *w};
  x->base = h->keep(n, 3 * w->taps * sizeof *x->base);
  if (!x->base)
    return ONNXRUN_NO_MEMORY;
  x->plane = x->base + w->taps;
  x->shift = x->plane + w->taps;
  return ONNXRUN_OK;
}

static COLD inline void conv_axis_block(conv_axis *x, size_t most)
{
  x->blocks = gemm_parts(x->w.out, most);
  x->block = gemm_parts(x->w.out, x->blocks);
  x->blocks = gemm_parts(x->w.out, x->block);
  x->length = x->block + x->reach;
}

/* Copying an element costs about this part of a vector multiply-add. */
#define CONV_COPY_COST 5.0

/* Chooses between shared and own planes and cuts the axes into blocks of about `positions`. */
static COLD inline void conv_cut_axes(conv_plan *p, size_t positions, size_t lanes)
{
  conv_axis *r = &p->rows, *c = &p->columns;
  conv_axis_taps(c, true);
  const double rows = (double)p->filters / (double)lanes;
  const double vain =
      p->form == CONV_THIN ? 0 : (double)c->reach / (double)c->w.out * (double)p->taps * rows;
  const double copies = (double)(c->w.taps - c->planes) * CONV_COPY_COST / (double)lanes;
  if (vain > copies || c->reach > 8 * c->w.out)
    conv_axis_taps(c, false);
  conv_axis_block(c, positions);
  const size_t most = positions / (c->length < positions ? c->length : positions);
  conv_axis_taps(r, true);
  conv_axis_block(r, most);
  if ((double)r->planes * (double)r->length > (double)r->w.taps * (double)r->block) {
    conv_axis_taps(r, false);
    conv_axis_block(r, most);
  }
}

/* Filters of a block: all of them up to CONV_HIGH, fewer where that leaves few items. */
static COLD inline void conv_cut_filters(conv_plan *p, size_t lanes)
{
  const size_t others = p->images * p->groups * p->outer * p->rows.blocks * p->columns.blocks;
  const size_t parts = gemm_parts(p->filters, CONV_HIGH);
  const size_t panel = p->form == CONV_COLUMNS ? 2 * lanes : GEMM_ROWS;
  size_t high = gemm_parts(gemm_parts(p->filters, parts), panel) * panel;
  while (others * gemm_parts(p->filters, high) < 32 && high > 2 * panel &&
         (double)high * (double)p->flat * (double)p->k > CONV_BLOCK_WORK)
    high = gemm_parts(high, 2 * panel) * panel;
  p->high = gemm_least(high, p->filters);
  p->n_high = gemm_parts(p->filters, p->high);
}

/* Memory that a chunk of virtual channels may take: half of a small L2 cache. */
#define CONV_CHUNK_BYTES ((size_t)256 << 10)

/* The samples of one virtual channel: an odd number of cache lines, so that neighbouring channels
 * do not meet in the same sets of a cache. */
static COLD inline bool conv_cut_area(conv_plan *p, size_t bytes)
{
  const size_t line = 64 / bytes;
  if (!conv_multiply(p->rows.planes, p->rows.length, &p->area) ||
      !conv_multiply(p->area, p->columns.planes, &p->area) ||
      !conv_multiply(p->area, p->columns.length, &p->area))
    return false;
  p->area = (gemm_parts(p->area, line) | 1) * line;
  const conv_axis *c = &p->columns;
  const double span = (double)(c->block - 1) * (double)c->w.stride +
                      (double)(c->w.taps - 1) * (double)c->w.dilation + 1;
  p->span = p->p_size = 0;
  if (c->planes == 1 || span > 8 * (double)c->planes * (double)c->length)
    return true;
  p->span = gemm_parts((size_t)span, VEC_BYTES / bytes) * (VEC_BYTES / bytes) + VEC_BYTES / bytes;
  return conv_multiply(p->span, p->rows.length + 1, &p->p_size);
}

/* Filters of a block, with those that pad its panels. */
static inline size_t conv_padded_filters(const conv_plan *p, size_t lanes)
{
  return p->form == CONV_COLUMNS ? gemm_packed_columns(p->high, lanes)
                                 : gemm_parts(p->high, GEMM_ROWS) * GEMM_ROWS;
}

/* Room for the sums: of one tile, or of all tiles of a block where there are several chunks. */
static COLD inline void conv_cut_sums(conv_plan *p, size_t lanes, size_t chunks)
{
  const size_t filters = conv_padded_filters(p, lanes);
  if (p->form == CONV_THIN) {
    p->c_width = (p->rows.block * gemm_parts(p->columns.block, lanes) + GEMM_WIDE) * lanes;
    p->c_size = p->high * p->c_width;
  } else if (p->form == CONV_COLUMNS) {
    p->c_width = p->flat + GEMM_ROWS;
    p->c_size = chunks > 1 ? filters * p->c_width : GEMM_ROWS * 2 * lanes;
  } else {
    p->c_width = gemm_parts(p->flat, lanes) * lanes + GEMM_WIDE * lanes;
    p->c_size = (chunks > 1 ? filters : GEMM_ROWS) * p->c_width;
  }
}

static COLD inline bool conv_cut_chunks(conv_plan *p, size_t bytes, bool packed)
{
  if (!conv_cut_area(p, bytes))
    return false;
  const size_t by_depth = CONV_DEPTH / p->taps, by_size = CONV_CHUNK_BYTES / bytes / p->area;
  size_t most = gemm_least(by_depth, by_size);
  most = most > 0 ? gemm_least(most, p->n_virtual) : 1;
  const size_t chunks = p->n_virtual > 0 ? gemm_parts(p->n_virtual, most) : 1;
  p->chunk = gemm_parts(p->n_virtual, chunks);
  size_t depth;
  conv_cut_sums(p, VEC_BYTES / bytes, chunks);
  p->a_size = 0;
  if (!conv_multiply(p->chunk, p->area, &p->b_size) || !conv_multiply(p->chunk, p->taps, &depth) ||
      (!packed && !conv_multiply(conv_padded_filters(p, VEC_BYTES / bytes), depth, &p->a_size)))
    return false;
  p->b_size = gemm_parts(p->b_size, VEC_BYTES / bytes) * (VEC_BYTES / bytes) +
              GEMM_WIDE * VEC_BYTES / bytes;
  p->a_size = gemm_parts(p->a_size, VEC_BYTES / bytes) * (VEC_BYTES / bytes);
  return true;
}

/* at[]: where the first position of each (virtual channel of a chunk, tap) lies. */
static COLD inline void conv_offsets(conv_plan *p)
{
  const conv_axis *r = &p->rows, *c = &p->columns;
  size_t k = 0;
  for (size_t v = 0; v < p->chunk; v++) {
    for (size_t i = 0; i < r->w.taps; i++) {
      for (size_t j = 0; j < c->w.taps; j++) {
        const size_t plane = r->plane[i] * c->planes + c->plane[j];
        p->at[k++] = v * p->area + (plane * r->length + r->shift[i]) * c->length + c->shift[j];
      }
    }
  }
}

/* The last two spatial dims; one row where there is one dim, and one long row for windows of one
 * element that visit every element. */
static COLD inline void conv_inner(const window *w, window_axis *rows, window_axis *columns)
{
  const window_axis one = {.in = 1, .out = 1, .taps = 1, .stride = 1, .dilation = 1};
  *columns = w->axis[w->rank - 1];
  *rows = w->rank > 1 ? w->axis[w->rank - 2] : one;
  if (rows->taps == 1 && columns->taps == 1 && rows->out == rows->in &&
      columns->out == columns->in && rows->before == 0 && columns->before == 0) {
    columns->in = columns->out = rows->in * columns->in;
    columns->stride = 1;
    *rows = one;
  }
}

/* The vectors of `rows` rows of `columns` outputs; the last of a row overlaps the one before. */
NOINLINE void conv_find_vectors(const conv_plan *p, size_t rows, size_t columns, size_t lanes,
                                conv_vector *to)
{
  for (size_t r = 0; r < rows; r++) {
    for (size_t j = 0; j < columns; j += lanes) {
      const size_t at = columns - j < lanes && j > 0 ? columns - lanes : j;
      *to++ = (conv_vector){r * p->columns.length + at, r * p->columns.w.out + at,
                            gemm_least(columns, lanes)};
    }
  }
}

static COLD inline onnxrun_status conv_make_vectors(const onnxrun_host *h, onnxrun_node *n,
                                                    conv_plan *p, size_t lanes)
{
  p->n_vectors = gemm_parts(p->columns.block, lanes);
  p->vectors = h->keep(n, (p->rows.block * p->n_vectors + GEMM_WIDE) * sizeof *p->vectors);
  if (!p->vectors)
    return ONNXRUN_NO_MEMORY;
  conv_find_vectors(p, p->rows.block, p->columns.block, lanes, p->vectors);
  return ONNXRUN_OK;
}

/* Positions of a block: more where there are few filters to use them. */
static inline size_t conv_positions(const conv_plan *p, size_t bytes)
{
  const size_t positions = 1024 / bytes;
  return p->filters >= 16 ? positions : p->filters >= 4 ? 2 * positions : 8 * positions;
}

/* Completes a plan whose counts and window are set; X and Y are known to have elements. `bytes`: of
 * an element in computation; `packed`: the filters are. */
static COLD inline onnxrun_status conv_plan_make(const onnxrun_host *h, onnxrun_node *n,
                                                 conv_plan *p, size_t bytes, bool packed)
{
  window_axis rows, columns;
  conv_inner(&p->w, &rows, &columns);
  onnxrun_status s = conv_axis_new(h, n, &p->rows, &rows);
  if (s == ONNXRUN_OK)
    s = conv_axis_new(h, n, &p->columns, &columns);
  if (s != ONNXRUN_OK)
    return s;
  p->in_plane = rows.in * columns.in;
  p->out_plane = rows.out * columns.out;
  p->outer = p->outer_taps = p->in_channel = 1;
  for (uint32_t i = 0; i + 2 < p->w.rank; i++) {
    p->outer *= p->w.axis[i].out;
    p->outer_taps *= p->w.axis[i].taps;
    p->in_channel *= p->w.axis[i].in;
  }
  p->in_channel *= p->in_plane;
  p->out_channel = p->outer * p->out_plane;
  p->taps = rows.taps * columns.taps;
  p->n_virtual = p->channels * p->outer_taps;
  p->k = p->n_virtual * p->taps;
  p->form = conv_form_of(p->channels, p->k, p->filters, bytes);
  conv_cut_axes(p, conv_positions(p, bytes), VEC_BYTES / bytes);
  p->flat = (p->rows.block - 1) * p->columns.length + p->columns.block;
  conv_cut_filters(p, VEC_BYTES / bytes);
  if (!conv_cut_chunks(p, bytes, packed))
    return h->fail(n, ONNXRUN_LIMIT, "the window needs more memory than there can be");
  p->at = h->keep(n, p->chunk * p->taps * sizeof *p->at);
  if (!p->at)
    return ONNXRUN_NO_MEMORY;
  conv_offsets(p);
  return p->form == CONV_THIN ? conv_make_vectors(h, n, p, VEC_BYTES / bytes) : ONNXRUN_OK;
}

static inline size_t conv_items(const conv_plan *p)
{
  return p->images * p->groups * p->outer * p->rows.blocks * p->columns.blocks * p->n_high;
}

/* Bytes of scratch: the copied input, the filters of a chunk, the sums, padded rows of a plane, the
 * ranges of column planes, steps through panels, a row's vectors. */
static inline size_t conv_scratch(const conv_plan *p, size_t bytes)
{
  const size_t elements = p->b_size + p->a_size + p->c_size + p->p_size;
  return elements * bytes + 2 * (p->columns.planes + p->chunk * p->taps) * sizeof(size_t) +
         (p->n_vectors + GEMM_WIDE) * sizeof(conv_vector);
}

/* Rough cycles of an item. */
static COLD inline double conv_item_cost(const conv_plan *p, size_t bytes)
{
  const double lanes = (double)(VEC_BYTES / bytes), flat = (double)p->flat;
  const double products = (double)p->high * flat * (double)p->k / (2 * lanes);
  return 300 + products + (double)p->area * (double)p->n_virtual / 4 + (double)p->high * flat / 8;
}

/* Which block an item is. */
typedef struct conv_item {
  size_t image, group, outer, row, rows, column, columns, filter, filters;
} conv_item;

/* The last digit of *number, which loses it; most bases are 1 and cost no division. */
static inline size_t conv_digit(size_t *number, size_t base)
{
  if (base == 1)
    return 0;
  const size_t digit = *number % base;
  *number /= base;
  return digit;
}

NOINLINE conv_item conv_item_of(const conv_plan *p, size_t item)
{
  conv_item i;
  i.filter = conv_digit(&item, p->n_high) * p->high;
  i.column = conv_digit(&item, p->columns.blocks) * p->columns.block;
  i.row = conv_digit(&item, p->rows.blocks) * p->rows.block;
  i.outer = conv_digit(&item, p->outer);
  i.group = conv_digit(&item, p->groups);
  i.image = item;
  i.filters = gemm_least(p->filters - i.filter, p->high);
  i.columns = gemm_least(p->columns.w.out - i.column, p->columns.block);
  i.rows = gemm_least(p->rows.w.out - i.row, p->rows.block);
  return i;
}

/* The input plane of virtual channel v, in planes from its channel's first; false: in the padding.
 */
NOINLINE bool conv_outer_plane(const conv_plan *p, size_t outer, size_t v, size_t *plane)
{
  size_t tap = v % p->outer_taps, stride = 1;
  *plane = 0;
  for (uint32_t i = p->w.rank > 2 ? p->w.rank - 2 : 0; i-- > 0;) {
    const window_axis *x = &p->w.axis[i];
    const size_t at = outer % x->out * x->stride + tap % x->taps * x->dilation;
    outer /= x->out;
    tap /= x->taps;
    if (at < x->before || at - x->before >= x->in)
      return false;
    *plane += (at - x->before) * stride;
    stride *= x->in;
  }
  return true;
}

/* Samples [*from, *to) of a plane that are inside the input; the first is at output `first`. */
NOINLINE void conv_inside(const conv_axis *x, size_t plane, size_t first, size_t *from, size_t *to)
{
  const size_t start = first * x->w.stride + x->base[plane];
  const size_t before = x->w.before, end = before + x->w.in, step = x->w.stride;
  const size_t least = start >= before ? 0 : before - start, most = start >= end ? 0 : end - start;
  *from = gemm_least(step == 1 ? least : gemm_parts(least, step), x->length);
  *to = gemm_least(step == 1 ? most : gemm_parts(most, step), x->length);
  if (*to < *from)
    *from = *to;
}

#define E float
#define V vec_f32
#define V_ANY vec_f32_any
#define V_MADD vec_madd_f32
#define G(name) gemm_##name##_f32
#define C(name) conv_##name##_f32
#include "ops/kit/conv_body.h"
#undef E
#undef V
#undef V_ANY
#undef V_MADD
#undef G
#undef C

#define E double
#define V vec_f64
#define V_ANY vec_f64_any
#define V_MADD vec_madd_f64
#define G(name) gemm_##name##_f64
#define C(name) conv_##name##_f64
#include "ops/kit/conv_body.h"
#undef E
#undef V
#undef V_ANY
#undef V_MADD
#undef G
#undef C

#endif
