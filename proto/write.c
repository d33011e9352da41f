/* write.c: values as TensorProto, SequenceProto or OptionalProto.
 *
 * A message is written from its end to its beginning, so that a length is known when it is written
 * and nesting costs no second look. A first round without a buffer gives the size. */
#include <string.h>

#include "onnx.pb-c.h"
#include "proto/reader.h"
#include "proto/tensor.h"
#include "runtime/error.h"

#define DEPTH_MOST 256 /* of lists in lists; writing recurses */

enum { VARINT = 0, SPAN = 2 };

typedef struct onx_sink {
  uint8_t *end; /* of the buffer; NULL: only count */
  size_t size;  /* written so far */
  onnxrun_error *error;
} onx_sink;

static void put(onx_sink *s, const void *bytes, size_t n)
{
  s->size += n;
  if (s->end && n > 0)
    memcpy(s->end - s->size, bytes, n);
}

static void put_varint(onx_sink *s, uint64_t value)
{
  uint8_t bytes[10];
  size_t n = 0;
  do {
    bytes[n++] = (uint8_t)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
    value >>= 7;
  } while (value > 0);
  put(s, bytes, n);
}

static void put_number(onx_sink *s, uint32_t field, uint64_t value)
{
  put_varint(s, value);
  put_varint(s, field << 3 | VARINT);
}

static void put_span(onx_sink *s, uint32_t field, const void *bytes, size_t n)
{
  put(s, bytes, n);
  put_varint(s, n);
  put_varint(s, field << 3 | SPAN);
}

/* Ends a submessage whose bytes were written since `before`. */
static void put_frame(onx_sink *s, uint32_t field, size_t before)
{
  put_varint(s, s->size - before);
  put_varint(s, field << 3 | SPAN);
}

static onnxrun_status check_tensor(const onnxrun_tensor *t, size_t *elements, size_t *bytes,
                                   onnxrun_error *error)
{
  if (onnxrun_bits(t->dtype) == 0)
    return onx_fail(error, ONNXRUN_INVALID_ARGUMENT, "element type %d does not exist",
                    (int)t->dtype);
  if (t->rank > ONNXRUN_MAX_RANK || !onx_tensor_bytes(t->dtype, t->rank, t->dims, elements, bytes))
    return onx_fail(error, ONNXRUN_INVALID_ARGUMENT, "the tensor's rank or dims are out of range");
  if (*bytes > 0 && (!t->data || t->bytes < *bytes))
    return onx_fail(error, ONNXRUN_INVALID_ARGUMENT, "the tensor has %zu bytes, expected %zu",
                    t->data ? t->bytes : 0, *bytes);
  return ONNXRUN_OK;
}

static onnxrun_status put_tensor(onx_sink *s, const onnxrun_tensor *t, const char *name)
{
  size_t elements = 0, bytes = 0;
  ONX_TRY(check_tensor(t, &elements, &bytes, s->error));
  if (t->dtype == ONNXRUN_STRING) {
    const onnxrun_string *strings = t->data;
    for (size_t i = elements; i-- > 0;)
      put_span(s, ONX_TENSOR_STRINGS, strings[i].data, strings[i].size);
  } else {
    put_span(s, ONX_TENSOR_RAW, t->data, bytes);
  }
  if (name)
    put_span(s, ONX_TENSOR_NAME, name, strlen(name));
  put_number(s, ONX_TENSOR_TYPE, (uint64_t)t->dtype);
  for (uint32_t i = t->rank; i-- > 0;)
    put_number(s, ONX_TENSOR_DIMS, (uint64_t)t->dims[i]);
  return ONNXRUN_OK;
}

static bool is_list(const onnxrun_tensor *t)
{
  return t->dtype == ONNXRUN_SEQUENCE || t->dtype == ONNXRUN_OPTIONAL;
}

/* SequenceProto.DataType and OptionalProto.DataType of an item; its field is two further. */
static uint32_t kind_of(const onnxrun_tensor *t)
{
  return t->dtype == ONNXRUN_SEQUENCE ? 3 : t->dtype == ONNXRUN_OPTIONAL ? 5 : 1;
}

static onnxrun_status check_list(const onnxrun_tensor *t, size_t depth, onnxrun_error *error)
{
  const onnxrun_list *list = t->data;
  if (t->rank != 0 || !list || t->bytes < sizeof *list || (list->size > 0 && !list->items))
    return onx_fail(error, ONNXRUN_INVALID_ARGUMENT, "a %s is not one list",
                    onnxrun_dtype_name(t->dtype));
  if (t->dtype == ONNXRUN_OPTIONAL && list->size > 1)
    return onx_fail(error, ONNXRUN_INVALID_ARGUMENT, "an optional has %zu items", list->size);
  if (depth >= DEPTH_MOST)
    return onx_fail(error, ONNXRUN_LIMIT, "values nest deeper than %d", DEPTH_MOST);
  for (size_t i = 1; i < list->size; i++) {
    if (kind_of(&list->items[i]) != kind_of(&list->items[0]))
      return onx_fail(error, ONNXRUN_INVALID_ARGUMENT, "item %zu is of another kind than item 0",
                      i);
  }
  return ONNXRUN_OK;
}

static onnxrun_status put_list(onx_sink *s, const onnxrun_tensor *t, const char *name, size_t depth)
{
  enum { NAME = 1, ELEMENT_TYPE = 2, FIRST_VALUE = 3 };
  ONX_TRY(check_list(t, depth, s->error));
  const onnxrun_list *list = t->data;
  for (size_t i = list->size; i-- > 0;) {
    const onnxrun_tensor *item = &list->items[i];
    const size_t before = s->size;
    ONX_TRY(is_list(item) ? put_list(s, item, NULL, depth + 1) : put_tensor(s, item, NULL));
    put_frame(s, FIRST_VALUE + kind_of(item) - 1, before);
  }
  /* A sequence without items is one of tensors; an optional without one has no type. */
  const bool is_untyped = list->size == 0 && t->dtype == ONNXRUN_OPTIONAL;
  put_number(s, ELEMENT_TYPE, list->size > 0 ? kind_of(list->items) : is_untyped ? 0 : 1);
  if (name)
    put_span(s, NAME, name, strlen(name));
  return ONNXRUN_OK;
}

static onnxrun_status put_value(onx_sink *s, const onnxrun_tensor *t, const char *name)
{
  return is_list(t) ? put_list(s, t, name, 0) : put_tensor(s, t, name);
}

onnxrun_status onx_write_value(const onnxrun_tensor *tensor, const char *name, uint8_t *buffer,
                               size_t *size, onnxrun_error *error)
{
  onx_sink sink = {.error = error};
  ONX_TRY(put_value(&sink, tensor, name));
  const size_t room = *size;
  *size = sink.size;
  if (sink.size > room)
    return onx_fail(error, ONNXRUN_BUFFER_TOO_SMALL,
                    "the value needs %zu bytes, the buffer has %zu", sink.size, room);
  sink = (onx_sink){.end = buffer + *size, .error = error};
  return put_value(&sink, tensor, name);
}
