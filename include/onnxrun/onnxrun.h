/* onnxrun/onnxrun.h: run ONNX models from a program.
 *
 *   onnxrun_model *model = NULL;
 *   onnxrun_session *session = NULL;
 *   onnxrun_error error;
 *   onnxrun_model_open("model.onnx", NULL, &model, &error);
 *   onnxrun_session_create(model, NULL, &session, &error);
 *   onnxrun_session_run(session, in, 1, out, 1, &error);
 *   // out[0].data, where it was NULL, is lent by the session until its next run
 *   onnxrun_session_release(session);
 *   onnxrun_model_release(model);
 *
 * Rules for every call. Handles are opaque; release takes NULL. A call that returns a status fills
 * the caller's onnxrun_error (which may be NULL) when it fails, and leaves its out parameters
 * untouched; NULL where a pointer is needed is INVALID_ARGUMENT, and any call that makes something
 * may fail by NO_MEMORY or LIMIT (options->max_bytes). Nothing is printed, no global is kept, no
 * environment variable is read but OMP_NUM_THREADS. Thread rules, one word each, stand at the head
 * of each part: immutable (share freely), thread-compatible (one thread at a time), thread-safe.
 * All calls are since 0.1.
 *
 * What stands here is stable: a program built against this header runs with every later library of
 * the same major version. Structs that begin with `size` grow at their end; the caller sets it to
 * sizeof. Behind ONNXRUN_EXPERIMENTAL, at the end, is what may still change.
 *
 * For other languages: every name is a function, a struct of plain fields, an enum of int's size or
 * a plain number; no bit-field, no inline function, no macro that a program cannot do without. */
#ifndef ONNXRUN_H
#define ONNXRUN_H

#include "onnxrun/types.h"

#if defined(ONNXRUN_BUILDING) && defined(__GNUC__)
#define ONNXRUN_API __attribute__((visibility("default")))
#else
#define ONNXRUN_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define ONNXRUN_VERSION_MAJOR 0
#define ONNXRUN_VERSION_MINOR 1
#define ONNXRUN_VERSION_PATCH 0

/* "0.1.0" of the library that is loaded; static. */
ONNXRUN_API const char *onnxrun_version(void);
/* Text of a status, "unknown status" for others; static. */
ONNXRUN_API const char *onnxrun_status_text(onnxrun_status s);
/* ONNX's name of an element type ("float", "int64"), "undefined" for others; static. */
ONNXRUN_API const char *onnxrun_dtype_name(onnxrun_dtype t);
/* Bits of one element; 0 for others. */
ONNXRUN_API size_t onnxrun_dtype_bits(onnxrun_dtype t);

/* ---- options --------------------------------------------------------------------------------- */

/* Where memory comes from. `resize` with block NULL allocates, with new_size 0 frees (and returns
 * NULL), otherwise moves; old_size is exact; NULL means failure and leaves the block alone. `align`
 * is a power of two up to 4096. Must be thread-safe: worker threads call it. Borrowed as long as
 * any object made with it lives. */
typedef struct onnxrun_allocator {
  void *user;
  void *(*resize)(void *user, void *block, size_t old_size, size_t new_size, size_t align);
} onnxrun_allocator;

/* Threads of the host's own. `each` calls task(arg, i, worker) once for every i < tasks, in any
 * order and on any threads, and returns when all are done; tasks never wait for tasks that have not
 * begun. `width` is how many run at once. Borrowed like the allocator. */
typedef struct onnxrun_executor {
  void *user;
  size_t (*width)(void *user);
  void (*each)(void *user, size_t tasks, void (*task)(void *arg, size_t index, size_t worker),
               void *arg);
} onnxrun_executor;

typedef struct onnxrun_registry onnxrun_registry;
typedef struct onnxrun_model onnxrun_model;
typedef struct onnxrun_session onnxrun_session;
typedef struct onnxrun_value onnxrun_value;

/* Start from ONNXRUN_OPTIONS_INIT; a zero field means its default. */
typedef struct onnxrun_options {
  size_t size;     /* sizeof(onnxrun_options) */
  int32_t threads; /* most threads of a run; 0: the least of OMP_NUM_THREADS, the
                      container's CPU quota and the affinity mask */
  int32_t reserved;
  const onnxrun_allocator *allocator; /* NULL: the C library's */
  const onnxrun_executor *executor;   /* NULL: OpenMP, or the caller's thread in a serial build */
  const onnxrun_registry *registry;   /* NULL: the built-in ones; outlives the model */
  const char *isa;                    /* "base", "avx2", "avx512"; NULL: the best of this machine.
                                         Ignored when a registry is given */
  size_t max_bytes;           /* memory of the object and its runs; default 1/2 of the address
                       space on 32 bits, 1 TiB on 64 */
  size_t max_nodes;           /* nodes of the graph after inlining; default 1,000,000 */
  size_t max_depth;           /* nesting of subgraphs, functions and types; default 64 */
  const char *without_passes; /* rewrites of the graph that are left out: "cse,fold"; NULL: none.
                                 INVALID_ARGUMENT lists the names when it has an unknown one */
} onnxrun_options;
#define ONNXRUN_OPTIONS_INIT                                                                       \
  {                                                                                                \
    sizeof(onnxrun_options), 0, 0, NULL, NULL, NULL, NULL, 0, 0, 0, NULL                           \
  }

/* ---- registry: the operators; thread-compatible, immutable once given to a model ------------- */

struct onnxrun_kernel;

/* All built-in kernels of one instruction set: options->isa, or the best of this machine.
 * INVALID_ARGUMENT for a name that this build or machine lacks. */
ONNXRUN_API ONNXRUN_MUST_USE onnxrun_status onnxrun_registry_create(const onnxrun_options *options,
                                                                    onnxrun_registry **out,
                                                                    onnxrun_error *error);
/* Adds a kernel, which is preferred to all before it. Borrowed until release. INVALID_ARGUMENT
 * says what is wrong with the table. */
ONNXRUN_API ONNXRUN_MUST_USE onnxrun_status onnxrun_registry_add(
    onnxrun_registry *registry, const struct onnxrun_kernel *kernel, onnxrun_error *error);
/* Adds the kernels of a plug-in, a shared object that exports onnxrun_plugin_query
 * (onnxrun/kernel.h, docs/PLUGINS.md): all of them, each preferred to those before it, or none.
 * `path` is a file's: one without a slash is in the current folder and in no other. Its code runs
 * in the process, so load only what you trust. It stays loaded until the registry's release, and so
 * does all that models and sessions take from it: the registry must outlive them. Loaded again, its
 * kernels are added again. NOT_FOUND or IO: the file; BAD_PLUGIN: not a shared object that can be
 * loaded (with the system's text), no plug-in, one for a newer ABI than this library's, or one with
 * a kernel that onnxrun_registry_add would refuse; UNSUPPORTED in a build that loads none. */
ONNXRUN_API ONNXRUN_MUST_USE onnxrun_status onnxrun_registry_load(onnxrun_registry *registry,
                                                                  const char *path,
                                                                  onnxrun_error *error);
/* The instruction set's name; static. */
ONNXRUN_API const char *onnxrun_registry_isa(const onnxrun_registry *registry);
/* After all models that were made with it. */
ONNXRUN_API void onnxrun_registry_release(onnxrun_registry *registry);

/* ---- model: immutable; shared by any number of sessions -------------------------------------- */

/* Reads a model from a file. The file is mapped and must not change until release; external data is
 * looked for in its folder and nowhere else. Weights are used from the map; what an operator wants
 * arranged otherwise is made once, when the first session needs it, of the model's memory. */
ONNXRUN_API ONNXRUN_MUST_USE onnxrun_status onnxrun_model_open(const char *path,
                                                               const onnxrun_options *options,
                                                               onnxrun_model **out,
                                                               onnxrun_error *error);
/* Reads a model from memory, borrowed until release. A model with external data is INVALID_MODEL.
 */
ONNXRUN_API ONNXRUN_MUST_USE onnxrun_status onnxrun_model_load(const void *data, size_t size,
                                                               const onnxrun_options *options,
                                                               onnxrun_model **out,
                                                               onnxrun_error *error);
/* The model must outlive its sessions. */
ONNXRUN_API void onnxrun_model_release(onnxrun_model *model);

/* One input or output of a model, borrowed until the model's release. */
typedef struct onnxrun_info {
  size_t size;      /* set to sizeof(onnxrun_info) by the caller */
  const char *name; /* terminated; name_size counts bytes, should it hold a zero */
  size_t name_size;
  onnxrun_tensor spec;          /* type and dims; -1: free; data NULL */
  const char *const *dim_names; /* spec.rank names; NULL for a dim that has none */
  int32_t any_rank;             /* not 0: the model does not say a rank */
  int32_t reserved;
  onnxrun_string doc; /* what the model says of it in words; any bytes */
  const char *type;   /* as ONNX writes it: "tensor(float)", "seq(tensor(float))",
                         "optional(tensor(int64))", "map(string,tensor(float))"; "" where the
                         model does not say what a container holds */
} onnxrun_info;

/* Inputs that a run must be given, in the model's order (those with an initializer are constants),
 * and outputs. */
ONNXRUN_API size_t onnxrun_model_inputs(const onnxrun_model *model);
ONNXRUN_API size_t onnxrun_model_outputs(const onnxrun_model *model);
/* NOT_FOUND past the end. */
ONNXRUN_API ONNXRUN_MUST_USE onnxrun_status onnxrun_model_input(const onnxrun_model *model,
                                                                size_t i, onnxrun_info *info,
                                                                onnxrun_error *error);
ONNXRUN_API ONNXRUN_MUST_USE onnxrun_status onnxrun_model_output(const onnxrun_model *model,
                                                                 size_t i, onnxrun_info *info,
                                                                 onnxrun_error *error);
/* Where the input or output of that name stands. NOT_FOUND lists those that there are. A name that
 * holds a zero byte is found by index alone. */
ONNXRUN_API ONNXRUN_MUST_USE onnxrun_status onnxrun_model_find_input(const onnxrun_model *model,
                                                                     const char *name, size_t *i,
                                                                     onnxrun_error *error);
ONNXRUN_API ONNXRUN_MUST_USE onnxrun_status onnxrun_model_find_output(const onnxrun_model *model,
                                                                      const char *name, size_t *i,
                                                                      onnxrun_error *error);

/* What a model says of itself. Texts are borrowed until the model's release, hold any bytes, and
 * are empty where the model says nothing. */
typedef struct onnxrun_about {
  size_t size; /* set to sizeof(onnxrun_about) by the caller */
  int64_t ir_version, model_version;
  onnxrun_string producer, producer_version, domain, doc;
  onnxrun_string graph, graph_doc; /* the main graph's name, and what it says in words */
} onnxrun_about;

/* Fills in all of it. */
ONNXRUN_API ONNXRUN_MUST_USE onnxrun_status onnxrun_model_about(const onnxrun_model *model,
                                                                onnxrun_about *about,
                                                                onnxrun_error *error);
/* Operator sets that the model imports, and the i-th: its domain (borrowed like the texts above; ""
 * is ai.onnx) and version. NOT_FOUND past the end. */
ONNXRUN_API size_t onnxrun_model_opsets(const onnxrun_model *model);
ONNXRUN_API ONNXRUN_MUST_USE onnxrun_status onnxrun_model_opset(const onnxrun_model *model,
                                                                size_t i, onnxrun_string *domain,
                                                                int64_t *version,
                                                                onnxrun_error *error);
/* Properties that the model's makers gave it (metadata_props), and the i-th: a key and a value, any
 * bytes, borrowed likewise. NOT_FOUND past the end. */
ONNXRUN_API size_t onnxrun_model_properties(const onnxrun_model *model);
ONNXRUN_API ONNXRUN_MUST_USE onnxrun_status onnxrun_model_property(const onnxrun_model *model,
                                                                   size_t i, onnxrun_string *key,
                                                                   onnxrun_string *value,
                                                                   onnxrun_error *error);
/* The value of the first property with that key. NOT_FOUND lists the keys that there are. */
ONNXRUN_API ONNXRUN_MUST_USE onnxrun_status onnxrun_model_find_property(const onnxrun_model *model,
                                                                        const char *key,
                                                                        onnxrun_string *value,
                                                                        onnxrun_error *error);

/* ---- session: thread-compatible; one for each thread that runs ------------------------------- */

/* options: threads, allocator, executor and max_bytes are used. Cheap; plans are made by the runs.
 */
ONNXRUN_API ONNXRUN_MUST_USE onnxrun_status onnxrun_session_create(const onnxrun_model *model,
                                                                   const onnxrun_options *options,
                                                                   onnxrun_session **out,
                                                                   onnxrun_error *error);
/* Runs the model. `in` are the inputs in order: dtype, rank, dims, data and bytes set, data
 * borrowed for the call and not written. For each output: with data NULL the session lends the
 * result until its next run or release; otherwise data and bytes name the caller's buffer, aligned
 * to 64 bytes for best speed and overlapping no input, and BUFFER_TOO_SMALL leaves the needed size
 * in bytes. dtype, rank, dims and bytes are filled in. Shapes may differ from run to run; a shape
 * that was seen before costs no planning and no allocation. INVALID_INPUT names the input and dim
 * that disagree. After a failure the session can be used again. */
ONNXRUN_API ONNXRUN_MUST_USE onnxrun_status onnxrun_session_run(onnxrun_session *session,
                                                                const onnxrun_tensor *in,
                                                                size_t n_in, onnxrun_tensor *out,
                                                                size_t n_out, onnxrun_error *error);
/* Before its model, and not during a run. What it lent goes with it. */
ONNXRUN_API void onnxrun_session_release(onnxrun_session *session);

/* A step of a run that is done: a node, several that were joined into one, or the copy of a value
 * to an output. Borrowed, with what it points to, for the call that is given it; the texts until
 * the model's release. */
typedef struct onnxrun_event {
  size_t size;                      /* sizeof(onnxrun_event) of the library */
  onnxrun_string name, op, domain;  /* of the first node, any bytes; domain "" is ai.onnx. A copy
                                       is an "Identity" with the name of its output */
  uint32_t index;                   /* where the first node stands in the file; of a copy: the
                                       output's number */
  uint32_t nodes;                   /* how many nodes the step is; 0: a copy */
  const onnxrun_tensor *const *out; /* what the step made, data included: for reading */
  size_t n_out;                     /* of a step with more than 16 only those are listed */
  uint64_t start_ns, end_ns;        /* since the run began. On several threads a step lasts from its
                                       first range to its last, and others may lie in between */
  size_t thread;                    /* which of the run's threads ended it, from 0 */
  uint64_t read_bytes, written_bytes; /* of the values that it reads and makes */
} onnxrun_event;

/* Start from ONNXRUN_RUN_OPTIONS_INIT; a zero field means its default. */
typedef struct onnxrun_run_options {
  size_t size;     /* sizeof(onnxrun_run_options) */
  int32_t threads; /* most threads of a run; 0: as the session was created */
  int32_t reserved;
  uint64_t timeout_ns; /* from a run's start to its deadline; 0: none */
  /* Called for each step when it is done, by the thread that ended it: on several threads several
   * calls may come at once. Of the session's calls only onnxrun_session_cancel may be made from
   * it. NULL: nothing is measured. */
  void (*node)(void *user, const onnxrun_event *event);
  void *user; /* borrowed like the function until other options are set */
} onnxrun_run_options;
#define ONNXRUN_RUN_OPTIONS_INIT                                                                   \
  {                                                                                                \
    sizeof(onnxrun_run_options), 0, 0, 0, NULL, NULL                                               \
  }

/* Sets what holds for all runs that follow; options NULL: the defaults again. Copied.
 * INVALID_ARGUMENT for a size that is not today's, and nothing is changed. */
ONNXRUN_API ONNXRUN_MUST_USE onnxrun_status onnxrun_session_configure(
    onnxrun_session *session, const onnxrun_run_options *options, onnxrun_error *error);
/* Makes the run in progress return CANCELLED; without one it does nothing. Thread-safe, and may be
 * called from a signal handler. A run looks between ranges of work, which take some 5
 * microseconds (docs/ARCHITECTURE.md says which take longer), whether it was cancelled or is past
 * its deadline (TIMEOUT); when all its work is done by then it returns its results. The making of
 * a plan, for shapes not seen before, is not interrupted. Outputs are undefined after either, and
 * the session can be used again. */
ONNXRUN_API void onnxrun_session_cancel(onnxrun_session *session);

/* What output i will be for inputs of these shapes, without running: of `in` dtype, rank and dims
 * are used. info->spec has the dims, -1 for those that depend on data (any_rank not 0: all do),
 * and the bytes, 0 where those are not known. name and dim_names are as onnxrun_model_output gives
 * them. The plan is kept for runs of these shapes. INVALID_INPUT as in a run; NOT_FOUND past the
 * last output. */
ONNXRUN_API ONNXRUN_MUST_USE onnxrun_status onnxrun_session_output(onnxrun_session *session,
                                                                   const onnxrun_tensor *in,
                                                                   size_t n_in, size_t i,
                                                                   onnxrun_info *info,
                                                                   onnxrun_error *error);
/* Bytes that a run with inputs of these shapes needs beside the plan, which is kept as above:
 * what the allocator is asked for by the first run of a session, when all outputs are lent; an
 * output in the caller's buffer takes its bytes (see above) less. Runs use the same memory again,
 * and the session holds the most that any needed. Exact, results whose shape depends on data
 * apart, which are not counted. */
ONNXRUN_API ONNXRUN_MUST_USE onnxrun_status onnxrun_session_memory(onnxrun_session *session,
                                                                   const onnxrun_tensor *in,
                                                                   size_t n_in, size_t *bytes,
                                                                   onnxrun_error *error);

/* ---- values: what has memory of its own; immutable ------------------------------------------- */

/* A tensor of numbers is a view, onnxrun_tensor, and needs nothing of this. Tensors of strings and
 * sequences, optionals and maps are views too, whose elements are onnxrun_string and onnxrun_list
 * (types.h): a run takes them and lends them like others. The calls below make such a view with all
 * that it holds, so that no program need know how they lie in memory. Each copies what it is given,
 * which may come from another value, an output or the program. Of the options allocator, max_bytes
 * and max_depth are used. INVALID_ARGUMENT says what is wrong with what was given. */

/* A copy of a tensor of any kind: of a lent output, to have it after the next run. */
ONNXRUN_API ONNXRUN_MUST_USE onnxrun_status onnxrun_value_copy(const onnxrun_tensor *tensor,
                                                               const onnxrun_options *options,
                                                               onnxrun_value **out,
                                                               onnxrun_error *error);
/* A tensor of strings: of `shape` rank and dims are used; texts in row-major order, of these sizes
 * in bytes. sizes NULL: each text ends with a zero byte. */
ONNXRUN_API ONNXRUN_MUST_USE onnxrun_status
onnxrun_value_strings(const onnxrun_tensor *shape, const char *const *texts, const size_t *sizes,
                      const onnxrun_options *options, onnxrun_value **out, onnxrun_error *error);
/* A sequence of n items, which are all tensors or all of one kind of container; n may be 0. */
ONNXRUN_API ONNXRUN_MUST_USE onnxrun_status
onnxrun_value_sequence(const onnxrun_tensor *const *items, size_t n, const onnxrun_options *options,
                       onnxrun_value **out, onnxrun_error *error);
/* An optional with that content, or, item NULL, without. */
ONNXRUN_API ONNXRUN_MUST_USE onnxrun_status onnxrun_value_optional(const onnxrun_tensor *item,
                                                                   const onnxrun_options *options,
                                                                   onnxrun_value **out,
                                                                   onnxrun_error *error);
/* The value as a tensor, for runs and for the calls below; borrowed until release. */
ONNXRUN_API const onnxrun_tensor *onnxrun_value_tensor(const onnxrun_value *value);
/* Ends the value and all that was read from it. */
ONNXRUN_API void onnxrun_value_release(onnxrun_value *value);

/* What a tensor of any kind, from a value or a run, holds: elements; of a sequence its items, of an
 * optional 1 or 0, of a map 2: its keys and its values. 0 for NULL and for what is no tensor. */
ONNXRUN_API size_t onnxrun_tensor_count(const onnxrun_tensor *tensor);
/* Item i of a sequence, optional or map, borrowed from it; NULL past the last and for others. */
ONNXRUN_API const onnxrun_tensor *onnxrun_tensor_item(const onnxrun_tensor *tensor, size_t i);
/* String i of a tensor of strings, borrowed from it; NULL past the last and for others. */
ONNXRUN_API const onnxrun_string *onnxrun_tensor_string(const onnxrun_tensor *tensor, size_t i);

/* Reads a TensorProto, or a SequenceProto, OptionalProto or MapProto where `kind` is
 * ONNXRUN_SEQUENCE, ONNXRUN_OPTIONAL or ONNXRUN_MAPPING (the bytes do not tell them apart; any
 * other kind means a TensorProto). A map's values come as a sequence. `data` is borrowed until
 * release; INVALID_MODEL says at which byte it is damaged. */
ONNXRUN_API ONNXRUN_MUST_USE onnxrun_status onnxrun_value_parse(const void *data, size_t size,
                                                                onnxrun_dtype kind,
                                                                const onnxrun_options *options,
                                                                onnxrun_value **out,
                                                                onnxrun_error *error);
/* Writes a tensor of any kind in the same formats, named `name` when not NULL. `*size` is the
 * buffer's size and becomes the bytes written, or needed with BUFFER_TOO_SMALL. */
ONNXRUN_API ONNXRUN_MUST_USE onnxrun_status onnxrun_value_write(const onnxrun_tensor *tensor,
                                                                const char *name, void *buffer,
                                                                size_t *size, onnxrun_error *error);

/* ---- experimental: may change or go in any version ------------------------------------------- */

#ifdef ONNXRUN_EXPERIMENTAL

/* Kernels in the registry, and the i-th, borrowed until its release (NULL past the end); for
 * listings and tests. */
ONNXRUN_API size_t onnxrun_registry_size(const onnxrun_registry *registry);
ONNXRUN_API const struct onnxrun_kernel *onnxrun_registry_kernel(const onnxrun_registry *registry,
                                                                 size_t i);
/* A map, as the values above are made: keys are integers or strings of rank 1; values a tensor of
 * rank 1 with elements of whole bytes, or a sequence, of as many. That keys differ is not checked.
 */
ONNXRUN_API ONNXRUN_MUST_USE onnxrun_status onnxrun_value_map(const onnxrun_tensor *keys,
                                                              const onnxrun_tensor *values,
                                                              const onnxrun_options *options,
                                                              onnxrun_value **out,
                                                              onnxrun_error *error);

#endif

#ifdef __cplusplus
}
#endif
#endif
