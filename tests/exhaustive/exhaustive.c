/* exhaustive.c: proves how exact the activations are.
 *
 *   exhaustive [--op NAME] [--isa NAME] [--stride N] [--samples N] [--threads N] [--hashes]
 *
 * For each activation, choice of attributes and instruction set of the machine: all 2^32 floats
 * (every N-th with --stride N) against a reference in double, samples of double against MPFR,
 * and all values of the 16-bit types against the float result rounded. Prints a table; exits
 * with 1 where a bound is broken. The full proof takes about a minute of one core for each choice
 * of attributes. docs/ACCURACY.md is what it printed. --hashes prints a hash of the float results
 * instead, which must be the same for every compiler. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/exhaustive/sweep.h"

typedef struct settings {
  const char *op, *isa;
  uint64_t stride, samples;
  unsigned threads;
  bool only_hashes;
} settings;

static const subject *shown; /* whose sweep runs */

static void show_progress(double share)
{
  static double last;
  if (share < last)
    last = 0;
  if (isatty(2) && share >= last + 0.01) {
    fprintf(stderr, "\r%s(%s) %3.0f %% ", shown->op, shown->attributes, share * 100);
    last = share;
  }
}

static void hide_progress(void)
{
  if (isatty(2))
    fprintf(stderr, "\r\033[K");
}

static bool holds(const char *what, bool is_true)
{
  if (!is_true)
    printf("    BROKEN: %s\n", what);
  return is_true;
}

static bool report_f32(const subject *s, finding f)
{
  printf("  float     %.4f ulp at %-12g %.4f %% correctly rounded, of %llu\n", f.worst, f.at,
         100.0 * (double)f.rounded / (double)f.n, (unsigned long long)f.n);
  bool ok = holds("the bound", f.worst <= s->bound);
  ok &= holds("NaN, infinities and signs", f.wrong == 0);
  ok &= holds("correct rounding", s->bound > 0.5 || f.rounded == f.n);
  ok &= holds("monotone", f.falls == 0);
  ok &= holds("odd", f.uneven == 0);
  return ok;
}

static bool prove_f64(const subject *s, const loops *l, const settings *o)
{
  const finding f = sample_f64(s, l, o->samples);
  printf("  double    %.4f ulp at %-12g %.4f %% correctly rounded, of %llu\n", f.worst, f.at,
         100.0 * (double)f.rounded / (double)f.n, (unsigned long long)f.n);
  const bool ok = holds("the bound", f.worst <= s->bound_f64);
  return holds("NaN, infinities and signs", f.wrong == 0) && ok;
}

static bool prove_16(const loops *l, onnxrun_dtype type, const char *name)
{
  const finding f = sweep_16(l, type);
  printf("  %-9s %llu of %llu are the rounded float result\n", name, (unsigned long long)f.rounded,
         (unsigned long long)f.n);
  return holds("correct rounding", f.rounded == f.n);
}

static bool prove(const subject *s, const loops *l, const char *level, const settings *o, finding f)
{
  if (o->only_hashes) {
    printf("%s(%s) %s %016llx\n", s->op, s->attributes, level, (unsigned long long)f.hash);
    return true;
  }
  printf("%s(%s), %s\n", s->op, s->attributes, level);
  bool ok = report_f32(s, f);
  ok &= prove_f64(s, l, o);
  if (strcmp(s->op, "PRelu") != 0) { /* a slope would have to be rounded to the type first */
    ok &= prove_16(l, ONNXRUN_FLOAT16, "float16");
    ok &= prove_16(l, ONNXRUN_BFLOAT16, "bfloat16");
  }
  fflush(stdout);
  return ok;
}

/* At all levels that are asked for and that this machine has. */
static bool prove_levels(const subject *s, onnxrun_registry *const *registries, size_t n_levels,
                         const settings *o)
{
  loops of_levels[SWEEP_LEVELS];
  finding found[SWEEP_LEVELS];
  for (size_t k = 0; k < n_levels; k++) {
    if (!loops_of(registries[k], s, &of_levels[k])) {
      printf("%s: no kernel\n", s->op);
      return false;
    }
  }
  shown = s;
  const sweep all = {s, of_levels, n_levels, o->stride, o->threads, o->only_hashes, show_progress};
  const bool has_swept = sweep_f32(&all, found);
  hide_progress();
  bool ok = holds("memory", has_swept);
  for (size_t k = 0; k < n_levels && has_swept; k++)
    ok &= prove(s, &of_levels[k], onnxrun_registry_isa(registries[k]), o, found[k]);
  return ok;
}

/* The levels in use; how many. */
static size_t open_levels(const settings *o, onnxrun_registry **out)
{
  static const char *const levels[SWEEP_LEVELS] = {"base", "avx2", "avx512"};
  size_t n = 0;
  for (size_t i = 0; i < SWEEP_LEVELS; i++) {
    onnxrun_options options = ONNXRUN_OPTIONS_INIT;
    options.isa = levels[i];
    if (!o->isa || strcmp(o->isa, levels[i]) == 0)
      n += onnxrun_registry_create(&options, &out[n], NULL) == ONNXRUN_OK;
  }
  return n;
}

static void usage(void)
{
  fprintf(stderr, "usage: exhaustive [--op NAME] [--isa NAME] [--stride N] [--samples N] "
                  "[--threads N] [--hashes]\n");
  exit(2);
}

int main(int argc, char **argv)
{
  static const struct option options[] = {{"op", 1, NULL, 'o'},      {"isa", 1, NULL, 'i'},
                                          {"stride", 1, NULL, 's'},  {"samples", 1, NULL, 'n'},
                                          {"threads", 1, NULL, 't'}, {"hashes", 0, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
  settings o = {NULL, NULL, 1, 1000000, (unsigned)sysconf(_SC_NPROCESSORS_ONLN), false};
  for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
    switch (c) {
    case 'o':
      o.op = optarg;
      break;
    case 'i':
      o.isa = optarg;
      break;
    case 's':
      o.stride = strtoull(optarg, NULL, 10);
      break;
    case 'n':
      o.samples = strtoull(optarg, NULL, 10);
      break;
    case 't':
      o.threads = (unsigned)strtoul(optarg, NULL, 10);
      break;
    case 'h':
      o.only_hashes = true;
      break;
    default:
      usage();
    }
  }
  if (optind != argc || o.stride == 0)
    usage();
  onnxrun_registry *registries[SWEEP_LEVELS];
  const size_t n_levels = open_levels(&o, registries);
  bool ok = true;
  for (size_t i = 0; i < n_subjects && n_levels > 0; i++) {
    if (!o.op || strcmp(o.op, subjects[i].op) == 0)
      ok &= prove_levels(&subjects[i], registries, n_levels, &o);
  }
  for (size_t k = 0; k < n_levels; k++)
    onnxrun_registry_release(registries[k]);
  return ok ? 0 : 1;
}
