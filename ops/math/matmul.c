/* MatMul: Y = A * B as numpy.matmul: operands of one dim are a row and a column, leading dims
 * broadcast.  ONNX opsets 1, 9, 13.  A constant B is packed once, but for products of one row.
 * Order of the sum and 16-bit types: kit/gemm.h. Integers wrap. */
#include "ops/kit/gemm_int.h"

struct matmul {
  gemm g; /* first: see gemm_part */
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

static COLD const void *matmul_pack(const onnxrun_host *h, onnxrun_node *n, const void *params)
{
  (void)params;
  const onnxrun_tensor *b = h->input(n, 1);
  if (!gemm_is_packable(b) || b->rank == 0)
    return NULL;
  const size_t k = matmul_rows(b, 1), columns = matmul_columns(b, 1);
  const gemm_matrix m = {columns, false, gemm_kind_of(b->dtype)};
  if (columns == 1)
    return NULL;
  const size_t count = b->rank > 2 ? dims_product(b, 0, b->rank - 2) : 1;
  return gemm_pack_whole(h, n, b, &m, (size_t[3]){count, k, columns});
}

/* Y's leading dims and each operand's steps through them. */
static COLD onnxrun_status matmul_lead(const onnxrun_host *h, onnxrun_node *n, struct matmul *p,
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

static COLD onnxrun_status matmul_shape(const onnxrun_host *h, onnxrun_node *n, void *params)
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
  if (gemm_wants_panels(g))
    p->packed = h->packed(n);
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
                                                PARAMS(struct matmul, g),                          \
                                                .pack = matmul_pack,                               \
                                                .shape = matmul_shape,                             \
                                                .loops = matmul_loops};
MATMUL_OPSET(1, 8, T_GEMM_1)
MATMUL_OPSET(9, 12, T_GEMM_9)
MATMUL_OPSET(13, 0, T_GEMM_13)
#undef MATMUL_OPSET

KERNELS(matmul, &matmul_1, &matmul_9, &matmul_13)
