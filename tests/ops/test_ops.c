/* test_ops.c: a test for each row of cases.def (test_ops --filter 'Conv/map'), and one that no
 * kernel lacks its row. */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/ops/harness.h"
#include "tests/ops/maps.h"

#define MAP(op, types, lowest, highest, f32_ulp, f64_ulp, ref, attributes)                         \
  extern const map_reference reference_##ref;                                                      \
  Test(op, map, .fini = tensors_free)                                                              \
  {                                                                                                \
    static const map_row row = {#op,     types,   lowest,           highest,                       \
                                f32_ulp, f64_ulp, &reference_##ref, attributes};                   \
    map_passes(&row);                                                                              \
  }
#define CASE(op, function)                                                                         \
  Test(op, function, .fini = tensors_free)                                                         \
  {                                                                                                \
    function();                                                                                    \
  }
#include "tests/ops/cases.def"
#undef MAP
#undef CASE

#define MAP(op, types, lowest, highest, f32_ulp, f64_ulp, ref, attributes) #op,
#define CASE(op, function) #op,
static const char *const rows[] = {
#include "tests/ops/cases.def"
    NULL};
#undef MAP
#undef CASE

static bool has_row(const char *op)
{
  for (size_t i = 0; rows[i]; i++) {
    if (strcmp(rows[i], op) == 0)
      return true;
  }
  return false;
}

static bool has_kernel(const onnxrun_registry *r, const char *op)
{
  for (size_t i = 0; i < onnxrun_registry_size(r); i++) {
    if (strcmp(onnxrun_registry_kernel(r, i)->op, op) == 0)
      return true;
  }
  return false;
}

Test(coverage, every_kernel_has_a_row)
{
  const onnxrun_registry *r = test_registry(0);
  for (size_t i = 0; i < onnxrun_registry_size(r); i++) {
    const char *op = onnxrun_registry_kernel(r, i)->op;
    cr_expect(has_row(op), "operator %s has no row in tests/ops/cases.def", op);
  }
}

Test(coverage, every_row_has_a_kernel)
{
  for (size_t i = 0; rows[i]; i++)
    cr_expect(has_kernel(test_registry(0), rows[i]), "no kernel for the row of %s", rows[i]);
}
