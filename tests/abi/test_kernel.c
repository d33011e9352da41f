/* test_kernel.c: the kernel interface as plug-ins of other builds see it. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "onnxrun/kernel.h"
#include "onnxrun/onnxrun.h"

#if __SIZEOF_POINTER__ == 8
#define SIZE(type, n) _Static_assert(sizeof(type) == (n), "size of " #type);
#define GROWS(type, n) _Static_assert(sizeof(type) >= (n), "size of " #type);
#define AT(type, field, n) _Static_assert(offsetof(type, field) == (n), #type "." #field);
#define VALUE(name, n) _Static_assert((int)(name) == (n), #name);
#include "tests/abi/layout.def"
#endif

static onnxrun_registry *registry;

static void create(void)
{
  onnxrun_error error;
  cr_assert_eq(onnxrun_registry_create(NULL, &registry, &error), ONNXRUN_OK, "%s", error.text);
}

static void release(void)
{
  onnxrun_registry_release(registry);
}

TestSuite(kernel, .init = create, .fini = release);

static void copy_run(const onnxrun_job *job, size_t begin, size_t end)
{
  for (size_t i = begin; i < end; i++)
    ((float *)job->out[0])[i] = ((const float *)job->in[0])[i];
}

static const onnxrun_operand operands[] = {{"X", ONNXRUN_TYPE(FLOAT), 'T', 0}, {0}};
static const onnxrun_loop loops[] = {{ONNXRUN_FLOAT, copy_run}, {0}};

static onnxrun_kernel whole(void)
{
  return (onnxrun_kernel){.size = sizeof(onnxrun_kernel),
                          .domain = "test",
                          .op = "Copy",
                          .since = 1,
                          .flags = ONNXRUN_MAP,
                          .inputs = operands,
                          .outputs = operands,
                          .loops = loops,
                          .item_cost = 7};
}

/* The last one added. */
static const onnxrun_kernel *newest(void)
{
  return onnxrun_registry_kernel(registry, onnxrun_registry_size(registry) - 1);
}

Test(kernel, one_of_todays_size_is_used_where_it_lies)
{
  const onnxrun_kernel k = whole();
  cr_assert_eq(onnxrun_registry_add(registry, &k, NULL), ONNXRUN_OK);
  cr_assert_eq(newest(), &k);
}

Test(kernel, fields_that_its_author_did_not_know_read_as_zero)
{
  onnxrun_kernel k = whole();
  k.size = offsetof(onnxrun_kernel, item_cost);
  cr_assert_eq(onnxrun_registry_add(registry, &k, NULL), ONNXRUN_OK);
  const onnxrun_kernel *seen = newest();
  cr_assert_eq(seen->size, sizeof *seen);
  cr_assert_str_eq(seen->op, "Copy");
  cr_assert_eq(seen->loops, loops);
  cr_assert_eq(seen->item_cost, 0);
}

Test(kernel, fields_from_the_future_are_not_looked_at)
{
  struct {
    onnxrun_kernel known;
    uint64_t later[4];
  } k = {whole(), {~UINT64_C(0)}};
  k.known.size = sizeof k;
  cr_assert_eq(onnxrun_registry_add(registry, &k.known, NULL), ONNXRUN_OK);
  cr_assert_eq(newest()->item_cost, 7);
}

/* Adding must fail with this text and leave the registry as it was. */
static void refused(const onnxrun_kernel *k, const char *text)
{
  onnxrun_error error = {0};
  const size_t before = onnxrun_registry_size(registry);
  cr_expect_eq(onnxrun_registry_add(registry, k, &error), ONNXRUN_INVALID_ARGUMENT, "%s", text);
  cr_expect_eq(error.status, ONNXRUN_INVALID_ARGUMENT);
  cr_expect_str_eq(error.text, text);
  cr_expect_eq(onnxrun_registry_size(registry), before);
}

static onnxrun_status run_nothing(const onnxrun_host *h, onnxrun_node *n, const void *params)
{
  (void)h, (void)n, (void)params;
  return ONNXRUN_OK;
}

Test(kernel, a_fault_is_refused_by_name)
{
  static char long_name[300];
  memset(long_name, 'a', sizeof long_name - 1);
  static const onnxrun_loop no_loops[] = {{0}};

  refused(NULL, "registry or kernel is NULL");
#define REFUSED(text, ...)                                                                         \
  do {                                                                                             \
    onnxrun_kernel k = whole();                                                                    \
    __VA_ARGS__;                                                                                   \
    refused(&k, text);                                                                             \
  } while (0)
  REFUSED("kernel 'Copy': size is not that of onnxrun_kernel", k.size = 8);
  REFUSED("kernel '?': domain or op is missing", k.op = NULL);
  REFUSED("kernel '': domain or op is missing", k.op = "");
  REFUSED("kernel 'Copy': domain or op is missing", k.domain = NULL);
  REFUSED("kernel 'Copy': domain and op are too long", k.domain = long_name);
  REFUSED("kernel 'Copy': inputs or outputs are missing", k.inputs = NULL);
  REFUSED("kernel 'Copy': inputs or outputs are missing", k.outputs = NULL);
  REFUSED("kernel 'Copy': since and until are not a span of opsets", k.since = 0);
  REFUSED("kernel 'Copy': since and until are not a span of opsets", k.since = 9, k.until = 8);
  REFUSED("kernel 'Copy': key is past the inputs", k.key = 1);
  REFUSED("kernel 'Copy': a map needs loops", k.loops = NULL);
  REFUSED("kernel 'Copy': a map needs loops", k.loops = no_loops, k.run = run_nothing);
  REFUSED("kernel 'Copy': neither loops nor run", k.flags = 0, k.loops = NULL);
  REFUSED("kernel 'Copy': neither shape nor run, which say the outputs' shapes", k.flags = 0);

  static const onnxrun_loop of_double[] = {{ONNXRUN_DOUBLE, copy_run}, {0}};
  static const onnxrun_operand of_two_types[] = {
      {"X", ONNXRUN_TYPE(FLOAT), 'T', 0}, {"Y", ONNXRUN_TYPE(FLOAT), 'U', 0}, {0}};
  static const onnxrun_operand many[] = {{"X", ONNXRUN_TYPE(FLOAT), 'T', ONNXRUN_VARIADIC}, {0}};
#define BY_FLOAT "kernel 'Copy': not a map of one type with a loop for float, of up to 3 inputs"
  REFUSED(BY_FLOAT, k.flags = ONNXRUN_BY_FLOAT);
  REFUSED(BY_FLOAT, k.flags |= ONNXRUN_BY_FLOAT, k.loops = of_double);
  REFUSED(BY_FLOAT, k.flags |= ONNXRUN_BY_FLOAT, k.inputs = of_two_types);
  REFUSED(BY_FLOAT, k.flags |= ONNXRUN_BY_FLOAT, k.inputs = many);
#undef BY_FLOAT

  static const onnxrun_attr outside[] = {{"a", ONNXRUN_ATTR_INT, 0, 4, 0, NULL}, {0}};
  static const onnxrun_attr of_no_type[] = {{"a", ONNXRUN_ATTR_GRAPH, 0, 0, 0, NULL}, {0}};
  static const onnxrun_attr no_choices[] = {{"a", ONNXRUN_ATTR_ENUM, 0, 0, 0, NULL}, {0}};
  REFUSED("kernel 'Copy': an attribute lies outside the params", k.attrs = outside);
  REFUSED("kernel 'Copy': an attribute lies outside the params", k.attrs = outside,
          k.params_size = 11);
  REFUSED("kernel 'Copy': an attribute's type does not exist", k.attrs = of_no_type);
  REFUSED("kernel 'Copy': an attribute has no choices", k.attrs = no_choices, k.params_size = 8);
#undef REFUSED
}

Test(kernel, every_built_in_one_would_be_accepted)
{
  const size_t n = onnxrun_registry_size(registry);
  cr_assert_gt(n, 0);
  for (size_t i = 0; i < n; i++) {
    onnxrun_error error;
    cr_expect_eq(onnxrun_registry_add(registry, onnxrun_registry_kernel(registry, i), &error),
                 ONNXRUN_OK, "%s", error.text);
  }
}
