/* test_sort.c: the order of nodes. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/toy.h"

#define IN TOY_IN

static void sort(toy *t)
{
  onnxrun_error error = {0};
  cr_assert_eq(onx_pass_sort(&t->m, &error), ONNXRUN_OK, "%s", error.text);
}

/* Every node stands behind the nodes that make what it reads, and is their values' producer. */
static void check_order(const onx_graph *g)
{
  for (size_t i = 0; i < g->n_nodes; i++) {
    const onx_node *node = &g->nodes[i];
    for (uint32_t k = 0; k < node->n_in; k++) {
      const uint32_t maker = node->in[k] == ONX_NONE ? ONX_NONE : g->values[node->in[k]].producer;
      cr_assert(maker == ONX_NONE || maker < i, "node %zu reads what node %u makes", i, maker);
    }
    for (uint32_t k = 0; k < node->n_out; k++)
      cr_assert(node->out[k] == ONX_NONE || g->values[node->out[k]].producer == i);
  }
}

Test(sort, a_topological_order_stays)
{
  toy *t = toy_new(0);
  const uint32_t x = toy_input(t, "x", 0, NULL);
  uint32_t v[4];
  for (int i = 0; i < 4; i++)
    v[i] = toy_value(t, "v");
  toy_node(t, "Square", IN(x), IN(v[2]));
  toy_node(t, "Square", IN(x), IN(v[0]));
  toy_node(t, "Add", IN(v[2], v[0]), IN(v[1]));
  toy_node(t, "Square", IN(x), IN(v[3]));
  sort(t);
  for (uint32_t i = 0; i < 4; i++)
    cr_assert_eq(t->m.main->nodes[i].position, i);
  check_order(t->m.main);
  toy_release(t);
}

Test(sort, a_node_moves_behind_what_it_reads)
{
  toy *t = toy_new(0);
  const uint32_t x = toy_input(t, "x", 0, NULL), a = toy_value(t, "a"), b = toy_value(t, "b");
  const uint32_t c = toy_value(t, "c");
  toy_node(t, "Add", IN(b, a), IN(c));
  toy_node(t, "Square", IN(a), IN(b));
  toy_node(t, "Square", IN(x), IN(a));
  sort(t);
  check_order(t->m.main);
  const uint32_t expected[] = {2, 1, 0};
  for (int i = 0; i < 3; i++)
    cr_assert_eq(t->m.main->nodes[i].position, expected[i]);
  toy_release(t);
}

Test(sort, absent_inputs_and_outputs_are_no_edges)
{
  toy *t = toy_new(0);
  const uint32_t a = toy_value(t, "a");
  toy_node(t, "Add", IN(ONX_NONE, a), IN(ONX_NONE));
  toy_node(t, "Square", IN(ONX_NONE), IN(ONX_NONE, a));
  sort(t);
  check_order(t->m.main);
  toy_release(t);
}

Test(sort, a_cycle_names_a_node_and_the_value)
{
  toy *t = toy_new(0);
  const uint32_t x = toy_input(t, "x", 0, NULL), a = toy_value(t, "a"), b = toy_value(t, "b");
  const uint32_t c = toy_value(t, "c"), d = toy_value(t, "d");
  toy_node(t, "Same", IN(c), IN(d));
  toy_node(t, "Add", IN(x, b), IN(a));
  toy_node(t, "Square", IN(a), IN(b));
  toy_node(t, "Square", IN(b), IN(c));
  onnxrun_error error = {0};
  cr_assert_eq(onx_pass_sort(&t->m, &error), ONNXRUN_INVALID_MODEL);
  cr_assert(strstr(error.text, "node 1") || strstr(error.text, "node 2"), "%s", error.text);
  cr_assert(strstr(error.text, "'a'") || strstr(error.text, "'b'"), "%s", error.text);
  cr_assert_eq(onx_pass_sort(&t->m, NULL), ONNXRUN_INVALID_MODEL);
  toy_release(t);
}

Test(sort, a_node_that_reads_its_own_output_is_a_cycle)
{
  toy *t = toy_new(0);
  const uint32_t a = toy_value(t, "a");
  toy_node(t, "Square", IN(a), IN(a));
  onnxrun_error error = {0};
  cr_assert_eq(onx_pass_sort(&t->m, &error), ONNXRUN_INVALID_MODEL);
  cr_assert(strstr(error.text, "node 0") && strstr(error.text, "'a'"), "%s", error.text);
  toy_release(t);
}

Test(sort, what_a_subgraph_captures_comes_before_its_node)
{
  toy *t = toy_new(0);
  const uint32_t x = toy_input(t, "x", 0, NULL), a = toy_value(t, "a"), b = toy_value(t, "b");
  toy_node(t, "If", IN(x), IN(b));
  toy_subgraph(t, "then_branch");
  const uint32_t in = toy_value(t, "in"), out = toy_value(t, "out");
  toy_node(t, "Square", IN(in), IN(out));
  const onx_graph *outer_sub = t->g;
  const uint32_t passed_on = toy_capture(t, a);
  toy_node(t, "If", IN(passed_on), IN(in));
  toy_subgraph(t, "then_branch");
  toy_output(t, toy_capture(t, passed_on));
  t->g = t->m.main;
  toy_node(t, "Square", IN(x), IN(a));
  sort(t);
  cr_assert_str_eq(t->m.main->nodes[0].op.data, "Square");
  cr_assert_str_eq(outer_sub->nodes[0].op.data, "If", "subgraphs are sorted too");
  check_order(t->m.main);
  check_order(outer_sub);
  toy_release(t);
}

Test(sort, a_subgraph_that_captures_its_own_result_is_a_cycle)
{
  toy *t = toy_new(0);
  const uint32_t x = toy_input(t, "x", 0, NULL), b = toy_value(t, "b");
  toy_node(t, "If", IN(x), IN(b));
  toy_subgraph(t, "then_branch");
  toy_output(t, toy_capture(t, b));
  onnxrun_error error = {0};
  cr_assert_eq(onx_pass_sort(&t->m, &error), ONNXRUN_INVALID_MODEL);
  cr_assert(strstr(error.text, "'b'"), "%s", error.text);
  toy_release(t);
}

/* A chain in reverse: as deep as the graph is long, which recursion would not survive. */
Test(sort, a_long_chain_in_reverse_takes_no_recursion)
{
  toy *t = toy_new(0);
  enum { LENGTH = 90000 };
  uint32_t v = toy_input(t, "x", 0, NULL);
  uint32_t *chain = malloc((LENGTH + 1) * sizeof *chain);
  cr_assert_not_null(chain);
  chain[0] = v;
  for (int i = 1; i <= LENGTH; i++)
    chain[i] = toy_value(t, "v");
  for (int i = LENGTH; i > 0; i--)
    toy_node(t, "Square", IN(chain[i - 1]), IN(chain[i]));
  free(chain);
  sort(t);
  check_order(t->m.main);
  cr_assert_eq(t->m.main->nodes[0].position, LENGTH - 1);
  toy_release(t);
}

Test(sort, an_empty_graph_is_sorted)
{
  toy *t = toy_new(0);
  sort(t);
  toy_release(t);
}

Test(sort, no_memory_is_reported)
{
  toy *t = toy_new(0);
  const uint32_t x = toy_input(t, "x", 0, NULL);
  toy_node(t, "Square", IN(x), IN(toy_value(t, "y")));
  t->heap.max_bytes = t->heap.bytes;
  cr_assert_eq(onx_pass_sort(&t->m, NULL), ONNXRUN_LIMIT);
  toy_release(t);
}
