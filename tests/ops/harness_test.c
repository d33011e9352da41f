/* harness_test.c: the harness finds what it is there to find: kernels with planted faults. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "tests/ops/harness.h"

#define F32 ONNXRUN_TYPE(FLOAT)

static const onnxrun_operand x_in[] = {{"X", F32, 'T', 0}, {0}};
static const onnxrun_operand y_out[] = {{"Y", F32, 'T', 0}, {0}};

/* What is wrong with the kernel. */
typedef struct params {
  int64_t fault;
  size_t width;
} params;
enum { NO_FAULT, WRONG_VALUE, PAST_OUTPUT, RANGE, SCRATCH, PAST_SCRATCH, REFUSES };

static const onnxrun_attr attrs[] = {
    {"fault", ONNXRUN_ATTR_INT, 0, offsetof(params, fault), 0, NULL}, {0}};

static onnxrun_status shape(const onnxrun_host *h, onnxrun_node *n, void *p)
{
  const onnxrun_tensor *x = h->input(n, 0);
  params *own = p;
  if (own->fault == REFUSES)
    return h->fail(n, ONNXRUN_INVALID_INPUT, "rank %u, expected 0", x->rank);
  own->width = (size_t)x->dims[1];
  onnxrun_work work = ONNXRUN_WORK_INIT;
  work.items = (size_t)x->dims[0];
  work.item_cost = 50000; /* a range each, so that threads have something to do */
  work.scratch = 4;
  const onnxrun_status s = h->output(n, 0, 1, x->dims);
  return s == ONNXRUN_OK ? h->plan(n, &work) : s;
}

/* Sums of rows. */
static void loop(const onnxrun_job *job, size_t begin, size_t end)
{
  const params *p = job->params;
  float *y = job->out[0], *scratch = job->scratch;
  for (size_t i = begin; i < end; i++) {
    const float *x = (const float *)job->in[0] + i * p->width;
    float sum = p->fault == WRONG_VALUE ? 1e-6f : 0;
    if (p->fault == SCRATCH)
      sum += *scratch;
    for (size_t j = 0; j < p->width; j++)
      sum += x[j];
    if (p->fault == RANGE && i == begin)
      sum *= 1 + 0x1p-23f;
    y[i] = sum;
    memset(scratch, 0, p->fault == PAST_SCRATCH ? 5 : 4);
  }
  if (p->fault == PAST_OUTPUT)
    y[end] = 0;
}

static const onnxrun_loop loops[] = {{ONNXRUN_FLOAT, loop}, {0}};
static const onnxrun_kernel sums = {.size = sizeof(onnxrun_kernel),
                                    .domain = "test",
                                    .op = "Sums",
                                    .since = 1,
                                    .inputs = x_in,
                                    .outputs = y_out,
                                    .attrs = attrs,
                                    .params_size = sizeof(params),
                                    .shape = shape,
                                    .loops = loops};

static int64_t fault;
static tolerance allowed;

static void check_sums(void)
{
  trial *t = trial_new("Sums", 1);
  t->domain = "test";
  t->allowed = allowed;
  trial_int(t, "fault", fault);
  const onnxrun_tensor *x = tensor_random(ONNXRUN_FLOAT, DIMS(9, 5), -1, 1);
  onnxrun_tensor *y = tensor_new(ONNXRUN_FLOAT, DIMS(9));
  for (size_t i = 0; i < 9; i++) {
    float sum = 0;
    for (size_t j = 0; j < 5; j++)
      sum += (float)get_number(x, i * 5 + j);
    set_number(y, i, (double)sum);
  }
  trial_input(t, x);
  trial_expect(t, y);
  trial_passes(t);
}

static const char *found(int64_t what, tolerance within)
{
  static bool is_added;
  if (!is_added)
    test_registry_add(&sums);
  is_added = true;
  fault = what;
  allowed = within;
  return failure_of(check_sums);
}

static const tolerance loose = {.absolute = 1};

#define FINDS(what, within, text)                                                                  \
  cr_assert(strstr(found(what, within), text), "found: %s", found(what, within))

Test(harness, passes_a_kernel_without_fault, .fini = tensors_free)
{
  cr_assert_str_eq(found(NO_FAULT, (tolerance){0}), "");
}

Test(harness, finds_a_wrong_value, .fini = tensors_free)
{
  FINDS(WRONG_VALUE, (tolerance){0}, "expected");
  cr_assert_str_eq(found(WRONG_VALUE, (tolerance){.absolute = 1e-5}), "");
}

Test(harness, finds_bits_that_depend_on_ranges, .fini = tensors_free)
{
  FINDS(RANGE, loose, "item by item");
}

Test(harness, finds_scratch_that_is_read_before_it_is_written, .fini = tensors_free)
{
  FINDS(SCRATCH, ((tolerance){0}), "expected");
}

/* AddressSanitizer finds these by itself, and ends the process. */
#ifndef __SANITIZE_ADDRESS__
Test(harness, finds_writes_past_memory, .fini = tensors_free)
{
  FINDS(PAST_SCRATCH, loose, "scratch");
  FINDS(PAST_OUTPUT, loose, "beside");
}
#endif

static void check_refusal(void)
{
  trial *t = trial_new("Sums", 1);
  t->domain = "test";
  trial_int(t, "fault", fault);
  trial_input(t, tensor_new(ONNXRUN_FLOAT, DIMS(2, 2)));
  trial_fails(t, ONNXRUN_INVALID_INPUT, "(test::Sums): rank 2");
}

Test(harness, expects_failures, .fini = tensors_free)
{
  cr_assert_str_eq(found(NO_FAULT, (tolerance){0}), "");
  fault = REFUSES;
  cr_assert_str_eq(failure_of(check_refusal), "");
  fault = NO_FAULT;
  cr_assert(strstr(failure_of(check_refusal), "the status is 'ok'"));
}

Test(harness, rounds_to_every_small_type, .fini = tensors_free)
{
  static const onnxrun_dtype types[] = {
      ONNXRUN_FLOAT16,        ONNXRUN_BFLOAT16,   ONNXRUN_FLOAT8E4M3FN, ONNXRUN_FLOAT8E4M3FNUZ,
      ONNXRUN_FLOAT8E5M2FNUZ, ONNXRUN_FLOAT8E5M2, ONNXRUN_FLOAT4E2M1,   ONNXRUN_INT4,
      ONNXRUN_UINT4,          ONNXRUN_INT2,       ONNXRUN_UINT2};
  for (size_t k = 0; k < sizeof types / sizeof *types; k++) {
    const int64_t codes = 1 << onnxrun_bits(types[k]);
    onnxrun_tensor *all = tensor_new(types[k], DIMS(codes));
    onnxrun_tensor *again = tensor_new(types[k], DIMS(codes));
    for (size_t i = 0; i < (size_t)codes; i++) {
      set_int(all, i, (int64_t)i);
      set_number(again, i, get_number(all, i));
      const double x = get_number(all, i), y = get_number(again, i);
      cr_assert(x == y || (x != x && y != y), "type %d, code %zu: %g, %g", types[k], i, x, y);
    }
  }
  onnxrun_tensor *h =
      tensor_of(ONNXRUN_FLOAT16, DIMS(4), VALUES(65519, 65520, 0x1p-25, 1 + 0x1p-11 + 0x1p-40));
  cr_assert(get_number(h, 0) == 65504 && get_number(h, 1) > 1e30 && get_number(h, 2) == 0);
  cr_assert_eq(get_number(h, 3), 1 + 0x1p-10);
}

Test(harness, measures_in_units_of_the_last_place)
{
  cr_assert_eq(ulps_apart(ONNXRUN_FLOAT, 1 + 0x1p-23, 1), 1);
  cr_assert_eq(ulps_apart(ONNXRUN_FLOAT, 1 + 0x1p-23, 1 + 0x1p-24L), 0.5L);
  cr_assert_eq(ulps_apart(ONNXRUN_FLOAT, 0x1p-149, 0), INFINITY);
  cr_assert_eq(ulps_apart(ONNXRUN_FLOAT, 0, 0x1p-150L), 0.5L);
  cr_assert_eq(ulps_apart(ONNXRUN_FLOAT, -0.0, 0), INFINITY);
  cr_assert_eq(ulps_apart(ONNXRUN_FLOAT16, 65504, 65536), 1);
  cr_assert_eq(ulps_apart(ONNXRUN_FLOAT16, INFINITY, 70000), 0);
  cr_assert_eq(ulps_apart(ONNXRUN_DOUBLE, NAN, NAN), 0);
  cr_assert_eq(ulps_apart(ONNXRUN_DOUBLE, NAN, 1), INFINITY);
}
