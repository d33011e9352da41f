/* parallel.c: the default executor. */
#include "runtime/parallel.h"

#include <stdio.h>

#ifdef ONX_OPENMP
#include <omp.h>
#include <stdatomic.h>
#include <time.h>

/* CPUs that the container may use at once, rounded up; 0 when it has no quota. cgroup v2, then v1.
 */
static size_t quota_cpus(void)
{
  long long quota = -1, period = 0;
  FILE *f = fopen("/sys/fs/cgroup/cpu.max", "re");
  if (f) {
    if (fscanf(f, "%lld %lld", &quota, &period) != 2)
      quota = -1;
    fclose(f);
  } else if ((f = fopen("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "re"))) {
    FILE *g = fopen("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "re");
    if (fscanf(f, "%lld", &quota) != 1 || !g || fscanf(g, "%lld", &period) != 1)
      quota = -1;
    if (g)
      fclose(g);
    fclose(f);
  }
  return quota > 0 && period > 0 ? (size_t)((quota - 1) / period + 1) : 0;
}

static size_t omp_width(void *user)
{
  (void)user;
  size_t n = (size_t)omp_get_max_threads();
  const size_t processors = (size_t)omp_get_num_procs(), quota = quota_cpus();
  if (processors > 0 && processors < n)
    n = processors;
  if (quota > 0 && quota < n)
    n = quota;
  return n > 0 ? n : 1;
}

static void omp_each(void *user, size_t tasks, void (*task)(void *, size_t, size_t), void *arg)
{
  (void)user;
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
