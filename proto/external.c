/* external.c: tensors whose data is in another file. */
#include "onnx.pb-c.h"
#include "proto/tensor.h"
#include "runtime/error.h"

typedef struct onx_place {
  onnxrun_string location, offset, length; /* as text; size 0: not given */
} onx_place;

static onnxrun_status take_entry(onx_reader *r, onx_span span, onx_place *place)
{
  enum { KEY = 1, VALUE = 2 };
  onx_walk w = onx_walk_begin(r, &onnx__string_string_entry_proto__descriptor, span);
  onnxrun_string key = {"", 0}, value = {"", 0};
  onx_field f;
  while (onx_walk_next(&w, &f)) {
    if (f.number == KEY)
      key = onx_field_text(&f);
    else if (f.number == VALUE)
      value = onx_field_text(&f);
  }
  if (onx_text_equal(key, onx_text("location")))
    place->location = value;
  else if (onx_text_equal(key, onx_text("offset")))
    place->offset = value;
  else if (onx_text_equal(key, onx_text("length")))
    place->length = value;
  return w.status;
}

static bool parse_size(onnxrun_string text, size_t *out)
{
  size_t n = 0;
  for (size_t i = 0; i < text.size; i++) {
    const char c = text.data[i];
    if (c < '0' || c > '9' || !onx_mul(n, 10, &n) || !onx_add(n, (size_t)(c - '0'), &n))
      return false;
  }
  *out = n;
  return text.size > 0;
}

static onnxrun_status point_into(const onx_tensor_source *src, const onx_place *place,
                                 const uint8_t *data, size_t size, onnxrun_tensor *out)
{
  size_t offset = 0, length = out->bytes;
  if ((place->offset.size > 0 && !parse_size(place->offset, &offset)) ||
      (place->length.size > 0 && !parse_size(place->length, &length)))
    return onx_tensor_fail(src, ONNXRUN_INVALID_MODEL,
                           "offset '%.*s' or length '%.*s' is not a number",
                           ONX_NAME(place->offset), ONX_NAME(place->length));
  if (length != out->bytes)
    return onx_tensor_fail(src, ONNXRUN_INVALID_MODEL, "external length is %zu, expected %zu",
                           length, out->bytes);
  if (offset > size || length > size - offset)
    return onx_tensor_fail(src, ONNXRUN_INVALID_MODEL,
                           "needs bytes %zu to %zu + %zu of '%.*s', which has %zu", offset, offset,
                           length, ONX_NAME(place->location), size);
  /* Read-only; only its type is not const. An empty file is not mapped. */
  out->data = (void *)(uintptr_t)(length > 0 ? data + offset : src->body.data);
  return ONNXRUN_OK;
}

onnxrun_status onx_external_read(const onx_tensor_source *src, onnxrun_tensor *out)
{
  onx_reader *r = src->r;
  onx_walk w = onx_walk_begin(r, &onnx__tensor_proto__descriptor, src->body);
  onx_place place = {{"", 0}, {"", 0}, {"", 0}};
  const uint8_t *data = NULL;
  size_t size = 0;
  onx_field f;
  if (!r->external)
    return onx_tensor_fail(src, ONNXRUN_INVALID_MODEL,
                           "data is in another file, which only a model's file may have");
  while (onx_walk_next(&w, &f)) {
    if (f.number == ONX_TENSOR_EXTERNAL)
      ONX_TRY(take_entry(r, f.span, &place));
  }
  ONX_TRY(w.status);
  ONX_TRY(r->external->map(r->external->user, place.location, &data, &size, r->error));
  return point_into(src, &place, data, size, out);
}
