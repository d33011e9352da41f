/* rewrite.c: groups of values that are one, and what reads them. */
#include "runtime/passes/rewrite.h"

#include <string.h>

bool onx_rewrite_begin(onx_rewrite *r, onx_module *m, onx_graph *g, onx_pool *scrap)
{
  const size_t n = g->n_values;
  *r = (onx_rewrite){.m = m, .g = g};
  r->to = onx_pool_array(scrap, n, sizeof *r->to);
  r->name = onx_pool_array(scrap, n, sizeof *r->name);
  r->is_output = onx_pool_array(scrap, n, sizeof *r->is_output);
  r->is_alive = onx_pool_array(scrap, g->n_nodes, sizeof *r->is_alive);
  if (!r->to || !r->name || !r->is_output || !r->is_alive)
    return false;
  for (size_t v = 0; v < n; v++)
    r->to[v] = r->name[v] = (uint32_t)v;
  for (size_t o = 0; o < g->n_outputs; o++) {
    if (g->outputs[o] != ONX_NONE)
      r->is_output[g->outputs[o]] = true;
  }
  if (g->n_nodes > 0)
    memset(r->is_alive, true, g->n_nodes);
  return true;
}

/* Halves the path, so that chains of joins cost little more than their length. */
uint32_t onx_rewrite_first(onx_rewrite *r, uint32_t value)
{
  while (r->to[value] != value) {
    r->to[value] = r->to[r->to[value]];
    value = r->to[value];
  }
  return value;
}

bool onx_rewrite_can_join(onx_rewrite *r, uint32_t gone, uint32_t kept)
{
  const uint32_t first = onx_rewrite_first(r, kept);
  if (!r->is_output[gone])
    return true;
  return !r->is_output[r->name[first]] && r->g->values[first].producer != ONX_NONE;
}

void onx_rewrite_join(onx_rewrite *r, uint32_t gone, uint32_t kept)
{
  const uint32_t first = onx_rewrite_first(r, kept);
  r->to[gone] = first;
  if (r->is_output[gone])
    r->name[first] = gone;
}

static uint32_t name_of(onx_rewrite *r, uint32_t value)
{
  return value == ONX_NONE ? ONX_NONE : r->name[onx_rewrite_first(r, value)];
}

/* What the node reads, itself and by the captures of its graphs. */
static void rename_operands(onx_rewrite *r, const onx_node *node)
{
  for (uint32_t i = 0; i < node->n_in; i++)
    node->in[i] = name_of(r, node->in[i]);
  for (uint32_t a = 0; a < node->n_attrs; a++) {
    const onx_graph *sub = onx_attr_graph(&node->attrs[a]);
    for (size_t v = 0; sub && v < sub->n_values; v++)
      sub->values[v].capture = name_of(r, sub->values[v].capture);
  }
}

void onx_rewrite_end(onx_rewrite *r)
{
  onx_graph *g = r->g;
  for (size_t i = 0; i < g->n_nodes; i++) {
    onx_node *node = &g->nodes[i];
    rename_operands(r, node);
    for (uint32_t o = 0; o < node->n_out; o++) {
      const uint32_t made = node->out[o];
      const uint32_t name = r->is_alive[i] ? name_of(r, made) : ONX_NONE;
      if (made != ONX_NONE && made != name)
        g->values[made].producer = ONX_NONE;
      node->out[o] = name;
    }
  }
  onx_graph_keep(r->m, g, r->is_alive);
}
