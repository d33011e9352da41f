/* inline.c: calls of model-local functions become the functions' bodies.
 *
 * Every graph's nodes are emitted anew. A call puts the function's body on a stack of what is left
 * to emit, and so does a node's subgraph; the program's own stack stays flat however deep a file
 * nests them. Nodes outside functions move as they are; a body's nodes are copied, with the call's
 * values in place of the formal ones and its attributes in place of references to them.
 *
 * Bounds: the stack by max_depth, nodes by max_nodes, and whatever else calls copy (values,
 * operands, attributes) by WORK_PER_NODE times that, so that a small file can't grow large. */
#include <string.h>

#include "runtime/call.h"
#include "runtime/error.h"
#include "runtime/passes/passes.h"

#define WORK_PER_NODE ((size_t)16)
#define WORK_FREE ((size_t)65536)
#define IDENTITY_OPSET 16 /* knows all types; for models that import no ai.onnx themselves */

/* A body or graph that is being emitted. */
typedef struct onx_frame {
  const onx_node *nodes; /* what is emitted */
  size_t n_nodes, at;
  onx_graph *to;
  uint32_t *map;     /* of a copy: from the body's values to those of `to`, ONX_NONE where absent */
  uint32_t function; /* that this is in, or ONX_NONE; the rest is set inside functions only */
  bool is_body;      /* the function's own body, and not a graph inside it */
  uint32_t position; /* of the outermost call */
  onx_attr *attrs;   /* of the call */
  uint32_t n_attrs;
} onx_frame;

typedef struct onx_inliner {
  onx_module *m;
  onx_pool scrap;
  onx_table names; /* "domain\nname\noverload" to function */
  char *key;
  size_t cap_key;
  bool *is_active; /* by function: its body is on the stack */
  onx_frame *frames;
  size_t n_frames, cap_frames;
  size_t work, max_work;
  onnxrun_error *error;
} onx_inliner;

static onnxrun_status no_memory(const onx_inliner *l)
{
  return onx_heap_fail(l->m->pool.heap, sizeof(onx_node), "functions' bodies", l->error);
}

static onnxrun_status charge(onx_inliner *l, size_t n, size_t times)
{
  size_t work;
  if (!onx_mul(n, times, &work) || work > l->max_work - l->work)
    return onx_fail(l->error, ONNXRUN_LIMIT,
                    "the functions' bodies grow larger than max_nodes %zu allows",
                    l->m->limits.max_nodes);
  l->work += work;
  return ONNXRUN_OK;
}

/* ---- names ----------------------------------------------------------------------------------- */

/* Writes the name that functions are found by into l->key; false: no memory. */
static bool make_key(onx_inliner *l, onnxrun_string domain, onnxrun_string name,
                     onnxrun_string overload, onnxrun_string *key)
{
  if (onx_text_equal(domain, onx_text("ai.onnx")))
    domain = onx_text("");
  const size_t size = domain.size + name.size + overload.size + 2;
  if (!onx_pool_grow(&l->scrap, (void **)&l->key, &l->cap_key, size, 1))
    return false;
  const onnxrun_string parts[] = {domain, name, overload};
  char *at = l->key;
  for (int i = 0; i < 3; i++) {
    if (i > 0)
      *at++ = '\n';
    if (parts[i].size > 0)
      memcpy(at, parts[i].data, parts[i].size);
    at += parts[i].size;
  }
  *key = (onnxrun_string){l->key, size};
  return true;
}

static onnxrun_status name_functions(onx_inliner *l)
{
  for (size_t i = 0; i < l->m->n_functions; i++) {
    const onx_function *f = &l->m->functions[i];
    onnxrun_string key;
    if (!make_key(l, f->domain, f->name, f->overload, &key))
      return no_memory(l);
    if (onx_table_find(&l->names, key) != ONX_NONE)
      return onx_fail(l->error, ONNXRUN_INVALID_MODEL, "function '%.*s' is defined twice",
                      (int)(f->name.size < 80 ? f->name.size : 80), f->name.data);
    key.data = onx_pool_text(&l->scrap, key.data, key.size);
    if (!key.data || !onx_table_put(&l->names, &l->scrap, key, (uint32_t)i))
      return no_memory(l);
  }
  return ONNXRUN_OK;
}

/* The node as messages name it: at the place of the outermost call. */
static onx_node located(const onx_frame *f, const onx_node *node)
{
  onx_node at = *node;
  if (f->function != ONX_NONE)
    at.position = f->position;
  return at;
}

static uint32_t mapped(const onx_frame *f, uint32_t value)
{
  return value == ONX_NONE || !f->map ? value : f->map[value];
}

/* ---- attributes ------------------------------------------------------------------------------ */

static const onx_attr *find_attr(const onx_attr *attrs, size_t n, onnxrun_string name)
{
  for (size_t i = 0; i < n; i++) {
    if (onx_text_equal(attrs[i].name, name))
      return &attrs[i];
  }
  return NULL;
}

/* Appends what attribute `a` of a body's node stands for; nothing when the call does not give it.
 */
static onnxrun_status resolve(onx_inliner *l, const onx_frame *f, const onx_node *node,
                              const onx_attr *a, onx_node *made)
{
  const onx_function *function = &l->m->functions[f->function];
  const onx_attr *value = a;
  if (a->is_ref) {
    ONX_TRY(charge(l, f->n_attrs + function->n_defaults, 1));
    value = find_attr(f->attrs, f->n_attrs, a->ref);
    if (!value)
      value = find_attr(function->defaults, function->n_defaults, a->ref);
    if (!value)
      return ONNXRUN_OK;
    if (value->type == ONNXRUN_ATTR_GRAPH) {
      const onx_node at = located(f, node);
      return onx_node_fail(&at, l->error, ONNXRUN_UNSUPPORTED,
                           "a graph as attribute of a function");
    }
  }
  made->attrs[made->n_attrs] = *value;
  made->attrs[made->n_attrs++].name = a->name;
  return ONNXRUN_OK;
}

/* Gives `made` the attributes of `node`, which stands in frame f. */
static onnxrun_status copy_attrs(onx_inliner *l, const onx_frame *f, const onx_node *node,
                                 onx_node *made)
{
  bool is_plain = true;
  for (uint32_t i = 0; i < node->n_attrs; i++)
    is_plain = is_plain && !node->attrs[i].is_ref && node->attrs[i].type != ONNXRUN_ATTR_GRAPH;
  made->attrs = node->attrs;
  made->n_attrs = node->n_attrs;
  if (is_plain || f->function == ONX_NONE)
    return ONNXRUN_OK;
  ONX_TRY(charge(l, node->n_attrs, 1));
  made->attrs = onx_pool_array(&l->m->pool, node->n_attrs, sizeof *made->attrs);
  made->n_attrs = 0;
  if (!made->attrs)
    return no_memory(l);
  for (uint32_t i = 0; i < node->n_attrs; i++)
    ONX_TRY(resolve(l, f, node, &node->attrs[i], made));
  return ONNXRUN_OK;
}

/* A call may only give attributes that the function has. */
static onnxrun_status check_attrs(onx_inliner *l, const onx_function *function, const onx_node *at)
{
  ONX_TRY(charge(l, at->n_attrs, function->n_attrs + function->n_defaults));
  for (uint32_t i = 0; i < at->n_attrs; i++) {
    const onnxrun_string name = at->attrs[i].name;
    bool is_known = find_attr(function->defaults, function->n_defaults, name) != NULL;
    for (size_t a = 0; a < function->n_attrs && !is_known; a++)
      is_known = onx_text_equal(function->attrs[a], name);
    if (!is_known)
      return onx_node_fail(at, l->error, ONNXRUN_INVALID_MODEL,
                           "attribute '%.*s' is not one of the function's",
                           (int)(name.size < 60 ? name.size : 60), name.data);
  }
  return ONNXRUN_OK;
}

/* ---- nodes and graphs ------------------------------------------------------------------------ */

static onnxrun_status push(onx_inliner *l, const onx_frame *frame)
{
  if (l->n_frames > l->m->limits.max_depth)
    return onx_fail(l->error, ONNXRUN_LIMIT,
                    "functions and subgraphs are nested deeper than max_depth %zu",
                    l->m->limits.max_depth);
  if (!onx_pool_grow(&l->scrap, (void **)&l->frames, &l->cap_frames, l->n_frames + 1,
                     sizeof *l->frames))
    return no_memory(l);
  l->frames[l->n_frames++] = *frame;
  return ONNXRUN_OK;
}

/* Emits the nodes of a graph outside functions anew into itself. */
static onnxrun_status push_graph(onx_inliner *l, onx_graph *g)
{
  const onx_frame frame = {.nodes = g->nodes, .n_nodes = g->n_nodes, .to = g, .function = ONX_NONE};
  l->m->total_nodes -= g->n_nodes;
  g->nodes = NULL;
  g->n_nodes = g->cap_nodes = 0;
  return push(l, &frame);
}

/* Copies the values of a body's subgraph one to one; what it captures is that of the copy's outer
 * graph, or absent where the call leaves it out. */
static onnxrun_status copy_values(onx_inliner *l, const onx_frame *f, const onx_graph *from,
                                  onx_graph *to, uint32_t *map)
{
  for (uint32_t v = 0; v < from->n_values; v++) {
    const onx_value *value = &from->values[v];
    if (onx_graph_value(l->m, to, value->name) == ONX_NONE)
      return no_memory(l);
    to->values[v] = *value;
    to->values[v].producer = ONX_NONE;
    to->values[v].capture = mapped(f, value->capture);
    map[v] = value->capture != ONX_NONE && to->values[v].capture == ONX_NONE ? ONX_NONE : v;
  }
  return ONNXRUN_OK;
}

/* Copies a subgraph of a body's node: `node` is the copy that holds it. */
static onnxrun_status copy_graph(onx_inliner *l, const onx_frame *f, const onx_node *node,
                                 onx_attr *attr)
{
  const onx_graph *from = attr->v.g;
  ONX_TRY(charge(l, from->n_values + from->n_outputs + 1, 1));
  onx_graph *to = onx_graph_new(l->m, f->to);
  uint32_t *map = onx_pool_array(&l->scrap, from->n_values, sizeof *map);
  if (!to || !map)
    return no_memory(l);
  to->name = from->name;
  to->inputs = from->inputs;
  to->n_inputs = from->n_inputs;
  to->outputs = from->outputs;
  to->n_outputs = from->n_outputs;
  ONX_TRY(copy_values(l, f, from, to, map));
  for (size_t o = 0; o < to->n_outputs; o++) {
    if (map[to->outputs[o]] == ONX_NONE)
      return onx_node_fail(node, l->error, ONNXRUN_INVALID_MODEL,
                           "output %zu of attribute '%.*s' is an absent input of the function", o,
                           (int)(attr->name.size < 60 ? attr->name.size : 60), attr->name.data);
  }
  attr->v.g = to;
  onx_frame frame = *f;
  frame.nodes = from->nodes;
  frame.n_nodes = from->n_nodes;
  frame.at = 0;
  frame.to = to;
  frame.map = map;
  frame.is_body = false;
  return push(l, &frame);
}

static onnxrun_status push_subgraphs(onx_inliner *l, const onx_frame *f, const onx_node *made)
{
  for (uint32_t i = 0; i < made->n_attrs; i++) {
    onx_attr *attr = &made->attrs[i];
    if (!onx_attr_graph(attr))
      continue;
    if (f->function == ONX_NONE)
      ONX_TRY(push_graph(l, attr->v.g));
    else
      ONX_TRY(copy_graph(l, f, made, attr));
  }
  return ONNXRUN_OK;
}

/* Appends a node like `like` whose arrays are its own, all ONX_NONE. */
static onnxrun_status append_node(onx_inliner *l, const onx_frame *f, const onx_node *like,
                                  onx_node **out)
{
  onx_node *made = onx_graph_node(l->m, f->to, like->n_in, like->n_out, l->error);
  if (!made)
    return l->m->total_nodes >= l->m->limits.max_nodes ? ONNXRUN_LIMIT : no_memory(l);
  uint32_t *in = made->in, *outputs = made->out;
  *made = located(f, like);
  made->in = in;
  made->out = outputs;
  *out = made;
  return ONNXRUN_OK;
}

static void set_producer(onx_graph *g, const onx_node *made)
{
  for (uint32_t o = 0; o < made->n_out; o++) {
    if (made->out[o] != ONX_NONE)
      g->values[made->out[o]].producer = (uint32_t)(g->n_nodes - 1);
  }
}

static onnxrun_status emit_node(onx_inliner *l, const onx_frame *f, const onx_node *node)
{
  onx_node *made = NULL;
  if (f->function != ONX_NONE)
    ONX_TRY(charge(l, (size_t)node->n_in + node->n_out, 1));
  ONX_TRY(append_node(l, f, node, &made));
  for (uint32_t i = 0; i < node->n_in; i++)
    made->in[i] = mapped(f, node->in[i]);
  for (uint32_t o = 0; o < node->n_out; o++)
    made->out[o] = mapped(f, node->out[o]);
  ONX_TRY(copy_attrs(l, f, node, made));
  set_producer(f->to, made);
  const onx_node held = *made; /* its graphs' frames append to other graphs */
  return push_subgraphs(l, f, &held);
}

/* ---- calls ----------------------------------------------------------------------------------- */

static onnxrun_status emit_identity(onx_inliner *l, const onx_frame *f, uint32_t from, uint32_t to)
{
  const int64_t version = onx_opset_version(l->m->opsets, l->m->n_opsets, onx_text(""));
  const onnxrun_string none = onx_text("");
  const onx_node identity = {.name = none,
                             .domain = none,
                             .op = onx_text("Identity"),
                             .overload = none,
                             .opset = version > 0 ? (int32_t)version : IDENTITY_OPSET,
                             .n_in = 1,
                             .n_out = 1};
  onx_node *made = NULL;
  ONX_TRY(append_node(l, f, &identity, &made));
  made->in[0] = from;
  made->out[0] = to;
  set_producer(f->to, made);
  return ONNXRUN_OK;
}

/* Gives a value of its own to everything in the body that has none from the call. */
static onnxrun_status map_inner(onx_inliner *l, const onx_graph *body, const onx_frame *inner)
{
  for (size_t v = 0; v < body->n_values; v++) {
    const onx_value *value = &body->values[v];
    if (inner->map[v] != ONX_NONE || (value->producer == ONX_NONE && !value->constant))
      continue;
    const uint32_t made = onx_graph_value(l->m, inner->to, value->name);
    if (made == ONX_NONE)
      return no_memory(l);
    inner->map[v] = made;
    inner->to->values[made].constant = value->constant;
    inner->to->values[made].dtype = value->constant ? value->dtype : ONNXRUN_UNDEFINED;
  }
  return ONNXRUN_OK;
}

/* Outputs that no node of the body makes alone: formal inputs, constants, one value twice. `is_own`
 * says by output which ones a node does make. */
static onnxrun_status pass_through(onx_inliner *l, const onx_graph *body, const onx_frame *inner,
                                   const onx_node *at, const bool *is_own)
{
  for (uint32_t o = 0; o < at->n_out; o++) {
    const uint32_t from = inner->map[body->outputs[o]];
    if (at->out[o] == ONX_NONE || is_own[o])
      continue;
    if (from == ONX_NONE)
      return onx_node_fail(at, l->error, ONNXRUN_INVALID_MODEL,
                           "nothing in the function gives its output %u", o);
    ONX_TRY(emit_identity(l, inner, from, at->out[o]));
  }
  return ONNXRUN_OK;
}

/* Maps the body's values. `at` is the call with values of the graph that it stands in. */
static onnxrun_status map_values(onx_inliner *l, const onx_graph *body, const onx_frame *inner,
                                 const onx_node *at)
{
  bool *is_own = onx_pool_take(&l->scrap, at->n_out);
  if (!is_own)
    return no_memory(l);
  for (size_t v = 0; v < body->n_values; v++)
    inner->map[v] = ONX_NONE;
  for (uint32_t i = 0; i < at->n_in; i++)
    inner->map[body->inputs[i]] = at->in[i];
  for (uint32_t o = 0; o < at->n_out; o++) {
    const uint32_t formal = body->outputs[o];
    is_own[o] = body->values[formal].producer != ONX_NONE && inner->map[formal] == ONX_NONE;
    if (is_own[o])
      inner->map[formal] = at->out[o];
  }
  ONX_TRY(map_inner(l, body, inner));
  return pass_through(l, body, inner, at, is_own);
}

static onnxrun_status check_call(onx_inliner *l, uint32_t index, const onx_node *at)
{
  const onx_function *function = &l->m->functions[index];
  if (l->is_active[index])
    return onx_node_fail(at, l->error, ONNXRUN_INVALID_MODEL, "the function calls itself");
  if (at->n_in > function->body->n_inputs)
    return onx_node_fail(at, l->error, ONNXRUN_INVALID_MODEL,
                         "the call has %u inputs, the function has %zu", at->n_in,
                         function->body->n_inputs);
  if (at->n_out > function->body->n_outputs)
    return onx_node_fail(at, l->error, ONNXRUN_INVALID_MODEL,
                         "the call has %u outputs, the function has %zu", at->n_out,
                         function->body->n_outputs);
  return check_attrs(l, function, at);
}

/* The call with attributes resolved, and values of the graph that it stands in. */
static onnxrun_status resolve_call(onx_inliner *l, const onx_frame *f, const onx_node *node,
                                   onx_node *at)
{
  ONX_TRY(charge(l, (size_t)node->n_in + node->n_out + 1, 1));
  *at = located(f, node);
  at->in = onx_pool_array(&l->scrap, (size_t)node->n_in + node->n_out, sizeof *at->in);
  if (!at->in)
    return no_memory(l);
  at->out = at->in + node->n_in;
  for (uint32_t i = 0; i < node->n_in; i++)
    at->in[i] = mapped(f, node->in[i]);
  for (uint32_t o = 0; o < node->n_out; o++)
    at->out[o] = mapped(f, node->out[o]);
  return copy_attrs(l, f, node, at);
}

static onnxrun_status emit_call(onx_inliner *l, const onx_frame *f, const onx_node *node,
                                uint32_t index)
{
  const onx_graph *body = l->m->functions[index].body;
  onx_node at;
  ONX_TRY(resolve_call(l, f, node, &at));
  ONX_TRY(check_call(l, index, &at));
  ONX_TRY(charge(l, body->n_values, 1));
  const onx_frame inner = {
      .nodes = body->nodes,
      .n_nodes = body->n_nodes,
      .to = f->to,
      .map = onx_pool_array(&l->scrap, body->n_values, sizeof *inner.map),
      .function = index,
      .is_body = true,
      .position = at.position,
      .attrs = at.attrs,
      .n_attrs = at.n_attrs,
  };
  if (!inner.map)
    return no_memory(l);
  ONX_TRY(map_values(l, body, &inner, &at));
  l->is_active[index] = true;
  return push(l, &inner);
}

static onnxrun_status emit_all(onx_inliner *l)
{
  while (l->n_frames > 0) {
    onx_frame *top = &l->frames[l->n_frames - 1];
    if (top->at == top->n_nodes) {
      if (top->is_body)
        l->is_active[top->function] = false;
      l->n_frames--;
      continue;
    }
    const onx_node *node = &top->nodes[top->at++];
    const onx_frame here = *top; /* the stack may move */
    onnxrun_string key;
    if (!make_key(l, node->domain, node->op, node->overload, &key))
      return no_memory(l);
    const uint32_t function = onx_table_find(&l->names, key);
    ONX_TRY(function == ONX_NONE ? emit_node(l, &here, node) : emit_call(l, &here, node, function));
  }
  return ONNXRUN_OK;
}

/* The limit is on what is left after inlining: bodies do not count. */
static onnxrun_status discount_bodies(onx_inliner *l)
{
  for (size_t i = 0; i < l->m->n_functions; i++) {
    onx_graph **graphs;
    size_t n;
    if (!onx_graph_tree(l->m->functions[i].body, &l->scrap, &graphs, &n))
      return no_memory(l);
    for (size_t g = 0; g < n; g++)
      l->m->total_nodes -= graphs[g]->n_nodes;
  }
  return ONNXRUN_OK;
}

static onnxrun_status inline_all(onx_inliner *l)
{
  l->is_active = onx_pool_take(&l->scrap, l->m->n_functions);
  if (!l->is_active)
    return no_memory(l);
  ONX_TRY(name_functions(l));
  ONX_TRY(discount_bodies(l));
  ONX_TRY(push_graph(l, l->m->main));
  ONX_TRY(emit_all(l));
  l->m->n_functions = 0;
  return ONNXRUN_OK;
}

onnxrun_status onx_pass_inline(onx_module *m, onnxrun_error *error)
{
  if (m->n_functions == 0)
    return ONNXRUN_OK;
  onx_inliner l = {.m = m, .scrap = {.heap = m->pool.heap}, .error = error};
  if (!onx_mul(m->limits.max_nodes, WORK_PER_NODE, &l.max_work) ||
      !onx_add(l.max_work, WORK_FREE, &l.max_work))
    l.max_work = SIZE_MAX;
  const onnxrun_status s = inline_all(&l);
  onx_pool_release(&l.scrap);
  return s;
}
