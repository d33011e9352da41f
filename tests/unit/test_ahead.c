/* test_ahead.c: what a session says before a run, of memory and of output shapes, against what an
 * allocator counts and what the run gives. */
#include <criterion/criterion.h>
#include <stdatomic.h>

#include "runtime/session.h"
#include "tests/support/executors.h"
#include "tests/support/toy.h"

#define IN TOY_IN

static const int64_t any1[] = {-1}, any2[] = {-1, -1};

/* What is out, how much was ever asked for, and how often. */
typedef struct counting {
  _Atomic size_t bytes, taken, calls;
} counting;

static void *count_resize(void *user, void *block, size_t old_size, size_t new_size, size_t align)
{
  counting *c = user;
  c->calls++;
  c->bytes += new_size - old_size;
  if (new_size == 0) {
    free(block);
    return NULL;
  }
  c->taken += new_size;
  return aligned_alloc(align, (new_size + align - 1) / align * align);
}

static onnxrun_session *session_of(toy *t, counting *c, int threads)
{
  onnxrun_error error = {0};
  onnxrun_session *s = NULL;
  const onnxrun_allocator allocator = {c, count_resize};
  onnxrun_options o = ONNXRUN_OPTIONS_INIT;
  o.threads = threads;
  o.executor = &executor_threads;
  o.allocator = &allocator;
  cr_assert_eq(toy_build(t, &error), ONNXRUN_OK, "%s", error.text);
  cr_assert_eq(onx_session_create(&t->m, &o, &s, &error), ONNXRUN_OK, "%s", error.text);
  return s;
}

static void run(onnxrun_session *s, const onnxrun_tensor *in, onnxrun_tensor *out, size_t n_out)
{
  onnxrun_error error = {0};
  cr_assert_eq(onnxrun_session_run(s, in, 1, out, n_out, &error), ONNXRUN_OK, "%s", error.text);
}

static size_t memory(onnxrun_session *s, const onnxrun_tensor *in)
{
  onnxrun_error error = {0};
  size_t bytes = 0;
  cr_assert_eq(onnxrun_session_memory(s, in, 1, &bytes, &error), ONNXRUN_OK, "%s", error.text);
  return bytes;
}

/* Maps, a view, a kernel with scratch, one value in two places, and two outputs. */
static toy *mixture(void)
{
  toy *t = toy_new(0);
  const uint32_t x = toy_input(t, "x", 2, any2);
  uint32_t v[6];
  for (int i = 0; i < 6; i++)
    v[i] = toy_value(t, "v");
  toy_node(t, "Square", IN(x), IN(v[0]));
  toy_node(t, "Rows", IN(v[0]), IN(v[1]));
  toy_node(t, "Same", IN(v[0]), IN(v[2]));
  toy_node(t, "Rows", IN(v[2]), IN(v[3]));
  toy_node(t, "Add", IN(v[1], v[3]), IN(v[4]));
  toy_node(t, "Add", IN(v[2], v[0]), IN(v[5]));
  toy_output(t, v[4]);
  toy_output(t, v[5]);
  return t;
}

static float data[1 << 18];

static onnxrun_tensor floats(int64_t a, int64_t b)
{
  return (onnxrun_tensor){ONNXRUN_FLOAT, 2, {a, b}, data, (size_t)(a * b) * sizeof *data};
}

static const int64_t shapes[][2] = {{1, 1}, {3, 5}, {100, 1000}, {512, 512}, {7, 0}, {0, 4}};
enum { SHAPES = sizeof shapes / sizeof *shapes };

Test(ahead, memory_is_what_the_first_run_takes)
{
  for (int threads = 1; threads <= 3; threads += 2) {
    for (int i = 0; i < SHAPES; i++) {
      toy *t = mixture();
      counting c = {0};
      onnxrun_session *s = session_of(t, &c, threads);
      const onnxrun_tensor in = floats(shapes[i][0], shapes[i][1]);
      const size_t expected = memory(s, &in), before = c.bytes, taken = c.taken;
      cr_assert_eq(memory(s, &in), expected);
      cr_assert_eq(c.bytes, before);
      onnxrun_tensor out[2] = {0};
      run(s, &in, out, 2);
      cr_assert_eq(c.bytes - before, expected, "shape %d: %zu bytes, not %zu", i, c.bytes - before,
                   expected);
      cr_assert_eq(c.taken - taken, expected);
      onnxrun_session_release(s);
      cr_assert_eq(c.bytes, 0);
      toy_release(t);
    }
  }
}

Test(ahead, an_output_of_the_callers_takes_its_bytes_less)
{
  toy *t = mixture();
  counting c = {0};
  onnxrun_session *s = session_of(t, &c, 1);
  const onnxrun_tensor in = floats(100, 100);
  onnxrun_info info = {.size = sizeof info};
  static float own[10000];
  cr_assert_eq(onnxrun_session_output(s, &in, 1, 1, &info, NULL), ONNXRUN_OK);
  cr_assert_eq(info.spec.bytes, sizeof own);
  const size_t expected = memory(s, &in) - info.spec.bytes, before = c.bytes;
  onnxrun_tensor out[2] = {{.data = NULL}, {.data = own, .bytes = sizeof own}};
  run(s, &in, out, 2);
  cr_assert_eq(c.bytes - before, expected);
  onnxrun_session_release(s);
  toy_release(t);
}

Test(ahead, shapes_that_were_seen_allocate_nothing)
{
  for (int threads = 1; threads <= 2; threads++) {
    toy *t = mixture();
    counting c = {0};
    onnxrun_session *s = session_of(t, &c, threads);
    onnxrun_tensor out[2];
    for (int round = 0; round < 5; round++) {
      const size_t before = c.calls;
      for (int i = 0; i < SHAPES; i++) {
        const onnxrun_tensor in = floats(shapes[i][0], shapes[i][1]);
        memset(out, 0, sizeof out);
        run(s, &in, out, 2);
      }
      cr_assert(round == 0 || c.calls == before, "%zu allocations", c.calls - before);
    }
    onnxrun_session_release(s);
    toy_release(t);
  }
}

Test(ahead, output_shapes_are_those_of_the_run)
{
  toy *t = mixture();
  counting c = {0};
  onnxrun_session *s = session_of(t, &c, 1);
  for (int i = 0; i < SHAPES; i++) {
    onnxrun_tensor in = floats(shapes[i][0], shapes[i][1]), out[2] = {0};
    run(s, &in, out, 2);
    in.data = NULL; /* types and dims are enough */
    in.bytes = 0;
    for (size_t o = 0; o < 2; o++) {
      onnxrun_info info = {.size = sizeof info};
      cr_assert_eq(onnxrun_session_output(s, &in, 1, o, &info, NULL), ONNXRUN_OK);
      const onnxrun_tensor *spec = &info.spec;
      cr_assert(spec->dtype == out[o].dtype && spec->rank == out[o].rank && !spec->data);
      cr_assert_eq(spec->bytes, out[o].bytes);
      cr_assert_arr_eq(spec->dims, out[o].dims, sizeof spec->dims);
      cr_assert(!info.any_rank && strcmp(info.name, "v") == 0 && !info.dim_names[1]);
    }
  }
  onnxrun_session_release(s);
  toy_release(t);
}

Test(ahead, what_depends_on_data_is_free)
{
  toy *t = toy_new(0);
  const uint32_t x = toy_input(t, "x", 1, any1), y = toy_value(t, "y"), z = toy_value(t, "z");
  static const char *const names[] = {"n"};
  toy_node(t, "Positive", IN(x), IN(y));
  toy_node(t, "Positive", IN(y), IN(z));
  toy_output(t, y);
  toy_output(t, z);
  t->g->values[y].rank = 1;
  t->g->values[y].dims = any1;
  t->g->values[y].dim_names = names;
  counting c = {0};
  onnxrun_session *s = session_of(t, &c, 1);
  const onnxrun_tensor in = {ONNXRUN_FLOAT, 1, {2}, data, 8};
  onnxrun_info info = {.size = sizeof info};
  cr_assert_eq(onnxrun_session_output(s, &in, 1, 0, &info, NULL), ONNXRUN_OK);
  cr_assert(info.spec.rank == 1 && info.spec.dims[0] == -1 && info.spec.bytes == 0);
  cr_assert(!info.any_rank && strcmp(info.dim_names[0], "n") == 0);
  cr_assert_eq(onnxrun_session_output(s, &in, 1, 1, &info, NULL), ONNXRUN_OK);
  cr_assert(info.any_rank && info.spec.dtype == ONNXRUN_FLOAT);
  cr_assert_eq(memory(s, &in), 0);
  onnxrun_session_release(s);
  toy_release(t);
}

Test(ahead, misuse_is_refused)
{
  toy *t = mixture();
  counting c = {0};
  onnxrun_session *s = session_of(t, &c, 1);
  onnxrun_tensor in = floats(2, 3);
  onnxrun_info info = {.size = sizeof info};
  onnxrun_error error = {0};
  size_t bytes = 77;
  cr_assert_eq(onnxrun_session_output(NULL, &in, 1, 0, &info, NULL), ONNXRUN_INVALID_ARGUMENT);
  cr_assert_eq(onnxrun_session_output(s, &in, 1, 0, NULL, NULL), ONNXRUN_INVALID_ARGUMENT);
  cr_assert_eq(onnxrun_session_output(s, &in, 1, 2, &info, NULL), ONNXRUN_NOT_FOUND);
  cr_assert_eq(onnxrun_session_memory(NULL, &in, 1, &bytes, NULL), ONNXRUN_INVALID_ARGUMENT);
  cr_assert_eq(onnxrun_session_memory(s, &in, 1, NULL, NULL), ONNXRUN_INVALID_ARGUMENT);
  cr_assert_eq(onnxrun_session_memory(s, &in, 0, &bytes, NULL), ONNXRUN_INVALID_INPUT);
  in.dims[1] = -1;
  cr_assert_eq(onnxrun_session_memory(s, &in, 1, &bytes, &error), ONNXRUN_INVALID_INPUT);
  cr_assert_str_eq(error.text, "input 'x': dim 1 is -1; the shape is [2,?], expected [?,?]");
  cr_assert_eq(bytes, 77);
  cr_assert_null(info.name);
  onnxrun_session_release(s);
  toy_release(t);
}
