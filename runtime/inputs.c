/* inputs.c: a run's inputs against what the model says of them. */
#include "runtime/inputs.h"

#include <string.h>

#include "runtime/error.h"
#include "runtime/value.h"

/* Adds the named dims of input i; `table` says where each name was seen first. */
static bool find_same(onx_inputs *inputs, uint32_t i, onx_pool *pool, onx_table *table)
{
  const onx_graph *g = inputs->graph;
  const onx_value *v = &g->values[g->inputs[i]];
  for (uint32_t d = 0; v->dim_names && (int32_t)d < v->rank; d++) {
    if (!v->dim_names[d])
      continue;
    const onnxrun_string name = onx_text(v->dim_names[d]);
    const uint32_t place = i * ONNXRUN_MAX_RANK + d, first = onx_table_find(table, name);
    if (first == ONX_NONE && !onx_table_put(table, pool, name, place))
      return false;
    if (first == ONX_NONE)
      continue;
    if (!onx_pool_grow(pool, (void **)&inputs->same, &inputs->cap_same, inputs->n_same + 1,
                       sizeof *inputs->same))
      return false;
    inputs->same[inputs->n_same++] =
        (onx_same){i, d, first / ONNXRUN_MAX_RANK, first % ONNXRUN_MAX_RANK};
  }
  return true;
}

onnxrun_status onx_inputs_init(onx_inputs *inputs, const onx_graph *graph, onx_pool *pool,
                               onnxrun_error *error)
{
  onx_table table = {0};
  bool is_ok = graph->n_inputs < ONX_NONE / ONNXRUN_MAX_RANK;
  *inputs = (onx_inputs){.graph = graph};
  for (uint32_t i = 0; is_ok && i < graph->n_inputs; i++)
    is_ok = find_same(inputs, i, pool, &table);
  return is_ok ? ONNXRUN_OK : onx_heap_fail(pool->heap, graph->n_inputs, "names of dims", error);
}

static onnxrun_status check_dims(const onx_value *v, const onnxrun_tensor *t, onnxrun_error *error)
{
  if (v->rank >= 0 && t->rank != (uint32_t)v->rank)
    return onx_fail(error, ONNXRUN_INVALID_INPUT, "input '%s' has rank %u, expected %d",
                    v->name.data, t->rank, v->rank);
  for (uint32_t d = 0; d < t->rank; d++) {
    const int64_t wanted = v->rank >= 0 ? v->dims[d] : -1;
    if (t->dims[d] < 0 || (wanted >= 0 && t->dims[d] != wanted)) {
      char found[96], expected[96];
      return onx_fail(
          error, ONNXRUN_INVALID_INPUT, "input '%s': dim %u is %lld; the shape is %s, expected %s",
          v->name.data, d, (long long)t->dims[d],
          onx_dims_text(found, sizeof found, t->rank, t->dims),
          onx_dims_text(expected, sizeof expected, t->rank, v->rank >= 0 ? v->dims : t->dims));
    }
  }
  return ONNXRUN_OK;
}

/* What strings and items point to. */
static onnxrun_status check_inside(const onx_value *v, const onnxrun_tensor *t,
                                   onnxrun_error *error)
{
  onnxrun_error inner;
  if (t->dtype != ONNXRUN_STRING && !onx_is_container(t->dtype))
    return ONNXRUN_OK;
  if (onx_value_check(t, ONX_NESTING, &inner) == ONNXRUN_OK)
    return ONNXRUN_OK;
  return onx_fail(error, ONNXRUN_INVALID_INPUT, "input '%s': %s", v->name.data, inner.text);
}

static onnxrun_status check_input(const onx_value *v, const onnxrun_tensor *t, bool has_data,
                                  onnxrun_error *error)
{
  size_t elements, bytes;
  if (t->dtype != v->dtype)
    return onx_fail(error, ONNXRUN_INVALID_INPUT, "input '%s' is %s, expected %s", v->name.data,
                    onnxrun_dtype_name(t->dtype), onnxrun_dtype_name(v->dtype));
  if (t->rank > ONNXRUN_MAX_RANK)
    return onx_fail(error, ONNXRUN_INVALID_INPUT, "input '%s' has rank %u, the most is %d",
                    v->name.data, t->rank, ONNXRUN_MAX_RANK);
  ONX_TRY(check_dims(v, t, error));
  if (!onx_tensor_bytes(t->dtype, t->rank, t->dims, &elements, &bytes))
    return onx_fail(error, ONNXRUN_INVALID_INPUT, "input '%s' is too large", v->name.data);
  if (!has_data)
    return ONNXRUN_OK;
  if (t->bytes < bytes || (!t->data && bytes > 0))
    return onx_fail(error, ONNXRUN_INVALID_INPUT, "input '%s' has %zu bytes, its shape needs %zu",
                    v->name.data, t->data ? t->bytes : 0, bytes);
  if ((uintptr_t)t->data % onx_alignment(t->dtype) != 0)
    return onx_fail(error, ONNXRUN_INVALID_ARGUMENT, "input '%s' is not aligned to its type",
                    v->name.data);
  return check_inside(v, t, error);
}

/* Dims of one name must be of one size. */
static onnxrun_status check_names(const onx_inputs *inputs, const onnxrun_tensor *in,
                                  onnxrun_error *error)
{
  const onx_graph *g = inputs->graph;
  for (size_t i = 0; i < inputs->n_same; i++) {
    const onx_same *s = &inputs->same[i];
    const int64_t found = in[s->input].dims[s->dim], first = in[s->first].dims[s->first_dim];
    const onx_value *v = &g->values[g->inputs[s->input]];
    if (found != first)
      return onx_fail(error, ONNXRUN_INVALID_INPUT,
                      "input '%s': dim %u ('%s') is %lld, elsewhere it is %lld", v->name.data,
                      s->dim, v->dim_names[s->dim], (long long)found, (long long)first);
  }
  return ONNXRUN_OK;
}

static onnxrun_status check(const onx_inputs *inputs, const onnxrun_tensor *in, size_t n_in,
                            bool has_data, onnxrun_error *error)
{
  const onx_graph *g = inputs->graph;
  if (n_in != g->n_inputs || (n_in > 0 && !in))
    return onx_fail(error, ONNXRUN_INVALID_INPUT, "%zu inputs are given, the model has %zu",
                    in ? n_in : 0, g->n_inputs);
  for (size_t i = 0; i < n_in; i++)
    ONX_TRY(check_input(&g->values[g->inputs[i]], &in[i], has_data, error));
  return check_names(inputs, in, error);
}

onnxrun_status onx_inputs_check(const onx_inputs *inputs, const onnxrun_tensor *in, size_t n_in,
                                onnxrun_error *error)
{
  return check(inputs, in, n_in, true, error);
}

onnxrun_status onx_inputs_check_shapes(const onx_inputs *inputs, const onnxrun_tensor *in,
                                       size_t n_in, onnxrun_error *error)
{
  return check(inputs, in, n_in, false, error);
}
