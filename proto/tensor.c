/* tensor.c: TensorProto: its fields, its size against its data, and where the data lies. */
#include "proto/tensor.h"

#include <stdio.h>
#include <string.h>

#include "onnx.pb-c.h"
#include "proto/types.h"
#include "runtime/error.h"

#define SMALL ((size_t)1024) /* bytes: axes, shapes, scalars, which are read as C's types early */

onnxrun_status onx_tensor_fail(const onx_tensor_source *src, onnxrun_status s, const char *format,
                               ...)
{
  if (!src->r->error)
    return s;
  char text[sizeof src->r->error->text];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  return onx_fail(src->r->error, s, "tensor '%.*s' at byte %zu: %s", ONX_NAME(src->name),
                  (size_t)(src->body.data - src->r->file), text);
}

static onnxrun_status take_dims(onx_tensor_source *src, const onx_field *f)
{
  size_t n = 0;
  ONX_TRY(onx_count_numbers(src->r, f, &n));
  onx_numbers numbers = onx_numbers_begin(f);
  uint64_t value;
  for (; onx_numbers_next(&numbers, &value); src->rank++) {
    if (src->rank < ONNXRUN_MAX_RANK)
      src->dims[src->rank] = (int64_t)value;
  }
  return ONNXRUN_OK;
}

static onnxrun_status take_field(onx_tensor_source *src, const onx_field *f)
{
  switch (f->number) {
  case ONX_TENSOR_DIMS:
    return take_dims(src, f);
  case ONX_TENSOR_TYPE:
    src->type = (int64_t)f->value;
    break;
  case ONX_TENSOR_SEGMENT:
    src->has_segment = true;
    break;
  case ONX_TENSOR_STRINGS:
    src->counts[f->number]++;
    break;
  case ONX_TENSOR_FLOATS:
  case ONX_TENSOR_INT32S:
  case ONX_TENSOR_INT64S:
  case ONX_TENSOR_DOUBLES:
  case ONX_TENSOR_UINT64S:
    return onx_count_numbers(src->r, f, &src->counts[f->number]);
  case ONX_TENSOR_NAME:
    src->name = onx_field_text(f);
    break;
  case ONX_TENSOR_RAW:
    src->raw = f->span;
    break;
  case ONX_TENSOR_LOCATION:
    src->is_external = f->value == ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL;
    break;
  default:
    break;
  }
  return ONNXRUN_OK;
}

static onnxrun_status scan(onx_tensor_source *src)
{
  onx_walk w = onx_walk_begin(src->r, &onnx__tensor_proto__descriptor, src->body);
  onx_field f;
  while (onx_walk_next(&w, &f))
    ONX_TRY(take_field(src, &f));
  return w.status;
}

/* Type, rank, dims and bytes, without data. */
static onnxrun_status describe(const onx_tensor_source *src, onnxrun_tensor *out, size_t *elements)
{
  char dims[80];
  *out = (onnxrun_tensor){.dtype = onx_element_type(src->type)};
  if (src->has_segment)
    return onx_tensor_fail(src, ONNXRUN_UNSUPPORTED, "tensors in segments are not read");
  if (out->dtype == ONNXRUN_UNDEFINED)
    return onx_tensor_fail(src, ONNXRUN_INVALID_MODEL, "element type %lld does not exist",
                           (long long)src->type);
  if (src->rank > ONNXRUN_MAX_RANK)
    return onx_tensor_fail(src, ONNXRUN_UNSUPPORTED, "rank is %zu, at most %d is supported",
                           src->rank, ONNXRUN_MAX_RANK);
  out->rank = (uint32_t)src->rank;
  memcpy(out->dims, src->dims, sizeof out->dims);
  if (!onx_tensor_bytes(out->dtype, out->rank, out->dims, elements, &out->bytes))
    return onx_tensor_fail(src, ONNXRUN_INVALID_MODEL, "dims %s are negative or too large",
                           onx_dims_text(dims, sizeof dims, out->rank, out->dims));
  return ONNXRUN_OK;
}

static onnxrun_status wrong_size(const onx_tensor_source *src, const onnxrun_tensor *t,
                                 const char *where, size_t found, size_t expected)
{
  char dims[80];
  return onx_tensor_fail(src, ONNXRUN_INVALID_MODEL, "%s holds %zu, expected %zu for %s%s", where,
                         found, expected, onnxrun_dtype_name(t->dtype),
                         onx_dims_text(dims, sizeof dims, t->rank, t->dims));
}

static bool has_typed_data(const onx_tensor_source *src)
{
  for (size_t i = 0; i < sizeof src->counts / sizeof *src->counts; i++) {
    if (src->counts[i] > 0)
      return true;
  }
  return false;
}

static onnxrun_status place_data(const onx_tensor_source *src, onx_pool *pool, size_t elements,
                                 onnxrun_tensor *out)
{
  const bool is_typed = has_typed_data(src);
  const bool is_raw = src->raw.size > 0;
  if (is_typed + is_raw + src->is_external > 1)
    return onx_tensor_fail(src, ONNXRUN_INVALID_MODEL, "data is given in more than one place");
  if (out->dtype == ONNXRUN_STRING && (is_raw || src->is_external))
    return onx_tensor_fail(src, ONNXRUN_INVALID_MODEL, "strings are not in string_data");
  if (src->is_external)
    return onx_external_read(src, out);
  if (is_raw && src->raw.size != out->bytes)
    return wrong_size(src, out, "raw_data", src->raw.size, out->bytes);
  if (is_raw) {
    out->data = (void *)(uintptr_t)src->raw.data; /* read-only; only its type is not const */
    return ONNXRUN_OK;
  }
  const uint32_t field = onx_typed_field(out->dtype);
  const size_t entries = onx_typed_entries(out->dtype, elements);
  if (src->counts[field] != entries)
    return wrong_size(
        src, out,
        protobuf_c_message_descriptor_get_field(&onnx__tensor_proto__descriptor, field)->name,
        src->counts[field], entries);
  return onx_typed_read(src, pool, out);
}

static size_t alignment(onnxrun_dtype t)
{
  const size_t bytes = onnxrun_bits(t) / 8;
  if (t == ONNXRUN_COMPLEX64 || t == ONNXRUN_COMPLEX128)
    return bytes / 2;
  return bytes > 8 ? sizeof(void *) : bytes > 1 ? bytes : 1;
}

static onnxrun_status copy_data(onx_reader *r, onx_pool *pool, onnxrun_tensor *t)
{
  void *copy = onx_pool_take(pool, t->bytes);
  if (!copy)
    return onx_reader_full(r, t->bytes, "a tensor");
  memcpy(copy, t->data, t->bytes);
  t->data = copy;
  return ONNXRUN_OK;
}

/* C knows two values of a bool; a file may hold any byte. */
static onnxrun_status settle_bools(onx_reader *r, onx_pool *pool, onnxrun_tensor *t)
{
  const uint8_t *found = t->data;
  size_t i = 0;
  while (i < t->bytes && found[i] <= 1)
    i++;
  if (i == t->bytes)
    return ONNXRUN_OK;
  ONX_TRY(copy_data(r, pool, t));
  uint8_t *bools = t->data;
  for (i = 0; i < t->bytes; i++)
    bools[i] = bools[i] != 0;
  return ONNXRUN_OK;
}

onnxrun_status onx_tensor_read(onx_reader *r, onx_pool *pool, onx_span span, onx_placement place,
                               onnxrun_tensor *out, onnxrun_string *name)
{
  onx_tensor_source src = {.r = r, .body = span, .name = {"", 0}};
  size_t elements = 0;
  ONX_TRY(scan(&src));
  ONX_TRY(describe(&src, out, &elements));
  ONX_TRY(place_data(&src, pool, elements, out));
  if (name)
    *name = src.name;
  if (out->dtype == ONNXRUN_BOOL)
    return settle_bools(r, pool, out);
  const bool is_aligned = (uintptr_t)out->data % alignment(out->dtype) == 0;
  if (is_aligned || (place == ONX_IN_PLACE && out->bytes > SMALL))
    return ONNXRUN_OK;
  return copy_data(r, pool, out);
}
