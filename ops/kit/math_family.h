/* math_family.h: the other functions of formulas of maps, generic over float and double as those of
 * math.h:
 *
 *   LOG(x)
 *   LOG1P_EXP(x)       ln(1 + e^x), Softplus
 *   ERF(x)
 *   GATE(x, v, v_lo)   x / (1 + e^-(v + v_lo)), Swish and its kin; v_lo far below v
 *   MISH(x)            x tanh(ln(1 + e^x))
 *   GELU(x)            x (1 + erf(x / sqrt 2)) / 2
 *   GELU_TANH(x)       x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2
 *   SOFTSIGN(x)        x / (1 + |x|)
 *
 * Branch-free, right for every number down to the subnormals; NaN goes through; at infinities they
 * give their limits. Largest errors: docs/ACCURACY.md.
 *
 * Methods. Exponentials: Cody and Waite's reduction; the result is a sum of two words and a power
 * of two that is multiplied by last, so that results round once, also subnormal ones. Logarithms,
 * as in FreeBSD's log: ln(1 + f) = f - (f^2/2 - s (f^2/2 + s^2 R(s^2))), s = f / (2 + f), with
 * 1 + f the fraction of x in [sqrt 1/2, sqrt 2]. The error function: x + x P(x^2) up to 1, above
 * it 1 - e^G(x). The normal distribution's tail: e^(-x^2/2) t S(t - 1/2), t = K / (|x| + K).
 * Polynomials are minimax (Remez); ops/kit/fit.py computes them and prints their errors. The
 * operator Erf has a function of its own in float: math_table.h. */
#ifndef ONX_KIT_MATH_FAMILY_H
#define ONX_KIT_MATH_FAMILY_H

#include "ops/kit/math.h"

/* a + x (b + x (...)): a function's madd, as MADD repeats its arguments. */
#define HORNER_1(x, a) (a)
#define HORNER_2(x, a, ...) FN(madd)(HORNER_1(x, __VA_ARGS__), x, a)
#define HORNER_3(x, a, ...) FN(madd)(HORNER_2(x, __VA_ARGS__), x, a)
#define HORNER_4(x, a, ...) FN(madd)(HORNER_3(x, __VA_ARGS__), x, a)
#define HORNER_5(x, a, ...) FN(madd)(HORNER_4(x, __VA_ARGS__), x, a)
#define HORNER_6(x, a, ...) FN(madd)(HORNER_5(x, __VA_ARGS__), x, a)
#define HORNER_7(x, a, ...) FN(madd)(HORNER_6(x, __VA_ARGS__), x, a)
#define HORNER_8(x, a, ...) FN(madd)(HORNER_7(x, __VA_ARGS__), x, a)
#define HORNER_9(x, a, ...) FN(madd)(HORNER_8(x, __VA_ARGS__), x, a)
#define HORNER_10(x, a, ...) FN(madd)(HORNER_9(x, __VA_ARGS__), x, a)
#define HORNER_11(x, a, ...) FN(madd)(HORNER_10(x, __VA_ARGS__), x, a)
#define HORNER_12(x, a, ...) FN(madd)(HORNER_11(x, __VA_ARGS__), x, a)
#define HORNER_13(x, a, ...) FN(madd)(HORNER_12(x, __VA_ARGS__), x, a)
#define HORNER_14(x, a, ...) FN(madd)(HORNER_13(x, __VA_ARGS__), x, a)
#define HORNER_15(x, a, ...) FN(madd)(HORNER_14(x, __VA_ARGS__), x, a)
#define HORNER_16(x, a, ...) FN(madd)(HORNER_15(x, __VA_ARGS__), x, a)
#define HORNER_17(x, a, ...) FN(madd)(HORNER_16(x, __VA_ARGS__), x, a)
#define HORNER_18(x, a, ...) FN(madd)(HORNER_17(x, __VA_ARGS__), x, a)
#define HORNER_19(x, a, ...) FN(madd)(HORNER_18(x, __VA_ARGS__), x, a)
#define HORNER_20(x, a, ...) FN(madd)(HORNER_19(x, __VA_ARGS__), x, a)
#define HORNER_21(x, a, ...) FN(madd)(HORNER_20(x, __VA_ARGS__), x, a)
#define HORNER_22(x, a, ...) FN(madd)(HORNER_21(x, __VA_ARGS__), x, a)

#include "ops/kit/real_f32.h"
#define LEAST_NORMAL 0x1p-126f
#define ROOT_HALF 0x3f3504f3u
#define SOFTPLUS_LEAST -104.0f
#define SOFTPLUS_MOST 20.0f
#define MISH_LEAST -110.0f
#define GATE_LEAST -200.0f
#define GELU_MOST 14.8f
#define GELU_K 3.0f
#define ERF_MOST 4.0f
#define GELU_1 0x1.988454p+0f
#define GELU_1_LO -0x1.857936p-25f
#define GELU_3 0x1.2444f2p-4f
#define GELU_3_LO 0x1.49b16ap-29f
/* Relative errors of what they serve: 2^-26.5, 2^-28.3, 2^-29.6, 2^-29.8, 2^-30.0. */
#define EXP_P(r)                                                                                   \
  HORNER_5((r), 0.5f, 0x1.5554dcp-3f, 0x1.5554b8p-5f, 0x1.120ba6p-7f, 0x1.6d755ap-10f)
#define LOG_R(z) HORNER_3((z), 0x1.5555b8p-1f, 0x1.992828p-2f, 0x1.37221p-2f)
#define ERF_P0 0x1.06eba8p-3f
#define ERF_P1(z)                                                                                  \
  HORNER_6((z), -0x1.81273ep-2f, 0x1.ce2cf8p-4f, -0x1.b7f90cp-6f, 0x1.5405bp-8f, -0x1.a3f6fcp-11f, \
           0x1.496a2ep-14f)
#define ERFC_G0 -0x1.63ea9ap-12f
#define ERFC_G1(a)                                                                                 \
  HORNER_6((a), -0x1.208974p+0f, -0x1.46b934p-1f, -0x1.a65ebap-4f, 0x1.65e08cp-6f,                 \
           -0x1.828364p-9f, 0x1.871ca4p-13f)
#define GELU_S0 0x1.f1b89cp-3f
#define GELU_S1(u)                                                                                 \
  HORNER_10((u), 0x1.5bb438p-2f, 0x1.3a0d04p-2f, 0x1.021e06p-3f, -0x1.c91d4p-5f, -0x1.307e62p-4f,  \
            0x1.662e42p-6f, 0x1.68e776p-5f, -0x1.562a84p-6f, -0x1.6f2666p-6f, 0x1.30a712p-6f)
#include "ops/kit/math_family_real.h"

#include "ops/kit/real_f64.h"
#define LEAST_NORMAL 0x1p-1022
#define ROOT_HALF UINT64_C(0x3fe6a09e667f3bcd)
#define SOFTPLUS_LEAST -746.0
#define SOFTPLUS_MOST 40.0
#define MISH_LEAST -755.0
#define GATE_LEAST -1460.0
#define GELU_MOST 38.8
#define GELU_K 4.0
#define ERF_MOST 6.0
#define GELU_1 0x1.9884533d43651p+0
#define GELU_1_LO -0x1.cbc0d30ebfd15p-54
#define GELU_3 0x1.2444f2a4d8b4bp-4
#define GELU_3_LO -0x1.6c843a29d1c7p-61
/* Relative errors of what they serve: 2^-59, 2^-62.5, 2^-62.7, 2^-59.5, 2^-59.3. */
#define EXP_P(r) FN(madd)(FN(expm1_q)(r), (r), 0.5)
#define LOG_R(z)                                                                                   \
  HORNER_8((z), 0x1.555555555554ep-1, 0x1.999999999c4a2p-2, 0x1.24924921b6118p-2,                  \
           0x1.c71c74b793378p-3, 0x1.745c41bce578bp-3, 0x1.3b36e519fdf19p-3, 0x1.0db8b440e2c8dp-3, \
           0x1.1bff8520bf321p-3)
#define ERF_P0 0x1.06eba8214db69p-3
#define ERF_P1(z)                                                                                  \
  HORNER_12((z), -0x1.812746b0379e6p-2, 0x1.ce2f21a042b21p-4, -0x1.b82ce312849c9p-6,               \
            0x1.565bcd0db085ep-8, -0x1.c02db3d8fa8b5p-11, 0x1.f9a321a27604ep-14,                   \
            -0x1.f4d1df5090b26p-17, 0x1.b9def2af38ffep-20, -0x1.5f1d3f24d58b0p-23,                 \
            0x1.f7a4668818a25p-27, -0x1.386bb65a05e4ap-30, 0x1.057c20207b3e6p-34)
#define ERFC_G0 -0x1.7e68ca95aeaf0p-23
#define ERFC_G1(a)                                                                                 \
  HORNER_18((a), -0x1.20dd566f58d0bp+0, -0x1.45f4290d7d2b0p-1, -0x1.a4da80d9c6038p-4,              \
            0x1.3895250a71817p-6, 0x1.258df0e551b44p-12, -0x1.cf94736cd6d1bp-10,                   \
            0x1.4fe5cf8c511fap-11, -0x1.752bcff95e496p-15, -0x1.27e66dcb0628dp-14,                 \
            0x1.7a7493ea5e61fp-15, -0x1.1581a3edb8249p-16, 0x1.22de7efa72b7fp-18,                  \
            -0x1.c978b377cc6dcp-21, 0x1.0e7b187dcc8f0p-23, -0x1.d5389f6b9bb8ep-27,                 \
            0x1.1a9c047ba90f4p-30, -0x1.a6f3d65aa1d96p-35, 0x1.2844f6535578dp-40)
#define GELU_S0 0x1.82b4bb8c94dcep-3
#define GELU_S1(u)                                                                                 \
  MADD_EXACT((u),                                                                                  \
             HORNER_22((u), 0x1.8c6dbf2cfc2b4p-2, 0x1.7dff2bff68398p-2, 0x1.eec4cc3e4d245p-3,      \
                       0x1.ee2761047f81cp-5, -0x1.c81719d54483dp-5, -0x1.ab825fc10d6e6p-5,         \
                       0x1.17a4ae2e581d2p-7, 0x1.e4a42572ddcd7p-6, -0x1.001e4fd4bdbcbp-11,         \
                       -0x1.26d099c92fadfp-6, 0x1.80b1e6b856608p-11, 0x1.8d4b25c78dc83p-7,         \
                       -0x1.51e57764a78a9p-9, -0x1.1236d9ac38aa9p-7, 0x1.2340cb392323fp-8,         \
                       0x1.4cebf0dd2bfcap-8, -0x1.6c3806fefe29ep-8, -0x1.ce204f6bdc15fp-10,        \
                       0x1.4a926ded51711p-8, -0x1.e46eac270fc2fp-11, -0x1.4ca06432bd562p-9,        \
                       0x1.71df33a160847p-10),                                                     \
             0x1.373e3a893c28ap-2)
#include "ops/kit/math_family_real.h"

#undef HORNER_1
#undef HORNER_2
#undef HORNER_3
#undef HORNER_4
#undef HORNER_5
#undef HORNER_6
#undef HORNER_7
#undef HORNER_8
#undef HORNER_9
#undef HORNER_10
#undef HORNER_11
#undef HORNER_12
#undef HORNER_13
#undef HORNER_14
#undef HORNER_15
#undef HORNER_16
#undef HORNER_17
#undef HORNER_18
#undef HORNER_19
#undef HORNER_20
#undef HORNER_21
#undef HORNER_22

#define LOG(x) BY_REAL(log_of, x)(x)
#define LOG1P_EXP(x) BY_REAL(log1p_exp_of, x)(x)
#define ERF(x) BY_REAL(erf_of, x)(x)
#define GATE(x, v, v_lo) BY_REAL(gate_of, x)((x), (v), (v_lo))
#define MISH(x) BY_REAL(mish_of, x)(x)
#define GELU(x) BY_REAL(gelu_of, x)(x)
#define GELU_TANH(x) BY_REAL(gelu_tanh_of, x)(x)
#define SOFTSIGN(x) BY_REAL(softsign_of, x)(x)

#endif
