/* Erf: the error function.  Opsets 9, 13.
 * Method: vec_erf of ops/kit/math_table.h, below 0.7 ulp in float (0.93 without fused multiply-
 * adds) and monotone; ERF of ops/kit/math_family.h, below 1 ulp in double.
 * Integers (opset 9): that of the number in double, cut: erf 6 rounds to 1. */
#include "ops/kit/unary.h"

#define ERF_OF(x, p) ERF(x)
#define ERF_UNSIGNED(x, p) ((x) >= 6)
#define ERF_SIGNED(x, p) (((x) >= 6) - ((x) <= -6))

UNARY_FLOATS_BY(erf, struct no_params, ERF_OF, vec_erf)
UNARY_LOOP(erf_u8, uint8_t, struct no_params, ERF_UNSIGNED)
UNARY_LOOP(erf_u16, uint16_t, struct no_params, ERF_UNSIGNED)
UNARY_LOOP(erf_u32, uint32_t, struct no_params, ERF_UNSIGNED)
UNARY_LOOP(erf_u64, uint64_t, struct no_params, ERF_UNSIGNED)
UNARY_LOOP(erf_i8, int8_t, struct no_params, ERF_SIGNED)
UNARY_LOOP(erf_i16, int16_t, struct no_params, ERF_SIGNED)
UNARY_LOOP(erf_i32, int32_t, struct no_params, ERF_SIGNED)
UNARY_LOOP(erf_i64, int64_t, struct no_params, ERF_SIGNED)

static const onnxrun_loop erf_loops[] = {FLOAT_LOOPS(erf),          {ONNXRUN_UINT8, erf_u8},
                                         {ONNXRUN_UINT16, erf_u16}, {ONNXRUN_UINT32, erf_u32},
                                         {ONNXRUN_UINT64, erf_u64}, {ONNXRUN_INT8, erf_i8},
                                         {ONNXRUN_INT16, erf_i16},  {ONNXRUN_INT32, erf_i32},
                                         {ONNXRUN_INT64, erf_i64},  END};

static const onnxrun_kernel erf_9 = {UNARY("Erf", 9, 0, T_NUMBERS, erf_loops, struct no_params),
                                     .item_cost = 3};

KERNELS(erf, &erf_9)
