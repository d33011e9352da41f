/* test_api.c: the public header alone, against the shared library. Compiled as C, and as C++ by
 * test_api.cpp: what is written here is both. */
#include <math.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "onnxrun/onnxrun.h"

static int checks, failures;

#define CHECK(claim)                                                                               \
  do {                                                                                             \
    checks++;                                                                                      \
    if (!(claim)) {                                                                                \
      failures++;                                                                                  \
      printf("%s:%d: not so: %s\n", __FILE__, __LINE__, #claim);                                   \
    }                                                                                              \
  } while (0)

static onnxrun_options default_options(void)
{
  const onnxrun_options o = ONNXRUN_OPTIONS_INIT;
  return o;
}

static onnxrun_error error;

static char model_path[4096], input_path[4096], expected_path[4096];

static void *read_file(const char *path, size_t *size)
{
  FILE *f = fopen(path, "rb");
  if (!f) {
    printf("cannot open %s\n", path);
    exit(1);
  }
  char *data = (char *)malloc(1 << 20);
  *size = data ? fread(data, 1, 1 << 20, f) : 0;
  fclose(f);
  return data;
}

static void check_texts(void)
{
  CHECK(strcmp(onnxrun_version(), "0.1.0") == 0);
  CHECK(strcmp(onnxrun_status_text(ONNXRUN_OK), "ok") == 0);
  for (int s = 0; s <= ONNXRUN_TIMEOUT; s++)
    CHECK(strcmp(onnxrun_status_text((onnxrun_status)s), "unknown status") != 0);
  CHECK(strcmp(onnxrun_status_text((onnxrun_status)1000), "unknown status") == 0);
  CHECK(strcmp(onnxrun_dtype_name(ONNXRUN_BFLOAT16), "bfloat16") == 0);
  CHECK(onnxrun_dtype_bits(ONNXRUN_INT4) == 4 && onnxrun_dtype_bits((onnxrun_dtype)99) == 0);
}

static void check_misuse(void)
{
  onnxrun_model *m = NULL;
  onnxrun_options o = default_options();
  onnxrun_model_release(NULL);
  onnxrun_session_release(NULL);
  onnxrun_registry_release(NULL);
  onnxrun_value_release(NULL);
  CHECK(onnxrun_model_open(NULL, NULL, &m, &error) == ONNXRUN_INVALID_ARGUMENT);
  CHECK(onnxrun_model_open(model_path, NULL, NULL, NULL) == ONNXRUN_INVALID_ARGUMENT);
  CHECK(onnxrun_model_load("", 0, NULL, &m, &error) == ONNXRUN_INVALID_MODEL);
  o.size = 3;
  CHECK(onnxrun_model_open(model_path, &o, &m, &error) == ONNXRUN_INVALID_ARGUMENT);
  o = default_options();
  o.isa = "abacus";
  CHECK(onnxrun_model_open(model_path, &o, &m, &error) == ONNXRUN_INVALID_ARGUMENT);
  CHECK(strstr(error.text, "abacus") != NULL);
  CHECK(onnxrun_model_open("/no/such/model.onnx", NULL, &m, &error) == ONNXRUN_NOT_FOUND);
  CHECK(error.status == ONNXRUN_NOT_FOUND && strstr(error.text, "/no/such/model.onnx") != NULL);
  CHECK(m == NULL);
  CHECK(onnxrun_session_create(NULL, NULL, NULL, &error) == ONNXRUN_INVALID_ARGUMENT);
  CHECK(onnxrun_session_run(NULL, NULL, 0, NULL, 0, &error) == ONNXRUN_INVALID_ARGUMENT);
}

static onnxrun_model *open_model(void)
{
  onnxrun_model *m = NULL;
  if (onnxrun_model_open(model_path, NULL, &m, &error) != ONNXRUN_OK) {
    printf("%s\n", error.text);
    exit(1);
  }
  return m;
}

static onnxrun_tensor image(void *data)
{
  onnxrun_tensor t;
  memset(&t, 0, sizeof t);
  t.dtype = ONNXRUN_FLOAT;
  t.rank = 4;
  t.dims[0] = t.dims[1] = 1;
  t.dims[2] = t.dims[3] = 8;
  t.data = data;
  t.bytes = 256;
  return t;
}

static void check_interface(const onnxrun_model *m)
{
  onnxrun_info info;
  memset(&info, 0, sizeof info);
  CHECK(onnxrun_model_input(m, 0, &info, &error) == ONNXRUN_INVALID_ARGUMENT);
  info.size = sizeof info;
  CHECK(onnxrun_model_inputs(m) == 1 && onnxrun_model_outputs(m) == 1);
  CHECK(onnxrun_model_input(m, 0, &info, &error) == ONNXRUN_OK);
  CHECK(strcmp(info.name, "image") == 0 && info.name_size == 5);
  CHECK(info.spec.dtype == ONNXRUN_FLOAT && info.spec.rank == 4 && !info.any_rank);
  CHECK(info.spec.dims[0] == -1 && info.spec.dims[2] == 8);
  CHECK(info.dim_names[0] && strcmp(info.dim_names[0], "batch") == 0 && !info.dim_names[2]);
  CHECK(onnxrun_model_input(m, 1, &info, &error) == ONNXRUN_NOT_FOUND);
  CHECK(onnxrun_model_output(m, 0, &info, &error) == ONNXRUN_OK);
  CHECK(strcmp(info.name, "probabilities") == 0);
  size_t i = 9;
  CHECK(onnxrun_model_find_input(m, "image", &i, &error) == ONNXRUN_OK && i == 0);
  CHECK(onnxrun_model_find_output(m, "image", &i, &error) == ONNXRUN_NOT_FOUND);
  CHECK(strstr(error.text, "no output 'image', it has 'probabilities'") != NULL);
}

static void check_about(const onnxrun_model *m)
{
  onnxrun_about about;
  onnxrun_string domain, value;
  int64_t version = 0;
  memset(&about, 0, sizeof about);
  CHECK(onnxrun_model_about(m, &about, &error) == ONNXRUN_INVALID_ARGUMENT);
  about.size = sizeof about;
  CHECK(onnxrun_model_about(m, &about, &error) == ONNXRUN_OK);
  CHECK(about.ir_version > 3 && about.producer.size > 0);
  CHECK(onnxrun_model_opsets(m) == 1);
  CHECK(onnxrun_model_opset(m, 0, &domain, &version, &error) == ONNXRUN_OK);
  CHECK(domain.size == 0 && version > 0);
  CHECK(onnxrun_model_properties(m) == 0);
  CHECK(onnxrun_model_find_property(m, "key", &value, &error) == ONNXRUN_NOT_FOUND);
}

static void check_run(const onnxrun_model *m)
{
  size_t size;
  float *input = (float *)read_file(input_path, &size),
        *expected = (float *)read_file(expected_path, &size);
  float buffer[10];
  onnxrun_session *s = NULL;
  CHECK(onnxrun_session_create(m, NULL, &s, &error) == ONNXRUN_OK);
  onnxrun_tensor in = image(input), out;
  memset(&out, 0, sizeof out);
  CHECK(onnxrun_session_run(s, &in, 1, &out, 1, &error) == ONNXRUN_OK);
  CHECK(out.dtype == ONNXRUN_FLOAT && out.rank == 2 && out.dims[1] == 10 && out.bytes == 40);
  for (int i = 0; i < 10; i++)
    CHECK(fabsf(((float *)out.data)[i] - expected[i]) < 1e-6f);
  const void *lent = out.data;
  out.data = buffer;
  out.bytes = sizeof buffer;
  CHECK(onnxrun_session_run(s, &in, 1, &out, 1, &error) == ONNXRUN_OK);
  CHECK(out.data == buffer && memcmp(buffer, lent, sizeof buffer) == 0);
  out.bytes = 39;
  CHECK(onnxrun_session_run(s, &in, 1, &out, 1, &error) == ONNXRUN_BUFFER_TOO_SMALL);
  CHECK(out.bytes == 40);
  in.dtype = ONNXRUN_DOUBLE;
  CHECK(onnxrun_session_run(s, &in, 1, &out, 1, &error) == ONNXRUN_INVALID_INPUT);
  CHECK(strstr(error.text, "'image' is double, expected float") != NULL);
  in = image(input);
  in.dims[2] = 9;
  CHECK(onnxrun_session_run(s, &in, 1, &out, 1, &error) == ONNXRUN_INVALID_INPUT);
  in = image((char *)input + 1);
  CHECK(onnxrun_session_run(s, &in, 1, &out, 1, &error) == ONNXRUN_INVALID_ARGUMENT);
  CHECK(onnxrun_session_run(s, &in, 0, &out, 1, &error) == ONNXRUN_INVALID_INPUT);
  CHECK(onnxrun_session_run(s, &in, 1, &out, 0, &error) == ONNXRUN_INVALID_ARGUMENT);
  in = image(input);
  CHECK(onnxrun_session_run(s, &in, 1, &out, 1, NULL) == ONNXRUN_OK);
  onnxrun_session_release(s);
  free(input);
  free(expected);
}

/* The bytes may go once the model is released, not before: read from memory of our own. */
static void check_memory(void)
{
  size_t size;
  void *bytes = read_file(model_path, &size);
  onnxrun_model *m = NULL;
  CHECK(onnxrun_model_load(bytes, size, NULL, &m, &error) == ONNXRUN_OK);
  CHECK(onnxrun_model_inputs(m) == 1);
  onnxrun_model_release(m);
  m = NULL;
  CHECK(onnxrun_model_load(bytes, size / 2, NULL, &m, &error) == ONNXRUN_INVALID_MODEL);
  CHECK(m == NULL && strlen(error.text) > 10);
  free(bytes);
}

typedef struct job {
  const onnxrun_model *model;
  float result[10];
} job;

static void *run_many(void *arg)
{
  job *j = (job *)arg;
  onnxrun_session *s = NULL;
  onnxrun_options o = default_options();
  float data[64];
  for (int i = 0; i < 64; i++)
    data[i] = (float)i / 64;
  o.threads = 1;
  onnxrun_tensor in = image(data), out;
  memset(&out, 0, sizeof out);
  out.data = j->result;
  out.bytes = sizeof j->result;
  if (onnxrun_session_create(j->model, &o, &s, NULL) != ONNXRUN_OK)
    return NULL;
  for (int i = 0; i < 200; i++) {
    if (onnxrun_session_run(s, &in, 1, &out, 1, NULL) != ONNXRUN_OK)
      memset(j->result, 0xff, sizeof j->result);
  }
  onnxrun_session_release(s);
  return NULL;
}

static void check_threads(const onnxrun_model *m)
{
  job jobs[4];
  pthread_t threads[4];
  for (int i = 0; i < 4; i++) {
    memset(&jobs[i], 0, sizeof jobs[i]);
    jobs[i].model = m;
    CHECK(pthread_create(&threads[i], NULL, run_many, &jobs[i]) == 0);
  }
  for (int i = 0; i < 4; i++)
    pthread_join(threads[i], NULL);
  for (int i = 1; i < 4; i++)
    CHECK(memcmp(jobs[i].result, jobs[0].result, sizeof jobs[0].result) == 0);
  CHECK(jobs[0].result[0] >= 0 && jobs[0].result[0] <= 1);
}

/* Threads of the host's own: here its one, task after task. */
static size_t host_width(void *user)
{
  (void)user;
  return 2;
}

static void host_each(void *user, size_t tasks, void (*task)(void *, size_t, size_t), void *arg)
{
  ++*(int *)user;
  for (size_t i = 0; i < tasks; i++)
    task(arg, i, 0);
}

static void check_executor(const onnxrun_model *m)
{
  int used = 0;
  const onnxrun_executor executor = {&used, host_width, host_each};
  onnxrun_options o = default_options();
  o.executor = &executor;
  onnxrun_session *s = NULL;
  CHECK(onnxrun_session_create(m, &o, &s, &error) == ONNXRUN_OK);
  const size_t batch = 64;
  float *data = (float *)calloc(batch * 64, sizeof *data);
  onnxrun_tensor in = image(data), out;
  memset(&out, 0, sizeof out);
  in.dims[0] = (int64_t)batch;
  in.bytes *= batch;
  CHECK(onnxrun_session_run(s, &in, 1, &out, 1, &error) == ONNXRUN_OK);
  CHECK(used == 1 && out.dims[0] == (int64_t)batch);
  onnxrun_session_release(s);
  free(data);
}

static void check_registry(void)
{
  onnxrun_registry *r = NULL;
  onnxrun_options o = default_options();
  o.isa = "base";
  CHECK(onnxrun_registry_create(&o, &r, &error) == ONNXRUN_OK);
  CHECK(strcmp(onnxrun_registry_isa(r), "base") == 0);
  CHECK(onnxrun_registry_add(r, NULL, &error) == ONNXRUN_INVALID_ARGUMENT);
  o.registry = r;
  onnxrun_model *m = NULL;
  CHECK(onnxrun_model_open(model_path, &o, &m, &error) == ONNXRUN_OK);
  onnxrun_model_release(m);
  onnxrun_registry_release(r);
}

static void check_values(void)
{
  float data[6] = {1, 2, 3, 4, 5, 6};
  onnxrun_tensor t = image(data);
  t.rank = 2;
  t.dims[0] = 2;
  t.dims[1] = 3;
  t.bytes = sizeof data;
  size_t size = 0;
  CHECK(onnxrun_value_write(&t, "x", NULL, &size, &error) == ONNXRUN_BUFFER_TOO_SMALL);
  char *bytes = (char *)malloc(size);
  CHECK(size > sizeof data && onnxrun_value_write(&t, "x", bytes, &size, &error) == ONNXRUN_OK);
  onnxrun_value *v = NULL;
  CHECK(onnxrun_value_parse(bytes, size, ONNXRUN_FLOAT, NULL, &v, &error) == ONNXRUN_OK);
  const onnxrun_tensor *back = onnxrun_value_tensor(v);
  CHECK(back->rank == 2 && back->dims[1] == 3 && memcmp(back->data, data, sizeof data) == 0);
  onnxrun_value_release(v);
  v = NULL;
  CHECK(onnxrun_value_parse(bytes, size - 1, ONNXRUN_FLOAT, NULL, &v, &error) != ONNXRUN_OK);
  CHECK(v == NULL);
  free(bytes);
}

/* Values that are made by calls: strings in a sequence in an optional, copied and taken apart. */
static void check_made(void)
{
  const char *texts[] = {"one", "t\0o"};
  const size_t sizes[] = {3, 3};
  onnxrun_value *strings = NULL, *sequence = NULL, *optional = NULL, *copy = NULL, *none = NULL;
  onnxrun_tensor shape = image(NULL);
  shape.rank = 1;
  shape.dims[0] = 2;
  CHECK(onnxrun_value_strings(&shape, texts, sizes, NULL, &strings, &error) == ONNXRUN_OK);
  const onnxrun_tensor *items[] = {onnxrun_value_tensor(strings), onnxrun_value_tensor(strings)};
  CHECK(onnxrun_value_sequence(items, 2, NULL, &sequence, &error) == ONNXRUN_OK);
  onnxrun_value_release(strings);
  CHECK(onnxrun_value_optional(onnxrun_value_tensor(sequence), NULL, &optional, &error) ==
        ONNXRUN_OK);
  onnxrun_value_release(sequence);
  CHECK(onnxrun_value_copy(onnxrun_value_tensor(optional), NULL, &copy, &error) == ONNXRUN_OK);
  onnxrun_value_release(optional);
  const onnxrun_tensor *t = onnxrun_value_tensor(copy);
  CHECK(t->dtype == ONNXRUN_OPTIONAL && onnxrun_tensor_count(t) == 1);
  t = onnxrun_tensor_item(t, 0);
  CHECK(t->dtype == ONNXRUN_SEQUENCE && onnxrun_tensor_count(t) == 2);
  const onnxrun_string *s = onnxrun_tensor_string(onnxrun_tensor_item(t, 1), 1);
  CHECK(s && s->size == 3 && memcmp(s->data, "t\0o", 3) == 0);
  CHECK(!onnxrun_tensor_item(t, 2) && !onnxrun_tensor_string(t, 0));
  onnxrun_value_release(copy);
  CHECK(onnxrun_value_optional(NULL, NULL, &none, &error) == ONNXRUN_OK);
  CHECK(onnxrun_tensor_count(onnxrun_value_tensor(none)) == 0);
  onnxrun_value_release(none);
  CHECK(onnxrun_value_copy(NULL, NULL, &copy, &error) == ONNXRUN_INVALID_ARGUMENT);
}

int main(int argc, char **argv)
{
  const char *models = argc > 1 ? argv[1] : "models";
  snprintf(model_path, sizeof model_path, "%s/digits-elu/model.onnx", models);
  snprintf(input_path, sizeof input_path, "%s/digits-elu/input.bin", models);
  snprintf(expected_path, sizeof expected_path, "%s/digits-elu/expected.bin", models);
  check_texts();
  check_misuse();
  onnxrun_model *m = open_model();
  check_interface(m);
  check_about(m);
  check_run(m);
  check_memory();
  check_threads(m);
  check_executor(m);
  check_registry();
  check_values();
  check_made();
  onnxrun_model_release(m);
  printf("%d passed, %d failed\n", checks - failures, failures);
  return failures ? 1 : 0;
}
