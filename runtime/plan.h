/* plan.h: a model for one set of input shapes: the shape of every value, the steps in order, what
 * waits for what, and where each value lies. Belongs to one session.
 *
 * Where values lie (onx_place):
 *
 *   FIXED   model and plan pool   constants, and what the plan could compute from shapes
 *   GIVEN   the caller's input    patched every run
 *   RESULT  the caller's output   patched every run; lent memory when the caller gives none
 *   ARENA   session's arena       one offset for the plan's life, reused by lifetime
 *   INNER   a worker's scratch    between nodes of one chain, a block at a time
 *   LOOSE   the heap              shape unknown before the run; taken by the step that makes it */
#ifndef ONX_PLAN_H
#define ONX_PLAN_H

#include "runtime/step.h"

typedef enum onx_place {
  ONX_LOOSE,
  ONX_FIXED,
  ONX_GIVEN,
  ONX_RESULT,
  ONX_ARENA,
  ONX_INNER
} onx_place;

/* What a step keeps that calls its kernel during the run: because its shapes are LOOSE, or because
 * the kernel has a run(). */
typedef struct onx_dynamic {
  onnxrun_node call;
  onx_pool pool;  /* what keep() gives in a run; emptied by the next */
  bool is_shaped; /* dims and memory are the plan's */
  void *params;
  onnxrun_tensor *tensors; /* the plan's, where results are put */
  onx_heap *heap;          /* where results of LOOSE shape come from */
  void *scratch;           /* of a LOOSE step, for all workers */
  size_t scratch_bytes;
} onx_dynamic;

/* A pointer that a run sets to the data of one of the caller's inputs or outputs. */
typedef struct onx_patch {
  void **slot;
  uint32_t index;
  bool is_result;
} onx_patch;

typedef struct onx_plan {
  onx_pool pool;
  const onx_graph *graph;
  int64_t *key; /* ranks and dims of the inputs, see onx_plan_key */
  size_t n_key;

  onnxrun_tensor *tensors; /* by value; data is set where it is known */
  uint8_t *place;          /* by value: onx_place */
  uint32_t *root;          /* by value: the value whose memory it shares, itself if none */
  uint32_t *index;         /* by root: input or output number for GIVEN and RESULT */
  size_t *offset;          /* by root: in the arena */
  uint32_t *uses;          /* by value: readers, for LOOSE ones */

  onx_step *steps;
  size_t n_steps;
  uint32_t *n_waits; /* by step: steps that must be finished before */
  uint32_t *next;    /* steps that wait for step s: next[next_at[s]] .. next[next_at[s + 1]] */
  size_t *next_at;

  onx_patch *patches; /* pointers that change from run to run */
  size_t n_patches, cap_patches;

  size_t arena_bytes;
  size_t scratch_bytes; /* for each worker */
  double cost;          /* rough cycles of a run */
  bool is_parallel;     /* more than one range can be in work at a time */
  bool has_loose;
  void *bound; /* the arena that pointers are set for */
} onx_plan;

/* Length of the key of these inputs, and the key itself. */
size_t onx_plan_key_size(const onnxrun_tensor *in, size_t n_in);
void onx_plan_key(const onnxrun_tensor *in, size_t n_in, int64_t *key);

/* Makes a plan; `in` gives types and dims, checked by the caller. On failure nothing is left. */
onnxrun_status onx_plan_create(onx_heap *heap, const onx_module *m, const onnxrun_tensor *in,
                               size_t n_in, onx_plan **out, onnxrun_error *error);
void onx_plan_release(onx_plan *plan);

/* Sets every pointer that depends on where the arena lies. */
void onx_plan_bind(onx_plan *plan, void *arena);

/* fuse.c. Joins steps into chains where that is possible: maps with maps of as many elements and,
 * with epilogues, with a head that says where its items write. Before the layout. */
onnxrun_status onx_plan_fuse(onx_plan *plan, bool has_epilogues, onnxrun_error *error);

/* layout.c. Offsets in the arena by lifetime, in place where a map allows it, and the order that
 * the steps must keep: by data, and by the reuse of memory. */
onnxrun_status onx_plan_layout(onx_plan *plan, onnxrun_error *error);

#endif
