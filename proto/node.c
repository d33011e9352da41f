/* node.c: the nodes of a graph or a function's body. */
#include "onnx.pb-c.h"
#include "proto/scope.h"
#include "runtime/error.h"

enum { INPUT = 1, OUTPUT = 2, NAME = 3, OP = 4, ATTRIBUTE = 5, DOMAIN = 7, OVERLOAD = 8 };

typedef struct onx_node_source {
  onnxrun_string name, op, domain, overload;
  size_t n_in, n_out;       /* as listed */
  size_t used_in, used_out; /* without absent ones at the end */
  size_t n_attrs;
  const uint8_t *outputs, *attrs; /* where the first of them begins */
} onx_node_source;

static void take_field(onx_node_source *src, const onx_field *f)
{
  const onnxrun_string text = onx_field_text(f);
  switch (f->number) {
  case INPUT:
    src->n_in++;
    src->used_in = text.size > 0 ? src->n_in : src->used_in;
    break;
  case OUTPUT:
    src->outputs = src->n_out++ ? src->outputs : f->at;
    src->used_out = text.size > 0 ? src->n_out : src->used_out;
    break;
  case NAME:
    src->name = text;
    break;
  case OP:
    src->op = text;
    break;
  case ATTRIBUTE:
    src->attrs = src->n_attrs++ ? src->attrs : f->at;
    break;
  case DOMAIN:
    src->domain = onx_plain_domain(text);
    break;
  case OVERLOAD:
    src->overload = text;
    break;
  default:
    break;
  }
}

static onnxrun_status scan(onx_reader *r, onx_span span, onx_node_source *src)
{
  const onnxrun_string none = onx_text("");
  *src = (onx_node_source){.name = none, .op = none, .domain = none, .overload = none};
  onx_walk w = onx_walk_begin(r, &onnx__node_proto__descriptor, span);
  onx_field f;
  while (onx_walk_next(&w, &f))
    take_field(src, &f);
  if (w.status == ONNXRUN_OK &&
      (src->n_in >= ONX_NONE || src->n_out >= ONX_NONE || src->n_attrs >= ONX_NONE))
    return onx_damaged(r, span.data, "a node has too many operands");
  return w.status;
}

/* What is left of a node from one of its fields on. */
static onx_span rest(onx_span span, const uint8_t *from)
{
  if (!from)
    return (onx_span){span.data, 0};
  return (onx_span){from, span.size - (size_t)(from - span.data)};
}

/* 0 for a domain that is not imported, which only a call of a function may do. */
static onnxrun_status take_opset(onx_reader *r, const onx_scope *scope, onx_node *node)
{
  const int64_t version = onx_imports_version(scope->imports, node->domain);
  node->opset = version > 0 && version <= INT32_MAX ? (int32_t)version : 0;
  if (node->opset || onx_table_find(scope->call_domains, node->domain) != ONX_NONE)
    return ONNXRUN_OK;
  const onnxrun_string domain = node->domain.size ? node->domain : onx_text("ai.onnx");
  if (version == 0)
    return onx_node_fail(node, r->error, ONNXRUN_INVALID_MODEL, "domain '%.*s' is not imported",
                         ONX_NAME(domain));
  return onx_node_fail(node, r->error, ONNXRUN_INVALID_MODEL,
                       "version %lld of domain '%.*s' does not exist", (long long)version,
                       ONX_NAME(domain));
}

static onnxrun_status define_outputs(onx_reader *r, onx_scope *scope, onx_span span, onx_node *node,
                                     uint32_t index)
{
  onx_walk w = onx_walk_begin(r, &onnx__node_proto__descriptor, span);
  uint32_t i = 0;
  onx_field f;
  while (i < node->n_out && onx_walk_next(&w, &f)) {
    if (f.number != OUTPUT)
      continue;
    if (f.span.size > 0) {
      ONX_TRY(onx_scope_define(r, scope, onx_field_text(&f), &node->out[i]));
      scope->g->values[node->out[i]].producer = index;
    }
    i++;
  }
  return w.status;
}

static onnxrun_status read_attrs(onx_reader *r, onx_scope *scope, onx_span span, onx_node *node,
                                 onx_scope **pending)
{
  /* A Constant's tensor may be a whole weight: it stays in the file, as an initializer does. */
  const bool may_stay = node->domain.size == 0 && onx_text_equal(node->op, onx_text("Constant"));
  onx_walk w = onx_walk_begin(r, &onnx__node_proto__descriptor, span);
  uint32_t i = 0;
  onx_field f;
  while (i < node->n_attrs && onx_walk_next(&w, &f)) {
    if (f.number == ATTRIBUTE)
      ONX_TRY(onx_attr_read(r, scope, f.span, may_stay, pending, &node->attrs[i++]));
  }
  return w.status;
}

static onnxrun_status define_node(onx_reader *r, onx_scope *scope, onx_span span,
                                  onx_scope **pending)
{
  onx_node_source src;
  ONX_TRY(scan(r, span, &src));
  const uint32_t index = (uint32_t)scope->g->n_nodes;
  onx_node *node =
      onx_graph_node(r->module, scope->g, (uint32_t)src.used_in, (uint32_t)src.used_out, r->error);
  if (!node)
    return r->error->status;
  node->name = src.name;
  node->op = src.op;
  node->domain = src.domain;
  node->overload = src.overload;
  node->position = index;
  node->n_attrs = (uint32_t)src.n_attrs;
  node->attrs = onx_pool_array(r->pool, src.n_attrs, sizeof *node->attrs);
  if (!node->attrs)
    return onx_reader_full(r, src.n_attrs * sizeof *node->attrs, "a node's attributes");
  ONX_TRY(take_opset(r, scope, node));
  ONX_TRY(define_outputs(r, scope, rest(span, src.outputs), node, index));
  return read_attrs(r, scope, rest(span, src.attrs), node, pending);
}

static onnxrun_status reserve_nodes(onx_reader *r, const onx_scope *scope)
{
  onx_walk w = onx_walk_begin(r, scope->message, scope->body);
  size_t n = 0;
  onx_field f;
  while (onx_walk_next(&w, &f))
    n += f.number == scope->node_field;
  ONX_TRY(w.status);
  onx_module *m = r->module;
  if (n > m->limits.max_nodes - m->total_nodes)
    return onx_fail(r->error, ONNXRUN_LIMIT, "the model has more than max_nodes %zu nodes",
                    m->limits.max_nodes);
  onx_graph *g = scope->g;
  if (n > 0 && !onx_pool_grow(r->pool, (void **)&g->nodes, &g->cap_nodes, n, sizeof *g->nodes))
    return onx_reader_full(r, n * sizeof *g->nodes, "nodes");
  return ONNXRUN_OK;
}

onnxrun_status onx_nodes_define(onx_reader *r, onx_scope *scope, onx_scope **pending)
{
  ONX_TRY(reserve_nodes(r, scope));
  onx_walk w = onx_walk_begin(r, scope->message, scope->body);
  onx_field f;
  while (onx_walk_next(&w, &f)) {
    if (f.number == scope->node_field)
      ONX_TRY(define_node(r, scope, f.span, pending));
  }
  return w.status;
}

static onnxrun_status resolve_inputs(onx_reader *r, onx_scope *scope, onx_span span,
                                     const onx_node *node)
{
  onx_walk w = onx_walk_begin(r, &onnx__node_proto__descriptor, span);
  uint32_t i = 0;
  onx_field f;
  while (i < node->n_in && onx_walk_next(&w, &f)) {
    if (f.number != INPUT)
      continue;
    const onnxrun_string name = onx_field_text(&f);
    if (name.size > 0) {
      ONX_TRY(onx_scope_find(r, scope, name, &node->in[i]));
      if (node->in[i] == ONX_NONE)
        return onx_node_fail(node, r->error, ONNXRUN_INVALID_MODEL,
                             "input %u '%.*s' is no input, initializer or output of a node", i,
                             ONX_NAME(name));
    }
    i++;
  }
  return w.status;
}

onnxrun_status onx_nodes_resolve(onx_reader *r, onx_scope *scope)
{
  onx_walk w = onx_walk_begin(r, scope->message, scope->body);
  size_t i = 0;
  onx_field f;
  while (onx_walk_next(&w, &f)) {
    if (f.number == scope->node_field)
      ONX_TRY(resolve_inputs(r, scope, f.span, &scope->g->nodes[i++]));
  }
  return w.status;
}
