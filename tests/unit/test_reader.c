/* test_reader.c: models, operator sets, graphs and what they need of memory. */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/support/reading.h"

/* ---- models ---- */

Test(model, one_node_is_read)
{
  bytes file = model_of(graph_with(node("Relu", "x", "y")));
  put_text(&file, 2, "maker");
  put_text(&file, 3, "1.5");
  put_number(&file, 5, 7);
  reading *r = accepted(file);
  const onx_graph *g = r->m.main;
  cr_expect_eq(r->m.ir_version, 8);
  cr_expect(equals(r->m.producer, "maker") && equals(r->m.producer_version, "1.5"));
  cr_expect_eq(r->m.model_version, 7);
  cr_expect_eq(r->m.n_opsets, 1);
  cr_expect(equals(g->name, "g"));
  cr_assert(g->n_nodes == 1 && g->n_inputs == 1 && g->n_outputs == 1 && g->n_values == 2);
  const onx_node *n = g->nodes;
  cr_expect(equals(n->op, "Relu") && equals(n->domain, "") && n->opset == 17 && n->position == 0);
  cr_expect(n->n_in == 1 && n->in[0] == g->inputs[0]);
  cr_expect(n->n_out == 1 && n->out[0] == g->outputs[0]);
  cr_expect_eq(g->values[g->outputs[0]].producer, 0);
  cr_expect_eq(g->values[g->inputs[0]].producer, ONX_NONE);
  reading_release(r);
}

Test(model, metadata_is_kept_in_order)
{
  bytes file = model_of(graph_with(node("Relu", "x", "y")));
  for (int i = 0; i < 2; i++) {
    bytes entry = {0};
    put_text(&entry, 1, i ? "second" : "first");
    put_span(&entry, 2, "a\0b", 3);
    put_message(&file, 14, entry);
  }
  reading *r = accepted(file);
  cr_assert_eq(r->m.n_metadata, 2);
  cr_expect(equals(r->m.metadata[0], "first") && equals(r->m.metadata[2], "second"));
  cr_expect(onx_text_equal(r->m.metadata[3], (onnxrun_string){"a\0b", 3}));
  reading_release(r);
}

Test(model, bytes_that_are_none_are_refused)
{
  refused((bytes){0}, ONNXRUN_INVALID_MODEL, "the model is empty", NULL);
  bytes text = {0};
  put_raw(&text, "#!/bin/sh\n", 10);
  refused(text, ONNXRUN_INVALID_MODEL, "byte 0: ", NULL);
}

Test(model, a_graph_is_needed_once)
{
  bytes none = {0};
  put_number(&none, MODEL_IR, 8);
  put_message(&none, MODEL_OPSET, opset("", 17));
  refused(none, ONNXRUN_INVALID_MODEL, "the model has no graph", NULL);
  bytes two = model_of(graph_with(node("Relu", "x", "y")));
  put_message(&two, MODEL_GRAPH, graph_with(node("Relu", "x", "y")));
  refused(two, ONNXRUN_INVALID_MODEL, "graph is given twice", NULL);
}

static bytes model_of_ir(bool is_given, uint64_t ir)
{
  bytes m = {0};
  if (is_given)
    put_number(&m, MODEL_IR, ir);
  put_message(&m, MODEL_OPSET, opset("", 17));
  put_message(&m, MODEL_GRAPH, graph_with(node("Relu", "x", "y")));
  return m;
}

Test(model, ir_version_is_1_to_14)
{
  reading_release(accepted(model_of_ir(true, 1)));
  reading_release(accepted(model_of_ir(true, 14)));
  refused(model_of_ir(true, 15), ONNXRUN_UNSUPPORTED, "ir_version is 15", "14");
  refused(model_of_ir(true, (uint64_t)INT64_MAX), ONNXRUN_UNSUPPORTED, "ir_version", NULL);
  refused(model_of_ir(true, 0), ONNXRUN_INVALID_MODEL, "ir_version is 0", NULL);
  refused(model_of_ir(true, (uint64_t)-3), ONNXRUN_INVALID_MODEL, "ir_version is -3", NULL);
  refused(model_of_ir(false, 0), ONNXRUN_INVALID_MODEL, "ir_version", NULL);
}

/* ---- operator sets ---- */

static bytes node_of(const char *domain, const char *op)
{
  bytes n = node(op, "x", "y");
  put_text(&n, NODE_DOMAIN, domain);
  return n;
}

Test(opset, each_domain_has_its_own)
{
  bytes file = model_of(graph_with(node_of("ai.onnx.ml", "Scaler")));
  put_message(&file, MODEL_OPSET, opset("ai.onnx.ml", 3));
  put_message(&file, MODEL_OPSET, opset("never.used", 1000));
  reading *r = accepted(file);
  cr_expect(equals(r->m.main->nodes[0].domain, "ai.onnx.ml"));
  cr_expect_eq(r->m.main->nodes[0].opset, 3);
  reading_release(r);
}

Test(opset, ai_onnx_is_the_empty_domain)
{
  bytes file = {0};
  put_number(&file, MODEL_IR, 8);
  put_message(&file, MODEL_OPSET, opset("ai.onnx", 9));
  bytes g = graph_xy();
  put_message(&g, GRAPH_NODE, node("Relu", "x", "a"));
  bytes second = node("Relu", "a", "y");
  put_text(&second, NODE_DOMAIN, "ai.onnx");
  put_message(&g, GRAPH_NODE, second);
  put_message(&file, MODEL_GRAPH, g);
  reading *r = accepted(file);
  for (int i = 0; i < 2; i++) {
    cr_expect(equals(r->m.main->nodes[i].domain, ""));
    cr_expect_eq(r->m.main->nodes[i].opset, 9);
  }
  reading_release(r);
}

Test(opset, a_missing_import_is_reported_at_the_node)
{
  refused(model_of(graph_with(node_of("com.example", "Magic"))), ONNXRUN_INVALID_MODEL,
          "(com.example::Magic)", "domain 'com.example' is not imported");
  bytes none = {0};
  put_number(&none, MODEL_IR, 8);
  put_message(&none, MODEL_GRAPH, graph_with(node("Relu", "x", "y")));
  refused(none, ONNXRUN_INVALID_MODEL, "node 0", "domain 'ai.onnx' is not imported");
}

Test(opset, models_before_ir_3_have_version_1)
{
  bytes file = {0};
  put_number(&file, MODEL_IR, 2);
  put_message(&file, MODEL_GRAPH, graph_with(node("Relu", "x", "y")));
  reading *r = accepted(file);
  cr_expect_eq(r->m.main->nodes[0].opset, 1);
  reading_release(r);
}

Test(opset, versions_that_cannot_be_are_refused_where_used)
{
  const uint64_t versions[] = {(uint64_t)-1, (uint64_t)INT32_MAX + 1, (uint64_t)1 << 63};
  for (size_t i = 0; i < 3; i++) {
    bytes file = model_of(graph_with(node_of("d", "Op")));
    put_message(&file, MODEL_OPSET, opset("d", versions[i]));
    refused(file, ONNXRUN_INVALID_MODEL, "domain 'd' does not exist", "version");
  }
}

/* ---- graphs ---- */

Test(graph, inputs_say_type_and_dims)
{
  bytes g = {0}, dim = {0}, shape = {0}, tensor = {0}, type = {0}, info = {0};
  put_text(&dim, 2, "batch");
  put_message(&shape, 1, dim);
  const uint64_t numbers[] = {3, 0, (uint64_t)-5};
  for (int i = 0; i < 3; i++) {
    dim = (bytes){0};
    put_number(&dim, 1, numbers[i]);
    put_message(&shape, 1, dim);
  }
  put_message(&shape, 1, (bytes){0});
  put_number(&tensor, 1, ONNXRUN_INT64);
  put_message(&tensor, 2, shape);
  put_message(&type, 1, tensor);
  put_text(&info, 1, "x");
  put_message(&info, 2, type);
  put_message(&g, GRAPH_INPUT, info);
  put_message(&g, GRAPH_INPUT, value_info("scalar", ONNXRUN_BOOL, 0, NULL));
  put_message(&g, GRAPH_INPUT, value_info("any", ONNXRUN_FLOAT16, -1, NULL));
  reading *r = accepted(model_of(g));
  const onx_value *x = value_named(r->m.main, "x");
  cr_assert(x && x->dtype == ONNXRUN_INT64 && x->rank == 5);
  const int64_t expected[] = {-1, 3, 0, -1, -1};
  cr_expect(memcmp(x->dims, expected, sizeof expected) == 0);
  cr_assert_not_null(x->dim_names);
  cr_expect_str_eq(x->dim_names[0], "batch");
  cr_expect_null(x->dim_names[1]);
  cr_expect_eq(value_named(r->m.main, "scalar")->rank, 0);
  cr_expect_eq(value_named(r->m.main, "any")->rank, -1);
  cr_expect_null(value_named(r->m.main, "any")->dim_names);
  reading_release(r);
}

/* `field` of TypeProto around a tensor's type. */
static bytes wrapped_info(const char *name, uint32_t field)
{
  bytes info = {0}, outer = {0}, wrapper = {0}, inner = {0}, tensor = {0};
  put_number(&tensor, 1, ONNXRUN_FLOAT);
  put_message(&inner, 1, tensor);
  put_message(&wrapper, field == 5 ? 2 : 1, inner);
  put_message(&outer, field, wrapper);
  put_text(&info, 1, name);
  put_message(&info, 2, outer);
  return info;
}

Test(graph, other_types_than_tensors)
{
  bytes g = {0};
  put_message(&g, GRAPH_INPUT, wrapped_info("s", 4));
  put_message(&g, GRAPH_INPUT, wrapped_info("o", 9));
  put_message(&g, GRAPH_INPUT, wrapped_info("m", 5));
  put_message(&g, GRAPH_INPUT, value_info("ours", ONNXRUN_SEQUENCE, -1, NULL));
  put_message(&g, GRAPH_INPUT, value_info("no such", 27, -1, NULL));
  reading *r = accepted(model_of(g));
  cr_expect_eq(value_named(r->m.main, "s")->dtype, ONNXRUN_SEQUENCE);
  cr_expect_eq(value_named(r->m.main, "o")->dtype, ONNXRUN_OPTIONAL);
  cr_expect_eq(value_named(r->m.main, "m")->dtype, ONNXRUN_MAPPING);
  cr_expect_eq(value_named(r->m.main, "ours")->dtype, ONNXRUN_UNDEFINED);
  cr_expect_eq(value_named(r->m.main, "no such")->dtype, ONNXRUN_UNDEFINED);
  reading_release(r);
}

Test(graph, an_input_with_an_initializer_is_a_constant)
{
  const float w[] = {1, 2};
  bytes g = graph_with(node("Add", "x w", "y"));
  put_message(&g, GRAPH_INPUT, value_info("w", ONNXRUN_FLOAT, 1, (int64_t[]){2}));
  put_message(&g, GRAPH_INITIALIZER,
              raw_tensor("w", ONNXRUN_FLOAT, 1, (int64_t[]){2}, w, sizeof w));
  reading *r = accepted(model_of(g));
  const onx_graph *graph = r->m.main;
  cr_assert_eq(graph->n_inputs, 1);
  cr_expect(equals(graph->values[graph->inputs[0]].name, "x"));
  const onx_value *v = value_named(graph, "w");
  cr_assert(v && v->constant && v->dtype == ONNXRUN_FLOAT && v->rank == 1 && v->dims[0] == 2);
  cr_expect(memcmp(v->constant->data, w, sizeof w) == 0);
  cr_expect_eq(graph->nodes[0].in[1], index_named(graph, "w"));
  reading_release(r);
}

Test(graph, nodes_may_stand_in_any_order)
{
  bytes g = graph_xy();
  put_message(&g, GRAPH_NODE, node("Neg", "b", "y"));
  put_message(&g, GRAPH_NODE, node("Abs", "x", "a"));
  put_message(&g, GRAPH_NODE, node("Exp", "a", "b"));
  reading *r = accepted(model_of(g));
  const onx_graph *graph = r->m.main;
  cr_assert_eq(graph->n_nodes, 3);
  cr_expect_eq(graph->values[graph->nodes[0].in[0]].producer, 2);
  cr_expect_eq(graph->values[graph->nodes[2].in[0]].producer, 1);
  for (uint32_t i = 0; i < 3; i++)
    cr_expect_eq(graph->nodes[i].position, i);
  reading_release(r);
}

Test(graph, absent_operands_are_none_and_cut_at_the_end)
{
  bytes g = graph_xy();
  put_message(&g, GRAPH_NODE, node("Op", "x - x -", "- a y - -"));
  reading *r = accepted(model_of(g));
  const onx_node *n = r->m.main->nodes;
  cr_assert(n->n_in == 3 && n->n_out == 3);
  cr_expect(n->in[0] == n->in[2] && n->in[0] != ONX_NONE && n->in[1] == ONX_NONE);
  cr_expect(n->out[0] == ONX_NONE && n->out[1] != ONX_NONE && n->out[2] == r->m.main->outputs[0]);
  reading_release(r);
}

Test(graph, names_may_hold_any_byte)
{
  static const char name[] = "a\0b\n\xff";
  bytes g = graph_xy(), first = {0}, second = {0};
  put_text(&first, 1, "x");
  put_span(&first, 2, name, sizeof name - 1);
  put_text(&first, 4, "Relu");
  put_span(&second, 1, name, sizeof name - 1);
  put_text(&second, 2, "y");
  put_text(&second, 4, "Relu");
  put_message(&g, GRAPH_NODE, first);
  put_message(&g, GRAPH_NODE, second);
  put_message(&g, GRAPH_NODE, node("Relu", "x", "a"));
  reading *r = accepted(model_of(g));
  const onx_graph *graph = r->m.main;
  const onx_value *v = &graph->values[graph->nodes[1].in[0]];
  cr_expect_eq(v->producer, 0);
  cr_expect_eq(v->name.size, sizeof name - 1);
  cr_expect(memcmp(v->name.data, name, sizeof name) == 0, "copied, with a zero behind it");
  reading_release(r);
}

Test(graph, a_value_has_one_producer)
{
  bytes g = graph_with(node("Relu", "x", "y"));
  put_message(&g, GRAPH_NODE, node("Abs", "x", "y"));
  refused(model_of(g), ONNXRUN_INVALID_MODEL, "value 'y' is produced twice", NULL);
  refused(model_of(graph_with(node("Relu", "x", "y x"))), ONNXRUN_INVALID_MODEL,
          "value 'x' is produced twice", NULL);
  g = graph_with(node("Relu", "x", "y"));
  put_message(&g, GRAPH_INPUT, value_info("x", ONNXRUN_FLOAT, -1, NULL));
  refused(model_of(g), ONNXRUN_INVALID_MODEL, "value 'x' is produced twice", NULL);
  g = graph_with(node("Relu", "x", "y"));
  for (int i = 0; i < 2; i++)
    put_message(&g, GRAPH_INITIALIZER, raw_tensor("w", ONNXRUN_FLOAT, 1, (int64_t[]){0}, NULL, 0));
  refused(model_of(g), ONNXRUN_INVALID_MODEL, "value 'w' is produced twice", NULL);
}

Test(graph, a_value_needs_a_producer)
{
  refused(model_of(graph_with(node("Add", "x lost", "y"))), ONNXRUN_INVALID_MODEL,
          "node 0 '' (Add): input 1 'lost'", NULL);
  refused(model_of(graph_with(node("Relu", "x", "z"))), ONNXRUN_INVALID_MODEL,
          "output 0 'y' is produced by no node", NULL);
}

Test(graph, outputs_may_be_inputs_or_constants)
{
  bytes g = graph_with(node("Relu", "x", "y"));
  put_message(&g, GRAPH_OUTPUT, value_info("x", ONNXRUN_DOUBLE, 0, NULL));
  put_message(&g, GRAPH_OUTPUT, value_info("w", ONNXRUN_DOUBLE, 0, NULL));
  put_message(&g, GRAPH_INITIALIZER, raw_tensor("w", ONNXRUN_INT8, 0, NULL, "\x05", 1));
  reading *r = accepted(model_of(g));
  const onx_graph *graph = r->m.main;
  cr_assert_eq(graph->n_outputs, 3);
  cr_expect_eq(graph->outputs[1], graph->inputs[0]);
  cr_expect_eq(graph->values[graph->outputs[1]].dtype, ONNXRUN_FLOAT, "the input's own");
  cr_expect_eq(graph->values[graph->outputs[2]].dtype, ONNXRUN_INT8, "the constant's own");
  reading_release(r);
}

Test(graph, declared_types_are_recorded_for_values_of_nodes)
{
  bytes g = graph_xy();
  put_message(&g, GRAPH_NODE, node("Relu", "x", "a"));
  put_message(&g, GRAPH_NODE, node("Relu", "a", "y"));
  put_message(&g, GRAPH_INFO, value_info("a", ONNXRUN_FLOAT, 2, (int64_t[]){4, -1}));
  put_message(&g, GRAPH_INFO, value_info("nowhere", ONNXRUN_FLOAT, 1, (int64_t[]){4}));
  put_message(&g, GRAPH_INFO, value_info("x", ONNXRUN_INT8, 1, (int64_t[]){4}));
  reading *r = accepted(model_of(g));
  const onx_value *a = value_named(r->m.main, "a");
  cr_assert(a && a->rank == 2 && a->dims[0] == 4 && a->dims[1] == -1);
  cr_expect_eq(value_named(r->m.main, "x")->dtype, ONNXRUN_FLOAT);
  cr_expect_null(value_named(r->m.main, "nowhere"));
  reading_release(r);
}

Test(graph, a_rank_above_16_is_unknown)
{
  int64_t dims[17] = {0};
  bytes g = graph_xy();
  put_message(&g, GRAPH_INPUT, value_info("big", ONNXRUN_FLOAT, 17, dims));
  put_message(&g, GRAPH_NODE, node("Relu", "x", "y"));
  reading *r = accepted(model_of(g));
  cr_expect_eq(value_named(r->m.main, "big")->rank, -1);
  reading_release(r);
}

/* ---- graphs inside ---- */

/* An If node whose branch is the graph. */
static bytes node_with_graph(bytes graph, const char *out)
{
  bytes n = node("If", "x", out), a = attr("then_branch", ONNXRUN_ATTR_GRAPH);
  put_message(&a, ATTR_GRAPH, graph);
  put_message(&n, NODE_ATTR, a);
  return n;
}

/* A graph without inputs whose node reads `in`. */
static bytes inner_graph(const char *in, const char *out)
{
  bytes g = {0};
  put_text(&g, 2, "inner");
  put_message(&g, GRAPH_NODE, node("Relu", in, out));
  put_message(&g, GRAPH_OUTPUT, value_info(out, ONNXRUN_FLOAT, -1, NULL));
  return g;
}

Test(subgraph, outer_values_are_captured_through_every_level)
{
  bytes middle = {0};
  put_message(&middle, GRAPH_NODE, node_with_graph(inner_graph("late", "i"), "m"));
  put_message(&middle, GRAPH_OUTPUT, value_info("m", ONNXRUN_FLOAT, -1, NULL));
  bytes g = graph_with(node_with_graph(middle, "y"));
  put_message(&g, GRAPH_NODE, node("Abs", "x", "late"));
  reading *r = accepted(model_of(g));
  const onx_graph *outer = r->m.main, *mid = outer->nodes[0].attrs[0].v.g;
  cr_assert_eq(mid->outer, outer);
  const onx_graph *inner = mid->nodes[0].attrs[0].v.g;
  cr_assert_eq(inner->outer, mid);
  const onx_value *used = &inner->values[inner->nodes[0].in[0]];
  cr_assert_neq(used->capture, ONX_NONE);
  const onx_value *passed = &mid->values[used->capture];
  cr_expect(equals(passed->name, "late") && passed->producer == ONX_NONE);
  cr_assert_neq(passed->capture, ONX_NONE);
  cr_expect_eq(outer->values[passed->capture].producer, 1);
  cr_expect_eq(outer->values[passed->capture].capture, ONX_NONE);
  reading_release(r);
}

Test(subgraph, inner_names_hide_outer_ones)
{
  bytes inner = {0};
  put_message(&inner, GRAPH_NODE, node("Relu", "a", "i"));
  put_message(&inner, GRAPH_NODE, node("Neg", "x", "a"));
  put_message(&inner, GRAPH_OUTPUT, value_info("i", ONNXRUN_FLOAT, -1, NULL));
  put_message(&inner, GRAPH_INITIALIZER, raw_tensor("w", ONNXRUN_INT8, 0, NULL, "\x05", 1));
  bytes g = graph_with(node_with_graph(inner, "y"));
  put_message(&g, GRAPH_NODE, node("Abs", "x", "a"));
  reading *r = accepted(model_of(g));
  const onx_graph *in = r->m.main->nodes[0].attrs[0].v.g;
  const onx_value *a = &in->values[in->nodes[0].in[0]];
  cr_expect(a->producer == 1 && a->capture == ONX_NONE);
  cr_expect_not_null(value_named(in, "w")->constant);
  cr_expect_null(value_named(r->m.main, "w"));
  reading_release(r);
}

Test(subgraph, an_outer_value_may_be_an_output)
{
  bytes inner = {0};
  put_message(&inner, GRAPH_OUTPUT, value_info("x", ONNXRUN_FLOAT, -1, NULL));
  reading *r = accepted(model_of(graph_with(node_with_graph(inner, "y"))));
  const onx_graph *in = r->m.main->nodes[0].attrs[0].v.g;
  cr_assert(in->n_outputs == 1 && in->n_values == 1);
  cr_expect_eq(in->values[in->outputs[0]].capture, r->m.main->inputs[0]);
  reading_release(r);
}

Test(subgraph, names_of_siblings_are_not_known)
{
  bytes g = graph_xy();
  put_message(&g, GRAPH_NODE, node_with_graph(inner_graph("x", "secret"), "y"));
  put_message(&g, GRAPH_NODE, node_with_graph(inner_graph("secret", "j"), "z"));
  refused(model_of(g), ONNXRUN_INVALID_MODEL, "input 0 'secret'", NULL);
}

static bytes nested(size_t depth)
{
  bytes g = inner_graph("x", "o0");
  for (size_t i = 1; i <= depth; i++) {
    bytes around = {0};
    put_message(&around, GRAPH_NODE, node_with_graph(g, "o"));
    g = around;
  }
  return g;
}

Test(subgraph, depth_has_a_limit)
{
  bytes g = nested(64);
  put_message(&g, GRAPH_INPUT, value_info("x", ONNXRUN_FLOAT, -1, NULL));
  reading *r = accepted(model_of(g));
  cr_expect_eq(r->m.total_nodes, 65);
  reading_release(r);
  g = nested(65);
  put_message(&g, GRAPH_INPUT, value_info("x", ONNXRUN_FLOAT, -1, NULL));
  refused(model_of(g), ONNXRUN_LIMIT, "max_depth 64", "byte ");
}

/* ---- memory ---- */

Test(memory, every_allocation_may_fail)
{
  onnxrun_status status = ONNXRUN_NO_MEMORY;
  size_t n = 0;
  for (; status != ONNXRUN_OK && n < 1000; n++) {
    reading *r = read_limited(rich_model(), n, SIZE_MAX);
    status = r->status;
    cr_assert(status == ONNXRUN_OK || status == ONNXRUN_NO_MEMORY, "request %zu: %s", n,
              r->error.text);
    reading_release(r);
  }
  cr_expect_eq(status, ONNXRUN_OK);
  cr_expect_gt(n, 5);
}

Test(memory, a_budget_is_a_limit)
{
  onnxrun_status status = ONNXRUN_LIMIT;
  for (size_t most = 1; status != ONNXRUN_OK; most += most / 8 + 1) {
    reading *r = read_limited(rich_model(), SIZE_MAX, most);
    status = r->status;
    cr_assert(status == ONNXRUN_OK || status == ONNXRUN_LIMIT, "%zu bytes: %s", most,
              r->error.text);
    reading_release(r);
  }
}
