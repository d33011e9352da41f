/* table.c: the table of one instruction set's kernels, from ops.def. */
#include "ops/kit/op.h"

#define OP(folder, id) extern const onnxrun_kernel *const ONX_SYMBOL(id)[];
#include "ops/ops.def"
#undef OP

#define OP(folder, id) ONX_SYMBOL(id),
extern const onnxrun_kernel *const *const ONX_JOIN(onx_ops, ONX_ISA)[];
const onnxrun_kernel *const *const ONX_JOIN(onx_ops, ONX_ISA)[] = {
#include "ops/ops.def"
    NULL};
#undef OP
