/* Transpose: output dim i is input dim perm[i]; without perm the dims are reversed.  Opsets 1, 13,
 * 21, 23, 24, 25.  Dims that stay neighbours are joined first. If the last dim stays last, rows are
 * copied (ops/kit/copy.h); else blocks of the two dims that are dense in the input and in the
 * output are turned (ops/kit/tile.h). Packed elements move one by one. */
#include "ops/kit/copy.h"
#include "ops/kit/tile.h"

enum { PACKED_ITEM = 64, BLOCK_BYTES = 65536, ROW_BYTES = 4096 };

typedef struct transpose {
  onnxrun_ints perm;
  copy c;               /* packed: strides are in elements */
  uint32_t dense;       /* the dim that is dense in the input */
  size_t out_stride;    /* bytes from one of its elements to the next in the output */
  size_t rows, columns; /* of a block: along the last dim and along the dense one */
  size_t elements;
  uint32_t bits;
} transpose;

COLD static onnxrun_status read_perm(const onnxrun_host *h, onnxrun_node *n, onnxrun_ints perm,
                                     uint32_t *order)
{
  const uint32_t rank = h->input(n, 0)->rank;
  uint32_t seen = 0;
  if (perm.items && perm.size != rank)
    return h->fail(n, ONNXRUN_INVALID_MODEL, "perm has %zu elements, the input's rank is %u",
                   perm.size, rank);
  for (uint32_t d = 0; d < rank; d++) {
    const int64_t from = perm.items ? perm.items[d] : (int64_t)(rank - 1 - d);
    if (from < 0 || from >= (int64_t)rank || seen >> from & 1u)
      return h->fail(n, ONNXRUN_INVALID_MODEL, "perm[%u] is %lld, expected each of [0, %u) once", d,
                     (long long)from, rank);
    seen |= 1u << from;
    order[d] = (uint32_t)from;
  }
  return ONNXRUN_OK;
}

/* The walk through the input, in units of `unit` an element. */
COLD static void plan_walk(const onnxrun_tensor *x, const uint32_t *order, size_t unit, copy *c)
{
  int64_t strides[ONNXRUN_MAX_RANK], stride = (int64_t)unit;
  *c = (copy){.element = unit};
  for (uint32_t d = x->rank; d-- > 0;) {
    strides[d] = stride;
    stride *= x->dims[d];
  }
  for (uint32_t d = 0; d < x->rank; d++)
    copy_dim(c, (size_t)x->dims[order[d]], strides[order[d]]);
}

static size_t least(size_t a, size_t b)
{
  return a < b ? a : b;
}

static size_t pieces(size_t size, size_t of)
{
  return size / of + (size % of != 0);
}

/* Items are blocks of the last dim and the dense one, at every place of the others. */
COLD static void plan_blocks(transpose *p, onnxrun_work *work)
{
  const copy *c = &p->c;
  const uint32_t last = c->rank - 1;
  const size_t line = TILE_LINE / c->element;
  p->dense = 0;
  while (c->strides[p->dense] != (int64_t)c->element)
    p->dense++;
  p->out_stride = c->element;
  for (uint32_t d = p->dense + 1; d < c->rank; d++)
    p->out_stride *= c->dims[d];
  p->columns = least(c->dims[p->dense], ROW_BYTES / c->element);
  const size_t rows = BLOCK_BYTES / (p->columns * c->element);
  p->rows = rows > line ? rows / line * line : line;
  work->items = pieces(c->dims[p->dense], p->columns) * pieces(c->dims[last], p->rows);
  for (uint32_t d = 0; d < last; d++)
    work->items *= d == p->dense ? 1 : c->dims[d];
  work->item_cost =
      (double)(p->columns * least(p->rows, c->dims[last])) * ((double)c->element / 8 + 0.25);
}

static void packed_loop(const onnxrun_job *job, size_t begin, size_t end);
static void blocks_loop(const onnxrun_job *job, size_t begin, size_t end);
static void rows_loop(const onnxrun_job *job, size_t begin, size_t end);

COLD static void plan_work(const onnxrun_tensor *x, const uint32_t *order, transpose *p,
                           onnxrun_work *work)
{
  p->elements = onnxrun_elements(x);
  p->bits = onnxrun_bits(x->dtype);
  work->loop = rows_loop;
  if (p->elements == 0)
    return;
  plan_walk(x, order, p->bits < 8 ? 1 : p->bits / 8, &p->c);
  if (p->bits < 8) {
    copy_plan(&p->c, work);
    work->loop = packed_loop;
    work->items = pieces(p->elements * p->bits, 8 * PACKED_ITEM);
    work->item_cost = PACKED_ITEM * 8.0 / p->bits * 20;
  } else if (p->c.rank < 2 || p->c.strides[p->c.rank - 1] == (int64_t)p->c.element) {
    copy_plan(&p->c, work);
  } else {
    work->loop = blocks_loop;
    plan_blocks(p, work);
  }
}

COLD static onnxrun_status transpose_shape(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  transpose *p = params;
  const onnxrun_tensor *x = h->input(n, 0);
  uint32_t order[ONNXRUN_MAX_RANK];
  int64_t dims[ONNXRUN_MAX_RANK];
  onnxrun_status s = read_perm(h, n, p->perm, order);
  for (uint32_t d = 0; s == ONNXRUN_OK && d < x->rank; d++)
    dims[d] = x->dims[order[d]];
  if (s == ONNXRUN_OK)
    s = h->output(n, 0, x->rank, dims);
  if (s != ONNXRUN_OK)
    return s;
  onnxrun_work work = ONNXRUN_WORK_INIT;
  plan_work(x, order, p, &work);
  return h->plan(n, &work);
}

static void rows_loop(const onnxrun_job *job, size_t begin, size_t end)
{
  const transpose *p = job->params;
  copy_range(&p->c, job->out[0], job->in[0], begin, end);
}

/* Sets where item's block begins in input and output, and its size. */
static tile place_block(const transpose *p, size_t item, size_t *in, size_t *out)
{
  const copy *c = &p->c;
  const uint32_t last = c->rank - 1;
  const size_t down = pieces(c->dims[last], p->rows),
               across = pieces(c->dims[p->dense], p->columns);
  const size_t row = item % down * p->rows, column = item / down % across * p->columns;
  size_t rest = item / down / across, out_stride = c->element * c->dims[last];
  *in = row * (size_t)c->strides[last] + column * c->element;
  *out = row * c->element + column * p->out_stride;
  for (uint32_t d = last; d-- > 0; out_stride *= c->dims[d]) {
    if (d == p->dense)
      continue;
    *in += rest % c->dims[d] * (size_t)c->strides[d];
    *out += rest % c->dims[d] * out_stride;
    rest /= c->dims[d];
  }
  return (tile){least(p->rows, c->dims[last] - row), least(p->columns, c->dims[p->dense] - column),
                p->out_stride, (size_t)c->strides[last]};
}

static void blocks_loop(const onnxrun_job *job, size_t begin, size_t end)
{
  const transpose *p = job->params;
  for (size_t item = begin; item < end; item++) {
    size_t in, out;
    const tile t = place_block(p, item, &in, &out);
    tile_turn((char *)job->out[0] + out, (const char *)job->in[0] + in, &t, p->c.element);
  }
}

static void packed_loop(const onnxrun_job *job, size_t begin, size_t end)
{
  const transpose *p = job->params;
  const uint32_t bits = p->bits, mask = (1u << bits) - 1;
  const uint8_t *x = job->in[0];
  uint8_t *y = job->out[0];
  const size_t per_item = PACKED_ITEM * 8 / bits, last = least(end * per_item, p->elements);
  const size_t row = p->c.dims[p->c.rank - 1], stride = (size_t)p->c.strides[p->c.rank - 1];
  size_t at[ONNXRUN_MAX_RANK], in_row = begin * per_item % row;
  int64_t start = copy_seek(&p->c, begin * per_item / row, at);
  for (size_t i = begin * per_item; i < last; i++) {
    const size_t from = ((size_t)start + in_row * stride) * bits, to = i * bits;
    const uint32_t element = x[from / 8] >> from % 8 & mask;
    y[to / 8] = (uint8_t)((to % 8 ? y[to / 8] : 0) | element << to % 8);
    if (++in_row == row) {
      in_row = 0;
      start = copy_next(&p->c, at, start);
    }
  }
}

static const onnxrun_operand transpose_in[] = {IN_FLAGS("data", 'T', T_TENSORS, ONNXRUN_UNALIGNED),
                                               END};
static const onnxrun_operand transpose_out[] = {OUT("transposed", 'T', T_TENSORS), END};
static const onnxrun_attr transpose_attrs[] = {ATTR_INTS(transpose, perm), END};
static const onnxrun_loop transpose_loops[] = {{ONNXRUN_UNDEFINED, rows_loop}, {0}};

static const onnxrun_kernel transpose_1 = {KERNEL("Transpose", 1, 0), .inputs = transpose_in,
                                           .outputs = transpose_out,  .attrs = transpose_attrs,
                                           PARAMS(transpose, c),      .shape = transpose_shape,
                                           .loops = transpose_loops};

KERNELS(transpose, &transpose_1)
