/* maps_test.c: the maps' runner finds what it is there to find: a sum with planted faults. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "tests/ops/maps.h"

#define TYPES (T(FLOAT) | T(INT32))

static const onnxrun_operand ab_in[] = {{"A", TYPES, 'T', 0}, {"B", TYPES, 'T', 0}, {0}};
static const onnxrun_operand c_out[] = {{"C", TYPES, 'T', 0}, {0}};

static enum fault {
  NO_FAULT,
  ONE_ULP,
  NEGATIVE_ZERO,
  NAN_LOST,
  TAIL,     /* the last elements of a range are rounded in another way */
  STEP,     /* a standing operand is taken for an advancing one from the 2nd element on */
  IN_PLACE, /* reads B again after it wrote C */
  PAST_END,
  SATURATES, /* integers do not wrap */
} fault;

static float sum(float a, float b)
{
  const float c = a + b;
  if (fault == ONE_ULP && c > 1 && c < 1000)
    return c * (1 + 0x1p-22f);
  if (fault == NEGATIVE_ZERO)
    return c == 0 ? 0 : c;
  return fault == NAN_LOST && isnan(c) ? 0 : c;
}

static void sum_f32(const onnxrun_job *job, size_t begin, size_t end)
{
  const float *a = job->in[0], *b = job->in[1];
  float *c = job->out[0];
  for (size_t i = begin; i < end; i++) {
    const size_t at = fault == STEP && i > 0 ? 1 : i * job->step[1];
    const float x = a[i * job->step[0]], y = b[at];
    c[i] = sum(x, y);
    if (fault == TAIL && end - i <= end % 4)
      c[i] = (float)((double)x * (1 + 0x1p-24) + (double)y);
    if (fault == IN_PLACE)
      c[i] = sum(x, b[at]);
  }
  if (fault == PAST_END && end % 4 == 3)
    c[end] = 0;
}

static void sum_i32(const onnxrun_job *job, size_t begin, size_t end)
{
  const int32_t *a = job->in[0], *b = job->in[1];
  int32_t *c = job->out[0];
  for (size_t i = begin; i < end; i++) {
    const int64_t exact = (int64_t)a[i * job->step[0]] + b[i * job->step[1]];
    c[i] = fault == SATURATES && exact > INT32_MAX ? INT32_MAX : (int32_t)(uint32_t)exact;
  }
}

static const onnxrun_loop loops[] = {{ONNXRUN_FLOAT, sum_f32}, {ONNXRUN_INT32, sum_i32}, {0}};
static const onnxrun_kernel sum_kernel = {.size = sizeof(onnxrun_kernel),
                                          .domain = "test",
                                          .op = "Sum2",
                                          .since = 7,
                                          .flags = ONNXRUN_MAP,
                                          .inputs = ab_in,
                                          .outputs = c_out,
                                          .loops = loops};

extern const map_reference reference_add;
static map_row row = {"Sum2", TYPES, -100, 100, 0.5, 0.5, &reference_add, ""};

static void check_row(void)
{
  map_passes(&row);
}

static const char *found(enum fault what)
{
  static bool is_added;
  if (!is_added)
    test_registry_add(&sum_kernel);
  is_added = true;
  fault = what;
  return failure_of(check_row);
}

#define FINDS(what, text) cr_assert(strstr(found(what), text), "found: '%s'", found(what))

Test(maps, pass_a_kernel_without_fault, .fini = tensors_free)
{
  cr_assert_str_eq(found(NO_FAULT), "");
}

Test(maps, find_wrong_values, .fini = tensors_free)
{
  FINDS(ONE_ULP, "ulp apart");
  FINDS(NEGATIVE_ZERO, "expected -0");
  FINDS(NAN_LOST, "expected nan");
  FINDS(SATURATES, "is 2147483647");
}

Test(maps, find_values_that_depend_on_their_place, .fini = tensors_free)
{
  FINDS(TAIL, "other bits");
}

/* AddressSanitizer finds these by itself, and ends the process. */
#ifndef __SANITIZE_ADDRESS__
Test(maps, find_wrong_walks_through_memory, .fini = tensors_free)
{
  cr_assert_str_neq(found(STEP), "");
  FINDS(IN_PLACE, "in place");
  FINDS(PAST_END, "are written");
}
#endif

Test(maps, find_types_that_row_and_kernel_do_not_share, .fini = tensors_free)
{
  const uint64_t types = row.types;
  row.types |= T(DOUBLE);
  FINDS(NO_FAULT, "double is in the row, but no kernel takes it");
  row.types = T(FLOAT);
  FINDS(NO_FAULT, "int32 is not in the row, but a kernel takes it");
  row.types = types;
}

Test(maps, find_attributes_that_no_version_has, .fini = tensors_free)
{
  row.attributes = "; alpha=1";
  FINDS(NO_FAULT, "no version has the attributes");
  row.attributes = "";
}
