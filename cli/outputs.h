/* outputs.h: outputs written to files, as -o says. */
#ifndef CLI_OUTPUTS_H
#define CLI_OUTPUTS_H

#include "model_io.h"
#include "options.h"

/* Refuses what could not be written, and makes the folders, before the model runs. */
int outputs_prepare(const struct cli_options *o, const struct io_list *outputs, struct fault *f);
int outputs_write(const struct cli_options *o, const struct io_list *outputs,
                  const onnxrun_tensor *tensors, struct fault *f);

#endif
