/* executors.c: see executors.h. */
#undef NDEBUG
#include "tests/support/executors.h"

#include <assert.h>
#include <pthread.h>
#include <stdint.h>
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

/* ---- a pool ---------------------------------------------------------------------------------- */

enum { POOL_THREADS = 3 };

static struct pool {
  pthread_once_t started;
  pthread_mutex_t turn; /* one each() at a time */
  pthread_mutex_t mutex;
  pthread_cond_t has_work, is_done;
  share job; /* `first`: the next task */
  size_t left;
} pool = {PTHREAD_ONCE_INIT,
          PTHREAD_MUTEX_INITIALIZER,
          PTHREAD_MUTEX_INITIALIZER,
          PTHREAD_COND_INITIALIZER,
          PTHREAD_COND_INITIALIZER,
          {0},
          0};

/* Runs tasks of the job, the mutex held, until none is left to begin. */
static void work_in_pool(size_t worker)
{
  while (pool.job.first < pool.job.tasks) {
    const size_t index = pool.job.first++;
    pthread_mutex_unlock(&pool.mutex);
    pool.job.task(pool.job.arg, index, worker);
    pthread_mutex_lock(&pool.mutex);
    if (--pool.left == 0)
      pthread_cond_signal(&pool.is_done);
  }
}

static void *pool_thread(void *arg)
{
  const size_t worker = (size_t)(uintptr_t)arg;
  pthread_mutex_lock(&pool.mutex);
  for (;;) {
    work_in_pool(worker);
    pthread_cond_wait(&pool.has_work, &pool.mutex);
  }
  return NULL;
}

static void start_pool(void)
{
  for (size_t i = 1; i <= POOL_THREADS; i++) {
    pthread_t thread;
    const int failed = pthread_create(&thread, NULL, pool_thread, (void *)(uintptr_t)i);
    assert(!failed);
    pthread_detach(thread);
  }
}

static void each_in_pool(void *user, size_t tasks, void (*task)(void *, size_t, size_t), void *arg)
{
  (void)user;
  pthread_once(&pool.started, start_pool);
  pthread_mutex_lock(&pool.turn);
  pthread_mutex_lock(&pool.mutex);
  pool.job = (share){.tasks = tasks, .task = task, .arg = arg};
  pool.left = tasks;
  pthread_cond_broadcast(&pool.has_work);
  work_in_pool(0);
  while (pool.left > 0)
    pthread_cond_wait(&pool.is_done, &pool.mutex);
  pthread_mutex_unlock(&pool.mutex);
  pthread_mutex_unlock(&pool.turn);
}

const onnxrun_executor executor_threads = {NULL, width, each_thread};
const onnxrun_executor executor_pair = {NULL, width, each_pair};
const onnxrun_executor executor_in_turn = {NULL, width, each_in_turn};
const onnxrun_executor executor_backwards = {NULL, width, each_backwards};
const onnxrun_executor executor_pool = {NULL, width, each_in_pool};
