/* real_f32.h: what the functions that are written for both floating-point types are told of float;
 * real_f64.h of double, and real_end.h takes it back. Included before each use, so without a guard.
 */
#define REAL float
#define PAIR pair_f32
#define FN(name) name##_f32
#define WORD uint32_t
#define TO_WORD bits_f32
#define TO_REAL f32_bits
#define SIGN 0x80000000u
#define FRACTION_BITS 23
#define ROUNDER 0x1.8p23f /* a number to which is added is rounded to a whole one */
#define BIAS 127.0f
#define LOG2_E 0x1.715476p+0f
#define LN2 0x1.62e43p-1f /* and what it lacks; and the same in two words, the first shorter */
#define LN2_REST -0x1.05c61p-29f
#define LN2_HI 0x1.62e4p-1f
#define LN2_LO 0x1.7f7d1cp-20f
