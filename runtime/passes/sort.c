/* sort.c: nodes in a topological order. Each node in turn is put behind what it needs that is not
 * placed yet, so an order that is topological stays as it is. Depth first with a stack of its own;
 * linear in nodes, inputs and captures. */
#include <string.h>

#include "runtime/call.h"
#include "runtime/error.h"
#include "runtime/passes/passes.h"

typedef enum onx_mark { ONX_NEW, ONX_OPEN, ONX_PLACED } onx_mark;

typedef struct onx_sorter {
  onx_graph *g;
  size_t *needs_at; /* node i needs the values needs[needs_at[i]] .. needs[needs_at[i + 1]] */
  uint32_t *needs;
  size_t *next;   /* by node: which need is looked at next */
  uint8_t *mark;  /* by node: onx_mark */
  uint32_t *open; /* nodes being placed, each needed by the one before it */
  uint32_t *order;
  size_t n_open, n_order;
} onx_sorter;

/* Writes what the node needs and returns how many that are; `needs` may be NULL. */
static size_t list_needs(const onx_node *node, uint32_t *needs)
{
  size_t n = 0;
  for (uint32_t i = 0; i < node->n_in; i++, n++) {
    if (needs)
      needs[n] = node->in[i];
  }
  for (uint32_t a = 0; a < node->n_attrs; a++) {
    const onx_graph *sub = onx_attr_graph(&node->attrs[a]);
    for (size_t v = 0; sub && v < sub->n_values; v++) {
      if (sub->values[v].capture == ONX_NONE)
        continue;
      if (needs)
        needs[n] = sub->values[v].capture;
      n++;
    }
  }
  return n;
}

static bool new_sorter(onx_sorter *s, onx_graph *g, onx_pool *scrap)
{
  const size_t n = g->n_nodes;
  *s = (onx_sorter){.g = g};
  s->needs_at = onx_pool_array(scrap, n + 1, sizeof *s->needs_at);
  s->next = onx_pool_array(scrap, n, sizeof *s->next);
  s->mark = onx_pool_array(scrap, n, sizeof *s->mark);
  s->open = onx_pool_array(scrap, n, sizeof *s->open);
  s->order = onx_pool_array(scrap, n, sizeof *s->order);
  if (!s->needs_at || !s->next || !s->mark || !s->open || !s->order)
    return false;
  for (size_t i = 0; i < n; i++)
    s->needs_at[i + 1] = s->needs_at[i] + list_needs(&g->nodes[i], NULL);
  s->needs = onx_pool_array(scrap, s->needs_at[n], sizeof *s->needs);
  if (!s->needs)
    return false;
  for (size_t i = 0; i < n; i++) {
    list_needs(&g->nodes[i], s->needs + s->needs_at[i]);
    s->next[i] = s->needs_at[i];
  }
  return true;
}

static void open_node(onx_sorter *s, uint32_t node)
{
  s->mark[node] = ONX_OPEN;
  s->open[s->n_open++] = node;
}

static onnxrun_status report_cycle(const onx_sorter *s, uint32_t node, uint32_t value,
                                   onnxrun_error *error)
{
  const onnxrun_string name = s->g->values[value].name;
  return onx_node_fail(&s->g->nodes[node], error, ONNXRUN_INVALID_MODEL,
                       "the graph has a cycle: '%.*s', which it needs, depends on its own outputs",
                       (int)(name.size < 80 ? name.size : 80), name.data);
}

/* Places node `first` behind all it needs. */
static onnxrun_status place_node(onx_sorter *s, uint32_t first, onnxrun_error *error)
{
  open_node(s, first);
  while (s->n_open > 0) {
    const uint32_t node = s->open[s->n_open - 1];
    if (s->next[node] == s->needs_at[node + 1]) {
      s->mark[node] = ONX_PLACED;
      s->order[s->n_order++] = node;
      s->n_open--;
      continue;
    }
    const uint32_t value = s->needs[s->next[node]++];
    const uint32_t maker = value == ONX_NONE ? ONX_NONE : s->g->values[value].producer;
    if (maker == ONX_NONE || s->mark[maker] == ONX_PLACED)
      continue;
    if (s->mark[maker] == ONX_OPEN)
      return report_cycle(s, node, value, error);
    open_node(s, maker);
  }
  return ONNXRUN_OK;
}

static void number_producers(onx_graph *g)
{
  for (size_t i = 0; i < g->n_nodes; i++) {
    for (uint32_t o = 0; o < g->nodes[i].n_out; o++) {
      if (g->nodes[i].out[o] != ONX_NONE)
        g->values[g->nodes[i].out[o]].producer = (uint32_t)i;
    }
  }
}

static onnxrun_status sort_graph(onx_graph *g, onx_pool *scrap, onnxrun_error *error)
{
  onx_sorter s;
  onx_node *moved = onx_pool_array(scrap, g->n_nodes, sizeof *moved);
  if (!moved || !new_sorter(&s, g, scrap))
    return onx_heap_fail(scrap->heap, g->n_nodes * sizeof *moved, "sorting", error);
  for (uint32_t i = 0; i < g->n_nodes; i++) {
    if (s.mark[i] == ONX_NEW)
      ONX_TRY(place_node(&s, i, error));
  }
  for (size_t i = 0; i < g->n_nodes; i++)
    moved[i] = g->nodes[s.order[i]];
  if (g->n_nodes > 0)
    memcpy(g->nodes, moved, g->n_nodes * sizeof *moved);
  number_producers(g);
  return ONNXRUN_OK;
}

onnxrun_status onx_pass_sort(onx_module *m, onnxrun_error *error)
{
  onx_pool list = {.heap = m->pool.heap};
  onx_graph **graphs;
  size_t n;
  onnxrun_status s = ONNXRUN_OK;
  if (!onx_graph_tree(m->main, &list, &graphs, &n))
    s = onx_heap_fail(m->pool.heap, sizeof *graphs, "sorting", error);
  for (size_t i = 0; s == ONNXRUN_OK && i < n; i++) {
    onx_pool scrap = {.heap = m->pool.heap};
    s = sort_graph(graphs[i], &scrap, error);
    onx_pool_release(&scrap);
  }
  onx_pool_release(&list);
  return s;
}
