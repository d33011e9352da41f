/* types.h: what the file says of a value's type. */
#ifndef ONX_TYPES_H
#define ONX_TYPES_H

#include "proto/wire.h"

/* dtype UNDEFINED: none, or one that no value of ours has (sparse tensors). rank -1: unknown.
 */
typedef struct onx_type {
  onnxrun_dtype dtype;
  int32_t rank;
  const int64_t *dims;
  const char *const *dim_names; /* NULL: no dim has one */
  const char *text;             /* of a container, as ONNX writes it; NULL: what it holds is open */
} onx_type;

/* The element type of that number in a file, UNDEFINED when there is none. */
onnxrun_dtype onx_element_type(int64_t number);

/* A TypeProto. A rank above ONNXRUN_MAX_RANK reads as unknown. */
onnxrun_status onx_type_read(onx_reader *r, onx_span span, onx_type *out);

/* A ValueInfoProto. Texts are borrowed from the file. */
typedef struct onx_value_info {
  onnxrun_string name, doc;
  onx_type type;
} onx_value_info;

onnxrun_status onx_value_info_read(onx_reader *r, onx_span span, onx_value_info *out);

#endif
