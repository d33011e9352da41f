/* Clip: r = input < min ? min : input, output = r > max ? max : r, so that NaN passes and max wins
 * where min is larger, as in the standard's function body.  Opsets 1 and 6 (attributes), 11, 12, 13
 * (inputs of one element). */
#include "ops/kit/binary.h"

/* Limits of floating-point types that have no input: the attributes, or none. */
struct clip {
  float min, max;
};

/* Input i's element where there is one. */
static bool has_limit(const onnxrun_job *job, size_t i)
{
  return i < job->n_in && job->in[i];
}

#define CLIP_LOOP(name, T, LEAST, MOST)                                                            \
  static void name##_whole(const onnxrun_job *job, size_t begin, size_t end)                       \
  {                                                                                                \
    const struct clip *p = job->params;                                                            \
    (void)p;                                                                                       \
    const T *x = (const T *)job->in[0] + begin;                                                    \
    T *y = (T *)job->out[0] + begin;                                                               \
    const T min = has_limit(job, 1) ? *(const T *)job->in[1] : (LEAST);                            \
    const T max = has_limit(job, 2) ? *(const T *)job->in[2] : (MOST);                             \
    const size_t n = WHOLE(T, end - begin);                                                        \
    LOOP_SIMD for (size_t i = 0; i < n; i++)                                                       \
    {                                                                                              \
      const T r = x[i] < min ? min : x[i];                                                         \
      y[i] = r > max ? max : r;                                                                    \
    }                                                                                              \
  }                                                                                                \
  static void name(const onnxrun_job *job, size_t begin, size_t end)                               \
  {                                                                                                \
    whole_map(job, begin, end, name##_whole, (flat_bytes){sizeof(T), sizeof(T), sizeof(T)});       \
  }

CLIP_LOOP(clip_f32, float, p->min, p->max)
CLIP_LOOP(clip_f64, double, p->min, p->max)
#define LEAST(x, min) ((x) < (min) ? (min) : (x))
#define MOST(x, max) ((x) > (max) ? (max) : (x))
#define CLIP(x, p) MOST(LEAST((x), (p).min), (p).max)
#define CLIP_PARAMS(tag)                                                                           \
  {                                                                                                \
    has_limit(job, 1) ? tag##_load(*(const uint16_t *)job->in[1])                                  \
                      : ((const struct clip *)job->params)->min,                                   \
        has_limit(job, 2) ? tag##_load(*(const uint16_t *)job->in[2])                              \
                          : ((const struct clip *)job->params)->max                                \
  }
HALF_UNARY(clip, struct clip, CLIP, CLIP_PARAMS)
CLIP_LOOP(clip_u8, uint8_t, 0, UINT8_MAX)
CLIP_LOOP(clip_u16, uint16_t, 0, UINT16_MAX)
CLIP_LOOP(clip_u32, uint32_t, 0, UINT32_MAX)
CLIP_LOOP(clip_u64, uint64_t, 0, UINT64_MAX)
CLIP_LOOP(clip_i8, int8_t, INT8_MIN, INT8_MAX)
CLIP_LOOP(clip_i16, int16_t, INT16_MIN, INT16_MAX)
CLIP_LOOP(clip_i32, int32_t, INT32_MIN, INT32_MAX)
CLIP_LOOP(clip_i64, int64_t, INT64_MIN, INT64_MAX)
#undef CLIP_LOOP

static const onnxrun_loop clip_loops[] = {FLOAT_LOOPS_OF(clip, ), UNSIGNED_LOOPS(clip, ),
                                          SIGNED_LOOPS(clip, ), END};

static const onnxrun_operand clip_x[] = {IN("input", 'T', T_FLOATS), END};
static const onnxrun_operand clip_inputs[] = {
    IN("input", 'T', T_NUMBERS), IN_FLAGS("min", 'T', T_NUMBERS, ONNXRUN_OPTIONAL_OPERAND),
    IN_FLAGS("max", 'T', T_NUMBERS, ONNXRUN_OPTIONAL_OPERAND), END};
static const onnxrun_operand clip_outputs[] = {OUT("output", 'T', T_NUMBERS), END};

static const onnxrun_attr clip_1_attrs[] = {ATTR_F(struct clip, min, -INFINITY),
                                            ATTR_F(struct clip, max, INFINITY),
                                            ATTR_IGNORED("consumed_inputs"), END};
static const onnxrun_attr clip_6_attrs[] = {ATTR_F(struct clip, min, -FLT_MAX),
                                            ATTR_F(struct clip, max, FLT_MAX), END};

static onnxrun_status clip_prepare(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  (void)h;
  (void)n;
  *(struct clip *)params = (struct clip){-INFINITY, INFINITY};
  return ONNXRUN_OK;
}

static onnxrun_status clip_shape(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  (void)params;
  for (uint32_t i = 1; i < h->n_inputs(n); i++) {
    const onnxrun_tensor *limit = h->input(n, i);
    if (limit && onnxrun_elements(limit) != 1)
      return h->fail(n, ONNXRUN_INVALID_INPUT, "input '%s' has %zu elements, expected 1",
                     clip_inputs[i].name, onnxrun_elements(limit));
  }
  const onnxrun_tensor *x = h->input(n, 0);
  return h->output(n, 0, x->rank, x->dims);
}

#define CLIP_KERNEL(first, last, table)                                                            \
  KERNEL("Clip", first, last), .flags = ONNXRUN_MAP, .inputs = (table), .outputs = clip_outputs,   \
                               .params_size = sizeof(struct clip), .loops = clip_loops
static const onnxrun_kernel clip_1 = {CLIP_KERNEL(1, 5, clip_x), .attrs = clip_1_attrs};
static const onnxrun_kernel clip_6 = {CLIP_KERNEL(6, 10, clip_x), .attrs = clip_6_attrs};
static const onnxrun_kernel clip_11 = {CLIP_KERNEL(11, 0, clip_inputs), .prepare = clip_prepare,
                                       .shape = clip_shape};

KERNELS(clip, &clip_11, &clip_6, &clip_1)
