/* Where: output = condition ? X : Y.  Opsets 9, 16.  Elements are moved by their size. */
#include "ops/kit/blocks.h"

#define WHERE_LOOP(name, T)                                                                        \
  static void name(const onnxrun_job *job, size_t begin, size_t end)                               \
  {                                                                                                \
    const uint8_t *condition = (const uint8_t *)job->in[0] + begin;                                \
    const T *x = (const T *)job->in[1] + begin, *y = (const T *)job->in[2] + begin;                \
    T *z = (T *)job->out[0] + begin;                                                               \
    const size_t n = WHOLE(uint8_t, end - begin);                                                  \
    LOOP_SIMD for (size_t i = 0; i < n; i++) z[i] = condition[i] ? x[i] : y[i];                    \
  }                                                                                                \
  static void name##_map(const onnxrun_job *job, size_t begin, size_t end)                         \
  {                                                                                                \
    flat_map(job, begin, end, name, (flat_bytes){1, sizeof(T), sizeof(T)});                        \
  }
WHERE_LOOP(where_1, uint8_t)
WHERE_LOOP(where_2, uint16_t)
WHERE_LOOP(where_4, uint32_t)
WHERE_LOOP(where_8, uint64_t)
#undef WHERE_LOOP

/* Strings and complex128. */
static void where_16(const onnxrun_job *job, size_t begin, size_t end)
{
  const uint8_t *condition = job->in[0];
  const char *x = job->in[1], *y = job->in[2];
  char *z = job->out[0];
  for (size_t i = begin; i < end; i++) {
    const char *from =
        condition[i * job->step[0]] ? x + i * job->step[1] * 16 : y + i * job->step[2] * 16;
    memmove(z + i * 16, from, 16);
  }
}

#define WHERE_TYPES (T_NUMBERS | T_BOOL | T_STRING | T_COMPLEX)

static const onnxrun_operand where_inputs[] = {
    IN("condition", 'B', T_BOOL), IN("X", 'T', WHERE_TYPES), IN("Y", 'T', WHERE_TYPES), END};
static const onnxrun_operand where_outputs[] = {OUT("output", 'T', WHERE_TYPES), END};

static const onnxrun_loop where_loops[] = {{ONNXRUN_BOOL, where_1_map},
                                           {ONNXRUN_UINT8, where_1_map},
                                           {ONNXRUN_INT8, where_1_map},
                                           {ONNXRUN_UINT16, where_2_map},
                                           {ONNXRUN_INT16, where_2_map},
                                           {ONNXRUN_FLOAT16, where_2_map},
                                           {ONNXRUN_BFLOAT16, where_2_map},
                                           {ONNXRUN_UINT32, where_4_map},
                                           {ONNXRUN_INT32, where_4_map},
                                           {ONNXRUN_FLOAT, where_4_map},
                                           {ONNXRUN_UINT64, where_8_map},
                                           {ONNXRUN_INT64, where_8_map},
                                           {ONNXRUN_DOUBLE, where_8_map},
                                           {ONNXRUN_COMPLEX64, where_8_map},
                                           {ONNXRUN_COMPLEX128, where_16},
                                           {ONNXRUN_STRING, where_16},
                                           END};

static const onnxrun_kernel where_9 = {
    KERNEL("Where", 9, 0),  .flags = ONNXRUN_MAP,     .key = 1,
    .inputs = where_inputs, .outputs = where_outputs, .loops = where_loops};

KERNELS(where, &where_9)
