/* Conv: Y[n][m] = B[m] + the sum of W[m][c][t] * X[n][c][.. + t] over channels c of m's group and
 * taps t.  Any number of spatial dims, strides, dilations, pads.  ONNX opsets 1, 11, 22.
 * Implicit matrix product, kit/conv.h: constant W is packed once. Each element is summed in order
 * of (channel, tap) in parts of some 256, float16 and bfloat16 in float, and rounded once. */
#include "ops/kit/conv.h"

struct conv {
  window_attrs window;
  int64_t group;
  const void *packed;
  conv_plan plan;
};

static const onnxrun_attr conv_attrs[] = {ATTR_I(struct conv, group, 1),
                                          WINDOW_AUTO_PAD(struct conv),
                                          WINDOW_INTS(struct conv, pads),
                                          WINDOW_INTS(struct conv, strides),
                                          WINDOW_INTS(struct conv, dilations),
                                          WINDOW_INTS(struct conv, kernel_shape),
                                          END};

static size_t conv_bytes(onnxrun_dtype t)
{
  return t == ONNXRUN_DOUBLE ? sizeof(double) : sizeof(float);
}

/* One group's filters, the first of them `first` of all, packed in their form. */
#define CONV_PACK_GROUP(tag)                                                                       \
  static COLD void conv_pack_group_##tag(void *to, const onnxrun_tensor *w, conv_form form,        \
                                         size_t first, size_t filters)                             \
  {                                                                                                \
    const size_t k = dims_product(w, 1, w->rank);                                                  \
    const gemm_matrix m = {k, form == CONV_COLUMNS, gemm_kind_of(w->dtype)};                       \
    if (form == CONV_COLUMNS)                                                                      \
      gemm_pack_columns_##tag(to, w->data, &m, first, filters, 0, k);                              \
    else if (form == CONV_ROWS)                                                                    \
      gemm_pack_rows_##tag(to, w->data, &m, first, filters, 0, k);                                 \
    else                                                                                           \
      gemm_load_##tag(to, w->data, first *k, filters *k, m.kind);                                  \
  }
CONV_PACK_GROUP(f32)
CONV_PACK_GROUP(f64)
#undef CONV_PACK_GROUP

static COLD const void *conv_pack(const onnxrun_host *h, onnxrun_node *n, const void *params)
{
  const struct conv *p = params;
  const onnxrun_tensor *w = h->input(n, 1);
  if (!w->data || w->rank < 3 || w->bytes == 0 || p->group < 1 || w->dims[0] % p->group != 0)
    return NULL;
  const size_t bytes = conv_bytes(w->dtype), groups = (size_t)p->group, lanes = VEC_BYTES / bytes;
  const size_t filters = (size_t)w->dims[0] / groups, k = dims_product(w, 1, w->rank);
  const conv_form form = conv_form_of((size_t)w->dims[1], k, filters, bytes);
  const size_t panels = conv_packed_filters(form, filters, lanes) * k;
  size_t size;
  if (!conv_multiply(panels, groups * bytes, &size)) {
    h->fail(n, ONNXRUN_LIMIT, "input 'W' cannot be packed");
    return NULL;
  }
  char *to = h->keep(n, size);
  for (size_t g = 0; to && g < groups; g++)
    (w->dtype == ONNXRUN_DOUBLE ? conv_pack_group_f64 : conv_pack_group_f32)(
        to + g * panels * bytes, w, form, g * filters, filters);
  return to;
}

static COLD onnxrun_status conv_check_rank(const onnxrun_host *h, onnxrun_node *n,
                                           const onnxrun_tensor *x, const onnxrun_tensor *w)
{
  if (x->rank < 3)
    return h->fail(n, ONNXRUN_INVALID_INPUT, "input 'X' has rank %u, expected 3 or more", x->rank);
  if (w->rank != x->rank)
    return h->fail(n, ONNXRUN_INVALID_INPUT, "input 'W' has rank %u, expected %u", w->rank,
                   x->rank);
  return ONNXRUN_OK;
}

/* What X, W, B, group and kernel_shape say of each other. */
static COLD onnxrun_status conv_check(const onnxrun_host *h, onnxrun_node *n, const struct conv *p)
{
  const onnxrun_tensor *x = h->input(n, 0), *w = h->input(n, 1), *b = h->input(n, 2);
  const int64_t channels = x->dims[1], filters = w->dims[0];
  if (p->group < 1 || channels % p->group != 0)
    return h->fail(
        n, ONNXRUN_INVALID_INPUT,
        "attribute 'group' is %lld, expected a divisor of the %lld channels of input 'X'",
        (long long)p->group, (long long)channels);
  if (w->dims[1] != channels / p->group)
    return h->fail(n, ONNXRUN_INVALID_INPUT, "input 'W' has %lld channels, expected %lld",
                   (long long)w->dims[1], (long long)(channels / p->group));
  if (filters % p->group != 0)
    return h->fail(n, ONNXRUN_INVALID_INPUT,
                   "input 'W' has %lld filters, expected a multiple of %lld", (long long)filters,
                   (long long)p->group);
  if (b && (b->rank != 1 || b->dims[0] != filters))
    return h->fail(n, ONNXRUN_INVALID_INPUT,
                   "input 'B' has rank %u and %zu elements, expected 1 and %lld", b->rank,
                   onnxrun_elements(b), (long long)filters);
  const onnxrun_ints *k = &p->window.kernel_shape;
  if (k->size > 0 && k->size != w->rank - 2)
    return h->fail(n, ONNXRUN_INVALID_MODEL, "attribute 'kernel_shape' has %zu values, expected %u",
                   k->size, w->rank - 2);
  for (uint32_t i = 0; i < k->size; i++) {
    if (k->items[i] != w->dims[2 + i])
      return h->fail(n, ONNXRUN_INVALID_INPUT,
                     "attribute 'kernel_shape' has %lld at %u, input 'W' has %lld",
                     (long long)k->items[i], i, (long long)w->dims[2 + i]);
  }
  return ONNXRUN_OK;
}

static void conv_part(const void *params, size_t item, onnxrun_part *part)
{
  const conv_plan *p = &((const struct conv *)params)->plan;
  const conv_item i = conv_item_of(p, item);
  const size_t filter = (i.image * p->groups + i.group) * p->filters + i.filter;
  const size_t row = i.row * p->columns.w.out + i.column;
  *part = (onnxrun_part){.first = filter * p->out_channel + i.outer * p->out_plane + row,
                         .length = p->columns.blocks == 1 ? i.rows * i.columns : i.columns,
                         .rows = i.filters,
                         .stride = p->out_channel};
}

static COLD onnxrun_status conv_plan_work(const onnxrun_host *h, onnxrun_node *n, struct conv *p,
                                          size_t bytes)
{
  onnxrun_work work = ONNXRUN_WORK_INIT;
  p->packed = h->packed(n);
  const onnxrun_status s = conv_plan_make(h, n, &p->plan, bytes, p->packed != NULL);
  if (s != ONNXRUN_OK)
    return s;
  work.items = conv_items(&p->plan);
  work.item_cost = conv_item_cost(&p->plan, bytes);
  work.scratch = conv_scratch(&p->plan, bytes);
  if (p->plan.columns.blocks == 1 || p->plan.rows.block == 1)
    work.part = conv_part;
  return h->plan(n, &work);
}

static COLD onnxrun_status conv_shape(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  struct conv *p = params;
  const onnxrun_tensor *x = h->input(n, 0), *w = h->input(n, 1);
  conv_plan *plan = &p->plan;
  onnxrun_status s = conv_check_rank(h, n, x, w);
  if (s == ONNXRUN_OK)
    s = conv_check(h, n, p);
  if (s == ONNXRUN_OK)
    s = window_make(h, n, &p->window, x, w->dims + 2, &plan->w);
  if (s != ONNXRUN_OK)
    return s;
  int64_t dims[ONNXRUN_MAX_RANK] = {x->dims[0], w->dims[0]};
  bool is_empty = x->dims[0] == 0 || w->dims[0] == 0;
  for (uint32_t i = 0; i < plan->w.rank; i++) {
    dims[2 + i] = (int64_t)plan->w.axis[i].out;
    is_empty = is_empty || dims[2 + i] == 0;
  }
  s = h->output(n, 0, x->rank, dims);
  if (s != ONNXRUN_OK)
    return s;
  onnxrun_work none = ONNXRUN_WORK_INIT;
  if (is_empty)
    return h->plan(n, &none);
  plan->kind = gemm_kind_of(x->dtype);
  plan->images = (size_t)x->dims[0];
  plan->groups = (size_t)p->group;
  plan->channels = (size_t)w->dims[1];
  plan->filters = (size_t)w->dims[0] / plan->groups;
  return conv_plan_work(h, n, p, conv_bytes(x->dtype));
}

static void conv_f32(const onnxrun_job *job, size_t begin, size_t end)
{
  const struct conv *p = job->params;
  const conv_data_f32 d = {job->in[0], job->in[1], job->n_in > 2 ? job->in[2] : NULL, p->packed,
                           job->out[0]};
  for (size_t i = begin; i < end; i++)
    conv_run_f32(&p->plan, &d, i, job->scratch);
}

static void conv_f64(const onnxrun_job *job, size_t begin, size_t end)
{
  const struct conv *p = job->params;
  const conv_data_f64 d = {job->in[0], job->in[1], job->n_in > 2 ? job->in[2] : NULL, p->packed,
                           job->out[0]};
  for (size_t i = begin; i < end; i++)
    conv_run_f64(&p->plan, &d, i, job->scratch);
}

static const onnxrun_loop conv_loops[] = {{ONNXRUN_FLOAT, conv_f32},
                                          {ONNXRUN_FLOAT16, conv_f32},
                                          {ONNXRUN_BFLOAT16, conv_f32},
                                          {ONNXRUN_DOUBLE, conv_f64},
                                          {ONNXRUN_UNDEFINED, NULL}};

#define T_CONV_1 (ONNXRUN_TYPE(FLOAT16) | ONNXRUN_TYPE(FLOAT) | ONNXRUN_TYPE(DOUBLE))

#define CONV_OPSET(first, last, types)                                                             \
  static const onnxrun_operand conv_##first##_in[] = {                                             \
      IN("X", 'T', types), IN_FLAGS("W", 'T', types, ONNXRUN_UNALIGNED),                           \
      IN_FLAGS("B", 'T', types, ONNXRUN_UNALIGNED | ONNXRUN_OPTIONAL_OPERAND), END};               \
  static const onnxrun_operand conv_##first##_out[] = {OUT("Y", 'T', types), END};                 \
  static const onnxrun_kernel conv_##first = {                                                     \
      KERNEL("Conv", first, last), .inputs = conv_##first##_in, .outputs = conv_##first##_out,     \
      .attrs = conv_attrs,         PARAMS(struct conv, packed), .pack = conv_pack,                 \
      .shape = conv_shape,         .loops = conv_loops};
CONV_OPSET(1, 21, T_CONV_1)
CONV_OPSET(22, 0, T_FLOATS)
#undef CONV_OPSET

KERNELS(conv, &conv_1, &conv_22)
