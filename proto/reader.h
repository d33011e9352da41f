/* reader.h: protobuf bytes to onx_module. The only place that knows protobuf.
 *
 * ModelProto, GraphProto, FunctionProto, NodeProto and AttributeProto are walked here, without
 * recursion over the file's depth; only leaf messages go to protobuf-c, and only after a walk has
 * bounded their depth and their number of submessages. Raw data is never copied. */
#ifndef ONX_READER_H
#define ONX_READER_H

#include "runtime/graph.h"

/* Where a model's external data may be read from. `map` maps a file of the model's folder by the
 * relative path that the model gives (not terminated); it refuses absolute paths, "..", and links
 * out of the folder. What it returns lives as long as the module. NULL source: a model from memory.
 */
typedef struct onx_external {
  void *user;
  onnxrun_status (*map)(void *user, onnxrun_string path, const uint8_t **data, size_t *size,
                        onnxrun_error *error);
} onx_external;

/* Reads a ModelProto. `data` is borrowed for the module's life: names of values and dims are
 * copied, other texts, raw data and strings of tensors point into it. m->pool.heap and m->limits
 * are set by the caller, who releases m->pool, also after a failure. Messages give the byte
 * offset for damaged bytes. */
onnxrun_status onx_read_model(onx_module *m, const uint8_t *data, size_t size,
                              const onx_external *external, onnxrun_error *error);

/* A value in a file: its bytes, borrowed, and what onnxrun_value_parse says of it. */
typedef struct onx_value_file {
  const uint8_t *data; /* may be NULL when there are none */
  size_t size;
  onnxrun_dtype kind;
  size_t max_depth;
} onx_value_file;

/* Reads a TensorProto, SequenceProto, OptionalProto or MapProto (see onnxrun_value_parse) into the
 * pool. Data lies in the file where it is aligned to its type, else in the pool. */
onnxrun_status onx_read_value(onx_pool *pool, const onx_value_file *file,
                              const onnxrun_tensor **out, onnxrun_error *error);

/* Writes one (see onnxrun_value_write). */
onnxrun_status onx_write_value(const onnxrun_tensor *tensor, const char *name, uint8_t *buffer,
                               size_t *size, onnxrun_error *error);

#endif
