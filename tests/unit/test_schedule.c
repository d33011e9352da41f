/* test_schedule.c: runs on threads of several kinds: the same results, failures, and memory of
 * results whose shape only the run knows. */
#include <criterion/criterion.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/schedule.h"
#include "runtime/session.h"
#include "tests/support/executors.h"
#include "tests/support/toy.h"

#define IN TOY_IN

static const onnxrun_executor *const executors[] = {
    &executor_threads, &executor_pair, &executor_in_turn, &executor_backwards, &executor_pool};
enum { EXECUTORS = sizeof executors / sizeof *executors };

/* Counts what is out; refuses after so many. */
typedef struct counting {
  _Atomic long blocks, left;
} counting;

static void *count_resize(void *user, void *block, size_t old_size, size_t new_size, size_t align)
{
  counting *c = user;
  if (new_size == 0) {
    memset(block, 0xdd, old_size);
    free(block);
    c->blocks--;
    return NULL;
  }
  if (c->left-- <= 0)
    return NULL;
  void *fresh = aligned_alloc(align, (new_size + align - 1) / align * align);
  c->blocks += fresh != NULL;
  return fresh;
}

static onnxrun_status new_session(toy *t, counting *c, const onnxrun_executor *executor,
                                  int threads, onnxrun_session **s)
{
  const onnxrun_allocator allocator = {c, count_resize};
  onnxrun_options o = ONNXRUN_OPTIONS_INIT;
  o.allocator = &allocator;
  o.executor = executor;
  o.threads = threads;
  return onx_session_create(&t->m, &o, s, NULL);
}

static void build(toy *t)
{
  onnxrun_error error = {0};
  cr_assert_eq(toy_build(t, &error), ONNXRUN_OK, "%s", error.text);
}

/* ---- random graphs against a plain evaluation ------------------------------------------------ */

enum { VALUES = 60, WIDTH = 3000 };

/* A vector of up to WIDTH elements. */
typedef struct expected {
  uint32_t value;
  size_t n;
  bool is_loose; /* its length is known to the run only */
  float *data;
} expected;

typedef struct random_graph {
  toy *t;
  expected e[VALUES];
  size_t n;
  uint32_t seed;
} random_graph;

static uint32_t pick(random_graph *g, uint32_t below)
{
  g->seed = g->seed * 1664525u + 1013904223u;
  return (g->seed >> 8) % below;
}

static float *new_vector(random_graph *g, size_t n, bool is_loose)
{
  float *data = malloc((n + 1) * sizeof *data);
  cr_assert_not_null(data);
  g->e[g->n] = (expected){toy_value(g->t, "v"), n, is_loose, data};
  return data;
}

static void add_unary(random_graph *g, const char *op, const expected *x)
{
  toy_node(g->t, op, IN(x->value), IN(g->e[g->n].value));
  g->n++;
}

static void add_positive(random_graph *g, const expected *x)
{
  float *y = new_vector(g, x->n, true);
  size_t n = 0;
  for (size_t i = 0; i < x->n; i++) {
    if (x->data[i] > 0)
      y[n++] = x->data[i];
  }
  g->e[g->n].n = n;
  add_unary(g, "Positive", x);
}

static void add_rows(random_graph *g, const expected *x)
{
  double sum = 0;
  for (size_t i = 0; i < x->n; i++)
    sum += (double)x->data[i];
  new_vector(g, 1, x->is_loose)[0] = (float)sum;
  add_unary(g, "Rows", x);
}

static void add_map(random_graph *g, const expected *x, bool is_square)
{
  float *y = new_vector(g, x->n, x->is_loose);
  for (size_t i = 0; i < x->n; i++)
    y[i] = is_square ? x->data[i] * x->data[i] : x->data[i];
  add_unary(g, is_square ? "Square" : "Same", x);
}

/* Of vectors of one length, or one of one element. */
static void add_sum(random_graph *g, const expected *a, const expected *b)
{
  const size_t n = a->n == 1 ? b->n : a->n;
  float *y = new_vector(g, n, a->is_loose || b->is_loose);
  for (size_t i = 0; i < n; i++)
    y[i] = a->data[a->n == 1 ? 0 : i] + b->data[b->n == 1 ? 0 : i];
  toy_node(g->t, "Add", IN(a->value, b->value), IN(g->e[g->n].value));
  g->n++;
}

static void grow(random_graph *g)
{
  const expected *a = &g->e[pick(g, (uint32_t)g->n)], *b = &g->e[pick(g, (uint32_t)g->n)];
  const uint32_t kind = pick(g, 8);
  if (kind == 0)
    add_positive(g, a);
  else if (kind == 1)
    add_rows(g, a);
  else if (kind < 4)
    add_map(g, a, kind == 2);
  else if (a->n == b->n || a->n == 1 || b->n == 1)
    add_sum(g, a, b);
}

static void new_graph(random_graph *g, uint32_t seed)
{
  static const int64_t wide[] = {WIDTH};
  *g = (random_graph){.t = toy_new(0), .seed = seed};
  for (int i = 0; i < 2; i++) {
    float *data = new_vector(g, WIDTH, false);
    for (size_t j = 0; j < WIDTH; j++)
      data[j] = (float)pick(g, 1000) / 4096.0f - 0.1f;
    g->e[g->n++].value = toy_input(g->t, "x", 1, wide);
  }
  const size_t n = 5 + pick(g, VALUES - 5);
  while (g->n < n)
    grow(g);
}

static size_t choose_outputs(random_graph *g, size_t *shown)
{
  size_t n = 0;
  for (size_t i = 0; i < g->n; i++) {
    if (i + 1 == g->n || pick(g, 6) == 0) {
      shown[n++] = i;
      toy_output(g->t, g->e[i].value);
    }
  }
  return n;
}

static void check_outputs(const random_graph *g, const size_t *shown, size_t n_out,
                          const onnxrun_tensor *out)
{
  for (size_t o = 0; o < n_out; o++) {
    const expected *e = &g->e[shown[o]];
    cr_assert(out[o].rank == 1 && out[o].dims[0] == (int64_t)e->n, "output %zu has %lld elements",
              o, (long long)out[o].dims[0]);
    cr_assert_eq(memcmp(out[o].data, e->data, e->n * sizeof *e->data), 0, "output %zu differs", o);
  }
}

static void run_graph(const random_graph *g, const size_t *shown, size_t n_out, int threads)
{
  onnxrun_tensor in[2];
  for (int i = 0; i < 2; i++)
    in[i] = (onnxrun_tensor){ONNXRUN_FLOAT, 1, {WIDTH}, g->e[i].data, WIDTH * sizeof(float)};
  for (int k = 0; k < EXECUTORS; k++) {
    counting c = {.left = 1000000};
    onnxrun_session *s = NULL;
    cr_assert_eq(new_session(g->t, &c, executors[k], threads, &s), ONNXRUN_OK);
    for (int again = 0; again < 3; again++) {
      onnxrun_tensor out[VALUES] = {0};
      onnxrun_error error = {0};
      cr_assert_eq(onnxrun_session_run(s, in, 2, out, n_out, &error), ONNXRUN_OK, "%s", error.text);
      check_outputs(g, shown, n_out, out);
    }
    onnxrun_session_release(s);
    cr_assert_eq(c.blocks, 0, "executor %d leaks %ld blocks", k, (long)c.blocks);
  }
}

Test(schedule, any_executor_gives_the_plain_result)
{
  for (uint32_t seed = 1; seed <= 40; seed++) {
    random_graph g;
    size_t shown[VALUES];
    new_graph(&g, seed);
    const size_t n_out = choose_outputs(&g, shown);
    build(g.t);
    run_graph(&g, shown, n_out, 1 + (int)seed % 4);
    for (size_t i = 0; i < g.n; i++)
      free(g.e[i].data);
    toy_release(g.t);
  }
}

/* ---- failures -------------------------------------------------------------------------------- */

/* Branches of work with a result of unknown length each, and in the middle of them a node that
 * fails. */
static toy *with_failure(void)
{
  toy *t = toy_new(0);
  static const int64_t any[] = {-1};
  const uint32_t x = toy_input(t, "x", 1, any);
  for (int branch = 0; branch < 12; branch++) {
    uint32_t v = x;
    for (int i = 0; i < 6; i++) {
      const uint32_t next = toy_value(t, "v");
      toy_node(t, i == 3 && branch == 6 ? "Fail" : i % 2 ? "Positive" : "Square", IN(v), IN(next));
      v = next;
    }
    toy_output(t, v);
  }
  build(t);
  return t;
}

Test(schedule, a_failure_ends_the_run_and_leaks_nothing)
{
  toy *t = with_failure();
  static float data[20000];
  for (size_t i = 0; i < 20000; i++)
    data[i] = (float)i - 100;
  const onnxrun_tensor in = {ONNXRUN_FLOAT, 1, {20000}, data, sizeof data};
  for (int k = 0; k < EXECUTORS; k++) {
    counting c = {.left = 1000000};
    onnxrun_session *s = NULL;
    cr_assert_eq(new_session(t, &c, executors[k], 4, &s), ONNXRUN_OK);
    for (int again = 0; again < 20; again++) {
      onnxrun_tensor out[12] = {0};
      onnxrun_error error = {0};
      cr_assert_eq(onnxrun_session_run(s, &in, 1, out, 12, &error), ONNXRUN_RUN_FAILED);
      cr_assert(strstr(error.text, "(toy::Fail): expected to fail"), "%s", error.text);
      cr_assert_null(out[0].data);
      cr_assert_eq(onnxrun_session_run(s, &in, 1, out, 12, NULL), ONNXRUN_RUN_FAILED);
    }
    onnxrun_session_release(s);
    cr_assert_eq(c.blocks, 0);
  }
  toy_release(t);
}

Test(schedule, any_allocation_of_a_run_may_fail)
{
  toy *t = toy_new(0);
  static const int64_t any[] = {-1};
  const uint32_t x = toy_input(t, "x", 1, any);
  for (int branch = 0; branch < 4; branch++) {
    const uint32_t p = toy_value(t, "p"), q = toy_value(t, "q"), r = toy_value(t, "r");
    toy_node(t, "Positive", IN(x), IN(p));
    toy_node(t, "Same", IN(p), IN(q));
    toy_node(t, "Rows", IN(q), IN(r));
    toy_output(t, r);
  }
  build(t);
  float data[] = {1, -2, 3};
  const onnxrun_tensor in = {ONNXRUN_FLOAT, 1, {3}, data, sizeof data};
  for (int k = 0; k < EXECUTORS; k++) {
    onnxrun_status status = ONNXRUN_NO_MEMORY;
    for (long n = 0; status != ONNXRUN_OK; n++) {
      counting c = {.left = n};
      onnxrun_session *s = NULL;
      onnxrun_tensor out[4] = {0};
      onnxrun_error error = {0};
      status = new_session(t, &c, executors[k], 4, &s);
      if (status == ONNXRUN_OK)
        status = onnxrun_session_run(s, &in, 1, out, 4, &error);
      cr_assert(status == ONNXRUN_OK || status == ONNXRUN_NO_MEMORY, "allocation %ld: %s", n,
                error.text);
      cr_assert(status != ONNXRUN_OK || *(const float *)out[3].data == 4);
      c.left = 1000;
      out[0] = (onnxrun_tensor){0};
      if (s && status != ONNXRUN_OK)
        cr_assert_eq(onnxrun_session_run(s, &in, 1, out, 4, NULL), ONNXRUN_OK);
      onnxrun_session_release(s);
      cr_assert_eq(c.blocks, 0, "allocation %ld leaks", n);
      cr_assert_lt(n, 1000);
    }
  }
  toy_release(t);
}

/* ---- memory and threads ---------------------------------------------------------------------- */

Test(schedule, a_result_of_unknown_shape_is_freed_after_its_last_reader)
{
  toy *t = toy_new(0);
  enum { LENGTH = 100000, STEPS = 50 };
  static const int64_t any[] = {-1};
  uint32_t v = toy_input(t, "x", 1, any);
  for (int i = 0; i < STEPS; i++) {
    const uint32_t next = toy_value(t, "v");
    toy_node(t, "Positive", IN(v), IN(next));
    v = next;
  }
  toy_output(t, v);
  build(t);
  float *data = malloc(LENGTH * sizeof *data);
  cr_assert_not_null(data);
  for (size_t i = 0; i < LENGTH; i++)
    data[i] = 1;
  const onnxrun_tensor in = {ONNXRUN_FLOAT, 1, {LENGTH}, data, LENGTH * sizeof *data};
  for (int threads = 1; threads <= 4; threads += 3) {
    onnxrun_options o = ONNXRUN_OPTIONS_INIT;
    o.max_bytes = 5 * LENGTH * sizeof *data;
    o.executor = &executor_threads;
    o.threads = threads;
    onnxrun_session *s = NULL;
    onnxrun_error error = {0};
    cr_assert_eq(onx_session_create(&t->m, &o, &s, &error), ONNXRUN_OK);
    for (int again = 0; again < 3; again++) {
      onnxrun_tensor out = {0};
      cr_assert_eq(onnxrun_session_run(s, &in, 1, &out, 1, &error), ONNXRUN_OK, "%s", error.text);
      cr_assert_eq(out.dims[0], LENGTH);
    }
    onnxrun_session_release(s);
  }
  free(data);
  toy_release(t);
}

Test(schedule, workers_are_those_that_the_work_is_worth)
{
  onx_plan plan = {0};
  cr_assert_eq(onx_schedule_workers(&plan, 8), 1);
  plan.is_parallel = true;
  plan.cost = 100;
  cr_assert_eq(onx_schedule_workers(&plan, 8), 1);
  plan.cost = 1e9;
  cr_assert_eq(onx_schedule_workers(&plan, 8), 8);
  cr_assert_eq(onx_schedule_workers(&plan, 1), 1);
  plan.cost = 500000;
  const size_t few = onx_schedule_workers(&plan, 1000);
  cr_assert(few > 1 && few < 20);
  plan.cost = 0;
  plan.has_loose = true;
  cr_assert_eq(onx_schedule_workers(&plan, 8), 8);
}

/* A caller may ask for any number; threads that a machine can't give must not end the program. */
Test(schedule, a_vast_number_of_threads_is_cut)
{
  toy *t = toy_new(0);
  static const int64_t any[] = {-1};
  const uint32_t x = toy_input(t, "x", 1, any), p = toy_value(t, "p");
  toy_node(t, "Positive", IN(x), IN(p));
  toy_output(t, p);
  build(t);
  float data[] = {1, -2, 3};
  const onnxrun_tensor in = {ONNXRUN_FLOAT, 1, {3}, data, sizeof data};
  onnxrun_options o = ONNXRUN_OPTIONS_INIT;
  o.threads = INT32_MAX;
  onnxrun_session *s = NULL;
  onnxrun_error error = {0};
  cr_assert_eq(onx_session_create(&t->m, &o, &s, &error), ONNXRUN_OK);
  onnxrun_tensor out = {0};
  cr_assert_eq(onnxrun_session_run(s, &in, 1, &out, 1, &error), ONNXRUN_OK, "%s", error.text);
  onnxrun_session_release(s);
  toy_release(t);
}
