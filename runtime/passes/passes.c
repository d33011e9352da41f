/* passes.c: the table of passes, and leaving some out by name. */
#include "runtime/passes/passes.h"

#include <stdio.h>
#include <string.h>

#include "runtime/error.h"

/* Chains depend on shapes, so that plans make them (fuse.c); these let them. */
static onnxrun_status let_fuse(onx_module *m, onnxrun_error *error)
{
  (void)error;
  m->fuses = true;
  return ONNXRUN_OK;
}

static onnxrun_status let_have_epilogues(onx_module *m, onnxrun_error *error)
{
  (void)error;
  m->has_epilogues = true;
  return ONNXRUN_OK;
}

/* fold before identity, which goes by its dims; cse after identity, which makes inputs the same;
 * batchnorm after both, for it takes products that nothing else reads. */
const onx_pass onx_passes[] = {
    {"inline", onx_pass_inline, false, true},
    {"sort", onx_pass_sort, false, true},
    {"dead", onx_pass_dead, false, false},
    {"fold", onx_pass_fold, true, false},
    {"identity", onx_pass_identity, true, false},
    {"cse", onx_pass_cse, true, false},
    {"batchnorm", onx_pass_batchnorm, true, false},
    {"dead", onx_pass_dead, true, false},
    {"fuse", let_fuse, true, false},
    {"epilogues", let_have_epilogues, true, false},
    {NULL, NULL, false, false},
};

/* "dead, fold": those that may be left out, each once. */
static const char *names_text(char *buffer, size_t size)
{
  size_t at = 0;
  buffer[0] = '\0';
  for (const onx_pass *p = onx_passes; p->name && at + 1 < size; p++) {
    const onx_pass *first = onx_passes;
    while (strcmp(first->name, p->name) != 0)
      first++;
    if (p->is_needed || first != p)
      continue;
    const int n = snprintf(buffer + at, size - at, "%s%s", at ? ", " : "", p->name);
    at += n > 0 ? (size_t)n : 0;
  }
  return buffer;
}

static onnxrun_status leave_out(onnxrun_string name, uint32_t *set, onnxrun_error *error)
{
  const uint32_t before = *set;
  char all[128];
  bool is_needed = false;
  for (size_t i = 0; onx_passes[i].name; i++) {
    if (!onx_text_equal(name, onx_text(onx_passes[i].name)))
      continue;
    is_needed = onx_passes[i].is_needed;
    *set |= UINT32_C(1) << i;
  }
  if (*set != before && !is_needed)
    return ONNXRUN_OK;
  return onx_fail(error, ONNXRUN_INVALID_ARGUMENT,
                  "without_passes: '%.*s' is not a pass that can be left out: %s",
                  (int)(name.size < 60 ? name.size : 60), name.data, names_text(all, sizeof all));
}

onnxrun_status onx_passes_without(const char *names, uint32_t *set, onnxrun_error *error)
{
  *set = 0;
  for (const char *at = names; at && *at;) {
    const size_t size = strcspn(at, ",");
    uint32_t one = 0;
    ONX_TRY(leave_out((onnxrun_string){at, size}, &one, error));
    *set |= one;
    at += size + (at[size] == ',');
  }
  return ONNXRUN_OK;
}

onnxrun_status onx_passes_run(onx_module *m, bool is_bound, uint32_t without, onnxrun_error *error)
{
  for (size_t i = 0; onx_passes[i].name; i++) {
    if (onx_passes[i].is_bound == is_bound && !(without >> i & 1))
      ONX_TRY(onx_passes[i].run(m, error));
  }
  return ONNXRUN_OK;
}
