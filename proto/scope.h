/* scope.h: graphs being read, the names they know, and the list of graphs still to read.
 *
 * A graph's attributes may hold graphs. They are not read on the spot: each becomes a scope in a
 * list, and is read when its outer graph is complete, so that it finds all of that graph's names.
 */
#ifndef ONX_SCOPE_H
#define ONX_SCOPE_H

#include "proto/wire.h"

/* Operator sets that a model or a function imports. */
typedef struct onx_imports {
  onx_opset *items;
  size_t n, capacity;
  onx_table by_domain;
  const struct onx_imports *fallback; /* of a function: the model's */
} onx_imports;

/* Adds an OperatorSetIdProto; of several for one domain the first counts. */
onnxrun_status onx_imports_add(onx_reader *r, onx_imports *imports, onx_span span);
/* The version of a domain, 0 when it is not imported. */
int64_t onx_imports_version(const onx_imports *imports, onnxrun_string domain);
/* "" for ai.onnx. */
onnxrun_string onx_plain_domain(onnxrun_string domain);

typedef struct onx_scope {
  struct onx_scope *outer; /* whose names it may use; NULL: the main graph, a function's body */
  struct onx_scope *next;  /* in the list of scopes to read */
  onx_graph *g;
  onx_span body; /* a GraphProto or FunctionProto */
  const ProtobufCMessageDescriptor *message;
  uint32_t node_field; /* NodeProto's number in it */
  size_t depth;
  const onx_imports *imports;
  onx_table names;
  onx_table *call_domains; /* domains of the model's functions: calls need no import */
} onx_scope;

/* A scope for a new graph; `outer` may be NULL. LIMIT below max_depth. */
onnxrun_status onx_scope_new(onx_reader *r, onx_scope *outer, onx_span body, onx_scope **out);

/* A new value with that name (copied), which nothing in the graph may have yet. */
onnxrun_status onx_scope_define(onx_reader *r, onx_scope *scope, onnxrun_string name,
                                uint32_t *out);
/* The value of that name here or in an outer graph, which becomes a capture on every level between;
 * ONX_NONE when there is none. */
onnxrun_status onx_scope_find(onx_reader *r, onx_scope *scope, onnxrun_string name, uint32_t *out);

/* Reads the scope's nodes: first all that they define, then (onx_nodes_resolve) what they use.
 * Graphs in attributes are put into *pending. */
onnxrun_status onx_nodes_define(onx_reader *r, onx_scope *scope, onx_scope **pending);
onnxrun_status onx_nodes_resolve(onx_reader *r, onx_scope *scope);

/* Reads an AttributeProto. Data of a tensor is aligned, unless `place` says that it may stay. */
onnxrun_status onx_attr_read(onx_reader *r, onx_scope *scope, onx_span span, bool may_stay,
                             onx_scope **pending, onx_attr *out);

/* Reads a GraphProto, or a FunctionProto into a function whose body is the scope's graph. */
onnxrun_status onx_graph_read(onx_reader *r, onx_scope *scope, onx_scope **pending);
onnxrun_status onx_function_read(onx_reader *r, onx_scope *scope, onx_scope **pending,
                                 onx_function *out);

#endif
