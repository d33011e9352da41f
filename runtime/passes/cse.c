/* cse.c: of nodes with one kernel, the same attributes and the same inputs, the first stays and is
 * read by all; small constants that hold the same become one before, so that they count as the same
 * input. Random nodes and nodes with graphs are left alone. A hash table: linear. */
#include <string.h>

#include "runtime/error.h"
#include "runtime/passes/passes.h"
#include "runtime/passes/rewrite.h"
#include "runtime/value.h"

#define SAME_BYTES ((size_t)4096) /* larger constants are not compared */

typedef struct onx_sharer {
  onx_rewrite r;
  uint64_t seed;               /* differs from run to run, so that collisions can't be prepared */
  size_t capacity;             /* of each table, a power of two */
  uint32_t *constants, *nodes; /* index + 1, 0: free */
  uint64_t *hashes;            /* by node */
} onx_sharer;

static bool new_sharer(onx_sharer *s, onx_module *m, onx_pool *scrap)
{
  const onx_graph *g = m->main;
  const size_t most = g->n_nodes > g->n_values ? g->n_nodes : g->n_values;
  *s = (onx_sharer){.seed = (uint64_t)(uintptr_t)scrap, .capacity = 16};
  while (s->capacity < 2 * most)
    s->capacity *= 2;
  s->constants = onx_pool_array(scrap, s->capacity, sizeof *s->constants);
  s->nodes = onx_pool_array(scrap, s->capacity, sizeof *s->nodes);
  s->hashes = onx_pool_array(scrap, g->n_nodes, sizeof *s->hashes);
  return s->constants && s->nodes && s->hashes && onx_rewrite_begin(&s->r, m, m->main, scrap);
}

/* Data that pointers lead to is not compared. */
static bool is_plain(onnxrun_dtype t)
{
  return t != ONNXRUN_STRING && !onx_is_container(t);
}

static bool same_tensor(const onnxrun_tensor *a, const onnxrun_tensor *b)
{
  if (a->dtype != b->dtype || a->rank != b->rank || a->bytes != b->bytes || !is_plain(a->dtype))
    return false;
  if (a->rank > 0 && memcmp(a->dims, b->dims, a->rank * sizeof *a->dims) != 0)
    return false;
  if (a->bytes == 0 || a->data == b->data)
    return true;
  return a->bytes <= SAME_BYTES && memcmp(a->data, b->data, a->bytes) == 0;
}

static uint64_t hash_tensor(uint64_t h, const onnxrun_tensor *t)
{
  h = onx_hash(h ^ t->dtype, t->dims, t->rank * sizeof *t->dims);
  return t->bytes <= SAME_BYTES && is_plain(t->dtype) ? onx_hash(h, t->data, t->bytes) : h;
}

/* ---- constants ---- */

/* Readers of both may need it aligned; where it lies in the file it may not be. */
static bool is_aligned(const onnxrun_tensor *t)
{
  return (uintptr_t)t->data % onx_alignment(t->dtype) == 0;
}

static void share_constant(onx_sharer *s, uint32_t value)
{
  onx_value *values = s->r.g->values;
  const onnxrun_tensor *t = values[value].constant;
  size_t at = (size_t)hash_tensor(s->seed, t) & (s->capacity - 1);
  while (s->constants[at] && !same_tensor(values[s->constants[at] - 1].constant, t))
    at = (at + 1) & (s->capacity - 1);
  const uint32_t kept = s->constants[at] - 1;
  if (!s->constants[at]) {
    s->constants[at] = value + 1;
  } else if (onx_rewrite_can_join(&s->r, value, kept)) {
    onx_rewrite_join(&s->r, value, kept);
    if (!is_aligned(values[kept].constant))
      values[kept].constant = t;
  }
}

static void share_constants(onx_sharer *s)
{
  const onx_graph *g = s->r.g;
  for (size_t v = 0; v < g->n_values; v++) {
    const onnxrun_tensor *t = g->values[v].constant;
    if (t && t->bytes <= SAME_BYTES && is_plain(t->dtype) && g->values[v].producer == ONX_NONE)
      share_constant(s, (uint32_t)v);
  }
}

/* ---- attributes ---- */

static bool same_strings(onnxrun_strings a, onnxrun_strings b)
{
  bool is_same = a.size == b.size;
  for (size_t i = 0; is_same && i < a.size; i++)
    is_same = onx_text_equal(a.items[i], b.items[i]);
  return is_same;
}

static bool same_bytes(const void *a, size_t n_a, const void *b, size_t n_b)
{
  return n_a == n_b && (n_a == 0 || memcmp(a, b, n_a) == 0);
}

static bool same_attr(const onx_attr *a, const onx_attr *b)
{
  if (!onx_text_equal(a->name, b->name) || a->type != b->type || a->is_ref || b->is_ref)
    return false;
  switch (a->type) {
  case ONNXRUN_ATTR_FLOAT: /* by bits: -0 is not 0, and a NaN is itself */
    return memcmp(&a->v.f, &b->v.f, sizeof a->v.f) == 0;
  case ONNXRUN_ATTR_INT:
    return a->v.i == b->v.i;
  case ONNXRUN_ATTR_STRING:
    return onx_text_equal(a->v.s, b->v.s);
  case ONNXRUN_ATTR_TENSOR:
    return same_tensor(a->v.t, b->v.t);
  case ONNXRUN_ATTR_FLOATS:
    return same_bytes(a->v.floats.items, a->v.floats.size * sizeof(float), b->v.floats.items,
                      b->v.floats.size * sizeof(float));
  case ONNXRUN_ATTR_INTS:
    return same_bytes(a->v.ints.items, a->v.ints.size * sizeof(int64_t), b->v.ints.items,
                      b->v.ints.size * sizeof(int64_t));
  case ONNXRUN_ATTR_STRINGS:
    return same_strings(a->v.strings, b->v.strings);
  default:
    return false;
  }
}

static uint64_t hash_attr(uint64_t h, const onx_attr *a)
{
  h = onx_hash(h, a->name.data, a->name.size);
  switch (a->type) {
  case ONNXRUN_ATTR_FLOAT:
    return onx_hash(h, &a->v.f, sizeof a->v.f);
  case ONNXRUN_ATTR_INT:
    return onx_hash(h, &a->v.i, sizeof a->v.i);
  case ONNXRUN_ATTR_STRING:
    return onx_hash(h, a->v.s.data, a->v.s.size);
  case ONNXRUN_ATTR_TENSOR:
    return hash_tensor(h, a->v.t);
  case ONNXRUN_ATTR_FLOATS:
    return onx_hash(h, a->v.floats.items, a->v.floats.size * sizeof(float));
  case ONNXRUN_ATTR_INTS:
    return onx_hash(h, a->v.ints.items, a->v.ints.size * sizeof(int64_t));
  default:
    return h;
  }
}

/* ---- nodes ---- */

/* Operators go by the number of their outputs, too (Split). */
static bool same_node(onx_sharer *s, const onx_node *a, const onx_node *b)
{
  if (a->kernel != b->kernel || a->opset != b->opset || a->n_in != b->n_in ||
      a->n_out != b->n_out || a->n_attrs != b->n_attrs)
    return false;
  for (uint32_t i = 0; i < a->n_in; i++) {
    if ((a->in[i] == ONX_NONE) != (b->in[i] == ONX_NONE))
      return false;
    if (a->in[i] != ONX_NONE &&
        onx_rewrite_first(&s->r, a->in[i]) != onx_rewrite_first(&s->r, b->in[i]))
      return false;
  }
  for (uint32_t i = 0; i < a->n_attrs; i++) {
    if (!same_attr(&a->attrs[i], &b->attrs[i]))
      return false;
  }
  return true;
}

static uint64_t hash_node(onx_sharer *s, const onx_node *node)
{
  uint64_t h = onx_hash(s->seed, &node->kernel, sizeof node->kernel);
  for (uint32_t i = 0; i < node->n_in; i++) {
    const uint32_t v = node->in[i] == ONX_NONE ? ONX_NONE : onx_rewrite_first(&s->r, node->in[i]);
    h = onx_hash(h, &v, sizeof v);
  }
  for (uint32_t i = 0; i < node->n_attrs; i++)
    h = hash_attr(h, &node->attrs[i]);
  return h;
}

static bool can_share(onx_sharer *s, const onx_node *gone, const onx_node *kept)
{
  for (uint32_t o = 0; o < gone->n_out; o++) {
    if (gone->out[o] == ONX_NONE)
      continue;
    if (kept->out[o] == ONX_NONE || !onx_rewrite_can_join(&s->r, gone->out[o], kept->out[o]))
      return false;
  }
  return true;
}

static void share_node(onx_sharer *s, uint32_t index)
{
  const onx_node *nodes = s->r.g->nodes, *node = &nodes[index];
  if (node->kernel->flags & ONNXRUN_RANDOM)
    return;
  const uint64_t h = s->hashes[index] = hash_node(s, node);
  size_t at = (size_t)h & (s->capacity - 1);
  while (s->nodes[at] &&
         (s->hashes[s->nodes[at] - 1] != h || !same_node(s, &nodes[s->nodes[at] - 1], node)))
    at = (at + 1) & (s->capacity - 1);
  if (!s->nodes[at]) {
    s->nodes[at] = index + 1;
    return;
  }
  const onx_node *kept = &nodes[s->nodes[at] - 1];
  if (!can_share(s, node, kept))
    return;
  for (uint32_t o = 0; o < node->n_out; o++) {
    if (node->out[o] != ONX_NONE)
      onx_rewrite_join(&s->r, node->out[o], kept->out[o]);
  }
  s->r.is_alive[index] = false;
}

onnxrun_status onx_pass_cse(onx_module *m, onnxrun_error *error)
{
  onx_pool scrap = {.heap = m->pool.heap};
  onx_sharer s;
  if (!new_sharer(&s, m, &scrap)) {
    onx_pool_release(&scrap);
    return onx_heap_fail(m->pool.heap, m->main->n_nodes, "common nodes", error);
  }
  share_constants(&s);
  for (size_t i = 0; i < m->main->n_nodes; i++)
    share_node(&s, (uint32_t)i);
  onx_rewrite_end(&s.r);
  onx_pool_release(&scrap);
  return ONNXRUN_OK;
}
