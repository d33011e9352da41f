/* node.h: a model of one node, made in memory. */
#ifndef BENCH_NODE_H
#define BENCH_NODE_H

#include <stdbool.h>

#include "onnxrun/onnxrun.h"

enum { NODE_INPUTS = 6, NODE_ATTRS = 6 };

typedef enum node_attr_type {
  NODE_FLOAT = 1,
  NODE_INT = 2,
  NODE_STRING = 3,
  NODE_INTS = 7
} node_attr_type;

typedef struct node_attr {
  const char *name;
  node_attr_type type;
  float f;
  int64_t i; /* the integer, or each of n */
  const char *s;
  size_t n;
} node_attr;

typedef struct node_spec {
  const char *op;
  int64_t opset;
  onnxrun_dtype out; /* type of the output */
  size_t n_in, n_attrs;
  onnxrun_tensor in[NODE_INPUTS]; /* type ONNXRUN_UNDEFINED: absent */
  bool is_constant[NODE_INPUTS];  /* the data becomes the model's */
  node_attr attrs[NODE_ATTRS];
} node_spec;

/* The model's bytes, which the caller frees; inputs are "a", "b", ..., the output is "y". */
size_t node_model(const node_spec *spec, uint8_t **bytes);
/* calloc(), or the program's end. */
void *take(size_t bytes);
/* Memory that begins at a multiple of 64, or the program's end. */
void *take_aligned(size_t bytes);
/* Ends the program with the error's text unless the status is OK. */
void check(onnxrun_status s, const onnxrun_error *error);

#endif
