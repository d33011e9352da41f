/* test_threads.c: many sessions at once, a process that forks, and threads that rest. */
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "runtime/session.h"
#include "tests/support/executors.h"
#include "tests/support/toy.h"

#define IN TOY_IN

static const int64_t any2[] = {-1, -1};

/* Branches with ranges, views, scratch, and a result whose shape the run finds. */
static toy *mixture(void)
{
  onnxrun_error error = {0};
  toy *t = toy_new(0);
  const uint32_t x = toy_input(t, "x", 2, any2);
  uint32_t sum = toy_value(t, "sum");
  toy_node(t, "Rows", IN(x), IN(sum));
  for (int i = 0; i < 4; i++) {
    const uint32_t a = toy_value(t, "a"), b = toy_value(t, "b"), c = toy_value(t, "c");
    const uint32_t next = toy_value(t, "next");
    toy_node(t, "Square", IN(x), IN(a));
    toy_node(t, "Same", IN(a), IN(b));
    toy_node(t, "Rows", IN(b), IN(c));
    toy_node(t, "Add", IN(c, sum), IN(next));
    sum = next;
  }
  const uint32_t found = toy_value(t, "found");
  toy_node(t, "Positive", IN(sum), IN(found));
  toy_output(t, sum);
  toy_output(t, found);
  cr_assert_eq(toy_build(t, &error), ONNXRUN_OK, "%s", error.text);
  return t;
}

static onnxrun_session *session_of(toy *t, const onnxrun_executor *executor, int threads)
{
  onnxrun_options o = ONNXRUN_OPTIONS_INIT;
  onnxrun_session *s = NULL;
  o.threads = threads;
  o.executor = executor;
  return onx_session_create(&t->m, &o, &s, NULL) == ONNXRUN_OK ? s : NULL;
}

enum { HEIGHT = 40, WIDTH = 30 };

static void fill(float *data, size_t n, unsigned seed)
{
  for (size_t i = 0; i < n; i++)
    data[i] = (float)((i * 37 + seed * 101) % 199) / 64 - 1.25f;
}

/* One run; whether `sums` and `found` are what it gave. */
static bool gives(onnxrun_session *s, float *data, const float *sums, const float *found,
                  size_t n_found)
{
  const onnxrun_tensor in = {
      ONNXRUN_FLOAT, 2, {HEIGHT, WIDTH}, data, HEIGHT * WIDTH * sizeof *data};
  onnxrun_tensor out[2] = {0};
  return s && onnxrun_session_run(s, &in, 1, out, 2, NULL) == ONNXRUN_OK &&
         out[1].dims[0] == (int64_t)n_found &&
         memcmp(out[0].data, sums, HEIGHT * sizeof *sums) == 0 &&
         memcmp(out[1].data, found, n_found * sizeof *found) == 0;
}

/* ---- many at once ---------------------------------------------------------------------------- */

enum { THREADS = 64, RUNS = 1000, INPUTS = 4 };

typedef struct expected {
  float data[HEIGHT * WIDTH], sums[HEIGHT], found[HEIGHT];
  size_t n_found;
} expected;

typedef struct job {
  pthread_t thread;
  toy *model;
  expected *inputs;
  unsigned seed;
  int wrong;
} job;

/* A thread's own session over the one model; every eighth one has threads of a shared pool. */
static void *run_many(void *arg)
{
  job *j = arg;
  const bool is_shared = j->seed % 8 == 0;
  onnxrun_session *s = session_of(j->model, is_shared ? &executor_pool : NULL, is_shared ? 3 : 1);
  const int runs = is_shared ? RUNS / 10 : RUNS;
  for (int i = 0; i < runs; i++) {
    expected *e = &j->inputs[(j->seed + (unsigned)i) % INPUTS];
    j->wrong += !gives(s, e->data, e->sums, e->found, e->n_found);
  }
  onnxrun_session_release(s);
  return NULL;
}

static void expect(toy *t, expected *e, unsigned seed)
{
  fill(e->data, HEIGHT * WIDTH, seed);
  onnxrun_session *s = session_of(t, NULL, 1);
  const onnxrun_tensor in = {ONNXRUN_FLOAT, 2, {HEIGHT, WIDTH}, e->data, sizeof e->data};
  onnxrun_tensor out[2] = {0};
  cr_assert_eq(onnxrun_session_run(s, &in, 1, out, 2, NULL), ONNXRUN_OK);
  memcpy(e->sums, out[0].data, sizeof e->sums);
  e->n_found = (size_t)out[1].dims[0];
  memcpy(e->found, out[1].data, e->n_found * sizeof *e->found);
  onnxrun_session_release(s);
}

Test(threads, sessions_on_64_threads_give_the_serial_bits)
{
  static expected inputs[INPUTS];
  static job jobs[THREADS];
  toy *t = mixture();
  for (unsigned i = 0; i < INPUTS; i++)
    expect(t, &inputs[i], i);
  for (unsigned i = 0; i < THREADS; i++) {
    jobs[i] = (job){.model = t, .inputs = inputs, .seed = i};
    cr_assert_eq(pthread_create(&jobs[i].thread, NULL, run_many, &jobs[i]), 0);
  }
  for (int i = 0; i < THREADS; i++) {
    pthread_join(jobs[i].thread, NULL);
    cr_expect_eq(jobs[i].wrong, 0, "thread %d: %d runs differ", i, jobs[i].wrong);
  }
  toy_release(t);
}

/* ---- fork ------------------------------------------------------------------------------------ */

#ifndef TEST_EMULATED /* qemu-user ends a forked process that makes threads */
/* In the child: a session that the parent has used, and one of its own. */
static int child(toy *t, onnxrun_session *used, expected *e)
{
  onnxrun_session *own = session_of(t, NULL, 2);
  bool is_ok = true;
  for (int i = 0; i < 5; i++) {
    is_ok = is_ok && gives(used, e->data, e->sums, e->found, e->n_found);
    is_ok = is_ok && gives(own, e->data, e->sums, e->found, e->n_found);
  }
  onnxrun_session_release(own);
  return is_ok ? 0 : 1;
}

Test(threads, a_forked_process_can_run, .timeout = 60)
{
  static expected e;
  toy *t = mixture();
  expect(t, &e, 3);
  onnxrun_session *s = session_of(t, NULL, 2);
  for (int round = 0; round < 3; round++) {
    cr_assert(gives(s, e.data, e.sums, e.found, e.n_found));
    const pid_t pid = fork();
    cr_assert_geq(pid, 0);
    if (pid == 0) {
      alarm(30); /* one that hangs is ended */
      _exit(child(t, s, &e));
    }
    int status = -1;
    cr_assert_eq(waitpid(pid, &status, 0), pid);
    cr_assert(WIFEXITED(status), "the child was ended by signal %d", WTERMSIG(status));
    cr_assert_eq(WEXITSTATUS(status), 0);
  }
  cr_assert(gives(s, e.data, e.sums, e.found, e.n_found));
  onnxrun_session_release(s);
  toy_release(t);
}
#endif

/* ---- rest ------------------------------------------------------------------------------------ */

static double processor_seconds(void)
{
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* OpenMP's threads spin for some time after a run before they sleep (docs/ARCHITECTURE.md). */
Test(threads, they_sleep_when_there_is_no_run)
{
  static expected e;
  const struct timespec half = {0, 500000000};
  toy *t = mixture();
  expect(t, &e, 1);
  onnxrun_session *s = session_of(t, NULL, 2);
  cr_assert(gives(s, e.data, e.sums, e.found, e.n_found));
  nanosleep(&half, NULL);
  const double before = processor_seconds();
  nanosleep(&half, NULL);
  const double used = processor_seconds() - before;
  cr_assert_lt(used, 0.02, "%g s of half a second", used);
  onnxrun_session_release(s);
  toy_release(t);
}
