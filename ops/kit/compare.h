/* compare.h: Less, Greater, LessOrEqual and GreaterOrEqual from one set of loops. A > B is B < A,
 * and A <= B of integers is not B < A; floats, with NaN, have loops for both. */
#ifndef ONX_KIT_COMPARE_H
#define ONX_KIT_COMPARE_H

#include "ops/kit/binary.h"

struct comparison {
  struct limited limited; /* first: limited_shape() reads it */
  onnxrun_dtype type;
};

#define comparison_prepare ONX_KIT(comparison_prepare)
KIT onnxrun_status comparison_prepare(const onnxrun_host *h, onnxrun_node *n, void *params);

/* Bits: the sides are swapped, equal sides are true. */
enum { COMPARE_LESS = 0, COMPARE_GREATER = 1, COMPARE_OR_EQUAL = 2 };

/* A map's loop for any type; `kind` is made of those bits. */
#define compare ONX_KIT(compare)
KIT void compare(const onnxrun_job *job, size_t begin, size_t end, unsigned kind);

/* The first fields of a descriptor, with the loop `name` for `kind`. */
#define COMPARE_LOOP(name, kind)                                                                   \
  static void name(const onnxrun_job *job, size_t begin, size_t end)                               \
  {                                                                                                \
    compare(job, begin, end, (kind));                                                              \
  }                                                                                                \
  static const onnxrun_loop name##_loops[] = {{ONNXRUN_UNDEFINED, name}, END};
#define COMPARE(op, first, last, types, name)                                                      \
  COMPARISON(op, first, last, types, name##_loops), .prepare = comparison_prepare,                 \
                                                    .params_size = sizeof(struct comparison)

#ifdef ONX_KIT_BODIES
KIT onnxrun_status comparison_prepare(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  ((struct comparison *)params)->type = h->input(n, 0)->dtype;
  return ONNXRUN_OK;
}

#define LESS(a, b) ((a) < (b))
COMPARE_FLOATS(below, LESS)
BINARY_UNSIGNED(below, BOOL_OF, LESS)
BINARY_SIGNED(below, BOOL_OF, LESS)
#define LESS_OR_EQUAL(a, b) ((a) <= (b))
COMPARE_FLOATS(at_most, LESS_OR_EQUAL)

static const onnxrun_loop below_loops[] = {FLOAT_LOOPS_OF(below, _map), UNSIGNED_LOOPS(below, _map),
                                           SIGNED_LOOPS(below, _map), END};
static const onnxrun_loop at_most_loops[] = {FLOAT_LOOPS_OF(at_most, _map), END};

static onnxrun_loop_fn comparison_of(const onnxrun_loop *loops, onnxrun_dtype type)
{
  while (loops->run && loops->dtype != type)
    loops++;
  return loops->run;
}

KIT void compare(const onnxrun_job *job, size_t begin, size_t end, unsigned kind)
{
  const onnxrun_dtype type = ((const struct comparison *)job->params)->type;
  onnxrun_loop_fn loop = comparison_of(kind & COMPARE_OR_EQUAL ? at_most_loops : below_loops, type);
  const bool is_negated = loop == NULL;
  if (is_negated)
    loop = comparison_of(below_loops, type);
  const size_t first = (kind & COMPARE_GREATER ? 1 : 0) ^ (is_negated ? 1 : 0);
  const void *const in[] = {job->in[first], job->in[1 - first]};
  const size_t step[] = {job->step[first], job->step[1 - first]};
  onnxrun_job inner = *job;
  inner.in = in;
  inner.step = step;
  loop(&inner, begin, end);
  uint8_t *c = job->out[0];
  if (is_negated) {
    LOOP_SIMD for (size_t i = begin; i < end; i++) c[i] ^= 1;
  }
}
#endif /* ONX_KIT_BODIES */

#endif
