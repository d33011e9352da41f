/* copy.h: a dense output filled from an input that is walked by strides (Slice, Transpose, ...).
 * Elements are moved by their size in bytes, whatever their type, at any alignment. */
#ifndef ONX_KIT_COPY_H
#define ONX_KIT_COPY_H

#include "ops/kit/vec.h"

enum { COPY_CHUNK = 16384 }; /* most bytes of an item */

/* The output's dims, those of 1 left out and neighbours joined where the input allows it, and how
 * far the input moves with each, in bytes. */
typedef struct copy {
  uint32_t rank; /* at least 1 once planned */
  size_t dims[ONNXRUN_MAX_RANK];
  int64_t strides[ONNXRUN_MAX_RANK];
  size_t element;         /* bytes */
  int64_t start;          /* of output element 0 in the input, in bytes */
  size_t chunk, n_chunks; /* elements of the last dim in an item; items to a row */
} copy;

/* Appends a dim inside of those before. */
static inline void copy_dim(copy *c, size_t dim, int64_t stride)
{
  if (dim == 1)
    return;
  const bool joins = c->rank > 0 && c->strides[c->rank - 1] == stride * (int64_t)dim;
  if (joins)
    c->dims[c->rank - 1] *= dim;
  else
    c->dims[c->rank++] = dim;
  c->strides[c->rank - 1] = stride;
}

/* After all dims: items are rows, or chunks of long ones. */
static inline void copy_plan(copy *c, onnxrun_work *work)
{
  if (c->rank == 0) {
    c->dims[c->rank] = 1;
    c->strides[c->rank++] = (int64_t)c->element;
  }
  const size_t row = c->dims[c->rank - 1], most = COPY_CHUNK / c->element;
  size_t rows = 1;
  for (uint32_t d = 0; d + 1 < c->rank; d++)
    rows *= c->dims[d];
  c->chunk = row < most ? row : most;
  c->n_chunks = c->chunk ? row / c->chunk + (row % c->chunk != 0) : 0;
  work->items = rows * c->n_chunks;
  const bool is_run = c->strides[c->rank - 1] == (int64_t)c->element;
  work->item_cost = 8 + (double)c->chunk * (is_run ? (double)c->element / 16 : 1.0);
}

/* The first and the last `size` bytes, which may overlap. */
#define COPY_ENDS(size)                                                                            \
  do {                                                                                             \
    unsigned char a_[size], b_[size];                                                              \
    memcpy(a_, from, size);                                                                        \
    memcpy(b_, from + bytes - (size), size);                                                       \
    memcpy(to, a_, size);                                                                          \
    memcpy(to + bytes - (size), b_, size);                                                         \
  } while (0)

/* Few bytes without a call. */
static inline void copy_bytes(char *to, const char *from, size_t bytes)
{
  if (bytes > 32) {
    memcpy(to, from, bytes);
  } else if (bytes >= 16) {
    COPY_ENDS(16);
  } else if (bytes >= 8) {
    COPY_ENDS(8);
  } else if (bytes >= 4) {
    COPY_ENDS(4);
  } else {
    for (size_t i = 0; i < bytes; i++)
      to[i] = from[i];
  }
}
#undef COPY_ENDS

/* Where row r begins in the input, and its place in every dim. */
static inline int64_t copy_seek(const copy *c, size_t r, size_t *at)
{
  int64_t offset = c->start;
  for (uint32_t d = c->rank - 1; d-- > 0;) {
    at[d] = r % c->dims[d];
    r /= c->dims[d];
    offset += (int64_t)at[d] * c->strides[d];
  }
  return offset;
}

/* From the row at `at` and `offset` to the next. */
static inline int64_t copy_next(const copy *c, size_t *at, int64_t offset)
{
  for (uint32_t d = c->rank - 1; d-- > 0;) {
    offset += c->strides[d];
    if (++at[d] < c->dims[d])
      return offset;
    offset -= (int64_t)c->dims[d] * c->strides[d];
    at[d] = 0;
  }
  return offset;
}

/* Items [begin, end). */
#define copy_range ONX_KIT(copy_range)
KIT void copy_range(const copy *c, char *to, const char *from, size_t begin, size_t end);

#ifdef ONX_KIT_BODIES
#define COPY_STRIDED(bits)                                                                         \
  static inline void copy_strided_##bits(char *to, const char *from, size_t n, int64_t stride)     \
  {                                                                                                \
    for (size_t i = 0; i < n; i++) {                                                               \
      uint##bits##_t x;                                                                            \
      memcpy(&x, from + (int64_t)i * stride, sizeof x);                                            \
      memcpy(to + i * sizeof x, &x, sizeof x);                                                     \
    }                                                                                              \
  }
COPY_STRIDED(8)
COPY_STRIDED(16)
COPY_STRIDED(32)
COPY_STRIDED(64)
#undef COPY_STRIDED

/* n elements, `stride` bytes apart in the input. */
static inline void copy_run(char *to, const char *from, size_t n, int64_t stride, size_t element)
{
  if (stride == (int64_t)element)
    copy_bytes(to, from, n * element);
  else if (element == 1)
    copy_strided_8(to, from, n, stride);
  else if (element == 2)
    copy_strided_16(to, from, n, stride);
  else if (element == 4)
    copy_strided_32(to, from, n, stride);
  else if (element == 8)
    copy_strided_64(to, from, n, stride);
  else {
    for (size_t i = 0; i < n; i++)
      memcpy(to + i * 16, from + (int64_t)i * stride, 16);
  }
}

KIT void copy_range(const copy *c, char *to, const char *from, size_t begin, size_t end)
{
  size_t at[ONNXRUN_MAX_RANK];
  const size_t row = c->dims[c->rank - 1];
  const int64_t stride = c->strides[c->rank - 1];
  size_t r = begin / c->n_chunks, chunk = begin % c->n_chunks;
  int64_t offset = copy_seek(c, r, at);
  for (size_t i = begin; i < end; i++) {
    const size_t first = chunk * c->chunk, left = row - first;
    copy_run(to + (r * row + first) * c->element, from + offset + (int64_t)first * stride,
             left < c->chunk ? left : c->chunk, stride, c->element);
    if (++chunk == c->n_chunks) {
      chunk = 0;
      r++;
      offset = copy_next(c, at, offset);
    }
  }
}

#endif

#endif
