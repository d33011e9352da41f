/* model_io.c: a model's inputs or outputs as an array, and finding one by name. */
#include "model_io.h"

#include <stdlib.h>
#include <string.h>

typedef onnxrun_status (*info_fn)(const onnxrun_model *, size_t, onnxrun_info *, onnxrun_error *);

static int list_all(const onnxrun_model *model, size_t n, info_fn get, struct io_list *out,
                    struct fault *f)
{
  out->infos = calloc(n + 1, sizeof *out->infos);
  if (!out->infos)
    return fault_memory(f);
  for (out->size = 0; out->size < n; out->size++) {
    onnxrun_error error = {0};
    onnxrun_info *info = &out->infos[out->size];
    info->size = sizeof *info;
    const onnxrun_status status = get(model, out->size, info, &error);
    if (status != ONNXRUN_OK)
      return fault_from(f, FAULT_MODEL, "model", status, &error);
  }
  return EXIT_CODE_OK;
}

int io_list_inputs(const onnxrun_model *model, struct io_list *out, struct fault *f)
{
  return list_all(model, onnxrun_model_inputs(model), onnxrun_model_input, out, f);
}

int io_list_outputs(const onnxrun_model *model, struct io_list *out, struct fault *f)
{
  return list_all(model, onnxrun_model_outputs(model), onnxrun_model_output, out, f);
}

void io_list_release(struct io_list *list)
{
  free(list->infos);
  *list = (struct io_list){0};
}

bool io_list_split(const struct io_list *list, const char *word, size_t *index, const char **rest)
{
  const size_t size = strlen(word);
  size_t longest = 0;
  for (size_t i = 0; i < list->size; i++) {
    const onnxrun_info *info = &list->infos[i];
    const size_t n = info->name_size;
    if (n <= longest || n >= size || word[n] != '=' || memcmp(word, info->name, n) != 0)
      continue;
    longest = n;
    *index = i;
    *rest = word + n + 1;
  }
  return longest > 0;
}
