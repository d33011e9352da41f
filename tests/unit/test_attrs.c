/* test_attrs.c: a node's attributes in a kernel's params. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "tests/support/toy.h"

typedef struct params {
  float f;
  int64_t i, absent, choice;
  onnxrun_string s;
  const onnxrun_tensor *t;
  onnxrun_ints ints;
  onnxrun_floats floats;
  onnxrun_strings strings;
} params;

#define AT(field) offsetof(params, field)
static const onnxrun_attr attrs[] = {
    {"f", ONNXRUN_ATTR_FLOAT, 0, AT(f), 0.25, NULL},
    {"i", ONNXRUN_ATTR_INT, 0, AT(i), -3, NULL},
    {"absent", ONNXRUN_ATTR_INT, 0, AT(absent), (double)ONNXRUN_ABSENT, NULL},
    {"choice", ONNXRUN_ATTR_ENUM, 0, AT(choice), 1, "NOTSET|VALID|SAME"},
    {"s", ONNXRUN_ATTR_STRING, 0, AT(s), 0, "text"},
    {"t", ONNXRUN_ATTR_TENSOR, 0, AT(t), 0, NULL},
    {"ints", ONNXRUN_ATTR_INTS, 0, AT(ints), 0, NULL},
    {"floats", ONNXRUN_ATTR_FLOATS, 0, AT(floats), 0, NULL},
    {"strings", ONNXRUN_ATTR_STRINGS, 0, AT(strings), 0, NULL},
    {"old", ONNXRUN_ATTR_IGNORED, 0, 0, 0, NULL},
    {0}};
static const onnxrun_kernel kernel = {
    .size = sizeof(onnxrun_kernel), .attrs = attrs, .params_size = sizeof(params)};

static const onnxrun_attr required[] = {{"i", ONNXRUN_ATTR_INT, 1, AT(i), 0, NULL}, {0}};
static const onnxrun_kernel strict = {
    .size = sizeof(onnxrun_kernel), .attrs = required, .params_size = sizeof(params)};
static const onnxrun_kernel bare = {.size = sizeof(onnxrun_kernel)};

static onx_node node_of(onx_attr *list, uint32_t n)
{
  return (onx_node){.name = onx_text("n"),
                    .domain = onx_text(""),
                    .op = onx_text("Op"),
                    .opset = 7,
                    .attrs = list,
                    .n_attrs = n};
}

static params decode(onx_attr attr)
{
  params p = {0};
  onnxrun_error error = {0};
  const onx_node node = node_of(&attr, 1);
  cr_assert_eq(onx_decode_attrs(&node, &kernel, &p, &error), ONNXRUN_OK, "%s", error.text);
  return p;
}

static void refuse(const onnxrun_kernel *k, onx_attr *list, uint32_t n, const char *text)
{
  params p = {0};
  onnxrun_error error = {0};
  const onx_node node = node_of(list, n);
  cr_assert_eq(onx_decode_attrs(&node, k, &p, &error), ONNXRUN_INVALID_MODEL);
  cr_assert_str_eq(error.text, text);
  cr_assert_eq(onx_decode_attrs(&node, k, &p, NULL), ONNXRUN_INVALID_MODEL);
}

Test(attrs, a_default_may_be_infinite)
{
  static const onnxrun_attr endless[] = {
      {"f", ONNXRUN_ATTR_FLOAT, 0, AT(f), (double)INFINITY, NULL}, {0}};
  static const onnxrun_kernel k = {
      .size = sizeof k, .attrs = endless, .params_size = sizeof(params)};
  params p = {0};
  const onx_node node = node_of(NULL, 0);
  cr_assert_eq(onx_decode_attrs(&node, &k, &p, NULL), ONNXRUN_OK);
  cr_expect_eq(p.f, INFINITY);
}

Test(attrs, absent_ones_have_their_defaults)
{
  params p = {0};
  const onx_node node = node_of(NULL, 0);
  cr_assert_eq(onx_decode_attrs(&node, &kernel, &p, NULL), ONNXRUN_OK);
  cr_assert(p.f == 0.25f && p.i == -3 && p.absent == ONNXRUN_ABSENT && p.choice == 1);
  cr_assert(onx_text_equal(p.s, onx_text("text")));
  cr_assert(!p.t && !p.ints.items && !p.floats.items && !p.strings.items);
}

Test(attrs, given_ones_take_their_place)
{
  static const int64_t ints[] = {4, 5};
  static const float floats[] = {6};
  static const onnxrun_string strings[] = {{"a", 1}};
  static const onnxrun_tensor tensor;
  cr_assert_eq(decode((onx_attr){onx_text("f"), ONNXRUN_ATTR_FLOAT, .v.f = 2}).f, 2);
  cr_assert_eq(decode(toy_int("i", INT64_MIN)).i, INT64_MIN);
  cr_assert_eq(decode(toy_int("absent", 0)).absent, 0);
  cr_assert_eq(decode((onx_attr){onx_text("t"), ONNXRUN_ATTR_TENSOR, .v.t = &tensor}).t, &tensor);
  const params i = decode((onx_attr){onx_text("ints"), ONNXRUN_ATTR_INTS, .v.ints = {ints, 2}});
  cr_assert(i.ints.items == ints && i.ints.size == 2);
  const params f =
      decode((onx_attr){onx_text("floats"), ONNXRUN_ATTR_FLOATS, .v.floats = {floats, 1}});
  cr_assert(f.floats.items == floats && f.floats.size == 1);
  const params s =
      decode((onx_attr){onx_text("strings"), ONNXRUN_ATTR_STRINGS, .v.strings = {strings, 1}});
  cr_assert(s.strings.items == strings && s.strings.size == 1);
  const params text = decode((onx_attr){onx_text("s"), ONNXRUN_ATTR_STRING, .v.s = {"x\0y", 3}});
  cr_assert(text.s.size == 3 && text.s.data[2] == 'y');
}

Test(attrs, a_choice_is_the_index_of_its_name)
{
  static const char *const names[] = {"NOTSET", "VALID", "SAME"};
  for (int64_t i = 0; i < 3; i++) {
    const onx_attr attr = {onx_text("choice"), ONNXRUN_ATTR_STRING, .v.s = onx_text(names[i])};
    cr_assert_eq(decode(attr).choice, i);
  }
}

Test(attrs, a_choice_that_does_not_exist_is_refused)
{
  static const char *const names[] = {"", "SAM", "SAMEX", "valid", "NOTSET|VALID"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    onx_attr attr = {onx_text("choice"), ONNXRUN_ATTR_STRING, .v.s = onx_text(names[i])};
    params p = {0};
    const onx_node node = node_of(&attr, 1);
    onnxrun_error error = {0};
    cr_assert_eq(onx_decode_attrs(&node, &kernel, &p, &error), ONNXRUN_INVALID_MODEL, "%s",
                 names[i]);
    cr_assert(strstr(error.text, "expected one of NOTSET|VALID|SAME"), "%s", error.text);
  }
}

Test(attrs, another_type_is_refused)
{
  onx_attr attr = {onx_text("f"), ONNXRUN_ATTR_INT, .v.i = 1};
  refuse(&kernel, &attr, 1, "node 0 'n' (Op): attribute 'f' has type INT, expected FLOAT");
  attr.name = onx_text("choice");
  refuse(&kernel, &attr, 1, "node 0 'n' (Op): attribute 'choice' has type INT, expected STRING");
  attr.name = onx_text("ints");
  refuse(&kernel, &attr, 1, "node 0 'n' (Op): attribute 'ints' has type INT, expected INTS");
}

Test(attrs, one_that_the_operator_lacks_is_refused)
{
  onx_attr attr = toy_int("other", 1);
  refuse(&kernel, &attr, 1, "node 0 'n' (Op): attribute 'other' is not one of opset 7's");
  refuse(&bare, &attr, 1, "node 0 'n' (Op): attribute 'other' is not one of opset 7's");
}

Test(attrs, a_required_one_must_be_given)
{
  refuse(&strict, NULL, 0, "node 0 'n' (Op): attribute 'i' is missing");
}

Test(attrs, an_ignored_one_may_have_any_type)
{
  decode(toy_int("old", 1));
  decode((onx_attr){onx_text("old"), ONNXRUN_ATTR_STRING, .v.s = onx_text("x")});
}

Test(attrs, a_reference_outside_a_function_is_refused)
{
  onx_attr attr = toy_ref("i", ONNXRUN_ATTR_INT, "x");
  refuse(&kernel, &attr, 1,
         "node 0 'n' (Op): attribute 'i' refers to a function's attribute outside a function");
}
