/* harness.h: what operator cases are written with.
 *
 *   void flatten_cases(void)
 *   {
 *     trial *t = trial_new("Flatten", 13);
 *     trial_int(t, "axis", 1);
 *     trial_input(t, tensor_range(ONNXRUN_FLOAT, DIMS(2, 3, 2), 0, 1));
 *     trial_expect(t, tensor_range(ONNXRUN_FLOAT, DIMS(2, 6), 0, 1));
 *     trial_passes(t);
 *   }
 *
 * trial_passes() builds a model of that one node and runs it
 *   for every instruction set of this build and machine,
 *   with each input given to the run and as a constant of the model, at an address fit for bytes
 *   only (all combinations of up to three inputs; of more: none, all, and each alone),
 *   with 1, 2 and 7 threads, into memory that the session lends and into a caller's buffer
 *   between guard bytes, where results must have the same bits, all fresh memory being rubbish;
 * and it calls a range kernel's loop for one item at a time, from the last to the first, with
 * scratch full of rubbish before each: the same bits once more.
 *
 * Nothing has to be freed: trials and tensors live until the test's end. A trial may be changed and
 * used again: inputs and expectations are cleared by trial_clear(), attributes stay. */
#ifndef HARNESS_H
#define HARNESS_H

#include "runtime/graph.h"
#include "runtime/packs.h"
#include "tests/ops/tensors.h"

enum { TRIAL_MOST = 40 }; /* inputs, outputs, attributes */

typedef struct trial {
  const char *domain, *op;
  int32_t opset;
  onx_attr attrs[TRIAL_MOST];
  uint32_t n_attrs;
  const onnxrun_tensor *in[TRIAL_MOST];       /* NULL: absent */
  const onnxrun_tensor *expected[TRIAL_MOST]; /* NULL: the output has no name */
  uint32_t n_in, n_out;
  tolerance allowed;
  bool is_brief;    /* only the best instruction set, and inputs only as run-time values */
  const char *note; /* said with a failure */
} trial;

/* An operator of ai.onnx; set t->domain for another. */
trial *trial_new(const char *op, int32_t opset);
/* Attributes; one given again is replaced. */
void trial_int(trial *t, const char *name, int64_t value);
void trial_float(trial *t, const char *name, float value);
void trial_string(trial *t, const char *name, const char *value);
void trial_tensor(trial *t, const char *name, const onnxrun_tensor *value);
void trial_ints(trial *t, const char *name, size_t n, const int64_t *values); /* n: INTS(...) */
void trial_floats(trial *t, const char *name, size_t n, const float *values); /* FLOATS(...) */
void trial_strings(trial *t, const char *name, size_t n, const char *const *values);
/* The next input, the next output. NULL: absent. */
void trial_input(trial *t, const onnxrun_tensor *value);
void trial_expect(trial *t, const onnxrun_tensor *value);
/* How far results may be off; without a call not at all. */
void trial_within_ulp(trial *t, double ulp);
void trial_within(trial *t, double relative, double absolute);
void trial_clear(trial *t);

/* Runs as said above and compares. */
void trial_passes(const trial *t);
/* Building or running fails with this status and a text that has `fragment`, for every instruction
 * set, with inputs as run-time values and as constants. Outputs: as many as expected, at least one.
 */
void trial_fails(const trial *t, onnxrun_status status, const char *fragment);
/* What the first instruction set computes, for checks of another kind; output i, kept until the
 * test's end. */
const onnxrun_tensor *trial_result(const trial *t, uint32_t i);

/* The functions of cases.def. */
#define MAP(...)
#define CASE(op, function) void function(void);
#include "tests/ops/cases.def"
#undef MAP
#undef CASE

/* ---- for the harness itself and the maps' runner ---- */

/* The model of a trial. */
typedef struct built {
  onx_heap heap; /* first */
  onx_module m;
  onx_packs packs;
} built;

/* Instruction sets that this build and machine have, the first is base; NULL past the last. The
 * registry lives until the process ends. */
const onnxrun_registry *test_registry(size_t i);
/* Adds a kernel to all of them. */
void test_registry_add(const onnxrun_kernel *kernel);
/* Builds with the inputs of the mask's bits as constants; sorted, bound, folded and packed as a
 * model is. *out is there even after a failure. */
onnxrun_status trial_build(const trial *t, const onnxrun_registry *registry, uint64_t constants,
                           built **out, onnxrun_error *error);
void built_release(built *b);
/* Memory of exactly this size, aligned to 64 + offset, between guards; all bytes `fill`. */
void *guarded_new(size_t bytes, size_t offset, unsigned char fill);
bool guarded_intact(const void *block);
void guarded_free(void *block);
/* Ends the test with a message: trial, instruction set, text. */
void test_fail(const trial *t, const onnxrun_registry *registry, const char *format, ...)
    __attribute__((format(printf, 3, 4), noreturn));
/* The text with which a check ends by test_fail(), "" when it passes; for tests of the harness. */
const char *failure_of(void (*check)(void));

#endif
