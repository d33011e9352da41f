/* main.c: a program that uses the library: Elu of three numbers. Prints "ok" and the version. */
#include <onnxrun/onnxrun.h>

#include <stdio.h>

static int near(float found, double expected)
{
  return found > expected - 1e-6 && found < expected + 1e-6;
}

int main(int argc, char **argv)
{
  float x[] = {-1, 0, 1}, *y;
  onnxrun_tensor in = {ONNXRUN_FLOAT, 1, {3}, x, sizeof x}, out = {0};
  onnxrun_model *model = NULL;
  onnxrun_session *session = NULL;
  onnxrun_error error = {0};
  if (argc != 2)
    return 2;
  if (onnxrun_model_open(argv[1], NULL, &model, &error) != ONNXRUN_OK ||
      onnxrun_session_create(model, NULL, &session, &error) != ONNXRUN_OK ||
      onnxrun_session_run(session, &in, 1, &out, 1, &error) != ONNXRUN_OK) {
    puts(error.text);
    return 1;
  }
  y = out.data;
  if (out.bytes != sizeof x || !near(y[0], -0.6321205588285577) || y[1] != 0 || y[2] != 1)
    return 1;
  printf("ok %s\n", onnxrun_version());
  onnxrun_session_release(session);
  onnxrun_model_release(model);
  return 0;
}
