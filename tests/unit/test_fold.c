/* test_fold.c: what is computed when a model is built. */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/support/toy.h"

#define IN TOY_IN

static const float data[] = {1, -2, 3};

static void add(toy *t, const onnxrun_kernel *k)
{
  onnxrun_error error = {0};
  cr_assert_eq(onnxrun_registry_add(t->registry, k, &error), ONNXRUN_OK, "%s", error.text);
}

/* Binds, folds, and takes out what is folded. */
static void fold(toy *t)
{
  onnxrun_error error = {0};
  cr_assert_eq(toy_build(t, &error), ONNXRUN_OK, "%s", error.text);
  cr_assert_eq(onx_pass_fold(&t->m, &error), ONNXRUN_OK, "%s", error.text);
  cr_assert_eq(onx_pass_dead(&t->m, &error), ONNXRUN_OK, "%s", error.text);
}

static const onnxrun_tensor *constant(const toy *t, uint32_t v)
{
  const onnxrun_tensor *c = t->m.main->values[v].constant;
  cr_assert_not_null(c);
  return c;
}

Test(fold, a_chain_on_constants_becomes_a_constant)
{
  toy *t = toy_new(0);
  const uint32_t c = toy_constant(t, 3, data), p = toy_value(t, "p"), q = toy_value(t, "q");
  toy_node(t, "Square", IN(c), IN(p));
  toy_node(t, "Add", IN(p, c), IN(q));
  toy_output(t, q);
  fold(t);
  cr_assert_eq(t->m.main->n_nodes, 0);
  const onnxrun_tensor *r = constant(t, q);
  const float expected[] = {2, 2, 12};
  cr_assert(r->rank == 1 && r->dims[0] == 3 && r->bytes == sizeof expected);
  cr_assert_arr_eq((const float *)r->data, expected, sizeof expected);
  cr_assert_eq((uintptr_t)r->data % 16, 0);
  cr_assert_eq(t->m.main->values[q].producer, ONX_NONE);
  toy_release(t);
}

Test(fold, a_node_that_reads_an_input_stays_and_reads_the_constant)
{
  toy *t = toy_new(0);
  const uint32_t x = toy_input(t, "x", -1, NULL), c = toy_constant(t, 3, data);
  const uint32_t p = toy_value(t, "p"), q = toy_value(t, "q");
  toy_node(t, "Square", IN(c), IN(p));
  toy_node(t, "Add", IN(p, x), IN(q));
  toy_output(t, q);
  fold(t);
  cr_assert_eq(t->m.main->n_nodes, 1);
  cr_assert_eq(((const float *)constant(t, p)->data)[1], 4);
  cr_assert_null(t->m.main->values[q].constant);
  cr_assert_eq(t->m.main->values[q].producer, 0);
  toy_release(t);
}

Test(fold, a_result_whose_shape_depends_on_data_is_folded)
{
  toy *t = toy_new(0);
  const uint32_t c = toy_constant(t, 3, data), p = toy_value(t, "p"), q = toy_value(t, "q");
  toy_node(t, "Positive", IN(c), IN(p));
  toy_node(t, "Rows", IN(p), IN(q));
  toy_output(t, q);
  fold(t);
  cr_assert_eq(constant(t, p)->dims[0], 2);
  cr_assert_eq(*(const float *)constant(t, q)->data, 4);
  toy_release(t);
}

Test(fold, a_view_shares_its_constants_memory)
{
  toy *t = toy_new(0);
  const uint32_t c = toy_constant(t, 3, data), p = toy_value(t, "p");
  toy_node(t, "Same", IN(c), IN(p));
  toy_output(t, p);
  fold(t);
  cr_assert_eq(constant(t, p)->data, constant(t, c)->data);
  toy_release(t);
}

Test(fold, what_fails_is_left_to_the_run)
{
  toy *t = toy_new(0);
  const uint32_t c = toy_constant(t, 3, data), p = toy_value(t, "p"), q = toy_value(t, "q");
  toy_node(t, "Fail", IN(c), IN(p));
  toy_node(t, "Square", IN(p), IN(q));
  toy_output(t, q);
  fold(t);
  cr_assert_eq(t->m.main->n_nodes, 2);
  cr_assert_null(t->m.main->values[p].constant);
  toy_release(t);
}

Test(fold, constants_that_do_not_broadcast_are_left_to_the_run)
{
  toy *t = toy_new(0);
  const uint32_t c = toy_constant(t, 3, data), d = toy_constant(t, 2, data);
  const uint32_t p = toy_value(t, "p");
  toy_node(t, "Add", IN(c, d), IN(p));
  toy_output(t, p);
  fold(t);
  cr_assert_eq(t->m.main->n_nodes, 1);
  toy_release(t);
}

Test(fold, a_constant_without_elements_folds)
{
  toy *t = toy_new(0);
  const uint32_t c = toy_constant(t, 0, data), p = toy_value(t, "p"), q = toy_value(t, "q");
  const uint32_t r = toy_value(t, "r");
  ((onnxrun_tensor *)(uintptr_t)t->g->values[c].constant)->data = NULL;
  toy_node(t, "Square", IN(c), IN(p));
  toy_node(t, "Same", IN(c), IN(q));
  toy_node(t, "Positive", IN(q), IN(r));
  toy_output(t, p);
  toy_output(t, r);
  fold(t);
  cr_assert(constant(t, p)->dims[0] == 0 && constant(t, p)->bytes == 0);
  cr_assert(constant(t, p)->data && constant(t, q)->data && constant(t, r)->data);
  toy_release(t);
}

static const onnxrun_operand x_in[] = {{"X", ONNXRUN_TYPE(FLOAT), 'T', 0}, {0}};
static const onnxrun_operand none_in[] = {{0}};
static const onnxrun_operand y_out[] = {{"Y", ONNXRUN_TYPE(FLOAT), 'T', 0}, {0}};

static size_t huge_runs;

static onnxrun_status huge_shape(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  (void)params;
  static const int64_t dims[] = {(int64_t)1 << 30};
  return h->output(n, 0, 1, dims);
}

static onnxrun_status huge_run(const onnxrun_host *h, onnxrun_node *n, const void *params)
{
  (void)h;
  (void)n;
  (void)params;
  huge_runs++;
  return ONNXRUN_OK;
}

Test(fold, a_large_result_is_made_by_every_run)
{
  const onnxrun_kernel huge = {.size = sizeof huge,
                               .domain = "toy",
                               .op = "Huge",
                               .since = 1,
                               .inputs = x_in,
                               .outputs = y_out,
                               .shape = huge_shape,
                               .run = huge_run};
  toy *t = toy_new(0);
  add(t, &huge);
  const uint32_t c = toy_constant(t, 3, data), p = toy_value(t, "p");
  toy_node(t, "Huge", IN(c), IN(p));
  toy_output(t, p);
  fold(t);
  cr_assert(t->m.main->n_nodes == 1 && huge_runs == 0);
  toy_release(t);
}

typedef struct held {
  const onnxrun_tensor *value;
} held;

static const onnxrun_attr held_attrs[] = {
    {"value", ONNXRUN_ATTR_TENSOR, 1, offsetof(held, value), 0, NULL}, {0}};

static onnxrun_status constant_type(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  (void)params;
  return h->type(n, 0, ONNXRUN_FLOAT);
}

static onnxrun_status must_not_run(const onnxrun_host *h, onnxrun_node *n, const void *params)
{
  (void)params;
  return h->fail(n, ONNXRUN_RUN_FAILED, "the tensor is used where it is");
}

Test(fold, the_tensor_of_a_constant_node_is_used_where_it_is)
{
  const onnxrun_kernel k = {.size = sizeof k,
                            .domain = "",
                            .op = "Constant",
                            .since = 1,
                            .inputs = none_in,
                            .outputs = y_out,
                            .attrs = held_attrs,
                            .params_size = sizeof(held),
                            .prepare = constant_type,
                            .run = must_not_run};
  toy *t = toy_new(0);
  add(t, &k);
  const uint32_t c = toy_constant(t, 3, data), p = toy_value(t, "p"), q = toy_value(t, "q");
  const onnxrun_tensor *tensor = t->g->values[c].constant;
  toy_node(t, "Constant", 0, NULL, IN(p));
  t->g->nodes[0].domain = onx_text("");
  toy_attr(t, (onx_attr){.name = onx_text("value"), .type = ONNXRUN_ATTR_TENSOR, .v.t = tensor});
  toy_node(t, "Square", IN(p), IN(q));
  toy_output(t, p);
  toy_output(t, q);
  fold(t);
  cr_assert_eq(t->m.main->n_nodes, 0);
  cr_assert_eq(constant(t, p)->data, tensor->data);
  cr_assert_eq(((const float *)constant(t, q)->data)[2], 9);
  toy_release(t);
}

Test(fold, a_node_with_an_output_that_nobody_reads_is_folded)
{
  toy *t = toy_new(0);
  const uint32_t c = toy_constant(t, 3, data), p = toy_value(t, "p");
  toy_node(t, "Same", IN(c), IN(p, ONX_NONE));
  toy_output(t, p);
  fold(t);
  cr_assert_eq(t->m.main->n_nodes, 0);
  toy_release(t);
}

Test(fold, no_memory_is_reported_or_leaves_the_node)
{
  for (size_t room = 0; room < 200000; room += 2000) {
    toy *t = toy_new(0);
    const uint32_t c = toy_constant(t, 3, data);
    for (int i = 0; i < 50; i++) {
      const uint32_t p = toy_value(t, "p");
      toy_node(t, i % 2 ? "Add" : "Square", (uint32_t)(i % 2) + 1, (uint32_t[]){c, c}, IN(p));
      toy_output(t, p);
    }
    cr_assert_eq(toy_build(t, NULL), ONNXRUN_OK);
    t->heap.max_bytes = t->heap.bytes + room;
    onnxrun_error error = {0};
    const onnxrun_status s = onx_pass_fold(&t->m, &error);
    cr_assert(s == ONNXRUN_OK || s == ONNXRUN_LIMIT, "%s", error.text);
    toy_release(t);
  }
}

/* ---- dims that every run has ---- */

static const onx_graph *fold_dims(toy *t, const int64_t *dims)
{
  const uint32_t x = toy_input(t, "x", 2, dims), a = toy_value(t, "a"), b = toy_value(t, "b");
  const uint32_t d = toy_value(t, "d"), r = toy_value(t, "r");
  toy_node(t, "Square", IN(x), IN(a));
  toy_node(t, "Rows", IN(a), IN(b));
  toy_node(t, "Dims", IN(b), IN(d));
  toy_node(t, "Positive", IN(b), IN(r));
  toy_output(t, d);
  toy_output(t, r);
  fold(t);
  return t->m.main;
}

Test(fold, dims_come_from_the_inputs_and_a_shape_becomes_a_constant)
{
  toy *t = toy_new(0);
  const onx_graph *g = fold_dims(t, (const int64_t[]){5, 3});
  const uint32_t d = g->outputs[0], r = g->outputs[1], b = g->nodes[1].out[0];
  cr_assert_eq(g->n_nodes, 3);
  cr_assert_eq(*(const int64_t *)constant(t, d)->data, 5);
  cr_assert(g->values[b].known_rank == 1 && g->values[b].known_dims[0] == 5);
  cr_assert_eq(g->values[r].known_rank, -1, "it depends on data");
  toy_release(t);
}

Test(fold, dims_that_are_free_stay_unknown)
{
  toy *t = toy_new(0);
  const onx_graph *g = fold_dims(t, (const int64_t[]){5, -1});
  cr_assert_eq(g->n_nodes, 4);
  cr_assert_null(g->values[g->outputs[0]].constant);
  cr_assert_eq(g->values[g->nodes[0].out[0]].known_rank, -1);
  toy_release(t);
}

Test(fold, what_the_file_says_of_values_between_is_not_believed)
{
  toy *t = toy_new(0);
  const int64_t lie[] = {7};
  const uint32_t x = toy_input(t, "x", -1, NULL), a = toy_value(t, "a"), d = toy_value(t, "d");
  t->g->values[a].rank = 1;
  t->g->values[a].dims = lie;
  toy_node(t, "Square", IN(x), IN(a));
  toy_node(t, "Dims", IN(a), IN(d));
  toy_output(t, d);
  fold(t);
  cr_assert_eq(t->m.main->n_nodes, 2);
  toy_release(t);
}
