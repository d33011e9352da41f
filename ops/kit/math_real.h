/* math_real.h: the functions of math.h for one type; math.h says which and includes it twice. */

/* x = n ln2 + r + r_lo, |r| <= 0.3467, n a whole number; power is n as a shift of an exponent. */
typedef struct FN(reduced) {
  REAL n, r, r_lo;
  WORD power;
} FN(reduced);

ALWAYS_INLINE FN(reduced) FN(reduce)(REAL x)
{
  const REAL shifted = MADD(x, LOG2_E, ROUNDER), n = shifted - ROUNDER;
  const WORD power = TO_WORD(shifted) << FRACTION_BITS;
#ifdef HAS_MADD
  /* n LN2 and, where n is not 0, x are multiples of half the unit that numbers from 1/2 to 1
   * have, so r, below 1/2, has a place for every bit: it is exact. */
  return (FN(reduced)){n, MADD(n, -LN2, x), n * -LN2_REST, power};
#else
  const REAL r_hi = x - n * LN2_HI; /* exact: LN2_HI ends in zeros */
  const REAL r = r_hi - n * LN2_LO;
  return (FN(reduced)){n, r, (r_hi - r) - n * LN2_LO, power};
#endif
}

/* r^2 p(r). */
ALWAYS_INLINE REAL FN(square_term)(REAL r)
{
  return r * r * MADD(EXPM1_Q(r), r, (REAL)0.5);
}

/* The same with r^2 / 2, most of it, rounded once. */
ALWAYS_INLINE REAL FN(careful_square_term)(REAL r)
{
  return MADD_EXACT(r, (REAL)0.5 * r, r * r * (r * EXPM1_Q(r)));
}

/* e^(r + r_lo) - 1 - r, where `term` is e^r - 1 - r. */
ALWAYS_INLINE REAL FN(with_lo)(REAL term, REAL r, REAL r_lo)
{
  return MADD(r_lo, r + term, term + r_lo);
}

/* 2^n, n whole and the result normal. */
ALWAYS_INLINE REAL FN(two_to)(REAL n)
{
  return TO_REAL((TO_WORD(n + ROUNDER) << FRACTION_BITS) + TO_WORD((REAL)1));
}

/* x 2^n, n whole, also where 2^n is not a normal number: rounded once more where the result is
 * subnormal. */
ALWAYS_INLINE REAL FN(scale)(REAL x, REAL n)
{
  const REAL half = MADD(n, (REAL)0.5, ROUNDER) - ROUNDER;
  return x * FN(two_to)(half) * FN(two_to)(n - half);
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

static inline REAL FN(exp_of)(REAL x)
{
  const FN(reduced) a = FN(reduce)(FN(clamp)(x, EXP_LEAST, EXP_MOST));
  const REAL tail = FN(with_lo)(FN(square_term)(a.r), a.r, a.r_lo);
  return FN(scale)((REAL)1 + (a.r + tail), a.n);
}

/* 2^n of a reduction, where that is normal. */
ALWAYS_INLINE REAL FN(power_of)(FN(reduced) a)
{
  return TO_REAL(a.power + TO_WORD((REAL)1));
}

/* Below this e^x - 1 is -1 in every rounding, and 2^n is normal. */
#define EXPM1_LEAST ((REAL)-80)

/* Where x is so large that the 1 in e^x - 1 is lost, 2^n is put off until k, which may be small,
 * has been multiplied by. EXPM1_MOST is what scale() can do, enough for every normal k. */
static inline REAL FN(expm1_by)(REAL x, REAL x_lo, REAL k, REAL k_lo)
{
  const bool is_large = x > 80;
  const FN(reduced) a = FN(reduce)(FN(clamp)(x, EXPM1_LEAST, EXPM1_MOST));
  const REAL lo_x = FN(clamp)(x_lo, (REAL)-0x1p-16, (REAL)0x1p-16);
  const REAL tail = FN(with_lo)(FN(careful_square_term)(a.r), a.r, a.r_lo + lo_x);
  const REAL one = is_large ? 0 : 1, s = is_large ? 1 : FN(power_of)(a), s_1 = s - one;
  const REAL hi = MADD(s, a.r, s_1); /* the rest of s (1 + r) - 1 is lost */
  const REAL lost = ((s - s_1) - one) + MADD(s, a.r, s_1 - hi);
  const REAL y = MADD_EXACT(k, hi, MADD(k, MADD(s, tail, lost), k_lo * hi));
  return FN(scale)(y, is_large ? a.n : 0);
}

/* (k + k_lo) * (2^n (1 + r + tail) - 1), n not above 0. */
ALWAYS_INLINE REAL FN(negative_expm1)(FN(reduced) a, REAL tail, REAL k, REAL k_lo)
{
  const REAL s = FN(power_of)(a), s_1 = s - 1, hi = MADD(s, a.r, s_1);
  const REAL lo = MADD(s, tail, MADD(s, a.r, s_1 - hi));
  return MADD_EXACT(k, hi, MADD(k, lo, k_lo * hi));
}

/* In these two r_lo is below a tenth of a unit of the result, and is left out. */
static inline REAL FN(negative_expm1_by)(REAL x, REAL k, REAL k_lo)
{
  const FN(reduced) a = FN(reduce)(FN(at_least)(x, EXPM1_LEAST));
  return FN(negative_expm1)(a, FN(square_term)(a.r), k, k_lo);
}

static inline REAL FN(negative_expm1_lo_by)(REAL x, REAL x_lo, REAL k, REAL k_lo)
{
  const FN(reduced) a = FN(reduce)(FN(at_least)(x, EXPM1_LEAST));
  return FN(negative_expm1)(a, FN(with_lo)(FN(square_term)(a.r), a.r, x_lo), k, k_lo);
}

static inline REAL FN(expm1_of)(REAL x)
{
  const REAL y = FN(expm1_by)(x, 0, 1, 0);
  return x == 0 ? x : y; /* -0 */
}

/* a + b as a pair, |a| >= |b| or a == 0. */
ALWAYS_INLINE PAIR FN(sum)(REAL a, REAL b)
{
  const REAL hi = a + b;
  return (PAIR){hi, (a - hi) + b};
}

/* (num_hi + num_lo) / (den_hi + den_lo) by one division, whose remainder corrects it; lo far
 * below hi. */
ALWAYS_INLINE REAL FN(divide)(PAIR num, PAIR den)
{
  const REAL c = (REAL)1 / den.hi, q = num.hi * c;
  const REAL rest = MADD_EXACT(-q, den.hi, num.hi) + MADD(-q, den.lo, num.lo);
  return MADD(rest, c, q);
}

/* -u / (2 + u) with u = e^-2|x| - 1, and x's sign. */
static inline REAL FN(tanh_of)(REAL x)
{
  const REAL below = TO_REAL(TO_WORD(x) | SIGN);
  const FN(reduced) a = FN(reduce)(FN(at_least)(below + below, EXPM1_LEAST));
  const REAL s = FN(power_of)(a), s_1 = s - 1, hi = MADD(s, a.r, s_1);
  const REAL lost = (s - (s_1 + 1)) + MADD(s, a.r, s_1 - hi);
  const PAIR u = FN(sum)(hi, MADD(s, FN(square_term)(a.r), lost));
  const REAL den = (REAL)2 + u.hi;
  const REAL y = FN(divide)((PAIR){-u.hi, -u.lo}, (PAIR){den, ((REAL)2 - den) + u.hi + u.lo});
  return TO_REAL(TO_WORD(y) | (TO_WORD(x) & SIGN));
}

/* m 2^n / (1 + m 2^n) for x < 0, 1 / (1 + m 2^n) else, with m 2^n = e^-|x|. Powers are kept 2^64
 * times too large and the numerator is scaled last, so that results come right down to the
 * subnormals. Choices are made with masks, which compilers do not turn into two computations. */
static inline REAL FN(logistic_of)(REAL x)
{
  const WORD is_below = (WORD)0 - (TO_WORD(x) >> (sizeof(WORD) * 8 - 1));
  const FN(reduced) a = FN(reduce)(FN(at_least)(TO_REAL(TO_WORD(x) | SIGN), EXP_LEAST));
  const PAIR one_r = FN(sum)(1, a.r);
  const REAL term = EXP_P_LESS(a.r) * (a.r * a.r);
  const PAIR m = FN(sum)(one_r.hi, MADD(a.r_lo, one_r.hi + term, one_r.lo + term));
  const REAL large = TO_REAL(a.power + TO_WORD((REAL)0x1p64)), s = large * (REAL)0x1p-64;
  const REAL e = s * m.hi, den = (REAL)1 + e;
  const REAL num = TO_REAL((TO_WORD(m.hi) & is_below) | (TO_WORD((REAL)1) & ~is_below));
  const REAL num_lo = TO_REAL(TO_WORD(m.lo) & is_below);
  const REAL y = FN(divide)((PAIR){num, num_lo}, (PAIR){den, MADD(s, m.lo, ((REAL)1 - den) + e)});
  return x < 0 ? y * large * (REAL)0x1p-64 : y;
}

#undef REAL
#undef PAIR
#undef FN
#undef WORD
#undef TO_WORD
#undef TO_REAL
#undef SIGN
#undef FRACTION_BITS
#undef ROUNDER
#undef LOG2_E
#undef LN2
#undef LN2_REST
#undef LN2_HI
#undef LN2_LO
#undef EXP_LEAST
#undef EXP_MOST
#undef EXPM1_MOST
#undef EXPM1_Q
#undef EXP_P_LESS
#undef EXPM1_Q_TAIL
#undef EXPM1_LEAST
