/* PRelu: x for x >= 0, slope * x below.  Opsets 1, 6, 7, 9, 16.  Correctly rounded; integers wrap.
 * The slope broadcasts one way, to X; before opset 7 a vector of C slopes stands at the channels.
 */
#include "ops/kit/unary.h"

/* Slope as one number or an array: two loops, for a load a step that may be 0 is no vector load. */
#define PRELU_LOOP(name, T)                                                                        \
  static void name##_whole(const onnxrun_job *job, size_t begin, size_t end)                       \
  {                                                                                                \
    const T *x = (const T *)job->in[0] + begin;                                                    \
    const T *slope = (const T *)job->in[1] + begin * job->step[1];                                 \
    T *y = (T *)job->out[0] + begin;                                                               \
    const size_t n = WHOLE(T, end - begin);                                                        \
    if (job->step[1] == 0) {                                                                       \
      const T one = slope[0];                                                                      \
      LOOP_SIMD for (size_t i = 0; i < n; i++) y[i] = x[i] < 0 ? (T)(one * x[i]) : x[i];           \
    } else {                                                                                       \
      LOOP_SIMD for (size_t i = 0; i < n; i++) y[i] = x[i] < 0 ? (T)(slope[i] * x[i]) : x[i];      \
    }                                                                                              \
  }                                                                                                \
  static void name(const onnxrun_job *job, size_t begin, size_t end)                               \
  {                                                                                                \
    whole_map(job, begin, end, name##_whole, (flat_bytes){sizeof(T), sizeof(T), sizeof(T)});       \
  }

#define PRELU(x, slope) ((x) < 0 ? (slope) * (x) : (x))
PRELU_LOOP(prelu_f32, float)
PRELU_LOOP(prelu_f64, double)
HALF_BINARY(prelu, PRELU)

/* Unsigned numbers are never below 0. */
#define PRELU_UNSIGNED(name, T)                                                                    \
  static void name(const onnxrun_job *job, size_t begin, size_t end)                               \
  {                                                                                                \
    if (begin < end)                                                                               \
      memmove((T *)job->out[0] + begin, (const T *)job->in[0] + begin, (end - begin) * sizeof(T)); \
  }

/* Products that wrap: multiplied without a sign. */
#define PRELU_SIGNED(name, T, U)                                                                   \
  static void name(const onnxrun_job *job, size_t begin, size_t end)                               \
  {                                                                                                \
    const T *x = job->in[0], *slope = job->in[1];                                                  \
    T *y = job->out[0];                                                                            \
    const size_t step = job->step[1];                                                              \
    for (size_t i = begin; i < end; i++)                                                           \
      y[i] = x[i] < 0 ? (T)((U)slope[i * step] * (U)x[i]) : x[i];                                  \
  }

PRELU_SIGNED(prelu_i32, int32_t, uint32_t)
PRELU_SIGNED(prelu_i64, int64_t, uint64_t)
PRELU_UNSIGNED(prelu_u32, uint32_t)
PRELU_UNSIGNED(prelu_u64, uint64_t)

static const onnxrun_loop prelu_loops[] = {FLOAT_LOOPS(prelu),          {ONNXRUN_INT32, prelu_i32},
                                           {ONNXRUN_INT64, prelu_i64},  {ONNXRUN_UINT32, prelu_u32},
                                           {ONNXRUN_UINT64, prelu_u64}, END};

#define T_PRELU                                                                                    \
  (T_FLOATS | ONNXRUN_TYPE(INT32) | ONNXRUN_TYPE(INT64) | ONNXRUN_TYPE(UINT32) |                   \
   ONNXRUN_TYPE(UINT64))

static const onnxrun_operand prelu_in[] = {IN("X", 'T', T_PRELU), IN("slope", 'T', T_PRELU), END};
static const onnxrun_operand prelu_out[] = {OUT("Y", 'T', T_PRELU), END};
static const onnxrun_attr prelu_attrs[] = {ATTR_IGNORED("consumed_inputs"), END};

/* The output has X's shape; the host refuses a slope that does not fit under it. */
static onnxrun_status prelu_shape(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  (void)params;
  const onnxrun_tensor *x = h->input(n, 0), *slope = h->input(n, 1);
  const bool by_channel = h->opset(n) < 7 && slope->rank == 1 && x->rank > 1 && slope->dims[0] != 1;
  if (by_channel) {
    const onnxrun_status s = h->align(n, 1, 1);
    if (s != ONNXRUN_OK)
      return s;
  }
  return h->output(n, 0, x->rank, x->dims);
}

static const onnxrun_kernel prelu_1 = {
    KERNEL("PRelu", 1, 0), .flags = ONNXRUN_MAP, .inputs = prelu_in,  .outputs = prelu_out,
    .attrs = prelu_attrs,  .shape = prelu_shape, .loops = prelu_loops};

KERNELS(prelu, &prelu_1)
