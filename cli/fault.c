/* fault.c: exit codes, and the one line that says what went wrong. */
#include "fault.h"

#include <stdarg.h>
#include <stdio.h>

/* Names come from files: a terminal must not act on them, and a message is one line. */
static void make_printable(char *text)
{
  for (unsigned char *c = (unsigned char *)text; *c; c++) {
    if (*c < 0x20 || *c == 0x7f)
      *c = '?';
  }
}

int fault_set(struct fault *f, int code, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  if (vsnprintf(f->text, sizeof f->text, format, args) < 0)
    f->text[0] = '\0';
  va_end(args);
  make_printable(f->text);
  f->code = code;
  return code;
}

static int exit_code_of(onnxrun_status status, enum fault_origin origin)
{
  if (origin == FAULT_OPTION && status != ONNXRUN_NO_MEMORY && status != ONNXRUN_LIMIT)
    return EXIT_CODE_USAGE;
  switch (status) {
  case ONNXRUN_OK:
    return EXIT_CODE_OK;
  case ONNXRUN_INVALID_ARGUMENT:
    return EXIT_CODE_USAGE;
  case ONNXRUN_INVALID_MODEL:
  case ONNXRUN_NOT_FOUND:
  case ONNXRUN_IO:
    return origin == FAULT_INPUT ? EXIT_CODE_INPUT : EXIT_CODE_MODEL;
  case ONNXRUN_INVALID_INPUT:
    return EXIT_CODE_INPUT;
  case ONNXRUN_UNSUPPORTED:
    return EXIT_CODE_UNSUPPORTED;
  case ONNXRUN_NO_MEMORY:
  case ONNXRUN_LIMIT:
    return EXIT_CODE_LIMIT;
  case ONNXRUN_BAD_PLUGIN:
  case ONNXRUN_BUFFER_TOO_SMALL:
  case ONNXRUN_RUN_FAILED:
  case ONNXRUN_CANCELLED:
  case ONNXRUN_TIMEOUT:
    break;
  }
  return EXIT_CODE_RUN;
}

int fault_from(struct fault *f, enum fault_origin origin, const char *path, onnxrun_status status,
               const onnxrun_error *error)
{
  const char *text = error->text[0] ? error->text : onnxrun_status_text(status);
  return fault_set(f, exit_code_of(status, origin), "%s: %s", path, text);
}

int fault_memory(struct fault *f)
{
  return fault_set(f, EXIT_CODE_LIMIT, "out of memory");
}

void fault_print(const struct fault *f)
{
  fprintf(stderr, "onnxrun: %s\n", f->text);
}
