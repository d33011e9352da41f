/* Flatten: the dims before `axis` become the first dim, the others the second.  Opsets 1, 9, 11
 * (negative axis), 13, 21, 23, 24, 25.  A view: no work. */
#include "ops/kit/axes.h"

typedef struct flatten {
  int64_t axis;
} flatten;

static onnxrun_status flatten_shape(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  const flatten *p = params;
  const onnxrun_tensor *x = h->input(n, 0);
  const int64_t rank = x->rank, axis = p->axis < 0 && p->axis >= -rank ? p->axis + rank : p->axis;
  if (axis < 0 || axis > rank)
    return h->fail(n, ONNXRUN_INVALID_MODEL, "axis %lld is outside [-%u, %u]", (long long)p->axis,
                   x->rank, x->rank);
  size_t before, after;
  if (!dims_count(x->dims, (uint32_t)axis, &before) ||
      !dims_count(x->dims + axis, x->rank - (uint32_t)axis, &after))
    return h->fail(n, ONNXRUN_LIMIT, "the dims on one side of axis %lld have too many elements",
                   (long long)axis);
  const int64_t dims[2] = {(int64_t)before, (int64_t)after};
  return h->output(n, 0, 2, dims);
}

static const onnxrun_operand flatten_in[] = {IN("input", 'T', T_TENSORS), END};
static const onnxrun_operand flatten_out[] = {OUT("output", 'T', T_TENSORS), END};
static const onnxrun_attr flatten_attrs[] = {ATTR_I(flatten, axis, 1), END};

static const onnxrun_kernel flatten_1 = {KERNEL("Flatten", 1, 0), .flags = ONNXRUN_VIEW,
                                         .inputs = flatten_in,    .outputs = flatten_out,
                                         .attrs = flatten_attrs,  .params_size = sizeof(flatten),
                                         .shape = flatten_shape};

KERNELS_BY_LOOP(flatten, &flatten_1)
