/* Shrink: x + bias for x < -lambd, x - bias for x > lambd, 0 between and for NaN.  Opset 9.
 * Correctly rounded. Integers are compared and moved as double, and cut to the type's range. */
#include "ops/kit/unary.h"

struct shrink {
  float bias, lambd;
};

#define SHRINK_ABOVE(x, p) ((x) > (p).lambd ? (x) - (p).bias : 0)
#define SHRINK(x, p) ((x) < -(p).lambd ? (x) + (p).bias : SHRINK_ABOVE(x, p))

UNARY_FLOATS(shrink, struct shrink, SHRINK)

NOINLINE double shrink_of(double x, const struct shrink *p)
{
  return SHRINK(x, *p);
}

#define SHRINK_WHOLE(name, T, LEAST, MOST, BEYOND)                                                 \
  static void name(const onnxrun_job *job, size_t begin, size_t end)                               \
  {                                                                                                \
    const T *x = job->in[0];                                                                       \
    T *y = job->out[0];                                                                            \
    for (size_t i = begin; i < end; i++) {                                                         \
      const double moved = shrink_of((double)x[i], job->params);                                   \
      y[i] = !(moved < BEYOND) ? MOST : moved <= (double)(LEAST) ? LEAST : (T)moved;               \
    }                                                                                              \
  }
SHRINK_WHOLE(shrink_u8, uint8_t, 0, UINT8_MAX, 0x1p8)
SHRINK_WHOLE(shrink_u16, uint16_t, 0, UINT16_MAX, 0x1p16)
SHRINK_WHOLE(shrink_u32, uint32_t, 0, UINT32_MAX, 0x1p32)
SHRINK_WHOLE(shrink_u64, uint64_t, 0, UINT64_MAX, 0x1p64)
SHRINK_WHOLE(shrink_i8, int8_t, INT8_MIN, INT8_MAX, 0x1p7)
SHRINK_WHOLE(shrink_i16, int16_t, INT16_MIN, INT16_MAX, 0x1p15)
SHRINK_WHOLE(shrink_i32, int32_t, INT32_MIN, INT32_MAX, 0x1p31)
SHRINK_WHOLE(shrink_i64, int64_t, INT64_MIN, INT64_MAX, 0x1p63)
#undef SHRINK_WHOLE

static const onnxrun_loop shrink_loops[] = {
    FLOAT_LOOPS(shrink),          {ONNXRUN_UINT8, shrink_u8},
    {ONNXRUN_UINT16, shrink_u16}, {ONNXRUN_UINT32, shrink_u32},
    {ONNXRUN_UINT64, shrink_u64}, {ONNXRUN_INT8, shrink_i8},
    {ONNXRUN_INT16, shrink_i16},  {ONNXRUN_INT32, shrink_i32},
    {ONNXRUN_INT64, shrink_i64},  END};

static const onnxrun_attr shrink_attrs[] = {ATTR_F(struct shrink, bias, 0),
                                            ATTR_F(struct shrink, lambd, 0.5), END};

static const onnxrun_kernel shrink_9 = {
    UNARY("Shrink", 9, 0, T_NUMBERS, shrink_loops, struct shrink), .attrs = shrink_attrs};

KERNELS(shrink, &shrink_9)
