/* gemm.h: matrix products from packed panels and register tiles, the base of Conv, Gemm and MatMul.
 *
 *   Y[i][j] = sum over k of A[i][k] * B[k][j]
 *
 * A is packed as panels of GEMM_ROWS rows, B as panels of two vectors of columns: for every k a
 * panel's elements lie side by side. A tile holds rows x vectors sums in registers. K is cut into
 * parts of GEMM_DEPTH, which stay in the caches.
 *
 * An element is the sum of its parts in order, each summed in order of k by fused multiply-adds
 * where the instruction set has them, from 0: it depends on neither position nor cut, nor on the
 * tile that holds it. float16 and bfloat16 are computed in float and rounded once.
 * Method: Goto and van de Geijn, Anatomy of High-Performance Matrix Multiplication (2008). */
#ifndef ONX_KIT_GEMM_H
#define ONX_KIT_GEMM_H

#include "ops/kit/half.h"

#ifdef __clang__
#define GEMM_UNROLL _Pragma("clang loop unroll(full)")
#else
#define GEMM_UNROLL _Pragma("GCC unroll 16")
#endif

/* Rows of a panel and the tiles there are, TILE(rows, vectors, row class): as many sums as leave
 * registers for two vectors of B and one of A. */
#if defined(__AVX512F__)
#define GEMM_ROWS 12
#define GEMM_CLASSES(X) X(1) X(2) X(4) X(8) X(12)
#elif defined(__AVX__)
#define GEMM_ROWS 6
#define GEMM_CLASSES(X) X(1) X(2) X(4) X(6)
#elif defined(__aarch64__)
#define GEMM_ROWS 8
#define GEMM_CLASSES(X) X(1) X(2) X(4) X(8)
#else
#define GEMM_ROWS 4
#define GEMM_CLASSES(X) X(1) X(2) X(4)
#endif

enum {
  GEMM_DEPTH = 256,   /* k of a part: a panel of B takes at most 32 KB */
  GEMM_HIGH = 96,     /* rows of a block: a multiple of every GEMM_ROWS */
  GEMM_PAIRS = 8,     /* most panels of columns in a block */
  GEMM_WIDE = 8,      /* vectors of a tile of one row */
  GEMM_LINE = 4096,   /* bytes of B's rows that a block of one row reads at a time */
  GEMM_LOAD_PART = 64 /* 16-bit elements converted at once */
};

/* Rows that a panel of `rows` rows is padded to: those of the tile that computes it. */
static inline size_t gemm_rows(size_t rows)
{
#define GEMM_CLASS(r)                                                                              \
  if (rows <= (r))                                                                                 \
    return (r);
  GEMM_CLASSES(GEMM_CLASS)
#undef GEMM_CLASS
  return GEMM_ROWS;
}

static inline size_t gemm_least(size_t a, size_t b)
{
  return a < b ? a : b;
}

/* a / b, rounded up. */
static inline size_t gemm_parts(size_t a, size_t b)
{
  return a / b + (a % b != 0);
}

/* How elements are stored: as they are computed, or in 16 bits. */
enum gemm_kind { GEMM_NATIVE, GEMM_F16, GEMM_BF16 };

static inline enum gemm_kind gemm_kind_of(onnxrun_dtype t)
{
  return t == ONNXRUN_FLOAT16 ? GEMM_F16 : t == ONNXRUN_BFLOAT16 ? GEMM_BF16 : GEMM_NATIVE;
}

/* A matrix in memory: element (i, j) at i * ld + j, or j * ld + i when it is turned. */
typedef struct gemm_matrix {
  size_t ld;
  bool turned;
  enum gemm_kind kind;
} gemm_matrix;

/* One shape of product, Y = alpha * A * B + beta * C, and how it is cut into blocks. */
typedef struct gemm {
  size_t m, n, k;
  gemm_matrix a, b;
  float alpha, beta;
  size_t c_row, c_column; /* elements C advances by; 0 where it is broadcast */
  bool has_c;
  bool reads_b;                  /* tiles read B where it is, without packing */
  bool is_line;                  /* and there is one row: no tiles, see line_run() */
  size_t lanes;                  /* elements of a vector */
  size_t high, wide;             /* rows and columns of a block */
  size_t n_high, n_wide;         /* blocks down and across: items */
  size_t a_size, b_size, c_size; /* elements of scratch, multiples of a vector */
} gemm;

/* Elements of B packed whole: every panel is k deep. */
static inline size_t gemm_packed_columns(size_t n, size_t lanes)
{
  const size_t tail = n % (2 * lanes);
  return n - tail + (tail == 0 ? 0 : tail <= lanes ? lanes : 2 * lanes);
}

/* Work below which a block is not halved again: some 100 microseconds of one core. */
#define GEMM_BLOCK_WORK 2e6

/* Chooses the blocks. `packed`: B is there in panels. Blocks depend on the shape alone. */
static COLD inline void gemm_cut(gemm *g, size_t lanes, bool packed)
{
  g->lanes = lanes;
  g->reads_b = !packed && !g->b.turned && g->b.kind == GEMM_NATIVE && g->m <= 2 * GEMM_ROWS;
  g->is_line = g->reads_b && g->m == 1;
  g->high = gemm_least(g->m, GEMM_HIGH);
  g->wide = gemm_least(gemm_packed_columns(g->n, lanes),
                       g->is_line ? GEMM_LINE / VEC_BYTES * lanes : 2 * GEMM_PAIRS * lanes);
  while (gemm_parts(g->m, g->high) * gemm_parts(g->n, g->wide) < 64 && g->high > 4 * GEMM_ROWS &&
         (double)g->high * (double)g->wide * (double)g->k > GEMM_BLOCK_WORK)
    g->high = gemm_parts(g->high, 2 * GEMM_ROWS) * GEMM_ROWS;
  g->n_high = gemm_parts(g->m, g->high);
  g->n_wide = gemm_parts(g->n, g->wide);
  const size_t depth = gemm_least(g->k, GEMM_DEPTH);
  const size_t rows = gemm_parts(g->high, GEMM_ROWS) * GEMM_ROWS;
  g->a_size = gemm_parts(rows * depth, lanes) * lanes;
  g->b_size = packed ? 0 : (g->wide + 2 * lanes) * depth;
  g->c_size = (g->k > GEMM_DEPTH ? rows : GEMM_ROWS) * (g->wide + GEMM_WIDE * lanes);
  if (g->is_line) {
    g->b_size = 0;
    g->c_size = 2 * g->wide;
  }
}

/* Whether products are faster on a constant B that is packed whole than on B where it is: one row
 * reads each element once, in order. */
static inline bool gemm_wants_panels(const gemm *g)
{
  return g->b.turned || g->b.kind != GEMM_NATIVE || g->m > 1;
}

/* A matrix times a vector is summed along K, without packing. */
static inline bool gemm_is_dot(const gemm *g)
{
  return g->n == 1 && !g->a.turned;
}

/* Bytes of scratch for elements of `bytes`. */
static inline size_t gemm_scratch(const gemm *g, size_t bytes)
{
  return (g->a_size + g->b_size + g->c_size) * bytes + 3 * GEMM_DEPTH * sizeof(size_t);
}

/* Rough cycles of a block. */
static inline double gemm_block_cost(const gemm *g)
{
  const double lanes = (double)g->lanes;
  const double tiles = (double)gemm_parts(gemm_least(g->high, g->m), 4) * (double)g->wide / lanes;
  return 200 + tiles * (2 * (double)g->k + 20);
}

#define gemm_tile_run_f32 ONX_KIT(gemm_tile_run_f32)
#define gemm_steps_f32 ONX_KIT(gemm_steps_f32)
#define gemm_turn_f32 ONX_KIT(gemm_turn_f32)
#define gemm_load_f32 ONX_KIT(gemm_load_f32)
#define gemm_store_f32 ONX_KIT(gemm_store_f32)
#define gemm_pack_rows_f32 ONX_KIT(gemm_pack_rows_f32)
#define gemm_pack_columns_f32 ONX_KIT(gemm_pack_columns_f32)
#define gemm_block_run_f32 ONX_KIT(gemm_block_run_f32)
#define gemm_tile_run_f64 ONX_KIT(gemm_tile_run_f64)
#define gemm_steps_f64 ONX_KIT(gemm_steps_f64)
#define gemm_turn_f64 ONX_KIT(gemm_turn_f64)
#define gemm_load_f64 ONX_KIT(gemm_load_f64)
#define gemm_store_f64 ONX_KIT(gemm_store_f64)
#define gemm_pack_rows_f64 ONX_KIT(gemm_pack_rows_f64)
#define gemm_pack_columns_f64 ONX_KIT(gemm_pack_columns_f64)
#define gemm_block_run_f64 ONX_KIT(gemm_block_run_f64)

#define E float
#define G(name) gemm_##name##_f32
#include "ops/kit/gemm_face.h"
#undef E
#undef G

#define E double
#define G(name) gemm_##name##_f64
#include "ops/kit/gemm_face.h"
#undef E
#undef G

/* Says the work of `count` products of one shape to the host; items are blocks, product after
 * product. Y's shape is declared and so known not to overflow. */
#define gemm_plan ONX_KIT(gemm_plan)
COLD KIT onnxrun_status gemm_plan(const onnxrun_host *h, onnxrun_node *n, gemm *g, onnxrun_dtype t,
                                  bool packed, size_t count);

/* Where block i of all products lies in Y. `params` begin with the gemm. */
#define gemm_part ONX_KIT(gemm_part)
KIT void gemm_part(const void *params, size_t i, onnxrun_part *part);

/* size[0] matrices of size[1] rows and size[2] columns, one after the other in a constant, packed
 * as panels of columns in memory of the host's; NULL when there is none. */
#define gemm_pack_whole ONX_KIT(gemm_pack_whole)
COLD KIT void *gemm_pack_whole(const onnxrun_host *h, onnxrun_node *n, const onnxrun_tensor *t,
                               const gemm_matrix *m, const size_t size[3]);

#ifdef ONX_AS_PLUGIN
#define GEMM_BODIES
#endif
#ifdef GEMM_BODIES
KIT void gemm_turn_f64(double *to, size_t width, const void *const row[4], size_t count, size_t n)
{
  for (size_t k = 0; k < n; k++) {
    for (size_t r = 0; r < count; r++)
      memcpy(to + k * width + r, (const char *)row[r] + k * sizeof *to, sizeof *to);
  }
}

typedef float gemm_four __attribute__((vector_size(16)));

/* A square of 4 x 4, of whose columns the first `count` are written. */
ALWAYS_INLINE void gemm_square(float *to, size_t width, const void *const row[4], size_t count,
                               size_t k)
{
  gemm_four x[4], y[4];
  GEMM_UNROLL for (size_t r = 0; r < 4; r++)
      memcpy(&x[r], (const char *)row[r] + k * sizeof *to, sizeof *x);
  const gemm_four low01 = __builtin_shufflevector(x[0], x[1], 0, 4, 1, 5);
  const gemm_four low23 = __builtin_shufflevector(x[2], x[3], 0, 4, 1, 5);
  const gemm_four high01 = __builtin_shufflevector(x[0], x[1], 2, 6, 3, 7);
  const gemm_four high23 = __builtin_shufflevector(x[2], x[3], 2, 6, 3, 7);
  y[0] = __builtin_shufflevector(low01, low23, 0, 1, 4, 5);
  y[1] = __builtin_shufflevector(low01, low23, 2, 3, 6, 7);
  y[2] = __builtin_shufflevector(high01, high23, 0, 1, 4, 5);
  y[3] = __builtin_shufflevector(high01, high23, 2, 3, 6, 7);
  GEMM_UNROLL for (size_t r = 0; r < 4; r++) memcpy(to + r * width, &y[r], count * sizeof *to);
}

KIT void gemm_turn_f32(float *to, size_t width, const void *const row[4], size_t count, size_t n)
{
  size_t k = 0;
  for (; k + 4 <= n && count == 4; k += 4)
    gemm_square(to + k * width, width, row, 4, k);
  for (; k + 4 <= n && count == 2; k += 4)
    gemm_square(to + k * width, width, row, 2, k);
  for (; k < n; k++) {
    for (size_t r = 0; r < count; r++)
      memcpy(to + k * width + r, (const char *)row[r] + k * sizeof *to, sizeof *to);
  }
}

KIT void gemm_load_f32(float *to, const void *from, size_t at, size_t n, enum gemm_kind kind)
{
  if (kind == GEMM_NATIVE) {
    memcpy(to, (const char *)from + at * sizeof *to, n * sizeof *to);
    return;
  }
  uint16_t part[GEMM_LOAD_PART];
  for (size_t i = 0, len; i < n; i += len) {
    len = gemm_least(n - i, GEMM_LOAD_PART);
    memcpy(part, (const char *)from + (at + i) * sizeof *part, len * sizeof *part);
    (kind == GEMM_F16 ? f16_load_n : bf16_load_n)(to + i, part, len);
  }
}

KIT void gemm_store_f32(void *to, size_t at, const float *from, size_t n, enum gemm_kind kind)
{
  if (kind == GEMM_NATIVE)
    memcpy((float *)to + at, from, n * sizeof *from);
  else
    (kind == GEMM_F16 ? f16_store_n : bf16_store_n)((uint16_t *)to + at, from, n);
}

KIT void gemm_load_f64(double *to, const void *from, size_t at, size_t n, enum gemm_kind kind)
{
  (void)kind;
  memcpy(to, (const char *)from + at * sizeof *to, n * sizeof *to);
}

KIT void gemm_store_f64(void *to, size_t at, const double *from, size_t n, enum gemm_kind kind)
{
  (void)kind;
  memcpy((double *)to + at, from, n * sizeof *from);
}

#define E float
#define V vec_f32
#define V_ANY vec_f32_any
#define V_MADD vec_madd_f32
#define G(name) gemm_##name##_f32
#include "ops/kit/gemm_body.h"
#undef E
#undef V
#undef V_ANY
#undef V_MADD
#undef G

#define E double
#define V vec_f64
#define V_ANY vec_f64_any
#define V_MADD vec_madd_f64
#define G(name) gemm_##name##_f64
#include "ops/kit/gemm_body.h"
#undef E
#undef V
#undef V_ANY
#undef V_MADD
#undef G

KIT void gemm_part(const void *params, size_t i, onnxrun_part *part)
{
  const gemm *g = params;
  const size_t blocks = g->n_high * g->n_wide, block = i % blocks;
  const size_t row = block % g->n_high * g->high, column = block / g->n_high * g->wide;
  *part = (onnxrun_part){.first = (i / blocks * g->m + row) * g->n + column,
                         .length = gemm_least(g->n - column, g->wide),
                         .rows = gemm_least(g->m - row, g->high),
                         .stride = g->n};
}

COLD KIT onnxrun_status gemm_plan(const onnxrun_host *h, onnxrun_node *n, gemm *g, onnxrun_dtype t,
                                  bool packed, size_t count)
{
  onnxrun_work work = ONNXRUN_WORK_INIT;
  const size_t bytes = t == ONNXRUN_DOUBLE ? sizeof(double) : sizeof(float);
  if (count > 0 && g->m > 0 && g->n > 0) {
    gemm_cut(g, VEC_BYTES / bytes, packed);
    work.items = count * g->n_high * g->n_wide;
    work.item_cost = gemm_block_cost(g);
    work.scratch = gemm_scratch(g, bytes);
    work.part = gemm_part;
  }
  return h->plan(n, &work);
}

COLD KIT void *gemm_pack_whole(const onnxrun_host *h, onnxrun_node *n, const onnxrun_tensor *t,
                               const gemm_matrix *m, const size_t size[3])
{
  const bool is_double = t->dtype == ONNXRUN_DOUBLE;
  const size_t bytes = is_double ? sizeof(double) : sizeof(float);
  const size_t columns = gemm_packed_columns(size[2], VEC_BYTES / bytes);
  const size_t stored = size[1] * size[2] * element_bytes(t->dtype);
  if (columns > SIZE_MAX / bytes / size[1] / size[0]) {
    h->fail(n, ONNXRUN_LIMIT, "%zu x %zu elements cannot be packed", size[1], size[2]);
    return NULL;
  }
  char *to = h->keep(n, size[0] * size[1] * columns * bytes);
  for (size_t i = 0; to && i < size[0]; i++) {
    const void *from = (const char *)t->data + i * stored;
    void *panels = to + i * size[1] * columns * bytes;
    if (is_double)
      gemm_pack_columns_f64(panels, from, m, 0, size[2], 0, size[1]);
    else
      gemm_pack_columns_f32(panels, from, m, 0, size[2], 0, size[1]);
  }
  return to;
}

#endif /* GEMM_BODIES */

#endif
