/* check.c: whether a tensor's memory is what it says. Pointers themselves are believed. */
#include "runtime/error.h"
#include "runtime/value.h"

static onnxrun_status check_strings(const onnxrun_tensor *t, size_t n, onnxrun_error *error)
{
  const onnxrun_string *strings = t->data;
  for (size_t i = 0; i < n; i++) {
    if (!strings[i].data && strings[i].size > 0)
      return onx_fail(error, ONNXRUN_INVALID_ARGUMENT, "string %zu has %zu bytes and no data", i,
                      strings[i].size);
  }
  return ONNXRUN_OK;
}

static onnxrun_status check_keys(const onnxrun_tensor *t, onnxrun_error *error)
{
  switch (t->dtype) {
  case ONNXRUN_INT8:
  case ONNXRUN_INT16:
  case ONNXRUN_INT32:
  case ONNXRUN_INT64:
  case ONNXRUN_UINT8:
  case ONNXRUN_UINT16:
  case ONNXRUN_UINT32:
  case ONNXRUN_UINT64:
  case ONNXRUN_STRING:
    if (t->rank == 1)
      return ONNXRUN_OK;
    return onx_fail(error, ONNXRUN_INVALID_ARGUMENT, "keys have rank %u, expected 1", t->rank);
  default:
    return onx_fail(error, ONNXRUN_INVALID_ARGUMENT, "keys are %s, expected integers or strings",
                    onnxrun_dtype_name(t->dtype));
  }
}

static onnxrun_status check_map(const onnxrun_list *list, onnxrun_error *error)
{
  if (list->size != 2)
    return onx_fail(error, ONNXRUN_INVALID_ARGUMENT,
                    "a map has %zu items, expected keys and values", list->size);
  const onnxrun_tensor *keys = &list->items[0], *values = &list->items[1];
  size_t n_keys, n_values, bytes;
  ONX_TRY(check_keys(keys, error));
  ONX_TRY(onx_tensor_check(keys, &n_keys, &bytes, error));
  if ((uintptr_t)keys->data % onx_alignment(keys->dtype) != 0)
    return onx_fail(error, ONNXRUN_INVALID_ARGUMENT, "keys are not aligned to their type");
  const bool is_list = values->dtype == ONNXRUN_SEQUENCE;
  if (!is_list &&
      (values->rank != 1 || onx_is_container(values->dtype) || onnxrun_bits(values->dtype) % 8))
    return onx_fail(error, ONNXRUN_INVALID_ARGUMENT,
                    "values are %s of rank %u, expected rank 1 and whole bytes, or a sequence",
                    onnxrun_dtype_name(values->dtype), values->rank);
  ONX_TRY(onx_tensor_check(values, &n_values, &bytes, error));
  n_values = is_list ? ((const onnxrun_list *)values->data)->size : n_values;
  if (n_keys != n_values)
    return onx_fail(error, ONNXRUN_INVALID_ARGUMENT, "a map has %zu keys and %zu values", n_keys,
                    n_values);
  return ONNXRUN_OK;
}

/* Tensors are of one kind, whatever their types. */
static onnxrun_dtype kind_of(const onnxrun_tensor *t)
{
  return onx_is_container(t->dtype) ? t->dtype : ONNXRUN_UNDEFINED;
}

static onnxrun_status check_list(const onnxrun_tensor *t, onnxrun_error *error)
{
  const onnxrun_list *list = t->data;
  if (list->size > 0 && !list->items)
    return onx_fail(error, ONNXRUN_INVALID_ARGUMENT, "a %s has %zu items at NULL",
                    onnxrun_dtype_name(t->dtype), list->size);
  if (t->dtype == ONNXRUN_MAPPING)
    return check_map(list, error);
  if (t->dtype == ONNXRUN_OPTIONAL && list->size > 1)
    return onx_fail(error, ONNXRUN_INVALID_ARGUMENT, "an optional has %zu items", list->size);
  for (size_t i = 1; i < list->size; i++) {
    if (kind_of(&list->items[i]) != kind_of(&list->items[0]))
      return onx_fail(error, ONNXRUN_INVALID_ARGUMENT, "item %zu is of another kind than item 0",
                      i);
  }
  return ONNXRUN_OK;
}

onnxrun_status onx_tensor_check(const onnxrun_tensor *t, size_t *elements, size_t *bytes,
                                onnxrun_error *error)
{
  const bool has_pointers = t->dtype == ONNXRUN_STRING || onx_is_container(t->dtype);
  if (onnxrun_bits(t->dtype) == 0)
    return onx_fail(error, ONNXRUN_INVALID_ARGUMENT, "element type %d does not exist",
                    (int)t->dtype);
  if (t->rank > ONNXRUN_MAX_RANK || !onx_tensor_bytes(t->dtype, t->rank, t->dims, elements, bytes))
    return onx_fail(error, ONNXRUN_INVALID_ARGUMENT, "the tensor's rank or dims are out of range");
  if (onx_is_container(t->dtype) && t->rank != 0)
    return onx_fail(error, ONNXRUN_INVALID_ARGUMENT, "a %s is not one list",
                    onnxrun_dtype_name(t->dtype));
  if (*bytes > 0 && (!t->data || t->bytes < *bytes))
    return onx_fail(error, ONNXRUN_INVALID_ARGUMENT, "the tensor has %zu bytes, expected %zu",
                    t->data ? t->bytes : 0, *bytes);
  if (*bytes == 0 || !has_pointers)
    return ONNXRUN_OK;
  if ((uintptr_t)t->data % onx_alignment(t->dtype) != 0)
    return onx_fail(error, ONNXRUN_INVALID_ARGUMENT, "the tensor is not aligned to its type");
  return t->dtype == ONNXRUN_STRING ? check_strings(t, *elements, error) : check_list(t, error);
}

onnxrun_status onx_value_check(const onnxrun_tensor *t, size_t depth, onnxrun_error *error)
{
  size_t elements, bytes;
  ONX_TRY(onx_tensor_check(t, &elements, &bytes, error));
  if (!onx_is_container(t->dtype))
    return ONNXRUN_OK;
  if (depth == 0)
    return onx_fail(error, ONNXRUN_LIMIT, "values nest too deep");
  const onnxrun_list *list = t->data;
  for (size_t i = 0; i < list->size; i++)
    ONX_TRY(onx_value_check(&list->items[i], depth - 1, error));
  return ONNXRUN_OK;
}
