/* executors.c: see executors.h. */
#undef NDEBUG
#include "tests/support/executors.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

/* Tasks `first`, `first` + `step`, ... */
typedef struct share {
  pthread_t thread;
  size_t first, step, tasks;
  void (*task)(void *arg, size_t index, size_t worker);
  void *arg;
} share;

static void *work(void *arg)
{
  const share *s = arg;
  for (size_t i = s->first; i < s->tasks; i += s->step)
    s->task(s->arg, i, s->first);
  return NULL;
}

static void run_shares(size_t n, size_t tasks, void (*task)(void *, size_t, size_t), void *arg)
{
  share *shares = calloc(n, sizeof *shares);
  assert(shares);
  for (size_t i = 0; i < n; i++) {
    shares[i] = (share){.first = i, .step = n, .tasks = tasks, .task = task, .arg = arg};
    const int failed = pthread_create(&shares[i].thread, NULL, work, &shares[i]);
    assert(!failed);
  }
  for (size_t i = 0; i < n; i++)
    pthread_join(shares[i].thread, NULL);
  free(shares);
}

static size_t width(void *user)
{
  (void)user;
  return 4;
}

static void each_thread(void *user, size_t tasks, void (*task)(void *, size_t, size_t), void *arg)
{
  (void)user;
  run_shares(tasks, tasks, task, arg);
}

static void each_pair(void *user, size_t tasks, void (*task)(void *, size_t, size_t), void *arg)
{
  (void)user;
  run_shares(2, tasks, task, arg);
}

static void each_in_turn(void *user, size_t tasks, void (*task)(void *, size_t, size_t), void *arg)
{
  (void)user;
  for (size_t i = 0; i < tasks; i++)
    task(arg, i, 0);
}

static void each_backwards(void *user, size_t tasks, void (*task)(void *, size_t, size_t),
                           void *arg)
{
  (void)user;
  for (size_t i = tasks; i-- > 0;)
    task(arg, i, 0);
}

const onnxrun_executor executor_threads = {NULL, width, each_thread};
const onnxrun_executor executor_pair = {NULL, width, each_pair};
const onnxrun_executor executor_in_turn = {NULL, width, each_in_turn};
const onnxrun_executor executor_backwards = {NULL, width, each_backwards};
