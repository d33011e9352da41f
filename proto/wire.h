/* wire.h: the walk over protobuf's wire format that everything in proto/ reads by.
 *
 * A walk gives a message's known fields one after the other, checked against the message's
 * descriptor (made from onnx.proto): wire type, lengths, varints. Unknown fields are skipped.
 * Nothing is allocated and nothing is recursive: a submessage is a span that the caller may walk in
 * turn. */
#ifndef ONX_WIRE_H
#define ONX_WIRE_H

#include <protobuf-c/protobuf-c.h>

#include "proto/reader.h"

/* One reading of a file: what every function of proto/ needs. */
typedef struct onx_reader {
  onx_module *module; /* NULL: a value is read, not a model */
  onx_pool *pool;     /* for what stays */
  onx_pool scratch;   /* for what is released when the reading ends */
  const uint8_t *file;
  const onx_external *external;
  size_t max_depth;
  onnxrun_error *error;
} onx_reader;

/* Bytes of the file. */
typedef struct onx_span {
  const uint8_t *data;
  size_t size;
} onx_span;

typedef struct onx_field {
  uint32_t number;
  uint32_t wire;  /* 0 varint, 1 eight bytes, 2 a span, 5 four bytes */
  uint64_t value; /* of a varint; bits of a fixed number */
  onx_span span;
  const uint8_t *at; /* where it begins */
  const ProtobufCFieldDescriptor *info;
} onx_field;

typedef struct onx_walk {
  onx_reader *r;
  const ProtobufCMessageDescriptor *message;
  const uint8_t *at, *end;
  onnxrun_status status; /* why the walk ended */
} onx_walk;

onx_walk onx_walk_begin(onx_reader *r, const ProtobufCMessageDescriptor *message, onx_span span);
/* The next known field; false at the end or at damage, which `w->status` tells apart. */
bool onx_walk_next(onx_walk *w, onx_field *f);

/* A field's bytes as text, borrowed from the file. */
static inline onnxrun_string onx_field_text(const onx_field *f)
{
  return (onnxrun_string){(const char *)f->span.data, f->span.size};
}

/* A repeated number, packed or not, is read in two steps: all its fields are counted, then taken.
 */

/* Adds the numbers in the field to *n; fails when packed bytes do not end with a number. */
onnxrun_status onx_count_numbers(onx_reader *r, const onx_field *f, size_t *n);
/* The numbers of one counted field. */
typedef struct onx_numbers {
  const uint8_t *at, *end;
  size_t bytes; /* of a fixed number; 0: varints */
  uint64_t single;
  bool is_single;
} onx_numbers;
onx_numbers onx_numbers_begin(const onx_field *f);
bool onx_numbers_next(onx_numbers *n, uint64_t *value);

/* INVALID_MODEL, "byte 123: " and the text. `at` is in the file. */
onnxrun_status onx_damaged(onx_reader *r, const uint8_t *at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* NO_MEMORY or LIMIT for what the pool would not give. */
onnxrun_status onx_reader_full(onx_reader *r, size_t bytes, const char *what);

/* %.*s of a name in a message. */
#define ONX_NAME(s) ((int)((s).size < 60 ? (s).size : 60)), ((s).size ? (s).data : "")

#endif
