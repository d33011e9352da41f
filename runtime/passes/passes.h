/* passes.h: rewrites of the graph, a file each, and the table that says in which order. */
#ifndef ONX_PASSES_H
#define ONX_PASSES_H

#include "runtime/graph.h"

/* A rewrite of a module. Linear in the size of its graphs, and its result is a valid graph. */
typedef struct onx_pass {
  const char *name;
  onnxrun_status (*run)(onx_module *m, onnxrun_error *error);
  bool is_bound;  /* works on bound nodes: comes after onx_bind */
  bool is_needed; /* the stages after it rely on it: cannot be left out */
} onx_pass;

/* In the order in which they run; ended by a NULL name. A name may stand there twice. */
extern const onx_pass onx_passes[];

/* A set of passes to leave out, from names with commas between ("cse,fold"); NULL: none.
 * INVALID_ARGUMENT for an unknown name, with those that there are. */
onnxrun_status onx_passes_without(const char *names, uint32_t *set, onnxrun_error *error);
/* Runs those that work on bound nodes, or those that don't, but not the ones of the set. */
onnxrun_status onx_passes_run(onx_module *m, bool is_bound, uint32_t without, onnxrun_error *error);

/* Replaces calls of model-local functions by their bodies. Before anything else. */
onnxrun_status onx_pass_inline(onx_module *m, onnxrun_error *error);
/* Puts nodes into a topological order, keeping the file's where it is one. */
onnxrun_status onx_pass_sort(onx_module *m, onnxrun_error *error);
/* Takes out nodes that no output needs. */
onnxrun_status onx_pass_dead(onx_module *m, onnxrun_error *error);
/* Runs nodes whose inputs are all constant, and those that need only dims, where these are known:
 * it fills in onx_value.known. Bound. */
onnxrun_status onx_pass_fold(onx_module *m, onnxrun_error *error);
/* Takes out nodes that give what they are given. Bound. */
onnxrun_status onx_pass_identity(onx_module *m, onnxrun_error *error);
/* Joins nodes that compute the same, and small constants that are the same. Bound. */
onnxrun_status onx_pass_cse(onx_module *m, onnxrun_error *error);
/* Takes normalisation by constants into the weights before it: results differ in their last bits.
 * Bound. */
onnxrun_status onx_pass_batchnorm(onx_module *m, onnxrun_error *error);

#endif
