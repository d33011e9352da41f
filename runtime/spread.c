/* spread.c: see spread.h. */
#include "runtime/spread.h"

#include <string.h>

#include "runtime/error.h"

/* Elements input i advances by when dim d of the output does; 0 where it is broadcast. */
static size_t stride_of(const onnxrun_node *call, uint32_t i, uint32_t d)
{
  const onnxrun_tensor *t = call->in[i], *out = &call->out[0];
  const int64_t own = call->align[i] >= 0 ? (int64_t)d - call->align[i]
                                          : (int64_t)d - ((int64_t)out->rank - t->rank);
  if (own < 0 || own >= (int64_t)t->rank || t->dims[own] == 1)
    return 0;
  size_t stride = 1;
  for (uint32_t e = (uint32_t)own + 1; e < t->rank; e++)
    stride *= (size_t)t->dims[e];
  return stride;
}

/* The output's dims with those of size 1 left out and neighbours joined wherever every input walks
 * through both as through one; strides[i * MAX_RANK + d]. */
typedef struct onx_joined {
  uint32_t rank;
  size_t dims[ONNXRUN_MAX_RANK];
  size_t *strides;
} onx_joined;

static bool can_join(const onnxrun_node *call, const onx_joined *j, uint32_t d, size_t dim)
{
  for (uint32_t i = 0; i < call->node->n_in; i++) {
    if (call->in[i] &&
        j->strides[i * ONNXRUN_MAX_RANK + j->rank - 1] != stride_of(call, i, d) * dim)
      return false;
  }
  return true;
}

static void join_dims(const onnxrun_node *call, onx_joined *j)
{
  const onnxrun_tensor *out = &call->out[0];
  for (uint32_t d = 0; d < out->rank; d++) {
    const size_t dim = (size_t)out->dims[d];
    if (dim == 1)
      continue;
    const bool joins = j->rank > 0 && can_join(call, j, d, dim);
    if (joins)
      j->dims[j->rank - 1] *= dim;
    else
      j->dims[j->rank++] = dim;
    for (uint32_t i = 0; i < call->node->n_in; i++) {
      if (call->in[i])
        j->strides[i * ONNXRUN_MAX_RANK + j->rank - 1] = stride_of(call, i, d);
    }
  }
}

static onnxrun_status make_runs(onnxrun_node *call, const onx_joined *j, const onx_spread **out,
                                onx_pool *pool, onnxrun_error *error)
{
  const uint32_t n_in = call->node->n_in, rank = j->rank - 1;
  onx_spread *spread = onx_pool_take(pool, sizeof *spread);
  size_t *bytes = onx_pool_array(pool, (size_t)n_in * (rank + 1) + 1, sizeof *bytes);
  if (!spread || !bytes)
    return onx_heap_fail(pool->heap, sizeof *spread, "a broadcast", error);
  *spread = (onx_spread){j->dims[rank], rank, {0}, bytes, bytes + (size_t)n_in * rank};
  memcpy(spread->dims, j->dims, rank * sizeof *j->dims);
  for (uint32_t i = 0; i <= n_in; i++) {
    const onnxrun_tensor *t = i < n_in ? call->in[i] : &call->out[0];
    const uint32_t bits = t ? onnxrun_bits(t->dtype) : 0;
    if (t && bits < 8)
      return onx_node_fail(call->node, error, ONNXRUN_UNSUPPORTED,
                           "broadcast of packed elements (%s)", onnxrun_dtype_name(t->dtype));
    spread->item[i] = bits / 8;
    for (uint32_t d = 0; i < n_in && d < rank; d++)
      spread->bytes[i * rank + d] = j->strides[i * ONNXRUN_MAX_RANK + d] * spread->item[i];
  }
  *out = spread;
  return ONNXRUN_OK;
}

onnxrun_status onx_spread_make(onnxrun_node *call, size_t *steps, const onx_spread **spread,
                               onx_pool *pool, onnxrun_error *error)
{
  const uint32_t n_in = call->node->n_in;
  onx_joined j = {0};
  j.strides = onx_pool_array(pool, (size_t)n_in * ONNXRUN_MAX_RANK, sizeof *j.strides);
  if (!j.strides)
    return onx_heap_fail(pool->heap, n_in, "a broadcast", error);
  join_dims(call, &j);
  for (uint32_t i = 0; i < n_in && j.rank > 0; i++)
    steps[i] = j.strides[i * ONNXRUN_MAX_RANK + j.rank - 1];
  if (j.rank < 2 || onnxrun_elements(&call->out[0]) == 0)
    return ONNXRUN_OK;
  return make_runs(call, &j, spread, pool, error);
}

void onx_spread_first(const onx_spread *s, const onnxrun_job *job, size_t r, onx_walk *walk,
                      const void **in)
{
  for (size_t i = 0; i < job->n_in; i++)
    in[i] = job->in[i];
  for (uint32_t d = s->rank; d-- > 0;) {
    walk->at[d] = r % s->dims[d];
    r /= s->dims[d];
    for (size_t i = 0; i < job->n_in; i++) {
      if (in[i])
        in[i] = (const char *)in[i] + walk->at[d] * s->bytes[i * s->rank + d];
    }
  }
}

/* Short runs are too many for a division each. */
void onx_spread_next(const onx_spread *s, size_t n_in, onx_walk *walk, const void **in)
{
  for (uint32_t d = s->rank; d-- > 0;) {
    const bool is_last = walk->at[d] + 1 == s->dims[d];
    const size_t back = is_last ? walk->at[d] : 0;
    walk->at[d] = is_last ? 0 : walk->at[d] + 1;
    for (size_t i = 0; i < n_in; i++) {
      const size_t bytes = s->bytes[i * s->rank + d];
      if (in[i])
        in[i] = is_last ? (const char *)in[i] - back * bytes : (const char *)in[i] + bytes;
    }
    if (!is_last)
      return;
  }
}
