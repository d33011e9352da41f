/* cases.h: the operators that bench_ops and bench_compare time, from the rows of cases.def. */
#ifndef BENCH_CASES_H
#define BENCH_CASES_H

#include "bench/node.h"
#include "onnxrun/kernel.h"

typedef struct bench_case {
  const char *op;
  const char *form; /* "by channel": another shape of the same operator; or "" */
  uint64_t types;
  double lowest, highest;
  const char *attributes; /* choices, as in cases.def */
} bench_case;

extern const bench_case bench_cases[];
extern const size_t n_bench_cases;

enum { PROBLEM_TEXT = 200 };

/* A case at one size: the model's node, inputs of a run and memory for the result. */
typedef struct problem {
  node_spec node;
  char text[PROBLEM_TEXT]; /* attributes, where the node's names and strings lie */
  onnxrun_tensor in[NODE_INPUTS], out;
  size_t n_in;
  size_t moved;    /* bytes that a run reads and writes, constants apart */
  void *from, *to; /* an input and the result: each has room for half of `moved` */
} problem;

/* Makes a problem of `size` elements of that type. `attributes`: "alpha=1 beta=2"; a name that is
 * no attribute but an input gives that input, as a constant. false: the kernel has no such. */
bool problem_make(problem *p, const bench_case *c, const onnxrun_kernel *k, onnxrun_dtype type,
                  size_t size, const char *attributes);
void problem_release(problem *p);

#endif
