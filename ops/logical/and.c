/* And: C = A and B.  Opsets 1 (limited broadcast), 7. */
#include "ops/kit/binary.h"

#define AND(a, b) (((a) != 0) & ((b) != 0))
FLAT_LOOP(and_bool, uint8_t, uint8_t, AND)

static const onnxrun_loop and_loops[] = {{ONNXRUN_BOOL, and_bool_map}, END};

static const onnxrun_kernel and_1 = {COMPARISON("And", 1, 6, T_BOOL, and_loops), LIMITED};
static const onnxrun_kernel and_7 = {COMPARISON("And", 7, 0, T_BOOL, and_loops)};

KERNELS(and, &and_7, &and_1)
