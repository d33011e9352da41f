/* sweep.c: see sweep.h. */
#include "tests/exhaustive/sweep.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

enum { BLOCK = 4096 };

static float float_of(uint32_t bits)
{
  return (union {
           uint32_t u;
           float f;
         }){bits}
      .f;
}

static uint32_t bits_of(float x)
{
  return (union {
           float f;
           uint32_t u;
         }){x}
      .u;
}

/* The unit in the last place of a type at a magnitude: `digits` of precision, least exponent. */
static double unit_at(double magnitude, int digits, int least)
{
  int e;
  frexp(magnitude, &e);
  return ldexp(1, (e < least ? least : e) - digits);
}

static uint64_t mixed(uint64_t h, uint64_t word)
{
  h ^= word;
  h *= UINT64_C(0x9e3779b97f4a7c15);
  return h ^ h >> 29;
}

/* One result against the truth, which is not NaN; `rounded` is the truth in the result's type. */
static void judge(finding *f, double x, double y, double truth, double rounded, double unit)
{
  f->n++;
  if (y == rounded && !signbit(y) == !signbit(rounded))
    f->rounded++;
  else if (isnan(y) || isinf(y) || isinf(rounded) || !signbit(y) != !signbit(truth))
    f->wrong++;
  if (isinf(y) || isinf(rounded) || isnan(y))
    return;
  const double error = fabs(y - truth) / unit;
  if (error > f->worst) {
    f->worst = error;
    f->at = x;
  }
}

static void judge_f32(const subject *s, const loops *l, float x, float y, finding *f)
{
  f->hash = mixed(f->hash, isnan(y) ? 1 : (uint64_t)bits_of(y) << 1);
  if (isnan(x)) {
    f->n++;
    f->rounded += isnan(y) ? 1u : 0u;
    f->wrong += isnan(y) ? 0u : 1u;
    return;
  }
  const double truth = s->reference(x, l->attributes);
  if (isnan(truth)) { /* such as 0 * infinity */
    f->n++;
    f->wrong += isnan(y) ? 0u : 1u;
    return;
  }
  judge(f, x, y, truth, (float)truth, unit_at(truth, 24, -125));
}

/* x[0..n) are n samples in the order of their bits. */
static void judge_block(const subject *s, const loops *l, const float *x, size_t n, finding *f)
{
  float y[BLOCK + 1], negative[BLOCK + 1], z[BLOCK + 1];
  loops_run(l, ONNXRUN_FLOAT, x, y, n);
  if (s->is_odd) {
    for (size_t i = 0; i < n; i++)
      negative[i] = -x[i];
    loops_run(l, ONNXRUN_FLOAT, negative, z, n);
  }
  for (size_t i = 0; i < n && i < BLOCK; i++) {
    judge_f32(s, l, x[i], y[i], f);
    if (s->is_odd && !isnan(x[i]))
      f->uneven += bits_of(z[i]) != (bits_of(y[i]) ^ 0x80000000u);
    const bool has_next = s->is_monotone && i + 1 < n && !isnan(x[i]) && !isnan(x[i + 1]) &&
                          signbit(x[i]) == signbit(x[i + 1]);
    f->falls += has_next && (signbit(x[i]) ? y[i + 1] > y[i] : y[i + 1] < y[i]);
  }
}

/* What a stride may step over; left out of the hash. */
static const float specials[] = {0.0f,      -0.0f,      INFINITY,        -INFINITY,       NAN,
                                 0x1p-149f, -0x1p-149f, 0x1.fffffep127f, -0x1.fffffep127f};
enum { N_SPECIALS = sizeof specials / sizeof *specials };

static void judge_specials(const subject *s, const loops *l, finding *f)
{
  float y[N_SPECIALS];
  loops_run(l, ONNXRUN_FLOAT, specials, y, N_SPECIALS);
  for (size_t i = 0; i < N_SPECIALS; i++)
    judge_f32(s, l, specials[i], y[i], f);
  f->hash = 0;
}

/* What the threads share. A piece is BLOCK samples; one more is looked at, to compare
 * neighbours. */
typedef struct shared {
  const subject *s;
  const loops *l;
  uint64_t stride, samples, pieces;
  _Atomic uint64_t next;
  void (*progress)(double share);
} shared;

typedef struct worker {
  shared *all;
  bool talks;
  finding found;
} worker;

static void *work(void *arg)
{
  worker *w = arg;
  shared *all = w->all;
  float x[BLOCK + 1];
  for (uint64_t piece; (piece = atomic_fetch_add(&all->next, 1)) < all->pieces;) {
    size_t n = 0;
    for (uint64_t i = piece * BLOCK; i < all->samples && n <= BLOCK; i++)
      x[n++] = float_of((uint32_t)(i * all->stride));
    finding f = {.hash = piece};
    judge_block(all->s, all->l, x, n, &f);
    if (f.worst > w->found.worst) {
      w->found.worst = f.worst;
      w->found.at = f.at;
    }
    w->found.n += f.n;
    w->found.rounded += f.rounded;
    w->found.wrong += f.wrong;
    w->found.falls += f.falls;
    w->found.uneven += f.uneven;
    w->found.hash += f.hash; /* a sum, so that the order of the pieces does not matter */
    if (w->talks && all->progress)
      all->progress((double)(piece + 1) / (double)all->pieces);
  }
  return NULL;
}

finding sweep_f32(const subject *s, const loops *l, uint64_t stride, unsigned threads,
                  void (*progress)(double share))
{
  enum { THREADS_MOST = 64 };
  shared all = {.s = s, .l = l, .stride = stride, .progress = progress};
  all.samples = ((UINT64_C(1) << 32) + stride - 1) / stride;
  all.pieces = (all.samples + BLOCK - 1) / BLOCK;
  worker workers[THREADS_MOST];
  pthread_t threads_of[THREADS_MOST];
  threads = threads < 1 ? 1 : threads > THREADS_MOST ? THREADS_MOST : threads;
  unsigned started = 1;
  for (unsigned i = 0; i < threads; i++)
    workers[i] = (worker){.all = &all, .talks = i == 0};
  while (started < threads &&
         pthread_create(&threads_of[started], NULL, work, &workers[started]) == 0)
    started++;
  judge_specials(s, l, &workers[0].found);
  work(&workers[0]);
  finding total = workers[0].found;
  for (unsigned i = 1; i < started; i++) {
    pthread_join(threads_of[i], NULL);
    const finding *f = &workers[i].found;
    if (f->worst > total.worst) {
      total.worst = f->worst;
      total.at = f->at;
    }
    total.n += f->n;
    total.rounded += f->rounded;
    total.wrong += f->wrong;
    total.falls += f->falls;
    total.uneven += f->uneven;
    total.hash += f->hash;
  }
  return total;
}

static uint64_t next_random(uint64_t *state)
{
  *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  uint64_t x = *state ^ *state >> 32;
  x *= UINT64_C(0xd6e8feb86659fd93);
  return x ^ x >> 32;
}

/* A quarter each: any bits, magnitudes 2^-60 to 2^10, to 40, to 2; twice as many below zero as
 * above. */
static double sample(uint64_t i, uint64_t *state)
{
  const uint64_t a = next_random(state), b = next_random(state);
  const double fraction = (double)(a >> 11) * 0x1p-53;
  double x;
  if (i % 4 == 0) {
    memcpy(&x, &a, sizeof x);
    return isnan(x) ? 0 : x;
  }
  x = i % 4 == 1   ? ldexp(1 + fraction, (int)(b >> 8) % 71 - 60)
      : i % 4 == 2 ? fraction * 40
                   : fraction * 2;
  return b % 3 == 0 ? x : -x;
}

/* |y - truth| in units of the last place that truth has as a double. */
static double error_of(const mpfr_t truth, double y)
{
  mpfr_t error;
  mpfr_init2(error, 300);
  mpfr_sub_d(error, truth, y, MPFR_RNDN);
  const mpfr_exp_t e = mpfr_zero_p(truth) ? -1021 : mpfr_get_exp(truth);
  mpfr_mul_2si(error, error, 53 - (e < -1021 ? -1021 : e), MPFR_RNDN);
  const double ulp = fabs(mpfr_get_d(error, MPFR_RNDN));
  mpfr_clear(error);
  return ulp;
}

finding sample_f64(const subject *s, const loops *l, uint64_t n)
{
  finding f = {0};
  double x[BLOCK], y[BLOCK];
  uint64_t state = 2026;
  mpfr_t truth;
  mpfr_init2(truth, 300);
  for (uint64_t done = 0; done < n; done += BLOCK) {
    for (size_t i = 0; i < BLOCK; i++)
      x[i] = done == 0 && i < N_SPECIALS ? (double)specials[i] : sample(i, &state);
    loops_run(l, ONNXRUN_DOUBLE, x, y, BLOCK);
    for (size_t i = 0; i < BLOCK; i++) {
      mpfr_set_d(truth, x[i], MPFR_RNDN);
      s->truth(truth, l->attributes);
      if (mpfr_nan_p(truth)) {
        f.wrong += isnan(y[i]) ? 0u : 1u;
        continue;
      }
      const double rounded = mpfr_get_d(truth, MPFR_RNDN);
      const bool is_right = y[i] == rounded && !signbit(y[i]) == !signbit(rounded);
      f.n++;
      f.rounded += is_right;
      f.wrong += !is_right && (!isfinite(y[i]) || !isfinite(rounded));
      const double error = isfinite(y[i]) && isfinite(rounded) ? error_of(truth, y[i]) : 0;
      if (error > f.worst) {
        f.worst = error;
        f.at = x[i];
      }
    }
  }
  mpfr_clear(truth);
  return f;
}

/* A 16-bit float's value, and the nearest 16-bit float, by arithmetic: `digits` of precision,
 * exponents from `least` (of frexp) to `most`. */
typedef struct format16 {
  int digits, least, most;
} format16;

static double value_16(uint16_t h, format16 t)
{
  const int fraction_bits = t.digits - 1, exponents = 1 << (15 - fraction_bits);
  const int e = (h & 0x7fff) >> fraction_bits, m = h & ((1 << fraction_bits) - 1);
  const double sign = h & 0x8000 ? -1 : 1;
  if (e == exponents - 1)
    return m ? NAN : sign * INFINITY;
  return sign * ldexp(m + (e ? 1 << fraction_bits : 0), t.least + (e ? e - 1 : 0) - t.digits);
}

static double round_16(double x, format16 t)
{
  if (x == 0 || !isfinite(x))
    return x;
  const double unit = unit_at(x, t.digits, t.least), y = nearbyint(x / unit) * unit;
  return fabs(y) >= ldexp(1, t.most) ? copysign(INFINITY, x) : copysign(y, x);
}

finding sweep_16(const loops *l, onnxrun_dtype type)
{
  const format16 t = type == ONNXRUN_FLOAT16 ? (format16){11, -13, 16} : (format16){8, -125, 128};
  static uint16_t x[65536], y[65536];
  static float wide[65536], results[65536];
  finding f = {0};
  for (size_t i = 0; i < 65536; i++) {
    x[i] = (uint16_t)i;
    wide[i] = (float)value_16((uint16_t)i, t);
  }
  loops_run(l, type, x, y, 65536);
  loops_run(l, ONNXRUN_FLOAT, wide, results, 65536);
  for (size_t i = 0; i < 65536; i++) {
    const double expected = round_16(results[i], t), found = value_16(y[i], t);
    const bool is_right =
        isnan(expected) ? isnan(found) : found == expected && !signbit(found) == !signbit(expected);
    f.n++;
    f.rounded += is_right;
    if (!is_right) {
      f.worst = 1;
      f.at = wide[i];
    }
  }
  return f;
}
