/* fold.c: what can be known at build. Nodes whose inputs are all constant are run, and so are those
 * that need only dims (Shape) where every run has the same; their results become constants. Dims
 * come from the kernels' own shape(), from the inputs on: what a file says of values between is not
 * trusted. One walk over sorted nodes. */
#include <string.h>

#include "runtime/bind.h"
#include "runtime/error.h"
#include "runtime/passes/passes.h"
#include "runtime/step.h"

#define FOLDED_BYTES ((size_t)256 << 20) /* larger results are made by every run */

typedef struct onx_folder {
  onx_module *m;
  onx_graph *g;
  onnxrun_node call;
  onnxrun_tensor *shaped; /* by input: what is known of those that are not constant */
  void *params;           /* a copy for shape() to write to */
  onx_pool scrap;         /* of one shape(), emptied after it */
  bool *is_alive;         /* by node */
} onx_folder;

static bool new_folder(onx_folder *f, onx_module *m, onx_pool *pool)
{
  onx_graph *g = m->main;
  size_t n_in = 1, n_out = 1, bytes = 1;
  for (size_t i = 0; i < g->n_nodes; i++) {
    const onx_node *node = &g->nodes[i];
    n_in = node->n_in > n_in ? node->n_in : n_in;
    n_out = node->n_out > n_out ? node->n_out : n_out;
    const size_t size = onx_plan_size(node->kernel);
    bytes = size > bytes ? size : bytes;
  }
  *f = (onx_folder){.m = m, .g = g, .scrap = {.heap = m->pool.heap}};
  f->shaped = onx_pool_array(pool, n_in, sizeof *f->shaped);
  f->params = onx_pool_take(pool, bytes);
  f->is_alive = onx_pool_array(pool, g->n_nodes, sizeof *f->is_alive);
  return f->shaped && f->params && f->is_alive && onx_call_new(&f->call, pool, n_in, n_out);
}

/* The dims of a graph's inputs, where the model fixes all of them: a run is held to them. */
static void know_inputs(onx_graph *g)
{
  for (size_t i = 0; i < g->n_inputs; i++) {
    onx_value *v = &g->values[g->inputs[i]];
    bool is_fixed = v->rank >= 0;
    for (int32_t d = 0; d < v->rank; d++)
      is_fixed = is_fixed && v->dims[d] >= 0;
    v->known_rank = is_fixed ? v->rank : -1;
    v->known_dims = v->dims;
  }
}

/* What is known of input i; data when it is constant, rank and dims when `*is_shaped`. */
static const onnxrun_tensor *input_of(onx_folder *f, const onx_node *node, uint32_t i,
                                      bool *is_shaped)
{
  const onx_value *v = &f->g->values[node->in[i]];
  onnxrun_tensor *t = &f->shaped[i];
  size_t elements;
  *is_shaped = v->constant || v->known_rank >= 0;
  if (v->constant)
    return v->constant;
  *t = (onnxrun_tensor){.dtype = v->dtype};
  if (*is_shaped) {
    t->rank = (uint32_t)v->known_rank;
    if (t->rank > 0)
      memcpy(t->dims, v->known_dims, t->rank * sizeof *t->dims);
    *is_shaped = onx_tensor_bytes(t->dtype, t->rank, t->dims, &elements, &t->bytes);
  }
  return t;
}

/* How much of a node's inputs is known. */
typedef enum onx_knowledge { ONX_LITTLE, ONX_SHAPES, ONX_ALL } onx_knowledge;

static onx_knowledge fill_inputs(onx_folder *f, const onx_node *node)
{
  onx_knowledge all = ONX_ALL;
  for (uint32_t i = 0; i < node->n_in; i++) {
    f->call.in[i] = NULL;
    if (node->in[i] == ONX_NONE)
      continue;
    bool is_shaped;
    const onnxrun_tensor *t = input_of(f, node, i, &is_shaped);
    const bool is_read = onx_operand_at(node->kernel->inputs, i)->flags & ONNXRUN_VALUE;
    f->call.in[i] = t;
    if (!t->data && all == ONX_ALL)
      all = ONX_SHAPES;
    if (!is_shaped || (is_read && !t->data && t->bytes > 0))
      all = ONX_LITTLE;
  }
  return all;
}

/* Makes the call ready; with results of the given node's types. */
static onx_knowledge begin(onx_folder *f, const onx_node *node, onx_pool *pool)
{
  onx_call_begin(&f->call, node, ONX_SHAPE, pool, NULL);
  for (uint32_t i = 0; i < node->n_out; i++) {
    if (node->out[i] != ONX_NONE)
      f->call.out[i].dtype = f->g->values[node->out[i]].dtype;
  }
  onx_copy_params(node, f->params);
  return fill_inputs(f, node);
}

/* Keeps the dims that shape() declared; those of the first input are used where they lie. */
static void know_outputs(onx_folder *f, const onx_node *node)
{
  const onx_value *first =
      node->n_in > 0 && node->in[0] != ONX_NONE ? &f->g->values[node->in[0]] : NULL;
  for (uint32_t i = 0; i < node->n_out; i++) {
    if (node->out[i] == ONX_NONE)
      continue;
    onx_value *v = &f->g->values[node->out[i]];
    const onnxrun_tensor *t = &f->call.out[i];
    const size_t bytes = t->rank * sizeof *t->dims;
    if (first && first->known_rank == (int32_t)t->rank &&
        (bytes == 0 || memcmp(first->known_dims, t->dims, bytes) == 0)) {
      v->known_dims = first->known_dims;
    } else {
      int64_t *dims = onx_pool_take(&f->m->pool, bytes);
      if (!dims)
        return;
      memcpy(dims, t->dims, bytes);
      v->known_dims = dims;
    }
    v->known_rank = (int32_t)t->rank;
  }
}

static bool is_small(const onnxrun_node *call)
{
  size_t total = 0;
  for (uint32_t i = 0; i < call->node->n_out; i++) {
    if (!onx_add(total, call->out[i].bytes, &total))
      return false;
  }
  return total <= FOLDED_BYTES;
}

static bool keep_result(onx_module *m, onx_value *v, const onnxrun_tensor *t)
{
  onnxrun_tensor *kept = onx_pool_take(&m->pool, sizeof *kept);
  if (!kept)
    return false;
  *kept = *t;
  v->constant = kept;
  return true;
}

/* Runs the node. What fails here is left for the run, where the error belongs. */
static bool evaluate(onx_folder *f, const onx_node *node)
{
  begin(f, node, &f->m->pool);
  if (onx_step_evaluate(&f->call, f->params, &f->m->pool, NULL) != ONNXRUN_OK)
    return false;
  for (uint32_t i = 0; i < node->n_out; i++) {
    if (node->out[i] != ONX_NONE &&
        !keep_result(f->m, &f->g->values[node->out[i]], &f->call.out[i]))
      return false;
  }
  return true;
}

/* Whether the node's results are constants now. */
static bool fold_node(onx_folder *f, const onx_node *node)
{
  const onnxrun_kernel *k = node->kernel;
  if (node->n_out > 0 && node->out[0] != ONX_NONE && f->g->values[node->out[0]].constant)
    return true; /* bound to the tensor that it carries */
  const bool has_shape = onx_has_shape(k);
  const onx_knowledge knowledge = begin(f, node, &f->scrap);
  if (knowledge == ONX_LITTLE || (knowledge == ONX_SHAPES && !has_shape))
    return false;
  if (has_shape) {
    const bool is_shaped = onx_call_shape(&f->call, f->params) == ONNXRUN_OK;
    if (is_shaped)
      know_outputs(f, node);
    onx_pool_reset(&f->scrap);
    if (!is_shaped || !is_small(&f->call))
      return false;
  }
  const bool needs_no_data = (k->flags & ONNXRUN_SHAPE_ONLY) || knowledge == ONX_ALL;
  return needs_no_data && !(k->flags & ONNXRUN_RANDOM) && evaluate(f, node);
}

onnxrun_status onx_pass_fold(onx_module *m, onnxrun_error *error)
{
  onx_pool pool = {.heap = m->pool.heap};
  onx_folder f;
  if (!new_folder(&f, m, &pool)) {
    onx_pool_release(&pool);
    return onx_heap_fail(m->pool.heap, m->main->n_nodes, "constant folding", error);
  }
  know_inputs(f.g);
  for (size_t i = 0; i < f.g->n_nodes; i++)
    f.is_alive[i] = !fold_node(&f, &f.g->nodes[i]);
  onx_graph_keep(m, f.g, f.is_alive);
  onx_pool_release(&f.scrap);
  onx_pool_release(&pool);
  return ONNXRUN_OK;
}
