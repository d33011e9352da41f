/* math_real.h: the functions of math.h for one type; math.h says which and includes it twice. */

/* x = n ln2 + r + r_lo, |r| <= 0.3467, n a whole number; s is 2^(n + more), if that is normal. */
typedef struct FN(reduced) {
  REAL n, r, r_lo, s;
} FN(reduced);

/* 2^n of n + ROUNDER + BIAS, which has n's bits at its end, with an exponent's bias. */
ALWAYS_INLINE REAL FN(power_of)(REAL shifted)
{
  return TO_REAL(TO_WORD(shifted) << FRACTION_BITS);
}

ALWAYS_INLINE FN(reduced) FN(reduce)(REAL x, REAL more)
{
  const REAL base = ROUNDER + BIAS + more, shifted = MADD(x, LOG2_E, base), n = shifted - base;
  const REAL s = FN(power_of)(shifted);
#ifdef HAS_MADD
  /* n LN2 and, where n is not 0, x are multiples of half the unit that numbers from 1/2 to 1
   * have, so r, below 1/2, has a place for every bit: it is exact. */
  return (FN(reduced)){n, MADD(n, -LN2, x), n * -LN2_REST, s};
#else
  const REAL r_hi = x - n * LN2_HI; /* exact: LN2_HI ends in zeros */
  const REAL r = r_hi - n * LN2_LO;
  return (FN(reduced)){n, r, (r_hi - r) - n * LN2_LO, s};
#endif
}

/* q(r) of p(r) = 1/2 + r q(r). */
ALWAYS_INLINE REAL FN(expm1_q)(REAL r)
{
  return EXPM1_Q(r);
}

/* r^2 p(r). */
ALWAYS_INLINE REAL FN(square_term)(REAL r)
{
  return r * r * MADD(FN(expm1_q)(r), r, (REAL)0.5);
}

/* The same with r^2 / 2, most of it, rounded once. */
ALWAYS_INLINE REAL FN(careful_square_term)(REAL r)
{
  return MADD_EXACT(r, (REAL)0.5 * r, r * r * (r * FN(expm1_q)(r)));
}

/* e^(r + r_lo) - 1 - r, where `term` is e^r - 1 - r. */
ALWAYS_INLINE REAL FN(with_lo)(REAL term, REAL r, REAL r_lo)
{
  return MADD(r_lo, (REAL)1 + (r + term), term);
}

/* 2^n, n whole and the result normal. */
ALWAYS_INLINE REAL FN(two_to)(REAL n)
{
  return FN(power_of)(n + (ROUNDER + BIAS));
}

/* x 2^n, n whole, also where 2^n is not a normal number: rounded once more where the result is
 * subnormal. */
ALWAYS_INLINE REAL FN(scale)(REAL x, REAL n)
{
  const REAL half = MADD(n, (REAL)0.5, ROUNDER) - ROUNDER;
  return x * FN(two_to)(half) * FN(two_to)(n - half);
}

ALWAYS_INLINE REAL FN(unless_nan)(REAL x, REAL y)
{
  return x != x ? x : y;
}

/* NaN stays NaN. */
ALWAYS_INLINE REAL FN(at_least)(REAL x, REAL least)
{
  return x < least ? least : x;
}

ALWAYS_INLINE REAL FN(clamp)(REAL x, REAL least, REAL most)
{
  x = FN(at_least)(x, least);
  return x > most ? most : x;
}

/* 2^n in two factors, one of them 2^FAR or, for x < 0, 2^-FAR: both are normal. */
ALWAYS_INLINE REAL FN(exp_of)(REAL x)
{
  const REAL z = FN(lower)(FN(raise_negative)(x, EXP_LEAST), EXP_MOST);
  const FN(reduced) a = FN(reduce)(z, -FAR);
  const REAL m = (REAL)1 + (a.r + FN(with_lo)(FN(square_term)(a.r), a.r, a.r_lo));
  const WORD twice_far = (TO_WORD(x) & SIGN) >> 1;
  const REAL s = TO_REAL(TO_WORD(a.s) + twice_far), far = TO_REAL(TO_WORD(TWO_TO_FAR) - twice_far);
  return FN(unless_nan)(x, m * s * far);
}

/* Below this e^x - 1 is -1 in every rounding, and 2^n is normal. */
#define EXPM1_LEAST ((REAL)-80)

/* Where x is so large that the 1 in e^x - 1 is lost, 2^n is put off until k, which may be small,
 * has been multiplied by. EXPM1_MOST is what scale() can do, enough for every normal k. */
ALWAYS_INLINE REAL FN(expm1_by)(REAL x, REAL x_lo, REAL k, REAL k_lo)
{
  const bool is_large = x > 80;
  const FN(reduced) a = FN(reduce)(FN(clamp)(x, EXPM1_LEAST, EXPM1_MOST), 0);
  const REAL lo_x = FN(clamp)(x_lo, (REAL)-0x1p-16, (REAL)0x1p-16);
  const REAL tail = FN(with_lo)(FN(careful_square_term)(a.r), a.r, a.r_lo + lo_x);
  const REAL one = is_large ? 0 : 1, s = is_large ? 1 : a.s, s_1 = s - one;
  const REAL hi = MADD(s, a.r, s_1); /* the rest of s (1 + r) - 1 is lost */
  const REAL lost = ((s - s_1) - one) + MADD(s, a.r, s_1 - hi);
  const REAL y = MADD_EXACT(k, hi, MADD(k, MADD(s, tail, lost), k_lo * hi));
  return FN(scale)(y, is_large ? a.n : 0);
}

/* e^x - 1 for x <= 0 as hi + lo / 2, lo / 2 below a fifth of hi. Twice w is r and little more, so
 * that it takes one rounding. r_lo, left out, is below a tenth of a unit, and so is what s - 1
 * loses. */
ALWAYS_INLINE PAIR FN(negative_expm1)(REAL x)
{
  const FN(reduced) a = FN(reduce)(FN(raise_negative)(x, EXPM1_LEAST), 0);
  const REAL s_1 = a.s - 1, sr = a.s * a.r, hi = s_1 + sr, lost = (s_1 - hi) + sr;
  return (PAIR){hi, MADD(sr, MADD(FN(expm1_q)(a.r), a.r * (a.r + a.r), a.r), lost + lost)};
}

ALWAYS_INLINE REAL FN(negative_expm1_by)(REAL x, REAL k)
{
  const PAIR y = FN(negative_expm1)(x);
  return MADD_EXACT(k, y.hi, (REAL)0.5 * k * y.lo);
}

ALWAYS_INLINE REAL FN(negative_expm1_by_pair)(REAL x, REAL k, REAL k_lo)
{
  const PAIR y = FN(negative_expm1)(x);
  return MADD_EXACT(k, y.hi, MADD((REAL)0.5 * k, y.lo, k_lo * y.hi));
}

/* x is reduced by k ln2, which is exact: x = k n ln2 + k r. s k is exact, and |s k r| is below
 * |s k - k|. Half of r is most of w. */
ALWAYS_INLINE REAL FN(negative_expm1_of_ratio)(REAL x, REAL k)
{
  const REAL unit = k * LN2, unit_lo = MADD(k, LN2_REST, MADD_EXACT(k, LN2, -unit));
  const REAL inverse = 1 / k, inverse_lo = MADD_EXACT(-inverse, k, 1) * inverse;
  const REAL above = FN(raise_negative)(x, k * EXPM1_LEAST), base = ROUNDER + BIAS;
  const REAL shifted = MADD(above, inverse * LOG2_E, base), n = shifted - base;
  const REAL s = FN(power_of)(shifted), kr = MADD_EXACT(n, -unit, above), skr = s * kr;
  const REAL half = MADD(kr, (REAL)0.5 * inverse, kr * ((REAL)0.5 * inverse_lo)), r = half + half;
  const REAL sk = TO_REAL(TO_WORD(s) + (TO_WORD(k) - TO_WORD((REAL)1))), sk_k = sk - k;
  const REAL hi = sk_k + skr, lost = ((sk_k - hi) + skr) + (sk - (sk_k + k));
  return hi + MADD(skr, MADD(FN(expm1_q)(r), r * r, half), MADD(s * n, -unit_lo, lost));
}

ALWAYS_INLINE REAL FN(expm1_of)(REAL x)
{
  const REAL y = FN(expm1_by)(x, 0, 1, 0);
  return x == 0 ? x : y; /* -0 */
}

/* N / (2 - N) with N = 1 - e^-2|x|, and x's sign. N is nominator + rest, where nominator is as
 * coarse as 2 - N, and the remainder of the division corrects it. n is held where 2^n is not yet
 * lost beside 1; the e^r that then leaves its range is worth half a unit at most. */
ALWAYS_INLINE REAL FN(tanh_of)(REAL x)
{
  const REAL below = TO_REAL(TO_WORD(x) | SIGN), base = ROUNDER + BIAS;
  const REAL z = FN(raise_negative)(below + below, TANH_LEAST);
  const REAL shifted = FN(raise)(MADD(z, LOG2_E, base), base - FRACTION_BITS - 1);
  const REAL r = MADD_EXACT(shifted - base, -LN2, z);
  const REAL s = FN(power_of)(shifted), sr = s * r, s_1 = 1 - s, hi = s_1 - sr;
  const REAL w = r * MADD(FN(expm1_q)(r), r, (REAL)0.5); /* of e^r - 1 = r + r w */
  const REAL lo = MADD(-sr, w, (s_1 - hi) - sr), all = hi + lo;
  const REAL den = (REAL)2 - all, nominator = (REAL)2 - den, rest = (hi - nominator) + lo;
  const REAL c = (REAL)1 / den, q = all * c;
  const REAL left = MADD(q, rest, MADD_EXACT(-q, den, nominator) + rest);
  const REAL y = TO_REAL(TO_WORD(MADD(left, c, q)) | (TO_WORD(x) & SIGN));
  return FN(unless_nan)(x, y);
}

/* 1 / (1 + e^-x), as 2^-64 / (2^-64 + 2^(n - 64) e^r), whose parts are normal numbers. The
 * remainder of the division corrects it, and so does r_lo, which only matters where e^-x is almost
 * all of the sum. Scaling comes last, so that results come right down to the subnormals. */
ALWAYS_INLINE REAL FN(logistic_of)(REAL x)
{
  const REAL one = (REAL)0x1p-64, base = ROUNDER + BIAS - 64;
  const REAL z = FN(lower)(FN(raise_negative)(x, EXP_LEAST), LOGISTIC_MOST);
  const REAL shifted = MADD(z, -LOG2_E, base), n = shifted - base, s = FN(power_of)(shifted);
  const REAL r = MADD_EXACT(n, -LN2, -z), p = MADD(EXP_P_LESS(r), r * r, r);
  const REAL sum = one + s, den = MADD(s, p, sum);
  const REAL den_lo = MADD(s, p, sum - den) + ((s - sum) + one);
  const REAL c = (REAL)1 / den;
  const REAL left = MADD(-c, den_lo, MADD_EXACT(-c, den, (REAL)1));
  const REAL y = MADD(c, MADD(FN(raise)(n, 0), LN2_REST, left), c) * one;
  return FN(unless_nan)(x, y);
}

#undef FAR
#undef TWO_TO_FAR
#undef EXP_LEAST
#undef EXP_MOST
#undef EXPM1_MOST
#undef EXPM1_Q
#undef EXP_P_LESS
#undef EXPM1_Q_TAIL
#undef TANH_LEAST
#undef LOGISTIC_MOST
#undef EXPM1_LEAST
#include "ops/kit/real_end.h"
