/* files.c: bytes from and to files.
 *
 * Files are read, not mapped, so that one that shrinks meanwhile cannot kill the program. The size
 * that the system states is only a hint for the first allocation. */
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FIRST_ROOM = 65536, LARGEST_CALL = 1 << 30 };

enum file_format file_format(const char *path)
{
  const char *dot = strrchr(path, '.');
  if (dot && strcmp(dot, ".bin") == 0)
    return FORMAT_BIN;
  return dot && strcmp(dot, ".pb") == 0 ? FORMAT_PB : FORMAT_UNKNOWN;
}

void bytes_release(struct bytes *b)
{
  free(b->data);
  *b = (struct bytes){0};
}

const char *shown_path(const char *path)
{
  return strcmp(path, "-") == 0 ? "standard input" : path;
}

/* An endless file must not take all memory: no input is larger than the machine's. */
static size_t physical_memory(void)
{
  const long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
  if (pages <= 0 || page <= 0 || (size_t)pages > SIZE_MAX / (size_t)page)
    return SIZE_MAX / 2;
  return (size_t)pages * (size_t)page;
}

static size_t first_room(int fd)
{
  struct stat st;
  if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size < 0)
    return FIRST_ROOM;
  return (uintmax_t)st.st_size < physical_memory() ? (size_t)st.st_size + 1 : FIRST_ROOM;
}

static int grow(struct bytes *b, size_t *room, size_t wanted, const char *path, struct fault *f)
{
  if (wanted > physical_memory())
    return fault_set(f, EXIT_CODE_LIMIT, "%s: larger than this machine's memory", shown_path(path));
  void *data = realloc(b->data, wanted);
  if (!data)
    return fault_set(f, EXIT_CODE_LIMIT, "%s: no memory for %zu bytes", shown_path(path), wanted);
  b->data = data;
  *room = wanted;
  return EXIT_CODE_OK;
}

static int read_all(int fd, const char *path, size_t most, struct bytes *b, struct fault *f)
{
  size_t room = 0;
  int code = grow(b, &room, first_room(fd), path, f);
  while (code == EXIT_CODE_OK && b->size <= most) {
    if (b->size == room)
      code = grow(b, &room, 2 * room, path, f);
    if (code != EXIT_CODE_OK)
      break;
    const size_t left = room - b->size;
    const ssize_t n =
        read(fd, (char *)b->data + b->size, left < LARGEST_CALL ? left : LARGEST_CALL);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return fault_set(f, EXIT_CODE_INPUT, "%s: cannot read: %s", shown_path(path),
                       strerror(errno));
    if (n == 0)
      break;
    b->size += (size_t)n;
  }
  return code;
}

int bytes_read(const char *path, size_t most, struct bytes *out, struct fault *f)
{
  const bool standard = strcmp(path, "-") == 0;
  const int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return fault_set(f, EXIT_CODE_INPUT, "%s: cannot open: %s", path, strerror(errno));
  const int code = read_all(fd, path, most, out, f);
  if (!standard)
    close(fd);
  return code;
}

static int write_all(int fd, const char *data, size_t size)
{
  while (size > 0) {
    const ssize_t n = write(fd, data, size < LARGEST_CALL ? size : LARGEST_CALL);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return errno;
    data += n;
    size -= (size_t)n;
  }
  return 0;
}

int bytes_write(const char *path, const void *data, size_t size, struct fault *f)
{
  struct stat st;
  const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd < 0)
    return fault_set(f, EXIT_CODE_RUN, "%s: cannot create: %s", path, strerror(errno));
  const bool regular = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
  int failure = write_all(fd, data, size);
  if (close(fd) != 0 && failure == 0)
    failure = errno;
  if (failure == 0)
    return EXIT_CODE_OK;
  if (regular)
    unlink(path);
  return fault_set(f, EXIT_CODE_RUN, "%s: cannot write: %s", path, strerror(failure));
}

void stored_value_release(struct stored_value *v)
{
  onnxrun_value_release(v->value);
  bytes_release(&v->bytes);
  v->value = NULL;
}

int stored_value_read(const char *path, onnxrun_dtype kind, const onnxrun_options *options,
                      struct stored_value *out, struct fault *f)
{
  onnxrun_error error = {0};
  const int code = bytes_read(path, SIZE_MAX - 1, &out->bytes, f);
  if (code != EXIT_CODE_OK)
    return code;
  const onnxrun_status status =
      onnxrun_value_parse(out->bytes.data, out->bytes.size, kind, options, &out->value, &error);
  if (status != ONNXRUN_OK)
    return fault_from(f, FAULT_INPUT, shown_path(path), status, &error);
  return EXIT_CODE_OK;
}

char *path_join(const char *dir, const char *name)
{
  const size_t dir_size = strlen(dir), name_size = strlen(name);
  const bool slash = dir_size > 0 && dir[dir_size - 1] != '/';
  char *path = malloc(dir_size + slash + name_size + 1);
  if (!path)
    return NULL;
  memcpy(path, dir, dir_size);
  if (slash)
    path[dir_size] = '/';
  memcpy(path + dir_size + slash, name, name_size + 1);
  return path;
}

bool path_exists(const char *path)
{
  struct stat st;
  return stat(path, &st) == 0;
}

bool is_directory(const char *path)
{
  struct stat st;
  return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}
