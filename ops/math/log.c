/* Log: the natural logarithm; -infinity of 0, NaN below.  Opsets 1, 6, 13.
 * Method: LOG of ops/kit/math_family.h.  Below 0.9 ulp in float and double. */
#include "ops/kit/unary.h"

#define LOG_OF(x, p) LOG(x)

UNARY_FLOATS(log, struct no_params, LOG_OF)

static const onnxrun_loop log_loops[] = {FLOAT_LOOPS(log), END};

static const onnxrun_attr log_attrs[] = {ATTR_IGNORED("consumed_inputs"), END};

static const onnxrun_kernel log_1 = {UNARY("Log", 1, 0, T_FLOATS, log_loops, struct no_params),
                                     .attrs = log_attrs, .item_cost = 3};

KERNELS(log, &log_1)
