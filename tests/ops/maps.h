/* maps.h: rows of map kernels and their references; see cases.def and references.def. */
#ifndef MAPS_H
#define MAPS_H

#include "tests/ops/harness.h"

enum { MAP_OPERANDS = 5 };

/* One element's operands, for a reference. Whole numbers also have their bits, sign-extended; bool
 * counts as 0 and 1. */
typedef struct map_args {
  long double x[MAP_OPERANDS];
  int64_t i[MAP_OPERANDS];
  bool has[MAP_OPERANDS]; /* false: an optional operand that is absent */
  onnxrun_dtype types[MAP_OPERANDS];
  uint32_t n;
  bool is_signed; /* the key operand's type */
  const trial *t; /* opset and attributes */
} map_args;

/* What an operator is for elements. `real` serves floats: computed in long double, so that it is
 * the truth for double too, NaN where ONNX has NaN. `whole` serves the rest and gives the low bits
 * of the result; *is_free when any result will do (division by zero). */
typedef struct map_reference {
  unsigned flags;
  long double (*real)(const map_args *a);
  int64_t (*whole)(const map_args *a, bool *is_free);
} map_reference;

enum {
  ONE_WAY = 1,     /* the output has the shape of operand 0 */
  SCALARS = 2,     /* operands but the first are scalars */
  EITHER_ZERO = 4, /* ONNX does not say the sign of a zero */
};

typedef struct map_row {
  const char *op;
  uint64_t types;
  double lowest, highest;
  double f32_ulp, f64_ulp;
  const map_reference *reference;
  const char *attributes;
} map_row;

/* Type sets for rows; FLOAT_TYPES of 16, 32 and 64 bits. */
#define T(name) ONNXRUN_TYPE(name)
#define T_OF(type) (UINT64_C(1) << (type))
#define FLOAT_TYPES (T(FLOAT16) | T(BFLOAT16) | T(FLOAT) | T(DOUBLE))
#define SIGNED_TYPES (T(INT8) | T(INT16) | T(INT32) | T(INT64))
#define WHOLE_TYPES (SIGNED_TYPES | T(UINT8) | T(UINT16) | T(UINT32) | T(UINT64))

/* One version, instruction set, choice of attributes and of types of a row, at work. */
typedef struct map_case {
  const map_row *row;
  const onnxrun_registry *registry;
  const onnxrun_kernel *kernel;
  trial *t;
  uint32_t n, key;
  onnxrun_dtype types[MAP_OPERANDS];
  bool has[MAP_OPERANDS];
  onnxrun_dtype result;
  onnxrun_tensor *in[MAP_OPERANDS]; /* samples; NULL: absent */
} map_case;

/* The test of one row. */
void map_passes(const map_row *row);

/* map_values.c. Fills c->in with special and random values. */
void map_sample(map_case *c);
/* Units in the last place that a result may be off. */
double map_bound(const map_case *c);
/* The operands of one element: at[i] is the index in in[i]. */
void map_take(const map_case *c, onnxrun_tensor *const *in, const size_t *at, map_args *a);
/* What the reference says, rounded; *is_free when anything will do. */
void map_expect(const map_case *c, const map_args *a, onnxrun_tensor *out, size_t i, bool *is_free);
/* Fails the test when element i is not what the reference says. */
void map_judge(const map_case *c, const map_args *a, const onnxrun_tensor *out, size_t i);
/* An attribute's number, or `otherwise`. */
long double map_attribute(const map_args *a, const char *name, long double otherwise);

/* map_loops.c. The kernel's loop called directly. */
void map_check_loop(map_case *c);

/* map_runs.c. The engine's runs of the operator, broadcasting. */
void map_check_runs(map_case *c);

#endif
