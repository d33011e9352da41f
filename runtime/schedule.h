/* schedule.h: running a plan's steps, on this thread or on many. The engine's only loop over steps.
 */
#ifndef ONX_SCHEDULE_H
#define ONX_SCHEDULE_H

#include "runtime/watch.h"

/* How far one step of a run is. */
typedef struct onx_progress {
  _Atomic uint32_t waits;    /* steps that it still waits for */
  _Atomic uint64_t claimed;  /* ranges handed out: of the first ones, and of the last ones << 32 */
  _Atomic size_t left;       /* ranges not finished */
  _Atomic uint64_t start_ns; /* of the first range, 0 before; for a run that is told of */
} onx_progress;

/* The state of one run, made with the plan and used again by every run. */
typedef struct onx_schedule {
  onx_plan *plan;
  const onx_watch *watch;
  onx_progress *progress;  /* by step */
  _Atomic uint32_t *ready; /* steps in the order they became ready, ONX_NONE where not yet */
  _Atomic uint32_t *uses;  /* by value: readers of a LOOSE value that are not finished */
  _Atomic size_t head;     /* all of `ready` before it has been handed out */
  _Atomic size_t tail;
  _Atomic size_t finished; /* steps */
  _Atomic int status;      /* the first failure */
  atomic_flag has_error;
  onnxrun_error error;
  char *scratch; /* plan->scratch_bytes for each worker */
  size_t workers;
  bool is_crowded; /* more workers than the executor has threads */
} onx_schedule;

/* NULL: no memory (the heap says). Lives in the plan's pool; the watch is borrowed. */
onx_schedule *onx_schedule_new(onx_plan *plan, const onx_watch *watch);

/* How many workers a run is worth, at most `threads`. */
size_t onx_schedule_workers(const onx_plan *plan, size_t threads);

/* Runs all steps, or stops when the watch says so; pointers have been bound and patched. Results of
 * LOOSE shape that are outputs keep their data until onx_schedule_clear. */
onnxrun_status onx_schedule_run(onx_schedule *q, const onnxrun_executor *executor,
                                onnxrun_error *error);

/* Gives back all LOOSE memory. */
void onx_schedule_clear(onx_schedule *q);

#endif
