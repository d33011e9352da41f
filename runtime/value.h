/* value.h: checks of tensors that come from a program, containers among them. */
#ifndef ONX_VALUE_H
#define ONX_VALUE_H

#include "runtime/graph.h"

/* Levels of containers that anything here walks into; a cycle ends there. */
#define ONX_NESTING 256

/* Whether an element is an onnxrun_list. */
static inline bool onx_is_container(onnxrun_dtype t)
{
  return t == ONNXRUN_SEQUENCE || t == ONNXRUN_OPTIONAL || t == ONNXRUN_MAPPING;
}

/* INVALID_ARGUMENT unless the tensor's own memory is what its type and dims say: numbers, strings
 * with their bytes, or a list as its kind of container has it. Items are not looked into, but for
 * keys and values of a map. */
onnxrun_status onx_tensor_check(const onnxrun_tensor *t, size_t *elements, size_t *bytes,
                                onnxrun_error *error);

/* The same, and for all that it holds. LIMIT for what nests deeper than `depth`. */
onnxrun_status onx_value_check(const onnxrun_tensor *t, size_t depth, onnxrun_error *error);

#endif
