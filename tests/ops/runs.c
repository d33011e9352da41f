/* runs.c: running a trial's model; see runs.h. */
#undef NDEBUG
#include "tests/ops/runs.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/call.h"
#include "runtime/session.h"

/* ---- an executor of real threads ------------------------------------------------------------- */

typedef struct task {
  void (*run)(void *arg, size_t index, size_t worker);
  void *arg;
  size_t index;
  pthread_t thread;
} task;

enum { WIDTH = 7 };

static size_t pool_width(void *user)
{
  (void)user;
  return WIDTH;
}

static void *run_task(void *arg)
{
  const task *t = arg;
  t->run(t->arg, t->index, t->index);
  return NULL;
}

static void pool_each(void *user, size_t tasks, void (*run)(void *arg, size_t index, size_t worker),
                      void *arg)
{
  (void)user;
  task all[WIDTH] = {{0}};
  assert(tasks > 0 && tasks <= WIDTH);
  for (size_t i = 0; i < tasks; i++) {
    all[i] = (task){.run = run, .arg = arg, .index = i};
    const int failed = i > 0 ? pthread_create(&all[i].thread, NULL, run_task, &all[i]) : 0;
    assert(!failed);
  }
  run_task(&all[0]);
  for (size_t i = 1; i < tasks; i++)
    pthread_join(all[i].thread, NULL);
}

static const onnxrun_executor executor = {NULL, pool_width, pool_each};

/* ---- memory full of rubbish: NaN as a float, -1 as a whole number ---------------------------- */

enum { RUBBISH = 0xff };

static void *resize(void *user, void *block, size_t old_size, size_t new_size, size_t align)
{
  (void)user;
  void *moved = NULL;
  if (new_size > 0) {
    const int failed = posix_memalign(&moved, align, new_size);
    assert(!failed);
    memset(moved, RUBBISH, new_size);
  }
  if (moved && block)
    memcpy(moved, block, old_size < new_size ? old_size : new_size);
  free(block);
  return moved;
}

static const onnxrun_allocator allocator = {NULL, resize};

/* ---- runs of the engine ---------------------------------------------------------------------- */

/* The session's inputs: those of the trial that are not constants. */
static size_t given_inputs(const trial *t, uint64_t constants, onnxrun_tensor *in)
{
  size_t n = 0;
  for (uint32_t i = 0; i < t->n_in; i++) {
    if (t->in[i] && !(constants >> i & 1))
      in[n++] = *t->in[i];
  }
  return n;
}

/* The expected tensors that have a name. */
static size_t named_outputs(const trial *t, const onnxrun_tensor **out)
{
  size_t n = 0;
  for (uint32_t i = 0; i < t->n_out; i++) {
    if (t->expected[i])
      out[n++] = t->expected[i];
  }
  return n;
}

static onnxrun_status new_session(built *b, int threads, onnxrun_session **out,
                                  onnxrun_error *error)
{
  onnxrun_options o = ONNXRUN_OPTIONS_INIT;
  o.threads = threads;
  o.executor = &executor;
  o.allocator = &allocator;
  return onx_session_create(&b->m, &o, out, error);
}

static void compare(const trial *t, const onnxrun_registry *r, const char *how,
                    const onnxrun_tensor *found)
{
  const onnxrun_tensor *expected[TRIAL_MOST];
  const size_t n = named_outputs(t, expected);
  for (size_t i = 0; i < n; i++) {
    char why[400];
    if (!tensors_agree(&found[i], expected[i], t->allowed, why, sizeof why))
      test_fail(t, r, "%s: output %zu: %s", how, i, why);
  }
}

/* Copies that outlive the session. */
static void keep(onnxrun_tensor *to, const onnxrun_tensor *from, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    to[i] = from[i];
    to[i].data = test_memory(from[i].bytes);
    if (from[i].bytes)
      memcpy(to[i].data, from[i].data, from[i].bytes);
  }
}

/* Into buffers of exactly the expected size; the bits must be those of `lent`. */
static void run_into_buffers(const trial *t, const onnxrun_registry *r, onnxrun_session *s,
                             const onnxrun_tensor *in, size_t n_in, const onnxrun_tensor *lent)
{
  const onnxrun_tensor *expected[TRIAL_MOST];
  onnxrun_tensor out[TRIAL_MOST] = {{0}}, kept[TRIAL_MOST];
  onnxrun_error error = {0};
  const size_t n = named_outputs(t, expected);
  keep(kept, lent, n);
  for (size_t i = 0; i < n; i++) {
    out[i].bytes = expected[i]->bytes;
    out[i].data = guarded_new(out[i].bytes, 0, 0xc5);
  }
  if (onnxrun_session_run(s, in, n_in, out, n, &error) != ONNXRUN_OK)
    test_fail(t, r, "the second run fails: %s", error.text);
  for (size_t i = 0; i < n; i++) {
    if (!tensors_same(&out[i], &kept[i]))
      test_fail(t, r, "output %zu has other bits in the second run", i);
    if (!guarded_intact(out[i].data))
      test_fail(t, r, "bytes beside the buffer of output %zu are written", i);
    guarded_free(out[i].data);
  }
}

static bool has_containers(const trial *t)
{
  for (uint32_t i = 0; i < t->n_out; i++) {
    const onnxrun_dtype type = t->expected[i] ? t->expected[i]->dtype : ONNXRUN_FLOAT;
    if (type == ONNXRUN_SEQUENCE || type == ONNXRUN_OPTIONAL || type == ONNXRUN_STRING)
      return true;
  }
  return false;
}

void run_and_compare(const trial *t, const onnxrun_registry *r, uint64_t constants, built *b)
{
  static const int threads[] = {1, 2, WIDTH};
  onnxrun_tensor in[TRIAL_MOST], out[TRIAL_MOST], first[TRIAL_MOST];
  const size_t n_in = given_inputs(t, constants, in), n_out = b->m.main->n_outputs;
  for (size_t k = 0; k < sizeof threads / sizeof *threads; k++) {
    char how[80];
    onnxrun_error error = {0};
    onnxrun_session *s = NULL;
    snprintf(how, sizeof how, "constants %llx, %d threads", (unsigned long long)constants,
             threads[k]);
    memset(out, 0, sizeof out);
    if (new_session(b, threads[k], &s, &error) != ONNXRUN_OK ||
        onnxrun_session_run(s, in, n_in, out, n_out, &error) != ONNXRUN_OK)
      test_fail(t, r, "%s: %s", how, error.text);
    compare(t, r, how, out);
    if (k == 0 && !has_containers(t))
      keep(first, out, n_out);
    for (size_t i = 0; k > 0 && !has_containers(t) && i < n_out; i++) {
      if (!tensors_same(&out[i], &first[i]))
        test_fail(t, r, "%s: output %zu has other bits than with one thread", how, i);
    }
    if (!has_containers(t))
      run_into_buffers(t, r, s, in, n_in, out);
    onnxrun_session_release(s);
  }
}

onnxrun_status run_once(const trial *t, built *b, uint64_t constants, onnxrun_tensor *out,
                        onnxrun_error *error)
{
  onnxrun_tensor in[TRIAL_MOST], lent[TRIAL_MOST] = {{0}};
  onnxrun_session *s = NULL;
  const size_t n_in = given_inputs(t, constants, in), n_out = b->m.main->n_outputs;
  const onnxrun_status made = new_session(b, 1, &s, error);
  assert(made == ONNXRUN_OK);
  const onnxrun_status status = onnxrun_session_run(s, in, n_in, lent, n_out, error);
  if (status == ONNXRUN_OK && out)
    keep(out, lent, n_out);
  onnxrun_session_release(s);
  return status;
}

/* ---- the loop by hand ------------------------------------------------------------------------ */

typedef struct by_hand {
  onx_pool pool;
  onnxrun_node call;
  onnxrun_error error;
  void *params, *scratch;
  onnxrun_job job;
  onnxrun_loop_fn loop;
  const void *in[TRIAL_MOST];
  void *out[TRIAL_MOST];
} by_hand;

/* shape() and run() as the engine calls them; false when no loop is to be tried. */
static bool prepare(by_hand *h, const trial *t, built *b)
{
  const onx_node *node = &b->m.main->nodes[0];
  const onnxrun_kernel *k = node->kernel;
  h->pool.heap = &b->heap;
  h->params = onx_pool_take(&h->pool, onx_plan_size(k));
  const bool has_call = onx_call_new(&h->call, &h->pool, node->n_in + 1, node->n_out);
  assert(has_call && h->params);
  onx_copy_params(node, h->params);
  onx_call_begin(&h->call, node, ONX_SHAPE, &h->pool, &h->error);
  for (uint32_t i = 0; i < node->n_in; i++)
    h->call.in[i] = t->in[i];
  for (uint32_t i = 0; i < node->n_out; i++)
    h->call.out[i].dtype =
        node->out[i] == ONX_NONE ? ONNXRUN_UNDEFINED : b->m.main->values[node->out[i]].dtype;
  return onx_call_shape(&h->call, h->params) == ONNXRUN_OK &&
         (h->loop = onx_call_loop(&h->call)) != NULL;
}

static void allocate(by_hand *h)
{
  for (uint32_t i = 0; i < h->call.node->n_out; i++) {
    const bool is_used = h->call.node->out[i] != ONX_NONE;
    h->out[i] = is_used ? guarded_new(h->call.out[i].bytes, 0, RUBBISH) : NULL;
    h->call.out[i].data = h->out[i];
  }
  for (uint32_t i = 0; i < h->call.node->n_in; i++)
    h->in[i] = h->call.in[i] ? h->call.in[i]->data : NULL;
  h->scratch = guarded_new(h->call.work.scratch, 0, RUBBISH);
  h->job = (onnxrun_job){.in = h->in,
                         .out = h->out,
                         .n_in = h->call.node->n_in,
                         .params = h->params,
                         .scratch = h->scratch};
}

static void compare_by_hand(const by_hand *h, const trial *t, const onnxrun_registry *r,
                            const char *how)
{
  onnxrun_tensor found[TRIAL_MOST];
  size_t n = 0;
  for (uint32_t i = 0; i < h->call.node->n_out; i++) {
    if (!h->out[i])
      continue;
    if (!guarded_intact(h->out[i]))
      test_fail(t, r, "%s: the loop writes beside output %u", how, i);
    found[n++] = h->call.out[i];
  }
  if (!guarded_intact(h->scratch))
    test_fail(t, r, "%s: the loop writes beside its scratch of %zu bytes", how,
              h->call.work.scratch);
  compare(t, r, how, found);
}

static void run_items(by_hand *h, const trial *t, const onnxrun_registry *r)
{
  void *whole[TRIAL_MOST] = {NULL};
  const size_t items = h->call.work.items;
  if (items > 0)
    h->loop(&h->job, 0, items);
  compare_by_hand(h, t, r, "the loop over all items");
  for (uint32_t i = 0; i < h->call.node->n_out; i++) {
    if (!h->out[i])
      continue;
    whole[i] = test_memory(h->call.out[i].bytes);
    memcpy(whole[i], h->out[i], h->call.out[i].bytes);
    memset(h->out[i], RUBBISH, h->call.out[i].bytes);
  }
  for (size_t item = items; item-- > 0;) {
    memset(h->scratch, RUBBISH, h->call.work.scratch);
    h->loop(&h->job, item, item + 1);
  }
  compare_by_hand(h, t, r, "the loop over one item at a time");
  for (uint32_t i = 0; i < h->call.node->n_out; i++) {
    onnxrun_tensor before = h->call.out[i];
    before.data = whole[i];
    if (h->out[i] && !tensors_same(&before, &h->call.out[i]))
      test_fail(t, r, "output %u has other bits when the loop is called item by item", i);
  }
}

void run_by_item(const trial *t, const onnxrun_registry *r, built *b)
{
  const onnxrun_kernel *k = b->m.main->n_nodes == 1 ? b->m.main->nodes[0].kernel : NULL;
  by_hand h = {0};
  if (!k || (k->flags & (ONNXRUN_MAP | ONNXRUN_VIEW)) || !k->shape)
    return;
  if (prepare(&h, t, b)) {
    allocate(&h);
    h.call.stage = ONX_RUN;
    if (onx_call_run(&h.call, h.params) != ONNXRUN_OK)
      test_fail(t, r, "run() fails by hand: %s", h.error.text);
    run_items(&h, t, r);
    for (uint32_t i = 0; i < h.call.node->n_out; i++)
      guarded_free(h.out[i]);
    guarded_free(h.scratch);
  }
  onx_pool_release(&h.pool);
}
