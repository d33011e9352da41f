/* maps.h: rows of map kernels and their references; see cases.def and references.def. */
#ifndef MAPS_H
#define MAPS_H

#include "tests/ops/harness.h"

#define MAP_OPERANDS 5

/* One element's operands, for a reference. Whole numbers also have their bits, sign-extended; bool
 * counts as 0 and 1. */
typedef struct map_args {
  long double x[MAP_OPERANDS];
  int64_t i[MAP_OPERANDS];
  bool has[MAP_OPERANDS]; /* false: an optional operand that is absent */
  int n;
  onnxrun_dtype type; /* of operand 0 */
  bool is_signed;     /* so is that type */
  int32_t opset;
  const trial *t; /* for attributes */
} map_args;

/* The operator for floats, in long double: exact or nearly, NaN where ONNX has NaN. For whole
 * numbers: the low bits of the result; *is_free when any result will do (division by zero). */
typedef struct map_reference {
  const char *name;
  long double (*real)(const map_args *a);
  int64_t (*whole)(const map_args *a, bool *is_free);
} map_reference;

typedef struct map_row {
  const char *op;
  uint64_t types;
  double lowest, highest;
  double f32_ulp, f64_ulp;
  const map_reference *reference;
  const char *attributes;
} map_row;

/* Type sets for cases.def. */
#define T(name) ONNXRUN_TYPE(name)
#define FLOAT_TYPES (T(FLOAT16) | T(BFLOAT16) | T(FLOAT) | T(DOUBLE))

/* The test of one row. */
void map_passes(const map_row *row);

#endif
