/* math_family_real.h: the functions of math_family.h for one type; that says which and includes it
 * twice. */

/* 2^n (hi + lo); large is 2^(n + 96), a normal number where the result is not far below the least
 * one, and FROM_LARGE brings it back. */
typedef struct FN(power) {
  REAL hi, lo, n, large;
} FN(power);
#define FROM_LARGE ((REAL)0x1p-96)

ALWAYS_INLINE REAL FN(madd)(REAL a, REAL b, REAL c)
{
  return MADD(a, b, c);
}

/* a + b, the exponent of a at least b's, or a = 0. */
ALWAYS_INLINE PAIR FN(fast_sum)(REAL a, REAL b)
{
  const REAL hi = a + b;
  return (PAIR){hi, (a - hi) + b};
}

/* a + b (Knuth). */
ALWAYS_INLINE PAIR FN(any_sum)(REAL a, REAL b)
{
  const REAL hi = a + b, part = hi - a;
  return (PAIR){hi, (a - (hi - part)) + (b - part)};
}

/* -|x|. */
ALWAYS_INLINE REAL FN(minus_size)(REAL x)
{
  return TO_REAL(TO_WORD(x) | SIGN);
}

/* All bits where x has the sign bit, as a mask: with a condition in its place compilers make two
 * computations and a choice between their results. */
ALWAYS_INLINE WORD FN(if_minus)(REAL x)
{
  return (WORD)0 - (TO_WORD(x) >> (sizeof(WORD) * 8 - 1));
}

ALWAYS_INLINE REAL FN(choice)(WORD mask, REAL yes, REAL no)
{
  return TO_REAL((TO_WORD(yes) & mask) | (TO_WORD(no) & ~mask));
}

/* y with the sign bit of x, y having none. */
ALWAYS_INLINE REAL FN(signed_as)(REAL y, REAL x)
{
  return TO_REAL(TO_WORD(y) | (TO_WORD(x) & SIGN));
}

/* (num.hi + num.lo) / (den.hi + den.lo) by one division, whose remainder corrects it. */
ALWAYS_INLINE REAL FN(quotient)(PAIR num, PAIR den)
{
  const REAL c = (REAL)1 / den.hi, q = num.hi * c;
  const REAL rest = MADD_EXACT(-q, den.hi, num.hi) + MADD(-q, den.lo, num.lo);
  return MADD(rest, c, q);
}

/* e^(v + v_lo), v not above 0 (NaN passes), v_lo at most a unit in its last place. */
ALWAYS_INLINE FN(power) FN(exp_parts)(REAL v, REAL v_lo)
{
  const FN(reduced) a = FN(reduce)(v, 96);
#ifdef HAS_MADD
  const REAL r_lo = MADD(a.n, -LN2_REST, v_lo);
#else
  const REAL r_lo = a.r_lo + v_lo;
#endif
  const PAIR one_r = FN(fast_sum)(1, a.r);
  const REAL term = a.r * a.r * EXP_P(a.r);
  const PAIR m = FN(fast_sum)(one_r.hi, MADD(r_lo, one_r.hi + term, one_r.lo + term));
  return (FN(power)){m.hi, m.lo, a.n, a.s};
}

/* ---- logarithms ------------------------------------------------------------------------------ */

/* ln(1 + f) - f as s m - half, for f from -0.3 to 0.5. */
typedef struct FN(log1p) {
  REAL s, m, half;
} FN(log1p);
ALWAYS_INLINE FN(log1p) FN(log1p_tail)(REAL f)
{
  const REAL s = f / ((REAL)2 + f), z = s * s, half = (REAL)0.5 * f * f;
  return (FN(log1p)){s, MADD(z, LOG_R(z), half), half};
}

static inline REAL FN(log_of)(REAL x)
{
  const WORD one = TO_WORD((REAL)1), whole = TO_WORD((REAL)((WORD)1 << FRACTION_BITS));
  const bool is_subnormal = x < LEAST_NORMAL;
  const REAL normal = is_subnormal ? x * (REAL)0x1p60 : x;
  const WORD shifted = TO_WORD(normal) - ROOT_HALF + one;
  const REAL f = TO_REAL((shifted & (((WORD)1 << FRACTION_BITS) - 1)) + ROOT_HALF) - 1;
  const REAL biased = TO_REAL(shifted >> FRACTION_BITS | whole) - TO_REAL(whole);
  const REAL n = biased - (REAL)(one >> FRACTION_BITS) - (is_subnormal ? 60 : 0);
  const PAIR sum = FN(fast_sum)(n * LN2_HI, f); /* the product is exact */
  const FN(log1p) tail = FN(log1p_tail)(f);
  const REAL y = sum.hi + (sum.lo + MADD(n, LN2_LO, tail.s * tail.m - tail.half));
  const REAL other = x == 0 ? -(REAL)INFINITY : x + (REAL)NAN;
  const REAL inside = x > 0 ? y : other;
  return x == (REAL)INFINITY ? x : inside;
}

/* max(x, 0) + ln(1 + u), u = e^-|x|. */
static inline REAL FN(log1p_exp_of)(REAL x)
{
  const REAL below = FN(minus_size)(x);
  const FN(power) e = FN(exp_parts)(below < SOFTPLUS_LEAST ? SOFTPLUS_LEAST : below, 0);
  const REAL power = e.large * FROM_LARGE;
  const REAL u = power * e.hi, u_lo = power * e.lo;
  const WORD is_half = FN(if_minus)((REAL)0.5 - u); /* 1 + u = 2 (1 + f) */
  const REAL f = FN(choice)(is_half, MADD(u, (REAL)0.5, (REAL)-0.5), u);
  const REAL f_lo = FN(choice)(is_half, u_lo * (REAL)0.5, u_lo);
  const FN(log1p) tail = FN(log1p_tail)(f); /* 1 / (1 + f) is about 1 - 2 s */
  const PAIR log = FN(fast_sum)(FN(choice)(is_half, LN2, 0), f);
  const PAIR sum = FN(any_sum)(FN(choice)(FN(if_minus)(x), 0, x), log.hi);
  const REAL log_lo = log.lo + FN(choice)(is_half, LN2_REST, 0);
  const REAL rest = MADD(f_lo, MADD((REAL)-2, tail.s, (REAL)1), sum.lo + log_lo);
  const REAL y = sum.hi + (MADD(tail.s, tail.m, rest) - tail.half); /* small terms first */
  const REAL low = x < -(SOFTPLUS_MOST + SOFTPLUS_MOST) ? (e.hi + e.lo) * e.large * FROM_LARGE : y;
  return x > SOFTPLUS_MOST ? x : low;
}

/* ---- gates ----------------------------------------------------------------------------------- */

static inline REAL FN(softsign_of)(REAL x)
{
  const REAL size = TO_REAL(TO_WORD(x) & ~SIGN);
  const REAL y = FN(quotient)((PAIR){size, 0}, FN(any_sum)(size, 1));
  return FN(signed_as)(size > (REAL)0x1p60 ? 1 : y, x);
}

/* x m / (1 + m) 2^n for v < 0, x / (1 + m 2^n) else, with m 2^n = e^-|v|; n in three parts, which
 * are normal numbers. */
static inline REAL FN(gate_of)(REAL x, REAL v, REAL v_lo)
{
  const WORD is_below = FN(if_minus)(v);
  const REAL below = FN(minus_size)(v), known_lo = v_lo - v_lo == 0 ? v_lo : 0;
  const REAL below_lo = TO_REAL(TO_WORD(known_lo) ^ (~TO_WORD(v) & SIGN)); /* of -|v| */
  const FN(power) e = FN(exp_parts)(below < GATE_LEAST ? GATE_LEAST : below, below_lo);
  const REAL third = MADD(e.n, (REAL)(1.0 / 3), ROUNDER) - ROUNDER, last = e.n - third - third;
  const REAL p = FN(two_to)(third), p_last = FN(two_to)(last);
  const REAL power = p * p * p_last;
  const PAIR den = FN(fast_sum)(1, power * e.hi);
  const PAIR num = {FN(choice)(is_below, e.hi, 1), FN(choice)(is_below, e.lo, 0)};
  const REAL y = x * FN(quotient)(num, (PAIR){den.hi, MADD(power, e.lo, den.lo)});
  const REAL inside = FN(choice)(is_below, y * p * p * p_last, y);
  return v < GATE_LEAST ? FN(signed_as)(0, x) : inside;
}

/* tanh(ln(1 + e^x)) = w (w + 2) / (w (w + 2) + 2), w = e^x; in E = e^-|x| that is
 * E (E + 2) / (2 + E (E + 2)) for x < 0 and (1 + 2 E) / (1 + 2 E + 2 E^2) else. */
static inline REAL FN(mish_of)(REAL x)
{
  const WORD is_below = FN(if_minus)(x);
  const REAL bounded = x < MISH_LEAST ? MISH_LEAST : x, below = FN(minus_size)(bounded);
  const FN(power) e = FN(exp_parts)(below < MISH_LEAST ? MISH_LEAST : below, 0);
  const REAL power = e.large * FROM_LARGE;
  const REAL E = power * e.hi, E_lo = power * e.lo, slope = FN(choice)(is_below, 1, 2);
  const PAIR g = FN(fast_sum)(3 - slope, slope * E);
  const REAL g_lo = MADD(slope, E_lo, g.lo);
  const REAL m = FN(choice)(is_below, e.hi, 1), m_lo = FN(choice)(is_below, e.lo, 0),
             num = m * g.hi;
  const REAL num_lo = MADD_EXACT(m, g.hi, -num) + MADD(m, g_lo, m_lo * g.hi);
  const REAL w = FN(choice)(is_below, power * num, (E + E) * E);
  const REAL w_lo = FN(choice)(is_below, power * num_lo, g_lo + 4 * E * E_lo);
  const PAIR den = FN(fast_sum)(FN(choice)(is_below, 2, g.hi), w);
  const REAL y = bounded * FN(quotient)((PAIR){num, num_lo}, (PAIR){den.hi, den.lo + w_lo});
  return FN(choice)(is_below, y * e.large * FROM_LARGE, y);
}

/* ---- the error function ---------------------------------------------------------------------- */

static inline REAL FN(erf_of)(REAL x)
{
  const REAL size = TO_REAL(TO_WORD(x) & ~SIGN), a = size > ERF_MOST ? ERF_MOST : size;
  const REAL z = a * a, slope = ERFC_G1(a);
  const REAL g = MADD(a, slope, ERFC_G0), g_lo = MADD_EXACT(a, slope, -g) + ERFC_G0;
  const FN(reduced) e = FN(reduce)(g, 0);
  const REAL m = MADD(e.r * e.r, EXP_P(e.r), e.r + g_lo);
  const REAL outer = MADD(-e.s, 1 + m, (REAL)1);
  return FN(signed_as)(
      FN(choice)(FN(if_minus)(a - 1), MADD_EXACT(a, MADD_EXACT(z, ERF_P1(z), ERF_P0), a), outer),
      x);
}

/* x Q for x < 0, x (1 - Q) else, Q = e^(-x^2/2) t S(t). The remainder of t's division corrects Q by
 * the derivative of t S(t), whose relative size is nearly 1 + (0.8 K - 1) t. */
static inline REAL FN(gelu_of)(REAL x)
{
  const REAL size = TO_REAL(TO_WORD(x) & ~SIGN), a = size > GELU_MOST ? GELU_MOST : size;
  const REAL square = a * a, square_lo = MADD_EXACT(a, a, -square);
  const FN(power) e = FN(exp_parts)((REAL)-0.5 * square, (REAL)-0.5 * square_lo);
  const PAIR den = FN(any_sum)(a, GELU_K);
  const REAL t = GELU_K / den.hi;
  const REAL rest = MADD_EXACT(-t, den.hi, GELU_K) - t * den.lo;
  const REAL share = rest * (1 / GELU_K) * MADD((REAL)0.8 * GELU_K - 1, t, (REAL)1);
  const REAL u = t - (REAL)0.5, more = GELU_S1(u), s = MADD(u, more, GELU_S0);
  const REAL s_lo = MADD_EXACT(u, more, GELU_S0 - s), w = t * s,
             w_lo = MADD_EXACT(t, s, -w) + t * s_lo;
  const REAL q = w * e.hi;
  const REAL q_lo = MADD_EXACT(w, e.hi, -q) + MADD(w_lo, e.hi, MADD(w, e.lo, q * share));
  const REAL low = -MADD_EXACT(a, q, a * q_lo) * e.large * FROM_LARGE;
  const REAL power = e.large * FROM_LARGE;
  const REAL high = MADD(-a, power * q, a) - a * power * q_lo;
  const REAL inside = size > GELU_MOST ? size : high;
  return FN(choice)(FN(if_minus)(x), low, inside);
}

/* x / (1 + e^-v), v = GELU_1 x + GELU_3 x^3 in two words, as it is a large exponent. */
static inline REAL FN(gelu_tanh_of)(REAL x)
{
  const REAL square = x * x, square_lo = MADD_EXACT(x, x, -square);
  const REAL cubic = GELU_3 * square;
  const REAL cubic_lo =
      MADD_EXACT(GELU_3, square, -cubic) + MADD(GELU_3, square_lo, GELU_3_LO * square);
  const PAIR sum = FN(any_sum)(cubic, GELU_1);
  const REAL slope_lo = sum.lo + (cubic_lo + GELU_1_LO);
  const REAL v = x * sum.hi;
  return FN(gate_of)(x, v, MADD_EXACT(x, sum.hi, -v) + x * slope_lo);
}

#undef FROM_LARGE
#undef LEAST_NORMAL
#undef ROOT_HALF
#undef SOFTPLUS_LEAST
#undef SOFTPLUS_MOST
#undef MISH_LEAST
#undef GATE_LEAST
#undef GELU_MOST
#undef GELU_K
#undef ERF_MOST
#undef GELU_1
#undef GELU_1_LO
#undef GELU_3
#undef GELU_3_LO
#undef EXP_P
#undef LOG_R
#undef ERF_P0
#undef ERF_P1
#undef ERFC_G0
#undef ERFC_G1
#undef GELU_S0
#undef GELU_S1
#include "ops/kit/real_end.h"
