/* uses.h: which step of a plan makes each value, and which steps read it. */
#ifndef ONX_USES_H
#define ONX_USES_H

#include "runtime/plan.h"

/* By root, the value that others share the memory of. */
typedef struct onx_uses {
  uint32_t *maker;   /* the step that makes it, or ONX_NONE */
  size_t *reader_at; /* steps that read it: readers[reader_at[root]] .. [reader_at[root + 1]], in */
  uint32_t *readers; /* order, a step once for each of its reads */
} onx_uses;

/* Lists them, with memory from `pool`; false when there is none. */
bool onx_uses_list(onx_uses *u, const onx_plan *p, onx_pool *pool);

#endif
