/* bind.h: from operators' names to kernels. */
#ifndef ONX_BIND_H
#define ONX_BIND_H

#include "runtime/registry.h"

/* Gives every node of the main graph, in order, its kernel, decoded attributes and the types of its
 * outputs; copies constants that lie unaligned in the file where the kernel needs them aligned.
 * Nodes must be sorted. UNSUPPORTED names the operator, version or types that no kernel serves. */
onnxrun_status onx_bind(onx_module *m, const onnxrun_registry *registry, onnxrun_error *error);

/* Gives the nodes that are marked, by index, to their kernels' prepare() anew: their constants have
 * changed. */
onnxrun_status onx_bind_again(onx_module *m, const bool *is_changed, onnxrun_error *error);

/* Writes the node's attributes, or their defaults, into params by the kernel's table. */
onnxrun_status onx_decode_attrs(const onx_node *node, const onnxrun_kernel *kernel, void *params,
                                onnxrun_error *error);

/* The operand of the table that stands for index i, or NULL when the table has none. */
const onnxrun_operand *onx_operand_at(const onnxrun_operand *table, uint32_t i);

#endif
