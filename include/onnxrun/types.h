/* onnxrun/types.h: status, error, element types and tensors; what onnxrun.h and kernel.h share.
 *
 * Everything here is plain data: no function, no allocation, no thread rule. */
#ifndef ONNXRUN_TYPES_H
#define ONNXRUN_TYPES_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define ONNXRUN_MUST_USE __attribute__((warn_unused_result))
#else
#define ONNXRUN_MUST_USE
#endif

/* Status of every call that can fail: X(name, text). Since 0.1. */
#define ONNXRUN_STATUSES(X)                                                                        \
  X(OK, "ok")                                                                                      \
  X(INVALID_ARGUMENT, "invalid argument") /* the caller broke a call's contract */                 \
  X(INVALID_MODEL, "invalid model")       /* the file is damaged or breaks the ONNX standard */    \
  X(INVALID_INPUT, "invalid input")       /* a run's input does not fit the model */               \
  X(UNSUPPORTED, "unsupported")           /* valid ONNX that this build has no kernel for */       \
  X(NO_MEMORY, "out of memory")           /* the allocator returned NULL */                        \
  X(LIMIT, "limit exceeded")              /* a limit of onnxrun_options was reached */             \
  X(NOT_FOUND, "not found")               /* no such file, name or index */                        \
  X(IO, "input/output error")             /* the operating system refused to read */               \
  X(BAD_PLUGIN, "bad plug-in")            /* a shared object that is not a plug-in for us */       \
  X(BUFFER_TOO_SMALL, "buffer too small") /* needed size is in the tensor's `bytes` */             \
  X(RUN_FAILED, "run failed")             /* an operator met data it has no answer for */          \
  X(CANCELLED, "cancelled")               /* onnxrun_session_cancel ended the run */               \
  X(TIMEOUT, "out of time")               /* the run was not done by its deadline */

typedef enum onnxrun_status {
#define ONNXRUN_X(name, text) ONNXRUN_##name,
  ONNXRUN_STATUSES(ONNXRUN_X)
#undef ONNXRUN_X
} onnxrun_status;

/* Where a failing call says what went wrong. Owned by the caller, may be NULL wherever one is
 * taken; only written on failure; `text` is one line, always terminated. Since 0.1. */
typedef struct onnxrun_error {
  onnxrun_status status;
  char text[252]; /* "node 12 'conv1' (Conv): input 'W' has 4 channels, expected 3" */
} onnxrun_error;

/* Element types, X(name, ONNX number, bits an element, ONNX name). Numbers are
 * TensorProto.DataType. A string element is an onnxrun_string. Types of 4 and 2 bits are packed,
 * first element in the low bits, and a tensor's last byte is padded. Since 0.1. */
#define ONNXRUN_DTYPES(X)                                                                          \
  X(FLOAT, 1, 32, "float")                                                                         \
  X(UINT8, 2, 8, "uint8")                                                                          \
  X(INT8, 3, 8, "int8")                                                                            \
  X(UINT16, 4, 16, "uint16")                                                                       \
  X(INT16, 5, 16, "int16")                                                                         \
  X(INT32, 6, 32, "int32")                                                                         \
  X(INT64, 7, 64, "int64")                                                                         \
  X(STRING, 8, 128, "string")                                                                      \
  X(BOOL, 9, 8, "bool")                                                                            \
  X(FLOAT16, 10, 16, "float16")                                                                    \
  X(DOUBLE, 11, 64, "double")                                                                      \
  X(UINT32, 12, 32, "uint32")                                                                      \
  X(UINT64, 13, 64, "uint64")                                                                      \
  X(COMPLEX64, 14, 64, "complex64")                                                                \
  X(COMPLEX128, 15, 128, "complex128")                                                             \
  X(BFLOAT16, 16, 16, "bfloat16")                                                                  \
  X(FLOAT8E4M3FN, 17, 8, "float8e4m3fn")                                                           \
  X(FLOAT8E4M3FNUZ, 18, 8, "float8e4m3fnuz")                                                       \
  X(FLOAT8E5M2, 19, 8, "float8e5m2")                                                               \
  X(FLOAT8E5M2FNUZ, 20, 8, "float8e5m2fnuz")                                                       \
  X(UINT4, 21, 4, "uint4")                                                                         \
  X(INT4, 22, 4, "int4")                                                                           \
  X(FLOAT4E2M1, 23, 4, "float4e2m1")                                                               \
  X(FLOAT8E8M0, 24, 8, "float8e8m0")                                                               \
  X(UINT2, 25, 2, "uint2")                                                                         \
  X(INT2, 26, 2, "int2")                                                                           \
  X(SEQUENCE, 48, 128, "sequence")                                                                 \
  X(OPTIONAL, 49, 128, "optional")                                                                 \
  X(MAPPING, 50, 128, "map")

/* SEQUENCE, OPTIONAL and MAPPING let a container travel as a tensor of rank 0 whose one element is
 * an onnxrun_list: a sequence's items, an optional's item if it has one, or a map's keys (integers
 * or strings, of rank 1) and its values (a tensor of rank 1, or a sequence, of as many). A map is
 * not called MAP, for kernel.h has had that name for a kind of kernel. */
typedef enum onnxrun_dtype {
  ONNXRUN_UNDEFINED = 0,
#define ONNXRUN_X(name, number, bits, text) ONNXRUN_##name = number,
  ONNXRUN_DTYPES(ONNXRUN_X)
#undef ONNXRUN_X
} onnxrun_dtype;

#define ONNXRUN_MAX_RANK 16

/* A view of dense, row-major elements; never owns. `bytes` is the size of what `data` points to.
 * Data the library makes is aligned to 64 bytes; data it is given may have any alignment that the
 * C type needs. As a specification of a model's input a dim of -1 is free. Since 0.1. */
typedef struct onnxrun_tensor {
  onnxrun_dtype dtype;
  uint32_t rank;
  int64_t dims[ONNXRUN_MAX_RANK];
  void *data;
  size_t bytes;
} onnxrun_tensor;

/* One element of a string tensor: `size` bytes, any content, not terminated. The bytes belong to
 * whoever made the tensor: the caller for inputs, the model for constants, the session (until its
 * next run) for strings that a run makes. Since 0.1. */
typedef struct onnxrun_string {
  const char *data;
  size_t size;
} onnxrun_string;

/* The one element of a container; items are borrowed like a string's bytes. Since 0.1.
 */
typedef struct onnxrun_list {
  const onnxrun_tensor *items;
  size_t size;
} onnxrun_list;

#ifdef __cplusplus
}
#endif
#endif
