/* map_values.c: samples of a type, and the judgement of a result by the reference. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tests/ops/maps.h"

/* ---- samples --------------------------------------------------------------------------------- */

enum { SAMPLES = 4096, SAMPLES_OF_MANY = 1500, SPECIALS_MOST = 64 }; /* of 3 operands and more */

static size_t add_around(double *values, size_t n, onnxrun_dtype type, double x)
{
  const double ulp = (double)ulp_at(type, (long double)x);
  values[n++] = x;
  values[n++] = x + ulp;
  values[n++] = x - ulp;
  return n;
}

/* Largest, smallest normal, smallest subnormal numbers and their neighbours, thresholds. */
static size_t float_specials(const map_case *c, onnxrun_dtype type, double *values)
{
  const double inf = (double)INFINITY;
  const double tiny = (double)ulp_at(type, 0), ulp1 = (double)ulp_at(type, 1);
  const double least = tiny / ulp1, most = (double)ulp_at(type, INFINITY) / ulp1 * (2 - ulp1);
  const double fixed[] = {(double)NAN,  inf,   -inf,   0.0,  -0.0,  tiny, -tiny, least - tiny,
                          tiny - least, least, -least, most, -most, 0.5,  -0.5,  2,
                          -2,           3,     -3};
  size_t n = sizeof fixed / sizeof *fixed;
  memcpy(values, fixed, sizeof fixed);
  n = add_around(values, n, type, 1);
  n = add_around(values, n, type, -1);
  n = add_around(values, n, type, c->row->lowest);
  n = add_around(values, n, type, c->row->highest);
  for (uint32_t i = 0; i < c->t->n_attrs && n + 3 < SPECIALS_MOST; i++) {
    if (c->t->attrs[i].type == ONNXRUN_ATTR_FLOAT)
      n = add_around(values, n, type, (double)c->t->attrs[i].v.f);
  }
  return n;
}

static size_t whole_specials(onnxrun_dtype type, int64_t *values)
{
  const uint32_t bits = onnxrun_bits(type);
  const uint64_t top = UINT64_C(1) << (bits - 1);
  const uint64_t fixed[] = {0,       1,       2,   3,       7,        UINT64_MAX, UINT64_MAX - 1,
                            top - 1, top - 2, top, top + 1, bits - 1, bits};
  const size_t n = type == ONNXRUN_BOOL ? 2 : sizeof fixed / sizeof *fixed;
  memcpy(values, fixed, n * sizeof *fixed);
  return n;
}

/* Random bits: any exponent, any sign. */
static void set_any(onnxrun_tensor *t, size_t i)
{
  uint64_t bits = 0;
  for (int k = 0; k < 4; k++)
    bits = bits << 16 | (uint64_t)(test_random() * 65536);
  if (t->dtype == ONNXRUN_BOOL)
    bits &= 1;
  memcpy((char *)t->data + i * (onnxrun_bits(t->dtype) / 8), &bits, onnxrun_bits(t->dtype) / 8);
}

/* The special values of an operand's type. */
typedef struct specials {
  size_t n;
  double reals[SPECIALS_MOST];
  int64_t wholes[SPECIALS_MOST];
} specials;

/* Element i of operand o: all pairs of special values first, then random ones with a special one
 * here and there; a quarter of the random ones is any number there is. */
static void set_sample(const map_case *c, uint32_t o, size_t i, const specials *s)
{
  onnxrun_tensor *t = c->in[o];
  size_t special = s->n;
  if (i < s->n * s->n && o < 2)
    special = o == 0 ? i % s->n : i / s->n;
  else if (test_random() < 0.1)
    special = (size_t)(test_random() * (double)s->n);
  if (special < s->n && is_float_type(t->dtype))
    set_number(t, i, s->reals[special]);
  else if (special < s->n)
    set_int(t, i, s->wholes[special]);
  else if (i % 4 == 3 || t->dtype == ONNXRUN_BOOL)
    set_any(t, i);
  else
    set_number(t, i, c->row->lowest + test_random() * (c->row->highest - c->row->lowest));
}

static void fill_operand(map_case *c, uint32_t o, int64_t n, bool has_every_code)
{
  specials s = {0};
  if (is_float_type(c->types[o]))
    s.n = float_specials(c, c->types[o], s.reals);
  else
    s.n = whole_specials(c->types[o], s.wholes);
  c->in[o] = tensor_new(c->types[o], DIMS(n));
  for (size_t i = 0; i < (size_t)n; i++) {
    if (has_every_code)
      set_int(c->in[o], i, (int64_t)i);
    else
      set_sample(c, o, i, &s);
  }
}

void map_sample(map_case *c)
{
  uint32_t n_present = 0;
  for (uint32_t o = 0; o < c->n; o++)
    n_present += c->has[o];
  const onnxrun_operand *operands = c->kernel->inputs;
  const bool is_unary = !operands[1].name && !(operands[0].flags & ONNXRUN_VARIADIC);
  const bool has_every_code = is_unary && onnxrun_bits(c->types[c->key]) == 16;
  const int64_t n = has_every_code ? 65536 : n_present > 2 ? SAMPLES_OF_MANY : SAMPLES;
  for (uint32_t o = 0; o < c->n; o++) {
    c->in[o] = NULL;
    if (c->has[o])
      fill_operand(c, o, n, has_every_code);
  }
}

/* ---- judgement ------------------------------------------------------------------------------- */

double map_bound(const map_case *c)
{
  const onnxrun_dtype t = c->result;
  if (t == ONNXRUN_DOUBLE)
    return c->row->f64_ulp + 0.004; /* the reference's own rounding, 11 bits below */
  if (t == ONNXRUN_FLOAT)
    return c->row->f32_ulp + 1e-6;
  return 0.5 + c->row->f32_ulp * (t == ONNXRUN_FLOAT16 ? 0x1p-13 : 0x1p-16) + 1e-6;
}

void map_take(const map_case *c, onnxrun_tensor *const *in, const size_t *at, map_args *a)
{
  memset(a, 0, sizeof *a);
  a->n = c->n;
  a->t = c->t;
  a->is_signed = is_signed_type(c->types[c->key]);
  memcpy(a->types, c->types, sizeof a->types);
  memcpy(a->has, c->has, sizeof a->has);
  for (uint32_t o = 0; o < c->n; o++) {
    if (!c->has[o])
      continue;
    if (is_float_type(c->types[o])) {
      a->x[o] = (long double)get_number(in[o], at[o]);
      continue;
    }
    a->i[o] = get_int(in[o], at[o]);
    a->x[o] = is_signed_type(c->types[o]) ? (long double)a->i[o] : (long double)(uint64_t)a->i[o];
  }
}

void map_expect(const map_case *c, const map_args *a, onnxrun_tensor *out, size_t i, bool *is_free)
{
  *is_free = false;
  const bool is_real = is_float_type(c->types[c->key]);
  if (is_real && is_float_type(out->dtype))
    set_number(out, i, (double)c->row->reference->real(a));
  else if (is_real)
    set_int(out, i, c->row->reference->real(a) != 0);
  else
    set_int(out, i, c->row->reference->whole(a, is_free));
}

/* "1.5, absent, 3" */
static const char *operands_text(const map_case *c, const map_args *a, char *text, size_t size)
{
  size_t at = 0;
  text[0] = '\0';
  for (uint32_t o = 0; o < c->n && at + 1 < size; o++) {
    const char *comma = o ? ", " : "";
    const int n = !c->has[o] ? snprintf(text + at, size - at, "%sabsent", comma)
                  : is_float_type(c->types[o])
                      ? snprintf(text + at, size - at, "%s%.17Lg", comma, a->x[o])
                      : snprintf(text + at, size - at, "%s%lld", comma, (long long)a->i[o]);
    at += n > 0 ? (size_t)n : 0;
  }
  return text;
}

static void judge_real(const map_case *c, const map_args *a, const onnxrun_tensor *out, size_t i)
{
  const long double expected = c->row->reference->real(a);
  const double found = get_number(out, i);
  if ((long double)found == expected && expected != 0)
    return;
  const bool is_free_zero = (c->row->reference->flags & EITHER_ZERO) && found == 0 && expected == 0;
  const long double apart = ulps_apart(out->dtype, found, expected);
  char text[160];
  if (!is_free_zero && !(apart <= (long double)map_bound(c)))
    test_fail(c->t, c->registry, "%s of (%s) is %.17g, expected %.17Lg, %.4Lg ulp apart",
              onnxrun_dtype_name(c->types[c->key]), operands_text(c, a, text, sizeof text), found,
              expected, apart);
}

void map_judge(const map_case *c, const map_args *a, const onnxrun_tensor *out, size_t i)
{
  if (is_float_type(c->types[c->key]) && is_float_type(out->dtype)) {
    judge_real(c, a, out, i);
    return;
  }
  bool is_free;
  uint64_t room = 0; /* where the expected element goes */
  onnxrun_tensor expected = {out->dtype, 0, {0}, &room, sizeof room};
  map_expect(c, a, &expected, 0, &is_free);
  char text[160];
  if (!is_free && get_int(&expected, 0) != get_int(out, i))
    test_fail(c->t, c->registry, "%s of (%s) is %lld, expected %lld",
              onnxrun_dtype_name(c->types[c->key]), operands_text(c, a, text, sizeof text),
              (long long)get_int(out, i), (long long)get_int(&expected, 0));
}
