/* test_epilogue.c: maps that run on the parts of another kernel's output give the bits that they
 * give alone, for every kernel that says its parts. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/chain.h"
#include "runtime/plan.h"
#include "runtime/session.h"
#include "tests/support/toy.h"

enum { RANK = 4, OPERANDS = 5 };

/* A head on X and constants, with the dims of each, ended by rank 0. */
typedef struct head {
  const char *op;
  struct {
    uint32_t rank;
    int64_t dims[RANK];
  } in[OPERANDS];
  onx_attr attrs[3]; /* ended by type 0 */
} head;

static const int64_t k1[] = {1, 1}, k2[] = {2, 2}, k3[] = {3, 3}, p1[] = {1, 1, 1, 1};
static const int64_t a1[] = {1}, a2[] = {2}, a02[] = {0, 2};

#define INTS(text, list)                                                                           \
  {                                                                                                \
    .name = {(text), sizeof(text) - 1}, .type = ONNXRUN_ATTR_INTS, .v = {                          \
      .ints = {list, sizeof(list) / sizeof *(list)}                                                \
    }                                                                                              \
  }
#define INT(text, value)                                                                           \
  {                                                                                                \
    .name = {(text), sizeof(text) - 1}, .type = ONNXRUN_ATTR_INT, .v = {.i = (value) }             \
  }

#define NONE                                                                                       \
  {                                                                                                \
    .type = 0                                                                                      \
  }

static const head heads[] = {
    {"Conv", {{4, {1, 3, 9, 11}}, {4, {5, 3, 3, 3}}}, {INTS("pads", p1)}},
    {"Conv", {{4, {2, 8, 40, 40}}, {4, {20, 8, 3, 3}}, {1, {20}}}, {INTS("pads", p1)}},
    {"Conv", {{4, {2, 16, 56, 56}}, {4, {64, 16, 1, 1}}}, {INTS("strides", k1)}},
    {"Conv", {{4, {1, 4, 3, 600}}, {4, {8, 4, 3, 3}}}, {INTS("pads", p1)}},
    {"Conv", {{4, {1, 12, 30, 30}}, {4, {12, 1, 3, 3}}}, {INT("group", 12)}},
    {"Conv", {{3, {2, 3, 700}}, {3, {6, 3, 5}}}, {NONE}},
    {"MatMul", {{2, {70, 33}}, {2, {33, 500}}}, {NONE}},
    {"MatMul", {{3, {5, 7, 20}}, {2, {20, 64}}}, {NONE}},
    {"MatMul", {{2, {300, 300}}, {2, {300, 1}}}, {NONE}},
    {"Gemm", {{2, {65, 40}}, {2, {40, 130}}, {1, {130}}}, {NONE}},
    {"MaxPool", {{4, {2, 7, 21, 23}}}, {INTS("kernel_shape", k3), INTS("strides", k2)}},
    {"AveragePool", {{4, {2, 7, 21, 23}}}, {INTS("kernel_shape", k2)}},
    {"GlobalAveragePool", {{4, {2, 70, 5, 5}}}, {NONE}},
    {"ReduceMean", {{2, {3000, 40}}}, {INTS("axes", a1)}},
    {"ReduceMean", {{3, {900, 5, 7}}}, {INTS("axes", a2)}},
    {"ReduceL2", {{3, {20, 33, 700}}}, {INTS("axes", a1)}},
    {"ReduceMax", {{3, {500, 50, 3}}}, {INTS("axes", a1)}},
    {"ReduceLogSumExp", {{4, {3, 4, 50, 60}}}, {INTS("axes", a02)}},
    {"Softmax", {{2, {300, 10}}}, {NONE}},
    {"Softmax", {{2, {30, 1000}}}, {NONE}},
    {"Softmax", {{3, {3, 50, 77}}}, {INT("axis", 1)}},
    {"BatchNormalization", {{4, {2, 6, 50, 50}}, {1, {6}}, {1, {6}}, {1, {6}}, {1, {6}}}, {NONE}},
    {"BatchNormalization",
     {{2, {90, 3000}}, {1, {3000}}, {1, {3000}}, {1, {3000}}, {1, {3000}}},
     {NONE}},
};

static float *numbers(size_t n, uint32_t seed)
{
  float *data = malloc(n * sizeof *data);
  cr_assert_not_null(data);
  for (size_t i = 0; i < n; i++) {
    seed = seed * 1664525u + 1013904223u;
    data[i] = (float)(seed >> 9) / 8388608.0f - 0.4f;
  }
  return data;
}

static void standard_node(toy *t, const char *op, uint32_t n_in, const uint32_t *in, uint32_t out)
{
  toy_node(t, op, n_in, in, 1, &out);
  onx_node *node = &t->g->nodes[t->g->n_nodes - 1];
  node->domain = (onnxrun_string){"", 0};
  node->opset = 17;
}

/* Y = Relu(head) + Z, shown with the head too where `shows_head`. */
static toy *model_of(const head *h, bool shows_head)
{
  toy *t = toy_new(0);
  static const int64_t any[RANK] = {-1, -1, -1, -1};
  uint32_t in[OPERANDS], n_in = 0;
  for (; n_in < OPERANDS && h->in[n_in].rank > 0; n_in++) {
    in[n_in] = toy_input(t, "x", (int32_t)h->in[n_in].rank, h->in[n_in].dims);
  }
  const uint32_t y = toy_value(t, "y"), r = toy_value(t, "r"), s = toy_value(t, "s");
  standard_node(t, h->op, n_in, in, y);
  for (size_t i = 0; i < 3 && h->attrs[i].type; i++)
    toy_attr(t, h->attrs[i]);
  const uint32_t z = toy_input(t, "z", (int32_t)h->in[0].rank, any);
  standard_node(t, "Relu", 1, &y, r);
  standard_node(t, "Add", 2, (uint32_t[]){r, z}, s);
  toy_output(t, s);
  if (shows_head)
    toy_output(t, y);
  onnxrun_error error = {0};
  cr_assert_eq(toy_build(t, &error), ONNXRUN_OK, "%s: %s", h->op, error.text);
  cr_assert_eq(toy_settle(t, &error), ONNXRUN_OK, "%s: %s", h->op, error.text);
  return t;
}

static onnxrun_tensor tensor(uint32_t rank, const int64_t *dims, uint32_t seed)
{
  onnxrun_tensor t = {.dtype = ONNXRUN_FLOAT, .rank = rank};
  memcpy(t.dims, dims, rank * sizeof *dims);
  t.bytes = onnxrun_elements(&t) * sizeof(float);
  t.data = numbers(onnxrun_elements(&t), seed);
  return t;
}

static void run(toy *t, int threads, const onnxrun_tensor *in, onnxrun_tensor *out)
{
  onnxrun_session *s = NULL;
  onnxrun_options o = ONNXRUN_OPTIONS_INIT;
  onnxrun_error error = {0};
  o.threads = threads;
  cr_assert_eq(onx_session_create(&t->m, &o, &s, &error), ONNXRUN_OK, "%s", error.text);
  onnxrun_tensor lent[2] = {{0}};
  cr_assert_eq(onnxrun_session_run(s, in, t->m.main->n_inputs, lent, t->m.main->n_outputs, &error),
               ONNXRUN_OK, "%s", error.text);
  for (size_t i = 0; i < t->m.main->n_outputs; i++) {
    out[i] = lent[i];
    out[i].data = memcpy(malloc(lent[i].bytes), lent[i].data, lent[i].bytes);
  }
  onnxrun_session_release(s);
}

/* The head's dims, so that Z may have them. */
static onnxrun_tensor shape_of(const head *h, const onnxrun_tensor *in)
{
  toy *t = model_of(h, true);
  onnxrun_tensor given[OPERANDS + 1], out[2];
  memcpy(given, in, sizeof given);
  given[t->m.main->n_inputs - 1] = tensor(1, (int64_t[]){1}, 5);
  given[t->m.main->n_inputs - 1].rank = h->in[0].rank;
  for (uint32_t d = 0; d < h->in[0].rank; d++)
    given[t->m.main->n_inputs - 1].dims[d] = 1;
  run(t, 1, given, out);
  free(out[0].data);
  free(out[1].data);
  free(given[t->m.main->n_inputs - 1].data);
  toy_release(t);
  return out[1];
}

static bool is_one_chain(toy *t, const onnxrun_tensor *in)
{
  onx_plan *p = NULL;
  onnxrun_error error = {0};
  cr_assert_eq(onx_plan_create(&t->heap, &t->m, in, t->m.main->n_inputs, &p, &error), ONNXRUN_OK,
               "%s", error.text);
  const bool is_one = p->n_steps == 1 && p->steps[0].chain && p->steps[0].chain->has_head;
  onx_plan_release(p);
  return is_one;
}

static void check(const head *h, bool shows_head)
{
  onnxrun_tensor in[OPERANDS + 1] = {{0}};
  size_t n_in = 0;
  for (; n_in < OPERANDS && h->in[n_in].rank > 0; n_in++) {
    in[n_in] = tensor(h->in[n_in].rank, h->in[n_in].dims, (uint32_t)n_in);
    for (size_t i = 0; n_in == 4 && i < onnxrun_elements(&in[n_in]); i++)
      ((float *)in[n_in].data)[i] += 1; /* a variance */
  }
  const onnxrun_tensor y = shape_of(h, in);
  in[n_in] = tensor(y.rank, y.dims, 77);
  toy *t = model_of(h, shows_head);
  onnxrun_tensor apart[2], joined[2];
  run(t, 1, in, apart);
  t->m.fuses = t->m.has_epilogues = true;
  cr_assert(is_one_chain(t, in), "%s", h->op);
  for (int threads = 1; threads <= 2; threads++) {
    run(t, threads, in, joined);
    for (size_t i = 0; i < t->m.main->n_outputs; i++) {
      cr_assert_eq(memcmp(joined[i].data, apart[i].data, apart[i].bytes), 0, "%s, output %zu",
                   h->op, i);
      free(joined[i].data);
    }
  }
  for (size_t i = 0; i < t->m.main->n_outputs; i++)
    free(apart[i].data);
  for (size_t i = 0; i <= n_in; i++)
    free(in[i].data);
  toy_release(t);
}

Test(epilogue, gives_the_same_bits)
{
  for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
    check(&heads[i], false);
}

Test(epilogue, leaves_the_head_to_others)
{
  for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
    check(&heads[i], true);
}
