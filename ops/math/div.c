/* Div: C = A / B.  Opsets 1, 6 (limited broadcast), 7, 13, 14.
 *
 * Integers truncate towards zero. The standard leaves x / 0 open: it is 0 here, as a trap would end
 * the host; the least integer by -1 wraps. */
#include "ops/kit/binary.h"

#define DIV(a, b) ((a) / (b))
#define DIV_UNSIGNED(a, b) ((b) == 0 ? 0 : (a) / (b))
#define DIV_SIGNED(a, b) ((b) == 0 ? 0 : (b) == -1 ? (int64_t)(0 - (uint64_t)(a)) : (a) / (b))
BINARY_FLOATS(div, DIV)
SCALAR_LOOP(div_u8, uint8_t, uint8_t, DIV_UNSIGNED)
SCALAR_LOOP(div_u16, uint16_t, uint16_t, DIV_UNSIGNED)
SCALAR_LOOP(div_u32, uint32_t, uint32_t, DIV_UNSIGNED)
SCALAR_LOOP(div_u64, uint64_t, uint64_t, DIV_UNSIGNED)
SCALAR_LOOP(div_i8, int8_t, int8_t, DIV_SIGNED)
SCALAR_LOOP(div_i16, int16_t, int16_t, DIV_SIGNED)
SCALAR_LOOP(div_i32, int32_t, int32_t, DIV_SIGNED)
SCALAR_LOOP(div_i64, int64_t, int64_t, DIV_SIGNED)

static const onnxrun_loop div_loops[] = {FLOAT_LOOPS_OF(div, ), UNSIGNED_LOOPS(div, ),
                                         SIGNED_LOOPS(div, ), END};

static const onnxrun_kernel div_1 = {BINARY("Div", 1, 6, T_NUMBERS, div_loops), LIMITED};
static const onnxrun_kernel div_7 = {BINARY("Div", 7, 0, T_NUMBERS, div_loops), .item_cost = 2};

KERNELS(div, &div_7, &div_1)
