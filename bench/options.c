/* options.c: the command line of bench_ops and bench_compare. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "bench/suite.h"

static const char *const activations[] = {"Relu", "LeakyRelu", "PRelu",   "Elu",
                                          "Selu", "Celu",      "Sigmoid", "Tanh"};

static int usage(const suite *s)
{
  fprintf(
      stderr,
      "usage: %s [--op NAMES] [--size SIZES] [--type TYPES] [--threads COUNTS] [--isa NAMES]\n"
      "       [--attributes TEXT] [--seconds S] [--json FILE]\n"
      "Lists are separated by commas.\n"
      "  --op          operators, or \"activations\"; all of tests/ops/cases.def\n"
      "  --size        elements; k and M count 1,024 and 1,048,576; 1,16,256,4k,64k,1M,16M\n"
      "  --type        ONNX's names, or \"all\" that the operator has; float\n"
      "  --threads     1\n"
      "  --isa         base, avx2, avx512; the best of this machine\n"
      "  --attributes  \"alpha=0.5 gamma=2\"; \"all\": those of cases.def; ONNX's defaults\n"
      "  --seconds     at least 5 turns, and as many as there is time for; 0.2 a case\n"
      "  --json        also writes the results as JSON; \"-\": to the standard output, without\n"
      "                the table\n",
      s->program);
  return 2;
}

static onnxrun_dtype type_named(const char *name)
{
#define ONNXRUN_X(id, number, bits, text)                                                          \
  if (strcmp(name, text) == 0)                                                                     \
    return ONNXRUN_##id;
  ONNXRUN_DTYPES(ONNXRUN_X)
#undef ONNXRUN_X
  return ONNXRUN_UNDEFINED;
}

static size_t size_of(const char *text)
{
  char *end;
  const unsigned long long n = strtoull(text, &end, 10);
  const size_t unit = *end == 'k' ? 1024 : *end == 'M' ? 1048576 : 1;
  end += unit > 1;
  return *end || n > SIZE_MAX / 64 / unit ? 0 : (size_t)n * unit;
}

static bool add_op(suite *s, const char *name)
{
  if (strcmp(name, "activations") == 0) {
    for (size_t i = 0; i < sizeof activations / sizeof *activations; i++) {
      if (!add_op(s, activations[i]))
        return false;
    }
    return true;
  }
  bool is_known = false;
  for (size_t i = 0; i < n_bench_cases; i++)
    is_known = is_known || strcmp(bench_cases[i].op, name) == 0;
  if (!is_known || s->n_ops == SUITE_OPS)
    return false;
  s->ops[s->n_ops++] = name;
  return true;
}

static bool add_size(suite *s, const char *text)
{
  const size_t size = size_of(text);
  if (size == 0 || s->n_sizes == SUITE_LIST)
    return false;
  s->sizes[s->n_sizes++] = size;
  return true;
}

static bool add_type(suite *s, const char *name)
{
  const onnxrun_dtype type = type_named(name);
  if (s->n_types == SUITE_LIST || (type == ONNXRUN_UNDEFINED && strcmp(name, "all") != 0))
    return false;
  s->types[s->n_types++] = type;
  return true;
}

static bool add_threads(suite *s, const char *text)
{
  const int threads = atoi(text);
  if (threads < 1 || s->n_threads == SUITE_LIST)
    return false;
  s->threads[s->n_threads++] = threads;
  return true;
}

static bool add_isa(suite *s, const char *name)
{
  if (s->n_isas == SUITE_LIST)
    return false;
  s->isas[s->n_isas++] = name; /* the library knows them */
  return true;
}

/* The function is called for each member of the list, which is cut up for it. */
static bool set_list(suite *s, const char *name, char *list,
                     bool (*add)(suite *s, const char *member))
{
  for (char *at = strtok(list, ","); at; at = strtok(NULL, ",")) {
    if (!add(s, at)) {
      fprintf(stderr, "%s: --%s: '%s' is unknown, or one too many\n", s->program, name, at);
      return false;
    }
  }
  return true;
}

static bool set_option(suite *s, int letter, char *value)
{
  switch (letter) {
  case 'o':
    return set_list(s, "op", value, add_op);
  case 's':
    return set_list(s, "size", value, add_size);
  case 't':
    return set_list(s, "type", value, add_type);
  case 'n':
    return set_list(s, "threads", value, add_threads);
  case 'i':
    return set_list(s, "isa", value, add_isa);
  case 'a':
    s->attributes = value;
    return true;
  case 'd':
    s->seconds = atof(value);
    return true;
  case 'j':
    s->json = value;
    return true;
  default:
    return false;
  }
}

int suite_options(suite *s, int argc, char **argv)
{
  static const struct option options[] = {
      {"op", 1, NULL, 'o'},      {"size", 1, NULL, 's'}, {"type", 1, NULL, 't'},
      {"threads", 1, NULL, 'n'}, {"isa", 1, NULL, 'i'},  {"attributes", 1, NULL, 'a'},
      {"seconds", 1, NULL, 'd'}, {"json", 1, NULL, 'j'}, {NULL, 0, NULL, 0}};
  static char sizes[] = "1,16,256,4k,64k,1M,16M";
  s->seconds = 0.2;
  for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
    if (!set_option(s, c, optarg))
      return usage(s);
  }
  if (optind != argc)
    return usage(s);
  if (s->n_sizes == 0)
    set_list(s, "size", sizes, add_size);
  if (s->n_threads == 0)
    s->threads[s->n_threads++] = 1;
  if (s->n_isas == 0)
    s->isas[s->n_isas++] = NULL;
  return 0;
}
