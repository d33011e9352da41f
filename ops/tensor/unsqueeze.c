/* Unsqueeze: puts dims of 1 where the output's `axes` are.  Opsets 1 (axes is an attribute), 11, 13
 * (an input), 21, 23, 24, 25.  A view: no work. */
#include "ops/kit/axes.h"

typedef struct unsqueeze {
  onnxrun_ints axes;
} unsqueeze;

COLD static onnxrun_status unsqueeze_by(const onnxrun_host *h, onnxrun_node *n, onnxrun_ints axes)
{
  const onnxrun_tensor *x = h->input(n, 0);
  int64_t dims[ONNXRUN_MAX_RANK];
  uint32_t set, from = 0;
  if (axes.size > ONNXRUN_MAX_RANK - x->rank)
    return h->fail(n, ONNXRUN_LIMIT, "%zu axes and an input of rank %u: the most is rank %d",
                   axes.size, x->rank, ONNXRUN_MAX_RANK);
  const uint32_t rank = x->rank + (uint32_t)axes.size;
  const onnxrun_status s = axes_set(h, n, axes, rank, &set);
  if (s != ONNXRUN_OK)
    return s;
  for (uint32_t d = 0; d < rank; d++)
    dims[d] = set >> d & 1u ? 1 : x->dims[from++];
  return h->output(n, 0, rank, dims);
}

static onnxrun_status unsqueeze_shape(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  unsqueeze *p = params;
  const onnxrun_status s = h->n_inputs(n) > 1 ? ints_of(h, n, 1, &p->axes) : ONNXRUN_OK;
  return s == ONNXRUN_OK ? unsqueeze_by(h, n, p->axes) : s;
}

static const onnxrun_operand attribute_in[] = {IN("data", 'T', T_TENSORS), END};
static const onnxrun_operand unsqueeze_in[] = {IN("data", 'T', T_TENSORS),
                                               IN_FLAGS("axes", 0, T_INT64, ONNXRUN_VALUE), END};
static const onnxrun_operand unsqueeze_out[] = {OUT("expanded", 'T', T_TENSORS), END};
static const onnxrun_attr attrs_1[] = {ATTR_INTS_REQUIRED(unsqueeze, axes), END};

#define UNSQUEEZE(first, last)                                                                     \
  KERNEL("Unsqueeze", first, last), .flags = ONNXRUN_VIEW, .outputs = unsqueeze_out,               \
                                    .params_size = sizeof(unsqueeze), .shape = unsqueeze_shape

static const onnxrun_kernel unsqueeze_1 = {UNSQUEEZE(1, 12), .inputs = attribute_in,
                                           .attrs = attrs_1};
static const onnxrun_kernel unsqueeze_13 = {UNSQUEEZE(13, 0), .inputs = unsqueeze_in};

KERNELS_BY_LOOP(unsqueeze, &unsqueeze_1, &unsqueeze_13)
