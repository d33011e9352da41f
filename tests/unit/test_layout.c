/* test_layout.c: no two values that are alive at the same time share memory, and memory is used
 * again. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/plan.h"
#include "tests/support/toy.h"

#define IN TOY_IN

static const int64_t any[] = {-1, -1};

/* A plan for inputs of height x width each. */
static onx_plan *plan_of(toy *t, int64_t height, int64_t width)
{
  onnxrun_error error = {0};
  onx_plan *p = NULL;
  onnxrun_tensor in[4] = {{0}};
  cr_assert_leq(t->m.main->n_inputs, 4);
  for (size_t i = 0; i < t->m.main->n_inputs; i++)
    in[i] = (onnxrun_tensor){.dtype = ONNXRUN_FLOAT, .rank = 2, .dims = {height, width}};
  cr_assert_eq(onx_plan_create(&t->heap, &t->m, in, t->m.main->n_inputs, &p, &error), ONNXRUN_OK,
               "%s", error.text);
  return p;
}

static void build(toy *t)
{
  onnxrun_error error = {0};
  cr_assert_eq(toy_build(t, &error), ONNXRUN_OK, "%s", error.text);
}

/* ---- what comes before what ------------------------------------------------------------------ */

enum { STEPS = 200 };

/* before[a][b]: step b waits for step a, however many steps lie between. */
static bool before[STEPS][STEPS];

static void find_order(const onx_plan *p)
{
  cr_assert_leq(p->n_steps, STEPS);
  memset(before, 0, sizeof before);
  for (size_t s = p->n_steps; s-- > 0;) {
    for (size_t e = p->next_at[s]; e < p->next_at[s + 1]; e++) {
      const uint32_t next = p->next[e];
      cr_assert_gt(next, s, "edges lead to later steps");
      before[s][next] = true;
      for (size_t b = 0; b < p->n_steps; b++)
        before[s][b] = before[s][b] || before[next][b];
    }
  }
}

static bool comes_before(const onx_plan *p, size_t a, size_t b)
{
  return p->is_parallel ? before[a][b] : a < b;
}

/* Whether step s makes or reads the memory of `root`. */
static bool uses(const onx_plan *p, size_t s, uint32_t root, bool *makes)
{
  const onx_step *step = &p->steps[s];
  bool is_used = false;
  *makes = false;
  for (uint32_t i = 0; i < step->n_reads; i++)
    is_used = is_used || p->root[step->reads[i].value] == root;
  for (uint32_t i = 0; i < step->n_makes; i++)
    *makes = *makes || step->makes[i].value == root;
  return is_used || *makes;
}

/* Whether all that use `a` are done when `b` is made; by a step that writes over it at the latest.
 */
static bool is_done_for(const onx_plan *p, uint32_t a, uint32_t b)
{
  size_t maker = SIZE_MAX;
  bool makes;
  for (size_t s = 0; s < p->n_steps; s++) {
    uses(p, s, b, &makes);
    maker = makes ? s : maker;
  }
  cr_assert_neq(maker, SIZE_MAX);
  const bool is_in_place = p->offset[a] == p->offset[b] &&
                           p->tensors[a].bytes == p->tensors[b].bytes &&
                           p->steps[maker].may_overwrite;
  for (size_t s = 0; s < p->n_steps; s++) {
    if (uses(p, s, a, &makes) && !comes_before(p, s, maker) &&
        !(s == maker && !makes && is_in_place))
      return false;
  }
  return true;
}

static bool lies_in_arena(const onx_plan *p, uint32_t v)
{
  return p->root[v] == v && p->place[v] == ONX_ARENA && p->tensors[v].bytes > 0;
}

static void check_layout(const onx_plan *p)
{
  find_order(p);
  for (uint32_t a = 0; a < p->graph->n_values; a++) {
    if (!lies_in_arena(p, a))
      continue;
    cr_assert_eq(p->offset[a] % ONX_ALIGN, 0);
    cr_assert_leq(p->offset[a] + p->tensors[a].bytes, p->arena_bytes);
    for (uint32_t b = 0; b < a; b++) {
      const bool is_apart = p->offset[a] + p->tensors[a].bytes <= p->offset[b] ||
                            p->offset[b] + p->tensors[b].bytes <= p->offset[a];
      cr_assert(!lies_in_arena(p, b) || is_apart || is_done_for(p, a, b) || is_done_for(p, b, a),
                "values %u and %u overlap", a, b);
    }
  }
}

/* Every read waits for its maker. */
static void check_data_order(const onx_plan *p)
{
  for (size_t s = 0; s < p->n_steps; s++) {
    const onx_step *step = &p->steps[s];
    for (uint32_t i = 0; i < step->n_reads; i++) {
      for (size_t maker = 0; maker < p->n_steps; maker++) {
        bool makes;
        uses(p, maker, p->root[step->reads[i].value], &makes);
        cr_assert(!makes || before[maker][s]);
      }
    }
  }
}

/* ---- random graphs --------------------------------------------------------------------------- */

static uint32_t pick(uint32_t *seed, uint32_t below)
{
  *seed = *seed * 1664525u + 1013904223u;
  return (*seed >> 8) % below;
}

/* Values of two heights: rows of sums [h] count as [1, h], which broadcasts no more. */
static toy *random_graph(uint32_t seed)
{
  toy *t = toy_new(0);
  uint32_t full[STEPS], sums[STEPS], n_full = 0, n_sums = 0;
  for (int i = 0; i < 2; i++)
    full[n_full++] = toy_input(t, "x", 2, any);
  const uint32_t n = 3 + pick(&seed, 90);
  for (uint32_t i = 0; i < n; i++) {
    const uint32_t v = toy_value(t, "v"), kind = pick(&seed, 8);
    const uint32_t a = full[pick(&seed, n_full)], b = full[pick(&seed, n_full)];
    if (kind == 0 && n_sums > 0) {
      toy_node(t, "Square", IN(sums[pick(&seed, n_sums)]), IN(v));
      sums[n_sums++] = v;
    } else if (kind == 1) {
      toy_node(t, "Rows", IN(a), IN(v));
      sums[n_sums++] = v;
    } else {
      if (kind < 4)
        toy_node(t, "Add", IN(a, b), IN(v));
      else
        toy_node(t, kind < 6 ? "Square" : "Same", IN(a), IN(v));
      full[n_full++] = v;
    }
    if (pick(&seed, 10) == 0)
      toy_output(t, v);
  }
  toy_output(t, full[n_full - 1]);
  build(t);
  return t;
}

Test(layout, values_that_are_alive_together_never_share_memory)
{
  size_t reused = 0;
  for (uint32_t seed = 1; seed <= 150; seed++) {
    toy *t = random_graph(seed);
    for (int64_t width = 1; width < 20000; width = width * 20 + 3) {
      onx_plan *p = plan_of(t, 7, width);
      check_layout(p);
      check_data_order(p);
      size_t apart = 0;
      for (uint32_t v = 0; v < p->graph->n_values; v++)
        apart += lies_in_arena(p, v) ? p->tensors[v].bytes : 0;
      reused += apart > p->arena_bytes;
      onx_plan_release(p);
    }
    toy_release(t);
  }
  cr_assert_gt(reused, 300);
}

/* ---- reuse ----------------------------------------------------------------------------------- */

static toy *chain(const char *op, int length)
{
  toy *t = toy_new(0);
  uint32_t v = toy_input(t, "x", 2, any);
  for (int i = 0; i < length; i++) {
    const uint32_t next = toy_value(t, "v");
    toy_node(t, op, IN(v), IN(next));
    v = next;
  }
  toy_output(t, v);
  build(t);
  return t;
}

Test(layout, a_chain_of_maps_is_computed_in_place)
{
  toy *t = chain("Square", 50);
  for (int64_t width = 16; width <= 160000; width *= 100) {
    onx_plan *p = plan_of(t, 1, width);
    cr_assert_eq(p->arena_bytes, (size_t)width * sizeof(float));
    onx_plan_release(p);
  }
  toy_release(t);
}

Test(layout, a_chain_of_views_takes_no_step_and_no_memory)
{
  toy *t = chain("Same", 50);
  onx_plan *p = plan_of(t, 3, 5);
  cr_assert(p->n_steps == 1 && !p->steps[0].node, "an input that is an output is copied");
  cr_assert_eq(p->arena_bytes, 0);
  onx_plan_release(p);
  toy_release(t);
}

Test(layout, a_map_does_not_write_over_what_is_read_later)
{
  toy *t = toy_new(0);
  const uint32_t x = toy_input(t, "x", 2, any), a = toy_value(t, "a"), v = toy_value(t, "v");
  const uint32_t b = toy_value(t, "b"), c = toy_value(t, "c");
  toy_node(t, "Square", IN(x), IN(a));
  toy_node(t, "Same", IN(a), IN(v));
  toy_node(t, "Square", IN(a), IN(b)); /* v, which is read below, is a's memory */
  toy_node(t, "Add", IN(v, b), IN(c));
  toy_output(t, c);
  build(t);
  onx_plan *p = plan_of(t, 4, 4);
  check_layout(p);
  cr_assert_neq(p->offset[a], p->offset[b]);
  onx_plan_release(p);
  toy_release(t);
}

Test(layout, one_value_twice_may_be_written_over)
{
  toy *t = toy_new(0);
  const uint32_t x = toy_input(t, "x", 2, any), a = toy_value(t, "a"), b = toy_value(t, "b");
  const uint32_t c = toy_value(t, "c");
  toy_node(t, "Square", IN(x), IN(a));
  toy_node(t, "Add", IN(a, a), IN(b));
  toy_node(t, "Square", IN(b), IN(c));
  toy_output(t, c);
  build(t);
  onx_plan *p = plan_of(t, 4, 4);
  cr_assert_eq(p->offset[a], p->offset[b]);
  onx_plan_release(p);
  toy_release(t);
}

Test(layout, values_without_elements_take_no_memory)
{
  toy *t = chain("Square", 5);
  onx_plan *p = plan_of(t, 0, 5);
  cr_assert_eq(p->arena_bytes, 0);
  onx_plan_release(p);
  toy_release(t);
}

Test(layout, an_arena_that_cannot_be_addressed_is_refused)
{
  toy *t = toy_new(0);
  const uint32_t x = toy_input(t, "x", 2, any);
  uint32_t sum = toy_value(t, "v"), a[100];
  toy_node(t, "Square", IN(x), IN(sum));
  for (int i = 0; i < 100; i++) {
    a[i] = toy_value(t, "a");
    toy_node(t, "Square", IN(x), IN(a[i]));
  }
  for (int i = 0; i < 100; i++) {
    const uint32_t next = toy_value(t, "v");
    toy_node(t, "Add", IN(sum, a[i]), IN(next));
    sum = next;
  }
  toy_output(t, sum);
  build(t);
  const onnxrun_tensor in = {.dtype = ONNXRUN_FLOAT, .rank = 2, .dims = {INT64_MAX / 32, 1}};
  onx_plan *p = NULL;
  onnxrun_error error = {0};
  cr_assert_eq(onx_plan_create(&t->heap, &t->m, &in, 1, &p, &error), ONNXRUN_LIMIT, "%s",
               error.text);
  cr_assert_null(p);
  toy_release(t);
}

/* ---- many values ----------------------------------------------------------------------------- */

static const onnxrun_operand many_in[] = {{"X", ONNXRUN_TYPE(FLOAT), 'T', ONNXRUN_VARIADIC}, {0}};
static const onnxrun_operand y_out[] = {{"Y", ONNXRUN_TYPE(FLOAT), 'T', 0}, {0}};

static onnxrun_status one_shape(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  (void)params;
  return h->output(n, 0, 0, NULL);
}

static onnxrun_status no_run(const onnxrun_host *h, onnxrun_node *n, const void *params)
{
  (void)params;
  return h->fail(n, ONNXRUN_RUN_FAILED, "not for running");
}

Test(layout, many_values_that_live_long_take_linear_time, .timeout = 10)
{
  enum { MANY = 90000 };
  const onnxrun_kernel all = {.size = sizeof all,
                              .domain = "toy",
                              .op = "All",
                              .since = 1,
                              .inputs = many_in,
                              .outputs = y_out,
                              .shape = one_shape,
                              .run = no_run};
  toy *t = toy_new(0);
  cr_assert_eq(onnxrun_registry_add(t->registry, &all, NULL), ONNXRUN_OK);
  const uint32_t x = toy_input(t, "x", 2, any), y = toy_value(t, "y");
  uint32_t *v = malloc(MANY * sizeof *v);
  cr_assert_not_null(v);
  for (int i = 0; i < MANY; i++) {
    v[i] = toy_value(t, "v");
    toy_node(t, "Square", IN(x), IN(v[i]));
  }
  toy_node(t, "All", MANY, v, IN(y));
  toy_output(t, y);
  free(v);
  build(t);
  onx_plan *p = plan_of(t, 1, 16);
  cr_assert_eq(p->arena_bytes, (size_t)MANY * 64);
  onx_plan_release(p);
  toy_release(t);
}
