/* binary.h: maps of two inputs, and of any number: a formula, the types it serves, the descriptor.
 *
 *   #define ADD(a, b) ((a) + (b))
 *   BINARY_FLOATS(add, ADD)                  loops add_f32, _f64, _f16, _bf16
 *   BINARY_UNSIGNED(add, SAME_AS, ADD)       add_u8_map to add_u64_map, which signed types share
 *   static const onnxrun_loop add_loops[] = {FLOAT_LOOPS_OF(add, ), BITS_LOOPS(add, _map), END};
 *   static const onnxrun_kernel add_7 = {BINARY("Add", 7, 0, T_NUMBERS, add_loops)};
 *
 * The engine broadcasts, so that a loop sees each input advance by 1 or stand still. Loops of the
 * types that matter most (BINARY_LOOP) are compiled for both; the others (FLAT_LOOP) only for
 * inputs that advance, and flat_map repeats a standing one through a block of memory that stays in
 * L1. */
#ifndef ONX_KIT_BINARY_H
#define ONX_KIT_BINARY_H

#include "ops/kit/blocks.h"
#include "ops/kit/half.h"

/* ---- loops --------------------------------------------------------------------------------- */

/* The loop `name`: R F(T, T). */
#define BINARY_LOOP(name, T, R, F)                                                                 \
  static void name##_whole(const onnxrun_job *job, size_t begin, size_t end)                       \
  {                                                                                                \
    const size_t step[] = {job->step[0], job->step[1]}, n = WHOLE(R, end - begin);                 \
    const T *a = (const T *)job->in[0] + begin * step[0];                                          \
    const T *b = (const T *)job->in[1] + begin * step[1];                                          \
    R *c = (R *)job->out[0] + begin;                                                               \
    const T x = a[0], y = b[0];                                                                    \
    if (step[0] && step[1]) {                                                                      \
      LOOP_SIMD for (size_t i = 0; i < n; i++) c[i] = (R)F(a[i], b[i]);                            \
    } else if (step[0]) {                                                                          \
      LOOP_SIMD for (size_t i = 0; i < n; i++) c[i] = (R)F(a[i], y);                               \
    } else if (step[1]) {                                                                          \
      LOOP_SIMD for (size_t i = 0; i < n; i++) c[i] = (R)F(x, b[i]);                               \
    } else                                                                                         \
      for (size_t i = 0; i < n; i++)                                                               \
        c[i] = (R)F(x, y);                                                                         \
  }                                                                                                \
  static void name(const onnxrun_job *job, size_t begin, size_t end)                               \
  {                                                                                                \
    whole_map(job, begin, end, name##_whole, (flat_bytes){sizeof(T), sizeof(T), sizeof(R)});       \
  }

/* The loop `name` of whole vectors of inputs that advance, and NAME_map of any. */
#define FLAT_LOOP(name, T, R, F)                                                                   \
  static void name(const onnxrun_job *job, size_t begin, size_t end)                               \
  {                                                                                                \
    const T *a = (const T *)job->in[0] + begin, *b = (const T *)job->in[1] + begin;                \
    R *c = (R *)job->out[0] + begin;                                                               \
    const size_t n = WHOLE(R, end - begin);                                                        \
    LOOP_SIMD for (size_t i = 0; i < n; i++) c[i] = (R)F(a[i], b[i]);                              \
  }                                                                                                \
  static void name##_map(const onnxrun_job *job, size_t begin, size_t end)                         \
  {                                                                                                \
    flat_map(job, begin, end, name, (flat_bytes){sizeof(T), sizeof(T), sizeof(R)});                \
  }

/* The same for formulas that no vector instruction computes, such as a division of integers. */
#define SCALAR_LOOP(name, T, R, F)                                                                 \
  static void name(const onnxrun_job *job, size_t begin, size_t end)                               \
  {                                                                                                \
    const T *a = job->in[0], *b = job->in[1];                                                      \
    R *c = job->out[0];                                                                            \
    const size_t step_a = job->step[0], step_b = job->step[1];                                     \
    for (size_t i = begin; i < end; i++)                                                           \
      c[i] = (R)F(a[i * step_a], b[i * step_b]);                                                   \
  }

/* The loop NAME_all of any number of inputs from the loop `pair` of two. */
#define FOLD_LOOP(name, pair, bytes)                                                               \
  static void name##_all(const onnxrun_job *job, size_t begin, size_t end)                         \
  {                                                                                                \
    fold_map(job, begin, end, pair, (bytes));                                                      \
  }

/* ---- families ------------------------------------------------------------------------------ */

#define BINARY_FLOATS(id, F)                                                                       \
  BINARY_LOOP(id##_f32, float, float, F)                                                           \
  BINARY_LOOP(id##_f64, double, double, F)                                                         \
  HALF_BINARY(id, F)

/* R F(T, T) of unsigned and of signed integers. What signed ones have in common with unsigned ones,
 * modulo 2^n, needs only the first. R: `BOOL_OF` for a comparison, `SAME_AS` else. */
#define SAME_AS(T) T
#define BOOL_OF(T) uint8_t
#define BINARY_UNSIGNED(id, R, F)                                                                  \
  FLAT_LOOP(id##_u8, uint8_t, R(uint8_t), F)                                                       \
  FLAT_LOOP(id##_u16, uint16_t, R(uint16_t), F)                                                    \
  FLAT_LOOP(id##_u32, uint32_t, R(uint32_t), F)                                                    \
  FLAT_LOOP(id##_u64, uint64_t, R(uint64_t), F)

#define BINARY_SIGNED(id, R, F)                                                                    \
  FLAT_LOOP(id##_i8, int8_t, R(int8_t), F)                                                         \
  FLAT_LOOP(id##_i16, int16_t, R(int16_t), F)                                                      \
  FLAT_LOOP(id##_i32, int32_t, R(int32_t), F)                                                      \
  FLAT_LOOP(id##_i64, int64_t, R(int64_t), F)

#define FOLD_FLOATS(id)                                                                            \
  FOLD_LOOP(id##_f32, id##_f32, 4)                                                                 \
  FOLD_LOOP(id##_f64, id##_f64, 8)                                                                 \
  FOLD_LOOP(id##_f16, id##_f16, 2)                                                                 \
  FOLD_LOOP(id##_bf16, id##_bf16, 2)

#define FOLD_LOOPS(id)                                                                             \
  FOLD_FLOATS(id)                                                                                  \
  FOLD_LOOP(id##_u8, id##_u8_map, 1)                                                               \
  FOLD_LOOP(id##_u16, id##_u16_map, 2)                                                             \
  FOLD_LOOP(id##_u32, id##_u32_map, 4)                                                             \
  FOLD_LOOP(id##_u64, id##_u64_map, 8)                                                             \
  FOLD_LOOP(id##_i8, id##_i8_map, 1)                                                               \
  FOLD_LOOP(id##_i16, id##_i16_map, 2)                                                             \
  FOLD_LOOP(id##_i32, id##_i32_map, 4)                                                             \
  FOLD_LOOP(id##_i64, id##_i64_map, 8)

/* bool F(T, T) of the floating-point types. */
#define COMPARE_FLOATS(id, F)                                                                      \
  FLAT_LOOP(id##_f32, float, uint8_t, F)                                                           \
  FLAT_LOOP(id##_f64, double, uint8_t, F)                                                          \
  COMPARE_HALF(id, f16)                                                                            \
  COMPARE_HALF(id, bf16)
#define COMPARE_HALF(id, tag)                                                                      \
  static void id##_##tag##_map(const onnxrun_job *job, size_t begin, size_t end)                   \
  {                                                                                                \
    half_map(job, begin, end, id##_f32_map, tag##_load_n, NULL);                                   \
  }

/* Entries of a table of loops: of the types' loops named ID_TAG followed by `kind` (_map, _all). */
#define FLOAT_LOOPS_OF(id, kind)                                                                   \
  {ONNXRUN_FLOAT, id##_f32##kind}, {ONNXRUN_DOUBLE, id##_f64##kind},                               \
      {ONNXRUN_FLOAT16, id##_f16##kind},                                                           \
  {                                                                                                \
    ONNXRUN_BFLOAT16, id##_bf16##kind                                                              \
  }
#define UNSIGNED_LOOPS(id, kind)                                                                   \
  {ONNXRUN_UINT8, id##_u8##kind}, {ONNXRUN_UINT16, id##_u16##kind},                                \
      {ONNXRUN_UINT32, id##_u32##kind},                                                            \
  {                                                                                                \
    ONNXRUN_UINT64, id##_u64##kind                                                                 \
  }
#define SIGNED_LOOPS(id, kind)                                                                     \
  {ONNXRUN_INT8, id##_i8##kind}, {ONNXRUN_INT16, id##_i16##kind}, {ONNXRUN_INT32, id##_i32##kind}, \
  {                                                                                                \
    ONNXRUN_INT64, id##_i64##kind                                                                  \
  }
/* All integers by the unsigned loops. */
#define BITS_LOOPS(id, kind)                                                                       \
  UNSIGNED_LOOPS(id, kind), {ONNXRUN_INT8, id##_u8##kind}, {ONNXRUN_INT16, id##_u16##kind},        \
      {ONNXRUN_INT32, id##_u32##kind},                                                             \
  {                                                                                                \
    ONNXRUN_INT64, id##_u64##kind                                                                  \
  }

/* ---- descriptors --------------------------------------------------------------------------- */

#define BINARY_INPUTS(types)                                                                       \
  (const onnxrun_operand[])                                                                        \
  {                                                                                                \
    IN("A", 'T', (types)), IN("B", 'T', (types)), END                                              \
  }
#define BINARY_OUTPUT(types, var)                                                                  \
  (const onnxrun_operand[])                                                                        \
  {                                                                                                \
    OUT("C", (var), (types)), END                                                                  \
  }

/* First fields of a descriptor, from opset `first` to `last` (0: open). */
#define BINARY(op, first, last, types, table)                                                      \
  KERNEL(op, first, last), .flags = ONNXRUN_MAP, .inputs = BINARY_INPUTS(types),                   \
                           .outputs = BINARY_OUTPUT(types, 'T'), .loops = (table)
/* Any number of inputs; `name` is ONNX's of the output. */
#define VARIADIC(op, name, first, last, types, table)                                              \
  KERNEL(op, first, last), .flags = ONNXRUN_MAP, .inputs = VARIADIC_INPUTS(types),                 \
                           .outputs = VARIADIC_OUTPUT(name, types), .loops = (table)
#define VARIADIC_INPUTS(types)                                                                     \
  (const onnxrun_operand[])                                                                        \
  {                                                                                                \
    IN_FLAGS("data_0", 'T', (types), ONNXRUN_VARIADIC), END                                        \
  }
#define VARIADIC_OUTPUT(name, types)                                                               \
  (const onnxrun_operand[])                                                                        \
  {                                                                                                \
    OUT(name, 'T', (types)), END                                                                   \
  }
#define VARIADIC_ATTRS                                                                             \
  (const onnxrun_attr[])                                                                           \
  {                                                                                                \
    ATTR_IGNORED("consumed_inputs"), END                                                           \
  }
#define COMPARISON(op, first, last, types, table)                                                  \
  KERNEL(op, first, last), .flags = ONNXRUN_MAP, .inputs = BINARY_INPUTS(types),                   \
                           .outputs = BINARY_OUTPUT(T_BOOL, 0), .loops = (table)

/* shape() of variadic maps before opset 8, which broadcast nothing. */
#define same_shapes ONX_KIT(same_shapes)
KIT onnxrun_status same_shapes(const onnxrun_host *h, onnxrun_node *n, void *params);

/* Opsets 1 to 6: without `broadcast` equal shapes; with it B's dims are a run of A's that begins at
 * `axis`, or the last ones, or B has one element. (B's dims of 1 are let pass anywhere.) */
struct limited {
  int64_t axis, broadcast;
};

#define limited_shape ONX_KIT(limited_shape)
KIT onnxrun_status limited_shape(const onnxrun_host *h, onnxrun_node *n, void *params);

#define LIMITED_ATTRS                                                                              \
  (const onnxrun_attr[])                                                                           \
  {                                                                                                \
    ATTR_I(struct limited, axis, ONNXRUN_ABSENT), ATTR_I(struct limited, broadcast, 0),            \
        ATTR_IGNORED("consumed_inputs"), END                                                       \
  }

/* Fields that follow BINARY or COMPARISON for those opsets. */
#define LIMITED                                                                                    \
  .attrs = LIMITED_ATTRS, .params_size = sizeof(struct limited), .shape = limited_shape

#ifdef ONX_KIT_BODIES
/* A failure that names the first difference unless inputs 0 and i have the same shape. */
static onnxrun_status same_shape(const onnxrun_host *h, onnxrun_node *n, uint32_t i)
{
  const onnxrun_tensor *a = h->input(n, 0), *b = h->input(n, i);
  if (a->rank != b->rank)
    return h->fail(n, ONNXRUN_INVALID_INPUT, "input %u has rank %u, expected %u as input 0", i,
                   b->rank, a->rank);
  for (uint32_t d = 0; d < a->rank; d++) {
    if (a->dims[d] != b->dims[d])
      return h->fail(n, ONNXRUN_INVALID_INPUT,
                     "dim %u of input %u is %lld, expected %lld as input 0", d, i,
                     (long long)b->dims[d], (long long)a->dims[d]);
  }
  return ONNXRUN_OK;
}

KIT onnxrun_status same_shapes(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  (void)params;
  const onnxrun_tensor *a = h->input(n, 0);
  onnxrun_status s = h->output(n, 0, a->rank, a->dims);
  for (uint32_t i = 1; i < h->n_inputs(n) && s == ONNXRUN_OK; i++)
    s = same_shape(h, n, i);
  return s;
}

KIT onnxrun_status limited_shape(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  const struct limited *p = params;
  const onnxrun_tensor *a = h->input(n, 0);
  const onnxrun_status s = h->output(n, 0, a->rank, a->dims);
  if (s != ONNXRUN_OK)
    return s;
  if (!p->broadcast)
    return same_shape(h, n, 1);
  if (p->axis == ONNXRUN_ABSENT || onnxrun_elements(h->input(n, 1)) == 1)
    return ONNXRUN_OK;
  uint32_t axis = 0;
  const onnxrun_status found = axis_of(h, n, p->axis, a->rank, &axis);
  return found == ONNXRUN_OK ? h->align(n, 1, axis) : found;
}
#endif /* ONX_KIT_BODIES */

#endif
