/* compare.h: a result against the expected one. */
#ifndef CLI_COMPARE_H
#define CLI_COMPARE_H

#include "onnxrun/onnxrun.h"

#include <stdbool.h>

struct tolerance {
  double relative, absolute;
  bool shapes_only; /* values may be anything */
};

/* Whether `found` is `expected`: type and shape the same; floats and complex numbers within
 * |found - expected| <= absolute + relative * |expected|, NaN equal to NaN and infinities to
 * themselves; everything else exactly; sequences and optionals item by item. If not, `why` says
 * what differs and where. */
bool compare_values(const onnxrun_tensor *expected, const onnxrun_tensor *found,
                    const struct tolerance *tolerance, char *why, size_t why_size);

#endif
