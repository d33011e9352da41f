/* test_watch.c: runs that are cancelled, run out of time, or are watched step by step. */
#include <criterion/criterion.h>
#include <sched.h>
#include <stdatomic.h>
#include <time.h>

#include "runtime/session.h"
#include "tests/support/executors.h"
#include "tests/support/toy.h"

#define IN TOY_IN

static const int64_t any1[] = {-1};

/* ---- a kernel whose items are ranges of their own and do what a test wants ------------------- */

static struct {
  onnxrun_session *to_cancel;
  _Atomic bool has_cancelled; /* the cancelling item's call has returned */
  long cancels_at, sleep_ns;
  _Atomic long items;
} slow;

static onnxrun_status slow_shape(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  (void)params;
  const onnxrun_tensor *x = h->input(n, 0);
  onnxrun_work work = ONNXRUN_WORK_INIT;
  work.items = onnxrun_elements(x);
  work.item_cost = 100000;
  const onnxrun_status s = h->output(n, 0, 1, x->dims);
  return s == ONNXRUN_OK ? h->plan(n, &work) : s;
}

static void slow_loop(const onnxrun_job *job, size_t begin, size_t end)
{
  const struct timespec pause = {0, slow.sleep_ns};
  for (size_t i = begin; i < end; i++) {
    ((float *)job->out[0])[i] = ((const float *)job->in[0])[i] + 1;
    const long item = ++slow.items;
    if (item == slow.cancels_at) {
      onnxrun_session_cancel(slow.to_cancel);
      slow.has_cancelled = true;
    }
    /* The thread that cancels may be held up before it does; the others must not run on. */
    while (slow.cancels_at > 0 && item > slow.cancels_at && !slow.has_cancelled)
      sched_yield();
    if (slow.sleep_ns)
      nanosleep(&pause, NULL);
  }
}

static const onnxrun_operand x_in[] = {{"X", ONNXRUN_TYPE(FLOAT), 'T', 0}, {0}};
static const onnxrun_operand y_out[] = {{"Y", ONNXRUN_TYPE(FLOAT), 'T', 0}, {0}};
static const onnxrun_loop slow_loops[] = {{ONNXRUN_FLOAT, slow_loop}, {0}};
static const onnxrun_kernel slow_kernel = {.size = sizeof(onnxrun_kernel),
                                           .domain = "toy",
                                           .op = "Slow",
                                           .since = 1,
                                           .inputs = x_in,
                                           .outputs = y_out,
                                           .shape = slow_shape,
                                           .loops = slow_loops};

/* ---- helpers --------------------------------------------------------------------------------- */

static void build(toy *t)
{
  onnxrun_error error = {0};
  cr_assert_eq(toy_build(t, &error), ONNXRUN_OK, "%s", error.text);
}

static onnxrun_session *session_of(toy *t, const onnxrun_executor *executor, int threads)
{
  onnxrun_error error = {0};
  onnxrun_session *s = NULL;
  onnxrun_options o = ONNXRUN_OPTIONS_INIT;
  o.threads = threads;
  o.executor = executor;
  cr_assert_eq(onx_session_create(&t->m, &o, &s, &error), ONNXRUN_OK, "%s", error.text);
  return s;
}

static void configure(onnxrun_session *s, const onnxrun_run_options *o)
{
  onnxrun_error error = {0};
  cr_assert_eq(onnxrun_session_configure(s, o, &error), ONNXRUN_OK, "%s", error.text);
}

/* A chain of slow nodes. */
static toy *slow_chain(int n)
{
  toy *t = toy_new(0);
  cr_assert_eq(onnxrun_registry_add(t->registry, &slow_kernel, NULL), ONNXRUN_OK);
  uint32_t v = toy_input(t, "x", 1, any1);
  for (int i = 0; i < n; i++) {
    const uint32_t next = toy_value(t, "v");
    toy_node(t, "Slow", IN(v), IN(next));
    v = next;
  }
  toy_output(t, v);
  build(t);
  slow.items = slow.cancels_at = slow.sleep_ns = 0;
  return t;
}

enum { ITEMS = 400 };
static float zeros[ITEMS];
static const onnxrun_tensor slow_in = {ONNXRUN_FLOAT, 1, {ITEMS}, zeros, sizeof zeros};

static double seconds(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static const onnxrun_executor *const executors[] = {
    &executor_threads, &executor_pair, &executor_in_turn, &executor_backwards, &executor_pool};
enum { EXECUTORS = sizeof executors / sizeof *executors };

/* ---- stopping -------------------------------------------------------------------------------- */

/* The session must give the whole result after what came before. */
static void runs_again(onnxrun_session *s, int nodes)
{
  slow.cancels_at = slow.sleep_ns = 0;
  onnxrun_tensor out = {0};
  onnxrun_error error = {0};
  cr_assert_eq(onnxrun_session_run(s, &slow_in, 1, &out, 1, &error), ONNXRUN_OK, "%s", error.text);
  for (int i = 0; i < ITEMS; i++)
    cr_assert_eq(((float *)out.data)[i], (float)nodes);
}

Test(watch, a_cancelled_run_ends_after_the_ranges_in_work)
{
  for (int k = 0; k < EXECUTORS; k++) {
    for (int threads = 1; threads <= 4; threads += 3) {
      toy *t = slow_chain(3);
      onnxrun_session *s = session_of(t, executors[k], threads);
      for (long at = 1; at < 3 * ITEMS; at += 250) {
        slow.to_cancel = s;
        slow.cancels_at = at;
        slow.items = 0;
        slow.has_cancelled = false;
        onnxrun_tensor out = {0};
        onnxrun_error error = {0};
        cr_assert_eq(onnxrun_session_run(s, &slow_in, 1, &out, 1, &error), ONNXRUN_CANCELLED);
        cr_assert_str_eq(error.text, "the run was cancelled");
        /* One that reads the clock in between may begin one range more. */
        cr_assert_leq(slow.items, at + 2 * threads, "%ld items, cancelled at %ld", (long)slow.items,
                      at);
        cr_assert_null(out.data);
        runs_again(s, 3);
      }
      onnxrun_session_release(s);
      toy_release(t);
    }
  }
}

Test(watch, a_run_ends_at_its_deadline)
{
  for (int threads = 1; threads <= 2; threads++) {
    toy *t = slow_chain(5);
    onnxrun_session *s = session_of(t, &executor_threads, threads);
    onnxrun_run_options o = ONNXRUN_RUN_OPTIONS_INIT;
    onnxrun_tensor out = {0};
    onnxrun_error error = {0};
    o.timeout_ns = 20000000;
    configure(s, &o);
    slow.sleep_ns = 1000000;
    const double start = seconds();
    cr_assert_eq(onnxrun_session_run(s, &slow_in, 1, &out, 1, &error), ONNXRUN_TIMEOUT);
    const double took = seconds() - start;
    cr_assert_str_eq(error.text, "the run was not done after 20000000 ns");
    cr_assert(took > 0.0199 && took < 0.6, "took %g s; all of it takes 1 to 2 s", took);
    o.timeout_ns = UINT64_MAX;
    configure(s, &o);
    runs_again(s, 5);
    configure(s, NULL);
    runs_again(s, 5);
    onnxrun_session_release(s);
    toy_release(t);
  }
}

Test(watch, a_cancel_between_runs_does_nothing)
{
  toy *t = slow_chain(1);
  onnxrun_session *s = session_of(t, NULL, 1);
  onnxrun_session_cancel(NULL);
  onnxrun_session_cancel(s);
  runs_again(s, 1);
  onnxrun_session_cancel(s);
  runs_again(s, 1);
  onnxrun_session_release(s);
  toy_release(t);
}

/* ---- telling --------------------------------------------------------------------------------- */

enum { EVENTS_MOST = 64 };

typedef struct told {
  uint32_t index, nodes;
  uint64_t start_ns, end_ns;
  size_t thread;
} told;

typedef struct log {
  onnxrun_session *session;
  _Atomic size_t n;
  told events[EVENTS_MOST];
  uint64_t read_bytes, written_bytes;
  size_t cancels_after;
} log;

static void note(void *user, const onnxrun_event *e)
{
  log *l = user;
  const size_t at = l->n++;
  if (at < EVENTS_MOST)
    l->events[at] = (told){e->index, e->nodes, e->start_ns, e->end_ns, e->thread};
  if (at + 1 == l->cancels_after)
    onnxrun_session_cancel(l->session);
}

static void watch(onnxrun_session *s, void (*node)(void *, const onnxrun_event *), void *user)
{
  onnxrun_run_options o = ONNXRUN_RUN_OPTIONS_INIT;
  o.node = node;
  o.user = user;
  configure(s, &o);
}

typedef struct seen {
  int copies, adds;
} seen;

static bool is(onnxrun_string found, const char *expected)
{
  return onx_text_equal(found, onx_text(expected));
}

static void look(void *user, const onnxrun_event *e)
{
  seen *all = user;
  cr_assert_eq(e->size, sizeof *e);
  cr_assert_eq(e->n_out, 1);
  cr_assert(e->start_ns <= e->end_ns && e->thread == 0);
  const onnxrun_tensor *out = e->out[0];
  if (e->nodes == 0) {
    all->copies++;
    cr_assert(is(e->op, "Identity") && is(e->name, "x") && e->index == 1);
    cr_assert(e->read_bytes == 12 && e->written_bytes == 12);
    cr_assert_eq(((const float *)out->data)[2], 3);
    return;
  }
  all->adds++;
  cr_assert(is(e->op, "Add") && is(e->domain, "toy") && e->index == 0);
  cr_assert(e->nodes == 1 && e->name.size == 0);
  cr_assert(e->read_bytes == 20 && e->written_bytes == 24);
  cr_assert(out->rank == 2 && out->dims[0] == 2 && out->dims[1] == 3 && out->bytes == 24);
  cr_assert_eq(((const float *)out->data)[5], 23);
}

Test(watch, an_event_says_what_a_step_was)
{
  toy *t = toy_new(0);
  static const int64_t any2[] = {-1, -1};
  const uint32_t x = toy_input(t, "x", 1, any1), y = toy_input(t, "y", 2, any2);
  const uint32_t z = toy_value(t, "z");
  toy_node(t, "Add", IN(x, y), IN(z));
  toy_output(t, z);
  toy_output(t, x);
  build(t);
  onnxrun_session *s = session_of(t, NULL, 1);
  float a[] = {1, 2, 3}, b[] = {10, 20};
  const onnxrun_tensor in[] = {{ONNXRUN_FLOAT, 1, {3}, a, sizeof a},
                               {ONNXRUN_FLOAT, 2, {2, 1}, b, sizeof b}};
  seen all = {0};
  watch(s, look, &all);
  for (int i = 1; i < 3; i++) {
    onnxrun_tensor out[2] = {0};
    cr_assert_eq(onnxrun_session_run(s, in, 2, out, 2, NULL), ONNXRUN_OK);
    cr_assert(all.copies == i && all.adds == i);
  }
  onnxrun_session_release(s);
  toy_release(t);
}

typedef struct fused {
  uint32_t nodes, index;
  uint64_t read_bytes, written_bytes;
  size_t n_out, calls;
} fused;

static void keep(void *user, const onnxrun_event *e)
{
  fused *f = user;
  *f = (fused){e->nodes, e->index, e->read_bytes, e->written_bytes, e->n_out, f->calls + 1};
}

Test(watch, nodes_that_run_as_one_are_told_as_one)
{
  toy *t = toy_new(0);
  t->m.fuses = true;
  const uint32_t x = toy_input(t, "x", 1, any1), y = toy_value(t, "y"), z = toy_value(t, "z");
  toy_node(t, "Square", IN(x), IN(y));
  toy_node(t, "Add", IN(y, x), IN(z));
  toy_output(t, z);
  build(t);
  onnxrun_session *s = session_of(t, NULL, 1);
  float data[] = {1, 2, 3};
  const onnxrun_tensor in = {ONNXRUN_FLOAT, 1, {3}, data, sizeof data};
  onnxrun_tensor out = {0};
  fused f = {0};
  watch(s, keep, &f);
  cr_assert_eq(onnxrun_session_run(s, &in, 1, &out, 1, NULL), ONNXRUN_OK);
  cr_assert(f.calls == 1 && f.nodes == 2 && f.index == 0 && f.n_out == 1);
  cr_assert(f.read_bytes == sizeof data && f.written_bytes == sizeof data);
  onnxrun_session_release(s);
  toy_release(t);
}

/* Branches of nodes that cannot be joined, one of whose results has a shape that the run finds. */
static toy *branches(int n)
{
  toy *t = toy_new(0);
  const uint32_t x = toy_input(t, "x", 1, any1);
  for (int i = 0; i < n; i++) {
    const uint32_t a = toy_value(t, "a"), b = toy_value(t, "b");
    toy_node(t, i == 1 ? "Positive" : "Square", IN(x), IN(a));
    toy_node(t, "Rows", IN(a), IN(b));
    toy_output(t, b);
  }
  build(t);
  return t;
}

Test(watch, every_step_is_told_once_on_any_threads)
{
  enum { BRANCHES = 6, LENGTH = 50000 };
  static float data[LENGTH];
  for (int i = 0; i < LENGTH; i++)
    data[i] = 1;
  const onnxrun_tensor in = {ONNXRUN_FLOAT, 1, {LENGTH}, data, sizeof data};
  for (int k = 0; k < EXECUTORS; k++) {
    for (int threads = 1; threads <= 4; threads += 3) {
      toy *t = branches(BRANCHES);
      onnxrun_session *s = session_of(t, executors[k], threads);
      log l = {.session = s};
      watch(s, note, &l);
      onnxrun_tensor out[BRANCHES] = {0};
      cr_assert_eq(onnxrun_session_run(s, &in, 1, out, BRANCHES, NULL), ONNXRUN_OK);
      cr_assert_eq(l.n, 2 * BRANCHES);
      const told *by_index[2 * BRANCHES] = {0};
      for (size_t i = 0; i < l.n; i++) {
        const told *e = &l.events[i];
        cr_assert(e->index < 2 * BRANCHES && !by_index[e->index]);
        cr_assert(e->nodes == 1 && e->start_ns <= e->end_ns && e->thread < (size_t)threads);
        by_index[e->index] = e;
      }
      for (size_t i = 0; i < 2 * BRANCHES; i += 2)
        cr_assert_leq(by_index[i]->start_ns, by_index[i + 1]->end_ns);
      watch(s, NULL, NULL);
      cr_assert_eq(onnxrun_session_run(s, &in, 1, out, BRANCHES, NULL), ONNXRUN_OK);
      cr_assert_eq(l.n, 2 * BRANCHES);
      onnxrun_session_release(s);
      toy_release(t);
    }
  }
}

Test(watch, a_callback_may_cancel)
{
  toy *t = branches(6);
  onnxrun_session *s = session_of(t, NULL, 1);
  log l = {.session = s, .cancels_after = 3};
  watch(s, note, &l);
  float data[] = {1, 2};
  const onnxrun_tensor in = {ONNXRUN_FLOAT, 1, {2}, data, sizeof data};
  onnxrun_tensor out[6] = {0};
  cr_assert_eq(onnxrun_session_run(s, &in, 1, out, 6, NULL), ONNXRUN_CANCELLED);
  cr_assert_eq(l.n, 3);
  l.cancels_after = 0;
  cr_assert_eq(onnxrun_session_run(s, &in, 1, out, 6, NULL), ONNXRUN_OK);
  cr_assert_eq(l.n, 3 + 12);
  onnxrun_session_release(s);
  toy_release(t);
}

/* ---- options --------------------------------------------------------------------------------- */

static size_t tasks_seen;

static size_t width_of_four(void *user)
{
  (void)user;
  return 4;
}

static void count_tasks(void *user, size_t tasks, void (*task)(void *, size_t, size_t), void *arg)
{
  (void)user;
  tasks_seen = tasks;
  for (size_t i = 0; i < tasks; i++)
    task(arg, i, 0);
}

Test(watch, threads_are_those_of_the_run)
{
  const onnxrun_executor counting = {NULL, width_of_four, count_tasks};
  toy *t = slow_chain(2);
  onnxrun_session *s = session_of(t, &counting, 3);
  static const int32_t asked[] = {0, 2, 4, 1, 0, 1000000};
  static const size_t expected[] = {3, 2, 4, 0, 3, 64};
  for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
    onnxrun_run_options o = ONNXRUN_RUN_OPTIONS_INIT;
    o.threads = asked[i];
    configure(s, &o);
    tasks_seen = 0;
    runs_again(s, 2);
    cr_assert_eq(tasks_seen, expected[i], "%d threads: %zu tasks", asked[i], tasks_seen);
  }
  onnxrun_session_release(s);
  toy_release(t);
}

Test(watch, options_of_another_size_are_refused)
{
  toy *t = slow_chain(1);
  onnxrun_session *s = session_of(t, NULL, 1);
  onnxrun_run_options o = ONNXRUN_RUN_OPTIONS_INIT;
  onnxrun_error error = {0};
  o.size--;
  cr_assert_eq(onnxrun_session_configure(s, &o, &error), ONNXRUN_INVALID_ARGUMENT);
  cr_assert_str_eq(error.text, "run options: size is 39, expected 40");
  cr_assert_eq(onnxrun_session_configure(NULL, NULL, NULL), ONNXRUN_INVALID_ARGUMENT);
  onnxrun_session_release(s);
  toy_release(t);
}
