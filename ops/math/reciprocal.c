/* Reciprocal: Y = 1 / X, correctly rounded.  Opsets 1, 6, 13. */
#include "ops/kit/unary.h"

#define RECIPROCAL(x, p) (1 / (x))

UNARY_FLOATS(reciprocal, struct no_params, RECIPROCAL)

static const onnxrun_loop reciprocal_loops[] = {FLOAT_LOOPS(reciprocal), END};

static const onnxrun_attr reciprocal_attrs[] = {ATTR_IGNORED("consumed_inputs"), END};

static const onnxrun_kernel reciprocal_1 = {
    UNARY("Reciprocal", 1, 0, T_FLOATS, reciprocal_loops, struct no_params),
    .attrs = reciprocal_attrs, .item_cost = 1.5};

KERNELS(reciprocal, &reciprocal_1)
