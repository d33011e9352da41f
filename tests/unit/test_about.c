/* test_about.c: what a model says of itself, by the public calls. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/reading.h"

enum { IN = GRAPH_INPUT, OUT = GRAPH_OUTPUT };

static bytes documented(const char *name, const char *doc)
{
  bytes info = value_info(name, 1, -1, NULL);
  if (doc)
    put_text(&info, 3, doc);
  return info;
}

static void put_property(bytes *model, const void *key, size_t key_size, const char *value)
{
  bytes entry = {0};
  put_span(&entry, 1, key, key_size);
  put_text(&entry, 2, value);
  put_message(model, 14, entry);
}

/* ValueInfoProto of a float tensor whose name holds a zero byte. */
static bytes odd_info(void)
{
  bytes tensor = {0}, type = {0}, info = {0};
  put_number(&tensor, 1, 1);
  put_message(&type, 1, tensor);
  put_span(&info, 1, "t\0o", 3);
  put_message(&info, 2, type);
  return info;
}

/* Inputs "one" and "t\0o", outputs "sum" and "one", and a text for each field. */
static bytes full_model(void)
{
  bytes g = {0};
  put_text(&g, 2, "graph");
  put_text(&g, 10, "adds");
  put_message(&g, IN, documented("one", "first"));
  put_message(&g, IN, odd_info());
  put_message(&g, OUT, documented("sum", "both"));
  put_message(&g, OUT, documented("one", NULL));
  bytes n = {0};
  put_text(&n, 1, "one");
  put_span(&n, 1, "t\0o", 3);
  put_text(&n, 2, "sum");
  put_text(&n, 4, "Add");
  put_message(&g, GRAPH_NODE, n);
  bytes m = model_of(g);
  put_text(&m, 2, "maker");
  put_text(&m, 3, "1.5");
  put_text(&m, 4, "org.example");
  put_number(&m, 5, 7);
  put_text(&m, 6, "words");
  put_message(&m, MODEL_OPSET, opset("other", 3));
  put_property(&m, "key", 3, "value");
  put_property(&m, "k\0y", 3, "odd");
  put_property(&m, "key", 3, "again");
  return m;
}

static bytes file;
static onnxrun_model *model;

static void load(void)
{
  onnxrun_error error = {0};
  file = full_model();
  cr_assert_eq(onnxrun_model_load(file.data, file.size, NULL, &model, &error), ONNXRUN_OK, "%s",
               error.text);
}

static void release(void)
{
  onnxrun_model_release(model);
  bytes_release(&file);
}

TestSuite(about, .init = load, .fini = release);

static bool is_text(onnxrun_string s, const char *text)
{
  return onx_text_equal(s, onx_text(text));
}

Test(about, the_head_is_told)
{
  onnxrun_about a = {.size = sizeof a};
  cr_assert_eq(onnxrun_model_about(model, &a, NULL), ONNXRUN_OK);
  cr_expect(a.size == sizeof a && a.ir_version == 8 && a.model_version == 7);
  cr_expect(is_text(a.producer, "maker") && is_text(a.producer_version, "1.5"));
  cr_expect(is_text(a.domain, "org.example") && is_text(a.doc, "words"));
  cr_expect(is_text(a.graph, "graph") && is_text(a.graph_doc, "adds"));
}

Test(about, what_is_not_said_is_empty)
{
  bytes bare = model_of(graph_with(node("Relu", "x", "y")));
  onnxrun_model *m = NULL;
  cr_assert_eq(onnxrun_model_load(bare.data, bare.size, NULL, &m, NULL), ONNXRUN_OK);
  onnxrun_about a = {.size = sizeof a};
  onnxrun_info info = {.size = sizeof info};
  onnxrun_string value;
  onnxrun_error error = {0};
  cr_assert_eq(onnxrun_model_about(m, &a, NULL), ONNXRUN_OK);
  cr_expect(a.producer.size == 0 && a.producer.data && a.doc.size == 0 && a.graph_doc.size == 0);
  cr_assert_eq(onnxrun_model_input(m, 0, &info, NULL), ONNXRUN_OK);
  cr_expect(info.doc.size == 0 && info.doc.data);
  cr_expect_eq(onnxrun_model_properties(m), 0);
  cr_expect_eq(onnxrun_model_find_property(m, "a", &value, &error), ONNXRUN_NOT_FOUND);
  cr_expect_str_eq(error.text, "the model has no property 'a', it has none");
  onnxrun_model_release(m);
  bytes_release(&bare);
}

Test(about, operator_sets_come_in_the_files_order)
{
  onnxrun_string domain = {0};
  int64_t version = 0;
  cr_assert_eq(onnxrun_model_opsets(model), 2);
  cr_assert_eq(onnxrun_model_opset(model, 0, &domain, &version, NULL), ONNXRUN_OK);
  cr_expect(is_text(domain, "") && version == 17);
  cr_assert_eq(onnxrun_model_opset(model, 1, &domain, &version, NULL), ONNXRUN_OK);
  cr_expect(is_text(domain, "other") && version == 3);
  cr_expect_eq(onnxrun_model_opset(model, 2, &domain, &version, NULL), ONNXRUN_NOT_FOUND);
  cr_expect_eq(onnxrun_model_opset(model, SIZE_MAX, &domain, &version, NULL), ONNXRUN_NOT_FOUND);
  cr_expect_eq(version, 3);
}

Test(about, properties_hold_any_bytes)
{
  onnxrun_string key = {0}, value = {0};
  onnxrun_error error = {0};
  cr_assert_eq(onnxrun_model_properties(model), 3);
  cr_assert_eq(onnxrun_model_property(model, 1, &key, &value, NULL), ONNXRUN_OK);
  cr_expect(key.size == 3 && memcmp(key.data, "k\0y", 3) == 0 && is_text(value, "odd"));
  cr_expect_eq(onnxrun_model_property(model, 3, &key, &value, NULL), ONNXRUN_NOT_FOUND);
  cr_assert_eq(onnxrun_model_find_property(model, "key", &value, NULL), ONNXRUN_OK);
  cr_expect(is_text(value, "value"));
  cr_expect_eq(onnxrun_model_find_property(model, "k", &value, &error), ONNXRUN_NOT_FOUND);
  cr_expect(strstr(error.text, "no property 'k', it has 'key'"), "%s", error.text);
}

/* A TypeProto that holds one of another: sequence 4, optional 9. */
static bytes holding(uint32_t kind, bytes held)
{
  bytes container = {0}, type = {0};
  put_message(&container, 1, held);
  put_message(&type, kind, container);
  return type;
}

static bytes tensor_type(uint32_t element)
{
  bytes tensor = {0}, type = {0};
  put_number(&tensor, 1, element);
  put_message(&type, 1, tensor);
  return type;
}

static bytes map_type(uint32_t key, bytes value)
{
  bytes map = {0}, type = {0};
  put_number(&map, 1, key);
  put_message(&map, 2, value);
  put_message(&type, 5, map);
  return type;
}

/* What is said of an input of that type. */
static void expect_type(bytes type, const char *expected)
{
  bytes g = {0}, info = {0};
  put_text(&info, 1, "x");
  put_message(&info, 2, type);
  put_message(&g, IN, info);
  const bytes m = model_of(g);
  onnxrun_model *own = NULL;
  onnxrun_error error = {0};
  cr_assert_eq(onnxrun_model_load(m.data, m.size, NULL, &own, &error), ONNXRUN_OK, "%s",
               error.text);
  onnxrun_info found = {.size = sizeof found};
  cr_assert_eq(onnxrun_model_input(own, 0, &found, NULL), ONNXRUN_OK);
  cr_expect_str_eq(found.type, expected);
  onnxrun_model_release(own);
}

Test(about, types_are_told_with_what_they_hold)
{
  expect_type(tensor_type(16), "tensor(bfloat16)");
  expect_type(holding(4, tensor_type(1)), "seq(tensor(float))");
  expect_type(holding(9, holding(4, tensor_type(8))), "optional(seq(tensor(string)))");
  expect_type(holding(4, map_type(7, tensor_type(1))), "seq(map(int64,tensor(float)))");
  expect_type(map_type(8, holding(4, tensor_type(11))), "map(string,seq(tensor(double)))");
  expect_type(holding(4, (bytes){0}), "");
  expect_type(holding(9, map_type(7, (bytes){0})), "");
}

Test(about, a_type_of_many_levels_is_told_or_left_open)
{
  bytes deep = tensor_type(1);
  for (int i = 0; i < 20; i++)
    deep = holding(4, deep);
  char expected[256] = "";
  for (int i = 0; i < 20; i++)
    strcat(expected, "seq(");
  strcat(expected, "tensor(float)");
  for (int i = 0; i < 20; i++)
    strcat(expected, ")");
  expect_type(deep, expected);
}

Test(about, inputs_and_outputs_are_found_by_name)
{
  size_t i = 9;
  onnxrun_info info = {.size = sizeof info};
  onnxrun_error error = {0};
  cr_assert_eq(onnxrun_model_find_input(model, "one", &i, NULL), ONNXRUN_OK);
  cr_expect_eq(i, 0);
  cr_assert_eq(onnxrun_model_input(model, i, &info, NULL), ONNXRUN_OK);
  cr_expect(is_text(info.doc, "first"));
  cr_assert_eq(onnxrun_model_find_output(model, "one", &i, NULL), ONNXRUN_OK);
  cr_expect_eq(i, 1);
  cr_assert_eq(onnxrun_model_output(model, 0, &info, NULL), ONNXRUN_OK);
  cr_expect(is_text(info.doc, "both"));
  cr_expect_eq(onnxrun_model_find_output(model, "two", &i, &error), ONNXRUN_NOT_FOUND);
  cr_expect_str_eq(error.text, "the model has no output 'two', it has 'sum', 'one'");
  cr_expect_eq(i, 1);
}

Test(about, a_name_with_a_zero_byte_is_found_by_index_alone)
{
  size_t i = 9;
  onnxrun_info info = {.size = sizeof info};
  cr_expect_eq(onnxrun_model_find_input(model, "t", &i, NULL), ONNXRUN_NOT_FOUND);
  cr_expect_eq(onnxrun_model_find_input(model, "t\0o", &i, NULL), ONNXRUN_NOT_FOUND);
  cr_assert_eq(onnxrun_model_input(model, 1, &info, NULL), ONNXRUN_OK);
  cr_expect(info.name_size == 3 && memcmp(info.name, "t\0o", 4) == 0);
}

Test(about, long_lists_are_cut)
{
  bytes g = {0};
  char name[64], names[800] = "";
  for (int i = 0; i < 12; i++) {
    snprintf(name, sizeof name, "%s_with_number_%d", i ? "another_quite_long_name" : "x", i);
    put_message(&g, IN, value_info(name, 1, -1, NULL));
    strcat(strcat(names, i ? " " : ""), name);
  }
  put_message(&g, OUT, value_info("y", 1, -1, NULL));
  put_message(&g, GRAPH_NODE, node("Max", names, "y"));
  bytes b = model_of(g);
  onnxrun_model *m = NULL;
  onnxrun_error error = {0};
  cr_assert_eq(onnxrun_model_load(b.data, b.size, NULL, &m, &error), ONNXRUN_OK, "%s", error.text);
  memset(name, 'n', sizeof name - 1);
  name[sizeof name - 1] = '\0';
  size_t i;
  cr_expect_eq(onnxrun_model_find_input(m, name, &i, &error), ONNXRUN_NOT_FOUND);
  cr_expect(strlen(error.text) > 150 && strlen(error.text) < sizeof error.text);
  onnxrun_model_release(m);
  bytes_release(&b);
}

Test(about, null_is_refused)
{
  onnxrun_about a = {.size = sizeof a};
  onnxrun_string s = {0};
  int64_t version;
  size_t i;
  cr_expect_eq(onnxrun_model_opsets(NULL) + onnxrun_model_properties(NULL), 0);
#define REFUSED(call) cr_expect_eq(call, ONNXRUN_INVALID_ARGUMENT, #call)
  REFUSED(onnxrun_model_about(NULL, &a, NULL));
  REFUSED(onnxrun_model_about(model, NULL, NULL));
  a.size = 3;
  REFUSED(onnxrun_model_about(model, &a, NULL));
  REFUSED(onnxrun_model_opset(NULL, 0, &s, &version, NULL));
  REFUSED(onnxrun_model_opset(model, 0, NULL, &version, NULL));
  REFUSED(onnxrun_model_opset(model, 0, &s, NULL, NULL));
  REFUSED(onnxrun_model_property(NULL, 0, &s, &s, NULL));
  REFUSED(onnxrun_model_property(model, 0, NULL, &s, NULL));
  REFUSED(onnxrun_model_property(model, 0, &s, NULL, NULL));
  REFUSED(onnxrun_model_find_property(NULL, "key", &s, NULL));
  REFUSED(onnxrun_model_find_property(model, NULL, &s, NULL));
  REFUSED(onnxrun_model_find_property(model, "key", NULL, NULL));
  REFUSED(onnxrun_model_find_input(NULL, "one", &i, NULL));
  REFUSED(onnxrun_model_find_input(model, NULL, &i, NULL));
  REFUSED(onnxrun_model_find_output(model, "one", NULL, NULL));
#undef REFUSED
}
