/* widen.h: stored elements to the few types that reductions compute in, and back.
 *
 *   stored                          computed in
 *   float, float16, bfloat16        float
 *   double                          double
 *   signed integers, bool, uint8,   int64
 *   uint16, uint32
 *   uint64                          uint64
 *
 * Sums, products and squares modulo 2^64 keep the low bits, so integers wrap as if computed in
 * their own type. */
#ifndef ONX_KIT_WIDEN_H
#define ONX_KIT_WIDEN_H

#include "ops/kit/half.h"

enum { WIDE_F32, WIDE_F64, WIDE_I64, WIDE_U64, WIDES };

/* n elements; `to` and `from` are arrays of the two types. */
typedef void (*widen_fn)(void *restrict to, const void *restrict from, size_t n);

/* A stored type. load and store NULL: stored as computed. */
struct wide_type {
  onnxrun_dtype dtype;
  uint8_t wide, bytes; /* of a stored element */
  widen_fn load, store;
  int64_t least, most; /* of an integer */
};

static inline void widen_f16(void *restrict to, const void *restrict from, size_t n)
{
  f16_load_n(to, from, n);
}

static inline void narrow_f16(void *restrict to, const void *restrict from, size_t n)
{
  f16_store_n(to, from, n);
}

static inline void widen_bf16(void *restrict to, const void *restrict from, size_t n)
{
  bf16_load_n(to, from, n);
}

static inline void narrow_bf16(void *restrict to, const void *restrict from, size_t n)
{
  bf16_store_n(to, from, n);
}

#define WIDEN(name, T)                                                                             \
  static inline void widen_##name(void *restrict to, const void *restrict from, size_t n)          \
  {                                                                                                \
    int64_t *restrict y = to;                                                                      \
    const T *restrict x = from;                                                                    \
    LOOP_SIMD for (size_t i = 0; i < n; i++) y[i] = (int64_t)x[i];                                 \
  }
WIDEN(i8, int8_t)
WIDEN(u8, uint8_t)
WIDEN(i16, int16_t)
WIDEN(u16, uint16_t)
WIDEN(i32, int32_t)
WIDEN(u32, uint32_t)
#undef WIDEN

/* The low bits. */
#define NARROW(name, T)                                                                            \
  static inline COLD void narrow_##name(void *restrict to, const void *restrict from, size_t n)    \
  {                                                                                                \
    T *restrict y = to;                                                                            \
    const uint64_t *restrict x = from;                                                             \
    for (size_t i = 0; i < n; i++)                                                                 \
      y[i] = (T)x[i];                                                                              \
  }
NARROW(8, uint8_t)
NARROW(16, uint16_t)
NARROW(32, uint32_t)
#undef NARROW

/* The entry of a type, NULL where there is none. */
static inline const struct wide_type *wide_type_of(onnxrun_dtype dtype)
{
  static const struct wide_type types[] = {
      {ONNXRUN_FLOAT, WIDE_F32, 4, NULL, NULL, 0, 0},
      {ONNXRUN_DOUBLE, WIDE_F64, 8, NULL, NULL, 0, 0},
      {ONNXRUN_FLOAT16, WIDE_F32, 2, widen_f16, narrow_f16, 0, 0},
      {ONNXRUN_BFLOAT16, WIDE_F32, 2, widen_bf16, narrow_bf16, 0, 0},
      {ONNXRUN_INT8, WIDE_I64, 1, widen_i8, narrow_8, INT8_MIN, INT8_MAX},
      {ONNXRUN_UINT8, WIDE_I64, 1, widen_u8, narrow_8, 0, UINT8_MAX},
      {ONNXRUN_BOOL, WIDE_I64, 1, widen_u8, narrow_8, 0, 1},
      {ONNXRUN_INT16, WIDE_I64, 2, widen_i16, narrow_16, INT16_MIN, INT16_MAX},
      {ONNXRUN_UINT16, WIDE_I64, 2, widen_u16, narrow_16, 0, UINT16_MAX},
      {ONNXRUN_INT32, WIDE_I64, 4, widen_i32, narrow_32, INT32_MIN, INT32_MAX},
      {ONNXRUN_UINT32, WIDE_I64, 4, widen_u32, narrow_32, 0, UINT32_MAX},
      {ONNXRUN_INT64, WIDE_I64, 8, NULL, NULL, INT64_MIN, INT64_MAX},
      {ONNXRUN_UINT64, WIDE_U64, 8, NULL, NULL, 0, INT64_MAX},
  };
  for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
    if (types[i].dtype == dtype)
      return &types[i];
  }
  return NULL;
}

static inline size_t wide_bytes(const struct wide_type *t)
{
  return t->wide == WIDE_F32 ? sizeof(float) : sizeof(double);
}

#endif
