/* model.h: what a session sees of a model. */
#ifndef ONX_MODEL_H
#define ONX_MODEL_H

#include "runtime/graph.h"

/* The module, immutable once the model is made. */
const onx_module *onx_model_module(const onnxrun_model *model);

/* What the graph says of its input or output i; NOT_FOUND past the end. */
onnxrun_status onx_graph_describe(const onx_graph *g, bool is_output, size_t i, onnxrun_info *info,
                                  onnxrun_error *error);

/* Names of dims that have none. */
extern const char *const onx_no_names[ONNXRUN_MAX_RANK];

#endif
