/* math_real.h: the functions of math.h for one type; math.h says which and includes it twice. */

/* x = n ln2 + r + r_lo, |r| <= 0.3467, n a whole number; one_n is 2^n where that is normal. */
typedef struct FN(reduced) {
  REAL n, r, r_lo;
} FN(reduced);

ALWAYS_INLINE FN(reduced) FN(reduce)(REAL x)
{
  const REAL n = MADD(x, LOG2_E, ROUNDER) - ROUNDER;
  const REAL r_hi = MADD(n, -LN2_HI, x); /* exact: LN2_HI ends in zeros */
  const REAL r = MADD(n, -LN2_LO, r_hi);
  return (FN(reduced)){n, r, MADD(n, -LN2_LO, r_hi - r)};
}

/* r^2 p(r) + r_lo. */
ALWAYS_INLINE REAL FN(tail_of)(FN(reduced) a)
{
  return MADD(a.r * a.r, MADD(EXPM1_Q(a.r), a.r, (REAL)0.5), a.r_lo);
}

/* The same with r^2 / 2, most of it, rounded once. */
ALWAYS_INLINE REAL FN(careful_tail_of)(FN(reduced) a)
{
  return MADD(a.r, (REAL)0.5 * a.r, MADD(a.r * a.r, a.r * EXPM1_Q(a.r), a.r_lo));
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

ALWAYS_INLINE REAL FN(clamp)(REAL x, REAL least, REAL most)
{
  x = x < least ? least : x; /* NaN stays */
  return x > most ? most : x;
}

static inline REAL FN(exp_of)(REAL x)
{
  const FN(reduced) a = FN(reduce)(FN(clamp)(x, EXP_LEAST, EXP_MOST));
  const REAL tail = FN(tail_of)(a);
  return FN(scale)((REAL)1 + (a.r + tail), a.n);
}

/* unit * (e^(x + x_lo) - 1) as a pair whose hi is exact and whose lo carries the rest. unit is 1, or 1/2
 * for an x so large that only half of the result is finite; x may be above 0 only with may_grow. */
ALWAYS_INLINE PAIR FN(expm1_pair)(REAL x, REAL x_lo, REAL unit, bool may_grow)
{
  const FN(reduced) a = FN(reduce)(x);
  const REAL tail = may_grow ? FN(careful_tail_of)(a) : FN(tail_of)(a);
  const REAL whole_tail = MADD(x_lo, a.r + tail, tail + x_lo);
  const REAL s = FN(two_to)(unit < 1 ? a.n - 1 : a.n), s_1 = s - unit;
  const REAL lost = may_grow ? (s - s_1) - unit : s - (s_1 + unit);
  const REAL hi = MADD(s, a.r, s_1);
  return (PAIR){hi, MADD(s, may_grow ? whole_tail : tail, lost + MADD(s, a.r, s_1 - hi))};
}

/* Below this e^x - 1 is -1 in every rounding, and 2^n is normal. */
#define EXPM1_LEAST ((REAL)-80)

static inline REAL FN(expm1_by)(REAL x, REAL x_lo, REAL k, REAL k_lo)
{
  const REAL unit = x > 80 ? (REAL)0.5 : (REAL)1;
  const PAIR e = FN(expm1_pair)(FN(clamp)(x, EXPM1_LEAST, EXP_MOST),
                                FN(clamp)(x_lo, (REAL)-0x1p-16, (REAL)0x1p-16), unit, true);
  return MADD_EXACT(k, e.hi, MADD(k, e.lo, k_lo * e.hi)) * ((REAL)1 / unit);
}

static inline REAL FN(negative_expm1_by)(REAL x, REAL k, REAL k_lo)
{
  const PAIR e = FN(expm1_pair)(FN(clamp)(x, EXPM1_LEAST, 0), 0, 1, false);
  return MADD_EXACT(k, e.hi, MADD(k, e.lo, k_lo * e.hi));
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

/* -u / (2 + u) with u = e^-2|x| - 1. */
static inline REAL FN(tanh_of)(REAL x)
{
  const REAL magnitude = x < 0 ? -x : x;
  const PAIR e = FN(expm1_pair)(FN(clamp)((REAL)-2 * magnitude, EXPM1_LEAST, 0), 0, 1, false);
  const PAIR u = FN(sum)(e.hi, e.lo);
  const REAL den = (REAL)2 + u.hi;
  const REAL y = FN(divide)((PAIR){-u.hi, -u.lo}, (PAIR){den, ((REAL)2 - den) + u.hi + u.lo});
  return x < 0 ? -y : x > 0 ? y : x; /* -0, NaN */
}

/* e / (1 + e) for x < 0, 1 / (1 + e) else, with e = e^-|x| = 2^n m. The numerator is scaled
 * last, so that results come right down to the subnormals. */
static inline REAL FN(logistic_of)(REAL x)
{
  const bool is_negative = x < 0;
  const FN(reduced) a = FN(reduce)(FN(clamp)(is_negative ? x : -x, EXP_LEAST, 0));
  const REAL tail = FN(tail_of)(a);
  const PAIR one_r = FN(sum)(1, a.r), m = FN(sum)(one_r.hi, one_r.lo + tail);
  const REAL s = FN(scale)(1, a.n), e = s * m.hi, den = (REAL)1 + e;
  const PAIR num = {is_negative ? m.hi : (REAL)1, is_negative ? m.lo : (REAL)0};
  const REAL q = FN(divide)(num, (PAIR){den, ((REAL)1 - den) + e + s * m.lo});
  const REAL scaled = FN(scale)(q, a.n);
  return is_negative ? scaled : q;
}

#undef REAL
#undef PAIR
#undef FN
#undef WORD
#undef TO_WORD
#undef TO_REAL
#undef FRACTION_BITS
#undef ROUNDER
#undef LOG2_E
#undef LN2_HI
#undef LN2_LO
#undef EXP_LEAST
#undef EXP_MOST
#undef EXPM1_Q
#undef EXPM1_Q_TAIL
#undef EXPM1_LEAST
