/* schedule.c: ready steps and ranges claimed by workers.
 *
 * A step is ready when all it waits for is finished; it is then put at the end of `ready`. Workers
 * walk `ready` from `head` and claim ranges from a step's ends, by counting; whoever finishes the
 * last range of a step releases those that wait for it. Nobody holds a lock. A worker without work
 * spins, then rests: it never outlives the run. */
#include "runtime/schedule.h"

#include <sched.h>
#include <string.h>
#include <time.h>

#include "runtime/cpu.h"
#include "runtime/error.h"

#define WORKER_CYCLES 35000.0 /* work that makes another worker worth waking */
/* Some 100 microseconds, longer than most steps, before a worker without work sleeps. Workers that
 * may be waiting for each other's processor yield at once. */
#define SPINS_BEFORE_REST 8192
#define SPINS_IN_A_CROWD 64

onx_schedule *onx_schedule_new(onx_plan *plan, const onx_watch *watch)
{
  onx_schedule *q = onx_pool_take(&plan->pool, sizeof *q);
  if (!q)
    return NULL;
  q->plan = plan;
  q->watch = watch;
  q->progress = onx_pool_array(&plan->pool, plan->n_steps, sizeof *q->progress);
  q->ready = onx_pool_array(&plan->pool, plan->n_steps, sizeof *q->ready);
  q->uses =
      onx_pool_array(&plan->pool, plan->has_loose ? plan->graph->n_values : 0, sizeof *q->uses);
  return q->progress && q->ready && q->uses ? q : NULL;
}

size_t onx_schedule_workers(const onx_plan *plan, size_t threads)
{
  if (!plan->is_parallel || threads < 2)
    return 1;
  const double worth = plan->has_loose ? (double)threads : plan->cost / WORKER_CYCLES;
  return worth >= (double)threads ? threads : worth < 1 ? 1 : (size_t)worth;
}

static bool is_loose(const onx_step *step)
{
  return step->dynamic && !step->dynamic->is_shaped;
}

static void release_loose(onx_schedule *q, uint32_t v)
{
  onnxrun_tensor *t = &q->plan->tensors[v];
  onx_heap_give(q->plan->pool.heap, t->data, t->bytes);
  t->data = NULL;
}

/* Gives data to output i of a LOOSE step. */
static onnxrun_status allocate_loose(onnxrun_node *call, uint32_t i)
{
  onx_dynamic *d = call->user;
  onnxrun_tensor *out = &call->out[i];
  out->data = onx_heap_take(d->heap, out->bytes);
  if (!out->data)
    return onx_heap_fail(d->heap, out->bytes, "a result", call->error);
  d->tensors[call->node->out[i]] = *out;
  return ONNXRUN_OK;
}

/* Shapes and places a step whose inputs' shapes are known only now. */
static onnxrun_status shape_loose(onx_step *step, size_t workers, onnxrun_error *error)
{
  onx_dynamic *d = step->dynamic;
  const onx_node *node = step->node;
  const bool has_shape = onx_has_shape(node->kernel);
  onx_call_begin(&d->call, node, has_shape ? ONX_SHAPE : ONX_RUN, &d->pool, error);
  for (uint32_t i = 0; i < node->n_in; i++)
    d->call.in[i] = node->in[i] == ONX_NONE ? NULL : &d->tensors[node->in[i]];
  for (uint32_t i = 0; i < node->n_out; i++) {
    if (node->out[i] != ONX_NONE)
      d->call.out[i].dtype = d->tensors[node->out[i]].dtype;
  }
  d->call.allocate = allocate_loose;
  d->call.user = d;
  onx_copy_params(node, d->params);
  onx_step made = {.node = node, .ranges = 1};
  if (has_shape) {
    ONX_TRY(onx_call_shape(&d->call, d->params));
    for (uint32_t i = 0; i < node->n_out; i++) {
      if (node->out[i] != ONX_NONE)
        ONX_TRY(allocate_loose(&d->call, i));
    }
    ONX_TRY(onx_step_make(&made, &d->call, d->params, &d->pool, error));
  }
  made.dynamic = d;
  made.reads = step->reads;
  made.n_reads = step->n_reads;
  made.makes = step->makes;
  made.n_makes = step->n_makes;
  *step = made;
  if (!onx_mul(made.scratch, workers, &d->scratch_bytes))
    return onx_node_fail(node, error, ONNXRUN_LIMIT, "scratch of %zu bytes for %zu workers",
                         made.scratch, workers);
  d->scratch = d->scratch_bytes ? onx_heap_take(d->heap, d->scratch_bytes) : NULL;
  return d->scratch_bytes && !d->scratch
             ? onx_heap_fail(d->heap, d->scratch_bytes, "scratch", error)
             : ONNXRUN_OK;
}

static void point_loose(onx_step *step)
{
  const onx_dynamic *d = step->dynamic;
  for (uint32_t i = 0; step->job.in && i < step->node->n_in; i++)
    *onx_step_in(step, i) = d->call.in[i] ? d->call.in[i]->data : NULL;
  for (uint32_t i = 0; step->job.out && i < step->node->n_out; i++)
    *onx_step_out(step, i) = d->call.out[i].data;
  if ((step->node->kernel->flags & ONNXRUN_VIEW) && d->call.out[0].bytes > 0)
    memcpy(d->call.out[0].data, d->call.in[0]->data, d->call.out[0].bytes);
}

/* What a step with a call does before its ranges. */
static onnxrun_status begin(onx_schedule *q, onx_step *step, onnxrun_error *error)
{
  onx_dynamic *d = step->dynamic;
  if (d->pool.chunks)
    onx_pool_release(&d->pool);
  if (is_loose(step)) {
    ONX_TRY(shape_loose(step, q->workers, error));
  } else {
    for (uint32_t i = 0; i < step->node->n_out; i++)
      d->call.out[i].data = step->job.out[i];
  }
  d->call.stage = ONX_RUN;
  d->call.error = error;
  d->call.status = ONNXRUN_OK;
  ONX_TRY(onx_call_run(&d->call, d->params));
  if (is_loose(step))
    point_loose(step);
  return ONNXRUN_OK;
}

static void release_scratch(const onx_step *step)
{
  onx_dynamic *d = step->dynamic;
  if (d && d->scratch) {
    onx_heap_give(d->heap, d->scratch, d->scratch_bytes);
    d->scratch = NULL;
  }
}

/* Frees what nobody reads any more. */
static void end(onx_schedule *q, const onx_step *step)
{
  onx_plan *p = q->plan;
  release_scratch(step);
  for (uint32_t i = 0; i < step->n_reads; i++) {
    const uint32_t v = step->reads[i].value;
    if (p->place[v] == ONX_LOOSE && atomic_fetch_sub(&q->uses[v], 1) == 1)
      release_loose(q, v);
  }
}

static void *scratch_of(const onx_schedule *q, const onx_step *step, size_t worker)
{
  if (is_loose(step))
    return step->dynamic->scratch ? (char *)step->dynamic->scratch + worker * step->scratch : NULL;
  return q->scratch + worker * q->plan->scratch_bytes;
}

static onnxrun_status run_step(onx_schedule *q, onx_step *step, onnxrun_error *error)
{
  const onx_watch *w = q->watch;
  const uint64_t start = w->options.node ? onx_watch_time(w) : 0;
  ONX_TRY(onx_watch_check(w, error));
  if (step->dynamic)
    ONX_TRY(begin(q, step, error));
  void *scratch = scratch_of(q, step, 0);
  onx_step_range(step, 0, scratch);
  for (size_t r = 1; r < step->ranges; r++) {
    ONX_TRY(onx_watch_check(w, error));
    onx_step_range(step, r, scratch);
  }
  if (w->options.node)
    onx_watch_tell(w, q->plan, step, start, 0);
  if (q->plan->has_loose)
    end(q, step);
  return ONNXRUN_OK;
}

static onnxrun_status run_serially(onx_schedule *q, onnxrun_error *error)
{
  onx_plan *p = q->plan;
  for (size_t s = 0; s < p->n_steps; s++)
    ONX_TRY(run_step(q, &p->steps[s], error));
  return ONNXRUN_OK;
}

static void fail(onx_schedule *q, onnxrun_status s, const onnxrun_error *error)
{
  if (!atomic_flag_test_and_set(&q->has_error)) {
    q->error = *error;
    atomic_store(&q->status, (int)s);
  }
}

static void make_ready(onx_schedule *q, uint32_t s)
{
  onx_step *step = &q->plan->steps[s];
  q->progress[s].start_ns = 0;
  if (step->dynamic) {
    onnxrun_error error = {0};
    if (q->watch->options.node)
      q->progress[s].start_ns = onx_watch_time(q->watch);
    const onnxrun_status status = begin(q, step, &error);
    if (status != ONNXRUN_OK) {
      fail(q, status, &error);
      return;
    }
  }
  atomic_store_explicit(&q->progress[s].left, step->ranges, memory_order_relaxed);
  const size_t at = atomic_fetch_add(&q->tail, 1);
  atomic_store_explicit(&q->ready[at], s, memory_order_release);
}

static void finish(onx_schedule *q, uint32_t s, size_t worker)
{
  const onx_plan *p = q->plan;
  if (q->watch->options.node)
    onx_watch_tell(q->watch, p, &p->steps[s], q->progress[s].start_ns, worker);
  if (p->has_loose)
    end(q, &p->steps[s]);
  for (size_t e = p->next_at[s]; e < p->next_at[s + 1]; e++) {
    if (atomic_fetch_sub(&q->progress[p->next[e]].waits, 1) == 1)
      make_ready(q, p->next[e]);
  }
  atomic_fetch_add(&q->finished, 1);
}

/* The first of several workers sets the time, whatever range it has. */
static void note_start(onx_schedule *q, onx_progress *progress)
{
  uint64_t none = 0;
  if (atomic_load_explicit(&progress->start_ns, memory_order_relaxed) == 0)
    atomic_compare_exchange_strong(&progress->start_ns, &none, onx_watch_time(q->watch));
}

/* Claims a range: the first that is left, or for every other worker the last. So a core has the
 * same part of one value after the other, in its own cache. false: all of them are claimed. */
static bool claim(onx_progress *progress, size_t ranges, size_t worker, size_t *range)
{
  const bool is_last = worker & 1;
  uint64_t claimed = atomic_load_explicit(&progress->claimed, memory_order_relaxed);
  if ((uint32_t)claimed + (claimed >> 32) >= ranges)
    return false;
  claimed = atomic_fetch_add(&progress->claimed, is_last ? UINT64_C(1) << 32 : 1);
  const size_t first = (uint32_t)claimed, last = (size_t)(claimed >> 32);
  *range = is_last ? ranges - 1 - last : first;
  return first + last < ranges;
}

/* Claims and computes one range of step s; false: all of them are claimed. */
static bool work_on(onx_schedule *q, uint32_t s, size_t worker)
{
  const onx_step *step = &q->plan->steps[s];
  onx_progress *progress = &q->progress[s];
  size_t range;
  if (!claim(progress, step->ranges, worker, &range))
    return false;
  if (q->watch->options.node)
    note_start(q, progress);
  onx_step_range(step, range, scratch_of(q, step, worker));
  if (atomic_fetch_sub(&progress->left, 1) == 1)
    finish(q, s, worker);
  return true;
}

/* Computes one range of the first ready step that has any; false: there is none at the moment. */
static bool work_once(onx_schedule *q, size_t worker)
{
  const size_t tail = atomic_load_explicit(&q->tail, memory_order_acquire);
  for (size_t at = atomic_load(&q->head); at < tail; at++) {
    const uint32_t s = atomic_load_explicit(&q->ready[at], memory_order_acquire);
    if (s == ONX_NONE)
      return false;
    if (work_on(q, s, worker))
      return true;
    size_t expected = at;
    atomic_compare_exchange_strong(&q->head, &expected, at + 1);
  }
  return false;
}

static bool is_over(onx_schedule *q)
{
  return atomic_load(&q->finished) == q->plan->n_steps || atomic_load(&q->status) != ONNXRUN_OK;
}

/* Whether the run is to be stopped, and then it is. */
static bool is_stopped(onx_schedule *q)
{
  if (onx_watch_check(q->watch, NULL) == ONNXRUN_OK)
    return false;
  onnxrun_error error = {0};
  fail(q, onx_watch_look(q->watch, &error), &error);
  return true;
}

/* Yielding makes no room for a thread that waits for this one's processor with less right to it, so
 * that one would come only after a slice; there is nothing else to do, so sleep. In a crowd
 * somebody has always something to do. */
static void rest(const onx_schedule *q)
{
  const struct timespec moment = {0, 1000};
  if (q->is_crowded)
    sched_yield();
  else
    nanosleep(&moment, NULL);
}

static void work(void *arg, size_t index, size_t worker)
{
  (void)worker; /* an executor may run several tasks on one thread; scratch goes by task */
  onx_schedule *q = arg;
  const unsigned most = q->is_crowded ? SPINS_IN_A_CROWD : SPINS_BEFORE_REST;
  unsigned spins = 0;
  while (!is_over(q) && !is_stopped(q)) {
    if (work_once(q, index))
      spins = 0;
    else if (++spins < most)
      onx_cpu_relax();
    else
      rest(q);
  }
}

static void reset(onx_schedule *q)
{
  const onx_plan *p = q->plan;
  for (size_t s = 0; s < p->n_steps; s++) {
    atomic_store_explicit(&q->progress[s].waits, p->n_waits[s], memory_order_relaxed);
    atomic_store_explicit(&q->progress[s].claimed, 0, memory_order_relaxed);
    atomic_store_explicit(&q->ready[s], ONX_NONE, memory_order_relaxed);
  }
  atomic_store(&q->head, 0);
  atomic_store(&q->tail, 0);
  atomic_store(&q->finished, 0);
  atomic_store(&q->status, ONNXRUN_OK);
  atomic_flag_clear(&q->has_error);
}

static onnxrun_status run_in_parallel(onx_schedule *q, const onnxrun_executor *executor,
                                      onnxrun_error *error)
{
  reset(q);
  for (size_t s = 0; s < q->plan->n_steps; s++) {
    if (q->plan->n_waits[s] == 0)
      make_ready(q, (uint32_t)s);
  }
  if (!is_over(q))
    executor->each(executor->user, q->workers, work, q);
  const onnxrun_status s = (onnxrun_status)atomic_load(&q->status);
  if (s != ONNXRUN_OK && error)
    *error = q->error;
  return s;
}

onnxrun_status onx_schedule_run(onx_schedule *q, const onnxrun_executor *executor,
                                onnxrun_error *error)
{
  const onx_plan *p = q->plan;
  for (size_t v = 0; p->has_loose && v < p->graph->n_values; v++)
    atomic_store_explicit(&q->uses[v], p->uses[v], memory_order_relaxed);
  return q->workers > 1 ? run_in_parallel(q, executor, error) : run_serially(q, error);
}

void onx_schedule_clear(onx_schedule *q)
{
  onx_plan *p = q->plan;
  if (!p->has_loose)
    return;
  for (size_t v = 0; v < p->graph->n_values; v++) {
    if (p->place[v] == ONX_LOOSE)
      release_loose(q, (uint32_t)v);
  }
  for (size_t s = 0; s < p->n_steps; s++)
    release_scratch(&p->steps[s]);
}
