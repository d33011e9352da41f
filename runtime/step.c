/* step.c: ranges of work. */
#include "runtime/step.h"

#include <string.h>

#include "runtime/chain.h"
#include "runtime/error.h"
#include "runtime/halves.h"

#define RANGE_CYCLES 20000.0     /* work of a range: some 5 microseconds, against 0.1 to claim it */
#define RANGES_MOST 512          /* but none is of more than... */
#define LONGEST_CYCLES 1500000.0 /* half a millisecond: a run may be stopped between ranges */
#define LIMIT_OF_RANGES 1e6
#define COPY_BLOCK ((size_t)4096)

/* Ranges depend on the work alone, never on the number of threads. */
void onx_step_cut(onx_step *step, double item_cost, size_t multiple)
{
  step->cost = (double)step->items * (item_cost > 0 ? item_cost : 1.0);
  double wanted = step->cost / RANGE_CYCLES;
  if (wanted > RANGES_MOST)
    wanted = step->cost / LONGEST_CYCLES > RANGES_MOST ? step->cost / LONGEST_CYCLES : RANGES_MOST;
  if (!(wanted <= LIMIT_OF_RANGES))
    wanted = LIMIT_OF_RANGES;
  const size_t ranges = wanted > 1 ? (size_t)wanted : 1;
  size_t grain = step->items / ranges + (step->items % ranges != 0);
  grain = (grain + multiple - 1) / multiple * multiple;
  step->grain = grain ? grain : 1;
  step->ranges = step->items / step->grain + (step->items % step->grain != 0);
  if (step->ranges == 0)
    step->ranges = 1;
}

/* Items of a map are its output's elements, or its runs when those are short. */
static onnxrun_status make_map(onx_step *step, onnxrun_node *call, onx_pool *pool,
                               onnxrun_error *error)
{
  const uint32_t n_in = call->node->n_in;
  size_t *steps = onx_pool_array(pool, n_in, sizeof *steps);
  if (!steps)
    return onx_heap_fail(pool->heap, n_in, "a broadcast", error);
  ONX_TRY(onx_spread_make(call, steps, &step->spread, pool, error));
  step->job.step = steps;
  step->items = onnxrun_elements(&call->out[0]);
  step->scratch = onx_whole_lines((size_t)n_in * sizeof(void *));
  onx_step_cut(step, call->node->kernel->item_cost, ONX_MAP_GRAIN);
  return ONNXRUN_OK;
}

static onnxrun_status make_arrays(onx_step *step, uint32_t n_in, uint32_t n_out, onx_pool *pool,
                                  onnxrun_error *error)
{
  step->job.in = onx_pool_array(pool, n_in, sizeof *step->job.in);
  step->job.out = onx_pool_array(pool, n_out, sizeof *step->job.out);
  step->job.n_in = n_in;
  if (!step->job.in || !step->job.out)
    return onx_heap_fail(pool->heap, n_in, "a step", error);
  return ONNXRUN_OK;
}

static onnxrun_status no_loop(const onnxrun_node *call, onnxrun_error *error)
{
  const uint32_t key = call->node->kernel->key;
  const onnxrun_tensor *t = key < call->node->n_in ? call->in[key] : NULL;
  return onx_node_fail(call->node, error, ONNXRUN_INVALID_ARGUMENT, "the kernel has no loop for %s",
                       onnxrun_dtype_name(t ? t->dtype : ONNXRUN_UNDEFINED));
}

onnxrun_status onx_step_make(onx_step *step, onnxrun_node *call, const void *params, onx_pool *pool,
                             onnxrun_error *error)
{
  *step = (onx_step){.node = call->node};
  ONX_TRY(make_arrays(step, call->node->n_in, call->node->n_out, pool, error));
  step->job.params = params;
  step->loop = onx_call_loop(call);
  ONX_TRY(onx_halves_by_float(step, call, pool, error));
  const onnxrun_kernel *k = call->node->kernel;
  if (!step->loop && !k->run && !(k->flags & ONNXRUN_VIEW))
    return no_loop(call, error);
  if (k->flags & ONNXRUN_MAP)
    return make_map(step, call, pool, error);
  step->items = call->work.items;
  step->part = call->work.part;
  step->scratch = onx_whole_lines(call->work.scratch);
  onx_step_cut(step, call->work.item_cost, 1);
  return ONNXRUN_OK;
}

static void copy_loop(const onnxrun_job *job, size_t begin, size_t end)
{
  const size_t bytes = *(const size_t *)job->params;
  const size_t from = begin * COPY_BLOCK, to = end * COPY_BLOCK < bytes ? end * COPY_BLOCK : bytes;
  memcpy((char *)job->out[0] + from, (const char *)job->in[0] + from, to - from);
}

onnxrun_status onx_step_copy(onx_step *step, uint32_t value, uint32_t result, size_t bytes,
                             onx_pool *pool, onnxrun_error *error)
{
  *step = (onx_step){.loop = copy_loop, .result = result, .n_reads = 1, .n_slots = 1};
  ONX_TRY(make_arrays(step, 1, 1, pool, error));
  size_t *params = onx_pool_take(pool, sizeof *params);
  step->reads = onx_pool_take(pool, sizeof *step->reads);
  step->slots = onx_pool_take(pool, sizeof *step->slots);
  if (!params || !step->reads || !step->slots)
    return onx_heap_fail(pool->heap, sizeof *params, "a step", error);
  step->reads[0].value = value;
  step->slots[0] = (onx_slot){(void **)onx_step_in(step, 0), value};
  *params = bytes;
  step->job.params = params;
  step->items = bytes / COPY_BLOCK + (bytes % COPY_BLOCK != 0);
  onx_step_cut(step, COPY_BLOCK / 16, 1);
  return ONNXRUN_OK;
}

static void list(onx_step *step, void **pointer, uint32_t value)
{
  if (step->slots)
    step->slots[step->n_slots++] = (onx_slot){pointer, value};
}

onnxrun_status onx_step_list_uses(onx_step *step, onx_pool *pool, onnxrun_error *error)
{
  const onx_node *node = step->node;
  const size_t n = (size_t)node->n_in + node->n_out;
  step->reads = onx_pool_array(pool, n, sizeof *step->reads);
  step->slots = step->job.in ? onx_pool_array(pool, n, sizeof *step->slots) : NULL;
  if (!step->reads || (step->job.in && !step->slots))
    return onx_heap_fail(pool->heap, n, "a step", error);
  for (uint32_t i = 0; i < node->n_in; i++) {
    if (node->in[i] == ONX_NONE)
      continue;
    step->reads[step->n_reads++].value = node->in[i];
    list(step, (void **)onx_step_in(step, i), node->in[i]);
  }
  step->makes = step->reads + step->n_reads;
  for (uint32_t i = 0; i < node->n_out; i++) {
    if (node->out[i] == ONX_NONE)
      continue;
    step->makes[step->n_makes++].value = node->out[i];
    list(step, onx_step_out(step, i), node->out[i]);
  }
  step->may_overwrite = node->kernel->flags & ONNXRUN_MAP;
  return ONNXRUN_OK;
}

static void spread_range(const onx_step *step, size_t begin, size_t end, void *scratch)
{
  const onx_spread *s = step->spread;
  const void **in = scratch;
  const size_t run = s->run, out_bytes = run * s->item[step->job.n_in];
  void *out = (char *)step->job.out[0] + begin / run * out_bytes;
  onnxrun_job job = step->job;
  job.in = in;
  job.out = &out;
  onx_walk walk;
  onx_spread_first(s, &step->job, begin / run, &walk, in);
  for (size_t from = begin % run; begin < end; from = 0) {
    const size_t to = end - begin < run - from ? from + (end - begin) : run;
    step->loop(&job, from, to);
    begin += to - from;
    out = (char *)out + out_bytes;
    onx_spread_next(s, job.n_in, &walk, in);
  }
}

void onx_step_range(const onx_step *step, size_t range, void *scratch)
{
  if ((!step->loop && !step->chain) || step->items == 0)
    return;
  const size_t begin = range * step->grain;
  const size_t end = step->items - begin < step->grain ? step->items : begin + step->grain;
  if (step->chain) {
    onx_chain_range(step->chain, begin, end, scratch);
    return;
  }
  if (step->spread) {
    spread_range(step, begin, end, scratch);
    return;
  }
  onnxrun_job job = step->job;
  job.scratch = scratch;
  step->loop(&job, begin, end);
}

static onnxrun_status allocate_from_pool(onnxrun_node *call, uint32_t i)
{
  call->out[i].data = onx_pool_take(call->user, call->out[i].bytes);
  return call->out[i].data ? ONNXRUN_OK
                           : onx_heap_fail(call->pool->heap, call->out[i].bytes,
                                           "a constant result", call->error);
}

static onnxrun_status run_serially(onx_step *step, onnxrun_node *call, onnxrun_error *error)
{
  for (uint32_t i = 0; i < call->node->n_in; i++)
    *onx_step_in(step, i) = call->in[i] ? call->in[i]->data : NULL;
  for (uint32_t i = 0; i < call->node->n_out; i++)
    *onx_step_out(step, i) = call->out[i].data;
  onx_heap *heap = call->pool->heap;
  void *scratch = onx_heap_take(heap, step->scratch);
  if (!scratch)
    return onx_heap_fail(heap, step->scratch, "scratch", error);
  for (size_t r = 0; r < step->ranges; r++)
    onx_step_range(step, r, scratch);
  onx_heap_give(heap, scratch, step->scratch);
  return ONNXRUN_OK;
}

/* A view's result is its input's memory, which lives as long as what is being made. */
static onnxrun_status place_results(onnxrun_node *call)
{
  const bool is_view = call->node->kernel->flags & ONNXRUN_VIEW;
  for (uint32_t i = 0; i < call->node->n_out; i++) {
    if (call->node->out[i] == ONX_NONE)
      continue;
    if (is_view && call->in[0]->data)
      call->out[i].data = call->in[0]->data;
    else
      ONX_TRY(allocate_from_pool(call, i));
  }
  return ONNXRUN_OK;
}

onnxrun_status onx_step_evaluate(onnxrun_node *call, void *params, onx_pool *pool,
                                 onnxrun_error *error)
{
  onx_step step = {0};
  call->allocate = allocate_from_pool;
  call->user = pool;
  if (onx_has_shape(call->node->kernel)) {
    ONX_TRY(onx_call_shape(call, params));
    ONX_TRY(place_results(call));
    ONX_TRY(onx_step_make(&step, call, params, call->pool, error));
  }
  call->stage = ONX_RUN;
  ONX_TRY(onx_call_run(call, params));
  return step.loop ? run_serially(&step, call, error) : ONNXRUN_OK;
}
