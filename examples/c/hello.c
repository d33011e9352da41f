/* hello.c: from a model to a result.    hello MODEL
 *
 * The model takes a vector of floats, as models/ops/elu.onnx does. */
#include <onnxrun/onnxrun.h>
#include <stdio.h>

int main(int argc, char **argv)
{
  float x[] = {-1, 0, 1};
  onnxrun_tensor in = {ONNXRUN_FLOAT, 1, {3}, x, sizeof x}, out = {0};
  onnxrun_model *model = NULL;
  onnxrun_session *session = NULL;
  onnxrun_error error;
  if (onnxrun_model_open(argc > 1 ? argv[1] : "model.onnx", NULL, &model, &error) != ONNXRUN_OK ||
      onnxrun_session_create(model, NULL, &session, &error) != ONNXRUN_OK ||
      onnxrun_session_run(session, &in, 1, &out, 1, &error) != ONNXRUN_OK)
    return puts(error.text), 1;
  for (size_t i = 0; i < onnxrun_tensor_count(&out); i++)
    printf("%g\n", ((float *)out.data)[i]);
  onnxrun_session_release(session);
  onnxrun_model_release(model);
  return 0;
}
