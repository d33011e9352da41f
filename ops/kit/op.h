/* op.h: the words that an operator's file is written in: symbols, descriptors, operands, attributes
 * and type sets. Every file in ops/ includes this, directly or through a family's header, and uses
 * nothing of the runtime: with -DONX_AS_PLUGIN the same file becomes a plug-in. */
#ifndef ONX_KIT_OP_H
#define ONX_KIT_OP_H

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "onnxrun/kernel.h"

/* The instruction set that this file is compiled for; every global of ops/ carries it as suffix. */
#ifndef ONX_ISA
#define ONX_ISA base
#endif
#define ONX_JOIN_(a, b) a##__##b
#define ONX_JOIN(a, b) ONX_JOIN_(a, b)
#define ONX_SYMBOL(id) ONX_JOIN(onx_op_##id, ONX_ISA)

/* Closes an operator's file: its one global.
 *   KERNELS(elu, &elu_1)                      `id` is the name in ops.def
 * The first instruction set has the list of descriptors. Each other one (ONX_CODE_ONLY) has a
 * function that puts its loops and functions into copies of those; as it reads nothing else,
 * compilers drop the descriptors there, so that names, operands and attributes stand in the
 * library once. Where the other functions are slow anyway and name no loop or function that is
 * faster on a newer set, KERNELS_BY_LOOP in its place keeps them once as well. */
#if defined(ONX_AS_PLUGIN)
#define KERNELS(id, ...) ONNXRUN_PLUGIN(#id, "built-in", __VA_ARGS__)
#elif defined(ONX_CODE_ONLY)
#define KERNELS(id, ...) ONX_CODE(id, put_code, __VA_ARGS__)
#define KERNELS_BY_LOOP(id, ...) ONX_CODE(id, put_loops, __VA_ARGS__)
#define ONX_CODE(id, put, ...)                                                                     \
  void ONX_SYMBOL(id)(onnxrun_kernel *);                                                           \
  void ONX_SYMBOL(id)(onnxrun_kernel * kernels)                                                    \
  {                                                                                                \
    const onnxrun_kernel *const own[] = {__VA_ARGS__};                                             \
    _Pragma("GCC unroll 64") for (size_t i = 0; i < sizeof own / sizeof *own; i++)                 \
        put(&kernels[i], own[i]);                                                                  \
  }
#else
#define KERNELS(id, ...)                                                                           \
  extern const onnxrun_kernel *const ONX_SYMBOL(id)[];                                             \
  const onnxrun_kernel *const ONX_SYMBOL(id)[] = {__VA_ARGS__, NULL};
#endif

#ifndef KERNELS_BY_LOOP
#define KERNELS_BY_LOOP KERNELS
#endif

/* What of a descriptor depends on the instruction set. */
static inline void put_loops(onnxrun_kernel *to, const onnxrun_kernel *from)
{
  if (from->loops)
    to->loops = from->loops;
}

static inline void put_code(onnxrun_kernel *to, const onnxrun_kernel *from)
{
  if (from->prepare)
    to->prepare = from->prepare;
  if (from->pack)
    to->pack = from->pack;
  if (from->shape)
    to->shape = from->shape;
  if (from->run)
    to->run = from->run;
  put_loops(to, from);
}

/* Long functions of ops/kit that a loop calls once a range have one instance an instruction set, in
 * kit.c, instead of a copy in every file (1 to 5 KB each time); a plug-in has its own:
 *   #define half_map ONX_KIT(half_map)
 *   KIT void half_map(...);                   and the body under #ifdef ONX_KIT_BODIES */
#define ONX_KIT(id) ONX_JOIN(onx_kit_##id, ONX_ISA)
#ifdef ONX_AS_PLUGIN
#define ONX_KIT_BODIES
#define KIT static __attribute__((noinline, unused))
#else
#define KIT extern __attribute__((visibility("hidden")))
#endif

/* Before a function that runs once a node or a run: compiled for size. */
#define COLD __attribute__((cold))

/* First fields of a descriptor: operator, first and last opset (last 0: open).
 *   static const onnxrun_kernel elu_1 = {KERNEL("Elu", 1, 0), .flags = ONNXRUN_MAP, ...}; */
#define KERNEL(name, first, last)                                                                  \
  .size = sizeof(onnxrun_kernel), .domain = "", .op = (name), .since = (first), .until = (last)

/* The params struct `s`, of which `member` and what follows are for shape() alone to write. */
#define PARAMS(s, member) .params_size = offsetof(s, member), .plan_size = sizeof(s)

/* Operand tables: {IN("X", 'T', T_FLOATS), END}. FLAGS adds ONNXRUN_VALUE and the like. */
#define IN(name, var, types)                                                                       \
  {                                                                                                \
    (name), (types), (var), 0                                                                      \
  }
#define IN_FLAGS(name, var, types, flags)                                                          \
  {                                                                                                \
    (name), (types), (var), (flags)                                                                \
  }
#define OUT(name, var, types)                                                                      \
  {                                                                                                \
    (name), (types), (var), 0                                                                      \
  }
#define OUT_OPTIONAL(name, var, types)                                                             \
  {                                                                                                \
    (name), (types), (var), ONNXRUN_OPTIONAL_OPERAND                                               \
  }
#define END                                                                                        \
  {                                                                                                \
    0                                                                                              \
  }

/* Attribute tables; `field` is both ONNX's name and the member of the params struct `s`. */
#define ATTR_F(s, field, value)                                                                    \
  {                                                                                                \
#field, ONNXRUN_ATTR_FLOAT, 0, offsetof(s, field), (value), NULL                               \
  }
#define ATTR_I(s, field, value)                                                                    \
  {                                                                                                \
#field, ONNXRUN_ATTR_INT, 0, offsetof(s, field), (double)(value), NULL                         \
  }
#define ATTR_I_REQUIRED(s, field)                                                                  \
  {                                                                                                \
#field, ONNXRUN_ATTR_INT, 1, offsetof(s, field), 0, NULL                                       \
  }
#define ATTR_S(s, field, value)                                                                    \
  {                                                                                                \
#field, ONNXRUN_ATTR_STRING, 0, offsetof(s, field), 0, (value)                                 \
  }
#define ATTR_ENUM(s, field, value, choices)                                                        \
  {                                                                                                \
#field, ONNXRUN_ATTR_ENUM, 0, offsetof(s, field), (value), (choices)                           \
  }
#define ATTR_T(s, field)                                                                           \
  {                                                                                                \
#field, ONNXRUN_ATTR_TENSOR, 0, offsetof(s, field), 0, NULL                                    \
  }
#define ATTR_INTS(s, field)                                                                        \
  {                                                                                                \
#field, ONNXRUN_ATTR_INTS, 0, offsetof(s, field), 0, NULL                                      \
  }
#define ATTR_INTS_REQUIRED(s, field)                                                               \
  {                                                                                                \
#field, ONNXRUN_ATTR_INTS, 1, offsetof(s, field), 0, NULL                                      \
  }
#define ATTR_FLOATS(s, field)                                                                      \
  {                                                                                                \
#field, ONNXRUN_ATTR_FLOATS, 0, offsetof(s, field), 0, NULL                                    \
  }
#define ATTR_STRINGS(s, field)                                                                     \
  {                                                                                                \
#field, ONNXRUN_ATTR_STRINGS, 0, offsetof(s, field), 0, NULL                                   \
  }
/* Accepted in any type and without effect, such as consumed_inputs of the first opsets. */
#define ATTR_IGNORED(name)                                                                         \
  {                                                                                                \
    (name), ONNXRUN_ATTR_IGNORED, 0, 0, 0, NULL                                                    \
  }

/* Type sets. */
#define T_F16S (ONNXRUN_TYPE(FLOAT16) | ONNXRUN_TYPE(BFLOAT16))
#define T_FLOATS (T_F16S | ONNXRUN_TYPE(FLOAT) | ONNXRUN_TYPE(DOUBLE))
#define T_SIGNED                                                                                   \
  (ONNXRUN_TYPE(INT8) | ONNXRUN_TYPE(INT16) | ONNXRUN_TYPE(INT32) | ONNXRUN_TYPE(INT64))
#define T_UNSIGNED                                                                                 \
  (ONNXRUN_TYPE(UINT8) | ONNXRUN_TYPE(UINT16) | ONNXRUN_TYPE(UINT32) | ONNXRUN_TYPE(UINT64))
#define T_INTS (T_SIGNED | T_UNSIGNED)
#define T_NUMBERS (T_FLOATS | T_INTS)
#define T_BOOL ONNXRUN_TYPE(BOOL)
#define T_STRING ONNXRUN_TYPE(STRING)
#define T_INT64 ONNXRUN_TYPE(INT64)
#define T_INDEX (ONNXRUN_TYPE(INT32) | ONNXRUN_TYPE(INT64))
#define T_FLOAT8S                                                                                  \
  (ONNXRUN_TYPE(FLOAT8E4M3FN) | ONNXRUN_TYPE(FLOAT8E4M3FNUZ) | ONNXRUN_TYPE(FLOAT8E5M2) |          \
   ONNXRUN_TYPE(FLOAT8E5M2FNUZ) | ONNXRUN_TYPE(FLOAT8E8M0))
#define T_SUBBYTE                                                                                  \
  (ONNXRUN_TYPE(UINT4) | ONNXRUN_TYPE(INT4) | ONNXRUN_TYPE(FLOAT4E2M1) | ONNXRUN_TYPE(UINT2) |     \
   ONNXRUN_TYPE(INT2))
#define T_COMPLEX (ONNXRUN_TYPE(COMPLEX64) | ONNXRUN_TYPE(COMPLEX128))
#define T_WHOLE                                                                                    \
  (T_NUMBERS | T_BOOL | T_STRING | T_COMPLEX | T_FLOAT8S) /* elements of whole bytes */
#define T_TENSORS (T_WHOLE | T_SUBBYTE)                   /* every tensor type */
#define T_CONTAINERS (ONNXRUN_TYPE(SEQUENCE) | ONNXRUN_TYPE(OPTIONAL))

/* Bytes of one element of a type whose elements are whole bytes. */
static inline size_t element_bytes(onnxrun_dtype t)
{
  return onnxrun_bits(t) / 8;
}

/* Product of dims [from, to) of a tensor that the host has checked. */
static inline size_t dims_product(const onnxrun_tensor *t, uint32_t from, uint32_t to)
{
  size_t n = 1;
  for (uint32_t i = from; i < to; i++)
    n *= (size_t)t->dims[i];
  return n;
}

/* An axis as ONNX counts it, from the end when negative: *out in [0, rank), or a failure that names
 * it. `rank` may be one larger than the tensor's, for operators that insert or end at an axis. */
static inline onnxrun_status axis_of(const onnxrun_host *h, onnxrun_node *n, int64_t axis,
                                     uint32_t rank, uint32_t *out)
{
  const int64_t at = axis < 0 ? axis + (int64_t)rank : axis;
  *out = 0;
  if (axis < -(int64_t)rank || at >= (int64_t)rank)
    return h->fail(n, ONNXRUN_INVALID_MODEL, "axis %lld is outside [-%u, %u)", (long long)axis,
                   rank, rank);
  *out = (uint32_t)at;
  return ONNXRUN_OK;
}

#endif
