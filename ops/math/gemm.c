/* Gemm: Y = alpha * A' * B' + beta * C, A' and B' turned over by transA and transB, C broadcast to
 * Y.  ONNX opsets 1, 6, 7, 9, 11, 13.  A constant B is packed once, but for products of one row.
 * Order of the sum and 16-bit types: kit/gemm.h. Integers wrap; with another alpha or beta they are
 * cut off to whole numbers. */
#include "ops/kit/gemm_int.h"

struct gemm_op {
  gemm g; /* first: see gemm_part */
  float alpha, beta;
  int64_t transA, transB, broadcast;
  onnxrun_dtype dtype;
  const void *packed; /* B in panels, in the type of computation */
};

static const onnxrun_attr gemm_1_attrs[] = {
    ATTR_F(struct gemm_op, alpha, 1.0),   ATTR_F(struct gemm_op, beta, 1.0),
    ATTR_I(struct gemm_op, transA, 0),    ATTR_I(struct gemm_op, transB, 0),
    ATTR_I(struct gemm_op, broadcast, 0), END};
static const onnxrun_attr gemm_7_attrs[] = {
    ATTR_F(struct gemm_op, alpha, 1.0), ATTR_F(struct gemm_op, beta, 1.0),
    ATTR_I(struct gemm_op, transA, 0), ATTR_I(struct gemm_op, transB, 0), END};

static gemm_matrix gemm_side(const onnxrun_tensor *t, int64_t turned)
{
  return (gemm_matrix){(size_t)t->dims[1], turned != 0, gemm_kind_of(t->dtype)};
}

static COLD const void *gemm_pack(const onnxrun_host *h, onnxrun_node *n, const void *params)
{
  const struct gemm_op *p = params;
  const onnxrun_tensor *b = h->input(n, 1);
  if (!gemm_is_packable(b) || b->rank != 2)
    return NULL;
  const gemm_matrix m = gemm_side(b, p->transB);
  const size_t k = (size_t)b->dims[m.turned], columns = (size_t)b->dims[!m.turned];
  return columns > 1 ? gemm_pack_whole(h, n, b, &m, (size_t[3]){1, k, columns}) : NULL;
}

/* C's dims are the last of Y's, each the same or 1. */
static COLD onnxrun_status gemm_add(const onnxrun_host *h, onnxrun_node *n, struct gemm_op *p,
                                    const onnxrun_tensor *c)
{
  const size_t dims[2] = {p->g.m, p->g.n};
  size_t *step[2] = {&p->g.c_row, &p->g.c_column};
  p->g.has_c = c && p->beta != 0.0f;
  if (c && c->rank > 2)
    return h->fail(n, ONNXRUN_INVALID_INPUT, "input 'C' has rank %u, expected 2 or less", c->rank);
  size_t stride = 1;
  for (uint32_t i = 0; c && i < c->rank; i++) {
    const uint32_t from = c->rank - 1 - i, to = 1 - i;
    const size_t dim = (size_t)c->dims[from];
    if (dim != dims[to] && (dim != 1 || !p->broadcast))
      return h->fail(n, ONNXRUN_INVALID_INPUT, "dim %u of input 'C' is %zu, expected %zu", from,
                     dim, dims[to]);
    *step[to] = dim == 1 ? 0 : stride;
    stride *= dim;
  }
  return ONNXRUN_OK;
}

static COLD onnxrun_status gemm_shape(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  struct gemm_op *p = params;
  const onnxrun_tensor *t[2] = {h->input(n, 0), h->input(n, 1)};
  for (uint32_t i = 0; i < 2; i++) {
    if (t[i]->rank != 2)
      return h->fail(n, ONNXRUN_INVALID_INPUT, "input '%c' has rank %u, expected 2", "AB"[i],
                     t[i] -> rank);
  }
  gemm *g = &p->g;
  p->dtype = t[0]->dtype;
  g->a = gemm_side(t[0], p->transA);
  g->b = gemm_side(t[1], p->transB);
  const int64_t dims[2] = {t[0]->dims[g->a.turned], t[1]->dims[!g->b.turned]};
  const int64_t k[2] = {t[0]->dims[!g->a.turned], t[1]->dims[g->b.turned]};
  if (k[0] != k[1])
    return h->fail(n, ONNXRUN_INVALID_INPUT, "input 'B' has %lld rows, expected %lld",
                   (long long)k[1], (long long)k[0]);
  g->m = (size_t)dims[0];
  g->n = (size_t)dims[1];
  g->k = (size_t)k[0];
  g->alpha = p->alpha;
  g->beta = p->beta;
  onnxrun_status s = gemm_add(h, n, p, h->input(n, 2));
  if (s == ONNXRUN_OK)
    s = h->output(n, 0, 2, dims);
  if (s != ONNXRUN_OK)
    return s;
  if (gemm_wants_panels(g))
    p->packed = h->packed(n);
  return gemm_plan(h, n, g, p->dtype, p->packed != NULL, 1);
}

/* Before opset 7 C is Y's shape unless `broadcast` says otherwise; then it always broadcasts. */
static COLD onnxrun_status gemm_7_prepare(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  (void)h;
  (void)n;
  ((struct gemm_op *)params)->broadcast = 1;
  return ONNXRUN_OK;
}

#define GEMM_LOOP(tag)                                                                             \
  static void gemm_op_##tag(const onnxrun_job *job, size_t begin, size_t end)                      \
  {                                                                                                \
    const struct gemm_op *p = job->params;                                                         \
    const gemm_operands_##tag o = {job->in[0], job->in[1], p->g.has_c ? job->in[2] : NULL,         \
                                   p->packed, job->out[0]};                                        \
    for (size_t i = begin; i < end; i++)                                                           \
      gemm_block_run_##tag(&p->g, &o, i, job->scratch);                                            \
  }
GEMM_LOOP(f32)
GEMM_LOOP(f64)
#undef GEMM_LOOP

static void gemm_op_int(const onnxrun_job *job, size_t begin, size_t end)
{
  const struct gemm_op *p = job->params;
  const gemm_int o = {&p->g,       job->in[0], job->in[1], p->g.has_c ? job->in[2] : NULL,
                      job->out[0], p->dtype};
  for (size_t i = begin; i < end; i++)
    gemm_int_block(&o, i);
}

static const onnxrun_loop gemm_loops[] = {
    {ONNXRUN_FLOAT, gemm_op_f32},  {ONNXRUN_FLOAT16, gemm_op_f32}, {ONNXRUN_BFLOAT16, gemm_op_f32},
    {ONNXRUN_DOUBLE, gemm_op_f64}, {ONNXRUN_INT32, gemm_op_int},   {ONNXRUN_UINT32, gemm_op_int},
    {ONNXRUN_INT64, gemm_op_int},  {ONNXRUN_UINT64, gemm_op_int},  {ONNXRUN_UNDEFINED, NULL}};

#define GEMM_OPERANDS(since, types, c_flags)                                                       \
  static const onnxrun_operand gemm_##since##_in[] = {                                             \
      IN_FLAGS("A", 'T', types, ONNXRUN_UNALIGNED), IN_FLAGS("B", 'T', types, ONNXRUN_UNALIGNED),  \
      IN_FLAGS("C", 'T', types, ONNXRUN_UNALIGNED | (c_flags)), END};                              \
  static const onnxrun_operand gemm_##since##_out[] = {OUT("Y", 'T', types), END};
GEMM_OPERANDS(1, T_GEMM_1, 0)
GEMM_OPERANDS(9, T_GEMM_9, 0)
GEMM_OPERANDS(11, T_GEMM_9, ONNXRUN_OPTIONAL_OPERAND)
GEMM_OPERANDS(13, T_GEMM_13, ONNXRUN_OPTIONAL_OPERAND)
#undef GEMM_OPERANDS

#define GEMM_KERNEL(first, last, operands, attributes, check)                                      \
  {                                                                                                \
    KERNEL("Gemm", first, last), .inputs = gemm_##operands##_in, .outputs = gemm_##operands##_out, \
                                 .attrs = attributes, .params_size = sizeof(struct gemm_op),       \
                                 .prepare = check, .pack = gemm_pack, .shape = gemm_shape,         \
                                 .loops = gemm_loops                                               \
  }
static const onnxrun_kernel gemm_1 = GEMM_KERNEL(1, 6, 1, gemm_1_attrs, NULL);
static const onnxrun_kernel gemm_7 = GEMM_KERNEL(7, 8, 1, gemm_7_attrs, gemm_7_prepare);
static const onnxrun_kernel gemm_9 = GEMM_KERNEL(9, 10, 9, gemm_7_attrs, gemm_7_prepare);
static const onnxrun_kernel gemm_11 = GEMM_KERNEL(11, 12, 11, gemm_7_attrs, gemm_7_prepare);
static const onnxrun_kernel gemm_13 = GEMM_KERNEL(13, 0, 13, gemm_7_attrs, gemm_7_prepare);

KERNELS(gemm, &gemm_1, &gemm_7, &gemm_9, &gemm_11, &gemm_13)
