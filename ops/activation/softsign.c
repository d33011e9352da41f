/* Softsign: x / (1 + |x|), and +-1 at the infinities, its limits.  Opsets 1, 22.
 * Method: a quotient whose remainder corrects it, also for what rounding 1 + |x| left over.  Below
 * 0.51 ulp. */
#include "ops/kit/unary.h"

#define SOFTSIGN_OF(x, p) SOFTSIGN(x)

UNARY_FLOATS(softsign, struct no_params, SOFTSIGN_OF)

static const onnxrun_loop softsign_loops[] = {FLOAT_LOOPS(softsign), END};

static const onnxrun_kernel softsign_1 = {
    UNARY("Softsign", 1, 0, T_FLOATS, softsign_loops, struct no_params), .item_cost = 1.5};

KERNELS(softsign, &softsign_1)
