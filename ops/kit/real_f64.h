/* real_f64.h: see real_f32.h. */
#define REAL double
#define PAIR pair_f64
#define FN(name) name##_f64
#define WORD uint64_t
#define TO_WORD bits_f64
#define TO_REAL f64_bits
#define SIGN UINT64_C(0x8000000000000000)
#define FRACTION_BITS 52
#define ROUNDER 0x1.8p52
#define BIAS 1023.0
#define LOG2_E 0x1.71547652b82fep+0
#define LN2 0x1.62e42fefa39efp-1
#define LN2_REST 0x1.abc9e3b39803fp-56
#define LN2_HI 0x1.62e42fefa4p-1
#define LN2_LO -0x1.8432a1b0e2634p-43
