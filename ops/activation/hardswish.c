/* HardSwish: x * max(0, min(1, x / 6 + 1/2)): x from 3 on, 0 up to -3.  Opsets 14, 22.
 * Method: x (x + 3) / 6, where x + 3 is exact as it cancels; three roundings.  Below 2 ulp. */
#include "ops/kit/unary.h"

/* Below -3, -0, as the limit at -infinity. */
#define HARDSWISH_BELOW_3(x) ((x) <= -3 ? -0.0f : (x) * ((x) + 3) / 6)
#define HARDSWISH(x, p) ((x) >= 3 ? (x) : HARDSWISH_BELOW_3(x))

UNARY_FLOATS(hardswish, struct no_params, HARDSWISH)

static const onnxrun_loop hardswish_loops[] = {FLOAT_LOOPS(hardswish), END};

static const onnxrun_kernel hardswish_14 = {
    UNARY("HardSwish", 14, 0, T_FLOATS, hardswish_loops, struct no_params)};

KERNELS(hardswish, &hardswish_14)
