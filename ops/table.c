/* table.c: one instruction set's part of the table of operators, in the order of ops.def: of the
 * first lists of kernels, of the others what puts their code into copies of those (KERNELS). */
#include "ops/kit/op.h"

#ifdef ONX_CODE_ONLY
#define OP(folder, id) void ONX_SYMBOL(id)(onnxrun_kernel *);
typedef void (*const entry)(onnxrun_kernel *);
#else
#define OP(folder, id) extern const onnxrun_kernel *const ONX_SYMBOL(id)[];
typedef const onnxrun_kernel *const *const entry;
#endif
#include "ops/ops.def"
#undef OP

#define OP(folder, id) ONX_SYMBOL(id),
extern entry ONX_JOIN(onx_ops, ONX_ISA)[];
entry ONX_JOIN(onx_ops, ONX_ISA)[] = {
#include "ops/ops.def"
    NULL};
#undef OP
