/* view_cases.c: operators that give a tensor other dims, or tell its dims; and constants. */
#include "tests/ops/harness.h"

#define MAP(...)
#define CASE(op, function) void function(void);
#include "tests/ops/cases.def"
#undef MAP
#undef CASE

/* What is asked of an operator: its axes or shape, as the attribute `name`, or as the second input
 * where that is NULL. */
typedef struct wish {
  const char *op;
  int32_t opset;
  const char *name;
} wish;

/* The same elements under other dims. */
static void reshapes(wish w, const onnxrun_tensor *x, size_t n, const int64_t *list,
                     const onnxrun_tensor *y)
{
  trial *t = trial_new(w.op, w.opset);
  trial_input(t, x);
  if (w.name)
    trial_ints(t, w.name, n, list);
  else
    trial_input(t, tensor_ints(n, list));
  trial_expect(t, y);
  trial_passes(t);
}

void identity_cases(void)
{
  static const onnxrun_dtype types[] = {
#define ONNXRUN_X(name, number, bits, text) ONNXRUN_##name,
      ONNXRUN_DTYPES(ONNXRUN_X)
#undef ONNXRUN_X
  };
  for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
    if (types[i] == ONNXRUN_MAPPING)
      continue; /* the one that Identity has not */
    onnxrun_tensor *items[] = {tensor_range(ONNXRUN_FLOAT, DIMS(3), 0, 1),
                               tensor_new(ONNXRUN_FLOAT, DIMS(2, 0))};
    const bool is_list = types[i] == ONNXRUN_SEQUENCE || types[i] == ONNXRUN_OPTIONAL;
    const onnxrun_tensor *x =
        is_list ? tensor_list(types[i], types[i] == ONNXRUN_SEQUENCE ? 2 : 1, items)
                : tensor_random(types[i], DIMS(3, 5), -3, 3);
    trial *t = trial_new("Identity", 25);
    trial_input(t, x);
    trial_expect(t, x);
    trial_passes(t);
  }
  trial *t = trial_new("Identity", 1);
  trial_input(t, tensor_new(ONNXRUN_FLOAT, DIMS(0, 3)));
  trial_expect(t, tensor_new(ONNXRUN_FLOAT, DIMS(0, 3)));
  trial_passes(t);
}

static void shapes(int64_t start, int64_t end, const onnxrun_tensor *expected)
{
  trial *t = trial_new("Shape", 15);
  trial_int(t, "start", start);
  if (end != INT64_MIN + 1)
    trial_int(t, "end", end);
  trial_input(t, tensor_new(ONNXRUN_INT4, DIMS(3, 0, 5)));
  trial_expect(t, expected);
  trial_passes(t);
}

void shape_cases(void)
{
  const int64_t whole = INT64_MIN + 1; /* no end */
  shapes(0, whole, tensor_ints(INTS(3, 0, 5)));
  shapes(1, whole, tensor_ints(INTS(0, 5)));
  shapes(-1, whole, tensor_ints(INTS(5)));
  shapes(-100, 100, tensor_ints(INTS(3, 0, 5)));
  shapes(INT64_MIN, INT64_MAX, tensor_ints(INTS(3, 0, 5)));
  shapes(INT64_MAX, -100, tensor_new(ONNXRUN_INT64, DIMS(0)));
  shapes(1, -1, tensor_ints(INTS(0)));
  shapes(2, 1, tensor_new(ONNXRUN_INT64, DIMS(0)));
  trial *t = trial_new("Shape", 1);
  trial_input(t, tensor_texts(SCALAR, TEXTS("a")));
  trial_expect(t, tensor_new(ONNXRUN_INT64, DIMS(0)));
  trial_passes(t);
}

void reshape_cases(void)
{
  const onnxrun_tensor *x = tensor_range(ONNXRUN_FLOAT, DIMS(2, 3, 4), 0, 1);
  reshapes((wish){"Reshape", 1, "shape"}, x, INTS(4, 6), tensor_reshaped(x, DIMS(4, 6)));
  reshapes((wish){"Reshape", 5, NULL}, x, INTS(0, -1), tensor_reshaped(x, DIMS(2, 12)));
  reshapes((wish){"Reshape", 13, NULL}, x, INTS(-1, 1, 0), tensor_reshaped(x, DIMS(6, 1, 4)));
  reshapes((wish){"Reshape", 14, NULL}, x, INTS(24), tensor_reshaped(x, DIMS(24)));
  const onnxrun_tensor *one = tensor_random(ONNXRUN_STRING, DIMS(1, 1), 0, 0);
  trial *t = trial_new("Reshape", 14); /* an empty shape is a scalar's */
  trial_input(t, one);
  trial_input(t, tensor_new(ONNXRUN_INT64, DIMS(0)));
  trial_expect(t, tensor_reshaped(one, SCALAR));
  trial_passes(t);
  const onnxrun_tensor *none = tensor_new(ONNXRUN_INT4, DIMS(3, 0, 5));
  reshapes((wish){"Reshape", 14, NULL}, none, INTS(5, 0, INT64_C(1) << 40, INT64_C(1) << 40),
           tensor_new(ONNXRUN_INT4, DIMS(5, 0, INT64_C(1) << 40, INT64_C(1) << 40)));
  trial_int(t, "allowzero", 1);
  trial_clear(t);
  trial_input(t, none);
  trial_input(t, tensor_ints(INTS(0, 7)));
  trial_expect(t, tensor_new(ONNXRUN_INT4, DIMS(0, 7)));
  trial_passes(t);
}

static void refuses(wish w, const onnxrun_tensor *x, const onnxrun_tensor *list,
                    onnxrun_status status, const char *text)
{
  trial *t = trial_new(w.op, w.opset);
  trial_input(t, x);
  trial_input(t, list);
  trial_fails(t, status, text);
}

void reshape_refuses(void)
{
  static const struct {
    size_t n;
    int64_t shape[17];
    const char *text;
  } rows[] = {
      {2, {-1, -1}, "shape has more than one -1"},
      {2, {5, -1}, "24 elements do not divide by the other dims' 5"},
      {2, {5, 5}, "shape has 25 elements, the input has 24"},
      {1, {-2}, "shape[0] is -2"},
      {1, {INT64_MIN}, "shape[0] is -9223372036854775808"},
      {4, {1, 1, 1, 0}, "shape[3] is 0 and would copy"},
      {3, {INT64_MAX, INT64_MAX, 2}, "shape has more elements than the input's 24"},
      {3, {INT64_C(1) << 32, INT64_C(1) << 32, -1}, "shape has more elements than the input's 24"},
  };
  const onnxrun_tensor *x = tensor_new(ONNXRUN_FLOAT, DIMS(2, 3, 4));
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    refuses((wish){"Reshape", 14, NULL}, x, tensor_ints(rows[i].n, rows[i].shape),
            ONNXRUN_INVALID_INPUT, rows[i].text);
  refuses((wish){"Reshape", 14, NULL}, tensor_new(ONNXRUN_FLOAT, DIMS(0, 3)),
          tensor_ints(INTS(0, -1)), ONNXRUN_INVALID_INPUT, "do not divide by the other dims' 0");
  refuses((wish){"Reshape", 14, NULL}, x, tensor_range(ONNXRUN_INT64, DIMS(17), 1, 0),
          ONNXRUN_LIMIT, "shape has 17 dims, the most is 16");
  refuses((wish){"Reshape", 14, NULL}, x, tensor_new(ONNXRUN_INT64, DIMS(1, 1)),
          ONNXRUN_INVALID_INPUT, "input 1 has rank 2, expected 1");
}

void flatten_cases(void)
{
  static const struct {
    int64_t axis, before, after;
  } rows[] = {{0, 1, 24}, {1, 2, 12}, {2, 6, 4}, {3, 24, 1}, {-1, 6, 4}, {-3, 1, 24}};
  const onnxrun_tensor *x = tensor_range(ONNXRUN_FLOAT, DIMS(2, 3, 4), 0, 1);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    trial *t = trial_new("Flatten", 13);
    trial_int(t, "axis", rows[i].axis);
    trial_input(t, x);
    trial_expect(t, tensor_reshaped(x, DIMS(rows[i].before, rows[i].after)));
    trial_passes(t);
  }
  trial *t = trial_new("Flatten", 1);
  trial_input(t, tensor_new(ONNXRUN_UINT2, DIMS(3, INT64_C(1) << 40, INT64_C(1) << 40, 0)));
  trial_expect(t, tensor_new(ONNXRUN_UINT2, DIMS(3, 0)));
  trial_passes(t);
  trial_int(t, "axis", 0);
  trial_clear(t);
  trial_input(t, tensor_of(ONNXRUN_FLOAT, SCALAR, VALUES(3)));
  trial_expect(t, tensor_of(ONNXRUN_FLOAT, DIMS(1, 1), VALUES(3)));
  trial_passes(t);
}

void flatten_refuses(void)
{
  trial *t = trial_new("Flatten", 13);
  trial_input(t, tensor_new(ONNXRUN_FLOAT, DIMS(2, 3)));
  trial_int(t, "axis", 3);
  trial_fails(t, ONNXRUN_INVALID_MODEL, "axis 3 is outside [-2, 2]");
  trial_int(t, "axis", INT64_MIN);
  trial_fails(t, ONNXRUN_INVALID_MODEL, "is outside [-2, 2]");
  trial_int(t, "axis", 2);
  trial_clear(t);
  trial_input(t, tensor_new(ONNXRUN_FLOAT, DIMS(INT64_C(1) << 40, INT64_C(1) << 40, 0)));
  trial_fails(t, ONNXRUN_LIMIT, "too many elements");
}

void squeeze_cases(void)
{
  const onnxrun_tensor *x = tensor_random(ONNXRUN_STRING, DIMS(1, 3, 1, 2, 1), 0, 0);
  reshapes((wish){"Squeeze", 1, "axes"}, x, INTS(0, 2), tensor_reshaped(x, DIMS(3, 2, 1)));
  reshapes((wish){"Squeeze", 11, "axes"}, x, INTS(-1), tensor_reshaped(x, DIMS(1, 3, 1, 2)));
  reshapes((wish){"Squeeze", 13, NULL}, x, INTS(-5, 4, -3), tensor_reshaped(x, DIMS(3, 2)));
  for (int32_t opset = 1; opset <= 13; opset += 12) { /* without axes */
    trial *t = trial_new("Squeeze", opset);
    trial_input(t, x);
    trial_expect(t, tensor_reshaped(x, DIMS(3, 2)));
    trial_passes(t);
  }
  trial *t = trial_new("Squeeze", 13); /* no axes is not all axes */
  trial_input(t, x);
  trial_input(t, tensor_new(ONNXRUN_INT64, DIMS(0)));
  trial_expect(t, x);
  trial_passes(t);
}

void squeeze_refuses(void)
{
  const onnxrun_tensor *x = tensor_new(ONNXRUN_FLOAT, DIMS(1, 3, 1));
  refuses((wish){"Squeeze", 13, NULL}, x, tensor_ints(INTS(1)), ONNXRUN_INVALID_INPUT,
          "dim 1 is 3 and cannot be squeezed");
  refuses((wish){"Squeeze", 13, NULL}, x, tensor_ints(INTS(3)), ONNXRUN_INVALID_MODEL,
          "axis 3 is outside [-3, 3)");
  refuses((wish){"Squeeze", 13, NULL}, x, tensor_ints(INTS(INT64_MIN)), ONNXRUN_INVALID_MODEL,
          "is outside");
  refuses((wish){"Squeeze", 13, NULL}, x, tensor_ints(INTS(0, -3)), ONNXRUN_INVALID_MODEL,
          "is given twice");
}

void unsqueeze_cases(void)
{
  const onnxrun_tensor *x = tensor_random(ONNXRUN_COMPLEX64, DIMS(3, 2), 0, 1);
  reshapes((wish){"Unsqueeze", 1, "axes"}, x, INTS(0, 3), tensor_reshaped(x, DIMS(1, 3, 2, 1)));
  reshapes((wish){"Unsqueeze", 13, NULL}, x, INTS(2, -4, 4),
           tensor_reshaped(x, DIMS(3, 1, 1, 2, 1)));
  reshapes((wish){"Unsqueeze", 13, NULL}, tensor_of(ONNXRUN_FLOAT, SCALAR, VALUES(7)), INTS(0),
           tensor_of(ONNXRUN_FLOAT, DIMS(1), VALUES(7)));
}

void unsqueeze_refuses(void)
{
  const onnxrun_tensor *x = tensor_new(ONNXRUN_FLOAT, DIMS(1, 3));
  refuses((wish){"Unsqueeze", 13, NULL}, x, tensor_ints(INTS(3)), ONNXRUN_INVALID_MODEL,
          "axis 3 is outside [-3, 3)");
  refuses((wish){"Unsqueeze", 13, NULL}, x, tensor_ints(INTS(0, -4)), ONNXRUN_INVALID_MODEL,
          "is given twice");
  refuses((wish){"Unsqueeze", 13, NULL}, x, tensor_range(ONNXRUN_INT64, DIMS(15), 0, 1),
          ONNXRUN_LIMIT, "15 axes and an input of rank 2");
}
