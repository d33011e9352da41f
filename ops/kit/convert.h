/* convert.h: any numeric element type to any other, as a pipeline of at most four loops over a
 * block that stays in L1: load to a carrier (float, double, int32, int64 or uint64, whichever holds
 * the type exactly), between carriers, store. So there are some forty loops instead of 23 * 22, and
 * a pair that needs only one of them runs it straight from input to output.
 *
 * Every number is rounded once: 64-bit numbers on their way to a type narrower than float are
 * rounded to odd in between, which leaves the last rounding undisturbed (Boldo and Melquiond,
 * 2008). Float to integer truncates. What ONNX leaves open: NaN gives 0; 32 and 64 bits saturate;
 * narrower types take the low bits of the saturated int32, as between integers and as numpy does.
 */
#ifndef ONX_KIT_CONVERT_H
#define ONX_KIT_CONVERT_H

#include "ops/kit/float8.h"

typedef struct convert convert;

/* n elements, a multiple of CONVERT_STEP (so that the compilers add no loops for the rest); `to`
 * may be `from` where both have the same size. Packed elements begin on a byte. */
typedef void (*convert_fn)(void *to, const void *from, size_t n, const convert *c);

enum { CONVERT_STAGES = 6, CONVERT_BLOCK = 256, CONVERT_STEP = 32 };

struct convert {
  convert_fn stages[CONVERT_STAGES]; /* up to the first NULL; none: the bits are the same */
  float8_kind from8, to8;
  uint32_t round; /* E8M0_UP, ... */
  bool saturate;
  uint32_t from_bits, to_bits;
};

#define LOOP(name, T, F, expression)                                                               \
  static inline void name(void *to, const void *from, size_t n, const convert *c)                  \
  {                                                                                                \
    T *y = to;                                                                                     \
    const F *a = from;                                                                             \
    (void)c;                                                                                       \
    LOOP_SIMD for (size_t i = 0; i < n / CONVERT_STEP * CONVERT_STEP; i++)                         \
    {                                                                                              \
      const F x = a[i];                                                                            \
      y[i] = (T)(expression);                                                                      \
    }                                                                                              \
  }

/* Truncated and saturated; `top` is 2^bits, which floats hold exactly. */
#define SATURATED(T, x, bottom, top, least, most)                                                  \
  ((x) >= (top) ? (most) : (x) < (bottom) ? (least) : (T)((x) >= (bottom) && (x) < (top) ? (x) : 0))
#define TO_I32(x) SATURATED(int32_t, x, -0x1p31f, 0x1p31f, INT32_MIN, INT32_MAX)
#define TO_U32(x) SATURATED(uint32_t, x, 0, 0x1p32f, 0, UINT32_MAX)
#define TO_I64(x) SATURATED(int64_t, x, -0x1p63f, 0x1p63f, INT64_MIN, INT64_MAX)
#define TO_U64(x) SATURATED(uint64_t, x, 0, 0x1p64f, 0, UINT64_MAX)

/* To float, rounded to odd: what is not exact gets an odd last bit. */
static inline float f32_odd(double x)
{
  const float y = (float)x;
  const uint32_t b = bits_f32(y);
  const uint32_t toward = fabs((double)y) < fabs(x) ? b + 1 : b - 1;
  return f32_bits((double)y == x || x != x || (b & 1u) ? b : toward);
}

/* A 64-bit number as one that double holds, its low bits gathered in the last that stays. */
static inline uint64_t sticky(uint64_t magnitude)
{
  const uint64_t gathered = (magnitude & ~UINT64_C(0xfff)) | (uint64_t)((magnitude & 0xfff) != 0)
                                                                 << 12;
  return magnitude >> 53 ? gathered : magnitude;
}

static inline float f32_odd_i64(int64_t x)
{
  const double magnitude = (double)sticky(x < 0 ? 0 - (uint64_t)x : (uint64_t)x);
  return f32_odd(x < 0 ? -magnitude : magnitude);
}

/* Loads. */
LOOP(load_u8, int32_t, uint8_t, x)
LOOP(load_i8, int32_t, int8_t, x)
LOOP(load_u16, int32_t, uint16_t, x)
LOOP(load_i16, int32_t, int16_t, x)
LOOP(load_u32, int64_t, uint32_t, x)
LOOP(load_bf16, float, uint16_t, bf16_load(x))
COLD LOOP(load_e8m0, float, uint32_t, e8m0_load(x))

    /* Between carriers. */
    LOOP(f32_f64, double, float, x) LOOP(f32_i32, int32_t, float, TO_I32(x))
        LOOP(f32_i64, int64_t, float, TO_I64(x)) LOOP(f32_bool, int32_t, float, x != 0)
            LOOP(f64_f32, float, double, x) LOOP(f64_odd, float, double, f32_odd(x))
                LOOP(f64_i32, int32_t, double, TO_I32(x)) COLD
    LOOP(f64_u32, uint32_t, double, TO_U32(x)) LOOP(f64_i64, int64_t, double, TO_I64(x)) COLD
    LOOP(f64_u64, uint64_t, double, TO_U64(x)) COLD LOOP(f64_bool, int32_t, double, x != 0)
        LOOP(i32_f32, float, int32_t, x) LOOP(i32_f64, double, int32_t, x)
            LOOP(i32_i64, int64_t, int32_t, x) LOOP(i32_bool, int32_t, int32_t, x != 0)
                LOOP(i64_f32, float, int64_t, x) COLD LOOP(i64_odd, float, int64_t, f32_odd_i64(x))
                    LOOP(i64_f64, double, int64_t, x) LOOP(i64_i32, uint32_t, uint64_t, x)
                        LOOP(i64_bool, int32_t, int64_t, x != 0)
                            LOOP(u64_f32, float, uint64_t, x) COLD
    LOOP(u64_odd, float, uint64_t, f32_odd((double)sticky(x))) COLD
    LOOP(u64_f64, double, uint64_t, x)

    /* Stores. */
    LOOP(store_8, uint8_t, uint32_t, x) LOOP(store_16, uint16_t, uint32_t, x)
        LOOP(store_bf16, uint16_t, float, bf16_store(x))
            LOOP(store_e8m0, uint32_t, float, e8m0_store(x, c->round, c->saturate))
#undef LOOP

                static inline void load_f16(void *to, const void *from, size_t n, const convert *c)
{
  (void)c;
  f16_load_n(to, from, n);
}

static inline void store_f16(void *to, const void *from, size_t n, const convert *c)
{
  (void)c;
  f16_store_n(to, from, n);
}

static inline void load_float8(void *to, const void *from, size_t n, const convert *c)
{
  float *y = to;
  const uint32_t *x = from;
  const float8_kind kind = c->from8;
  LOOP_SIMD for (size_t i = 0; i < n / CONVERT_STEP * CONVERT_STEP; i++) y[i] =
      float8_load(&kind, x[i]);
}

static inline void store_float8(void *to, const void *from, size_t n, const convert *c)
{
  uint32_t *y = to;
  const float *x = from;
  const float8_kind kind = c->to8;
  LOOP_SIMD for (size_t i = 0; i < n / CONVERT_STEP * CONVERT_STEP; i++) y[i] =
      float8_store(&kind, x[i]);
}

/* Elements of 4 and 2 bits, the first in a byte's low ones. */
static inline void load_packed(void *to, const void *from, size_t n, const convert *c)
{
  uint32_t *y = to;
  const uint8_t *x = from;
  const uint32_t bits = c->from_bits, mask = (1u << bits) - 1;
  for (size_t i = 0; i < n; i++)
    y[i] = (uint32_t)x[i * bits / 8] >> i * bits % 8 & mask;
}

static inline void load_sign(void *to, const void *from, size_t n, const convert *c)
{
  int32_t *y = to;
  const int32_t *x = from, sign = 1 << (c->from_bits - 1);
  LOOP_SIMD for (size_t i = 0; i < n / CONVERT_STEP * CONVERT_STEP; i++) y[i] =
      (x[i] ^ sign) - sign;
}

static inline void store_packed(void *to, const void *from, size_t n, const convert *c)
{
  uint8_t *y = to;
  const uint32_t *x = from, bits = c->to_bits, mask = (1u << bits) - 1;
  uint32_t byte = 0;
  for (size_t i = 0; i < n; i++) {
    const uint32_t at = (uint32_t)(i * bits % 8);
    byte |= (x[i] & mask) << at;
    if (at + bits == 8 || i + 1 == n) {
      y[i * bits / 8] = (uint8_t)byte;
      byte = 0;
    }
  }
}

enum { CARRY_F32, CARRY_F64, CARRY_I32, CARRY_I64, CARRY_U64, CARRY_ODD, CARRY_U32, CARRY_BOOL };

/* The loops from a carrier to what a store wants. NULL: the bits are the same. */
static const struct carrier_step {
  uint8_t from, to;
  convert_fn first, second;
} carrier_steps[] = {
    {CARRY_F32, CARRY_F64, f32_f64, NULL},    {CARRY_F32, CARRY_I32, f32_i32, NULL},
    {CARRY_F32, CARRY_I64, f32_i64, NULL},    {CARRY_F32, CARRY_U32, f32_f64, f64_u32},
    {CARRY_F32, CARRY_U64, f32_f64, f64_u64}, {CARRY_F32, CARRY_BOOL, f32_bool, NULL},
    {CARRY_F64, CARRY_F32, f64_f32, NULL},    {CARRY_F64, CARRY_ODD, f64_odd, NULL},
    {CARRY_F64, CARRY_I32, f64_i32, NULL},    {CARRY_F64, CARRY_U32, f64_u32, NULL},
    {CARRY_F64, CARRY_I64, f64_i64, NULL},    {CARRY_F64, CARRY_U64, f64_u64, NULL},
    {CARRY_F64, CARRY_BOOL, f64_bool, NULL},  {CARRY_I32, CARRY_F32, i32_f32, NULL},
    {CARRY_I32, CARRY_F64, i32_f64, NULL},    {CARRY_I32, CARRY_ODD, i32_f64, f64_odd},
    {CARRY_I32, CARRY_I64, i32_i64, NULL},    {CARRY_I32, CARRY_U64, i32_i64, NULL},
    {CARRY_I32, CARRY_BOOL, i32_bool, NULL},  {CARRY_I64, CARRY_F32, i64_f32, NULL},
    {CARRY_I64, CARRY_ODD, i64_odd, NULL},    {CARRY_I64, CARRY_F64, i64_f64, NULL},
    {CARRY_I64, CARRY_I32, i64_i32, NULL},    {CARRY_I64, CARRY_U32, i64_i32, NULL},
    {CARRY_I64, CARRY_BOOL, i64_bool, NULL},  {CARRY_U64, CARRY_F32, u64_f32, NULL},
    {CARRY_U64, CARRY_ODD, u64_odd, NULL},    {CARRY_U64, CARRY_F64, u64_f64, NULL},
    {CARRY_U64, CARRY_I32, i64_i32, NULL},    {CARRY_U64, CARRY_U32, i64_i32, NULL},
    {CARRY_U64, CARRY_BOOL, i64_bool, NULL},
};

/* By type: the loops to its carrier, what its store wants, and the loops from there. */
static const struct convert_type {
  uint8_t dtype, carrier, wants;
  convert_fn load[2], store[2];
} convert_types[] = {
    {ONNXRUN_FLOAT, CARRY_F32, CARRY_F32, {0}, {0}},
    {ONNXRUN_DOUBLE, CARRY_F64, CARRY_F64, {0}, {0}},
    {ONNXRUN_FLOAT16, CARRY_F32, CARRY_ODD, {load_f16}, {store_f16}},
    {ONNXRUN_BFLOAT16, CARRY_F32, CARRY_ODD, {load_bf16}, {store_bf16}},
    {ONNXRUN_FLOAT8E4M3FN, CARRY_F32, CARRY_ODD, {load_u8, load_float8}, {store_float8, store_8}},
    {ONNXRUN_FLOAT8E4M3FNUZ, CARRY_F32, CARRY_ODD, {load_u8, load_float8}, {store_float8, store_8}},
    {ONNXRUN_FLOAT8E5M2, CARRY_F32, CARRY_ODD, {load_u8, load_float8}, {store_float8, store_8}},
    {ONNXRUN_FLOAT8E5M2FNUZ, CARRY_F32, CARRY_ODD, {load_u8, load_float8}, {store_float8, store_8}},
    {ONNXRUN_FLOAT8E8M0, CARRY_F32, CARRY_ODD, {load_u8, load_e8m0}, {store_e8m0, store_8}},
    {ONNXRUN_FLOAT4E2M1,
     CARRY_F32,
     CARRY_ODD,
     {load_packed, load_float8},
     {store_float8, store_packed}},
    {ONNXRUN_INT8, CARRY_I32, CARRY_I32, {load_i8}, {store_8}},
    {ONNXRUN_UINT8, CARRY_I32, CARRY_I32, {load_u8}, {store_8}},
    {ONNXRUN_INT16, CARRY_I32, CARRY_I32, {load_i16}, {store_16}},
    {ONNXRUN_UINT16, CARRY_I32, CARRY_I32, {load_u16}, {store_16}},
    {ONNXRUN_INT32, CARRY_I32, CARRY_I32, {0}, {0}},
    {ONNXRUN_UINT32, CARRY_I64, CARRY_U32, {load_u32}, {0}},
    {ONNXRUN_INT64, CARRY_I64, CARRY_I64, {0}, {0}},
    {ONNXRUN_UINT64, CARRY_U64, CARRY_U64, {0}, {0}},
    {ONNXRUN_BOOL, CARRY_I32, CARRY_BOOL, {load_u8, i32_bool}, {store_8}},
    {ONNXRUN_UINT4, CARRY_I32, CARRY_I32, {load_packed}, {store_packed}},
    {ONNXRUN_INT4, CARRY_I32, CARRY_I32, {load_packed, load_sign}, {store_packed}},
    {ONNXRUN_UINT2, CARRY_I32, CARRY_I32, {load_packed}, {store_packed}},
    {ONNXRUN_INT2, CARRY_I32, CARRY_I32, {load_packed, load_sign}, {store_packed}},
};

/* NULL: not a number. */
static inline const struct convert_type *convert_type(onnxrun_dtype t)
{
  for (size_t i = 0; i < sizeof convert_types / sizeof *convert_types; i++) {
    if (convert_types[i].dtype == t)
      return &convert_types[i];
  }
  return NULL;
}

/* Appends up to two loops to the n that are there. */
static inline size_t convert_append(convert *c, size_t n, convert_fn first, convert_fn second)
{
  if (first)
    c->stages[n++] = first;
  if (second)
    c->stages[n++] = second;
  return n;
}

/* The loops from one type to another; false: one of them is not a number. `saturate` and `round`
 * are for 8-bit floats. */
static inline bool convert_choose(convert *c, onnxrun_dtype from, onnxrun_dtype to, bool saturate,
                                  uint32_t round)
{
  const struct convert_type *f = convert_type(from), *t = convert_type(to);
  if (!f || !t)
    return false;
  *c = (convert){{0},
                 float8_kind_of(from, false),
                 float8_kind_of(to, saturate),
                 round,
                 saturate,
                 onnxrun_bits(from),
                 onnxrun_bits(to)};
  if (from == to)
    return true;
  size_t n = convert_append(c, 0, f->load[0], f->load[1]);
  for (size_t i = 0; i < sizeof carrier_steps / sizeof *carrier_steps; i++) {
    const struct carrier_step *s = &carrier_steps[i];
    if (s->from == f->carrier && s->to == t->wants)
      n = convert_append(c, n, s->first, s->second);
  }
  convert_append(c, n, t->store[0], t->store[1]);
  return true;
}

/* Runs the stages over a block. */
static inline void convert_block(const convert *c, void *out, const void *in, size_t n)
{
  _Alignas(64) unsigned char blocks[2][CONVERT_BLOCK * sizeof(double)];
  for (size_t s = 0; s < CONVERT_STAGES && c->stages[s]; s++) {
    const bool is_last = s + 1 == CONVERT_STAGES || !c->stages[s + 1];
    void *to = is_last ? out : blocks[s & 1];
    c->stages[s](to, in, n, c);
    in = to;
  }
}

/* Elements [begin, end) of whole arrays; packed types want `begin` to be a multiple of 4. The last
 * few go through memory of a whole step. */
static inline void convert_range(const convert *c, void *out, const void *in, size_t begin,
                                 size_t end)
{
  for (size_t at = begin, n; at < end; at += n) {
    n = end - at < CONVERT_BLOCK ? end - at : CONVERT_BLOCK;
    n = n < CONVERT_STEP ? n : n / CONVERT_STEP * CONVERT_STEP;
    const void *from = (const char *)in + at * c->from_bits / 8;
    void *to = (char *)out + at * c->to_bits / 8;
    const size_t from_bytes = (n * c->from_bits + 7) / 8, to_bytes = (n * c->to_bits + 7) / 8;
    if (!c->stages[0]) {
      memmove(to, from, from_bytes);
    } else if (n >= CONVERT_STEP) {
      convert_block(c, to, from, n);
    } else {
      uint64_t few[CONVERT_STEP] = {0}, done[CONVERT_STEP];
      memcpy(few, from, from_bytes);
      convert_block(c, done, few, CONVERT_STEP);
      memcpy(to, done, to_bytes);
    }
  }
}

#endif
