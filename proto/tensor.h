/* tensor.h: TensorProto and SparseTensorProto to onnxrun_tensor. */
#ifndef ONX_PROTO_TENSOR_H
#define ONX_PROTO_TENSOR_H

#include "proto/wire.h"

/* Where a tensor's data may lie. */
typedef enum onx_placement {
  ONX_IN_PLACE, /* in the file, at any alignment if it is large */
  ONX_ALIGNED,  /* aligned to its type: copied where the file has it otherwise */
} onx_placement;

/* A TensorProto as its fields say it, before its elements are looked at. */
typedef struct onx_tensor_source {
  onx_reader *r;
  onx_span body;
  onnxrun_string name;
  int64_t type;
  size_t rank;
  int64_t dims[ONNXRUN_MAX_RANK];
  onx_span raw;
  bool has_segment, is_external;
  size_t counts[16]; /* elements of the typed array with that field number */
} onx_tensor_source;

/* Field numbers of TensorProto. */
enum {
  ONX_TENSOR_DIMS = 1,
  ONX_TENSOR_TYPE = 2,
  ONX_TENSOR_SEGMENT = 3,
  ONX_TENSOR_FLOATS = 4,
  ONX_TENSOR_INT32S = 5,
  ONX_TENSOR_STRINGS = 6,
  ONX_TENSOR_INT64S = 7,
  ONX_TENSOR_NAME = 8,
  ONX_TENSOR_RAW = 9,
  ONX_TENSOR_DOUBLES = 10,
  ONX_TENSOR_UINT64S = 11,
  ONX_TENSOR_EXTERNAL = 13,
  ONX_TENSOR_LOCATION = 14,
};

/* Reads a TensorProto into *out, what it needs from `pool`. The name is borrowed from the file and
 * may be NULL. INVALID_MODEL says which tensor, what was expected and what was found. */
onnxrun_status onx_tensor_read(onx_reader *r, onx_pool *pool, onx_span span, onx_placement place,
                               onnxrun_tensor *out, onnxrun_string *name);

/* Reads a SparseTensorProto and spreads it out: zeros, and the values where their indices say. */
onnxrun_status onx_sparse_read(onx_reader *r, onx_pool *pool, onx_span span, onnxrun_tensor *out,
                               onnxrun_string *name);

/* INVALID_MODEL or another status, "tensor 'w' at byte 123: " and the text. */
onnxrun_status onx_tensor_fail(const onx_tensor_source *src, onnxrun_status s, const char *format,
                               ...) __attribute__((format(printf, 3, 4)));

/* The typed array that holds elements of that type, and its entries for n elements. */
uint32_t onx_typed_field(onnxrun_dtype dtype);
size_t onx_typed_entries(onnxrun_dtype dtype, size_t elements);

/* Points out->data at the typed array's elements, in the file when they lie there as they are used,
 * else in the pool. Counts have been checked. */
onnxrun_status onx_typed_read(const onx_tensor_source *src, onx_pool *pool, onnxrun_tensor *out);

/* Points out->data into the file that external_data names. */
onnxrun_status onx_external_read(const onx_tensor_source *src, onnxrun_tensor *out);

#endif
