/* call.c: the services that kernels are given, and the calls of a kernel's functions. */
#include "runtime/call.h"

#include <stdio.h>
#include <string.h>

#include "runtime/error.h"
#include "runtime/packs.h"

static uint32_t host_n_inputs(const onnxrun_node *n)
{
  return n->node->n_in;
}

static uint32_t host_n_outputs(const onnxrun_node *n)
{
  return n->node->n_out;
}

static const onnxrun_tensor *host_input(onnxrun_node *n, uint32_t i)
{
  return i < n->node->n_in ? n->in[i] : NULL;
}

static const onnxrun_tensor *host_result(onnxrun_node *n, uint32_t i)
{
  return i < n->node->n_out && n->node->out[i] != ONX_NONE ? &n->out[i] : NULL;
}

static int32_t host_opset(const onnxrun_node *n)
{
  return n->node->opset;
}

static onnxrun_status host_fail(onnxrun_node *n, onnxrun_status s, const char *format, ...)
    ONX_PRINTF(3, 4);

static onnxrun_status host_fail(onnxrun_node *n, onnxrun_status s, const char *format, ...)
{
  if (n->status != ONNXRUN_OK)
    return n->status;
  char text[sizeof n->error->text];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  n->status = s;
  return onx_node_fail(n->node, n->error, s, "%s", text);
}

static onnxrun_status misuse(onnxrun_node *n, const char *what)
{
  return host_fail(n, ONNXRUN_INVALID_ARGUMENT, "the kernel calls %s", what);
}

static onnxrun_status host_type(onnxrun_node *n, uint32_t i, onnxrun_dtype t)
{
  if (n->stage != ONX_PREPARE)
    return misuse(n, "type() outside prepare()");
  if (onnxrun_bits(t) == 0)
    return host_fail(n, ONNXRUN_INVALID_MODEL, "element type %d of output %u does not exist",
                     (int)t, i);
  if (i < n->node->n_out)
    n->out[i].dtype = t;
  return ONNXRUN_OK;
}

static onnxrun_status host_output(onnxrun_node *n, uint32_t i, uint32_t rank, const int64_t *dims)
{
  if (n->stage != ONX_SHAPE && n->stage != ONX_RUN)
    return misuse(n, "output() before shape()");
  if (i >= n->node->n_out || n->status != ONNXRUN_OK)
    return n->status;
  if (n->stage == ONX_RUN && onx_has_shape(n->node->kernel))
    return misuse(n, "output() in run(), but shapes are declared before");
  if (n->stage == ONX_RUN && n->declared[i])
    return misuse(n, "output() twice in run()");
  if (rank > ONNXRUN_MAX_RANK)
    return host_fail(n, ONNXRUN_LIMIT, "output %u has rank %u, the most is %d", i, rank,
                     ONNXRUN_MAX_RANK);
  onnxrun_tensor *out = &n->out[i];
  size_t elements, bytes;
  if (!onx_tensor_bytes(out->dtype, rank, dims, &elements, &bytes)) {
    char text[96];
    return host_fail(n, ONNXRUN_LIMIT, "output %u cannot have the shape %s", i,
                     onx_dims_text(text, sizeof text, rank, dims));
  }
  out->rank = rank;
  memset(out->dims, 0, sizeof out->dims);
  if (rank > 0)
    memcpy(out->dims, dims, rank * sizeof *dims);
  out->bytes = bytes;
  n->declared[i] = true;
  if (n->stage == ONX_RUN && n->node->out[i] != ONX_NONE)
    n->status = n->allocate(n, i);
  return n->status;
}

/* What ABI 1 had of it. */
enum { WORK_BYTES = offsetof(onnxrun_work, reserved) + sizeof(int32_t) };

static onnxrun_status host_plan(onnxrun_node *n, const onnxrun_work *work)
{
  if (n->stage != ONX_SHAPE)
    return misuse(n, "plan() outside shape()");
  if (work->size < WORK_BYTES)
    return misuse(n, "plan() with less than an onnxrun_work");
  if (work->scratch > (size_t)PTRDIFF_MAX)
    return host_fail(n, ONNXRUN_LIMIT, "scratch of %zu bytes cannot be addressed", work->scratch);
  const size_t known = work->size < sizeof n->work ? work->size : sizeof n->work;
  n->work = (onnxrun_work)ONNXRUN_WORK_INIT;
  memcpy(&n->work, work, known);
  n->is_planned = true;
  return ONNXRUN_OK;
}

static onnxrun_status host_align(onnxrun_node *n, uint32_t i, uint32_t axis)
{
  if (n->stage != ONX_SHAPE)
    return misuse(n, "align() outside shape()");
  if (i < n->node->n_in)
    n->align[i] = (int32_t)axis;
  return ONNXRUN_OK;
}

static onnxrun_status no_memory(onnxrun_node *n, size_t bytes)
{
  onnxrun_error reason = {0};
  const onnxrun_status s = onx_heap_fail(n->pool->heap, bytes, "a kernel", &reason);
  return host_fail(n, s, "%s", reason.text);
}

static void *host_keep(onnxrun_node *n, size_t bytes)
{
  void *block = onx_pool_take(n->pool, bytes < ONX_ALIGN ? ONX_ALIGN : bytes);
  if (!block)
    no_memory(n, bytes);
  return block;
}

static const void *host_packed(onnxrun_node *n)
{
  if (n->stage == ONX_SHAPE)
    return onx_packs_take(n);
  misuse(n, "packed() outside shape()");
  return NULL;
}

static onnxrun_status host_own(onnxrun_node *n, void *object, void (*release)(void *object))
{
  if (onx_pool_own(n->pool, object, release))
    return ONNXRUN_OK;
  release(object);
  return no_memory(n, sizeof(void *));
}

const onnxrun_host onx_host = {
    .size = sizeof(onnxrun_host),
    .abi = ONNXRUN_ABI,
    .n_inputs = host_n_inputs,
    .n_outputs = host_n_outputs,
    .input = host_input,
    .result = host_result,
    .opset = host_opset,
    .type = host_type,
    .output = host_output,
    .plan = host_plan,
    .align = host_align,
    .keep = host_keep,
    .fail = host_fail,
    .packed = host_packed,
    .own = host_own,
};

void onx_copy_params(const onx_node *node, void *params)
{
  const size_t size = node->kernel->params_size;
  if (size > 0)
    memcpy(params, node->params, size);
  memset((char *)params + size, 0, onx_plan_size(node->kernel) - size);
}

bool onx_call_new(onnxrun_node *call, onx_pool *pool, size_t n_in, size_t n_out)
{
  *call = (onnxrun_node){0};
  call->in = onx_pool_array(pool, n_in, sizeof *call->in);
  call->out = onx_pool_array(pool, n_out, sizeof *call->out);
  call->declared = onx_pool_array(pool, n_out, sizeof *call->declared);
  call->align = onx_pool_array(pool, n_in, sizeof *call->align);
  return call->in && call->out && call->declared && call->align;
}

void onx_call_begin(onnxrun_node *call, const onx_node *node, onx_stage stage, onx_pool *pool,
                    onnxrun_error *error)
{
  call->node = node;
  call->stage = stage;
  call->pool = pool;
  call->error = error;
  call->is_planned = false;
  call->work = (onnxrun_work)ONNXRUN_WORK_INIT;
  call->status = ONNXRUN_OK;
  for (uint32_t i = 0; i < node->n_in; i++) {
    call->in[i] = NULL;
    call->align[i] = -1;
  }
  for (uint32_t i = 0; i < node->n_out; i++) {
    call->out[i] = (onnxrun_tensor){0};
    call->declared[i] = false;
  }
}

void onx_call_constants(onnxrun_node *call, const onx_graph *g, onnxrun_tensor *unknown)
{
  for (uint32_t i = 0; i < call->node->n_in; i++) {
    if (call->node->in[i] == ONX_NONE)
      continue;
    const onx_value *v = &g->values[call->node->in[i]];
    unknown[i] = (onnxrun_tensor){.dtype = v->dtype};
    call->in[i] = v->constant ? v->constant : &unknown[i];
  }
}

/* The place of dim d of input i in an output of that rank. */
static int64_t place_of(const onnxrun_node *call, uint32_t i, uint32_t d, uint32_t rank)
{
  return call->align[i] >= 0 ? (int64_t)call->align[i] + d : (int64_t)rank - call->in[i]->rank + d;
}

/* Grows dims by input i; names both inputs' dims when they do not broadcast. */
static onnxrun_status broadcast_one(onnxrun_node *call, uint32_t i, uint32_t rank, int64_t *dims)
{
  const onnxrun_tensor *t = call->in[i];
  for (uint32_t d = 0; d < t->rank; d++) {
    int64_t *dim = &dims[(int64_t)rank - t->rank + d];
    if (*dim == 1)
      *dim = t->dims[d];
    else if (t->dims[d] != 1 && t->dims[d] != *dim) {
      char a[64], b[64];
      return host_fail(call, ONNXRUN_INVALID_INPUT, "input %u of shape %s does not broadcast to %s",
                       i, onx_dims_text(a, sizeof a, t->rank, t->dims),
                       onx_dims_text(b, sizeof b, rank, dims));
    }
  }
  return ONNXRUN_OK;
}

/* The multidirectional broadcast of all inputs. */
static onnxrun_status broadcast_output(onnxrun_node *call)
{
  uint32_t rank = 0;
  int64_t dims[ONNXRUN_MAX_RANK];
  for (uint32_t i = 0; i < call->node->n_in; i++) {
    if (call->in[i] && call->in[i]->rank > rank)
      rank = call->in[i]->rank;
  }
  for (uint32_t d = 0; d < rank; d++)
    dims[d] = 1;
  for (uint32_t i = 0; i < call->node->n_in; i++) {
    if (call->in[i])
      ONX_TRY(broadcast_one(call, i, rank, dims));
  }
  return host_output(call, 0, rank, dims);
}

/* Every input of a map must fit under the declared output where it stands. */
static onnxrun_status check_places(onnxrun_node *call)
{
  const onnxrun_tensor *out = &call->out[0];
  for (uint32_t i = 0; i < call->node->n_in; i++) {
    const onnxrun_tensor *t = call->in[i];
    for (uint32_t d = 0; t && d < t->rank; d++) {
      const int64_t place = place_of(call, i, d, out->rank);
      const bool is_inside = place >= 0 && place < (int64_t)out->rank;
      if (t->dims[d] == 1 && (is_inside || call->align[i] < 0))
        continue;
      if (!is_inside || t->dims[d] != out->dims[place]) {
        char a[64], b[64];
        return host_fail(call, ONNXRUN_INVALID_INPUT,
                         "input %u of shape %s does not broadcast to the output's %s", i,
                         onx_dims_text(a, sizeof a, t->rank, t->dims),
                         onx_dims_text(b, sizeof b, out->rank, out->dims));
      }
    }
  }
  return ONNXRUN_OK;
}

static onnxrun_status check_declared(onnxrun_node *call)
{
  for (uint32_t i = 0; i < call->node->n_out; i++) {
    if (call->node->out[i] != ONX_NONE && !call->declared[i])
      return host_fail(call, ONNXRUN_INVALID_ARGUMENT, "the kernel does not declare output %u", i);
  }
  return ONNXRUN_OK;
}

onnxrun_status onx_call_shape(onnxrun_node *call, void *params)
{
  const onnxrun_kernel *k = call->node->kernel;
  if (k->shape) {
    const onnxrun_status s = k->shape(&onx_host, call, params);
    if (call->status != ONNXRUN_OK)
      return call->status;
    if (s != ONNXRUN_OK)
      return host_fail(call, s, "shape() failed");
  }
  if (k->flags & ONNXRUN_MAP) {
    if (!call->declared[0])
      ONX_TRY(broadcast_output(call));
    ONX_TRY(check_places(call));
  }
  ONX_TRY(check_declared(call));
  if ((k->flags & ONNXRUN_VIEW) && call->declared[0] &&
      (!call->in[0] || call->out[0].bytes != call->in[0]->bytes))
    return host_fail(call, ONNXRUN_INVALID_ARGUMENT, "the view has %zu bytes, its input %zu",
                     call->out[0].bytes, call->in[0] ? call->in[0]->bytes : 0);
  if (!call->is_planned && k->loops && !(k->flags & (ONNXRUN_MAP | ONNXRUN_VIEW)))
    return host_fail(call, ONNXRUN_INVALID_ARGUMENT, "the kernel does not plan its work");
  return ONNXRUN_OK;
}

onnxrun_status onx_call_run(onnxrun_node *call, const void *params)
{
  const onnxrun_kernel *k = call->node->kernel;
  if (!k->run)
    return ONNXRUN_OK;
  const onnxrun_status s = k->run(&onx_host, call, params);
  if (call->status != ONNXRUN_OK)
    return call->status;
  if (s != ONNXRUN_OK)
    return host_fail(call, s, "run() failed");
  return onx_has_shape(k) ? ONNXRUN_OK : check_declared(call);
}

onnxrun_loop_fn onx_call_loop(const onnxrun_node *call)
{
  if (call->work.loop)
    return call->work.loop;
  const onnxrun_kernel *k = call->node->kernel;
  const onnxrun_tensor *key = k->key < call->node->n_in ? call->in[k->key] : NULL;
  for (const onnxrun_loop *l = k->loops; l && l->run; l++) {
    if (l->dtype == ONNXRUN_UNDEFINED || (key && l->dtype == key->dtype))
      return l->run;
  }
  return NULL;
}
