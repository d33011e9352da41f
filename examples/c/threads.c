/* threads.c: many threads over one model.    threads MODEL
 *
 * The model is shared; each thread has a session of its own, and buffers that a run writes to. Runs
 * side by side need no threads inside them, so each session is given one. */
#include <onnxrun/onnxrun.h>
#include <pthread.h>
#include <stdio.h>

enum { THREADS = 4, RUNS = 1000, N = 3 };

typedef struct job {
  const onnxrun_model *model;
  float x[N], y[N];
  onnxrun_status status;
  onnxrun_error error;
} job;

static void *work(void *arg)
{
  job *j = arg;
  onnxrun_options options = ONNXRUN_OPTIONS_INIT;
  onnxrun_session *session = NULL;
  options.threads = 1;
  j->status = onnxrun_session_create(j->model, &options, &session, &j->error);
  for (int i = 0; i < RUNS && j->status == ONNXRUN_OK; i++) {
    onnxrun_tensor in = {ONNXRUN_FLOAT, 1, {N}, j->x, sizeof j->x};
    onnxrun_tensor out = {.data = j->y, .bytes = sizeof j->y};
    j->status = onnxrun_session_run(session, &in, 1, &out, 1, &j->error);
  }
  onnxrun_session_release(session);
  return NULL;
}

int main(int argc, char **argv)
{
  static job jobs[THREADS];
  pthread_t threads[THREADS];
  int started = 0, failed = 0;
  onnxrun_model *model = NULL;
  onnxrun_error error;
  if (onnxrun_model_open(argc > 1 ? argv[1] : "model.onnx", NULL, &model, &error) != ONNXRUN_OK)
    return puts(error.text), 1;
  for (; started < THREADS; started++) {
    jobs[started] = (job){.model = model, .x = {(float)-started, 0, (float)started}};
    if (pthread_create(&threads[started], NULL, work, &jobs[started]) != 0)
      break;
  }
  for (int i = 0; i < started; i++) {
    pthread_join(threads[i], NULL);
    if (jobs[i].status != ONNXRUN_OK)
      failed++, puts(jobs[i].error.text);
    else
      printf("%g %g %g\n", jobs[i].y[0], jobs[i].y[1], jobs[i].y[2]);
  }
  onnxrun_model_release(model);
  return failed || started < THREADS;
}
