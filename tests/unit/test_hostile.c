/* test_hostile.c: bytes that mean harm, or nothing. Each must end in a status: Criterion runs a
 * test in a process of its own and reports a signal as a crash. */
#include <criterion/criterion.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/support/bytes.h"

#define MAX_BYTES ((size_t)256 << 20)

static onnxrun_options small_options(void)
{
  onnxrun_options o = ONNXRUN_OPTIONS_INIT;
  o.max_bytes = MAX_BYTES;
  o.threads = 1;
  return o;
}

/* Of this process, so that a busy machine makes no difference. */
static double seconds(void)
{
  return (double)clock() / CLOCKS_PER_SEC;
}

/* An input of zeros as the model declares it, free dims as 1. false: too large to try. */
static bool make_input(const onnxrun_info *info, onnxrun_tensor *t)
{
  static uint64_t zeros[1 << 15];
  size_t n = 1;
  *t = info->spec;
  for (uint32_t d = 0; d < t->rank; d++) {
    t->dims[d] = t->dims[d] < 0 ? 1 : t->dims[d];
    if (t->dims[d] > 1 << 15)
      return false;
    n *= (size_t)t->dims[d];
    if (n > 1 << 15)
      return false;
  }
  t->data = zeros;
  t->bytes = (n * onnxrun_dtype_bits(t->dtype) + 7) / 8;
  return t->dtype < ONNXRUN_STRING && t->bytes <= sizeof zeros;
}

static onnxrun_status try_run(const onnxrun_model *m, const onnxrun_options *o)
{
  enum { MOST = 8 };
  onnxrun_tensor in[MOST], out[MOST] = {0};
  const size_t n_in = onnxrun_model_inputs(m), n_out = onnxrun_model_outputs(m);
  if (n_in > MOST || n_out > MOST)
    return ONNXRUN_LIMIT;
  for (size_t i = 0; i < n_in; i++) {
    onnxrun_info info = {.size = sizeof info};
    cr_assert_eq(onnxrun_model_input(m, i, &info, NULL), ONNXRUN_OK);
    if (!make_input(&info, &in[i]))
      return ONNXRUN_LIMIT;
  }
  onnxrun_session *s = NULL;
  onnxrun_error error = {0};
  onnxrun_status status = onnxrun_session_create(m, o, &s, &error);
  if (status == ONNXRUN_OK)
    status = onnxrun_session_run(s, in, n_in, out, n_out, &error);
  cr_assert(status == ONNXRUN_OK || error.text[0], "status %d says nothing", (int)status);
  onnxrun_session_release(s);
  return status;
}

/* Loads, and runs what loads, from a block of exactly that size, so that a sanitizer sees a byte
 * too many. The status of the load, or of the run. */
static onnxrun_status try_model(const uint8_t *data, size_t size, bool runs)
{
  const onnxrun_options o = small_options();
  onnxrun_error error = {0};
  onnxrun_model *m = NULL;
  uint8_t *exact = malloc(size ? size : 1);
  cr_assert_not_null(exact);
  memcpy(exact, data, size);
  onnxrun_status status = onnxrun_model_load(exact, size, &o, &m, &error);
  cr_assert(status == ONNXRUN_OK || error.text[0], "status %d says nothing", (int)status);
  cr_assert(status == ONNXRUN_OK || error.status == status);
  if (status == ONNXRUN_OK && runs)
    status = try_run(m, &o);
  onnxrun_model_release(m);
  free(exact);
  return status;
}

static void try_value(const uint8_t *data, size_t size, onnxrun_dtype kind)
{
  const onnxrun_options o = small_options();
  onnxrun_error error = {0};
  onnxrun_value *v = NULL;
  uint8_t *exact = malloc(size ? size : 1);
  cr_assert_not_null(exact);
  memcpy(exact, data, size);
  const onnxrun_status status = onnxrun_value_parse(exact, size, kind, &o, &v, &error);
  cr_assert(status == ONNXRUN_OK || error.text[0]);
  if (status == ONNXRUN_OK) {
    onnxrun_value *copy = NULL;
    const onnxrun_status copied = onnxrun_value_copy(onnxrun_value_tensor(v), &o, &copy, &error);
    cr_assert(copied == ONNXRUN_OK || copied == ONNXRUN_LIMIT, "%s", error.text);
    onnxrun_value_release(copy);
  }
  onnxrun_value_release(v);
  free(exact);
}

/* ---- mutation: xorshift, so that a failure comes back ---- */

static uint64_t next_random(uint64_t *state)
{
  *state ^= *state << 13;
  *state ^= *state >> 7;
  *state ^= *state << 17;
  return *state;
}

static size_t below(uint64_t *state, size_t n)
{
  return n ? (size_t)(next_random(state) % n) : 0;
}

/* One change: a byte, a bit, bytes gone, bytes twice, or a varint put in. */
static void mutate(bytes *b, uint64_t *state)
{
  static const uint8_t odd[] = {0, 1, 0x7f, 0x80, 0xff, 0x0a, 0x12, 0x3a};
  bytes out = {0};
  const size_t at = below(state, b->size), length = 1 + below(state, 8);
  const size_t end = at + length < b->size ? at + length : b->size;
  put_raw(&out, b->data, at);
  switch (below(state, 6)) {
  case 0:
    put_raw(&out, &odd[below(state, sizeof odd)], 1);
    put_raw(&out, b->data + at + 1, b->size - at - 1);
    break;
  case 1:
    put_raw(&out, &(uint8_t){(uint8_t)(b->data[at] ^ 1u << below(state, 8))}, 1);
    put_raw(&out, b->data + at + 1, b->size - at - 1);
    break;
  case 2:
    put_raw(&out, b->data + end, b->size - end);
    break;
  case 3:
    put_raw(&out, b->data + at, end - at);
    put_raw(&out, b->data + at, b->size - at);
    break;
  case 4:
    put_varint(&out, next_random(state) >> below(state, 64));
    put_raw(&out, b->data + at, b->size - at);
    break;
  default:
    put_raw(&out, &(uint8_t){(uint8_t)next_random(state)}, 1);
    put_raw(&out, b->data + at + 1, b->size - at - 1);
    break;
  }
  bytes_release(b);
  *b = out;
}

static bytes mutated(const bytes *file, uint64_t *state)
{
  bytes b = {0};
  put_raw(&b, file->data, file->size);
  for (size_t i = 1 + below(state, 3); i > 0 && b.size > 1; i--)
    mutate(&b, state);
  return b;
}

Test(hostile, mutations_of_a_rich_model)
{
  bytes file = rich_model();
  uint64_t state = 0x9e3779b97f4a7c15;
  size_t read = 0;
  for (int i = 0; i < 20000; i++) {
    reading *r = read_bytes(mutated(&file, &state), NULL);
    cr_assert(r->status == ONNXRUN_OK || r->error.text[0]);
    read += r->status == ONNXRUN_OK;
    if (i % 4 == 0)
      try_model(r->file.data, r->file.size, true);
    reading_release(r);
  }
  cr_expect(read > 1000 && read < 19000, "%zu of 20000 could still be read", read);
  reading *r = read_bytes(file, NULL);
  cr_expect_eq(r->status, ONNXRUN_OK, "%s", r->error.text);
  reading_release(r);
}

Test(hostile, every_prefix_of_a_rich_model)
{
  bytes file = rich_model();
  for (size_t n = 0; n < file.size; n++)
    try_model(file.data, n, true);
  bytes_release(&file);
}

Test(hostile, prefixes_of_a_model)
{
  bytes file = load_file("models/digits-relu/model.onnx");
  cr_assert_gt(file.size, 50000);
  for (size_t n = 0; n < file.size; n += n < 1500 || n + 4000 > file.size ? 1 : 61)
    cr_assert_neq(try_model(file.data, n, true), ONNXRUN_OK, "%zu bytes", n);
  bytes_release(&file);
}

/* Relu(x w + b), with a dim that a run may choose. */
static bytes dense_model(void)
{
  static const float w[12] = {1, -2, 3}, b[3] = {0.5f};
  bytes g = {0};
  put_message(&g, GRAPH_INPUT, value_info("x", ONNXRUN_FLOAT, 2, (int64_t[]){-1, 4}));
  put_message(&g, GRAPH_OUTPUT, value_info("y", ONNXRUN_FLOAT, 2, (int64_t[]){-1, 3}));
  put_message(&g, GRAPH_NODE, node("MatMul", "x w", "p"));
  put_message(&g, GRAPH_NODE, node("Add", "p b", "s"));
  put_message(&g, GRAPH_NODE, node("Relu", "s", "y"));
  put_message(&g, GRAPH_INITIALIZER,
              raw_tensor("w", ONNXRUN_FLOAT, 2, (int64_t[]){4, 3}, w, sizeof w));
  put_message(&g, GRAPH_INITIALIZER,
              raw_tensor("b", ONNXRUN_FLOAT, 1, (int64_t[]){3}, b, sizeof b));
  return model_of(g);
}

Test(hostile, mutations_of_a_model_that_runs)
{
  bytes file = dense_model();
  uint64_t state = 3;
  size_t ran = 0;
  cr_assert_eq(try_model(file.data, file.size, true), ONNXRUN_OK);
  for (int i = 0; i < 8000; i++) {
    bytes b = mutated(&file, &state);
    ran += try_model(b.data, b.size, true) == ONNXRUN_OK;
    bytes_release(&b);
  }
  cr_expect(ran > 500 && ran < 7500, "%zu of 8000 could still be run", ran);
  bytes_release(&file);
}

Test(hostile, mutations_of_models)
{
  static const char *const names[] = {"celu",  "elu",  "leakyrelu", "prelu", "relu",
                                      "relu6", "selu", "sigmoid",   "tanh"};
  uint64_t state = 1;
  for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
    char path[100];
    snprintf(path, sizeof path, "models/digits-%s/model.onnx", names[k]);
    bytes file = load_file(path);
    cr_assert_not_null(file.data, "%s", path);
    for (int i = 0; i < 250; i++) {
      bytes b = mutated(&file, &state);
      try_model(b.data, b.size, true);
      bytes_release(&b);
    }
    bytes_release(&file);
  }
}

Test(hostile, mutations_and_prefixes_of_values)
{
  const onnxrun_dtype kinds[] = {ONNXRUN_FLOAT, ONNXRUN_SEQUENCE, ONNXRUN_OPTIONAL,
                                 ONNXRUN_MAPPING};
  bytes tensor = raw_tensor("t", ONNXRUN_STRING, 1, (int64_t[]){2}, NULL, 0), sequence = {0};
  put_text(&tensor, 6, "one");
  put_text(&tensor, 6, "two");
  bytes optional = {0}, map = {0};
  put_number(&sequence, 2, 1);
  put_span(&sequence, 3, tensor.data, tensor.size);
  put_message(&sequence, 3, raw_tensor("u", ONNXRUN_INT4, 1, (int64_t[]){3}, "ab", 2));
  put_number(&optional, 2, 3);
  put_span(&optional, 5, sequence.data, sequence.size);
  put_number(&map, 2, ONNXRUN_INT16);
  put_number(&map, 3, 300);
  put_span(&map, 3, "\1\2", 2);
  put_message(&sequence, 3, raw_tensor("v", ONNXRUN_INT4, 0, NULL, "a", 1));
  put_span(&map, 5, sequence.data, sequence.size);
  bytes *const files[] = {&tensor, &sequence, &optional, &map};
  uint64_t state = 7;
  for (size_t k = 0; k < 4; k++) {
    for (size_t n = 0; n < files[k]->size; n++)
      try_value(files[k]->data, n, kinds[k]);
    for (int i = 0; i < 5000; i++) {
      bytes b = mutated(files[k], &state);
      try_value(b.data, b.size, kinds[i % 7 ? k : below(&state, 4)]);
      bytes_release(&b);
    }
    bytes_release(files[k]);
  }
}

/* ---- depth ---- */

Test(hostile, five_thousand_graphs_inside_one_another)
{
  bytes g = {0};
  for (int i = 0; i < 5000; i++) {
    bytes around = {0}, n = {0}, a = attr("g", ONNXRUN_ATTR_GRAPH);
    put_message(&a, ATTR_GRAPH, g);
    put_message(&n, NODE_ATTR, a);
    put_message(&around, GRAPH_NODE, n);
    g = around;
  }
  bytes m = model_of(g);
  cr_expect_eq(try_model(m.data, m.size, false), ONNXRUN_LIMIT);
  bytes_release(&m);
}

Test(hostile, five_thousand_types_inside_one_another)
{
  bytes type = {0}, info = {0}, g = graph_xy();
  for (int i = 0; i < 5000; i++) {
    bytes around = {0}, sequence = {0};
    put_message(&sequence, 1, type);
    put_message(&around, i % 2 ? 4 : 9, sequence);
    type = around;
  }
  put_text(&info, 1, "deep");
  put_message(&info, 2, type);
  put_message(&g, GRAPH_INPUT, info);
  bytes m = model_of(g);
  onnxrun_options o = small_options();
  const size_t depths[] = {1, 64, 10000, SIZE_MAX};
  for (size_t i = 0; i < sizeof depths / sizeof *depths; i++) {
    onnxrun_error error = {0};
    onnxrun_model *model = NULL;
    o.max_depth = depths[i];
    cr_expect_eq(onnxrun_model_load(m.data, m.size, &o, &model, &error), ONNXRUN_LIMIT, "%s",
                 error.text);
  }
  bytes_release(&m);
}

Test(hostile, five_thousand_sequences_inside_one_another)
{
  bytes s = {0};
  for (int i = 0; i < 5000; i++) {
    bytes around = {0};
    put_message(&around, 5, s);
    s = around;
  }
  onnxrun_options o = small_options();
  onnxrun_value *v = NULL;
  cr_expect_eq(onnxrun_value_parse(s.data, s.size, ONNXRUN_SEQUENCE, &o, &v, NULL), ONNXRUN_LIMIT);
  o.max_depth = 10000;
  cr_expect_eq(onnxrun_value_parse(s.data, s.size, ONNXRUN_SEQUENCE, &o, &v, NULL), ONNXRUN_OK);
  size_t size = 0;
  cr_expect_eq(onnxrun_value_write(onnxrun_value_tensor(v), NULL, NULL, &size, NULL),
               ONNXRUN_LIMIT);
  onnxrun_value_release(v);
  bytes_release(&s);
}

/* ---- size ---- */

/* `n` copies of a field with these bytes in a graph. */
static bytes many(size_t n, uint32_t field, const void *data, size_t size)
{
  bytes g = graph_xy();
  for (size_t i = 0; i < n; i++)
    put_span(&g, field, data, size);
  return model_of(g);
}

Test(hostile, a_million_empty_nodes)
{
  bytes m = many(1000000, GRAPH_NODE, "", 0);
  const double before = seconds();
  const onnxrun_status status = try_model(m.data, m.size, false);
  cr_expect_eq(status, ONNXRUN_INVALID_MODEL, "no node makes y");
  cr_expect_lt(seconds() - before, 10);
  bytes_release(&m);
  m = many(1000001, GRAPH_NODE, "", 0);
  cr_expect_eq(try_model(m.data, m.size, false), ONNXRUN_LIMIT);
  bytes_release(&m);
}

Test(hostile, memory_is_a_small_multiple_of_the_file)
{
  static const uint32_t fields[] = {GRAPH_NODE,   GRAPH_INITIALIZER, GRAPH_INPUT,
                                    GRAPH_OUTPUT, GRAPH_INFO,        GRAPH_SPARSE};
  for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
    bytes m = many(100000, fields[i], "", 0);
    const size_t size = m.size;
    reading *r = read_bytes(m, NULL);
    cr_expect_leq(r->heap.bytes, 200 * size, "field %u: %zu bytes for %zu", fields[i],
                  (size_t)r->heap.bytes, size);
    reading_release(r);
  }
}

Test(hostile, many_operator_sets_and_nodes_take_linear_time)
{
  bytes m = {0}, g = graph_xy();
  put_number(&m, MODEL_IR, 8);
  for (int i = 0; i < 100000; i++) {
    char text[20];
    snprintf(text, sizeof text, "d%d", i);
    put_message(&m, MODEL_OPSET, opset(text, 1));
    bytes n = node("Op", "x", "");
    put_text(&n, NODE_DOMAIN, text);
    put_message(&g, GRAPH_NODE, n);
  }
  put_message(&g, GRAPH_NODE, node("Op", "x", "y"));
  put_message(&m, MODEL_OPSET, opset("", 17));
  put_message(&m, MODEL_GRAPH, g);
  const double before = seconds();
  reading *r = read_bytes(m, NULL);
  cr_expect_eq(r->status, ONNXRUN_OK, "%s", r->error.text);
  cr_expect_lt(seconds() - before, 5);
  reading_release(r);
}

Test(hostile, a_type_of_many_messages_is_a_limit)
{
  bytes shape = {0}, tensor = {0}, type = {0}, info = {0}, g = {0};
  for (int i = 0; i < 20000; i++)
    put_message(&shape, 1, (bytes){0});
  put_message(&tensor, 2, shape);
  put_message(&type, 1, tensor);
  put_message(&info, 2, type);
  put_message(&g, GRAPH_INPUT, info);
  reading *r = read_bytes(model_of(g), NULL);
  cr_expect_eq(r->status, ONNXRUN_LIMIT, "%s", r->error.text);
  reading_release(r);
}

/* ---- files of others ---- */

static void try_files(const char *pattern)
{
  glob_t found;
  char whole[4096];
  snprintf(whole, sizeof whole, "%s/%s", ONNXRUN_SHARED, pattern);
  if (glob(whole, 0, NULL, &found) != 0)
    return;
  for (size_t i = 0; i < found.gl_pathc; i++) {
    onnxrun_options o = ONNXRUN_OPTIONS_INIT;
    onnxrun_error error = {0};
    onnxrun_model *m = NULL;
    const onnxrun_status s = onnxrun_model_open(found.gl_pathv[i], &o, &m, &error);
    cr_expect(s == ONNXRUN_OK || s == ONNXRUN_UNSUPPORTED, "%s: %s", found.gl_pathv[i], error.text);
    onnxrun_model_release(m);
  }
  globfree(&found);
}

Test(files, models_of_others_open_or_are_unsupported)
{
  try_files("models/*/model.onnx");
  try_files("conformance/*/*/model.onnx");
}

Test(files, models_of_this_project_open)
{
  static const char *const names[] = {"celu",  "elu",  "leakyrelu", "prelu", "relu",
                                      "relu6", "selu", "sigmoid",   "tanh"};
  for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
    char path[100];
    snprintf(path, sizeof path, "models/digits-%s/model.onnx", names[k]);
    reading *r = read_bytes(load_file(path), NULL);
    cr_assert_eq(r->status, ONNXRUN_OK, "%s: %s", path, r->error.text);
    cr_expect(r->m.main->n_inputs == 1 && r->m.main->n_outputs == 1, "%s", path);
    reading_release(r);
  }
}
