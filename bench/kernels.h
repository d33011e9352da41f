/* kernels.h: finding a kernel by its operator, for the benchmarks and tests/exhaustive. */
#ifndef BENCH_KERNELS_H
#define BENCH_KERNELS_H

#include <string.h>

#include "onnxrun/kernel.h"
#include "onnxrun/onnxrun.h"

/* The kernel of ai.onnx that the newest operator set has, NULL: none. */
static inline const onnxrun_kernel *newest_kernel(const onnxrun_registry *r, const char *op)
{
  const onnxrun_kernel *found = NULL;
  for (size_t i = 0; i < onnxrun_registry_size(r); i++) {
    const onnxrun_kernel *k = onnxrun_registry_kernel(r, i);
    if (strcmp(k->op, op) == 0 && *k->domain == '\0' && k->until == 0)
      found = k;
  }
  return found;
}

#endif
