/* element.h: single elements of tensors of any type, for printing and comparing. */
#ifndef CLI_ELEMENT_H
#define CLI_ELEMENT_H

#include "onnxrun/onnxrun.h"

#include <stdbool.h>

enum element_class {
  ELEMENT_NONE,
  ELEMENT_REAL,
  ELEMENT_SIGNED,
  ELEMENT_UNSIGNED,
  ELEMENT_BOOL,
  ELEMENT_COMPLEX,
  ELEMENT_STRING,
  ELEMENT_LIST
};
enum element_class element_class(onnxrun_dtype type);

/* Elements of a tensor; false where the product of the dims does not fit. */
bool element_count(const onnxrun_tensor *t, size_t *count);

/* Each wants its class; element_unsigned serves bools too. */
double element_real(const onnxrun_tensor *t, size_t i);
int64_t element_signed(const onnxrun_tensor *t, size_t i);
uint64_t element_unsigned(const onnxrun_tensor *t, size_t i);
void element_complex(const onnxrun_tensor *t, size_t i, double parts[2]);
const onnxrun_string *element_string(const onnxrun_tensor *t, size_t i);
/* The items of a sequence or optional. */
const onnxrun_list *element_list(const onnxrun_tensor *t);

/* Distance from `v` to the next value of the type above it in size: what a printed number must
 * resolve. For real and complex types; v finite. */
double element_spacing(onnxrun_dtype type, double v);

#endif
