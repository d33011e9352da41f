/* model.h: what a session sees of a model. */
#ifndef ONX_MODEL_H
#define ONX_MODEL_H

#include "runtime/graph.h"

/* The module, immutable once the model is made. */
const onx_module *onx_model_module(const onnxrun_model *model);

#endif
