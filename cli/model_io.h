/* model_io.h: a model's inputs or outputs as an array, and finding one by name. */
#ifndef CLI_MODEL_IO_H
#define CLI_MODEL_IO_H

#include "fault.h"

#include <stdbool.h>

/* Borrows from the model. Starts as {0}. */
struct io_list {
  onnxrun_info *infos;
  size_t size;
};

int io_list_inputs(const onnxrun_model *model, struct io_list *out, struct fault *f);
int io_list_outputs(const onnxrun_model *model, struct io_list *out, struct fault *f);
void io_list_release(struct io_list *list);

/* Splits "NAME=REST" by the longest name in the list that fits, since names may hold '=': sets the
 * index and the rest, or returns false. */
bool io_list_split(const struct io_list *list, const char *word, size_t *index, const char **rest);

#endif
