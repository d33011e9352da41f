/* rows.h: the table and the JSON of bench_engine. */
#ifndef BENCH_ROWS_H
#define BENCH_ROWS_H

#include <stdbool.h>

#include "bench/timing.h"

/* One figure, in microseconds (of memory: in megabytes). */
typedef struct figure {
  const char *what, *unit;
  int threads; /* 0: it is not about threads */
  double ours, least, most;
  double limit; /* what it should be at most; 0: none */
  double peer;  /* the other runtime's; 0: none */
} figure;

/* `peer`: its name, or NULL; `json`: a path, "-" for the standard output without a table, or NULL.
 */
void rows_begin(const char *peer, const char *json);
void rows_add(const figure *f);
/* false after a message. */
bool rows_end(void);

#endif
