/* Relu: max(0, x).  Opsets 1, 6, 13, 14.  Exact; NaN and -0 go through. */
#include "ops/kit/unary.h"

#define RELU(x, p) ((x) < 0 ? 0 : (x))

UNARY_LOOP(relu_f32, float, struct no_params, RELU)
UNARY_LOOP(relu_f64, double, struct no_params, RELU)
/* The bits of what is below -0, from the least subnormal to infinity. */
#define RELU_F16(x, p) ((uint16_t)((x)-0x8001u) < 0x7c00u ? 0 : (x))
#define RELU_BF16(x, p) ((uint16_t)((x)-0x8001u) < 0x7f80u ? 0 : (x))
UNARY_LOOP(relu_f16, uint16_t, struct no_params, RELU_F16)
UNARY_LOOP(relu_bf16, uint16_t, struct no_params, RELU_BF16)
UNARY_LOOP(relu_i8, int8_t, struct no_params, RELU)
UNARY_LOOP(relu_i16, int16_t, struct no_params, RELU)
UNARY_LOOP(relu_i32, int32_t, struct no_params, RELU)
UNARY_LOOP(relu_i64, int64_t, struct no_params, RELU)

static const onnxrun_loop relu_loops[] = {FLOAT_LOOPS(relu),         {ONNXRUN_INT8, relu_i8},
                                          {ONNXRUN_INT16, relu_i16}, {ONNXRUN_INT32, relu_i32},
                                          {ONNXRUN_INT64, relu_i64}, END};

static const onnxrun_attr relu_attrs[] = {ATTR_IGNORED("consumed_inputs"), END};

static const onnxrun_kernel relu_1 = {
    UNARY("Relu", 1, 0, T_FLOATS | T_SIGNED, relu_loops, struct no_params), .attrs = relu_attrs};

KERNELS(relu, &relu_1)
