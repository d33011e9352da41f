/* test_packs.c: weights are arranged when a plan first asks, once a model. */
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "runtime/session.h"
#include "tests/support/toy.h"

#define IN TOY_IN

static const int64_t any1[] = {-1}, any2[] = {-1, -1};

/* ---- a kernel that counts -------------------------------------------------------------------- */

static _Atomic int packs, failures; /* calls, and how many of them are to fail */
static const void *_Atomic last;    /* what a shape() was given */

/* Y = X + W, W a constant packed as its negative. One element is not worth it. */
static const void *minus_pack(const onnxrun_host *h, onnxrun_node *n, const void *params)
{
  (void)params;
  packs++;
  const onnxrun_tensor *x = h->input(n, 0), *w = h->input(n, 1);
  cr_assert_eq(x->dtype, ONNXRUN_FLOAT);
  cr_assert_null(x->data);
  if (!w->data)
    return NULL;
  if (failures > 0) {
    failures--;
    h->fail(n, ONNXRUN_INVALID_MODEL, "cannot pack");
    return NULL;
  }
  float *to = h->keep(n, w->bytes);
  for (size_t i = 0; to && i < onnxrun_elements(w); i++)
    to[i] = -((const float *)w->data)[i];
  return to;
}

static onnxrun_status minus_shape(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  const onnxrun_tensor *x = h->input(n, 0);
  const void **packed = params;
  onnxrun_work work = ONNXRUN_WORK_INIT;
  work.items = onnxrun_elements(x);
  if (work.items > 1)
    last = *packed = h->packed(n);
  const onnxrun_status s = h->output(n, 0, 1, x->dims);
  return s == ONNXRUN_OK ? h->plan(n, &work) : s;
}

static void minus_loop(const onnxrun_job *job, size_t begin, size_t end)
{
  const float *packed = *(const float *const *)job->params;
  for (size_t i = begin; i < end; i++) {
    const float w = packed ? -packed[i] : ((const float *)job->in[1])[i];
    ((float *)job->out[0])[i] = ((const float *)job->in[0])[i] + w;
  }
}

static onnxrun_status asks_in_run(const onnxrun_host *h, onnxrun_node *n, const void *params)
{
  (void)params;
  return h->packed(n) ? ONNXRUN_OK : ONNXRUN_RUN_FAILED;
}

static const onnxrun_operand operands[] = {
    {"X", ONNXRUN_TYPE(FLOAT), 'T', 0}, {"W", ONNXRUN_TYPE(FLOAT), 'T', 0}, {0}};
static const onnxrun_operand result[] = {{"Y", ONNXRUN_TYPE(FLOAT), 'T', 0}, {0}};
static const onnxrun_loop loops[] = {{ONNXRUN_FLOAT, minus_loop}, {0}};
#define KERNEL(name)                                                                               \
  .size = sizeof(onnxrun_kernel), .domain = "toy", .op = (name), .since = 1, .inputs = operands,   \
  .outputs = result, .pack = minus_pack
static const onnxrun_kernel minus = {KERNEL("Minus"), .params_size = sizeof(void *),
                                     .shape = minus_shape, .loops = loops};
static const onnxrun_kernel late = {KERNEL("Late"), .run = asks_in_run};

/* ---- models ---------------------------------------------------------------------------------- */

enum { WIDTH = 64 };

static toy *model_of(const char *op, bool is_constant)
{
  toy *t = toy_new(0);
  onnxrun_error error = {0};
  float weights[WIDTH];
  for (int i = 0; i < WIDTH; i++)
    weights[i] = (float)i;
  cr_assert_eq(onnxrun_registry_add(t->registry, &minus, &error), ONNXRUN_OK, "%s", error.text);
  cr_assert_eq(onnxrun_registry_add(t->registry, &late, &error), ONNXRUN_OK, "%s", error.text);
  const uint32_t x = toy_input(t, "x", 1, any1), y = toy_value(t, "y");
  const uint32_t w = is_constant ? toy_constant(t, WIDTH, weights) : toy_input(t, "w", 1, any1);
  toy_node(t, op, IN(x, w), IN(y));
  toy_output(t, y);
  cr_assert_eq(toy_build(t, &error), ONNXRUN_OK, "%s", error.text);
  cr_assert_eq(toy_settle(t, &error), ONNXRUN_OK, "%s", error.text);
  packs = failures = 0;
  return t;
}

static onnxrun_session *session_of(toy *t)
{
  onnxrun_session *s = NULL;
  return onx_session_create(&t->m, NULL, &s, NULL) == ONNXRUN_OK ? s : NULL;
}

/* Runs `n` zeros; whether the result is 0, 1, 2, ... */
static bool gives(onnxrun_session *s, size_t n, onnxrun_error *error)
{
  static const float zeros[WIDTH];
  onnxrun_tensor in = {ONNXRUN_FLOAT, 1, {(int64_t)n}, (void *)zeros, n * sizeof *zeros}, out = {0};
  if (onnxrun_session_run(s, &in, 1, &out, 1, error) != ONNXRUN_OK)
    return false;
  for (size_t i = 0; i < n; i++) {
    if (((const float *)out.data)[i] != (float)i)
      return false;
  }
  return true;
}

/* ---- tests ----------------------------------------------------------------------------------- */

Test(packs, are_made_when_a_shape_asks_and_then_kept)
{
  toy *t = model_of("Minus", true);
  onnxrun_session *a = session_of(t), *b = session_of(t);
  cr_assert_eq(packs, 0);
  cr_assert(gives(a, 1, NULL));
  cr_assert_eq(packs, 0);
  cr_assert(gives(a, WIDTH, NULL));
  cr_assert_eq(packs, 1);
  const void *first = last;
  cr_assert_not_null(first);
  onnxrun_session_release(a);
  cr_assert(gives(b, WIDTH / 2, NULL));
  cr_assert(gives(b, WIDTH, NULL));
  cr_assert_eq(packs, 1);
  cr_assert_eq(last, first);
  onnxrun_session_release(b);
  toy_release(t);
}

Test(packs, of_an_input_that_is_not_constant_are_none_and_not_asked_for_again)
{
  toy *t = model_of("Minus", false);
  onnxrun_session *s = session_of(t);
  float x[] = {1, 2}, w[] = {3, 5};
  const onnxrun_tensor in[] = {{ONNXRUN_FLOAT, 1, {2}, x, sizeof x},
                               {ONNXRUN_FLOAT, 1, {2}, w, sizeof w}};
  onnxrun_tensor out = {0};
  cr_assert_eq(onnxrun_session_run(s, in, 2, &out, 1, NULL), ONNXRUN_OK);
  cr_assert_eq(((const float *)out.data)[1], 7);
  cr_assert_eq(packs, 1);
  cr_assert_null(last);
  onnxrun_session_release(s);
  s = session_of(t);
  out = (onnxrun_tensor){0};
  cr_assert_eq(onnxrun_session_run(s, in, 2, &out, 1, NULL), ONNXRUN_OK);
  cr_assert_eq(packs, 1);
  onnxrun_session_release(s);
  toy_release(t);
}

Test(packs, that_fail_fail_the_run_and_are_tried_again)
{
  toy *t = model_of("Minus", true);
  onnxrun_session *s = session_of(t);
  onnxrun_error error = {0};
  failures = 2;
  cr_assert(!gives(s, WIDTH, &error));
  cr_assert_eq(error.status, ONNXRUN_INVALID_MODEL);
  cr_assert_str_eq(error.text, "node 0 '' (toy::Minus): cannot pack");
  cr_assert(!gives(s, WIDTH, NULL));
  cr_assert(gives(s, WIDTH, NULL));
  cr_assert_eq(packs, 3);
  onnxrun_session_release(s);
  toy_release(t);
}

Test(packs, are_for_shape_alone)
{
  toy *t = model_of("Late", true);
  onnxrun_session *s = session_of(t);
  onnxrun_error error = {0};
  cr_assert(!gives(s, WIDTH, &error));
  cr_assert(strstr(error.text, "packed() outside shape()"), "%s", error.text);
  cr_assert_eq(packs, 0);
  onnxrun_session_release(s);
  toy_release(t);
}

enum { THREADS = 8 };

static void *run_once(void *arg)
{
  onnxrun_session *s = session_of(arg);
  const bool is_right = s && gives(s, WIDTH, NULL);
  onnxrun_session_release(s);
  return is_right ? arg : NULL;
}

Test(packs, are_made_once_when_many_threads_ask)
{
  toy *t = model_of("Minus", true);
  pthread_t threads[THREADS];
  for (int i = 0; i < THREADS; i++)
    cr_assert_eq(pthread_create(&threads[i], NULL, run_once, t), 0);
  for (int i = 0; i < THREADS; i++) {
    void *found = NULL;
    pthread_join(threads[i], &found);
    cr_assert_eq(found, t);
  }
  cr_assert_eq(packs, 1);
  toy_release(t);
}

/* ---- MatMul ---------------------------------------------------------------------------------- */

enum { SIDE = 1030, ROWS = 30 };

/* Different numbers that are not whole. */
static void fill(float *to, size_t n)
{
  for (size_t i = 0; i < n; i++)
    to[i] = (float)(i * 2654435761u % 1999) / 999 - 1;
}

/* Y = X * W. */
static toy *product(void)
{
  toy *t = toy_new(0);
  static float weights[SIDE * SIDE];
  fill(weights, SIDE * SIDE);
  const uint32_t x = toy_input(t, "x", 2, any2), y = toy_value(t, "y");
  const uint32_t w = toy_constant(t, SIDE * SIDE, weights);
  onnxrun_tensor *square = onx_pool_take(&t->m.pool, sizeof *square);
  cr_assert_not_null(square);
  *square = *t->g->values[w].constant;
  square->rank = 2;
  square->dims[0] = square->dims[1] = SIDE;
  t->g->values[w].constant = square;
  toy_node(t, "MatMul", IN(x, w), IN(y));
  t->g->nodes[0].domain = onx_text("");
  t->g->nodes[0].opset = 13;
  toy_output(t, y);
  cr_assert_eq(toy_build(t, NULL), ONNXRUN_OK);
  cr_assert_eq(toy_settle(t, NULL), ONNXRUN_OK);
  return t;
}

/* Runs the first rows; the bytes that the model's memory grows by. `first`: the first row's
 * results. */
static size_t grows(toy *t, onnxrun_session *s, int64_t rows, float *first)
{
  static float x[ROWS * SIDE];
  fill(x, ROWS * SIDE);
  const size_t bytes = (size_t)rows * SIDE * sizeof *x, before = t->heap.bytes;
  const onnxrun_tensor in = {ONNXRUN_FLOAT, 2, {rows, SIDE}, x, bytes};
  onnxrun_tensor out = {0};
  cr_assert_eq(onnxrun_session_run(s, &in, 1, &out, 1, NULL), ONNXRUN_OK);
  memcpy(first, out.data, SIDE * sizeof *first);
  return t->heap.bytes - before;
}

Test(packs, of_a_product_take_memory_for_many_rows_alone)
{
  toy *t = product();
  onnxrun_session *s = session_of(t);
  float alone[SIDE], together[SIDE], again[SIDE];
  cr_assert_eq(grows(t, s, 1, alone), 0);
  cr_assert_geq(grows(t, s, ROWS, together), SIDE * SIDE * sizeof(float));
  cr_assert_eq(grows(t, s, ROWS / 2, again), 0);
  cr_assert_arr_eq(alone, together, sizeof alone);
  cr_assert_arr_eq(again, together, sizeof again);
  onnxrun_session_release(s);
  toy_release(t);
}
