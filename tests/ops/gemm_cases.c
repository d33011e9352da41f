/* gemm_cases.c: Gemm and MatMul against plain loops. Most operands are small whole numbers, so that
 * every sum is exact and results must be too, after one rounding to the type. */
#include <math.h>

#include "tests/ops/harness.h"

#define MAP(...)
#define CASE(op, function) void function(void);
#include "tests/ops/cases.def"
#undef MAP
#undef CASE

#define N_OF(array) (sizeof(array) / sizeof *(array))

static const onnxrun_dtype types[] = {ONNXRUN_FLOAT,    ONNXRUN_DOUBLE, ONNXRUN_FLOAT16,
                                      ONNXRUN_BFLOAT16, ONNXRUN_INT32,  ONNXRUN_UINT32,
                                      ONNXRUN_INT64,    ONNXRUN_UINT64};

/* M, K, N round the edges of tiles, blocks and parts of every instruction set, and without
 * elements. */
static const int64_t sizes[][3] = {{1, 1, 1},    {1, 7, 33},    {3, 5, 2},    {5, 300, 17},
                                   {13, 64, 40}, {100, 10, 70}, {7, 600, 1},  {1, 300, 200},
                                   {1, 20, 600}, {2, 513, 9},   {25, 3, 257}, {0, 3, 4},
                                   {3, 0, 4},    {3, 4, 0},     {4, 257, 16}, {97, 31, 36}};

static onnxrun_tensor *whole(onnxrun_dtype type, uint32_t rank, const int64_t *dims)
{
  const double least = is_float_type(type) || is_signed_type(type) ? -8 : 0;
  return tensor_cast(tensor_random(ONNXRUN_INT32, rank, dims, least, 8), type);
}

/* What Gemm computes of A [m, k] and B [k, n], C as it broadcasts. */
typedef struct product {
  int64_t m, k, n;
  double alpha, beta;
  int64_t trans_a, trans_b;
} product;

static double c_of(const onnxrun_tensor *c, int64_t i, int64_t j)
{
  if (!c)
    return 0;
  const int64_t columns = c->rank > 0 ? c->dims[c->rank - 1] : 1;
  const int64_t rows = c->rank > 1 ? c->dims[0] : 1;
  return get_number(c, (size_t)((rows == 1 ? 0 : i) * columns + (columns == 1 ? 0 : j)));
}

static onnxrun_tensor *reference(const product *p, const onnxrun_tensor *a, const onnxrun_tensor *b,
                                 const onnxrun_tensor *c)
{
  onnxrun_tensor *y = tensor_new(a->dtype, DIMS(p->m, p->n));
  for (int64_t i = 0; i < p->m; i++) {
    for (int64_t j = 0; j < p->n; j++) {
      double sum = 0;
      for (int64_t k = 0; k < p->k; k++)
        sum += get_number(a, (size_t)(p->trans_a ? k * p->m + i : i * p->k + k)) *
               get_number(b, (size_t)(p->trans_b ? j * p->k + k : k * p->n + j));
      sum = p->alpha * sum + p->beta * c_of(c, i, j);
      set_number(y, (size_t)(i * p->n + j), is_float_type(a->dtype) ? sum : trunc(sum));
    }
  }
  return y;
}

static void check_gemm(onnxrun_dtype type, const product *p, const onnxrun_tensor *c)
{
  trial *t = trial_new("Gemm", 13);
  const onnxrun_tensor *a =
      whole(type, 2, p->trans_a ? (int64_t[]){p->k, p->m} : (int64_t[]){p->m, p->k});
  const onnxrun_tensor *b =
      whole(type, 2, p->trans_b ? (int64_t[]){p->n, p->k} : (int64_t[]){p->k, p->n});
  trial_float(t, "alpha", (float)p->alpha);
  trial_float(t, "beta", (float)p->beta);
  trial_int(t, "transA", p->trans_a);
  trial_int(t, "transB", p->trans_b);
  trial_input(t, a);
  trial_input(t, b);
  if (c)
    trial_input(t, c);
  trial_expect(t, reference(p, a, b, c));
  trial_passes(t);
}

void gemm_sizes(void)
{
  for (size_t i = 0; i < N_OF(sizes); i++) {
    for (int64_t turned = 0; turned < 4; turned++) {
      const product p = {sizes[i][0], sizes[i][1], sizes[i][2], 1, 1, turned & 1, turned >> 1};
      check_gemm(ONNXRUN_FLOAT, &p, NULL);
    }
  }
}

void gemm_types(void)
{
  for (size_t i = 0; i < N_OF(types); i++) {
    for (int64_t turned = 0; turned < 4; turned++) {
      const product p = {14, 19, 35, 1, 1, turned & 1, turned >> 1};
      check_gemm(types[i], &p, whole(types[i], DIMS(35)));
      const product vector = {30, 270, 1, 1, 1, turned & 1, turned >> 1};
      check_gemm(types[i], &vector, NULL);
    }
  }
}

void gemm_scales_and_broadcasts(void)
{
  const onnxrun_dtype some[] = {ONNXRUN_FLOAT, ONNXRUN_DOUBLE, ONNXRUN_BFLOAT16, ONNXRUN_INT32};
  for (size_t i = 0; i < N_OF(some); i++) {
    const onnxrun_tensor *c[] = {whole(some[i], SCALAR),     whole(some[i], DIMS(1)),
                                 whole(some[i], DIMS(5)),    whole(some[i], DIMS(1, 5)),
                                 whole(some[i], DIMS(9, 1)), whole(some[i], DIMS(9, 5)),
                                 whole(some[i], DIMS(1, 1))};
    for (size_t j = 0; j < N_OF(c); j++) {
      const product p = {9, 6, 5, j % 2 ? 0.5 : 1, j % 3 ? 2 : 1, 0, 0};
      check_gemm(some[i], &p, c[j]);
    }
  }
}

/* 0 * C is not added: NaN and infinity in C do not reach Y. */
void gemm_without_beta(void)
{
  trial *t = trial_new("Gemm", 11);
  trial_float(t, "beta", 0);
  trial_input(t, tensor_of(ONNXRUN_FLOAT, DIMS(1, 2), VALUES(1, 2)));
  trial_input(t, tensor_of(ONNXRUN_FLOAT, DIMS(2, 1), VALUES(3, 4)));
  trial_input(t, tensor_of(ONNXRUN_FLOAT, DIMS(1), VALUES(NAN)));
  trial_expect(t, tensor_of(ONNXRUN_FLOAT, DIMS(1, 1), VALUES(11)));
  trial_passes(t);
}

void gemm_of_old_opsets(void)
{
  trial *t = trial_new("Gemm", 6);
  trial_input(t, tensor_of(ONNXRUN_FLOAT, DIMS(1, 2), VALUES(1, 2)));
  trial_input(t, tensor_of(ONNXRUN_FLOAT, DIMS(2, 2), VALUES(3, 4, 5, 6)));
  trial_input(t, tensor_of(ONNXRUN_FLOAT, DIMS(1), VALUES(100)));
  trial_expect(t, tensor_of(ONNXRUN_FLOAT, DIMS(1, 2), VALUES(113, 116)));
  trial_fails(t, ONNXRUN_INVALID_INPUT, "dim 0 of input 'C' is 1, expected 2");
  trial_int(t, "broadcast", 1);
  trial_passes(t);
}

void gemm_wraps(void)
{
  trial *t = trial_new("Gemm", 13);
  onnxrun_tensor *a = tensor_new(ONNXRUN_INT32, DIMS(1, 2)),
                 *y = tensor_new(ONNXRUN_INT32, DIMS(1, 1));
  set_int(a, 0, INT32_MAX);
  set_int(a, 1, 2);
  set_int(y, 0, (int32_t)(3u * (uint32_t)INT32_MAX + 2 * 5));
  trial_input(t, a);
  trial_input(t, tensor_of(ONNXRUN_INT32, DIMS(2, 1), VALUES(3, 5)));
  trial_expect(t, y);
  trial_passes(t);
  trial_clear(t);
  trial_float(t, "alpha", 4);
  set_int(y, 0, INT32_MAX);
  trial_input(t, tensor_of(ONNXRUN_INT32, DIMS(1, 1), VALUES(1 << 30)));
  trial_input(t, tensor_of(ONNXRUN_INT32, DIMS(1, 1), VALUES(1)));
  trial_expect(t, y);
  trial_passes(t);
}

static void refuse_gemm(const onnxrun_tensor *a, const onnxrun_tensor *b, const onnxrun_tensor *c,
                        const char *text)
{
  trial *t = trial_new("Gemm", 13);
  trial_input(t, a);
  trial_input(t, b);
  trial_input(t, c);
  trial_expect(t, tensor_new(ONNXRUN_FLOAT, DIMS(1)));
  trial_fails(t, ONNXRUN_INVALID_INPUT, text);
}

void gemm_refuses(void)
{
  const onnxrun_tensor *a = tensor_new(ONNXRUN_FLOAT, DIMS(2, 3));
  refuse_gemm(a, tensor_new(ONNXRUN_FLOAT, DIMS(4, 5)), NULL, "input 'B' has 4 rows, expected 3");
  refuse_gemm(tensor_new(ONNXRUN_FLOAT, DIMS(2)), a, NULL, "input 'A' has rank 1, expected 2");
  refuse_gemm(a, tensor_new(ONNXRUN_FLOAT, DIMS(3, 5)), tensor_new(ONNXRUN_FLOAT, DIMS(4)),
              "dim 0 of input 'C' is 4, expected 5");
  refuse_gemm(a, tensor_new(ONNXRUN_FLOAT, DIMS(3, 5)), tensor_new(ONNXRUN_FLOAT, DIMS(1, 2, 5)),
              "input 'C' has rank 3, expected 2 or less");
}

/* ---- MatMul ---------------------------------------------------------------------------------- */

/* Offset in matrices of `t` at index i of the leading dims `dims`, which end before Y's last two.
 */
static size_t matrix_at(const onnxrun_tensor *t, uint32_t rank, const int64_t *dims, size_t i)
{
  size_t at = 0, stride = 1;
  for (uint32_t d = 0; d < rank; d++) {
    const size_t index = i % (size_t)dims[rank - 1 - d];
    i /= (size_t)dims[rank - 1 - d];
    if (t->rank < d + 3)
      continue;
    const size_t dim = (size_t)t->dims[t->rank - 3 - d];
    at += dim == 1 ? 0 : index * stride;
    stride *= dim;
  }
  return at;
}

static void check_matmul(onnxrun_dtype type, const onnxrun_tensor *a, const onnxrun_tensor *b,
                         uint32_t rank, const int64_t *dims)
{
  onnxrun_tensor *y = tensor_new(type, rank, dims);
  const bool is_row = a->rank == 1, is_column = b->rank == 1;
  const size_t m = is_row ? 1 : (size_t)a->dims[a->rank - 2], k = (size_t)a->dims[a->rank - 1];
  const size_t n = is_column ? 1 : (size_t)b->dims[b->rank - 1];
  const uint32_t lead = rank - (uint32_t)!is_row - (uint32_t)!is_column;
  for (size_t i = 0; i < onnxrun_elements(y); i++) {
    const size_t row = i / n % m, column = i % n, matrix = i / n / m;
    const size_t a0 = matrix_at(a, lead, dims, matrix) * m * k;
    const size_t b0 = matrix_at(b, lead, dims, matrix) * k * n;
    double sum = 0;
    for (size_t j = 0; j < k; j++)
      sum += get_number(a, a0 + row * k + j) * get_number(b, b0 + j * n + column);
    set_number(y, i, sum);
  }
  trial *t = trial_new("MatMul", 13);
  trial_input(t, a);
  trial_input(t, b);
  trial_expect(t, y);
  trial_passes(t);
}

void matmul_broadcasts(void)
{
  const onnxrun_dtype f = ONNXRUN_FLOAT;
  check_matmul(f, whole(f, DIMS(5)), whole(f, DIMS(5)), 0, NULL);
  check_matmul(f, whole(f, DIMS(5)), whole(f, DIMS(5, 3)), DIMS(3));
  check_matmul(f, whole(f, DIMS(4, 5)), whole(f, DIMS(5)), DIMS(4));
  check_matmul(f, whole(f, DIMS(5)), whole(f, DIMS(2, 5, 3)), DIMS(2, 3));
  check_matmul(f, whole(f, DIMS(3, 2, 4, 5)), whole(f, DIMS(5)), DIMS(3, 2, 4));
  check_matmul(f, whole(f, DIMS(3, 2, 4, 5)), whole(f, DIMS(5, 6)), DIMS(3, 2, 4, 6));
  check_matmul(f, whole(f, DIMS(3, 1, 4, 5)), whole(f, DIMS(2, 5, 6)), DIMS(3, 2, 4, 6));
  check_matmul(f, whole(f, DIMS(4, 5)), whole(f, DIMS(3, 1, 5, 6)), DIMS(3, 1, 4, 6));
  check_matmul(f, whole(f, DIMS(2, 1, 70, 5)), whole(f, DIMS(1, 1, 5, 6)), DIMS(2, 1, 70, 6));
  check_matmul(f, whole(f, DIMS(2, 0, 4, 5)), whole(f, DIMS(5, 6)), DIMS(2, 0, 4, 6));
  check_matmul(f, whole(f, DIMS(2, 4, 0)), whole(f, DIMS(2, 0, 3)), DIMS(2, 4, 3));
}

void matmul_types(void)
{
  for (size_t i = 0; i < N_OF(types); i++) {
    check_matmul(types[i], whole(types[i], DIMS(2, 7, 20)), whole(types[i], DIMS(2, 20, 37)),
                 DIMS(2, 7, 37));
    check_matmul(types[i], whole(types[i], DIMS(2, 1, 20)), whole(types[i], DIMS(20, 130)),
                 DIMS(2, 1, 130));
  }
}

void matmul_sizes(void)
{
  for (size_t i = 0; i < N_OF(sizes); i++) {
    const int64_t m = sizes[i][0], k = sizes[i][1], n = sizes[i][2];
    check_matmul(ONNXRUN_FLOAT, whole(ONNXRUN_FLOAT, DIMS(m, k)), whole(ONNXRUN_FLOAT, DIMS(k, n)),
                 DIMS(m, n));
    check_matmul(ONNXRUN_DOUBLE, whole(ONNXRUN_DOUBLE, DIMS(m, k)),
                 whole(ONNXRUN_DOUBLE, DIMS(k, n)), DIMS(m, n));
  }
}

/* Sums of real numbers: each term may be off by half an ulp of a partial sum. */
void matmul_is_accurate(void)
{
  trial *t = trial_new("MatMul", 13);
  onnxrun_tensor *y = tensor_new(ONNXRUN_FLOAT, DIMS(20, 30));
  const onnxrun_tensor *a = tensor_random(ONNXRUN_FLOAT, DIMS(20, 700), -1, 1);
  const onnxrun_tensor *b = tensor_random(ONNXRUN_FLOAT, DIMS(700, 30), -1, 1);
  for (size_t i = 0; i < 20 * 30; i++) {
    double sum = 0;
    for (size_t k = 0; k < 700; k++)
      sum += get_number(a, i / 30 * 700 + k) * get_number(b, k * 30 + i % 30);
    set_number(y, i, sum);
  }
  trial_input(t, a);
  trial_input(t, b);
  trial_expect(t, y);
  trial_within(t, 0, 700 * 0x1p-24 * 4);
  trial_passes(t);
}

void matmul_refuses(void)
{
  trial *t = trial_new("MatMul", 13);
  trial_input(t, tensor_new(ONNXRUN_FLOAT, DIMS(2, 3)));
  trial_input(t, tensor_new(ONNXRUN_FLOAT, DIMS(4, 5)));
  trial_expect(t, tensor_new(ONNXRUN_FLOAT, DIMS(2, 5)));
  trial_fails(t, ONNXRUN_INVALID_INPUT, "input 'B' has 4 rows, expected 3");
  trial_clear(t);
  trial_input(t, tensor_new(ONNXRUN_FLOAT, DIMS(2, 2, 3)));
  trial_input(t, tensor_new(ONNXRUN_FLOAT, DIMS(3, 3, 5)));
  trial_expect(t, tensor_new(ONNXRUN_FLOAT, DIMS(2, 5)));
  trial_fails(t, ONNXRUN_INVALID_INPUT, "input 'B' has dim 3, expected 2 or 1");
  trial_clear(t);
  trial_input(t, tensor_new(ONNXRUN_FLOAT, SCALAR));
  trial_input(t, tensor_new(ONNXRUN_FLOAT, DIMS(3)));
  trial_expect(t, tensor_new(ONNXRUN_FLOAT, DIMS(3)));
  trial_fails(t, ONNXRUN_INVALID_INPUT, "input 'A' has rank 0, expected 1 or more");
}
