/* value.c: values with memory of their own: made, copied, read, written. */
#include "runtime/value.h"

#include <string.h>

#include "proto/reader.h"
#include "runtime/error.h"

#define DEFAULT_DEPTH ((size_t)64)

struct onnxrun_value {
  onx_heap heap; /* first: see onx_object_new */
  onx_pool pool;
  size_t max_depth;
  const onnxrun_tensor *tensor;
};

static onnxrun_status new_value(const onnxrun_options *options, onnxrun_value **out,
                                onnxrun_error *error)
{
  void *object = NULL;
  ONX_TRY(onx_object_new(sizeof **out, options, "a value", &object, error));
  *out = object;
  (*out)->pool.heap = &(*out)->heap;
  (*out)->max_depth = options && options->max_depth ? options->max_depth : DEFAULT_DEPTH;
  return ONNXRUN_OK;
}

/* Hands the value over, or takes it apart after a failure. */
static onnxrun_status finish(onnxrun_value *v, onnxrun_status s, onnxrun_value **out)
{
  if (s == ONNXRUN_OK)
    *out = v;
  else
    onnxrun_value_release(v);
  return s;
}

static onnxrun_status full(onnxrun_value *v, size_t bytes, onnxrun_error *error)
{
  return onx_heap_fail(&v->heap, bytes, "a value", error);
}

/* ---- making ---- */

/* Moves the strings' bytes into the value. */
static onnxrun_status own_strings(onnxrun_value *v, onnxrun_string *strings, size_t n,
                                  onnxrun_error *error)
{
  size_t bytes = 0;
  for (size_t i = 0; i < n; i++) {
    if (!onx_add(bytes, strings[i].size, &bytes))
      return onx_fail(error, ONNXRUN_LIMIT, "strings are more than can be addressed");
  }
  char *at = onx_pool_take(&v->pool, bytes);
  if (!at)
    return full(v, bytes, error);
  for (size_t i = 0; i < n; i++) {
    if (strings[i].size > 0)
      memcpy(at, strings[i].data, strings[i].size);
    strings[i].data = at;
    at += strings[i].size;
  }
  return ONNXRUN_OK;
}

static onnxrun_status copy(onnxrun_value *v, const onnxrun_tensor *from, size_t depth,
                           onnxrun_tensor *to, onnxrun_error *error);

/* An empty container with room for n items. */
static onnxrun_status new_list(onnxrun_value *v, onnxrun_dtype kind, size_t n, onnxrun_tensor *to,
                               onnxrun_error *error)
{
  onnxrun_list *list = onx_pool_take(&v->pool, sizeof *list);
  if (!list || !(list->items = onx_pool_array(&v->pool, n, sizeof *list->items)))
    return full(v, n, error);
  *to = (onnxrun_tensor){.dtype = kind, .data = list, .bytes = sizeof *list};
  return ONNXRUN_OK;
}

/* Appends a copy; `depth` levels may lie below the container. */
static onnxrun_status add_item(onnxrun_value *v, const onnxrun_tensor *container,
                               const onnxrun_tensor *item, size_t depth, onnxrun_error *error)
{
  onnxrun_list *list = container->data;
  onnxrun_tensor made;
  ONX_TRY(copy(v, item, depth, &made, error));
  ((onnxrun_tensor *)(uintptr_t)list->items)[list->size++] = made;
  return ONNXRUN_OK;
}

static onnxrun_status copy_list(onnxrun_value *v, const onnxrun_tensor *from, size_t depth,
                                onnxrun_tensor *to, onnxrun_error *error)
{
  const onnxrun_list *list = from->data;
  if (depth == 0)
    return onx_fail(error, ONNXRUN_LIMIT, "values nest deeper than max_depth %zu", v->max_depth);
  ONX_TRY(new_list(v, from->dtype, list->size, to, error));
  for (size_t i = 0; i < list->size; i++)
    ONX_TRY(add_item(v, to, &list->items[i], depth - 1, error));
  return ONNXRUN_OK;
}

static onnxrun_status copy(onnxrun_value *v, const onnxrun_tensor *from, size_t depth,
                           onnxrun_tensor *to, onnxrun_error *error)
{
  size_t elements, bytes;
  ONX_TRY(onx_tensor_check(from, &elements, &bytes, error));
  if (onx_is_container(from->dtype))
    return copy_list(v, from, depth, to, error);
  *to = (onnxrun_tensor){.dtype = from->dtype, .rank = from->rank, .bytes = bytes};
  memcpy(to->dims, from->dims, from->rank * sizeof *from->dims);
  to->data = onx_pool_take(&v->pool, bytes);
  if (!to->data)
    return full(v, bytes, error);
  if (bytes > 0)
    memcpy(to->data, from->data, bytes);
  return from->dtype == ONNXRUN_STRING ? own_strings(v, to->data, elements, error) : ONNXRUN_OK;
}

static size_t depth_of(const onnxrun_value *v)
{
  return v->max_depth < ONX_NESTING ? v->max_depth : ONX_NESTING;
}

/* The tensor that a new value gives. */
static onnxrun_status root(onnxrun_value *v, onnxrun_tensor **out, onnxrun_error *error)
{
  *out = onx_pool_take(&v->pool, sizeof **out);
  v->tensor = *out;
  return *out ? ONNXRUN_OK : full(v, sizeof **out, error);
}

static onnxrun_status fill_copy(onnxrun_value *v, const onnxrun_tensor *tensor,
                                onnxrun_error *error)
{
  onnxrun_tensor *t;
  ONX_TRY(root(v, &t, error));
  return copy(v, tensor, depth_of(v), t, error);
}

onnxrun_status onnxrun_value_copy(const onnxrun_tensor *tensor, const onnxrun_options *options,
                                  onnxrun_value **out, onnxrun_error *error)
{
  if (!tensor || !out)
    return onx_fail(error, ONNXRUN_INVALID_ARGUMENT, "tensor or out is NULL");
  onnxrun_value *v = NULL;
  ONX_TRY(new_value(options, &v, error));
  return finish(v, fill_copy(v, tensor, error), out);
}

static onnxrun_status fill_strings(onnxrun_value *v, const onnxrun_tensor *shape,
                                   const char *const *texts, const size_t *sizes,
                                   onnxrun_error *error)
{
  onnxrun_tensor *t;
  size_t n, bytes;
  if (shape->rank > ONNXRUN_MAX_RANK ||
      !onx_tensor_bytes(ONNXRUN_STRING, shape->rank, shape->dims, &n, &bytes))
    return onx_fail(error, ONNXRUN_INVALID_ARGUMENT, "the shape's rank or dims are out of range");
  if (n > 0 && !texts)
    return onx_fail(error, ONNXRUN_INVALID_ARGUMENT, "texts is NULL, expected %zu", n);
  ONX_TRY(root(v, &t, error));
  *t = (onnxrun_tensor){.dtype = ONNXRUN_STRING, .rank = shape->rank, .bytes = bytes};
  memcpy(t->dims, shape->dims, shape->rank * sizeof *shape->dims);
  onnxrun_string *strings = t->data = onx_pool_take(&v->pool, bytes);
  if (!strings)
    return full(v, bytes, error);
  for (size_t i = 0; i < n; i++) {
    if (!texts[i] && (!sizes || sizes[i] > 0))
      return onx_fail(error, ONNXRUN_INVALID_ARGUMENT, "texts[%zu] is NULL", i);
    strings[i] = (onnxrun_string){texts[i], sizes ? sizes[i] : strlen(texts[i])};
  }
  return own_strings(v, strings, n, error);
}

onnxrun_status onnxrun_value_strings(const onnxrun_tensor *shape, const char *const *texts,
                                     const size_t *sizes, const onnxrun_options *options,
                                     onnxrun_value **out, onnxrun_error *error)
{
  if (!shape || !out)
    return onx_fail(error, ONNXRUN_INVALID_ARGUMENT, "shape or out is NULL");
  onnxrun_value *v = NULL;
  ONX_TRY(new_value(options, &v, error));
  return finish(v, fill_strings(v, shape, texts, sizes, error), out);
}

static onnxrun_status fill_list(onnxrun_value *v, onnxrun_dtype kind,
                                const onnxrun_tensor *const *items, size_t n, onnxrun_error *error)
{
  onnxrun_tensor *t;
  size_t elements, bytes;
  ONX_TRY(root(v, &t, error));
  ONX_TRY(new_list(v, kind, n, t, error));
  for (size_t i = 0; i < n; i++) {
    if (!items[i])
      return onx_fail(error, ONNXRUN_INVALID_ARGUMENT, "item %zu is NULL", i);
    ONX_TRY(add_item(v, t, items[i], depth_of(v) - 1, error));
  }
  return onx_tensor_check(t, &elements, &bytes, error);
}

static onnxrun_status make_list(onnxrun_dtype kind, const onnxrun_tensor *const *items, size_t n,
                                const onnxrun_options *options, onnxrun_value **out,
                                onnxrun_error *error)
{
  onnxrun_value *v = NULL;
  ONX_TRY(new_value(options, &v, error));
  return finish(v, fill_list(v, kind, items, n, error), out);
}

onnxrun_status onnxrun_value_sequence(const onnxrun_tensor *const *items, size_t n,
                                      const onnxrun_options *options, onnxrun_value **out,
                                      onnxrun_error *error)
{
  if ((!items && n > 0) || !out)
    return onx_fail(error, ONNXRUN_INVALID_ARGUMENT, "items or out is NULL");
  return make_list(ONNXRUN_SEQUENCE, items, n, options, out, error);
}

onnxrun_status onnxrun_value_optional(const onnxrun_tensor *item, const onnxrun_options *options,
                                      onnxrun_value **out, onnxrun_error *error)
{
  if (!out)
    return onx_fail(error, ONNXRUN_INVALID_ARGUMENT, "out is NULL");
  return make_list(ONNXRUN_OPTIONAL, &item, item != NULL, options, out, error);
}

onnxrun_status onnxrun_value_map(const onnxrun_tensor *keys, const onnxrun_tensor *values,
                                 const onnxrun_options *options, onnxrun_value **out,
                                 onnxrun_error *error)
{
  if (!keys || !values || !out)
    return onx_fail(error, ONNXRUN_INVALID_ARGUMENT, "keys, values or out is NULL");
  const onnxrun_tensor *items[] = {keys, values};
  return make_list(ONNXRUN_MAPPING, items, 2, options, out, error);
}

/* ---- reading ---- */

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

static const onnxrun_list *list_of(const onnxrun_tensor *t)
{
  return t->rank == 0 && t->data && t->bytes >= sizeof(onnxrun_list) ? t->data : NULL;
}

size_t onnxrun_tensor_count(const onnxrun_tensor *tensor)
{
  size_t elements, bytes;
  if (!tensor || tensor->rank > ONNXRUN_MAX_RANK || onnxrun_bits(tensor->dtype) == 0)
    return 0;
  if (onx_is_container(tensor->dtype))
    return list_of(tensor) ? list_of(tensor)->size : 0;
  return onx_tensor_bytes(tensor->dtype, tensor->rank, tensor->dims, &elements, &bytes) ? elements
                                                                                        : 0;
}

const onnxrun_tensor *onnxrun_tensor_item(const onnxrun_tensor *tensor, size_t i)
{
  if (i >= onnxrun_tensor_count(tensor) || !onx_is_container(tensor->dtype))
    return NULL;
  const onnxrun_list *list = list_of(tensor);
  return list->items ? &list->items[i] : NULL;
}

const onnxrun_string *onnxrun_tensor_string(const onnxrun_tensor *tensor, size_t i)
{
  if (i >= onnxrun_tensor_count(tensor) || tensor->dtype != ONNXRUN_STRING || !tensor->data ||
      i >= tensor->bytes / sizeof(onnxrun_string))
    return NULL;
  return (const onnxrun_string *)tensor->data + i;
}

/* ---- files ---- */

onnxrun_status onnxrun_value_parse(const void *data, size_t size, onnxrun_dtype kind,
                                   const onnxrun_options *options, onnxrun_value **out,
                                   onnxrun_error *error)
{
  if ((!data && size > 0) || !out)
    return onx_fail(error, ONNXRUN_INVALID_ARGUMENT, "data or out is NULL");
  onnxrun_value *v = NULL;
  ONX_TRY(new_value(options, &v, error));
  const onx_value_file file = {data, size, kind, v->max_depth};
  return finish(v, onx_read_value(&v->pool, &file, &v->tensor, error), out);
}

onnxrun_status onnxrun_value_write(const onnxrun_tensor *tensor, const char *name, void *buffer,
                                   size_t *size, onnxrun_error *error)
{
  if (!tensor || !size || (!buffer && *size > 0))
    return onx_fail(error, ONNXRUN_INVALID_ARGUMENT, "tensor, buffer or size is NULL");
  return onx_write_value(tensor, name, buffer, size, error);
}
