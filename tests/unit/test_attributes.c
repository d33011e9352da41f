/* test_attributes.c: attributes of nodes, and functions. */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/support/reading.h"

static bytes node_of(const char *domain, const char *op)
{
  bytes n = node(op, "x", "y");
  put_text(&n, NODE_DOMAIN, domain);
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

/* ---- attributes ---- */

static onx_attr only_attr(reading *r)
{
  cr_assert_eq(r->m.main->nodes[0].n_attrs, 1);
  return r->m.main->nodes[0].attrs[0];
}

static bytes model_with(bytes a)
{
  bytes n = node("Op", "x", "y");
  put_message(&n, NODE_ATTR, a);
  return model_of(graph_with(n));
}

Test(attribute, scalars)
{
  bytes a = attr("f", ONNXRUN_ATTR_FLOAT);
  put_fixed32(&a, 2, 0x40490fdb);
  reading *r = accepted(model_with(a));
  cr_expect(only_attr(r).type == ONNXRUN_ATTR_FLOAT && equals(only_attr(r).name, "f"));
  cr_expect_eq(only_attr(r).v.f, 0x1.921fb6p+1f);
  reading_release(r);
  a = attr("i", ONNXRUN_ATTR_INT);
  put_number(&a, 3, (uint64_t)INT64_MIN);
  r = accepted(model_with(a));
  cr_expect_eq(only_attr(r).v.i, INT64_MIN);
  reading_release(r);
  a = attr("s", ONNXRUN_ATTR_STRING);
  put_span(&a, 4, "a\0b", 3);
  r = accepted(model_with(a));
  cr_expect(onx_text_equal(only_attr(r).v.s, (onnxrun_string){"a\0b", 3}));
  reading_release(r);
}

Test(attribute, an_absent_scalar_is_zero)
{
  reading *r = accepted(model_with(attr("i", ONNXRUN_ATTR_INT)));
  cr_expect_eq(only_attr(r).v.i, 0);
  reading_release(r);
  r = accepted(model_with(attr("s", ONNXRUN_ATTR_STRING)));
  cr_expect_eq(only_attr(r).v.s.size, 0);
  reading_release(r);
}

Test(attribute, lists_packed_and_not)
{
  bytes a = attr("ints", ONNXRUN_ATTR_INTS), packed = {0};
  put_number(&a, 8, 1);
  put_varint(&packed, 300);
  put_varint(&packed, (uint64_t)-2);
  put_message(&a, 8, packed);
  put_number(&a, 8, 4);
  reading *r = accepted(model_with(a));
  const onnxrun_ints ints = only_attr(r).v.ints;
  cr_assert_eq(ints.size, 4);
  cr_expect(ints.items[0] == 1 && ints.items[1] == 300 && ints.items[2] == -2 &&
            ints.items[3] == 4);
  reading_release(r);
  a = attr("floats", ONNXRUN_ATTR_FLOATS);
  put_span(&a, 7, (float[]){1.5f, -2}, 8);
  put_fixed32(&a, 7, 0x40000000);
  r = accepted(model_with(a));
  const onnxrun_floats floats = only_attr(r).v.floats;
  cr_assert_eq(floats.size, 3);
  cr_expect(floats.items[0] == 1.5f && floats.items[1] == -2 && floats.items[2] == 2);
  reading_release(r);
  a = attr("strings", ONNXRUN_ATTR_STRINGS);
  put_text(&a, 9, "one");
  put_text(&a, 9, "");
  r = accepted(model_with(a));
  const onnxrun_strings strings = only_attr(r).v.strings;
  cr_assert_eq(strings.size, 2);
  cr_expect(equals(strings.items[0], "one") && equals(strings.items[1], ""));
  reading_release(r);
}

Test(attribute, empty_lists_are_there)
{
  reading *r = accepted(model_with(attr("ints", ONNXRUN_ATTR_INTS)));
  cr_expect_eq(only_attr(r).v.ints.size, 0);
  cr_expect_not_null(only_attr(r).v.ints.items);
  reading_release(r);
}

Test(attribute, tensors_are_aligned)
{
  for (size_t pad = 0; pad < 8; pad++) {
    const int64_t data[2] = {7, -9};
    bytes a = attr("t", ONNXRUN_ATTR_TENSOR);
    put_span(&a, 13, "padding", pad);
    put_message(&a, ATTR_TENSOR,
                raw_tensor(NULL, ONNXRUN_INT64, 1, (int64_t[]){2}, data, sizeof data));
    reading *r = accepted(model_with(a));
    const onnxrun_tensor *t = only_attr(r).v.t;
    cr_expect_eq((uintptr_t)t->data % 8, 0);
    cr_expect(t->dtype == ONNXRUN_INT64 && t->rank == 1 && t->dims[0] == 2);
    cr_expect(memcmp(t->data, data, sizeof data) == 0);
    reading_release(r);
  }
}

Test(attribute, without_a_type_the_field_says_it)
{
  bytes a = {0};
  put_text(&a, 1, "axis");
  put_number(&a, 3, 2);
  reading *r = accepted(model_with(a));
  cr_expect(only_attr(r).type == ONNXRUN_ATTR_INT && only_attr(r).v.i == 2);
  reading_release(r);
}

Test(attribute, kinds_of_no_use_keep_name_and_type)
{
  const int kinds[] = {9, 10, 12, 13, 14};
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    reading *r = accepted(model_with(attr("odd", kinds[i])));
    cr_expect_eq((int)only_attr(r).type, kinds[i]);
    reading_release(r);
  }
}

Test(attribute, what_cannot_be_is_refused)
{
  refused(model_with(attr("a", ONNXRUN_ATTR_ENUM)), ONNXRUN_INVALID_MODEL, "type 32", "'a'");
  refused(model_with(attr("a", 15)), ONNXRUN_INVALID_MODEL, "type 15", NULL);
  refused(model_with(attr("a", -1)), ONNXRUN_INVALID_MODEL, "type -1", NULL);
  refused(model_with(attr("", 1)), ONNXRUN_INVALID_MODEL, "an attribute has no name", "byte ");
  refused(model_with(attr("t", ONNXRUN_ATTR_TENSOR)), ONNXRUN_INVALID_MODEL, "'t' has no tensor",
          NULL);
  refused(model_with(attr("g", ONNXRUN_ATTR_GRAPH)), ONNXRUN_INVALID_MODEL, "'g' has no graph",
          NULL);
  bytes a = attr("g", ONNXRUN_ATTR_GRAPH);
  put_message(&a, ATTR_GRAPH, inner_graph("x", "a"));
  put_message(&a, ATTR_GRAPH, inner_graph("x", "b"));
  refused(model_with(a), ONNXRUN_INVALID_MODEL, "AttributeProto.g is given twice", NULL);
}

/* ---- functions ---- */

enum { FN_NAME = 1, FN_IN = 4, FN_OUT = 5, FN_ATTR = 6, FN_NODE = 7, FN_OPSET = 9, FN_DOMAIN = 10 };

static bytes function(const char *domain, const char *name)
{
  bytes f = {0};
  put_text(&f, FN_NAME, name);
  put_text(&f, FN_DOMAIN, domain);
  put_text(&f, FN_IN, "p");
  put_text(&f, FN_OUT, "q");
  return f;
}

Test(function, body_attributes_and_defaults)
{
  bytes f = function("local", "Twice"), n = node("Elu", "p", "q"), ref = attr("alpha", 1);
  put_text(&f, FN_ATTR, "alpha");
  put_text(&ref, 21, "alpha");
  put_message(&n, NODE_ATTR, ref);
  put_message(&f, FN_NODE, n);
  bytes def = attr("beta", ONNXRUN_ATTR_INT);
  put_number(&def, 3, 5);
  put_message(&f, 11, def);
  put_text(&f, 13, "v2");
  put_message(&f, FN_OPSET, opset("", 6));
  bytes file = model_of(graph_with(node_of("local", "Twice")));
  put_message(&file, MODEL_FUNCTION, f);
  reading *r = accepted(file);
  cr_assert_eq(r->m.n_functions, 1);
  const onx_function *fn = r->m.functions;
  cr_expect(equals(fn->domain, "local") && equals(fn->name, "Twice") && equals(fn->overload, "v2"));
  cr_assert(fn->n_attrs == 1 && fn->n_defaults == 1);
  cr_expect(equals(fn->attrs[0], "alpha") && fn->defaults[0].v.i == 5);
  const onx_graph *body = fn->body;
  cr_assert(body->n_inputs == 1 && body->n_outputs == 1 && body->n_nodes == 1 && !body->outer);
  cr_expect_eq(body->nodes[0].opset, 6, "the function's own import");
  cr_expect(body->nodes[0].in[0] == body->inputs[0] && body->nodes[0].out[0] == body->outputs[0]);
  const onx_attr *a = body->nodes[0].attrs;
  cr_expect(a->is_ref && equals(a->ref, "alpha") && a->type == ONNXRUN_ATTR_FLOAT);
  reading_release(r);
}

Test(function, without_imports_the_models_count)
{
  bytes f = function("local", "Once");
  put_message(&f, FN_NODE, node("Relu", "p", "q"));
  bytes file = model_of(graph_with(node_of("local", "Once")));
  put_message(&file, MODEL_FUNCTION, f);
  reading *r = accepted(file);
  cr_expect_eq(r->m.functions[0].body->nodes[0].opset, 17);
  reading_release(r);
}

Test(function, a_body_does_not_see_the_main_graph)
{
  bytes f = function("local", "Leak");
  put_message(&f, FN_NODE, node("Relu", "x", "q"));
  bytes file = model_of(graph_with(node_of("local", "Leak")));
  put_message(&file, MODEL_FUNCTION, f);
  refused(file, ONNXRUN_INVALID_MODEL, "input 0 'x'", NULL);
}

Test(function, what_cannot_be_is_refused)
{
  bytes file = model_of(graph_with(node("Relu", "x", "y")));
  put_message(&file, MODEL_FUNCTION, function("local", ""));
  refused(file, ONNXRUN_INVALID_MODEL, "a function has no name", NULL);
  file = model_of(graph_with(node("Relu", "x", "y")));
  put_message(&file, MODEL_FUNCTION, function("local", "NoOutput"));
  refused(file, ONNXRUN_INVALID_MODEL, "graph 'NoOutput': output 0 'q'", NULL);
}
