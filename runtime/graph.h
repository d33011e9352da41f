/* graph.h: the model as a graph of indexed values and nodes, and the text table that names are
 * looked up in. Made by proto/reader, rewritten by runtime/passes, read by everything after.
 *
 * All memory is the module's pool: nothing here is freed alone. Not thread-safe while being built,
 * immutable afterwards. */
#ifndef ONX_GRAPH_H
#define ONX_GRAPH_H

#include <stdbool.h>
#include <stdint.h>

#include "onnxrun/kernel.h"
#include "onnxrun/onnxrun.h"
#include "runtime/memory.h"

#define ONX_NONE                                                                                   \
  UINT32_MAX /* no value, no node: an empty optional input, a value without producer */

typedef struct onx_graph onx_graph;

typedef struct onx_value {
  onnxrun_string name;          /* terminated; "" for values that passes make */
  onnxrun_dtype dtype;          /* UNDEFINED until known */
  int32_t rank;                 /* -1: unknown */
  const int64_t *dims;          /* rank of them; -1: unknown */
  const char *const *dim_names; /* rank of them, NULL where a dim has none; NULL when none has */
  uint32_t producer;            /* node, or ONX_NONE for graph inputs, constants and captures */
  uint32_t capture; /* in a subgraph: the value of graph->outer it stands for, or ONX_NONE */
  const onnxrun_tensor *constant; /* its data, when known at build */
  int32_t known_rank;             /* what every run gives, by the passes; -1: not known */
  const int64_t *known_dims;      /* known_rank of them */
} onx_value;

/* An attribute as read. Only the member that `type` names is set. */
typedef struct onx_attr {
  onnxrun_string name;
  onnxrun_attr_type type;
  bool is_ref; /* in a function's body: stands for the attribute `ref` of the call */
  onnxrun_string ref;
  union {
    float f;
    int64_t i;
    onnxrun_string s;
    const onnxrun_tensor *t;
    onx_graph *g;
    onnxrun_floats floats;
    onnxrun_ints ints;
    onnxrun_strings strings;
  } v;
} onx_attr;

typedef struct onx_node {
  onnxrun_string name, domain, op, overload; /* domain "" is ai.onnx, however the file spells it */
  int32_t opset;     /* version of `domain` in force where the node stands */
  uint32_t position; /* in the file, for messages; inlined: the call's */
  uint32_t n_in, n_out, n_attrs;
  uint32_t *in, *out; /* values, or ONX_NONE */
  onx_attr *attrs;
  /* Set when the model is built (runtime/build.c): */
  const onnxrun_kernel *kernel;
  void *params;
  struct onx_pack *pack; /* NULL: nothing to pack, or the graph is not settled (packs.h) */
} onx_node;

/* What the file says of an input or output beside name and dims. */
typedef struct onx_said {
  onnxrun_string doc;
  const char *type; /* of a container, as ONNX writes it, or NULL */
} onx_said;

struct onx_graph {
  onnxrun_string name;
  onx_graph *outer; /* NULL for the main graph and function bodies */
  onx_value *values;
  size_t n_values, cap_values;
  onx_node *nodes;
  size_t n_nodes, cap_nodes;
  uint32_t *inputs, *outputs; /* inputs: those of the file that have no initializer, in its order */
  size_t n_inputs, n_outputs;
  const onx_said *input_said, *output_said; /* as many, or NULL */
  onnxrun_string doc;
};

typedef struct onx_opset {
  onnxrun_string domain;
  int64_t version;
} onx_opset;

/* A model-local function. The body's inputs are its graph's inputs, in order. */
typedef struct onx_function {
  onnxrun_string domain, name, overload;
  onnxrun_string *attrs; /* names a call may give, without default */
  size_t n_attrs;
  onx_attr *defaults; /* attributes with a default */
  size_t n_defaults;
  onx_graph *body;
} onx_function;

/* Limits that reading and rewriting hold to; copied from the options, defaults filled in. */
typedef struct onx_limits {
  size_t max_nodes, max_depth;
} onx_limits;

/* All that a file says. */
typedef struct onx_module {
  onx_pool pool;
  onx_limits limits;
  size_t total_nodes; /* over all graphs, held against limits.max_nodes */
  int64_t ir_version;
  onnxrun_string producer, producer_version, model_domain, doc;
  int64_t model_version;
  onnxrun_string *metadata; /* key, value, key, value ... */
  size_t n_metadata;        /* pairs */
  onx_opset *opsets;
  size_t n_opsets;
  onx_function *functions;
  size_t n_functions;
  onx_graph *main;
  bool fuses;         /* plans make chains of maps (fuse.c) */
  bool has_epilogues; /* such chains may begin with another kind of kernel */
} onx_module;

/* A new graph in the module's pool; NULL: no memory. */
onx_graph *onx_graph_new(onx_module *m, onx_graph *outer);
/* A new value without name, type, producer or constant; ONX_NONE: no memory. Pointers into
 * graph->values may move. */
uint32_t onx_graph_value(onx_module *m, onx_graph *g, onnxrun_string name);
/* Appends a zeroed node with n_in inputs and n_out outputs, all ONX_NONE, counting it against the
 * limit; NULL: no memory or over the limit (error filled). Pointers into graph->nodes may move. */
onx_node *onx_graph_node(onx_module *m, onx_graph *g, uint32_t n_in, uint32_t n_out,
                         onnxrun_error *error);
/* Takes out the nodes that are not alive, by index; the others keep their order. */
void onx_graph_keep(onx_module *m, onx_graph *g, const bool *is_alive);
/* The graph and all that its nodes' attributes hold, an outer one before those inside it, as an
 * array in `pool`. false: no memory. */
bool onx_graph_tree(onx_graph *root, onx_pool *pool, onx_graph ***out, size_t *n);
/* The graph that an attribute holds, or NULL. */
static inline onx_graph *onx_attr_graph(const onx_attr *a)
{
  return a->type == ONNXRUN_ATTR_GRAPH && !a->is_ref ? a->v.g : NULL;
}
/* The attribute of that name, or NULL. */
const onx_attr *onx_node_attr(const onx_node *n, const char *name);
/* Version of a domain among opsets, or 0. "ai.onnx" and "" are the same. */
int64_t onx_opset_version(const onx_opset *opsets, size_t n, onnxrun_string domain);

/* onx_fail with "node 3 'name' (Op): " before the text. */
onnxrun_status onx_node_fail(const onx_node *node, onnxrun_error *error, onnxrun_status s,
                             const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Bytes of a tensor of that type and those dims; false when a dim is negative or it does not fit.
 */
bool onx_tensor_bytes(onnxrun_dtype dtype, uint32_t rank, const int64_t *dims, size_t *elements,
                      size_t *bytes);
/* What a pointer to elements of the type must be a multiple of. */
size_t onx_alignment(onnxrun_dtype dtype);
/* "[1,3,224]" (-1 as "?") into the buffer, cut to fit; returns the buffer. */
const char *onx_dims_text(char *buffer, size_t size, uint32_t rank, const int64_t *dims);

/* A hash of bytes, going on from `seed`. */
uint64_t onx_hash(uint64_t seed, const void *data, size_t size);

bool onx_text_equal(onnxrun_string a, onnxrun_string b);
/* A string of the C text. */
onnxrun_string onx_text(const char *text);

/* Text to index; open addressing. Zero-initialise; memory from a pool; must stay where it is. */
typedef struct onx_table {
  struct onx_table_slot *slots;
  size_t n, capacity;
} onx_table;

/* The index stored for `key`, or ONX_NONE. */
uint32_t onx_table_find(const onx_table *t, onnxrun_string key);
/* Stores key (borrowed) with index, replacing what was there; false: no memory. */
bool onx_table_put(onx_table *t, onx_pool *pool, onnxrun_string key, uint32_t index);

#endif
