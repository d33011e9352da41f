/* subject.h: what is proved of an activation, and its loops. */
#ifndef SUBJECT_H
#define SUBJECT_H

#include <mpfr.h>
#include <stdbool.h>

#include "onnxrun/kernel.h"
#include "onnxrun/onnxrun.h"

/* An activation under one choice of attributes. */
typedef struct subject {
  const char *op, *attributes; /* "alpha=0.5 gamma=2"; "" for the defaults */
  double bound, bound_f64;     /* units in the last place; 0.5 means correctly rounded */
  bool is_monotone, is_odd;
  double (*reference)(double x, const double *attributes); /* far more exact than float */
  void (*truth)(mpfr_t x, const double *attributes);       /* in place */
} subject;

extern const subject subjects[];
extern const size_t n_subjects;

/* A subject's kernel at one instruction set, with its params filled in. */
typedef struct loops {
  const onnxrun_kernel *kernel;
  char params[64];
  double attributes[2]; /* the values, in the order of the kernel's table */
  float slope;          /* PRelu's second input */
} loops;

/* false: no such kernel, or an attribute that it lacks. */
bool loops_of(const onnxrun_registry *r, const subject *s, loops *out);
/* y[i] = op(x[i]) for n elements of that type. */
void loops_run(const loops *l, onnxrun_dtype type, const void *x, void *y, size_t n);

#endif
