/* outputs.c: outputs written to files, as -o says.
 *
 * In a folder a file is called after its output, made of letters, digits, '.', '_' and '-' only and
 * not beginning with a dot, so that no name leads out of the folder. */
#include "outputs.h"

#include "element.h"
#include "files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { NAME_ROOM = 128, NAME_CHARS = 96 };

static bool is_safe(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

static void safe_name(const onnxrun_info *info, char name[NAME_ROOM])
{
  const size_t n = info->name_size < NAME_CHARS ? info->name_size : NAME_CHARS;
  for (size_t i = 0; i < n; i++)
    name[i] = is_safe(info->name[i]) ? info->name[i] : '_';
  if (n > 0 && name[0] == '.')
    name[0] = '_';
  name[n] = '\0';
}

/* Outputs whose safe names are the same get their index too. */
static bool is_shared(const struct io_list *outputs, size_t at, const char *name)
{
  for (size_t i = 0; i < outputs->size; i++) {
    char other[NAME_ROOM];
    safe_name(&outputs->infos[i], other);
    if (i != at && strcmp(name, other) == 0)
      return true;
  }
  return false;
}

/* '+' is in no safe name, so a name with an index meets no other. */
static void file_name(const struct io_list *outputs, size_t at, enum file_format format,
                      char name[NAME_ROOM + 32])
{
  const char *extension = format == FORMAT_BIN ? ".bin" : ".pb";
  char safe[NAME_ROOM];
  safe_name(&outputs->infos[at], safe);
  if (!safe[0] || is_shared(outputs, at, safe))
    snprintf(name, NAME_ROOM + 32, "%s+%zu%s", safe, at, extension);
  else
    snprintf(name, NAME_ROOM + 32, "%s%s", safe, extension);
}

static int check_format(const char *path, enum file_format format, onnxrun_dtype type,
                        struct fault *f)
{
  const enum element_class class = element_class(type);
  if (format == FORMAT_UNKNOWN)
    return fault_set(f, EXIT_CODE_USAGE, "-o %s: expected a .bin or .pb file", path);
  if (format == FORMAT_BIN && (class == ELEMENT_STRING || class == ELEMENT_LIST))
    return fault_set(f, EXIT_CODE_USAGE, "-o %s: a .bin file cannot hold a %s, give a .pb file",
                     path, onnxrun_dtype_name(type));
  return EXIT_CODE_OK;
}

static int make_folder(const char *path, struct fault *f)
{
  if (is_directory(path))
    return EXIT_CODE_OK;
  if (strchr(path, '='))
    return fault_set(f, EXIT_CODE_USAGE,
                     "-o %s: no output of the model and no folder has this name", path);
  if (mkdir(path, 0777) != 0)
    return fault_set(f, EXIT_CODE_RUN, "-o %s: cannot make the folder: %s", path, strerror(errno));
  return EXIT_CODE_OK;
}

int outputs_prepare(const struct cli_options *o, const struct io_list *outputs, struct fault *f)
{
  int code = EXIT_CODE_OK;
  for (size_t i = 0; code == EXIT_CODE_OK && i < o->saves.size; i++) {
    const char *word = o->saves.items[i], *path;
    size_t at;
    if (io_list_split(outputs, word, &at, &path)) {
      code = check_format(path, file_format(path), outputs->infos[at].spec.dtype, f);
      continue;
    }
    for (size_t k = 0; code == EXIT_CODE_OK && k < outputs->size; k++)
      code = check_format(word, o->output_format == FORMAT_BIN ? FORMAT_BIN : FORMAT_PB,
                          outputs->infos[k].spec.dtype, f);
    if (code == EXIT_CODE_OK)
      code = make_folder(word, f);
  }
  return code;
}

static int write_pb(const char *path, const onnxrun_info *info, const onnxrun_tensor *t,
                    struct fault *f)
{
  onnxrun_error error = {0};
  size_t size = 0;
  onnxrun_status status = onnxrun_value_write(t, info->name, NULL, &size, &error);
  if (status != ONNXRUN_OK && status != ONNXRUN_BUFFER_TOO_SMALL)
    return fault_from(f, FAULT_MODEL, path, status, &error);
  void *buffer = malloc(size + 1);
  if (!buffer)
    return fault_memory(f);
  status = onnxrun_value_write(t, info->name, buffer, &size, &error);
  const int code = status == ONNXRUN_OK ? bytes_write(path, buffer, size, f)
                                        : fault_from(f, FAULT_MODEL, path, status, &error);
  free(buffer);
  return code;
}

static int write_one(const char *path, enum file_format format, const onnxrun_info *info,
                     const onnxrun_tensor *t, struct fault *f)
{
  const int code = check_format(path, format, t->dtype, f);
  if (code != EXIT_CODE_OK)
    return code;
  return format == FORMAT_BIN ? bytes_write(path, t->data, t->bytes, f)
                              : write_pb(path, info, t, f);
}

static int write_folder(const char *folder, enum file_format format, const struct io_list *outputs,
                        const onnxrun_tensor *tensors, struct fault *f)
{
  int code = EXIT_CODE_OK;
  for (size_t i = 0; code == EXIT_CODE_OK && i < outputs->size; i++) {
    char name[NAME_ROOM + 32];
    file_name(outputs, i, format, name);
    char *path = path_join(folder, name);
    code = path ? write_one(path, format, &outputs->infos[i], &tensors[i], f) : fault_memory(f);
    free(path);
  }
  return code;
}

int outputs_write(const struct cli_options *o, const struct io_list *outputs,
                  const onnxrun_tensor *tensors, struct fault *f)
{
  const enum file_format in_folder = o->output_format == FORMAT_BIN ? FORMAT_BIN : FORMAT_PB;
  int code = EXIT_CODE_OK;
  for (size_t i = 0; code == EXIT_CODE_OK && i < o->saves.size; i++) {
    const char *word = o->saves.items[i], *path;
    size_t at;
    if (io_list_split(outputs, word, &at, &path))
      code = write_one(path, file_format(path), &outputs->infos[at], &tensors[at], f);
    else
      code = write_folder(word, in_folder, outputs, tensors, f);
  }
  return code;
}
