/* print.c: names, types and values for people to read.
 *
 * Values look as numpy prints them. The short view is one line: up to SHORT_ELEMENTS elements are
 * shown all, of more only INNER_EDGE at each end of the last dim and OUTER_EDGE at each end of the
 * others. The full view has every element, rows on lines of their own, cut at LINE_WIDTH. */
#include "print.h"

#include "element.h"
#include "number.h"
#include "text.h"

#include <inttypes.h>
#include <string.h>

enum { SHORT_ELEMENTS = 100, INNER_EDGE = 3, OUTER_EDGE = 1, LINE_WIDTH = 75 };
enum { SHORT_STRING = 60, SHORT_ITEMS = 6 };

/* A tensor, which of its elements are shown, and how. */
struct view {
  const onnxrun_tensor *t;
  bool full, summary;
  size_t stride[ONNXRUN_MAX_RANK];
  struct number_format number, imaginary;
  int width; /* of integers and bools */
};

typedef void (*visit_fn)(struct view *v, size_t i);

static void append_dims(struct text *text, const onnxrun_tensor *t, const onnxrun_info *info)
{
  text_format(text, info && info->any_rank ? "[..." : "[");
  for (uint32_t d = 0; d < t->rank; d++) {
    const char *dim_name = info && info->dim_names ? info->dim_names[d] : NULL;
    text_append(text, ",", d > 0);
    if (t->dims[d] >= 0)
      text_format(text, "%" PRId64, t->dims[d]);
    else if (dim_name && dim_name[0])
      text_append_escaped(text, dim_name, strlen(dim_name), '\0');
    else
      text_append(text, "?", 1);
  }
  text_append(text, "]", 1);
}

void text_append_type(struct text *text, const onnxrun_tensor *t, const onnxrun_info *info)
{
  text_format(text, "%s", onnxrun_dtype_name(t->dtype));
  if (element_class(t->dtype) != ELEMENT_LIST)
    append_dims(text, t, info);
  else if (t->dtype == ONNXRUN_SEQUENCE && t->data)
    text_format(text, "[%zu]", element_list(t)->size);
}

/* Writes what was gathered and starts again. */
static void flush_text(FILE *out, struct text *text)
{
  if (text->size > 0)
    fwrite(text->data, 1, text->size, out);
  text_release(text);
}

static void print_type(FILE *out, const onnxrun_tensor *t, const onnxrun_info *info)
{
  struct text text = {0};
  text_append_type(&text, t, info);
  flush_text(out, &text);
}

static void print_name(FILE *out, const onnxrun_info *info)
{
  struct text text = {0};
  text_append_escaped(&text, info->name, info->name_size, '\0');
  text_append(&text, "  ", 2);
  flush_text(out, &text);
}

void print_info(FILE *out, const char *role, const onnxrun_info *info)
{
  fprintf(out, "%-6s  ", role);
  print_name(out, info);
  print_type(out, &info->spec, info);
  fputc('\n', out);
}

/* "role    first  second", without what is empty; no line when both are. */
static void print_said(FILE *out, const char *role, onnxrun_string first, onnxrun_string second)
{
  struct text text = {0};
  text_format(&text, "%-6s", role);
  const onnxrun_string said[] = {first, second};
  for (size_t i = 0; i < 2; i++) {
    if (said[i].size == 0)
      continue;
    text_append(&text, "  ", 2);
    text_append_escaped(&text, said[i].data, said[i].size, '\0');
  }
  text_append(&text, "\n", 1);
  if (first.size + second.size == 0)
    text_release(&text);
  flush_text(out, &text);
}

void print_about(FILE *out, const onnxrun_model *model)
{
  static const onnxrun_string onnx = {"ai.onnx", 7}, nothing = {"", 0};
  onnxrun_about about = {.size = sizeof about};
  onnxrun_string first, second;
  int64_t version;
  char number[NUMBER_TEXT];
  if (onnxrun_model_about(model, &about, NULL) != ONNXRUN_OK)
    return;
  print_said(out, "by", about.producer, about.producer_version);
  for (size_t i = 0; onnxrun_model_opset(model, i, &first, &version, NULL) == ONNXRUN_OK; i++) {
    const int n = snprintf(number, sizeof number, "%" PRId64, version);
    print_said(out, "opset", first.size > 0 ? first : onnx, (onnxrun_string){number, (size_t)n});
  }
  print_said(out, "doc", about.doc, nothing);
  for (size_t i = 0; onnxrun_model_property(model, i, &first, &second, NULL) == ONNXRUN_OK; i++)
    print_said(out, "key", first, second);
}

/* The index after `i` in dim d: the next one, or the first of the far edge. */
static size_t next_index(const struct view *v, uint32_t d, size_t i)
{
  const size_t n = (size_t)v->t->dims[d];
  const size_t edge = d + 1 == v->t->rank ? INNER_EDGE : OUTER_EDGE;
  return v->summary && n > 2 * edge && i + 1 == edge ? n - edge : i + 1;
}

static void each_visible(struct view *v, uint32_t d, size_t at, visit_fn visit)
{
  if (d == v->t->rank) {
    visit(v, at);
    return;
  }
  const size_t n = (size_t)v->t->dims[d];
  for (size_t i = 0; i < n; i = next_index(v, d, i))
    each_visible(v, d + 1, at + i * v->stride[d], visit);
}

static void visit_parts(struct view *v, size_t i, void (*visit)(struct number_format *, double))
{
  if (element_class(v->t->dtype) == ELEMENT_REAL) {
    visit(&v->number, element_real(v->t, i));
    return;
  }
  double parts[2];
  element_complex(v->t, i, parts);
  visit(&v->number, parts[0]);
  visit(&v->imaginary, parts[1]);
}

static void visit_scan(struct view *v, size_t i)
{
  visit_parts(v, i, number_scan);
}

static void visit_measure(struct view *v, size_t i)
{
  visit_parts(v, i, number_measure);
}

static int integer_text(const onnxrun_tensor *t, size_t i, int width, char text[NUMBER_TEXT])
{
  switch (element_class(t->dtype)) {
  case ELEMENT_BOOL:
    return snprintf(text, NUMBER_TEXT, "%*s", width, element_unsigned(t, i) ? "True" : "False");
  case ELEMENT_SIGNED:
    return snprintf(text, NUMBER_TEXT, "%*" PRId64, width, element_signed(t, i));
  default:
    return snprintf(text, NUMBER_TEXT, "%*" PRIu64, width, element_unsigned(t, i));
  }
}

static void visit_width(struct view *v, size_t i)
{
  char text[NUMBER_TEXT];
  const int width = integer_text(v->t, i, 0, text);
  v->width = width > v->width ? width : v->width;
}

/* Decides on one format for all that is shown. */
static void choose_format(struct view *v)
{
  switch (element_class(v->t->dtype)) {
  case ELEMENT_REAL:
  case ELEMENT_COMPLEX:
    v->number.type = v->imaginary.type = v->t->dtype;
    v->imaginary.plus = true;
    each_visible(v, 0, 0, visit_scan);
    number_decide(&v->number);
    number_decide(&v->imaginary);
    each_visible(v, 0, 0, visit_measure);
    number_finish(&v->number);
    number_finish(&v->imaginary);
    break;
  case ELEMENT_STRING:
    break;
  case ELEMENT_BOOL:
    v->width = 5;
    break;
  default:
    each_visible(v, 0, 0, visit_width);
  }
}

static void string_word(struct text *word, const onnxrun_tensor *t, size_t i, bool full)
{
  const onnxrun_string *s = element_string(t, i);
  const bool cut = !full && s->size > SHORT_STRING;
  text_append(word, "'", 1);
  text_append_escaped(word, s->data, cut ? SHORT_STRING : s->size, '\'');
  text_append(word, "'...", cut ? 4 : 1);
}

static void complex_alone(struct text *word, const onnxrun_tensor *t, size_t i)
{
  double parts[2];
  char text[NUMBER_TEXT];
  element_complex(t, i, parts);
  text_append(word, text, number_write_alone(t->dtype, parts[0], text));
  const size_t n = number_write_alone(t->dtype, parts[1], text);
  text_format(word, "%s%.*sj", text[0] == '-' ? "" : "+", (int)n, text);
}

void text_append_element(struct text *text, const onnxrun_tensor *t, size_t i)
{
  char word[NUMBER_TEXT];
  switch (element_class(t->dtype)) {
  case ELEMENT_REAL:
    text_append(text, word, number_write_alone(t->dtype, element_real(t, i), word));
    break;
  case ELEMENT_COMPLEX:
    complex_alone(text, t, i);
    break;
  case ELEMENT_STRING:
    string_word(text, t, i, false);
    break;
  default:
    text_append(text, word, (size_t)integer_text(t, i, 0, word));
  }
}

/* A complex number's 'j' stands at its digits, before the padding. */
static void complex_word(struct text *word, const struct view *v, size_t i)
{
  double parts[2];
  char text[NUMBER_TEXT];
  element_complex(v->t, i, parts);
  text_append(word, text, number_write(&v->number, parts[0], text));
  const size_t n = number_write(&v->imaginary, parts[1], text);
  size_t end = n;
  while (end > 0 && text[end - 1] == ' ')
    end--;
  text_format(word, "%.*sj", (int)end, text);
  text_append_spaces(word, n - end);
}

/* Element i as it is printed in an array. */
static void set_word(struct text *word, const struct view *v, size_t i)
{
  char text[NUMBER_TEXT];
  word->size = 0;
  switch (element_class(v->t->dtype)) {
  case ELEMENT_REAL:
    text_append(word, text, number_write(&v->number, element_real(v->t, i), text));
    break;
  case ELEMENT_COMPLEX:
    complex_word(word, v, i);
    break;
  case ELEMENT_STRING:
    string_word(word, v->t, i, v->full);
    break;
  default:
    text_append(word, text, (size_t)integer_text(v->t, i, v->width, text));
  }
}

static void break_line(FILE *out, size_t indent)
{
  fprintf(out, "\n%*s", (int)indent, "");
}

/* A line of elements. Spaces are held back, because none may end it; `column` counts them. */
struct line {
  FILE *out;
  size_t column, pending;
};

static void print_word(struct line *line, const struct text *word)
{
  size_t solid = word->size;
  while (solid > 0 && word->data[solid - 1] == ' ')
    solid--;
  fprintf(line->out, "%*s", (int)line->pending, "");
  fwrite(word->data, 1, solid, line->out);
  line->column += word->size;
  line->pending = word->size - solid;
}

/* The elements of one row, between its brackets. */
static void print_row(FILE *out, struct view *v, size_t at, struct text *word)
{
  const uint32_t d = v->t->rank - 1;
  const size_t n = (size_t)v->t->dims[d], indent = v->t->rank, limit = LINE_WIDTH - v->t->rank;
  struct line line = {out, indent, 0};
  const struct text dots = {.data = (char[]){" ..."}, .size = 4};
  for (size_t i = 0, next; i < n; i = next) {
    next = next_index(v, d, i);
    set_word(word, v, at + i);
    if (v->full && i > 0 && line.column + 1 + word->size > limit) {
      break_line(out, indent);
      line = (struct line){out, indent, 0};
    } else if (i > 0) {
      line.pending++;
      line.column++;
    }
    print_word(&line, word);
    if (next > i + 1)
      print_word(&line, &dots);
  }
  fprintf(out, "%*s", (int)line.pending, "");
}

static void print_between_rows(FILE *out, const struct view *v, uint32_t d)
{
  if (!v->full) {
    fputc(' ', out);
    return;
  }
  for (uint32_t blank = d + 2; blank < v->t->rank; blank++)
    fputc('\n', out);
  break_line(out, d + 1);
}

static void print_level(FILE *out, struct view *v, uint32_t d, size_t at, struct text *word)
{
  fputc('[', out);
  if (d + 1 == v->t->rank) {
    print_row(out, v, at, word);
  } else {
    const size_t n = (size_t)v->t->dims[d];
    for (size_t i = 0, next; i < n; i = next) {
      next = next_index(v, d, i);
      print_level(out, v, d + 1, at + i * v->stride[d], word);
      fputs(next > i + 1 ? " ..." : "", out);
      if (next < n)
        print_between_rows(out, v, d);
    }
  }
  fputc(']', out);
}

static void print_elements(FILE *out, const onnxrun_tensor *t, bool full)
{
  struct view v = {.t = t, .full = full};
  struct text word = {0};
  size_t count;
  if (!element_count(t, &count) || element_class(t->dtype) == ELEMENT_NONE)
    return;
  if (count == 0) {
    fputs("[]", out);
    return;
  }
  if (t->rank == 0) {
    if (element_class(t->dtype) == ELEMENT_STRING)
      string_word(&word, t, 0, full);
    else
      text_append_element(&word, t, 0);
    flush_text(out, &word);
    return;
  }
  v.summary = !full && count > SHORT_ELEMENTS;
  for (size_t d = t->rank, step = 1; d-- > 0; step *= (size_t)t->dims[d])
    v.stride[d] = step;
  choose_format(&v);
  print_level(out, &v, 0, 0, &word);
  text_release(&word);
}

static void print_value(FILE *out, const onnxrun_tensor *t, bool full);

static void print_items(FILE *out, const onnxrun_list *list, bool full)
{
  fputs(full ? "" : "[", out);
  for (size_t i = 0; i < list->size; i++) {
    if (!full && list->size > SHORT_ITEMS && i >= SHORT_ITEMS / 2 &&
        i + SHORT_ITEMS / 2 < list->size) {
      fputs(i == SHORT_ITEMS / 2 ? ", ..." : "", out);
      continue;
    }
    fputs(full ? "\n" : i ? ", " : "", out);
    print_type(out, &list->items[i], NULL);
    print_value(out, &list->items[i], full);
  }
  fputs(full ? "" : "]", out);
}

/* What follows the type. */
static void print_value(FILE *out, const onnxrun_tensor *t, bool full)
{
  const bool is_list = element_class(t->dtype) == ELEMENT_LIST;
  if (is_list && !t->data)
    return;
  if (is_list && t->dtype == ONNXRUN_OPTIONAL && element_list(t)->size == 0) {
    fputs("  none", out);
    return;
  }
  fputs(is_list && full ? "" : full && t->rank > 0 ? "\n" : "  ", out);
  if (is_list)
    print_items(out, element_list(t), full);
  else
    print_elements(out, t, full);
}

void print_output(FILE *out, const onnxrun_info *info, const onnxrun_tensor *t, bool full)
{
  print_name(out, info);
  print_type(out, t, NULL);
  print_value(out, t, full);
  fputc('\n', out);
}
