/* files.c: mapping a model and its external data. */
#include "runtime/files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/error.h"

#define NAME_MOST 255 /* bytes of one part of a path */

typedef struct onx_mapping {
  struct onx_mapping *next;
  onnxrun_string path;
  void *data;
  size_t size;
} onx_mapping;

onnxrun_status onx_system_fail(onnxrun_error *error, const char *what, const char *path,
                               size_t path_size)
{
  const int code = errno;
  char text[80] = "";
  if (strerror_r(code, text, sizeof text) != 0)
    text[0] = '\0';
  return onx_fail(error, code == ENOENT || code == ENOTDIR ? ONNXRUN_NOT_FOUND : ONNXRUN_IO,
                  "cannot %s '%.*s': %s", what, (int)(path_size < 120 ? path_size : 120), path,
                  text);
}

/* Maps the whole of an open file and closes it. */
static onnxrun_status map_file(int fd, onnxrun_string path, void **data, size_t *size,
                               onnxrun_error *error)
{
  struct stat st;
  onnxrun_status s = ONNXRUN_OK;
  *data = NULL;
  *size = 0;
  if (fstat(fd, &st) != 0)
    s = onx_system_fail(error, "read", path.data, path.size);
  else if (!S_ISREG(st.st_mode))
    s = onx_fail(error, ONNXRUN_IO, "'%.*s' is not a regular file",
                 (int)(path.size < 160 ? path.size : 160), path.data);
  else if (st.st_size > 0) {
    *size = (size_t)st.st_size;
    *data = mmap(NULL, *size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (*data == MAP_FAILED)
      s = onx_system_fail(error, "map", path.data, path.size);
  }
  close(fd);
  return s;
}

static onnxrun_status keep_mapping(onx_files *files, onnxrun_string path, void *data, size_t size,
                                   onnxrun_error *error)
{
  onx_mapping *m = onx_pool_take(files->pool, sizeof *m);
  const char *copy = onx_pool_text(files->pool, path.data, path.size);
  if (!m || !copy) {
    if (size > 0)
      munmap(data, size);
    return onx_heap_fail(files->pool->heap, sizeof *m + path.size, "a mapped file", error);
  }
  *m = (onx_mapping){files->mappings, {copy, path.size}, data, size};
  files->mappings = m;
  return ONNXRUN_OK;
}

static int open_folder(const char *path)
{
  const char *slash = strrchr(path, '/');
  char folder[4096];
  if (!slash)
    return open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const size_t size = slash == path ? 1 : (size_t)(slash - path);
  if (size >= sizeof folder)
    return -1;
  memcpy(folder, path, size);
  folder[size] = '\0';
  return open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

onnxrun_status onx_files_open(onx_files *files, onx_pool *pool, const char *path,
                              const uint8_t **data, size_t *size, onnxrun_error *error)
{
  *files = (onx_files){.pool = pool, .folder = -1, .is_open = true};
  const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  void *bytes;
  if (fd < 0)
    return onx_system_fail(error, "open", path, strlen(path));
  ONX_TRY(map_file(fd, onx_text(path), &bytes, size, error));
  /* Its name cannot be asked for as external data: an empty path is refused. */
  ONX_TRY(keep_mapping(files, onx_text(""), bytes, *size, error));
  files->folder = open_folder(path);
  *data = bytes;
  return ONNXRUN_OK;
}

static onnxrun_status refuse(onnxrun_error *error, onnxrun_string path, const char *why)
{
  return onx_fail(error, ONNXRUN_INVALID_MODEL, "external data '%.*s': %s",
                  (int)(path.size < 120 ? path.size : 120), path.data, why);
}

/* Opens one part of the path in `folder`, closing `folder` unless it is the model's. */
static int open_part(const onx_files *files, int folder, const char *part, size_t size,
                     bool is_last)
{
  char name[NAME_MOST + 1];
  memcpy(name, part, size);
  name[size] = '\0';
  const int kind = is_last ? O_NONBLOCK : O_DIRECTORY;
  const int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | kind);
  struct stat st;
  int code = errno;
  if (fd < 0 && code == ENOTDIR && fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
      S_ISLNK(st.st_mode))
    code = ELOOP; /* which Linux says only of a link in the last place */
  if (folder != files->folder)
    close(folder);
  errno = code;
  return fd;
}

/* Walks down from the model's folder, a part at a time, following no link. */
static onnxrun_status open_below(const onx_files *files, onnxrun_string path, int *out,
                                 onnxrun_error *error)
{
  int fd = files->folder;
  const char *at = path.data, *end = path.data + path.size;
  if (path.size == 0 || *at == '/' || memchr(at, '\0', path.size) || files->folder < 0)
    return refuse(error, path, "not a path below the model's folder");
  while (at < end) {
    const char *slash = memchr(at, '/', (size_t)(end - at));
    const char *stop = slash ? slash : end;
    const size_t size = (size_t)(stop - at);
    const bool is_here = size == 0 || (size == 1 && *at == '.');
    if ((size == 2 && at[0] == '.' && at[1] == '.') || size > NAME_MOST || (is_here && !slash)) {
      if (fd != files->folder)
        close(fd);
      return refuse(error, path, "not a path below the model's folder");
    }
    if (!is_here)
      fd = open_part(files, fd, at, size, !slash);
    if (fd < 0)
      return errno == ELOOP ? refuse(error, path, "a symbolic link")
                            : onx_system_fail(error, "open external data", path.data, path.size);
    at = stop + (slash ? 1 : 0);
  }
  if (fd == files->folder)
    return refuse(error, path, "not a file");
  *out = fd;
  return ONNXRUN_OK;
}

onnxrun_status onx_files_map(void *user, onnxrun_string path, const uint8_t **data, size_t *size,
                             onnxrun_error *error)
{
  onx_files *files = user;
  onx_mapping *m = files->mappings;
  while (m && (path.size == 0 || !onx_text_equal(m->path, path)))
    m = m->next;
  if (!m) {
    int fd = -1;
    void *bytes;
    size_t bytes_size;
    ONX_TRY(open_below(files, path, &fd, error));
    ONX_TRY(map_file(fd, path, &bytes, &bytes_size, error));
    ONX_TRY(keep_mapping(files, path, bytes, bytes_size, error));
    m = files->mappings;
  }
  *data = m->data;
  *size = m->size;
  return ONNXRUN_OK;
}

void onx_files_release(onx_files *files)
{
  for (onx_mapping *m = files->mappings; m; m = m->next) {
    if (m->size > 0)
      munmap(m->data, m->size);
  }
  if (files->is_open && files->folder >= 0)
    close(files->folder);
  *files = (onx_files){0};
}
