/* Reshape: the same elements under other dims; 0 copies the input's dim (unless allowzero), one -1
 * takes what is left.  Opsets 1 (attribute), 5, 13, 14 (allowzero), 19, 21, 23, 24, 25.
 * A view: no work. */
#include "ops/kit/axes.h"

typedef struct reshape {
  onnxrun_ints shape;
  int64_t allowzero;
} reshape;

/* dims[i] of the wish; the -1 stays. */
COLD static onnxrun_status reshape_dim(const onnxrun_host *h, onnxrun_node *n, const reshape *p,
                                       size_t i, int64_t *dim)
{
  const onnxrun_tensor *x = h->input(n, 0);
  *dim = p->shape.items[i];
  if (*dim < -1)
    return h->fail(n, ONNXRUN_INVALID_INPUT, "shape[%zu] is %lld, expected -1 or more", i,
                   (long long)*dim);
  if (*dim != 0 || p->allowzero)
    return ONNXRUN_OK;
  if (i >= x->rank)
    return h->fail(n, ONNXRUN_INVALID_INPUT,
                   "shape[%zu] is 0 and would copy a dim that an input of rank %u does not have", i,
                   x->rank);
  *dim = x->dims[i];
  return ONNXRUN_OK;
}

/* What the other dims leave of the input's elements. */
COLD static onnxrun_status infer_dim(const onnxrun_host *h, onnxrun_node *n, size_t elements,
                                     size_t others, int64_t *dim)
{
  if (others == 0 || elements % others != 0)
    return h->fail(n, ONNXRUN_INVALID_INPUT,
                   "shape has a -1, but %zu elements do not divide by the other dims' %zu",
                   elements, others);
  *dim = (int64_t)(elements / others);
  return ONNXRUN_OK;
}

COLD static onnxrun_status reshape_to(const onnxrun_host *h, onnxrun_node *n, const reshape *p)
{
  const size_t elements = onnxrun_elements(h->input(n, 0));
  int64_t dims[ONNXRUN_MAX_RANK];
  size_t product, free_dim = SIZE_MAX;
  if (p->shape.size > ONNXRUN_MAX_RANK)
    return h->fail(n, ONNXRUN_LIMIT, "shape has %zu dims, the most is %d", p->shape.size,
                   ONNXRUN_MAX_RANK);
  for (size_t i = 0; i < p->shape.size; i++) {
    const onnxrun_status s = reshape_dim(h, n, p, i, &dims[i]);
    if (s != ONNXRUN_OK)
      return s;
    if (dims[i] == -1 && free_dim != SIZE_MAX)
      return h->fail(n, ONNXRUN_INVALID_INPUT, "shape has more than one -1");
    if (dims[i] == -1)
      free_dim = i;
  }
  if (free_dim != SIZE_MAX)
    dims[free_dim] = 1;
  if (!dims_count(dims, (uint32_t)p->shape.size, &product))
    return h->fail(n, ONNXRUN_INVALID_INPUT, "shape has more elements than the input's %zu",
                   elements);
  if (free_dim != SIZE_MAX) {
    const onnxrun_status s = infer_dim(h, n, elements, product, &dims[free_dim]);
    if (s != ONNXRUN_OK)
      return s;
  } else if (product != elements) {
    return h->fail(n, ONNXRUN_INVALID_INPUT, "shape has %zu elements, the input has %zu", product,
                   elements);
  }
  return h->output(n, 0, (uint32_t)p->shape.size, dims);
}

COLD static onnxrun_status reshape_shape(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  reshape *p = params;
  const onnxrun_status s = h->n_inputs(n) > 1 ? ints_of(h, n, 1, &p->shape) : ONNXRUN_OK;
  return s == ONNXRUN_OK ? reshape_to(h, n, p) : s;
}

static const onnxrun_operand attribute_in[] = {IN("data", 'T', T_TENSORS), END};
static const onnxrun_operand reshape_in[] = {IN("data", 'T', T_TENSORS),
                                             IN_FLAGS("shape", 0, T_INT64, ONNXRUN_VALUE), END};
static const onnxrun_operand reshape_out[] = {OUT("reshaped", 'T', T_TENSORS), END};

static const onnxrun_attr attrs_1[] = {ATTR_INTS(reshape, shape), ATTR_IGNORED("consumed_inputs"),
                                       END};
static const onnxrun_attr attrs_14[] = {ATTR_I(reshape, allowzero, 0), END};

#define RESHAPE(first, last)                                                                       \
  KERNEL("Reshape", first, last), .flags = ONNXRUN_VIEW, .outputs = reshape_out,                   \
                                  .params_size = sizeof(reshape), .shape = reshape_shape

static const onnxrun_kernel reshape_1 = {RESHAPE(1, 4), .inputs = attribute_in, .attrs = attrs_1};
static const onnxrun_kernel reshape_5 = {RESHAPE(5, 13), .inputs = reshape_in};
static const onnxrun_kernel reshape_14 = {RESHAPE(14, 0), .inputs = reshape_in, .attrs = attrs_14};

KERNELS_BY_LOOP(reshape, &reshape_1, &reshape_5, &reshape_14)
