/* Equal: C = A == B, of strings by their bytes; false where one is NaN.  Opsets 1 (limited
 * broadcast), 7, 11, 13, 19. */
#include "ops/kit/binary.h"

#define EQUAL(a, b) ((a) == (b))
COMPARE_FLOATS(equal, EQUAL)
BINARY_UNSIGNED(equal, BOOL_OF, EQUAL)

static void equal_string(const onnxrun_job *job, size_t begin, size_t end)
{
  uint8_t *c = job->out[0];
  for (size_t i = begin; i < end; i++) {
    const onnxrun_string *a = (const onnxrun_string *)job->in[0] + i * job->step[0];
    const onnxrun_string *b = (const onnxrun_string *)job->in[1] + i * job->step[1];
    c[i] = a->size == b->size && (a->size == 0 || memcmp(a->data, b->data, a->size) == 0);
  }
}

#define EQUAL_TYPES (T_NUMBERS | T_BOOL | T_STRING)

static const onnxrun_loop equal_loops[] = {FLOAT_LOOPS_OF(equal, _map),
                                           BITS_LOOPS(equal, _map),
                                           {ONNXRUN_BOOL, equal_u8_map},
                                           {ONNXRUN_STRING, equal_string},
                                           END};

static const onnxrun_kernel equal_1 = {COMPARISON("Equal", 1, 6, EQUAL_TYPES, equal_loops),
                                       LIMITED};
static const onnxrun_kernel equal_7 = {COMPARISON("Equal", 7, 0, EQUAL_TYPES, equal_loops)};

KERNELS(equal, &equal_7, &equal_1)
