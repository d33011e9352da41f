/* every_type.h: element types to try on operators that move elements whatever they are. */
#ifndef EVERY_TYPE_H
#define EVERY_TYPE_H

#include <stdbool.h>

#include "onnxrun/types.h"

static const onnxrun_dtype all_types[] = {
#define ONNXRUN_X(name, number, bits, text) ONNXRUN_##name,
    ONNXRUN_DTYPES(ONNXRUN_X)
#undef ONNXRUN_X
};
enum { N_TYPES = sizeof all_types / sizeof *all_types };

/* One type for each size of element. */
static const onnxrun_dtype sizes[] = {ONNXRUN_UINT8, ONNXRUN_FLOAT16,    ONNXRUN_FLOAT,
                                      ONNXRUN_INT64, ONNXRUN_COMPLEX128, ONNXRUN_STRING};
enum { N_SIZES = sizeof sizes / sizeof *sizes };

static inline bool is_container(onnxrun_dtype t)
{
  return t == ONNXRUN_SEQUENCE || t == ONNXRUN_OPTIONAL || t == ONNXRUN_MAPPING;
}

#endif
