/* compare.c: whether a result is what was expected, and by how much not; see tensors.h. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tests/ops/tensors.h"

static void exponents(onnxrun_dtype t, int *mantissa, int *least, int *most)
{
  const bool is_f64 = t == ONNXRUN_DOUBLE || t == ONNXRUN_COMPLEX128;
  *mantissa = is_f64 ? 52 : t == ONNXRUN_FLOAT16 ? 10 : t == ONNXRUN_BFLOAT16 ? 7 : 23;
  *least = is_f64 ? -1022 : t == ONNXRUN_FLOAT16 ? -14 : -126;
  *most = is_f64 ? 1023 : t == ONNXRUN_FLOAT16 ? 15 : 127;
}

long double ulp_at(onnxrun_dtype type, long double x)
{
  int mantissa, least, most, exponent = 0;
  exponents(type, &mantissa, &least, &most);
  if (x != 0 && isfinite(x)) {
    frexpl(x, &exponent); /* |x| in [2^(exponent-1), 2^exponent) */
    exponent--;
  } else {
    exponent = x == 0 ? least : most;
  }
  if (exponent < least)
    exponent = least;
  if (exponent > most)
    exponent = most;
  return ldexpl(1, exponent - mantissa);
}

long double ulps_apart(onnxrun_dtype type, double found, long double expected)
{
  int mantissa, least, most;
  exponents(type, &mantissa, &least, &most);
  if (isnan(found) || isnan(expected))
    return isnan(found) && isnan(expected) ? 0 : (long double)INFINITY;
  if ((expected == 0 || isinf(found)) && !signbit(found) != !signbit(expected))
    return (long double)INFINITY;
  if (expected == 0)
    return found == 0 ? 0 : (long double)INFINITY;
  const long double past = ldexpl(1, most + 1);
  long double e = fabsl(expected) > past ? copysignl(past, expected) : expected;
  const long double f = isinf(found) ? copysignl(past, (long double)found) : (long double)found;
  return fabsl(f - e) / ulp_at(type, e);
}

static bool say(char *why, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool say(char *why, size_t size, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  vsnprintf(why, size, format, args);
  va_end(args);
  return false;
}

static bool same_text(const onnxrun_tensor *a, const onnxrun_tensor *b, size_t i)
{
  const onnxrun_string *s = a->data, *t = b->data;
  return s[i].size == t[i].size && (s[i].size == 0 || memcmp(s[i].data, t[i].data, s[i].size) == 0);
}

static bool number_agrees(onnxrun_dtype t, double found, double expected, tolerance allowed)
{
  if (isnan(found) || isnan(expected))
    return isnan(found) && isnan(expected);
  if (isfinite(found) && isfinite(expected)) {
    if (fabs(found - expected) <= allowed.absolute + allowed.relative * fabs(expected))
      return found != 0 || expected != 0 || !signbit(found) == !signbit(expected) ||
             allowed.absolute > 0;
  }
  return ulps_apart(t, found, (long double)expected) <= (long double)allowed.ulp;
}

static bool numbers_agree(const onnxrun_tensor *f, const onnxrun_tensor *e, size_t i,
                          tolerance allowed, char *why, size_t size)
{
  const double found = get_number(f, i), expected = get_number(e, i);
  if (number_agrees(f->dtype, found, expected, allowed))
    return true;
  return say(why, size, "element %zu is %.17g, expected %.17g, %.3Lg ulp apart", i, found, expected,
             ulps_apart(f->dtype, found, (long double)expected));
}

static bool complex_agrees(const onnxrun_tensor *f, const onnxrun_tensor *e, size_t i,
                           tolerance allowed, char *why, size_t size)
{
  onnxrun_tensor a = *f, b = *e; /* seen as pairs of floats */
  a.dtype = b.dtype = f->dtype == ONNXRUN_COMPLEX64 ? ONNXRUN_FLOAT : ONNXRUN_DOUBLE;
  return numbers_agree(&a, &b, 2 * i, allowed, why, size) &&
         numbers_agree(&a, &b, 2 * i + 1, allowed, why, size);
}

static bool whole_agrees(const onnxrun_tensor *f, const onnxrun_tensor *e, size_t i,
                         tolerance allowed, char *why, size_t size)
{
  const int64_t found = get_int(f, i), expected = get_int(e, i);
  if (f->dtype == ONNXRUN_BOOL && found != 0 && found != 1)
    return say(why, size, "element %zu is a bool of value %lld", i, (long long)found);
  const double apart = fabs(get_number(f, i) - get_number(e, i));
  if (found == expected || (apart > 0 && apart <= allowed.absolute))
    return true;
  return say(why, size, "element %zu is %lld, expected %lld", i, (long long)found,
             (long long)expected);
}

static bool lists_agree(const onnxrun_tensor *found, const onnxrun_tensor *expected,
                        tolerance allowed, char *why, size_t size)
{
  const onnxrun_list *f = found->data, *e = expected->data;
  if (f->size != e->size)
    return say(why, size, "it has %zu items, expected %zu", f->size, e->size);
  for (size_t i = 0; i < f->size; i++) {
    char inner[200];
    if (!tensors_agree(&f->items[i], &e->items[i], allowed, inner, sizeof inner))
      return say(why, size, "item %zu: %s", i, inner);
  }
  return true;
}

static bool element_agrees(const onnxrun_tensor *f, const onnxrun_tensor *e, size_t i,
                           tolerance allowed, char *why, size_t size)
{
  const onnxrun_dtype t = f->dtype;
  if (t == ONNXRUN_STRING) {
    const onnxrun_string *s = f->data, *w = e->data;
    return same_text(f, e, i) || say(why, size, "element %zu is '%.*s', expected '%.*s'", i,
                                     (int)s[i].size, s[i].data, (int)w[i].size, w[i].data);
  }
  if (t == ONNXRUN_COMPLEX64 || t == ONNXRUN_COMPLEX128)
    return complex_agrees(f, e, i, allowed, why, size);
  const bool is_number = is_float_type(t) || (t >= ONNXRUN_FLOAT8E4M3FN && t != ONNXRUN_UINT4 &&
                                              t != ONNXRUN_INT4 && t < ONNXRUN_UINT2);
  return is_number ? numbers_agree(f, e, i, allowed, why, size)
                   : whole_agrees(f, e, i, allowed, why, size);
}

static const char *shape_text(const onnxrun_tensor *t, char *text, size_t size)
{
  size_t at = (size_t)snprintf(text, size, "%u:", onnxrun_bits(t->dtype));
  snprintf(text, size, "[");
  at = 1;
  for (uint32_t d = 0; d < t->rank && at < size; d++)
    at += (size_t)snprintf(text + at, size - at, "%s%lld", d ? "," : "", (long long)t->dims[d]);
  if (at < size)
    snprintf(text + at, size - at, "]");
  return text;
}

static bool same_shape(const onnxrun_tensor *a, const onnxrun_tensor *b)
{
  return a->rank == b->rank &&
         (a->rank == 0 || memcmp(a->dims, b->dims, a->rank * sizeof *a->dims) == 0);
}

bool tensors_agree(const onnxrun_tensor *found, const onnxrun_tensor *expected, tolerance allowed,
                   char *why, size_t size)
{
  char a[100], b[100];
  if (found->dtype != expected->dtype)
    return say(why, size, "its type is %d, expected %d", (int)found->dtype, (int)expected->dtype);
  if (!same_shape(found, expected))
    return say(why, size, "its shape is %s, expected %s", shape_text(found, a, sizeof a),
               shape_text(expected, b, sizeof b));
  if (found->bytes != expected->bytes)
    return say(why, size, "it has %zu bytes, expected %zu", found->bytes, expected->bytes);
  if (found->dtype == ONNXRUN_SEQUENCE || found->dtype == ONNXRUN_OPTIONAL)
    return lists_agree(found, expected, allowed, why, size);
  for (size_t i = 0; i < onnxrun_elements(expected); i++) {
    if (!element_agrees(found, expected, i, allowed, why, size))
      return false;
  }
  return true;
}

bool same_element(const onnxrun_tensor *a, const onnxrun_tensor *b, size_t i)
{
  const size_t bytes = onnxrun_bits(a->dtype) / 8;
  if (is_float_type(a->dtype) && isnan(get_number(a, i)))
    return isnan(get_number(b, i));
  if (bytes == 0)
    return get_int(a, i) == get_int(b, i);
  return memcmp((const char *)a->data + i * bytes, (const char *)b->data + i * bytes, bytes) == 0;
}

bool tensors_same(const onnxrun_tensor *a, const onnxrun_tensor *b)
{
  char why[8];
  if (a->dtype != b->dtype || !same_shape(a, b) || a->bytes != b->bytes)
    return false;
  if (a->dtype == ONNXRUN_STRING || a->dtype == ONNXRUN_SEQUENCE || a->dtype == ONNXRUN_OPTIONAL)
    return tensors_agree(a, b, (tolerance){0}, why, sizeof why);
  if (a->bytes == 0 || memcmp(a->data, b->data, a->bytes) == 0)
    return true;
  for (size_t i = 0; i < onnxrun_elements(a); i++) {
    if (!same_element(a, b, i))
      return false;
  }
  return true;
}
