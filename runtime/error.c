/* error.c: error texts, and the names of statuses and types. */
#include "runtime/error.h"

#include <stdio.h>
#include <string.h>

/* Names come from files: a terminal must not act on them, and one message is one line. */
static void make_printable(char *text)
{
  for (unsigned char *c = (unsigned char *)text; *c; c++) {
    if (*c < 0x20 || *c == 0x7f)
      *c = '?';
  }
}

/* Cuts a character of UTF-8 that the buffer's end has split. */
static void trim_split_character(char *text, size_t size)
{
  size_t at = size;
  while (at > 0 && ((unsigned char)text[at - 1] & 0xc0) == 0x80)
    at--;
  if (at == 0)
    return;
  const unsigned char lead = (unsigned char)text[at - 1];
  const size_t want = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
  if (size - at + 1 < want)
    text[at - 1] = '\0';
}

onnxrun_status onx_fail_v(onnxrun_error *error, onnxrun_status status, const char *format,
                          va_list args)
{
  if (!error)
    return status;
  error->status = status;
  const int wanted = vsnprintf(error->text, sizeof error->text, format, args);
  if (wanted < 0)
    error->text[0] = '\0';
  else if ((size_t)wanted >= sizeof error->text)
    trim_split_character(error->text, sizeof error->text - 1);
  make_printable(error->text);
  return status;
}

onnxrun_status onx_fail(onnxrun_error *error, onnxrun_status status, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  onx_fail_v(error, status, format, args);
  va_end(args);
  return status;
}

const char *onnxrun_status_text(onnxrun_status s)
{
  switch (s) {
#define ONX_X(name, text)                                                                          \
  case ONNXRUN_##name:                                                                             \
    return text;
    ONNXRUN_STATUSES(ONX_X)
#undef ONX_X
  }
  return "unknown status";
}

const char *onnxrun_dtype_name(onnxrun_dtype t)
{
  switch (t) {
#define ONX_X(name, number, bits, text)                                                            \
  case ONNXRUN_##name:                                                                             \
    return text;
    ONNXRUN_DTYPES(ONX_X)
#undef ONX_X
  case ONNXRUN_UNDEFINED:
    break;
  }
  return "undefined";
}
