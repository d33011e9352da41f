/* fold.h: many elements to one by an associative operation, in an order that is fixed by how many
 * there are: sums, products, maxima for reductions and softmax.
 *
 * A fold takes rows of `width` elements to one row, its result, element by element; so the loop
 * is a plain one over columns and serves both ways to reduce. Columns: the rows are the tensor's,
 * `width` of its neighbouring columns at a time. A contiguous run: it is cut into rows of
 * FOLD_LANES elements, and their result is folded once more by halves (fold_lanes).
 *
 * Rows are taken four at a time, ((a + b) + (c + d)) onto the result; blocks of FOLD_BLOCK rows
 * are added pairwise. So a sum of n elements that are computed with unit roundoff u has an error of
 * at most (18 + log2 n) u times the sum of magnitudes, and overflows only as the formula does.
 */
#ifndef ONX_KIT_FOLD_H
#define ONX_KIT_FOLD_H

#include "ops/kit/widen.h"

enum {
  FOLD_BLOCK = 64,
  FOLD_LANES = 64,
  FOLD_GATHER = 4, /* rows converted at a time */
};

/* acc[j] = acc[j] op x[r * stride + j] for r < rows, j < width, in the type computed in. */
typedef void (*fold_fn)(void *restrict acc, const void *restrict x, size_t stride, size_t rows,
                        size_t width);

/* The loop `name` of type T. OP joins two. */
#define FOLD(name, T, OP)                                                                          \
  static void name(void *restrict acc, const void *restrict from, size_t stride, size_t rows,      \
                   size_t width)                                                                   \
  {                                                                                                \
    T *restrict y = acc;                                                                           \
    const T *restrict a = from;                                                                    \
    for (; rows >= 4; rows -= 4, a += 4 * stride) {                                                \
      const T *restrict b = a + stride, *restrict c = b + stride, *restrict d = c + stride;        \
      LOOP_SIMD for (size_t j = 0; j < width; j++) y[j] =                                          \
          OP(y[j], OP(OP(a[j], b[j]), OP(c[j], d[j])));                                            \
    }                                                                                              \
    for (; rows > 0; rows--, a += stride) {                                                        \
      LOOP_SIMD for (size_t j = 0; j < width; j++) y[j] = OP(y[j], a[j]);                          \
    }                                                                                              \
  }

/* The same a row at a time, for what is exact in any order: three choices in a row would come out
 * as branches. */
#define FOLD_EXACT(name, T, OP)                                                                    \
  static void name(void *restrict acc, const void *restrict from, size_t stride, size_t rows,      \
                   size_t width)                                                                   \
  {                                                                                                \
    T *restrict y = acc;                                                                           \
    const T *restrict x = from;                                                                    \
    for (; rows > 0; rows--, x += stride) {                                                        \
      LOOP_SIMD for (size_t j = 0; j < width; j++) y[j] = OP(y[j], x[j]);                          \
    }                                                                                              \
  }

#define FOLD_ADD(a, b) ((a) + (b))

/* The larger or smaller of two: NaN stays and wins. Two plain choices, which become vectors. */
#define FOLD_PICK(T, suffix)                                                                       \
  ALWAYS_INLINE T max_of_##suffix(T a, T b)                                                        \
  {                                                                                                \
    const T c = b > a ? b : a;                                                                     \
    return b != b ? b : c;                                                                         \
  }                                                                                                \
  ALWAYS_INLINE T min_of_##suffix(T a, T b)                                                        \
  {                                                                                                \
    const T c = b < a ? b : a;                                                                     \
    return b != b ? b : c;                                                                         \
  }
FOLD_PICK(float, f32)
FOLD_PICK(double, f64)
FOLD_PICK(int64_t, i64)
FOLD_PICK(uint64_t, u64)
#undef FOLD_PICK

/* Elements of a fold: `rows` rows of `width` elements, `stride` apart, then one of `tail` if that
 * is not 0; and that in every place of `dims`. Counted in stored elements. */
struct walk {
  size_t rows, stride, width, tail;
  uint32_t rank;
  size_t dims[ONNXRUN_MAX_RANK], strides[ONNXRUN_MAX_RANK];
};

/* y[j] from x[j] and by[j], for j < n, in the type computed in; y may be x. */
typedef void (*fold_map_fn)(void *y, const void *x, const void *by, size_t n);

/* The map `name` of type T without a second operand. */
#define FOLD_MAP(name, T, F)                                                                       \
  static void name(void *to, const void *from, const void *by, size_t n)                           \
  {                                                                                                \
    T *y = to;                                                                                     \
    const T *x = from;                                                                             \
    (void)by;                                                                                      \
    LOOP_SIMD for (size_t j = 0; j < n; j++) y[j] = F(x[j]);                                       \
  }

/* What is done to them. */
struct fold {
  fold_fn fold;
  size_t stored;     /* bytes of a stored element */
  size_t apart;      /* stored elements from one of a row to the next, 0: 1; rows then have at most
                        FOLD_LANES */
  size_t bytes;      /* of an element in the type computed in, 4 or 8 */
  uint64_t identity; /* its bits */
  widen_fn load;     /* NULL: stored as computed */
  fold_map_fn map;   /* done to elements first; NULL: nothing */
  const void *by;    /* by[width] for map */
};

/* Element offset of place `at` in the dims, the last running fastest. */
static inline size_t walk_offset(uint32_t rank, const size_t *dims, const size_t *strides,
                                 size_t at)
{
  size_t offset = 0;
  for (uint32_t d = rank; d-- > 1;) {
    offset += at % dims[d] * strides[d];
    at /= dims[d];
  }
  return rank > 0 ? offset + at * strides[0] : 0;
}

/* Rows of a walk, shorter ones included. */
static inline size_t walk_rows(const struct walk *w)
{
  size_t rows = w->rows + (w->tail > 0);
  for (uint32_t d = 0; d < w->rank; d++)
    rows *= w->dims[d];
  return rows;
}

/* A contiguous run of n elements as rows. */
static inline struct walk walk_run(size_t n)
{
  if (n <= FOLD_LANES)
    return (struct walk){.rows = n > 0, .width = n > 0 ? n : 1};
  return (struct walk){
      .rows = n / FOLD_LANES, .stride = FOLD_LANES, .width = FOLD_LANES, .tail = n % FOLD_LANES};
}

/* A fold under way: partial results lie one behind the other, the newest last. */
struct folding {
  const struct fold *how;
  size_t width, level_bytes;
  char *first, *acc, *gather;
  size_t rows, blocks; /* of the newest, before it */
};

static inline size_t fold_level_bytes(const struct fold *how, size_t width)
{
  return (width * how->bytes + 63) / 64 * 64;
}

static inline size_t fold_levels(size_t rows)
{
  size_t levels = 2;
  for (size_t blocks = rows / FOLD_BLOCK; blocks > 0; blocks /= 2)
    levels++;
  return levels;
}

/* Bytes of scratch that folding `rows` rows of `width` takes. */
static inline size_t fold_scratch(const struct fold *how, size_t rows, size_t width)
{
  return (fold_levels(rows) + FOLD_GATHER) * fold_level_bytes(how, width);
}

/* n elements of 4 or 8 bytes with these bits. */
NOINLINE void fold_fill(void *to, uint64_t bits, size_t bytes, size_t n)
{
  uint32_t *small = to;
  uint64_t *large = to;
  if (bytes == sizeof *small) {
    for (size_t j = 0; j < n; j++)
      small[j] = (uint32_t)bits;
  } else {
    for (size_t j = 0; j < n; j++)
      large[j] = bits;
  }
}

static inline void fold_clear(const struct fold *how, void *acc, size_t width)
{
  fold_fill(acc, how->identity, how->bytes, width);
}

/* acc[0 .. width) become copies of acc[0]. */
static inline void fold_spread(const struct fold *how, void *acc, size_t width)
{
  const uint32_t *small = acc;
  const uint64_t *large = acc;
  fold_fill(acc, how->bytes == sizeof *small ? *small : *large, how->bytes, width);
}

static inline void fold_start(struct folding *f, const struct fold *how, size_t rows, size_t width,
                              void *scratch)
{
  const size_t level = fold_level_bytes(how, width);
  *f = (struct folding){how, width, level, scratch, scratch, NULL, 0, 0};
  f->gather = f->first + fold_levels(rows) * level;
  fold_clear(how, f->acc, width);
}

/* The newest partial result is whole: joins it with its neighbours as a binary counter carries. */
static inline void fold_carry(struct folding *f)
{
  for (size_t b = f->blocks++; b & 1; b >>= 1) {
    f->acc -= f->level_bytes;
    f->how->fold(f->acc, f->acc + f->level_bytes, 0, 1, f->width);
  }
  f->acc += f->level_bytes;
  f->rows = 0;
}

/* Joins what is left; the result is at the start of the scratch. */
static inline void fold_finish(struct folding *f)
{
  if (f->rows == 0 && f->blocks > 0)
    f->acc -= f->level_bytes;
  while (f->acc > f->first) {
    f->acc -= f->level_bytes;
    f->how->fold(f->acc, f->acc + f->level_bytes, 0, 1, f->width);
  }
}

/* n elements of 1, 2, 4 or 8 bytes that lie `apart` elements apart, side by side. */
NOINLINE COLD void fold_pick(char *to, const char *from, size_t apart, size_t bytes, size_t n)
{
#define PICK(size)                                                                                 \
  case size:                                                                                       \
    for (size_t i = 0; i < n; i++)                                                                 \
      memcpy(to + i * (size), from + i * apart * (size), size);                                    \
    break;
  switch (bytes) {
    PICK(1)
    PICK(2)
    PICK(4)
    PICK(8)
  }
#undef PICK
}

/* A few rows as they are to be folded, one behind the other. */
static void fold_gather(const struct folding *f, const char *x, size_t stride, size_t rows,
                        size_t width)
{
  const struct fold *how = f->how;
  for (size_t r = 0; r < rows; r++) {
    char *to = f->gather + r * width * how->bytes;
    const char *from = x + r * stride * how->stored;
    union {
      char bytes[FOLD_LANES * sizeof(double)];
      double aligned;
    } row;
    if (how->apart > 1) {
      fold_pick(how->load ? row.bytes : to, from, how->apart, how->stored, width);
      from = how->load ? row.bytes : to;
    }
    if (how->load) {
      how->load(to, from, width);
      from = to;
    }
    if (how->map)
      how->map(to, from, how->by, width);
  }
}

NOINLINE void fold_rows(struct folding *f, const char *x, size_t stride, size_t rows, size_t width)
{
  const struct fold *how = f->how;
  const bool is_direct = !how->load && !how->map && how->apart <= 1;
  for (size_t n; rows > 0; rows -= n, x += n * stride * how->stored) {
    const size_t room = FOLD_BLOCK - f->rows, most = is_direct ? FOLD_BLOCK : FOLD_GATHER;
    n = rows < room ? rows : room;
    n = n < most ? n : most;
    if (is_direct) {
      how->fold(f->acc, x, stride, n, width);
    } else {
      fold_gather(f, x, stride, n, width);
      how->fold(f->acc, f->gather, width, n, width);
    }
    f->rows += n;
    if (f->rows == FOLD_BLOCK) {
      fold_carry(f);
      fold_clear(how, f->acc, f->width);
    }
  }
}

/* Rows [from, to) of a walk; width: the walk's or, for the last of several tiles, less. */
struct fold_span {
  size_t from, to, width;
};

/* Folds a span of the walk that starts at `base`; scratch[width] is the result. */
NOINLINE void fold_walk(const struct walk *w, const struct fold *how, const void *base,
                        const struct fold_span *span, void *scratch)
{
  struct folding f;
  fold_start(&f, how, span->to - span->from, span->width, scratch);
  const size_t batch = w->rows + (w->tail > 0);
  for (size_t at = span->from, n; at < span->to; at += n) {
    const size_t turn = at < batch ? 0 : at / batch, r = at - turn * batch, left = span->to - at;
    n = batch - r < left ? batch - r : left;
    const size_t whole = r + n <= w->rows ? n : w->rows - r;
    const size_t place = walk_offset(w->rank, w->dims, w->strides, turn);
    const char *x = (const char *)base + (place + r * w->stride) * how->stored;
    fold_rows(&f, x, w->stride, whole, span->width);
    if (n > whole)
      fold_rows(&f, x + whole * w->stride * how->stored, 0, 1, w->tail);
  }
  fold_finish(&f);
}

/* acc[0] is the fold of acc[0 .. width): its quarters side by side, then one by one. */
static inline void fold_lanes(const struct fold *how, void *acc, size_t width)
{
  union {
    float f32[FOLD_LANES / 4];
    double f64[FOLD_LANES / 4];
  } room, *to = &room;
  const size_t quarter = width / 4, rest = width % 4;
  if (width > 16) {
    fold_clear(how, to, quarter);
    how->fold(to, acc, quarter, 4, quarter);
    how->fold(to, (char *)acc + 4 * quarter * how->bytes, 0, 1, rest);
    width = quarter;
  } else {
    memcpy(to, acc, width * how->bytes);
  }
  fold_clear(how, acc, 1);
  how->fold(acc, to, 1, width, 1);
}

#endif
