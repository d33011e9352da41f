/* Mul: C = A * B, integers modulo 2^n.  Opsets 1, 6 (limited broadcast), 7, 13, 14. */
#include "ops/kit/binary.h"

#define MUL(a, b) ((a) * (b))
/* uint16_t would multiply as int, and overflow. */
#define MUL_UNSIGNED(a, b) (1u * (a) * (b))
BINARY_FLOATS(mul, MUL)
BINARY_UNSIGNED(mul, SAME_AS, MUL_UNSIGNED)

static const onnxrun_loop mul_loops[] = {FLOAT_LOOPS_OF(mul, ), BITS_LOOPS(mul, _map), END};

static const onnxrun_kernel mul_1 = {BINARY("Mul", 1, 6, T_NUMBERS, mul_loops), LIMITED};
static const onnxrun_kernel mul_7 = {BINARY("Mul", 7, 0, T_NUMBERS, mul_loops)};

KERNELS(mul, &mul_7, &mul_1)
