/* onednn.c: a second back end for the standard Conv and MatMul of floats: oneDNN 2, as Debian's
 * libdnnl-dev has it. It serves convolutions of two spatial dims, one group and explicit pads, and
 * products by a matrix, with constant weights; the rest it declines, and the built-in takes it.
 *
 * oneDNN must not start threads inside of those that run the loops, so each call of it is for one:
 * the work is cut here, into items with a primitive's arguments of their own, for those change from
 * call to call, and calls come from several threads. The primitives themselves are shared; their
 * scratchpads are the worker's scratch. A loop can't fail: what oneDNN did not compute is NaN.
 *
 *   cc -shared -fPIC -O2 -fopenmp onednn.c -o onednn.so -ldnnl -lm */
#include <math.h>
#include <omp.h>

#include <dnnl.h>
#include <onnxrun/kernel.h>

enum { ITEMS_WANTED = 16, FILTERS_LEAST = 16, ROWS_LEAST = 8, DIM_MOST = 1 << 24 };

/* One range of the work: `count` calls, after each of which input and output advance. */
struct item {
  dnnl_primitive_t primitive;
  dnnl_stream_t stream;
  dnnl_memory_t src, weights, bias, dst, scratchpad;
  size_t count, in, in_step, out, out_length, out_step; /* floats */
  size_t weights_at, bias_at;
};

struct work {
  dnnl_engine_t engine;
  struct item *items;
  size_t n_items;
};

struct conv {
  struct work work; /* first: see loop */
  onnxrun_ints kernel_shape, strides, dilations, pads;
  int64_t auto_pad, group;
};

struct matmul {
  struct work work;
};

/* ---- oneDNN's objects ---------------------------------------------------------------------- */

static void engine_release(void *o)
{
  dnnl_engine_destroy(o);
}
static void stream_release(void *o)
{
  dnnl_stream_destroy(o);
}
static void memory_release(void *o)
{
  dnnl_memory_destroy(o);
}
static void primitive_release(void *o)
{
  dnnl_primitive_destroy(o);
}

/* Hands a new object to the host, or says why there is none. */
static onnxrun_status take(const onnxrun_host *h, onnxrun_node *n, dnnl_status_t made, void *object,
                           void (*release)(void *object))
{
  if (made == dnnl_success)
    return h->own(n, object, release);
  return h->fail(n, made == dnnl_out_of_memory ? ONNXRUN_NO_MEMORY : ONNXRUN_UNSUPPORTED,
                 "oneDNN's status is %d", (int)made);
}

/* Of any operation. The calling thread's OpenMP is put back: it is the host's. */
static onnxrun_status new_primitive(const onnxrun_host *h, onnxrun_node *n, dnnl_engine_t engine,
                                    const void *operation, dnnl_primitive_t *out)
{
  const int threads = omp_get_max_threads();
  dnnl_primitive_attr_t attr = NULL;
  dnnl_primitive_desc_t desc = NULL;
  omp_set_num_threads(1);
  dnnl_status_t s = dnnl_primitive_attr_create(&attr);
  if (s == dnnl_success)
    s = dnnl_primitive_attr_set_scratchpad_mode(attr, dnnl_scratchpad_mode_user);
  if (s == dnnl_success)
    s = dnnl_primitive_desc_create(&desc, operation, attr, engine, NULL);
  if (s == dnnl_success)
    s = dnnl_primitive_create(out, desc);
  if (desc)
    dnnl_primitive_desc_destroy(desc);
  if (attr)
    dnnl_primitive_attr_destroy(attr);
  omp_set_num_threads(threads);
  return take(h, n, s, *out, primitive_release);
}

static const dnnl_memory_desc_t *argument(dnnl_primitive_t primitive, int which)
{
  const_dnnl_primitive_desc_t desc = NULL;
  if (dnnl_primitive_get_primitive_desc(primitive, &desc) != dnnl_success)
    return NULL;
  return dnnl_primitive_desc_query_md(desc, dnnl_query_exec_arg_md, which);
}

static onnxrun_status new_memory(const onnxrun_host *h, onnxrun_node *n, const struct work *w,
                                 dnnl_memory_t *out, const dnnl_memory_desc_t *desc)
{
  const dnnl_status_t s = dnnl_memory_create(out, desc, w->engine, DNNL_MEMORY_NONE);
  return take(h, n, s, *out, memory_release);
}

/* The item's own arguments; a bias that the primitive has not stays NULL. */
static onnxrun_status new_arguments(const onnxrun_host *h, onnxrun_node *n, const struct work *w,
                                    struct item *i)
{
  struct {
    int which;
    dnnl_memory_t *memory;
  } const all[] = {{DNNL_ARG_SRC, &i->src},
                   {DNNL_ARG_WEIGHTS, &i->weights},
                   {DNNL_ARG_BIAS, &i->bias},
                   {DNNL_ARG_DST, &i->dst},
                   {DNNL_ARG_SCRATCHPAD, &i->scratchpad}};
  const dnnl_status_t made = dnnl_stream_create(&i->stream, w->engine, dnnl_stream_default_flags);
  onnxrun_status s = take(h, n, made, i->stream, stream_release);
  for (size_t a = 0; s == ONNXRUN_OK && a < sizeof all / sizeof *all; a++) {
    const dnnl_memory_desc_t *desc = argument(i->primitive, all[a].which);
    if (desc && desc->ndims > 0)
      s = new_memory(h, n, w, all[a].memory, desc);
  }
  return s;
}

/* ---- what both operators share --------------------------------------------------------------- */

static dnnl_memory_desc_t dense(int rank, const dnnl_dims_t dims, dnnl_format_tag_t tag)
{
  dnnl_memory_desc_t desc;
  dnnl_memory_desc_init_by_tag(&desc, rank, dims, dnnl_f32, tag);
  return desc;
}

static onnxrun_status prepare(const onnxrun_host *h, onnxrun_node *n, struct work *w)
{
  const dnnl_status_t s = dnnl_engine_create(&w->engine, dnnl_cpu, 0);
  return take(h, n, s, w->engine, engine_release);
}

static onnxrun_status new_items(const onnxrun_host *h, onnxrun_node *n, struct work *w,
                                size_t count)
{
  w->items = count > 0 ? h->keep(n, count * sizeof *w->items) : NULL;
  w->n_items = w->items ? count : 0;
  return w->items || count == 0 ? ONNXRUN_OK : ONNXRUN_NO_MEMORY;
}

/* Maps that follow run on what an item wrote while it is in the cache. */
static void part(const void *params, size_t i, onnxrun_part *part)
{
  const struct item *it = &((const struct work *)params)->items[i];
  *part = (onnxrun_part){it->out, it->out_length, it->count, it->out_step};
}

static onnxrun_status plan(const onnxrun_host *h, onnxrun_node *n, struct work *w, double products)
{
  onnxrun_work work = ONNXRUN_WORK_INIT;
  work.items = w->n_items;
  work.item_cost = w->n_items > 0 ? products / 16 / (double)w->n_items : 0;
  work.part = part;
  for (size_t i = 0; i < w->n_items; i++) {
    const onnxrun_status s = new_arguments(h, n, w, &w->items[i]);
    const dnnl_memory_desc_t *pad = argument(w->items[i].primitive, DNNL_ARG_SCRATCHPAD);
    const size_t bytes = pad ? dnnl_memory_desc_get_size(pad) : 0;
    if (s != ONNXRUN_OK)
      return s;
    work.scratch = bytes > work.scratch ? bytes : work.scratch;
  }
  return h->plan(n, &work);
}

/* Sets the item's arguments for its call number `call`, and lists them. */
static int bind(const struct item *i, const onnxrun_job *job, size_t call, dnnl_exec_arg_t args[5])
{
  const float *in = (const float *)job->in[0] + i->in + call * i->in_step;
  const float *weights = (const float *)job->in[1] + i->weights_at;
  const float *bias = job->n_in > 2 && job->in[2] ? (const float *)job->in[2] + i->bias_at : NULL;
  float *out = (float *)job->out[0] + i->out + call * i->out_step;
  struct {
    int which;
    dnnl_memory_t memory;
    const void *data;
  } const all[] = {{DNNL_ARG_SRC, i->src, in},
                   {DNNL_ARG_WEIGHTS, i->weights, weights},
                   {DNNL_ARG_BIAS, i->bias, bias},
                   {DNNL_ARG_DST, i->dst, out},
                   {DNNL_ARG_SCRATCHPAD, i->scratchpad, job->scratch}};
  int n = 0;
  for (size_t a = 0; a < sizeof all / sizeof *all; a++) {
    if (!all[a].memory)
      continue;
    dnnl_memory_set_data_handle(all[a].memory, (void *)all[a].data);
    args[n++] = (dnnl_exec_arg_t){all[a].which, all[a].memory};
  }
  return n;
}

static void run_item(const struct item *i, const onnxrun_job *job)
{
  dnnl_exec_arg_t args[5];
  for (size_t call = 0; call < i->count; call++) {
    const int n = bind(i, job, call, args);
    if (dnnl_primitive_execute(i->primitive, i->stream, n, args) == dnnl_success)
      continue;
    float *out = (float *)job->out[0] + i->out + call * i->out_step;
    for (size_t at = 0; at < i->out_length; at++)
      out[at] = NAN;
  }
}

static void loop(const onnxrun_job *job, size_t begin, size_t end)
{
  const struct work *w = job->params;
  const int threads = omp_get_max_threads();
  omp_set_num_threads(1);
  for (size_t i = begin; i < end; i++)
    run_item(&w->items[i], job);
  omp_set_num_threads(threads);
}

/* ---- Conv ------------------------------------------------------------------------------------ */

static int64_t value(const onnxrun_ints *a, size_t i, int64_t otherwise)
{
  return a->size > 0 ? a->items[i] : otherwise;
}

/* Whether an attribute is absent, or has `count` values from `least` on. */
static int is_plain(const onnxrun_ints *a, size_t count, int64_t least)
{
  for (size_t i = 0; i < a->size; i++) {
    if (a->items[i] < least || a->items[i] > DIM_MOST)
      return 0;
  }
  return a->size == 0 || a->size == count;
}

/* Declines what is not for oneDNN, and what is wrong: the built-in operator says that best. */
static onnxrun_status conv_prepare(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  struct conv *p = params;
  const onnxrun_tensor *w = h->input(n, 1);
  if (!w->data || w->rank != 4 || w->bytes == 0)
    return h->fail(n, ONNXRUN_UNSUPPORTED, "oneDNN: input 'W' is no constant of rank 4");
  if (p->group != 1 || p->auto_pad != 0)
    return h->fail(n, ONNXRUN_UNSUPPORTED, "oneDNN: groups and auto_pad are not for it");
  const onnxrun_ints *k = &p->kernel_shape;
  if (!is_plain(&p->strides, 2, 1) || !is_plain(&p->dilations, 2, 1) || !is_plain(&p->pads, 4, 0) ||
      (k->size > 0 && (k->size != 2 || k->items[0] != w->dims[2] || k->items[1] != w->dims[3])))
    return h->fail(n, ONNXRUN_UNSUPPORTED, "oneDNN: an attribute is not for two spatial dims");
  for (int i = 0; i < 4; i++) {
    if (w->dims[i] > DIM_MOST)
      return h->fail(n, ONNXRUN_UNSUPPORTED, "oneDNN: input 'W' is too large");
  }
  return prepare(h, n, &p->work);
}

/* Dims of the output; fails where X, W and B don't fit. */
static onnxrun_status conv_dims(const onnxrun_host *h, onnxrun_node *n, const struct conv *p,
                                int64_t y[4])
{
  const onnxrun_tensor *x = h->input(n, 0), *w = h->input(n, 1), *b = h->input(n, 2);
  if (x->rank != 4 || x->dims[1] != w->dims[1])
    return h->fail(n, ONNXRUN_INVALID_INPUT,
                   "input 'X' has rank %u and %lld channels, expected 4, %lld", x->rank,
                   (long long)(x->rank > 1 ? x->dims[1] : 0), (long long)w->dims[1]);
  if (b && (b->rank != 1 || b->dims[0] != w->dims[0]))
    return h->fail(n, ONNXRUN_INVALID_INPUT, "input 'B' does not have %lld elements in one dim",
                   (long long)w->dims[0]);
  y[0] = x->dims[0];
  y[1] = w->dims[0];
  for (uint32_t i = 0; i < 2; i++) {
    const int64_t reach = (w->dims[2 + i] - 1) * value(&p->dilations, i, 1) + 1;
    const int64_t room = x->dims[2 + i] + value(&p->pads, i, 0) + value(&p->pads, 2 + i, 0);
    if (x->dims[2 + i] > DIM_MOST || room < reach)
      return h->fail(n, ONNXRUN_INVALID_INPUT,
                     "the window reaches over %lld elements, the padded input 'X' has %lld",
                     (long long)reach, (long long)room);
    y[2 + i] = (room - reach) / value(&p->strides, i, 1) + 1;
  }
  return h->output(n, 0, 4, y);
}

/* The primitive for one image and so many filters. */
static onnxrun_status conv_primitive(const onnxrun_host *h, onnxrun_node *n, const struct conv *p,
                                     const int64_t y[4], int64_t filters, dnnl_primitive_t *out)
{
  const onnxrun_tensor *x = h->input(n, 0), *w = h->input(n, 1);
  const dnnl_dims_t src_dims = {1, x->dims[1], x->dims[2], x->dims[3]};
  const dnnl_dims_t weights_dims = {filters, w->dims[1], w->dims[2], w->dims[3]};
  const dnnl_dims_t dst_dims = {1, filters, y[2], y[3]}, bias_dims = {filters};
  const dnnl_memory_desc_t src = dense(4, src_dims, dnnl_nchw);
  const dnnl_memory_desc_t weights = dense(4, weights_dims, dnnl_oihw);
  const dnnl_memory_desc_t bias = dense(1, bias_dims, dnnl_x), dst = dense(4, dst_dims, dnnl_nchw);
  const dnnl_dims_t strides = {value(&p->strides, 0, 1), value(&p->strides, 1, 1)};
  const dnnl_dims_t dilations = {value(&p->dilations, 0, 1) - 1, value(&p->dilations, 1, 1) - 1};
  const dnnl_dims_t before = {value(&p->pads, 0, 0), value(&p->pads, 1, 0)};
  const dnnl_dims_t after = {value(&p->pads, 2, 0), value(&p->pads, 3, 0)};
  dnnl_convolution_desc_t operation;
  const dnnl_status_t s = dnnl_dilated_convolution_forward_desc_init(
      &operation, dnnl_forward_inference, dnnl_convolution_direct, &src, &weights,
      h->input(n, 2) ? &bias : NULL, &dst, strides, dilations, before, after);
  if (s != dnnl_success)
    return take(h, n, s, NULL, primitive_release);
  return new_primitive(h, n, p->work.engine, &operation, out);
}

/* Items are blocks of images times blocks of filters, as few filters as must be. */
static onnxrun_status conv_items(const onnxrun_host *h, onnxrun_node *n, struct conv *p,
                                 const int64_t y[4])
{
  const onnxrun_tensor *x = h->input(n, 0), *w = h->input(n, 1);
  const size_t images = (size_t)y[0], filters = (size_t)y[1], plane = (size_t)(y[2] * y[3]);
  const size_t image = onnxrun_elements(x) / images, filter = onnxrun_elements(w) / filters;
  const size_t group = (images + ITEMS_WANTED - 1) / ITEMS_WANTED;
  const size_t groups = (images + group - 1) / group;
  size_t block = filters * groups / ITEMS_WANTED;
  block = block < FILTERS_LEAST ? FILTERS_LEAST : block;
  block = block < filters ? block : filters;
  const size_t blocks = (filters + block - 1) / block;
  dnnl_primitive_t whole = NULL, last = NULL;
  onnxrun_status s = conv_primitive(h, n, p, y, (int64_t)block, &whole);
  last = whole;
  if (s == ONNXRUN_OK && filters % block != 0)
    s = conv_primitive(h, n, p, y, (int64_t)(filters % block), &last);
  if (s == ONNXRUN_OK)
    s = new_items(h, n, &p->work, groups * blocks);
  for (size_t i = 0; s == ONNXRUN_OK && i < p->work.n_items; i++) {
    const size_t first = i / blocks * group, at = i % blocks * block;
    const size_t some = filters - at < block ? filters - at : block;
    p->work.items[i] = (struct item){.primitive = some < block ? last : whole,
                                     .count = images - first < group ? images - first : group,
                                     .in = first * image,
                                     .in_step = image,
                                     .out = (first * filters + at) * plane,
                                     .out_length = some * plane,
                                     .out_step = filters * plane,
                                     .weights_at = at * filter,
                                     .bias_at = at};
  }
  return s;
}

static onnxrun_status conv_shape(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  struct conv *p = params;
  int64_t y[4];
  double products = (double)onnxrun_elements(h->input(n, 1));
  onnxrun_status s = conv_dims(h, n, p, y);
  if (s == ONNXRUN_OK && onnxrun_elements(h->input(n, 0)) > 0)
    s = conv_items(h, n, p, y);
  if (s != ONNXRUN_OK)
    return s;
  products *= (double)y[0] * (double)y[2] * (double)y[3];
  return plan(h, n, &p->work, products);
}

/* ---- MatMul ---------------------------------------------------------------------------------- */

static onnxrun_status matmul_prepare(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  struct matmul *p = params;
  const onnxrun_tensor *b = h->input(n, 1);
  if (!b->data || b->rank != 2 || b->bytes == 0)
    return h->fail(n, ONNXRUN_UNSUPPORTED, "oneDNN: input 'B' is no constant of rank 2");
  return prepare(h, n, &p->work);
}

static onnxrun_status matmul_primitive(const onnxrun_host *h, onnxrun_node *n, const struct work *w,
                                       const int64_t size[3], dnnl_primitive_t *out)
{
  const dnnl_dims_t src_dims = {size[0], size[1]}, weights_dims = {size[1], size[2]};
  const dnnl_dims_t dst_dims = {size[0], size[2]};
  const dnnl_memory_desc_t src = dense(2, src_dims, dnnl_ab);
  const dnnl_memory_desc_t weights = dense(2, weights_dims, dnnl_ab);
  const dnnl_memory_desc_t dst = dense(2, dst_dims, dnnl_ab);
  dnnl_matmul_desc_t operation;
  const dnnl_status_t s = dnnl_matmul_desc_init(&operation, &src, &weights, NULL, &dst);
  if (s != dnnl_success)
    return take(h, n, s, NULL, primitive_release);
  return new_primitive(h, n, w->engine, &operation, out);
}

/* Items are blocks of A's rows, those of all its matrices. */
static onnxrun_status matmul_items(const onnxrun_host *h, onnxrun_node *n, struct work *w,
                                   size_t rows)
{
  const onnxrun_tensor *b = h->input(n, 1);
  const size_t k = (size_t)b->dims[0], columns = (size_t)b->dims[1];
  size_t block = (rows + ITEMS_WANTED - 1) / ITEMS_WANTED;
  block = block < ROWS_LEAST ? ROWS_LEAST : block;
  block = block < rows ? block : rows;
  dnnl_primitive_t whole = NULL, last;
  onnxrun_status s =
      matmul_primitive(h, n, w, (int64_t[3]){(int64_t)block, b->dims[0], b->dims[1]}, &whole);
  last = whole;
  if (s == ONNXRUN_OK && rows % block != 0)
    s = matmul_primitive(h, n, w, (int64_t[3]){(int64_t)(rows % block), b->dims[0], b->dims[1]},
                         &last);
  if (s == ONNXRUN_OK)
    s = new_items(h, n, w, (rows + block - 1) / block);
  for (size_t i = 0; s == ONNXRUN_OK && i < w->n_items; i++) {
    const size_t at = i * block, some = rows - at < block ? rows - at : block;
    w->items[i] = (struct item){.primitive = some < block ? last : whole,
                                .count = 1,
                                .in = at * k,
                                .out = at * columns,
                                .out_length = some * columns,
                                .out_step = some * columns};
  }
  return s;
}

static onnxrun_status matmul_shape(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  struct matmul *p = params;
  const onnxrun_tensor *a = h->input(n, 0), *b = h->input(n, 1);
  int64_t dims[ONNXRUN_MAX_RANK] = {0};
  if (a->rank == 0 || a->dims[a->rank - 1] != b->dims[0])
    return h->fail(n, ONNXRUN_INVALID_INPUT,
                   "input 'A' has rank %u and %lld columns, expected %lld", a->rank,
                   (long long)(a->rank ? a->dims[a->rank - 1] : 0), (long long)b->dims[0]);
  for (uint32_t i = 0; i + 1 < a->rank; i++)
    dims[i] = a->dims[i];
  dims[a->rank - 1] = b->dims[1];
  onnxrun_status s = h->output(n, 0, a->rank, dims);
  const size_t rows = onnxrun_elements(a) / (size_t)b->dims[0];
  if (s == ONNXRUN_OK && rows > 0)
    s = matmul_items(h, n, &p->work, rows);
  if (s != ONNXRUN_OK)
    return s;
  return plan(h, n, &p->work, (double)rows * (double)onnxrun_elements(b));
}

/* ---- descriptors ----------------------------------------------------------------------------- */

#define INTS(field)                                                                                \
  {                                                                                                \
#field, ONNXRUN_ATTR_INTS, 0, offsetof(struct conv, field), 0, NULL                            \
  }
static const onnxrun_attr conv_attrs[] = {
    INTS(kernel_shape),
    INTS(strides),
    INTS(dilations),
    INTS(pads),
    {"auto_pad", ONNXRUN_ATTR_ENUM, 0, offsetof(struct conv, auto_pad), 0,
     "NOTSET|SAME_UPPER|SAME_LOWER|VALID"},
    {"group", ONNXRUN_ATTR_INT, 0, offsetof(struct conv, group), 1, NULL},
    {0}};

#define F ONNXRUN_TYPE(FLOAT)
static const onnxrun_operand conv_in[] = {
    {"X", F, 'T', 0}, {"W", F, 'T', 0}, {"B", F, 'T', ONNXRUN_OPTIONAL_OPERAND}, {0}};
static const onnxrun_operand matmul_in[] = {{"A", F, 'T', 0}, {"B", F, 'T', 0}, {0}};
static const onnxrun_operand out[] = {{"Y", F, 'T', 0}, {0}};
static const onnxrun_loop loops[] = {{ONNXRUN_FLOAT, loop}, {0}};

static const onnxrun_kernel conv = {.size = sizeof(onnxrun_kernel),
                                    .domain = "",
                                    .op = "Conv",
                                    .since = 1,
                                    .inputs = conv_in,
                                    .outputs = out,
                                    .attrs = conv_attrs,
                                    .params_size = sizeof(struct conv),
                                    .prepare = conv_prepare,
                                    .shape = conv_shape,
                                    .loops = loops};

static const onnxrun_kernel matmul = {.size = sizeof(onnxrun_kernel),
                                      .domain = "",
                                      .op = "MatMul",
                                      .since = 1,
                                      .inputs = matmul_in,
                                      .outputs = out,
                                      .params_size = sizeof(struct matmul),
                                      .prepare = matmul_prepare,
                                      .shape = matmul_shape,
                                      .loops = loops};

ONNXRUN_PLUGIN("oneDNN", "2", &conv, &matmul)
