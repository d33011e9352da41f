/* fuzz_value.c: libFuzzer's bytes as a value in a file; the last byte says of which kind. What is
 * read is written, and must be read again as it was. */
#include <stdlib.h>
#include <string.h>

#include "onnxrun/onnxrun.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static onnxrun_value *parse(const void *data, size_t size, onnxrun_dtype kind)
{
  onnxrun_options o = ONNXRUN_OPTIONS_INIT;
  o.max_bytes = (size_t)64 << 20;
  onnxrun_value *v = NULL;
  onnxrun_error error = {0};
  const onnxrun_status s = onnxrun_value_parse(data, size, kind, &o, &v, &error);
  if (s != ONNXRUN_OK && (error.status != s || !error.text[0]))
    abort();
  return v;
}

/* Writes into a block of the exact size; NULL for what is too large to try. */
static void *written(const onnxrun_tensor *t, size_t *size)
{
  *size = 0;
  if (onnxrun_value_write(t, NULL, NULL, size, NULL) != ONNXRUN_BUFFER_TOO_SMALL ||
      *size > (size_t)1 << 22)
    return NULL;
  void *block = malloc(*size);
  if (!block || onnxrun_value_write(t, NULL, block, size, NULL) != ONNXRUN_OK)
    abort();
  return block;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static const onnxrun_dtype kinds[] = {ONNXRUN_UNDEFINED, ONNXRUN_SEQUENCE, ONNXRUN_OPTIONAL,
                                        ONNXRUN_MAPPING};
  if (size == 0)
    return 0;
  onnxrun_value *first = parse(data, size - 1, kinds[data[size - 1] % 4]);
  if (!first)
    return 0;
  const onnxrun_tensor *t = onnxrun_value_tensor(first);
  size_t once, twice;
  void *a = written(t, &once);
  if (a) {
    onnxrun_value *second = parse(a, once, t->dtype);
    void *b = second ? written(onnxrun_value_tensor(second), &twice) : NULL;
    if (!b || once != twice || memcmp(a, b, once) != 0)
      abort();
    onnxrun_value_release(second);
    free(b);
  }
  free(a);
  onnxrun_value_release(first);
  return 0;
}
