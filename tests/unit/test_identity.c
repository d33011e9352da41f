/* test_identity.c: nodes that change nothing, and those that only seem so. */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/support/toy.h"

#define IN TOY_IN

static const int64_t dims[] = {2, 3};

/* x, float[2,3] or of free dims, through Square, the node under test and Square again. */
typedef struct trial {
  toy *t;
  uint32_t before, after;
} trial;

static trial begin(const int64_t *shape)
{
  trial r = {.t = toy_new(0)};
  const uint32_t x = toy_input(r.t, "x", shape ? 2 : -1, shape);
  r.before = toy_value(r.t, "before");
  r.after = toy_value(r.t, "after");
  toy_node(r.t, "Square", IN(x), IN(r.before));
  return r;
}

/* The node under test: an operator of ONNX's. */
static void put(trial *r, const char *op, int32_t opset, uint32_t n_in, const uint32_t *in)
{
  toy_node(r->t, op, n_in, in, IN(r->after));
  onx_node *node = &r->t->g->nodes[r->t->g->n_nodes - 1];
  node->domain = onx_text("");
  node->opset = opset;
}

static uint32_t ints(trial *r, size_t n, const int64_t *items)
{
  const uint32_t v = toy_value(r->t, "ints");
  onnxrun_tensor *c = onx_pool_take(&r->t->m.pool, sizeof *c);
  *c = (onnxrun_tensor){ONNXRUN_INT64, 1, {(int64_t)n}, (void *)(uintptr_t)items, 8 * n};
  r->t->g->values[v].dtype = ONNXRUN_INT64;
  r->t->g->values[v].constant = c;
  return v;
}
#define INTS(r, ...)                                                                               \
  ints(r, sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t), (const int64_t[]){__VA_ARGS__})

static onx_attr ints_attr(const char *name, size_t n, const int64_t *items)
{
  return (onx_attr){
      .name = onx_text(name), .type = ONNXRUN_ATTR_INTS, .v.ints = {.items = items, .size = n}};
}

/* Whether the node is taken out, and the last one reads what it read. */
static bool goes(trial *r)
{
  toy *t = r->t;
  onnxrun_error error = {0};
  const uint32_t y = toy_value(t, "y");
  toy_node(t, "Square", IN(r->after), IN(y));
  toy_output(t, y);
  cr_assert_eq(toy_build(t, &error), ONNXRUN_OK, "%s", error.text);
  cr_assert_eq(onx_pass_fold(&t->m, &error), ONNXRUN_OK, "%s", error.text);
  cr_assert_eq(onx_pass_identity(&t->m, &error), ONNXRUN_OK, "%s", error.text);
  const onx_graph *g = t->m.main;
  cr_assert(g->n_nodes == 2 || g->n_nodes == 3);
  const bool is_gone = g->n_nodes == 2;
  cr_assert_eq(g->nodes[g->n_nodes - 1].in[0], is_gone ? r->before : r->after);
  cr_assert_eq(g->values[y].producer, g->n_nodes - 1);
  toy_release(t);
  return is_gone;
}

Test(identity, identity_goes_whatever_its_dims)
{
  trial r = begin(NULL);
  put(&r, "Identity", 17, IN(r.before));
  cr_assert(goes(&r));
}

Test(identity, an_operator_of_another_domain_stays)
{
  trial r = begin(NULL);
  toy_node(r.t, "Same", IN(r.before), IN(r.after));
  cr_assert_not(goes(&r));
}

Test(identity, a_cast_goes_when_the_type_is_the_same)
{
  trial r = begin(NULL);
  put(&r, "Cast", 17, IN(r.before));
  toy_attr(r.t, toy_int("to", ONNXRUN_FLOAT));
  cr_assert(goes(&r));
}

Test(identity, a_cast_to_another_type_stays)
{
  toy *t = toy_new(0);
  const uint32_t x = toy_input(t, "x", -1, NULL), y = toy_value(t, "y");
  toy_node(t, "Cast", IN(x), IN(y));
  t->g->nodes[0].domain = onx_text("");
  t->g->nodes[0].opset = 17;
  toy_attr(t, toy_int("to", ONNXRUN_DOUBLE));
  toy_output(t, y);
  cr_assert_eq(toy_build(t, NULL), ONNXRUN_OK);
  cr_assert_eq(onx_pass_identity(&t->m, NULL), ONNXRUN_OK);
  cr_assert_eq(t->m.main->n_nodes, 1);
  toy_release(t);
}

Test(identity, a_reshape_goes_only_when_the_dims_are_known_and_the_same)
{
  trial r = begin(dims);
  put(&r, "Reshape", 17, IN(r.before, INTS(&r, 2, -1)));
  cr_assert(goes(&r));
  r = begin(dims);
  put(&r, "Reshape", 17, IN(r.before, INTS(&r, 3, 2)));
  cr_assert_not(goes(&r));
  r = begin((const int64_t[]){-1, 3});
  put(&r, "Reshape", 17, IN(r.before, INTS(&r, 2, 3)));
  cr_assert_not(goes(&r));
}

Test(identity, dims_that_the_file_claims_are_not_believed)
{
  trial r = begin(NULL);
  put(&r, "Reshape", 17, IN(r.before, INTS(&r, 2, 3)));
  for (uint32_t v = r.before; v <= r.after; v++) {
    r.t->g->values[v].rank = 2;
    r.t->g->values[v].dims = dims;
  }
  cr_assert_not(goes(&r));
}

Test(identity, a_transpose_goes_when_it_keeps_the_order)
{
  trial r = begin(NULL);
  put(&r, "Transpose", 17, IN(r.before));
  toy_attr(r.t, ints_attr("perm", 2, (const int64_t[]){0, 1}));
  cr_assert(goes(&r));
  r = begin(NULL);
  put(&r, "Transpose", 17, IN(r.before));
  toy_attr(r.t, ints_attr("perm", 2, (const int64_t[]){1, 0}));
  cr_assert_not(goes(&r));
  r = begin(dims);
  put(&r, "Transpose", 17, IN(r.before));
  cr_assert_not(goes(&r));
}

Test(identity, a_slice_goes_when_it_takes_all)
{
  trial r = begin(NULL);
  put(&r, "Slice", 17, IN(r.before, INTS(&r, 0), INTS(&r, INT64_MAX), INTS(&r, 1)));
  cr_assert(goes(&r));
  r = begin(dims);
  put(&r, "Slice", 17, IN(r.before, INTS(&r, 0), INTS(&r, 3), INTS(&r, 1)));
  cr_assert(goes(&r));
  r = begin(dims);
  put(&r, "Slice", 17, IN(r.before, INTS(&r, 1), INTS(&r, 3), INTS(&r, 1)));
  cr_assert_not(goes(&r));
  r = begin(NULL);
  put(&r, "Slice", 17, IN(r.before, INTS(&r, 1), INTS(&r, INT64_MAX), INTS(&r, 1)));
  cr_assert_not(goes(&r));
}

Test(identity, a_slice_that_turns_over_keeps_the_dims_and_stays)
{
  trial r = begin(dims);
  put(&r, "Slice", 17, IN(r.before, INTS(&r, 2), INTS(&r, INT64_MIN), INTS(&r, 1), INTS(&r, -1)));
  cr_assert_not(goes(&r));
}

Test(identity, a_concat_of_one_goes_and_of_two_stays)
{
  trial r = begin(NULL);
  put(&r, "Concat", 17, IN(r.before));
  toy_attr(r.t, toy_int("axis", 0));
  cr_assert(goes(&r));
  r = begin(NULL);
  put(&r, "Concat", 17, IN(r.before, r.before));
  toy_attr(r.t, toy_int("axis", 0));
  cr_assert_not(goes(&r));
}

Test(identity, a_flatten_of_two_dims_goes)
{
  trial r = begin(dims);
  put(&r, "Flatten", 17, IN(r.before));
  cr_assert(goes(&r));
}

/* Operators that this registry need not have, so that the rule is tested by itself. */
static onnxrun_status same_shape(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  (void)params;
  return h->output(n, 0, h->input(n, 0)->rank, h->input(n, 0)->dims);
}

static const onnxrun_operand any_in[] = {
    {"data", ONNXRUN_TYPE(FLOAT), 'T', 0},
    {"ratio", ONNXRUN_TYPE(INT64) | ONNXRUN_TYPE(FLOAT), 0, ONNXRUN_OPTIONAL_OPERAND},
    {"mode", ONNXRUN_TYPE(BOOL) | ONNXRUN_TYPE(FLOAT), 0, ONNXRUN_OPTIONAL_OPERAND},
    {0}};
static const onnxrun_operand any_out[] = {
    {"output", ONNXRUN_TYPE(FLOAT), 'T', 0},
    {"mask", ONNXRUN_TYPE(FLOAT), 'T', ONNXRUN_OPTIONAL_OPERAND},
    {0}};
static const onnxrun_attr any_attrs[] = {{"is_test", ONNXRUN_ATTR_IGNORED, 0, 0, 0, NULL},
                                         {"pads", ONNXRUN_ATTR_IGNORED, 0, 0, 0, NULL},
                                         {0}};

static onnxrun_status nothing_to_run(const onnxrun_host *h, onnxrun_node *n, const void *params)
{
  (void)h;
  (void)n;
  (void)params;
  return ONNXRUN_OK;
}

static trial begin_with(onnxrun_kernel *k, const char *op)
{
  trial r = begin(NULL);
  *k = (onnxrun_kernel){.size = sizeof *k,
                        .domain = "",
                        .op = op,
                        .since = 1,
                        .inputs = any_in,
                        .outputs = any_out,
                        .attrs = any_attrs,
                        .shape = same_shape,
                        .run = nothing_to_run};
  cr_assert_eq(onnxrun_registry_add(r.t->registry, k, NULL), ONNXRUN_OK);
  return r;
}

Test(identity, a_dropout_goes_outside_training)
{
  onnxrun_kernel k;
  trial r = begin_with(&k, "Dropout");
  put(&r, "Dropout", 13, IN(r.before));
  cr_assert(goes(&r));
  r = begin_with(&k, "Dropout");
  put(&r, "Dropout", 6, IN(r.before));
  toy_attr(r.t, toy_int("is_test", 1));
  cr_assert(goes(&r));
  r = begin_with(&k, "Dropout");
  put(&r, "Dropout", 6, IN(r.before));
  cr_assert_not(goes(&r));
}

static uint32_t flag(trial *r, bool *data)
{
  const uint32_t v = INTS(r, 1);
  onnxrun_tensor *c = (onnxrun_tensor *)(uintptr_t)r->t->g->values[v].constant;
  *c = (onnxrun_tensor){ONNXRUN_BOOL, 0, {0}, data, 1};
  r->t->g->values[v].dtype = ONNXRUN_BOOL;
  return v;
}

Test(identity, a_dropout_that_trains_or_might_stays)
{
  onnxrun_kernel k;
  bool no = false, yes = true;
  trial r = begin_with(&k, "Dropout");
  put(&r, "Dropout", 13, IN(r.before, ONX_NONE, flag(&r, &no)));
  cr_assert(goes(&r));
  r = begin_with(&k, "Dropout");
  put(&r, "Dropout", 13, IN(r.before, ONX_NONE, flag(&r, &yes)));
  cr_assert_not(goes(&r));
  r = begin_with(&k, "Dropout");
  put(&r, "Dropout", 13, IN(r.before, ONX_NONE, toy_input(r.t, "mode", -1, NULL)));
  cr_assert_not(goes(&r));
}

Test(identity, a_dropout_whose_mask_is_read_stays)
{
  onnxrun_kernel k;
  trial r = begin_with(&k, "Dropout");
  put(&r, "Dropout", 13, IN(r.before));
  onx_node *node = &r.t->g->nodes[r.t->g->n_nodes - 1];
  const uint32_t mask = toy_value(r.t, "mask");
  node->out = onx_pool_array(&r.t->m.pool, 2, sizeof *node->out);
  node->out[0] = r.after;
  node->out[1] = mask;
  node->n_out = 2;
  toy_output(r.t, mask);
  cr_assert_not(goes(&r));
}

Test(identity, a_pad_by_nothing_goes)
{
  onnxrun_kernel k;
  trial r = begin_with(&k, "Pad");
  put(&r, "Pad", 13, IN(r.before, INTS(&r, 0, 0, 0, 0)));
  cr_assert(goes(&r));
  r = begin_with(&k, "Pad");
  put(&r, "Pad", 13, IN(r.before, INTS(&r, 1, 0, -1, 0))); /* shifts, with the same dims */
  cr_assert_not(goes(&r));
  r = begin_with(&k, "Pad");
  put(&r, "Pad", 2, IN(r.before));
  toy_attr(r.t, ints_attr("pads", 2, (const int64_t[]){0, 0}));
  cr_assert(goes(&r));
  r = begin_with(&k, "Pad");
  put(&r, "Pad", 2, IN(r.before));
  toy_attr(r.t, ints_attr("pads", 2, (const int64_t[]){0, 1}));
  cr_assert_not(goes(&r));
}

Test(identity, a_tile_by_ones_goes)
{
  onnxrun_kernel k;
  trial r = begin_with(&k, "Tile");
  put(&r, "Tile", 13, IN(r.before, INTS(&r, 1, 1)));
  cr_assert(goes(&r));
  r = begin_with(&k, "Tile");
  put(&r, "Tile", 13, IN(r.before, INTS(&r, 1, 2)));
  cr_assert_not(goes(&r));
}

/* ---- outputs ---- */

static const onx_graph *clean(toy *t)
{
  onnxrun_error error = {0};
  for (size_t i = 0; i < t->g->n_nodes; i++) {
    if (onx_text_equal(t->g->nodes[i].op, onx_text("Identity"))) {
      t->g->nodes[i].domain = onx_text("");
      t->g->nodes[i].opset = 17;
    }
  }
  cr_assert_eq(toy_build(t, &error), ONNXRUN_OK, "%s", error.text);
  cr_assert_eq(onx_pass_identity(&t->m, &error), ONNXRUN_OK, "%s", error.text);
  return t->m.main;
}

Test(identity, an_output_is_made_by_the_node_before_and_keeps_its_name)
{
  toy *t = toy_new(0);
  const uint32_t x = toy_input(t, "x", -1, NULL), a = toy_value(t, "a"), y = toy_value(t, "y");
  const uint32_t z = toy_value(t, "z");
  toy_node(t, "Square", IN(x), IN(a));
  toy_node(t, "Identity", IN(a), IN(y));
  toy_node(t, "Square", IN(a), IN(z));
  toy_output(t, y);
  toy_output(t, z);
  const onx_graph *g = clean(t);
  cr_assert_eq(g->n_nodes, 2);
  cr_assert(g->outputs[0] == y && g->nodes[0].out[0] == y && g->values[y].producer == 0);
  cr_assert(g->nodes[1].in[0] == y && g->values[a].producer == ONX_NONE);
  toy_release(t);
}

Test(identity, outputs_that_are_an_input_or_another_output_keep_their_node)
{
  toy *t = toy_new(0);
  const uint32_t x = toy_input(t, "x", -1, NULL), a = toy_value(t, "a"), b = toy_value(t, "b");
  const uint32_t c = toy_value(t, "c"), d = toy_value(t, "d");
  toy_node(t, "Identity", IN(x), IN(a));
  toy_node(t, "Square", IN(x), IN(b));
  toy_node(t, "Identity", IN(b), IN(c));
  toy_node(t, "Identity", IN(c), IN(d));
  toy_output(t, a);
  toy_output(t, b);
  toy_output(t, d);
  const onx_graph *g = clean(t);
  cr_assert_eq(g->n_nodes, 3, "%zu", g->n_nodes);
  cr_assert(g->values[a].producer == 0 && g->values[b].producer == 1 && g->values[d].producer == 2);
  cr_assert_eq(g->nodes[2].in[0], b);
  toy_release(t);
}

Test(identity, what_a_subgraph_reads_is_renamed)
{
  toy *t = toy_new(0);
  const uint32_t x = toy_input(t, "x", -1, NULL), a = toy_value(t, "a"), y = toy_value(t, "y");
  toy_node(t, "Identity", IN(x), IN(a));
  toy_node(t, "Square", IN(x), IN(y));
  toy_output(t, y);
  onx_graph *sub = toy_subgraph(t, "body");
  const uint32_t captured = toy_capture(t, a);
  t->g = t->m.main;
  t->g->nodes[0].domain = onx_text("");
  t->g->nodes[0].opset = 17;
  const onnxrun_kernel *const *square = &toy_kernels[1];
  for (size_t i = 0; i < 2; i++)
    t->g->nodes[i].kernel = *square;
  t->g->values[a].dtype = ONNXRUN_FLOAT;
  cr_assert_eq(onx_pass_identity(&t->m, NULL), ONNXRUN_OK);
  cr_assert(t->m.main->n_nodes == 1 && sub->values[captured].capture == x);
  toy_release(t);
}

Test(identity, no_memory_is_reported)
{
  toy *t = toy_new(0);
  t->heap.max_bytes = t->heap.bytes;
  cr_assert_eq(onx_pass_identity(&t->m, NULL), ONNXRUN_LIMIT);
  toy_release(t);
}
