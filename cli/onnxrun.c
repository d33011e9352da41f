/* onnxrun.c: the command line program. Uses the library's public header alone. */
#include "commands.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A program started with a standard stream closed would get its files in the stream's place. The
 * place is filled with one that cannot be written, so that output to it still fails. */
static void occupy_standard_streams(void)
{
  int fd;
  do
    fd = open("/dev/null", O_RDONLY);
  while (fd >= 0 && fd <= STDERR_FILENO);
  if (fd >= 0)
    close(fd);
}

/* A full disk or a closed pipe may show only when the last bytes are written. */
static int finish_output(int code, struct fault *f)
{
  const int failed = ferror(stdout);
  if (fclose(stdout) == 0 && !failed)
    return code;
  if (code != EXIT_CODE_OK && code != EXIT_CODE_MISMATCH && code != EXIT_CODE_UNSUPPORTED)
    return code;
  return fault_set(f, EXIT_CODE_RUN, "standard output: cannot write: %s", strerror(errno));
}

static int run_command(struct cli_options *o, struct fault *f)
{
  int code;
  switch (o->command) {
  case COMMAND_HELP:
    cli_help(stdout);
    return EXIT_CODE_OK;
  case COMMAND_VERSION:
    printf("onnxrun %s\n", onnxrun_version());
    return EXIT_CODE_OK;
  case COMMAND_TEST:
  case COMMAND_RUN:
    break;
  }
  code = cli_options_load(o, f);
  if (code != EXIT_CODE_OK)
    return code;
  return o->command == COMMAND_TEST ? command_test(o, f) : command_run(o, f);
}

int main(int argc, char **argv)
{
  struct cli_options options;
  struct fault fault = {0};
  occupy_standard_streams();
  signal(SIGPIPE, SIG_IGN);
  int code = cli_options_parse(&options, argc, argv, &fault);
  if (code == EXIT_CODE_OK)
    code = run_command(&options, &fault);
  cli_options_release(&options);
  code = finish_output(code, &fault);
  if (fault.text[0])
    fault_print(&fault);
  return code;
}
