/* generator_cases.c: Constant and ConstantOfShape. */
#include "tests/ops/every_type.h"
#include "tests/ops/harness.h"

#define MAP(...)
#define CASE(op, function) void function(void);
#include "tests/ops/cases.def"
#undef MAP
#undef CASE

static void gives(trial *t, const onnxrun_tensor *expected)
{
  trial_expect(t, expected);
  trial_passes(t);
}

void constant_cases(void)
{
  for (size_t i = 0; i < N_TYPES; i++) {
    if (is_container(all_types[i]))
      continue;
    const onnxrun_tensor *value = tensor_random(all_types[i], DIMS(3, 5), -3, 3);
    trial *t = trial_new("Constant", 25);
    trial_tensor(t, i % 2 ? "value" : "sparse_value", value);
    gives(t, value);
  }
  trial *t = trial_new("Constant", 12);
  trial_float(t, "value_float", 1.5f);
  gives(t, tensor_of(ONNXRUN_FLOAT, SCALAR, VALUES(1.5)));
  t = trial_new("Constant", 12);
  trial_int(t, "value_int", INT64_MIN);
  onnxrun_tensor *lowest = tensor_new(ONNXRUN_INT64, SCALAR);
  set_int(lowest, 0, INT64_MIN);
  gives(t, lowest);
  t = trial_new("Constant", 12);
  trial_string(t, "value_string", "text");
  gives(t, tensor_texts(SCALAR, TEXTS("text")));
  t = trial_new("Constant", 12);
  trial_floats(t, "value_floats", FLOATS(1, 2.5f));
  gives(t, tensor_of(ONNXRUN_FLOAT, DIMS(2), VALUES(1, 2.5)));
  t = trial_new("Constant", 12);
  trial_ints(t, "value_ints", INTS(7, -1, 3));
  gives(t, tensor_ints(INTS(7, -1, 3)));
  t = trial_new("Constant", 12);
  trial_ints(t, "value_ints", 0, NULL);
  gives(t, tensor_new(ONNXRUN_INT64, DIMS(0)));
  t = trial_new("Constant", 12);
  trial_strings(t, "value_strings", TEXTS("a", "", "bc"));
  gives(t, tensor_texts(DIMS(3), TEXTS("a", "", "bc")));
}

void constant_refuses(void)
{
  trial *t = trial_new("Constant", 12);
  trial_fails(t, ONNXRUN_INVALID_MODEL, "expected one attribute: value, sparse_value");
  trial_float(t, "value_float", 1);
  trial_int(t, "value_int", 1);
  trial_fails(t, ONNXRUN_INVALID_MODEL, "expected one attribute: value, sparse_value");
  t = trial_new("Constant", 11);
  trial_float(t, "value_float", 1);
  trial_fails(t, ONNXRUN_INVALID_MODEL, "expected one attribute: value or sparse_value");
  t = trial_new("Constant", 9);
  trial_tensor(t, "sparse_value", tensor_new(ONNXRUN_FLOAT, DIMS(2)));
  trial_fails(t, ONNXRUN_INVALID_MODEL, "expected one attribute: value");
}

static void fills(onnxrun_dtype type, uint32_t rank, const int64_t *dims, size_t n,
                  const int64_t *shape)
{
  trial *t = trial_new("ConstantOfShape", 25);
  onnxrun_tensor *value = tensor_random(type, DIMS(1), 1, 3), *y = tensor_new(type, rank, dims);
  for (size_t i = 0; i < onnxrun_elements(y); i++)
    copy_element(y, i, value, 0);
  trial_tensor(t, "value", value);
  trial_input(t, tensor_ints(n, shape));
  gives(t, y);
}

void constant_of_shape_cases(void)
{
  for (size_t i = 0; i < N_TYPES; i++) {
    if (is_container(all_types[i]) || all_types[i] == ONNXRUN_STRING)
      continue;
    fills(all_types[i], DIMS(3, 7), INTS(3, 7));
    fills(all_types[i], DIMS(9001), INTS(9001));
  }
  fills(ONNXRUN_INT16, DIMS(3, 0, INT64_C(1) << 40), INTS(3, 0, INT64_C(1) << 40));
  trial *t = trial_new("ConstantOfShape", 9);
  trial_input(t, tensor_ints(INTS(2, 3)));
  gives(t, tensor_new(ONNXRUN_FLOAT, DIMS(2, 3)));
  trial_clear(t);
  trial_input(t, tensor_new(ONNXRUN_INT64, DIMS(0))); /* an empty shape is a scalar's */
  gives(t, tensor_new(ONNXRUN_FLOAT, SCALAR));
}

void constant_of_shape_refuses(void)
{
  trial *t = trial_new("ConstantOfShape", 9);
  trial_input(t, tensor_ints(INTS(2, -1)));
  trial_fails(t, ONNXRUN_INVALID_INPUT, "input[1] is -1, expected 0 or more");
  trial_clear(t);
  trial_input(t, tensor_ints(INTS(INT64_MAX, INT64_MAX)));
  trial_fails(t, ONNXRUN_LIMIT, "cannot have the shape");
  trial_clear(t);
  trial_input(t, tensor_range(ONNXRUN_INT64, DIMS(17), 1, 0));
  trial_fails(t, ONNXRUN_LIMIT, "input has 17 dims, the most is 16");
  trial_tensor(t, "value", tensor_new(ONNXRUN_FLOAT, DIMS(2)));
  trial_fails(t, ONNXRUN_INVALID_MODEL, "attribute 'value' has 2 elements, expected 1");
}
