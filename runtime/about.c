/* about.c: what a model says of itself: inputs, outputs, operator sets, properties. */
#include <stdio.h>
#include <string.h>

#include "runtime/error.h"
#include "runtime/model.h"

size_t onnxrun_model_inputs(const onnxrun_model *model)
{
  return model ? onx_model_module(model)->main->n_inputs : 0;
}

size_t onnxrun_model_outputs(const onnxrun_model *model)
{
  return model ? onx_model_module(model)->main->n_outputs : 0;
}

static onnxrun_status check_index(size_t i, size_t n, onnxrun_error *error)
{
  if (i >= n)
    return onx_fail(error, ONNXRUN_NOT_FOUND, "index %zu is past the last of %zu", i, n);
  return ONNXRUN_OK;
}

const char *const onx_no_names[ONNXRUN_MAX_RANK];

/* The type of a tensor as ONNX writes it, "" for what is none. */
static const char *tensor_text(onnxrun_dtype t)
{
  switch (t) {
#define ONNXRUN_X(name, number, bits, text)                                                        \
  case ONNXRUN_##name:                                                                             \
    return number < ONNXRUN_SEQUENCE ? "tensor(" text ")" : "";
    ONNXRUN_DTYPES(ONNXRUN_X)
#undef ONNXRUN_X
  case ONNXRUN_UNDEFINED:
    break;
  }
  return "";
}

onnxrun_status onx_graph_describe(const onx_graph *g, bool is_output, size_t i, onnxrun_info *info,
                                  onnxrun_error *error)
{
  if (!info || info->size != sizeof *info)
    return onx_fail(error, ONNXRUN_INVALID_ARGUMENT, "info is NULL or its size is not set");
  ONX_TRY(check_index(i, is_output ? g->n_outputs : g->n_inputs, error));
  const onx_value *v = &g->values[is_output ? g->outputs[i] : g->inputs[i]];
  const onx_said *said = is_output ? g->output_said : g->input_said;
  *info = (onnxrun_info){.size = sizeof *info, .name = v->name.data, .name_size = v->name.size};
  info->spec.dtype = v->dtype;
  info->any_rank = v->rank < 0;
  info->spec.rank = v->rank < 0 ? 0 : (uint32_t)v->rank;
  if (info->spec.rank > 0)
    memcpy(info->spec.dims, v->dims, info->spec.rank * sizeof *v->dims);
  info->dim_names = v->dim_names ? v->dim_names : onx_no_names;
  info->doc = said ? said[i].doc : onx_text("");
  info->type = said && said[i].type ? said[i].type : tensor_text(v->dtype);
  return ONNXRUN_OK;
}

static onnxrun_status describe(const onnxrun_model *model, bool is_output, size_t i,
                               onnxrun_info *info, onnxrun_error *error)
{
  if (!model)
    return onx_fail(error, ONNXRUN_INVALID_ARGUMENT, "model is NULL");
  return onx_graph_describe(onx_model_module(model)->main, is_output, i, info, error);
}

onnxrun_status onnxrun_model_input(const onnxrun_model *model, size_t i, onnxrun_info *info,
                                   onnxrun_error *error)
{
  return describe(model, false, i, info, error);
}

onnxrun_status onnxrun_model_output(const onnxrun_model *model, size_t i, onnxrun_info *info,
                                    onnxrun_error *error)
{
  return describe(model, true, i, info, error);
}

/* Texts one after the other, as a message lists them; cut when they are many. */
typedef struct onx_listing {
  char text[160];
  size_t size;
} onx_listing;

static void list_text(onx_listing *l, onnxrun_string s)
{
  const size_t room = sizeof l->text - l->size;
  if (room <= 1)
    return;
  const int n = snprintf(l->text + l->size, room, "%s'%.*s'", l->size > 0 ? ", " : "",
                         s.size < 60 ? (int)s.size : 60, s.size > 0 ? s.data : "");
  l->size = n > 0 && (size_t)n < room ? l->size + (size_t)n : sizeof l->text - 1;
}

static onnxrun_status not_found(const char *what, const char *name, const onx_listing *has,
                                onnxrun_error *error)
{
  return onx_fail(error, ONNXRUN_NOT_FOUND, "the model has no %s '%.60s', it has %s", what, name,
                  has->size > 0 ? has->text : "none");
}

static onnxrun_status find(const onnxrun_model *model, bool is_output, const char *name, size_t *i,
                           onnxrun_error *error)
{
  if (!model || !name || !i)
    return onx_fail(error, ONNXRUN_INVALID_ARGUMENT, "model, name or i is NULL");
  const onx_graph *g = onx_model_module(model)->main;
  const uint32_t *list = is_output ? g->outputs : g->inputs;
  const size_t n = is_output ? g->n_outputs : g->n_inputs;
  onx_listing has = {.size = 0};
  for (size_t at = 0; at < n; at++) {
    const onnxrun_string found = g->values[list[at]].name;
    if (onx_text_equal(found, onx_text(name))) {
      *i = at;
      return ONNXRUN_OK;
    }
    list_text(&has, found);
  }
  return not_found(is_output ? "output" : "input", name, &has, error);
}

onnxrun_status onnxrun_model_find_input(const onnxrun_model *model, const char *name, size_t *i,
                                        onnxrun_error *error)
{
  return find(model, false, name, i, error);
}

onnxrun_status onnxrun_model_find_output(const onnxrun_model *model, const char *name, size_t *i,
                                         onnxrun_error *error)
{
  return find(model, true, name, i, error);
}

onnxrun_status onnxrun_model_about(const onnxrun_model *model, onnxrun_about *about,
                                   onnxrun_error *error)
{
  if (!model || !about || about->size != sizeof *about)
    return onx_fail(error, ONNXRUN_INVALID_ARGUMENT,
                    "model or about is NULL, or the size of about is not set");
  const onx_module *m = onx_model_module(model);
  *about = (onnxrun_about){.size = sizeof *about,
                           .ir_version = m->ir_version,
                           .model_version = m->model_version,
                           .producer = m->producer,
                           .producer_version = m->producer_version,
                           .domain = m->model_domain,
                           .doc = m->doc,
                           .graph = m->main->name,
                           .graph_doc = m->main->doc};
  return ONNXRUN_OK;
}

size_t onnxrun_model_opsets(const onnxrun_model *model)
{
  return model ? onx_model_module(model)->n_opsets : 0;
}

onnxrun_status onnxrun_model_opset(const onnxrun_model *model, size_t i, onnxrun_string *domain,
                                   int64_t *version, onnxrun_error *error)
{
  if (!model || !domain || !version)
    return onx_fail(error, ONNXRUN_INVALID_ARGUMENT, "model, domain or version is NULL");
  const onx_module *m = onx_model_module(model);
  ONX_TRY(check_index(i, m->n_opsets, error));
  *domain = m->opsets[i].domain;
  *version = m->opsets[i].version;
  return ONNXRUN_OK;
}

size_t onnxrun_model_properties(const onnxrun_model *model)
{
  return model ? onx_model_module(model)->n_metadata : 0;
}

onnxrun_status onnxrun_model_property(const onnxrun_model *model, size_t i, onnxrun_string *key,
                                      onnxrun_string *value, onnxrun_error *error)
{
  if (!model || !key || !value)
    return onx_fail(error, ONNXRUN_INVALID_ARGUMENT, "model, key or value is NULL");
  const onx_module *m = onx_model_module(model);
  ONX_TRY(check_index(i, m->n_metadata, error));
  *key = m->metadata[2 * i];
  *value = m->metadata[2 * i + 1];
  return ONNXRUN_OK;
}

onnxrun_status onnxrun_model_find_property(const onnxrun_model *model, const char *key,
                                           onnxrun_string *value, onnxrun_error *error)
{
  if (!model || !key || !value)
    return onx_fail(error, ONNXRUN_INVALID_ARGUMENT, "model, key or value is NULL");
  const onx_module *m = onx_model_module(model);
  onx_listing has = {.size = 0};
  for (size_t i = 0; i < m->n_metadata; i++) {
    if (onx_text_equal(m->metadata[2 * i], onx_text(key))) {
      *value = m->metadata[2 * i + 1];
      return ONNXRUN_OK;
    }
    list_text(&has, m->metadata[2 * i]);
  }
  return not_found("property", key, &has, error);
}
