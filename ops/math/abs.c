/* Abs: Y = |X|, the least integer stays.  Opsets 1, 6, 13. */
#include "ops/kit/unary.h"

#define ABS(x, p) _Generic((x), float : fabsf, double : fabs)(x)
UNARY_LOOP(abs_f32, float, struct no_params, ABS)
UNARY_LOOP(abs_f64, double, struct no_params, ABS)
#define ABS_HALF(x, p) ((x)&0x7fffu)
UNARY_LOOP(abs_half, uint16_t, struct no_params, ABS_HALF)
#define ABS_INT(x, p) ((x) < 0 ? 0u - (uint32_t)(x) : (uint32_t)(x))
UNARY_LOOP(abs_i8, int8_t, struct no_params, ABS_INT)
UNARY_LOOP(abs_i16, int16_t, struct no_params, ABS_INT)
UNARY_LOOP(abs_i32, int32_t, struct no_params, ABS_INT)
#define ABS_INT64(x, p) ((x) < 0 ? 0u - (uint64_t)(x) : (uint64_t)(x))
UNARY_LOOP(abs_i64, int64_t, struct no_params, ABS_INT64)

static const onnxrun_loop abs_loops[] = {
    {ONNXRUN_FLOAT, abs_f32},     {ONNXRUN_DOUBLE, abs_f64}, {ONNXRUN_FLOAT16, abs_half},
    {ONNXRUN_BFLOAT16, abs_half}, {ONNXRUN_INT8, abs_i8},    {ONNXRUN_INT16, abs_i16},
    {ONNXRUN_INT32, abs_i32},     {ONNXRUN_INT64, abs_i64},  END};

static const onnxrun_attr abs_attrs[] = {ATTR_IGNORED("consumed_inputs"), END};

static const onnxrun_kernel abs_1 = {
    UNARY("Abs", 1, 0, T_FLOATS | T_SIGNED, abs_loops, struct no_params), .attrs = abs_attrs};

static onnxrun_status abs_unsigned_shape(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  (void)params;
  const onnxrun_tensor *x = h->input(n, 0);
  return h->output(n, 0, x->rank, x->dims);
}

/* Unsigned numbers are their own. */
static const onnxrun_kernel abs_unsigned = {
    KERNEL("Abs", 1, 0), .flags = ONNXRUN_VIEW, .inputs = UNARY_OPERANDS(T_UNSIGNED, "X"),
    .outputs = UNARY_OPERANDS(T_UNSIGNED, "Y"), .shape = abs_unsigned_shape};

KERNELS(abs, &abs_1, &abs_unsigned)
