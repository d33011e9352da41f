/* attribute.c: AttributeProto. */
#include "onnx.pb-c.h"
#include "proto/scope.h"
#include "proto/tensor.h"
#include "runtime/error.h"

enum {
  NAME = 1,
  FLOAT = 2,
  INT = 3,
  STRING = 4,
  TENSOR = 5,
  GRAPH = 6,
  FLOATS = 7,
  INTS = 8,
  STRINGS = 9,
  TENSORS = 10,
  GRAPHS = 11,
  TYPE = 20,
  REF = 21,
  SPARSE = 22,
  SPARSES = 23,
  TYPE_PROTO = 14,
  TYPE_PROTOS = 15,
};

#define TYPES 15 /* AttributeType's numbers are below */

/* What the fields say before lists, tensors and graphs are read. */
typedef struct onx_attr_source {
  onx_attr attr;
  onx_span tensor, sparse, graph;
  size_t n_floats, n_ints, n_strings;
  onnxrun_string s; /* the last of each scalar */
  int64_t i;
  float f;
  int64_t type, found; /* as said, and by the field that was there: IR 1 has no type */
} onx_attr_source;

static int64_t type_of_field(uint32_t field)
{
  static const uint8_t types[24] = {
      [FLOAT] = 1,   [INT] = 2,      [STRING] = 3,      [TENSOR] = 4,      [GRAPH] = 5,
      [FLOATS] = 6,  [INTS] = 7,     [STRINGS] = 8,     [TENSORS] = 9,     [GRAPHS] = 10,
      [SPARSE] = 11, [SPARSES] = 12, [TYPE_PROTO] = 13, [TYPE_PROTOS] = 14};
  return field < sizeof types ? types[field] : 0;
}

static onnxrun_status take_single(onx_reader *r, onx_span *span, const onx_field *f)
{
  if (span->data)
    return onx_damaged(r, f->at, "AttributeProto.%s is given twice", f->info->name);
  *span = f->span;
  return ONNXRUN_OK;
}

static float float_of(uint64_t bits)
{
  const union {
    uint32_t bits;
    float value;
  } u = {(uint32_t)bits};
  return u.value;
}

static onnxrun_status take_field(onx_reader *r, onx_attr_source *src, const onx_field *f)
{
  const int64_t type = type_of_field(f->number);
  src->found = type ? type : src->found;
  switch (f->number) {
  case NAME:
    src->attr.name = onx_field_text(f);
    break;
  case REF:
    src->attr.ref = onx_field_text(f);
    src->attr.is_ref = f->span.size > 0;
    break;
  case TYPE:
    src->type = (int64_t)f->value;
    break;
  case TENSOR:
    return take_single(r, &src->tensor, f);
  case SPARSE:
    return take_single(r, &src->sparse, f);
  case GRAPH:
    return take_single(r, &src->graph, f);
  case FLOATS:
    return onx_count_numbers(r, f, &src->n_floats);
  case INTS:
    return onx_count_numbers(r, f, &src->n_ints);
  case STRINGS:
    src->n_strings++;
    break;
  case FLOAT:
    src->f = float_of(f->value);
    break;
  case INT:
    src->i = (int64_t)f->value;
    break;
  case STRING:
    src->s = onx_field_text(f);
    break;
  default:
    break;
  }
  return ONNXRUN_OK;
}

static onnxrun_status scan(onx_reader *r, onx_span span, onx_attr_source *src)
{
  onx_walk w = onx_walk_begin(r, &onnx__attribute_proto__descriptor, span);
  onx_field f;
  while (onx_walk_next(&w, &f))
    ONX_TRY(take_field(r, src, &f));
  ONX_TRY(w.status);
  if (src->type == 0)
    src->type = src->found;
  if (src->attr.name.size == 0)
    return onx_damaged(r, span.data, "an attribute has no name");
  if (src->type < 0 || src->type >= TYPES)
    return onx_damaged(r, span.data, "attribute '%.*s' has type %lld, which does not exist",
                       ONX_NAME(src->attr.name), (long long)src->type);
  src->attr.type = (onnxrun_attr_type)src->type;
  return ONNXRUN_OK;
}

static onnxrun_status take_scalar(const onx_attr_source *src, onx_attr *a)
{
  if (a->type == ONNXRUN_ATTR_INT)
    a->v.i = src->i;
  else if (a->type == ONNXRUN_ATTR_FLOAT)
    a->v.f = src->f;
  else
    a->v.s = src->s;
  return ONNXRUN_OK;
}

/* Fills the list that `field` gives; its room is there. */
static onnxrun_status fill(onx_reader *r, onx_span span, uint32_t field, void *items)
{
  onx_walk w = onx_walk_begin(r, &onnx__attribute_proto__descriptor, span);
  float *floats = items;
  int64_t *ints = items;
  onnxrun_string *strings = items;
  onx_field f;
  while (onx_walk_next(&w, &f)) {
    if (f.number != field)
      continue;
    if (field == STRINGS) {
      *strings++ = onx_field_text(&f);
      continue;
    }
    onx_numbers numbers = onx_numbers_begin(&f);
    for (uint64_t value; onx_numbers_next(&numbers, &value);) {
      if (field == FLOATS)
        *floats++ = float_of(value);
      else
        *ints++ = (int64_t)value;
    }
  }
  return w.status;
}

static onnxrun_status take_list(onx_reader *r, onx_span span, const onx_attr_source *src,
                                onx_attr *a)
{
  const bool is_floats = a->type == ONNXRUN_ATTR_FLOATS, is_ints = a->type == ONNXRUN_ATTR_INTS;
  const size_t n = is_floats ? src->n_floats : is_ints ? src->n_ints : src->n_strings;
  const size_t size = is_floats ? sizeof(float) : is_ints ? sizeof(int64_t) : sizeof a->v.s;
  void *items = onx_pool_array(r->pool, n, size);
  if (!items)
    return onx_reader_full(r, n * size, "an attribute's list");
  if (is_floats)
    a->v.floats = (onnxrun_floats){items, n};
  else if (is_ints)
    a->v.ints = (onnxrun_ints){items, n};
  else
    a->v.strings = (onnxrun_strings){items, n};
  return fill(r, span, is_floats ? FLOATS : is_ints ? INTS : STRINGS, items);
}

static onnxrun_status take_tensor(onx_reader *r, const onx_attr_source *src, bool may_stay,
                                  onx_attr *a)
{
  const bool is_sparse = src->type != ONNXRUN_ATTR_TENSOR;
  const onx_span span = is_sparse ? src->sparse : src->tensor;
  onnxrun_tensor *t = onx_pool_take(r->pool, sizeof *t);
  if (!span.data)
    return onx_fail(r->error, ONNXRUN_INVALID_MODEL, "attribute '%.*s' has no tensor",
                    ONX_NAME(a->name));
  if (!t)
    return onx_reader_full(r, sizeof *t, "an attribute's tensor");
  a->type = ONNXRUN_ATTR_TENSOR;
  a->v.t = t;
  if (is_sparse)
    return onx_sparse_read(r, r->pool, span, t, NULL);
  return onx_tensor_read(r, r->pool, span, may_stay ? ONX_IN_PLACE : ONX_ALIGNED, t, NULL);
}

static onnxrun_status take_graph(onx_reader *r, onx_scope *scope, const onx_attr_source *src,
                                 onx_scope **pending, onx_attr *a)
{
  onx_scope *inner;
  if (!src->graph.data)
    return onx_fail(r->error, ONNXRUN_INVALID_MODEL, "attribute '%.*s' has no graph",
                    ONX_NAME(a->name));
  ONX_TRY(onx_scope_new(r, scope, src->graph, &inner));
  inner->next = *pending;
  *pending = inner;
  a->v.g = inner->g;
  return ONNXRUN_OK;
}

onnxrun_status onx_attr_read(onx_reader *r, onx_scope *scope, onx_span span, bool may_stay,
                             onx_scope **pending, onx_attr *out)
{
  enum { SPARSE_TENSOR = 11 };
  onx_attr_source src = {.attr = {.name = {"", 0}, .ref = {"", 0}}, .s = {"", 0}};
  ONX_TRY(scan(r, span, &src));
  *out = src.attr;
  if (out->is_ref)
    return ONNXRUN_OK;
  switch ((int)src.type) {
  case ONNXRUN_ATTR_FLOAT:
  case ONNXRUN_ATTR_INT:
  case ONNXRUN_ATTR_STRING:
    return take_scalar(&src, out);
  case ONNXRUN_ATTR_FLOATS:
  case ONNXRUN_ATTR_INTS:
  case ONNXRUN_ATTR_STRINGS:
    return take_list(r, span, &src, out);
  case ONNXRUN_ATTR_TENSOR:
  case SPARSE_TENSOR:
    return take_tensor(r, &src, may_stay, out);
  case ONNXRUN_ATTR_GRAPH:
    return take_graph(r, scope, &src, pending, out);
  default: /* kept by name and type: whoever wants it says that the type is wrong */
    return ONNXRUN_OK;
  }
}
