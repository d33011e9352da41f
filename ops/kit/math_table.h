/* math_table.h: functions of whole vectors of floats by tables, faster and closer than those of
 * math.h and math_family.h; AVX2 and AVX-512 hold the tables in registers and give the same bits.
 *
 *   vec_tanh, vec_erf   piecewise polynomials
 *   vec_logistic        1 / (1 + e^-x), with 2^(j/16) from a table (Tang 1989); AVX2, AVX-512
 *
 * NaN goes through. ops/kit/fit_tables.py computes the tables and prints their errors: 2^-27.7 for
 * tanh, 2^-28.3 for erf, 2^-29.2 for e^r. */
#ifndef ONX_KIT_MATH_TABLE_H
#define ONX_KIT_MATH_TABLE_H

#include "ops/kit/vec.h"

/* Rows: c, then the coefficients of p0 + r (p1 + r (p2 + ...)), r = |x| - c. */
typedef float odd_table[8][16];

static const odd_table tanh_table = {
    {0x1.80043ep+0f, 0x1.fff34ap+0f, 0x1.3ff6bcp+1f, 0x1.8015e2p+1f, 0x1.e0246ep+1f, 0x1.3028ap+2f,
     0x1.7015dep+2f, 0x1.b0b45ap+2f, 0x1.03ae5ap+3f, 0, 0, 0x1.555702p-3f, 0x1.55554ep-2f,
     0x1.33362p-1f, 0x1.b6da12p-1f, 0x1.1ffeb6p+0f},
    {0x1.cf712p-1f, 0x1.ed933ap-1f, 0x1.f92486p-1f, 0x1.fd78aep-1f, 0x1.ff6f6ap-1f, 0x1.ffec7ap-1f,
     0x1.fffd5ap-1f, 0x1.ffffa6p-1f, 0x1.fffffap-1f, 0, 0, 0x1.5236c4p-3f, 0x1.493a9cp-2f,
     0x1.12fa3ep-1f, 0x1.63b9dap-1f, 0x1.9e5bd2p-1f},
    {0x1.720b2cp-3f, 0x1.217e74p-4f, 0x1.b3ee24p-6f, 0x1.42dc6ap-7f, 0x1.21049ep-9f,
     0x1.385bb4p-12f, 0x1.5300fp-15f, 0x1.6801cp-18f, 0x1.804554p-22f, 0, 0x1.a6ca82p-34f,
     0x1.f2095ap-1f, 0x1.cb130ap-1f, 0x1.6c51bp-1f, 0x1.08d984p-1f, 0x1.6152e4p-2f},
    {-0x1.4ef2dap-3f, -0x1.17137cp-4f, -0x1.ae1776p-6f, -0x1.414436p-7f, -0x1.20b2a6p-9f,
     -0x1.384fa8p-12f, -0x1.52fedap-15f, -0x1.6802d8p-18f, -0x1.800e32p-22f, 0, -0x1.dcd246p-25f,
     -0x1.48fd7cp-3f, -0x1.273244p-2f, -0x1.87538ap-2f, -0x1.7005e8p-2f, -0x1.1df15ep-2f},
    {0x1.67b8bp-4f, 0x1.59168p-5f, 0x1.17046p-6f, 0x1.a819dcp-8f, 0x1.7fb3d2p-10f, 0x1.9fda7ep-13f,
     0x1.c37f74p-16f, 0x1.df8132p-19f, 0x1.fa770cp-23f, 0, -0x1.5553f8p-2f, -0x1.30d2eap-2f,
     -0x1.a648dcp-3f, -0x1.05bec4p-5f, 0x1.3c7a34p-4f, 0x1.c68c42p-4f},
    {-0x1.992804p-6f, -0x1.253ef2p-6f, -0x1.07d93p-7f, -0x1.9faf1ep-9f, -0x1.7e0d56p-11f,
     -0x1.9f96dcp-14f, -0x1.c37bdep-17f, -0x1.df2368p-20f, -0x1.fdedc6p-24f, 0, -0x1.764234p-13f,
     0x1.a4414ep-4f, 0x1.4c8636p-3f, 0x1.27f34ap-3f, 0x1.0ed3f4p-4f, 0x1.ab2b24p-9f},
    {-0x1.93f774p-9f, 0x1.34b7e8p-8f, 0x1.77c4b2p-9f, 0x1.419f0cp-10f, 0x1.3b3aeap-12f,
     0x1.5a4e3p-15f, 0x1.78ace6p-18f, 0x1.8ffeccp-21f, 0x1.d19988p-25f, 0, 0x1.16bcdep-3f,
     0x1.77958p-4f, 0x1.2b938cp-5f, -0x1.9d4f76p-5f, -0x1.e796bp-5f, -0x1.061216p-5f},
    {0x1.dafd08p-8f, -0x1.9fa9ccp-14f, -0x1.767b4cp-11f, -0x1.884d72p-12f, -0x1.9bc38cp-14f,
     -0x1.cd8118p-17f, -0x1.f5fec6p-20f, -0x1.0fb72ep-22f, -0x1.28ad1ep-26f, 0, -0x1.459842p-6f,
     0x1.b1bd4ep-5f, -0x1.20d932p-4f, -0x1.b12bd8p-6f, 0x1.5dfae8p-7f, 0x1.35c7cp-6f},
};

static const odd_table erf_table = {
    {0, 0x1.555322p-2f, 0x1.3332b4p-1f, 0x1.b6dc42p-1f, 0x1.2000c2p+0f, 0x1.60042p+0f,
     0x1.9ff79p+0f, 0x1.dfe9b8p+0f, 0x1.20248cp+1f, 0x1.606f7ep+1f, 0x1.a00ca4p+1f, 0x1.d8788p+1f,
     0, 0, 0, 0},
    {0, 0x1.7357cep-2f, 0x1.352c3cp-1f, 0x1.8c9346p-1f, 0x1.c6db4ep-1f, 0x1.e577f4p-1f,
     0x1.f4f538p-1f, 0x1.fbe4ap-1f, 0x1.ff4152p-1f, 0x1.fff312p-1f, 0x1.ffff7p-1f, 0x1.fffffap-1f,
     0, 0, 0, 0},
    {0x1.06eba8p-3f, 0x1.027d4p+0f, 0x1.93120ap-1f, 0x1.151b48p-1f, 0x1.45e77p-2f, 0x1.5cd62p-3f,
     0x1.49c098p-4f, 0x1.13287p-5f, 0x1.d1bbe6p-8f, 0x1.2daf34p-11f, 0x1.e88ecp-16f,
     0x1.6e950ap-20f, 0, 0, 0, 0},
    {-0x1.0f8278p-21f, -0x1.58a4c8p-2f, -0x1.e3ae74p-2f, -0x1.db0b14p-2f, -0x1.6ea556p-2f,
     -0x1.dfac0ap-3f, -0x1.0be70cp-3f, -0x1.01e9f2p-4f, -0x1.061ac4p-6f, -0x1.9f52e4p-10f,
     -0x1.8cf79cp-14f, -0x1.522268p-18f, 0, 0, 0, 0},
    {-0x1.811ee8p-2f, -0x1.0c0e3p-2f, -0x1.2cf5c4p-4f, 0x1.5adbbep-4f, 0x1.4cb408p-3f,
     0x1.43712p-3f, 0x1.d67e88p-4f, 0x1.147ab4p-4f, 0x1.629464p-6f, 0x1.63c2c6p-9f, 0x1.988138p-13f,
     0x1.8fde84p-17f, 0, 0, 0, 0},
    {-0x1.413ca6p-11f, 0x1.3f1556p-3f, 0x1.6f88e6p-3f, 0x1.e4a1eap-4f, 0x1.ca4cfcp-6f,
     -0x1.f3e4f4p-6f, -0x1.974968p-5f, -0x1.5a58ecp-5f, -0x1.37c9e2p-6f, -0x1.a4bcc4p-9f,
     -0x1.2b5532p-12f, -0x1.580582p-16f, 0, 0, 0, 0},
    {0x1.e2ec7p-4f, 0x1.d1a216p-5f, -0x1.58b72p-6f, -0x1.0c913ap-4f, -0x1.f4a98cp-5f,
     -0x1.f62e98p-6f, -0x1.2a978ep-9f, 0x1.72930ep-7f, 0x1.5a2994p-7f, 0x1.6ddbc4p-9f,
     0x1.5bf6f6p-12f, 0x1.d6510ap-16f, 0, 0, 0, 0},
    {-0x1.37382ap-6f, -0x1.7270dep-5f, -0x1.4e7004p-5f, -0x1.690a62p-7f, 0x1.f5ec4cp-7f,
     0x1.6a5deep-6f, 0x1.d85966p-7f, 0x1.0d1eeep-8f, -0x1.6b09acp-9f, -0x1.b53bb6p-10f,
     -0x1.1fe724p-12f, -0x1.a5d1ap-16f, 0, 0, 0, 0},
};

/* Which column: |x|, at most `most`, plus `offset` has first bits that `shift` leaves. In the first
 * column, |x| < `first`, p0 is |x| itself. As |x| - c is exact and its share of the result is below
 * a half, little is added to the last rounding's half a unit; and steps from float to float are
 * larger than the errors, so that the result is monotone (tests/exhaustive). */
typedef struct odd_range {
  float most, offset, first;
  int shift;
} odd_range;

ALWAYS_INLINE vec_f32 odd_by_table(vec_f32 x, const odd_table t, odd_range g)
{
  const vec_u32 bits = (vec_u32)x, sign = bits & 0x80000000u;
  const vec_f32 size = vec_lower_f32((vec_f32)(bits ^ sign), vec_all_f32(g.most));
  const vec_f32 place = size + g.offset, edge = vec_all_f32(g.offset + g.first);
  const vec_places at = vec_places_of((vec_u32)place >> g.shift);
  const vec_f32 r = size - vec_look_up(t[0], at);
  vec_f32 slope = vec_look_up(t[7], at);
  slope = vec_madd_f32(slope, r, vec_look_up(t[6], at));
  slope = vec_madd_f32(slope, r, vec_look_up(t[5], at));
  slope = vec_madd_f32(slope, r, vec_look_up(t[4], at));
  slope = vec_madd_f32(slope, r, vec_look_up(t[3], at));
  slope = vec_madd_f32(slope, r, vec_look_up(t[2], at));
  const vec_f32 p0 = vec_if_below(place, edge, size, vec_look_up(t[1], at));
  return (vec_f32)((vec_u32)vec_madd_f32(slope, r, p0) | sign);
}

ALWAYS_INLINE vec_f32 vec_tanh(vec_f32 x)
{
  return odd_by_table(x, tanh_table, (odd_range){9.02f, 0.75f, 0.125f, 21});
}

ALWAYS_INLINE vec_f32 vec_erf(vec_f32 x)
{
  return odd_by_table(x, erf_table, (odd_range){3.93f, 2.0f, 0.25f, 20});
}

#if defined(__AVX2__) && defined(__FMA__)
#define HAS_VEC_LOGISTIC 1
/* The bits of 2^(j/16) less those of 1 and j << 19, as floats; and what they lack, relative. */
static const uint32_t exp_bits[16] = {0x00000000u, 0xfffdaac3u, 0xfffb95c2u, 0xfff9c3d3u,
                                      0xfff837f0u, 0xfff6f532u, 0xfff5fed7u, 0xfff5583fu,
                                      0xfff504f3u, 0xfff508a4u, 0xfff5672au, 0xfff6248cu,
                                      0xfff744fdu, 0xfff8ccdfu, 0xfffac0c7u, 0xfffd257du};
static const float exp_lo[16] = {0,
                                 0x1.8d96d4p-25f,
                                 -0x1.9c0c22p-27f,
                                 0x1.964904p-25f,
                                 0x1.125002p-25f,
                                 0x1.370be4p-25f,
                                 -0x1.0a355p-25f,
                                 -0x1.00d8acp-27f,
                                 0x1.26055cp-26f,
                                 -0x1.05cb44p-25f,
                                 0x1.67a1cap-28f,
                                 0x1.a3b5e4p-28f,
                                 -0x1.f9c304p-27f,
                                 -0x1.6961b4p-28f,
                                 -0x1.a5217cp-28f,
                                 0x1.61428ep-28f};

/* -x = n ln2/16 - r, e^-x = s (1 + p), s = 2^(n/16). All is 2^-64 times as large, so that e^-x is
 * in range down to the least subnormal result. The sum 1 + s and what its rounding leaves, the
 * product s p, and the quotient's remainder are exact or nearly so: of the roundings only the last
 * one counts. The remainder is divided by the sum by a linear approximation, a tenth too little at
 * most and never too much, so that a subnormal quotient stays what it was rounded to. */
ALWAYS_INLINE vec_f32 vec_logistic(vec_f32 x)
{
  const float one = 0x1p-64f, base = 0x1.8p23f + 16 * (127 - 64);
  const vec_f32 ones = vec_all_f32(one);
  const vec_f32 z = vec_lower_f32(vec_raise_f32(x, vec_all_f32(-104.0f)), vec_all_f32(40.0f));
  const vec_f32 shifted = vec_madd_f32(z, vec_all_f32(-0x1.715476p+4f), vec_all_f32(base));
  const vec_f32 n = shifted - base, r = vec_madd_f32(n, vec_all_f32(0x1.62e43p-5f), z);
  const vec_places at = vec_places_of((vec_u32)shifted);
  const vec_u32 root = (vec_u32)vec_look_up((const float *)exp_bits, at);
  const vec_u32 s_bits = ((vec_u32)shifted << 19) + root;
  const vec_f32 lo = vec_madd_f32(n, vec_all_f32(0x1.05c61p-33f), vec_look_up(exp_lo, at));
  const vec_f32 cubic = vec_nmadd_f32(vec_all_f32(0x1.55564ap-3f), r, vec_all_f32(0x1.00022p-1f));
  const vec_f32 p = vec_madd_f32(vec_madd_f32(cubic, r, vec_all_f32(-1)), r, lo);
  const vec_f32 s = (vec_f32)s_bits, most = vec_greater_f32(s, ones);
  const vec_f32 least = vec_lesser_f32(s, ones), sum = most + least;
  const vec_f32 rest = vec_madd_f32(s, p, least - (sum - most));
  const vec_f32 den = sum + rest, y = ones / den;
  const vec_f32 left = vec_nmadd_f32(y, rest, vec_nmadd_f32(y, sum, ones));
  return vec_madd_f32(left, (vec_f32)(0x7eea09e7u - (vec_u32)den), y);
}

#endif

#endif
