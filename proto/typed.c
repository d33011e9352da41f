/* typed.c: the elements of a TensorProto that stand in the array of their type. Which array holds
 * which types is said in the standard's onnx.proto; types below 32 bits stand in int32_data, a
 * number for each element, or for each byte of packed 4- and 2-bit elements. */
#include <string.h>

#include "onnx.pb-c.h"
#include "onnxrun/kernel.h"
#include "proto/tensor.h"
#include "runtime/error.h"

uint32_t onx_typed_field(onnxrun_dtype dtype)
{
  switch (dtype) {
  case ONNXRUN_FLOAT:
  case ONNXRUN_COMPLEX64:
    return ONX_TENSOR_FLOATS;
  case ONNXRUN_DOUBLE:
  case ONNXRUN_COMPLEX128:
    return ONX_TENSOR_DOUBLES;
  case ONNXRUN_INT64:
    return ONX_TENSOR_INT64S;
  case ONNXRUN_UINT32:
  case ONNXRUN_UINT64:
    return ONX_TENSOR_UINT64S;
  case ONNXRUN_STRING:
    return ONX_TENSOR_STRINGS;
  default:
    return ONX_TENSOR_INT32S;
  }
}

size_t onx_typed_entries(onnxrun_dtype dtype, size_t elements)
{
  const size_t bits = onnxrun_bits(dtype);
  if (dtype == ONNXRUN_COMPLEX64 || dtype == ONNXRUN_COMPLEX128)
    return 2 * elements;
  return bits < 8 ? elements / (8 / bits) + (elements % (8 / bits) != 0) : elements;
}

/* Bytes of one entry of the array as the tensor has it. */
static size_t entry_bytes(onnxrun_dtype dtype)
{
  const size_t bits = onnxrun_bits(dtype);
  if (dtype == ONNXRUN_COMPLEX64 || dtype == ONNXRUN_COMPLEX128)
    return bits / 16;
  return bits < 8 ? 1 : bits / 8;
}

/* The low bytes of each number; a bool is any number but 0. */
static uint8_t *take_numbers(const onx_field *f, onnxrun_dtype dtype, uint8_t *to)
{
  const size_t bytes = entry_bytes(dtype);
  onx_numbers numbers = onx_numbers_begin(f);
  uint64_t value;
  for (; onx_numbers_next(&numbers, &value); to += bytes) {
    if (dtype == ONNXRUN_BOOL)
      value = value != 0;
    switch (bytes) {
    case 1:
      memcpy(to, &value, 1);
      break;
    case 2:
      memcpy(to, &value, 2);
      break;
    case 4:
      memcpy(to, &value, 4);
      break;
    default:
      memcpy(to, &value, 8);
      break;
    }
  }
  return to;
}

/* Floats and doubles in one packed field lie there as a tensor has them. */
static bool lies_in_file(const onnxrun_tensor *t, const onx_field *f)
{
  return (f->number == ONX_TENSOR_FLOATS || f->number == ONX_TENSOR_DOUBLES) &&
         f->span.data != NULL && f->span.size == t->bytes;
}

static onnxrun_status read_numbers(const onx_tensor_source *src, onx_pool *pool,
                                   onnxrun_tensor *out)
{
  const uint32_t field = onx_typed_field(out->dtype);
  onx_walk w = onx_walk_begin(src->r, &onnx__tensor_proto__descriptor, src->body);
  uint8_t *to = NULL;
  onx_field f;
  while (onx_walk_next(&w, &f)) {
    if (f.number != field)
      continue;
    if (!to && lies_in_file(out, &f)) {
      out->data = (void *)(uintptr_t)f.span.data;
      return ONNXRUN_OK;
    }
    if (!to)
      to = out->data = onx_pool_take(pool, out->bytes);
    if (!to)
      return onx_reader_full(src->r, out->bytes, "a tensor");
    to = take_numbers(&f, out->dtype, to);
  }
  return w.status;
}

static onnxrun_status read_strings(const onx_tensor_source *src, onx_pool *pool,
                                   onnxrun_tensor *out)
{
  onnxrun_string *strings = onx_pool_take(pool, out->bytes);
  onx_walk w = onx_walk_begin(src->r, &onnx__tensor_proto__descriptor, src->body);
  onx_field f;
  if (!strings)
    return onx_reader_full(src->r, out->bytes, "a tensor of strings");
  out->data = strings;
  while (onx_walk_next(&w, &f)) {
    if (f.number == ONX_TENSOR_STRINGS)
      *strings++ = onx_field_text(&f);
  }
  return w.status;
}

onnxrun_status onx_typed_read(const onx_tensor_source *src, onx_pool *pool, onnxrun_tensor *out)
{
  if (out->dtype == ONNXRUN_STRING)
    return read_strings(src, pool, out);
  if (out->bytes > 0)
    return read_numbers(src, pool, out);
  out->data = onx_pool_take(pool, 0); /* no element, but data says that the tensor is known */
  return out->data ? ONNXRUN_OK : onx_reader_full(src->r, 0, "a tensor");
}
