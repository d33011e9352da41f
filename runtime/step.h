/* step.h: one node whose shapes are known, cut into ranges and ready to run. */
#ifndef ONX_STEP_H
#define ONX_STEP_H

#include "runtime/spread.h"

/* A value that a step reads or makes. */
typedef struct onx_use {
  uint32_t value;
  uint32_t member; /* of a chain: which node of it */
} onx_use;

/* A pointer of a step's job, which is set to a value's data when that has its place. */
typedef struct onx_slot {
  void **pointer;
  uint32_t value;
} onx_slot;

typedef struct onx_step {
  const onx_node *node; /* NULL: a copy of in[0] to out[0] */
  onnxrun_loop_fn loop; /* NULL: nothing to do after run() */
  onnxrun_job job;      /* scratch is filled in by the worker */
  const onx_spread *spread;
  size_t items, grain; /* a range is `grain` items, the last one less */
  size_t ranges;       /* at least 1 */
  size_t scratch;      /* bytes for each worker, the host's own included */
  double cost;         /* rough cycles of all ranges */
  /* see onnxrun_work */
  void (*part)(const void *params, size_t i, onnxrun_part *part);
  const struct onx_chain *chain; /* NULL: one node. `node` is the chain's first */
  struct onx_dynamic *dynamic;   /* NULL: shapes are those of the plan */
  uint32_t result;               /* of a copy: the output of the graph that it writes */
  bool may_overwrite; /* a result may lie over a value of its size that is read up to it */
  uint32_t n_reads, n_makes, n_slots;
  onx_use *reads, *makes; /* values that are absent are left out */
  onx_slot *slots;        /* none where shapes are not those of the plan */
} onx_step;

/* Fills a step from a call whose shapes are declared; arrays come from the pool. Pointers of the
 * job are set later, by the slots. */
onnxrun_status onx_step_make(onx_step *step, onnxrun_node *call, const void *params, onx_pool *pool,
                             onnxrun_error *error);
/* Cuts the step's items, at multiples of `multiple`. */
void onx_step_cut(onx_step *step, double item_cost, size_t multiple);
/* Items of maps are cut at multiples of this. */
#define ONX_MAP_GRAIN ((size_t)64)

/* A copy of a value of `bytes` bytes to an output of the graph. */
onnxrun_status onx_step_copy(onx_step *step, uint32_t value, uint32_t result, size_t bytes,
                             onx_pool *pool, onnxrun_error *error);
/* Lists what the step of a node reads and makes, and, with the arrays of its job made, the
 * pointers to set. */
onnxrun_status onx_step_list_uses(onx_step *step, onx_pool *pool, onnxrun_error *error);

/* Where input or output i is. */
static inline const void **onx_step_in(onx_step *step, uint32_t i)
{
  return (const void **)step->job.in + i;
}
static inline void **onx_step_out(onx_step *step, uint32_t i)
{
  return (void **)step->job.out + i;
}

/* Computes one range, 0 <= range < ranges. scratch: of the step's size, this worker's. */
void onx_step_range(const onx_step *step, size_t range, void *scratch);

/* Shapes, places and runs one node on this thread. call.in holds data; outputs get data from
 * `pool`, a view's its input's data; params is written to by shape(). For nodes whose inputs are
 * all known. */
onnxrun_status onx_step_evaluate(onnxrun_node *call, void *params, onx_pool *pool,
                                 onnxrun_error *error);

#endif
