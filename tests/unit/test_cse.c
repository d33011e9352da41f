/* test_cse.c: what counts as the same, and what does not. */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/support/toy.h"

#define IN TOY_IN

static const onx_graph *share(toy *t)
{
  onnxrun_error error = {0};
  cr_assert_eq(toy_build(t, &error), ONNXRUN_OK, "%s", error.text);
  cr_assert_eq(onx_pass_cse(&t->m, &error), ONNXRUN_OK, "%s", error.text);
  return t->m.main;
}

/* x, two nodes of an operator on it, and their product's Add, which is the output. */
typedef struct pair {
  toy *t;
  uint32_t x, a, b;
} pair;

static pair begin(void)
{
  pair p = {.t = toy_new(0)};
  p.x = toy_input(p.t, "x", -1, NULL);
  p.a = toy_value(p.t, "a");
  p.b = toy_value(p.t, "b");
  return p;
}

static void leaky(pair *p, uint32_t out, float alpha)
{
  toy_node(p->t, "LeakyRelu", IN(p->x), IN(out));
  p->t->g->nodes[p->t->g->n_nodes - 1].domain = onx_text("");
  p->t->g->nodes[p->t->g->n_nodes - 1].opset = 16;
  toy_attr(p->t, (onx_attr){.name = onx_text("alpha"), .type = ONNXRUN_ATTR_FLOAT, .v.f = alpha});
}

/* Whether the two became one. */
static bool is_one(pair *p)
{
  const uint32_t y = toy_value(p->t, "y");
  toy_node(p->t, "Add", IN(p->a, p->b), IN(y));
  toy_output(p->t, y);
  const onx_graph *g = share(p->t);
  const onx_node *add = &g->nodes[g->n_nodes - 1];
  const bool is_shared = add->in[0] == add->in[1];
  cr_assert_eq(g->n_nodes, is_shared ? 2 : 3);
  cr_assert_eq(add->in[0], p->a);
  cr_assert_eq(g->values[p->b].producer, is_shared ? ONX_NONE : 1);
  toy_release(p->t);
  return is_shared;
}

Test(cse, the_same_operator_on_the_same_value_is_one)
{
  pair p = begin();
  toy_node(p.t, "Square", IN(p.x), IN(p.a));
  toy_node(p.t, "Square", IN(p.x), IN(p.b));
  cr_assert(is_one(&p));
}

Test(cse, another_operator_is_another)
{
  pair p = begin();
  toy_node(p.t, "Square", IN(p.x), IN(p.a));
  toy_node(p.t, "Same", IN(p.x), IN(p.b));
  cr_assert_not(is_one(&p));
}

Test(cse, attributes_are_compared_by_their_bits)
{
  const float alphas[][2] = {{0.5f, 0.5f}, {0.5f, 0.25f}, {0.0f, -0.0f}};
  for (int i = 0; i < 3; i++) {
    pair p = begin();
    leaky(&p, p.a, alphas[i][0]);
    leaky(&p, p.b, alphas[i][1]);
    cr_assert_eq(is_one(&p), i == 0, "%d", i);
  }
}

Test(cse, inputs_count_in_their_order)
{
  pair p = begin();
  const uint32_t z = toy_input(p.t, "z", -1, NULL);
  toy_node(p.t, "Add", IN(p.x, z), IN(p.a));
  toy_node(p.t, "Add", IN(z, p.x), IN(p.b));
  cr_assert_not(is_one(&p));
}

Test(cse, constants_that_hold_the_same_are_one_input)
{
  const float same[] = {1, -0.0f}, other[] = {1, 0};
  for (int i = 0; i < 2; i++) {
    pair p = begin();
    const uint32_t c = toy_constant(p.t, 2, same), d = toy_constant(p.t, 2, i ? other : same);
    toy_node(p.t, "Add", IN(p.x, c), IN(p.a));
    toy_node(p.t, "Add", IN(p.x, d), IN(p.b));
    cr_assert_eq(is_one(&p), i == 0);
  }
}

Test(cse, constants_of_other_dims_or_types_are_others)
{
  for (int i = 0; i < 2; i++) {
    pair p = begin();
    const uint32_t c = toy_constant(p.t, 2, (float[]){0, 0}),
                   d = toy_constant(p.t, 2, (float[]){0, 0});
    onnxrun_tensor *t = (onnxrun_tensor *)(uintptr_t)p.t->g->values[d].constant;
    if (i == 0) {
      *t = (onnxrun_tensor){ONNXRUN_FLOAT, 2, {1, 2}, t->data, t->bytes};
    } else {
      t->dtype = ONNXRUN_INT32;
      p.t->g->values[d].dtype = ONNXRUN_INT32;
    }
    toy_node(p.t, "Add", IN(p.x, c), IN(p.a));
    toy_node(p.t, "Add", IN(p.x, i == 0 ? d : c), IN(p.b));
    cr_assert_eq(is_one(&p), i == 1);
  }
}

/* A kernel that reads a constant where the file has it may not hand it to one that can't. */
Test(cse, the_constant_that_stays_is_aligned)
{
  pair p = begin();
  const uint32_t c = toy_constant(p.t, 3, (float[]){1, 2, 3});
  const uint32_t d = toy_constant(p.t, 3, (float[]){1, 2, 3});
  char *room = onx_pool_take(&p.t->m.pool, 64);
  onnxrun_tensor *t = (onnxrun_tensor *)(uintptr_t)p.t->g->values[c].constant;
  memcpy(room + 1, t->data, 12);
  const uint32_t y = toy_value(p.t, "y");
  toy_node(p.t, "Add", IN(p.x, d), IN(p.a));
  toy_node(p.t, "Add", IN(p.x, c), IN(p.b));
  toy_node(p.t, "Add", IN(p.a, p.b), IN(y));
  toy_output(p.t, y);
  cr_assert_eq(toy_build(p.t, NULL), ONNXRUN_OK);
  t->data = room + 1; /* as after binding to a kernel that takes it so */
  cr_assert_eq(onx_pass_cse(&p.t->m, NULL), ONNXRUN_OK);
  const onx_graph *g = p.t->m.main;
  cr_assert_eq(g->n_nodes, 2);
  cr_assert_eq((uintptr_t)g->values[g->nodes[0].in[1]].constant->data % 4, 0);
  toy_release(p.t);
}

Test(cse, what_reads_the_same_becomes_the_same_in_turn)
{
  toy *t = toy_new(0);
  const uint32_t x = toy_input(t, "x", -1, NULL);
  uint32_t a = x, b = x;
  for (int i = 0; i < 20; i++) {
    const uint32_t next[] = {toy_value(t, "a"), toy_value(t, "b")};
    toy_node(t, "Square", IN(a), IN(next[0]));
    toy_node(t, "Square", IN(b), IN(next[1]));
    a = next[0];
    b = next[1];
  }
  const uint32_t y = toy_value(t, "y");
  toy_node(t, "Add", IN(a, b), IN(y));
  toy_output(t, y);
  cr_assert_eq(share(t)->n_nodes, 21);
  toy_release(t);
}

Test(cse, of_two_outputs_each_keeps_its_node)
{
  pair p = begin();
  toy_node(p.t, "Square", IN(p.x), IN(p.a));
  toy_node(p.t, "Square", IN(p.x), IN(p.b));
  toy_output(p.t, p.a);
  toy_output(p.t, p.b);
  const onx_graph *g = share(p.t);
  cr_assert(g->n_nodes == 2 && g->nodes[0].out[0] == p.a && g->nodes[1].out[0] == p.b);
  toy_release(p.t);
}

Test(cse, an_output_keeps_its_name_when_another_node_makes_it)
{
  pair p = begin();
  const uint32_t y = toy_value(p.t, "y");
  toy_node(p.t, "Square", IN(p.x), IN(p.a));
  toy_node(p.t, "Square", IN(p.a), IN(y));
  toy_node(p.t, "Square", IN(p.x), IN(p.b));
  toy_output(p.t, p.b);
  toy_output(p.t, y);
  const onx_graph *g = share(p.t);
  cr_assert_eq(g->n_nodes, 2);
  cr_assert(g->outputs[0] == p.b && g->nodes[0].out[0] == p.b && g->values[p.b].producer == 0);
  cr_assert_eq(g->nodes[1].in[0], p.b);
  toy_release(p.t);
}

Test(cse, a_node_with_another_number_of_outputs_is_another)
{
  pair p = begin();
  toy_node(p.t, "Square", IN(p.x), IN(p.a));
  toy_node(p.t, "Square", IN(p.x), IN(p.b, ONX_NONE));
  cr_assert_not(is_one(&p));
}

Test(cse, no_memory_is_reported)
{
  toy *t = toy_new(0);
  t->heap.max_bytes = t->heap.bytes;
  cr_assert_eq(onx_pass_cse(&t->m, NULL), ONNXRUN_LIMIT);
  toy_release(t);
}
