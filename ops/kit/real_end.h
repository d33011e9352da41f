/* real_end.h: see real_f32.h. */
#undef REAL
#undef PAIR
#undef FN
#undef WORD
#undef TO_WORD
#undef TO_REAL
#undef SIGN
#undef FRACTION_BITS
#undef ROUNDER
#undef BIAS
#undef LOG2_E
#undef LN2
#undef LN2_REST
#undef LN2_HI
#undef LN2_LO
