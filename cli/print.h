/* print.h: names, types and values for people to read. */
#ifndef CLI_PRINT_H
#define CLI_PRINT_H

#include "onnxrun/onnxrun.h"

#include <stdbool.h>
#include <stdio.h>

struct text;

/* "float[N,3]"; `info` may be NULL. */
void text_append_type(struct text *text, const onnxrun_tensor *t, const onnxrun_info *info);

/* One element, as a scalar is printed. */
void text_append_element(struct text *text, const onnxrun_tensor *t, size_t i);

/* "input   x  float[N,3]". */
void print_info(FILE *out, const char *role, const onnxrun_info *info);

/* What the model says of itself, a line each: who made it, what it imports, words, properties. */
void print_about(FILE *out, const onnxrun_model *model);

/* "y  float[1,3]  [[1. 2. 3.]]": one line with a short view, or all of the elements in numpy's
 * layout on the lines below. */
void print_output(FILE *out, const onnxrun_info *info, const onnxrun_tensor *t, bool full);

#endif
