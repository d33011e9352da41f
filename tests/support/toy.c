/* toy.c: see toy.h. Everything is asserted: a test's scaffolding must not fail quietly. */
#undef NDEBUG
#include "tests/support/toy.h"

#include <assert.h>
#include <string.h>

#define F32 ONNXRUN_TYPE(FLOAT)

static void add_loop(const onnxrun_job *job, size_t begin, size_t end)
{
  const float *a = job->in[0], *b = job->in[1];
  float *c = job->out[0];
  for (size_t i = begin; i < end; i++)
    c[i] = a[i * job->step[0]] + b[i * job->step[1]];
}

static void square_loop(const onnxrun_job *job, size_t begin, size_t end)
{
  const float *x = job->in[0];
  float *y = job->out[0];
  for (size_t i = begin; i < end; i++)
    y[i] = x[i] * x[i];
}

static const onnxrun_operand x_in[] = {{"X", F32, 'T', 0}, {0}};
static const onnxrun_operand y_out[] = {{"Y", F32, 'T', 0}, {0}};
static const onnxrun_operand ab_in[] = {{"A", F32, 'T', 0}, {"B", F32, 'T', 0}, {0}};
static const onnxrun_operand dims_out[] = {{"dims", ONNXRUN_TYPE(INT64), 0, 0}, {0}};

#define TOY(name) .size = sizeof(onnxrun_kernel), .domain = "toy", .op = (name), .since = 1

static const onnxrun_loop add_loops[] = {{ONNXRUN_FLOAT, add_loop}, {0}};
static const onnxrun_kernel add = {TOY("Add"), .flags = ONNXRUN_MAP, .inputs = ab_in,
                                   .outputs = y_out, .loops = add_loops};

static const onnxrun_loop square_loops[] = {{ONNXRUN_FLOAT, square_loop}, {0}};
static const onnxrun_kernel square = {TOY("Square"), .flags = ONNXRUN_MAP, .inputs = x_in,
                                      .outputs = y_out, .loops = square_loops};

static const onnxrun_operand wide_x_in[] = {{"X", ONNXRUN_TYPE(DOUBLE), 0, 0}, {0}};
static const onnxrun_operand wide_y_out[] = {{"Y", ONNXRUN_TYPE(DOUBLE), 0, 0}, {0}};
static const onnxrun_operand float_y_out[] = {{"Y", F32, 0, 0}, {0}};

static void widen_loop(const onnxrun_job *job, size_t begin, size_t end)
{
  for (size_t i = begin; i < end; i++)
    ((double *)job->out[0])[i] = (double)((const float *)job->in[0])[i];
}

static void narrow_loop(const onnxrun_job *job, size_t begin, size_t end)
{
  for (size_t i = begin; i < end; i++)
    ((float *)job->out[0])[i] = (float)((const double *)job->in[0])[i];
}

static const onnxrun_loop widen_loops[] = {{ONNXRUN_FLOAT, widen_loop}, {0}};
static const onnxrun_loop narrow_loops[] = {{ONNXRUN_DOUBLE, narrow_loop}, {0}};
static const onnxrun_kernel widen = {TOY("Widen"), .flags = ONNXRUN_MAP, .inputs = x_in,
                                     .outputs = wide_y_out, .loops = widen_loops};
static const onnxrun_kernel narrow = {TOY("Narrow"), .flags = ONNXRUN_MAP, .inputs = wide_x_in,
                                      .outputs = float_y_out, .loops = narrow_loops};

static onnxrun_status same_shape(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  (void)params;
  const onnxrun_tensor *x = h->input(n, 0);
  return h->output(n, 0, x->rank, x->dims);
}

static const onnxrun_kernel same = {TOY("Same"), .flags = ONNXRUN_VIEW, .inputs = x_in,
                                    .outputs = y_out, .shape = same_shape};

typedef struct rows {
  size_t width;
} rows;

static onnxrun_status rows_shape(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  rows *p = params;
  const onnxrun_tensor *x = h->input(n, 0);
  const size_t height = x->rank > 1 ? (size_t)x->dims[0] : 1;
  const int64_t dims[] = {(int64_t)height};
  p->width = height ? onnxrun_elements(x) / height : 0;
  onnxrun_work work = ONNXRUN_WORK_INIT;
  work.items = height;
  work.item_cost = (double)p->width;
  work.scratch = 64;
  const onnxrun_status s = h->output(n, 0, 1, dims);
  return s == ONNXRUN_OK ? h->plan(n, &work) : s;
}

/* Through scratch, so that workers who share one by mistake are found out. */
static void rows_loop(const onnxrun_job *job, size_t begin, size_t end)
{
  const rows *p = job->params;
  volatile double *sum = job->scratch;
  for (size_t i = begin; i < end; i++) {
    const float *x = (const float *)job->in[0] + i * p->width;
    *sum = 0;
    for (size_t j = 0; j < p->width; j++)
      *sum += (double)x[j];
    ((float *)job->out[0])[i] = (float)*sum;
  }
}

static const onnxrun_loop rows_loops[] = {{ONNXRUN_FLOAT, rows_loop}, {0}};
static const onnxrun_kernel rows_kernel = {TOY("Rows"),         .inputs = x_in,
                                           .outputs = y_out,    .params_size = sizeof(rows),
                                           .shape = rows_shape, .loops = rows_loops};

static void mirror_part(const void *params, size_t i, onnxrun_part *part)
{
  const rows *p = params;
  *part = (onnxrun_part){.first = i * p->width, .length = p->width, .rows = 1};
}

static onnxrun_status mirror_shape(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  rows *p = params;
  const onnxrun_tensor *x = h->input(n, 0);
  p->width = x->rank > 0 ? (size_t)x->dims[x->rank - 1] : 1;
  onnxrun_work work = ONNXRUN_WORK_INIT;
  work.items = p->width ? onnxrun_elements(x) / p->width : 0;
  work.item_cost = (double)p->width;
  work.part = mirror_part;
  const onnxrun_status s = h->output(n, 0, x->rank, x->dims);
  return s == ONNXRUN_OK ? h->plan(n, &work) : s;
}

static void mirror_loop(const onnxrun_job *job, size_t begin, size_t end)
{
  const rows *p = job->params;
  for (size_t i = begin; i < end; i++) {
    const float *x = (const float *)job->in[0] + i * p->width;
    float *y = (float *)job->out[0] + i * p->width;
    for (size_t j = 0; j < p->width; j++)
      y[j] = x[p->width - 1 - j];
  }
}

static const onnxrun_loop mirror_loops[] = {{ONNXRUN_FLOAT, mirror_loop}, {0}};
static const onnxrun_kernel mirror = {TOY("Mirror"),         .inputs = x_in,
                                      .outputs = y_out,      .params_size = sizeof(rows),
                                      .shape = mirror_shape, .loops = mirror_loops};

static onnxrun_status positive_run(const onnxrun_host *h, onnxrun_node *n, const void *params)
{
  (void)params;
  const onnxrun_tensor *x = h->input(n, 0);
  const float *from = x->data;
  int64_t count = 0;
  for (size_t i = 0; i < onnxrun_elements(x); i++)
    count += from[i] > 0;
  const onnxrun_status s = h->output(n, 0, 1, &count);
  if (s != ONNXRUN_OK)
    return s;
  float *to = h->result(n, 0)->data;
  for (size_t i = 0; i < onnxrun_elements(x); i++) {
    if (from[i] > 0)
      *to++ = from[i];
  }
  return ONNXRUN_OK;
}

static const onnxrun_kernel positive = {TOY("Positive"), .inputs = x_in, .outputs = y_out,
                                        .run = positive_run};

static onnxrun_status fail_run(const onnxrun_host *h, onnxrun_node *n, const void *params)
{
  (void)params;
  return h->fail(n, ONNXRUN_RUN_FAILED, "expected to fail");
}

static const onnxrun_kernel failing = {TOY("Fail"), .inputs = x_in, .outputs = y_out,
                                       .shape = same_shape, .run = fail_run};

static onnxrun_status dims_shape(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  (void)params;
  const int64_t rank = h->input(n, 0)->rank;
  return h->output(n, 0, 1, &rank);
}

static onnxrun_status dims_run(const onnxrun_host *h, onnxrun_node *n, const void *params)
{
  (void)params;
  const onnxrun_tensor *x = h->input(n, 0);
  memcpy(h->result(n, 0)->data, x->dims, x->rank * sizeof *x->dims);
  return ONNXRUN_OK;
}

static const onnxrun_kernel dims_kernel = {TOY("Dims"),         .flags = ONNXRUN_SHAPE_ONLY,
                                           .inputs = x_in,      .outputs = dims_out,
                                           .shape = dims_shape, .run = dims_run};

const onnxrun_kernel *const toy_kernels[] = {&add,     &square,      &same,   &rows_kernel,
                                             &mirror,  &widen,       &narrow, &positive,
                                             &failing, &dims_kernel, NULL};

toy *toy_new(size_t max_bytes)
{
  onnxrun_options o = ONNXRUN_OPTIONS_INIT;
  o.max_bytes = max_bytes;
  void *object = NULL;
  if (onx_object_new(sizeof(toy), &o, "a toy", &object, NULL) != ONNXRUN_OK)
    return NULL;
  toy *t = object;
  t->m.pool.heap = &t->heap;
  t->m.limits = (onx_limits){100000, 64};
  t->m.main = t->g = onx_graph_new(&t->m, NULL);
  const onnxrun_status s = onnxrun_registry_create(NULL, &t->registry, NULL);
  assert(t->m.main && s == ONNXRUN_OK);
  for (size_t i = 0; toy_kernels[i]; i++) {
    const onnxrun_status added = onnxrun_registry_add(t->registry, toy_kernels[i], NULL);
    assert(added == ONNXRUN_OK);
    (void)added;
  }
  (void)s;
  return t;
}

void toy_release(toy *t)
{
  onnxrun_registry_release(t->registry);
  onx_packs_release(&t->packs);
  onx_pool_release(&t->m.pool);
  onx_object_release(t, sizeof *t);
}

uint32_t toy_value(toy *t, const char *name)
{
  const uint32_t v = onx_graph_value(&t->m, t->g, onx_text(name));
  assert(v != ONX_NONE);
  return v;
}

/* The array with room for one more element of `size` bytes. */
static void *longer(toy *t, const void *list, size_t n, size_t size)
{
  void *copy = onx_pool_array(&t->m.pool, n + 1, size);
  assert(copy);
  if (n > 0)
    memcpy(copy, list, n * size);
  return copy;
}

static void push(toy *t, uint32_t **list, size_t *n, uint32_t v)
{
  *list = longer(t, *list, *n, sizeof **list);
  (*list)[(*n)++] = v;
}

uint32_t toy_input(toy *t, const char *name, int32_t rank, const int64_t *dims)
{
  const uint32_t v = toy_value(t, name);
  onx_value *value = &t->g->values[v];
  value->dtype = ONNXRUN_FLOAT;
  value->rank = rank;
  value->dims = dims;
  push(t, &t->g->inputs, &t->g->n_inputs, v);
  return v;
}

uint32_t toy_constant(toy *t, size_t n, const float *values)
{
  const uint32_t v = toy_value(t, "constant");
  onnxrun_tensor *c = onx_pool_take(&t->m.pool, sizeof *c);
  float *data = onx_pool_array(&t->m.pool, n, sizeof *data);
  assert(c && data);
  memcpy(data, values, n * sizeof *data);
  *c = (onnxrun_tensor){ONNXRUN_FLOAT, 1, {(int64_t)n}, data, n * sizeof *data};
  t->g->values[v].dtype = ONNXRUN_FLOAT;
  t->g->values[v].constant = c;
  return v;
}

void toy_output(toy *t, uint32_t value)
{
  push(t, &t->g->outputs, &t->g->n_outputs, value);
}

void toy_node(toy *t, const char *op, uint32_t n_in, const uint32_t *in, uint32_t n_out,
              const uint32_t *out)
{
  onx_node *node = onx_graph_node(&t->m, t->g, n_in, n_out, NULL);
  assert(node);
  node->op = onx_text(op);
  node->domain = onx_text("toy");
  node->opset = 1;
  node->position = (uint32_t)t->g->n_nodes - 1;
  for (uint32_t i = 0; i < n_in; i++)
    node->in[i] = in[i];
  for (uint32_t i = 0; i < n_out; i++) {
    node->out[i] = out[i];
    if (out[i] != ONX_NONE)
      t->g->values[out[i]].producer = node->position;
  }
}

void toy_attr(toy *t, onx_attr attr)
{
  onx_node *node = &t->g->nodes[t->g->n_nodes - 1];
  node->attrs = longer(t, node->attrs, node->n_attrs, sizeof *node->attrs);
  node->attrs[node->n_attrs++] = attr;
}

onx_attr toy_int(const char *name, int64_t i)
{
  return (onx_attr){.name = onx_text(name), .type = ONNXRUN_ATTR_INT, .v.i = i};
}

onx_attr toy_ref(const char *name, onnxrun_attr_type type, const char *ref)
{
  return (onx_attr){.name = onx_text(name), .type = type, .is_ref = true, .ref = onx_text(ref)};
}

onx_function *toy_function(toy *t, const char *name)
{
  onx_module *m = &t->m;
  m->functions = longer(t, m->functions, m->n_functions, sizeof *m->functions);
  onx_function *f = &m->functions[m->n_functions++];
  f->domain = onx_text("toy");
  f->name = onx_text(name);
  f->overload = onx_text("");
  f->body = t->g = onx_graph_new(m, NULL);
  assert(f->body);
  return f;
}

onx_graph *toy_subgraph(toy *t, const char *attr)
{
  onx_graph *sub = onx_graph_new(&t->m, t->g);
  assert(sub);
  toy_attr(t, (onx_attr){.name = onx_text(attr), .type = ONNXRUN_ATTR_GRAPH, .v.g = sub});
  return t->g = sub;
}

uint32_t toy_capture(toy *t, uint32_t outer)
{
  const uint32_t v = toy_value(t, "captured");
  t->g->values[v].capture = outer;
  return v;
}

onnxrun_status toy_build(toy *t, onnxrun_error *error)
{
  const onnxrun_status s = onx_pass_sort(&t->m, error);
  return s == ONNXRUN_OK ? onx_bind(&t->m, t->registry, error) : s;
}

onnxrun_status toy_settle(toy *t, onnxrun_error *error)
{
  return onx_packs_init(&t->packs, &t->m, error);
}
