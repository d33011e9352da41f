/* bind.c: the choice of a kernel for each node by operator, opset and element types, the types of
 * its outputs, and aligned constants. */
#include "runtime/bind.h"

#include <stdio.h>
#include <string.h>

#include "runtime/call.h"
#include "runtime/error.h"

#define VARS 128 /* operands' type variables are characters */

/* What is being tried on one node. */
typedef struct onx_trial {
  onx_module *m;
  onx_graph *g;
  onx_node *node;
  onnxrun_node call;
  onnxrun_tensor *unknown;  /* n_in: stands for inputs that are not constant */
  onnxrun_dtype vars[VARS]; /* what each type variable is bound to */
  onnxrun_error reason;     /* why the last candidate was not taken */
} onx_trial;

const onnxrun_operand *onx_operand_at(const onnxrun_operand *table, uint32_t i)
{
  const onnxrun_operand *o = table;
  while (o->name && i > 0 && !(o->flags & ONNXRUN_VARIADIC)) {
    o++;
    i--;
  }
  return o->name ? o : NULL;
}

/* "float, double" of a set of types. */
static const char *types_text(uint64_t types, char *buffer, size_t size)
{
  size_t at = 0;
  buffer[0] = '\0';
  for (int t = 1; t < 64 && at + 1 < size; t++) {
    if (!(types >> t & 1))
      continue;
    const int n = snprintf(buffer + at, size - at, "%s%s", at ? ", " : "",
                           onnxrun_dtype_name((onnxrun_dtype)t));
    at += n > 0 ? (size_t)n : 0;
  }
  return buffer;
}

/* An operand in an error: "input 1 'B'"; name NULL: the kernel has no such operand. */
struct place {
  const char *what;
  uint32_t index;
  const char *name;
};

static onnxrun_status reject(onx_trial *t, onnxrun_status s, struct place at, const char *found,
                             const char *expected)
{
  return onx_node_fail(t->node, &t->reason, s, "%s %u%s%s%s is %s, expected %s", at.what, at.index,
                       at.name ? " '" : "", at.name ? at.name : "", at.name ? "'" : "", found,
                       expected);
}

static onnxrun_status check_input(onx_trial *t, const onnxrun_kernel *k, uint32_t i)
{
  const onnxrun_operand *o = onx_operand_at(k->inputs, i);
  const uint32_t index = t->node->in[i];
  if (!o)
    return reject(t, ONNXRUN_INVALID_MODEL, (struct place){"input", i, NULL}, "given",
                  "no such input");
  if (index == ONX_NONE) {
    return o->flags & ONNXRUN_OPTIONAL_OPERAND
               ? ONNXRUN_OK
               : reject(t, ONNXRUN_INVALID_MODEL, (struct place){"input", i, o->name}, "absent",
                        "a value");
  }
  const onnxrun_dtype dtype = t->g->values[index].dtype;
  char expected[160];
  if (!(o->types >> dtype & 1))
    return reject(t, ONNXRUN_UNSUPPORTED, (struct place){"input", i, o->name},
                  onnxrun_dtype_name(dtype), types_text(o->types, expected, sizeof expected));
  if (!o->var || (o->flags & ONNXRUN_MIXED))
    return ONNXRUN_OK;
  onnxrun_dtype *var = &t->vars[(unsigned char)o->var % VARS];
  if (*var != ONNXRUN_UNDEFINED && *var != dtype)
    return reject(t, ONNXRUN_INVALID_MODEL, (struct place){"input", i, o->name},
                  onnxrun_dtype_name(dtype), onnxrun_dtype_name(*var));
  *var = dtype;
  return ONNXRUN_OK;
}

static onnxrun_status check_counts(onx_trial *t, const onnxrun_kernel *k)
{
  for (uint32_t i = 0; k->inputs[i].name; i++) {
    if (i >= t->node->n_in && !(k->inputs[i].flags & ONNXRUN_OPTIONAL_OPERAND))
      return reject(t, ONNXRUN_INVALID_MODEL, (struct place){"input", i, k->inputs[i].name},
                    "absent", "a value");
  }
  for (uint32_t i = 0; i < t->node->n_out; i++) {
    if (t->node->out[i] != ONX_NONE && !onx_operand_at(k->outputs, i))
      return reject(t, ONNXRUN_INVALID_MODEL, (struct place){"output", i, NULL}, "named",
                    "no such output");
  }
  return ONNXRUN_OK;
}

static onnxrun_dtype only_type(uint64_t types)
{
  const bool is_one = types != 0 && (types & (types - 1)) == 0;
  return is_one ? (onnxrun_dtype)__builtin_ctzll(types) : ONNXRUN_UNDEFINED;
}

/* An output's type: its variable's, or the only one, or what prepare() says later. */
static void set_output_types(onx_trial *t, const onnxrun_kernel *k)
{
  for (uint32_t i = 0; i < t->node->n_out; i++) {
    const onnxrun_operand *o = onx_operand_at(k->outputs, i);
    if (!o)
      continue; /* absent */
    const onnxrun_dtype var = t->vars[(unsigned char)o->var % VARS];
    t->call.out[i].dtype = o->var && var != ONNXRUN_UNDEFINED ? var : only_type(o->types);
  }
}

static onnxrun_status take_output_types(onx_trial *t, const onnxrun_kernel *k)
{
  for (uint32_t i = 0; i < t->node->n_out; i++) {
    if (t->node->out[i] == ONX_NONE)
      continue;
    const onnxrun_operand *o = onx_operand_at(k->outputs, i);
    const onnxrun_dtype dtype = t->call.out[i].dtype;
    char expected[160];
    if (dtype == ONNXRUN_UNDEFINED || !(o->types >> dtype & 1))
      return reject(t, ONNXRUN_UNSUPPORTED, (struct place){"output", i, o->name},
                    onnxrun_dtype_name(dtype), types_text(o->types, expected, sizeof expected));
  }
  for (uint32_t i = 0; i < t->node->n_out; i++) {
    if (t->node->out[i] != ONX_NONE)
      t->g->values[t->node->out[i]].dtype = t->call.out[i].dtype;
  }
  return ONNXRUN_OK;
}

/* Puts an aligned copy in the tensor's place, if it needs one; data without elements is a pointer
 * too, so that "the data is known" has one test. */
static onnxrun_status align_tensor(onx_module *m, const onnxrun_tensor **tensor,
                                   onnxrun_error *error)
{
  const onnxrun_tensor *t = *tensor;
  if (t->data && (uintptr_t)t->data % onx_alignment(t->dtype) == 0)
    return ONNXRUN_OK;
  onnxrun_tensor *copy = onx_pool_take(&m->pool, sizeof *copy);
  if (copy) {
    *copy = *t;
    copy->data = onx_pool_take(&m->pool, t->bytes);
  }
  if (!copy || !copy->data)
    return onx_heap_fail(m->pool.heap, t->bytes, "an aligned copy of a constant", error);
  if (t->bytes > 0)
    memcpy(copy->data, t->data, t->bytes);
  *tensor = copy;
  return ONNXRUN_OK;
}

/* A kernel that packs a constant reads it where it lies; others want it aligned. */
static onnxrun_status align_inputs(onx_module *m, onx_node *node, onnxrun_error *error)
{
  for (uint32_t i = 0; i < node->n_in; i++) {
    onx_value *v = node->in[i] == ONX_NONE ? NULL : &m->main->values[node->in[i]];
    const onnxrun_operand *o = onx_operand_at(node->kernel->inputs, i);
    if (v && v->constant && (!(o->flags & ONNXRUN_UNALIGNED) || !v->constant->data))
      ONX_TRY(align_tensor(m, &v->constant, error));
  }
  return ONNXRUN_OK;
}

/* Tries one kernel; UNSUPPORTED lets the next be tried. */
static onnxrun_status try_kernel(onx_trial *t, const onnxrun_kernel *k)
{
  memset(t->vars, 0, sizeof t->vars);
  ONX_TRY(check_counts(t, k));
  for (uint32_t i = 0; i < t->node->n_in; i++)
    ONX_TRY(check_input(t, k, i));
  void *params = onx_pool_take(&t->m->pool, k->params_size);
  if (!params)
    return onx_heap_fail(t->m->pool.heap, k->params_size, "a node", &t->reason);
  ONX_TRY(onx_decode_attrs(t->node, k, params, &t->reason));
  t->node->kernel = k;
  t->node->params = params;
  ONX_TRY(align_inputs(t->m, t->node, &t->reason));
  onx_call_begin(&t->call, t->node, ONX_PREPARE, &t->m->pool, &t->reason);
  onx_call_constants(&t->call, t->g, t->unknown);
  set_output_types(t, k);
  if (k->prepare) {
    const onnxrun_status s = k->prepare(&onx_host, &t->call, params);
    if (t->call.status != ONNXRUN_OK)
      return t->call.status;
    if (s != ONNXRUN_OK)
      return onx_node_fail(t->node, &t->reason, s, "prepare() failed");
  }
  return take_output_types(t, k);
}

static onnxrun_status no_kernel(onx_trial *t, bool has_operator)
{
  if (t->reason.status != ONNXRUN_OK)
    return t->reason.status;
  return onx_node_fail(t->node, &t->reason, ONNXRUN_UNSUPPORTED,
                       has_operator ? "opset %d is not supported"
                                    : "operator of opset %d is not supported",
                       t->node->opset);
}

static bool serves(const onnxrun_kernel *k, const onx_node *node)
{
  return k->since <= node->opset && (k->until == 0 || node->opset <= k->until);
}

/* The tensor that a Constant node is, or NULL for other nodes. */
static const onnxrun_tensor *carried_tensor(const onx_node *node)
{
  if (node->domain.size > 0 || !onx_text_equal(node->op, onx_text("Constant")))
    return NULL;
  const onx_attr *a = onx_node_attr(node, "value");
  if (!a)
    a = onx_node_attr(node, "sparse_value");
  return a && a->type == ONNXRUN_ATTR_TENSOR && !a->is_ref ? a->v.t : NULL;
}

/* A Constant's tensor is used where it is, known to all nodes after it. */
static void carry_tensor(const onx_trial *t)
{
  const onx_node *node = t->node;
  const onnxrun_tensor *carried = carried_tensor(node);
  if (carried && node->n_out > 0 && node->out[0] != ONX_NONE)
    t->g->values[node->out[0]].constant = carried;
}

/* Tensors that other nodes' attributes hold lie as the file has them, too. */
static onnxrun_status align_attrs(onx_module *m, onx_node *node, onnxrun_error *error)
{
  for (uint32_t i = 0; i < node->n_attrs && !carried_tensor(node); i++) {
    onx_attr *a = &node->attrs[i];
    if (a->type == ONNXRUN_ATTR_TENSOR && !a->is_ref)
      ONX_TRY(align_tensor(m, &a->v.t, error));
  }
  return ONNXRUN_OK;
}

static onnxrun_status bind_node(onx_trial *t, const onnxrun_registry *registry)
{
  const onx_entry *first = onx_registry_first(registry, t->node->domain, t->node->op);
  t->reason.status = ONNXRUN_OK;
  onnxrun_error kept = {0};
  ONX_TRY(align_attrs(t->m, t->node, &t->reason));
  for (const onx_entry *e = first; e; e = e->next) {
    if (!serves(e->kernel, t->node))
      continue;
    const onnxrun_status s = try_kernel(t, e->kernel);
    if (s == ONNXRUN_OK) {
      carry_tensor(t);
      return s;
    }
    if (s == ONNXRUN_NO_MEMORY || s == ONNXRUN_LIMIT)
      return s;
    /* Of several refusals the one that is not about types says more. */
    if (kept.status == ONNXRUN_OK || s != ONNXRUN_UNSUPPORTED)
      kept = t->reason;
  }
  t->node->kernel = NULL;
  t->reason = kept;
  return no_kernel(t, first != NULL);
}

static void widest_node(const onx_graph *g, size_t *n_in, size_t *n_out)
{
  *n_in = *n_out = 1;
  for (size_t i = 0; i < g->n_nodes; i++) {
    if (g->nodes[i].n_in > *n_in)
      *n_in = g->nodes[i].n_in;
    if (g->nodes[i].n_out > *n_out)
      *n_out = g->nodes[i].n_out;
  }
}

static onnxrun_status new_trial(onx_module *m, onx_trial *t, onnxrun_error *error)
{
  size_t n_in, n_out;
  *t = (onx_trial){.m = m, .g = m->main};
  widest_node(m->main, &n_in, &n_out);
  t->unknown = onx_pool_array(&m->pool, n_in, sizeof *t->unknown);
  if (!t->unknown || !onx_call_new(&t->call, &m->pool, n_in, n_out))
    return onx_heap_fail(m->pool.heap, n_in, "binding", error);
  return ONNXRUN_OK;
}

onnxrun_status onx_bind(onx_module *m, const onnxrun_registry *registry, onnxrun_error *error)
{
  onx_trial t;
  ONX_TRY(new_trial(m, &t, error));
  for (size_t i = 0; i < m->main->n_nodes; i++) {
    t.node = &m->main->nodes[i];
    const onnxrun_status s = bind_node(&t, registry);
    if (s != ONNXRUN_OK) {
      if (error)
        *error = t.reason;
      return s;
    }
  }
  return ONNXRUN_OK;
}

onnxrun_status onx_bind_again(onx_module *m, const bool *is_changed, onnxrun_error *error)
{
  onx_trial t;
  ONX_TRY(new_trial(m, &t, error));
  for (size_t i = 0; i < m->main->n_nodes; i++) {
    if (!is_changed[i])
      continue;
    t.node = &m->main->nodes[i];
    t.reason.status = ONNXRUN_OK;
    const onnxrun_status s = try_kernel(&t, t.node->kernel);
    if (s != ONNXRUN_OK) {
      if (error)
        *error = t.reason;
      return s;
    }
  }
  return ONNXRUN_OK;
}
