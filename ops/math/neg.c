/* Neg: Y = -X, the least integer wraps.  Opsets 1, 6, 13. */
#include "ops/kit/unary.h"

#define NEG(x, p) (-(x))
UNARY_LOOP(neg_f32, float, struct no_params, NEG)
UNARY_LOOP(neg_f64, double, struct no_params, NEG)
#define NEG_HALF(x, p) ((x) ^ 0x8000u)
UNARY_LOOP(neg_half, uint16_t, struct no_params, NEG_HALF)
#define NEG_INT(x, p) (0u - (x))
UNARY_LOOP(neg_i8, uint8_t, struct no_params, NEG_INT)
UNARY_LOOP(neg_i16, uint16_t, struct no_params, NEG_INT)
UNARY_LOOP(neg_i32, uint32_t, struct no_params, NEG_INT)
UNARY_LOOP(neg_i64, uint64_t, struct no_params, NEG_INT)

static const onnxrun_loop neg_loops[] = {
    {ONNXRUN_FLOAT, neg_f32},     {ONNXRUN_DOUBLE, neg_f64}, {ONNXRUN_FLOAT16, neg_half},
    {ONNXRUN_BFLOAT16, neg_half}, {ONNXRUN_INT8, neg_i8},    {ONNXRUN_INT16, neg_i16},
    {ONNXRUN_INT32, neg_i32},     {ONNXRUN_INT64, neg_i64},  END};

static const onnxrun_attr neg_attrs[] = {ATTR_IGNORED("consumed_inputs"), END};

static const onnxrun_kernel neg_1 = {
    UNARY("Neg", 1, 0, T_FLOATS | T_SIGNED, neg_loops, struct no_params), .attrs = neg_attrs};

KERNELS(neg, &neg_1)
