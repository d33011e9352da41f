/* onnxrun/types.h as ABI 1 was released, without comments. Never changed: CONTRIBUTING.md. */
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

#define ONNXRUN_STATUSES(X)                                                                        \
  X(OK, "ok")                                                                                      \
  X(INVALID_ARGUMENT, "invalid argument")                                                          \
  X(INVALID_MODEL, "invalid model")                                                                \
  X(INVALID_INPUT, "invalid input")                                                                \
  X(UNSUPPORTED, "unsupported")                                                                    \
  X(NO_MEMORY, "out of memory")                                                                    \
  X(LIMIT, "limit exceeded")                                                                       \
  X(NOT_FOUND, "not found")                                                                        \
  X(IO, "input/output error")                                                                      \
  X(BAD_PLUGIN, "bad plug-in")                                                                     \
  X(BUFFER_TOO_SMALL, "buffer too small")                                                          \
  X(RUN_FAILED, "run failed")                                                                      \
  X(CANCELLED, "cancelled")                                                                        \
  X(TIMEOUT, "out of time")

typedef enum onnxrun_status {
#define ONNXRUN_X(name, text) ONNXRUN_##name,
  ONNXRUN_STATUSES(ONNXRUN_X)
#undef ONNXRUN_X
} onnxrun_status;

typedef struct onnxrun_error {
  onnxrun_status status;
  char text[252];
} onnxrun_error;

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
  X(OPTIONAL, 49, 128, "optional")

typedef enum onnxrun_dtype {
  ONNXRUN_UNDEFINED = 0,
#define ONNXRUN_X(name, number, bits, text) ONNXRUN_##name = number,
  ONNXRUN_DTYPES(ONNXRUN_X)
#undef ONNXRUN_X
} onnxrun_dtype;

#define ONNXRUN_MAX_RANK 16

typedef struct onnxrun_tensor {
  onnxrun_dtype dtype;
  uint32_t rank;
  int64_t dims[ONNXRUN_MAX_RANK];
  void *data;
  size_t bytes;
} onnxrun_tensor;

typedef struct onnxrun_string {
  const char *data;
  size_t size;
} onnxrun_string;

typedef struct onnxrun_list {
  const onnxrun_tensor *items;
  size_t size;
} onnxrun_list;

#ifdef __cplusplus
}
#endif
#endif
