/* value.c: a TensorProto, SequenceProto, OptionalProto or MapProto in a file of its own. Containers
 * become items of a list of containers still to read, so that depth costs no stack. */
#include "runtime/value.h"
#include "onnx.pb-c.h"
#include "proto/reader.h"
#include "proto/tensor.h"
#include "proto/types.h"
#include "runtime/error.h"

/* SequenceProto.DataType and OptionalProto.DataType are alike. */
enum { NOTHING = 0, TENSOR = 1, SPARSE = 2, SEQUENCE = 3, MAP = 4, OPTIONAL = 5, KINDS = 6 };
enum { ELEMENT_TYPE = 2, FIRST_VALUE = 3 }; /* fields 3 to 7 hold kinds 1 to 5 */

typedef struct onx_container {
  struct onx_container *next;
  onx_span body;
  onnxrun_dtype kind;
  size_t depth;
  onnxrun_tensor *out;
} onx_container;

static const ProtobufCMessageDescriptor *message_of(const onx_container *c)
{
  return c->kind == ONNXRUN_SEQUENCE ? &onnx__sequence_proto__descriptor
                                     : &onnx__optional_proto__descriptor;
}

static int64_t kind_of(uint32_t field)
{
  return field >= FIRST_VALUE && field < FIRST_VALUE + KINDS - 1 ? field - FIRST_VALUE + 1
                                                                 : NOTHING;
}

/* How many elements there are; all are of one kind, which is the one the container names. */
static onnxrun_status count_items(onx_reader *r, const onx_container *c, size_t *n)
{
  onx_walk w = onx_walk_begin(r, message_of(c), c->body);
  int64_t named = NOTHING, found = NOTHING;
  onx_field f;
  *n = 0;
  while (onx_walk_next(&w, &f)) {
    const int64_t kind = kind_of(f.number);
    if (f.number == ELEMENT_TYPE)
      named = (int64_t)f.value;
    if (kind == NOTHING)
      continue;
    if (found != NOTHING && (found != kind || c->kind == ONNXRUN_OPTIONAL))
      return onx_damaged(r, f.at, "%s.%s is one value too many", w.message->short_name,
                         f.info->name);
    found = kind;
    ++*n;
  }
  ONX_TRY(w.status);
  if (found != NOTHING && named != NOTHING && named != found)
    return onx_damaged(r, c->body.data, "%s has elements of kind %lld, expected %lld",
                       w.message->short_name, (long long)found, (long long)named);
  return ONNXRUN_OK;
}

static onnxrun_status add_container(onx_reader *r, onx_container **pending, onx_container c)
{
  if (c.depth > r->max_depth)
    return onx_fail(r->error, ONNXRUN_LIMIT, "byte %zu: values nest deeper than max_depth %zu",
                    (size_t)(c.body.data - r->file), r->max_depth);
  onx_container *kept = onx_pool_take(&r->scratch, sizeof *kept);
  if (!kept)
    return onx_reader_full(r, sizeof *kept, "a value");
  *kept = c;
  kept->next = *pending;
  *pending = kept;
  return ONNXRUN_OK;
}

static onnxrun_status read_item(onx_reader *r, const onx_container *c, const onx_field *f,
                                onnxrun_tensor *out, onx_container **pending)
{
  const int64_t kind = kind_of(f->number);
  if (kind == TENSOR)
    return onx_tensor_read(r, r->pool, f->span, ONX_ALIGNED, out, NULL);
  if (kind == SPARSE)
    return onx_sparse_read(r, r->pool, f->span, out, NULL);
  return add_container(r, pending,
                       (onx_container){.body = f->span,
                                       .kind = kind == SEQUENCE ? ONNXRUN_SEQUENCE
                                               : kind == MAP    ? ONNXRUN_MAPPING
                                                                : ONNXRUN_OPTIONAL,
                                       .depth = c->depth + 1,
                                       .out = out});
}

/* The container itself, whose n items are still empty. */
static onnxrun_status make_container(onx_reader *r, const onx_container *c, size_t n,
                                     onnxrun_tensor **out)
{
  onnxrun_list *list = onx_pool_take(r->pool, sizeof *list);
  onnxrun_tensor *items = onx_pool_array(r->pool, n, sizeof *items);
  if (!list || !items)
    return onx_reader_full(r, n * sizeof *items, "a list of values");
  *list = (onnxrun_list){items, n};
  *c->out = (onnxrun_tensor){.dtype = c->kind, .data = list, .bytes = sizeof *list};
  *out = items;
  return ONNXRUN_OK;
}

static onnxrun_status read_container(onx_reader *r, const onx_container *c, onx_container **pending)
{
  size_t n;
  onnxrun_tensor *items;
  ONX_TRY(count_items(r, c, &n));
  ONX_TRY(make_container(r, c, n, &items));
  onx_walk w = onx_walk_begin(r, message_of(c), c->body);
  onx_field f;
  while (onx_walk_next(&w, &f)) {
    if (kind_of(f.number) != NOTHING)
      ONX_TRY(read_item(r, c, &f, items++, pending));
  }
  return w.status;
}

/* A MapProto as its fields say it. */
typedef struct onx_map_source {
  const onx_container *c;
  int64_t type;
  onx_span values;
  size_t n_numbers, n_strings;
} onx_map_source;

enum { MAP_KEY_TYPE = 2, MAP_KEYS = 3, MAP_STRINGS = 4, MAP_VALUES = 5 };

static onnxrun_status scan_map(onx_reader *r, onx_map_source *m)
{
  onx_walk w = onx_walk_begin(r, &onnx__map_proto__descriptor, m->c->body);
  onx_field f;
  while (onx_walk_next(&w, &f)) {
    if (f.number == MAP_KEY_TYPE)
      m->type = (int64_t)f.value;
    else if (f.number == MAP_KEYS)
      ONX_TRY(onx_count_numbers(r, &f, &m->n_numbers));
    else if (f.number == MAP_STRINGS)
      m->n_strings++;
    else if (f.number == MAP_VALUES && m->values.data)
      return onx_damaged(r, f.at, "MapProto.values is given twice");
    else if (f.number == MAP_VALUES)
      m->values = f.span;
  }
  return w.status;
}

/* Stores a key, which the file has as an int64; false when its type has none such. */
static bool put_key(onnxrun_tensor *keys, size_t i, uint64_t value)
{
  const int64_t v = (int64_t)value;
#define KEY(name, type, least, most)                                                               \
  case ONNXRUN_##name:                                                                             \
    ((type *)keys->data)[i] = (type)value;                                                         \
    return v >= (least) && v <= (most);
  switch (keys->dtype) {
    KEY(INT8, int8_t, INT8_MIN, INT8_MAX)
    KEY(INT16, int16_t, INT16_MIN, INT16_MAX)
    KEY(INT32, int32_t, INT32_MIN, INT32_MAX)
    KEY(UINT8, uint8_t, 0, UINT8_MAX)
    KEY(UINT16, uint16_t, 0, UINT16_MAX)
    KEY(UINT32, uint32_t, 0, UINT32_MAX)
#undef KEY
  default:
    ((uint64_t *)keys->data)[i] = value;
    return true;
  }
}

static bool is_key_type(onnxrun_dtype t)
{
  return t == ONNXRUN_STRING || (t >= ONNXRUN_UINT8 && t <= ONNXRUN_INT64) || t == ONNXRUN_UINT32 ||
         t == ONNXRUN_UINT64;
}

static onnxrun_status read_keys(onx_reader *r, const onx_map_source *m, onnxrun_tensor *keys)
{
  onx_walk w = onx_walk_begin(r, &onnx__map_proto__descriptor, m->c->body);
  onx_field f;
  uint64_t value;
  size_t i = 0;
  while (onx_walk_next(&w, &f)) {
    if (f.number == MAP_STRINGS)
      ((onnxrun_string *)keys->data)[i++] = onx_field_text(&f);
    if (f.number != MAP_KEYS)
      continue;
    onx_numbers numbers = onx_numbers_begin(&f);
    while (onx_numbers_next(&numbers, &value)) {
      if (!put_key(keys, i++, value))
        return onx_damaged(r, f.at, "key %zu is %lld, which is no %s", i - 1, (long long)value,
                           onnxrun_dtype_name(keys->dtype));
    }
  }
  return w.status;
}

static onnxrun_status new_keys(onx_reader *r, const onx_map_source *m, onnxrun_tensor *keys)
{
  const onnxrun_dtype type = onx_element_type(m->type);
  const bool is_string = type == ONNXRUN_STRING;
  size_t n, bytes;
  if (!is_key_type(type))
    return onx_damaged(r, m->c->body.data, "MapProto.key_type is %lld, expected integers or string",
                       (long long)m->type);
  if (is_string ? m->n_numbers : m->n_strings)
    return onx_damaged(r, m->c->body.data, "a map of %s keys has others", onnxrun_dtype_name(type));
  *keys = (onnxrun_tensor){
      .dtype = type, .rank = 1, .dims = {(int64_t)(is_string ? m->n_strings : m->n_numbers)}};
  if (!onx_tensor_bytes(type, 1, keys->dims, &n, &bytes) ||
      !(keys->data = onx_pool_take(r->pool, bytes)))
    return onx_reader_full(r, m->n_strings, "a map's keys");
  keys->bytes = bytes;
  return read_keys(r, m, keys);
}

static onnxrun_status read_map(onx_reader *r, const onx_container *c, onx_container **pending)
{
  onx_map_source m = {.c = c};
  onnxrun_tensor *items;
  size_t n;
  ONX_TRY(scan_map(r, &m));
  ONX_TRY(make_container(r, c, 2, &items));
  ONX_TRY(new_keys(r, &m, &items[0]));
  if (!m.values.data)
    m.values = (onx_span){c->body.data, 0};
  const onx_container values = {
      .body = m.values, .kind = ONNXRUN_SEQUENCE, .depth = c->depth + 1, .out = &items[1]};
  ONX_TRY(count_items(r, &values, &n));
  if (n != (size_t)items[0].dims[0])
    return onx_damaged(r, c->body.data, "a map has %lld keys and %zu values",
                       (long long)items[0].dims[0], n);
  return add_container(r, pending, values);
}

static onnxrun_status read_containers(onx_reader *r, onx_container first)
{
  onx_container *pending = NULL;
  ONX_TRY(add_container(r, &pending, first));
  while (pending) {
    const onx_container *c = pending;
    pending = c->next;
    ONX_TRY(c->kind == ONNXRUN_MAPPING ? read_map(r, c, &pending) : read_container(r, c, &pending));
  }
  return ONNXRUN_OK;
}

onnxrun_status onx_read_value(onx_pool *pool, const onx_value_file *file,
                              const onnxrun_tensor **out, onnxrun_error *error)
{
  static const uint8_t nothing[1] = {0};
  onnxrun_error own; /* inner calls hand their status over in it */
  onx_reader r = {.pool = pool,
                  .scratch = {.heap = pool->heap},
                  .file = file->data ? file->data : nothing,
                  .max_depth = file->max_depth,
                  .error = error ? error : &own};
  const onx_span body = {r.file, file->size};
  onnxrun_tensor *t = onx_pool_take(pool, sizeof *t);
  if (!t)
    return onx_reader_full(&r, sizeof *t, "a value");
  const bool is_container = onx_is_container(file->kind);
  const onx_container whole = {.body = body, .kind = file->kind, .out = t};
  const onnxrun_status s = is_container ? read_containers(&r, whole)
                                        : onx_tensor_read(&r, pool, body, ONX_ALIGNED, t, NULL);
  onx_pool_release(&r.scratch);
  if (s == ONNXRUN_OK)
    *out = t;
  return s;
}
