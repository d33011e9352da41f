/* text.h: text that grows, and names and strings of files made safe to print. */
#ifndef CLI_TEXT_H
#define CLI_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Starts as {0}; `data` is not terminated. After a failed allocation appends do nothing. */
struct text {
  char *data;
  size_t size, room;
  bool failed;
};

void text_release(struct text *t);
void text_append(struct text *t, const char *data, size_t size);
void text_append_spaces(struct text *t, size_t n);
void text_format(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Appends any bytes with control characters, backslashes and `quote` (0: none) escaped as in C, and
 * bytes that are not UTF-8 as \xNN. */
void text_append_escaped(struct text *t, const char *data, size_t size, char quote);

#endif
