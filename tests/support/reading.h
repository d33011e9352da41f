/* reading.h: what tests of the reader say of a file. */
#ifndef READING_H
#define READING_H

#include <criterion/criterion.h>
#include <string.h>

#include "tests/support/bytes.h"

/* Whether a text of the file is the C text. */
static inline bool equals(onnxrun_string s, const char *text)
{
  return onx_text_equal(s, onx_text(text));
}

/* Reads a file that must be refused with this status and a text in which all parts occur. */
static inline void refused(bytes file, onnxrun_status status, const char *part, const char *other)
{
  reading *r = read_bytes(file, NULL);
  cr_expect_eq(r->status, status, "%s: %s", onnxrun_status_text(r->status), r->error.text);
  cr_expect(strstr(r->error.text, part), "'%s' is not in: %s", part, r->error.text);
  if (other)
    cr_expect(strstr(r->error.text, other), "'%s' is not in: %s", other, r->error.text);
  reading_release(r);
}

/* Reads a file that must be read; released by the caller. */
static inline reading *accepted(bytes file)
{
  reading *r = read_bytes(file, NULL);
  cr_assert_eq(r->status, ONNXRUN_OK, "%s", r->error.text);
  return r;
}

/* The graph of graph_xy with one node. */
static inline bytes graph_with(bytes n)
{
  bytes g = graph_xy();
  put_message(&g, GRAPH_NODE, n);
  return g;
}

#endif
