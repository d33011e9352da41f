/* test_batchnorm.c: normalisation taken into weights: what is computed, and what is left alone. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "runtime/session.h"
#include "tests/support/toy.h"

#define IN TOY_IN

enum { FEATURES = 4, ROWS = 3, TERMS = 6 };

typedef struct layer {
  toy *t;
  onx_node *product, *norm;
  uint32_t x, product_out, y;
  float w[FEATURES * TERMS], b[FEATURES], stats[4][FEATURES];
} layer;

static uint64_t numbers = 7;

static float some(float least, float most)
{
  numbers = numbers * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return least + (most - least) * (float)(numbers >> 40) / 16777216.0f;
}

static void fill(float *to, size_t n, float least, float most)
{
  for (size_t i = 0; i < n; i++)
    to[i] = some(least, most);
}

static void shape(toy *t, uint32_t v, uint32_t rank, const int64_t *dims)
{
  onnxrun_tensor *c = (onnxrun_tensor *)(uintptr_t)t->g->values[v].constant;
  c->rank = rank;
  memcpy(c->dims, dims, rank * sizeof *dims);
}

static onx_node *last(toy *t, int32_t opset)
{
  onx_node *n = &t->g->nodes[t->g->n_nodes - 1];
  n->domain = onx_text("");
  n->opset = opset;
  return n;
}

static void put_attr(toy *t, const char *name, onnxrun_attr_type type, double number)
{
  onx_attr a = {.name = onx_text(name), .type = type};
  if (type == ONNXRUN_ATTR_INT)
    a.v.i = (int64_t)number;
  else
    a.v.f = (float)number;
  toy_attr(t, a);
}

/* A product of x with weights of these dims, and its normalisation. */
static layer begin(const char *op, uint32_t rank, const int64_t *dims, bool has_bias)
{
  layer l = {.t = toy_new(0)};
  toy *t = l.t;
  fill(l.w, FEATURES * TERMS, -1, 1);
  fill(l.b, FEATURES, -1, 1);
  for (int i = 0; i < 4; i++)
    fill(l.stats[i], FEATURES, i == 3 ? 0.1f : -1, 2);
  l.x = toy_input(t, "x", -1, NULL);
  const uint32_t w = toy_constant(t, FEATURES * TERMS, l.w), b = toy_constant(t, FEATURES, l.b);
  shape(t, w, rank, dims);
  uint32_t s[4];
  for (int i = 0; i < 4; i++)
    s[i] = toy_constant(t, FEATURES, l.stats[i]);
  l.product_out = toy_value(t, "p");
  l.y = toy_value(t, "y");
  toy_node(t, op, has_bias ? 3 : 2, (uint32_t[]){l.x, w, b}, IN(l.product_out));
  last(t, 13);
  toy_node(t, "BatchNormalization", IN(l.product_out, s[0], s[1], s[2], s[3]), IN(l.y));
  last(t, 15);
  put_attr(t, "epsilon", ONNXRUN_ATTR_FLOAT, 0.25);
  toy_output(t, l.y);
  return l;
}

/* The nodes that are left. */
static size_t take(layer *l)
{
  onnxrun_error error = {0};
  cr_assert_eq(toy_build(l->t, &error), ONNXRUN_OK, "%s", error.text);
  cr_assert_eq(onx_pass_batchnorm(&l->t->m, &error), ONNXRUN_OK, "%s", error.text);
  cr_assert_eq(toy_settle(l->t, &error), ONNXRUN_OK, "%s", error.text);
  return l->t->m.main->n_nodes;
}

/* The sum of w x in double, normalised; *size: of its terms. */
static double expected(const layer *l, size_t f, const double wx[TERMS], double bias, double *size)
{
  const double a = (double)l->stats[0][f] / sqrt((double)l->stats[3][f] + 0.25);
  double sum = bias - (double)l->stats[2][f];
  *size = fabs(bias) + fabs((double)l->stats[2][f]);
  for (size_t i = 0; i < TERMS; i++) {
    sum += wx[i];
    *size += fabs(wx[i]);
  }
  *size = *size * fabs(a) + fabs((double)l->stats[1][f]);
  return sum * a + (double)l->stats[1][f];
}

static const float *run(layer *l, uint32_t rank, const int64_t *dims, float *x, size_t n)
{
  onnxrun_session *s = NULL;
  onnxrun_error error = {0};
  static float y[256];
  cr_assert_eq(onx_session_create(&l->t->m, NULL, &s, &error), ONNXRUN_OK, "%s", error.text);
  onnxrun_tensor in = {ONNXRUN_FLOAT, rank, {0}, x, n * sizeof *x}, out = {0};
  memcpy(in.dims, dims, rank * sizeof *dims);
  cr_assert_eq(onnxrun_session_run(s, &in, 1, &out, 1, &error), ONNXRUN_OK, "%s", error.text);
  cr_assert(out.bytes <= sizeof y);
  memcpy(y, out.data, out.bytes);
  onnxrun_session_release(s);
  return y;
}

/* Weights and bias rounded once, and a sum of n terms: (n + 3) halves of an ulp of their sizes. */
static void near(double found, double wanted, double size, size_t n)
{
  cr_assert_leq(fabs(found - wanted), ((double)n + 3) * 0x1p-24 * size, "%g, expected %g", found,
                wanted);
}

static void gemm(bool is_turned, bool has_bias, double alpha, double beta)
{
  const int64_t turned[] = {FEATURES, TERMS}, plain[] = {TERMS, FEATURES}, dims[] = {ROWS, TERMS};
  layer l = begin("Gemm", 2, is_turned ? turned : plain, has_bias);
  onx_node *node = &l.t->g->nodes[0];
  onx_attr attrs[] = {{.name = onx_text("transB"), .type = ONNXRUN_ATTR_INT, .v.i = is_turned},
                      {.name = onx_text("alpha"), .type = ONNXRUN_ATTR_FLOAT, .v.f = (float)alpha},
                      {.name = onx_text("beta"), .type = ONNXRUN_ATTR_FLOAT, .v.f = (float)beta}};
  node->attrs = attrs;
  node->n_attrs = 3;
  cr_assert_eq(take(&l), 1);
  float x[ROWS * TERMS];
  fill(x, ROWS * TERMS, -2, 2);
  const float *y = run(&l, 2, dims, x, ROWS * TERMS);
  for (size_t i = 0; i < ROWS * FEATURES; i++) {
    const size_t row = i / FEATURES, f = i % FEATURES;
    double wx[TERMS], size;
    for (size_t k = 0; k < TERMS; k++)
      wx[k] = alpha * (double)l.w[is_turned ? f * TERMS + k : k * FEATURES + f] *
              (double)x[row * TERMS + k];
    const double wanted = expected(&l, f, wx, has_bias ? beta * (double)l.b[f] : 0, &size);
    near((double)y[i], wanted, size, TERMS);
  }
  toy_release(l.t);
}

Test(batchnorm, a_gemm_takes_it)
{
  for (int i = 0; i < 4; i++)
    gemm(i & 1, i & 2, i == 3 ? 0.5 : 1, i == 3 ? 2 : 1);
}

static void conv(int64_t group, bool has_bias)
{
  const int64_t dims[] = {FEATURES, 2, 3}, shape_x[] = {1, 2 * group, 8};
  layer l = begin("Conv", 3, dims, has_bias);
  l.t->g->n_nodes--; /* the attribute belongs to the node before */
  put_attr(l.t, "group", ONNXRUN_ATTR_INT, (double)group);
  l.t->g->n_nodes++;
  cr_assert_eq(take(&l), 1);
  float x[4 * 8];
  const size_t n = (size_t)(2 * group * 8);
  fill(x, n, -2, 2);
  const float *y = run(&l, 3, shape_x, x, n);
  for (size_t i = 0; i < FEATURES * 6; i++) {
    const size_t f = i / 6, at = i % 6, first = f / (FEATURES / (size_t)group) * 2;
    double wx[TERMS], size;
    for (size_t k = 0; k < TERMS; k++)
      wx[k] = (double)l.w[f * TERMS + k] * (double)x[(first + k / 3) * 8 + at + k % 3];
    const double wanted = expected(&l, f, wx, has_bias ? (double)l.b[f] : 0, &size);
    near((double)y[i], wanted, size, TERMS);
  }
  toy_release(l.t);
}

Test(batchnorm, a_conv_takes_it_with_and_without_groups_and_bias)
{
  conv(1, false);
  conv(1, true);
  conv(2, true);
}

static const int64_t conv_dims[] = {FEATURES, 2, 3};

Test(batchnorm, constants_that_others_read_are_not_changed)
{
  layer l = begin("Conv", 3, conv_dims, false);
  const onx_graph *g = l.t->m.main;
  const uint32_t w = g->nodes[0].in[1];
  cr_assert_eq(take(&l), 1);
  cr_assert_neq(g->nodes[0].in[1], w);
  cr_assert_eq(memcmp(g->values[w].constant->data, l.w, sizeof l.w), 0);
  cr_assert(g->nodes[0].out[0] == l.y && g->values[l.y].producer == 0);
  cr_assert_eq(g->values[l.product_out].producer, ONX_NONE);
  toy_release(l.t);
}

Test(batchnorm, a_product_with_another_reader_stays)
{
  for (int i = 0; i < 2; i++) {
    layer l = begin("Conv", 3, conv_dims, false);
    const uint32_t z = toy_value(l.t, "z");
    if (i == 0)
      toy_node(l.t, "Square", IN(l.product_out), IN(z));
    toy_output(l.t, i == 0 ? z : l.product_out);
    cr_assert_eq(take(&l), i == 0 ? 3 : 2);
    toy_release(l.t);
  }
}

Test(batchnorm, statistics_that_are_not_constant_stay)
{
  layer l = begin("Conv", 3, conv_dims, false);
  l.t->g->nodes[1].in[3] = toy_input(l.t, "mean", -1, NULL);
  cr_assert_eq(take(&l), 2);
  toy_release(l.t);
}

Test(batchnorm, in_training_it_stays)
{
  layer l = begin("Conv", 3, conv_dims, false);
  put_attr(l.t, "training_mode", ONNXRUN_ATTR_INT, 1);
  cr_assert_eq(take(&l), 2);
  toy_release(l.t);
}

Test(batchnorm, a_factor_that_is_infinite_stays)
{
  layer l = begin("Conv", 3, conv_dims, false);
  const onx_graph *g = l.t->m.main;
  ((float *)g->values[g->nodes[1].in[4]].constant->data)[1] = -0.25f; /* plus epsilon: 0 */
  cr_assert_eq(take(&l), 2);
  toy_release(l.t);
}

Test(batchnorm, no_memory_is_reported)
{
  layer l = begin("Conv", 3, conv_dims, false);
  cr_assert_eq(toy_build(l.t, NULL), ONNXRUN_OK);
  l.t->heap.max_bytes = l.t->heap.bytes;
  cr_assert_eq(onx_pass_batchnorm(&l.t->m, NULL), ONNXRUN_LIMIT);
  toy_release(l.t);
}
