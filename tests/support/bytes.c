/* bytes.c: see bytes.h. */
#include "bytes.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void put_raw(bytes *b, const void *data, size_t size)
{
  if (size == 0)
    return;
  if (b->room < b->size + size) {
    b->room = (b->size + size) * 2;
    b->data = realloc(b->data, b->room);
    cr_assert_not_null(b->data);
  }
  memcpy(b->data + b->size, data, size);
  b->size += size;
}

void put_varint(bytes *b, uint64_t value)
{
  for (; value > 0x7f; value >>= 7)
    put_raw(b, &(uint8_t){(uint8_t)(value | 0x80)}, 1);
  put_raw(b, &(uint8_t){(uint8_t)value}, 1);
}

void put_number(bytes *b, uint32_t field, uint64_t value)
{
  put_varint(b, (uint64_t)field << 3);
  put_varint(b, value);
}

void put_fixed32(bytes *b, uint32_t field, uint32_t bits)
{
  put_varint(b, (uint64_t)field << 3 | 5);
  put_raw(b, &bits, sizeof bits);
}

void put_fixed64(bytes *b, uint32_t field, uint64_t bits)
{
  put_varint(b, (uint64_t)field << 3 | 1);
  put_raw(b, &bits, sizeof bits);
}

void put_span(bytes *b, uint32_t field, const void *data, size_t size)
{
  put_varint(b, (uint64_t)field << 3 | 2);
  put_varint(b, size);
  put_raw(b, data, size);
}

void put_text(bytes *b, uint32_t field, const char *text)
{
  put_span(b, field, text, strlen(text));
}

void put_message(bytes *b, uint32_t field, bytes inner)
{
  put_span(b, field, inner.data, inner.size);
  bytes_release(&inner);
}

void bytes_release(bytes *b)
{
  free(b->data);
  *b = (bytes){0};
}

bytes value_info(const char *name, int type, int rank, const int64_t *dims)
{
  bytes info = {0}, whole = {0}, tensor = {0}, shape = {0};
  for (int i = 0; i < rank; i++) {
    bytes dim = {0};
    if (dims[i] != -1)
      put_number(&dim, 1, (uint64_t)dims[i]);
    put_message(&shape, 1, dim);
  }
  put_number(&tensor, 1, (uint64_t)type);
  if (rank >= 0)
    put_message(&tensor, 2, shape);
  put_message(&whole, 1, tensor);
  if (name)
    put_text(&info, 1, name);
  put_message(&info, 2, whole);
  return info;
}

bytes raw_tensor(const char *name, int type, int rank, const int64_t *dims, const void *raw,
                 size_t size)
{
  bytes t = {0};
  for (int i = 0; i < rank; i++)
    put_number(&t, 1, (uint64_t)dims[i]);
  put_number(&t, 2, (uint64_t)type);
  if (name)
    put_text(&t, 8, name);
  if (raw)
    put_span(&t, 9, raw, size);
  return t;
}

static void put_names(bytes *b, uint32_t field, const char *names)
{
  while (*names) {
    const size_t size = strcspn(names, " ");
    const bool is_absent = size == 1 && *names == '-';
    put_span(b, field, names, is_absent ? 0 : size);
    names += size + (names[size] == ' ');
  }
}

bytes node(const char *op, const char *in, const char *out)
{
  bytes n = {0};
  put_names(&n, 1, in);
  put_names(&n, 2, out);
  put_text(&n, 4, op);
  return n;
}

bytes attr(const char *name, int type)
{
  bytes a = {0};
  put_text(&a, 1, name);
  put_number(&a, 20, (uint64_t)type);
  return a;
}

bytes opset(const char *domain, uint64_t version)
{
  bytes o = {0};
  if (domain)
    put_text(&o, 1, domain);
  put_number(&o, 2, version);
  return o;
}

bytes graph_xy(void)
{
  bytes g = {0};
  put_text(&g, 2, "g");
  put_message(&g, GRAPH_INPUT, value_info("x", ONNXRUN_FLOAT, -1, NULL));
  put_message(&g, GRAPH_OUTPUT, value_info("y", ONNXRUN_FLOAT, -1, NULL));
  return g;
}

bytes model_of(bytes graph)
{
  bytes m = {0};
  put_number(&m, MODEL_IR, 8);
  put_message(&m, MODEL_OPSET, opset("", 17));
  put_message(&m, MODEL_GRAPH, graph);
  return m;
}

bytes rich_model(void)
{
  bytes inner = {0}, branch = attr("then_branch", ONNXRUN_ATTR_GRAPH), g = graph_xy();
  put_message(&inner, GRAPH_NODE, node("Add", "a w", "i"));
  put_message(&inner, GRAPH_OUTPUT, value_info("i", ONNXRUN_FLOAT, 2, (int64_t[]){-1, 3}));
  put_message(&branch, ATTR_GRAPH, inner);
  bytes n = node("If", "c", "b"), list = attr("axes", ONNXRUN_ATTR_INTS), packed = {0};
  for (uint64_t i = 0; i < 4; i++)
    put_varint(&packed, i * 1000);
  put_message(&list, 8, packed);
  put_message(&n, NODE_ATTR, branch);
  put_message(&n, NODE_ATTR, list);
  put_message(&g, GRAPH_NODE, n);
  put_message(&g, GRAPH_NODE, node("Relu", "x", "a"));
  bytes call = node("Twice", "b -", "y");
  put_text(&call, NODE_DOMAIN, "local");
  put_message(&g, GRAPH_NODE, call);
  bytes w = raw_tensor("w", ONNXRUN_FLOAT, 1, (int64_t[]){3}, NULL, 0);
  put_span(&w, 4, (float[]){1, 2, 3}, 12);
  put_message(&g, GRAPH_INITIALIZER, w);
  put_message(&g, GRAPH_INITIALIZER, raw_tensor("c", ONNXRUN_BOOL, 0, NULL, "\1", 1));
  bytes text = raw_tensor("t", ONNXRUN_STRING, 1, (int64_t[]){2}, NULL, 0);
  put_text(&text, 6, "one");
  put_text(&text, 6, "");
  put_message(&g, GRAPH_INITIALIZER, text);
  bytes sparse = {0};
  put_message(&sparse, 1, raw_tensor("s", ONNXRUN_INT8, 1, (int64_t[]){1}, "\5", 1));
  put_message(&sparse, 2, raw_tensor("", ONNXRUN_INT64, 1, (int64_t[]){1}, "\1\0\0\0\0\0\0\0", 8));
  put_number(&sparse, 3, 4);
  put_message(&g, GRAPH_SPARSE, sparse);
  put_message(&g, GRAPH_INFO, value_info("a", ONNXRUN_FLOAT, 2, (int64_t[]){-1, 3}));
  bytes file = model_of(g), f = {0};
  put_text(&f, 1, "Twice");
  put_text(&f, 10, "local");
  put_text(&f, 4, "p");
  put_text(&f, 5, "q");
  put_message(&f, 7, node("Add", "p p", "q"));
  put_message(&f, 9, opset("", 14));
  put_message(&file, MODEL_FUNCTION, f);
  return file;
}

static void *counted_resize(void *user, void *block, size_t old_size, size_t new_size, size_t align)
{
  reading *r = user;
  if (new_size == 0) {
    memset(block, 0xdd, old_size);
    free(block);
    return NULL;
  }
  if (r->allowed == 0)
    return NULL;
  r->allowed--;
  return aligned_alloc(align, (new_size + align - 1) / align * align);
}

static reading *new_reading(bytes file, size_t allowed, size_t max_bytes)
{
  reading *r = calloc(1, sizeof *r);
  cr_assert_not_null(r);
  r->allowed = allowed;
  r->heap.allocator = (onnxrun_allocator){r, counted_resize};
  r->heap.max_bytes = max_bytes;
  r->m.pool.heap = &r->heap;
  r->m.limits = (onx_limits){1000000, 64};
  r->file = file;
  return r;
}

reading *read_bytes(bytes file, const onx_external *external)
{
  reading *r = new_reading(file, SIZE_MAX, (size_t)256 << 20);
  r->status = onx_read_model(&r->m, file.data, file.size, external, &r->error);
  return r;
}

reading *read_limited(bytes file, size_t allowed, size_t max_bytes)
{
  reading *r = new_reading(file, allowed, max_bytes);
  r->status = onx_read_model(&r->m, file.data, file.size, NULL, &r->error);
  return r;
}

void reading_release(reading *r)
{
  onx_pool_release(&r->m.pool);
  cr_assert_eq(r->heap.bytes, 0, "%zu bytes are left", (size_t)r->heap.bytes);
  bytes_release(&r->file);
  free(r);
}

uint32_t index_named(const onx_graph *g, const char *name)
{
  for (size_t i = 0; i < g->n_values; i++) {
    if (onx_text_equal(g->values[i].name, onx_text(name)))
      return (uint32_t)i;
  }
  return ONX_NONE;
}

const onx_value *value_named(const onx_graph *g, const char *name)
{
  const uint32_t index = index_named(g, name);
  return index == ONX_NONE ? NULL : &g->values[index];
}

bytes load_file(const char *path)
{
  char whole[4096];
  bytes b = {0};
  snprintf(whole, sizeof whole, "%s%s", *path == '/' ? "" : ONNXRUN_SOURCE_DIR "/", path);
  FILE *f = fopen(whole, "rb");
  if (!f)
    return b;
  uint8_t block[65536];
  for (size_t n; (n = fread(block, 1, sizeof block, f)) > 0;)
    put_raw(&b, block, n);
  fclose(f);
  return b;
}
