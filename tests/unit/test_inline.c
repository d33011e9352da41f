/* test_inline.c: calls of model-local functions. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/toy.h"

#define IN TOY_IN

static void inline_calls(toy *t)
{
  onnxrun_error error = {0};
  cr_assert_eq(onx_pass_inline(&t->m, &error), ONNXRUN_OK, "%s", error.text);
}

static void refuse(toy *t, onnxrun_status status, const char *text)
{
  onnxrun_error error = {0};
  cr_assert_eq(onx_pass_inline(&t->m, &error), status, "%s", error.text);
  cr_assert(strstr(error.text, text), "%s", error.text);
  toy_release(t);
}

static bool is_op(const onx_node *node, const char *op)
{
  return onx_text_equal(node->op, onx_text(op));
}

/* Fourth(X) = Square(Square(X)), and a call of it at position 0. */
static toy *with_fourth(uint32_t *x, uint32_t *y)
{
  toy *t = toy_new(0);
  toy_function(t, "Fourth");
  const uint32_t in = toy_input(t, "X", 0, NULL), half = toy_value(t, "half");
  const uint32_t out = toy_value(t, "Y");
  toy_node(t, "Square", IN(in), IN(half));
  toy_node(t, "Square", IN(half), IN(out));
  toy_output(t, out);
  t->g = t->m.main;
  *x = toy_input(t, "x", 0, NULL);
  *y = toy_value(t, "y");
  toy_node(t, "Fourth", IN(*x), IN(*y));
  return t;
}

Test(inline, a_call_becomes_the_body)
{
  uint32_t x, y;
  toy *t = with_fourth(&x, &y);
  toy_output(t, y);
  toy_node(t, "Square", IN(y), IN(toy_value(t, "z")));
  t->m.main->nodes[0].position = 7;
  inline_calls(t);
  const onx_graph *g = t->m.main;
  cr_assert_eq(g->n_nodes, 3);
  cr_assert(g->nodes[0].in[0] == x && g->nodes[1].in[0] == g->nodes[0].out[0]);
  cr_assert(g->nodes[1].out[0] == y && g->values[y].producer == 1);
  cr_assert(g->nodes[0].position == 7 && g->nodes[1].position == 7 && g->nodes[2].position == 1);
  cr_assert_eq(t->m.total_nodes, 3);
  toy_release(t);
}

Test(inline, each_call_has_values_of_its_own)
{
  uint32_t x, y;
  toy *t = with_fourth(&x, &y);
  const uint32_t z = toy_value(t, "z");
  toy_node(t, "Fourth", IN(y), IN(z));
  inline_calls(t);
  const onx_graph *g = t->m.main;
  cr_assert_eq(g->n_nodes, 4);
  cr_assert_neq(g->nodes[0].out[0], g->nodes[2].out[0]);
  cr_assert(g->nodes[2].in[0] == y && g->nodes[3].out[0] == z);
  toy_release(t);
}

Test(inline, functions_call_functions)
{
  uint32_t x, y;
  toy *t = with_fourth(&x, &y);
  toy_function(t, "Sixteenth");
  const uint32_t in = toy_input(t, "X", 0, NULL), half = toy_value(t, "half");
  const uint32_t out = toy_value(t, "Y");
  toy_node(t, "Fourth", IN(in), IN(half));
  toy_node(t, "Fourth", IN(half), IN(out));
  toy_output(t, out);
  t->g = t->m.main;
  const uint32_t z = toy_value(t, "z");
  toy_node(t, "Sixteenth", IN(y), IN(z));
  inline_calls(t);
  const onx_graph *g = t->m.main;
  cr_assert_eq(g->n_nodes, 6);
  cr_assert(g->nodes[2].in[0] == y && g->nodes[5].out[0] == z);
  for (int i = 3; i < 6; i++) {
    cr_assert_eq(g->nodes[i].in[0], g->nodes[i - 1].out[0]);
    cr_assert(is_op(&g->nodes[i], "Square") && g->nodes[i].position == 1);
  }
  toy_release(t);
}

Test(inline, a_function_of_another_overload_or_domain_is_another)
{
  uint32_t x, y;
  toy *t = with_fourth(&x, &y);
  toy_node(t, "Fourth", IN(y), IN(toy_value(t, "z")));
  t->m.main->nodes[1].overload = onx_text("other");
  toy_node(t, "Fourth", IN(y), IN(toy_value(t, "z")));
  t->m.main->nodes[2].domain = onx_text("");
  inline_calls(t);
  const onx_graph *g = t->m.main;
  cr_assert_eq(g->n_nodes, 4);
  cr_assert(is_op(&g->nodes[2], "Fourth") && is_op(&g->nodes[3], "Fourth"));
  toy_release(t);
}

Test(inline, the_default_domain_has_two_spellings)
{
  uint32_t x, y;
  toy *t = with_fourth(&x, &y);
  t->m.functions[0].domain = onx_text("ai.onnx");
  t->m.main->nodes[0].domain = onx_text("");
  inline_calls(t);
  cr_assert_eq(t->m.main->n_nodes, 2);
  toy_release(t);
}

/* Scaled(X; by, to = 5) = Node(X; factor = @by, rest = @to, own = 1) */
static toy *with_attributes(void)
{
  toy *t = toy_new(0);
  onx_function *f = toy_function(t, "Scaled");
  static onnxrun_string names[1];
  static onx_attr defaults[1];
  names[0] = onx_text("by");
  defaults[0] = toy_int("to", 5);
  f->attrs = names;
  f->n_attrs = 1;
  f->defaults = defaults;
  f->n_defaults = 1;
  const uint32_t in = toy_input(t, "X", 0, NULL), out = toy_value(t, "Y");
  toy_node(t, "Node", IN(in), IN(out));
  toy_attr(t, toy_ref("factor", ONNXRUN_ATTR_INT, "by"));
  toy_attr(t, toy_ref("rest", ONNXRUN_ATTR_INT, "to"));
  toy_attr(t, toy_int("own", 1));
  toy_output(t, out);
  t->g = t->m.main;
  toy_node(t, "Scaled", IN(toy_input(t, "x", 0, NULL)), IN(toy_value(t, "y")));
  return t;
}

Test(inline, attributes_come_from_the_call_or_the_default)
{
  toy *t = with_attributes();
  toy_attr(t, toy_int("by", 3));
  inline_calls(t);
  const onx_node *node = &t->m.main->nodes[0];
  cr_assert_eq(node->n_attrs, 3);
  cr_assert_eq(onx_node_attr(node, "factor")->v.i, 3);
  cr_assert_eq(onx_node_attr(node, "rest")->v.i, 5);
  cr_assert_eq(onx_node_attr(node, "own")->v.i, 1);
  toy_release(t);
}

Test(inline, an_attribute_without_default_that_is_not_given_is_absent)
{
  toy *t = with_attributes();
  toy_attr(t, toy_int("to", 9));
  inline_calls(t);
  const onx_node *node = &t->m.main->nodes[0];
  cr_assert_null(onx_node_attr(node, "factor"));
  cr_assert_eq(onx_node_attr(node, "rest")->v.i, 9);
  toy_release(t);
}

Test(inline, an_attribute_that_the_function_lacks_is_refused)
{
  toy *t = with_attributes();
  toy_attr(t, toy_int("unknown", 9));
  refuse(t, ONNXRUN_INVALID_MODEL, "'unknown'");
}

Test(inline, attributes_pass_through_nested_calls)
{
  toy *t = with_attributes();
  toy_attr(t, toy_int("by", 0)); /* of a call that is checked above */
  onx_function *f = toy_function(t, "Outer");
  static onnxrun_string names[1];
  names[0] = onx_text("amount");
  f->attrs = names;
  f->n_attrs = 1;
  const uint32_t in = toy_input(t, "X", 0, NULL), out = toy_value(t, "Y");
  toy_node(t, "Scaled", IN(in), IN(out));
  toy_attr(t, toy_ref("by", ONNXRUN_ATTR_INT, "amount"));
  toy_output(t, out);
  t->g = t->m.main;
  toy_node(t, "Outer", IN(0), IN(toy_value(t, "z")));
  toy_attr(t, toy_int("amount", 11));
  inline_calls(t);
  cr_assert_eq(t->m.main->n_nodes, 2);
  cr_assert_eq(onx_node_attr(&t->m.main->nodes[1], "factor")->v.i, 11);
  toy_release(t);
}

Test(inline, absent_inputs_stay_absent)
{
  toy *t = toy_new(0);
  toy_function(t, "Maybe");
  const uint32_t a = toy_input(t, "A", 0, NULL), b = toy_input(t, "B", 0, NULL);
  const uint32_t c = toy_input(t, "C", 0, NULL), y = toy_value(t, "Y");
  toy_node(t, "Three", IN(a, b, c), IN(y));
  toy_output(t, y);
  t->g = t->m.main;
  const uint32_t x = toy_input(t, "x", 0, NULL);
  toy_node(t, "Maybe", IN(ONX_NONE, x), IN(toy_value(t, "y")));
  inline_calls(t);
  const uint32_t *in = t->m.main->nodes[0].in;
  cr_assert(in[0] == ONX_NONE && in[1] == x && in[2] == ONX_NONE);
  toy_release(t);
}

Test(inline, more_inputs_or_outputs_than_the_function_has_are_refused)
{
  uint32_t x, y;
  toy *t = with_fourth(&x, &y);
  toy_node(t, "Fourth", IN(x, x), IN(toy_value(t, "z")));
  refuse(t, ONNXRUN_INVALID_MODEL, "node 1 '' (toy::Fourth): the call has 2 inputs");
  t = with_fourth(&x, &y);
  toy_node(t, "Fourth", IN(x), IN(toy_value(t, "z"), toy_value(t, "z")));
  refuse(t, ONNXRUN_INVALID_MODEL, "the call has 2 outputs");
}

Test(inline, outputs_that_the_call_does_not_take_are_values_of_the_body)
{
  toy *t = toy_new(0);
  toy_function(t, "Two");
  const uint32_t in = toy_input(t, "X", 0, NULL), a = toy_value(t, "a"), b = toy_value(t, "b");
  toy_node(t, "Square", IN(in), IN(a));
  toy_node(t, "Square", IN(a), IN(b));
  toy_output(t, a);
  toy_output(t, b);
  t->g = t->m.main;
  const uint32_t x = toy_input(t, "x", 0, NULL), y = toy_value(t, "y"), z = toy_value(t, "z");
  toy_node(t, "Two", IN(x), IN(ONX_NONE, y));
  toy_node(t, "Two", IN(x), IN(z));
  inline_calls(t);
  const onx_graph *g = t->m.main;
  cr_assert_eq(g->n_nodes, 4);
  cr_assert(g->nodes[0].out[0] != ONX_NONE && g->nodes[1].in[0] == g->nodes[0].out[0]);
  cr_assert(g->nodes[1].out[0] == y && g->nodes[2].out[0] == z && g->nodes[3].in[0] == z);
  cr_assert_neq(g->nodes[3].out[0], ONX_NONE);
  toy_release(t);
}

Test(inline, an_output_that_is_an_input_or_named_twice_is_an_identity)
{
  toy *t = toy_new(0);
  toy_function(t, "Through");
  const uint32_t in = toy_input(t, "X", 0, NULL), a = toy_value(t, "a");
  toy_node(t, "Square", IN(in), IN(a));
  toy_output(t, in);
  toy_output(t, a);
  toy_output(t, a);
  t->g = t->m.main;
  const uint32_t x = toy_input(t, "x", 0, NULL);
  const uint32_t o[] = {toy_value(t, "o"), toy_value(t, "p"), toy_value(t, "q")};
  toy_node(t, "Through", IN(x), 3, o);
  inline_calls(t);
  const onx_graph *g = t->m.main;
  cr_assert_eq(g->n_nodes, 3);
  const uint32_t from[] = {x, 0, o[1]};
  for (int i = 0; i < 3; i++) {
    const onx_node *maker = &g->nodes[g->values[o[i]].producer];
    cr_assert_eq(is_op(maker, "Identity"), i != 1);
    cr_assert_eq(maker->in[0], i == 1 ? x : from[i]);
  }
  toy_release(t);
}

Test(inline, an_output_that_is_an_absent_input_is_refused)
{
  toy *t = toy_new(0);
  toy_function(t, "Through");
  toy_output(t, toy_input(t, "X", 0, NULL));
  t->g = t->m.main;
  toy_node(t, "Through", IN(ONX_NONE), IN(toy_value(t, "y")));
  refuse(t, ONNXRUN_INVALID_MODEL, "output 0");
}

Test(inline, a_function_that_calls_itself_is_refused)
{
  toy *t = toy_new(0);
  for (int i = 0; i < 2; i++) {
    toy_function(t, i == 0 ? "Ping" : "Pong");
    const uint32_t in = toy_input(t, "X", 0, NULL), out = toy_value(t, "Y");
    toy_node(t, i == 0 ? "Pong" : "Ping", IN(in), IN(out));
    toy_output(t, out);
  }
  t->g = t->m.main;
  toy_node(t, "Ping", IN(toy_input(t, "x", 0, NULL)), IN(toy_value(t, "y")));
  refuse(t, ONNXRUN_INVALID_MODEL, "(toy::Ping): the function calls itself");
}

Test(inline, a_function_defined_twice_is_refused)
{
  uint32_t x, y;
  toy *t = with_fourth(&x, &y);
  toy_function(t, "Fourth");
  refuse(t, ONNXRUN_INVALID_MODEL, "'Fourth' is defined twice");
}

/* Functions 0 .. levels - 1, each of which calls the next `calls` times, one after the other. */
static toy *with_levels(int levels, int calls, char (*names)[16])
{
  toy *t = toy_new(0);
  for (int i = 0; i < levels; i++) {
    snprintf(names[i], sizeof names[i], "F%d", i);
    toy_function(t, names[i]);
  }
  for (int i = 0; i < levels; i++) {
    t->g = t->m.functions[i].body;
    uint32_t v = toy_input(t, "X", 0, NULL);
    for (int c = 0; c < calls; c++) {
      const uint32_t next = toy_value(t, "v");
      toy_node(t, i + 1 < levels ? names[i + 1] : "Square", IN(v), IN(next));
      v = next;
    }
    toy_output(t, v);
  }
  t->g = t->m.main;
  toy_node(t, names[0], IN(toy_input(t, "x", 0, NULL)), IN(toy_value(t, "y")));
  return t;
}

Test(inline, nesting_is_held_to_max_depth)
{
  char names[65][16];
  toy *t = with_levels(64, 1, names);
  inline_calls(t);
  cr_assert_eq(t->m.main->n_nodes, 1);
  toy_release(t);
  refuse(with_levels(65, 1, names), ONNXRUN_LIMIT, "max_depth 64");
}

Test(inline, calls_that_multiply_stop_at_max_nodes)
{
  char names[60][16];
  refuse(with_levels(60, 2, names), ONNXRUN_LIMIT, "max_nodes 100000");
}

/* The same without a single node in the end. */
Test(inline, empty_functions_that_multiply_stop_too)
{
  char names[60][16];
  toy *t = with_levels(60, 2, names);
  t->m.functions[59].body->n_nodes = 0;
  t->m.total_nodes -= 2;
  refuse(t, ONNXRUN_LIMIT, "max_nodes 100000");
}

Test(inline, bodies_do_not_count_as_nodes)
{
  uint32_t x, y;
  toy *t = with_fourth(&x, &y);
  t->m.limits.max_nodes = 2;
  inline_calls(t);
  toy_release(t);
  t = with_fourth(&x, &y);
  t->m.limits.max_nodes = 1;
  refuse(t, ONNXRUN_LIMIT, "max_nodes 1");
}

/* Choose(X, Y; n) = If(X){ inner = Node(Y; n = @n); If(inner){ Fourth(capture of inner) } } */
static toy *with_subgraph_in_body(uint32_t *x, uint32_t *y)
{
  toy *t = with_fourth(x, y);
  onx_function *f = toy_function(t, "Choose");
  static onnxrun_string names[1];
  names[0] = onx_text("n");
  f->attrs = names;
  f->n_attrs = 1;
  const uint32_t a = toy_input(t, "X", 0, NULL), b = toy_input(t, "Y", 0, NULL);
  const uint32_t out = toy_value(t, "Z");
  toy_node(t, "If", IN(a), IN(out));
  toy_output(t, out);
  toy_subgraph(t, "then_branch");
  const uint32_t inner = toy_value(t, "inner"), chosen = toy_value(t, "chosen");
  toy_node(t, "Node", IN(toy_capture(t, b)), IN(inner));
  toy_attr(t, toy_ref("n", ONNXRUN_ATTR_INT, "n"));
  toy_node(t, "If", IN(inner), IN(chosen));
  toy_output(t, chosen);
  toy_subgraph(t, "then_branch");
  const uint32_t fourth = toy_value(t, "fourth");
  toy_node(t, "Fourth", IN(toy_capture(t, inner)), IN(fourth));
  toy_output(t, fourth);
  t->g = t->m.main;
  return t;
}

Test(inline, subgraphs_of_a_body_are_copied_for_each_call)
{
  uint32_t x, y;
  toy *t = with_subgraph_in_body(&x, &y);
  for (int i = 0; i < 2; i++) {
    toy_node(t, "Choose", IN(x, y), IN(toy_value(t, "z")));
    toy_attr(t, toy_int("n", 20 + i));
  }
  const onx_graph *original = t->m.functions[1].body->nodes[0].attrs[0].v.g;
  inline_calls(t);
  const onx_graph *g = t->m.main, *sub[2];
  cr_assert_eq(g->n_nodes, 4);
  for (int i = 0; i < 2; i++) {
    cr_assert(is_op(&g->nodes[2 + i], "If"));
    sub[i] = onx_node_attr(&g->nodes[2 + i], "then_branch")->v.g;
    cr_assert(sub[i]->outer == g && sub[i]->n_nodes == 2);
    cr_assert_eq(onx_node_attr(&sub[i]->nodes[0], "n")->v.i, 20 + i);
    cr_assert_eq(sub[i]->values[sub[i]->nodes[0].in[0]].capture, y);
    const onx_graph *deep = onx_node_attr(&sub[i]->nodes[1], "then_branch")->v.g;
    cr_assert(deep->outer == sub[i] && deep->n_nodes == 2 && is_op(&deep->nodes[1], "Square"));
    cr_assert_eq(deep->values[deep->nodes[0].in[0]].capture, sub[i]->nodes[0].out[0]);
    cr_assert_eq(deep->nodes[1].out[0], deep->outputs[0]);
    cr_assert_eq(deep->values[deep->outputs[0]].producer, 1);
  }
  cr_assert(sub[0] != sub[1] && sub[0] != original);
  toy_release(t);
}

Test(inline, a_captured_input_that_is_absent_is_absent_inside)
{
  uint32_t x, y;
  toy *t = with_subgraph_in_body(&x, &y);
  toy_node(t, "Choose", IN(x), IN(toy_value(t, "z")));
  inline_calls(t);
  const onx_graph *sub = onx_node_attr(&t->m.main->nodes[2], "then_branch")->v.g;
  cr_assert_eq(sub->nodes[0].in[0], ONX_NONE);
  cr_assert_null(onx_node_attr(&sub->nodes[0], "n"));
  toy_release(t);
}

Test(inline, calls_in_subgraphs_of_the_main_graph_are_replaced)
{
  uint32_t x, y;
  toy *t = with_fourth(&x, &y);
  toy_node(t, "If", IN(x), IN(toy_value(t, "z")));
  onx_graph *sub = toy_subgraph(t, "then_branch");
  const uint32_t in = toy_capture(t, y), out = toy_value(t, "out");
  toy_node(t, "Fourth", IN(in), IN(out));
  toy_output(t, out);
  inline_calls(t);
  cr_assert_eq(onx_node_attr(&t->m.main->nodes[2], "then_branch")->v.g, sub);
  cr_assert(sub->n_nodes == 2 && sub->nodes[0].in[0] == in && sub->nodes[1].out[0] == out);
  toy_release(t);
}

Test(inline, every_allocation_may_fail)
{
  bool is_done = false;
  for (size_t room = 0; !is_done && room < 10000000; room += 5000) {
    uint32_t x, y;
    toy *t = with_subgraph_in_body(&x, &y);
    for (int i = 0; i < 200; i++)
      toy_node(t, "Choose", IN(x, y), IN(toy_value(t, "z")));
    t->heap.max_bytes = t->heap.bytes + room;
    onnxrun_error error = {0};
    const onnxrun_status s = onx_pass_inline(&t->m, &error);
    cr_assert(s == ONNXRUN_OK || s == ONNXRUN_LIMIT, "%s", error.text);
    is_done = s == ONNXRUN_OK;
    toy_release(t);
  }
  cr_assert(is_done);
}
