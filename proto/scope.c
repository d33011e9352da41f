/* scope.c: names of values through nested graphs, and imported operator sets. */
#include "proto/scope.h"

#include "onnx.pb-c.h"
#include "proto/leaf.h"
#include "runtime/error.h"

onnxrun_string onx_plain_domain(onnxrun_string domain)
{
  return onx_text_equal(domain, onx_text("ai.onnx")) ? onx_text("") : domain;
}

onnxrun_status onx_imports_add(onx_reader *r, onx_imports *imports, onx_span span)
{
  onx_pool pool;
  ProtobufCMessage *message = NULL;
  onx_opset opset = {onx_text(""), 0};
  onnxrun_status s =
      onx_leaf_unpack(r, &onnx__operator_set_id_proto__descriptor, span, &pool, &message);
  if (s == ONNXRUN_OK) {
    const Onnx__OperatorSetIdProto *proto = (const Onnx__OperatorSetIdProto *)message;
    const onnxrun_string domain = onx_plain_domain(onx_text(proto->domain ? proto->domain : ""));
    opset.version = proto->version;
    opset.domain.data = onx_pool_text(r->pool, domain.data, domain.size);
    opset.domain.size = domain.size;
  }
  onx_pool_release(&pool);
  ONX_TRY(s);
  if (!opset.domain.data || !onx_pool_grow(r->pool, (void **)&imports->items, &imports->capacity,
                                           imports->n + 1, sizeof opset))
    return onx_reader_full(r, sizeof opset, "an operator set");
  if (onx_table_find(&imports->by_domain, opset.domain) == ONX_NONE &&
      !onx_table_put(&imports->by_domain, &r->scratch, opset.domain, (uint32_t)imports->n))
    return onx_reader_full(r, sizeof opset, "an operator set");
  imports->items[imports->n++] = opset;
  return ONNXRUN_OK;
}

int64_t onx_imports_version(const onx_imports *imports, onnxrun_string domain)
{
  for (; imports; imports = imports->fallback) {
    const uint32_t index = onx_table_find(&imports->by_domain, domain);
    if (index != ONX_NONE)
      return imports->items[index].version;
  }
  return 0;
}

onnxrun_status onx_scope_new(onx_reader *r, onx_scope *outer, onx_span body, onx_scope **out)
{
  if (outer && outer->depth >= r->max_depth)
    return onx_fail(r->error, ONNXRUN_LIMIT, "byte %zu: graphs nest deeper than max_depth %zu",
                    (size_t)(body.data - r->file), r->max_depth);
  onx_scope *scope = onx_pool_take(&r->scratch, sizeof *scope);
  onx_graph *g = onx_graph_new(r->module, outer ? outer->g : NULL);
  if (!scope || !g)
    return onx_reader_full(r, sizeof *scope + sizeof *g, "a graph");
  *scope = (onx_scope){.outer = outer,
                       .g = g,
                       .body = body,
                       .message = &onnx__graph_proto__descriptor,
                       .node_field = 1};
  if (outer) {
    scope->depth = outer->depth + 1;
    scope->imports = outer->imports;
    scope->call_domains = outer->call_domains;
  }
  *out = scope;
  return ONNXRUN_OK;
}

static onnxrun_status add_value(onx_reader *r, onx_scope *scope, onnxrun_string name, uint32_t *out)
{
  const char *copy = onx_pool_text(r->pool, name.data, name.size);
  const onnxrun_string kept = {copy, name.size};
  *out = copy ? onx_graph_value(r->module, scope->g, kept) : ONX_NONE;
  if (*out == ONX_NONE || (name.size > 0 && !onx_table_put(&scope->names, &r->scratch, kept, *out)))
    return onx_reader_full(r, sizeof(onx_value), "a value");
  return ONNXRUN_OK;
}

onnxrun_status onx_scope_define(onx_reader *r, onx_scope *scope, onnxrun_string name, uint32_t *out)
{
  if (name.size > 0 && onx_table_find(&scope->names, name) != ONX_NONE)
    return onx_damaged(r, (const uint8_t *)name.data, "value '%.*s' is produced twice",
                       ONX_NAME(name));
  return add_value(r, scope, name, out);
}

/* On the way out, each level that lacks the name gets a value for it, which the level inside
 * captures. When no graph has the name these stay without a source; the caller fails then. */
onnxrun_status onx_scope_find(onx_reader *r, onx_scope *scope, onnxrun_string name, uint32_t *out)
{
  *out = onx_table_find(&scope->names, name);
  if (*out != ONX_NONE || !scope->outer)
    return ONNXRUN_OK;
  uint32_t inner = ONX_NONE, index = ONX_NONE;
  onx_scope *inside = NULL;
  for (onx_scope *at = scope; at; inside = at, inner = index, at = at->outer) {
    index = onx_table_find(&at->names, name);
    const bool is_found = index != ONX_NONE;
    if (!is_found && !at->outer)
      break;
    if (!is_found)
      ONX_TRY(add_value(r, at, name, &index));
    if (inside)
      inside->g->values[inner].capture = index;
    else
      *out = index;
    if (is_found)
      return ONNXRUN_OK;
  }
  *out = ONX_NONE;
  return ONNXRUN_OK;
}
