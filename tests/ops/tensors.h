/* tensors.h: tensors for operator tests: made in one line, read and written by element whatever the
 * type, compared with a tolerance. They live until the end of the test (tensors_free). */
#ifndef TENSORS_H
#define TENSORS_H

#include <stdbool.h>

#include "onnxrun/kernel.h"

/* Arguments in groups: tensor_of(ONNXRUN_FLOAT, DIMS(2, 3), VALUES(1, 2, 3, 4, 5, 6)). */
#define DIMS(...)                                                                                  \
  (uint32_t)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), (int64_t[])                      \
  {                                                                                                \
    __VA_ARGS__                                                                                    \
  }
#define SCALAR 0, NULL
#define VALUES(...)                                                                                \
  sizeof((double[]){__VA_ARGS__}) / sizeof(double), (double[])                                     \
  {                                                                                                \
    __VA_ARGS__                                                                                    \
  }
#define INTS(...)                                                                                  \
  sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t), (int64_t[])                                  \
  {                                                                                                \
    __VA_ARGS__                                                                                    \
  }
#define FLOATS(...)                                                                                \
  sizeof((float[]){__VA_ARGS__}) / sizeof(float), (float[])                                        \
  {                                                                                                \
    __VA_ARGS__                                                                                    \
  }
#define TEXTS(...)                                                                                 \
  sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *), (const char *[])                         \
  {                                                                                                \
    __VA_ARGS__                                                                                    \
  }

/* Zeros (empty strings). */
onnxrun_tensor *tensor_new(onnxrun_dtype type, uint32_t rank, const int64_t *dims);
/* As many values as elements, rounded to the type; for strings, tensor_texts. */
onnxrun_tensor *tensor_of(onnxrun_dtype type, uint32_t rank, const int64_t *dims, size_t n,
                          const double *values);
onnxrun_tensor *tensor_texts(uint32_t rank, const int64_t *dims, size_t n,
                             const char *const *texts);
/* A vector of int64, as axes, shapes and indices are given. */
onnxrun_tensor *tensor_ints(size_t n, const int64_t *values);
/* Uniform in [lowest, highest], the same in every run; whole numbers for integers, 0 or 1 for bool,
 * short texts for strings, both parts of complex numbers. */
onnxrun_tensor *tensor_random(onnxrun_dtype type, uint32_t rank, const int64_t *dims, double lowest,
                              double highest);
/* first, first + step, first + 2 step, ... */
onnxrun_tensor *tensor_range(onnxrun_dtype type, uint32_t rank, const int64_t *dims, double first,
                             double step);
/* A sequence or optional of copies of these tensors. */
onnxrun_tensor *tensor_list(onnxrun_dtype kind, size_t n, onnxrun_tensor *const *items);
/* The same bytes under other dims; a copy in every element of another type. */
onnxrun_tensor *tensor_reshaped(const onnxrun_tensor *t, uint32_t rank, const int64_t *dims);
onnxrun_tensor *tensor_cast(const onnxrun_tensor *t, onnxrun_dtype type);

/* Element i as a number: exact, but for 64-bit integers past 2^53, and for the real part of complex
 * numbers. set_number rounds to nearest even, saturates integers. */
double get_number(const onnxrun_tensor *t, size_t i);
void set_number(onnxrun_tensor *t, size_t i, double value);
/* Integers and bool: exact; unsigned 64-bit ones by their bits. set_int keeps the low bits. */
int64_t get_int(const onnxrun_tensor *t, size_t i);
void set_int(onnxrun_tensor *t, size_t i, int64_t value);
/* Any type but containers; both tensors of one type. */
void copy_element(onnxrun_tensor *to, size_t i, const onnxrun_tensor *from, size_t j);
/* Memory that lives as long as the tensors; zeroed. */
void *test_memory(size_t bytes);
/* Uniform in [0, 1), the same in every run. */
double test_random(void);
/* Frees all tensors and memory, or what was made since the mark. */
void tensors_free(void);
const void *tensors_mark(void);
void tensors_free_since(const void *mark);

bool is_float_type(onnxrun_dtype t); /* of 16, 32 and 64 bits */
bool is_signed_type(onnxrun_dtype t);
/* Distance between neighbours of that type around |x|, subnormals included. */
long double ulp_at(onnxrun_dtype type, long double x);
/* How far `found` is from `expected` in units in the last place of the type; infinity counts as the
 * first power of two past the largest number. 0 for two NaNs, infinite for one, and where zero is
 * expected for one of the other sign; a number that underflows may be either zero. */
long double ulps_apart(onnxrun_dtype type, double found, long double expected);

typedef struct tolerance {
  double ulp, relative, absolute; /* all 0: the same bits, NaN's payload apart */
} tolerance;

/* Compares type, dims and elements; false with the first difference in `why`. */
bool tensors_agree(const onnxrun_tensor *found, const onnxrun_tensor *expected, tolerance allowed,
                   char *why, size_t size);
/* The same bits, but for NaN's sign and payload; for strings and containers the same content. */
bool tensors_same(const onnxrun_tensor *a, const onnxrun_tensor *b);
bool same_element(const onnxrun_tensor *a, const onnxrun_tensor *b, size_t i);

#endif
