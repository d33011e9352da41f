/* types.c: TypeProto and ValueInfoProto. */
#include "proto/types.h"

#include <stdio.h>
#include <string.h>

#include "onnx.pb-c.h"
#include "onnxrun/kernel.h"
#include "proto/leaf.h"
#include "runtime/error.h"

onnxrun_dtype onx_element_type(int64_t number)
{
  /* Containers are ours, not the file's. */
  if (number <= 0 || number >= ONNXRUN_SEQUENCE || onnxrun_bits((onnxrun_dtype)number) == 0)
    return ONNXRUN_UNDEFINED;
  return (onnxrun_dtype)number;
}

static onnxrun_status copy_name(onx_reader *r, const char *name, const char **out)
{
  const size_t size = strlen(name);
  *out = onx_pool_text(r->pool, name, size);
  return *out ? ONNXRUN_OK : onx_reader_full(r, size, "a dim's name");
}

static onnxrun_status read_shape(onx_reader *r, const Onnx__TensorShapeProto *shape, onx_type *out)
{
  const size_t rank = shape->n_dim;
  if (rank > ONNXRUN_MAX_RANK)
    return ONNXRUN_OK;
  int64_t *dims = onx_pool_array(r->pool, rank, sizeof *dims);
  const char **names = onx_pool_array(r->pool, rank, sizeof *names);
  if (!dims || !names)
    return onx_reader_full(r, rank * sizeof *dims, "a shape");
  bool has_names = false;
  for (size_t i = 0; i < rank; i++) {
    const Onnx__TensorShapeProto__Dimension *d = shape->dim[i];
    const bool is_number = d->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
    dims[i] = is_number && d->dim_value >= 0 ? d->dim_value : -1;
    if (d->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM && *d->dim_param) {
      ONX_TRY(copy_name(r, d->dim_param, &names[i]));
      has_names = true;
    }
  }
  out->rank = (int32_t)rank;
  out->dims = dims;
  out->dim_names = has_names ? names : NULL;
  return ONNXRUN_OK;
}

/* One level of a type, with an open bracket for the next; NULL: there is no next, or it is open. */
static const Onnx__TypeProto *name_level(const Onnx__TypeProto *t, char *text, size_t size)
{
  switch (t->value_case) {
  case ONNX__TYPE_PROTO__VALUE_SEQUENCE_TYPE:
    snprintf(text, size, "seq(");
    return t->sequence_type->elem_type;
  case ONNX__TYPE_PROTO__VALUE_OPTIONAL_TYPE:
    snprintf(text, size, "optional(");
    return t->optional_type->elem_type;
  case ONNX__TYPE_PROTO__VALUE_MAP_TYPE:
    snprintf(text, size, "map(%s,", onnxrun_dtype_name(onx_element_type(t->map_type->key_type)));
    return t->map_type->value_type;
  default:
    return NULL;
  }
}

/* "seq(tensor(float))" of a container. Its depth is bounded: onx_leaf_unpack. */
static onnxrun_status name_container(onx_reader *r, const Onnx__TypeProto *t, const char **out)
{
  char text[1024];
  size_t size = 0, depth = 0;
  for (const Onnx__TypeProto *next; (next = name_level(t, text + size, sizeof text - size));
       t = next, depth++) {
    size += strlen(text + size);
    if (size + 2 * depth + 64 > sizeof text)
      return ONNXRUN_OK;
  }
  if (t->value_case != ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE)
    return ONNXRUN_OK;
  size += (size_t)snprintf(text + size, sizeof text - size, "tensor(%s)",
                           onnxrun_dtype_name(onx_element_type(t->tensor_type->elem_type)));
  memset(text + size, ')', depth);
  *out = onx_pool_text(r->pool, text, size + depth);
  return *out ? ONNXRUN_OK : onx_reader_full(r, size + depth, "a type");
}

onnxrun_status onx_type_read(onx_reader *r, onx_span span, onx_type *out)
{
  onx_pool pool;
  ProtobufCMessage *message = NULL;
  *out = (onx_type){.rank = -1};
  onnxrun_status s = onx_leaf_unpack(r, &onnx__type_proto__descriptor, span, &pool, &message);
  const Onnx__TypeProto *type = (const Onnx__TypeProto *)message;
  switch (s == ONNXRUN_OK ? type->value_case : ONNX__TYPE_PROTO__VALUE__NOT_SET) {
  case ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE:
    out->dtype = onx_element_type(type->tensor_type->elem_type);
    if (type->tensor_type->shape)
      s = read_shape(r, type->tensor_type->shape, out);
    break;
  case ONNX__TYPE_PROTO__VALUE_SEQUENCE_TYPE:
    *out = (onx_type){.dtype = ONNXRUN_SEQUENCE};
    break;
  case ONNX__TYPE_PROTO__VALUE_OPTIONAL_TYPE:
    *out = (onx_type){.dtype = ONNXRUN_OPTIONAL};
    break;
  case ONNX__TYPE_PROTO__VALUE_MAP_TYPE:
    *out = (onx_type){.dtype = ONNXRUN_MAPPING};
    break;
  default:
    break;
  }
  if (s == ONNXRUN_OK && out->dtype >= ONNXRUN_SEQUENCE)
    s = name_container(r, type, &out->text);
  onx_pool_release(&pool);
  return s;
}

onnxrun_status onx_value_info_read(onx_reader *r, onx_span span, onx_value_info *out)
{
  enum { NAME = 1, TYPE = 2, DOC = 3 };
  onx_walk w = onx_walk_begin(r, &onnx__value_info_proto__descriptor, span);
  onx_field f;
  *out = (onx_value_info){onx_text(""), onx_text(""), {.rank = -1}};
  while (onx_walk_next(&w, &f)) {
    if (f.number == NAME)
      out->name = onx_field_text(&f);
    else if (f.number == DOC)
      out->doc = onx_field_text(&f);
    else if (f.number == TYPE)
      ONX_TRY(onx_type_read(r, f.span, &out->type));
  }
  return w.status;
}
