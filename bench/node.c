/* node.c: a model of one node, built with the format's own library. */
#include "bench/node.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "onnx.pb-c.h"

void *take(size_t bytes)
{
  void *p = calloc(1, bytes ? bytes : 1);
  if (!p) {
    fprintf(stderr, "bench: out of memory\n");
    exit(1);
  }
  return p;
}

void *take_aligned(size_t bytes)
{
  void *p = aligned_alloc(64, bytes / 64 * 64 + 64);
  if (!p) {
    fprintf(stderr, "bench: out of memory\n");
    exit(1);
  }
  return p;
}

void check(onnxrun_status s, const onnxrun_error *error)
{
  if (s == ONNXRUN_OK)
    return;
  fprintf(stderr, "bench: %s\n", error->text);
  exit(1);
}

static char *copied(const char *text)
{
  return strcpy(take(strlen(text) + 1), text);
}

static Onnx__TensorShapeProto *shape_of(const onnxrun_tensor *t)
{
  Onnx__TensorShapeProto *shape = take(sizeof *shape);
  onnx__tensor_shape_proto__init(shape);
  shape->n_dim = t->rank;
  shape->dim = take(t->rank * sizeof *shape->dim);
  for (uint32_t d = 0; d < t->rank; d++) {
    shape->dim[d] = take(sizeof **shape->dim);
    onnx__tensor_shape_proto__dimension__init(shape->dim[d]);
    shape->dim[d]->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
    shape->dim[d]->dim_value = t->dims[d];
  }
  return shape;
}

/* `shape` NULL: of any. */
static Onnx__ValueInfoProto *value_info(const char *name, onnxrun_dtype dtype,
                                        Onnx__TensorShapeProto *shape)
{
  Onnx__ValueInfoProto *info = take(sizeof *info);
  Onnx__TypeProto *type = take(sizeof *type);
  Onnx__TypeProto__Tensor *tensor = take(sizeof *tensor);
  onnx__value_info_proto__init(info);
  onnx__type_proto__init(type);
  onnx__type_proto__tensor__init(tensor);
  tensor->has_elem_type = 1;
  tensor->elem_type = (int32_t)dtype;
  tensor->shape = shape;
  type->value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
  type->tensor_type = tensor;
  info->name = copied(name);
  info->type = type;
  return info;
}

static Onnx__TensorProto *initializer(const char *name, const onnxrun_tensor *from)
{
  Onnx__TensorProto *t = take(sizeof *t);
  onnx__tensor_proto__init(t);
  t->name = copied(name);
  t->n_dims = from->rank;
  t->dims = take(from->rank * sizeof *t->dims);
  memcpy(t->dims, from->dims, from->rank * sizeof *t->dims);
  t->has_data_type = t->has_raw_data = 1;
  t->data_type = (int32_t)from->dtype;
  t->raw_data.len = from->bytes;
  t->raw_data.data = take(from->bytes);
  memcpy(t->raw_data.data, from->data, from->bytes);
  return t;
}

static Onnx__AttributeProto *attribute(const node_attr *from)
{
  Onnx__AttributeProto *a = take(sizeof *a);
  onnx__attribute_proto__init(a);
  a->name = copied(from->name);
  a->has_type = 1;
  a->type = (Onnx__AttributeProto__AttributeType)from->type;
  a->has_f = from->type == NODE_FLOAT;
  a->f = from->f;
  a->has_i = from->type == NODE_INT;
  a->i = from->i;
  if (from->type == NODE_STRING) {
    a->has_s = 1;
    a->s.len = strlen(from->s);
    a->s.data = (uint8_t *)copied(from->s);
  }
  if (from->type == NODE_INTS) {
    a->n_ints = from->n;
    a->ints = take(from->n * sizeof *a->ints);
    for (size_t i = 0; i < from->n; i++)
      a->ints[i] = from->i;
  }
  return a;
}

static void name_of(size_t i, char name[2])
{
  name[0] = (char)('a' + (int)i);
  name[1] = '\0';
}

static Onnx__NodeProto *node_of(const node_spec *spec)
{
  Onnx__NodeProto *node = take(sizeof *node);
  char name[2];
  onnx__node_proto__init(node);
  node->op_type = copied(spec->op);
  node->n_input = spec->n_in;
  node->input = take(spec->n_in * sizeof *node->input);
  for (size_t i = 0; i < spec->n_in; i++) {
    name_of(i, name);
    node->input[i] = copied(spec->in[i].dtype == ONNXRUN_UNDEFINED ? "" : name);
  }
  node->n_output = 1;
  node->output = take(sizeof *node->output);
  node->output[0] = copied("y");
  node->n_attribute = spec->n_attrs;
  node->attribute = take(spec->n_attrs * sizeof *node->attribute);
  for (size_t i = 0; i < spec->n_attrs; i++)
    node->attribute[i] = attribute(&spec->attrs[i]);
  return node;
}

static Onnx__GraphProto *graph_of(const node_spec *spec)
{
  Onnx__GraphProto *graph = take(sizeof *graph);
  char name[2];
  onnx__graph_proto__init(graph);
  graph->name = copied("bench");
  graph->n_node = graph->n_output = 1;
  graph->node = take(sizeof *graph->node);
  graph->node[0] = node_of(spec);
  graph->output = take(sizeof *graph->output);
  graph->output[0] = value_info("y", spec->out, NULL);
  graph->input = take(spec->n_in * sizeof *graph->input);
  graph->initializer = take(spec->n_in * sizeof *graph->initializer);
  for (size_t i = 0; i < spec->n_in; i++) {
    name_of(i, name);
    if (spec->in[i].dtype == ONNXRUN_UNDEFINED)
      continue;
    if (spec->is_constant[i])
      graph->initializer[graph->n_initializer++] = initializer(name, &spec->in[i]);
    else
      graph->input[graph->n_input++] = value_info(name, spec->in[i].dtype, shape_of(&spec->in[i]));
  }
  return graph;
}

size_t node_model(const node_spec *spec, uint8_t **bytes)
{
  Onnx__ModelProto *model = take(sizeof *model);
  Onnx__OperatorSetIdProto *opset = take(sizeof *opset);
  onnx__model_proto__init(model);
  onnx__operator_set_id_proto__init(opset);
  opset->has_version = model->has_ir_version = 1;
  opset->version = spec->opset;
  model->ir_version = 8;
  model->n_opset_import = 1;
  model->opset_import = take(sizeof *model->opset_import);
  model->opset_import[0] = opset;
  model->graph = graph_of(spec);
  *bytes = take(onnx__model_proto__get_packed_size(model));
  const size_t size = onnx__model_proto__pack(model, *bytes);
  onnx__model_proto__free_unpacked(model, NULL);
  return size;
}
