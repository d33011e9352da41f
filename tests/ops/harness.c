/* harness.c: building a trial's model and comparing its runs; see harness.h. */
#undef NDEBUG
#include "tests/ops/harness.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "onx_isas.h"
#include "runtime/bind.h"
#include "runtime/passes/passes.h"
#include "tests/ops/runs.h"

/* ---- describing ------------------------------------------------------------------------------ */

trial *trial_new(const char *op, int32_t opset)
{
  trial *t = test_memory(sizeof *t);
  t->domain = "";
  t->op = op;
  t->opset = opset;
  return t;
}

static onx_attr *attr(trial *t, const char *name, onnxrun_attr_type type)
{
  uint32_t i = 0;
  while (i < t->n_attrs && !onx_text_equal(t->attrs[i].name, onx_text(name)))
    i++;
  assert(i < TRIAL_MOST);
  t->n_attrs += i == t->n_attrs;
  t->attrs[i] = (onx_attr){.name = onx_text(name), .type = type};
  return &t->attrs[i];
}

static void *copied(const void *from, size_t bytes)
{
  void *to = test_memory(bytes);
  if (bytes)
    memcpy(to, from, bytes);
  return to;
}

void trial_int(trial *t, const char *name, int64_t value)
{
  attr(t, name, ONNXRUN_ATTR_INT)->v.i = value;
}

void trial_float(trial *t, const char *name, float value)
{
  attr(t, name, ONNXRUN_ATTR_FLOAT)->v.f = value;
}

void trial_string(trial *t, const char *name, const char *value)
{
  attr(t, name, ONNXRUN_ATTR_STRING)->v.s = onx_text(value);
}

void trial_tensor(trial *t, const char *name, const onnxrun_tensor *value)
{
  attr(t, name, ONNXRUN_ATTR_TENSOR)->v.t = value;
}

void trial_ints(trial *t, const char *name, size_t n, const int64_t *values)
{
  attr(t, name, ONNXRUN_ATTR_INTS)->v.ints = (onnxrun_ints){copied(values, n * sizeof *values), n};
}

void trial_floats(trial *t, const char *name, size_t n, const float *values)
{
  attr(t, name, ONNXRUN_ATTR_FLOATS)->v.floats =
      (onnxrun_floats){copied(values, n * sizeof *values), n};
}

void trial_strings(trial *t, const char *name, size_t n, const char *const *values)
{
  onnxrun_string *s = test_memory(n * sizeof *s);
  for (size_t i = 0; i < n; i++)
    s[i] = onx_text(values[i]);
  attr(t, name, ONNXRUN_ATTR_STRINGS)->v.strings = (onnxrun_strings){s, n};
}

void trial_input(trial *t, const onnxrun_tensor *value)
{
  assert(t->n_in < TRIAL_MOST);
  t->in[t->n_in++] = value;
}

void trial_expect(trial *t, const onnxrun_tensor *value)
{
  assert(t->n_out < TRIAL_MOST);
  t->expected[t->n_out++] = value;
}

void trial_within_ulp(trial *t, double ulp)
{
  t->allowed = (tolerance){.ulp = ulp};
}

void trial_within(trial *t, double relative, double absolute)
{
  t->allowed = (tolerance){.relative = relative, .absolute = absolute};
}

void trial_clear(trial *t)
{
  t->n_in = t->n_out = 0;
}

/* ---- building -------------------------------------------------------------------------------- */

#define ONX_X(isa) #isa,
static const char *const isa_names[] = {ONX_ISAS(ONX_X) NULL};
#undef ONX_X

static onnxrun_registry *registries[16];

const onnxrun_registry *test_registry(size_t i)
{
  static size_t n_made;
  const bool is_first_call = n_made == 0;
  for (size_t k = 0; is_first_call && isa_names[k]; k++) {
    onnxrun_options o = ONNXRUN_OPTIONS_INIT;
    o.isa = isa_names[k];
    if (onnxrun_registry_create(&o, &registries[n_made], NULL) == ONNXRUN_OK)
      n_made++;
  }
  assert(n_made > 0);
  return i < n_made ? registries[i] : NULL;
}

void test_registry_add(const onnxrun_kernel *kernel)
{
  for (size_t i = 0; test_registry(i); i++) {
    const onnxrun_status s = onnxrun_registry_add(registries[i], kernel, NULL);
    assert(s == ONNXRUN_OK);
  }
}

/* A copy at an address that suits bytes only: how a weight lies in a file. Types that hold pointers
 * stay aligned. */
static const onnxrun_tensor *as_weight(onx_module *m, const onnxrun_tensor *t)
{
  const bool has_pointers = onnxrun_bits(t->dtype) == 128 && t->dtype != ONNXRUN_COMPLEX128;
  onnxrun_tensor *w = onx_pool_take(&m->pool, sizeof *w);
  char *data = onx_pool_take(&m->pool, t->bytes + 64);
  assert(w && data);
  *w = *t;
  w->data = data + (has_pointers ? 0 : 1);
  if (t->bytes)
    memcpy(w->data, t->data, t->bytes);
  return w;
}

static const int64_t any_dims[ONNXRUN_MAX_RANK] = {-1, -1, -1, -1, -1, -1, -1, -1,
                                                   -1, -1, -1, -1, -1, -1, -1, -1};

static uint32_t add_input(built *b, const onnxrun_tensor *t, bool is_constant)
{
  onx_graph *g = b->m.main;
  const uint32_t v = onx_graph_value(&b->m, g, onx_text("in"));
  assert(v != ONX_NONE);
  g->values[v].dtype = t->dtype;
  g->values[v].rank = (int32_t)t->rank;
  g->values[v].dims = is_constant ? t->dims : any_dims;
  if (is_constant)
    g->values[v].constant = as_weight(&b->m, t);
  else
    g->inputs[g->n_inputs++] = v;
  return v;
}

static void add_node(built *b, const trial *t, uint64_t constants)
{
  onx_graph *g = b->m.main;
  const uint32_t n_out = t->n_out ? t->n_out : 1;
  onx_node *node = onx_graph_node(&b->m, g, t->n_in, n_out, NULL);
  assert(node);
  node->op = onx_text(t->op);
  node->domain = onx_text(t->domain);
  node->opset = t->opset;
  node->n_attrs = t->n_attrs;
  node->attrs = (onx_attr *)t->attrs;
  for (uint32_t i = 0; i < t->n_in; i++)
    node->in[i] = t->in[i] ? add_input(b, t->in[i], constants >> i & 1) : ONX_NONE;
  for (uint32_t i = 0; i < n_out; i++) {
    if (t->n_out && !t->expected[i])
      continue;
    node->out[i] = onx_graph_value(&b->m, g, onx_text("out"));
    g->values[node->out[i]].producer = 0;
    g->outputs[g->n_outputs++] = node->out[i];
  }
}

static onnxrun_status pass_node(built *b, const onnxrun_registry *registry, onnxrun_error *error)
{
  onnxrun_status s = onx_pass_sort(&b->m, error);
  if (s == ONNXRUN_OK)
    s = onx_bind(&b->m, registry, error);
  if (s == ONNXRUN_OK)
    s = onx_pass_fold(&b->m, error);
  if (s == ONNXRUN_OK)
    s = onx_pass_dead(&b->m, error);
  return s == ONNXRUN_OK ? onx_packs_init(&b->packs, &b->m, error) : s;
}

onnxrun_status trial_build(const trial *t, const onnxrun_registry *registry, uint64_t constants,
                           built **out, onnxrun_error *error)
{
  void *object = NULL;
  const onnxrun_status made = onx_object_new(sizeof(built), NULL, "a trial", &object, NULL);
  assert(made == ONNXRUN_OK);
  built *b = object;
  b->m.pool.heap = &b->heap;
  b->m.limits = (onx_limits){100, 64};
  b->m.main = onx_graph_new(&b->m, NULL);
  assert(b->m.main);
  b->m.main->inputs = onx_pool_array(&b->m.pool, t->n_in, sizeof *b->m.main->inputs);
  b->m.main->outputs = onx_pool_array(&b->m.pool, t->n_out + 1, sizeof *b->m.main->outputs);
  assert(b->m.main->inputs && b->m.main->outputs && made == ONNXRUN_OK);
  add_node(b, t, constants);
  *out = b;
  return pass_node(b, registry, error);
}

void built_release(built *b)
{
  onx_packs_release(&b->packs);
  onx_pool_release(&b->m.pool);
  onx_object_release(b, sizeof *b);
}

/* ---- judging --------------------------------------------------------------------------------- */

/* Calls `one` with each choice of constant inputs that the header speaks of. */
static void each_choice(const trial *t,
                        void (*one)(const trial *t, const onnxrun_registry *r, uint64_t constants))
{
  const uint64_t all = (UINT64_C(1) << t->n_in) - 1;
  const onnxrun_registry *r;
  for (size_t isa = 0; (r = test_registry(isa)); isa++) {
    if (t->is_brief) {
      if (!test_registry(isa + 1))
        one(t, r, 0);
      continue;
    }
    for (uint64_t mask = 0; t->n_in <= 3 && mask <= all; mask++)
      one(t, r, mask);
    for (uint32_t i = 0; t->n_in > 3 && i < t->n_in; i++)
      one(t, r, UINT64_C(1) << i);
    if (t->n_in > 3) {
      one(t, r, 0);
      one(t, r, all);
    }
  }
}

static void pass_choice(const trial *t, const onnxrun_registry *r, uint64_t constants)
{
  built *b = NULL;
  onnxrun_error error = {0};
  if (trial_build(t, r, constants, &b, &error) != ONNXRUN_OK)
    test_fail(t, r, "constants %llx: building fails: %s", (unsigned long long)constants,
              error.text);
  run_and_compare(t, r, constants, b);
  if (constants == 0)
    run_by_item(t, r, b);
  built_release(b);
}

void trial_passes(const trial *t)
{
  assert(t->n_out > 0);
  each_choice(t, pass_choice);
}

static struct {
  onnxrun_status status;
  const char *fragment;
} failure;

static void fail_choice(const trial *t, const onnxrun_registry *r, uint64_t constants)
{
  built *b = NULL;
  onnxrun_error error = {0};
  onnxrun_status s = trial_build(t, r, constants, &b, &error);
  if (s == ONNXRUN_OK)
    s = run_once(t, b, constants, NULL, &error);
  if (s != failure.status)
    test_fail(t, r, "constants %llx: the status is '%s' (%s), expected '%s'",
              (unsigned long long)constants, onnxrun_status_text(s), error.text,
              onnxrun_status_text(failure.status));
  if (!strstr(error.text, failure.fragment))
    test_fail(t, r, "constants %llx: the text is '%s', expected '%s' in it",
              (unsigned long long)constants, error.text, failure.fragment);
  if (strlen(error.text) > 0 && error.text[strlen(error.text) - 1] == '.')
    test_fail(t, r, "the text ends with a full stop: '%s'", error.text);
  built_release(b);
}

void trial_fails(const trial *t, onnxrun_status status, const char *fragment)
{
  failure.status = status;
  failure.fragment = fragment;
  each_choice(t, fail_choice);
}

const onnxrun_tensor *trial_result(const trial *t, uint32_t i)
{
  onnxrun_tensor *out = test_memory(TRIAL_MOST * sizeof *out);
  built *b = NULL;
  onnxrun_error error = {0};
  onnxrun_status s = trial_build(t, test_registry(0), 0, &b, &error);
  if (s == ONNXRUN_OK)
    s = run_once(t, b, 0, out, &error);
  if (s != ONNXRUN_OK)
    test_fail(t, test_registry(0), "%s", error.text);
  built_release(b);
  return &out[i];
}
