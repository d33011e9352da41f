/* test_graph.c: growing a graph, the text table, and facts of tensors. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/toy.h"

#define IN TOY_IN

Test(graph, values_begin_unknown)
{
  toy *t = toy_new(0);
  for (uint32_t i = 0; i < 100; i++)
    cr_assert_eq(onx_graph_value(&t->m, t->g, onx_text("v")), i);
  const onx_value *v = &t->g->values[99];
  cr_assert(v->rank == -1 && v->producer == ONX_NONE && v->capture == ONX_NONE && !v->constant);
  cr_assert_eq(v->dtype, ONNXRUN_UNDEFINED);
  toy_release(t);
}

Test(graph, nodes_begin_without_operands)
{
  toy *t = toy_new(0);
  const onx_node *n = onx_graph_node(&t->m, t->g, 2, 3, NULL);
  cr_assert(n && n->n_in == 2 && n->n_out == 3 && n->name.data && n->op.size == 0);
  for (int i = 0; i < 2; i++)
    cr_assert_eq(n->in[i], ONX_NONE);
  for (int i = 0; i < 3; i++)
    cr_assert_eq(n->out[i], ONX_NONE);
  cr_assert_not_null(onx_graph_node(&t->m, t->g, 0, 0, NULL));
  toy_release(t);
}

Test(graph, nodes_are_held_to_the_limit_over_all_graphs)
{
  toy *t = toy_new(0);
  t->m.limits.max_nodes = 3;
  onnxrun_error error = {0};
  for (int i = 0; i < 3; i++)
    cr_assert_not_null(onx_graph_node(&t->m, onx_graph_new(&t->m, t->g), 1, 1, &error));
  cr_assert_null(onx_graph_node(&t->m, t->g, 1, 1, &error));
  cr_assert_eq(error.status, ONNXRUN_LIMIT);
  cr_assert(strstr(error.text, "max_nodes 3"), "%s", error.text);
  cr_assert_null(onx_graph_node(&t->m, t->g, 1, 1, NULL));
  toy_release(t);
}

Test(graph, no_memory_for_a_value_or_node_is_no_value_or_node)
{
  toy *t = toy_new(0);
  t->heap.max_bytes = t->heap.bytes;
  onnxrun_error error = {0};
  while (onx_graph_value(&t->m, t->g, onx_text("v")) != ONX_NONE)
    cr_assert_lt(t->g->n_values, 100000);
  while (onx_graph_node(&t->m, t->g, 1, 1, &error))
    cr_assert_lt(t->g->n_nodes, 100000);
  cr_assert_eq(error.status, ONNXRUN_LIMIT, "%s", error.text);
  toy_release(t);
}

Test(graph, a_tree_lists_outer_graphs_first)
{
  toy *t = toy_new(0);
  toy_node(t, "If", 0, NULL, 0, NULL);
  onx_graph *a = toy_subgraph(t, "then_branch");
  toy_node(t, "If", 0, NULL, 0, NULL);
  onx_graph *c = toy_subgraph(t, "then_branch");
  t->g = t->m.main;
  toy_attr(t, toy_ref("cond", ONNXRUN_ATTR_GRAPH, "x"));
  onx_graph *b = toy_subgraph(t, "else_branch");
  onx_graph **list;
  size_t n;
  cr_assert(onx_graph_tree(t->m.main, &t->m.pool, &list, &n));
  cr_assert_eq(n, 4);
  cr_assert(list[0] == t->m.main && list[1] == a && list[2] == b && list[3] == c);
  toy_release(t);
}

Test(graph, the_first_attribute_of_a_name_is_found)
{
  toy *t = toy_new(0);
  toy_node(t, "Op", 0, NULL, 0, NULL);
  toy_attr(t, toy_int("a", 1));
  toy_attr(t, toy_int("b", 2));
  cr_assert_eq(onx_node_attr(&t->g->nodes[0], "b")->v.i, 2);
  cr_assert_null(onx_node_attr(&t->g->nodes[0], "c"));
  toy_release(t);
}

Test(graph, the_default_domain_has_two_spellings)
{
  const onx_opset opsets[] = {{onx_text("other"), 3}, {onx_text("ai.onnx"), 17}};
  cr_assert_eq(onx_opset_version(opsets, 2, onx_text("")), 17);
  cr_assert_eq(onx_opset_version(opsets, 2, onx_text("ai.onnx")), 17);
  cr_assert_eq(onx_opset_version(opsets, 2, onx_text("other")), 3);
  cr_assert_eq(onx_opset_version(opsets, 2, onx_text("ai.onnx.ml")), 0);
  cr_assert_eq(onx_opset_version(NULL, 0, onx_text("")), 0);
}

Test(graph, texts_are_equal_byte_by_byte)
{
  cr_assert(onx_text_equal(onx_text("ab"), (onnxrun_string){"abc", 2}));
  cr_assert_not(onx_text_equal((onnxrun_string){"a\0b", 3}, (onnxrun_string){"a\0c", 3}));
  cr_assert(onx_text_equal((onnxrun_string){NULL, 0}, onx_text("")));
}

/* ---- table ----------------------------------------------------------------------------------- */

Test(table, an_empty_table_finds_nothing)
{
  const onx_table table = {0};
  cr_assert_eq(onx_table_find(&table, onx_text("x")), ONX_NONE);
}

Test(table, the_last_index_of_a_key_is_found)
{
  toy *t = toy_new(0);
  onx_table table = {0};
  cr_assert(onx_table_put(&table, &t->m.pool, onx_text("x"), 1));
  cr_assert(onx_table_put(&table, &t->m.pool, onx_text("x"), 2));
  cr_assert_eq(onx_table_find(&table, onx_text("x")), 2);
  cr_assert_eq(table.n, 1);
  toy_release(t);
}

Test(table, keys_are_bytes_of_any_length)
{
  toy *t = toy_new(0);
  onx_table table = {0};
  static const char bytes[40];
  for (uint32_t size = 0; size < 40; size++)
    cr_assert(onx_table_put(&table, &t->m.pool, (onnxrun_string){bytes, size}, size));
  for (uint32_t size = 0; size < 40; size++)
    cr_assert_eq(onx_table_find(&table, (onnxrun_string){bytes, size}), size);
  toy_release(t);
}

Test(table, many_keys_are_all_found_and_no_other)
{
  toy *t = toy_new(0);
  onx_table table = {0};
  for (uint32_t i = 0; i < 200000; i++) {
    char name[24];
    const int size = snprintf(name, sizeof name, "value_%u", i * 7);
    const char *kept = onx_pool_text(&t->m.pool, name, (size_t)size);
    cr_assert(onx_table_put(&table, &t->m.pool, (onnxrun_string){kept, (size_t)size}, i));
  }
  for (uint32_t i = 0; i < 200000 * 7; i++) {
    char name[24];
    snprintf(name, sizeof name, "value_%u", i);
    cr_assert_eq(onx_table_find(&table, onx_text(name)), i % 7 ? ONX_NONE : i / 7);
  }
  toy_release(t);
}

Test(table, no_memory_leaves_what_was_there)
{
  toy *t = toy_new(0);
  onx_table table = {0};
  static char names[100000][8];
  t->heap.max_bytes = t->heap.bytes + 100000;
  uint32_t n = 0;
  for (; n < 100000; n++) {
    snprintf(names[n], sizeof names[n], "%u", n);
    if (!onx_table_put(&table, &t->m.pool, onx_text(names[n]), n))
      break;
  }
  cr_assert(n > 0 && n < 100000);
  for (uint32_t i = 0; i < n; i++)
    cr_assert_eq(onx_table_find(&table, onx_text(names[i])), i);
  toy_release(t);
}
