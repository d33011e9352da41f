/* options.c: the command line. One table makes getopt's tables and the help. */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { FOR_RUN = 1, FOR_TEST = 2, FOR_BOTH = 3 };

/* Values that getopt returns for long options without a letter. */
enum {
  OPTION_SHAPE = 256,
  OPTION_FULL,
  OPTION_INFO,
  OPTION_PROFILE,
  OPTION_INPUT_FORMAT,
  OPTION_OUTPUT_FORMAT,
  OPTION_ISA,
  OPTION_MAX_BYTES,
  OPTION_NO_PASS,
  OPTION_PLUGIN,
  OPTION_RTOL,
  OPTION_ATOL,
  OPTION_ALLOW_UNSUPPORTED,
  OPTION_SHAPES_ONLY,
  OPTION_VERSION
};

struct option_row {
  int value;                   /* under 256: also the letter */
  const char *name, *argument; /* an argument in brackets may be left out */
  unsigned commands;
  const char *help;
};

static const struct option_row rows[] = {
    {OPTION_SHAPE, "shape", "NAME=1x3x224", FOR_RUN,
     "dims of a .bin input; ? leaves one to be worked out"},
    {'o', "output", "DIR|NAME=FILE", FOR_RUN, "write all outputs to a folder, or one to a file"},
    {OPTION_INPUT_FORMAT, "input-format", "bin|pb", FOR_RUN,
     "of standard input and files with another extension"},
    {OPTION_OUTPUT_FORMAT, "output-format", "bin|pb", FOR_RUN, "of the files in -o DIR (pb)"},
    {OPTION_FULL, "full", NULL, FOR_RUN, "print every element"},
    {OPTION_INFO, "info", NULL, FOR_RUN, "say what the model wants and gives, and don't run it"},
    {OPTION_PROFILE, "profile", "[=FILE]", FOR_RUN,
     "time of each step, on standard error; to FILE as a trace in JSON"},
    {'q', "quiet", NULL, FOR_BOTH, "print no outputs; of tests only the totals"},
    {'t', "threads", "N", FOR_BOTH, "most threads (as many as there are processors)"},
    {OPTION_ISA, "isa", "NAME", FOR_BOTH, "base, avx2 or avx512 (the best of this machine)"},
    {OPTION_MAX_BYTES, "max-bytes", "N[K|M|G]", FOR_BOTH, "most memory of the model and its run"},
    {OPTION_NO_PASS, "no-pass", "NAME", FOR_BOTH,
     "leave out a rewrite of the graph: fold, cse, ..."},
    {OPTION_PLUGIN, "plugin", "FILE", FOR_BOTH, "use the operators of a shared object as well"},
    {OPTION_RTOL, "rtol", "X", FOR_TEST, "relative tolerance (1e-3)"},
    {OPTION_ATOL, "atol", "X", FOR_TEST, "absolute tolerance (1e-7)"},
    {OPTION_SHAPES_ONLY, "shapes-only", "PATTERN", FOR_TEST,
     "compare only types and shapes in tests of such names"},
    {OPTION_ALLOW_UNSUPPORTED, "allow-unsupported", NULL, FOR_TEST,
     "exit with 0 when unsupported operators are all that is wrong"},
    {'v', "verbose", NULL, FOR_TEST, "a line for each test, also those that pass"},
    {'h', "help", NULL, FOR_BOTH, "print this"},
    {OPTION_VERSION, "version", NULL, FOR_BOTH, "print the version"},
};
enum { ROWS = sizeof rows / sizeof *rows };

#define EXIT_X(name, number, text) "  " #number "  " text "\n"
static const char help_head[] =
    "usage: onnxrun [OPTION]... MODEL [INPUT]...\n"
    "       onnxrun test [OPTION]... DIR...\n"
    "\n"
    "Runs an ONNX model and prints its outputs. INPUT is FILE or NAME=FILE, one for each of the\n"
    "model's inputs, in order where no name is given; - is standard input. A .bin file holds raw\n"
    "little-endian elements, row by row; a .pb file holds a TensorProto (SequenceProto,\n"
    "OptionalProto). Without INPUT it says what the model wants.\n"
    "'test' runs folders with model.onnx and test_data_set_*/input_*.pb, output_*.pb, and folders\n"
    "of such folders.\n"
    "\n";
static const char help_tail[] = "\nExit status:\n" EXIT_CODES(EXIT_X);
#undef EXIT_X

static void print_options(FILE *out, const char *title, unsigned commands)
{
  fprintf(out, "%s\n", title);
  for (size_t i = 0; i < ROWS; i++) {
    const struct option_row *r = &rows[i];
    char left[64];
    if (r->commands != commands)
      continue;
    const char letter[] = {'-', (char)r->value, ',', '\0'};
    const char *gap = r->argument && r->argument[0] != '[' ? " " : "";
    snprintf(left, sizeof left, "%s --%s%s%s", r->value < 256 ? letter : "   ", r->name, gap,
             r->argument ? r->argument : "");
    fprintf(out, "  %-28s  %s\n", left, r->help);
  }
}

void cli_help(FILE *out)
{
  fputs(help_head, out);
  print_options(out, "Options of both:", FOR_BOTH);
  print_options(out, "Options of a run:", FOR_RUN);
  print_options(out, "Options of 'test':", FOR_TEST);
  fputs(help_tail, out);
}

/* ":o:qt:...", a leading ':' makes getopt tell a missing argument from an unknown option. */
static void make_letters(char letters[3 * ROWS + 2])
{
  size_t n = 0;
  letters[n++] = ':';
  for (size_t i = 0; i < ROWS; i++) {
    if (rows[i].value >= 256)
      continue;
    letters[n++] = (char)rows[i].value;
    if (rows[i].argument)
      letters[n++] = ':';
  }
  letters[n] = '\0';
}

static void make_long(struct option table[ROWS + 1])
{
  for (size_t i = 0; i < ROWS; i++) {
    const char *argument = rows[i].argument;
    const int has = !argument            ? no_argument
                    : argument[0] == '[' ? optional_argument
                                         : required_argument;
    table[i] = (struct option){rows[i].name, has, NULL, rows[i].value};
  }
  table[ROWS] = (struct option){0};
}

static const struct option_row *find_row(int value)
{
  for (size_t i = 0; i < ROWS; i++) {
    if (rows[i].value == value)
      return &rows[i];
  }
  return NULL;
}

static int wrong_value(const struct option_row *r, const char *text, const char *expected,
                       struct fault *f)
{
  return fault_set(f, EXIT_CODE_USAGE, "--%s: expected %s, found '%s'", r->name, expected, text);
}

static int set_threads(struct cli_options *o, const struct option_row *r, const char *text,
                       struct fault *f)
{
  char *end;
  errno = 0;
  const long n = strtol(text, &end, 10);
  if (end == text || *end || errno || n < 1 || n > 4096)
    return wrong_value(r, text, "a number of threads from 1 to 4096", f);
  o->engine.threads = (int32_t)n;
  return EXIT_CODE_OK;
}

static int set_max_bytes(struct cli_options *o, const struct option_row *r, const char *text,
                         struct fault *f)
{
  char *end;
  errno = 0;
  const unsigned long long n = strtoull(text, &end, 10);
  const int shift = *end == 'K' ? 10 : *end == 'M' ? 20 : *end == 'G' ? 30 : 0;
  const bool digits = text[0] >= '0' && text[0] <= '9';
  if (!digits || end[shift != 0] || errno || n == 0 || n > SIZE_MAX >> shift)
    return wrong_value(r, text, "a number of bytes, as 1000000, 100K, 10M or 1G", f);
  o->engine.max_bytes = (size_t)n << shift;
  return EXIT_CODE_OK;
}

static int set_tolerance(double *tolerance, const struct option_row *r, const char *text,
                         struct fault *f)
{
  char *end;
  const double x = strtod(text, &end);
  if (end == text || *end || !isfinite(x) || x < 0)
    return wrong_value(r, text, "a number of 0 or more", f);
  *tolerance = x;
  return EXIT_CODE_OK;
}

static int set_format(enum file_format *format, const struct option_row *r, const char *text,
                      struct fault *f)
{
  if (strcmp(text, "bin") != 0 && strcmp(text, "pb") != 0)
    return wrong_value(r, text, "bin or pb", f);
  *format = text[0] == 'b' ? FORMAT_BIN : FORMAT_PB;
  return EXIT_CODE_OK;
}

static int set_flag(bool *flag)
{
  *flag = true;
  return EXIT_CODE_OK;
}

static int add_word(struct words *w, const char *text)
{
  w->items[w->size++] = text;
  return EXIT_CODE_OK;
}

/* The engine takes them as one text, with commas between. */
static int add_pass(struct cli_options *o, const char *text, struct fault *f)
{
  const size_t size = o->passes ? strlen(o->passes) : 0, more = strlen(text);
  char *all = realloc(o->passes, size + more + 2);
  if (!all)
    return fault_memory(f);
  if (size > 0)
    all[size] = ',';
  memcpy(all + size + (size > 0), text, more + 1);
  o->engine.without_passes = o->passes = all;
  return EXIT_CODE_OK;
}

/* --help and --version hold whatever else is given. */
static int set_command(struct cli_options *o, enum command command)
{
  o->command = command;
  return EXIT_CODE_OK;
}

static int apply(struct cli_options *o, const struct option_row *r, const char *text,
                 struct fault *f)
{
  switch (r->value) {
  case 'h':
    return set_command(o, COMMAND_HELP);
  case OPTION_VERSION:
    return set_command(o, COMMAND_VERSION);
  case 'q':
    return set_flag(&o->quiet);
  case 'v':
    return set_flag(&o->verbose);
  case OPTION_FULL:
    return set_flag(&o->full);
  case OPTION_INFO:
    return set_flag(&o->info);
  case OPTION_PROFILE:
    o->trace = text;
    return set_flag(&o->profile);
  case OPTION_ALLOW_UNSUPPORTED:
    return set_flag(&o->allow_unsupported);
  case 'o':
    return add_word(&o->saves, text);
  case OPTION_SHAPE:
    return add_word(&o->shapes, text);
  case OPTION_SHAPES_ONLY:
    return add_word(&o->shapes_only, text);
  case OPTION_PLUGIN:
    return add_word(&o->plugins, text);
  case OPTION_NO_PASS:
    return add_pass(o, text, f);
  case 't':
    return set_threads(o, r, text, f);
  case OPTION_MAX_BYTES:
    return set_max_bytes(o, r, text, f);
  case OPTION_RTOL:
    return set_tolerance(&o->rtol, r, text, f);
  case OPTION_ATOL:
    return set_tolerance(&o->atol, r, text, f);
  case OPTION_INPUT_FORMAT:
    return set_format(&o->input_format, r, text, f);
  case OPTION_OUTPUT_FORMAT:
    return set_format(&o->output_format, r, text, f);
  default:
    o->engine.isa = text;
    return EXIT_CODE_OK;
  }
}

/* getopt has moved on: the word that it refused is the one before optind, or inside it. */
static int refused_option(int found, char **argv, struct fault *f)
{
  const char *word = argv[optind - 1];
  if (found == ':')
    return fault_set(f, EXIT_CODE_USAGE, "option '%s' needs a value (see --help)", word);
  if (strncmp(word, "--", 2) != 0)
    return fault_set(f, EXIT_CODE_USAGE, "unknown option '-%c' (see --help)", optopt);
  if (optopt > 0)
    return fault_set(f, EXIT_CODE_USAGE, "option '%s' takes no value (see --help)", word);
  return fault_set(f, EXIT_CODE_USAGE, "unknown option '%s' (see --help)", word);
}

static int parse_options(struct cli_options *o, int argc, char **argv, unsigned used[2],
                         struct fault *f)
{
  char letters[3 * ROWS + 2];
  struct option table[ROWS + 1];
  make_letters(letters);
  make_long(table);
  opterr = 0;
  for (int found; (found = getopt_long(argc, argv, letters, table, NULL)) != -1;) {
    const struct option_row *r = found == '?' || found == ':' ? NULL : find_row(found);
    const int code = r ? apply(o, r, optarg, f) : refused_option(found, argv, f);
    if (code != EXIT_CODE_OK)
      return code;
    if (r->commands != FOR_BOTH)
      used[r->commands == FOR_TEST] |= 1u << (r - rows);
  }
  return EXIT_CODE_OK;
}

/* An option of the other command is refused by name. */
static int check_command(const struct cli_options *o, const unsigned used[2], struct fault *f)
{
  const unsigned foreign = used[o->command == COMMAND_RUN];
  for (size_t i = 0; i < ROWS; i++) {
    if (foreign >> i & 1)
      return fault_set(f, EXIT_CODE_USAGE, "option '--%s' is %s 'onnxrun test' (see --help)",
                       rows[i].name, o->command == COMMAND_RUN ? "only for" : "not for");
  }
  return EXIT_CODE_OK;
}

static int take_operands(struct cli_options *o, int argc, char **argv, struct fault *f)
{
  int at = optind;
  if (at == argc)
    return fault_set(f, EXIT_CODE_USAGE, "expected a model file (see --help)");
  if (strcmp(argv[at], "test") == 0)
    o->command = COMMAND_TEST;
  else
    o->model = argv[at];
  for (at++; at < argc; at++)
    add_word(&o->operands, argv[at]);
  if (o->command == COMMAND_TEST && o->operands.size == 0)
    return fault_set(f, EXIT_CODE_USAGE, "test: expected a folder of tests (see --help)");
  return EXIT_CODE_OK;
}

int cli_options_parse(struct cli_options *o, int argc, char **argv, struct fault *f)
{
  const size_t n = (size_t)argc;
  const char **room = calloc(5 * n + 1, sizeof *room);
  *o = (struct cli_options){.engine = ONNXRUN_OPTIONS_INIT, .rtol = 1e-3, .atol = 1e-7};
  if (!room)
    return fault_memory(f);
  o->operands.items = room;
  o->shapes.items = room + n;
  o->saves.items = room + 2 * n;
  o->shapes_only.items = room + 3 * n;
  o->plugins.items = room + 4 * n;
  unsigned used[2] = {0, 0};
  int code = parse_options(o, argc, argv, used, f);
  if (code != EXIT_CODE_OK || o->command == COMMAND_HELP || o->command == COMMAND_VERSION)
    return code;
  code = take_operands(o, argc, argv, f);
  return code != EXIT_CODE_OK ? code : check_command(o, used, f);
}

int cli_options_load(struct cli_options *o, struct fault *f)
{
  onnxrun_error error = {0};
  if (o->plugins.size == 0)
    return EXIT_CODE_OK;
  onnxrun_status status = onnxrun_registry_create(&o->engine, &o->registry, &error);
  if (status != ONNXRUN_OK)
    return fault_from(f, FAULT_OPTION, "--plugin", status, &error);
  for (size_t i = 0; i < o->plugins.size; i++) {
    status = onnxrun_registry_load(o->registry, o->plugins.items[i], &error);
    if (status != ONNXRUN_OK)
      return fault_from(f, FAULT_OPTION, "--plugin", status, &error);
  }
  o->engine.registry = o->registry;
  return EXIT_CODE_OK;
}

void cli_options_release(struct cli_options *o)
{
  free(o->operands.items);
  o->operands.items = NULL;
  free(o->passes);
  o->passes = NULL;
  onnxrun_registry_release(o->registry);
  o->registry = NULL;
}
