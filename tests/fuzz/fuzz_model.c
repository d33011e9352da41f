/* fuzz_model.c: libFuzzer's bytes as a model: loaded, and run twice where that is possible. What is
 * looked for: signals, sanitizers' reports, and failures without a text. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "onnxrun/onnxrun.h"

enum { INPUTS = 8, OUTPUTS = 16, ELEMENTS = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Small numbers that are not all alike, for any type. */
static void fill(onnxrun_tensor *t, size_t n)
{
  const size_t bytes = onnxrun_dtype_bits(t->dtype) / 8;
  onnxrun_string *strings = t->data;
  float *floats = t->data;
  uint8_t *raw = t->data;
  memset(raw, 0, t->bytes);
  for (size_t i = 0; i < n; i++) {
    if (t->dtype == ONNXRUN_STRING)
      strings[i] = (onnxrun_string){"abc", i % 4};
    else if (t->dtype == ONNXRUN_FLOAT)
      floats[i] = (float)i - 3;
    else if (bytes > 0)
      raw[i * bytes] = t->dtype == ONNXRUN_BOOL ? i & 1 : i & 7;
  }
}

/* An input as the model declares it, free dims as 2; false: too large, or not a tensor. */
static bool make_input(const onnxrun_info *info, uint64_t *room, onnxrun_tensor *t)
{
  size_t n = 1;
  *t = info->spec;
  for (uint32_t d = 0; d < t->rank; d++) {
    t->dims[d] = t->dims[d] < 0 ? 2 : t->dims[d];
    if (t->dims[d] > ELEMENTS || (n *= (size_t)t->dims[d]) > ELEMENTS)
      return false;
  }
  if (t->dtype >= ONNXRUN_SEQUENCE)
    return false;
  t->data = room;
  t->bytes = (n * onnxrun_dtype_bits(t->dtype) + 7) / 8;
  fill(t, n);
  return true;
}

static void check(onnxrun_status s, const onnxrun_error *error)
{
  if (s != ONNXRUN_OK && (error->status != s || !error->text[0]))
    abort();
}

static void run(const onnxrun_model *m, const onnxrun_options *o)
{
  static uint64_t room[INPUTS][2 * ELEMENTS];
  onnxrun_tensor in[INPUTS], out[OUTPUTS];
  onnxrun_session *session = NULL;
  onnxrun_error error = {0};
  const size_t n_in = onnxrun_model_inputs(m), n_out = onnxrun_model_outputs(m);
  if (n_in > INPUTS || n_out > OUTPUTS)
    return;
  for (size_t i = 0; i < n_in; i++) {
    onnxrun_info info = {.size = sizeof info};
    if (onnxrun_model_input(m, i, &info, NULL) != ONNXRUN_OK)
      abort();
    if (!make_input(&info, room[i], &in[i]))
      return;
  }
  onnxrun_status s = onnxrun_session_create(m, o, &session, &error);
  for (int k = 0; s == ONNXRUN_OK && k < 2; k++) {
    memset(out, 0, sizeof out);
    s = onnxrun_session_run(session, in, n_in, out, n_out, &error);
  }
  check(s, &error);
  onnxrun_session_release(session);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  onnxrun_options o = ONNXRUN_OPTIONS_INIT;
  o.max_bytes = (size_t)64 << 20;
  o.max_nodes = 2000;
  o.max_depth = 20;
  o.threads = 1;
  onnxrun_model *m = NULL;
  onnxrun_error error = {0};
  const onnxrun_status s = onnxrun_model_load(data, size, &o, &m, &error);
  check(s, &error);
  if (s == ONNXRUN_OK)
    run(m, &o);
  onnxrun_model_release(m);
  return 0;
}
