/* commands.h: what the program does. Each returns an exit code and says on standard output what it
 * has to say; a fault is for the caller to print. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "options.h"

int command_run(const struct cli_options *o, struct fault *f);
int command_test(const struct cli_options *o, struct fault *f);

#endif
