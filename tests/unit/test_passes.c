/* test_passes.c: the table of passes: leaving some out gives the same results; time is linear. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "runtime/model.h"
#include "runtime/session.h"
#include "tests/support/bytes.h"
#include "tests/support/toy.h"

#define IN TOY_IN

static onnxrun_model *load(const bytes *file, const char *without)
{
  onnxrun_options o = ONNXRUN_OPTIONS_INIT;
  onnxrun_error error = {0};
  onnxrun_model *m = NULL;
  o.without_passes = without;
  cr_assert_eq(onnxrun_model_load(file->data, file->size, &o, &m, &error), ONNXRUN_OK, "%s",
               error.text);
  return m;
}

/* ---- names ---- */

static void refuse(const char *without, const char *text)
{
  uint32_t set;
  onnxrun_error error = {0};
  cr_assert_eq(onx_passes_without(without, &set, &error), ONNXRUN_INVALID_ARGUMENT, "%s", without);
  cr_assert(strstr(error.text, text), "%s", error.text);
}

Test(passes, an_unknown_name_is_refused_with_those_that_there_are)
{
  refuse("nonsense",
         "'nonsense' is not a pass that can be left out: dead, fold, identity, cse, batchnorm,");
  refuse("cse,nonsense", "'nonsense'");
  refuse("cs", "'cs'");
  refuse("cse,,fold", "''");
  refuse(",", "''");
}

Test(passes, a_pass_that_is_needed_cannot_be_left_out)
{
  refuse("sort", "'sort'");
  refuse("inline", "'inline'");
}

Test(passes, a_name_stands_for_all_its_places)
{
  uint32_t set, none;
  cr_assert_eq(onx_passes_without("fold,dead", &set, NULL), ONNXRUN_OK);
  for (size_t i = 0; onx_passes[i].name; i++) {
    const bool is_left_out =
        strcmp(onx_passes[i].name, "fold") == 0 || strcmp(onx_passes[i].name, "dead") == 0;
    cr_assert_eq(set >> i & 1, is_left_out, "%s", onx_passes[i].name);
  }
  cr_assert(onx_passes_without(NULL, &none, NULL) == ONNXRUN_OK && none == 0);
  cr_assert(onx_passes_without("", &none, NULL) == ONNXRUN_OK && none == 0);
}

Test(passes, a_model_is_not_made_with_a_wrong_name)
{
  bytes g = graph_xy();
  put_message(&g, GRAPH_NODE, node("Relu", "x", "y"));
  bytes file = model_of(g);
  onnxrun_options o = ONNXRUN_OPTIONS_INIT;
  onnxrun_error error = {0};
  onnxrun_model *m = NULL;
  o.without_passes = "inline";
  cr_assert_eq(onnxrun_model_load(file.data, file.size, &o, &m, &error), ONNXRUN_INVALID_ARGUMENT);
  cr_assert(!m && strstr(error.text, "without_passes"), "%s", error.text);
  bytes_release(&file);
}

/* ---- the same results ---- */

static uint64_t numbers = 1;

static uint32_t below(uint32_t n)
{
  numbers = numbers * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (uint32_t)(numbers >> 33) % n;
}

static bytes int_attr(const char *name, uint64_t i)
{
  bytes a = attr(name, ONNXRUN_ATTR_INT);
  put_number(&a, 3, i);
  return a;
}

/* A node of floats that reads values among v0 .. v(n - 1) and makes vn, or `y`. */
static bytes random_node(uint32_t n, const char *out)
{
  static const char *const ops[] = {"Relu", "Neg",     "Identity", "Cast", "Abs", "Add",      "Mul",
                                    "Sub",  "Reshape", "Concat",   "Tanh", "Max", "Transpose"};
  const char *op = ops[below(sizeof ops / sizeof *ops)];
  const char two[] = "Add Mul Sub";
  char in[40];
  if (strstr(two, op))
    snprintf(in, sizeof in, "v%u v%u", below(n), below(n));
  else if (strcmp(op, "Reshape") == 0)
    snprintf(in, sizeof in, "v%u %s", below(n), below(2) ? "all" : "dims");
  else
    snprintf(in, sizeof in, "v%u", below(n));
  bytes made = node(op, in, out);
  if (strcmp(op, "Cast") == 0)
    put_message(&made, NODE_ATTR, int_attr("to", ONNXRUN_FLOAT));
  if (strcmp(op, "Concat") == 0)
    put_message(&made, NODE_ATTR, int_attr("axis", 0));
  return made;
}

enum { INNER = 60, OUTPUTS = 4, INPUTS = 5 };

/* v0 is the input, [4]; v1 .. v4 constants, two of them alike. Some of the values are outputs. */
static bytes random_model(bool is_fixed)
{
  static const float c[] = {1, -2, 0.5f, 3, -0.0f, 7};
  static const int64_t four[] = {4}, open[] = {-1}, all[] = {-1};
  char name[16];
  bytes g = {0};
  put_text(&g, 2, "g");
  put_message(&g, GRAPH_INPUT, value_info("v0", ONNXRUN_FLOAT, 1, is_fixed ? four : open));
  for (int i = 1; i < INPUTS; i++) {
    snprintf(name, sizeof name, "v%d", i);
    put_message(&g, GRAPH_INITIALIZER,
                raw_tensor(name, ONNXRUN_FLOAT, 1, four, c + (i > 2 ? i - 2 : 0), 16));
  }
  put_message(&g, GRAPH_INITIALIZER, raw_tensor("all", ONNXRUN_INT64, 1, (int64_t[]){1}, all, 8));
  put_message(&g, GRAPH_INITIALIZER, raw_tensor("dims", ONNXRUN_INT64, 1, (int64_t[]){1}, four, 8));
  for (uint32_t n = INPUTS; n < INPUTS + INNER; n++) {
    snprintf(name, sizeof name, "v%u", n);
    put_message(&g, GRAPH_NODE, random_node(n, name));
  }
  for (int o = 0; o < OUTPUTS; o++) {
    snprintf(name, sizeof name, "v%u", INPUTS + INNER - 1 - 7 * (uint32_t)o);
    put_message(&g, GRAPH_OUTPUT, value_info(name, ONNXRUN_FLOAT, -1, NULL));
  }
  return model_of(g);
}

/* Runs on four floats; the outputs' bytes and names. */
static void run(const bytes *file, const char *without, float y[OUTPUTS][4], size_t *n_nodes)
{
  onnxrun_model *m = load(file, without);
  onnxrun_session *s = NULL;
  onnxrun_error error = {0};
  float x[] = {-1.5f, 0, 2, 0.25f};
  const onnxrun_tensor in = {ONNXRUN_FLOAT, 1, {4}, x, sizeof x};
  onnxrun_tensor out[OUTPUTS] = {{0}};
  cr_assert_eq(onnxrun_session_create(m, NULL, &s, &error), ONNXRUN_OK, "%s", error.text);
  cr_assert_eq(onnxrun_session_run(s, &in, 1, out, OUTPUTS, &error), ONNXRUN_OK, "%s: %s",
               without ? without : "none", error.text);
  for (int o = 0; o < OUTPUTS; o++) {
    onnxrun_info info = {.size = sizeof info};
    char name[16];
    snprintf(name, sizeof name, "v%d", INPUTS + INNER - 1 - 7 * o);
    cr_assert_eq(onnxrun_model_output(m, (size_t)o, &info, NULL), ONNXRUN_OK);
    cr_assert_str_eq(info.name, name);
    cr_assert(out[o].rank == 1 && out[o].dims[0] == 4);
    memcpy(y[o], out[o].data, sizeof y[o]);
  }
  *n_nodes = onx_model_module(m)->main->n_nodes;
  onnxrun_session_release(s);
  onnxrun_model_release(m);
}

Test(passes, results_are_the_same_without_each_and_without_all)
{
  static const char *const without[] = {
      "dead", "fold",      "identity",  "cse",
      "fuse", "epilogues", "batchnorm", "dead,fold,identity,cse,batchnorm,fuse,epilogues"};
  size_t least = 0, most = 0;
  for (int i = 0; i < 100; i++) {
    float y[OUTPUTS][4], z[OUTPUTS][4];
    size_t n, all;
    bytes file = random_model(i % 2 == 0);
    run(&file, NULL, y, &n);
    for (size_t p = 0; p < sizeof without / sizeof *without; p++) {
      run(&file, without[p], z, &all);
      cr_assert_arr_eq((char *)y, (char *)z, sizeof y, "model %d without %s", i, without[p]);
    }
    cr_assert_eq(all, INNER);
    least += n;
    most += all;
    bytes_release(&file);
  }
  cr_assert_lt(2 * least, most, "%zu of %zu nodes are left", least, most);
}

/* ---- random nodes ---- */

static int draws;

/* The same bits each time would hide that it was called once. */
static void draw_loop(const onnxrun_job *job, size_t begin, size_t end)
{
  const float *x = job->in[0];
  float *y = job->out[0];
  for (size_t i = begin; i < end; i++)
    y[i] = x[i * job->step[0]] + (float)++draws;
}

Test(passes, random_nodes_are_run_by_every_run_and_stay_apart)
{
  static const onnxrun_operand x_in[] = {{"X", ONNXRUN_TYPE(FLOAT), 'T', 0}, {0}};
  static const onnxrun_operand y_out[] = {{"Y", ONNXRUN_TYPE(FLOAT), 'T', 0}, {0}};
  static const onnxrun_loop loops[] = {{ONNXRUN_FLOAT, draw_loop}, {0}};
  const onnxrun_kernel draw = {.size = sizeof draw,
                               .domain = "toy",
                               .op = "Draw",
                               .since = 1,
                               .flags = ONNXRUN_MAP | ONNXRUN_RANDOM,
                               .inputs = x_in,
                               .outputs = y_out,
                               .loops = loops};
  toy *t = toy_new(0);
  onnxrun_error error = {0};
  onnxrun_session *s = NULL;
  cr_assert_eq(onnxrun_registry_add(t->registry, &draw, &error), ONNXRUN_OK, "%s", error.text);
  const uint32_t zero = toy_constant(t, 1, (float[]){0}), a = toy_value(t, "a");
  const uint32_t b = toy_value(t, "b"), c = toy_value(t, "c");
  toy_node(t, "Draw", IN(zero), IN(a));
  toy_node(t, "Draw", IN(zero), IN(b));
  toy_node(t, "Add", IN(a, b), IN(c));
  toy_output(t, a);
  toy_output(t, b);
  toy_output(t, c);
  cr_assert_eq(toy_build(t, &error), ONNXRUN_OK, "%s", error.text);
  cr_assert_eq(onx_passes_run(&t->m, true, 0, &error), ONNXRUN_OK, "%s", error.text);
  cr_assert(t->m.main->n_nodes == 3 && draws == 0);
  cr_assert_eq(onx_session_create(&t->m, NULL, &s, &error), ONNXRUN_OK, "%s", error.text);
  for (int i = 0; i < 3; i++) {
    onnxrun_tensor out[3] = {{0}};
    cr_assert_eq(onnxrun_session_run(s, NULL, 0, out, 3, &error), ONNXRUN_OK, "%s", error.text);
    const float *y[] = {out[0].data, out[1].data, out[2].data};
    cr_assert(*y[0] != *y[1] && *y[2] == *y[0] + *y[1]);
    cr_assert_eq(draws, 2 * i + 2);
  }
  onnxrun_session_release(s);
  toy_release(t);
}

/* ---- time ---- */

/* n nodes: chains, the same nodes again and again, Identity, constants, and some dead ones. */
static bytes long_model(uint32_t n)
{
  char in[40], out[16];
  bytes g = {0};
  put_text(&g, 2, "g");
  put_message(&g, GRAPH_INPUT, value_info("v0", ONNXRUN_FLOAT, 1, (int64_t[]){4}));
  put_message(&g, GRAPH_INITIALIZER,
              raw_tensor("v1", ONNXRUN_FLOAT, 1, (int64_t[]){1}, (float[]){1}, 4));
  for (uint32_t i = 2; i < n; i++) {
    static const char *const ops[] = {"Relu", "Identity", "Add", "Relu", "Add"};
    snprintf(in, sizeof in, i % 5 == 2 || i % 5 == 4 ? "v%u v1" : "v%u",
             i % 7 == 0 ? i % 14 / 7 : i - 1);
    snprintf(out, sizeof out, "v%u", i);
    put_message(&g, GRAPH_NODE, node(ops[i % 5], in, out));
    if (i % 70 == 1 || i + 1 == n)
      put_message(&g, GRAPH_OUTPUT, value_info(out, ONNXRUN_FLOAT, -1, NULL));
  }
  return model_of(g);
}

static double load_seconds(uint32_t n)
{
  bytes file = long_model(n);
  double least = 0;
  for (int i = 0; i < 5; i++) {
    struct timespec t[2];
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t[0]);
    onnxrun_model_release(load(&file, NULL));
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t[1]);
    const double s =
        (double)(t[1].tv_sec - t[0].tv_sec) + 1e-9 * (double)(t[1].tv_nsec - t[0].tv_nsec);
    least = i == 0 || s < least ? s : least;
  }
  bytes_release(&file);
  return least;
}

/* Ten times the nodes: some ten times the time, where a quadratic pass takes a hundred times. */
Test(passes, opening_takes_time_linear_in_the_nodes)
{
  const double some = load_seconds(10000), many = load_seconds(100000);
  cr_assert_lt(many, 25 * some, "%.1f ms and %.1f ms", 1e3 * some, 1e3 * many);
}
