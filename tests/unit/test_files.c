/* test_files.c: a model's files, and what is refused as external data. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/files.h"

/* A folder of the test's own: model.onnx, weights.bin, sub/more.bin, and beside it outside.bin. */
typedef struct folder {
  char root[64], path[300];
  onx_heap heap; /* of `object` */
  struct holder {
    onx_heap heap; /* first */
    onx_pool pool;
  } * object;
  onx_files files;
} folder;

static const char *path_of(folder *f, const char *name)
{
  snprintf(f->path, sizeof f->path, "%s/%s", f->root, name);
  return f->path;
}

static void write_file(folder *f, const char *name, const char *text)
{
  FILE *file = fopen(path_of(f, name), "wb");
  cr_assert_not_null(file);
  fputs(text, file);
  fclose(file);
}

static onnxrun_status open_model(folder *f, const char *name, onnxrun_error *error)
{
  const uint8_t *data = NULL;
  size_t size = 0;
  onx_files_release(&f->files);
  const onnxrun_status s =
      onx_files_open(&f->files, &f->object->pool, path_of(f, name), &data, &size, error);
  cr_assert(s != ONNXRUN_OK || (size == 5 && memcmp(data, "model", 5) == 0));
  return s;
}

static folder *new_folder(void)
{
  folder *f = calloc(1, sizeof *f);
  cr_assert_not_null(f);
  strcpy(f->root, "/tmp/onnxrun_files_XXXXXX");
  cr_assert_not_null(mkdtemp(f->root));
  cr_assert_eq(mkdir(path_of(f, "in"), 0700), 0);
  cr_assert_eq(mkdir(path_of(f, "in/sub"), 0700), 0);
  write_file(f, "outside.bin", "secret");
  write_file(f, "in/model.onnx", "model");
  write_file(f, "in/weights.bin", "weights");
  write_file(f, "in/sub/more.bin", "more");
  write_file(f, "in/empty.bin", "");
  void *object = NULL;
  cr_assert_eq(onx_object_new(sizeof *f->object, NULL, "a test", &object, NULL), ONNXRUN_OK);
  f->object = object;
  f->object->pool.heap = &f->object->heap;
  return f;
}

static void release(folder *f)
{
  onx_files_release(&f->files);
  onx_files_release(&f->files); /* again is fine */
  onx_pool_release(&f->object->pool);
  onx_object_release(f->object, sizeof *f->object);
  static const char *const made[] = {
      "in/link.bin",   "in/folder",    "in/pipe", "in/sub/more.bin", "in/weights.bin", "in/sub",
      "in/model.onnx", "in/empty.bin", "in",      "outside.bin"};
  for (size_t i = 0; i < sizeof made / sizeof *made; i++)
    remove(path_of(f, made[i]));
  cr_assert_eq(rmdir(f->root), 0);
  free(f);
}

static folder *opened(void)
{
  folder *f = new_folder();
  onnxrun_error error = {0};
  cr_assert_eq(open_model(f, "in/model.onnx", &error), ONNXRUN_OK, "%s", error.text);
  return f;
}

static onnxrun_status map(folder *f, const char *path, const uint8_t **data, size_t *size,
                          onnxrun_error *error)
{
  return onx_files_map(&f->files, onx_text(path), data, size, error);
}

static void refuse(folder *f, onnxrun_string path, onnxrun_status status)
{
  const uint8_t *data = NULL;
  size_t size = 0;
  onnxrun_error error = {0};
  cr_assert_eq(onx_files_map(&f->files, path, &data, &size, &error), status, "'%.*s': %d %s",
               (int)path.size, path.data, (int)error.status, error.text);
  cr_assert(error.text[0] != '\0' && !data && size == 0);
  cr_assert_eq(onx_files_map(&f->files, path, &data, &size, NULL), status);
}

Test(files, external_data_is_found_in_the_models_folder)
{
  folder *f = opened();
  static const char *const paths[][2] = {{"weights.bin", "weights"},
                                         {"./weights.bin", "weights"},
                                         {"sub/more.bin", "more"},
                                         {".//sub/./more.bin", "more"}};
  for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
    const uint8_t *data = NULL;
    size_t size = 0;
    onnxrun_error error = {0};
    cr_assert_eq(map(f, paths[i][0], &data, &size, &error), ONNXRUN_OK, "%s", error.text);
    cr_assert(size == strlen(paths[i][1]) && memcmp(data, paths[i][1], size) == 0);
  }
  release(f);
}

Test(files, a_file_is_mapped_once)
{
  folder *f = opened();
  const uint8_t *first = NULL, *second = NULL;
  size_t size;
  cr_assert_eq(map(f, "weights.bin", &first, &size, NULL), ONNXRUN_OK);
  cr_assert_eq(map(f, "sub/more.bin", &second, &size, NULL), ONNXRUN_OK);
  cr_assert_eq(map(f, "weights.bin", &second, &size, NULL), ONNXRUN_OK);
  cr_assert(first == second && size == 7);
  release(f);
}

Test(files, an_empty_file_has_no_bytes)
{
  folder *f = opened();
  const uint8_t *data = NULL;
  size_t size = 7;
  cr_assert_eq(map(f, "empty.bin", &data, &size, NULL), ONNXRUN_OK);
  cr_assert_eq(size, 0);
  release(f);
}

Test(files, paths_out_of_the_folder_are_refused)
{
  folder *f = opened();
  static const char *const paths[] = {"",
                                      "..",
                                      "../outside.bin",
                                      "./../outside.bin",
                                      "sub/../../outside.bin",
                                      "sub/../weights.bin",
                                      "/etc/passwd",
                                      "//etc/passwd",
                                      ".",
                                      "./",
                                      "sub/."};
  for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
    refuse(f, onx_text(paths[i]), ONNXRUN_INVALID_MODEL);
  refuse(f, (onnxrun_string){"weights.bin\0x", 13}, ONNXRUN_INVALID_MODEL);
  refuse(f, (onnxrun_string){NULL, 0}, ONNXRUN_INVALID_MODEL);
  static char longer[5000];
  memset(longer, 'x', sizeof longer - 1);
  refuse(f, onx_text(longer), ONNXRUN_INVALID_MODEL);
  refuse(f, (onnxrun_string){path_of(f, "in/weights.bin"), strlen(f->path)}, ONNXRUN_INVALID_MODEL);
  release(f);
}

Test(files, symbolic_links_are_refused)
{
  folder *f = opened();
  cr_assert_eq(symlink("weights.bin", path_of(f, "in/link.bin")), 0);
  cr_assert_eq(symlink("sub", path_of(f, "in/folder")), 0);
  refuse(f, onx_text("link.bin"), ONNXRUN_INVALID_MODEL);
  refuse(f, onx_text("folder/more.bin"), ONNXRUN_INVALID_MODEL);
  remove(path_of(f, "in/link.bin"));
  cr_assert_eq(symlink("../outside.bin", path_of(f, "in/link.bin")), 0);
  refuse(f, onx_text("link.bin"), ONNXRUN_INVALID_MODEL);
  release(f);
}

Test(files, what_is_no_file_is_refused)
{
  folder *f = opened();
  cr_assert_eq(mkfifo(path_of(f, "in/pipe"), 0600), 0);
  refuse(f, onx_text("pipe"), ONNXRUN_IO);
  refuse(f, onx_text("sub"), ONNXRUN_IO);
  refuse(f, onx_text("sub/"), ONNXRUN_IO);
  refuse(f, onx_text("none.bin"), ONNXRUN_NOT_FOUND);
  refuse(f, onx_text("none/more.bin"), ONNXRUN_NOT_FOUND);
  refuse(f, onx_text("weights.bin/more.bin"), ONNXRUN_NOT_FOUND);
  release(f);
}

Test(files, no_descriptor_is_left_open)
{
  folder *f = opened();
  const int before = open("/dev/null", O_RDONLY);
  cr_assert_geq(before, 0);
  close(before);
  static const char *const paths[] = {"weights.bin", "sub/more.bin", "sub/none", "none/x",
                                      "sub/../x",    "sub/./",       "sub"};
  for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
    const uint8_t *data;
    size_t size;
    const onnxrun_status s = map(f, paths[i], &data, &size, NULL);
    cr_assert_eq(s == ONNXRUN_OK, i < 2);
    const int after = open("/dev/null", O_RDONLY);
    cr_assert_eq(after, before, "'%s' leaves a descriptor", paths[i]);
    close(after);
  }
  release(f);
}

Test(files, a_model_that_is_not_there_or_no_file_is_refused)
{
  folder *f = new_folder();
  onnxrun_error error = {0};
  cr_assert_eq(open_model(f, "in/none.onnx", &error), ONNXRUN_NOT_FOUND);
  cr_assert(strstr(error.text, "none.onnx"), "%s", error.text);
  cr_assert_eq(open_model(f, "in", &error), ONNXRUN_IO);
  cr_assert_eq(open_model(f, "in", NULL), ONNXRUN_IO);
  release(f);
}

Test(files, a_model_may_be_named_through_a_link)
{
  folder *f = new_folder();
  cr_assert_eq(symlink("model.onnx", path_of(f, "in/link.bin")), 0);
  cr_assert_eq(open_model(f, "in/link.bin", NULL), ONNXRUN_OK);
  const uint8_t *data;
  size_t size;
  cr_assert_eq(map(f, "weights.bin", &data, &size, NULL), ONNXRUN_OK);
  release(f);
}

Test(files, no_memory_is_reported)
{
  folder *f = opened();
  f->object->heap.max_bytes = f->object->heap.bytes;
  static char name[30000];
  const uint8_t *data;
  size_t size;
  memset(name, '/', sizeof name);
  memcpy(name, ".", 1);
  memcpy(name + sizeof name - 12, "weights.bin", 12);
  onnxrun_error error = {0};
  cr_assert_eq(map(f, name, &data, &size, &error), ONNXRUN_LIMIT, "%s", error.text);
  release(f);
}
