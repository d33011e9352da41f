/* BatchNormalization: Y = (X - mean) / sqrt(var + epsilon) * scale + B for each channel.
 * ONNX opsets 1, 6, 7, 9, 14, 15.
 * Normalising: (X - mean) * a + B with a = scale / sqrt(var + epsilon) from double, an error of 2
 * ulp of the larger of product and B. Training (training_mode; is_test = 0 in opsets 1 and 6; in 7
 * and 9 where more outputs than Y are used): mean and variance are the batch's, in double, and the
 * running ones are input * momentum + batch's * (1 - momentum). spatial = 0 has its own of each for
 * every element of an image. */
#include "ops/kit/gemm.h"

enum { BN_PART = 4096, BN_FEATURES = 256 }; /* elements of an item */

struct batchnorm {
  float epsilon, momentum;
  int64_t is_test, spatial, training_mode;
  size_t images, features, inner; /* X is [images][features][inner] */
  size_t parts;                   /* of a plane, or of an image's features where inner is 1 */
  onnxrun_dtype dtype, scale_dtype, mean_dtype;
  size_t n_out;
  const void *table; /* of constants: mean[features], a[features], b[features] */
};

static double bn_number(const void *from, onnxrun_dtype t, size_t i)
{
  double wide;
  float narrow;
  uint16_t half;
  const char *at = (const char *)from + i * element_bytes(t);
  switch (t) {
  case ONNXRUN_DOUBLE:
    memcpy(&wide, at, sizeof wide);
    return wide;
  case ONNXRUN_FLOAT:
    memcpy(&narrow, at, sizeof narrow);
    return (double)narrow;
  default:
    memcpy(&half, at, sizeof half);
    return (double)(t == ONNXRUN_FLOAT16 ? f16_load(half) : bf16_load(half));
  }
}

static void bn_set(void *to, onnxrun_dtype t, size_t i, double value)
{
  if (!to)
    return;
  if (t == ONNXRUN_DOUBLE)
    ((double *)to)[i] = value;
  else if (t == ONNXRUN_FLOAT)
    ((float *)to)[i] = (float)value;
  else
    ((uint16_t *)to)[i] = t == ONNXRUN_FLOAT16 ? f16_store((float)value) : bf16_store((float)value);
}

/* What a feature's elements are computed from. */
typedef struct bn_feature {
  double mean, a, b;
} bn_feature;

/* `in`: X, scale, B, mean, var. */
static bn_feature bn_feature_of(const struct batchnorm *p, const void *const *in, size_t i)
{
  const double scale = bn_number(in[1], p->scale_dtype, i);
  const double var = bn_number(in[4], p->mean_dtype, i);
  return (bn_feature){bn_number(in[3], p->mean_dtype, i), scale / sqrt(var + (double)p->epsilon),
                      bn_number(in[2], p->scale_dtype, i)};
}

/* mean, a and b of features [first, first + n), `stride` elements apart. */
static void bn_features(const struct batchnorm *p, const void *const *in, size_t first, size_t n,
                        void *to, size_t stride)
{
  float *narrow = to;
  double *wide = to;
  for (size_t i = 0; i < n; i++) {
    const bn_feature f = bn_feature_of(p, in, first + i);
    const double values[3] = {f.mean, f.a, f.b};
    for (size_t j = 0; j < 3; j++) {
      if (p->dtype == ONNXRUN_DOUBLE)
        wide[j * stride + i] = values[j];
      else
        narrow[j * stride + i] = (float)values[j];
    }
  }
}

/* y = (x - mean) * a + b; one of each for all elements, or one for each. `by`: mean, a, b, `stride`
 * apart. */
#define BN_LINE(E, tag)                                                                            \
  static void bn_line_##tag(E *y, const E *x, size_t n, const E *by, size_t stride, bool is_one)   \
  {                                                                                                \
    const E *a = by + stride, *b = a + stride;                                                     \
    if (is_one) {                                                                                  \
      const E mean = by[0], scale = a[0], shift = b[0];                                            \
      LOOP_SIMD for (size_t i = 0; i < n; i++) y[i] = MADD(x[i] - mean, scale, shift);             \
    } else {                                                                                       \
      LOOP_SIMD for (size_t i = 0; i < n; i++) y[i] = MADD(x[i] - by[i], a[i], b[i]);              \
    }                                                                                              \
  }
BN_LINE(float, f32)
BN_LINE(double, f64)
#undef BN_LINE

/* Elements [at, at + n) of X, all of one feature or of as many. */
static void bn_run(const struct batchnorm *p, const onnxrun_job *job, size_t at, size_t n,
                   const void *by, size_t stride)
{
  const bool is_one = p->inner > 1;
  const enum gemm_kind kind = gemm_kind_of(p->dtype);
  float line[BN_FEATURES];
  if (p->dtype == ONNXRUN_DOUBLE) {
    bn_line_f64((double *)job->out[0] + at, (const double *)job->in[0] + at, n, by, stride, is_one);
    return;
  }
  if (kind == GEMM_NATIVE) {
    bn_line_f32((float *)job->out[0] + at, (const float *)job->in[0] + at, n, by, stride, is_one);
    return;
  }
  for (size_t i = 0, part; i < n; i += part) {
    part = gemm_least(n - i, BN_FEATURES);
    gemm_load_f32(line, job->in[0], at + i, part, kind);
    bn_line_f32(line, line, part, (const float *)by + (is_one ? 0 : i), stride, is_one);
    gemm_store_f32(job->out[0], at + i, line, part, kind);
  }
}

/* An item is a part of a plane or of an image's features. */
static void bn_normalize(const onnxrun_job *job, size_t begin, size_t end)
{
  const struct batchnorm *p = job->params;
  const size_t bytes = p->dtype == ONNXRUN_DOUBLE ? sizeof(double) : sizeof(float);
  union {
    float narrow[3 * BN_FEATURES];
    double wide[3 * BN_FEATURES];
  } own;
  for (size_t i = begin; i < end; i++) {
    const size_t part = i % p->parts, group = i / p->parts;
    const size_t size = p->inner > 1 ? BN_PART : BN_FEATURES;
    const size_t length = p->inner > 1 ? p->inner : p->features;
    const size_t n = gemm_least(length - part * size, size);
    const size_t first = p->inner > 1 ? group % p->features : part * size;
    const void *by = &own;
    size_t stride = BN_FEATURES;
    if (p->table) {
      by = (const char *)p->table + first * bytes;
      stride = p->features;
    } else {
      bn_features(p, job->in, first, p->inner > 1 ? 1 : n, &own, stride);
    }
    bn_run(p, job, group * length + part * size, n, by, stride);
  }
}

/* The sum over a feature of (x - mean)^power. */
static double bn_sum(const struct batchnorm *p, const void *x, size_t feature, double mean,
                     int power)
{
  double sum = 0;
  for (size_t i = 0; i < p->images; i++) {
    double plane = 0;
    for (size_t j = 0; j < p->inner; j++) {
      const double d = bn_number(x, p->dtype, (i * p->features + feature) * p->inner + j) - mean;
      plane += power == 2 ? d * d : d;
    }
    sum += plane;
  }
  return sum;
}

/* An item is a feature. */
static COLD void bn_train(const onnxrun_job *job, size_t begin, size_t end)
{
  const struct batchnorm *p = job->params;
  const double n = (double)p->images * (double)p->inner, momentum = (double)p->momentum;
  for (size_t i = begin; i < end; i++) {
    const double mean = bn_sum(p, job->in[0], i, 0, 1) / n;
    const double var = bn_sum(p, job->in[0], i, mean, 2) / n;
    const double a = bn_number(job->in[1], p->scale_dtype, i) / sqrt(var + (double)p->epsilon);
    const double b = bn_number(job->in[2], p->scale_dtype, i);
    for (size_t j = 0; job->out[0] && j < p->images * p->inner; j++) {
      const size_t at = (j / p->inner * p->features + i) * p->inner + j % p->inner;
      bn_set(job->out[0], p->dtype, at, (bn_number(job->in[0], p->dtype, at) - mean) * a + b);
    }
    const double old[2] = {bn_number(job->in[3], p->mean_dtype, i),
                           bn_number(job->in[4], p->mean_dtype, i)};
    const double results[4] = {old[0] * momentum + mean * (1 - momentum),
                               old[1] * momentum + var * (1 - momentum), mean, var};
    for (size_t j = 1; j < p->n_out; j++)
      bn_set(job->out[j], p->mean_dtype, i, results[j - 1]);
  }
}

/* Constants of the features are computed once. */
static COLD const void *bn_pack(const onnxrun_host *h, onnxrun_node *n, const void *params)
{
  struct batchnorm p = *(const struct batchnorm *)params;
  const void *in[5] = {NULL};
  size_t features = 0;
  for (uint32_t i = 1; i < 5; i++) {
    const onnxrun_tensor *t = h->input(n, i);
    if (!t->data || t->bytes == 0 || (i > 1 && onnxrun_elements(t) != features))
      return NULL;
    in[i] = t->data;
    features = onnxrun_elements(t);
  }
  p.dtype = h->input(n, 0)->dtype;
  p.scale_dtype = h->input(n, 1)->dtype;
  p.mean_dtype = h->input(n, 3)->dtype;
  void *table = h->keep(n, features * 3 * (p.dtype == ONNXRUN_DOUBLE ? 8 : 4));
  if (table)
    bn_features(&p, in, 0, features, table, features);
  return table;
}

/* Is the batch normalised by itself? */
static COLD bool bn_is_training(const onnxrun_host *h, onnxrun_node *n, const struct batchnorm *p)
{
  const int32_t opset = h->opset(n);
  if (opset >= 14)
    return p->training_mode != 0;
  if (opset < 7)
    return p->is_test == 0;
  return h->n_outputs(n) > 1; /* listed, even if nothing uses them */
}

static COLD onnxrun_status bn_check(const onnxrun_host *h, onnxrun_node *n, struct batchnorm *p)
{
  static const char *const names[] = {"X", "scale", "B", "mean", "var"};
  const onnxrun_tensor *x = h->input(n, 0);
  if (x->rank == 0)
    return h->fail(n, ONNXRUN_INVALID_INPUT, "input 'X' has rank 0, expected 1 or more");
  p->images = (size_t)x->dims[0];
  p->features = x->rank > 1 ? (size_t)x->dims[1] : 1;
  p->inner = 1;
  if (x->bytes > 0)
    p->inner = dims_product(x, x->rank > 1 ? 2 : 1, x->rank);
  if (!p->spatial && x->bytes > 0) {
    p->features *= p->inner;
    p->inner = 1;
  }
  for (uint32_t i = 1; i < 5 && (p->spatial || x->bytes > 0); i++) {
    const onnxrun_tensor *t = h->input(n, i);
    if (onnxrun_elements(t) != p->features)
      return h->fail(n, ONNXRUN_INVALID_INPUT, "input '%s' has %zu elements, expected %zu",
                     names[i], onnxrun_elements(t), p->features);
  }
  p->dtype = x->dtype;
  p->scale_dtype = h->input(n, 1)->dtype;
  p->mean_dtype = h->input(n, 3)->dtype;
  return h->output(n, 0, x->rank, x->dims);
}

/* Of an item of bn_normalize. */
static void bn_part(const void *params, size_t i, onnxrun_part *part)
{
  const struct batchnorm *p = params;
  const size_t size = p->inner > 1 ? BN_PART : BN_FEATURES;
  const size_t length = p->inner > 1 ? p->inner : p->features, at = i % p->parts * size;
  *part = (onnxrun_part){
      .first = i / p->parts * length + at, .length = gemm_least(length - at, size), .rows = 1};
}

static COLD onnxrun_status bn_shape(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  struct batchnorm *p = params;
  onnxrun_work work = ONNXRUN_WORK_INIT;
  onnxrun_status s = bn_check(h, n, p);
  for (uint32_t i = 1; s == ONNXRUN_OK && i < h->n_outputs(n); i++)
    s = h->output(n, i, h->input(n, 3)->rank, h->input(n, 3)->dims);
  if (s != ONNXRUN_OK)
    return s;
  p->n_out = h->n_outputs(n);
  const bool is_empty = h->input(n, 0)->bytes == 0;
  if (bn_is_training(h, n, p)) {
    work.items = is_empty && !p->spatial ? 0 : p->features;
    work.item_cost = 100 + 10 * (double)p->images * (double)p->inner;
    work.loop = bn_train;
    if (is_empty)
      p->images = 0;
  } else if (!is_empty) {
    p->table = h->packed(n);
    p->parts = p->inner > 1 ? gemm_parts(p->inner, BN_PART) : gemm_parts(p->features, BN_FEATURES);
    work.part = bn_part;
    work.items = p->images * (p->inner > 1 ? p->features : 1) * p->parts;
    work.item_cost = p->inner > 1 ? 50 + (double)gemm_least(p->inner, BN_PART) / 8 : BN_FEATURES;
  }
  return h->plan(n, &work);
}

/* Attributes that an opset lacks have these values. */
static COLD onnxrun_status bn_prepare(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  struct batchnorm *p = params;
  if (h->opset(n) >= 9)
    p->spatial = 1;
  if (p->training_mode == 0 && h->opset(n) >= 14 && h->n_outputs(n) > 1 &&
      (h->result(n, 1) || h->result(n, 2)))
    return h->fail(n, ONNXRUN_INVALID_MODEL,
                   "attribute 'training_mode' is 0 with %u outputs, expected 1", h->n_outputs(n));
  return ONNXRUN_OK;
}

static const onnxrun_loop bn_loops[] = {{ONNXRUN_UNDEFINED, bn_normalize},
                                        {ONNXRUN_UNDEFINED, NULL}};

#define BN_ATTRS                                                                                   \
  ATTR_F(struct batchnorm, epsilon, 9.99999974737875163555e-06),                                   \
      ATTR_F(struct batchnorm, momentum, 0.899999976158142089844)
static const onnxrun_attr bn_1_attrs[] = {BN_ATTRS, ATTR_I(struct batchnorm, is_test, 0),
                                          ATTR_I(struct batchnorm, spatial, 1),
                                          ATTR_IGNORED("consumed_inputs"), END};
static const onnxrun_attr bn_7_attrs[] = {BN_ATTRS, ATTR_I(struct batchnorm, spatial, 1), END};
static const onnxrun_attr bn_9_attrs[] = {BN_ATTRS, END};
static const onnxrun_attr bn_14_attrs[] = {BN_ATTRS, ATTR_I(struct batchnorm, training_mode, 0),
                                           END};

#define T_BN_1 (ONNXRUN_TYPE(FLOAT16) | ONNXRUN_TYPE(FLOAT) | ONNXRUN_TYPE(DOUBLE))

/* T, T1 and T2 of X, of scale and B, of mean and var. */
#define BN_OPERANDS(since, types, scale, mean)                                                     \
  static const onnxrun_operand bn_##since##_in[] = {                                               \
      IN("X", 'T', types),                                                                         \
      IN_FLAGS("scale", scale, types, ONNXRUN_UNALIGNED),                                          \
      IN_FLAGS("B", scale, types, ONNXRUN_UNALIGNED),                                              \
      IN_FLAGS("input_mean", mean, types, ONNXRUN_UNALIGNED),                                      \
      IN_FLAGS("input_var", mean, types, ONNXRUN_UNALIGNED),                                       \
      END};
BN_OPERANDS(1, T_BN_1, 'T', 'T')
BN_OPERANDS(14, T_FLOATS, 'T', 'U')
BN_OPERANDS(15, T_FLOATS, 'S', 'U')
#undef BN_OPERANDS

static const onnxrun_operand bn_1_out[] = {OUT("Y", 'T', T_BN_1),
                                           OUT_OPTIONAL("mean", 'T', T_BN_1),
                                           OUT_OPTIONAL("var", 'T', T_BN_1),
                                           OUT_OPTIONAL("saved_mean", 'T', T_BN_1),
                                           OUT_OPTIONAL("saved_var", 'T', T_BN_1),
                                           END};
static const onnxrun_operand bn_14_out[] = {OUT("Y", 'T', T_FLOATS),
                                            OUT_OPTIONAL("running_mean", 'U', T_FLOATS),
                                            OUT_OPTIONAL("running_var", 'U', T_FLOATS), END};

#define BN_KERNEL(first, last, in, out, attributes)                                                \
  static const onnxrun_kernel bn_##first = {KERNEL("BatchNormalization", first, last),             \
                                            .inputs = in,                                          \
                                            .outputs = out,                                        \
                                            .attrs = attributes,                                   \
                                            .params_size = sizeof(struct batchnorm),               \
                                            .prepare = bn_prepare,                                 \
                                            .pack = bn_pack,                                       \
                                            .shape = bn_shape,                                     \
                                            .loops = bn_loops};
BN_KERNEL(1, 6, bn_1_in, bn_1_out, bn_1_attrs)
BN_KERNEL(7, 8, bn_1_in, bn_1_out, bn_7_attrs)
BN_KERNEL(9, 13, bn_1_in, bn_1_out, bn_9_attrs)
BN_KERNEL(14, 14, bn_14_in, bn_14_out, bn_14_attrs)
BN_KERNEL(15, 0, bn_15_in, bn_14_out, bn_14_attrs)
#undef BN_KERNEL

KERNELS(batchnormalization, &bn_1, &bn_7, &bn_9, &bn_14, &bn_15)
