/* files.h: files as memory: the model's own, and external data in its folder. */
#ifndef ONX_FILES_H
#define ONX_FILES_H

#include "runtime/graph.h"

/* The files of one model, mapped read-only until release. Zero-initialise, then onx_files_open. */
typedef struct onx_files {
  onx_pool *pool; /* for the list */
  int folder;     /* of the model, or -1 */
  bool is_open;
  struct onx_mapping *mappings;
} onx_files;

/* Maps the model's file and remembers its folder. */
onnxrun_status onx_files_open(onx_files *files, onx_pool *pool, const char *path,
                              const uint8_t **data, size_t *size, onnxrun_error *error);

/* onx_external.map: maps a file below the model's folder; `user` is the onx_files. Refuses absolute
 * paths, "..", and symbolic links. A file that was mapped before is not mapped again. */
onnxrun_status onx_files_map(void *user, onnxrun_string path, const uint8_t **data, size_t *size,
                             onnxrun_error *error);

void onx_files_release(onx_files *files);

/* "cannot WHAT 'PATH': " and errno's text; NOT_FOUND or IO. */
onnxrun_status onx_system_fail(onnxrun_error *error, const char *what, const char *path,
                               size_t path_size);

#endif
