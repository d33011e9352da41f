/* test_fault.c: the n-th allocation fails, for n = 1, 2, ... until nothing fails any more. Each
 * failure must be reported as such, leak nothing, and leave objects that can be used or released.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "onnxrun/onnxrun.h"

/* Refuses the n-th request and all after it; counts what is out. */
typedef struct failing {
  size_t left, taken;
} failing;

static void *failing_resize(void *user, void *block, size_t old_size, size_t new_size, size_t align)
{
  failing *f = user;
  if (new_size == 0) {
    memset(block, 0xdd, old_size);
    free(block);
    f->taken--;
    return NULL;
  }
  cr_assert_null(block);
  if (f->left == 0)
    return NULL;
  f->left--;
  f->taken++;
  void *fresh = aligned_alloc(align, (new_size + align - 1) / align * align);
  if (fresh)
    memset(fresh, 0xcd, new_size);
  return fresh;
}

static onnxrun_status run_once(onnxrun_model *m, const onnxrun_options *o, onnxrun_error *error)
{
  onnxrun_session *s = NULL;
  onnxrun_status status = onnxrun_session_create(m, o, &s, error);
  static float data[3 * 64];
  onnxrun_tensor in = {ONNXRUN_FLOAT, 4, {3, 1, 8, 8}, data, sizeof data}, out = {0};
  if (status == ONNXRUN_OK)
    status = onnxrun_session_run(s, &in, 1, &out, 1, error);
  onnxrun_session_release(s);
  return status;
}

static onnxrun_status whole_life(failing *f, onnxrun_error *error)
{
  const onnxrun_allocator allocator = {f, failing_resize};
  onnxrun_options o = ONNXRUN_OPTIONS_INIT;
  o.allocator = &allocator;
  o.threads = 1;
  onnxrun_model *m = NULL;
  onnxrun_status status =
      onnxrun_model_open(ONNXRUN_SOURCE_DIR "/models/digits-prelu/model.onnx", &o, &m, error);
  if (status == ONNXRUN_OK)
    status = run_once(m, &o, error);
  onnxrun_model_release(m);
  return status;
}

Test(fault, every_allocation_of_open_create_and_run_may_fail)
{
  onnxrun_status status = ONNXRUN_NO_MEMORY;
  size_t n = 0;
  for (; status != ONNXRUN_OK && n < 100000; n++) {
    failing f = {.left = n};
    onnxrun_error error = {0};
    status = whole_life(&f, &error);
    cr_assert(status == ONNXRUN_OK || status == ONNXRUN_NO_MEMORY, "allocation %zu: %s", n,
              error.text);
    cr_assert_eq(f.taken, 0, "allocation %zu leaks %zu blocks", n, f.taken);
  }
  cr_assert_eq(status, ONNXRUN_OK);
  cr_assert_gt(n, 10);
}

Test(fault, a_budget_that_is_too_small_is_a_limit)
{
  onnxrun_status status = ONNXRUN_LIMIT;
  size_t bytes = 1;
  for (; status != ONNXRUN_OK && bytes < (size_t)1 << 30; bytes *= 2) {
    onnxrun_options o = ONNXRUN_OPTIONS_INIT;
    o.max_bytes = bytes;
    onnxrun_error error = {0};
    onnxrun_model *m = NULL;
    status =
        onnxrun_model_open(ONNXRUN_SOURCE_DIR "/models/digits-prelu/model.onnx", &o, &m, &error);
    if (status == ONNXRUN_OK)
      status = run_once(m, &o, &error);
    onnxrun_model_release(m);
    cr_assert(status == ONNXRUN_OK || status == ONNXRUN_LIMIT, "%zu bytes: %s", bytes, error.text);
  }
  cr_assert_eq(status, ONNXRUN_OK);
}
