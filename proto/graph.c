/* graph.c: GraphProto and FunctionProto. A graph is read in rounds over its fields: what defines
 * values (initializers, inputs, nodes), then what uses them, for its nodes may stand in any order.
 */
#include "onnx.pb-c.h"
#include "proto/scope.h"
#include "proto/tensor.h"
#include "proto/types.h"
#include "runtime/error.h"

enum {
  GRAPH_NAME = 2,
  GRAPH_INITIALIZER = 5,
  GRAPH_DOC = 10,
  GRAPH_INPUT = 11,
  GRAPH_OUTPUT = 12,
  GRAPH_INFO = 13,
  GRAPH_SPARSE = 15,
};
enum {
  FUNCTION_NAME = 1,
  FUNCTION_INPUT = 4,
  FUNCTION_OUTPUT = 5,
  FUNCTION_ATTR = 6,
  FUNCTION_NODE = 7,
  FUNCTION_IMPORT = 9,
  FUNCTION_DOMAIN = 10,
  FUNCTION_DEFAULT = 11,
  FUNCTION_OVERLOAD = 13,
};

static onnxrun_status count(onx_reader *r, const onx_scope *scope, uint32_t field, size_t *n)
{
  onx_walk w = onx_walk_begin(r, scope->message, scope->body);
  onx_field f;
  *n = 0;
  while (onx_walk_next(&w, &f))
    *n += f.number == field;
  return w.status;
}

/* A list of as many as the body has of the field. */
static onnxrun_status new_list(onx_reader *r, const onx_scope *scope, uint32_t field, size_t size,
                               void **out)
{
  size_t n;
  ONX_TRY(count(r, scope, field, &n));
  *out = onx_pool_array(r->pool, n, size);
  return *out ? ONNXRUN_OK : onx_reader_full(r, n * size, "a list");
}

static void set_type(onx_value *v, const onx_type *type)
{
  v->dtype = type->dtype;
  v->rank = type->rank;
  v->dims = type->dims;
  v->dim_names = type->dim_names;
}

static onnxrun_status read_initializer(onx_reader *r, onx_scope *scope, const onx_field *f)
{
  onnxrun_string name;
  uint32_t index;
  onnxrun_tensor *t = onx_pool_take(r->pool, sizeof *t);
  if (!t)
    return onx_reader_full(r, sizeof *t, "an initializer");
  if (f->number == GRAPH_SPARSE)
    ONX_TRY(onx_sparse_read(r, r->pool, f->span, t, &name));
  else
    ONX_TRY(onx_tensor_read(r, r->pool, f->span, ONX_IN_PLACE, t, &name));
  if (name.size == 0)
    return onx_damaged(r, f->at, "an initializer has no name");
  ONX_TRY(onx_scope_define(r, scope, name, &index));
  onx_value *v = &scope->g->values[index];
  set_type(v, &(onx_type){.dtype = t->dtype, .rank = (int32_t)t->rank, .dims = t->dims});
  v->constant = t;
  return ONNXRUN_OK;
}

static onnxrun_status read_initializers(onx_reader *r, onx_scope *scope)
{
  onx_walk w = onx_walk_begin(r, scope->message, scope->body);
  onx_field f;
  while (onx_walk_next(&w, &f)) {
    if (f.number == GRAPH_NAME)
      scope->g->name = onx_field_text(&f);
    else if (f.number == GRAPH_DOC)
      scope->g->doc = onx_field_text(&f);
    else if (f.number == GRAPH_INITIALIZER || f.number == GRAPH_SPARSE)
      ONX_TRY(read_initializer(r, scope, &f));
  }
  return w.status;
}

static onnxrun_status read_input(onx_reader *r, onx_scope *scope, onx_span span, onx_said *said)
{
  onx_graph *g = scope->g;
  onx_value_info info;
  uint32_t index;
  ONX_TRY(onx_value_info_read(r, span, &info));
  index = onx_table_find(&scope->names, info.name);
  if (index != ONX_NONE && g->values[index].constant)
    return ONNXRUN_OK; /* before IR 4 initializers were listed as inputs too */
  ONX_TRY(onx_scope_define(r, scope, info.name, &index));
  set_type(&g->values[index], &info.type);
  said[g->n_inputs] = (onx_said){info.doc, info.type.text};
  g->inputs[g->n_inputs++] = index;
  return ONNXRUN_OK;
}

static onnxrun_status read_inputs(onx_reader *r, onx_scope *scope)
{
  onx_walk w = onx_walk_begin(r, scope->message, scope->body);
  onx_said *said;
  onx_field f;
  ONX_TRY(new_list(r, scope, GRAPH_INPUT, sizeof(uint32_t), (void **)&scope->g->inputs));
  ONX_TRY(new_list(r, scope, GRAPH_INPUT, sizeof *said, (void **)&said));
  scope->g->input_said = said;
  while (onx_walk_next(&w, &f)) {
    if (f.number == GRAPH_INPUT)
      ONX_TRY(read_input(r, scope, f.span, said));
  }
  return w.status;
}

static onnxrun_status add_output(onx_reader *r, onx_scope *scope, onnxrun_string name,
                                 uint32_t *out)
{
  onx_graph *g = scope->g;
  ONX_TRY(onx_scope_find(r, scope, name, out));
  if (*out == ONX_NONE)
    return onx_fail(r->error, ONNXRUN_INVALID_MODEL,
                    "graph '%.*s': output %zu '%.*s' is produced by no node", ONX_NAME(g->name),
                    g->n_outputs, ONX_NAME(name));
  g->outputs[g->n_outputs++] = *out;
  return ONNXRUN_OK;
}

/* What a file says of values that nodes make. Hints: real models declare dims that do not hold. */
static onnxrun_status take_hint(onx_graph *g, uint32_t index, const onx_type *type)
{
  onx_value *v = index == ONX_NONE ? NULL : &g->values[index];
  if (v && v->producer != ONX_NONE && v->dtype == ONNXRUN_UNDEFINED)
    set_type(v, type);
  return ONNXRUN_OK;
}

static onnxrun_status read_outputs(onx_reader *r, onx_scope *scope)
{
  onx_walk w = onx_walk_begin(r, scope->message, scope->body);
  onx_said *said;
  onx_value_info info;
  uint32_t index;
  onx_field f;
  ONX_TRY(new_list(r, scope, GRAPH_OUTPUT, sizeof(uint32_t), (void **)&scope->g->outputs));
  ONX_TRY(new_list(r, scope, GRAPH_OUTPUT, sizeof *said, (void **)&said));
  scope->g->output_said = said;
  while (onx_walk_next(&w, &f)) {
    if (f.number != GRAPH_OUTPUT)
      continue;
    ONX_TRY(onx_value_info_read(r, f.span, &info));
    said[scope->g->n_outputs] = (onx_said){info.doc, info.type.text};
    ONX_TRY(add_output(r, scope, info.name, &index));
    ONX_TRY(take_hint(scope->g, index, &info.type));
  }
  return w.status;
}

static onnxrun_status read_infos(onx_reader *r, onx_scope *scope)
{
  onx_walk w = onx_walk_begin(r, scope->message, scope->body);
  onx_value_info info;
  onx_field f;
  while (onx_walk_next(&w, &f)) {
    if (f.number != GRAPH_INFO)
      continue;
    ONX_TRY(onx_value_info_read(r, f.span, &info));
    ONX_TRY(take_hint(scope->g, onx_table_find(&scope->names, info.name), &info.type));
  }
  return w.status;
}

onnxrun_status onx_graph_read(onx_reader *r, onx_scope *scope, onx_scope **pending)
{
  ONX_TRY(read_initializers(r, scope));
  ONX_TRY(read_inputs(r, scope));
  ONX_TRY(onx_nodes_define(r, scope, pending));
  ONX_TRY(onx_nodes_resolve(r, scope));
  ONX_TRY(read_outputs(r, scope));
  return read_infos(r, scope);
}

/* Names of a function, which say what it is called by, and the operator sets of its body. */
static onnxrun_status read_head(onx_reader *r, onx_scope *scope, onx_imports *imports,
                                onx_function *out)
{
  onx_walk w = onx_walk_begin(r, scope->message, scope->body);
  onx_field f;
  out->name = out->domain = out->overload = onx_text("");
  while (onx_walk_next(&w, &f)) {
    if (f.number == FUNCTION_NAME)
      out->name = onx_field_text(&f);
    else if (f.number == FUNCTION_DOMAIN)
      out->domain = onx_plain_domain(onx_field_text(&f));
    else if (f.number == FUNCTION_OVERLOAD)
      out->overload = onx_field_text(&f);
    else if (f.number == FUNCTION_IMPORT)
      ONX_TRY(onx_imports_add(r, imports, f.span));
  }
  scope->g->name = out->name;
  if (w.status == ONNXRUN_OK && out->name.size == 0)
    return onx_damaged(r, scope->body.data, "a function has no name");
  return w.status;
}

static onnxrun_status read_parameters(onx_reader *r, onx_scope *scope, onx_scope **pending,
                                      onx_function *out)
{
  onx_graph *g = scope->g;
  ONX_TRY(new_list(r, scope, FUNCTION_INPUT, sizeof *g->inputs, (void **)&g->inputs));
  ONX_TRY(new_list(r, scope, FUNCTION_ATTR, sizeof *out->attrs, (void **)&out->attrs));
  ONX_TRY(new_list(r, scope, FUNCTION_DEFAULT, sizeof *out->defaults, (void **)&out->defaults));
  onx_walk w = onx_walk_begin(r, scope->message, scope->body);
  onx_field f;
  while (onx_walk_next(&w, &f)) {
    if (f.number == FUNCTION_INPUT)
      ONX_TRY(onx_scope_define(r, scope, onx_field_text(&f), &g->inputs[g->n_inputs++]));
    else if (f.number == FUNCTION_ATTR)
      out->attrs[out->n_attrs++] = onx_field_text(&f);
    else if (f.number == FUNCTION_DEFAULT)
      ONX_TRY(onx_attr_read(r, scope, f.span, false, pending, &out->defaults[out->n_defaults++]));
  }
  return w.status;
}

onnxrun_status onx_function_read(onx_reader *r, onx_scope *scope, onx_scope **pending,
                                 onx_function *out)
{
  onx_imports *imports = onx_pool_take(&r->scratch, sizeof *imports);
  onx_graph *g = scope->g;
  uint32_t index;
  onx_field f;
  if (!imports)
    return onx_reader_full(r, sizeof *imports, "a function");
  imports->fallback = scope->imports;
  scope->imports = imports;
  scope->message = &onnx__function_proto__descriptor;
  scope->node_field = FUNCTION_NODE;
  out->body = g;
  ONX_TRY(read_head(r, scope, imports, out));
  ONX_TRY(read_parameters(r, scope, pending, out));
  ONX_TRY(onx_nodes_define(r, scope, pending));
  ONX_TRY(onx_nodes_resolve(r, scope));
  ONX_TRY(new_list(r, scope, FUNCTION_OUTPUT, sizeof *g->outputs, (void **)&g->outputs));
  onx_walk w = onx_walk_begin(r, scope->message, scope->body);
  while (onx_walk_next(&w, &f)) {
    if (f.number == FUNCTION_OUTPUT)
      ONX_TRY(add_output(r, scope, onx_field_text(&f), &index));
  }
  return w.status;
}
