/* sweep.h: an activation against its reference over many inputs. */
#ifndef SWEEP_H
#define SWEEP_H

#include "tests/exhaustive/subject.h"

typedef struct finding {
  double worst;           /* units in the last place */
  double at;              /* the input that has it */
  uint64_t n, rounded;    /* inputs; those whose result is the correctly rounded one */
  uint64_t wrong;         /* NaN lost or made, sign wrong, infinity wrong */
  uint64_t falls, uneven; /* places where it is not monotone; inputs where f(-x) is not -f(x) */
  uint64_t hash;          /* of the results' bits, in the order of the inputs */
} finding;

enum { SWEEP_LEVELS = 3 };

/* A sweep over every stride-th of the 2^32 floats, for several levels at once, whose truth is the
 * same. `progress` (or NULL) is told the share that is done. */
typedef struct sweep {
  const subject *s;
  const loops *levels;
  size_t n_levels; /* at most SWEEP_LEVELS */
  uint64_t stride;
  unsigned threads;
  bool has_hash;
  void (*progress)(double share);
} sweep;

/* The findings of each level; false when there is no memory. */
bool sweep_f32(const sweep *o, finding *found);
/* `n` doubles, spread over all magnitudes and dense where the results vary. */
finding sample_f64(const subject *s, const loops *l, uint64_t n);
/* All 65,536 inputs of a 16-bit type: the result must be the float loop's, rounded. `worst` is 0
 * or 1. */
finding sweep_16(const loops *l, onnxrun_dtype type);

#endif
