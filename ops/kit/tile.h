/* tile.h: a block of rows turned into columns, by element size. Squares of 16 bytes by 16 bytes are
 * turned in registers: interleaving rows i and i + n/2, log2 n times, transposes n by n elements.
 * Squares are walked in blocks of 64 by 64 bytes; where a stride maps all rows to the same few sets
 * of the cache, a block is gathered before it is written, so that each line is touched once.
 * Measured on Zen 4, float, one core, in GB/s read and written (memcpy: 97): 256 x 256 78, 1000 x
 * 1000 66, 1024 x 1024 23 (15 when not gathered), NCHW to NHWC of 64 channels 64, back 53. */
#ifndef ONX_KIT_TILE_H
#define ONX_KIT_TILE_H

#include "ops/kit/vec.h"

enum { TILE_LINE = 64, TILE_SAME_SET = 2048 };

/* Rows x columns of elements; rows of the input are `from_stride` bytes apart, the output's rows,
 * which are the columns, `to_stride`. */
typedef struct tile {
  size_t rows, columns, to_stride, from_stride;
} tile;

/* Elements of 1, 2, 4, 8 or 16 bytes. */
#define tile_turn ONX_KIT(tile_turn)
KIT void tile_turn(char *to, const char *from, const tile *t, size_t bytes);

#ifdef ONX_KIT_BODIES
typedef void (*tile_fn)(char *to, size_t to_stride, const char *from, size_t from_stride);

#define TILE_LOW_2 0, 2
#define TILE_HIGH_2 1, 3
#define TILE_LOW_4 0, 4, 1, 5
#define TILE_HIGH_4 2, 6, 3, 7
#define TILE_LOW_8 0, 8, 1, 9, 2, 10, 3, 11
#define TILE_HIGH_8 4, 12, 5, 13, 6, 14, 7, 15
#define TILE_LOW_16 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define TILE_HIGH_16 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31

/* Before a loop of constant length over an array that is to live in registers. */
#ifdef __clang__
#define TILE_UNROLL _Pragma("unroll")
#else
#define TILE_UNROLL _Pragma("GCC unroll 16")
#endif

/* One square: n rows of n elements, which are 16 bytes. */
#define TILE_SQUARE(bits, n)                                                                       \
  typedef uint##bits##_t tile_vec_##bits __attribute__((vector_size(16)));                         \
  ALWAYS_INLINE void tile_square_##bits(char *to, size_t to_stride, const char *from,              \
                                        size_t from_stride)                                        \
  {                                                                                                \
    tile_vec_##bits a[n], b[n];                                                                    \
    TILE_UNROLL for (size_t i = 0; i < (n); i++) memcpy(&a[i], from + i * from_stride, 16);        \
    TILE_UNROLL for (size_t stage = 1; stage < (n); stage *= 2)                                    \
    {                                                                                              \
      TILE_UNROLL for (size_t i = 0; i < (n) / 2; i++)                                             \
      {                                                                                            \
        b[2 * i] = __builtin_shufflevector(a[i], a[i + (n) / 2], TILE_LOW_##n);                    \
        b[2 * i + 1] = __builtin_shufflevector(a[i], a[i + (n) / 2], TILE_HIGH_##n);               \
      }                                                                                            \
      TILE_UNROLL for (size_t i = 0; i < (n); i++) a[i] = b[i];                                    \
    }                                                                                              \
    TILE_UNROLL for (size_t i = 0; i < (n); i++) memcpy(to + i * to_stride, &a[i], 16);            \
  }
TILE_SQUARE(8, 16)
TILE_SQUARE(16, 8)
TILE_SQUARE(32, 4)
TILE_SQUARE(64, 2)
#undef TILE_SQUARE

ALWAYS_INLINE void tile_square_128(char *to, size_t to_stride, const char *from, size_t from_stride)
{
  (void)to_stride;
  (void)from_stride;
  memcpy(to, from, 16);
}

/* Element by element. */
ALWAYS_INLINE void tile_plain(char *to, const char *from, const tile *t, size_t bytes)
{
  for (size_t c = 0; c < t->columns; c++) {
    for (size_t r = 0; r < t->rows; r++)
      memcpy(to + c * t->to_stride + r * bytes, from + r * t->from_stride + c * bytes, bytes);
  }
}

/* In squares, and plainly where none fits. */
ALWAYS_INLINE void tile_squares(char *to, const char *from, const tile *t, size_t bytes,
                                tile_fn square)
{
  const size_t n = 16 / bytes, rows = t->rows / n * n, columns = t->columns / n * n;
  for (size_t c = 0; c < columns; c += n) {
    for (size_t r = 0; r < rows; r += n)
      square(to + c * t->to_stride + r * bytes, t->to_stride, from + r * t->from_stride + c * bytes,
             t->from_stride);
  }
  const tile right = {rows, t->columns - columns, t->to_stride, t->from_stride};
  const tile below = {t->rows - rows, t->columns, t->to_stride, t->from_stride};
  tile_plain(to + columns * t->to_stride, from + columns * bytes, &right, bytes);
  tile_plain(to + rows * bytes, from + rows * t->from_stride, &below, bytes);
}

/* A whole block by way of memory that stays in L1: lines are read at once and written at once. */
ALWAYS_INLINE void tile_gathered(char *to, const char *from, const tile *t, size_t bytes,
                                 tile_fn square)
{
  _Alignas(64) char gathered[TILE_LINE * TILE_LINE];
  const size_t n = 16 / bytes, line = TILE_LINE / bytes;
  const tile strip = {n, line, TILE_LINE, t->from_stride};
  for (size_t r = 0; r < line; r += n)
    tile_squares(gathered + r * bytes, from + r * t->from_stride, &strip, bytes, square);
  for (size_t i = 0; i < line; i++)
    memcpy(to + i * t->to_stride, gathered + i * TILE_LINE, TILE_LINE);
}

/* By blocks of lines. */
ALWAYS_INLINE void tile_blocks(char *to, const char *from, const tile *t, size_t bytes,
                               tile_fn square)
{
  const size_t n = TILE_LINE / bytes;
  const bool is_gathered = t->to_stride % TILE_SAME_SET == 0 || t->from_stride % TILE_SAME_SET == 0;
  for (size_t r = 0; r < t->rows; r += n) {
    for (size_t c = 0; c < t->columns; c += n) {
      const tile block = {t->rows - r < n ? t->rows - r : n,
                          t->columns - c < n ? t->columns - c : n, t->to_stride, t->from_stride};
      char *y = to + c * t->to_stride + r * bytes;
      const char *x = from + r * t->from_stride + c * bytes;
      if (is_gathered && block.rows == n && block.columns == n)
        tile_gathered(y, x, &block, bytes, square);
      else
        tile_squares(y, x, &block, bytes, square);
    }
  }
}

KIT void tile_turn(char *to, const char *from, const tile *t, size_t bytes)
{
  if (bytes == 1)
    tile_blocks(to, from, t, 1, tile_square_8);
  else if (bytes == 2)
    tile_blocks(to, from, t, 2, tile_square_16);
  else if (bytes == 4)
    tile_blocks(to, from, t, 4, tile_square_32);
  else if (bytes == 8)
    tile_blocks(to, from, t, 8, tile_square_64);
  else
    tile_blocks(to, from, t, 16, tile_square_128);
}

#endif

#endif
