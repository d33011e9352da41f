/* test_registry.c: the built-in table, added kernels, and what is refused. */
#include <criterion/criterion.h>
#include <string.h>

#include "onx_isas.h"
#include "runtime/cpu.h"
#include "runtime/registry.h"

static const onnxrun_operand x_in[] = {{"X", ONNXRUN_TYPE(FLOAT), 'T', 0}, {0}};
static const onnxrun_operand maybe_in[] = {
    {"X", ONNXRUN_TYPE(FLOAT), 'T', ONNXRUN_OPTIONAL_OPERAND}, {0}};
static const onnxrun_operand y_out[] = {{"Y", ONNXRUN_TYPE(FLOAT), 'T', 0}, {0}};
static const onnxrun_operand yz_out[] = {
    {"Y", ONNXRUN_TYPE(FLOAT), 'T', 0}, {"Z", ONNXRUN_TYPE(FLOAT), 'T', 0}, {0}};

static onnxrun_status no_run(const onnxrun_host *h, onnxrun_node *n, const void *params)
{
  (void)params;
  return h->fail(n, ONNXRUN_RUN_FAILED, "not for running");
}

static onnxrun_status no_shape(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  (void)params;
  return h->fail(n, ONNXRUN_RUN_FAILED, "not for running");
}

static const onnxrun_kernel sound = {.size = sizeof sound,
                                     .domain = "test",
                                     .op = "Op",
                                     .since = 2,
                                     .inputs = x_in,
                                     .outputs = y_out,
                                     .run = no_run};

static onnxrun_registry *new_registry(void)
{
  onnxrun_registry *r = NULL;
  onnxrun_error error = {0};
  cr_assert_eq(onnxrun_registry_create(NULL, &r, &error), ONNXRUN_OK, "%s", error.text);
  return r;
}

static const onx_entry *find(const onnxrun_registry *r, const char *domain, const char *op)
{
  return onx_registry_first(r, onx_text(domain), onx_text(op));
}

Test(registry, an_added_kernel_is_found_and_the_last_comes_first)
{
  onnxrun_registry *r = new_registry();
  const size_t before = onnxrun_registry_size(r);
  static onnxrun_kernel second;
  second = sound;
  cr_assert_eq(onnxrun_registry_add(r, &sound, NULL), ONNXRUN_OK);
  cr_assert_eq(onnxrun_registry_add(r, &second, NULL), ONNXRUN_OK);
  const onx_entry *e = find(r, "test", "Op");
  cr_assert(e && e->kernel == &second && e->next && e->next->kernel == &sound && !e->next->next);
  cr_assert_eq(onnxrun_registry_size(r), before + 2);
  cr_assert_eq(onnxrun_registry_kernel(r, before), &sound);
  cr_assert_eq(onnxrun_registry_kernel(r, before + 1), &second);
  cr_assert_null(onnxrun_registry_kernel(r, before + 2));
  onnxrun_registry_release(r);
}

Test(registry, domain_and_operator_are_both_part_of_the_name)
{
  onnxrun_registry *r = new_registry();
  cr_assert_eq(onnxrun_registry_add(r, &sound, NULL), ONNXRUN_OK);
  cr_assert_null(find(r, "", "Op"));
  cr_assert_null(find(r, "test", "Other"));
  cr_assert_null(find(r, "tes", "tOp"));
  char longer[1000];
  memset(longer, 'x', sizeof longer);
  cr_assert_null(onx_registry_first(r, (onnxrun_string){longer, 1000}, onx_text("Op")));
  cr_assert_null(onx_registry_first(r, onx_text("test"), (onnxrun_string){longer, 1000}));
  onnxrun_registry_release(r);
}

static void refuse(const onnxrun_kernel *k, const char *text)
{
  onnxrun_registry *r = new_registry();
  const size_t before = onnxrun_registry_size(r);
  onnxrun_error error = {0};
  cr_assert_eq(onnxrun_registry_add(r, k, &error), ONNXRUN_INVALID_ARGUMENT);
  cr_assert(strstr(error.text, text), "%s", error.text);
  cr_assert_eq(onnxrun_registry_add(r, k, NULL), ONNXRUN_INVALID_ARGUMENT);
  cr_assert_eq(onnxrun_registry_size(r), before);
  onnxrun_registry_release(r);
}

#define REFUSE(text, ...)                                                                          \
  do {                                                                                             \
    onnxrun_kernel k = sound;                                                                      \
    __VA_ARGS__;                                                                                   \
    refuse(&k, text);                                                                              \
  } while (0)

Test(registry, faults_of_a_table_are_named)
{
  static char long_name[300];
  memset(long_name, 'x', sizeof long_name - 1);
  static const onnxrun_loop no_loops[] = {{0}};
  REFUSE("size", k.size = 16);
  REFUSE("domain or op", k.domain = NULL);
  REFUSE("domain or op", k.op = NULL);
  REFUSE("domain or op", k.op = "");
  REFUSE("too long", k.op = long_name);
  REFUSE("inputs or outputs", k.inputs = NULL);
  REFUSE("inputs or outputs", k.outputs = NULL);
  REFUSE("span of opsets", k.since = 0);
  REFUSE("span of opsets", k.until = 1);
  REFUSE("neither loops nor run", k.run = NULL);
  REFUSE("a map needs loops", k.flags = ONNXRUN_MAP);
  REFUSE("a map needs loops", k.flags = ONNXRUN_MAP; k.loops = no_loops);
  REFUSE("one output", k.flags = ONNXRUN_VIEW; k.shape = no_shape; k.outputs = yz_out);
  REFUSE("a view needs", k.flags = ONNXRUN_VIEW);
  REFUSE("a view needs", k.flags = ONNXRUN_VIEW; k.shape = no_shape; k.inputs = maybe_in);
}

Test(registry, nothing_to_add_or_to_add_to_is_refused)
{
  onnxrun_registry *r = new_registry();
  cr_assert_eq(onnxrun_registry_add(r, NULL, NULL), ONNXRUN_INVALID_ARGUMENT);
  cr_assert_eq(onnxrun_registry_add(NULL, &sound, NULL), ONNXRUN_INVALID_ARGUMENT);
  cr_assert_eq(onnxrun_registry_create(NULL, NULL, NULL), ONNXRUN_INVALID_ARGUMENT);
  cr_assert_eq(onnxrun_registry_size(NULL), 0);
  cr_assert_null(onnxrun_registry_kernel(NULL, 0));
  cr_assert_str_eq(onnxrun_registry_isa(NULL), "");
  onnxrun_registry_release(r);
  onnxrun_registry_release(NULL);
}

/* What an older header's kernel lacks reads as zero. */
Test(registry, a_kernel_of_an_older_size_is_completed)
{
  onnxrun_registry *r = new_registry();
  onnxrun_kernel old = sound;
  old.size = offsetof(onnxrun_kernel, item_cost);
  old.item_cost = 77;
  cr_assert_eq(onnxrun_registry_add(r, &old, NULL), ONNXRUN_OK);
  const onnxrun_kernel *k = find(r, "test", "Op")->kernel;
  cr_assert(k != &old && k->size == sizeof *k && k->item_cost == 0 && k->run == no_run);
  onnxrun_registry_release(r);
}

Test(registry, built_in_kernels_pass_the_checks_of_added_ones)
{
  onnxrun_registry *r = new_registry(), *other = new_registry();
  for (size_t i = 0; i < onnxrun_registry_size(r); i++) {
    onnxrun_error error = {0};
    const onnxrun_kernel *k = onnxrun_registry_kernel(r, i);
    cr_assert_eq(onnxrun_registry_add(other, k, &error), ONNXRUN_OK, "%s", error.text);
    cr_assert_eq(find(other, k->domain, k->op)->kernel, k);
  }
  onnxrun_registry_release(r);
  onnxrun_registry_release(other);
}

Test(registry, every_instruction_set_has_the_same_operators)
{
#define X(isa) #isa,
  static const char *const names[] = {ONX_ISAS(X)};
#undef X
  onnxrun_registry *best = new_registry();
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    onnxrun_options o = ONNXRUN_OPTIONS_INIT;
    o.isa = names[i];
    onnxrun_registry *r = NULL;
    const onnxrun_status s = onnxrun_registry_create(&o, &r, NULL);
    cr_assert_eq(s, onx_cpu_runs(names[i]) ? ONNXRUN_OK : ONNXRUN_INVALID_ARGUMENT);
    if (s != ONNXRUN_OK)
      continue;
    cr_assert_str_eq(onnxrun_registry_isa(r), names[i]);
    cr_assert_eq(onnxrun_registry_size(r), onnxrun_registry_size(best));
    onnxrun_registry_release(r);
  }
  onnxrun_registry_release(best);
}

Test(registry, an_unknown_instruction_set_is_refused)
{
  onnxrun_options o = ONNXRUN_OPTIONS_INIT;
  o.isa = "abacus";
  onnxrun_registry *r = NULL;
  onnxrun_error error = {0};
  cr_assert_eq(onnxrun_registry_create(&o, &r, &error), ONNXRUN_INVALID_ARGUMENT);
  cr_assert(strstr(error.text, "'abacus'") && !r, "%s", error.text);
}

Test(registry, no_memory_is_reported)
{
  onnxrun_registry *r = NULL;
  for (size_t bytes = 1; !r; bytes *= 2) {
    onnxrun_options o = ONNXRUN_OPTIONS_INIT;
    o.max_bytes = bytes;
    onnxrun_error error = {0};
    const onnxrun_status s = onnxrun_registry_create(&o, &r, &error);
    cr_assert_eq(s, r ? ONNXRUN_OK : ONNXRUN_LIMIT, "%zu: %s", bytes, error.text);
  }
  onnxrun_registry_release(r);
}
