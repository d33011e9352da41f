/* test_wire.c: damaged fields, lengths and numbers, and what the message says of them. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/bytes.h"

static void damaged(bytes file, const char *part)
{
  reading *r = read_bytes(file, NULL);
  cr_expect_eq(r->status, ONNXRUN_INVALID_MODEL, "%s", r->error.text);
  cr_expect(strstr(r->error.text, part), "'%s' is not in: %s", part, r->error.text);
  reading_release(r);
}

Test(wire, lengths_beyond_the_end)
{
  const uint64_t lengths[] = {
      1, 1000, (uint64_t)1 << 31, (uint64_t)1 << 32, (uint64_t)1 << 63, UINT64_MAX, UINT64_MAX - 9};
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    bytes b = {0};
    put_number(&b, MODEL_IR, 8);
    put_varint(&b, MODEL_GRAPH << 3 | 2);
    put_varint(&b, lengths[i]);
    damaged(b, "byte 2: field 7 of ModelProto has");
  }
}

Test(wire, a_message_ends_where_its_outer_one_does)
{
  bytes g = {0}, m = {0};
  put_varint(&g, GRAPH_NODE << 3 | 2);
  put_varint(&g, 3);
  put_raw(&g, "\x22\x01", 2);
  put_number(&m, MODEL_IR, 8);
  put_message(&m, MODEL_GRAPH, g);
  put_message(&m, MODEL_OPSET, opset("", 17));
  damaged(m, "byte 4: field 1 of GraphProto has 3 bytes, 2 are left");
}

Test(wire, keys_that_cannot_be)
{
  static const struct {
    const char *bytes;
    size_t size;
    const char *text;
  } cases[] = {{"\x00\x00", 2, "field number 0"},
               {"\x80", 1, "does not end"},
               {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11, "does not end"},
               {"\xff\xff\xff\xff\xff\xff\xff\xff\x7f\x00", 10, "does not exist"},
               {"\x08\x80", 2, "a number of ModelProto does not end"},
               {"\x09\x00\x00", 3, "is cut off"},
               {"\x0d\x00\x00", 3, "is cut off"},
               {"\x0b\x0c", 2, "wire type 3"},
               {"\xd3\x0f\xd4\x0f", 4, "wire type 3"},
               {"\x0c", 1, "wire type 4"},
               {"\x0e", 1, "wire type 6"},
               {"\x0f", 1, "wire type 7"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    bytes b = {0};
    put_raw(&b, cases[i].bytes, cases[i].size);
    damaged(b, cases[i].text);
  }
}

/* Puts the field with another wire type than it has into a message and that, `path` around it, into
 * a model. */
static void wrong_wire(const uint32_t *path, size_t depth, uint32_t field, bool is_span,
                       const char *name)
{
  bytes b = {0}, m = {0};
  char text[100];
  if (is_span)
    put_number(&b, field, 1);
  else
    put_text(&b, field, "");
  for (size_t i = depth; i-- > 0;) {
    bytes around = {0};
    put_message(&around, path[i], b);
    b = around;
  }
  put_number(&m, MODEL_IR, 8);
  put_message(&m, MODEL_OPSET, opset("", 17));
  put_raw(&m, b.data, b.size);
  bytes_release(&b);
  snprintf(text, sizeof text, "%s has wire type %d, expected %d", name, is_span ? 0 : 2,
           is_span ? 2 : 0);
  damaged(m, text);
}

Test(wire, wire_types_of_known_fields)
{
  static const uint32_t path[] = {MODEL_GRAPH, GRAPH_NODE, NODE_ATTR};
  static const uint32_t tensor[] = {MODEL_GRAPH, GRAPH_INITIALIZER};
  static const uint32_t info[] = {MODEL_GRAPH, GRAPH_INPUT, 2, 1};
  wrong_wire(path, 0, 1, false, "ModelProto.ir_version");
  wrong_wire(path, 0, 7, true, "ModelProto.graph");
  wrong_wire(path, 0, 20, true, "ModelProto.training_info");
  wrong_wire(path, 1, 1, true, "GraphProto.node");
  wrong_wire(path, 1, 10, true, "GraphProto.doc_string");
  wrong_wire(path, 2, 4, true, "NodeProto.op_type");
  wrong_wire(path, 3, 3, false, "AttributeProto.i");
  wrong_wire(path, 3, 9, true, "AttributeProto.strings");
  wrong_wire(tensor, 2, 2, false, "TensorProto.data_type");
  wrong_wire(tensor, 2, 9, true, "TensorProto.raw_data");
  wrong_wire(info, 2, 1, true, "ValueInfoProto.name");
  wrong_wire(info, 3, 1, true, "TypeProto.tensor_type");
  wrong_wire(info, 4, 1, false, "Tensor.elem_type");
}

Test(wire, unknown_fields_are_skipped)
{
  bytes g = graph_xy(), n = node("Relu", "x", "y");
  put_number(&n, 1000, 5);
  put_fixed64(&n, 99, 5);
  put_message(&g, GRAPH_NODE, n);
  put_fixed32(&g, 536870911, 5);
  bytes m = model_of(g);
  put_text(&m, 77, "new");
  reading *r = read_bytes(m, NULL);
  cr_expect_eq(r->status, ONNXRUN_OK, "%s", r->error.text);
  reading_release(r);
}
