/* Sub: C = A - B, integers modulo 2^n.  Opsets 1, 6 (limited broadcast), 7, 13, 14. */
#include "ops/kit/binary.h"

#define SUB(a, b) ((a) - (b))
BINARY_FLOATS(sub, SUB)
BINARY_UNSIGNED(sub, SAME_AS, SUB)

static const onnxrun_loop sub_loops[] = {FLOAT_LOOPS_OF(sub, ), BITS_LOOPS(sub, _map), END};

static const onnxrun_kernel sub_1 = {BINARY("Sub", 1, 6, T_NUMBERS, sub_loops), LIMITED};
static const onnxrun_kernel sub_7 = {BINARY("Sub", 7, 0, T_NUMBERS, sub_loops)};

KERNELS(sub, &sub_7, &sub_1)
