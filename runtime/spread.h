/* spread.h: broadcasting as runs in which every operand is contiguous or one element. */
#ifndef ONX_SPREAD_H
#define ONX_SPREAD_H

#include "runtime/call.h"

/* How a map's output falls into runs. Made when there is more than one. */
typedef struct onx_spread {
  size_t run;    /* items of a run */
  uint32_t rank; /* dims that the runs are counted by, the innermost last */
  size_t dims[ONNXRUN_MAX_RANK];
  size_t *bytes; /* rank per input: what input i advances by in dim d: bytes[i * rank + d] */
  size_t *item;  /* bytes of an element, n_in of them and one for the output */
} onx_spread;

/* Where a walk through the runs stands: the run's index in each dim. */
typedef struct onx_walk {
  size_t at[ONNXRUN_MAX_RANK];
} onx_walk;

/* For a map whose output is declared: what each input advances by an item of a run, 0 or 1, into
 * steps[n_in]; *spread stays NULL when there is one run. */
onnxrun_status onx_spread_make(onnxrun_node *call, size_t *steps, const onx_spread **spread,
                               onx_pool *pool, onnxrun_error *error);

/* Sets the walk to run r, and pointers to its first elements. */
void onx_spread_first(const onx_spread *s, const onnxrun_job *job, size_t r, onx_walk *walk,
                      const void **in);
/* Moves pointers on to the next run. */
void onx_spread_next(const onx_spread *s, size_t n_in, onx_walk *walk, const void **in);

#endif
