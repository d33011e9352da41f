/* Identity: y = x, tensors and containers alike.  Opsets 1, 13, 14, 16, 19, 21, 23, 24, 25.
 * A view: no work. */
#include "ops/kit/op.h"

static onnxrun_status identity_shape(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  (void)params;
  const onnxrun_tensor *x = h->input(n, 0);
  return h->output(n, 0, x->rank, x->dims);
}

static const onnxrun_operand identity_in[] = {IN("input", 'V', T_TENSORS | T_CONTAINERS), END};
static const onnxrun_operand identity_out[] = {OUT("output", 'V', T_TENSORS | T_CONTAINERS), END};

static const onnxrun_kernel identity_1 = {KERNEL("Identity", 1, 0), .flags = ONNXRUN_VIEW,
                                          .inputs = identity_in, .outputs = identity_out,
                                          .shape = identity_shape};

KERNELS(identity, &identity_1)
