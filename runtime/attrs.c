/* attrs.c: decoding a node's attributes into a kernel's params. */
#include <stdio.h>
#include <string.h>

#include "runtime/bind.h"
#include "runtime/call.h"

static const char *type_name(onnxrun_attr_type t)
{
  static const char *const names[] = {"undefined", "FLOAT",  "INT",  "STRING", "TENSOR",
                                      "GRAPH",     "FLOATS", "INTS", "STRINGS"};
  if (t == ONNXRUN_ATTR_ENUM)
    return "STRING";
  return (size_t)t < sizeof names / sizeof *names ? names[t] : "unknown";
}

/* Which of "A|B|C" the text is, or -1. */
static int64_t choice_of(const char *choices, onnxrun_string text)
{
  int64_t index = 0;
  for (const char *at = choices; at; index++) {
    const char *end = strchr(at, '|');
    const size_t size = end ? (size_t)(end - at) : strlen(at);
    if (size == text.size && memcmp(at, text.data, size) == 0)
      return index;
    at = end ? end + 1 : NULL;
  }
  return -1;
}

/* A float's default may be infinite, an int's may not. */
static void store_default_int(double number, unsigned char *field)
{
  const int64_t i = number <= (double)ONNXRUN_ABSENT ? ONNXRUN_ABSENT : (int64_t)number;
  memcpy(field, &i, sizeof i);
}

static void store_default(const onnxrun_attr *a, unsigned char *field)
{
  const float f = (float)a->number;
  const onnxrun_string s = onx_text(a->text ? a->text : "");
  switch (a->type) {
  case ONNXRUN_ATTR_FLOAT:
    memcpy(field, &f, sizeof f);
    break;
  case ONNXRUN_ATTR_INT:
  case ONNXRUN_ATTR_ENUM:
    store_default_int(a->number, field);
    break;
  case ONNXRUN_ATTR_STRING:
    if (a->text)
      memcpy(field, &s, sizeof s);
    break;
  default: /* params are zeroed: absent */
    break;
  }
}

static onnxrun_status store_choice(const onx_node *node, const onnxrun_attr *a, onnxrun_string text,
                                   unsigned char *field, onnxrun_error *error)
{
  const int64_t choice = choice_of(a->text, text);
  if (choice < 0)
    return onx_node_fail(node, error, ONNXRUN_INVALID_MODEL,
                         "attribute '%s' is '%.*s', expected one of %s", a->name,
                         (int)(text.size < 40 ? text.size : 40), text.data, a->text);
  memcpy(field, &choice, sizeof choice);
  return ONNXRUN_OK;
}

static onnxrun_status store(const onx_node *node, const onnxrun_attr *a, const onx_attr *given,
                            unsigned char *field, onnxrun_error *error)
{
  const onnxrun_attr_type wanted = a->type == ONNXRUN_ATTR_ENUM ? ONNXRUN_ATTR_STRING : a->type;
  if (given->is_ref)
    return onx_node_fail(node, error, ONNXRUN_INVALID_MODEL,
                         "attribute '%s' refers to a function's attribute outside a function",
                         a->name);
  if (given->type != wanted)
    return onx_node_fail(node, error, ONNXRUN_INVALID_MODEL,
                         "attribute '%s' has type %s, expected %s", a->name, type_name(given->type),
                         type_name(wanted));
  switch (a->type) {
  case ONNXRUN_ATTR_FLOAT:
    memcpy(field, &given->v.f, sizeof given->v.f);
    break;
  case ONNXRUN_ATTR_INT:
    memcpy(field, &given->v.i, sizeof given->v.i);
    break;
  case ONNXRUN_ATTR_STRING:
    memcpy(field, &given->v.s, sizeof given->v.s);
    break;
  case ONNXRUN_ATTR_TENSOR:
    memcpy(field, &given->v.t, sizeof given->v.t);
    break;
  case ONNXRUN_ATTR_FLOATS:
    memcpy(field, &given->v.floats, sizeof given->v.floats);
    break;
  case ONNXRUN_ATTR_INTS:
    memcpy(field, &given->v.ints, sizeof given->v.ints);
    break;
  case ONNXRUN_ATTR_STRINGS:
    memcpy(field, &given->v.strings, sizeof given->v.strings);
    break;
  case ONNXRUN_ATTR_ENUM:
    return store_choice(node, a, given->v.s, field, error);
  case ONNXRUN_ATTR_GRAPH:
  case ONNXRUN_ATTR_IGNORED:
    break;
  }
  return ONNXRUN_OK;
}

static onnxrun_status check_known(const onx_node *node, const onnxrun_kernel *kernel,
                                  onnxrun_error *error)
{
  for (uint32_t i = 0; i < node->n_attrs; i++) {
    const onnxrun_string name = node->attrs[i].name;
    const onnxrun_attr *a = kernel->attrs;
    while (a && a->name && !onx_text_equal(onx_text(a->name), name))
      a++;
    if (!a || !a->name)
      return onx_node_fail(node, error, ONNXRUN_INVALID_MODEL,
                           "attribute '%.*s' is not one of opset %d's",
                           (int)(name.size < 60 ? name.size : 60), name.data, node->opset);
  }
  return ONNXRUN_OK;
}

onnxrun_status onx_decode_attrs(const onx_node *node, const onnxrun_kernel *kernel, void *params,
                                onnxrun_error *error)
{
  onnxrun_status s = check_known(node, kernel, error);
  for (const onnxrun_attr *a = kernel->attrs; s == ONNXRUN_OK && a && a->name; a++) {
    if (a->type == ONNXRUN_ATTR_IGNORED)
      continue;
    unsigned char *field = (unsigned char *)params + a->offset;
    const onx_attr *given = onx_node_attr(node, a->name);
    if (given)
      s = store(node, a, given, field, error);
    else if (a->required)
      s = onx_node_fail(node, error, ONNXRUN_INVALID_MODEL, "attribute '%s' is missing", a->name);
    else
      store_default(a, field);
  }
  return s;
}
