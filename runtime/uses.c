/* uses.c: see uses.h. */
#include "runtime/uses.h"

static void count_reads(onx_uses *u, const onx_plan *p)
{
  for (size_t v = 0; v < p->graph->n_values; v++)
    u->maker[v] = ONX_NONE;
  for (uint32_t s = 0; s < p->n_steps; s++) {
    const onx_step *step = &p->steps[s];
    for (uint32_t i = 0; i < step->n_makes; i++)
      u->maker[p->root[step->makes[i].value]] = s;
    for (uint32_t i = 0; i < step->n_reads; i++)
      u->reader_at[p->root[step->reads[i].value] + 2]++;
  }
  for (size_t v = 2; v < p->graph->n_values + 2; v++)
    u->reader_at[v] += u->reader_at[v - 1];
}

bool onx_uses_list(onx_uses *u, const onx_plan *p, onx_pool *pool)
{
  const size_t n = p->graph->n_values;
  size_t reads = 0;
  for (size_t s = 0; s < p->n_steps; s++)
    reads += p->steps[s].n_reads;
  u->maker = onx_pool_array(pool, n, sizeof *u->maker);
  u->reader_at = onx_pool_array(pool, n + 2, sizeof *u->reader_at);
  u->readers = onx_pool_array(pool, reads, sizeof *u->readers);
  if (!u->maker || !u->reader_at || !u->readers)
    return false;
  count_reads(u, p);
  for (uint32_t s = 0; s < p->n_steps; s++) {
    for (uint32_t i = 0; i < p->steps[s].n_reads; i++)
      u->readers[u->reader_at[p->root[p->steps[s].reads[i].value] + 1]++] = s;
  }
  return true;
}
