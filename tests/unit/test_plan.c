/* test_plan.c: what a plan knows before the run, and what it leaves to the run. */
#include <criterion/criterion.h>
#include <string.h>

#include "runtime/plan.h"
#include "runtime/session.h"
#include "tests/support/toy.h"

#define IN TOY_IN

static const int64_t any1[] = {-1}, any2[] = {-1, -1};

/* Fill(X, dims): every element is X's first. */
static const onnxrun_operand fill_in[] = {
    {"X", ONNXRUN_TYPE(FLOAT), 'T', 0}, {"dims", ONNXRUN_TYPE(INT64), 0, ONNXRUN_VALUE}, {0}};
static const onnxrun_operand y_out[] = {{"Y", ONNXRUN_TYPE(FLOAT), 'T', 0}, {0}};

static onnxrun_status fill_shape(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  (void)params;
  const onnxrun_tensor *dims = h->input(n, 1);
  return h->output(n, 0, (uint32_t)dims->dims[0], dims->data);
}

static onnxrun_status fill_run(const onnxrun_host *h, onnxrun_node *n, const void *params)
{
  (void)params;
  const onnxrun_tensor *y = h->result(n, 0);
  const float *x = h->input(n, 0)->data;
  for (size_t i = 0; i < onnxrun_elements(y); i++)
    ((float *)y->data)[i] = *x;
  return ONNXRUN_OK;
}

static const onnxrun_kernel fill = {.size = sizeof fill,
                                    .domain = "toy",
                                    .op = "Fill",
                                    .since = 1,
                                    .inputs = fill_in,
                                    .outputs = y_out,
                                    .shape = fill_shape,
                                    .run = fill_run};

static toy *with_fill(void)
{
  toy *t = toy_new(0);
  cr_assert_eq(onnxrun_registry_add(t->registry, &fill, NULL), ONNXRUN_OK);
  return t;
}

static void build(toy *t)
{
  onnxrun_error error = {0};
  cr_assert_eq(toy_build(t, &error), ONNXRUN_OK, "%s", error.text);
}

static onx_plan *plan_of(toy *t, const onnxrun_tensor *in)
{
  onnxrun_error error = {0};
  onx_plan *p = NULL;
  cr_assert_eq(onx_plan_create(&t->heap, &t->m, in, t->m.main->n_inputs, &p, &error), ONNXRUN_OK,
               "%s", error.text);
  return p;
}

static onnxrun_session *session_of(toy *t)
{
  onnxrun_session *s = NULL;
  cr_assert_eq(onx_session_create(&t->m, NULL, &s, NULL), ONNXRUN_OK);
  return s;
}

static void run(onnxrun_session *s, const onnxrun_tensor *in, size_t n_in, onnxrun_tensor *out)
{
  onnxrun_error error = {0};
  cr_assert_eq(onnxrun_session_run(s, in, n_in, out, 1, &error), ONNXRUN_OK, "%s", error.text);
}

Test(plan, what_depends_on_shapes_alone_is_computed_ahead)
{
  toy *t = with_fill();
  const uint32_t x = toy_input(t, "x", 2, any2), d = toy_value(t, "d"), y = toy_value(t, "y");
  toy_node(t, "Dims", IN(x), IN(d));
  toy_node(t, "Fill", IN(x, d), IN(y));
  toy_output(t, y);
  build(t);
  const onnxrun_tensor shape = {.dtype = ONNXRUN_FLOAT, .rank = 2, .dims = {2, 3}};
  onx_plan *p = plan_of(t, &shape);
  cr_assert_eq(p->n_steps, 1, "the dims take no step");
  cr_assert(p->place[d] == ONX_FIXED && ((int64_t *)p->tensors[d].data)[1] == 3);
  cr_assert(!p->has_loose && p->place[y] == ONX_RESULT && p->tensors[y].bytes == 24);
  onx_plan_release(p);
  onnxrun_session *s = session_of(t);
  float data[] = {5, 0, 0, 0, 0, 0};
  const onnxrun_tensor in = {ONNXRUN_FLOAT, 2, {3, 2}, data, sizeof data};
  onnxrun_tensor out = {0};
  run(s, &in, 1, &out);
  cr_assert(out.rank == 2 && out.dims[0] == 3 && ((float *)out.data)[5] == 5);
  onnxrun_session_release(s);
  toy_release(t);
}

Test(plan, a_shape_that_an_input_gives_is_left_to_the_run)
{
  toy *t = with_fill();
  const uint32_t x = toy_input(t, "x", 1, any1), d = toy_input(t, "d", 1, any1);
  const uint32_t y = toy_value(t, "y"), e = toy_value(t, "e"), z = toy_value(t, "z");
  t->g->values[d].dtype = ONNXRUN_INT64;
  toy_node(t, "Fill", IN(x, d), IN(y));
  toy_node(t, "Dims", IN(y), IN(e)); /* known to the run only, too */
  toy_node(t, "Fill", IN(x, e), IN(z));
  toy_output(t, z);
  build(t);
  onnxrun_session *s = session_of(t);
  float data[] = {5};
  for (int64_t n = 0; n < 4; n++) {
    int64_t dims[] = {2, n};
    const onnxrun_tensor in[] = {{ONNXRUN_FLOAT, 1, {1}, data, sizeof data},
                                 {ONNXRUN_INT64, 1, {2}, dims, sizeof dims}};
    onnxrun_tensor out = {0};
    run(s, in, 2, &out);
    cr_assert(out.rank == 2 && out.dims[0] == 2 && out.dims[1] == n);
    cr_assert(n == 0 || ((float *)out.data)[2 * n - 1] == 5);
  }
  int64_t negative[] = {2, -1};
  const onnxrun_tensor in[] = {{ONNXRUN_FLOAT, 1, {1}, data, sizeof data},
                               {ONNXRUN_INT64, 1, {2}, negative, sizeof negative}};
  onnxrun_tensor out = {0};
  onnxrun_error error = {0};
  cr_assert_eq(onnxrun_session_run(s, in, 2, &out, 1, &error), ONNXRUN_LIMIT);
  cr_assert(strstr(error.text, "node 0"), "%s", error.text);
  onnxrun_session_release(s);
  toy_release(t);
}

Test(plan, an_input_without_elements_counts_as_known)
{
  toy *t = with_fill();
  const uint32_t x = toy_input(t, "x", 1, any1), d = toy_input(t, "d", 1, any1);
  const uint32_t y = toy_value(t, "y");
  t->g->values[d].dtype = ONNXRUN_INT64;
  toy_node(t, "Fill", IN(x, d), IN(y));
  toy_output(t, y);
  build(t);
  const onnxrun_tensor in[] = {{.dtype = ONNXRUN_FLOAT, .rank = 1, .dims = {1}},
                               {.dtype = ONNXRUN_INT64, .rank = 1, .dims = {0}}};
  onx_plan *p = plan_of(t, in);
  cr_assert(!p->has_loose && p->tensors[y].rank == 0);
  onx_plan_release(p);
  toy_release(t);
}

Test(plan, a_large_known_result_is_left_to_the_run)
{
  toy *t = with_fill();
  const float one[] = {1};
  const uint32_t x = toy_input(t, "x", 2, any2), c = toy_constant(t, 1, one);
  const uint32_t d = toy_value(t, "d"), y = toy_value(t, "y"), z = toy_value(t, "z");
  toy_node(t, "Dims", IN(x), IN(d));
  toy_node(t, "Fill", IN(c, d), IN(y));
  toy_node(t, "Square", IN(y), IN(z));
  toy_output(t, z);
  build(t);
  onnxrun_tensor shape = {.dtype = ONNXRUN_FLOAT, .rank = 2, .dims = {4, 4}};
  onx_plan *p = plan_of(t, &shape);
  cr_assert(p->place[y] == ONX_FIXED && p->n_steps == 1 && !p->steps[0].node);
  onx_plan_release(p);
  shape.dims[0] = 100000;
  p = plan_of(t, &shape);
  cr_assert(p->place[y] == ONX_ARENA && p->n_steps == 2);
  onx_plan_release(p);
  toy_release(t);
}

Test(plan, views_share_memory_wherever_it_lies)
{
  toy *t = toy_new(0);
  const float one[] = {1};
  const uint32_t x = toy_input(t, "x", 1, any1), c = toy_constant(t, 1, one);
  const uint32_t a = toy_value(t, "a"),
                 v[] = {toy_value(t, "v"), toy_value(t, "v"), toy_value(t, "v"), toy_value(t, "v")};
  const uint32_t y = toy_value(t, "y");
  toy_node(t, "Square", IN(x), IN(a));
  toy_node(t, "Same", IN(x), IN(v[0]));
  toy_node(t, "Same", IN(c), IN(v[1]));
  toy_node(t, "Same", IN(a), IN(v[2]));
  toy_node(t, "Same", IN(v[2]), IN(v[3]));
  toy_node(t, "Add", IN(v[2], v[0]), IN(y));
  toy_output(t, v[3]);
  toy_output(t, y);
  build(t);
  const onnxrun_tensor shape = {.dtype = ONNXRUN_FLOAT, .rank = 1, .dims = {3}};
  onx_plan *p = plan_of(t, &shape);
  cr_assert(p->root[v[0]] == x && p->place[v[0]] == ONX_GIVEN);
  cr_assert(p->root[v[1]] == c && p->place[v[1]] == ONX_FIXED);
  cr_assert(p->root[v[2]] == a && p->root[v[3]] == a);
  cr_assert(p->place[a] == ONX_RESULT && p->place[v[2]] == ONX_RESULT);
  cr_assert_eq(p->n_steps, 2);
  onx_plan_release(p);
  toy_release(t);
}

Test(plan, a_key_tells_ranks_from_dims)
{
  const onnxrun_tensor a[] = {{.rank = 1, .dims = {0}}, {.rank = 0}};
  const onnxrun_tensor b[] = {{.rank = 0}, {.rank = 1, .dims = {0}}};
  int64_t key_a[3], key_b[3];
  cr_assert(onx_plan_key_size(a, 2) == 3 && onx_plan_key_size(b, 2) == 3);
  onx_plan_key(a, 2, key_a);
  onx_plan_key(b, 2, key_b);
  cr_assert_neq(memcmp(key_a, key_b, sizeof key_a), 0);
}

Test(plan, shapes_of_one_length_have_plans_of_their_own)
{
  toy *t = toy_new(0);
  const uint32_t x = toy_input(t, "x", -1, NULL), y = toy_input(t, "y", -1, NULL);
  const uint32_t z = toy_value(t, "z");
  toy_node(t, "Add", IN(x, y), IN(z));
  toy_output(t, z);
  build(t);
  onnxrun_session *s = session_of(t);
  float six[] = {1, 2, 3, 4, 5, 6}, two[] = {10, 20};
  for (int i = 0; i < 4; i++) {
    const bool is_tall = i % 2;
    onnxrun_tensor in[] = {{ONNXRUN_FLOAT, 2, {2, 3}, six, sizeof six},
                           {ONNXRUN_FLOAT, 2, {2, 1}, two, sizeof two}};
    if (is_tall) {
      in[0].dims[0] = 3;
      in[0].dims[1] = in[1].dims[1] = 2;
      in[1].dims[0] = 1;
    }
    onnxrun_tensor out = {0};
    run(s, in, 2, &out);
    const float wide[] = {11, 12, 13, 24, 25, 26}, tall[] = {11, 22, 13, 24, 15, 26};
    cr_assert_arr_eq((float *)out.data, is_tall ? tall : wide, sizeof wide);
  }
  onnxrun_session_release(s);
  toy_release(t);
}

Test(plan, a_plan_that_does_not_fit_leaves_nothing)
{
  toy *t = toy_new(0);
  uint32_t v = toy_input(t, "x", 1, any1);
  for (int i = 0; i < 200; i++) {
    const uint32_t next = toy_value(t, "v");
    toy_node(t, i % 3 ? "Square" : "Rows", IN(v), IN(next));
    v = next;
  }
  toy_output(t, v);
  build(t);
  const size_t before = t->heap.bytes;
  const onnxrun_tensor shape = {.dtype = ONNXRUN_FLOAT, .rank = 1, .dims = {3}};
  onnxrun_status s = ONNXRUN_LIMIT;
  for (size_t room = 0; s != ONNXRUN_OK; room += 1000) {
    onx_plan *p = NULL;
    onnxrun_error error = {0};
    t->heap.max_bytes = before + room;
    s = onx_plan_create(&t->heap, &t->m, &shape, 1, &p, &error);
    cr_assert(s == ONNXRUN_OK || s == ONNXRUN_LIMIT, "%s", error.text);
    cr_assert_eq(s == ONNXRUN_OK, p != NULL);
    onx_plan_release(p);
    cr_assert_eq(t->heap.bytes, before);
    cr_assert_lt(room, 10000000);
  }
  toy_release(t);
}
