/* pool.c: a host's own threads.    pool MODEL
 *
 * The pool below serves the whole program; an onnxrun_executor lets runs use it instead of OpenMP's
 * threads. The model takes a vector of floats, as models/ops/elu.onnx does. */
#include <onnxrun/onnxrun.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { WORKERS = 3 };

typedef struct pool {
  pthread_mutex_t lock;
  pthread_cond_t begun, done;
  void (*task)(void *arg, size_t index, size_t worker);
  void *arg;
  size_t next, tasks, busy; /* the next task; how many there are; workers inside one */
  int is_over;
  size_t counts[WORKERS + 1]; /* of tasks by worker, to show who did them */
} pool;

/* Takes tasks until there is none; the lock is held when it begins and ends. */
static void work_off(pool *p, size_t worker)
{
  while (p->next < p->tasks) {
    const size_t index = p->next++;
    p->busy++;
    p->counts[worker]++;
    pthread_mutex_unlock(&p->lock);
    p->task(p->arg, index, worker);
    pthread_mutex_lock(&p->lock);
    p->busy--;
  }
  if (p->busy == 0)
    pthread_cond_signal(&p->done);
}

typedef struct seat {
  pool *p;
  size_t worker;
} seat;

static void *stay(void *arg)
{
  const seat *s = arg;
  pthread_mutex_lock(&s->p->lock);
  while (!s->p->is_over) {
    work_off(s->p, s->worker);
    pthread_cond_wait(&s->p->begun, &s->p->lock);
  }
  pthread_mutex_unlock(&s->p->lock);
  return NULL;
}

static size_t width(void *user)
{
  (void)user;
  return WORKERS + 1; /* and the thread that runs the model */
}

static void each(void *user, size_t tasks, void (*task)(void *, size_t, size_t), void *arg)
{
  pool *p = user;
  pthread_mutex_lock(&p->lock);
  p->task = task, p->arg = arg, p->next = 0, p->tasks = tasks;
  pthread_cond_broadcast(&p->begun);
  work_off(p, WORKERS);
  while (p->busy > 0)
    pthread_cond_wait(&p->done, &p->lock);
  pthread_mutex_unlock(&p->lock);
}

static int run(const char *path, pool *p, float *x, float *y, size_t n)
{
  const onnxrun_executor executor = {p, width, each};
  onnxrun_options options = ONNXRUN_OPTIONS_INIT;
  onnxrun_tensor in = {ONNXRUN_FLOAT, 1, {(int64_t)n}, x, n * sizeof *x};
  onnxrun_tensor out = {.data = y, .bytes = n * sizeof *y};
  onnxrun_model *model = NULL;
  onnxrun_session *session = NULL;
  onnxrun_error error;
  options.executor = &executor;
  const int is_ok = onnxrun_model_open(path, &options, &model, &error) == ONNXRUN_OK &&
                    onnxrun_session_create(model, &options, &session, &error) == ONNXRUN_OK &&
                    onnxrun_session_run(session, &in, 1, &out, 1, &error) == ONNXRUN_OK;
  if (!is_ok)
    puts(error.text);
  onnxrun_session_release(session);
  onnxrun_model_release(model);
  return is_ok;
}

int main(int argc, char **argv)
{
  static pool p = {.lock = PTHREAD_MUTEX_INITIALIZER,
                   .begun = PTHREAD_COND_INITIALIZER,
                   .done = PTHREAD_COND_INITIALIZER};
  static seat seats[WORKERS];
  pthread_t threads[WORKERS];
  size_t n = 1 << 20, started = 0, tasks = 0;
  float *x = calloc(n, sizeof *x), *y = calloc(n, sizeof *y);
  for (; started < WORKERS; started++) {
    seats[started] = (seat){&p, started};
    if (pthread_create(&threads[started], NULL, stay, &seats[started]) != 0)
      break;
  }
  for (size_t i = 0; x && i < n; i++)
    x[i] = (float)i / (float)n - 1;
  const int is_ok = x && y && run(argc > 1 ? argv[1] : "model.onnx", &p, x, y, n);
  pthread_mutex_lock(&p.lock);
  p.is_over = 1;
  pthread_cond_broadcast(&p.begun);
  pthread_mutex_unlock(&p.lock);
  for (size_t i = 0; i < started; i++)
    pthread_join(threads[i], NULL);
  for (size_t i = 0; i <= WORKERS; i++)
    tasks += p.counts[i];
  if (is_ok)
    printf("%g %g, the pool did %zu tasks\n", y[0], y[n - 1], tasks);
  free(x);
  free(y);
  return !is_ok;
}
