/* bytes.h: ONNX files made byte by byte, for tests of what reads them. It knows the wire format and
 * the standard's field numbers by itself, so that it agrees with the reader by truth alone. */
#ifndef BYTES_H
#define BYTES_H

#include "proto/reader.h"

typedef struct bytes {
  uint8_t *data;
  size_t size, room;
} bytes;

/* Append one field of a message. */
void put_number(bytes *b, uint32_t field, uint64_t value);
void put_fixed32(bytes *b, uint32_t field, uint32_t bits);
void put_fixed64(bytes *b, uint32_t field, uint64_t bits);
void put_span(bytes *b, uint32_t field, const void *data, size_t size);
void put_text(bytes *b, uint32_t field, const char *text);
/* A submessage, which is released. */
void put_message(bytes *b, uint32_t field, bytes inner);
/* Without a field: a varint, and bytes as they are. */
void put_varint(bytes *b, uint64_t value);
void put_raw(bytes *b, const void *data, size_t size);
void bytes_release(bytes *b);

/* ---- messages; names may be NULL for none ---- */

/* ValueInfoProto of a tensor: dims of -1 are left open; rank -1: no shape. */
bytes value_info(const char *name, int type, int rank, const int64_t *dims);
/* TensorProto with raw_data, or without any data when raw is NULL. */
bytes raw_tensor(const char *name, int type, int rank, const int64_t *dims, const void *raw,
                 size_t size);
/* NodeProto; names are separated by spaces, "-" is an absent one. */
bytes node(const char *op, const char *in, const char *out);
/* AttributeProto with a name and a type. */
bytes attr(const char *name, int type);
/* OperatorSetIdProto. */
bytes opset(const char *domain, uint64_t version);
/* GraphProto with float input "x" and float output "y" of any rank, and no node yet. */
bytes graph_xy(void);
/* ModelProto of IR 8 and opset 17 with that graph, which is released. */
bytes model_of(bytes graph);
/* A model with a function, a nested graph with captures, typed, sparse and string data, lists. */
bytes rich_model(void);

/* Field numbers. */
enum {
  MODEL_IR = 1,
  MODEL_GRAPH = 7,
  MODEL_OPSET = 8,
  MODEL_FUNCTION = 25,
  GRAPH_NODE = 1,
  GRAPH_INITIALIZER = 5,
  GRAPH_INPUT = 11,
  GRAPH_OUTPUT = 12,
  GRAPH_INFO = 13,
  GRAPH_SPARSE = 15,
  NODE_ATTR = 5,
  NODE_DOMAIN = 7,
  ATTR_TENSOR = 5,
  ATTR_GRAPH = 6,
};

/* ---- reading ---- */

/* A module read from bytes, with all that it takes counted. */
typedef struct reading {
  onx_heap heap;
  size_t allowed; /* requests of memory that are still met */
  onx_module m;
  onnxrun_status status;
  onnxrun_error error;
  bytes file;
} reading;

/* Reads the bytes, which belong to the reading from now on. `external` may be NULL. */
reading *read_bytes(bytes file, const onx_external *external);
/* The same with limits: requests of memory that are met, and bytes. */
reading *read_limited(bytes file, size_t allowed, size_t max_bytes);
/* Asserts that nothing is left in the heap. */
void reading_release(reading *r);
/* The value of that name in a graph, or NULL. */
const onx_value *value_named(const onx_graph *g, const char *name);
uint32_t index_named(const onx_graph *g, const char *name);

/* A file of the source tree, or of the disk when the path is absolute; data NULL: not there. */
bytes load_file(const char *path);

#endif
