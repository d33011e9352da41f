/* process.c: what a whole process costs, from its start to its end.
 *
 *   bench_process PROGRAM [ARGUMENT]...
 *
 * Runs the command 200 times, output thrown away, by turns with `true`, whose time is the system's
 * own. Prints median, minimum and 90th percentile of both. */
#include <stdio.h>

#include "bench/spawn.h"
#include "bench/timing.h"

enum { RUNS = 200 };

static void report(const char *name, double *seconds)
{
  const summary all = summary_of(seconds, RUNS);
  printf("%-10s %6.2f ms  (least %.2f, nine of ten below %.2f; %d runs)\n", name, 1e3 * all.median,
         1e3 * all.least, 1e3 * seconds[RUNS * 9 / 10], (int)RUNS);
}

int main(int argc, char **argv)
{
  static double ours[RUNS], nothing[RUNS];
  char name[] = "true";
  char *command[] = {name, NULL};
  if (argc < 2) {
    fprintf(stderr, "usage: bench_process PROGRAM [ARGUMENT]...\n");
    return 2;
  }
  for (int i = 0; i < RUNS; i++) {
    ours[i] = spawn_seconds("bench_process", argv + 1);
    nothing[i] = spawn_seconds("bench_process", command);
  }
  report("command", ours);
  report("true", nothing);
  return 0;
}
