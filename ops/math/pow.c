/* Pow: Z = X ^ Y, in X's type.  Opsets 1 (limited broadcast), 7, 12, 13, 15.
 *
 * float, float16, bfloat16: 2^(Y log2|X|) in double, then X's sign for odd Y; 0.501 ulp.
 *   log2 m = 2 / ln2 artanh((m - 1) / (m + 1)) for m in [sqrt 0.5, sqrt 2], and 2^r for
 *   |r| <= 0.5, are series, cut at 2^-39 and 2^-37.
 * double: libm's, 1.1 ulp.
 * Exponents 2, 3 (not of double), 0.5, -1 and 1, when the same for all, are computed directly and
 *   rounded once.
 * int32, int64: exact modulo 2^n for whole Y, also of floating-point types; for Y < 0 the fraction
 *   1 / X^|Y| is cut to 0 or +-1, and 0^Y is 0. For other Y the power in double is cut to a whole
 *   number within the type's range, NaN to 0.
 *
 * Floats pass through blocks, the exponents as double. */
#include "ops/kit/binary.h"

enum { POW_BLOCK = 256, POW_STEP = 16 };

struct pow {
  struct limited limited; /* first: limited_shape() reads it */
  onnxrun_dtype exponent;
};

/* ---- powers in double ----------------------------------------------------------------------- */

#define LN2 0x1.62e42fefa39efp-1

/* log2 |x| of a float, exact of powers of two; x is not NaN. */
static inline double log2_of(double x)
{
  const uint64_t least = 0x3fe6a09e667f3bcd; /* sqrt(0.5) */
  const uint64_t shifted = bits_f64(x) - least + ((uint64_t)1023 << 52);
  const double m = f64_bits((shifted & 0xfffffffffffff) + least);
  const double e = f64_bits(shifted >> 52 | 0x4330000000000000) - (0x1p52 + 1023);
  const double s = (m - 1) / (m + 1), z = s * s;
  double r = MADD(z, 2 / LN2 / 13, 2 / LN2 / 11);
  r = MADD(z, r, 2 / LN2 / 9);
  r = MADD(z, r, 2 / LN2 / 7);
  r = MADD(z, r, 2 / LN2 / 5);
  r = MADD(z, r, 2 / LN2 / 3);
  r = MADD(z, r, 2 / LN2);
  const double log2_x = MADD(s, r, e);
  return x == 0 ? -(double)INFINITY : x == (double)INFINITY ? x : log2_x;
}

/* 2^t as far as a float's range goes, exact for whole t; beyond it what a float rounds to 0 or
 * infinity. */
static inline double exp2_of(double t)
{
  t = t < -160 ? -160 : t;
  t = t > 130 ? 130 : t;
  const double n = t + 0x1.8p52; /* rounded, in the low bits */
  const double r = (t - (n - 0x1.8p52)) * LN2;
  double p = MADD(r, 1.0 / 362880, 1.0 / 40320);
  p = MADD(r, p, 1.0 / 5040);
  p = MADD(r, p, 1.0 / 720);
  p = MADD(r, p, 1.0 / 120);
  p = MADD(r, p, 1.0 / 24);
  p = MADD(r, p, 1.0 / 6);
  p = MADD(r, p, 0.5);
  p = MADD(r, p, 1);
  p = MADD(r, p, 1);
  return p * f64_bits((bits_f64(n) << 52) + ((uint64_t)1023 << 52));
}

/* |x| rounded to a whole number. */
static inline double whole_of(double x)
{
  return x < 0x1p52 ? (x + 0x1p52) - 0x1p52 : x;
}

/* x ^ y for x that was a float: C's special values. Choices one by one, as gcc takes them. */
static inline double power(double x, double y)
{
  const uint64_t sign = bits_f64(x) & (uint64_t)1 << 63;
  const double size = f64_bits(bits_f64(x) ^ sign),
               n = f64_bits(bits_f64(y) & ~((uint64_t)1 << 63));
  const bool is_whole = whole_of(n) == n;
  const double half = n * 0.5;
  uint64_t odd = whole_of(half) == half ? 0 : sign;
  odd = is_whole ? odd : 0;
  double z = exp2_of(y * log2_of(size));
  z = size == 1 ? 1 : z;
  z = y != y ? y : z;
  z = x != x ? x : z;
  z = y == 0 ? 1 : z;
  z = x == 1 ? 1 : z;
  z = f64_bits(bits_f64(z) ^ odd);
  const double strange = size < (double)INFINITY ? (double)NAN : z;
  const double other = x < 0 ? strange : z;
  return is_whole ? z : other;
}

/* A fixed number of elements: a loop for the rest would double the code. */
NOINLINE void pow_f32(const float *x, const double *y, float *z)
{
  LOOP_SIMD for (size_t i = 0; i < POW_STEP; i++) z[i] = (float)power((double)x[i], y[i]);
}

static void pow_n(const float *x, const double *y, float *z, size_t n)
{
  float rest_x[POW_STEP] = {0}, rest_z[POW_STEP];
  double rest_y[POW_STEP] = {0};
  size_t i = 0;
  for (; i + POW_STEP <= n; i += POW_STEP)
    pow_f32(x + i, y + i, z + i);
  if (i == n)
    return;
  memcpy(rest_x, x + i, (n - i) * sizeof *x);
  memcpy(rest_y, y + i, (n - i) * sizeof *y);
  pow_f32(rest_x, rest_y, rest_z);
  memcpy(z + i, rest_z, (n - i) * sizeof *z);
}

/* ---- exponents ------------------------------------------------------------------------------ */

/* One exponent: as double, and its size as a whole number where it is one below 2^63. */
struct exponent {
  double real;
  uint64_t size;
  bool is_whole, is_negative;
};

static struct exponent exponent_of(int64_t y)
{
  const uint64_t size = y < 0 ? 0 - (uint64_t)y : (uint64_t)y;
  return (struct exponent){(double)y, size, true, y < 0};
}

static struct exponent exponent_of_real(double y)
{
  const double size = fabs(y);
  const bool is_whole = size < 0x1p63 && size == (double)(uint64_t)size;
  return (struct exponent){y, is_whole ? (uint64_t)size : 0, is_whole, y < 0};
}

static struct exponent exponent_at(const void *y, size_t i, onnxrun_dtype dtype)
{
  switch (dtype) {
  case ONNXRUN_FLOAT:
    return exponent_of_real((double)((const float *)y)[i]);
  case ONNXRUN_FLOAT16:
    return exponent_of_real((double)f16_load(((const uint16_t *)y)[i]));
  case ONNXRUN_BFLOAT16:
    return exponent_of_real((double)bf16_load(((const uint16_t *)y)[i]));
  case ONNXRUN_INT8:
    return exponent_of(((const int8_t *)y)[i]);
  case ONNXRUN_UINT8:
    return exponent_of(((const uint8_t *)y)[i]);
  case ONNXRUN_INT16:
    return exponent_of(((const int16_t *)y)[i]);
  case ONNXRUN_UINT16:
    return exponent_of(((const uint16_t *)y)[i]);
  case ONNXRUN_INT32:
    return exponent_of(((const int32_t *)y)[i]);
  case ONNXRUN_UINT32:
    return exponent_of(((const uint32_t *)y)[i]);
  case ONNXRUN_INT64:
    return exponent_of(((const int64_t *)y)[i]);
  case ONNXRUN_UINT64: {
    const uint64_t size = ((const uint64_t *)y)[i];
    return (struct exponent){(double)size, size, true, false};
  }
  default:
    return exponent_of_real(((const double *)y)[i]);
  }
}

/* As double, which above 2^53 has even numbers alone. The powers of a float are 0, 1 or infinite
 * long before, so that a smaller number with the same parity does. */
static double exponent_of_float(const struct exponent *y)
{
  const uint64_t most = (uint64_t)1 << 53;
  if (!y->is_whole || y->size < most)
    return y->real;
  return copysign((double)(most - 2 + (y->size & 1)), y->real);
}

/* Where y has more digits than double, x^(high + low) = x^high (1 + low ln|x|): low ln|x| is below
 * 2^-32, or x^high is 0 or infinite. */
static double pow_f64(double x, const struct exponent *y)
{
  if (!y->is_whole || y->size <= (uint64_t)1 << 53)
    return pow(x, y->real);
  const double sign = y->is_negative ? -1 : 1, size = fabs(x);
  const double high = sign * (double)(y->size & ~(uint64_t)2047);
  const double low = sign * (double)(y->size & 2047);
  double z = pow(size, high);
  if (z > 0 && z < (double)INFINITY)
    z = MADD(z, low * log(size), z);
  return y->size & 1 ? copysign(z, x) : z;
}

/* The exponents of items [at, at + n), of any type, for floats. */
static void load_exponents(const onnxrun_job *job, size_t at, size_t n, double *to)
{
  const onnxrun_dtype dtype = ((const struct pow *)job->params)->exponent;
  if (!job->step[1]) {
    const struct exponent y = exponent_at(job->in[1], 0, dtype);
    const double real = exponent_of_float(&y);
    LOOP_SIMD for (size_t i = 0; i < n; i++) to[i] = real;
  } else if (dtype == ONNXRUN_FLOAT) {
    const float *y = (const float *)job->in[1] + at;
    LOOP_SIMD for (size_t i = 0; i < n; i++) to[i] = (double)y[i];
  } else
    for (size_t i = 0; i < n; i++) {
      const struct exponent y = exponent_at(job->in[1], at + i, dtype);
      to[i] = exponent_of_float(&y);
    }
}

/* ---- loops ---------------------------------------------------------------------------------- */

/* C's pow(x, 0.5): sqrt but for -infinity and -0. */
#define ROOT(x) ((x) == -INFINITY ? INFINITY : sqrtf(x) + 0.0f)
#define ROOT_DOUBLE(x) ((x) == -(double)INFINITY ? (double)INFINITY : sqrt(x) + 0.0)

/* x ^ y for one of the exponents that have a direct way; false: another exponent. */
static bool pow_directly_f32(const float *x, double y, float *z, size_t n)
{
  if (y == 2) {
    LOOP_SIMD for (size_t i = 0; i < n; i++) z[i] = x[i] * x[i];
  } else if (y == 3) {
    LOOP_SIMD for (size_t i = 0; i < n; i++) z[i] =
        (float)((double)x[i] * (double)x[i] * (double)x[i]);
  } else if (y == 0.5) {
    LOOP_SIMD for (size_t i = 0; i < n; i++) z[i] = ROOT(x[i]);
  } else if (y == -1) {
    LOOP_SIMD for (size_t i = 0; i < n; i++) z[i] = 1 / x[i];
  } else if (y == 1)
    memmove(z, x, n * sizeof *z);
  else
    return false;
  return true;
}

static bool pow_directly_f64(const double *x, double y, double *z, size_t n)
{
  if (y == 2) {
    LOOP_SIMD for (size_t i = 0; i < n; i++) z[i] = x[i] * x[i];
  } else if (y == 0.5) {
    LOOP_SIMD for (size_t i = 0; i < n; i++) z[i] = ROOT_DOUBLE(x[i]);
  } else if (y == -1) {
    LOOP_SIMD for (size_t i = 0; i < n; i++) z[i] = 1 / x[i];
  } else if (y == 1)
    memmove(z, x, n * sizeof *z);
  else
    return false;
  return true;
}

/* Items [at, at + n), whose bases are x. */
static void pow_block(const onnxrun_job *job, size_t at, size_t n, const float *x, float *z)
{
  double y[POW_BLOCK];
  load_exponents(job, at, n, y);
  if (job->step[1] || !pow_directly_f32(x, y[0], z, n))
    pow_n(x, y, z, n);
}

static void repeat(float *x, size_t n)
{
  for (size_t i = 1; i < n; i++)
    x[i] = x[0];
}

static void pow_float(const onnxrun_job *job, size_t begin, size_t end)
{
  float block[POW_BLOCK];
  for (size_t at = begin, n; at < end; at += n) {
    n = end - at < POW_BLOCK ? end - at : POW_BLOCK;
    const float *x = (const float *)job->in[0] + at;
    if (!job->step[0]) {
      block[0] = *(const float *)job->in[0];
      repeat(block, n);
      x = block;
    }
    pow_block(job, at, n, x, (float *)job->out[0] + at);
  }
}

static void pow_half(const onnxrun_job *job, size_t begin, size_t end, half_load_fn load,
                     half_store_fn store)
{
  float x[POW_BLOCK], z[POW_BLOCK];
  for (size_t at = begin, n; at < end; at += n) {
    n = end - at < POW_BLOCK ? end - at : POW_BLOCK;
    load(x, (const uint16_t *)job->in[0] + at * job->step[0], job->step[0] ? n : 1);
    if (!job->step[0])
      repeat(x, n);
    pow_block(job, at, n, x, z);
    store((uint16_t *)job->out[0] + at, z, n);
  }
}

static void pow_float16(const onnxrun_job *job, size_t begin, size_t end)
{
  pow_half(job, begin, end, f16_load_n, f16_store_n);
}

static void pow_bfloat16(const onnxrun_job *job, size_t begin, size_t end)
{
  pow_half(job, begin, end, bf16_load_n, bf16_store_n);
}

static void pow_double(const onnxrun_job *job, size_t begin, size_t end)
{
  const onnxrun_dtype dtype = ((const struct pow *)job->params)->exponent;
  const double *x = job->in[0];
  double *z = job->out[0];
  if (begin == end)
    return;
  struct exponent y = exponent_at(job->in[1], begin * job->step[1], dtype);
  if (job->step[0] && !job->step[1] && pow_directly_f64(x + begin, y.real, z + begin, end - begin))
    return;
  for (size_t i = begin; i < end; i++) {
    if (job->step[1])
      y = exponent_at(job->in[1], i, dtype);
    z[i] = pow_f64(x[i * job->step[0]], &y);
  }
}

static int64_t pow_whole(int64_t x, uint64_t n)
{
  uint64_t power = 1;
  for (uint64_t base = (uint64_t)x; n > 0; n >>= 1, base *= base)
    power *= n & 1 ? base : 1;
  return (int64_t)power;
}

static int64_t pow_int(int64_t x, const struct exponent *y, int64_t least, int64_t most)
{
  if (y->is_whole && !y->is_negative)
    return pow_whole(x, y->size);
  if (y->is_whole)
    return x == 1 || x == -1 ? pow_whole(x, y->size & 1) : 0;
  const double z = pow((double)x, y->real);
  if (!(z > (double)least))
    return z != z ? 0 : least;
  return z >= (double)most ? most : (int64_t)z;
}

#define POW_INT_LOOP(name, T, LEAST, MOST)                                                         \
  static void name(const onnxrun_job *job, size_t begin, size_t end)                               \
  {                                                                                                \
    const struct pow *p = job->params;                                                             \
    for (size_t i = begin; i < end; i++) {                                                         \
      const struct exponent y = exponent_at(job->in[1], i * job->step[1], p->exponent);            \
      const T x = ((const T *)job->in[0])[i * job->step[0]];                                       \
      ((T *)job->out[0])[i] = (T)pow_int(x, &y, LEAST, MOST);                                      \
    }                                                                                              \
  }
POW_INT_LOOP(pow_int32, int32_t, INT32_MIN, INT32_MAX)
POW_INT_LOOP(pow_int64, int64_t, INT64_MIN, INT64_MAX)
#undef POW_INT_LOOP

/* ---- descriptors ---------------------------------------------------------------------------- */

static onnxrun_status pow_prepare(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  ((struct pow *)params)->exponent = h->input(n, 1)->dtype;
  return ONNXRUN_OK;
}

#define POW_TYPES (T_FLOATS | T_INDEX)

static const onnxrun_loop pow_loops[] = {{ONNXRUN_FLOAT, pow_float},
                                         {ONNXRUN_DOUBLE, pow_double},
                                         {ONNXRUN_FLOAT16, pow_float16},
                                         {ONNXRUN_BFLOAT16, pow_bfloat16},
                                         {ONNXRUN_INT32, pow_int32},
                                         {ONNXRUN_INT64, pow_int64},
                                         END};

static const onnxrun_operand pow_1_inputs[] = {IN("X", 'T', POW_TYPES), IN("Y", 'T', POW_TYPES),
                                               END};
static const onnxrun_operand pow_7_inputs[] = {IN("X", 'T', POW_TYPES), IN("Y", '1', T_NUMBERS),
                                               END};
static const onnxrun_operand pow_outputs[] = {OUT("Z", 'T', POW_TYPES), END};

#define POW(first, last, table)                                                                    \
  KERNEL("Pow", first, last), .flags = ONNXRUN_MAP, .inputs = (table), .outputs = pow_outputs,     \
                              .params_size = sizeof(struct pow), .prepare = pow_prepare,           \
                              .loops = pow_loops, .item_cost = 10
static const onnxrun_kernel pow_1 = {POW(1, 6, pow_1_inputs), .attrs = LIMITED_ATTRS,
                                     .shape = limited_shape};
static const onnxrun_kernel pow_7 = {POW(7, 0, pow_7_inputs)};

KERNELS(pow, &pow_7, &pow_1)
