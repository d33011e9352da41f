/* call.h: the host's side of one kernel at one stage: what stands behind onnxrun_node and
 * onnxrun_host. Used by bind (prepare, pack), plan (shape) and the run. */
#ifndef ONX_CALL_H
#define ONX_CALL_H

#include "runtime/graph.h"

typedef enum onx_stage { ONX_PREPARE, ONX_PACK, ONX_SHAPE, ONX_RUN } onx_stage;

/* One node in the hands of a kernel. The caller sets it up by onx_call_init, fills `in` and the
 * types of `out`, and sets stage, error and pool; the arrays are the caller's workspace. */
struct onnxrun_node {
  const onx_node *node;
  onx_stage stage;
  onnxrun_error *error;
  onx_pool *pool;            /* what keep() takes from */
  const onnxrun_tensor **in; /* n_in of them; NULL: absent */
  onnxrun_tensor *out;       /* n_out of them */
  bool *declared;            /* n_out: output() was called */
  int32_t *align;            /* n_in: the output dim that input's first dim stands at, or -1 */
  bool is_planned;
  onnxrun_work work;
  onnxrun_status status; /* the first failure that a service recorded */
  /* ONX_RUN: gives data to output i, whose dims have been declared. */
  onnxrun_status (*allocate)(onnxrun_node *call, uint32_t i);
  void *user;
};

extern const onnxrun_host onx_host;

/* Whether outputs are declared before the run: by shape(), or by broadcasting a map's inputs. */
static inline bool onx_has_shape(const onnxrun_kernel *k)
{
  return k->shape || (k->flags & ONNXRUN_MAP);
}

/* Bytes of the copy of the params that shape() writes to. */
static inline size_t onx_plan_size(const onnxrun_kernel *k)
{
  return k->plan_size > k->params_size ? k->plan_size : k->params_size;
}
/* Writes that copy, onx_plan_size() bytes. */
void onx_copy_params(const onx_node *node, void *params);

/* A workspace for nodes of up to n_in inputs and n_out outputs, from a pool; false: no memory. */
bool onx_call_new(onnxrun_node *call, onx_pool *pool, size_t n_in, size_t n_out);
/* Makes it ready for `node`: no inputs, outputs without dims and data. */
void onx_call_begin(onnxrun_node *call, const onx_node *node, onx_stage stage, onx_pool *pool,
                    onnxrun_error *error);

/* Sets the inputs as prepare() and pack() see them: constants whole, of others the type, in
 * `unknown` (n_in). */
void onx_call_constants(onnxrun_node *call, const onx_graph *g, onnxrun_tensor *unknown);

/* Calls the kernel's shape(), or broadcasts for a map, and checks that every output is declared and
 * work is planned. Kernels without shape() are not for this. Every input needs its dims. */
onnxrun_status onx_call_shape(onnxrun_node *call, void *params);

/* Calls the kernel's run(), if it has one, with data in place. */
onnxrun_status onx_call_run(onnxrun_node *call, const void *params);

/* The loop for the node's key type, or what work.loop says; NULL: the kernel has none. */
onnxrun_loop_fn onx_call_loop(const onnxrun_node *call);

#endif
