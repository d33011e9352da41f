/* test_model.c: from a file's bytes to results, and what a model says of itself. */
#include <criterion/criterion.h>
#include <string.h>

#include "onnxrun/onnxrun.h"
#include "tests/support/bytes.h"

static onnxrun_model *load(bytes *file)
{
  onnxrun_model *m = NULL;
  onnxrun_error error = {0};
  cr_assert_eq(onnxrun_model_load(file->data, file->size, NULL, &m, &error), ONNXRUN_OK, "%s",
               error.text);
  return m;
}

/* Runs the model on three floats and compares; both are released. */
static void expect(bytes file, const float *x, const float *y)
{
  onnxrun_model *m = load(&file);
  onnxrun_session *s = NULL;
  onnxrun_error error = {0};
  cr_assert_eq(onnxrun_session_create(m, NULL, &s, &error), ONNXRUN_OK, "%s", error.text);
  float data[3];
  memcpy(data, x, sizeof data);
  const onnxrun_tensor in = {ONNXRUN_FLOAT, 1, {3}, data, sizeof data};
  onnxrun_tensor out = {0};
  cr_assert_eq(onnxrun_session_run(s, &in, 1, &out, 1, &error), ONNXRUN_OK, "%s", error.text);
  cr_assert(out.rank == 1 && out.dims[0] == 3 && out.bytes == sizeof data);
  for (int i = 0; i < 3; i++)
    cr_assert_eq(((const float *)out.data)[i], y[i], "%g", (double)((const float *)out.data)[i]);
  onnxrun_session_release(s);
  onnxrun_model_release(m);
  bytes_release(&file);
}

static void refuse(bytes file, onnxrun_status status, const char *text)
{
  onnxrun_model *m = NULL;
  onnxrun_error error = {0};
  cr_assert_eq(onnxrun_model_load(file.data, file.size, NULL, &m, &error), status, "%s",
               error.text);
  cr_assert(strstr(error.text, text) && !m, "%s", error.text);
  bytes_release(&file);
}

/* y = op(x) in the domain. */
static bytes calling(const char *op, const char *domain)
{
  bytes g = graph_xy(), call = node(op, "x", "y");
  put_text(&call, NODE_DOMAIN, domain);
  put_message(&g, GRAPH_NODE, call);
  return model_of(g);
}

static bytes function(const char *name, const char *in, const char *out)
{
  bytes f = {0};
  put_text(&f, 1, name);
  put_text(&f, 10, "local");
  put_text(&f, 4, in);
  put_text(&f, 5, out);
  put_message(&f, 9, opset("", 17));
  put_message(&f, 9, opset("local", 1));
  return f;
}

static const float x[] = {-2, 0, 3};

Test(model, a_function_of_the_file_is_called)
{
  bytes file = calling("Leaky", "local"), f = function("Leaky", "p", "q");
  bytes n = node("LeakyRelu", "p", "q"), ref = attr("alpha", ONNXRUN_ATTR_FLOAT);
  put_text(&ref, 21, "slope");
  put_message(&n, NODE_ATTR, ref);
  put_message(&f, 7, n);
  bytes slope = attr("slope", ONNXRUN_ATTR_FLOAT);
  put_fixed32(&slope, 2, 0x3f000000); /* 0.5 */
  put_message(&f, 11, slope);
  put_message(&file, MODEL_FUNCTION, f);
  expect(file, x, (float[]){-1, 0, 3});
}

Test(model, a_function_stands_before_an_operator_of_its_name)
{
  bytes file = calling("Relu", ""), f = {0};
  put_text(&f, 1, "Relu");
  put_text(&f, 4, "p");
  put_text(&f, 5, "q");
  put_message(&f, 9, opset("", 17));
  put_message(&f, 7, node("Add", "p p", "q"));
  put_message(&file, MODEL_FUNCTION, f);
  expect(file, x, (float[]){-4, 0, 6});
}

Test(model, functions_may_stand_in_any_order_and_call_each_other)
{
  bytes file = calling("Outer", "local"), f = function("Outer", "p", "q");
  bytes call = node("Inner", "r", "q");
  put_text(&call, NODE_DOMAIN, "local");
  put_message(&f, 7, call);
  put_message(&f, 7, node("Relu", "p", "r"));
  put_message(&file, MODEL_FUNCTION, f);
  f = function("Inner", "p", "q");
  put_message(&f, 7, node("Add", "p p", "q"));
  put_message(&file, MODEL_FUNCTION, f);
  expect(file, x, (float[]){0, 0, 6});
}

Test(model, a_function_may_give_what_it_is_given)
{
  bytes file = calling("Same", "local"), f = function("Same", "p", "p");
  put_message(&file, MODEL_FUNCTION, f);
  expect(file, x, x);
}

Test(model, a_function_that_calls_itself_is_refused)
{
  bytes file = calling("Again", "local"), f = function("Again", "p", "q");
  bytes call = node("Again", "p", "q");
  put_text(&call, NODE_DOMAIN, "local");
  put_message(&f, 7, call);
  put_message(&file, MODEL_FUNCTION, f);
  refuse(file, ONNXRUN_INVALID_MODEL, "(local::Again): the function calls itself");
}

Test(model, nodes_may_stand_in_any_order)
{
  bytes g = graph_xy();
  put_message(&g, GRAPH_NODE, node("Add", "b x", "y"));
  put_message(&g, GRAPH_NODE, node("Relu", "a", "b"));
  put_message(&g, GRAPH_NODE, node("Neg", "x", "a"));
  put_message(&g, GRAPH_NODE, node("Nonsense", "x", "unused")); /* no output needs it */
  expect(model_of(g), x, (float[]){0, 0, 3});
}

Test(model, a_cycle_is_refused)
{
  bytes g = graph_xy();
  put_message(&g, GRAPH_NODE, node("Add", "y x", "y"));
  refuse(model_of(g), ONNXRUN_INVALID_MODEL, "cycle");
}

Test(model, an_operator_that_does_not_exist_is_named)
{
  bytes g = graph_xy();
  put_message(&g, GRAPH_NODE, node("Nonsense", "x", "y"));
  refuse(model_of(g), ONNXRUN_UNSUPPORTED, "(Nonsense): operator of opset 17 is not supported");
}

Test(model, inputs_and_outputs_are_described)
{
  bytes g = {0};
  put_message(&g, GRAPH_INPUT, value_info("x", ONNXRUN_FLOAT, 2, (int64_t[]){-1, 3}));
  put_message(&g, GRAPH_OUTPUT, value_info("y", ONNXRUN_FLOAT, -1, NULL));
  put_message(&g, GRAPH_NODE, node("Relu", "x", "y"));
  bytes file = model_of(g);
  onnxrun_model *m = load(&file);
  cr_assert(onnxrun_model_inputs(m) == 1 && onnxrun_model_outputs(m) == 1);
  onnxrun_info info = {.size = sizeof info};
  cr_assert_eq(onnxrun_model_input(m, 0, &info, NULL), ONNXRUN_OK);
  cr_assert_str_eq(info.name, "x");
  cr_assert(info.name_size == 1 && info.spec.dtype == ONNXRUN_FLOAT && !info.any_rank);
  cr_assert(info.spec.rank == 2 && info.spec.dims[0] == -1 && info.spec.dims[1] == 3);
  cr_assert_null(info.dim_names[1]);
  cr_assert_eq(onnxrun_model_output(m, 0, &info, NULL), ONNXRUN_OK);
  cr_assert_str_eq(info.name, "y");
  cr_assert(info.any_rank && info.spec.dtype == ONNXRUN_FLOAT);
  cr_assert_eq(onnxrun_model_input(m, 1, &info, NULL), ONNXRUN_NOT_FOUND);
  cr_assert_eq(onnxrun_model_output(m, 1, &info, NULL), ONNXRUN_NOT_FOUND);
  cr_assert_eq(onnxrun_model_input(m, 0, NULL, NULL), ONNXRUN_INVALID_ARGUMENT);
  info.size = 1;
  cr_assert_eq(onnxrun_model_input(m, 0, &info, NULL), ONNXRUN_INVALID_ARGUMENT);
  cr_assert_eq(onnxrun_model_input(NULL, 0, &info, NULL), ONNXRUN_INVALID_ARGUMENT);
  cr_assert_eq(onnxrun_model_output(NULL, 0, &info, NULL), ONNXRUN_INVALID_ARGUMENT);
  cr_assert(onnxrun_model_inputs(NULL) == 0 && onnxrun_model_outputs(NULL) == 0);
  onnxrun_model_release(m);
  onnxrun_model_release(NULL);
  bytes_release(&file);
}

Test(model, missing_arguments_are_refused)
{
  onnxrun_model *m = NULL;
  cr_assert_eq(onnxrun_model_load(NULL, 0, NULL, &m, NULL), ONNXRUN_INVALID_ARGUMENT);
  cr_assert_eq(onnxrun_model_load("", 0, NULL, NULL, NULL), ONNXRUN_INVALID_ARGUMENT);
  cr_assert_eq(onnxrun_model_open(NULL, NULL, &m, NULL), ONNXRUN_INVALID_ARGUMENT);
  cr_assert_eq(onnxrun_model_open("/none", NULL, &m, NULL), ONNXRUN_NOT_FOUND);
  cr_assert_neq(onnxrun_model_load("", 0, NULL, &m, NULL), ONNXRUN_OK);
}
