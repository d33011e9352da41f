/* operators.c: writes docs/OPERATORS.md from the registry, to the file given or standard output. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "onnxrun/kernel.h"
#include "onnxrun/onnxrun.h"

static const struct {
  uint64_t types;
  const char *text;
} names[] = {
    {ONNXRUN_TYPE(FLOAT16), "f16"},
    {ONNXRUN_TYPE(BFLOAT16), "bf16"},
    {ONNXRUN_TYPE(FLOAT), "f32"},
    {ONNXRUN_TYPE(DOUBLE), "f64"},
    {ONNXRUN_TYPE(INT8), "i8"},
    {ONNXRUN_TYPE(INT16), "i16"},
    {ONNXRUN_TYPE(INT32), "i32"},
    {ONNXRUN_TYPE(INT64), "i64"},
    {ONNXRUN_TYPE(UINT8), "u8"},
    {ONNXRUN_TYPE(UINT16), "u16"},
    {ONNXRUN_TYPE(UINT32), "u32"},
    {ONNXRUN_TYPE(UINT64), "u64"},
    {ONNXRUN_TYPE(BOOL), "bool"},
    {ONNXRUN_TYPE(STRING), "string"},
    {ONNXRUN_TYPE(COMPLEX64) | ONNXRUN_TYPE(COMPLEX128), "complex"},
    {ONNXRUN_TYPE(FLOAT8E4M3FN) | ONNXRUN_TYPE(FLOAT8E4M3FNUZ) | ONNXRUN_TYPE(FLOAT8E5M2) |
         ONNXRUN_TYPE(FLOAT8E5M2FNUZ) | ONNXRUN_TYPE(FLOAT8E8M0),
     "f8"},
    {ONNXRUN_TYPE(UINT4) | ONNXRUN_TYPE(INT4) | ONNXRUN_TYPE(FLOAT4E2M1), "4-bit"},
    {ONNXRUN_TYPE(UINT2) | ONNXRUN_TYPE(INT2), "2-bit"},
    {ONNXRUN_TYPE(SEQUENCE), "sequence"},
    {ONNXRUN_TYPE(OPTIONAL), "optional"},
};

struct line {
  const onnxrun_kernel *kernel;
  int until; /* of the last of the kernels that the line stands for; 0: open */
  char types[1024];
};

static void append(char *text, size_t size, const char *format, ...)
{
  const size_t at = strlen(text);
  va_list args;
  va_start(args, format);
  if (vsnprintf(text + at, size - at, format, args) >= (int)(size - at))
    abort();
  va_end(args);
}

/* A name of several types stands for all of them; one that lacks some is spelt out. */
static void append_types(struct line *l, uint64_t types)
{
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    const uint64_t some = types & names[i].types;
    if (some == names[i].types)
      append(l->types, sizeof l->types, " %s", names[i].text);
    for (unsigned t = 0; some != names[i].types && t < 64; t++) {
      if (some >> t & 1)
        append(l->types, sizeof l->types, " %s", onnxrun_dtype_name((onnxrun_dtype)t));
    }
  }
}

/* Whether an operand before `o` has its type variable. */
static int is_bound(const onnxrun_operand *table, const onnxrun_operand *o)
{
  for (; table != o && table->name; table++) {
    if (table->var && table->var == o->var)
      return 1;
  }
  return 0;
}

static void describe(struct line *l)
{
  const onnxrun_operand *in = l->kernel->inputs, *out = l->kernel->outputs;
  for (const onnxrun_operand *o = in; o->name; o++) {
    if (is_bound(in, o))
      continue;
    append(l->types, sizeof l->types, "%s%s:", *l->types ? "; " : "", o->name);
    append_types(l, o->types);
  }
  for (const onnxrun_operand *o = out; o->name; o++) {
    if (is_bound(out, o) || is_bound(in, o))
      continue;
    append(l->types, sizeof l->types, "%s-> %s:", *l->types ? "; " : "", o->name);
    append_types(l, o->types);
  }
}

static int same_op(const struct line *a, const struct line *b)
{
  return strcmp(a->kernel->domain, b->kernel->domain) == 0 &&
         strcmp(a->kernel->op, b->kernel->op) == 0;
}

static int by_name(const void *a, const void *b)
{
  const struct line *x = a, *y = b;
  const int domains = strcmp(x->kernel->domain, y->kernel->domain);
  const int ops = strcmp(x->kernel->op, y->kernel->op);
  const int types = strcmp(x->types, y->types);
  if (domains || ops)
    return domains ? domains : ops;
  return x->kernel->since != y->kernel->since ? x->kernel->since - y->kernel->since : types;
}

/* Joins kernels of consecutive spans of opsets with the same types; returns how many are left. */
static size_t join(struct line *lines, size_t n)
{
  size_t kept = 0;
  for (size_t i = 0; i < n; i++) {
    struct line *last = kept > 0 ? &lines[kept - 1] : NULL;
    if (last && same_op(last, &lines[i]) && strcmp(last->types, lines[i].types) == 0 &&
        lines[i].kernel->since == last->until + 1)
      last->until = lines[i].until;
    else
      lines[kept++] = lines[i];
  }
  return kept;
}

static void print(const struct line *l, int is_first)
{
  printf("| ");
  if (is_first)
    printf("%s%s%s", l->kernel->domain, *l->kernel->domain ? "." : "", l->kernel->op);
  printf(" | %d", (int)l->kernel->since);
  if (l->until == 0)
    printf("+");
  else if (l->until != l->kernel->since)
    printf("-%d", l->until);
  printf(" | %s |\n", l->types);
}

int main(int argc, char **argv)
{
  onnxrun_registry *r = NULL;
  onnxrun_error error;
  if (onnxrun_registry_create(NULL, &r, &error) != ONNXRUN_OK) {
    fprintf(stderr, "%s\n", error.text);
    return 1;
  }
  if (argc > 1 && !freopen(argv[1], "w", stdout)) {
    perror(argv[1]);
    return 1;
  }
  size_t n = onnxrun_registry_size(r), operators = 0;
  struct line *lines = calloc(n + 1, sizeof *lines);
  if (!lines)
    return 1;
  for (size_t i = 0; i < n; i++) {
    lines[i].kernel = onnxrun_registry_kernel(r, i);
    lines[i].until = lines[i].kernel->until;
    describe(&lines[i]);
  }
  qsort(lines, n, sizeof *lines, by_name);
  n = join(lines, n);
  for (size_t i = 0; i < n; i++)
    operators += i == 0 || !same_op(&lines[i - 1], &lines[i]);
  printf(
      "# Operators\n\n"
      "%zu operators, by opset and type. Written by `ninja operators` from the registry; a test\n"
      "compares. Operands that are not named have the type of one that is, as ONNX says.\n\n"
      "| operator | opsets | types |\n|---|---|---|\n",
      operators);
  for (size_t i = 0; i < n; i++)
    print(&lines[i], i == 0 || !same_op(&lines[i - 1], &lines[i]));
  free(lines);
  onnxrun_registry_release(r);
  return 0;
}
