/* plugin.c: a plug-in of ABI 1 that uses each field and each service of its header, which is the
 * frozen one beside it. Never changed: see CONTRIBUTING.md. tests/abi/test_v1.c says what it gives.
 *
 *   v1.Everything(X, W, k, absent, rest...) -> Y, Z, unused
 *     Y[i] = X[i] * (W + 1)[i mod W's length] + k + the sum of all attributes
 *     Z[0 .. k) = 1000 * inputs + 100 * outputs + opset
 *   v1.Biased(X, B): X + B along the first dim       v1.Half(X): X / 2, also of float16
 *   v1.Turned(X): X as a row                          v1.Rank(X): its rank
 *   v1.Count(X): objects that are held at the time */
#include <stdatomic.h>
#include <string.h>

#include "onnxrun/kernel.h"

enum { SCRATCH = 100 };

static atomic_int held;

static void release_object(void *object)
{
  atomic_fetch_sub((atomic_int *)object, 1);
}

static onnxrun_status hold(const onnxrun_host *h, onnxrun_node *n)
{
  atomic_fetch_add(&held, 1);
  return h->own(n, &held, release_object);
}

/* ---- Everything --------------------------------------------------------------------------- */

struct everything {
  float f;
  int64_t i, choice, missing;
  onnxrun_string s;
  const onnxrun_tensor *t;
  onnxrun_floats floats;
  onnxrun_ints ints;
  onnxrun_strings strings;
  float *sum; /* kept by prepare() */
  /* of the plan */
  const float *packed;
  size_t n_packed;
  float k;
};

static float number_of(onnxrun_string s)
{
  return s.size > 0 ? (float)(s.data[0] - '0') : 0;
}

static onnxrun_status everything_prepare(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  struct everything *p = params;
  if (h->size < offsetof(onnxrun_host, own) + sizeof h->own || h->abi < 1)
    return h->fail(n, ONNXRUN_INVALID_ARGUMENT, "a host of ABI %u and %zu bytes", h->abi, h->size);
  if (p->i == 99)
    return h->fail(n, ONNXRUN_UNSUPPORTED, "attribute '%s' is %d", "i", 99);
  if (p->missing != ONNXRUN_ABSENT || h->input(n, 3) || !h->input(n, 1)->data ||
      h->input(n, 0)->data)
    return h->fail(n, ONNXRUN_INVALID_MODEL, "what is absent or constant is not");
  p->sum = h->keep(n, sizeof *p->sum);
  if (!p->sum)
    return ONNXRUN_NO_MEMORY;
  *p->sum = p->f + (float)p->i + (float)p->choice + number_of(p->s) + *(const float *)p->t->data;
  for (size_t i = 0; i < p->floats.size; i++)
    *p->sum += p->floats.items[i];
  for (size_t i = 0; i < p->ints.size; i++)
    *p->sum += (float)p->ints.items[i];
  for (size_t i = 0; i < p->strings.size; i++)
    *p->sum += number_of(p->strings.items[i]);
  const onnxrun_status s = h->type(n, 1, ONNXRUN_INT64);
  return s == ONNXRUN_OK ? hold(h, n) : s;
}

static const void *everything_pack(const onnxrun_host *h, onnxrun_node *n, const void *params)
{
  const onnxrun_tensor *w = h->input(n, 1);
  float *to = h->keep(n, w->bytes);
  (void)params;
  for (size_t i = 0; to && i < onnxrun_elements(w); i++) {
    float one;
    memcpy(&one, (const char *)w->data + i * sizeof one, sizeof one);
    to[i] = one + 1;
  }
  return to && hold(h, n) == ONNXRUN_OK ? to : NULL;
}

static void everything_loop(const onnxrun_job *job, size_t begin, size_t end)
{
  const struct everything *p = job->params;
  const float *x = job->in[0];
  float *y = job->out[0];
  memset(job->scratch, 0, SCRATCH);
  for (size_t i = begin; i < end; i++)
    y[i] = x[i] * p->packed[i % p->n_packed] + p->k + *p->sum + (job->n_in > 4 ? 0 : 1000);
}

static void everything_part(const void *params, size_t i, onnxrun_part *part)
{
  (void)params;
  *part = (onnxrun_part){.first = i, .length = 1, .rows = 1, .stride = 1};
}

static onnxrun_status everything_shape(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  struct everything *p = params;
  const onnxrun_tensor *x = h->input(n, 0), *k = h->input(n, 2);
  int64_t count;
  memcpy(&count, k->data, sizeof count);
  p->k = (float)count;
  p->packed = h->packed(n);
  p->n_packed = onnxrun_elements(h->input(n, 1));
  onnxrun_status s = p->packed ? hold(h, n) : ONNXRUN_NO_MEMORY;
  if (s == ONNXRUN_OK)
    s = h->output(n, 0, x->rank, x->dims);
  if (s == ONNXRUN_OK)
    s = h->output(n, 1, 1, &count);
  if (s != ONNXRUN_OK)
    return s;
  onnxrun_work work = ONNXRUN_WORK_INIT;
  work.items = onnxrun_elements(x);
  work.item_cost = 100;
  work.scratch = SCRATCH;
  work.loop = everything_loop;
  work.part = everything_part;
  work.skips_run = 0;
  return h->plan(n, &work);
}

static onnxrun_status everything_run(const onnxrun_host *h, onnxrun_node *n, const void *params)
{
  const onnxrun_tensor *x = h->input(n, 0), *z = h->result(n, 1);
  const struct everything *p = params;
  if (x->bytes > 0 && *(const float *)x->data < -100)
    return h->fail(n, ONNXRUN_RUN_FAILED, "input 'X' begins with %g", *(const float *)x->data);
  if (h->result(n, 2) || !h->result(n, 0)->data || h->result(n, 0)->bytes != x->bytes)
    return h->fail(n, ONNXRUN_INVALID_ARGUMENT, "what is unused is not");
  for (size_t i = 0; i < (size_t)p->k; i++)
    ((int64_t *)z->data)[i] = 1000 * h->n_inputs(n) + 100 * h->n_outputs(n) + h->opset(n);
  return ONNXRUN_OK;
}

#define FLOATS ONNXRUN_TYPE(FLOAT)
static const onnxrun_operand everything_in[] = {
    {"X", FLOATS, 'T', 0},
    {"W", FLOATS, 'T', ONNXRUN_UNALIGNED},
    {"k", ONNXRUN_TYPE(INT64), 0, ONNXRUN_VALUE},
    {"absent", FLOATS, 'T', ONNXRUN_OPTIONAL_OPERAND},
    {"rest", FLOATS | ONNXRUN_TYPE(INT64), 'R', ONNXRUN_VARIADIC | ONNXRUN_MIXED},
    {0}};
static const onnxrun_operand everything_out[] = {
    {"Y", FLOATS, 'T', 0},
    {"Z", ONNXRUN_TYPE(INT64) | ONNXRUN_TYPE(INT32), 0, 0},
    {"unused", FLOATS, 'T', ONNXRUN_OPTIONAL_OPERAND},
    {0}};

#define ATTR(name, type, field, number, text)                                                      \
  {                                                                                                \
    name, ONNXRUN_ATTR_##type, 0, offsetof(struct everything, field), number, text                 \
  }
static const onnxrun_attr everything_attrs[] = {
    ATTR("f", FLOAT, f, 0.5, NULL),
    {"i", ONNXRUN_ATTR_INT, 1, offsetof(struct everything, i), 0, NULL},
    ATTR("missing", INT, missing, (double)ONNXRUN_ABSENT, NULL),
    ATTR("s", STRING, s, 0, "4"),
    ATTR("t", TENSOR, t, 0, NULL),
    ATTR("floats", FLOATS, floats, 0, NULL),
    ATTR("ints", INTS, ints, 0, NULL),
    ATTR("strings", STRINGS, strings, 0, NULL),
    ATTR("choice", ENUM, choice, 2, "none|one|two"),
    {"ignored", ONNXRUN_ATTR_IGNORED, 0, 0, 0, NULL},
    {0}};

static const onnxrun_kernel everything = {.size = sizeof(onnxrun_kernel),
                                          .domain = "v1",
                                          .op = "Everything",
                                          .since = 2,
                                          .until = 3,
                                          .inputs = everything_in,
                                          .outputs = everything_out,
                                          .attrs = everything_attrs,
                                          .params_size = offsetof(struct everything, packed),
                                          .plan_size = sizeof(struct everything),
                                          .prepare = everything_prepare,
                                          .pack = everything_pack,
                                          .shape = everything_shape,
                                          .run = everything_run};

/* ---- maps, a view, shapes, results of unknown shape ---------------------------------------- */

static onnxrun_status biased_shape(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  const onnxrun_tensor *x = h->input(n, 0);
  const onnxrun_status s = h->align(n, 1, 0);
  (void)params;
  return s == ONNXRUN_OK ? h->output(n, 0, x->rank, x->dims) : s;
}

static void biased_float(const onnxrun_job *job, size_t begin, size_t end)
{
  const float *x = job->in[0], *b = job->in[1];
  float *y = job->out[0];
  for (size_t i = begin; i < end; i++)
    y[i] = x[i * job->step[0]] + b[i * job->step[1]];
}

static void half_float(const onnxrun_job *job, size_t begin, size_t end)
{
  for (size_t i = begin; i < end; i++)
    ((float *)job->out[0])[i] = ((const float *)job->in[0])[i] / 2;
}

static onnxrun_status turned_shape(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  const int64_t dims[] = {1, (int64_t)onnxrun_elements(h->input(n, 0))};
  (void)params;
  return h->output(n, 0, 2, dims);
}

static onnxrun_status scalar_shape(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  (void)params;
  return h->output(n, 0, 0, NULL);
}

static onnxrun_status rank_run(const onnxrun_host *h, onnxrun_node *n, const void *params)
{
  (void)params;
  *(int64_t *)h->result(n, 0)->data = h->input(n, 0)->rank;
  return ONNXRUN_OK;
}

static onnxrun_status count_run(const onnxrun_host *h, onnxrun_node *n, const void *params)
{
  const onnxrun_status s = h->output(n, 0, 0, NULL);
  (void)params;
  if (s == ONNXRUN_OK)
    *(int64_t *)h->result(n, 0)->data = atomic_load(&held);
  return s;
}

static const onnxrun_operand floats_x[] = {{"X", FLOATS, 'T', 0}, {0}};
static const onnxrun_operand floats_xb[] = {{"X", FLOATS, 'T', 0}, {"B", FLOATS, 'T', 0}, {0}};
#define HALVES (FLOATS | ONNXRUN_TYPE(FLOAT16) | ONNXRUN_TYPE(BFLOAT16))
static const onnxrun_operand halves_x[] = {{"X", HALVES, 'T', 0}, {0}};
static const onnxrun_operand one_int[] = {{"Y", ONNXRUN_TYPE(INT64), 0, 0}, {0}};
static const onnxrun_loop biased_loops[] = {{ONNXRUN_FLOAT, biased_float}, {0}};
static const onnxrun_loop half_loops[] = {{ONNXRUN_FLOAT, half_float}, {0}};

#define OF(name) .size = sizeof(onnxrun_kernel), .domain = "v1", .op = name, .since = 1
static const onnxrun_kernel biased = {
    OF("Biased"),          .flags = ONNXRUN_MAP, .key = 1,
    .inputs = floats_xb,   .outputs = floats_x,  .shape = biased_shape,
    .loops = biased_loops, .item_cost = 2};
static const onnxrun_kernel half = {OF("Half"), .flags = ONNXRUN_MAP | ONNXRUN_BY_FLOAT,
                                    .inputs = halves_x, .outputs = halves_x, .loops = half_loops};
static const onnxrun_kernel turned = {OF("Turned"), .flags = ONNXRUN_VIEW, .inputs = floats_x,
                                      .outputs = floats_x, .shape = turned_shape};
static const onnxrun_kernel rank = {
    OF("Rank"),         .flags = ONNXRUN_SHAPE_ONLY, .inputs = floats_x,
    .outputs = one_int, .shape = scalar_shape,       .run = rank_run};
static const onnxrun_kernel count = {OF("Count"), .flags = ONNXRUN_RANDOM, .inputs = floats_x,
                                     .outputs = one_int, .run = count_run};

ONNXRUN_PLUGIN("v1", "1", &everything, &biased, &half, &turned, &rank, &count)
