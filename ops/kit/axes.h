/* axes.h: lists of axes and dims, from an attribute or an input. */
#ifndef ONX_KIT_AXES_H
#define ONX_KIT_AXES_H

#include "ops/kit/op.h"

/* The integers of an operand of rank 1 (or 0) and type int64; none when the operand is absent. */
static inline onnxrun_status ints_of(const onnxrun_host *h, onnxrun_node *n, uint32_t input,
                                     onnxrun_ints *out)
{
  const onnxrun_tensor *t = h->input(n, input);
  *out = (onnxrun_ints){NULL, 0};
  if (!t)
    return ONNXRUN_OK;
  if (t->rank > 1)
    return h->fail(n, ONNXRUN_INVALID_INPUT, "input %u has rank %u, expected 1", input, t->rank);
  *out = (onnxrun_ints){t->data, onnxrun_elements(t)};
  return ONNXRUN_OK;
}

/* The axes as a set of bits, each counted from the end when negative. */
static inline onnxrun_status axes_set(const onnxrun_host *h, onnxrun_node *n, onnxrun_ints axes,
                                      uint32_t rank, uint32_t *set)
{
  *set = 0;
  for (size_t i = 0; i < axes.size; i++) {
    uint32_t axis;
    const onnxrun_status s = axis_of(h, n, axes.items[i], rank, &axis);
    if (s != ONNXRUN_OK)
      return s;
    if (*set >> axis & 1u)
      return h->fail(n, ONNXRUN_INVALID_MODEL, "axis %lld is given twice",
                     (long long)axes.items[i]);
    *set |= 1u << axis;
  }
  return ONNXRUN_OK;
}

/* Product of dims that are not negative, 0 when one of them is; false: it does not fit an int64. */
static inline bool dims_count(const int64_t *dims, uint32_t rank, size_t *out)
{
  int64_t product = 1;
  bool fits = true;
  for (uint32_t d = 0; d < rank; d++) {
    if (dims[d] == 0) {
      *out = 0;
      return true;
    }
    fits = fits && !__builtin_mul_overflow(product, dims[d], &product);
  }
  *out = (size_t)product;
  return fits;
}

#endif
