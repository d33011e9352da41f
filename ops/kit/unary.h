/* unary.h: maps of one input: a formula, the types it serves, and the descriptor.
 *
 *   struct elu { float alpha; };
 *   #define ELU(x, p) ((x) < 0 ? (p).alpha * EXPM1(x) : (x))
 *   UNARY_FLOATS(elu, struct elu, ELU)                     loops elu_f32, _f64, _f16, _bf16
 *   static const onnxrun_loop elu_loops[] = {FLOAT_LOOPS(elu), END};
 *   static const onnxrun_kernel elu_1 = {UNARY("Elu", 1, 0, T_FLOATS, elu_loops, struct elu),
 *                                        .attrs = elu_attrs, .item_cost = 3};
 *
 * A formula sees x in the type it computes in (float for the 16-bit types) and the params p by
 * value, and must give the same bits wherever the element stands: write fused multiply-adds as
 * MADD, and take functions from math.h. */
#ifndef ONX_KIT_UNARY_H
#define ONX_KIT_UNARY_H

#include "ops/kit/blocks.h"
#include "ops/kit/half.h"
#include "ops/kit/math_family.h"
#include "ops/kit/math_table.h"

/* Params of operators that have none. */
struct no_params {
  char unused;
};

/* The loop `name` over elements of T. */
#define UNARY_LOOP(name, T, P, F)                                                                  \
  static void name##_whole(const onnxrun_job *job, size_t begin, size_t end)                       \
  {                                                                                                \
    const T *x = (const T *)job->in[0] + begin;                                                    \
    T *y = (T *)job->out[0] + begin;                                                               \
    const P p = *(const P *)job->params;                                                           \
    const size_t n = WHOLE(T, end - begin);                                                        \
    (void)p;                                                                                       \
    LOOP_SIMD for (size_t i = 0; i < n; i++) y[i] = (T)F(x[i], p);                                 \
  }                                                                                                \
  UNARY_BY_WHOLE(name, T)

/* The same from a loop over whole vectors. */
#define UNARY_BY_WHOLE(name, T)                                                                    \
  static void name(const onnxrun_job *job, size_t begin, size_t end)                               \
  {                                                                                                \
    whole_map(job, begin, end, name##_whole, (flat_bytes){sizeof(T), sizeof(T), sizeof(T)});       \
  }

#define UNARY_FLOATS(id, P, F)                                                                     \
  UNARY_LOOP(id##_f32, float, P, F)                                                                \
  UNARY_LOOP(id##_f64, double, P, F)                                                               \
  HALF_LOOPS(id)

/* UNARY_FLOATS, with V of math_table.h for what F computes in float. */
#define UNARY_FLOATS_BY(id, P, F, V)                                                               \
  static void id##_f32_whole(const onnxrun_job *job, size_t begin, size_t end)                     \
  {                                                                                                \
    const float *x = (const float *)job->in[0] + begin;                                            \
    float *y = (float *)job->out[0] + begin;                                                       \
    const size_t n = WHOLE(float, end - begin);                                                    \
    for (size_t i = 0; i < n; i += VEC_F32)                                                        \
      vec_store_f32(y + i, V(vec_load_f32(x + i)));                                                \
  }                                                                                                \
  UNARY_BY_WHOLE(id##_f32, float)                                                                  \
  UNARY_LOOP(id##_f64, double, P, F)                                                               \
  HALF_LOOPS(id)

/* Entries of a table of loops. */
#define FLOAT_LOOPS(id)                                                                            \
  {ONNXRUN_FLOAT, id##_f32}, {ONNXRUN_DOUBLE, id##_f64}, {ONNXRUN_FLOAT16, id##_f16},              \
  {                                                                                                \
    ONNXRUN_BFLOAT16, id##_bf16                                                                    \
  }

#define UNARY_OPERANDS(types, name)                                                                \
  (const onnxrun_operand[])                                                                        \
  {                                                                                                \
    {(name), (types), 'T', 0},                                                                     \
    {                                                                                              \
      0                                                                                            \
    }                                                                                              \
  }

/* First fields of a descriptor, from opset `first` to `last` (0: open). */
#define UNARY(op, first, last, types, table, P)                                                    \
  KERNEL(op, first, last), .flags = ONNXRUN_MAP, .inputs = UNARY_OPERANDS(types, "X"),             \
                           .outputs = UNARY_OPERANDS(types, "Y"), .params_size = sizeof(P),        \
                           .loops = (table)

#endif
