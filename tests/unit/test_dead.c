/* test_dead.c: what goes because nobody needs it. */
#include <criterion/criterion.h>
#include <string.h>

#include "runtime/session.h"
#include "tests/support/toy.h"

#define IN TOY_IN

static void clean(toy *t)
{
  onnxrun_error error = {0};
  cr_assert_eq(onx_pass_sort(&t->m, &error), ONNXRUN_OK, "%s", error.text);
  cr_assert_eq(onx_pass_dead(&t->m, &error), ONNXRUN_OK, "%s", error.text);
}

Test(dead, nodes_that_no_output_needs_go_and_the_rest_keep_their_order)
{
  toy *t = toy_new(0);
  const uint32_t x = toy_input(t, "x", 0, NULL), a = toy_value(t, "a"), b = toy_value(t, "b");
  const uint32_t c = toy_value(t, "c"), d = toy_value(t, "d"), e = toy_value(t, "e");
  toy_node(t, "Square", IN(x), IN(a));
  toy_node(t, "Square", IN(a), IN(b)); /* only a dead node reads it */
  toy_node(t, "Add", IN(x, a), IN(c));
  toy_node(t, "Add", IN(a, b), IN(d));
  toy_node(t, "Square", IN(c), IN(e));
  toy_output(t, e);
  clean(t);
  const onx_graph *g = t->m.main;
  const uint32_t positions[] = {0, 2, 4};
  cr_assert_eq(g->n_nodes, 3);
  for (uint32_t i = 0; i < 3; i++) {
    cr_assert_eq(g->nodes[i].position, positions[i]);
    cr_assert_eq(g->values[g->nodes[i].out[0]].producer, i);
  }
  cr_assert_eq(g->values[b].producer, ONX_NONE);
  cr_assert_eq(t->m.total_nodes, 3);
  toy_release(t);
}

Test(dead, a_graph_whose_output_is_its_input_has_no_nodes_left)
{
  toy *t = toy_new(0);
  const uint32_t x = toy_input(t, "x", 0, NULL);
  toy_node(t, "Square", IN(x), IN(toy_value(t, "y")));
  toy_output(t, x);
  clean(t);
  cr_assert_eq(t->m.main->n_nodes, 0);
  toy_release(t);
}

Test(dead, an_output_that_nobody_reads_becomes_absent)
{
  toy *t = toy_new(0);
  const uint32_t x = toy_input(t, "x", 0, NULL);
  uint32_t v[4];
  for (int i = 0; i < 4; i++)
    v[i] = toy_value(t, "v");
  toy_node(t, "Split", IN(x), IN(v[0], v[1], v[2], v[3]));
  toy_output(t, v[2]);
  clean(t);
  const onx_node *node = &t->m.main->nodes[0];
  cr_assert_eq(node->n_out, 4, "the number of outputs says how Split cuts");
  cr_assert_eq(node->out[0], v[0], "the first output stays");
  cr_assert(node->out[1] == ONX_NONE && node->out[2] == v[2] && node->out[3] == ONX_NONE);
  cr_assert_eq(t->m.main->values[v[1]].producer, ONX_NONE);
  toy_release(t);
}

Test(dead, a_bound_nodes_outputs_stay)
{
  toy *t = toy_new(0);
  const uint32_t x = toy_input(t, "x", 0, NULL), a = toy_value(t, "a"), b = toy_value(t, "b");
  toy_node(t, "Split", IN(x), IN(a, b));
  t->m.main->nodes[0].kernel = toy_kernels[0];
  toy_output(t, a);
  clean(t);
  cr_assert_eq(t->m.main->nodes[0].out[1], b);
  toy_release(t);
}

Test(dead, a_node_without_outputs_goes)
{
  toy *t = toy_new(0);
  const uint32_t x = toy_input(t, "x", 0, NULL), y = toy_value(t, "y");
  toy_node(t, "Square", IN(x), IN(y));
  toy_node(t, "Square", IN(y), 0, NULL);
  toy_node(t, "Square", IN(y), IN(ONX_NONE));
  toy_output(t, y);
  clean(t);
  cr_assert_eq(t->m.main->n_nodes, 1);
  toy_release(t);
}

Test(dead, what_a_live_subgraph_reads_stays)
{
  toy *t = toy_new(0);
  const uint32_t x = toy_input(t, "x", 0, NULL), a = toy_value(t, "a"), b = toy_value(t, "b");
  const uint32_t c = toy_value(t, "c"), d = toy_value(t, "d"), y = toy_value(t, "y");
  toy_node(t, "Square", IN(x), IN(a)); /* an output of the subgraph */
  toy_node(t, "Square", IN(x), IN(b)); /* read by its live node */
  toy_node(t, "Square", IN(x), IN(c)); /* read by its dead node */
  toy_node(t, "Square", IN(x), IN(d)); /* read by a graph inside it */
  toy_node(t, "If", IN(x), IN(y));
  toy_output(t, y);
  onx_graph *sub = toy_subgraph(t, "then_branch");
  const uint32_t unread = toy_capture(t, c), passed_on = toy_capture(t, d);
  const uint32_t p = toy_value(t, "p"), q = toy_value(t, "q"), r = toy_value(t, "r");
  toy_node(t, "Square", IN(toy_capture(t, b)), IN(p));
  toy_node(t, "Square", IN(unread), IN(q));
  toy_node(t, "If", IN(p), IN(r));
  toy_output(t, toy_capture(t, a));
  toy_output(t, r);
  toy_subgraph(t, "else_branch");
  toy_output(t, toy_capture(t, passed_on));
  clean(t);
  cr_assert_eq(sub->n_nodes, 2);
  cr_assert_eq(sub->values[unread].capture, ONX_NONE);
  const onx_graph *g = t->m.main;
  cr_assert_eq(g->n_nodes, 4);
  const uint32_t positions[] = {0, 1, 3, 4};
  for (uint32_t i = 0; i < 4; i++)
    cr_assert_eq(g->nodes[i].position, positions[i]);
  toy_release(t);
}

Test(dead, no_memory_is_reported)
{
  toy *t = toy_new(0);
  t->heap.max_bytes = t->heap.bytes;
  cr_assert_eq(onx_pass_dead(&t->m, NULL), ONNXRUN_LIMIT);
  toy_release(t);
}

/* Before opset 14 the outputs that a BatchNormalization lists say that it is being trained. */
Test(dead, an_operator_that_goes_by_its_outputs_does_so_still)
{
  toy *t = toy_new(0);
  const int64_t shape[] = {2, 1};
  const float one[] = {1}, zero[] = {0};
  const uint32_t x = toy_input(t, "x", 2, shape), ones = toy_constant(t, 1, one);
  const uint32_t zeros = toy_constant(t, 1, zero);
  uint32_t v[5];
  for (int i = 0; i < 5; i++)
    v[i] = toy_value(t, "v");
  toy_node(t, "BatchNormalization", IN(x, ones, zeros, zeros, ones), 5, v);
  t->g->nodes[0].domain = onx_text("");
  t->g->nodes[0].opset = 9;
  toy_output(t, v[0]);
  clean(t);
  onnxrun_error error = {0};
  cr_assert_eq(toy_build(t, &error), ONNXRUN_OK, "%s", error.text);
  onnxrun_session *s = NULL;
  cr_assert_eq(onx_session_create(&t->m, NULL, &s, &error), ONNXRUN_OK, "%s", error.text);
  float data[] = {10, 30};
  const onnxrun_tensor in = {ONNXRUN_FLOAT, 2, {2, 1}, data, sizeof data};
  onnxrun_tensor out = {0};
  cr_assert_eq(onnxrun_session_run(s, &in, 1, &out, 1, &error), ONNXRUN_OK, "%s", error.text);
  const float *y = out.data;
  cr_assert(y[0] > -1.01f && y[0] < -0.99f && y[1] > 0.99f && y[1] < 1.01f, "%g %g", (double)y[0],
            (double)y[1]);
  onnxrun_session_release(s);
  toy_release(t);
}
