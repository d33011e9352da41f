/* options.h: the command line. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "fault.h"
#include "files.h"

#include <stdio.h>

/* An option that can be given again and again, in order. */
struct words {
  const char **items;
  size_t size;
};

enum command { COMMAND_RUN, COMMAND_TEST, COMMAND_HELP, COMMAND_VERSION };

struct cli_options {
  enum command command;
  onnxrun_options engine;
  onnxrun_registry *registry; /* of the plug-ins, what engine.registry points to; or NULL */
  const char *model;          /* COMMAND_RUN */
  struct words operands;      /* inputs, or folders of tests */
  struct words shapes, saves, shapes_only, plugins;
  char *passes; /* those that are left out, what engine.without_passes points to */
  enum file_format input_format, output_format; /* FORMAT_UNKNOWN: not given */
  bool quiet, full, info, profile;
  const char *trace; /* where the profile goes; NULL: standard error */
  bool allow_unsupported, verbose;
  double rtol, atol;
};

int cli_options_parse(struct cli_options *o, int argc, char **argv, struct fault *f);
/* Loads the plug-ins that were asked for. */
int cli_options_load(struct cli_options *o, struct fault *f);
void cli_options_release(struct cli_options *o);
void cli_help(FILE *out);

#endif
