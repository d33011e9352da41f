/* text.h: numbers to text and back, exact and whatever the program's locale: the C library only
 * sees digits and an exponent, never a decimal point. */
#ifndef ONX_KIT_TEXT_H
#define ONX_KIT_TEXT_H

#include <stdio.h>
#include <stdlib.h>

#include "ops/kit/op.h"

/* More digits than a number halfway between two doubles can have (767): what follows only tells
 * whether the number is above halfway, which one digit can say. */
enum { TEXT_DIGITS = 780, TEXT_BYTES = 32 };

/* A decimal number: digits * 10^exponent, without leading zeros; zero has none. */
typedef struct text_number {
  bool is_negative, is_infinite, is_nan;
  size_t n_digits;
  int64_t exponent;
  char digits[TEXT_DIGITS + 32]; /* room for the exponent's text */
} text_number;

COLD static inline bool text_is_digit(char c)
{
  return c >= '0' && c <= '9';
}

/* Whether [at, end) is `word`, which is in small letters, in any case. */
COLD static inline bool text_is_word(const char *at, const char *end, const char *word)
{
  for (; at < end && *word && (*at | 0x20) == *word; at++)
    word++;
  return at == end && !*word;
}

COLD static inline void text_trim(const char **at, const char **end)
{
  while (*at < *end && (**at == ' ' || (**at >= '\t' && **at <= '\r')))
    (*at)++;
  while (*at < *end && ((*end)[-1] == ' ' || ((*end)[-1] >= '\t' && (*end)[-1] <= '\r')))
    (*end)--;
}

COLD static inline void text_put_digit(text_number *n, char digit, bool is_fraction)
{
  if (n->n_digits == TEXT_DIGITS) {
    if (digit != '0' && n->digits[TEXT_DIGITS - 1] == '0')
      n->digits[TEXT_DIGITS - 1] = '1';
    n->exponent += !is_fraction;
    return;
  }
  if (n->n_digits > 0 || digit != '0')
    n->digits[n->n_digits++] = digit;
  n->exponent -= is_fraction;
}

/* "123", "1.5", ".5", "5."; false: not a digit in it. */
COLD static inline bool text_scan_digits(text_number *n, const char **at, const char *end)
{
  bool has_digits = false, is_fraction = false;
  for (; *at < end && (text_is_digit(**at) || (**at == '.' && !is_fraction)); (*at)++) {
    if (**at == '.') {
      is_fraction = true;
      continue;
    }
    has_digits = true;
    text_put_digit(n, **at, is_fraction);
  }
  return has_digits;
}

/* "e-5", or nothing; false: something else. */
COLD static inline bool text_scan_exponent(text_number *n, const char *at, const char *end)
{
  if (at == end)
    return true;
  if ((*at++ | 0x20) != 'e')
    return false;
  const bool is_negative = at < end && *at == '-';
  if (at < end && (*at == '-' || *at == '+'))
    at++;
  int64_t exponent = 0;
  const char *first = at;
  for (; at < end && text_is_digit(*at); at++)
    exponent = exponent < INT64_C(1) << 50 ? exponent * 10 + (*at - '0') : exponent;
  n->exponent += is_negative ? -exponent : exponent;
  return at == end && at > first;
}

/* Reads a number in plain or scientific form, INF or NaN in any case, white space around; false:
 * that is not one. */
COLD static inline bool text_scan(text_number *n, onnxrun_string s)
{
  n->is_negative = n->is_infinite = n->is_nan = false;
  n->n_digits = 0;
  n->exponent = 0;
  if (s.size == 0)
    return false;
  const char *at = s.data, *end = s.data + s.size;
  text_trim(&at, &end);
  if (at < end && (*at == '-' || *at == '+'))
    n->is_negative = *at++ == '-';
  n->is_infinite = text_is_word(at, end, "inf");
  n->is_nan = text_is_word(at, end, "nan");
  if (n->is_infinite || n->is_nan)
    return true;
  return text_scan_digits(n, &at, end) && text_scan_exponent(n, at, end);
}

/* The digits as the C library reads them in every locale: "1234e-2". */
COLD static inline const char *text_plain(text_number *n)
{
  const int64_t e = n->exponent, exponent = e > 9999 ? 9999 : e < -9999 ? -9999 : e;
  if (n->n_digits == 0)
    return "0";
  snprintf(n->digits + n->n_digits, 32, "e%d", (int)exponent);
  return n->digits;
}

COLD static inline double text_f64(text_number *n)
{
  const double x = n->is_nan ? NAN : n->is_infinite ? INFINITY : strtod(text_plain(n), NULL);
  return n->is_negative ? -x : x;
}

COLD static inline float text_f32(text_number *n)
{
  const float x = n->is_nan ? NAN : n->is_infinite ? INFINITY : strtof(text_plain(n), NULL);
  return n->is_negative ? -x : x;
}

/* The magnitude without its fraction; false: not finite, or 2^64 and more. */
COLD static inline bool text_magnitude(const text_number *n, uint64_t *out)
{
  *out = 0;
  if (n->is_nan || n->is_infinite)
    return false;
  int64_t whole = (int64_t)n->n_digits + n->exponent; /* digits before the point */
  for (int64_t i = 0; i < whole && n->n_digits > 0; i++) {
    const uint64_t digit = i < (int64_t)n->n_digits ? (uint64_t)(n->digits[i] - '0') : 0;
    if (*out > (UINT64_MAX - digit) / 10)
      return false;
    *out = *out * 10 + digit;
  }
  return true;
}

/* Writes d[0] . d[1..] * 10^exponent as numpy does: plain from 1e-4 to below 1e16. */
COLD static inline size_t text_layout(char *to, const char *d, int n, int exponent)
{
  char *at = to;
  if (exponent < -4 || exponent >= 16) {
    *at++ = d[0];
    if (n > 1)
      *at++ = '.';
    memcpy(at, d + 1, (size_t)n - 1);
    at += n - 1;
    return (size_t)(at - to) + (size_t)snprintf(at, 8, "e%c%02d", exponent < 0 ? '-' : '+',
                                                exponent < 0 ? -exponent : exponent);
  }
  const int last = n - 1 > exponent + 1 ? n - 1 : exponent + 1; /* one digit behind the point */
  for (int i = exponent < 0 ? exponent : 0; i <= last; i++) {
    *at++ = i >= 0 && i < n ? d[i] : '0';
    if (i == exponent)
      *at++ = '.';
  }
  return (size_t)(at - to);
}

/* Whether that decimal is read as x again, by a type that the caller knows. */
typedef bool (*text_reads_fn)(text_number *n, double x, const void *context);

/* The shortest text that reads as x again; "NaN", "INF" and "-INF" as ONNX's Cast has them. At most
 * TEXT_BYTES, not terminated; returns how many. */
COLD static inline size_t text_of_double(char *to, double x, text_reads_fn reads,
                                         const void *context)
{
  text_number n = {.is_negative = signbit(x) != 0};
  if (x != x || isinf(x)) {
    const char *word = x != x ? "NaN" : x < 0 ? "-INF" : "INF";
    memcpy(to, word, strlen(word));
    return strlen(word);
  }
  char *at = to;
  if (n.is_negative)
    *at++ = '-';
  int exponent = 0;
  for (int wanted = 1; wanted <= 17; wanted++) {
    char text[TEXT_BYTES + 16];
    snprintf(text, sizeof text, "%.*e", wanted - 1, fabs(x));
    const char *c = text;
    n.n_digits = 0;
    for (; *c != 'e'; c++) {
      if (text_is_digit(*c))
        n.digits[n.n_digits++] = *c;
    }
    exponent = 0;
    for (const char *e = c + 2; *e; e++) /* after the sign */
      exponent = exponent * 10 + (*e - '0');
    exponent = c[1] == '-' ? -exponent : exponent;
    n.exponent = exponent - (wanted - 1);
    if (reads(&n, x, context))
      break;
  }
  return (size_t)(at - to) + text_layout(at, n.digits, (int)n.n_digits, exponent);
}

/* At most TEXT_BYTES; returns how many. */
COLD static inline size_t text_of_integer(char *to, uint64_t magnitude, bool is_negative)
{
  char digits[24];
  size_t n = 0;
  do
    digits[n++] = (char)('0' + magnitude % 10);
  while ((magnitude /= 10) > 0);
  char *at = to;
  if (is_negative)
    *at++ = '-';
  while (n > 0)
    *at++ = digits[--n];
  return (size_t)(at - to);
}

#endif
