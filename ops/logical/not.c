/* Not: Y = not X.  Opset 1. */
#include "ops/kit/unary.h"

#define NOT(x, p) ((x) == 0)
UNARY_LOOP(not_bool, uint8_t, struct no_params, NOT)

static const onnxrun_loop not_loops[] = {{ONNXRUN_BOOL, not_bool}, END};

static const onnxrun_kernel not_1 = {UNARY("Not", 1, 0, T_BOOL, not_loops, struct no_params)};

KERNELS(not, &not_1)
