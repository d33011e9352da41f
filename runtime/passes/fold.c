/* fold.c: nodes whose inputs are all constant are run at build; their results become constants. */
#include <string.h>

#include "runtime/error.h"
#include "runtime/passes/passes.h"
#include "runtime/step.h"

#define FOLDED_BYTES ((size_t)256 << 20) /* larger results are made by every run */

static bool has_constant_inputs(const onx_graph *g, const onx_node *node)
{
  for (uint32_t i = 0; i < node->n_in; i++) {
    if (node->in[i] != ONX_NONE && !g->values[node->in[i]].constant)
      return false;
  }
  return true;
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

static void fill_call(const onx_graph *g, const onx_node *node, onnxrun_node *call)
{
  for (uint32_t i = 0; i < node->n_in; i++)
    call->in[i] = node->in[i] == ONX_NONE ? NULL : g->values[node->in[i]].constant;
  for (uint32_t i = 0; i < node->n_out; i++) {
    if (node->out[i] != ONX_NONE)
      call->out[i].dtype = g->values[node->out[i]].dtype;
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

/* Runs the node. What fails here is left for the run, where the error belongs. */
static bool evaluate(onx_module *m, const onx_node *node, onnxrun_node *call, onx_pool *scrap)
{
  const onnxrun_kernel *k = node->kernel;
  void *params = onx_pool_take(&m->pool, k->params_size);
  if (!params)
    return false;
  if (onx_has_shape(k)) {
    memcpy(params, node->params, k->params_size);
    onx_call_begin(call, node, ONX_SHAPE, scrap, NULL);
    fill_call(m->main, node, call);
    if (onx_call_shape(call, params) != ONNXRUN_OK || !is_small(call))
      return false;
  }
  memcpy(params, node->params, k->params_size);
  onx_call_begin(call, node, ONX_SHAPE, &m->pool, NULL);
  fill_call(m->main, node, call);
  return onx_step_evaluate(call, params, &m->pool, NULL) == ONNXRUN_OK;
}

static bool fold_node(onx_module *m, onx_node *node, onnxrun_node *call, onx_pool *scrap)
{
  onx_graph *g = m->main;
  if (node->n_out > 0 && node->out[0] != ONX_NONE && g->values[node->out[0]].constant)
    return true; /* bound to the tensor that it carries */
  if (!has_constant_inputs(g, node) || !evaluate(m, node, call, scrap))
    return false;
  bool is_kept = true;
  for (uint32_t i = 0; i < node->n_out; i++) {
    if (node->out[i] != ONX_NONE)
      is_kept = is_kept && keep_result(m, &g->values[node->out[i]], &call->out[i]);
  }
  return is_kept;
}

onnxrun_status onx_pass_fold(onx_module *m, onnxrun_error *error)
{
  onx_graph *g = m->main;
  size_t n_in = 1, n_out = 1;
  for (size_t i = 0; i < g->n_nodes; i++) {
    n_in = g->nodes[i].n_in > n_in ? g->nodes[i].n_in : n_in;
    n_out = g->nodes[i].n_out > n_out ? g->nodes[i].n_out : n_out;
  }
  onx_pool scrap = {.heap = m->pool.heap};
  onnxrun_node call;
  if (!onx_call_new(&call, &scrap, n_in, n_out)) {
    onx_pool_release(&scrap);
    return onx_heap_fail(m->pool.heap, n_in, "constant folding", error);
  }
  for (size_t i = 0; i < g->n_nodes; i++) {
    onx_node *node = &g->nodes[i];
    if (!fold_node(m, node, &call, &scrap))
      continue;
    for (uint32_t o = 0; o < node->n_out; o++) {
      if (node->out[o] != ONX_NONE)
        g->values[node->out[o]].producer = ONX_NONE;
    }
    node->n_out = 0; /* the dead-code pass takes it out */
  }
  onx_pool_release(&scrap);
  return ONNXRUN_OK;
}
