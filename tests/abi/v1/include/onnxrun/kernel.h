/* onnxrun/kernel.h as ABI 1 was released, without comments. Never changed: CONTRIBUTING.md. */
#ifndef ONNXRUN_KERNEL_H
#define ONNXRUN_KERNEL_H

#include "onnxrun/types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ONNXRUN_ABI 1u

#define ONNXRUN_TYPE(name) (UINT64_C(1) << ONNXRUN_##name)

enum {
  ONNXRUN_OPTIONAL_OPERAND = 1,
  ONNXRUN_VARIADIC = 2,
  ONNXRUN_MIXED = 4,
  ONNXRUN_VALUE = 8,
  ONNXRUN_UNALIGNED = 16,
};

typedef struct onnxrun_operand {
  const char *name;
  uint64_t types;
  char var;
  uint8_t flags;
} onnxrun_operand;

typedef enum onnxrun_attr_type {
  ONNXRUN_ATTR_FLOAT = 1,
  ONNXRUN_ATTR_INT = 2,
  ONNXRUN_ATTR_STRING = 3,
  ONNXRUN_ATTR_TENSOR = 4,
  ONNXRUN_ATTR_GRAPH = 5,
  ONNXRUN_ATTR_FLOATS = 6,
  ONNXRUN_ATTR_INTS = 7,
  ONNXRUN_ATTR_STRINGS = 8,
  ONNXRUN_ATTR_ENUM = 32,
  ONNXRUN_ATTR_IGNORED = 33,
} onnxrun_attr_type;

typedef struct onnxrun_ints {
  const int64_t *items;
  size_t size;
} onnxrun_ints;
typedef struct onnxrun_floats {
  const float *items;
  size_t size;
} onnxrun_floats;
typedef struct onnxrun_strings {
  const onnxrun_string *items;
  size_t size;
} onnxrun_strings;

#define ONNXRUN_ABSENT INT64_MIN

typedef struct onnxrun_attr {
  const char *name;
  onnxrun_attr_type type;
  int32_t required;
  size_t offset;
  double number;
  const char *text;
} onnxrun_attr;

typedef struct onnxrun_job {
  const void *const *in;
  void *const *out;
  const size_t *step;
  size_t n_in;
  const void *params;
  void *scratch;
} onnxrun_job;

typedef void (*onnxrun_loop_fn)(const onnxrun_job *job, size_t begin, size_t end);

typedef struct onnxrun_loop {
  onnxrun_dtype dtype;
  onnxrun_loop_fn run;
} onnxrun_loop;

typedef struct onnxrun_part {
  size_t first, length, rows, stride;
} onnxrun_part;

typedef struct onnxrun_work {
  size_t size;
  size_t items;
  double item_cost;
  size_t scratch;
  onnxrun_loop_fn loop;

  void (*part)(const void *params, size_t i, onnxrun_part *part);
  int32_t skips_run;
  int32_t reserved;
} onnxrun_work;
#define ONNXRUN_WORK_INIT                                                                          \
  {                                                                                                \
    sizeof(onnxrun_work), 0, 1.0, 0, NULL, NULL, 0, 0                                              \
  }

typedef struct onnxrun_node onnxrun_node;

typedef struct onnxrun_host {
  size_t size;
  uint32_t abi;
  int32_t reserved;

  uint32_t (*n_inputs)(const onnxrun_node *n);
  uint32_t (*n_outputs)(const onnxrun_node *n);

  const onnxrun_tensor *(*input)(onnxrun_node *n, uint32_t i);

  const onnxrun_tensor *(*result)(onnxrun_node *n, uint32_t i);

  int32_t (*opset)(const onnxrun_node *n);

  onnxrun_status (*type)(onnxrun_node *n, uint32_t i, onnxrun_dtype t);

  onnxrun_status (*output)(onnxrun_node *n, uint32_t i, uint32_t rank, const int64_t *dims);

  onnxrun_status (*plan)(onnxrun_node *n, const onnxrun_work *work);

  onnxrun_status (*align)(onnxrun_node *n, uint32_t i, uint32_t axis);

  void *(*keep)(onnxrun_node *n, size_t bytes);

  onnxrun_status (*fail)(onnxrun_node *n, onnxrun_status s, const char *format, ...)
#if defined(__GNUC__)
      __attribute__((format(printf, 3, 4)))
#endif
      ;

  const void *(*packed)(onnxrun_node *n);

  onnxrun_status (*own)(onnxrun_node *n, void *object, void (*release)(void *object));
} onnxrun_host;

enum {
  ONNXRUN_MAP = 1,
  ONNXRUN_VIEW = 2,
  ONNXRUN_SHAPE_ONLY = 4,
  ONNXRUN_RANDOM = 8,
  ONNXRUN_BY_FLOAT = 16,
};

typedef struct onnxrun_kernel {
  size_t size;
  const char *domain;
  const char *op;
  int32_t since, until;
  uint32_t flags;
  uint32_t key;
  const onnxrun_operand *inputs, *outputs;
  const onnxrun_attr *attrs;
  size_t params_size;
  onnxrun_status (*prepare)(const onnxrun_host *h, onnxrun_node *n, void *params);

  const void *(*pack)(const onnxrun_host *h, onnxrun_node *n, const void *params);
  onnxrun_status (*shape)(const onnxrun_host *h, onnxrun_node *n, void *params);

  onnxrun_status (*run)(const onnxrun_host *h, onnxrun_node *n, const void *params);
  const onnxrun_loop *loops;
  double item_cost;
  size_t plan_size;
} onnxrun_kernel;

typedef struct onnxrun_plugin {
  size_t size;
  uint32_t abi;
  const char *name, *version;
  const onnxrun_kernel *const *kernels;
} onnxrun_plugin;

const onnxrun_plugin *onnxrun_plugin_query(uint32_t host_abi)
#if defined(__GNUC__)
    __attribute__((visibility("default")))
#endif
    ;

#define ONNXRUN_PLUGIN(name, version, ...)                                                         \
  const onnxrun_plugin *onnxrun_plugin_query(uint32_t host_abi)                                    \
  {                                                                                                \
    static const onnxrun_kernel *const kernels[] = {__VA_ARGS__, NULL};                            \
    static const onnxrun_plugin plugin = {sizeof(onnxrun_plugin), ONNXRUN_ABI, (name), (version),  \
                                          kernels};                                                \
    (void)host_abi;                                                                                \
    return &plugin;                                                                                \
  }

static inline uint32_t onnxrun_bits(onnxrun_dtype t)
{
  switch (t) {
#define ONNXRUN_X(name, number, bits, text)                                                        \
  case ONNXRUN_##name:                                                                             \
    return bits;
    ONNXRUN_DTYPES(ONNXRUN_X)
#undef ONNXRUN_X
  case ONNXRUN_UNDEFINED:
    break;
  }
  return 0;
}

static inline size_t onnxrun_elements(const onnxrun_tensor *t)
{
  size_t n = 1;
  for (uint32_t i = 0; i < t->rank; i++)
    n *= (size_t)t->dims[i];
  return n;
}

#ifdef __cplusplus
}
#endif
#endif
