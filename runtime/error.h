/* error.h: filling onnxrun_error. */
#ifndef ONX_ERROR_H
#define ONX_ERROR_H

#include <stdarg.h>

#include "onnxrun/onnxrun.h"

#define ONX_PRINTF(a, b) __attribute__((format(printf, a, b)))

/* Writes the text (cut to fit, at a character boundary of UTF-8, control characters replaced) and
 * returns `status`. error may be NULL. */
onnxrun_status onx_fail(onnxrun_error *error, onnxrun_status status, const char *format, ...)
    ONX_PRINTF(3, 4);
onnxrun_status onx_fail_v(onnxrun_error *error, onnxrun_status status, const char *format,
                          va_list args) ONX_PRINTF(3, 0);

/* Returns from the calling function, which must own nothing yet, when `expr` fails. */
#define ONX_TRY(expr)                                                                              \
  do {                                                                                             \
    const onnxrun_status onx_status_ = (expr);                                                     \
    if (onx_status_ != ONNXRUN_OK)                                                                 \
      return onx_status_;                                                                          \
  } while (0)

#endif
