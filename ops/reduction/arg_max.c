/* ArgMax, ArgMin: the index of the largest or smallest element along an axis, the first of equal
 * ones or, with select_last_index, the last. Opsets 1, 11, 12 (select_last_index), 13. Exact; NaN
 * counts as the largest and as the smallest (kit/arg.h). An axis of no elements is an error unless
 * there is no result. */
#include "ops/kit/arg.h"

struct arg_max {
  int64_t axis, keepdims, select_last_index;
  struct arg work;
};

static COLD onnxrun_status arg_shape(const onnxrun_host *h, onnxrun_node *n, struct arg_max *p)
{
  const onnxrun_tensor *x = h->input(n, 0);
  uint32_t axis = 0, rank = 0;
  int64_t dims[ONNXRUN_MAX_RANK];
  onnxrun_status s = axis_of(h, n, p->axis, x->rank, &axis);
  if (s)
    return s;
  for (uint32_t d = 0; d < x->rank; d++) {
    if (d != axis || p->keepdims)
      dims[rank++] = d == axis ? 1 : x->dims[d];
  }
  s = h->output(n, 0, rank, dims);
  if (s)
    return s;
  struct arg *a = &p->work;
  a->outer = dims_product(x, 0, axis);
  a->count = (size_t)x->dims[axis];
  a->inner = dims_product(x, axis + 1, x->rank);
  onnxrun_work work = ONNXRUN_WORK_INIT;
  if (a->outer == 0 || a->inner == 0)
    return h->plan(n, &work);
  if (a->count == 0 || a->count > UINT32_MAX)
    return h->fail(n, ONNXRUN_INVALID_INPUT, "axis %u has %zu elements, expected 1 to 2^32 - 1",
                   axis, a->count);
  a->is_last = p->select_last_index != 0;
  arg_plan(a, x->dtype);
  work.items = a->items;
  work.item_cost = 50 + 0.5 * (double)a->count * (double)(a->is_run ? 1 : a->tile);
  work.scratch = arg_scratch(a);
  return h->plan(n, &work);
}

static COLD onnxrun_status arg_max_shape(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  return arg_shape(h, n, params);
}

static COLD onnxrun_status arg_min_shape(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  ((struct arg_max *)params)->work.is_min = true;
  return arg_shape(h, n, params);
}

static void arg_max_loop(const onnxrun_job *job, size_t begin, size_t end)
{
  const struct arg *a = &((const struct arg_max *)job->params)->work;
  for (size_t i = begin; i < end; i++) {
    const struct arg_item item = arg_item(a, i);
    const char *x = (const char *)job->in[0] + item.from * a->how.stored;
    int64_t *y = (int64_t *)job->out[0] + item.to;
    arg_find(a, x, item.width, job->scratch);
    const size_t n = a->is_run ? 1 : item.width;
    for (size_t j = 0; j < n; j++)
      y[j] = (int64_t)arg_at(a, job->scratch, j);
  }
}

static const onnxrun_operand arg_in[] = {IN("data", 'T', T_NUMBERS), END};
static const onnxrun_operand arg_out[] = {OUT("reduced", 0, T_INT64), END};
static const onnxrun_attr arg_attrs_1[] = {ATTR_I(struct arg_max, axis, 0),
                                           ATTR_I(struct arg_max, keepdims, 1), END};
static const onnxrun_attr arg_attrs_12[] = {ATTR_I(struct arg_max, axis, 0),
                                            ATTR_I(struct arg_max, keepdims, 1),
                                            ATTR_I(struct arg_max, select_last_index, 0), END};
static const onnxrun_loop arg_loops[] = {{ONNXRUN_UNDEFINED, arg_max_loop}, END};

#define ARG_OP(name, first, last, shape_of, attributes)                                            \
  {                                                                                                \
    KERNEL(name, first, last), .inputs = arg_in, .outputs = arg_out, .attrs = attributes,          \
                               .params_size = sizeof(struct arg_max), .shape = shape_of,           \
                               .loops = arg_loops                                                  \
  }
static const onnxrun_kernel arg_max_1 = ARG_OP("ArgMax", 1, 11, arg_max_shape, arg_attrs_1);
static const onnxrun_kernel arg_max_12 = ARG_OP("ArgMax", 12, 0, arg_max_shape, arg_attrs_12);
static const onnxrun_kernel arg_min_1 = ARG_OP("ArgMin", 1, 11, arg_min_shape, arg_attrs_1);
static const onnxrun_kernel arg_min_12 = ARG_OP("ArgMin", 12, 0, arg_min_shape, arg_attrs_12);

KERNELS(arg_max, &arg_max_1, &arg_max_12, &arg_min_1, &arg_min_12)
