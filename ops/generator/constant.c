/* Constant: what its one attribute says.  Opsets 1, 9, 11 (sparse_value), 12 (value_float, ...),
 * 13, 19, 21, 23, 24, 25.  Exactly one attribute may be given, so each has a descriptor that knows
 * no other; the first descriptor, tried last, says what is wrong. `value` is used where it lies
 * (runtime/passes/fold.c); sparse tensors arrive dense. */
#include "ops/kit/op.h"

typedef struct constant {
  const onnxrun_tensor *tensor;
  union {
    float f;
    int64_t i;
    onnxrun_string s;
  } scalar;
  struct { /* as onnxrun_floats, onnxrun_ints and onnxrun_strings */
    const void *items;
    size_t size;
  } vector;
} constant;

static onnxrun_status give(const onnxrun_host *h, onnxrun_node *n, const void *data)
{
  const onnxrun_tensor *y = h->result(n, 0);
  if (y && y->bytes > 0)
    memcpy(y->data, data, y->bytes);
  return ONNXRUN_OK;
}

static onnxrun_status tensor_prepare(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  return h->type(n, 0, ((const constant *)params)->tensor->dtype);
}

static onnxrun_status tensor_shape(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  const onnxrun_tensor *t = ((const constant *)params)->tensor;
  return h->output(n, 0, t->rank, t->dims);
}

static onnxrun_status tensor_run(const onnxrun_host *h, onnxrun_node *n, const void *params)
{
  return give(h, n, ((const constant *)params)->tensor->data);
}

static onnxrun_status scalar_shape(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  (void)params;
  return h->output(n, 0, 0, NULL);
}

static onnxrun_status scalar_run(const onnxrun_host *h, onnxrun_node *n, const void *params)
{
  return give(h, n, &((const constant *)params)->scalar);
}

static onnxrun_status vector_shape(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  const int64_t size = (int64_t)((const constant *)params)->vector.size;
  return h->output(n, 0, 1, &size);
}

static onnxrun_status vector_run(const onnxrun_host *h, onnxrun_node *n, const void *params)
{
  return give(h, n, ((const constant *)params)->vector.items);
}

static onnxrun_status refuse(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  (void)params;
  return h->fail(n, ONNXRUN_INVALID_MODEL, "expected one attribute: value%s",
                 h->opset(n) >= 12   ? ", sparse_value, value_float, value_floats, value_int, "
                                       "value_ints, value_string or value_strings"
                 : h->opset(n) == 11 ? " or sparse_value"
                                     : "");
}

static const onnxrun_operand no_in[] = {END};
static const onnxrun_operand tensor_out[] = {OUT("output", 'T', T_TENSORS), END};
static const onnxrun_operand float_out[] = {OUT("output", 'T', ONNXRUN_TYPE(FLOAT)), END};
static const onnxrun_operand int_out[] = {OUT("output", 'T', T_INT64), END};
static const onnxrun_operand string_out[] = {OUT("output", 'T', T_STRING), END};

#define ATTR(name, type, field)                                                                    \
  {                                                                                                \
    name, ONNXRUN_ATTR_##type, 1, offsetof(constant, field), 0, NULL                               \
  }
static const onnxrun_attr any_attrs[] = {
    ATTR_IGNORED("value"),        ATTR_IGNORED("sparse_value"),  ATTR_IGNORED("value_float"),
    ATTR_IGNORED("value_ints"),   ATTR_IGNORED("value_floats"),  ATTR_IGNORED("value_int"),
    ATTR_IGNORED("value_string"), ATTR_IGNORED("value_strings"), END};
static const onnxrun_attr value_attr[] = {ATTR("value", TENSOR, tensor), END};
static const onnxrun_attr sparse_attr[] = {ATTR("sparse_value", TENSOR, tensor), END};
static const onnxrun_attr float_attr[] = {ATTR("value_float", FLOAT, scalar), END};
static const onnxrun_attr int_attr[] = {ATTR("value_int", INT, scalar), END};
static const onnxrun_attr string_attr[] = {ATTR("value_string", STRING, scalar), END};
static const onnxrun_attr floats_attr[] = {ATTR("value_floats", FLOATS, vector), END};
static const onnxrun_attr ints_attr[] = {ATTR("value_ints", INTS, vector), END};
static const onnxrun_attr strings_attr[] = {ATTR("value_strings", STRINGS, vector), END};

#define CONSTANT(first)                                                                            \
  KERNEL("Constant", first, 0), .inputs = no_in, .params_size = sizeof(constant)
#define TENSOR                                                                                     \
  .outputs = tensor_out, .prepare = tensor_prepare, .shape = tensor_shape, .run = tensor_run
#define SCALAR .shape = scalar_shape, .run = scalar_run
#define VECTOR .shape = vector_shape, .run = vector_run

static const onnxrun_kernel refused = {CONSTANT(1),           .attrs = any_attrs,
                                       .outputs = tensor_out, .prepare = refuse,
                                       .shape = tensor_shape, .run = tensor_run};
static const onnxrun_kernel value_1 = {CONSTANT(1), .attrs = value_attr, TENSOR};
static const onnxrun_kernel sparse_11 = {CONSTANT(11), .attrs = sparse_attr, TENSOR};
static const onnxrun_kernel float_12 = {CONSTANT(12), .attrs = float_attr, .outputs = float_out,
                                        SCALAR};
static const onnxrun_kernel int_12 = {CONSTANT(12), .attrs = int_attr, .outputs = int_out, SCALAR};
static const onnxrun_kernel string_12 = {CONSTANT(12), .attrs = string_attr, .outputs = string_out,
                                         SCALAR};
static const onnxrun_kernel floats_12 = {CONSTANT(12), .attrs = floats_attr, .outputs = float_out,
                                         VECTOR};
static const onnxrun_kernel ints_12 = {CONSTANT(12), .attrs = ints_attr, .outputs = int_out,
                                       VECTOR};
static const onnxrun_kernel strings_12 = {CONSTANT(12), .attrs = strings_attr,
                                          .outputs = string_out, VECTOR};

KERNELS_BY_LOOP(constant, &refused, &value_1, &sparse_11, &float_12, &int_12, &string_12,
                &floats_12, &ints_12, &strings_12)
