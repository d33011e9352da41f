/* number.c: floating-point numbers as text, in numpy's style.
 *
 * The digits are the fewest that tell the value from its neighbours in its own type, at most 8 of
 * them after the point in arrays. An array is written with exponents when its largest size is 1e8
 * or more, its smallest (but 0) is under 1e-4, or their ratio is over 1000. Points are aligned. */
#include "number.h"

#include "element.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A number taken apart: [sign] whole . fraction [exponent]. */
struct pieces {
  char sign; /* '-', '+' or 0 */
  char whole[24];
  char fraction[24];
  int exponent; /* of a scientific form */
};

/* Whether `text` read back is `v`, in v's own type. */
static bool tells_apart(onnxrun_dtype type, double v, const char *text)
{
  const double w = strtod(text, NULL);
  if (type == ONNXRUN_DOUBLE || type == ONNXRUN_COMPLEX128)
    return w == v;
  const bool inwards = fabs(w) < fabs(v);
  const double gap = element_spacing(type, inwards ? nextafter(v, 0) : v) / 2;
  const bool takes_ties = fmod(v / element_spacing(type, v), 2) == 0;
  return fabs(w - v) < gap || (takes_ties && fabs(w - v) == gap);
}

/* "d.ddde+xx" with as few digits as needed. */
static void shortest(onnxrun_dtype type, double v, char text[NUMBER_TEXT])
{
  int least = 1, most = 17;
  while (least < most) {
    const int middle = (least + most) / 2;
    snprintf(text, NUMBER_TEXT, "%.*e", middle - 1, v);
    if (tells_apart(type, v, text))
      most = middle;
    else
      least = middle + 1;
  }
  snprintf(text, NUMBER_TEXT, "%.*e", most - 1, v);
}

static void trim_zeros(char *fraction)
{
  size_t n = strlen(fraction);
  while (n > 0 && fraction[n - 1] == '0')
    n--;
  fraction[n] = '\0';
}

/* Cuts printf's %e or %f form of a number that is not negative. */
static void take_apart(const char *text, struct pieces *p)
{
  const size_t whole = strcspn(text, ".e");
  snprintf(p->whole, sizeof p->whole, "%.*s", (int)whole, text);
  const char *rest = text + whole + (text[whole] == '.');
  const size_t fraction = strcspn(rest, "e");
  snprintf(p->fraction, sizeof p->fraction, "%.*s", (int)fraction, rest);
  p->exponent = rest[fraction] == 'e' ? (int)strtol(rest + fraction + 1, NULL, 10) : 0;
  trim_zeros(p->fraction);
}

static void set_sign(struct pieces *p, double v, bool plus)
{
  p->sign = signbit(v) ? '-' : plus ? '+' : '\0';
}

static void scientific_pieces(onnxrun_dtype type, double v, int precision, struct pieces *p)
{
  char text[NUMBER_TEXT];
  shortest(type, fabs(v), text);
  take_apart(text, p);
  if (strlen(p->fraction) > (size_t)precision) {
    snprintf(text, sizeof text, "%.*e", precision, fabs(v));
    take_apart(text, p);
  }
}

/* For sizes under 1e16. Moves the point of the shortest form. Like numpy's, the digits before the
 * point are those of the exact value in arrays. */
static void positional_pieces(onnxrun_dtype type, double v, int precision, struct pieces *p)
{
  struct pieces s;
  char text[2 * NUMBER_TEXT];
  scientific_pieces(type, v, 17, &s);
  const int digits = 1 + (int)strlen(s.fraction);
  if (digits - 1 - s.exponent > precision) {
    snprintf(text, sizeof text, "%.*f", precision, fabs(v));
  } else if (s.exponent >= digits && precision == NUMBER_PRECISION) {
    snprintf(text, sizeof text, "%.0f", fabs(v));
  } else if (s.exponent < 0) {
    snprintf(text, sizeof text, "0.%.*s%s%s", -s.exponent - 1, "0000000000000000", s.whole,
             s.fraction);
  } else {
    const int zeros = s.exponent >= digits ? s.exponent + 1 - digits : 0;
    const int from_fraction = s.exponent < digits - 1 ? s.exponent : digits - 1;
    snprintf(text, sizeof text, "%s%.*s%.*s.%s", s.whole, from_fraction, s.fraction, zeros,
             "0000000000000000", s.fraction + from_fraction);
  }
  take_apart(text, p);
}

void number_scan(struct number_format *f, double v)
{
  f->nan = f->nan || isnan(v);
  f->inf = f->inf || isinf(v);
  f->negative_inf = f->negative_inf || (isinf(v) && v < 0);
  if (!isfinite(v))
    return;
  f->finite = true;
  const double size = fabs(v);
  if (size == 0)
    return;
  f->least = f->most == 0 || size < f->least ? size : f->least;
  f->most = size > f->most ? size : f->most;
}

void number_decide(struct number_format *f)
{
  f->scientific = f->most > 0 && (f->most >= 1e8 || f->least < 1e-4 || f->most / f->least > 1000);
}

static void number_pieces(const struct number_format *f, double v, struct pieces *p)
{
  if (f->scientific)
    scientific_pieces(f->type, v, NUMBER_PRECISION, p);
  else
    positional_pieces(f->type, v, NUMBER_PRECISION, p);
  set_sign(p, v, f->plus);
}

static int larger(int a, size_t b)
{
  return (int)b > a ? (int)b : a;
}

void number_measure(struct number_format *f, double v)
{
  struct pieces p;
  if (!isfinite(v))
    return;
  number_pieces(f, v, &p);
  f->left = larger(f->left, strlen(p.whole) + (p.sign != 0));
  f->right = larger(f->right, strlen(p.fraction));
  f->exponent = larger(f->exponent, abs(p.exponent) >= 100 ? 3 : 2);
}

static int columns_after_point(const struct number_format *f)
{
  return f->scientific ? f->right + 2 + f->exponent : f->right;
}

void number_finish(struct number_format *f)
{
  if (!f->nan && !f->inf)
    return;
  const int wanted = 3 + (f->plus || f->negative_inf) - (columns_after_point(f) + 1);
  f->left = wanted > f->left ? wanted : f->left;
}

/* Like numpy's, a number with fewer digits than the others is not filled up with zeros but with the
 * digits of its exact value. */
static void fill_digits(const struct number_format *f, double v, struct pieces *p)
{
  char text[NUMBER_TEXT];
  if ((int)strlen(p->fraction) >= f->right)
    return;
  snprintf(text, sizeof text, "%.*e", f->right, fabs(v));
  take_apart(text, p);
  for (size_t n = strlen(p->fraction); n < (size_t)f->right; n++)
    memcpy(p->fraction + n, "0", 2);
}

size_t number_write(const struct number_format *f, double v, char text[NUMBER_TEXT])
{
  const int width = f->left + 1 + columns_after_point(f);
  if (!isfinite(v)) {
    const char *sign = isinf(v) && v < 0 ? "-" : f->plus ? "+" : "";
    char word[8];
    snprintf(word, sizeof word, "%s%s", sign, isnan(v) ? "nan" : "inf");
    return (size_t)snprintf(text, NUMBER_TEXT, "%*s", width, word);
  }
  struct pieces p;
  char head[32];
  number_pieces(f, v, &p);
  if (f->scientific)
    fill_digits(f, v, &p);
  snprintf(head, sizeof head, "%s%s", (char[2]){p.sign, '\0'}, p.whole);
  if (!f->scientific)
    return (size_t)snprintf(text, NUMBER_TEXT, "%*s.%-*s", f->left, head, f->right, p.fraction);
  return (size_t)snprintf(text, NUMBER_TEXT, "%*s.%se%c%0*d", f->left, head, p.fraction,
                          p.exponent < 0 ? '-' : '+', f->exponent, abs(p.exponent));
}

size_t number_write_alone(onnxrun_dtype type, double v, char text[NUMBER_TEXT])
{
  if (!isfinite(v))
    return (size_t)snprintf(text, NUMBER_TEXT, "%s", isnan(v) ? "nan" : v < 0 ? "-inf" : "inf");
  struct pieces p;
  const char *sign = signbit(v) ? "-" : "";
  if (v == 0 || (fabs(v) >= 1e-4 && fabs(v) < 1e16)) {
    positional_pieces(type, v, 21, &p);
    return (size_t)snprintf(text, NUMBER_TEXT, "%s%s.%s", sign, p.whole,
                            p.fraction[0] ? p.fraction : "0");
  }
  scientific_pieces(type, v, 17, &p);
  return (size_t)snprintf(text, NUMBER_TEXT, "%s%s%s%se%+03d", sign, p.whole,
                          p.fraction[0] ? "." : "", p.fraction, p.exponent);
}
