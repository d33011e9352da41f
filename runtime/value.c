/* value.c: tensors in files, and the library's small facts. */
#include <string.h>

#include "onnxrun/kernel.h"
#include "proto/reader.h"
#include "runtime/error.h"

#define DEFAULT_DEPTH ((size_t)64)

struct onnxrun_value {
  onx_heap heap; /* first: see onx_object_new */
  onx_pool pool;
  const onnxrun_tensor *tensor;
};

onnxrun_status onnxrun_value_parse(const void *data, size_t size, onnxrun_dtype kind,
                                   const onnxrun_options *options, onnxrun_value **out,
                                   onnxrun_error *error)
{
  if ((!data && size > 0) || !out)
    return onx_fail(error, ONNXRUN_INVALID_ARGUMENT, "data or out is NULL");
  void *object = NULL;
  ONX_TRY(onx_object_new(sizeof **out, options, "a value", &object, error));
  onnxrun_value *v = object;
  v->pool.heap = &v->heap;
  const size_t depth = options && options->max_depth ? options->max_depth : DEFAULT_DEPTH;
  const onx_value_file file = {data, size, kind, depth};
  const onnxrun_status s = onx_read_value(&v->pool, &file, &v->tensor, error);
  if (s != ONNXRUN_OK)
    onnxrun_value_release(v);
  else
    *out = v;
  return s;
}

const onnxrun_tensor *onnxrun_value_tensor(const onnxrun_value *value)
{
  return value ? value->tensor : NULL;
}

void onnxrun_value_release(onnxrun_value *value)
{
  if (!value)
    return;
  onx_pool_release(&value->pool);
  onx_object_release(value, sizeof *value);
}

onnxrun_status onnxrun_value_write(const onnxrun_tensor *tensor, const char *name, void *buffer,
                                   size_t *size, onnxrun_error *error)
{
  if (!tensor || !size || (!buffer && *size > 0))
    return onx_fail(error, ONNXRUN_INVALID_ARGUMENT, "tensor, buffer or size is NULL");
  return onx_write_value(tensor, name, buffer, size, error);
}

#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)

const char *onnxrun_version(void)
{
  return TEXT(ONNXRUN_VERSION_MAJOR) "." TEXT(ONNXRUN_VERSION_MINOR) "." TEXT(
      ONNXRUN_VERSION_PATCH);
}

size_t onnxrun_dtype_bits(onnxrun_dtype t)
{
  return onnxrun_bits(t);
}
