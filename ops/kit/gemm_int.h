/* gemm_int.h: products of 32- and 64-bit integers that wrap, with the blocks of gemm.h. 32 bits are
 * computed in 64: the low bits are the same. */
#ifndef ONX_KIT_GEMM_INT_H
#define ONX_KIT_GEMM_INT_H

#include "ops/kit/gemm.h"

/* Types of Gemm and MatMul by opset. */
#define T_GEMM_1 (ONNXRUN_TYPE(FLOAT16) | ONNXRUN_TYPE(FLOAT) | ONNXRUN_TYPE(DOUBLE))
#define T_GEMM_9 (T_GEMM_1 | T_INDEX | ONNXRUN_TYPE(UINT32) | ONNXRUN_TYPE(UINT64))
#define T_GEMM_13 (T_GEMM_9 | ONNXRUN_TYPE(BFLOAT16))

/* A constant whose panels gemm_pack_whole() can make. */
static inline bool gemm_is_packable(const onnxrun_tensor *b)
{
  return b->data && b->bytes > 0 &&
         (b->dtype == ONNXRUN_FLOAT || b->dtype == ONNXRUN_DOUBLE ||
          gemm_kind_of(b->dtype) != GEMM_NATIVE);
}

typedef struct gemm_int {
  const gemm *g;
  const void *a, *b, *c;
  void *y;
  onnxrun_dtype dtype;
} gemm_int;

/* Computes block `item` of the product. */
#define gemm_int_block ONX_KIT(gemm_int_block)
KIT void gemm_int_block(const gemm_int *p, size_t item);

#ifdef GEMM_BODIES
static inline uint64_t gemm_int_load(const void *from, size_t at, size_t bytes)
{
  uint64_t wide;
  uint32_t narrow;
  if (bytes == 4) {
    memcpy(&narrow, (const char *)from + at * bytes, bytes);
    return narrow;
  }
  memcpy(&wide, (const char *)from + at * bytes, sizeof wide);
  return wide;
}

static inline double gemm_int_number(uint64_t x, onnxrun_dtype t)
{
  switch (t) {
  case ONNXRUN_INT32:
    return (double)(int32_t)(uint32_t)x;
  case ONNXRUN_UINT32:
    return (double)(uint32_t)x;
  case ONNXRUN_INT64:
    return (double)(int64_t)x;
  default:
    return (double)x;
  }
}

/* A real number cut off to an integer, the nearest end of the type beyond it. */
static inline uint64_t gemm_int_cut(double x, onnxrun_dtype t)
{
  const bool is_signed = t == ONNXRUN_INT32 || t == ONNXRUN_INT64;
  const double top = ldexp(1.0, (int)onnxrun_bits(t) - is_signed), least = is_signed ? -top : 0;
  if (!(x > least))
    return is_signed ? (uint64_t)1 << (onnxrun_bits(t) - 1) : 0;
  if (x >= top)
    return UINT64_MAX >> (64 - onnxrun_bits(t) + is_signed);
  return x < 0 ? (uint64_t)(int64_t)x : (uint64_t)x;
}

NOINLINE void gemm_int_finish(const gemm_int *p, uint64_t sum, size_t i, size_t j)
{
  const gemm *g = p->g;
  const size_t bytes = element_bytes(p->dtype);
  uint64_t c = 0, y = sum;
  if (g->has_c)
    c = gemm_int_load(p->c, i * g->c_row + j * g->c_column, bytes);
  if (g->alpha == 1.0f && (!g->has_c || g->beta == 1.0f))
    y += c;
  else
    y = gemm_int_cut((double)g->alpha * gemm_int_number(sum, p->dtype) +
                         (double)g->beta * gemm_int_number(c, p->dtype),
                     p->dtype);
  if (bytes == 4)
    ((uint32_t *)p->y)[i * g->n + j] = (uint32_t)y;
  else
    ((uint64_t *)p->y)[i * g->n + j] = y;
}

/* Row i of Y, columns [from, from + n). */
static inline void gemm_int_row(const gemm_int *p, size_t i, size_t from, size_t n)
{
  uint64_t sum[2 * GEMM_PAIRS * VEC_BYTES];
  const gemm *g = p->g;
  const size_t bytes = element_bytes(p->dtype);
  const size_t b_k = g->b.turned ? 1 : g->b.ld, b_j = g->b.turned ? g->b.ld : 1;
  memset(sum, 0, n * sizeof *sum);
  for (size_t k = 0; k < g->k; k++) {
    const uint64_t a = gemm_int_load(p->a, g->a.turned ? k * g->a.ld + i : i * g->a.ld + k, bytes);
    for (size_t j = 0; j < n; j++)
      sum[j] += a * gemm_int_load(p->b, k * b_k + (from + j) * b_j, bytes);
  }
  for (size_t j = 0; j < n; j++)
    gemm_int_finish(p, sum[j], i, from + j);
}

KIT void gemm_int_block(const gemm_int *p, size_t item)
{
  const gemm *g = p->g;
  const size_t row = item % g->n_high * g->high, column = item / g->n_high * g->wide;
  const size_t rows = gemm_least(g->m - row, g->high);
  for (size_t r = 0; r < rows; r++)
    gemm_int_row(p, row + r, column, gemm_least(g->n - column, g->wide));
}
#endif /* GEMM_BODIES */

#endif
