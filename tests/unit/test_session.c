/* test_session.c: plans, memory and scheduling, by running small graphs of toy operators. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "runtime/session.h"
#include "tests/support/toy.h"

#define IN TOY_IN

static onnxrun_session *session_of(toy *t, int threads)
{
  onnxrun_error error = {0};
  onnxrun_session *s = NULL;
  onnxrun_options o = ONNXRUN_OPTIONS_INIT;
  o.threads = threads;
  cr_assert_eq(onx_session_create(&t->m, &o, &s, &error), ONNXRUN_OK, "%s", error.text);
  return s;
}

static onnxrun_tensor floats(float *data, uint32_t rank, int64_t a, int64_t b)
{
  onnxrun_tensor t = {ONNXRUN_FLOAT, rank, {a, b}, data, 0};
  t.bytes = onnxrun_elements(&t) * sizeof *data;
  return t;
}

static void build(toy *t)
{
  onnxrun_error error = {0};
  cr_assert_eq(toy_build(t, &error), ONNXRUN_OK, "%s", error.text);
}

static void run(onnxrun_session *s, const onnxrun_tensor *in, size_t n_in, onnxrun_tensor *out,
                size_t n_out)
{
  onnxrun_error error = {0};
  cr_assert_eq(onnxrun_session_run(s, in, n_in, out, n_out, &error), ONNXRUN_OK, "%s", error.text);
}

static const int64_t any2[] = {-1, -1};
static const int64_t any1[] = {-1};

Test(session, broadcasts_both_operands)
{
  toy *t = toy_new(0);
  const uint32_t a = toy_input(t, "a", 2, any2), b = toy_input(t, "b", 2, any2);
  const uint32_t c = toy_value(t, "c");
  toy_node(t, "Add", IN(a, b), IN(c));
  toy_output(t, c);
  build(t);
  onnxrun_session *s = session_of(t, 1);
  float left[] = {1, 2, 3}, right[] = {10, 20};
  const onnxrun_tensor in[] = {floats(left, 2, 3, 1), floats(right, 2, 1, 2)};
  onnxrun_tensor out = {0};
  run(s, in, 2, &out, 1);
  const float expected[] = {11, 21, 12, 22, 13, 23};
  cr_assert_eq(out.rank, 2);
  cr_assert(out.dims[0] == 3 && out.dims[1] == 2);
  cr_assert_arr_eq((float *)out.data, expected, sizeof expected);
  onnxrun_session_release(s);
  toy_release(t);
}

Test(session, writes_into_the_callers_buffer)
{
  toy *t = toy_new(0);
  const uint32_t x = toy_input(t, "x", 1, any1), y = toy_value(t, "y");
  toy_node(t, "Square", IN(x), IN(y));
  toy_output(t, y);
  build(t);
  onnxrun_session *s = session_of(t, 1);
  float data[] = {2, 3}, result[2] = {0}, small[1];
  const onnxrun_tensor in = floats(data, 1, 2, 0);
  onnxrun_tensor out = {.data = result, .bytes = sizeof result};
  run(s, &in, 1, &out, 1);
  cr_assert(result[0] == 4 && result[1] == 9 && out.data == result);
  out = (onnxrun_tensor){.data = small, .bytes = sizeof small};
  onnxrun_error error;
  cr_assert_eq(onnxrun_session_run(s, &in, 1, &out, 1, &error), ONNXRUN_BUFFER_TOO_SMALL);
  cr_assert_eq(out.bytes, 8);
  onnxrun_session_release(s);
  toy_release(t);
}

Test(session, gives_an_input_that_is_an_output_and_one_value_twice)
{
  toy *t = toy_new(0);
  const uint32_t x = toy_input(t, "x", 1, any1), y = toy_value(t, "y"), v = toy_value(t, "v");
  const float constant[] = {7};
  const uint32_t c = toy_constant(t, 1, constant);
  toy_node(t, "Square", IN(x), IN(y));
  toy_node(t, "Same", IN(y), IN(v));
  toy_output(t, x);
  toy_output(t, y);
  toy_output(t, v);
  toy_output(t, y);
  toy_output(t, c);
  build(t);
  onnxrun_session *s = session_of(t, 1);
  float data[] = {2, 3};
  const onnxrun_tensor in = floats(data, 1, 2, 0);
  onnxrun_tensor out[5] = {0};
  run(s, &in, 1, out, 5);
  cr_assert_eq(((float *)out[0].data)[1], 3);
  for (int i = 1; i < 4; i++)
    cr_assert_eq(((float *)out[i].data)[1], 9);
  cr_assert_eq(((float *)out[4].data)[0], 7);
  cr_assert(out[1].data != out[3].data && out[0].data != data);
  onnxrun_session_release(s);
  toy_release(t);
}

Test(session, results_of_unknown_shape_flow_on)
{
  for (int threads = 1; threads <= 2; threads++) {
    toy *t = toy_new(0);
    const uint32_t x = toy_input(t, "x", 1, any1), p = toy_value(t, "p"), q = toy_value(t, "q");
    const uint32_t v = toy_value(t, "v"), r = toy_value(t, "r");
    toy_node(t, "Positive", IN(x), IN(p));
    toy_node(t, "Square", IN(p), IN(q));
    toy_node(t, "Same", IN(q), IN(v));
    toy_node(t, "Rows", IN(v), IN(r));
    toy_output(t, r);
    toy_output(t, q);
    build(t);
    onnxrun_session *s = session_of(t, threads);
    float data[] = {-1, 2, -3, 4}, none[] = {-1, -2, -3, -4};
    onnxrun_tensor in = floats(data, 1, 4, 0), out[2] = {0};
    for (int i = 0; i < 3; i++) {
      run(s, &in, 1, out, 2);
      cr_assert_eq(*(float *)out[0].data, 20);
      cr_assert(out[1].dims[0] == 2 && ((float *)out[1].data)[1] == 16);
      out[0] = out[1] = (onnxrun_tensor){0};
    }
    in.data = none;
    run(s, &in, 1, out, 2);
    cr_assert_eq(out[1].dims[0], 0);
    onnxrun_session_release(s);
    toy_release(t);
  }
}

Test(session, can_be_used_after_a_failed_run)
{
  toy *t = toy_new(0);
  const uint32_t x = toy_input(t, "x", 1, any1), p = toy_value(t, "p"), y = toy_value(t, "y");
  toy_node(t, "Positive", IN(x), IN(p));
  toy_node(t, "Add", IN(p, x), IN(y));
  toy_output(t, y);
  build(t);
  for (int threads = 1; threads <= 2; threads++) {
    onnxrun_session *s = session_of(t, threads);
    float good[] = {1, 2}, bad[] = {1, 2, -3};
    onnxrun_tensor in = floats(bad, 1, 3, 0), out = {0};
    onnxrun_error error;
    cr_assert_eq(onnxrun_session_run(s, &in, 1, &out, 1, &error), ONNXRUN_INVALID_INPUT);
    cr_assert(strstr(error.text, "node 1") && strstr(error.text, "[2]"), "%s", error.text);
    in = floats(good, 1, 2, 0);
    run(s, &in, 1, &out, 1);
    cr_assert_eq(((float *)out.data)[1], 4);
    onnxrun_session_release(s);
  }
  toy_release(t);
}

Test(session, reports_a_kernels_failure)
{
  toy *t = toy_new(0);
  const uint32_t x = toy_input(t, "x", 1, any1), y = toy_value(t, "y");
  toy_node(t, "Fail", IN(x), IN(y));
  toy_output(t, y);
  build(t);
  onnxrun_session *s = session_of(t, 2);
  float data[] = {1};
  onnxrun_tensor in = floats(data, 1, 1, 0), out = {0};
  onnxrun_error error;
  cr_assert_eq(onnxrun_session_run(s, &in, 1, &out, 1, &error), ONNXRUN_RUN_FAILED);
  cr_assert_str_eq(error.text, "node 0 '' (toy::Fail): expected to fail");
  cr_assert_null(out.data);
  onnxrun_session_release(s);
  toy_release(t);
}

Test(session, names_the_dim_that_disagrees)
{
  toy *t = toy_new(0);
  static const int64_t fixed[] = {-1, 3};
  const uint32_t x = toy_input(t, "x", 2, fixed), y = toy_value(t, "y");
  toy_node(t, "Square", IN(x), IN(y));
  toy_output(t, y);
  build(t);
  onnxrun_session *s = session_of(t, 1);
  float data[8] = {0};
  onnxrun_tensor in = floats(data, 2, 2, 4), out = {0};
  onnxrun_error error;
  cr_assert_eq(onnxrun_session_run(s, &in, 1, &out, 1, &error), ONNXRUN_INVALID_INPUT);
  cr_assert_str_eq(error.text, "input 'x': dim 1 is 4; the shape is [2,4], expected [?,3]");
  in = floats(data, 1, 3, 0);
  cr_assert_eq(onnxrun_session_run(s, &in, 1, &out, 1, &error), ONNXRUN_INVALID_INPUT);
  in = floats(data, 2, 2, 3);
  in.bytes--;
  cr_assert_eq(onnxrun_session_run(s, &in, 1, &out, 1, &error), ONNXRUN_INVALID_INPUT);
  onnxrun_session_release(s);
  toy_release(t);
}

Test(session, empty_and_scalar_tensors_run)
{
  toy *t = toy_new(0);
  const uint32_t a = toy_input(t, "a", -1, NULL), b = toy_input(t, "b", -1, NULL);
  const uint32_t c = toy_value(t, "c"), d = toy_value(t, "d");
  toy_node(t, "Add", IN(a, b), IN(c));
  toy_node(t, "Square", IN(c), IN(d));
  toy_output(t, d);
  build(t);
  onnxrun_session *s = session_of(t, 2);
  float one[] = {1}, two[] = {2};
  onnxrun_tensor in[] = {floats(one, 0, 0, 0), floats(two, 0, 0, 0)}, out = {0};
  in[0].bytes = in[1].bytes = 4;
  run(s, in, 2, &out, 1);
  cr_assert(out.rank == 0 && *(float *)out.data == 9);
  in[0] = floats(NULL, 2, 0, 5);
  out = (onnxrun_tensor){0};
  run(s, in, 2, &out, 1);
  cr_assert(out.rank == 2 && out.dims[0] == 0 && out.dims[1] == 5 && out.bytes == 0);
  onnxrun_session_release(s);
  toy_release(t);
}

/* An allocator that counts. */
static void *counting_resize(void *user, void *block, size_t old_size, size_t new_size,
                             size_t align)
{
  (void)old_size;
  ++*(size_t *)user;
  if (new_size == 0) {
    free(block);
    return NULL;
  }
  return aligned_alloc(align, (new_size + align - 1) / align * align);
}

Test(session, a_known_shape_allocates_nothing)
{
  toy *t = toy_new(0);
  uint32_t v = toy_input(t, "x", 2, any2);
  for (int i = 0; i < 20; i++) {
    const uint32_t next = toy_value(t, "v");
    toy_node(t, i % 3 == 2 ? "Same" : "Square", IN(v), IN(next));
    v = next;
  }
  toy_output(t, v);
  build(t);
  size_t calls = 0;
  const onnxrun_allocator counting = {&calls, counting_resize};
  onnxrun_options o = ONNXRUN_OPTIONS_INIT;
  o.allocator = &counting;
  o.threads = 2;
  onnxrun_session *s = NULL;
  cr_assert_eq(onx_session_create(&t->m, &o, &s, NULL), ONNXRUN_OK);
  static float data[100000];
  onnxrun_tensor in = floats(data, 2, 100, 1000), out = {0};
  run(s, &in, 1, &out, 1);
  const size_t before = calls;
  for (int i = 0; i < 5; i++) {
    out = (onnxrun_tensor){0};
    run(s, &in, 1, &out, 1);
  }
  cr_assert_eq(calls, before);
  onnxrun_session_release(s);
  toy_release(t);
}

Test(session, many_shapes_in_turn_keep_their_results)
{
  toy *t = toy_new(0);
  const uint32_t x = toy_input(t, "x", 1, any1), y = toy_value(t, "y"), z = toy_value(t, "z");
  toy_node(t, "Square", IN(x), IN(y));
  toy_node(t, "Square", IN(y), IN(z));
  toy_output(t, z);
  build(t);
  onnxrun_session *s = session_of(t, 1);
  float data[64];
  for (int i = 0; i < 64; i++)
    data[i] = (float)i;
  for (int turn = 0; turn < 100; turn++) {
    const int64_t n = turn * 7 % 20 + 1;
    onnxrun_tensor in = floats(data, 1, n, 0), out = {0};
    run(s, &in, 1, &out, 1);
    cr_assert(out.dims[0] == n &&
              ((float *)out.data)[n - 1] == (float)((n - 1) * (n - 1) * (n - 1) * (n - 1)));
  }
  onnxrun_session_release(s);
  toy_release(t);
}

static onnxrun_status needs_data(const onnxrun_host *h, onnxrun_node *n, const void *params)
{
  (void)params;
  return h->input(n, 0)->data ? h->output(n, 0, 1, (int64_t[]){0})
                              : h->fail(n, ONNXRUN_RUN_FAILED, "no pointer");
}

Test(session, an_input_without_data_is_a_pointer_to_a_kernel)
{
  onnxrun_kernel k = *toy_kernels[0];
  for (int i = 0; toy_kernels[i]; i++)
    k = strcmp(toy_kernels[i]->op, "Positive") == 0 ? *toy_kernels[i] : k;
  k.run = needs_data;
  toy *t = toy_new(0);
  cr_assert_eq(onnxrun_registry_add(t->registry, &k, NULL), ONNXRUN_OK);
  const uint32_t x = toy_input(t, "x", 1, any1), y = toy_value(t, "y");
  toy_node(t, "Positive", IN(x), IN(y));
  toy_output(t, y);
  build(t);
  onnxrun_session *s = session_of(t, 1);
  onnxrun_tensor in = {ONNXRUN_FLOAT, 1, {0}, NULL, 0}, out = {0};
  run(s, &in, 1, &out, 1);
  onnxrun_session_release(s);
  toy_release(t);
}

Test(session, dims_of_one_name_have_one_size)
{
  static const char *const names_a[] = {"n", "m"}, *const names_b[] = {"m", NULL};
  toy *t = toy_new(0);
  const uint32_t a = toy_input(t, "a", 2, any2), b = toy_input(t, "b", 2, any2);
  t->g->values[a].dim_names = names_a;
  t->g->values[b].dim_names = names_b;
  toy_output(t, a);
  build(t);
  onnxrun_session *s = session_of(t, 1);
  float data[12] = {0};
  onnxrun_tensor in[] = {floats(data, 2, 2, 3), floats(data, 2, 3, 4)}, out = {0};
  run(s, in, 2, &out, 1);
  in[1] = floats(data, 2, 2, 3);
  onnxrun_error error;
  cr_assert_eq(onnxrun_session_run(s, in, 2, &out, 1, &error), ONNXRUN_INVALID_INPUT);
  cr_assert_str_eq(error.text, "input 'b': dim 0 ('m') is 2, elsewhere it is 3");
  onnxrun_session_release(s);
  toy_release(t);
}

/* Models of language have hundreds of inputs whose dims have names. */
Test(session, many_named_dims_cost_no_time, .timeout = 10)
{
  enum { MANY = 20000 };
  static const char *const names[] = {"n", "m"};
  static char own[MANY][8];
  static const char *pairs[MANY][2];
  static onnxrun_tensor in[MANY];
  float data[6] = {0};
  toy *t = toy_new(0);
  for (int i = 0; i < MANY; i++) {
    const uint32_t v = toy_input(t, "x", 2, any2);
    snprintf(own[i], sizeof own[i], "d%d", i);
    pairs[i][0] = own[i];
    pairs[i][1] = names[1];
    t->g->values[v].dim_names = pairs[i];
    in[i] = floats(data, 2, 2, 3);
  }
  toy_output(t, t->g->inputs[0]);
  build(t);
  onnxrun_session *s = session_of(t, 1);
  for (int i = 0; i < 20; i++) {
    onnxrun_tensor out = {0};
    run(s, in, MANY, &out, 1);
  }
  onnxrun_session_release(s);
  toy_release(t);
}

/* ---- what callers may get wrong -------------------------------------------------------------- */

static toy *squares(uint32_t n_out)
{
  toy *t = toy_new(0);
  const uint32_t x = toy_input(t, "x", 1, any1);
  for (uint32_t i = 0; i < n_out; i++) {
    const uint32_t y = toy_value(t, "y");
    toy_node(t, i % 2 ? "Positive" : "Square", IN(x), IN(y));
    toy_output(t, y);
  }
  build(t);
  return t;
}

Test(session, missing_arguments_are_refused)
{
  toy *t = squares(1);
  onnxrun_session *s = session_of(t, 1);
  float data[] = {1, 2};
  onnxrun_tensor in = floats(data, 1, 2, 0), out = {0};
  cr_assert_eq(onnxrun_session_run(NULL, &in, 1, &out, 1, NULL), ONNXRUN_INVALID_ARGUMENT);
  cr_assert_eq(onnxrun_session_run(s, NULL, 1, &out, 1, NULL), ONNXRUN_INVALID_INPUT);
  cr_assert_eq(onnxrun_session_run(s, &in, 0, &out, 1, NULL), ONNXRUN_INVALID_INPUT);
  cr_assert_eq(onnxrun_session_run(s, &in, 1, NULL, 1, NULL), ONNXRUN_INVALID_ARGUMENT);
  cr_assert_eq(onnxrun_session_run(s, &in, 1, &out, 2, NULL), ONNXRUN_INVALID_ARGUMENT);
  cr_assert_eq(onnxrun_session_create(NULL, NULL, &s, NULL), ONNXRUN_INVALID_ARGUMENT);
  onnxrun_session_release(NULL);
  onnxrun_session_release(s);
  toy_release(t);
}

Test(session, inputs_that_no_run_can_take_are_refused)
{
  toy *t = squares(1);
  t->g->values[t->g->inputs[0]].rank = -1;
  onnxrun_session *s = session_of(t, 1);
  float data[] = {1, 2};
  onnxrun_tensor out = {0};
  onnxrun_tensor in[6];
  for (int i = 0; i < 6; i++)
    in[i] = floats(data, 1, 2, 0);
  in[0].dtype = ONNXRUN_DOUBLE;
  in[1].rank = ONNXRUN_MAX_RANK + 1;
  in[2].dims[0] = -1;
  in[3].dims[0] = INT64_MAX;
  in[4].data = NULL;
  in[5].data = (char *)data + 1;
  in[5].dims[0] = 1;
  for (int i = 0; i < 6; i++)
    cr_assert_eq(onnxrun_session_run(s, &in[i], 1, &out, 1, NULL),
                 i < 5 ? ONNXRUN_INVALID_INPUT : ONNXRUN_INVALID_ARGUMENT, "input %d", i);
  in[0] = floats(data, 1, 2, 0);
  run(s, in, 1, &out, 1);
  onnxrun_session_release(s);
  toy_release(t);
}

Test(session, a_buffer_that_is_too_small_for_a_result_of_unknown_shape_is_named)
{
  toy *t = squares(2);
  onnxrun_session *s = session_of(t, 1);
  float data[] = {1, 2, -3}, square[3], positive[2];
  const onnxrun_tensor in = floats(data, 1, 3, 0);
  onnxrun_tensor out[] = {{.data = square, .bytes = sizeof square},
                          {.data = positive, .bytes = sizeof positive - 1}};
  onnxrun_error error;
  cr_assert_eq(onnxrun_session_run(s, &in, 1, out, 2, &error), ONNXRUN_BUFFER_TOO_SMALL);
  cr_assert_eq(out[1].bytes, sizeof positive);
  run(s, &in, 1, out, 2);
  cr_assert(square[2] == 9 && positive[1] == 2 && out[1].dims[0] == 2);
  out[1] = (onnxrun_tensor){.data = (char *)positive + 1, .bytes = 4};
  cr_assert_eq(onnxrun_session_run(s, &in, 1, out, 2, NULL), ONNXRUN_INVALID_ARGUMENT);
  onnxrun_session_release(s);
  toy_release(t);
}

Test(session, a_budget_holds_for_plans_arenas_and_lent_outputs)
{
  toy *t = squares(2);
  static float data[10000];
  for (int i = 0; i < 10000; i++)
    data[i] = 1;
  const onnxrun_tensor large = floats(data, 1, 10000, 0), small = floats(data, 1, 10, 0);
  onnxrun_options o = ONNXRUN_OPTIONS_INIT;
  o.max_bytes = 100000;
  onnxrun_session *s = NULL;
  onnxrun_error error = {0};
  cr_assert_eq(onx_session_create(&t->m, &o, &s, &error), ONNXRUN_OK, "%s", error.text);
  for (int i = 0; i < 10; i++) {
    onnxrun_tensor out[2] = {{0}};
    run(s, &small, 1, out, 2);
    cr_assert_eq(((float *)out[1].data)[9], 1);
    out[0] = out[1] = (onnxrun_tensor){0};
    cr_assert_eq(onnxrun_session_run(s, &large, 1, out, 2, &error), ONNXRUN_LIMIT);
    cr_assert(strstr(error.text, "max_bytes 100000"), "%s", error.text);
  }
  onnxrun_session_release(s);
  o.max_bytes = 10;
  cr_assert_eq(onx_session_create(&t->m, &o, &s, NULL), ONNXRUN_LIMIT);
  toy_release(t);
}

Test(session, a_model_without_inputs_or_outputs_runs)
{
  toy *t = toy_new(0);
  build(t);
  onnxrun_session *s = session_of(t, 1);
  cr_assert_eq(onnxrun_session_run(s, NULL, 0, NULL, 0, NULL), ONNXRUN_OK);
  onnxrun_session_release(s);
  toy_release(t);
}

/* ---- random graphs against a plain evaluation ------------------------------------------------ */

#define VALUES_MOST 80
#define WIDTH 4000 /* large enough that plans are for threads */

typedef struct random_graph {
  toy *t;
  uint32_t value[VALUES_MOST];
  float *expected[VALUES_MOST]; /* height x WIDTH, height as below */
  int64_t height[VALUES_MOST];
  size_t n;
} random_graph;

static uint32_t next_random(uint32_t *state)
{
  *state = *state * 1664525u + 1013904223u;
  return *state >> 8;
}

static size_t elements(const random_graph *g, size_t i)
{
  return (size_t)g->height[i] * WIDTH;
}

/* Adds a node on random earlier values and computes what it should give. */
static void grow(random_graph *g, uint32_t *seed)
{
  static const char *const unary[] = {NULL, "Square", "Same", NULL, "Mirror"};
  const size_t a = next_random(seed) % g->n, b = next_random(seed) % g->n, i = g->n;
  const uint32_t kind = next_random(seed) % 5, out = toy_value(g->t, "v");
  const size_t big = g->height[a] >= g->height[b] ? a : b;
  g->value[i] = out;
  g->height[i] = kind == 0 || kind == 3 ? g->height[big] : g->height[a];
  float *e = g->expected[i] = malloc(elements(g, i) * sizeof *e);
  cr_assert_not_null(e);
  for (size_t j = 0; j < elements(g, i); j++) {
    const float x = g->expected[a][j % elements(g, a)], y = g->expected[b][j % elements(g, b)];
    const size_t mirrored = j / WIDTH * WIDTH + (WIDTH - 1 - j % WIDTH);
    e[j] = kind == 0 || kind == 3 ? x + y
           : kind == 1            ? x * x
           : kind == 2            ? x
                                  : g->expected[a][mirrored];
  }
  if (kind == 0 || kind == 3)
    toy_node(g->t, "Add", IN(g->value[a], g->value[b]), IN(out));
  else
    toy_node(g->t, unary[kind], IN(g->value[a]), IN(out));
  g->n++;
}

static void check_random_graph(uint32_t seed, const int *threads, size_t n_threads)
{
  random_graph g = {.t = toy_new(0)};
  static const int64_t wide[] = {-1, WIDTH};
  float *data[2];
  onnxrun_tensor in[2];
  for (int i = 0; i < 2; i++) {
    g.height[i] = i == 0 ? 1 : 3;
    data[i] = malloc((size_t)g.height[i] * WIDTH * sizeof(float));
    for (size_t j = 0; j < (size_t)g.height[i] * WIDTH; j++)
      data[i][j] = (float)(next_random(&seed) % 1000) / 4096.0f - 0.1f;
    in[i] = floats(data[i], 2, g.height[i], WIDTH);
    g.value[i] = toy_input(g.t, "x", 2, wide);
    g.expected[i] = data[i];
  }
  g.n = 2;
  const size_t n = 3 + next_random(&seed) % (VALUES_MOST - 3);
  while (g.n < n)
    grow(&g, &seed);
  size_t shown[VALUES_MOST], n_out = 0;
  for (size_t i = 2; i < g.n; i++) {
    if (i + 1 == g.n || next_random(&seed) % 8 == 0) {
      shown[n_out++] = i;
      toy_output(g.t, g.value[i]);
    }
  }
  build(g.t);
  for (size_t k = 0; k < 3 * n_threads; k++) {
    g.t->m.fuses = k >= n_threads;
    g.t->m.has_epilogues = k >= 2 * n_threads;
    onnxrun_session *s = session_of(g.t, threads[k % n_threads]);
    for (int again = 0; again < 3; again++) {
      onnxrun_tensor out[VALUES_MOST] = {0};
      run(s, in, 2, out, n_out);
      for (size_t o = 0; o < n_out; o++)
        cr_assert_eq(
            memcmp(out[o].data, g.expected[shown[o]], elements(&g, shown[o]) * sizeof(float)), 0,
            "seed %u output %zu threads %d fuses %d %d", seed, o, threads[k % n_threads],
            g.t->m.fuses, g.t->m.has_epilogues);
    }
    onnxrun_session_release(s);
  }
  for (size_t i = 0; i < g.n; i++)
    free(g.expected[i]);
  toy_release(g.t);
}

Test(session, random_graphs_give_the_plain_result_on_any_number_of_threads)
{
  const int threads[] = {1, 2, 7};
  for (uint32_t seed = 1; seed <= 60; seed++)
    check_random_graph(seed, threads, 3);
}
