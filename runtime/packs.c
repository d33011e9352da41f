/* packs.c: each node is packed once, under the model's lock. */
#include "runtime/packs.h"

#include "runtime/error.h"

typedef struct onx_pack {
  onx_packs *owner;
  bool is_made;
  const void *data;
} onx_pack;

onnxrun_status onx_packs_init(onx_packs *packs, onx_module *m, onnxrun_error *error)
{
  size_t n_in = 0, n_out = 0;
  for (size_t i = 0; i < m->main->n_nodes; i++) {
    onx_node *node = &m->main->nodes[i];
    if (!node->kernel->pack)
      continue;
    node->pack = onx_pool_take(&m->pool, sizeof *node->pack);
    if (!node->pack)
      return onx_heap_fail(m->pool.heap, sizeof *node->pack, "a node", error);
    node->pack->owner = packs;
    n_in = node->n_in > n_in ? node->n_in : n_in;
    n_out = node->n_out > n_out ? node->n_out : n_out;
  }
  packs->module = m;
  packs->unknown = onx_pool_array(&m->pool, n_in, sizeof *packs->unknown);
  if (!packs->unknown || !onx_call_new(&packs->call, &m->pool, n_in, n_out))
    return onx_heap_fail(m->pool.heap, n_in, "packing", error);
  packs->is_ready = pthread_mutex_init(&packs->lock, NULL) == 0;
  return packs->is_ready ? ONNXRUN_OK : onx_fail(error, ONNXRUN_NO_MEMORY, "no lock can be made");
}

void onx_packs_release(onx_packs *packs)
{
  if (packs->is_ready)
    pthread_mutex_destroy(&packs->lock);
}

static void make(onx_packs *packs, onx_pack *pack, onnxrun_node *call)
{
  onnxrun_node *own = &packs->call;
  onx_call_begin(own, call->node, ONX_PACK, &packs->module->pool, call->error);
  onx_call_constants(own, packs->module->main, packs->unknown);
  const void *data = call->node->kernel->pack(&onx_host, own, call->node->params);
  call->status = own->status;
  pack->is_made = own->status == ONNXRUN_OK;
  pack->data = pack->is_made ? data : NULL;
}

const void *onx_packs_take(onnxrun_node *call)
{
  onx_pack *pack = call->node->pack;
  if (!pack || call->status != ONNXRUN_OK)
    return NULL;
  pthread_mutex_lock(&pack->owner->lock);
  if (!pack->is_made)
    make(pack->owner, pack, call);
  const void *data = pack->data;
  pthread_mutex_unlock(&pack->owner->lock);
  return data;
}
