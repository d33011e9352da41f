/* files.h: bytes from and to files. */
#ifndef CLI_FILES_H
#define CLI_FILES_H

#include "fault.h"

#include <stdbool.h>

enum file_format { FORMAT_UNKNOWN, FORMAT_BIN, FORMAT_PB };

/* From the extension: .bin or .pb. */
enum file_format file_format(const char *path);

/* A file's bytes, in memory of malloc's alignment. Starts as {0}. */
struct bytes {
  void *data;
  size_t size;
};
void bytes_release(struct bytes *b);

/* The path, or words for "-". */
const char *shown_path(const char *path);

/* Reads a file, or standard input for "-". Reading stops when it has more than `most` bytes. */
int bytes_read(const char *path, size_t most, struct bytes *out, struct fault *f);

/* Writes a file anew. A regular file that could not be written to its end is removed. */
int bytes_write(const char *path, const void *data, size_t size, struct fault *f);

/* A tensor, sequence or optional read from a .pb file; `value` borrows from `bytes`. Starts as {0}.
 */
struct stored_value {
  struct bytes bytes;
  onnxrun_value *value;
};
void stored_value_release(struct stored_value *v);
int stored_value_read(const char *path, onnxrun_dtype kind, const onnxrun_options *options,
                      struct stored_value *out, struct fault *f);

/* "DIR/NAME" in memory that the caller frees; NULL without memory. */
char *path_join(const char *dir, const char *name);
bool path_exists(const char *path);
bool is_directory(const char *path);

#endif
