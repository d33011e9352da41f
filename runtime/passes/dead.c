/* dead.c: nodes that no output needs go, and outputs that nobody reads become absent, so that a
 * kernel need not compute them. Inner graphs first: what only a dead node of theirs captures is not
 * needed outside. One walk over sorted nodes from the last to the first. */
#include "runtime/error.h"
#include "runtime/passes/passes.h"

static bool is_needed(const onx_node *node, const bool *needed)
{
  for (uint32_t o = 0; o < node->n_out; o++) {
    if (node->out[o] != ONX_NONE && needed[node->out[o]])
      return true;
  }
  return false;
}

/* Marks what the node reads, itself and by the captures of its graphs. */
static void need_operands(const onx_node *node, bool *needed)
{
  for (uint32_t i = 0; i < node->n_in; i++) {
    if (node->in[i] != ONX_NONE)
      needed[node->in[i]] = true;
  }
  for (uint32_t a = 0; a < node->n_attrs; a++) {
    const onx_graph *sub = onx_attr_graph(&node->attrs[a]);
    for (size_t v = 0; sub && v < sub->n_values; v++) {
      if (sub->values[v].capture != ONX_NONE)
        needed[sub->values[v].capture] = true;
    }
  }
}

/* The first output stays, and so does the number of outputs, which says what some operators do
 * (Split). A bound kernel may have settled in prepare() which outputs there are. */
static void drop_outputs(onx_graph *g, onx_node *node, const bool *needed)
{
  for (uint32_t o = 1; o < node->n_out && !node->kernel; o++) {
    if (node->out[o] == ONX_NONE || needed[node->out[o]])
      continue;
    g->values[node->out[o]].producer = ONX_NONE;
    node->out[o] = ONX_NONE;
  }
}

static onnxrun_status clean_graph(onx_module *m, onx_graph *g, onx_pool *scrap,
                                  onnxrun_error *error)
{
  bool *needed = onx_pool_array(scrap, g->n_values, sizeof *needed);
  bool *is_alive = onx_pool_array(scrap, g->n_nodes, sizeof *is_alive);
  if (!needed || !is_alive)
    return onx_heap_fail(scrap->heap, g->n_values, "dead code", error);
  for (size_t o = 0; o < g->n_outputs; o++) {
    if (g->outputs[o] != ONX_NONE)
      needed[g->outputs[o]] = true;
  }
  for (size_t i = g->n_nodes; i-- > 0;) {
    is_alive[i] = is_needed(&g->nodes[i], needed);
    if (is_alive[i]) {
      drop_outputs(g, &g->nodes[i], needed);
      need_operands(&g->nodes[i], needed);
    }
  }
  onx_graph_keep(m, g, is_alive);
  for (size_t v = 0; v < g->n_values; v++) {
    if (!needed[v])
      g->values[v].capture = ONX_NONE;
  }
  return ONNXRUN_OK;
}

onnxrun_status onx_pass_dead(onx_module *m, onnxrun_error *error)
{
  onx_pool list = {.heap = m->pool.heap};
  onx_graph **graphs;
  size_t n;
  onnxrun_status s = ONNXRUN_OK;
  if (!onx_graph_tree(m->main, &list, &graphs, &n))
    s = onx_heap_fail(m->pool.heap, sizeof *graphs, "dead code", error);
  for (size_t i = n; s == ONNXRUN_OK && i-- > 0;) {
    onx_pool scrap = {.heap = m->pool.heap};
    s = clean_graph(m, graphs[i], &scrap, error);
    onx_pool_release(&scrap);
  }
  onx_pool_release(&list);
  return s;
}
