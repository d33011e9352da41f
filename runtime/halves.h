/* halves.h: 16-bit types for maps that compute in float alone (ONNXRUN_BY_FLOAT). */
#ifndef ONX_HALVES_H
#define ONX_HALVES_H

#include "runtime/step.h"

/* Where the kernel has no loop for its FLOAT16 or BFLOAT16 elements and lets the host convert:
 * gives the step a loop that does, around the kernel's for FLOAT. Else leaves the step as it is. */
onnxrun_status onx_halves_by_float(onx_step *step, const onnxrun_node *call, onx_pool *pool,
                                   onnxrun_error *error);

/* Whether a kernel's operands allow that: up to three inputs and the output of one variable. */
bool onx_halves_fit(const onnxrun_kernel *k);

#endif
