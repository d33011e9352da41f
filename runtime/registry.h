/* registry.h: the kernels of one instruction set and the choice among them. */
#ifndef ONX_REGISTRY_H
#define ONX_REGISTRY_H

#include "runtime/graph.h"

/* Kernels of one (domain, op), the preferred first, linked by `next`. */
typedef struct onx_entry {
  const onnxrun_kernel *kernel;
  const struct onx_entry *next;
} onx_entry;

const onx_entry *onx_registry_first(const onnxrun_registry *r, onnxrun_string domain,
                                    onnxrun_string op);

#endif
