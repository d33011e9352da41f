/* options.c: the command line of bench_ops and bench_compare. */
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

static bool set_other(suite *s, const char *name, const char *value)
{
  if (strcmp(name, "--attributes") == 0)
    s->attributes = value;
  else if (strcmp(name, "--json") == 0)
    s->json = value;
  else if (strcmp(name, "--seconds") == 0)
    s->seconds = atof(value);
  else
    return false;
  return true;
}

/* An option that takes a list: the function is called for each member. */
static bool set_list(suite *s, const char *name, char *value)
{
  static const struct {
    const char *name;
    bool (*add)(suite *s, const char *member);
  } lists[] = {{"--op", add_op},
               {"--size", add_size},
               {"--type", add_type},
               {"--threads", add_threads},
               {"--isa", add_isa}};
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
    if (strcmp(lists[i].name, name) != 0)
      continue;
    for (char *at = strtok(value, ","); at; at = strtok(NULL, ",")) {
      if (!lists[i].add(s, at)) {
        fprintf(stderr, "%s: %s: '%s' is unknown, or one too many\n", s->program, name, at);
        return false;
      }
    }
    return true;
  }
  return false;
}

int suite_options(suite *s, int argc, char **argv)
{
  static char sizes[] = "1,16,256,4k,64k,1M,16M", name[] = "--size";
  s->seconds = 0.2;
  for (int i = 1; i < argc; i += 2) {
    if (i + 1 == argc || !(set_other(s, argv[i], argv[i + 1]) || set_list(s, argv[i], argv[i + 1])))
      return usage(s);
  }
  if (s->n_sizes == 0)
    set_list(s, name, sizes);
  if (s->n_threads == 0)
    s->threads[s->n_threads++] = 1;
  if (s->n_isas == 0)
    s->isas[s->n_isas++] = NULL;
  return 0;
}
