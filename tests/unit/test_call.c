/* test_call.c: what the host tells kernels, and what it refuses from them. */
#include <criterion/criterion.h>
#include <string.h>

#include "runtime/call.h"
#include "runtime/session.h"
#include "tests/support/toy.h"

#define IN TOY_IN

static const onnxrun_operand x_in[] = {{"X", ONNXRUN_TYPE(FLOAT), 'T', 0}, {0}};
static const onnxrun_operand y_out[] = {{"Y", ONNXRUN_TYPE(FLOAT), 'T', 0}, {0}};
static const int64_t three[] = {3};

#define KERNEL                                                                                     \
  .size = sizeof(onnxrun_kernel), .domain = "toy", .op = "Probe", .since = 1, .inputs = x_in,      \
  .outputs = y_out

/* Builds and runs one node of the kernel on [1, 2, 3] by so many threads; expects the status and a
 * text that holds `text`. Twice, so that a failure is seen to leave the session usable. */
static void expect(const onnxrun_kernel *k, int threads, onnxrun_status status, const char *text)
{
  toy *t = toy_new(0);
  onnxrun_error error = {0};
  cr_assert_eq(onnxrun_registry_add(t->registry, k, &error), ONNXRUN_OK, "%s", error.text);
  const uint32_t x = toy_input(t, "x", 1, three), y = toy_value(t, "y");
  toy_node(t, "Probe", IN(x), IN(y));
  toy_output(t, y);
  onnxrun_options o = ONNXRUN_OPTIONS_INIT;
  o.threads = threads;
  onnxrun_session *s = NULL;
  onnxrun_status found = toy_build(t, &error);
  if (found == ONNXRUN_OK)
    found = onx_session_create(&t->m, &o, &s, &error);
  float data[] = {1, 2, 3};
  const onnxrun_tensor in = {ONNXRUN_FLOAT, 1, {3}, data, sizeof data};
  for (int i = 0; i < 2 && s; i++) {
    onnxrun_tensor out = {0};
    found = onnxrun_session_run(s, &in, 1, &out, 1, &error);
    cr_assert_eq(onnxrun_session_run(s, &in, 1, &out, 1, NULL), found);
  }
  cr_assert_eq(found, status, "%d: %s", (int)found, error.text);
  cr_assert(strstr(error.text, text), "%s", error.text);
  onnxrun_session_release(s);
  toy_release(t);
}

static onnxrun_status same_shape(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  (void)params;
  return h->output(n, 0, 1, three);
}

static onnxrun_status fine_run(const onnxrun_host *h, onnxrun_node *n, const void *params)
{
  (void)params;
  memset(h->result(n, 0)->data, 0, h->result(n, 0)->bytes);
  return ONNXRUN_OK;
}

static onnxrun_status output_in_prepare(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  (void)params;
  return h->output(n, 0, 1, three);
}

Test(call, output_before_shape_is_refused)
{
  const onnxrun_kernel k = {KERNEL, .prepare = output_in_prepare, .shape = same_shape,
                            .run = fine_run};
  expect(&k, 1, ONNXRUN_INVALID_ARGUMENT, "output() before shape()");
}

static onnxrun_status type_in_shape(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  (void)params;
  return h->type(n, 0, ONNXRUN_FLOAT);
}

Test(call, type_outside_prepare_is_refused)
{
  const onnxrun_kernel k = {KERNEL, .shape = type_in_shape, .run = fine_run};
  expect(&k, 1, ONNXRUN_INVALID_ARGUMENT, "type() outside prepare()");
}

static onnxrun_status unknown_type(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  (void)params;
  return h->type(n, 0, (onnxrun_dtype)40);
}

Test(call, a_type_that_does_not_exist_is_refused)
{
  const onnxrun_kernel k = {KERNEL, .prepare = unknown_type, .shape = same_shape, .run = fine_run};
  expect(&k, 1, ONNXRUN_INVALID_MODEL, "element type 40");
}

static onnxrun_status plan_in_run(const onnxrun_host *h, onnxrun_node *n, const void *params)
{
  (void)params;
  const onnxrun_work work = ONNXRUN_WORK_INIT;
  return h->plan(n, &work);
}

static onnxrun_status plan_of_no_size(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  const onnxrun_work work = {.size = sizeof(onnxrun_work) - 1, .items = 1};
  (void)params;
  h->output(n, 0, 1, three);
  return h->plan(n, &work);
}

Test(call, work_of_another_size_is_refused)
{
  const onnxrun_kernel k = {KERNEL, .shape = plan_of_no_size, .run = fine_run};
  expect(&k, 1, ONNXRUN_INVALID_ARGUMENT, "plan() with less than an onnxrun_work");
}

Test(call, plan_outside_shape_is_refused)
{
  const onnxrun_kernel k = {KERNEL, .shape = same_shape, .run = plan_in_run};
  expect(&k, 1, ONNXRUN_INVALID_ARGUMENT, "plan() outside shape()");
}

static onnxrun_status align_in_prepare(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  (void)params;
  return h->align(n, 0, 0);
}

Test(call, align_outside_shape_is_refused)
{
  const onnxrun_kernel k = {KERNEL, .prepare = align_in_prepare, .shape = same_shape,
                            .run = fine_run};
  expect(&k, 1, ONNXRUN_INVALID_ARGUMENT, "align() outside shape()");
}

static onnxrun_status no_shape(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  (void)h;
  (void)n;
  (void)params;
  return ONNXRUN_OK;
}

Test(call, shape_must_declare_every_output)
{
  const onnxrun_kernel k = {KERNEL, .shape = no_shape, .run = fine_run};
  expect(&k, 1, ONNXRUN_INVALID_ARGUMENT, "does not declare output 0");
}

static onnxrun_status output_in_run(const onnxrun_host *h, onnxrun_node *n, const void *params)
{
  (void)params;
  return h->output(n, 0, 1, three);
}

Test(call, run_may_not_declare_what_shape_has_declared)
{
  const onnxrun_kernel k = {KERNEL, .shape = same_shape, .run = output_in_run};
  expect(&k, 1, ONNXRUN_INVALID_ARGUMENT, "output() in run()");
  expect(&k, 2, ONNXRUN_INVALID_ARGUMENT, "output() in run()");
}

static onnxrun_status run_without_output(const onnxrun_host *h, onnxrun_node *n, const void *params)
{
  (void)h;
  (void)n;
  (void)params;
  return ONNXRUN_OK;
}

Test(call, run_without_shape_must_declare_every_output)
{
  const onnxrun_kernel k = {KERNEL, .run = run_without_output};
  expect(&k, 1, ONNXRUN_INVALID_ARGUMENT, "does not declare output 0");
  expect(&k, 2, ONNXRUN_INVALID_ARGUMENT, "does not declare output 0");
}

static onnxrun_status output_twice(const onnxrun_host *h, onnxrun_node *n, const void *params)
{
  (void)params;
  const onnxrun_status s = h->output(n, 0, 1, three);
  return s == ONNXRUN_OK ? h->output(n, 0, 1, three) : s;
}

Test(call, run_may_declare_an_output_once)
{
  const onnxrun_kernel k = {KERNEL, .run = output_twice};
  expect(&k, 1, ONNXRUN_INVALID_ARGUMENT, "output() twice");
}

static onnxrun_status deep_shape(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  (void)params;
  static const int64_t ones[ONNXRUN_MAX_RANK + 1] = {1};
  return h->output(n, 0, ONNXRUN_MAX_RANK + 1, ones);
}

Test(call, a_rank_above_the_most_is_a_limit)
{
  const onnxrun_kernel k = {KERNEL, .shape = deep_shape, .run = fine_run};
  expect(&k, 1, ONNXRUN_LIMIT, "rank 17, the most is 16");
}

static onnxrun_status negative_shape(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  (void)params;
  static const int64_t dims[] = {4, -2};
  return h->output(n, 0, 2, dims);
}

Test(call, a_negative_dim_is_refused)
{
  const onnxrun_kernel k = {KERNEL, .shape = negative_shape, .run = fine_run};
  expect(&k, 1, ONNXRUN_LIMIT, "output 0 cannot have the shape [4,?]");
}

static onnxrun_status huge_shape(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  (void)params;
  static const int64_t dims[] = {INT64_MAX, INT64_MAX};
  return h->output(n, 0, 2, dims);
}

Test(call, a_shape_whose_bytes_do_not_fit_is_a_limit)
{
  const onnxrun_kernel k = {KERNEL, .shape = huge_shape, .run = fine_run};
  expect(&k, 1, ONNXRUN_LIMIT, "cannot have the shape");
}

static void no_loop(const onnxrun_job *job, size_t begin, size_t end)
{
  (void)job;
  (void)begin;
  (void)end;
}

static const onnxrun_loop float_loop[] = {{ONNXRUN_FLOAT, no_loop}, {0}};
static const onnxrun_loop double_loop[] = {{ONNXRUN_DOUBLE, no_loop}, {0}};

Test(call, loops_need_a_plan)
{
  const onnxrun_kernel k = {KERNEL, .shape = same_shape, .loops = float_loop};
  expect(&k, 1, ONNXRUN_INVALID_ARGUMENT, "does not plan its work");
}

Test(call, a_type_without_a_loop_is_refused)
{
  const onnxrun_kernel k = {KERNEL, .flags = ONNXRUN_MAP, .loops = double_loop};
  expect(&k, 1, ONNXRUN_INVALID_ARGUMENT, "no loop for float");
}

static onnxrun_status vast_scratch(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  (void)params;
  onnxrun_work work = ONNXRUN_WORK_INIT;
  work.items = 3;
  work.scratch = SIZE_MAX - 7;
  const onnxrun_status s = h->output(n, 0, 1, three);
  return s == ONNXRUN_OK ? h->plan(n, &work) : s;
}

Test(call, scratch_that_cannot_be_addressed_is_a_limit)
{
  const onnxrun_kernel k = {KERNEL, .shape = vast_scratch, .loops = float_loop};
  expect(&k, 1, ONNXRUN_LIMIT, "scratch");
  expect(&k, 2, ONNXRUN_LIMIT, "scratch");
}

static onnxrun_status fails_twice(const onnxrun_host *h, onnxrun_node *n, const void *params)
{
  (void)params;
  const onnxrun_status s = h->fail(n, ONNXRUN_RUN_FAILED, "the first %d", 1);
  h->fail(n, ONNXRUN_UNSUPPORTED, "the second");
  return s == ONNXRUN_RUN_FAILED ? ONNXRUN_OK : s; /* the host remembers */
}

Test(call, the_first_failure_counts_even_if_the_kernel_returns_ok)
{
  const onnxrun_kernel k = {KERNEL, .shape = same_shape, .run = fails_twice};
  expect(&k, 1, ONNXRUN_RUN_FAILED, "node 0 '' (toy::Probe): the first 1");
}

static onnxrun_status bare_failure(const onnxrun_host *h, onnxrun_node *n, const void *params)
{
  (void)h;
  (void)n;
  (void)params;
  return ONNXRUN_RUN_FAILED;
}

Test(call, a_failure_without_words_is_named)
{
  const onnxrun_kernel k = {KERNEL, .shape = same_shape, .run = bare_failure};
  expect(&k, 1, ONNXRUN_RUN_FAILED, "run() failed");
}

/* What the node has, and what shape() alone writes. */
struct divided {
  int64_t node, plan[40];
};

static onnxrun_status divided_prepare(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  (void)h, (void)n;
  *(int64_t *)params = 7;
  return ONNXRUN_OK;
}

static onnxrun_status divided_shape(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  struct divided *p = params;
  static const int64_t zeros[40];
  if (p->node != 7 || memcmp(p->plan, zeros, sizeof zeros) != 0)
    return h->fail(n, ONNXRUN_RUN_FAILED, "params are not the node's and zeros");
  memset(p->plan, 1, sizeof p->plan);
  p->node = 8;
  return h->output(n, 0, 1, three);
}

static onnxrun_status divided_run(const onnxrun_host *h, onnxrun_node *n, const void *params)
{
  const struct divided *p = params;
  if (p->node != 8 || p->plan[39] != 0x0101010101010101)
    return h->fail(n, ONNXRUN_RUN_FAILED, "params are not what shape() wrote");
  return fine_run(h, n, params);
}

Test(call, a_plan_has_params_of_its_own_behind_the_nodes)
{
  const onnxrun_kernel k = {KERNEL,
                            .params_size = sizeof(int64_t),
                            .plan_size = sizeof(struct divided),
                            .prepare = divided_prepare,
                            .shape = divided_shape,
                            .run = divided_run};
  expect(&k, 1, ONNXRUN_OK, "");
}

static onnxrun_status keeps_too_much(const onnxrun_host *h, onnxrun_node *n, const void *params)
{
  (void)params;
  return h->keep(n, SIZE_MAX / 2) ? ONNXRUN_OK : ONNXRUN_NO_MEMORY;
}

Test(call, keep_reports_what_there_is_no_room_for)
{
  const onnxrun_kernel k = {KERNEL, .shape = same_shape, .run = keeps_too_much};
  expect(&k, 1, ONNXRUN_LIMIT, "a kernel needs");
}

static onnxrun_status keeps_little(const onnxrun_host *h, onnxrun_node *n, const void *params)
{
  (void)params;
  for (size_t bytes = 0; bytes < 200; bytes += 9) {
    const unsigned char *block = h->keep(n, bytes);
    if (!block || (uintptr_t)block % 64 != 0 || (bytes > 0 && block[bytes - 1] != 0))
      return h->fail(n, ONNXRUN_RUN_FAILED, "%zu bytes at %p", bytes, (const void *)block);
  }
  return fine_run(h, n, params);
}

Test(call, what_keep_gives_is_aligned)
{
  const onnxrun_kernel k = {KERNEL, .shape = same_shape, .run = keeps_little};
  expect(&k, 1, ONNXRUN_OK, "");
}

/* Objects of each stage, made and released. */
enum { IN_PREPARE, IN_SHAPE, IN_RUN, STAGES };
static int made[STAGES], released[STAGES];

/* Tests may share a process. */
static void count_none(void)
{
  memset(made, 0, sizeof made);
  memset(released, 0, sizeof released);
}

static void count_released(void *stage)
{
  released[(int *)stage - made]++;
}

static onnxrun_status make(const onnxrun_host *h, onnxrun_node *n, int stage)
{
  made[stage]++;
  return h->own(n, &made[stage], count_released);
}

static onnxrun_status owns_in_prepare(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  (void)params;
  return make(h, n, IN_PREPARE);
}

static onnxrun_status owns_in_shape(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  const onnxrun_status s = make(h, n, IN_SHAPE);
  return s == ONNXRUN_OK ? same_shape(h, n, params) : s;
}

static onnxrun_status owns_in_run(const onnxrun_host *h, onnxrun_node *n, const void *params)
{
  const onnxrun_status s = make(h, n, IN_RUN);
  cr_assert_eq(released[IN_PREPARE], 0);
  cr_assert_eq(made[IN_RUN] - released[IN_RUN], 1, "a run's objects go before the next run");
  return s == ONNXRUN_OK ? fine_run(h, n, params) : s;
}

Test(call, objects_are_released_with_what_they_were_made_for)
{
  const onnxrun_kernel k = {KERNEL, .prepare = owns_in_prepare, .shape = owns_in_shape,
                            .run = owns_in_run};
  count_none();
  expect(&k, 1, ONNXRUN_OK, "");
  cr_assert_eq(made[IN_PREPARE], 1);
  cr_assert_eq(made[IN_RUN], 4);
  for (int i = 0; i < STAGES; i++)
    cr_assert_eq(made[i], released[i], "stage %d", i);
}

static onnxrun_status owns_too_much(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  (void)params;
  onnxrun_status s = ONNXRUN_OK;
  while (s == ONNXRUN_OK)
    s = make(h, n, IN_PREPARE);
  return s;
}

Test(call, objects_without_room_are_released_at_once)
{
  const onnxrun_kernel k = {KERNEL, .prepare = owns_too_much, .shape = same_shape, .run = fine_run};
  toy *t = toy_new(1 << 20);
  onnxrun_error error = {0};
  count_none();
  cr_assert_eq(onnxrun_registry_add(t->registry, &k, &error), ONNXRUN_OK, "%s", error.text);
  const uint32_t x = toy_input(t, "x", 1, three), y = toy_value(t, "y");
  toy_node(t, "Probe", IN(x), IN(y));
  toy_output(t, y);
  cr_assert_eq(toy_build(t, &error), ONNXRUN_LIMIT, "%s", error.text);
  cr_assert_eq(released[IN_PREPARE], 1);
  toy_release(t);
  cr_assert_eq(released[IN_PREPARE], made[IN_PREPARE]);
}

static onnxrun_status view_of_another_size(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  (void)params;
  static const int64_t dims[] = {4};
  return h->output(n, 0, 1, dims);
}

Test(call, a_view_of_another_size_is_refused)
{
  const onnxrun_kernel k = {KERNEL, .flags = ONNXRUN_VIEW, .shape = view_of_another_size};
  expect(&k, 1, ONNXRUN_INVALID_ARGUMENT, "the view has 16 bytes, its input 12");
}

static onnxrun_status sees_counts(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  (void)params;
  if (h->n_inputs(n) != 1 || h->n_outputs(n) != 1 || h->opset(n) != 1 || h->input(n, 1) ||
      h->result(n, 1) || h->output(n, 9, 1, three) != ONNXRUN_OK || h->align(n, 9, 0) != ONNXRUN_OK)
    return h->fail(n, ONNXRUN_UNSUPPORTED, "wrong facts");
  if (h->input(n, 0)->rank != 1 || h->input(n, 0)->dims[0] != 3 || h->input(n, 0)->data)
    return h->fail(n, ONNXRUN_UNSUPPORTED, "wrong input");
  return h->output(n, 0, 1, three);
}

Test(call, operands_past_the_last_are_absent)
{
  const onnxrun_kernel k = {KERNEL, .shape = sees_counts, .run = fine_run};
  expect(&k, 1, ONNXRUN_OK, "");
}

Test(call, bytes_of_a_tensor_are_those_of_its_elements)
{
  size_t elements, bytes;
  const int64_t dims[] = {3, 5}, empty[] = {INT64_MAX, 0, INT64_MAX}, negative[] = {0, -1};
  cr_assert(onx_tensor_bytes(ONNXRUN_FLOAT, 2, dims, &elements, &bytes));
  cr_assert(elements == 15 && bytes == 60);
  cr_assert(onx_tensor_bytes(ONNXRUN_INT4, 2, dims, &elements, &bytes));
  cr_assert(elements == 15 && bytes == 8);
  cr_assert(onx_tensor_bytes(ONNXRUN_UINT2, 2, dims, &elements, &bytes));
  cr_assert(elements == 15 && bytes == 4);
  cr_assert(onx_tensor_bytes(ONNXRUN_DOUBLE, 0, NULL, &elements, &bytes));
  cr_assert(elements == 1 && bytes == 8);
  cr_assert(onx_tensor_bytes(ONNXRUN_DOUBLE, 3, empty, &elements, &bytes));
  cr_assert(elements == 0 && bytes == 0);
  cr_assert_not(onx_tensor_bytes(ONNXRUN_DOUBLE, 2, negative, &elements, &bytes));
  for (int64_t n = 1; n > 0 && n <= INT64_MAX / 2; n *= 2) {
    const int64_t large[] = {n, INT64_MAX / 2};
    cr_assert_not(onx_tensor_bytes(ONNXRUN_STRING, 2, large, &elements, &bytes));
  }
}

Test(call, dims_as_text_are_cut_to_the_buffer)
{
  char text[8];
  const int64_t dims[] = {1, -1, 30};
  char whole[32];
  cr_assert_str_eq(onx_dims_text(whole, sizeof whole, 3, dims), "[1,?,30]");
  cr_assert_str_eq(onx_dims_text(whole, sizeof whole, 0, NULL), "[]");
  onx_dims_text(text, sizeof text, 3, dims);
  cr_assert_str_eq(text, "[1,?,30");
}
