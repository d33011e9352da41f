/* passes.h: rewrites of the graph, a file each; runtime/model.c says in which order. */
#ifndef ONX_PASSES_H
#define ONX_PASSES_H

#include "runtime/graph.h"

/* Replaces calls of model-local functions by their bodies. Before anything else. */
onnxrun_status onx_pass_inline(onx_module *m, onnxrun_error *error);
/* Puts nodes into a topological order, keeping the file's where it is one. */
onnxrun_status onx_pass_sort(onx_module *m, onnxrun_error *error);
/* Takes out nodes that no output needs. */
onnxrun_status onx_pass_dead(onx_module *m, onnxrun_error *error);
/* Runs nodes whose inputs are all constant. Needs bound kernels; followed by dead code. */
onnxrun_status onx_pass_fold(onx_module *m, onnxrun_error *error);

#endif
