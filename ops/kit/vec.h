/* vec.h: what depends on the instruction set: fused multiply-add, bit casts, float16 conversions.
 * Intrinsics stand here and nowhere else. */
#ifndef ONX_KIT_VEC_H
#define ONX_KIT_VEC_H

#include "ops/kit/op.h"

/* A file compiled for one instruction set with the flags of another would be chosen for processors
 * that cannot run it, or lose what it was compiled for. */
#if defined(ONX_ISA_avx512) &&                                                                     \
    !(defined(__AVX512F__) && defined(__AVX512DQ__) && defined(__AVX512BW__))
#error "ONX_ISA is avx512 but the compiler's flags are not"
#elif defined(ONX_ISA_avx2) && (!defined(__AVX2__) || !defined(__FMA__) || defined(__AVX512F__))
#error "ONX_ISA is avx2 but the compiler's flags are not"
#elif defined(ONX_ISA_base) && defined(__AVX__)
#error "ONX_ISA is base but the compiler's flags are not"
#endif

/* Bytes of a vector register. */
#if defined(__AVX512F__)
#define VEC_BYTES 64
#elif defined(__AVX__)
#define VEC_BYTES 32
#else
#define VEC_BYTES 16
#endif

/* Before a loop whose iterations are independent; arrays may be the same, never shifted. */
#define LOOP_SIMD _Pragma("omp simd")

/* Inlined whatever the compiler thinks, so that constants given to it fold. */
#define ALWAYS_INLINE static inline __attribute__((always_inline))

/* Kept out of line where a copy at every use would only take space. */
#define NOINLINE static __attribute__((noinline, unused))

/* Compiled for size: what is called once a node, or writes a few results. */
#define COLD __attribute__((cold))

/* In a short loop that copies or fills: keeps it from becoming a call of the C library. */
#define KEEP_LOOP __asm__ volatile("")

/* a * b + c with one rounding where the instruction set has it, with two elsewhere. */
#if defined(__FMA__) || defined(__aarch64__)
#define HAS_MADD 1
#define MADD(a, b, c)                                                                              \
  _Generic((a) + (b) + (c), float : __builtin_fmaf, double : __builtin_fma)((a), (b), (c))
#else
#define MADD(a, b, c) ((a) * (b) + (c))
#endif

/* a * b + c with one rounding everywhere, but for cases that even twice the precision does not
 * decide. Slow without the instruction: floats go through double, doubles through the error-free
 * product and sum of Dekker (1971) and Knuth. */
#ifdef HAS_MADD
#define MADD_EXACT(a, b, c) MADD(a, b, c)
#else
#define MADD_EXACT(a, b, c)                                                                        \
  _Generic((a) + (b) + (c), float : madd_exact_f32, double : madd_exact_f64)((a), (b), (c))
static inline float madd_exact_f32(float a, float b, float c)
{
  return (float)((double)a * (double)b + (double)c);
}
static inline double upper_half(double x)
{
  const double shifted = x * 0x1.0000002p27;
  return shifted - (shifted - x);
}
static inline double madd_exact_f64(double a, double b, double c)
{
  const double a_hi = upper_half(a), a_lo = a - a_hi, b_hi = upper_half(b), b_lo = b - b_hi;
  const double product = a * b, sum = product + c, part = sum - product;
  const double of_product = ((a_hi * b_hi - product) + a_hi * b_lo + a_lo * b_hi) + a_lo * b_lo;
  const double rest = of_product + ((product - (sum - part)) + (c - part));
  return rest - rest == 0 ? sum + rest : sum; /* too large to be halved */
}
#endif

static inline uint32_t bits_f32(float x)
{
  uint32_t b;
  memcpy(&b, &x, sizeof b);
  return b;
}

static inline float f32_bits(uint32_t b)
{
  float x;
  memcpy(&x, &b, sizeof x);
  return x;
}

static inline uint64_t bits_f64(double x)
{
  uint64_t b;
  memcpy(&b, &x, sizeof b);
  return b;
}

static inline double f64_bits(uint64_t b)
{
  double x;
  memcpy(&x, &b, sizeof x);
  return x;
}

/* VEC_HALF elements, a register of floats, from and to float16; from bfloat16, and two of them to
 * bfloat16. That rounds to nearest even by adding half a unit less one bit, and the bit if the last
 * place that stays is odd; NaN gets its quiet bit instead. */
#if defined(__AVX512F__)
#include <immintrin.h>
#define VEC_HALF 16
static inline void vec_f16_load(float *to, const uint16_t *from)
{
  _mm512_storeu_ps(to, _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(const void *)from)));
}
static inline void vec_f16_store(uint16_t *to, const float *from)
{
  _mm256_storeu_si256((__m256i *)(void *)to,
                      _mm512_cvtps_ph(_mm512_loadu_ps(from), _MM_FROUND_TO_NEAREST_INT));
}
static inline void vec_bf16_load(float *to, const uint16_t *from)
{
  const __m512i b = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)(const void *)from));
  _mm512_storeu_si512(to, _mm512_slli_epi32(b, 16));
}
static inline __m512i vec_bf16_round(__m512i b)
{
  const __m512i half = _mm512_add_epi32(b, _mm512_set1_epi32(0x7fff));
  const __mmask16 odd = _mm512_test_epi32_mask(b, _mm512_set1_epi32(0x10000));
  return _mm512_mask_sub_epi32(half, odd, half, _mm512_set1_epi32(-1));
}
static inline __m512i vec_bf16_quiet(__m512i b, __m512i near)
{
  const __mmask16 nan = _mm512_cmp_ps_mask((__m512)b, (__m512)b, _CMP_UNORD_Q);
  return _mm512_mask_or_epi32(near, nan, b, _mm512_set1_epi32(0x400000));
}
static inline void vec_bf16_store_pair(uint16_t *to, const float *from)
{
  typedef uint16_t words __attribute__((vector_size(64)));
  const __m512i a = _mm512_loadu_si512(from), b = _mm512_loadu_si512(from + VEC_HALF);
  __m512i low = vec_bf16_round(a), high = vec_bf16_round(b);
  if (__builtin_expect(_mm512_cmp_ps_mask((__m512)a, (__m512)b, _CMP_UNORD_Q) != 0, 0)) {
    low = vec_bf16_quiet(a, low);
    high = vec_bf16_quiet(b, high);
  }
  const words y = __builtin_shufflevector((words)low, (words)high, 1, 3, 5, 7, 9, 11, 13, 15, 17,
                                          19, 21, 23, 25, 27, 29, 31, 33, 35, 37, 39, 41, 43, 45,
                                          47, 49, 51, 53, 55, 57, 59, 61, 63);
  _mm512_storeu_si512(to, (__m512i)y);
}
#elif defined(__F16C__)
#include <immintrin.h>
#define VEC_HALF 8
static inline void vec_f16_load(float *to, const uint16_t *from)
{
  _mm256_storeu_ps(to, _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(const void *)from)));
}
static inline void vec_f16_store(uint16_t *to, const float *from)
{
  _mm_storeu_si128((__m128i *)(void *)to,
                   _mm256_cvtps_ph(_mm256_loadu_ps(from), _MM_FROUND_TO_NEAREST_INT));
}
static inline void vec_bf16_load(float *to, const uint16_t *from)
{
  const __m256i b = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)(const void *)from));
  _mm256_storeu_si256((__m256i *)(void *)to, _mm256_slli_epi32(b, 16));
}
static inline __m256i vec_bf16_round(__m256i b)
{
  const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(b, 16), _mm256_set1_epi32(1));
  return _mm256_add_epi32(_mm256_add_epi32(b, _mm256_set1_epi32(0x7fff)), odd);
}
static inline __m256i vec_bf16_quiet(__m256i b, __m256i near)
{
  const __m256i quiet = _mm256_or_si256(b, _mm256_set1_epi32(0x400000));
  return (__m256i)_mm256_blendv_ps((__m256)near, (__m256)quiet,
                                   _mm256_cmp_ps((__m256)b, (__m256)b, _CMP_UNORD_Q));
}
static inline void vec_bf16_store_pair(uint16_t *to, const float *from)
{
  const __m256i a = _mm256_loadu_si256((const __m256i *)(const void *)from);
  const __m256i b = _mm256_loadu_si256((const __m256i *)(const void *)(from + VEC_HALF));
  __m256i low = vec_bf16_round(a), high = vec_bf16_round(b);
  if (__builtin_expect(_mm256_movemask_ps(_mm256_cmp_ps((__m256)a, (__m256)b, _CMP_UNORD_Q)), 0)) {
    low = vec_bf16_quiet(a, low);
    high = vec_bf16_quiet(b, high);
  }
  /* The instruction packs each half of the registers; the quarters go back into their order. */
  const __m256i y = _mm256_packus_epi32(_mm256_srli_epi32(low, 16), _mm256_srli_epi32(high, 16));
  _mm256_storeu_si256((__m256i *)(void *)to, _mm256_permute4x64_epi64(y, 0xd8));
}
#elif defined(__aarch64__)
#include <arm_neon.h>
#define VEC_HALF 4
static inline void vec_f16_load(float *to, const uint16_t *from)
{
  vst1q_f32(to, vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(from))));
}
static inline void vec_f16_store(uint16_t *to, const float *from)
{
  vst1_u16(to, vreinterpret_u16_f16(vcvt_f16_f32(vld1q_f32(from))));
}
static inline void vec_bf16_load(float *to, const uint16_t *from)
{
  vst1q_f32(to, vreinterpretq_f32_u32(vshll_n_u16(vld1_u16(from), 16)));
}
static inline uint16x8_t vec_bf16_round(const float *from)
{
  const float32x4_t x = vld1q_f32(from);
  const uint32x4_t b = vreinterpretq_u32_f32(x);
  const uint32x4_t odd = vandq_u32(vshrq_n_u32(b, 16), vdupq_n_u32(1));
  const uint32x4_t near = vaddq_u32(vaddq_u32(b, vdupq_n_u32(0x7fff)), odd);
  const uint32x4_t quiet = vorrq_u32(b, vdupq_n_u32(0x400000));
  return vreinterpretq_u16_u32(vbslq_u32(vceqq_f32(x, x), near, quiet));
}
static inline void vec_bf16_store_pair(uint16_t *to, const float *from)
{
  vst1q_u16(to, vuzp2q_u16(vec_bf16_round(from), vec_bf16_round(from + VEC_HALF)));
}
#endif

/* A vector register of floats or doubles, and the same in memory at any alignment. */
typedef float vec_f32 __attribute__((vector_size(VEC_BYTES)));
typedef double vec_f64 __attribute__((vector_size(VEC_BYTES)));
typedef float vec_f32_any __attribute__((vector_size(VEC_BYTES), aligned(1), may_alias));
typedef double vec_f64_any __attribute__((vector_size(VEC_BYTES), aligned(1), may_alias));

/* MADD of vectors, which contraction of a * b + c would need flags for. */
#if defined(__AVX512F__) || defined(__FMA__)
#include <immintrin.h>
#endif
ALWAYS_INLINE vec_f32 vec_madd_f32(vec_f32 a, vec_f32 b, vec_f32 c)
{
#if defined(__AVX512F__)
  return (vec_f32)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif defined(__FMA__)
  return (vec_f32)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#elif defined(__aarch64__)
  return (vec_f32)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
#else
  return a * b + c;
#endif
}

ALWAYS_INLINE vec_f64 vec_madd_f64(vec_f64 a, vec_f64 b, vec_f64 c)
{
#if defined(__AVX512F__)
  return (vec_f64)_mm512_fmadd_pd((__m512d)a, (__m512d)b, (__m512d)c);
#elif defined(__FMA__)
  return (vec_f64)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c);
#elif defined(__aarch64__)
  return (vec_f64)vfmaq_f64((float64x2_t)c, (float64x2_t)a, (float64x2_t)b);
#else
  return a * b + c;
#endif
}

/* What functions by tables (kit/math_table.h) are made of. */
enum { VEC_F32 = VEC_BYTES / sizeof(float) };
typedef uint32_t vec_u32 __attribute__((vector_size(VEC_BYTES)));

/* Places in tables of 16 floats: the low four bits of each number. */
typedef struct vec_places {
  vec_u32 low, upper; /* upper: AVX2, the fourth bit first */
} vec_places;

#if defined(__AVX512F__)
ALWAYS_INLINE vec_places vec_places_of(vec_u32 n)
{
  return (vec_places){n, n};
}
ALWAYS_INLINE vec_f32 vec_look_up(const float table[16], vec_places at)
{
  return (vec_f32)_mm512_permutexvar_ps((__m512i)at.low, _mm512_loadu_ps(table));
}
/* The lesser and the greater; where x is NaN, x. */
ALWAYS_INLINE vec_f32 vec_lower_f32(vec_f32 x, vec_f32 most)
{
  return (vec_f32)_mm512_min_ps((__m512)most, (__m512)x);
}
ALWAYS_INLINE vec_f32 vec_raise_f32(vec_f32 x, vec_f32 least)
{
  return (vec_f32)_mm512_max_ps((__m512)least, (__m512)x);
}
/* The same of floats that are not below 0, by their bits: more units of the processor do that. */
ALWAYS_INLINE vec_f32 vec_lesser_f32(vec_f32 a, vec_f32 b)
{
  return (vec_f32)_mm512_min_epi32((__m512i)a, (__m512i)b);
}
ALWAYS_INLINE vec_f32 vec_greater_f32(vec_f32 a, vec_f32 b)
{
  return (vec_f32)_mm512_max_epi32((__m512i)a, (__m512i)b);
}
/* c - a * b with one rounding. */
ALWAYS_INLINE vec_f32 vec_nmadd_f32(vec_f32 a, vec_f32 b, vec_f32 c)
{
  return (vec_f32)_mm512_fnmadd_ps((__m512)a, (__m512)b, (__m512)c);
}
/* yes where x < edge, no elsewhere. */
ALWAYS_INLINE vec_f32 vec_if_below(vec_f32 x, vec_f32 edge, vec_f32 yes, vec_f32 no)
{
  const __mmask16 is_below = _mm512_cmp_ps_mask((__m512)x, (__m512)edge, _CMP_LT_OQ);
  return (vec_f32)_mm512_mask_blend_ps(is_below, (__m512)no, (__m512)yes);
}
#elif defined(__AVX2__) && defined(__FMA__)
ALWAYS_INLINE vec_places vec_places_of(vec_u32 n)
{
  return (vec_places){n, n << 28};
}
ALWAYS_INLINE vec_f32 vec_look_up(const float table[16], vec_places at)
{
  const __m256 low = _mm256_permutevar8x32_ps(_mm256_loadu_ps(table), (__m256i)at.low);
  const __m256 upper = _mm256_permutevar8x32_ps(_mm256_loadu_ps(table + 8), (__m256i)at.low);
  return (vec_f32)_mm256_blendv_ps(low, upper, (__m256)at.upper);
}
ALWAYS_INLINE vec_f32 vec_lower_f32(vec_f32 x, vec_f32 most)
{
  return (vec_f32)_mm256_min_ps((__m256)most, (__m256)x);
}
ALWAYS_INLINE vec_f32 vec_raise_f32(vec_f32 x, vec_f32 least)
{
  return (vec_f32)_mm256_max_ps((__m256)least, (__m256)x);
}
ALWAYS_INLINE vec_f32 vec_lesser_f32(vec_f32 a, vec_f32 b)
{
  return (vec_f32)_mm256_min_epi32((__m256i)a, (__m256i)b);
}
ALWAYS_INLINE vec_f32 vec_greater_f32(vec_f32 a, vec_f32 b)
{
  return (vec_f32)_mm256_max_epi32((__m256i)a, (__m256i)b);
}
ALWAYS_INLINE vec_f32 vec_nmadd_f32(vec_f32 a, vec_f32 b, vec_f32 c)
{
  return (vec_f32)_mm256_fnmadd_ps((__m256)a, (__m256)b, (__m256)c);
}
ALWAYS_INLINE vec_f32 vec_if_below(vec_f32 x, vec_f32 edge, vec_f32 yes, vec_f32 no)
{
  const __m256 is_below = _mm256_cmp_ps((__m256)x, (__m256)edge, _CMP_LT_OQ);
  return (vec_f32)_mm256_blendv_ps((__m256)no, (__m256)yes, is_below);
}
#else
ALWAYS_INLINE vec_places vec_places_of(vec_u32 n)
{
  return (vec_places){n & 15, n};
}
ALWAYS_INLINE vec_f32 vec_look_up(const float table[16], vec_places at)
{
  return (vec_f32){table[at.low[0]], table[at.low[1]], table[at.low[2]], table[at.low[3]]};
}
ALWAYS_INLINE vec_f32 vec_if_below(vec_f32 x, vec_f32 edge, vec_f32 yes, vec_f32 no)
{
  const vec_u32 is_below = (vec_u32)(x < edge);
  return (vec_f32)(((vec_u32)yes & is_below) | ((vec_u32)no & ~is_below));
}
ALWAYS_INLINE vec_f32 vec_lower_f32(vec_f32 x, vec_f32 most)
{
  return vec_if_below(most, x, most, x);
}
#endif

ALWAYS_INLINE vec_f32 vec_load_f32(const float *from)
{
  return *(const vec_f32_any *)from;
}
ALWAYS_INLINE void vec_store_f32(float *to, vec_f32 x)
{
  *(vec_f32_any *)to = x;
}
ALWAYS_INLINE vec_f32 vec_all_f32(float x)
{
  return x - (vec_f32){0};
}

#endif
