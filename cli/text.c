/* text.c: text that grows, and names and strings of files made safe to print. */
#include "text.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void text_release(struct text *t)
{
  free(t->data);
  *t = (struct text){0};
}

static bool reserve(struct text *t, size_t more)
{
  if (t->failed || more > SIZE_MAX / 2 - t->size)
    t->failed = true;
  if (t->failed || t->size + more <= t->room)
    return !t->failed;
  const size_t room = 2 * (t->size + more) + 64;
  char *data = realloc(t->data, room);
  t->failed = !data;
  if (data) {
    t->data = data;
    t->room = room;
  }
  return !t->failed;
}

void text_append(struct text *t, const char *data, size_t size)
{
  if (size == 0 || !reserve(t, size))
    return;
  memcpy(t->data + t->size, data, size);
  t->size += size;
}

void text_append_spaces(struct text *t, size_t n)
{
  if (n == 0 || !reserve(t, n))
    return;
  memset(t->data + t->size, ' ', n);
  t->size += n;
}

void text_format(struct text *t, const char *format, ...)
{
  va_list args, again;
  va_start(args, format);
  va_copy(again, args);
  const int n = vsnprintf(NULL, 0, format, args);
  if (n >= 0 && reserve(t, (size_t)n + 1)) {
    vsnprintf(t->data + t->size, (size_t)n + 1, format, again);
    t->size += (size_t)n;
  }
  va_end(again);
  va_end(args);
}

/* Bytes of the UTF-8 character at `s`, 0 when it is none or is a control character. */
static size_t printable_length(const unsigned char *s, size_t left)
{
  if (s[0] < 0x80)
    return s[0] >= 0x20 && s[0] != 0x7f;
  const size_t n = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
  if (s[0] < 0xc2 || s[0] > 0xf4 || n > left)
    return 0;
  uint32_t code = s[0] & (0xffu >> (n + 1));
  for (size_t i = 1; i < n; i++) {
    if ((s[i] & 0xc0) != 0x80)
      return 0;
    code = code << 6 | (s[i] & 0x3fu);
  }
  const uint32_t least = n == 4 ? 0x10000 : n == 3 ? 0x800 : 0x80;
  const bool surrogate = code >= 0xd800 && code < 0xe000;
  const bool bidi = (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
  const bool control = code < 0xa0 || code == 0x2028 || code == 0x2029 || bidi;
  return code < least || code > 0x10ffff || surrogate || control ? 0 : n;
}

static void append_byte_escape(struct text *t, unsigned char c)
{
  switch (c) {
  case '\n':
    text_append(t, "\\n", 2);
    break;
  case '\r':
    text_append(t, "\\r", 2);
    break;
  case '\t':
    text_append(t, "\\t", 2);
    break;
  default:
    text_format(t, "\\x%02x", c);
  }
}

void text_append_escaped(struct text *t, const char *data, size_t size, char quote)
{
  const unsigned char *s = (const unsigned char *)data;
  for (size_t i = 0; i < size;) {
    const size_t n = printable_length(s + i, size - i);
    if (n == 1 && (data[i] == '\\' || (quote && data[i] == quote)))
      text_append(t, "\\", 1);
    if (n > 0)
      text_append(t, data + i, n);
    else
      append_byte_escape(t, s[i]);
    i += n > 0 ? n : 1;
  }
}
