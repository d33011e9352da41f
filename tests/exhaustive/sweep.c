/* sweep.c: see sweep.h. */
#include "tests/exhaustive/sweep.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
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

/* Samples in the order of their bits, and their truth, made once for all levels. */
typedef struct block {
  size_t n, judged; /* one sample more than is judged, where there is one, to compare neighbours */
  bool is_plain;    /* neither NaN nor a result too large for float; all x of one sign */
  float x[BLOCK + 1], negative[BLOCK + 1], rounded[BLOCK + 1];
  double truth[BLOCK + 1], per_unit[BLOCK + 1];
} block;

/* Their results at one level. */
typedef struct outputs {
  float y[BLOCK + 1], of_negative[BLOCK + 1];
} outputs;

static uint64_t bits_of_double(double x)
{
  uint64_t b;
  memcpy(&b, &x, sizeof b);
  return b;
}

/* 1 / unit_at(truth, 24, -125), by the exponent's bits. */
static double per_unit_at(double truth)
{
  const uint64_t e = bits_of_double(truth) >> 52 & 0x7ff;
  const uint64_t b = (2069 - (e < 897 ? 897 : e)) << 52;
  double x;
  memcpy(&x, &b, sizeof x);
  return x;
}

/* f(-x) is compared with -f(x) from one side. */
static bool is_odd_at(const subject *s, const block *b)
{
  return s->is_odd && !signbit(b->x[0]);
}

static void block_truth(block *b, const subject *s, const loops *l)
{
  b->is_plain = b->n > 0 && !signbit(b->x[0]) == !signbit(b->x[b->n - 1]);
  for (size_t i = 0; i < b->n; i++) {
    b->negative[i] = -b->x[i];
    b->truth[i] = s->reference(b->x[i], l->attributes);
    b->rounded[i] = (float)b->truth[i];
  }
  uint32_t largest = 0;
  for (size_t i = 0; i < b->n; i++) {
    const uint32_t magnitude = bits_of(b->rounded[i]) & 0x7fffffffu;
    largest = largest > magnitude ? largest : magnitude;
    b->per_unit[i] = per_unit_at(b->truth[i]);
  }
  b->is_plain = b->is_plain && largest < 0x7f800000u && !isnan(b->x[0]) && !isnan(b->x[b->n - 1]);
}

static void judge_f32(const block *b, size_t i, float y, finding *f)
{
  if (isnan(b->x[i]) || isnan(b->truth[i])) { /* such as 0 * infinity */
    f->n++;
    f->rounded += isnan(y) ? 1u : 0u;
    f->wrong += isnan(y) ? 0u : 1u;
  } else
    judge(f, b->x[i], y, b->truth[i], b->rounded[i], 1 / b->per_unit[i]);
}

static void judge_any(const subject *s, const block *b, const outputs *r, finding *f)
{
  const float *x = b->x, *y = r->y;
  for (size_t i = 0; i < b->judged; i++) {
    judge_f32(b, i, y[i], f);
    if (is_odd_at(s, b) && !isnan(x[i]))
      f->uneven += bits_of(r->of_negative[i]) != (bits_of(y[i]) ^ 0x80000000u);
    const bool has_next = s->is_monotone && i + 1 < b->n && !isnan(x[i]) && !isnan(x[i + 1]) &&
                          signbit(x[i]) == signbit(x[i + 1]);
    f->falls += has_next && (signbit(x[i]) ? y[i + 1] > y[i] : y[i + 1] < y[i]);
  }
}

/* The largest error of a plain block. In LANES lines, which compilers turn into vectors. */
static double worst_of(const block *b, const float *y)
{
  enum { LANES = 8 };
  double most[LANES] = {0};
  size_t i = 0;
  for (; i + LANES <= b->judged; i += LANES) {
    for (size_t k = 0; k < LANES; k++) {
      const double error = fabs((double)y[i + k] - b->truth[i + k]) * b->per_unit[i + k];
      most[k] = error > most[k] ? error : most[k];
    }
  }
  for (; i < b->judged; i++) {
    const double error = fabs((double)y[i] - b->truth[i]) * b->per_unit[i];
    most[0] = error > most[0] ? error : most[0];
  }
  for (size_t k = 1; k < LANES; k++)
    most[0] = most[k] > most[0] ? most[k] : most[0];
  return most[0];
}

/* A block without NaN and infinities: the same as judge_any, in loops without branches. */
static bool judge_plain(const subject *s, const block *b, const outputs *r, finding *f)
{
  const float *y = r->y;
  uint32_t largest = 0, rounded = 0, wrong = 0, falls = 0, uneven = 0;
  for (size_t i = 0; i < b->n; i++) {
    const uint32_t magnitude = bits_of(y[i]) & 0x7fffffffu;
    largest = largest > magnitude ? largest : magnitude;
  }
  if (!b->is_plain || largest >= 0x7f800000u)
    return false;
  for (size_t i = 0; i < b->judged; i++) {
    const uint32_t difference = bits_of(y[i]) ^ bits_of(b->rounded[i]);
    rounded += difference == 0;
    wrong += difference >> 31; /* the sign of what is rounded is the truth's */
  }
  for (size_t i = 0; s->is_monotone && i + 1 < b->n; i++)
    falls += signbit(b->x[0]) ? y[i + 1] > y[i] : y[i + 1] < y[i];
  for (size_t i = 0; is_odd_at(s, b) && i < b->judged; i++)
    uneven += bits_of(r->of_negative[i]) != (bits_of(y[i]) ^ 0x80000000u);
  *f = (finding){worst_of(b, y), 0, b->judged, rounded, wrong, falls, uneven, f->hash};
  for (size_t i = 0; f->worst > 0 && i < b->judged; i++) {
    if (fabs((double)y[i] - b->truth[i]) * b->per_unit[i] == f->worst) {
      f->at = b->x[i];
      break;
    }
  }
  return true;
}

static void run_block(const subject *s, const loops *l, const block *b, outputs *r)
{
  loops_run(l, ONNXRUN_FLOAT, b->x, r->y, b->n);
  if (is_odd_at(s, b))
    loops_run(l, ONNXRUN_FLOAT, b->negative, r->of_negative, b->n);
}

/* What a stride may step over. */
static const float specials[] = {0.0f,      -0.0f,      INFINITY,        -INFINITY,       NAN,
                                 0x1p-149f, -0x1p-149f, 0x1.fffffep127f, -0x1.fffffep127f};
enum { N_SPECIALS = sizeof specials / sizeof *specials };

static void add(finding *sum, const finding *f)
{
  if (f->worst > sum->worst) {
    sum->worst = f->worst;
    sum->at = f->at;
  }
  sum->n += f->n;
  sum->rounded += f->rounded;
  sum->wrong += f->wrong;
  sum->falls += f->falls;
  sum->uneven += f->uneven;
  sum->hash += f->hash; /* a sum, so that the order of the blocks does not matter */
}

/* What the threads share. A piece is BLOCK samples. */
typedef struct shared {
  const sweep *o;
  uint64_t samples, pieces;
  _Atomic uint64_t next;
} shared;

typedef struct worker {
  shared *all;
  bool talks;
  finding found[SWEEP_LEVELS];
  block b;
  outputs r[SWEEP_LEVELS];
} worker;

/* All levels of a block; one whose results are those of the level before has its findings too. */
static void judge_levels(worker *w, uint64_t piece)
{
  const sweep *o = w->all->o;
  const block *b = &w->b;
  finding f = {0};
  block_truth(&w->b, o->s, &o->levels[0]);
  for (size_t k = 0; k < o->n_levels; k++) {
    outputs *r = &w->r[k];
    run_block(o->s, &o->levels[k], b, r);
    const bool is_known = k > 0 && memcmp(r->y, w->r[k - 1].y, b->n * sizeof *r->y) == 0 &&
                          (!is_odd_at(o->s, b) || memcmp(r->of_negative, w->r[k - 1].of_negative,
                                                         b->n * sizeof *r->y) == 0);
    if (!is_known) {
      f = (finding){.hash = piece};
      if (!judge_plain(o->s, b, r, &f))
        judge_any(o->s, b, r, &f);
      for (size_t i = 0; o->has_hash && i < b->judged; i++)
        f.hash = mixed(f.hash, isnan(r->y[i]) ? 1 : (uint64_t)bits_of(r->y[i]) << 1);
    }
    add(&w->found[k], &f);
  }
}

static void judge_specials(worker *w)
{
  memcpy(w->b.x, specials, sizeof specials);
  w->b.n = w->b.judged = N_SPECIALS;
  judge_levels(w, 0);
  for (size_t k = 0; k < w->all->o->n_levels; k++) {
    w->found[k].hash = 0;
    w->found[k].falls = 0; /* they are in no order */
  }
}

static void *work(void *arg)
{
  worker *w = arg;
  shared *all = w->all;
  for (uint64_t piece; (piece = atomic_fetch_add(&all->next, 1)) < all->pieces;) {
    block *b = &w->b;
    b->n = 0;
    for (uint64_t i = piece * BLOCK; i < all->samples && b->n <= BLOCK; i++)
      b->x[b->n++] = float_of((uint32_t)(i * all->o->stride));
    b->judged = b->n < BLOCK ? b->n : BLOCK;
    judge_levels(w, piece);
    if (w->talks && all->o->progress)
      all->o->progress((double)(piece + 1) / (double)all->pieces);
  }
  return NULL;
}

bool sweep_f32(const sweep *o, finding *found)
{
  enum { THREADS_MOST = 64 };
  shared all = {.o = o, .samples = ((UINT64_C(1) << 32) + o->stride - 1) / o->stride};
  all.pieces = (all.samples + BLOCK - 1) / BLOCK;
  pthread_t threads_of[THREADS_MOST];
  const unsigned most = o->threads < 1 ? 1 : o->threads > THREADS_MOST ? THREADS_MOST : o->threads;
  worker *workers = calloc(most, sizeof *workers);
  if (!workers)
    return false;
  for (unsigned i = 0; i < most; i++)
    workers[i].all = &all;
  workers[0].talks = true;
  unsigned started = 1;
  judge_specials(&workers[0]);
  while (started < most && pthread_create(&threads_of[started], NULL, work, &workers[started]) == 0)
    started++;
  work(&workers[0]);
  memset(found, 0, o->n_levels * sizeof *found);
  for (unsigned i = 0; i < started; i++) {
    if (i > 0)
      pthread_join(threads_of[i], NULL);
    for (size_t k = 0; k < o->n_levels; k++)
      add(&found[k], &workers[i].found[k]);
  }
  free(workers);
  return true;
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
