/* onnxrun/kernel.h: how an operator is written, built in or as a plug-in.
 *
 * An operator is a table (onnxrun_kernel): its name and opsets, what it takes and gives, its
 * attributes, and up to five functions. The host does the rest: it checks types and counts, decodes
 * attributes, broadcasts, places memory, cuts the work and runs it on threads.
 *
 *   stage     called                          sees                        may
 *   prepare   once a node, when a model is    attributes, types,          fail, decline, derive,
 *             built                           constant inputs             declare output types
 *   shape     once per distinct input shapes  shapes, operands marked     fail, declare shapes and
 *                                             VALUE                       work
 *   pack      once a node, when a shape()     attributes, types,          fail, rearrange weights
 *             first asks for packed()         constant inputs
 *   run       every run, once, serially       all data                    fail
 *   loop      every run, on many threads      one range of items          nothing but compute
 *
 * A loop must not allocate, lock, print, fail, start threads, keep state, or touch memory outside
 * its arrays; the result of an item must not depend on the range it came in. Kernels are constant
 * tables and functions without state, so all of this is thread-safe. Since 0.1; fields and services
 * are only ever appended. */
#ifndef ONNXRUN_KERNEL_H
#define ONNXRUN_KERNEL_H

#include "onnxrun/types.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ONNXRUN_ABI 1u

/* ---- what an operator takes and gives ---------------------------------------------------- */

/* A set of element types, one bit each: ONNXRUN_TYPE(FLOAT) | ONNXRUN_TYPE(DOUBLE). */
#define ONNXRUN_TYPE(name) (UINT64_C(1) << ONNXRUN_##name)

enum {
  ONNXRUN_OPTIONAL_OPERAND = 1, /* may be absent or have the empty name */
  ONNXRUN_VARIADIC = 2,         /* the last operand: one or more of it */
  ONNXRUN_MIXED = 4,            /* variadic whose members may differ in type */
  ONNXRUN_VALUE = 8,      /* shape() reads its data: where the data is not known before the run,
                             the host calls shape() during the run */
  ONNXRUN_UNALIGNED = 16, /* pack() and loops read it at any alignment, so that a weight can be
                             used where the file has it; other data is aligned to its type */
};

/* One input or output. Operands with the same `var` (not 0) have the same type. An output's type is
 * that of its var, or the only one in `types`, or what prepare() declares. */
typedef struct onnxrun_operand {
  const char *name; /* ONNX's own; NULL ends the table */
  uint64_t types;
  char var;
  uint8_t flags;
} onnxrun_operand;

/* ---- attributes ---------------------------------------------------------------------------- */

typedef enum onnxrun_attr_type { /* the field's type in the params struct: */
                                 ONNXRUN_ATTR_FLOAT = 1,   /* float */
                                 ONNXRUN_ATTR_INT = 2,     /* int64_t */
                                 ONNXRUN_ATTR_STRING = 3,  /* onnxrun_string */
                                 ONNXRUN_ATTR_TENSOR = 4,  /* const onnxrun_tensor * */
                                 ONNXRUN_ATTR_GRAPH = 5,   /* reserved */
                                 ONNXRUN_ATTR_FLOATS = 6,  /* onnxrun_floats */
                                 ONNXRUN_ATTR_INTS = 7,    /* onnxrun_ints */
                                 ONNXRUN_ATTR_STRINGS = 8, /* onnxrun_strings */
                                 ONNXRUN_ATTR_ENUM = 32, /* int64_t: index into `text`, for a STRING
                                                            with a fixed choice */
                                 ONNXRUN_ATTR_IGNORED =
                                     33, /* accepted in any type and not decoded */
} onnxrun_attr_type;

typedef struct onnxrun_ints {
  const int64_t *items; /* NULL: absent */
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

/* An int attribute without a default reads as this when absent. */
#define ONNXRUN_ABSENT INT64_MIN

/* The host writes the attribute, or its default, at `offset` of the params before prepare() and
 * refuses a node whose attribute has another type. Absent TENSOR, INTS, ... are all zero bytes. */
typedef struct onnxrun_attr {
  const char *name; /* NULL ends the table */
  onnxrun_attr_type type;
  int32_t required;
  size_t offset;
  double number;    /* default of FLOAT (exact float), INT and ENUM */
  const char *text; /* default of STRING; choices of ENUM as "NOTSET|VALID|..." */
} onnxrun_attr;

/* ---- doing the work ------------------------------------------------------------------------ */

/* What a loop sees; everything is present and valid. Pointers of absent operands are NULL. Made by
 * the host alone; its end may grow. */
typedef struct onnxrun_job {
  const void *const *in;
  void *const *out;
  const size_t *step; /* map kernels: elements to advance an item for each input, 0 or 1 */
  size_t n_in;        /* entries of in and step; for variadic kernels */
  const void *params; /* as shape() left them */
  void *scratch;      /* this worker's, as large as asked for, aligned to 64, content undefined */
} onnxrun_job;

/* Computes items [begin, end). */
typedef void (*onnxrun_loop_fn)(const onnxrun_job *job, size_t begin, size_t end);

/* The loop for one element type of the kernel's key input; ONNXRUN_UNDEFINED serves any. See
 * ONNXRUN_BY_FLOAT for types that need none. */
typedef struct onnxrun_loop {
  onnxrun_dtype dtype;
  onnxrun_loop_fn run; /* NULL ends the table */
} onnxrun_loop;

/* Elements of output 0 that an item writes: `rows` runs of `length`, the first from `first`, each
 * `stride` after the one before. */
typedef struct onnxrun_part {
  size_t first, length, rows, stride;
} onnxrun_part;

/* How much work a node is, said by shape(). Start from ONNXRUN_WORK_INIT. */
typedef struct onnxrun_work {
  size_t size;
  size_t items;         /* independent pieces; the host cuts [0, items) into ranges */
  double item_cost;     /* rough cycles an item: decides how many threads are worth it */
  size_t scratch;       /* bytes of scratch for each worker */
  onnxrun_loop_fn loop; /* NULL: the one from the kernel's table */
  /* Where item i writes, if each element of the only output is written by one item: maps that
   * follow then run on it while it is in the cache. NULL: they run on their own. */
  void (*part)(const void *params, size_t i, onnxrun_part *part);
  int32_t skips_run; /* not 0: for these shapes run() has nothing to do and need not be called */
  int32_t reserved;
} onnxrun_work;
#define ONNXRUN_WORK_INIT                                                                          \
  {                                                                                                \
    sizeof(onnxrun_work), 0, 1.0, 0, NULL, NULL, 0, 0                                              \
  }

typedef struct onnxrun_node onnxrun_node; /* the node at hand; opaque, borrowed for the call */

/* Host services, passed to every function but loops. Append only. */
typedef struct onnxrun_host {
  size_t size;
  uint32_t abi;
  int32_t reserved;

  /* How many inputs and outputs the node lists (trailing absent ones are not counted). */
  uint32_t (*n_inputs)(const onnxrun_node *n);
  uint32_t (*n_outputs)(const onnxrun_node *n);
  /* Input i, or NULL when absent. dtype is always set. In prepare and pack, rank, dims and data are
   * set only for constants (data tells). In shape, rank and dims are set, data when it is known.
   * In run everything is set. Borrowed for the call, a constant's data for the model's life. */
  const onnxrun_tensor *(*input)(onnxrun_node *n, uint32_t i);
  /* Output i with what is known of it, or NULL when nothing uses it (the node may list it all the
   * same). In run, data of an output declared by then may be written. */
  const onnxrun_tensor *(*result)(onnxrun_node *n, uint32_t i);
  /* The version of the operator's domain that the model imports. */
  int32_t (*opset)(const onnxrun_node *n);

  /* prepare: output i has type t. Needed only where the operand table leaves it open. */
  onnxrun_status (*type)(onnxrun_node *n, uint32_t i, onnxrun_dtype t);
  /* shape, or run for shapes that depend on data: output i has these dims. In run its data is there
   * when the call returns. Undeclared outputs of a map get the broadcast shape. */
  onnxrun_status (*output)(onnxrun_node *n, uint32_t i, uint32_t rank, const int64_t *dims);
  /* shape: the work. Not for maps. */
  onnxrun_status (*plan)(onnxrun_node *n, const onnxrun_work *work);
  /* shape of a map: input i's first dim stands at dim `axis` of the output, instead of ONNX's
   * alignment of the last dims. */
  onnxrun_status (*align)(onnxrun_node *n, uint32_t i, uint32_t axis);
  /* Zeroed memory, aligned to 64, freed with what it is made for: the model in prepare and pack,
   * the plan in shape, the run's results in run. NULL when there is none (the error is recorded).
   * A plan belongs to one session, so a loop may write to what shape() kept, such as partial
   * results of its items (ops/kit/reduce.h); run() must then make it ready for each run. */
  void *(*keep)(onnxrun_node *n, size_t bytes);
  /* Records "node 3 'name' (Op): " and the formatted text, and returns `s`. In prepare,
   * ONNXRUN_UNSUPPORTED declines the node: the next kernel that matches is tried. */
  onnxrun_status (*fail)(onnxrun_node *n, onnxrun_status s, const char *format, ...)
#if defined(__GNUC__)
      __attribute__((format(printf, 3, 4)))
#endif
      ;
  /* shape: what the kernel's pack() gives for the node, which is called when this is first asked by
   * any session of the model, and shared by all of them until its release. So weights that are fast
   * enough where they lie cost no memory, and others none before they are used. NULL: there is
   * nothing to pack, or pack() failed (the error is recorded). */
  const void *(*packed)(onnxrun_node *n);
  /* Hands over an object of another library: release(object) is called once, when what keep() gives
   * in its place is freed and before that is, objects of the same place newest first; at once when
   * this fails. Several threads may release objects at a time. */
  onnxrun_status (*own)(onnxrun_node *n, void *object, void (*release)(void *object));
} onnxrun_host;

enum {
  ONNXRUN_MAP = 1,  /* out[i] depends on in[i] alone after broadcasting; one output. The host
                       broadcasts, so no shape() is needed; out may be one of the inputs */
  ONNXRUN_VIEW = 2, /* the one output has the bytes of input 0 under other dims; needs no loop */
  ONNXRUN_SHAPE_ONLY = 4, /* reads its inputs' shapes, never their data */
  ONNXRUN_RANDOM = 8, /* may give other results each time: is run by every run, and two such nodes
                         are never made one */
  ONNXRUN_BY_FLOAT = 16, /* a map of up to three inputs and the output of one `var`: FLOAT16 and
                            BFLOAT16, where it has no loop for them, go through that for FLOAT. The
                            host converts, block by block, and rounds results to nearest even */
};

/* An operator over a span of opsets and a set of types. `params` is a struct of the kernel's: the
 * host zeroes it, fills in the attributes and keeps it with the node; shape() gets the plan's own
 * copy to write geometry into. It must be copyable byte by byte. */
typedef struct onnxrun_kernel {
  size_t size;        /* sizeof(onnxrun_kernel); fields beyond it read as zero */
  const char *domain; /* "" is ai.onnx */
  const char *op;
  int32_t since, until; /* the model's opsets that it serves, both included; until 0: open */
  uint32_t flags;
  uint32_t key; /* the input whose type chooses the loop */
  const onnxrun_operand *inputs, *outputs;
  const onnxrun_attr *attrs; /* NULL: none */
  size_t params_size;
  onnxrun_status (*prepare)(const onnxrun_host *h, onnxrun_node *n, void *params);
  /* Constant inputs as the loops want them, in memory from keep(); NULL: as they are, or after
   * fail(). See packed(). */
  const void *(*pack)(const onnxrun_host *h, onnxrun_node *n, const void *params);
  onnxrun_status (*shape)(const onnxrun_host *h, onnxrun_node *n, void *params);
  /* Before the loop, if there is one; without shape(), the outputs' shapes are declared here. */
  onnxrun_status (*run)(const onnxrun_host *h, onnxrun_node *n, const void *params);
  const onnxrun_loop *loops;
  double item_cost; /* maps: rough cycles an element; 0 counts as 1 */
  size_t plan_size; /* bytes of the plan's copy: the node's params_size, then zeros for what shape()
                       alone writes, which so costs no memory in the model. 0: params_size */
} onnxrun_kernel;

/* ---- plug-ins ------------------------------------------------------------------------------ */

/* What a shared object gives: kernels, ended by NULL. Static data of the plug-in. */
typedef struct onnxrun_plugin {
  size_t size;
  uint32_t abi;
  const char *name, *version;
  const onnxrun_kernel *const *kernels;
} onnxrun_plugin;

/* The one symbol a plug-in exports, called once each time that it is loaded. The host refuses an
 * `abi` that is larger than its own and names both, so give what there is whatever the host's ABI;
 * NULL: none of it can serve that host. */
const onnxrun_plugin *onnxrun_plugin_query(uint32_t host_abi)
#if defined(__GNUC__)
    __attribute__((visibility("default")))
#endif
    ;

/* Makes it: ONNXRUN_PLUGIN("mine", "1.0", &first, &second). Of kernels that serve the same node the
 * last listed is asked first. */
#define ONNXRUN_PLUGIN(name, version, ...)                                                         \
  const onnxrun_plugin *onnxrun_plugin_query(uint32_t host_abi)                                    \
  {                                                                                                \
    static const onnxrun_kernel *const kernels[] = {__VA_ARGS__, NULL};                            \
    static const onnxrun_plugin plugin = {sizeof(onnxrun_plugin), ONNXRUN_ABI, (name), (version),  \
                                          kernels};                                                \
    (void)host_abi;                                                                                \
    return &plugin;                                                                                \
  }

/* ---- small helpers that a kernel may use; no library function is needed to link one ---------- */

/* Bits an element takes, 0 for an unknown type. */
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

/* Elements of a tensor the host made or checked: the product cannot overflow. */
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
