/* leaf.c: bounding small messages, and protobuf-c's allocator. */
#include "proto/leaf.h"

#include "runtime/error.h"

#define LEAF_BYTES ((size_t)64 << 10)
#define LEAF_MESSAGES 256
#define LEAF_DEPTH 128 /* messages inside one another; a level of a type is two */

/* A message on the way down. `seen` has a bit for each single submessage that was there: protobuf-c
 * would merge a second one into the first, which no writer of ONNX means. */
typedef struct onx_level {
  onx_walk walk;
  uint64_t seen;
} onx_level;

static size_t depth_limit(const onx_reader *r)
{
  return r->max_depth < LEAF_DEPTH / 2 - 2 ? 2 * r->max_depth + 4 : LEAF_DEPTH;
}

static onnxrun_status check_single(onx_reader *r, onx_level *level, const onx_field *f)
{
  const size_t index = (size_t)(f->info - level->walk.message->fields);
  const uint64_t bit = UINT64_C(1) << (index & 63);
  if (f->info->label != PROTOBUF_C_LABEL_REPEATED && (level->seen & bit))
    return onx_damaged(r, f->at, "%s.%s is given twice", level->walk.message->short_name,
                       f->info->name);
  level->seen |= bit;
  return ONNXRUN_OK;
}

static onnxrun_status check_leaf(onx_reader *r, const ProtobufCMessageDescriptor *message,
                                 onx_span span)
{
  onx_level levels[LEAF_DEPTH];
  const size_t limit = depth_limit(r);
  size_t depth = 1, messages = 1;
  if (span.size > LEAF_BYTES)
    return onx_fail(r->error, ONNXRUN_LIMIT, "byte %zu: %s has %zu bytes, at most %zu are read",
                    (size_t)(span.data - r->file), message->short_name, span.size, LEAF_BYTES);
  levels[0] = (onx_level){.walk = onx_walk_begin(r, message, span)};
  while (depth > 0) {
    onx_level *top = &levels[depth - 1];
    onx_field f;
    if (!onx_walk_next(&top->walk, &f)) {
      ONX_TRY(top->walk.status);
      depth--;
    } else if (f.info->type == PROTOBUF_C_TYPE_MESSAGE) {
      ONX_TRY(check_single(r, top, &f));
      if (depth == limit || ++messages > LEAF_MESSAGES)
        return onx_fail(r->error, ONNXRUN_LIMIT, "byte %zu: %s nests more than %s",
                        (size_t)(f.at - r->file), message->short_name,
                        depth == limit ? "max_depth levels" : "256 messages");
      levels[depth++] = (onx_level){.walk = onx_walk_begin(r, f.info->descriptor, f.span)};
    }
  }
  return ONNXRUN_OK;
}

typedef struct onx_leaf_heap {
  onx_pool *pool;
  size_t refused; /* bytes of the first request that was not met */
} onx_leaf_heap;

static void *leaf_alloc(void *data, size_t size)
{
  onx_leaf_heap *heap = data;
  void *block = onx_pool_take(heap->pool, size);
  if (!block && heap->refused == 0)
    heap->refused = size;
  return block;
}

/* The pool frees. */
static void leaf_free(void *data, void *block)
{
  (void)data;
  (void)block;
}

onnxrun_status onx_leaf_unpack(onx_reader *r, const ProtobufCMessageDescriptor *message,
                               onx_span span, onx_pool *pool, ProtobufCMessage **out)
{
  *pool = (onx_pool){.heap = r->pool->heap};
  ONX_TRY(check_leaf(r, message, span));
  onx_leaf_heap heap = {.pool = pool};
  ProtobufCAllocator allocator = {leaf_alloc, leaf_free, &heap};
  *out = protobuf_c_message_unpack(message, &allocator, span.size, span.data);
  if (*out)
    return ONNXRUN_OK;
  if (heap.refused)
    return onx_reader_full(r, heap.refused, message->short_name);
  return onx_damaged(r, span.data, "%s is damaged", message->short_name);
}
