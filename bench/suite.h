/* suite.h: bench_ops and bench_compare: cases, sizes, types, threads and instruction sets. */
#ifndef BENCH_SUITE_H
#define BENCH_SUITE_H

#include <cjson/cJSON.h>

#include "bench/peer.h"
#include "bench/turns.h"

enum { SUITE_LIST = 16, SUITE_OPS = 64 };

/* What the command line asks for. */
typedef struct suite {
  const char *program;
  const peer *peer; /* NULL: none */
  size_t n_ops, n_sizes, n_types, n_threads, n_isas;
  const char *ops[SUITE_OPS]; /* none: all */
  size_t sizes[SUITE_LIST];
  onnxrun_dtype types[SUITE_LIST]; /* none: float, or an operator's first type */
  int threads[SUITE_LIST];
  const char *isas[SUITE_LIST];
  const char *attributes; /* NULL: the defaults; "all": the choices of cases.def */
  double seconds;         /* for one case */
  const char *json;       /* a path, "-" for the standard output, or NULL */
  cJSON *rows;
} suite;

/* Reads the options. 0, or the program's exit status after a message. */
int suite_options(suite *s, int argc, char **argv);
/* Times all that is asked for and prints it. The program's exit status. */
int suite_run(suite *s);

/* ---- rows of the table ---- */

/* One line: ours at one number of threads and instruction set, and what was timed beside it. */
typedef struct row {
  const bench_case *c;
  const char *attributes, *isa;
  onnxrun_dtype type;
  size_t size, moved, turns;
  int threads;
  summary ours, copy;
  const summary *streaming, *peers; /* NULL: not timed */
} row;

void print_head(const suite *s);
void print_row(suite *s, const row *r);
/* Ends the rows. false after a message. */
bool write_json(suite *s);

#endif
