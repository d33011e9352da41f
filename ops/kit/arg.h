/* arg.h: where along an axis the largest or smallest element stands: ArgMax and ArgMin.
 *
 * A place keeps the best element of a column and the row it was in; rows are visited from the first
 * to the last, or backwards for the last of equal elements, so the first visited wins. NaN beats
 * everything, as in numpy. A contiguous run is cut into rows of FOLD_LANES and the lanes' bests are
 * compared at the end; runs up to that length are taken as columns (fold.h). The smallest is the
 * largest of negated elements; integers are negated and made signed bit by bit. */
#ifndef ONX_KIT_ARG_H
#define ONX_KIT_ARG_H

#include "ops/kit/fold.h"

enum { ARG_TILE = 256 };

/* Best elements and their rows, counted in words as wide as the elements. */
struct arg_places {
  union {
    float f32[ARG_TILE];
    double f64[ARG_TILE];
    int64_t i64[ARG_TILE];
  } best;
  union {
    uint32_t u32[ARG_TILE];
    uint64_t u64[ARG_TILE];
  } at;
};

/* Visits row `row`, x[width]. */
typedef void (*arg_row_fn)(struct arg_places *p, const void *x, size_t row, size_t width);
/* The element that the lanes' bests lead to; backwards: the last of equal ones. */
typedef size_t (*arg_lanes_fn)(const struct arg_places *p, bool is_last);

#define ARG(suffix, T, INDEX, index)                                                               \
  static void arg_row_##suffix(struct arg_places *p, const void *from, size_t row, size_t width)   \
  {                                                                                                \
    const T *restrict x = from;                                                                    \
    T *restrict best = p->best.suffix;                                                             \
    INDEX *restrict at = p->at.index;                                                              \
    LOOP_SIMD for (size_t j = 0; j < width; j++)                                                   \
    {                                                                                              \
      const T v = x[j], b = best[j];                                                               \
      const bool wins = (v > b) | ((v != v) & (b == b));                                           \
      best[j] = wins ? v : b;                                                                      \
      at[j] = wins ? (INDEX)row : at[j];                                                           \
    }                                                                                              \
  }                                                                                                \
  static size_t arg_lanes_##suffix(const struct arg_places *p, bool is_last)                       \
  {                                                                                                \
    T best = p->best.suffix[0];                                                                    \
    size_t found = (size_t)p->at.index[0] * FOLD_LANES;                                            \
    for (size_t j = 1; j < FOLD_LANES; j++) {                                                      \
      const T v = p->best.suffix[j];                                                               \
      const size_t at = (size_t)p->at.index[j] * FOLD_LANES + j;                                   \
      const bool wins = v > best || (v != v && best == best);                                      \
      const bool equals = v == best || (v != v && best != best);                                   \
      if (wins || (equals && (is_last ? at > found : at < found))) {                               \
        best = v;                                                                                  \
        found = at;                                                                                \
      }                                                                                            \
    }                                                                                              \
    return found;                                                                                  \
  }
ARG(f32, float, uint32_t, u32)
ARG(f64, double, uint64_t, u64)
ARG(i64, int64_t, uint64_t, u64)
#undef ARG

#define NEGATE(x) (-(x))
#define INVERT(x) (~(x))
#define SIGNED_ORDER(x) ((x) ^ UINT64_C(1) << 63)
#define SIGNED_ORDER_INVERTED(x) (~SIGNED_ORDER(x))
FOLD_MAP(arg_negate_f32, float, NEGATE)
FOLD_MAP(arg_negate_f64, double, NEGATE)
FOLD_MAP(arg_invert_i64, uint64_t, INVERT)
FOLD_MAP(arg_order_u64, uint64_t, SIGNED_ORDER)
FOLD_MAP(arg_invert_u64, uint64_t, SIGNED_ORDER_INVERTED)

/* The work of one axis. */
struct arg {
  bool is_min, is_last;       /* set before arg_plan() */
  size_t outer, count, inner; /* before, along and after the axis */
  bool is_run, is_short;      /* neither: columns */
  size_t tile, tiles, items;
  size_t rows, stride, tail;
  struct fold how; /* of how elements are loaded */
  arg_row_fn row;
  arg_lanes_fn lanes;
};

static COLD void arg_types(struct arg *a, onnxrun_dtype dtype)
{
  static const arg_row_fn rows[WIDES] = {arg_row_f32, arg_row_f64, arg_row_i64, arg_row_i64};
  static const arg_lanes_fn lanes[WIDES] = {arg_lanes_f32, arg_lanes_f64, arg_lanes_i64,
                                            arg_lanes_i64};
  static const fold_map_fn maps[2][WIDES] = {
      {NULL, NULL, NULL, arg_order_u64},
      {arg_negate_f32, arg_negate_f64, arg_invert_i64, arg_invert_u64}};
  static const uint64_t least[WIDES] = {0xff800000u, UINT64_C(0xfff) << 52, UINT64_C(1) << 63,
                                        UINT64_C(1) << 63};
  const struct wide_type *t = wide_type_of(dtype);
  a->row = rows[t->wide];
  a->lanes = lanes[t->wide];
  a->how = (struct fold){.stored = t->bytes,
                         .bytes = wide_bytes(t),
                         .identity = least[t->wide],
                         .load = t->load,
                         .map = maps[a->is_min][t->wide]};
}

/* Geometry and types from outer, count and inner. */
static COLD void arg_plan(struct arg *a, onnxrun_dtype dtype)
{
  arg_types(a, dtype);
  a->is_short = a->inner <= 1 && a->count <= FOLD_LANES;
  a->is_run = a->inner <= 1 && !a->is_short;
  a->rows = a->count;
  a->stride = a->inner;
  a->tile = a->is_short ? FOLD_LANES : ARG_TILE < a->inner ? ARG_TILE : a->inner;
  const size_t columns = a->is_short ? a->outer : a->inner;
  a->tiles = a->tile ? columns / a->tile + (columns % a->tile != 0) : 0;
  a->items = a->is_short ? a->tiles : a->outer * a->tiles;
  a->how.apart = a->is_short ? a->count : 1;
  if (a->is_run) {
    a->items = a->outer;
    a->tile = FOLD_LANES;
    a->stride = FOLD_LANES;
    a->rows = a->count / FOLD_LANES;
    a->tail = a->count % FOLD_LANES;
  }
}

static inline size_t arg_scratch(const struct arg *a)
{
  return sizeof(struct arg_places) + fold_level_bytes(&a->how, a->tile);
}

/* An item: its first element, and which and how many results it is. */
struct arg_item {
  size_t from, to, width;
};

static inline struct arg_item arg_item(const struct arg *a, size_t i)
{
  if (a->is_run)
    return (struct arg_item){i * a->count, i, FOLD_LANES};
  const size_t set = a->is_short ? 0 : i / a->tiles, column = i % a->tiles * a->tile;
  const size_t left = (a->is_short ? a->outer : a->inner) - column;
  return (struct arg_item){a->is_short ? column * a->count : set * a->count * a->inner + column,
                           set * a->inner + column, left < a->tile ? left : a->tile};
}

/* Visits row r at x. */
static void arg_visit(const struct arg *a, const char *x, size_t r, size_t width, void *scratch)
{
  struct arg_places *places = scratch;
  const void *row = x + r * a->stride * a->how.stored;
  if (a->how.load || a->how.map || a->how.apart > 1) {
    const struct folding f = {.how = &a->how, .gather = (char *)scratch + sizeof *places};
    fold_gather(&f, row, 0, 1, width);
    row = f.gather;
  }
  a->row(places, row, r, width);
}

/* Index j < width of an item, after arg_find(). */
static inline size_t arg_at(const struct arg *a, const struct arg_places *places, size_t j)
{
  if (a->is_run)
    return a->lanes(places, a->is_last);
  return a->how.bytes == sizeof(uint32_t) ? places->at.u32[j] : (size_t)places->at.u64[j];
}

/* Fills the places at the start of scratch for an item of `width` columns from x. */
static void arg_find(const struct arg *a, const char *x, size_t width, void *scratch)
{
  struct arg_places *places = scratch;
  const size_t last = a->rows - 1 + (a->tail > 0);
  fold_fill(&places->best, a->how.identity, a->how.bytes, width);
  for (size_t part = 0; part < 2; part++) { /* lanes that the tail has, the others */
    const size_t from = part == 0 ? 0 : a->tail, to = part == 0 ? a->tail : width;
    const size_t first = !a->is_last ? 0 : part == 0 ? last : a->rows - 1;
    fold_fill((char *)&places->at + from * a->how.bytes, first, a->how.bytes, to - from);
  }
  if (a->tail > 0 && a->is_last)
    arg_visit(a, x, a->rows, a->tail, scratch);
  for (size_t r = 0; r < a->rows; r++)
    arg_visit(a, x, a->is_last ? a->rows - 1 - r : r, width, scratch);
  if (a->tail > 0 && !a->is_last)
    arg_visit(a, x, a->rows, a->tail, scratch);
}

#endif
