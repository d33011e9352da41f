/* inputs.c: the inputs that the command line names, read and fitted to the model. */
#include "inputs.h"

#include "element.h"
#include "print.h"
#include "text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

void input_set_release(struct input_set *set)
{
  for (size_t i = 0; i < set->size; i++)
    stored_value_release(&set->stored[i]);
  free(set->stored);
  free(set->tensors);
  *set = (struct input_set){0};
}

/* An input of the model and the file that it comes from (NULL: not known yet). */
struct source {
  const onnxrun_info *info;
  const char *path;
};

/* "FILE: input 'x' float[N,3]: " and the text, as EXIT_CODE_INPUT. */
static int input_fault(struct fault *f, const struct source *s, const char *text)
{
  struct text t = {0};
  if (s->path)
    text_format(&t, "%s: ", shown_path(s->path));
  text_append(&t, "input '", 7);
  text_append_escaped(&t, s->info->name, s->info->name_size, '\0');
  text_append(&t, "' ", 2);
  text_append_type(&t, &s->info->spec, s->info);
  fault_set(f, EXIT_CODE_INPUT, "%.*s: %s", (int)t.size, t.data ? t.data : "", text);
  text_release(&t);
  return EXIT_CODE_INPUT;
}

/* ---- which file is whose --------------------------------------------------------------------- */

static int unknown_word(const char *word, struct fault *f)
{
  return fault_set(f, EXIT_CODE_INPUT, "%s: no input of the model and no file has this name", word);
}

static int assign_named(const struct cli_options *o, const struct io_list *wanted,
                        const char **paths, struct fault *f)
{
  for (size_t i = 0; i < o->operands.size; i++) {
    const char *word = o->operands.items[i], *path = NULL;
    size_t at;
    if (!io_list_split(wanted, word, &at, &path))
      continue;
    if (paths[at])
      return input_fault(f, &(struct source){&wanted->infos[at], path}, "given twice");
    paths[at] = path;
  }
  return EXIT_CODE_OK;
}

static int assign_in_order(const struct cli_options *o, const struct io_list *wanted,
                           const char **paths, struct fault *f)
{
  size_t next = 0;
  for (size_t i = 0; i < o->operands.size; i++) {
    const char *word = o->operands.items[i], *rest;
    size_t at;
    if (io_list_split(wanted, word, &at, &rest))
      continue;
    if (strchr(word, '=') && !path_exists(word))
      return unknown_word(word, f);
    while (next < wanted->size && paths[next])
      next++;
    if (next == wanted->size)
      return fault_set(f, EXIT_CODE_INPUT, "%s: the model wants %zu input%s, found %zu", word,
                       wanted->size, wanted->size == 1 ? "" : "s", o->operands.size);
    paths[next] = word;
  }
  return EXIT_CODE_OK;
}

static int check_assigned(const struct io_list *wanted, const char **paths, struct fault *f)
{
  size_t standard = 0;
  for (size_t i = 0; i < wanted->size; i++) {
    if (!paths[i])
      return input_fault(f, &(struct source){&wanted->infos[i], NULL}, "is missing");
    standard += strcmp(paths[i], "-") == 0;
  }
  if (standard > 1)
    return fault_set(f, EXIT_CODE_USAGE, "standard input is one input, found '-' %zu times",
                     standard);
  return EXIT_CODE_OK;
}

/* ---- --shape --------------------------------------------------------------------------------- */

/* "1x?x224" to dims, -1 for '?'; "" is a scalar. */
static bool parse_dims(const char *text, onnxrun_tensor *spec)
{
  spec->rank = 0;
  if (!*text)
    return true;
  for (;;) {
    int64_t dim = *text == '?' ? -1 : 0;
    const char *at = text + (*text == '?');
    for (; dim >= 0 && *at >= '0' && *at <= '9'; at++) {
      if (dim > (INT64_MAX - 9) / 10)
        return false;
      dim = 10 * dim + (*at - '0');
    }
    if (at == text || (*at && *at != 'x') || spec->rank == ONNXRUN_MAX_RANK)
      return false;
    spec->dims[spec->rank++] = dim;
    if (!*at)
      return true;
    text = at + 1;
  }
}

static bool dims_fit(const onnxrun_info *info, const onnxrun_tensor *given)
{
  if (info->any_rank)
    return true;
  bool fit = info->spec.rank == given->rank;
  for (uint32_t d = 0; fit && d < given->rank; d++)
    fit = info->spec.dims[d] < 0 || given->dims[d] < 0 || info->spec.dims[d] == given->dims[d];
  return fit;
}

/* Puts the dims of --shape into the inputs' specs. */
static int apply_shapes(const struct cli_options *o, struct io_list *wanted, struct fault *f)
{
  for (size_t i = 0; i < o->shapes.size; i++) {
    const char *word = o->shapes.items[i], *dims;
    onnxrun_tensor given = {0};
    size_t at;
    if (!strchr(word, '='))
      return fault_set(f, EXIT_CODE_USAGE, "--shape: expected NAME=1x3x224, found '%s'", word);
    if (!io_list_split(wanted, word, &at, &dims))
      return fault_set(f, EXIT_CODE_INPUT, "--shape %s: the model has no such input", word);
    if (!parse_dims(dims, &given))
      return fault_set(f, EXIT_CODE_USAGE,
                       "--shape %s: expected dims as 1x3x224, ? for a free one, found '%s'", word,
                       dims);
    onnxrun_info *info = &wanted->infos[at];
    if (!dims_fit(info, &given))
      return input_fault(f, &(struct source){info, word}, "--shape has other dims");
    for (uint32_t d = 0; d < given.rank; d++)
      given.dims[d] = given.dims[d] < 0 && !info->any_rank ? info->spec.dims[d] : given.dims[d];
    info->spec.rank = given.rank;
    memcpy(info->spec.dims, given.dims, sizeof given.dims);
    info->any_rank = 0;
  }
  return EXIT_CODE_OK;
}

/* ---- .bin ------------------------------------------------------------------------------------ */

static bool multiply(size_t *a, size_t b)
{
  if (b != 0 && *a > SIZE_MAX / b)
    return false;
  *a *= b;
  return true;
}

/* Bytes of `count` elements, SIZE_MAX when they are too many. */
static size_t bytes_of(onnxrun_dtype type, size_t count)
{
  const size_t bits = onnxrun_dtype_bits(type);
  if (bits >= 8)
    return multiply(&count, bits / 8) ? count : SIZE_MAX;
  return count / (8 / bits) + (count % (8 / bits) != 0);
}

/* The free dims and how to give them. */
static int free_dims_fault(const struct source *s, struct fault *f)
{
  struct text t = {0};
  const char *between = "";
  text_format(&t, "cannot work out dims ");
  for (uint32_t d = 0; d < s->info->spec.rank; d++) {
    const char *name = s->info->dim_names ? s->info->dim_names[d] : NULL;
    if (s->info->spec.dims[d] >= 0)
      continue;
    text_format(&t, "%s%" PRIu32, between, d);
    if (name && name[0])
      text_format(&t, " '%s'", name);
    between = ", ";
  }
  text_format(&t, " from a file's size, give --shape '");
  text_append_escaped(&t, s->info->name, s->info->name_size, '\0');
  for (uint32_t d = 0; d < s->info->spec.rank; d++) {
    text_append(&t, d ? "x" : "=", 1);
    if (s->info->spec.dims[d] < 0)
      text_append(&t, "?", 1);
    else
      text_format(&t, "%" PRId64, s->info->spec.dims[d]);
  }
  text_append(&t, "' with numbers for ?", sizeof "' with numbers for ?");
  const int code = t.failed ? fault_memory(f) : input_fault(f, s, t.data);
  text_release(&t);
  return code;
}

/* Splits the dims: the elements of the known ones, and the free one if any. */
static int known_elements(const struct source *s, size_t *known, uint32_t *free_dim,
                          struct fault *f)
{
  uint32_t n_free = 0;
  bool fits = true, empty = false;
  *known = 1;
  for (uint32_t d = 0; d < s->info->spec.rank; d++) {
    if (s->info->spec.dims[d] < 0) {
      n_free++;
      *free_dim = d;
    } else {
      empty = empty || s->info->spec.dims[d] == 0;
      fits = fits && (uint64_t)s->info->spec.dims[d] < SIZE_MAX &&
             multiply(known, (size_t)s->info->spec.dims[d]);
    }
  }
  if (n_free > 1 || (n_free == 1 && empty))
    return free_dims_fault(s, f);
  if (n_free == 0)
    *free_dim = s->info->spec.rank;
  *known = empty ? 0 : *known;
  if (!fits && !empty)
    return input_fault(f, s, "has more elements than this machine can hold");
  return EXIT_CODE_OK;
}

static int wrong_size(const struct source *s, size_t wanted, size_t found, bool multiple,
                      struct fault *f)
{
  char text[160];
  snprintf(text, sizeof text, "expected %s%zu bytes, found %s%zu", multiple ? "a multiple of " : "",
           wanted, found > wanted && !multiple ? "at least " : "", found);
  return input_fault(f, s, text);
}

/* Works the free dim out from the size, or checks the size. */
static int fit_size(const struct source *s, size_t known, uint32_t free_dim, size_t size,
                    onnxrun_tensor *t, struct fault *f)
{
  const size_t bits = onnxrun_dtype_bits(s->info->spec.dtype);
  if (free_dim == s->info->spec.rank) {
    const size_t wanted = bytes_of(s->info->spec.dtype, known);
    return size == wanted ? EXIT_CODE_OK : wrong_size(s, wanted, size, false, f);
  }
  const size_t elements = bits >= 8 ? size / (bits / 8) : size * (8 / bits);
  const size_t n = elements / known;
  if (bytes_of(s->info->spec.dtype, n * known) != size)
    return wrong_size(s, bytes_of(s->info->spec.dtype, known), size, true, f);
  t->dims[free_dim] = (int64_t)n;
  return EXIT_CODE_OK;
}

static int check_bools(const struct source *s, const struct bytes *b, struct fault *f)
{
  char text[96];
  const unsigned char *data = b->data;
  if (s->info->spec.dtype != ONNXRUN_BOOL)
    return EXIT_CODE_OK;
  for (size_t i = 0; i < b->size; i++) {
    if (data[i] > 1) {
      snprintf(text, sizeof text, "expected bytes 0 and 1, found %u at byte %zu", data[i], i);
      return input_fault(f, s, text);
    }
  }
  return EXIT_CODE_OK;
}

static int check_raw_type(const struct source *s, struct fault *f)
{
  const enum element_class class = element_class(s->info->spec.dtype);
  if (class == ELEMENT_NONE || class == ELEMENT_STRING || class == ELEMENT_LIST)
    return input_fault(f, s, "a .bin file cannot hold this type, give a .pb file");
  if (s->info->any_rank)
    return input_fault(f, s, "the model leaves its dims open, give them with --shape");
  return EXIT_CODE_OK;
}

static int read_bin(const struct source *s, struct bytes *b, onnxrun_tensor *t, struct fault *f)
{
  size_t known = 0;
  uint32_t free_dim = 0;
  int code = check_raw_type(s, f);
  if (code == EXIT_CODE_OK)
    code = known_elements(s, &known, &free_dim, f);
  if (code != EXIT_CODE_OK)
    return code;
  const bool fixed = free_dim == s->info->spec.rank;
  const size_t wanted = fixed ? bytes_of(s->info->spec.dtype, known) : SIZE_MAX - 1;
  code = bytes_read(s->path, wanted, b, f);
  *t = s->info->spec;
  if (code == EXIT_CODE_OK)
    code = fit_size(s, known, free_dim, b->size, t, f);
  t->data = b->data;
  t->bytes = b->size;
  return code != EXIT_CODE_OK ? code : check_bools(s, b, f);
}

/* ---- all of them ----------------------------------------------------------------------------- */

static int read_pb(const struct cli_options *o, const struct source *s, struct stored_value *stored,
                   onnxrun_tensor *t, struct fault *f)
{
  const int code = stored_value_read(s->path, s->info->spec.dtype, &o->engine, stored, f);
  if (code != EXIT_CODE_OK)
    return code;
  *t = *onnxrun_value_tensor(stored->value);
  if (element_class(t->dtype) == ELEMENT_LIST || dims_fit(s->info, t))
    return EXIT_CODE_OK;
  struct text text = {0};
  text_format(&text, "found ");
  text_append_type(&text, t, NULL);
  text_append(&text, "", 1);
  const int wrong = text.failed ? fault_memory(f) : input_fault(f, s, text.data);
  text_release(&text);
  return wrong;
}

static int read_one(const struct cli_options *o, const struct source *s,
                    struct stored_value *stored, onnxrun_tensor *t, struct fault *f)
{
  enum file_format format = file_format(s->path);
  if (format == FORMAT_UNKNOWN)
    format = o->input_format;
  if (format == FORMAT_UNKNOWN && strcmp(s->path, "-") == 0)
    format = FORMAT_BIN;
  if (is_directory(s->path))
    return fault_set(f, EXIT_CODE_INPUT, "%s: expected a file, found a folder", s->path);
  if (format == FORMAT_UNKNOWN)
    return fault_set(f, EXIT_CODE_INPUT, "%s: expected a .bin or .pb file (or --input-format)",
                     s->path);
  if (format == FORMAT_PB)
    return read_pb(o, s, stored, t, f);
  return read_bin(s, &stored->bytes, t, f);
}

static int assign(const struct cli_options *o, struct io_list *wanted, const char **paths,
                  struct fault *f)
{
  int code = assign_named(o, wanted, paths, f);
  if (code == EXIT_CODE_OK)
    code = assign_in_order(o, wanted, paths, f);
  if (code == EXIT_CODE_OK)
    code = check_assigned(wanted, paths, f);
  return code;
}

int input_set_read(const struct cli_options *o, struct io_list *wanted, struct input_set *out,
                   struct fault *f)
{
  const char **paths = calloc(wanted->size + 1, sizeof *paths);
  out->tensors = calloc(wanted->size + 1, sizeof *out->tensors);
  out->stored = calloc(wanted->size + 1, sizeof *out->stored);
  out->size = out->stored ? wanted->size : 0;
  int code = EXIT_CODE_OK;
  if (!paths || !out->tensors || !out->stored)
    code = fault_memory(f);
  if (code == EXIT_CODE_OK)
    code = apply_shapes(o, wanted, f);
  if (code == EXIT_CODE_OK)
    code = assign(o, wanted, paths, f);
  for (size_t i = 0; code == EXIT_CODE_OK && i < wanted->size; i++) {
    const struct source s = {&wanted->infos[i], paths[i]};
    code = read_one(o, &s, &out->stored[i], &out->tensors[i], f);
  }
  free(paths);
  return code;
}
