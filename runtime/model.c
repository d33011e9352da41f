/* model.c: from a file or bytes to an immutable model. */
#include "runtime/model.h"

#include "proto/reader.h"
#include "runtime/bind.h"
#include "runtime/error.h"
#include "runtime/files.h"
#include "runtime/packs.h"
#include "runtime/passes/passes.h"

#define DEFAULT_NODES ((size_t)1000000)
#define DEFAULT_DEPTH ((size_t)64)

struct onnxrun_model {
  onx_heap heap; /* first: see onx_object_new */
  onx_module module;
  onx_packs packs;
  onx_files files;
  onnxrun_registry *own_registry; /* NULL: the caller's is used */
};

static onnxrun_status new_model(const onnxrun_options *o, onnxrun_model **out, onnxrun_error *error)
{
  void *object;
  ONX_TRY(onx_object_new(sizeof **out, o, "a model", &object, error));
  onnxrun_model *m = object;
  m->module.pool.heap = &m->heap;
  m->module.limits.max_nodes = o && o->max_nodes ? o->max_nodes : DEFAULT_NODES;
  m->module.limits.max_depth = o && o->max_depth ? o->max_depth : DEFAULT_DEPTH;
  *out = m;
  return ONNXRUN_OK;
}

static onnxrun_status pass_nodes(onnxrun_model *m, const onnxrun_registry *registry,
                                 const char *without, onnxrun_error *error)
{
  onx_module *module = &m->module;
  uint32_t left_out;
  ONX_TRY(onx_passes_without(without, &left_out, error));
  ONX_TRY(onx_passes_run(module, false, left_out, error));
  ONX_TRY(onx_bind(module, registry, error));
  ONX_TRY(onx_passes_run(module, true, left_out, error));
  return onx_packs_init(&m->packs, module, error);
}

static onnxrun_status check_interface(const onx_graph *g, onnxrun_error *error)
{
  for (size_t i = 0; i < g->n_inputs; i++) {
    const onx_value *v = &g->values[g->inputs[i]];
    if (v->dtype == ONNXRUN_UNDEFINED)
      return onx_fail(error, ONNXRUN_UNSUPPORTED, "input '%s' has no element type", v->name.data);
  }
  for (size_t i = 0; i < g->n_outputs; i++) {
    const onx_value *v = &g->values[g->outputs[i]];
    if (v->dtype == ONNXRUN_UNDEFINED)
      return onx_fail(error, ONNXRUN_UNSUPPORTED, "output '%s' has no element type", v->name.data);
  }
  return ONNXRUN_OK;
}

static onnxrun_status build(onnxrun_model *m, const uint8_t *data, size_t size,
                            const onx_external *external, const onnxrun_options *o,
                            onnxrun_error *error)
{
  const onnxrun_registry *registry = o ? o->registry : NULL;
  ONX_TRY(onx_read_model(&m->module, data, size, external, error));
  if (!registry) {
    ONX_TRY(onnxrun_registry_create(o, &m->own_registry, error));
    registry = m->own_registry;
  }
  ONX_TRY(pass_nodes(m, registry, o ? o->without_passes : NULL, error));
  return check_interface(m->module.main, error);
}

/* Hands the model over, or takes it apart after a failure. */
static onnxrun_status finish(onnxrun_model *m, onnxrun_status s, onnxrun_model **out)
{
  if (s == ONNXRUN_OK)
    *out = m;
  else
    onnxrun_model_release(m);
  return s;
}

onnxrun_status onnxrun_model_load(const void *data, size_t size, const onnxrun_options *options,
                                  onnxrun_model **out, onnxrun_error *error)
{
  if (!data || !out)
    return onx_fail(error, ONNXRUN_INVALID_ARGUMENT, "data or out is NULL");
  onnxrun_model *m = NULL;
  ONX_TRY(new_model(options, &m, error));
  return finish(m, build(m, data, size, NULL, options, error), out);
}

onnxrun_status onnxrun_model_open(const char *path, const onnxrun_options *options,
                                  onnxrun_model **out, onnxrun_error *error)
{
  if (!path || !out)
    return onx_fail(error, ONNXRUN_INVALID_ARGUMENT, "path or out is NULL");
  onnxrun_model *m = NULL;
  ONX_TRY(new_model(options, &m, error));
  const uint8_t *data = NULL;
  size_t size = 0;
  const onx_external external = {&m->files, onx_files_map};
  onnxrun_status s = onx_files_open(&m->files, &m->module.pool, path, &data, &size, error);
  if (s == ONNXRUN_OK)
    s = build(m, data, size, &external, options, error);
  return finish(m, s, out);
}

void onnxrun_model_release(onnxrun_model *model)
{
  if (!model)
    return;
  onnxrun_registry_release(model->own_registry);
  onx_files_release(&model->files);
  onx_packs_release(&model->packs);
  onx_pool_release(&model->module.pool);
  onx_object_release(model, sizeof *model);
}

const onx_module *onx_model_module(const onnxrun_model *model)
{
  return &model->module;
}
