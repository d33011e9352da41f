/* float8.h: the 8-bit floats and float4e2m1 in storage, float in computation. Loads are exact,
 * stores round to nearest even (float8e8m0: as asked). What becomes of values out of range and NaN
 * is ONNX's table of Cast: FN has no infinity, UZ neither that nor -0 and its NaN is 0x80. */
#ifndef ONX_KIT_FLOAT8_H
#define ONX_KIT_FLOAT8_H

#include "ops/kit/half.h"

/* A kind of small float, read at run time so that one loop serves all: codes have the sign in bit
 * `sign`, exponent and mantissa below it. */
typedef struct float8_kind {
  uint32_t sign, mantissa, bias;
  uint32_t most;       /* the largest finite code */
  uint32_t over;       /* what overflow gives: `most`, infinity or NaN */
  uint32_t infinity;   /* a code, or one that no number has */
  uint32_t nan;        /* likewise */
  uint32_t minus_zero; /* the code of -0, or 0 */
} float8_kind;

/* float8e4m3fn, float8e4m3fnuz, float8e5m2, float8e5m2fnuz or float4e2m1. `saturate` turns overflow
 * and infinities into the largest number; float4e2m1 always does, and its NaN becomes -0. */
static inline float8_kind float8_kind_of(onnxrun_dtype t, bool saturate)
{
  enum { NONE = 0x100 };
  float8_kind k = {0x80, 3, 7, 0x7e, 0x7f, NONE, 0x7f, 0x80};
  if (t == ONNXRUN_FLOAT8E4M3FNUZ)
    k = (float8_kind){0x80, 3, 8, 0x7f, 0x80, NONE, 0x80, 0};
  else if (t == ONNXRUN_FLOAT8E5M2)
    k = (float8_kind){0x80, 2, 15, 0x7b, 0x7c, 0x7c, 0x7e, 0x80};
  else if (t == ONNXRUN_FLOAT8E5M2FNUZ)
    k = (float8_kind){0x80, 2, 16, 0x7f, 0x80, NONE, 0x80, 0};
  else if (t == ONNXRUN_FLOAT4E2M1)
    k = (float8_kind){8, 1, 1, 7, 7, NONE, 8, 8};
  if (saturate)
    k.over = k.most;
  return k;
}

static inline float float8_load(const float8_kind *k, uint32_t code)
{
  const uint32_t magnitude = code & (k->sign - 1), sign = code & k->sign ? 0x80000000u : 0;
  /* A power of two moves the exponent's bias and normalises subnormals. */
  const float scale = f32_bits((254 - k->bias) << 23);
  const uint32_t finite = bits_f32(f32_bits(magnitude << (23 - k->mantissa)) * scale);
  const bool is_nan = magnitude > k->most || (k->minus_zero == 0 && code == k->nan);
  const uint32_t special = magnitude == k->infinity ? 0x7f800000u : 0x7fc00000u;
  return f32_bits(sign | (is_nan ? special : finite));
}

static inline uint32_t float8_store(const float8_kind *k, float x)
{
  const uint32_t b = bits_f32(x) & 0x7fffffffu, sign = bits_f32(x) >> 31 ? k->sign : 0;
  const uint32_t drop = 23 - k->mantissa;
  /* A float whose unit in the last place is the kind's smallest subnormal. */
  const uint32_t unit = (151 - k->bias - k->mantissa) << 23;
  const uint32_t subnormal = bits_f32(f32_bits(b) + f32_bits(unit)) - unit;
  const uint32_t half = (1u << (drop - 1)) - 1 + (b >> drop & 1u);
  const uint32_t normal = (b + half - ((127 - k->bias) << 23)) >> drop;
  const uint32_t rounded = b < (128 - k->bias) << 23 ? subnormal : normal;
  const uint32_t magnitude = rounded > k->most ? k->over : rounded;
  const uint32_t code = magnitude == 0 ? sign & k->minus_zero : sign | magnitude;
  return b > 0x7f800000u ? k->nan : code;
}

/* float8e8m0 is 2^(code - 127), 0xff NaN. */
static inline float e8m0_load(uint32_t code)
{
  return f32_bits(code == 0 ? 0x400000u : code == 0xff ? 0x7fc00000u : code << 23);
}

enum { E8M0_UP, E8M0_DOWN, E8M0_NEAREST }; /* "up|down|nearest"; ties of nearest go up */

/* Negative numbers, which ONNX leaves open, give NaN. */
static inline uint32_t e8m0_store(float x, uint32_t round, bool saturate)
{
  const uint32_t b = bits_f32(x), exponent = b >> 23, fraction = b & 0x7fffffu;
  /* Below 2^-126 floats have no implicit bit: 2^-127 is the fraction 0x400000. */
  const uint32_t floor_at = exponent == 0 ? 0x400000u : 0;
  const uint32_t half_at = exponent == 0 ? 0x600000u : 0x400000u;
  const uint32_t up = fraction > floor_at, nearest = fraction >= half_at;
  const uint32_t code = exponent + (round == E8M0_UP ? up : round == E8M0_NEAREST ? nearest : 0);
  const uint32_t under = saturate ? 0 : 0xffu, over = saturate ? 0xfeu : 0xffu;
  const uint32_t finite = exponent == 0 && fraction < floor_at ? under : code > 0xfe ? over : code;
  return b == 0x80000000u ? under : b > 0x7f800000u ? 0xffu : finite;
}

#endif
