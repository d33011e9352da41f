/* half.h: float16 and bfloat16 in storage, float in computation. Loads are exact, stores round to
 * nearest even; NaN keeps the top of its payload and becomes quiet. Intrinsics where the
 * instruction set has the conversion, with the portable form beside them; both give the same bits.
 */
#ifndef ONX_KIT_HALF_H
#define ONX_KIT_HALF_H

#include "ops/kit/vec.h"

static inline float f16_load(uint16_t h)
{
  const uint32_t magnitude = h & 0x7fffu, sign = (uint32_t)(h & 0x8000u) << 16;
  /* 2^112 moves the exponent's bias and normalises subnormals. */
  const uint32_t finite = bits_f32(f32_bits(magnitude << 13) * 0x1p112f);
  const uint32_t special = 0x7f800000u | magnitude << 13 | (magnitude > 0x7c00u ? 0x400000u : 0);
  return f32_bits(sign | (magnitude >= 0x7c00u ? special : finite));
}

static inline uint16_t f16_store(float x)
{
  const uint32_t sign = bits_f32(x) >> 16 & 0x8000u, b = bits_f32(x) & 0x7fffffffu;
  /* The unit in the last place of 0.5 is float16's smallest subnormal. */
  const uint32_t subnormal = bits_f32(f32_bits(b) + 0.5f) - 0x3f000000u;
  const uint32_t normal = (b + 0xfffu + (b >> 13 & 1u) - 0x38000000u) >> 13;
  const uint32_t special = b > 0x7f800000u ? 0x7e00u | (b >> 13 & 0x3ffu) : 0x7c00u;
  const uint32_t magnitude = b >= 0x47800000u ? special : b < 0x38800000u ? subnormal : normal;
  return (uint16_t)(sign | magnitude);
}

static inline float bf16_load(uint16_t h)
{
  return f32_bits((uint32_t)h << 16);
}

static inline uint16_t bf16_store(float x)
{
  const uint32_t b = bits_f32(x), rounded = (b + 0x7fffu + (b >> 16 & 1u)) >> 16;
  return (uint16_t)((b & 0x7fffffffu) > 0x7f800000u ? b >> 16 | 0x40u : rounded);
}

typedef void (*half_load_fn)(float *to, const uint16_t *from, size_t n);
typedef void (*half_store_fn)(uint16_t *to, const float *from, size_t n);

/* n elements at once. */
#define f16_load_n ONX_KIT(f16_load_n)
#define f16_store_n ONX_KIT(f16_store_n)
#define bf16_load_n ONX_KIT(bf16_load_n)
#define bf16_store_n ONX_KIT(bf16_store_n)
KIT void f16_load_n(float *to, const uint16_t *from, size_t n);
KIT void f16_store_n(uint16_t *to, const float *from, size_t n);
KIT void bf16_load_n(float *to, const uint16_t *from, size_t n);
KIT void bf16_store_n(uint16_t *to, const float *from, size_t n);

enum { HALF_INPUTS = 3 };

/* A map's float loop run over 16-bit elements, block by block through memory that stays in L1. All
 * inputs are 16-bit (at most HALF_INPUTS; absent ones stay NULL). store NULL: the loop writes bytes
 * (a comparison's bools) straight to the output. */
#define half_map ONX_KIT(half_map)
KIT void half_map(const onnxrun_job *job, size_t begin, size_t end, onnxrun_loop_fn loop,
                  half_load_fn load, half_store_fn store);

/* HALF_STEP elements at once; a fixed number keeps the compilers from adding loops for the rest. */
#ifdef VEC_HALF
enum { HALF_STEP = 2 * VEC_HALF };
ALWAYS_INLINE void f16_load_step(float *restrict to, const uint16_t *restrict from)
{
  for (size_t i = 0; i < HALF_STEP; i += VEC_HALF)
    vec_f16_load(to + i, from + i);
}

ALWAYS_INLINE void f16_store_step(uint16_t *restrict to, const float *restrict from)
{
  for (size_t i = 0; i < HALF_STEP; i += VEC_HALF)
    vec_f16_store(to + i, from + i);
}

ALWAYS_INLINE void bf16_load_step(float *restrict to, const uint16_t *restrict from)
{
  for (size_t i = 0; i < HALF_STEP; i += VEC_HALF)
    vec_bf16_load(to + i, from + i);
}

ALWAYS_INLINE void bf16_store_step(uint16_t *restrict to, const float *restrict from)
{
  for (size_t i = 0; i < HALF_STEP; i += 2 * VEC_HALF)
    vec_bf16_store_pair(to + i, from + i);
}
#else
enum { HALF_STEP = 16 };
NOINLINE void f16_load_step(float *restrict to, const uint16_t *restrict from)
{
  LOOP_SIMD for (size_t i = 0; i < HALF_STEP; i++) to[i] = f16_load(from[i]);
}

NOINLINE void f16_store_step(uint16_t *restrict to, const float *restrict from)
{
  LOOP_SIMD for (size_t i = 0; i < HALF_STEP; i++) to[i] = f16_store(from[i]);
}

NOINLINE void bf16_load_step(float *restrict to, const uint16_t *restrict from)
{
  LOOP_SIMD for (size_t i = 0; i < HALF_STEP; i++) to[i] = bf16_load(from[i]);
}

NOINLINE void bf16_store_step(uint16_t *restrict to, const float *restrict from)
{
  LOOP_SIMD for (size_t i = 0; i < HALF_STEP; i++) to[i] = bf16_store(from[i]);
}
#endif

#ifdef ONX_KIT_BODIES
/* n elements; the last few go through memory of a whole step. */
#define HALF_N(all, step, to_type, from_type)                                                      \
  KIT void all(to_type *to, const from_type *from, size_t n)                                       \
  {                                                                                                \
    size_t i = 0;                                                                                  \
    for (; i + HALF_STEP <= n; i += HALF_STEP)                                                     \
      step(to + i, from + i);                                                                      \
    from_type rest[HALF_STEP] = {0};                                                               \
    to_type done[HALF_STEP];                                                                       \
    if (i == n)                                                                                    \
      return;                                                                                      \
    memcpy(rest, from + i, (n - i) * sizeof *rest);                                                \
    step(done, rest);                                                                              \
    memcpy(to + i, done, (n - i) * sizeof *done);                                                  \
  }
HALF_N(f16_load_n, f16_load_step, float, uint16_t)
HALF_N(f16_store_n, f16_store_step, uint16_t, float)
HALF_N(bf16_load_n, bf16_load_step, float, uint16_t)
HALF_N(bf16_store_n, bf16_store_step, uint16_t, float)
#undef HALF_N

enum { HALF_BLOCK = 1024 };

KIT void half_map(const onnxrun_job *job, size_t begin, size_t end, onnxrun_loop_fn loop,
                  half_load_fn load, half_store_fn store)
{
  if (begin == end)
    return;
  _Alignas(64) float block[HALF_INPUTS + 1][HALF_BLOCK];
  const void *in[HALF_INPUTS] = {0};
  void *out[1] = {block[HALF_INPUTS]};
  onnxrun_job inner = *job;
  inner.in = in;
  inner.out = out;
  for (size_t i = 0; i < job->n_in; i++) {
    in[i] = job->in[i] ? block[i] : NULL;
    if (job->in[i] && job->step[i] == 0)
      load(block[i], job->in[i], 1);
  }
  for (size_t at = begin, n; at < end; at += n) {
    n = end - at < HALF_BLOCK ? end - at : HALF_BLOCK;
    for (size_t i = 0; i < job->n_in; i++) {
      if (job->in[i] && job->step[i] != 0)
        load(block[i], (const uint16_t *)job->in[i] + at, n);
    }
    if (!store)
      out[0] = (uint8_t *)job->out[0] + at;
    loop(&inner, 0, n);
    if (store)
      store((uint16_t *)job->out[0] + at, block[HALF_INPUTS], n);
  }
}
#endif /* ONX_KIT_BODIES */

/* The 16-bit loops NAME_f16 and NAME_bf16 of a map that has NAME_f32. */
#define HALF_LOOPS(name) HALF_LOOP(name, f16) HALF_LOOP(name, bf16)
#define HALF_LOOP(name, tag)                                                                       \
  static void name##_##tag(const onnxrun_job *job, size_t begin, size_t end)                       \
  {                                                                                                \
    half_map(job, begin, end, name##_f32, tag##_load_n, tag##_store_n);                            \
  }

/* The same for formulas of a few instructions, F(x, p) and F(a, b), for which the blocks would cost
 * more than they do: gcc keeps a loop over one register's elements there. The last few elements go
 * as above. of_job(f16) and of_job(bf16) are p for that type, made from the loop's `job`. */
#ifdef VEC_HALF
#define HALF_UNARY(name, P, F, of_job)                                                             \
  HALF_UNARY_LOOP(name, f16, P, F, of_job(f16))                                                    \
  HALF_UNARY_LOOP(name, bf16, P, F, of_job(bf16))
#define HALF_UNARY_LOOP(name, tag, P, F, params)                                                   \
  static void name##_##tag(const onnxrun_job *job, size_t begin, size_t end)                       \
  {                                                                                                \
    const uint16_t *x = job->in[0];                                                                \
    uint16_t *y = job->out[0];                                                                     \
    const P p = params;                                                                            \
    for (; begin + HALF_STEP <= end; begin += HALF_STEP) {                                         \
      _Alignas(VEC_BYTES) float a[HALF_STEP];                                                      \
      tag##_load_step(a, x + begin);                                                               \
      HALF_RUNS(a, F(a[i], p))                                                                     \
      tag##_store_step(y + begin, a);                                                              \
    }                                                                                              \
    half_map(job, begin, end, name##_f32, tag##_load_n, tag##_store_n);                            \
  }
#define HALF_RUNS(a, value)                                                                        \
  LOOP_SIMD for (size_t i = 0; i < VEC_HALF; i++) a[i] = (float)(value);                           \
  LOOP_SIMD for (size_t i = VEC_HALF; i < HALF_STEP; i++) a[i] = (float)(value);

#define HALF_BINARY(name, F) HALF_BINARY_LOOP(name, f16, F) HALF_BINARY_LOOP(name, bf16, F)
#define HALF_BINARY_LOOP(name, tag, F)                                                             \
  static void name##_##tag(const onnxrun_job *job, size_t begin, size_t end)                       \
  {                                                                                                \
    const uint16_t *x = job->in[0], *z = job->in[1];                                               \
    uint16_t *y = job->out[0];                                                                     \
    _Alignas(VEC_BYTES) float a[HALF_STEP], b[HALF_STEP];                                          \
    if (job->step[0] && job->step[1]) {                                                            \
      for (; begin + HALF_STEP <= end; begin += HALF_STEP) {                                       \
        tag##_load_step(a, x + begin);                                                             \
        tag##_load_step(b, z + begin);                                                             \
        HALF_RUNS(a, F(a[i], b[i]))                                                                \
        tag##_store_step(y + begin, a);                                                            \
      }                                                                                            \
    } else if (job->step[0] && begin < end) {                                                      \
      const float c = tag##_load(z[0]);                                                            \
      for (; begin + HALF_STEP <= end; begin += HALF_STEP) {                                       \
        tag##_load_step(a, x + begin);                                                             \
        HALF_RUNS(a, F(a[i], c))                                                                   \
        tag##_store_step(y + begin, a);                                                            \
      }                                                                                            \
    }                                                                                              \
    half_map(job, begin, end, name##_f32, tag##_load_n, tag##_store_n);                            \
  }
#else
#define HALF_UNARY(name, P, F, of_job) HALF_LOOPS(name)
#define HALF_BINARY(name, F) HALF_LOOPS(name)
#endif

#endif
