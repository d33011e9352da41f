/* test.c: `onnxrun test DIR...`: folders in ONNX's test layout.
 *
 * A folder with model.onnx is a case; any other is searched for cases. A case passes when all of
 * its test_data_set_* do: input_N.pb are the model's inputs in order, output_N.pb what must come
 * out. An unsupported operator is told apart from a failure. */
#include "commands.h"
#include "compare.h"
#include "model_io.h"
#include "text.h"

#include <dirent.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_FOLDERS = 8 };

/* What became of a case, beside the exit codes of a fault. */
enum { NO_DATA_SET = -1 };

struct operator_count {
  char name[64];
  size_t cases;
};

struct tests {
  const struct cli_options *options;
  size_t passed, failed, unsupported, skipped;
  struct operator_count *operators; /* that were unsupported */
  size_t n_operators;
};

/* One model and its folder. */
struct test_case {
  const struct tests *tests;
  const char *folder;
  onnxrun_model *model;
  onnxrun_session *session;
  struct io_list inputs, outputs;
  struct tolerance tolerance;
};

/* ---- one data set ---------------------------------------------------------------------------- */

/* FOLDER/PREFIX_N.pb, to be freed; NULL: no memory. */
static char *numbered_path(const char *folder, const char *prefix, size_t n)
{
  char name[64];
  snprintf(name, sizeof name, "%s_%zu.pb", prefix, n);
  return path_join(folder, name);
}

/* Reads the file and frees its path. */
static int read_stored(const struct test_case *c, char *path, onnxrun_dtype kind,
                       struct stored_value *out, struct fault *f)
{
  const int code =
      path ? stored_value_read(path, kind, &c->tests->options->engine, out, f) : fault_memory(f);
  free(path);
  return code;
}

static int read_inputs(const struct test_case *c, const char *folder, struct stored_value *stored,
                       onnxrun_tensor *tensors, struct fault *f)
{
  for (size_t i = 0; i < c->inputs.size; i++) {
    const int code = read_stored(c, numbered_path(folder, "input", i),
                                 c->inputs.infos[i].spec.dtype, &stored[i], f);
    if (code != EXIT_CODE_OK)
      return code;
    tensors[i] = *onnxrun_value_tensor(stored[i].value);
  }
  return EXIT_CODE_OK;
}

/* The same bytes mean a tensor or a sequence: what the model says, or else what came out. */
static onnxrun_dtype expected_kind(const onnxrun_info *info, const onnxrun_tensor *found)
{
  return info->spec.dtype == ONNXRUN_UNDEFINED ? found->dtype : info->spec.dtype;
}

static int compare_output(const struct test_case *c, const char *folder, size_t i,
                          const onnxrun_tensor *found, struct fault *f)
{
  const onnxrun_info *info = &c->outputs.infos[i];
  struct stored_value stored = {0};
  char why[768];
  int code =
      read_stored(c, numbered_path(folder, "output", i), expected_kind(info, found), &stored, f);
  if (code == EXIT_CODE_OK &&
      !compare_values(onnxrun_value_tensor(stored.value), found, &c->tolerance, why, sizeof why))
    code = fault_set(f, EXIT_CODE_MISMATCH, "%s: output %zu '%s': %s", folder, i, info->name, why);
  stored_value_release(&stored);
  return code;
}

static int run_and_compare(const struct test_case *c, const char *folder,
                           const onnxrun_tensor *inputs, onnxrun_tensor *results, struct fault *f)
{
  onnxrun_error error = {0};
  const onnxrun_status status =
      onnxrun_session_run(c->session, inputs, c->inputs.size, results, c->outputs.size, &error);
  if (status != ONNXRUN_OK)
    return fault_from(f, FAULT_MODEL, folder, status, &error);
  int code = EXIT_CODE_OK;
  for (size_t i = 0; code == EXIT_CODE_OK && i < c->outputs.size; i++)
    code = compare_output(c, folder, i, &results[i], f);
  return code;
}

static int run_data_set(const struct test_case *c, const char *folder, struct fault *f)
{
  const size_t n_in = c->inputs.size, n_out = c->outputs.size;
  struct stored_value *stored = calloc(n_in + 1, sizeof *stored);
  onnxrun_tensor *tensors = calloc(n_in + n_out + 1, sizeof *tensors);
  int code = stored && tensors ? EXIT_CODE_OK : fault_memory(f);
  if (code == EXIT_CODE_OK)
    code = read_inputs(c, folder, stored, tensors, f);
  if (code == EXIT_CODE_OK)
    code = run_and_compare(c, folder, tensors, tensors + n_in, f);
  for (size_t i = 0; stored && i < n_in; i++)
    stored_value_release(&stored[i]);
  free(stored);
  free(tensors);
  return code;
}

/* ---- one case -------------------------------------------------------------------------------- */

static int is_data_set(const struct dirent *entry)
{
  return strncmp(entry->d_name, "test_data_set_", 14) == 0;
}

static int is_shown(const struct dirent *entry)
{
  return entry->d_name[0] != '.';
}

static void free_entries(struct dirent **entries, int n)
{
  for (int i = 0; i < n; i++)
    free(entries[i]);
  free(entries);
}

static int run_data_sets(const struct test_case *c, struct fault *f)
{
  struct dirent **entries = NULL;
  const int n = scandir(c->folder, &entries, is_data_set, alphasort);
  if (n <= 0) {
    free(entries);
    fault_set(f, EXIT_CODE_OK, "%s: no test_data_set_*", c->folder);
    return NO_DATA_SET;
  }
  int code = EXIT_CODE_OK;
  for (int i = 0; code == EXIT_CODE_OK && i < n; i++) {
    char *folder = path_join(c->folder, entries[i]->d_name);
    code = folder ? run_data_set(c, folder, f) : fault_memory(f);
    free(folder);
  }
  free_entries(entries, n);
  return code;
}

static int open_case(struct test_case *c, struct fault *f)
{
  onnxrun_error error = {0};
  const onnxrun_options *engine = &c->tests->options->engine;
  char *path = path_join(c->folder, "model.onnx");
  if (!path)
    return fault_memory(f);
  onnxrun_status status = onnxrun_model_open(path, engine, &c->model, &error);
  if (status == ONNXRUN_OK)
    status = onnxrun_session_create(c->model, engine, &c->session, &error);
  int code = EXIT_CODE_OK;
  if (status != ONNXRUN_OK)
    code = fault_from(f, FAULT_MODEL, path, status, &error);
  free(path);
  if (code == EXIT_CODE_OK)
    code = io_list_inputs(c->model, &c->inputs, f);
  return code != EXIT_CODE_OK ? code : io_list_outputs(c->model, &c->outputs, f);
}

static const char *base_name(const char *path)
{
  const char *slash = strrchr(path, '/');
  return slash && slash[1] ? slash + 1 : path;
}

static bool is_shapes_only(const struct cli_options *o, const char *folder)
{
  for (size_t i = 0; i < o->shapes_only.size; i++) {
    if (fnmatch(o->shapes_only.items[i], base_name(folder), 0) == 0)
      return true;
  }
  return false;
}

static int run_case(const struct tests *t, const char *folder, struct fault *f)
{
  const struct cli_options *o = t->options;
  struct test_case c = {
      .tests = t, .folder = folder, .tolerance = {o->rtol, o->atol, is_shapes_only(o, folder)}};
  int code = open_case(&c, f);
  if (code == EXIT_CODE_OK)
    code = run_data_sets(&c, f);
  onnxrun_session_release(c.session);
  io_list_release(&c.inputs);
  io_list_release(&c.outputs);
  onnxrun_model_release(c.model);
  return code;
}

/* ---- counting -------------------------------------------------------------------------------- */

/* The operator in "...: node 3 'name' (Op): text". */
static void operator_of(const char *text, char name[64])
{
  const char *end = strstr(text, "): "), *begin = end;
  while (begin && begin > text && *begin != '(')
    begin--;
  if (begin && *begin == '(')
    snprintf(name, 64, "%.*s", (int)(end - begin - 1), begin + 1);
  else
    snprintf(name, 64, "other");
}

static void count_operator(struct tests *t, const char *text)
{
  char name[64];
  operator_of(text, name);
  size_t at = 0;
  while (at < t->n_operators && strcmp(t->operators[at].name, name) != 0)
    at++;
  if (at == t->n_operators) {
    struct operator_count *grown = realloc(t->operators, (at + 1) * sizeof *grown);
    if (!grown)
      return;
    t->operators = grown;
    t->n_operators++;
    t->operators[at].cases = 0;
    memcpy(t->operators[at].name, name, sizeof name);
  }
  t->operators[at].cases++;
}

static void print_result(const struct tests *t, const char *result, const char *text, bool always)
{
  if (t->options->quiet || !(always || t->options->verbose))
    return;
  printf("%s  %s\n", result, text);
  fflush(stdout);
}

static void count_case(struct tests *t, const char *folder)
{
  struct fault f = {0};
  const int code = run_case(t, folder, &f);
  if (code == EXIT_CODE_OK) {
    t->passed++;
    print_result(t, "PASS", folder, false);
  } else if (code == NO_DATA_SET) {
    t->skipped++;
    print_result(t, "SKIP", f.text, false);
  } else if (code == EXIT_CODE_UNSUPPORTED) {
    t->unsupported++;
    count_operator(t, f.text);
    print_result(t, "UNSUPPORTED", f.text, false);
  } else {
    t->failed++;
    print_result(t, "FAIL", f.text, true);
  }
}

/* ---- all ------------------------------------------------------------------------------------- */

static bool is_case(const char *folder)
{
  char *path = path_join(folder, "model.onnx");
  const bool is = path && path_exists(path);
  free(path);
  return is;
}

static void search(struct tests *t, const char *folder, int depth)
{
  struct dirent **entries = NULL;
  if (is_case(folder)) {
    count_case(t, folder);
    return;
  }
  const int n = depth < MAX_FOLDERS ? scandir(folder, &entries, is_shown, alphasort) : 0;
  for (int i = 0; i < n; i++) {
    char *path = path_join(folder, entries[i]->d_name);
    if (path && is_directory(path))
      search(t, path, depth + 1);
    free(path);
  }
  free_entries(entries, n);
}

static size_t cases_of(const struct tests *t)
{
  return t->passed + t->failed + t->unsupported + t->skipped;
}

static int search_all(struct tests *t, struct fault *f)
{
  for (size_t i = 0; i < t->options->operands.size; i++) {
    const char *folder = t->options->operands.items[i];
    const size_t before = cases_of(t);
    if (!is_directory(folder))
      return fault_set(f, EXIT_CODE_INPUT, "%s: expected a folder of tests, found %s", folder,
                       path_exists(folder) ? "a file" : "nothing");
    search(t, folder, 0);
    if (cases_of(t) == before)
      return fault_set(f, EXIT_CODE_INPUT, "%s: expected tests, found no folder with model.onnx",
                       folder);
  }
  return EXIT_CODE_OK;
}

static int most_first(const void *a, const void *b)
{
  const struct operator_count *x = a, *y = b;
  return x->cases != y->cases ? (x->cases < y->cases ? 1 : -1) : strcmp(x->name, y->name);
}

static void print_totals(struct tests *t)
{
  if (t->unsupported > 0) {
    qsort(t->operators, t->n_operators, sizeof *t->operators, most_first);
    printf("unsupported: %zu (by operator: ", t->unsupported);
    for (size_t i = 0; i < t->n_operators; i++)
      printf("%s%s %zu", i ? ", " : "", t->operators[i].name, t->operators[i].cases);
    puts(")");
  }
  printf("%zu passed, %zu failed, %zu unsupported, %zu skipped\n", t->passed, t->failed,
         t->unsupported, t->skipped);
}

static int verdict(const struct tests *t)
{
  if (t->failed > 0)
    return EXIT_CODE_MISMATCH;
  return t->unsupported > 0 && !t->options->allow_unsupported ? EXIT_CODE_UNSUPPORTED
                                                              : EXIT_CODE_OK;
}

int command_test(const struct cli_options *o, struct fault *f)
{
  struct tests t = {.options = o};
  const int code = search_all(&t, f);
  if (code == EXIT_CODE_OK)
    print_totals(&t);
  free(t.operators);
  return code != EXIT_CODE_OK ? code : verdict(&t);
}
