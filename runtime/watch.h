/* watch.h: what is looked at while a session runs: whether to stop, and who wants to be told of
 * each step. One a session; everything is the running thread's own but `alert`. */
#ifndef ONX_WATCH_H
#define ONX_WATCH_H

#include <stdatomic.h>

#include "runtime/plan.h"

/* Bits of `alert`. */
enum { ONX_ALERT_CANCELLED = 1, ONX_ALERT_DEADLINE = 2 };

typedef struct onx_watch {
  onnxrun_run_options options;
  _Atomic unsigned alert; /* 0: nobody needs looking after, all that an ordinary range checks */
  uint64_t start_ns, deadline_ns;
} onx_watch;

/* At a run's start. The clock is read when there is a deadline or a callback. */
void onx_watch_begin(onx_watch *w);

/* Safe from any thread and from signal handlers. */
void onx_watch_cancel(onx_watch *w);

/* CANCELLED or TIMEOUT when the run is to stop. For onx_watch_check when `alert` is set. */
onnxrun_status onx_watch_look(const onx_watch *w, onnxrun_error *error);

static inline onnxrun_status onx_watch_check(const onx_watch *w, onnxrun_error *error)
{
  const unsigned alert = atomic_load_explicit(&w->alert, memory_order_relaxed);
  return alert ? onx_watch_look(w, error) : ONNXRUN_OK;
}

/* Nanoseconds since the run began. */
uint64_t onx_watch_time(const onx_watch *w);

/* Tells the callback, which is set, of a step that is done. */
void onx_watch_tell(const onx_watch *w, const onx_plan *p, const onx_step *step, uint64_t start_ns,
                    size_t thread);

#endif
