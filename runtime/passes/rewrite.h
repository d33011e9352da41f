/* rewrite.h: making one value of two, for passes that take out nodes. */
#ifndef ONX_REWRITE_H
#define ONX_REWRITE_H

#include "runtime/graph.h"

/* Values of a graph in groups that hold the same data. `to` leads from a value to the first of its
 * group, `name` from that to the one whose name, dims and place as an output the group keeps. */
typedef struct onx_rewrite {
  onx_module *m;
  onx_graph *g;
  uint32_t *to, *name;
  bool *is_output; /* by value */
  bool *is_alive;  /* by node: false takes it out */
} onx_rewrite;

/* Memory from `scrap`; false when there is none. */
bool onx_rewrite_begin(onx_rewrite *r, onx_module *m, onx_graph *g, onx_pool *scrap);
/* The first of the value's group. */
uint32_t onx_rewrite_first(onx_rewrite *r, uint32_t value);
/* Whether `gone`, which is alone and whose node is to go, can be had from `kept`: not when both
 * are outputs, or when an output would be left without a node that makes it. */
bool onx_rewrite_can_join(onx_rewrite *r, uint32_t gone, uint32_t kept);
void onx_rewrite_join(onx_rewrite *r, uint32_t gone, uint32_t kept);
/* Makes every reader read what its value's group is called, and takes out nodes that are not alive.
 * Linear in the graph. */
void onx_rewrite_end(onx_rewrite *r);

#endif
