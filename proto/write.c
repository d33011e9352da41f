/* write.c: values as TensorProto, SequenceProto, OptionalProto or MapProto.
 *
 * A message is written from its end to its beginning, so that a length is known when it is written
 * and nesting costs no second look. A first round without a buffer gives the size. */
#include <string.h>

#include "onnx.pb-c.h"
#include "proto/reader.h"
#include "proto/tensor.h"
#include "runtime/error.h"
#include "runtime/value.h"

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

static onnxrun_status put_tensor(onx_sink *s, const onnxrun_tensor *t, const char *name)
{
  size_t elements = 0, bytes = 0;
  ONX_TRY(onx_tensor_check(t, &elements, &bytes, s->error));
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

/* SequenceProto.DataType and OptionalProto.DataType of an item; its field is two further. */
static uint32_t kind_of(onnxrun_dtype t)
{
  return t == ONNXRUN_SEQUENCE ? 3 : t == ONNXRUN_MAPPING ? 4 : t == ONNXRUN_OPTIONAL ? 5 : 1;
}

static onnxrun_status put_item(onx_sink *s, const onnxrun_tensor *t, const char *name,
                               size_t depth);

static onnxrun_status put_list(onx_sink *s, const onnxrun_tensor *t, const char *name, size_t depth)
{
  enum { NAME = 1, ELEMENT_TYPE = 2, FIRST_VALUE = 3 };
  const onnxrun_list *list = t->data;
  for (size_t i = list->size; i-- > 0;) {
    const size_t before = s->size;
    ONX_TRY(put_item(s, &list->items[i], NULL, depth));
    put_frame(s, FIRST_VALUE + kind_of(list->items[i].dtype) - 1, before);
  }
  /* A sequence without items is one of tensors; an optional without one has no type. */
  const bool is_untyped = list->size == 0 && t->dtype == ONNXRUN_OPTIONAL;
  put_number(s, ELEMENT_TYPE, list->size > 0 ? kind_of(list->items->dtype) : is_untyped ? 0 : 1);
  if (name)
    put_span(s, NAME, name, strlen(name));
  return ONNXRUN_OK;
}

/* The elements of a tensor as a sequence of scalars. */
static onnxrun_status put_scalars(onx_sink *s, const onnxrun_tensor *t)
{
  enum { ELEMENT_TYPE = 2, TENSOR_VALUE = 3 };
  const size_t bytes = onnxrun_bits(t->dtype) / 8;
  for (size_t i = (size_t)t->dims[0]; i-- > 0;) {
    const onnxrun_tensor scalar = {
        .dtype = t->dtype, .data = (char *)t->data + i * bytes, .bytes = bytes};
    const size_t before = s->size;
    ONX_TRY(put_tensor(s, &scalar, NULL));
    put_frame(s, TENSOR_VALUE, before);
  }
  put_number(s, ELEMENT_TYPE, 1);
  return ONNXRUN_OK;
}

/* A key as the bits of the int64 that the file has. */
static uint64_t key_of(const onnxrun_tensor *keys, size_t i)
{
#define KEY(name, type)                                                                            \
  case ONNXRUN_##name:                                                                             \
    return (uint64_t)(int64_t)((const type *)keys->data)[i];
  switch (keys->dtype) {
    KEY(INT8, int8_t)
    KEY(INT16, int16_t)
    KEY(INT32, int32_t)
    KEY(UINT8, uint8_t)
    KEY(UINT16, uint16_t)
    KEY(UINT32, uint32_t)
#undef KEY
  default:
    return ((const uint64_t *)keys->data)[i];
  }
}

static onnxrun_status put_map(onx_sink *s, const onnxrun_tensor *t, const char *name, size_t depth)
{
  enum { NAME = 1, KEY_TYPE = 2, KEYS = 3, STRING_KEYS = 4, VALUES = 5 };
  const onnxrun_list *list = t->data;
  const onnxrun_tensor *keys = &list->items[0], *values = &list->items[1];
  const size_t before = s->size;
  ONX_TRY(values->dtype == ONNXRUN_SEQUENCE ? put_item(s, values, NULL, depth)
                                            : put_scalars(s, values));
  put_frame(s, VALUES, before);
  const onnxrun_string *strings = keys->dtype == ONNXRUN_STRING ? keys->data : NULL;
  for (size_t i = (size_t)keys->dims[0]; i-- > 0;) {
    if (strings)
      put_span(s, STRING_KEYS, strings[i].data, strings[i].size);
    else
      put_number(s, KEYS, key_of(keys, i));
  }
  put_number(s, KEY_TYPE, (uint64_t)keys->dtype);
  if (name)
    put_span(s, NAME, name, strlen(name));
  return ONNXRUN_OK;
}

/* `depth`: containers around it. */
static onnxrun_status put_item(onx_sink *s, const onnxrun_tensor *t, const char *name, size_t depth)
{
  size_t elements, bytes;
  if (!onx_is_container(t->dtype))
    return put_tensor(s, t, name);
  ONX_TRY(onx_tensor_check(t, &elements, &bytes, s->error));
  if (depth >= ONX_NESTING)
    return onx_fail(s->error, ONNXRUN_LIMIT, "values nest deeper than %d", ONX_NESTING);
  return t->dtype == ONNXRUN_MAPPING ? put_map(s, t, name, depth + 1)
                                     : put_list(s, t, name, depth + 1);
}

onnxrun_status onx_write_value(const onnxrun_tensor *tensor, const char *name, uint8_t *buffer,
                               size_t *size, onnxrun_error *error)
{
  onx_sink sink = {.error = error};
  ONX_TRY(put_item(&sink, tensor, name, 0));
  const size_t room = *size;
  *size = sink.size;
  if (sink.size > room)
    return onx_fail(error, ONNXRUN_BUFFER_TOO_SMALL,
                    "the value needs %zu bytes, the buffer has %zu", sink.size, room);
  sink = (onx_sink){.end = buffer + *size, .error = error};
  return put_item(&sink, tensor, name, 0);
}
