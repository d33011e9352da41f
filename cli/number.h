/* number.h: floating-point numbers as text, in numpy's style. */
#ifndef CLI_NUMBER_H
#define CLI_NUMBER_H

#include "onnxrun/onnxrun.h"

#include <stdbool.h>

#define NUMBER_TEXT 64     /* bytes that hold any formatted number */
#define NUMBER_PRECISION 8 /* most digits after the point in arrays */

/* How the numbers of one array are written: gathered from them in two passes, then applied. */
struct number_format {
  onnxrun_dtype type;                  /* whose precision the digits must resolve */
  bool plus;                           /* write '+' too, as imaginary parts do */
  bool scientific;                     /* known after the first pass */
  bool finite, nan, inf, negative_inf; /* seen */
  double least, most;                  /* sizes of the finite values other than 0 */
  int left, right;                     /* columns before and after the point */
  int exponent;                        /* digits of the exponent */
};

/* First pass over all values, then number_decide, then the second pass, then number_finish. */
void number_scan(struct number_format *f, double v);
void number_decide(struct number_format *f);
void number_measure(struct number_format *f, double v);
void number_finish(struct number_format *f);
/* Writes `v`, aligned; returns the length. */
size_t number_write(const struct number_format *f, double v, char text[NUMBER_TEXT]);

/* Writes a lone number: the fewest digits that tell it from the type's other values. */
size_t number_write_alone(onnxrun_dtype type, double v, char text[NUMBER_TEXT]);

#endif
