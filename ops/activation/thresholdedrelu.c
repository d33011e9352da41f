/* ThresholdedRelu: x for x > alpha, 0 elsewhere.  Opsets 10, 22.  Exact; NaN gives 0. */
#include "ops/kit/unary.h"

struct thresholdedrelu {
  float alpha;
};

#define THRESHOLDEDRELU(x, p) ((x) > (p).alpha ? (x) : 0)

UNARY_FLOATS(thresholdedrelu, struct thresholdedrelu, THRESHOLDEDRELU)

static const onnxrun_loop thresholdedrelu_loops[] = {FLOAT_LOOPS(thresholdedrelu), END};

static const onnxrun_attr thresholdedrelu_attrs[] = {ATTR_F(struct thresholdedrelu, alpha, 1.0),
                                                     END};

static const onnxrun_kernel thresholdedrelu_10 = {
    UNARY("ThresholdedRelu", 10, 0, T_FLOATS, thresholdedrelu_loops, struct thresholdedrelu),
    .attrs = thresholdedrelu_attrs};

KERNELS(thresholdedrelu, &thresholdedrelu_10)
