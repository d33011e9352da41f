/* process.c: what a whole process costs, from its start to its end.
 *
 *   bench_process PROGRAM [ARGUMENT]...
 *
 * Runs the command 200 times, output thrown away, by turns with `true`, whose time is the system's
 * own. Prints median, minimum and 90th percentile of both. */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "bench/timing.h"

enum { RUNS = 200 };

extern char **environ;

/* Milliseconds of one run; ends the program when it fails. */
static double run(char **command, const posix_spawn_file_actions_t *quiet)
{
  pid_t child;
  int status = 0;
  const double start = seconds_now();
  if (posix_spawnp(&child, command[0], quiet, NULL, command, environ) != 0 ||
      waitpid(child, &status, 0) != child || status != 0) {
    fprintf(stderr, "bench_process: %s fails\n", command[0]);
    exit(1);
  }
  return 1e3 * (seconds_now() - start);
}

static void report(const char *name, double *ms)
{
  const summary all = summary_of(ms, RUNS);
  printf("%-10s %6.2f ms  (least %.2f, nine of ten below %.2f; %d runs)\n", name, all.median,
         all.least, ms[RUNS * 9 / 10], (int)RUNS);
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
  posix_spawn_file_actions_t quiet;
  if (posix_spawn_file_actions_init(&quiet) != 0 ||
      posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0) != 0)
    return 1;
  for (int i = 0; i < RUNS; i++) {
    ours[i] = run(argv + 1, &quiet);
    nothing[i] = run(command, &quiet);
  }
  posix_spawn_file_actions_destroy(&quiet);
  report("command", ours);
  report("true", nothing);
  return 0;
}
