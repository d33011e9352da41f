/* parallel.c: the default executor. */
#include "runtime/parallel.h"

#ifdef ONX_OPENMP
#include <omp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include "runtime/quota.h"

static size_t omp_width(void *user)
{
  (void)user;
  size_t n = (size_t)omp_get_max_threads();
  const size_t processors = (size_t)omp_get_num_procs(), quota = onx_quota_cpus("");
  if (processors > 0 && processors < n)
    n = processors;
  if (quota > 0 && quota < n)
    n = quota;
  return n > 0 ? n : 1;
}

typedef struct onx_share {
  void (*task)(void *arg, size_t index, size_t worker);
  void *arg;
  size_t index;
} onx_share;

static void *run_share(void *arg)
{
  const onx_share *s = arg;
  s->task(s->arg, s->index, s->index);
  return NULL;
}

/* Threads of their own for the tasks: some 20 microseconds each. A task whose thread cannot be made
 * is run at the end; the others do not wait for it. */
static void each_on_plain_threads(size_t tasks, onx_share share)
{
  enum { MOST = 64 };
  pthread_t threads[MOST];
  onx_share shares[MOST];
  size_t made = 0;
  for (; made < tasks - 1 && made < MOST; made++) {
    shares[made] = share;
    shares[made].index = made;
    if (pthread_create(&threads[made], NULL, run_share, &shares[made]) != 0)
      break;
  }
  for (share.index = made; share.index < tasks; share.index++)
    run_share(&share);
  while (made > 0)
    pthread_join(threads[--made], NULL);
}

/* The process in which this thread last opened a region. GNU OpenMP keeps the threads that it has
 * made for a thread of the program; in a process that is forked from there they are gone, and a
 * region would wait for them without end. Of this library's data it is all that changes, and it
 * says nothing about models, sessions or results. */
static _Thread_local pid_t home;

static void omp_each(void *user, size_t tasks, void (*task)(void *, size_t, size_t), void *arg)
{
  (void)user;
  const pid_t here = getpid();
  if (home != 0 && home != here) {
    each_on_plain_threads(tasks, (onx_share){task, arg, 0});
    return;
  }
  home = here;
  atomic_size_t begun;
  atomic_init(&begun, 0);
#pragma omp parallel num_threads((int)tasks)
  {
    atomic_fetch_add_explicit(&begun, 1, memory_order_relaxed);
    /* OpenMP may give fewer threads than were asked for. */
    const size_t me = (size_t)omp_get_thread_num(), all = (size_t)omp_get_num_threads();
    for (size_t i = me; i < tasks; i += all)
      task(arg, i, i);
    /* A thread that was asleep may have been woken on this one's processor, where it would wait
     * for milliseconds while OpenMP's end of the region spins; yielding makes no room for it. */
    const struct timespec moment = {0, 1000};
    while (atomic_load_explicit(&begun, memory_order_relaxed) < all)
      nanosleep(&moment, NULL);
  }
}

static const onnxrun_executor executor = {NULL, omp_width, omp_each};

#else

static size_t serial_width(void *user)
{
  (void)user;
  return 1;
}

static void serial_each(void *user, size_t tasks, void (*task)(void *, size_t, size_t), void *arg)
{
  (void)user;
  for (size_t i = 0; i < tasks; i++)
    task(arg, i, 0);
}

static const onnxrun_executor executor = {NULL, serial_width, serial_each};

#endif

const onnxrun_executor *onx_parallel_default(void)
{
  return &executor;
}
