/* identity.c: nodes that give what they are given go, and their readers read what they read. What
 * tells it is the standard's text: an attribute, a constant, or dims that every run has. */
#include <string.h>

#include "runtime/error.h"
#include "runtime/passes/passes.h"
#include "runtime/passes/rewrite.h"

typedef struct onx_seen {
  const onx_graph *g;
  const onx_node *node;
} onx_seen;

static const onx_value *operand(const onx_seen *s, uint32_t i)
{
  const bool is_there = i < s->node->n_in && s->node->in[i] != ONX_NONE;
  return is_there ? &s->g->values[s->node->in[i]] : NULL;
}

static const onx_value *result(const onx_seen *s)
{
  return &s->g->values[s->node->out[0]];
}

/* The value's dims where every run has the same; -1: they are not known. */
static int32_t dims_of(const onx_value *v, const int64_t **dims)
{
  *dims = v->constant ? v->constant->dims : v->known_dims;
  return v->constant ? (int32_t)v->constant->rank : v->known_rank;
}

static bool keeps_dims(const onx_seen *s)
{
  const int64_t *before, *after;
  const int32_t rank = dims_of(operand(s, 0), &before);
  return rank >= 0 && dims_of(result(s), &after) == rank &&
         (rank == 0 || memcmp(before, after, (size_t)rank * sizeof *before) == 0);
}

/* Whether every integer of a constant is `wanted`. */
static bool is_all(const onx_value *v, int64_t wanted)
{
  const onnxrun_tensor *t = v ? v->constant : NULL;
  if (!t || (t->dtype != ONNXRUN_INT64 && t->dtype != ONNXRUN_INT32))
    return false;
  const size_t n = onnxrun_elements(t), bytes = onnxrun_bits(t->dtype) / 8;
  for (size_t i = 0; i < n; i++) {
    int64_t wide;
    int32_t narrow;
    memcpy(bytes == 8 ? (void *)&wide : (void *)&narrow, (const char *)t->data + i * bytes, bytes);
    if ((bytes == 8 ? wide : narrow) != wanted)
      return false;
  }
  return true;
}

static bool is_ints(const onx_attr *a, int64_t wanted)
{
  if (!a || a->type != ONNXRUN_ATTR_INTS || a->is_ref)
    return false;
  for (size_t i = 0; i < a->v.ints.size; i++) {
    if (a->v.ints.items[i] != wanted)
      return false;
  }
  return true;
}

static bool always(const onx_seen *s)
{
  (void)s;
  return true;
}

static bool of_one(const onx_seen *s)
{
  return s->node->n_in == 1;
}

static bool to_same_type(const onx_seen *s)
{
  return operand(s, 0)->dtype == result(s)->dtype;
}

/* Outside training: by is_test before opset 7, by an input from 12 on, else always. */
static bool is_inference(const onx_seen *s)
{
  const onx_attr *is_test = onx_node_attr(s->node, "is_test");
  const onx_value *mode = operand(s, 2);
  if (s->node->opset < 7)
    return is_test && is_test->type == ONNXRUN_ATTR_INT && is_test->v.i != 0;
  if (!mode)
    return true;
  return mode->constant && mode->constant->bytes == 1 && *(const char *)mode->constant->data == 0;
}

/* perm is 0, 1, 2 ...; by default it turns the dims over. */
static bool in_same_order(const onx_seen *s)
{
  const onx_attr *perm = onx_node_attr(s->node, "perm");
  const int64_t *dims;
  if (!perm) {
    const int32_t rank = dims_of(operand(s, 0), &dims);
    return rank == 0 || rank == 1;
  }
  for (size_t i = 0; perm->type == ONNXRUN_ATTR_INTS && i < perm->v.ints.size; i++) {
    if (perm->v.ints.items[i] != (int64_t)i)
      return false;
  }
  return perm->type == ONNXRUN_ATTR_INTS;
}

/* Steps of 1 that leave no dim shorter leave out nothing. */
static bool whole_slice(const onx_seen *s)
{
  const bool is_forward = s->node->opset < 10 || !operand(s, 4) || is_all(operand(s, 4), 1);
  if (!is_forward)
    return false;
  return keeps_dims(s) ||
         (s->node->opset >= 10 && is_all(operand(s, 1), 0) && is_all(operand(s, 2), INT64_MAX));
}

static bool without_pads(const onx_seen *s)
{
  if (s->node->opset >= 11)
    return is_all(operand(s, 1), 0);
  return is_ints(onx_node_attr(s->node, s->node->opset < 2 ? "paddings" : "pads"), 0);
}

/* From opset 6 the repeats are one list; before they went with an axis. */
static bool once(const onx_seen *s)
{
  return s->node->opset >= 6 && is_all(operand(s, 1), 1);
}

static const struct onx_rule {
  onnxrun_string op;
  bool (*changes_nothing)(const onx_seen *s);
} rules[] = {
#define RULE(op, function)                                                                         \
  {                                                                                                \
    {op, sizeof(op) - 1}, function                                                                 \
  }
    RULE("Cast", to_same_type),
    RULE("CastLike", to_same_type),
    RULE("Concat", of_one),
    RULE("Dropout", is_inference),
    RULE("Expand", keeps_dims),
    RULE("Flatten", keeps_dims),
    RULE("Identity", always),
    RULE("Max", of_one),
    RULE("Mean", of_one),
    RULE("Min", of_one),
    RULE("Pad", without_pads),
    RULE("Reshape", keeps_dims),
    RULE("Slice", whole_slice),
    RULE("Squeeze", keeps_dims),
    RULE("Sum", of_one),
    RULE("Tile", once),
    RULE("Transpose", in_same_order),
    RULE("Unsqueeze", keeps_dims),
#undef RULE
};

/* A rule may ask for input 0 and output 0. A constant is aligned for those who read it now. */
static bool is_candidate(const onx_seen *s)
{
  const onx_node *node = s->node;
  if (!operand(s, 0) || node->n_out < 1 || node->out[0] == ONX_NONE ||
      operand(s, 0)->dtype != result(s)->dtype || operand(s, 0)->constant)
    return false;
  for (uint32_t o = 1; o < node->n_out; o++) {
    if (node->out[o] != ONX_NONE)
      return false;
  }
  return true;
}

static bool changes_nothing(const onx_graph *g, const onx_node *node)
{
  const onx_seen s = {g, node};
  const struct onx_rule *rule = rules, *end = rules + sizeof rules / sizeof *rules;
  while (rule < end && !onx_text_equal(node->op, rule->op))
    rule++;
  return rule < end && node->domain.size == 0 && is_candidate(&s) && rule->changes_nothing(&s);
}

onnxrun_status onx_pass_identity(onx_module *m, onnxrun_error *error)
{
  onx_graph *g = m->main;
  onx_pool scrap = {.heap = m->pool.heap};
  onx_rewrite r;
  if (!onx_rewrite_begin(&r, m, g, &scrap)) {
    onx_pool_release(&scrap);
    return onx_heap_fail(m->pool.heap, g->n_values, "taking out nodes", error);
  }
  for (size_t i = 0; i < g->n_nodes; i++) {
    const onx_node *node = &g->nodes[i];
    if (!changes_nothing(g, node) || !onx_rewrite_can_join(&r, node->out[0], node->in[0]))
      continue;
    onx_rewrite_join(&r, node->out[0], node->in[0]);
    r.is_alive[i] = false;
  }
  onx_rewrite_end(&r);
  onx_pool_release(&scrap);
  return ONNXRUN_OK;
}
