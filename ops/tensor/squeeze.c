/* Squeeze: leaves out the dims at `axes`, which are 1; without axes all dims of 1.  Opsets 1 (axes
 * is an attribute), 11, 13 (an input), 21, 23, 24, 25.  A view: no work. */
#include "ops/kit/axes.h"

typedef struct squeeze {
  onnxrun_ints axes;
} squeeze;

COLD static onnxrun_status squeeze_by(const onnxrun_host *h, onnxrun_node *n, onnxrun_ints axes,
                                      bool is_all)
{
  const onnxrun_tensor *x = h->input(n, 0);
  int64_t dims[ONNXRUN_MAX_RANK];
  uint32_t set, rank = 0;
  const onnxrun_status s = axes_set(h, n, axes, x->rank, &set);
  if (s != ONNXRUN_OK)
    return s;
  for (uint32_t d = 0; d < x->rank; d++) {
    const bool is_given = set >> d & 1u;
    if (is_given && x->dims[d] != 1)
      return h->fail(n, ONNXRUN_INVALID_INPUT, "dim %u is %lld and cannot be squeezed, expected 1",
                     d, (long long)x->dims[d]);
    if (!is_given && !(is_all && x->dims[d] == 1))
      dims[rank++] = x->dims[d];
  }
  return h->output(n, 0, rank, dims);
}

static onnxrun_status squeeze_shape(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  squeeze *p = params;
  const onnxrun_status s = h->n_inputs(n) > 1 ? ints_of(h, n, 1, &p->axes) : ONNXRUN_OK;
  const bool is_all = h->n_inputs(n) > 1 ? !h->input(n, 1) : !p->axes.items;
  return s == ONNXRUN_OK ? squeeze_by(h, n, p->axes, is_all) : s;
}

static const onnxrun_operand attribute_in[] = {IN("data", 'T', T_TENSORS), END};
static const onnxrun_operand squeeze_in[] = {
    IN("data", 'T', T_TENSORS),
    IN_FLAGS("axes", 0, T_INT64, ONNXRUN_VALUE | ONNXRUN_OPTIONAL_OPERAND), END};
static const onnxrun_operand squeeze_out[] = {OUT("squeezed", 'T', T_TENSORS), END};
static const onnxrun_attr attrs_1[] = {ATTR_INTS(squeeze, axes), END};

#define SQUEEZE(first, last)                                                                       \
  KERNEL("Squeeze", first, last), .flags = ONNXRUN_VIEW, .outputs = squeeze_out,                   \
                                  .params_size = sizeof(squeeze), .shape = squeeze_shape

static const onnxrun_kernel squeeze_1 = {SQUEEZE(1, 12), .inputs = attribute_in, .attrs = attrs_1};
static const onnxrun_kernel squeeze_13 = {SQUEEZE(13, 0), .inputs = squeeze_in};

KERNELS_BY_LOOP(squeeze, &squeeze_1, &squeeze_13)
