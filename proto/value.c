/* value.c: a TensorProto, SequenceProto or OptionalProto in a file of its own. Containers nest:
 * each becomes an item of a list of containers still to read, so that depth costs no stack. */
#include "onnx.pb-c.h"
#include "proto/reader.h"
#include "proto/tensor.h"
#include "runtime/error.h"

/* SequenceProto.DataType and OptionalProto.DataType are alike. */
enum { NOTHING = 0, TENSOR = 1, SPARSE = 2, SEQUENCE = 3, MAP = 4, OPTIONAL = 5, KINDS = 6 };
enum { ELEMENT_TYPE = 2, FIRST_VALUE = 3 }; /* fields 3 to 7 hold kinds 1 to 5 */

typedef struct onx_container {
  struct onx_container *next;
  onx_span body;
  onnxrun_dtype kind; /* SEQUENCE or OPTIONAL */
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
  if (found == MAP)
    return onx_fail(r->error, ONNXRUN_UNSUPPORTED, "byte %zu: maps are not supported",
                    (size_t)(c->body.data - r->file));
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
  return add_container(
      r, pending,
      (onx_container){.body = f->span,
                      .kind = kind == SEQUENCE ? ONNXRUN_SEQUENCE : ONNXRUN_OPTIONAL,
                      .depth = c->depth + 1,
                      .out = out});
}

static onnxrun_status read_container(onx_reader *r, const onx_container *c, onx_container **pending)
{
  size_t n;
  ONX_TRY(count_items(r, c, &n));
  onnxrun_list *list = onx_pool_take(r->pool, sizeof *list);
  onnxrun_tensor *items = onx_pool_array(r->pool, n, sizeof *items);
  if (!list || !items)
    return onx_reader_full(r, n * sizeof *items, "a list of values");
  *list = (onnxrun_list){items, n};
  *c->out = (onnxrun_tensor){.dtype = c->kind, .data = list, .bytes = sizeof *list};
  onx_walk w = onx_walk_begin(r, message_of(c), c->body);
  onx_field f;
  while (onx_walk_next(&w, &f)) {
    if (kind_of(f.number) != NOTHING)
      ONX_TRY(read_item(r, c, &f, items++, pending));
  }
  return w.status;
}

static onnxrun_status read_containers(onx_reader *r, onx_container first)
{
  onx_container *pending = NULL;
  ONX_TRY(add_container(r, &pending, first));
  while (pending) {
    const onx_container *c = pending;
    pending = c->next;
    ONX_TRY(read_container(r, c, &pending));
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
  const bool is_container = file->kind == ONNXRUN_SEQUENCE || file->kind == ONNXRUN_OPTIONAL;
  const onx_container whole = {.body = body, .kind = file->kind, .out = t};
  const onnxrun_status s = is_container ? read_containers(&r, whole)
                                        : onx_tensor_read(&r, pool, body, ONX_ALIGNED, t, NULL);
  onx_pool_release(&r.scratch);
  if (s == ONNXRUN_OK)
    *out = t;
  return s;
}
