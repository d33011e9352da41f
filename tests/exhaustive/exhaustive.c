/* exhaustive.c: proves how exact the activations are.
 *
 *   exhaustive [--op NAME] [--isa NAME] [--stride N] [--samples N] [--threads N] [--hashes]
 *
 * For each activation, choice of attributes and instruction set of the machine: all 2^32 floats
 * (every N-th with --stride N) against a reference in double, samples of double against MPFR,
 * and all values of the 16-bit types against the float result rounded. Prints a table; exits
 * with 1 where a bound is broken. The full proof takes a few minutes an activation on two cores.
 * docs/ACCURACY.md is what it printed. --hashes prints a hash of the float results instead,
 * which must be the same for every compiler. */
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

static const char *const levels[] = {"base", "avx2", "avx512"};

static void show_progress(double share)
{
  static double last;
  if (share < last)
    last = 0;
  if (isatty(2) && share >= last + 0.01) {
    fprintf(stderr, "\r%3.0f %%", share * 100);
    last = share;
  }
}

static bool holds(const char *what, bool is_true)
{
  if (!is_true)
    printf("    BROKEN: %s\n", what);
  return is_true;
}

static bool prove_f32(const subject *s, const loops *l, const settings *o)
{
  const finding f = sweep_f32(s, l, o->stride, o->threads, show_progress);
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

static bool prove(const onnxrun_registry *r, const subject *s, const settings *o)
{
  loops l;
  const char *level = onnxrun_registry_isa(r);
  if (!loops_of(r, s, &l)) {
    printf("%s: no kernel\n", s->op);
    return false;
  }
  if (o->only_hashes) {
    const finding f = sweep_f32(s, &l, o->stride, o->threads, NULL);
    printf("%s(%s) %s %016llx\n", s->op, s->attributes, level, (unsigned long long)f.hash);
    return true;
  }
  printf("%s(%s), %s\n", s->op, s->attributes, level);
  bool ok = prove_f32(s, &l, o);
  ok &= prove_f64(s, &l, o);
  if (strcmp(s->op, "PRelu") != 0) { /* a slope would have to be rounded to the type first */
    ok &= prove_16(&l, ONNXRUN_FLOAT16, "float16");
    ok &= prove_16(&l, ONNXRUN_BFLOAT16, "bfloat16");
  }
  fflush(stdout);
  return ok;
}

static bool prove_level(const char *level, const settings *o)
{
  onnxrun_options options = ONNXRUN_OPTIONS_INIT;
  options.isa = level;
  onnxrun_registry *r = NULL;
  if (onnxrun_registry_create(&options, &r, NULL) != ONNXRUN_OK)
    return true; /* not of this machine */
  bool ok = true;
  for (size_t i = 0; i < n_subjects; i++) {
    if (!o->op || strcmp(o->op, subjects[i].op) == 0)
      ok &= prove(r, &subjects[i], o);
  }
  onnxrun_registry_release(r);
  return ok;
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
  bool ok = true;
  for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
    if (!o.isa || strcmp(o.isa, levels[i]) == 0)
      ok &= prove_level(levels[i], &o);
  }
  return ok ? 0 : 1;
}
