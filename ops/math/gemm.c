/* Gemm and MatMul, which share a method; in one file, for it is the largest part of their code.
 * Gemm: Y = alpha * A' * B' + beta * C, A' and B' turned over by transA and transB, C broadcast to
 * Y.  ONNX opsets 1, 6, 7, 9, 11, 13.
 * MatMul: Y = A * B as numpy.matmul: operands of one dim are a row and a column, leading dims
 * broadcast.  ONNX opsets 1, 9, 13.
 * A constant B is packed once. Order of the sum and 16-bit types: kit/gemm.h. Integers wrap; with
 * another alpha or beta they are cut off to whole numbers. */
#include "ops/kit/gemm_int.h"

static bool is_packable(const onnxrun_tensor *b)
{
  return b->data && b->bytes > 0 &&
         (b->dtype == ONNXRUN_FLOAT || b->dtype == ONNXRUN_DOUBLE ||
          gemm_kind_of(b->dtype) != GEMM_NATIVE);
}

struct gemm_op {
  float alpha, beta;
  int64_t transA, transB, broadcast;
  gemm g;
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

static onnxrun_status gemm_pack(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  struct gemm_op *p = params;
  const onnxrun_tensor *b = h->input(n, 1);
  if (!is_packable(b) || b->rank != 2)
    return ONNXRUN_OK;
  const gemm_matrix m = gemm_side(b, p->transB);
  const size_t k = (size_t)b->dims[m.turned], columns = (size_t)b->dims[!m.turned];
  if (columns > 1)
    p->packed = gemm_pack_whole(h, n, b, &m, (size_t[3]){1, k, columns});
  return columns > 1 && !p->packed ? ONNXRUN_NO_MEMORY : ONNXRUN_OK;
}

/* C's dims are the last of Y's, each the same or 1. */
static onnxrun_status gemm_add(const onnxrun_host *h, onnxrun_node *n, struct gemm_op *p,
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

static onnxrun_status gemm_shape(const onnxrun_host *h, onnxrun_node *n, void *params)
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
  return s == ONNXRUN_OK ? gemm_plan(h, n, g, p->dtype, p->packed != NULL, 1) : s;
}

/* Before opset 7 C is Y's shape unless `broadcast` says otherwise; then it always broadcasts. */
static onnxrun_status gemm_7_prepare(const onnxrun_host *h, onnxrun_node *n, void *params)
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

#define T_GEMM_1 (ONNXRUN_TYPE(FLOAT16) | ONNXRUN_TYPE(FLOAT) | ONNXRUN_TYPE(DOUBLE))
#define T_GEMM_9 (T_GEMM_1 | T_INDEX | ONNXRUN_TYPE(UINT32) | ONNXRUN_TYPE(UINT64))
#define T_GEMM_13 (T_GEMM_9 | ONNXRUN_TYPE(BFLOAT16))

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

struct matmul {
  gemm g;
  onnxrun_dtype dtype;
  const void *packed; /* B's matrices in panels, in the type of computation */
  uint32_t rank;      /* of the leading dims */
  size_t dims[ONNXRUN_MAX_RANK];
  size_t step[2][ONNXRUN_MAX_RANK]; /* matrices that A and B advance by */
};

/* Rows and columns of A (side 0) or B (side 1). */
static size_t matmul_rows(const onnxrun_tensor *t, int side)
{
  return t->rank > 1 ? (size_t)t->dims[t->rank - 2] : side == 0 ? 1 : (size_t)t->dims[0];
}

static size_t matmul_columns(const onnxrun_tensor *t, int side)
{
  return t->rank > 1 || side == 0 ? (size_t)t->dims[t->rank - 1] : 1;
}

static onnxrun_status matmul_pack(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  struct matmul *p = params;
  const onnxrun_tensor *b = h->input(n, 1);
  if (!is_packable(b) || b->rank == 0)
    return ONNXRUN_OK;
  const size_t k = matmul_rows(b, 1), columns = matmul_columns(b, 1);
  const gemm_matrix m = {columns, false, gemm_kind_of(b->dtype)};
  if (columns == 1)
    return ONNXRUN_OK;
  const size_t count = b->rank > 2 ? dims_product(b, 0, b->rank - 2) : 1;
  p->packed = gemm_pack_whole(h, n, b, &m, (size_t[3]){count, k, columns});
  return p->packed ? ONNXRUN_OK : ONNXRUN_NO_MEMORY;
}

/* Y's leading dims and each operand's steps through them. */
static onnxrun_status matmul_lead(const onnxrun_host *h, onnxrun_node *n, struct matmul *p,
                                  const onnxrun_tensor *const t[2], int64_t *dims)
{
  const uint32_t lead[2] = {t[0]->rank > 2 ? t[0]->rank - 2 : 0,
                            t[1]->rank > 2 ? t[1]->rank - 2 : 0};
  size_t stride[2] = {1, 1};
  p->rank = lead[0] > lead[1] ? lead[0] : lead[1];
  for (uint32_t i = 1; i <= p->rank; i++) {
    int64_t dim[2];
    for (int side = 0; side < 2; side++) {
      dim[side] = i <= lead[side] ? t[side]->dims[lead[side] - i] : 1;
      p->step[side][p->rank - i] = dim[side] == 1 ? 0 : stride[side];
      stride[side] *= (size_t)dim[side];
    }
    if (dim[0] != dim[1] && dim[0] != 1 && dim[1] != 1)
      return h->fail(n, ONNXRUN_INVALID_INPUT, "input 'B' has dim %lld, expected %lld or 1",
                     (long long)dim[1], (long long)dim[0]);
    dims[p->rank - i] = dim[0] == 1 ? dim[1] : dim[0];
  }
  return ONNXRUN_OK;
}

/* With one B for all of A's matrices their rows are those of one matrix. */
static size_t matmul_fold(struct matmul *p)
{
  size_t count = 1;
  bool is_shared = true;
  for (uint32_t i = 0; i < p->rank; i++) {
    count *= p->dims[i];
    is_shared = is_shared && p->step[1][i] == 0;
  }
  if (!is_shared)
    return count;
  p->g.m *= count;
  p->rank = 0;
  return 1;
}

static onnxrun_status matmul_shape(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  struct matmul *p = params;
  const onnxrun_tensor *const t[2] = {h->input(n, 0), h->input(n, 1)};
  for (int side = 0; side < 2; side++) {
    if (t[side]->rank == 0)
      return h->fail(n, ONNXRUN_INVALID_INPUT, "input '%c' has rank 0, expected 1 or more",
                     "AB"[side]);
  }
  gemm *g = &p->g;
  g->m = matmul_rows(t[0], 0);
  g->k = matmul_columns(t[0], 0);
  g->n = matmul_columns(t[1], 1);
  if (matmul_rows(t[1], 1) != g->k)
    return h->fail(n, ONNXRUN_INVALID_INPUT, "input 'B' has %zu rows, expected %zu",
                   matmul_rows(t[1], 1), g->k);
  p->dtype = t[0]->dtype;
  g->alpha = 1;
  g->a = (gemm_matrix){g->k, false, gemm_kind_of(p->dtype)};
  g->b = (gemm_matrix){g->n, false, gemm_kind_of(p->dtype)};
  int64_t dims[ONNXRUN_MAX_RANK + 2];
  onnxrun_status s = matmul_lead(h, n, p, t, dims);
  if (s != ONNXRUN_OK)
    return s;
  uint32_t rank = p->rank;
  for (uint32_t i = 0; i < rank; i++)
    p->dims[i] = (size_t)dims[i];
  if (t[0]->rank > 1)
    dims[rank++] = (int64_t)g->m;
  if (t[1]->rank > 1)
    dims[rank++] = (int64_t)g->n;
  s = h->output(n, 0, rank, dims);
  if (s != ONNXRUN_OK)
    return s;
  for (uint32_t i = 0; i < rank; i++) {
    if (dims[i] == 0)
      return gemm_plan(h, n, g, p->dtype, false, 0);
  }
  const size_t count = matmul_fold(p);
  return gemm_plan(h, n, g, p->dtype, p->packed != NULL, count);
}

/* Where product `at` has its matrices, counted in matrices: A's, B's. */
static void matmul_find(const struct matmul *p, size_t at, size_t found[2])
{
  found[0] = found[1] = 0;
  for (uint32_t i = p->rank; i-- > 0;) {
    const size_t index = at % p->dims[i];
    at /= p->dims[i];
    found[0] += index * p->step[0][i];
    found[1] += index * p->step[1][i];
  }
}

static const void *matmul_at(const void *data, size_t elements, onnxrun_dtype t)
{
  return (const char *)data + elements * element_bytes(t);
}

#define MATMUL_LOOP(E, tag)                                                                        \
  static void matmul_##tag(const onnxrun_job *job, size_t begin, size_t end)                       \
  {                                                                                                \
    const struct matmul *p = job->params;                                                          \
    const gemm *g = &p->g;                                                                         \
    const size_t blocks = g->n_high * g->n_wide,                                                   \
                 panels = g->k * gemm_packed_columns(g->n, g->lanes);                              \
    for (size_t i = begin; i < end; i++) {                                                         \
      size_t at[2];                                                                                \
      matmul_find(p, i / blocks, at);                                                              \
      const gemm_operands_##tag o = {                                                              \
          .a = matmul_at(job->in[0], at[0] * g->m * g->k, p->dtype),                               \
          .b = matmul_at(job->in[1], at[1] * g->k * g->n, p->dtype),                               \
          .packed = p->packed ? (const E *)p->packed + at[1] * panels : NULL,                      \
          .y = (char *)job->out[0] + i / blocks * g->m * g->n * element_bytes(p->dtype)};          \
      gemm_block_run_##tag(g, &o, i % blocks, job->scratch);                                       \
    }                                                                                              \
  }
MATMUL_LOOP(float, f32)
MATMUL_LOOP(double, f64)
#undef MATMUL_LOOP

static void matmul_int(const onnxrun_job *job, size_t begin, size_t end)
{
  const struct matmul *p = job->params;
  const gemm *g = &p->g;
  const size_t blocks = g->n_high * g->n_wide;
  for (size_t i = begin; i < end; i++) {
    size_t at[2];
    matmul_find(p, i / blocks, at);
    const gemm_int o = {g,
                        matmul_at(job->in[0], at[0] * g->m * g->k, p->dtype),
                        matmul_at(job->in[1], at[1] * g->k * g->n, p->dtype),
                        NULL,
                        (char *)job->out[0] + i / blocks * g->m * g->n * element_bytes(p->dtype),
                        p->dtype};
    gemm_int_block(&o, i % blocks);
  }
}

static const onnxrun_loop matmul_loops[] = {
    {ONNXRUN_FLOAT, matmul_f32},  {ONNXRUN_FLOAT16, matmul_f32}, {ONNXRUN_BFLOAT16, matmul_f32},
    {ONNXRUN_DOUBLE, matmul_f64}, {ONNXRUN_INT32, matmul_int},   {ONNXRUN_UINT32, matmul_int},
    {ONNXRUN_INT64, matmul_int},  {ONNXRUN_UINT64, matmul_int},  {ONNXRUN_UNDEFINED, NULL}};

#define MATMUL_OPSET(first, last, types)                                                           \
  static const onnxrun_operand matmul_##first##_in[] = {                                           \
      IN_FLAGS("A", 'T', types, ONNXRUN_UNALIGNED), IN_FLAGS("B", 'T', types, ONNXRUN_UNALIGNED),  \
      END};                                                                                        \
  static const onnxrun_operand matmul_##first##_out[] = {OUT("Y", 'T', types), END};               \
  static const onnxrun_kernel matmul_##first = {KERNEL("MatMul", first, last),                     \
                                                .inputs = matmul_##first##_in,                     \
                                                .outputs = matmul_##first##_out,                   \
                                                .params_size = sizeof(struct matmul),              \
                                                .pack = matmul_pack,                               \
                                                .shape = matmul_shape,                             \
                                                .loops = matmul_loops};
MATMUL_OPSET(1, 8, T_GEMM_1)
MATMUL_OPSET(9, 12, T_GEMM_9)
MATMUL_OPSET(13, 0, T_GEMM_13)
#undef MATMUL_OPSET

KERNELS(gemm, &gemm_1, &gemm_7, &gemm_9, &gemm_11, &gemm_13, &matmul_1, &matmul_9, &matmul_13)
