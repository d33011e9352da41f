/* Concat: the inputs one after the other along `axis`.  Opsets 1 (axis is 1 by default), 4, 11
 * (negative axis), 13.  The output is cut into blocks of bytes; each is filled piece by piece. */
#include "ops/kit/copy.h"

typedef struct concat {
  int64_t axis;
  size_t n, row, total; /* inputs; bytes of an output row (axis and what is inside) and of all */
  const size_t *starts; /* n + 1: where each input's part of a row begins, in bytes */
} concat;

enum { BLOCK = COPY_CHUNK };

/* All inputs agree outside the axis; their dims along it add up. */
COLD static onnxrun_status concat_dims(const onnxrun_host *h, onnxrun_node *n, uint32_t axis,
                                       int64_t *dims)
{
  const onnxrun_tensor *first = h->input(n, 0);
  memcpy(dims, first->dims, sizeof first->dims);
  for (uint32_t i = 1; i < h->n_inputs(n); i++) {
    const onnxrun_tensor *x = h->input(n, i);
    if (x->rank != first->rank)
      return h->fail(n, ONNXRUN_INVALID_INPUT, "input %u has rank %u, input 0 has %u", i, x->rank,
                     first->rank);
    for (uint32_t d = 0; d < x->rank; d++) {
      if (d != axis && x->dims[d] != first->dims[d])
        return h->fail(n, ONNXRUN_INVALID_INPUT, "dim %u of input %u is %lld, of input 0 %lld", d,
                       i, (long long)x->dims[d], (long long)first->dims[d]);
    }
    if (__builtin_add_overflow(dims[axis], x->dims[axis], &dims[axis]))
      return h->fail(n, ONNXRUN_LIMIT, "the dims along axis %u have too large a sum", axis);
  }
  return ONNXRUN_OK;
}

/* Where the inputs' parts of a row lie. Sizes have been checked with the output's. */
COLD static onnxrun_status concat_rows(const onnxrun_host *h, onnxrun_node *n, uint32_t axis,
                                       concat *p)
{
  const onnxrun_tensor *first = h->input(n, 0);
  size_t *starts = h->keep(n, (p->n + 1) * sizeof *starts);
  if (!starts)
    return ONNXRUN_NO_MEMORY;
  for (uint32_t i = 0; i < p->n; i++)
    starts[i + 1] =
        starts[i] + dims_product(h->input(n, i), axis, first->rank) * element_bytes(first->dtype);
  p->starts = starts;
  p->row = starts[p->n];
  p->total = p->row * dims_product(first, 0, axis);
  return ONNXRUN_OK;
}

COLD static onnxrun_status concat_shape(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  concat *p = params;
  const onnxrun_tensor *first = h->input(n, 0);
  int64_t dims[ONNXRUN_MAX_RANK];
  uint32_t axis;
  onnxrun_status s = axis_of(h, n, p->axis, first->rank, &axis);
  if (s == ONNXRUN_OK)
    s = concat_dims(h, n, axis, dims);
  if (s == ONNXRUN_OK)
    s = h->output(n, 0, first->rank, dims);
  p->n = h->n_inputs(n);
  if (s == ONNXRUN_OK)
    s = concat_rows(h, n, axis, p);
  if (s != ONNXRUN_OK)
    return s;
  onnxrun_work work = ONNXRUN_WORK_INIT;
  work.items = p->total / BLOCK + (p->total % BLOCK != 0);
  const size_t piece = p->row / p->n;
  work.item_cost = BLOCK / 16.0 + (piece < BLOCK ? 8.0 * BLOCK / (double)(piece + 1) : 0);
  return h->plan(n, &work);
}

static void concat_loop(const onnxrun_job *job, size_t begin, size_t end)
{
  const concat *p = job->params;
  size_t at = begin * BLOCK, row = at / p->row, in_row = at % p->row, piece = 0;
  const size_t last = end * BLOCK < p->total ? end * BLOCK : p->total;
  while (p->starts[piece + 1] <= in_row)
    piece++;
  while (at < last) {
    const size_t size = p->starts[piece + 1] - p->starts[piece], within = in_row - p->starts[piece];
    const size_t left = size - within, bytes = left < last - at ? left : last - at;
    copy_bytes((char *)job->out[0] + at, (const char *)job->in[piece] + row * size + within, bytes);
    at += bytes;
    in_row += bytes;
    if (bytes < left)
      return;
    if (++piece == p->n) {
      piece = in_row = 0;
      row++;
    }
  }
}

static const onnxrun_operand concat_in[] = {
    IN_FLAGS("inputs", 'T', T_WHOLE, ONNXRUN_VARIADIC | ONNXRUN_UNALIGNED), END};
static const onnxrun_operand concat_out[] = {OUT("concat_result", 'T', T_WHOLE), END};
static const onnxrun_attr attrs_1[] = {ATTR_I(concat, axis, 1), END};
static const onnxrun_attr attrs_4[] = {ATTR_I_REQUIRED(concat, axis), END};
static const onnxrun_loop concat_loops[] = {{ONNXRUN_UNDEFINED, concat_loop}, {0}};

#define CONCAT(first, last)                                                                        \
  KERNEL("Concat", first, last), .inputs = concat_in, .outputs = concat_out,                       \
                                 .params_size = sizeof(concat), .shape = concat_shape,             \
                                 .loops = concat_loops

static const onnxrun_kernel concat_1 = {CONCAT(1, 3), .attrs = attrs_1};
static const onnxrun_kernel concat_4 = {CONCAT(4, 0), .attrs = attrs_4};

KERNELS_BY_LOOP(concat, &concat_1, &concat_4)
