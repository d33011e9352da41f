/* Add: C = A + B, integers modulo 2^n.  Opsets 1, 6 (limited broadcast), 7, 13, 14. */
#include "ops/kit/binary.h"

#define ADD(a, b) ((a) + (b))
BINARY_FLOATS(add, ADD)
BINARY_UNSIGNED(add, SAME_AS, ADD)

static const onnxrun_loop add_loops[] = {FLOAT_LOOPS_OF(add, ), BITS_LOOPS(add, _map), END};

static const onnxrun_kernel add_1 = {BINARY("Add", 1, 6, T_NUMBERS, add_loops), LIMITED};
static const onnxrun_kernel add_7 = {BINARY("Add", 7, 0, T_NUMBERS, add_loops)};

KERNELS(add, &add_7, &add_1)
