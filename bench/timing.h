/* timing.h: what the benchmarks share: a clock, and what is said of a list of times. */
#ifndef BENCH_TIMING_H
#define BENCH_TIMING_H

#include <stdlib.h>
#include <time.h>

static inline double seconds_of(clockid_t clock)
{
  struct timespec t;
  clock_gettime(clock, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static inline double seconds_now(void)
{
  return seconds_of(CLOCK_MONOTONIC);
}

/* The machine's speed changes by the minute, so that a mean would say little. */
typedef struct summary {
  double median, least, largest;
} summary;

static inline int compare_times(const void *a, const void *b)
{
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Sorts n > 0 times. */
static inline summary summary_of(double *times, size_t n)
{
  qsort(times, n, sizeof *times, compare_times);
  return (summary){times[n / 2], times[0], times[n - 1]};
}

#endif
