/* toy.h: small graphs and kernels made in C, for tests of the engine that need no file. */
#ifndef TOY_H
#define TOY_H

#include "runtime/bind.h"
#include "runtime/graph.h"
#include "runtime/packs.h"
#include "runtime/passes/passes.h"

typedef struct toy {
  onx_heap heap; /* first */
  onx_module m;
  onx_packs packs;
  onnxrun_registry *registry;
  onx_graph *g; /* where values and nodes are added: the main graph at first */
} toy;

/* A module with one empty main graph, and a registry with the kernels below. */
toy *toy_new(size_t max_bytes);
void toy_release(toy *t);

/* A float input of these dims (-1: free), a constant float vector, a fresh value. */
uint32_t toy_input(toy *t, const char *name, int32_t rank, const int64_t *dims);
uint32_t toy_constant(toy *t, size_t n, const float *values);
uint32_t toy_value(toy *t, const char *name);
/* Makes `value` the next output of the graph. */
void toy_output(toy *t, uint32_t value);
/* Appends a node; values may be ONX_NONE. */
void toy_node(toy *t, const char *op, uint32_t n_in, const uint32_t *in, uint32_t n_out,
              const uint32_t *out);
#define TOY_IN(...)                                                                                \
  (sizeof((uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t)), (uint32_t[])                             \
  {                                                                                                \
    __VA_ARGS__                                                                                    \
  }

/* Adds an attribute to the node appended last. */
void toy_attr(toy *t, onx_attr attr);
onx_attr toy_int(const char *name, int64_t i);
/* In a function's body: attribute `name` is the call's attribute `ref`. */
onx_attr toy_ref(const char *name, onnxrun_attr_type type, const char *ref);
/* An empty function of domain "toy", and t->g its body. */
onx_function *toy_function(toy *t, const char *name);
/* An empty graph inside t->g as an attribute of the node appended last, and t->g that graph. */
onx_graph *toy_subgraph(toy *t, const char *attr);
/* A value of t->g that stands for `outer` of the graph around it. */
uint32_t toy_capture(toy *t, uint32_t outer);

/* Sorts and binds. */
onnxrun_status toy_build(toy *t, onnxrun_error *error);
/* Lets kernels pack, as a model does when no pass will change the graph any more. */
onnxrun_status toy_settle(toy *t, onnxrun_error *error);

/* Kernels of domain "toy":
 *   Add      map, multidirectional     C = A + B
 *   Square   map                       Y = X * X
 *   Same     view
 *   Rows     range                     Y[i] = sum of row i of X[n,m]; items are rows
 *   Mirror   range, in order           each row of X[n,m] backwards; items are rows
 *   Widen    map                       the doubles that floats X are
 *   Narrow   map                       the floats nearest to doubles X
 *   Positive run, no shape             the positive elements of X
 *   Fail     run                       always RUN_FAILED
 *   Dims     shape only                int64 dims of X */
extern const onnxrun_kernel *const toy_kernels[];

#endif
