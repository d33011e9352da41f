/* Shape: the dims [start, end) as int64.  Opsets 1, 13, 15 (start, end), 19, 21, 23, 24, 25.
 * Negative bounds count from the end; both are clamped to [0, rank]. */
#include "ops/kit/op.h"

typedef struct shape {
  int64_t start, end;
} shape;

static int64_t clamped(int64_t at, int64_t rank)
{
  if (at < 0)
    at = at < -rank ? 0 : at + rank;
  return at > rank ? rank : at;
}

/* Turns the bounds into the ones in force. */
static void shape_bounds(const onnxrun_tensor *x, shape *p)
{
  const int64_t rank = x->rank;
  p->end = p->end == ONNXRUN_ABSENT ? rank : clamped(p->end, rank);
  p->start = clamped(p->start, rank);
  if (p->end < p->start)
    p->end = p->start;
}

static onnxrun_status shape_shape(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  shape *p = params;
  shape_bounds(h->input(n, 0), p);
  const int64_t size = p->end - p->start;
  return h->output(n, 0, 1, &size);
}

static onnxrun_status shape_run(const onnxrun_host *h, onnxrun_node *n, const void *params)
{
  const shape *p = params;
  int64_t *y = h->result(n, 0)->data;
  for (int64_t d = p->start; d < p->end; d++)
    *y++ = h->input(n, 0)->dims[d];
  return ONNXRUN_OK;
}

static const onnxrun_operand shape_in[] = {IN_FLAGS("data", 'T', T_TENSORS, ONNXRUN_UNALIGNED),
                                           END};
static const onnxrun_operand shape_out[] = {OUT("shape", 0, T_INT64), END};

static const onnxrun_attr whole_attrs[] = {END};
static const onnxrun_attr part_attrs[] = {ATTR_I(shape, start, 0),
                                          ATTR_I(shape, end, ONNXRUN_ABSENT), END};

#define SHAPE(first, last)                                                                         \
  KERNEL("Shape", first, last), .flags = ONNXRUN_SHAPE_ONLY, .inputs = shape_in,                   \
                                .outputs = shape_out, .params_size = sizeof(shape),                \
                                .shape = shape_shape, .run = shape_run

/* Opset 1 has no bounds: prepare sets those of the whole. */
static onnxrun_status whole_prepare(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  (void)h;
  (void)n;
  *(shape *)params = (shape){0, ONNXRUN_ABSENT};
  return ONNXRUN_OK;
}

static const onnxrun_kernel shape_1 = {SHAPE(1, 14), .attrs = whole_attrs,
                                       .prepare = whole_prepare};
static const onnxrun_kernel shape_15 = {SHAPE(15, 0), .attrs = part_attrs};

KERNELS_BY_LOOP(shape, &shape_1, &shape_15)
