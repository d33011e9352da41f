/* inputs.h: a run's inputs against what the model says of them. */
#ifndef ONX_INPUTS_H
#define ONX_INPUTS_H

#include "runtime/graph.h"

/* Dim `dim` of `input` has the name of dim `first_dim` of `first`, the first input with it. */
typedef struct onx_same {
  uint32_t input, dim, first, first_dim;
} onx_same;

/* What is checked beside each input alone. Zero-initialise. */
typedef struct onx_inputs {
  const onx_graph *graph;
  onx_same *same;
  size_t n_same, cap_same;
} onx_inputs;

/* Finds the dims of equal names once, so that a run compares numbers only. The list is the pool's,
 * the graph is borrowed. */
onnxrun_status onx_inputs_init(onx_inputs *inputs, const onx_graph *graph, onx_pool *pool,
                               onnxrun_error *error);

/* INVALID_INPUT names the input, the dim and both sizes; INVALID_ARGUMENT a pointer that is not
 * aligned to its type. */
onnxrun_status onx_inputs_check(const onx_inputs *inputs, const onnxrun_tensor *in, size_t n_in,
                                onnxrun_error *error);
/* The same of types and dims alone. */
onnxrun_status onx_inputs_check_shapes(const onx_inputs *inputs, const onnxrun_tensor *in,
                                       size_t n_in, onnxrun_error *error);

#endif
