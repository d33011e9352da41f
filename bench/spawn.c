/* spawn.c: see spawn.h. */
#include "bench/spawn.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "bench/timing.h"

extern char **environ;

double spawn_seconds(const char *program, char **command)
{
  posix_spawn_file_actions_t quiet;
  pid_t child;
  int status = 0;
  if (posix_spawn_file_actions_init(&quiet) != 0 ||
      posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0) != 0)
    exit(1);
  const double start = seconds_now();
  if (posix_spawnp(&child, command[0], &quiet, NULL, command, environ) != 0 ||
      waitpid(child, &status, 0) != child || status != 0) {
    fprintf(stderr, "%s: %s fails\n", program, command[0]);
    exit(1);
  }
  const double seconds = seconds_now() - start;
  posix_spawn_file_actions_destroy(&quiet);
  return seconds;
}
