/* inputs.h: the inputs that the command line names, read and fitted to the model. */
#ifndef CLI_INPUTS_H
#define CLI_INPUTS_H

#include "files.h"
#include "model_io.h"
#include "options.h"

/* One tensor for each of the model's inputs. Starts as {0}. */
struct input_set {
  onnxrun_tensor *tensors;
  struct stored_value *stored; /* what the tensors borrow from */
  size_t size;
};

/* The dims that --shape gives are put into `wanted`. */
int input_set_read(const struct cli_options *o, struct io_list *wanted, struct input_set *out,
                   struct fault *f);
void input_set_release(struct input_set *set);

#endif
