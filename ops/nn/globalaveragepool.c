/* GlobalAveragePool: the mean of each plane.  ONNX opsets 1, 22.
 * Parts of a plane are summed in float, in vectors and then a tree, the parts in double: an error
 * of (log2 of a part's vectors + 6) u of the magnitudes' mean at most, in an order that the plane's
 * size alone decides. */
#include "ops/kit/gemm.h"

enum { PART = 1024 }; /* elements */

struct globalaveragepool {
  size_t plane;
  onnxrun_dtype dtype;
};

/* The sum of n elements: 4 vectors of sums side by side, then halves onto halves. */
#define PART_SUM(tag, E, V, V_ANY)                                                                 \
  static double part_sum_##tag(const E *x, size_t n)                                               \
  {                                                                                                \
    enum { LANES = VEC_BYTES / sizeof(E) };                                                        \
    V sum[4] = {{0}, {0}, {0}, {0}};                                                               \
    E lane[LANES], rest = 0;                                                                       \
    size_t i = 0;                                                                                  \
    for (; i + 4 * LANES <= n; i += 4 * LANES) {                                                   \
      GEMM_UNROLL for (size_t v = 0; v < 4; v++) sum[v] +=                                         \
          *(const V_ANY *)(const void *)(x + i + v * LANES);                                       \
    }                                                                                              \
    GEMM_UNROLL for (size_t v = 0; v < 3; v++)                                                     \
    {                                                                                              \
      if (i + LANES <= n) {                                                                        \
        sum[v] += *(const V_ANY *)(const void *)(x + i);                                           \
        i += LANES;                                                                                \
      }                                                                                            \
    }                                                                                              \
    for (; i < n; i++)                                                                             \
      rest += x[i];                                                                                \
    const V all = (sum[0] + sum[1]) + (sum[2] + sum[3]);                                           \
    memcpy(lane, &all, sizeof lane);                                                               \
    for (size_t half = LANES / 2; half > 0; half /= 2) {                                           \
      for (size_t j = 0; j < half; j++)                                                            \
        lane[j] += lane[j + half];                                                                 \
    }                                                                                              \
    return (double)lane[0] + (double)rest;                                                         \
  }
PART_SUM(f32, float, vec_f32, vec_f32_any)
PART_SUM(f64, double, vec_f64, vec_f64_any)
#undef PART_SUM

static double globalaveragepool_sum(const struct globalaveragepool *p, const void *x, size_t at)
{
  const char *from = (const char *)x + at * element_bytes(p->dtype);
  double sum = 0;
  float line[PART];
  for (size_t i = 0, n; i < p->plane; i += n) {
    n = p->plane - i < PART ? p->plane - i : PART;
    const void *part = from + i * element_bytes(p->dtype);
    if (p->dtype == ONNXRUN_DOUBLE) {
      sum += part_sum_f64(part, n);
      continue;
    }
    if (p->dtype != ONNXRUN_FLOAT)
      (p->dtype == ONNXRUN_FLOAT16 ? f16_load_n : bf16_load_n)(line, part, n);
    sum += part_sum_f32(p->dtype == ONNXRUN_FLOAT ? part : line, n);
  }
  return sum;
}

static void globalaveragepool_planes(const onnxrun_job *job, size_t begin, size_t end)
{
  const struct globalaveragepool *p = job->params;
  for (size_t i = begin; i < end; i++) {
    const double mean = globalaveragepool_sum(p, job->in[0], i * p->plane) / (double)p->plane;
    if (p->dtype == ONNXRUN_DOUBLE)
      ((double *)job->out[0])[i] = mean;
    else if (p->dtype == ONNXRUN_FLOAT)
      ((float *)job->out[0])[i] = (float)mean;
    else
      ((uint16_t *)job->out[0])[i] =
          p->dtype == ONNXRUN_FLOAT16 ? f16_store((float)mean) : bf16_store((float)mean);
  }
}

static void globalaveragepool_part(const void *params, size_t i, onnxrun_part *part)
{
  (void)params;
  *part = (onnxrun_part){.first = i, .length = 1, .rows = 1};
}

static COLD onnxrun_status globalaveragepool_shape(const onnxrun_host *h, onnxrun_node *n,
                                                   void *params)
{
  struct globalaveragepool *p = params;
  const onnxrun_tensor *x = h->input(n, 0);
  onnxrun_work work = ONNXRUN_WORK_INIT;
  int64_t dims[ONNXRUN_MAX_RANK];
  if (x->rank < 2)
    return h->fail(n, ONNXRUN_INVALID_INPUT, "input 'X' has rank %u, expected 2 or more", x->rank);
  for (uint32_t i = 0; i < x->rank; i++)
    dims[i] = i < 2 ? x->dims[i] : 1;
  const onnxrun_status s = h->output(n, 0, x->rank, dims);
  if (s != ONNXRUN_OK)
    return s;
  p->dtype = x->dtype;
  work.items = (size_t)x->dims[0] * (size_t)x->dims[1];
  p->plane = work.items > 0 ? dims_product(x, 2, x->rank) : 0;
  work.part = globalaveragepool_part;
  work.item_cost = 60 + (double)p->plane * (double)element_bytes(p->dtype) / 16;
  return h->plan(n, &work);
}

static const onnxrun_loop globalaveragepool_loops[] = {
    {ONNXRUN_UNDEFINED, globalaveragepool_planes}, {ONNXRUN_UNDEFINED, NULL}};

#define GLOBALAVERAGEPOOL_OPSET(first, last, types)                                                \
  static const onnxrun_operand globalaveragepool_##first##_in[] = {IN("X", 'T', types), END};      \
  static const onnxrun_operand globalaveragepool_##first##_out[] = {OUT("Y", 'T', types), END};    \
  static const onnxrun_kernel globalaveragepool_##first = {                                        \
      KERNEL("GlobalAveragePool", first, last),   .inputs = globalaveragepool_##first##_in,        \
      .outputs = globalaveragepool_##first##_out, .params_size = sizeof(struct globalaveragepool), \
      .shape = globalaveragepool_shape,           .loops = globalaveragepool_loops};
GLOBALAVERAGEPOOL_OPSET(1, 21, ONNXRUN_TYPE(FLOAT16) | ONNXRUN_TYPE(FLOAT) | ONNXRUN_TYPE(DOUBLE))
GLOBALAVERAGEPOOL_OPSET(22, 0, T_FLOATS)
#undef GLOBALAVERAGEPOOL_OPSET

KERNELS(globalaveragepool, &globalaveragepool_1, &globalaveragepool_22)
