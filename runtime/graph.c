/* graph.c: growing a graph, and the text table. */
#include "runtime/graph.h"

#include <stdio.h>
#include <string.h>

#include "runtime/error.h"

onx_graph *onx_graph_new(onx_module *m, onx_graph *outer)
{
  onx_graph *g = onx_pool_take(&m->pool, sizeof *g);
  if (g) {
    g->name = g->doc = onx_text("");
    g->outer = outer;
  }
  return g;
}

uint32_t onx_graph_value(onx_module *m, onx_graph *g, onnxrun_string name)
{
  if (g->n_values >= ONX_NONE || !onx_pool_grow(&m->pool, (void **)&g->values, &g->cap_values,
                                                g->n_values + 1, sizeof *g->values))
    return ONX_NONE;
  g->values[g->n_values] = (onx_value){
      .name = name, .rank = -1, .producer = ONX_NONE, .capture = ONX_NONE, .known_rank = -1};
  return (uint32_t)g->n_values++;
}

onx_node *onx_graph_node(onx_module *m, onx_graph *g, uint32_t n_in, uint32_t n_out,
                         onnxrun_error *error)
{
  if (m->total_nodes >= m->limits.max_nodes) {
    onx_fail(error, ONNXRUN_LIMIT, "the model has more than max_nodes %zu nodes",
             m->limits.max_nodes);
    return NULL;
  }
  uint32_t *places = onx_pool_array(&m->pool, (size_t)n_in + n_out, sizeof *places);
  if (!places || !onx_pool_grow(&m->pool, (void **)&g->nodes, &g->cap_nodes, g->n_nodes + 1,
                                sizeof *g->nodes)) {
    onx_heap_fail(m->pool.heap, sizeof(onx_node), "a node", error);
    return NULL;
  }
  for (size_t i = 0; i < (size_t)n_in + n_out; i++)
    places[i] = ONX_NONE;
  onx_node *node = &g->nodes[g->n_nodes++];
  *node = (onx_node){.n_in = n_in, .n_out = n_out, .in = places, .out = places + n_in};
  node->name = node->domain = node->op = node->overload = onx_text("");
  m->total_nodes++;
  return node;
}

static void set_producer(onx_graph *g, const onx_node *node, uint32_t producer)
{
  for (uint32_t o = 0; o < node->n_out; o++) {
    if (node->out[o] != ONX_NONE)
      g->values[node->out[o]].producer = producer;
  }
}

void onx_graph_keep(onx_module *m, onx_graph *g, const bool *is_alive)
{
  size_t n = 0;
  for (size_t i = 0; i < g->n_nodes; i++) {
    set_producer(g, &g->nodes[i], is_alive[i] ? (uint32_t)n : ONX_NONE);
    if (is_alive[i])
      g->nodes[n++] = g->nodes[i];
  }
  m->total_nodes -= g->n_nodes - n;
  g->n_nodes = n;
}

/* Appends the graphs that the nodes of `g` hold. */
static bool add_subgraphs(const onx_graph *g, onx_pool *pool, onx_graph ***list, size_t *n,
                          size_t *capacity)
{
  for (size_t i = 0; i < g->n_nodes; i++) {
    for (uint32_t a = 0; a < g->nodes[i].n_attrs; a++) {
      onx_graph *sub = onx_attr_graph(&g->nodes[i].attrs[a]);
      if (!sub)
        continue;
      if (!onx_pool_grow(pool, (void **)list, capacity, *n + 1, sizeof **list))
        return false;
      (*list)[(*n)++] = sub;
    }
  }
  return true;
}

bool onx_graph_tree(onx_graph *root, onx_pool *pool, onx_graph ***out, size_t *n)
{
  size_t capacity = 0;
  *n = 0;
  *out = NULL;
  if (!onx_pool_grow(pool, (void **)out, &capacity, 1, sizeof **out))
    return false;
  (*out)[(*n)++] = root;
  for (size_t i = 0; i < *n; i++) {
    if (!add_subgraphs((*out)[i], pool, out, n, &capacity))
      return false;
  }
  return true;
}

const onx_attr *onx_node_attr(const onx_node *n, const char *name)
{
  const onnxrun_string wanted = onx_text(name);
  for (uint32_t i = 0; i < n->n_attrs; i++) {
    if (onx_text_equal(n->attrs[i].name, wanted))
      return &n->attrs[i];
  }
  return NULL;
}

static onnxrun_string plain_domain(onnxrun_string domain)
{
  return onx_text_equal(domain, onx_text("ai.onnx")) ? onx_text("") : domain;
}

int64_t onx_opset_version(const onx_opset *opsets, size_t n, onnxrun_string domain)
{
  const onnxrun_string wanted = plain_domain(domain);
  for (size_t i = 0; i < n; i++) {
    if (onx_text_equal(plain_domain(opsets[i].domain), wanted))
      return opsets[i].version;
  }
  return 0;
}

bool onx_text_equal(onnxrun_string a, onnxrun_string b)
{
  return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

onnxrun_string onx_text(const char *text)
{
  return (onnxrun_string){text, strlen(text)};
}

typedef struct onx_table_slot {
  onnxrun_string key;
  uint64_t hash;
  uint32_t index;
  bool is_taken;
} onx_table_slot;

/* Eight bytes at a time through a multiply and a fold (Steele and Vigna's finalizer constants); the
 * table's own address is part of the seed, so that colliding names can't be prepared. */
static uint64_t mix(uint64_t x)
{
  x ^= x >> 30;
  x *= UINT64_C(0xbf58476d1ce4e5b9);
  x ^= x >> 27;
  x *= UINT64_C(0x94d049bb133111eb);
  return x ^ (x >> 31);
}

uint64_t onx_hash(uint64_t seed, const void *data, size_t size)
{
  uint64_t h = mix(seed ^ size);
  size_t i = 0;
  for (uint64_t word; i + sizeof word <= size; i += sizeof word) {
    memcpy(&word, (const char *)data + i, sizeof word);
    h = mix(h ^ word);
  }
  if (i < size) {
    uint64_t word = 0;
    memcpy(&word, (const char *)data + i, size - i);
    h = mix(h ^ word);
  }
  return h;
}

static uint64_t hash_of(const onx_table *t, onnxrun_string key)
{
  return onx_hash((uint64_t)(uintptr_t)t, key.data, key.size);
}

/* The key's slot, or the free one where it would go. The table has free slots. */
static onx_table_slot *slot_of(const onx_table *t, onnxrun_string key, uint64_t hash)
{
  size_t at = (size_t)hash & (t->capacity - 1);
  while (t->slots[at].is_taken &&
         (t->slots[at].hash != hash || !onx_text_equal(t->slots[at].key, key)))
    at = (at + 1) & (t->capacity - 1);
  return &t->slots[at];
}

uint32_t onx_table_find(const onx_table *t, onnxrun_string key)
{
  if (t->capacity == 0)
    return ONX_NONE;
  const onx_table_slot *slot = slot_of(t, key, hash_of(t, key));
  return slot->is_taken ? slot->index : ONX_NONE;
}

static bool grow_table(onx_table *t, onx_pool *pool)
{
  const onx_table old = *t;
  const size_t capacity = old.capacity ? old.capacity * 2 : 16;
  onx_table_slot *slots = onx_pool_array(pool, capacity, sizeof *slots);
  if (!slots)
    return false;
  t->slots = slots;
  t->capacity = capacity;
  for (size_t i = 0; i < old.capacity; i++) {
    if (old.slots[i].is_taken)
      *slot_of(t, old.slots[i].key, old.slots[i].hash) = old.slots[i];
  }
  return true;
}

bool onx_table_put(onx_table *t, onx_pool *pool, onnxrun_string key, uint32_t index)
{
  if (t->n >= t->capacity / 2 && !grow_table(t, pool))
    return false;
  const uint64_t hash = hash_of(t, key);
  onx_table_slot *slot = slot_of(t, key, hash);
  if (!slot->is_taken)
    t->n++;
  *slot = (onx_table_slot){key, hash, index, true};
  return true;
}

onnxrun_status onx_node_fail(const onx_node *node, onnxrun_error *error, onnxrun_status s,
                             const char *format, ...)
{
  if (!error)
    return s;
  char text[sizeof error->text];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  const int name = node->name.size < 80 ? (int)node->name.size : 80;
  const int op = node->op.size < 60 ? (int)node->op.size : 60;
  const bool has_domain = node->domain.size > 0;
  return onx_fail(error, s, "node %u '%.*s' (%.*s%s%.*s): %s", node->position, name,
                  node->name.data ? node->name.data : "",
                  has_domain ? (node->domain.size < 40 ? (int)node->domain.size : 40) : 0,
                  has_domain ? node->domain.data : "", has_domain ? "::" : "", op, node->op.data,
                  text);
}

bool onx_tensor_bytes(onnxrun_dtype dtype, uint32_t rank, const int64_t *dims, size_t *elements,
                      size_t *bytes)
{
  size_t n = 1, bits;
  bool has_zero = false;
  for (uint32_t i = 0; i < rank; i++) {
    if (dims[i] < 0)
      return false;
    has_zero = has_zero || dims[i] == 0;
  }
  if (has_zero) {
    *elements = *bytes = 0;
    return true;
  }
  for (uint32_t i = 0; i < rank; i++) {
    if (!onx_mul(n, (size_t)dims[i], &n))
      return false;
  }
  if (n > (size_t)PTRDIFF_MAX / 16 || !onx_mul(n, onnxrun_bits(dtype), &bits))
    return false;
  *elements = n;
  *bytes = bits / 8 + (bits % 8 != 0);
  return true;
}

size_t onx_alignment(onnxrun_dtype dtype)
{
  const size_t bytes = onnxrun_bits(dtype) / 8;
  if (dtype == ONNXRUN_COMPLEX64 || dtype == ONNXRUN_COMPLEX128)
    return bytes / 2;
  return bytes > 8 ? sizeof(void *) : bytes < 2 ? 1 : bytes;
}

const char *onx_dims_text(char *buffer, size_t size, uint32_t rank, const int64_t *dims)
{
  size_t at = 0;
  buffer[0] = '\0';
  for (uint32_t i = 0; i <= rank && at + 1 < size; i++) {
    const char *before = i == rank ? (rank ? "]" : "[]") : i ? "," : "[";
    int n;
    if (i == rank)
      n = snprintf(buffer + at, size - at, "%s", before);
    else if (dims[i] < 0)
      n = snprintf(buffer + at, size - at, "%s?", before);
    else
      n = snprintf(buffer + at, size - at, "%s%lld", before, (long long)dims[i]);
    at += n > 0 ? (size_t)n : 0;
  }
  return buffer;
}
