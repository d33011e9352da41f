/* test_bind.c: the choice of a kernel by opset and types, and what is said when there is none. */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/support/toy.h"

#define IN TOY_IN
#define FLOATS (ONNXRUN_TYPE(FLOAT) | ONNXRUN_TYPE(DOUBLE))

/* What the kernels' prepare() last saw. */
static const onnxrun_kernel *chosen;

#define CHOSEN(name)                                                                               \
  static const onnxrun_kernel name;                                                                \
  static onnxrun_status name##_prepare(const onnxrun_host *h, onnxrun_node *n, void *params)       \
  {                                                                                                \
    (void)h;                                                                                       \
    (void)n;                                                                                       \
    (void)params;                                                                                  \
    chosen = &name;                                                                                \
    return ONNXRUN_OK;                                                                             \
  }

static onnxrun_status no_run(const onnxrun_host *h, onnxrun_node *n, const void *params)
{
  (void)params;
  return h->fail(n, ONNXRUN_RUN_FAILED, "not for running");
}

static const onnxrun_operand ab_in[] = {
    {"A", FLOATS, 'T', 0}, {"B", FLOATS, 'T', ONNXRUN_OPTIONAL_OPERAND}, {0}};
static const onnxrun_operand c_out[] = {{"C", FLOATS, 'T', 0}, {0}};
static const onnxrun_operand int_in[] = {{"A", ONNXRUN_TYPE(INT32), 'T', 0}, {0}};
static const onnxrun_operand int_out[] = {{"C", ONNXRUN_TYPE(INT32), 'T', 0}, {0}};

#define KERNEL(name, from, to, ins, outs)                                                          \
  CHOSEN(name)                                                                                     \
  static const onnxrun_kernel name = {.size = sizeof(onnxrun_kernel),                              \
                                      .domain = "toy",                                             \
                                      .op = "Pick",                                                \
                                      .since = (from),                                             \
                                      .until = (to),                                               \
                                      .inputs = ins,                                               \
                                      .outputs = outs,                                             \
                                      .prepare = name##_prepare,                                   \
                                      .run = no_run}

KERNEL(one_to_five, 1, 5, ab_in, c_out);
KERNEL(from_six, 6, 0, ab_in, c_out);
KERNEL(for_ints, 1, 0, int_in, int_out);

/* A graph of one node Pick(a, ...) of that opset; inputs of these types. */
static toy *with_pick(int32_t opset, size_t n, const onnxrun_dtype *types)
{
  toy *t = toy_new(0);
  uint32_t in[4];
  for (size_t i = 0; i < n; i++) {
    in[i] = types[i] == ONNXRUN_UNDEFINED ? ONX_NONE : toy_input(t, "in", 0, NULL);
    if (in[i] != ONX_NONE)
      t->g->values[in[i]].dtype = types[i];
  }
  const uint32_t y = toy_value(t, "y");
  toy_node(t, "Pick", (uint32_t)n, in, IN(y));
  t->g->nodes[0].opset = opset;
  toy_output(t, y);
  chosen = NULL;
  return t;
}

static void add(toy *t, const onnxrun_kernel *k)
{
  onnxrun_error error = {0};
  cr_assert_eq(onnxrun_registry_add(t->registry, k, &error), ONNXRUN_OK, "%s", error.text);
}

static void expect(toy *t, const onnxrun_kernel *k)
{
  onnxrun_error error = {0};
  cr_assert_eq(toy_build(t, &error), ONNXRUN_OK, "%s", error.text);
  cr_assert(chosen == k && t->g->nodes[0].kernel == k);
  toy_release(t);
}

static void refuse(toy *t, onnxrun_status status, const char *text)
{
  onnxrun_error error = {0};
  cr_assert_eq(toy_build(t, &error), status, "%s", error.text);
  cr_assert_str_eq(error.text, text);
  cr_assert_eq(toy_build(t, NULL), status);
  toy_release(t);
}

#define TYPES(...)                                                                                 \
  sizeof((onnxrun_dtype[]){__VA_ARGS__}) / sizeof(onnxrun_dtype), (onnxrun_dtype[])                \
  {                                                                                                \
    __VA_ARGS__                                                                                    \
  }

Test(bind, the_kernel_serves_the_nodes_opset)
{
  for (int32_t opset = 1; opset < 9; opset++) {
    toy *t = with_pick(opset, TYPES(ONNXRUN_FLOAT));
    add(t, &one_to_five);
    add(t, &from_six);
    expect(t, opset < 6 ? &one_to_five : &from_six);
  }
}

Test(bind, the_kernel_added_last_is_preferred)
{
  toy *t = with_pick(3, TYPES(ONNXRUN_FLOAT));
  static onnxrun_kernel other;
  other = one_to_five;
  other.prepare = NULL;
  add(t, &one_to_five);
  add(t, &other);
  onnxrun_error error = {0};
  cr_assert_eq(toy_build(t, &error), ONNXRUN_OK, "%s", error.text);
  cr_assert_eq(t->g->nodes[0].kernel, &other);
  toy_release(t);
}

Test(bind, the_next_kernel_is_tried_when_types_do_not_fit)
{
  toy *t = with_pick(7, TYPES(ONNXRUN_FLOAT));
  add(t, &from_six);
  add(t, &for_ints);
  expect(t, &from_six);
  t = with_pick(7, TYPES(ONNXRUN_INT32));
  add(t, &for_ints);
  add(t, &from_six);
  expect(t, &for_ints);
}

static onnxrun_status declines(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  (void)params;
  return h->fail(n, ONNXRUN_UNSUPPORTED, "not this one");
}

Test(bind, a_kernel_that_declines_leaves_the_node_to_the_next)
{
  static onnxrun_kernel picky;
  picky = from_six;
  picky.prepare = declines;
  toy *t = with_pick(7, TYPES(ONNXRUN_FLOAT));
  add(t, &from_six);
  add(t, &picky);
  expect(t, &from_six);
  t = with_pick(7, TYPES(ONNXRUN_FLOAT));
  add(t, &picky);
  refuse(t, ONNXRUN_UNSUPPORTED, "node 0 '' (toy::Pick): not this one");
}

Test(bind, an_unknown_operator_is_named_with_its_opset)
{
  refuse(with_pick(7, TYPES(ONNXRUN_FLOAT)), ONNXRUN_UNSUPPORTED,
         "node 0 '' (toy::Pick): operator of opset 7 is not supported");
}

Test(bind, an_opset_that_no_kernel_serves_is_named)
{
  toy *t = with_pick(7, TYPES(ONNXRUN_FLOAT));
  add(t, &one_to_five);
  refuse(t, ONNXRUN_UNSUPPORTED, "node 0 '' (toy::Pick): opset 7 is not supported");
}

Test(bind, a_type_that_no_kernel_takes_is_named)
{
  toy *t = with_pick(1, TYPES(ONNXRUN_INT64));
  add(t, &one_to_five);
  refuse(t, ONNXRUN_UNSUPPORTED,
         "node 0 '' (toy::Pick): input 0 'A' is int64, expected float, double");
}

Test(bind, inputs_of_one_variable_have_one_type)
{
  toy *t = with_pick(1, TYPES(ONNXRUN_FLOAT, ONNXRUN_DOUBLE));
  add(t, &one_to_five);
  refuse(t, ONNXRUN_INVALID_MODEL, "node 0 '' (toy::Pick): input 1 'B' is double, expected float");
}

Test(bind, a_missing_input_is_named)
{
  toy *t = with_pick(1, 0, NULL);
  add(t, &one_to_five);
  refuse(t, ONNXRUN_INVALID_MODEL,
         "node 0 '' (toy::Pick): input 0 'A' is absent, expected a value");
  t = with_pick(1, TYPES(ONNXRUN_UNDEFINED, ONNXRUN_FLOAT));
  add(t, &one_to_five);
  refuse(t, ONNXRUN_INVALID_MODEL,
         "node 0 '' (toy::Pick): input 0 'A' is absent, expected a value");
}

Test(bind, an_optional_input_may_be_absent)
{
  toy *t = with_pick(1, TYPES(ONNXRUN_FLOAT, ONNXRUN_UNDEFINED));
  add(t, &one_to_five);
  expect(t, &one_to_five);
}

Test(bind, inputs_and_outputs_past_the_last_are_refused)
{
  toy *t = with_pick(1, TYPES(ONNXRUN_FLOAT, ONNXRUN_FLOAT, ONNXRUN_FLOAT));
  add(t, &one_to_five);
  refuse(t, ONNXRUN_INVALID_MODEL,
         "node 0 '' (toy::Pick): input 2 is given, expected no such input");
  t = with_pick(1, 0, NULL);
  t->g->n_nodes = 0;
  const uint32_t x = toy_input(t, "x", 0, NULL);
  toy_node(t, "Pick", IN(x), IN(toy_value(t, "y"), toy_value(t, "z")));
  add(t, &one_to_five);
  refuse(t, ONNXRUN_INVALID_MODEL,
         "node 0 '' (toy::Pick): output 1 is named, expected no such output");
}

Test(bind, an_output_has_the_type_of_its_variable)
{
  toy *t = with_pick(1, TYPES(ONNXRUN_DOUBLE));
  add(t, &one_to_five);
  cr_assert_eq(toy_build(t, NULL), ONNXRUN_OK);
  cr_assert_eq(t->g->values[t->g->outputs[0]].dtype, ONNXRUN_DOUBLE);
  toy_release(t);
}

static const onnxrun_operand open_out[] = {{"C", ONNXRUN_TYPE(INT64) | ONNXRUN_TYPE(BOOL), 0, 0},
                                           {0}};

static onnxrun_status says_bool(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  (void)params;
  return h->type(n, 0, ONNXRUN_BOOL);
}

static onnxrun_status says_float(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  (void)params;
  return h->type(n, 0, ONNXRUN_FLOAT);
}

Test(bind, an_open_output_has_the_type_that_prepare_says)
{
  static onnxrun_kernel k;
  k = one_to_five;
  k.outputs = open_out;
  k.prepare = says_bool;
  toy *t = with_pick(1, TYPES(ONNXRUN_DOUBLE));
  add(t, &k);
  cr_assert_eq(toy_build(t, NULL), ONNXRUN_OK);
  cr_assert_eq(t->g->values[t->g->outputs[0]].dtype, ONNXRUN_BOOL);
  toy_release(t);
  k.prepare = says_float;
  t = with_pick(1, TYPES(ONNXRUN_DOUBLE));
  add(t, &k);
  refuse(t, ONNXRUN_UNSUPPORTED,
         "node 0 '' (toy::Pick): output 0 'C' is float, expected int64, bool");
  k.prepare = NULL;
  t = with_pick(1, TYPES(ONNXRUN_DOUBLE));
  add(t, &k);
  refuse(t, ONNXRUN_UNSUPPORTED,
         "node 0 '' (toy::Pick): output 0 'C' is undefined, expected int64, bool");
}

static const onnxrun_operand mixed_in[] = {
    {"A", FLOATS, 'T', 0}, {"rest", FLOATS, 'V', ONNXRUN_VARIADIC | ONNXRUN_MIXED}, {0}};
static const onnxrun_operand same_in[] = {
    {"A", FLOATS, 'T', 0}, {"rest", FLOATS, 'V', ONNXRUN_VARIADIC}, {0}};

Test(bind, variadic_inputs_have_one_type_unless_they_are_mixed)
{
  static onnxrun_kernel k;
  k = one_to_five;
  k.inputs = mixed_in;
  toy *t = with_pick(1, TYPES(ONNXRUN_FLOAT, ONNXRUN_DOUBLE, ONNXRUN_FLOAT));
  add(t, &k);
  cr_assert_eq(toy_build(t, NULL), ONNXRUN_OK);
  toy_release(t);
  k.inputs = same_in;
  t = with_pick(1, TYPES(ONNXRUN_FLOAT, ONNXRUN_DOUBLE, ONNXRUN_FLOAT));
  add(t, &k);
  refuse(t, ONNXRUN_INVALID_MODEL,
         "node 0 '' (toy::Pick): input 2 'rest' is float, expected double");
  t = with_pick(1, TYPES(ONNXRUN_FLOAT));
  add(t, &k);
  refuse(t, ONNXRUN_INVALID_MODEL,
         "node 0 '' (toy::Pick): input 1 'rest' is absent, expected a value");
}

/* ---- alignment ------------------------------------------------------------------------------- */

static onnxrun_tensor *odd_tensor(toy *t)
{
  char *bytes = onx_pool_take(&t->m.pool, 64);
  onnxrun_tensor *c = onx_pool_take(&t->m.pool, sizeof *c);
  cr_assert(bytes && c);
  const float values[] = {1, 2, 3};
  memcpy(bytes + 1, values, sizeof values);
  *c = (onnxrun_tensor){ONNXRUN_FLOAT, 1, {3}, bytes + 1, sizeof values};
  return c;
}

Test(bind, a_constant_that_lies_unaligned_is_copied_unless_the_kernel_reads_it_there)
{
  for (int reads_unaligned = 0; reads_unaligned < 2; reads_unaligned++) {
    onnxrun_operand in[2] = {{"A", FLOATS, 'T', reads_unaligned ? ONNXRUN_UNALIGNED : 0}, {0}};
    onnxrun_kernel k = one_to_five;
    k.inputs = in;
    toy *t = with_pick(1, TYPES(ONNXRUN_FLOAT));
    onx_value *v = &t->g->values[t->g->inputs[0]];
    const onnxrun_tensor *odd = v->constant = odd_tensor(t);
    add(t, &k);
    cr_assert_eq(toy_build(t, NULL), ONNXRUN_OK);
    cr_assert_eq(v->constant == odd, reads_unaligned);
    cr_assert_eq(memcmp(v->constant->data, odd->data, odd->bytes), 0);
    toy_release(t);
  }
}

static bool has_data;

static onnxrun_status looks_at_data(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  (void)params;
  has_data = h->input(n, 0)->data != NULL;
  return ONNXRUN_OK;
}

Test(bind, a_constant_without_elements_is_known)
{
  for (int reads_unaligned = 0; reads_unaligned < 2; reads_unaligned++) {
    onnxrun_operand in[2] = {{"A", FLOATS, 'T', reads_unaligned ? ONNXRUN_UNALIGNED : 0}, {0}};
    onnxrun_kernel k = one_to_five;
    k.inputs = in;
    k.prepare = looks_at_data;
    toy *t = with_pick(1, TYPES(ONNXRUN_FLOAT));
    static const onnxrun_tensor empty = {.dtype = ONNXRUN_FLOAT, .rank = 1};
    t->g->values[t->g->inputs[0]].constant = &empty;
    add(t, &k);
    has_data = false;
    cr_assert_eq(toy_build(t, NULL), ONNXRUN_OK);
    cr_assert(has_data);
    toy_release(t);
  }
}

typedef struct held {
  const onnxrun_tensor *value;
} held;

static const onnxrun_attr held_attrs[] = {
    {"value", ONNXRUN_ATTR_TENSOR, 1, offsetof(held, value), 0, NULL}, {0}};

Test(bind, a_tensor_attribute_that_lies_unaligned_is_copied)
{
  onnxrun_kernel k = one_to_five;
  k.attrs = held_attrs;
  k.params_size = sizeof(held);
  toy *t = with_pick(1, TYPES(ONNXRUN_FLOAT));
  toy_attr(
      t, (onx_attr){.name = onx_text("value"), .type = ONNXRUN_ATTR_TENSOR, .v.t = odd_tensor(t)});
  add(t, &k);
  cr_assert_eq(toy_build(t, NULL), ONNXRUN_OK);
  const held *params = t->g->nodes[0].params;
  cr_assert_eq((uintptr_t)params->value->data % sizeof(float), 0);
  cr_assert_eq(((const float *)params->value->data)[2], 3);
  toy_release(t);
}
