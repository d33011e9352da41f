/* facts.c: the library's version, and what is known of element types. */
#include "onnxrun/kernel.h"
#include "onnxrun/onnxrun.h"

#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)

const char *onnxrun_version(void)
{
  return TEXT(ONNXRUN_VERSION_MAJOR) "." TEXT(ONNXRUN_VERSION_MINOR) "." TEXT(
      ONNXRUN_VERSION_PATCH);
}

size_t onnxrun_dtype_bits(onnxrun_dtype t)
{
  return onnxrun_bits(t);
}
