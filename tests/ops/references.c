/* references.c: the functions of references.def, and those too long for a row. */
#include <math.h>
#include <string.h>

#include "tests/ops/maps.h"

long double map_attribute(const map_args *a, const char *name, long double otherwise)
{
  for (uint32_t i = 0; i < a->t->n_attrs; i++) {
    const onx_attr *attr = &a->t->attrs[i];
    if (onx_text_equal(attr->name, onx_text(name)))
      return attr->type == ONNXRUN_ATTR_INT ? (long double)attr->v.i : (long double)attr->v.f;
  }
  return otherwise;
}

static bool before(const map_args *a, int64_t i, int64_t j)
{
  return a->is_signed ? i < j : (uint64_t)i < (uint64_t)j;
}

/* NaN wins, as with numpy. */
static long double most_real(const map_args *a, int sign)
{
  long double most = a->x[0];
  for (uint32_t i = 1; i < a->n; i++) {
    if (isnan(a->x[i]) || a->x[i] * sign > most * sign)
      most = isnan(most) ? most : a->x[i];
  }
  return most;
}

static int64_t most_whole(const map_args *a, bool is_max)
{
  int64_t most = a->i[0];
  for (uint32_t i = 1; i < a->n; i++) {
    if (is_max ? before(a, most, a->i[i]) : before(a, a->i[i], most))
      most = a->i[i];
  }
  return most;
}

/* min(max(x, low), high). The bounds are attributes before opset 11, and from 6 to 10 their
 * defaults are float's range, for every type. */
static long double clipped(const map_args *a)
{
  const bool has_range = a->t->opset >= 6 && a->t->opset < 11;
  const long double most = has_range ? 0x1.fffffep127L : INFINITY;
  const long double low = a->n > 1 && a->has[1] ? a->x[1] : map_attribute(a, "min", -most);
  const long double high = a->n > 2 && a->has[2] ? a->x[2] : map_attribute(a, "max", most);
  long double x = a->x[0];
  if (isnan(x) || isnan(low) || isnan(high))
    return NAN;
  x = x < low ? low : x;
  return x > high ? high : x;
}

static int64_t clipped_whole(const map_args *a)
{
  int64_t x = a->i[0];
  if (a->n > 1 && a->has[1] && before(a, x, a->i[1]))
    x = a->i[1];
  if (a->n > 2 && a->has[2] && before(a, a->i[2], x))
    x = a->i[2];
  return x;
}

/* glibc's powl(-infinity, -2^63) is infinite. */
static long double real_power(long double x, long double y)
{
  return isinf(x) && y < 0 ? 1 / powl(x, -y) : powl(x, y);
}

/* Whole powers wrap; of a negative exponent or a real one the result is cut to a whole number, and
 * free where it does not fit or lies next to one. */
static int64_t whole_power(const map_args *a, bool *is_free)
{
  const bool is_whole = !is_float_type(a->types[1]);
  const bool is_negative = is_whole && is_signed_type(a->types[1]) && a->i[1] < 0;
  if (is_whole && !is_negative) {
    uint64_t power = 1, base = (uint64_t)a->i[0];
    for (uint64_t e = (uint64_t)a->i[1]; e; e >>= 1) {
      power *= e & 1 ? base : 1;
      base *= base;
    }
    return (int64_t)power;
  }
  const long double power = real_power(a->x[0], a->x[1]);
  const long double limit = ldexpl(1, (int)onnxrun_bits(a->types[0]) - 1);
  const bool fits = fabsl(power) < limit && fabsl(power) < 0x1p52L;
  *is_free = !fits || (fabsl(power - nearbyintl(power)) < 1e-6L * fabsl(power) &&
                       power != nearbyintl(power));
  return fits ? (int64_t)power : 0;
}

static bool has_text(const map_args *a, const char *name, const char *text)
{
  for (uint32_t i = 0; i < a->t->n_attrs; i++) {
    const onx_attr *attr = &a->t->attrs[i];
    if (onx_text_equal(attr->name, onx_text(name)))
      return onx_text_equal(attr->v.s, onx_text(text));
  }
  return false;
}

static long double bounded(long double x, long double least, long double most)
{
  return x < least ? least : x > most ? most : x;
}

static long double shrunk(const map_args *a, long double x)
{
  const long double bias = map_attribute(a, "bias", 0), lambd = map_attribute(a, "lambd", 0.5L);
  return x < -lambd ? x + bias : x > lambd ? x - bias : 0;
}

/* Free where double or the type does not hold the result. */
static int64_t shrunk_whole(const map_args *a, bool *is_free)
{
  const long double x = a->is_signed ? (long double)a->i[0] : (long double)(uint64_t)a->i[0];
  const long double y = shrunk(a, x);
  const int bits = (int)onnxrun_bits(a->types[0]) - (a->is_signed ? 1 : 0);
  *is_free =
      fabsl(x) > 0x1p50L || y >= ldexpl(1, bits) || y < (a->is_signed ? -ldexpl(1, bits) : 0);
  return *is_free ? 0 : (int64_t)y;
}

/* x / (1 + e^-v), 0 with the sign of x where v is -infinity or so low that it might be. */
static long double gated(long double x, long double v)
{
  return v < -11000 ? copysignl(0, x) : x / (1 + expl(-v));
}

static long double mish_of(long double x)
{
  return x < -11000 ? -0.0L : x * tanhl(log1pl(expl(x)));
}

static long double gelu_by_erf(long double x)
{
  return x < -150 ? -0.0L : x / 2 * erfcl(-x / sqrtl(2));
}

static long double gelu_by_tanh(long double x)
{
  return gated(x, sqrtl(8 / acosl(-1)) * (x + 0.044715L * x * x * x));
}

#define X (a->x[0])
#define Y (a->x[1])
#define Z (a->x[2])
#define I (a->i[0])
#define J (a->i[1])
#define K (a->i[2])
#define A(name, otherwise) map_attribute(a, name, otherwise)
#define IS_SIGNED (a->is_signed)
#define BEFORE(i, j) before(a, i, j)
#define WRAP(i, op, j) ((int64_t)((uint64_t)(i)op(uint64_t)(j)))
#define NEG(i) ((int64_t)(0 - (uint64_t)(i)))
#define FREE (*is_free = true, 0)
#define NONE FREE
/* The first version had fewer digits. */
#define SELU_GAMMA (a->t->opset < 6 ? 1.0507f : 1.05070102214813232421875f)
#define SELU_ALPHA (a->t->opset < 6 ? 1.6732f : 1.67326319217681884765625f)

#define REFERENCE(name, flag_bits, for_floats, for_wholes)                                         \
  static long double name##_real(const map_args *a)                                                \
  {                                                                                                \
    return for_floats;                                                                             \
  }                                                                                                \
  static int64_t name##_whole(const map_args *a, bool *is_free)                                    \
  {                                                                                                \
    (void)a;                                                                                       \
    (void)is_free;                                                                                 \
    return for_wholes;                                                                             \
  }                                                                                                \
  extern const map_reference reference_##name;                                                     \
  const map_reference reference_##name = {flag_bits, name##_real, name##_whole};
#include "tests/ops/references.def"
