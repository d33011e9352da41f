/* packs.h: constant inputs as kernels arrange them: made when a plan first asks for them, shared by
 * all sessions of the model. */
#ifndef ONX_PACKS_H
#define ONX_PACKS_H

#include <pthread.h>

#include "runtime/call.h"

typedef struct onx_packs {
  pthread_mutex_t lock; /* guards all that follows, and from now on the module's pool */
  bool is_ready;        /* it can be destroyed */
  onx_module *module;
  onnxrun_node call;
  onnxrun_tensor *unknown;
} onx_packs;

/* Gives every node of the settled graph whose kernel can pack a place for it. */
onnxrun_status onx_packs_init(onx_packs *packs, onx_module *m, onnxrun_error *error);
/* The memory is the module's. */
void onx_packs_release(onx_packs *packs);

/* What is packed for the call's node; NULL: nothing, or a failure that the call has recorded, after
 * which it can be tried again. Thread-safe. */
const void *onx_packs_take(onnxrun_node *call);

#endif
