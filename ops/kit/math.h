/* math.h: elementary functions for the formulas of maps, generic over float and double:
 *
 *   EXP(x)       e^x
 *   EXPM1(x)     e^x - 1
 *   TANH(x)
 *   LOGISTIC(x)  1 / (1 + e^-x)
 *   EXPM1_BY(x, x_lo, k, k_lo)            (k + k_lo) * (e^(x + x_lo) - 1), rounded once
 *   NEGATIVE_EXPM1_BY(x, k)               k * (e^x - 1) for x <= 0, faster
 *   NEGATIVE_EXPM1_BY_PAIR(x, k, k_lo)    (k + k_lo) * (e^x - 1) for x <= 0
 *   NEGATIVE_EXPM1_OF_RATIO(x, k)         k * (e^(x / k) - 1) for x <= 0, k from 2^-60 to 2^60
 *
 * x_lo and k_lo are below half a unit in the last place of x and k.
 *
 * All are branch-free and made of operations that every compiler turns into vector instructions,
 * take every number (subnormals, infinities, -0), and let NaN through; those for x <= 0 give any
 * number for others, NaN among them. Errors, in units in the last place, over all 2^32 floats and
 * over samples of double, at each instruction set: docs/ACCURACY.md.
 *
 * Method: x = n ln2 + r with ln2 in two parts (Cody and Waite 1980), e^r - 1 = r + r^2 p(r), and
 * what roundings leave over carried in a second word (Dekker 1971). The coefficients of p are
 * minimax (Remez), computed by ops/kit/fit.py, which prints them and their errors. The operators
 * Tanh and, with AVX2 and AVX-512, Sigmoid have functions of their own in float: math_table.h. */
#ifndef ONX_KIT_MATH_H
#define ONX_KIT_MATH_H

#include "ops/kit/vec.h"

/* An unevaluated sum. */
typedef struct pair_f32 {
  float hi, lo;
} pair_f32;
typedef struct pair_f64 {
  double hi, lo;
} pair_f64;

/* Bounds. Of choices between floats gcc makes masks for AVX-512, and loops that compute twice; of
 * choices between whole numbers all compilers make min and max. As whole numbers, floats above 0
 * are in order, those below 0 in reverse, NaN is beyond the infinities. Only AVX-512 has min and
 * max of 64 bits, so doubles are compared as they are. */

/* The greater where x is below 0, x else; least below 0. */
ALWAYS_INLINE float raise_negative_f32(float x, float least)
{
  const uint32_t a = bits_f32(x), b = bits_f32(least);
  return f32_bits(a < b ? a : b);
}
ALWAYS_INLINE double raise_negative_f64(double x, double least)
{
  return x < least ? least : x;
}

/* The greater; least not below 0. */
ALWAYS_INLINE float raise_f32(float x, float least)
{
  const int32_t a = (int32_t)bits_f32(x), b = (int32_t)bits_f32(least);
  return f32_bits((uint32_t)(a > b ? a : b));
}
ALWAYS_INLINE double raise_f64(double x, double least)
{
  return x < least ? least : x;
}

/* The lesser; most not below 0. */
ALWAYS_INLINE float lower_f32(float x, float most)
{
  const int32_t a = (int32_t)bits_f32(x), b = (int32_t)bits_f32(most);
  return f32_bits((uint32_t)(a < b ? a : b));
}
ALWAYS_INLINE double lower_f64(double x, double most)
{
  return x > most ? most : x;
}

#include "ops/kit/real_f32.h"
#define FAR 64.0f
#define TWO_TO_FAR 0x1p64f
#define EXP_LEAST -104.0f
#define EXP_MOST 89.0f
#define EXPM1_MOST 176.0f
#define TANH_LEAST -18.5f
#define LOGISTIC_MOST 40.0f
/* p(r) = 1/2 + r q(r); r + r^2 p(r) has a relative error of 2^-29 */
#define EXPM1_Q(r)                                                                                 \
  MADD(MADD(MADD(MADD(0x1.a17dc8p-13f, (r), 0x1.6d4364p-10f), (r), 0x1.1110acp-7f), (r),           \
            0x1.5554e8p-5f),                                                                       \
       (r), 0x1.555556p-3f)
/* p(r) with one term less, fitted so that e^r has a relative error of 2^-28 */
#define EXP_P_LESS(r)                                                                              \
  MADD(MADD(MADD(MADD(0x1.6a23c6p-10f, (r), 0x1.123a1cp-7f), (r), 0x1.5558f2p-5f), (r),            \
            0x1.555492p-3f),                                                                       \
       (r), 0x1.fffffcp-2f)
#include "ops/kit/math_real.h"

#include "ops/kit/real_f64.h"
#define FAR 512.0
#define TWO_TO_FAR 0x1p512
#define EXP_LEAST -746.0
#define EXP_MOST 709.9
#define EXPM1_MOST 1418.0
#define TANH_LEAST -38.5
#define LOGISTIC_MOST 40.0
/* the same with 2^-59 */
#define EXPM1_Q_TAIL(r)                                                                            \
  MADD(MADD(MADD(MADD(MADD(2.0921593060240850441e-9, (r), 2.510525889708420398e-8), (r),           \
                      2.7557252900074309449e-7),                                                   \
                 (r), 2.7557255299582315987e-6),                                                   \
            (r), 2.4801587347354449421e-5),                                                        \
       (r), 1.9841269874899985857e-4)
#define EXPM1_Q(r)                                                                                 \
  MADD(MADD(MADD(MADD(EXPM1_Q_TAIL(r), (r), 1.388888888887439058e-3), (r),                         \
                 8.3333333333261123939e-3),                                                        \
            (r), 4.1666666666666683815e-2),                                                        \
       (r), 1.6666666666666671008e-1)
#define EXP_P_LESS(r) MADD(EXPM1_Q(r), (r), 0.5)
#include "ops/kit/math_real.h"

#define BY_REAL(name, x) _Generic((x), float : name##_f32, double : name##_f64)
#define EXP(x) BY_REAL(exp_of, x)(x)
#define EXPM1(x) BY_REAL(expm1_of, x)(x)
#define EXPM1_BY(x, x_lo, k, k_lo) BY_REAL(expm1_by, x)((x), (x_lo), (k), (k_lo))
#define NEGATIVE_EXPM1_BY(x, k) BY_REAL(negative_expm1_by, x)((x), (k))
#define NEGATIVE_EXPM1_BY_PAIR(x, k, k_lo) BY_REAL(negative_expm1_by_pair, x)((x), (k), (k_lo))
#define NEGATIVE_EXPM1_OF_RATIO(x, k) BY_REAL(negative_expm1_of_ratio, x)((x), (k))
#define TANH(x) BY_REAL(tanh_of, x)(x)
#define LOGISTIC(x) BY_REAL(logistic_of, x)(x)

#endif
