/* run.c: `onnxrun MODEL INPUT...`. */
#include "commands.h"
#include "inputs.h"
#include "model_io.h"
#include "outputs.h"
#include "print.h"
#include "profile.h"

#include <stdlib.h>

/* Everything of one run; starts as {0}, its profile made, and can be released at any time. */
struct run {
  onnxrun_model *model;
  onnxrun_session *session;
  struct io_list inputs, outputs;
  struct input_set given;
  onnxrun_tensor *results;
  struct profile profile;
};

static void run_release(struct run *r)
{
  free(r->results);
  profile_release(&r->profile);
  onnxrun_session_release(r->session);
  input_set_release(&r->given);
  io_list_release(&r->inputs);
  io_list_release(&r->outputs);
  onnxrun_model_release(r->model);
}

static int run_open(const struct cli_options *o, struct run *r, struct fault *f)
{
  onnxrun_error error = {0};
  const onnxrun_status status = onnxrun_model_open(o->model, &o->engine, &r->model, &error);
  if (status != ONNXRUN_OK)
    return fault_from(f, FAULT_MODEL, o->model, status, &error);
  const int code = io_list_inputs(r->model, &r->inputs, f);
  return code != EXIT_CODE_OK ? code : io_list_outputs(r->model, &r->outputs, f);
}

static void print_wants(const struct run *r)
{
  for (size_t i = 0; i < r->inputs.size; i++)
    print_info(stdout, "input", &r->inputs.infos[i]);
  for (size_t i = 0; i < r->outputs.size; i++)
    print_info(stdout, "output", &r->outputs.infos[i]);
}

static int run_model(const struct cli_options *o, struct run *r, struct fault *f)
{
  onnxrun_error error = {0};
  r->results = calloc(r->outputs.size + 1, sizeof *r->results);
  if (!r->results)
    return fault_memory(f);
  onnxrun_status status = onnxrun_session_create(r->model, &o->engine, &r->session, &error);
  onnxrun_run_options watched = ONNXRUN_RUN_OPTIONS_INIT;
  watched.node = profile_add;
  watched.user = &r->profile;
  if (status == ONNXRUN_OK && o->profile)
    status = onnxrun_session_configure(r->session, &watched, &error);
  if (status == ONNXRUN_OK)
    status = onnxrun_session_run(r->session, r->given.tensors, r->given.size, r->results,
                                 r->outputs.size, &error);
  return status == ONNXRUN_OK ? EXIT_CODE_OK : fault_from(f, FAULT_MODEL, o->model, status, &error);
}

static int run_all(const struct cli_options *o, struct run *r, struct fault *f)
{
  int code = run_open(o, r, f);
  if (code != EXIT_CODE_OK)
    return code;
  if (o->info || (o->operands.size == 0 && r->inputs.size > 0)) {
    print_wants(r);
    if (o->info)
      print_about(stdout, r->model);
    return EXIT_CODE_OK;
  }
  code = input_set_read(o, &r->inputs, &r->given, f);
  if (code == EXIT_CODE_OK)
    code = outputs_prepare(o, &r->outputs, f);
  if (code == EXIT_CODE_OK)
    code = run_model(o, r, f);
  for (size_t i = 0; code == EXIT_CODE_OK && !o->quiet && i < r->outputs.size; i++)
    print_output(stdout, &r->outputs.infos[i], &r->results[i], o->full);
  if (code == EXIT_CODE_OK && o->profile)
    code = profile_write(&r->profile, o->trace, f);
  return code != EXIT_CODE_OK ? code : outputs_write(o, &r->outputs, r->results, f);
}

int command_run(const struct cli_options *o, struct fault *f)
{
  struct run r = {0};
  profile_init(&r.profile);
  const int code = run_all(o, &r, f);
  run_release(&r);
  return code;
}
