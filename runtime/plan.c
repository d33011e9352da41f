/* plan.c: shapes of all values for one set of input shapes, what is known without running, views,
 * and the steps that are left. */
#include "runtime/plan.h"

#include <string.h>

#include "runtime/bind.h"
#include "runtime/error.h"

#define KNOWN_BYTES ((size_t)64 << 10) /* larger results are left to the run */
/* Work that is worth waking a thread for: of steps that are cut into ranges, and of branches, which
 * wait for each other more often. */
#define PARALLEL_CYCLES 70000.0
#define BRANCH_CYCLES 200000.0

/* What the making of a plan needs and the plan does not. */
typedef struct onx_draft {
  const onx_module *module;
  onx_plan *plan;
  onnxrun_node call;
  bool *is_shaped; /* by value: dims are known */
  size_t cap_steps;
  onnxrun_error *error;
} onx_draft;

size_t onx_plan_key_size(const onnxrun_tensor *in, size_t n_in)
{
  size_t n = 0;
  for (size_t i = 0; i < n_in; i++)
    n += 1 + in[i].rank;
  return n;
}

void onx_plan_key(const onnxrun_tensor *in, size_t n_in, int64_t *key)
{
  for (size_t i = 0; i < n_in; i++) {
    *key++ = in[i].rank;
    memcpy(key, in[i].dims, in[i].rank * sizeof *key);
    key += in[i].rank;
  }
}

static onnxrun_status no_memory(onx_draft *d, size_t bytes)
{
  return onx_heap_fail(d->plan->pool.heap, bytes, "a plan", d->error);
}

/* A pointer that is not NULL for data without elements, so that "data is known" has one test. */
static const int64_t nothing[8];

static void place_constants(onx_draft *d)
{
  onx_plan *p = d->plan;
  for (size_t v = 0; v < p->graph->n_values; v++) {
    const onnxrun_tensor *constant = p->graph->values[v].constant;
    p->root[v] = (uint32_t)v;
    p->tensors[v].dtype = p->graph->values[v].dtype;
    if (!constant)
      continue;
    p->tensors[v] = *constant;
    if (constant->bytes == 0)
      p->tensors[v].data = (void *)nothing;
    p->place[v] = ONX_FIXED;
    d->is_shaped[v] = true;
  }
}

static void place_inputs(onx_draft *d, const onnxrun_tensor *in, size_t n_in)
{
  onx_plan *p = d->plan;
  for (size_t i = 0; i < n_in; i++) {
    const uint32_t v = p->graph->inputs[i];
    size_t elements;
    p->tensors[v] = in[i];
    p->tensors[v].data = NULL;
    onx_tensor_bytes(in[i].dtype, in[i].rank, in[i].dims, &elements, &p->tensors[v].bytes);
    p->place[v] = ONX_GIVEN;
    p->index[v] = (uint32_t)i;
    d->is_shaped[v] = true;
  }
}

static bool is_known(const onnxrun_tensor *t)
{
  return !t || t->data;
}

/* Sets the call's inputs; whether their dims, and the data that shape() reads, are known. */
static bool set_inputs(onx_draft *d, const onx_node *node)
{
  bool is_ready = true;
  for (uint32_t i = 0; i < node->n_in; i++) {
    const uint32_t v = node->in[i];
    if (v == ONX_NONE)
      continue;
    const onnxrun_operand *o = onx_operand_at(node->kernel->inputs, i);
    d->call.in[i] = &d->plan->tensors[v];
    is_ready =
        is_ready && d->is_shaped[v] &&
        (!(o->flags & ONNXRUN_VALUE) || is_known(d->call.in[i]) || d->plan->tensors[v].bytes == 0);
  }
  return is_ready;
}

static bool can_evaluate(const onx_draft *d, const onx_node *node)
{
  if (node->kernel->flags & ONNXRUN_RANDOM)
    return false;
  if (node->kernel->flags & ONNXRUN_SHAPE_ONLY)
    return true;
  for (uint32_t i = 0; i < node->n_in; i++) {
    if (!is_known(d->call.in[i]))
      return false;
  }
  return true;
}

static void set_output_types(onx_draft *d, const onx_node *node)
{
  for (uint32_t i = 0; i < node->n_out; i++) {
    if (node->out[i] != ONX_NONE)
      d->call.out[i].dtype = d->plan->graph->values[node->out[i]].dtype;
  }
}

/* Copies what the call declared into the plan's tensors. */
static void take_outputs(onx_draft *d, const onx_node *node, onx_place place)
{
  for (uint32_t i = 0; i < node->n_out; i++) {
    const uint32_t v = node->out[i];
    if (v == ONX_NONE)
      continue;
    d->plan->tensors[v] = d->call.out[i];
    d->plan->place[v] = (uint8_t)place;
    d->is_shaped[v] = true;
  }
}

static onx_step *new_step(onx_draft *d)
{
  onx_plan *p = d->plan;
  if (!onx_pool_grow(&p->pool, (void **)&p->steps, &d->cap_steps, p->n_steps + 1, sizeof *p->steps))
    return NULL;
  return &p->steps[p->n_steps++];
}

static onnxrun_status copy_params(onx_draft *d, const onx_node *node, void **params)
{
  const size_t size = onx_plan_size(node->kernel);
  *params = node->params;
  if (!node->kernel->shape || size == 0)
    return ONNXRUN_OK;
  *params = onx_pool_take(&d->plan->pool, size);
  if (!*params)
    return no_memory(d, size);
  onx_copy_params(node, *params);
  return ONNXRUN_OK;
}

static size_t widest(const onx_draft *d, const onx_node *node)
{
  size_t most = 0;
  for (uint32_t i = 0; i < node->n_out; i++) {
    if (node->out[i] != ONX_NONE && d->call.out[i].bytes > most)
      most = d->call.out[i].bytes;
  }
  return most;
}

/* Lets a step call its kernel during the run. */
static onnxrun_status add_dynamic(onx_draft *d, const onx_node *node, onx_step *step,
                                  onx_dynamic **out)
{
  onx_plan *p = d->plan;
  onx_dynamic *dynamic = onx_pool_take(&p->pool, sizeof *dynamic);
  if (!dynamic || !onx_call_new(&dynamic->call, &p->pool, node->n_in, node->n_out))
    return no_memory(d, sizeof *dynamic);
  dynamic->pool.heap = p->pool.heap;
  dynamic->heap = p->pool.heap;
  dynamic->tensors = p->tensors;
  step->dynamic = *out = dynamic;
  return ONNXRUN_OK;
}

/* A node whose shapes must wait for the run. */
static onnxrun_status plan_loose(onx_draft *d, const onx_node *node)
{
  onx_plan *p = d->plan;
  onx_dynamic *dynamic = NULL;
  onx_step *step = new_step(d);
  if (!step)
    return no_memory(d, sizeof *step);
  *step = (onx_step){.node = node, .ranges = 1};
  ONX_TRY(add_dynamic(d, node, step, &dynamic));
  dynamic->params = onx_pool_take(&p->pool, onx_plan_size(node->kernel));
  if (!dynamic->params)
    return no_memory(d, onx_plan_size(node->kernel));
  p->has_loose = true;
  return onx_step_list_uses(step, &p->pool, d->error);
}

/* A node with run(): its call is set up once, data pointers apart. */
static onnxrun_status plan_run(onx_draft *d, const onx_node *node, onx_step *step, void *params)
{
  onx_dynamic *dynamic = NULL;
  ONX_TRY(add_dynamic(d, node, step, &dynamic));
  onx_call_begin(&dynamic->call, node, ONX_RUN, &dynamic->pool, NULL);
  for (uint32_t i = 0; i < node->n_in; i++)
    dynamic->call.in[i] = d->call.in[i];
  for (uint32_t i = 0; i < node->n_out; i++)
    dynamic->call.out[i] = d->call.out[i];
  dynamic->params = params;
  dynamic->is_shaped = true;
  return ONNXRUN_OK;
}

/* Runs now what depends on shapes and constants alone, if its results are small. */
static onnxrun_status plan_known(onx_draft *d, const onx_node *node, void *params, bool *is_done)
{
  const bool has_shape = onx_has_shape(node->kernel);
  *is_done = false;
  if (!can_evaluate(d, node) || (has_shape && widest(d, node) > KNOWN_BYTES))
    return ONNXRUN_OK;
  onx_call_begin(&d->call, node, ONX_SHAPE, &d->plan->pool, d->error);
  set_inputs(d, node);
  set_output_types(d, node);
  if (params != node->params)
    onx_copy_params(node, params);
  ONX_TRY(onx_step_evaluate(&d->call, params, &d->plan->pool, d->error));
  take_outputs(d, node, ONX_FIXED);
  *is_done = true;
  return ONNXRUN_OK;
}

/* A view shares its input's memory. */
static bool plan_view(onx_draft *d, const onx_node *node)
{
  onx_plan *p = d->plan;
  if (!(node->kernel->flags & ONNXRUN_VIEW))
    return false;
  const uint32_t from = node->in[0], to = node->out[0];
  if (to == ONX_NONE)
    return true;
  take_outputs(d, node, (onx_place)p->place[from]);
  p->tensors[to].data = p->tensors[from].data;
  p->root[to] = p->root[from];
  return true;
}

static onnxrun_status plan_node(onx_draft *d, const onx_node *node)
{
  onx_plan *p = d->plan;
  const onnxrun_kernel *k = node->kernel;
  void *params;
  bool is_done;
  onx_call_begin(&d->call, node, ONX_SHAPE, &p->pool, d->error);
  const bool is_ready = set_inputs(d, node);
  set_output_types(d, node);
  const bool has_shape = onx_has_shape(k);
  if (!is_ready || (!has_shape && !can_evaluate(d, node)))
    return plan_loose(d, node);
  ONX_TRY(copy_params(d, node, &params));
  if (has_shape)
    ONX_TRY(onx_call_shape(&d->call, params));
  if (has_shape && plan_view(d, node))
    return ONNXRUN_OK;
  ONX_TRY(plan_known(d, node, params, &is_done));
  if (is_done)
    return ONNXRUN_OK;
  if (!has_shape)
    return plan_loose(d, node);
  take_outputs(d, node, ONX_ARENA);
  onx_step *step = new_step(d);
  if (!step)
    return no_memory(d, sizeof *step);
  ONX_TRY(onx_step_make(step, &d->call, params, &p->pool, d->error));
  ONX_TRY(onx_step_list_uses(step, &p->pool, d->error));
  return k->run && !(step->loop && d->call.work.skips_run) ? plan_run(d, node, step, params)
                                                           : ONNXRUN_OK;
}

/* An output takes the place of the value it names, unless that is not the run's to give: then it
 * is copied. LOOSE ones are handed over after the run. */
static onnxrun_status plan_output(onx_draft *d, uint32_t output)
{
  onx_plan *p = d->plan;
  const uint32_t v = p->graph->outputs[output], root = p->root[v];
  if (p->place[v] == ONX_LOOSE)
    return ONNXRUN_OK;
  if (p->place[root] == ONX_ARENA) {
    p->place[root] = ONX_RESULT;
    p->index[root] = output;
    return ONNXRUN_OK;
  }
  onx_step *step = new_step(d);
  if (!step)
    return no_memory(d, sizeof *step);
  return onx_step_copy(step, v, output, p->tensors[v].bytes, &p->pool, d->error);
}

/* Views take the place of their root now that outputs are settled; steps know their arrays. */
static void settle(onx_plan *p)
{
  for (size_t v = 0; v < p->graph->n_values; v++)
    p->place[v] = p->place[p->root[v]];
  double widest_step = 0, cut = 0;
  for (size_t s = 0; s < p->n_steps; s++) {
    const onx_step *step = &p->steps[s];
    p->cost += step->cost;
    cut += step->ranges > 1 ? step->cost : 0;
    if (step->scratch > p->scratch_bytes)
      p->scratch_bytes = step->scratch;
    widest_step = step->cost > widest_step ? step->cost : widest_step;
  }
  p->is_parallel =
      cut >= PARALLEL_CYCLES || (p->cost >= BRANCH_CYCLES && widest_step * 2 <= p->cost);
  p->is_parallel = p->is_parallel || p->has_loose;
}

static onnxrun_status new_plan(onx_heap *heap, const onx_graph *g, onx_plan **out,
                               onnxrun_error *error)
{
  onx_plan *p = onx_heap_take(heap, sizeof *p);
  if (!p)
    return onx_heap_fail(heap, sizeof *p, "a plan", error);
  memset(p, 0, sizeof *p);
  p->pool.heap = heap;
  p->graph = g;
  const size_t n = g->n_values;
  p->tensors = onx_pool_array(&p->pool, n, sizeof *p->tensors);
  p->place = onx_pool_array(&p->pool, n, sizeof *p->place);
  p->root = onx_pool_array(&p->pool, n, sizeof *p->root);
  p->index = onx_pool_array(&p->pool, n, sizeof *p->index);
  p->offset = onx_pool_array(&p->pool, n, sizeof *p->offset);
  p->uses = onx_pool_array(&p->pool, n, sizeof *p->uses);
  if (!p->tensors || !p->place || !p->root || !p->index || !p->offset || !p->uses) {
    const onnxrun_status s = onx_heap_fail(heap, n, "a plan", error);
    onx_plan_release(p);
    return s;
  }
  *out = p;
  return ONNXRUN_OK;
}

static onnxrun_status draft(onx_draft *d, const onnxrun_tensor *in, size_t n_in)
{
  onx_plan *p = d->plan;
  size_t most_in = 1, most_out = 1;
  for (size_t i = 0; i < p->graph->n_nodes; i++) {
    const onx_node *node = &p->graph->nodes[i];
    most_in = node->n_in > most_in ? node->n_in : most_in;
    most_out = node->n_out > most_out ? node->n_out : most_out;
  }
  p->n_key = onx_plan_key_size(in, n_in);
  p->key = onx_pool_array(&p->pool, p->n_key, sizeof *p->key);
  d->is_shaped = onx_pool_array(&p->pool, p->graph->n_values, sizeof *d->is_shaped);
  if (!p->key || !d->is_shaped || !onx_call_new(&d->call, &p->pool, most_in, most_out))
    return no_memory(d, p->n_key);
  onx_plan_key(in, n_in, p->key);
  place_constants(d);
  place_inputs(d, in, n_in);
  for (size_t i = 0; i < p->graph->n_nodes; i++)
    ONX_TRY(plan_node(d, &p->graph->nodes[i]));
  for (size_t i = 0; i < p->graph->n_outputs; i++)
    ONX_TRY(plan_output(d, (uint32_t)i));
  if (d->module->fuses)
    ONX_TRY(onx_plan_fuse(p, d->module->has_epilogues, d->error));
  settle(p);
  return onx_plan_layout(p, d->error);
}

onnxrun_status onx_plan_create(onx_heap *heap, const onx_module *m, const onnxrun_tensor *in,
                               size_t n_in, onx_plan **out, onnxrun_error *error)
{
  onx_draft d = {.module = m, .error = error};
  ONX_TRY(new_plan(heap, m->main, &d.plan, error));
  const onnxrun_status s = draft(&d, in, n_in);
  if (s != ONNXRUN_OK)
    onx_plan_release(d.plan);
  else
    *out = d.plan;
  return s;
}

void onx_plan_release(onx_plan *plan)
{
  if (!plan)
    return;
  for (size_t s = 0; s < plan->n_steps; s++) {
    if (plan->steps[s].dynamic)
      onx_pool_release(&plan->steps[s].dynamic->pool);
  }
  onx_heap *heap = plan->pool.heap;
  onx_pool_release(&plan->pool);
  onx_heap_give(heap, plan, sizeof *plan);
}
