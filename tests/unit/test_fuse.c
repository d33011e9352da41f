/* test_fuse.c: which nodes run as one step, and that results are the same bits. test_session.c does
 * the same with random graphs. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/chain.h"
#include "runtime/plan.h"
#include "runtime/session.h"
#include "tests/support/toy.h"

#define IN TOY_IN

static const int64_t any2[] = {-1, -1};

static toy *fusing(void)
{
  toy *t = toy_new(0);
  t->m.fuses = t->m.has_epilogues = true;
  return t;
}

static uint32_t node1(toy *t, const char *op, uint32_t x)
{
  const uint32_t y = toy_value(t, op);
  toy_node(t, op, IN(x), IN(y));
  return y;
}

static uint32_t add(toy *t, uint32_t a, uint32_t b)
{
  const uint32_t y = toy_value(t, "sum");
  toy_node(t, "Add", IN(a, b), IN(y));
  return y;
}

/* A plan for inputs of rows x columns each. */
static onx_plan *plan_of(toy *t, int64_t rows, int64_t columns)
{
  onnxrun_error error = {0};
  onnxrun_tensor in[4] = {{0}};
  onx_plan *p = NULL;
  cr_assert_eq(toy_build(t, &error), ONNXRUN_OK, "%s", error.text);
  for (size_t i = 0; i < t->m.main->n_inputs; i++)
    in[i] = (onnxrun_tensor){.dtype = ONNXRUN_FLOAT, .rank = 2, .dims = {rows, columns}};
  cr_assert_eq(onx_plan_create(&t->heap, &t->m, in, t->m.main->n_inputs, &p, &error), ONNXRUN_OK,
               "%s", error.text);
  return p;
}

/* Runs with and without chains and compares the first output; `n` elements of each input. */
static void check_bits(toy *t, int64_t rows, int64_t columns)
{
  const size_t n = (size_t)rows * (size_t)columns, n_in = t->m.main->n_inputs;
  onnxrun_tensor in[4] = {{0}};
  for (size_t i = 0; i < n_in; i++) {
    float *data = malloc(n * sizeof *data);
    cr_assert_not_null(data);
    for (size_t j = 0; j < n; j++)
      data[j] = (float)((j * 7919 + i * 31) % 2003) / 512.0f - 1.0f;
    in[i] = (onnxrun_tensor){ONNXRUN_FLOAT, 2, {rows, columns}, data, n * sizeof *data};
  }
  void *apart = NULL;
  for (int fuses = 0; fuses < 2; fuses++) {
    t->m.fuses = t->m.has_epilogues = fuses;
    onnxrun_session *s = NULL;
    onnxrun_error error = {0};
    onnxrun_tensor out[4] = {{0}};
    cr_assert_eq(onx_session_create(&t->m, NULL, &s, &error), ONNXRUN_OK, "%s", error.text);
    cr_assert_eq(onnxrun_session_run(s, in, n_in, out, t->m.main->n_outputs, &error), ONNXRUN_OK,
                 "%s", error.text);
    if (!fuses)
      apart = memcpy(malloc(out[0].bytes), out[0].data, out[0].bytes);
    else
      cr_assert_arr_eq((char *)out[0].data, (char *)apart, out[0].bytes);
    onnxrun_session_release(s);
  }
  free(apart);
  for (size_t i = 0; i < n_in; i++)
    free(in[i].data);
}

/* So many steps run all of it, and give the bits that they give apart. Releases the toy. */
static void check_steps(toy *t, int64_t rows, int64_t columns, size_t steps)
{
  onx_plan *p = plan_of(t, rows, columns);
  cr_assert_eq(p->n_steps, steps, "%zu steps, expected %zu", p->n_steps, steps);
  onx_plan_release(p);
  check_bits(t, rows, columns);
  toy_release(t);
}

Test(fuse, a_row_of_maps_is_one_step_with_one_buffer)
{
  toy *t = fusing();
  uint32_t x = toy_input(t, "x", 2, any2);
  for (int i = 0; i < 10; i++)
    x = node1(t, "Square", x);
  toy_output(t, x);
  onx_plan *p = plan_of(t, 50, 100);
  cr_assert_eq(p->n_steps, 1);
  cr_assert_eq(p->steps[0].chain->n_members, 10);
  cr_assert_eq(p->steps[0].chain->n_buffers, 1);
  cr_assert_eq(p->arena_bytes, 0);
  onx_plan_release(p);
  check_bits(t, 50, 100);
  toy_release(t);
}

Test(fuse, nothing_is_fused_where_that_is_switched_off)
{
  toy *t = toy_new(0);
  uint32_t x = node1(t, "Square", toy_input(t, "x", 2, any2));
  toy_output(t, node1(t, "Square", x));
  onx_plan *p = plan_of(t, 2, 3);
  cr_assert_eq(p->n_steps, 2);
  onx_plan_release(p);
  toy_release(t);
}

Test(fuse, a_diamond_is_one_step)
{
  toy *t = fusing();
  const uint32_t x = toy_input(t, "x", 2, any2), a = node1(t, "Square", x);
  const uint32_t b = node1(t, "Square", a), c = node1(t, "Square", b);
  toy_output(t, add(t, add(t, c, a), add(t, b, x)));
  check_steps(t, 7, 611, 1);
}

Test(fuse, a_value_that_others_read_goes_to_memory)
{
  toy *t = fusing();
  const uint32_t x = toy_input(t, "x", 2, any2), a = node1(t, "Square", x);
  toy_output(t, node1(t, "Square", node1(t, "Square", a)));
  toy_output(t, node1(t, "Rows", a));
  onx_plan *p = plan_of(t, 9, 1000);
  cr_assert_eq(p->n_steps, 2);
  cr_assert_eq(p->steps[0].n_makes, 2);
  cr_assert_geq(p->arena_bytes, 9 * 1000 * sizeof(float));
  onx_plan_release(p);
  check_bits(t, 9, 1000);
  toy_release(t);
}

/* a -> Mirror -> + with a's square: were a, its square and the sum one step, that step would wait
 * for Mirror, which waits for a. */
Test(fuse, a_path_out_and_back_is_not_closed_in)
{
  toy *t = fusing();
  t->m.has_epilogues = false;
  const uint32_t x = toy_input(t, "x", 2, any2), a = node1(t, "Square", x);
  const uint32_t m = node1(t, "Mirror", a), b = node1(t, "Square", a);
  toy_output(t, add(t, b, m));
  check_steps(t, 3, 700, 3);
}

Test(fuse, a_head_takes_the_maps_that_follow)
{
  toy *t = fusing();
  const uint32_t x = toy_input(t, "x", 2, any2), y = toy_input(t, "y", 2, any2);
  const uint32_t m = node1(t, "Mirror", x), s = node1(t, "Square", y);
  toy_output(t, node1(t, "Square", add(t, node1(t, "Square", m), s)));
  onx_plan *p = plan_of(t, 30, 700);
  cr_assert_eq(p->n_steps, 1);
  cr_assert(p->steps[0].chain->has_head);
  cr_assert_eq(p->arena_bytes, 0, "the head writes where the chain's result will lie");
  onx_plan_release(p);
  check_bits(t, 30, 700);
  toy_release(t);
}

Test(fuse, a_head_does_not_take_the_maps_that_it_reads)
{
  toy *t = fusing();
  const uint32_t x = toy_input(t, "x", 2, any2), s = node1(t, "Square", x);
  toy_output(t, add(t, node1(t, "Mirror", s), s));
  check_steps(t, 5, 700, 2);
}

Test(fuse, two_heads_are_two_steps)
{
  toy *t = fusing();
  const uint32_t x = toy_input(t, "x", 2, any2), y = toy_input(t, "y", 2, any2);
  toy_output(t, add(t, node1(t, "Mirror", x), node1(t, "Square", node1(t, "Mirror", y))));
  check_steps(t, 5, 700, 2);
}

Test(fuse, a_view_between_maps_does_not_part_them)
{
  toy *t = fusing();
  const uint32_t x = toy_input(t, "x", 2, any2);
  toy_output(t, node1(t, "Square", node1(t, "Same", node1(t, "Square", x))));
  toy_output(t, node1(t, "Square", node1(t, "Same", node1(t, "Mirror", x))));
  check_steps(t, 5, 700, 2);
}

/* Elements of another size must not be written over those that are still to be read. */
Test(fuse, elements_may_change_their_size)
{
  toy *t = fusing();
  uint32_t x = toy_input(t, "x", 2, any2), first = x;
  for (int i = 0; i < 4; i++)
    x = node1(t, "Square", node1(t, "Narrow", node1(t, "Widen", x)));
  toy_output(t, add(t, x, first));
  check_steps(t, 5, 3000, 1);
}

Test(fuse, operands_are_broadcast_within_a_chain)
{
  toy *t = fusing();
  const uint32_t x = toy_input(t, "x", 2, any2);
  const float three[] = {1, 2, 3};
  const uint32_t bias = toy_constant(t, 3, three), one = toy_constant(t, 1, three);
  const uint32_t a = add(t, node1(t, "Square", x), bias);
  toy_output(t, node1(t, "Square", add(t, add(t, one, a), bias)));
  check_steps(t, 4001, 3, 1);
}

/* x [1,n] + y [n,1]: the sum has more elements than the square, which stays apart. */
Test(fuse, an_operand_that_grows_is_a_step_of_its_own)
{
  toy *t = fusing();
  const uint32_t x = toy_input(t, "x", 2, any2);
  const float three[] = {1, 2, 3};
  toy_output(t, add(t, node1(t, "Square", x), toy_constant(t, 3, three)));
  check_steps(t, 40, 1, 2);
}

Test(fuse, a_long_row_becomes_several_chains)
{
  toy *t = fusing();
  uint32_t x = toy_input(t, "x", 2, any2);
  for (int i = 0; i < 200; i++)
    x = node1(t, i % 2 ? "Square" : "Same", add(t, x, x));
  toy_output(t, x);
  onx_plan *p = plan_of(t, 2, 3);
  cr_assert(p->n_steps >= 5 && p->n_steps <= 6, "%zu", p->n_steps);
  onx_plan_release(p);
  check_bits(t, 2, 3);
  toy_release(t);
}

/* As large as results that are written past the caches; an odd number of elements. */
Test(fuse, large_results_are_the_same)
{
  toy *t = fusing();
  const uint32_t x = toy_input(t, "x", 2, any2);
  toy_output(t, node1(t, "Square", x));
  onx_plan *p = plan_of(t, 3, 2796203);
  cr_assert(p->steps[0].chain && p->steps[0].chain->members[0].is_streamed);
  onx_plan_release(p);
  check_bits(t, 3, 2796203);
  toy_release(t);
}

/* Those of work that ordinary stores overlap with are not. */
Test(fuse, large_results_of_much_work_are_stored_as_usual)
{
  toy *t = fusing();
  uint32_t x = toy_input(t, "x", 2, any2);
  for (int i = 0; i < 4; i++)
    x = node1(t, "Square", x);
  toy_output(t, x);
  onx_plan *p = plan_of(t, 4096, 4096);
  cr_assert(p->steps[0].chain && !p->steps[0].chain->is_streamed);
  onx_plan_release(p);
  toy_release(t);
}

Test(fuse, empty_tensors_pass)
{
  toy *t = fusing();
  const uint32_t x = toy_input(t, "x", 2, any2);
  toy_output(t, node1(t, "Square", node1(t, "Square", node1(t, "Mirror", x))));
  check_bits((onx_plan_release(plan_of(t, 0, 5)), t), 0, 5);
  check_bits(t, 5, 0);
  toy_release(t);
}
