/* Or: C = A or B.  Opsets 1 (limited broadcast), 7. */
#include "ops/kit/binary.h"

#define OR(a, b) (((a) != 0) | ((b) != 0))
FLAT_LOOP(or_bool, uint8_t, uint8_t, OR)

static const onnxrun_loop or_loops[] = {{ONNXRUN_BOOL, or_bool_map}, END};

static const onnxrun_kernel or_1 = {COMPARISON("Or", 1, 6, T_BOOL, or_loops), LIMITED};
static const onnxrun_kernel or_7 = {COMPARISON("Or", 7, 0, T_BOOL, or_loops)};

KERNELS(or, &or_7, &or_1)
