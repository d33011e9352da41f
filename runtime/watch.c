/* watch.c: stopping a run, and telling of its steps. */
#include "runtime/watch.h"

#include <time.h>

#include "runtime/chain.h"
#include "runtime/error.h"

#define LISTED_MOST 16 /* outputs of one step in an event */

static uint64_t now_ns(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void onx_watch_begin(onx_watch *w)
{
  const uint64_t timeout = w->options.timeout_ns;
  if (timeout || w->options.node) {
    w->start_ns = now_ns();
    w->deadline_ns = timeout < UINT64_MAX - w->start_ns ? w->start_ns + timeout : UINT64_MAX;
  }
  atomic_store_explicit(&w->alert, timeout ? ONX_ALERT_DEADLINE : 0, memory_order_relaxed);
}

void onx_watch_cancel(onx_watch *w)
{
  atomic_fetch_or_explicit(&w->alert, ONX_ALERT_CANCELLED, memory_order_relaxed);
}

onnxrun_status onx_watch_look(const onx_watch *w, onnxrun_error *error)
{
  const unsigned alert = atomic_load_explicit(&w->alert, memory_order_relaxed);
  if (alert & ONX_ALERT_CANCELLED)
    return onx_fail(error, ONNXRUN_CANCELLED, "the run was cancelled");
  if ((alert & ONX_ALERT_DEADLINE) && now_ns() >= w->deadline_ns)
    return onx_fail(error, ONNXRUN_TIMEOUT, "the run was not done after %llu ns",
                    (unsigned long long)w->options.timeout_ns);
  return ONNXRUN_OK;
}

uint64_t onx_watch_time(const onx_watch *w)
{
  return now_ns() - w->start_ns;
}

static void describe_node(const onx_step *step, onnxrun_event *event)
{
  const onx_node *node = step->node;
  event->name = node->name;
  event->op = node->op;
  event->domain = node->domain;
  event->index = node->position;
  event->nodes = step->chain ? (uint32_t)step->chain->n_members : 1;
}

static void describe_copy(const onx_plan *p, const onx_step *step, onnxrun_event *event)
{
  event->index = step->result;
  event->name = p->graph->values[p->graph->outputs[step->result]].name;
  event->op = onx_text("Identity");
  event->domain = onx_text("");
}

/* Nodes of a chain may read one value; the second finds it in the cache. */
static bool is_first(const onx_step *step, uint32_t read)
{
  for (uint32_t i = 0; i < read; i++) {
    if (step->reads[i].value == step->reads[read].value)
      return false;
  }
  return true;
}

/* What goes through memory. The value that a copy reads is the same as its result. */
static void add_values(const onx_plan *p, const onx_step *step, const onnxrun_tensor **out,
                       onnxrun_event *event)
{
  const onx_use *makes = step->node ? step->makes : step->reads;
  const uint32_t n_makes = step->node ? step->n_makes : step->n_reads;
  for (uint32_t i = 0; i < step->n_reads; i++)
    event->read_bytes += is_first(step, i) ? p->tensors[step->reads[i].value].bytes : 0;
  for (uint32_t i = 0; i < n_makes; i++) {
    const onnxrun_tensor *made = &p->tensors[makes[i].value];
    event->written_bytes += made->bytes;
    if (event->n_out < LISTED_MOST)
      out[event->n_out++] = made;
  }
}

void onx_watch_tell(const onx_watch *w, const onx_plan *p, const onx_step *step, uint64_t start_ns,
                    size_t thread)
{
  const onnxrun_tensor *out[LISTED_MOST];
  onnxrun_event event = {.size = sizeof event,
                         .out = out,
                         .start_ns = start_ns,
                         .end_ns = onx_watch_time(w),
                         .thread = thread};
  if (step->node)
    describe_node(step, &event);
  else
    describe_copy(p, step, &event);
  add_values(p, step, out, &event);
  w->options.node(w->options.user, &event);
}
