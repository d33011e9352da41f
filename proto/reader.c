/* reader.c: ModelProto: the file's head, its functions, its graph, and the graphs inside. */
#include "proto/reader.h"

#include "onnx.pb-c.h"
#include "proto/scope.h"
#include "runtime/error.h"

#define IR_LAST                                                                                    \
  14 /* the newest version that is understood; proto/onnx.proto is written from it   \
                    */
#define IR_WITH_OPSETS 3

enum {
  IR_VERSION = 1,
  PRODUCER = 2,
  PRODUCER_VERSION = 3,
  DOMAIN = 4,
  MODEL_VERSION = 5,
  DOC = 6,
  GRAPH = 7,
  IMPORT = 8,
  METADATA = 14,
  FUNCTION = 25,
};

/* The parts that are read after the head. */
typedef struct onx_model_source {
  onx_span file, graph;
  size_t n_functions, n_metadata;
  onx_imports imports;
  onx_table call_domains;
} onx_model_source;

static onnxrun_status take_field(onx_reader *r, onx_model_source *src, const onx_field *f)
{
  onx_module *m = r->module;
  switch (f->number) {
  case IR_VERSION:
    m->ir_version = (int64_t)f->value;
    break;
  case PRODUCER:
    m->producer = onx_field_text(f);
    break;
  case PRODUCER_VERSION:
    m->producer_version = onx_field_text(f);
    break;
  case DOMAIN:
    m->model_domain = onx_field_text(f);
    break;
  case MODEL_VERSION:
    m->model_version = (int64_t)f->value;
    break;
  case DOC:
    m->doc = onx_field_text(f);
    break;
  case GRAPH:
    if (src->graph.data)
      return onx_damaged(r, f->at, "ModelProto.graph is given twice");
    src->graph = f->span;
    break;
  case IMPORT:
    return onx_imports_add(r, &src->imports, f->span);
  case METADATA:
    src->n_metadata++;
    break;
  case FUNCTION:
    src->n_functions++;
    break;
  default:
    break;
  }
  return ONNXRUN_OK;
}

static onnxrun_status check_head(onx_reader *r, const onx_model_source *src)
{
  const onx_module *m = r->module;
  if (src->file.size == 0)
    return onx_fail(r->error, ONNXRUN_INVALID_MODEL, "the model is empty");
  if (m->ir_version > IR_LAST)
    return onx_fail(r->error, ONNXRUN_UNSUPPORTED, "ir_version is %lld, at most %d is supported",
                    (long long)m->ir_version, IR_LAST);
  if (m->ir_version < 1)
    return onx_fail(r->error, ONNXRUN_INVALID_MODEL, "ir_version is %lld, expected 1 to %d",
                    (long long)m->ir_version, IR_LAST);
  if (!src->graph.data)
    return onx_fail(r->error, ONNXRUN_INVALID_MODEL, "the model has no graph");
  if (src->n_functions > m->limits.max_nodes)
    return onx_fail(r->error, ONNXRUN_LIMIT, "the model has %zu functions, max_nodes is %zu",
                    src->n_functions, m->limits.max_nodes);
  return ONNXRUN_OK;
}

static onnxrun_status read_head(onx_reader *r, onx_model_source *src)
{
  onx_module *m = r->module;
  m->producer = m->producer_version = m->model_domain = m->doc = onx_text("");
  onx_walk w = onx_walk_begin(r, &onnx__model_proto__descriptor, src->file);
  onx_field f;
  while (onx_walk_next(&w, &f))
    ONX_TRY(take_field(r, src, &f));
  ONX_TRY(w.status);
  ONX_TRY(check_head(r, src));
  static const uint8_t opset_1[] = {0x10, 1}; /* version 1 of domain "" */
  if (src->imports.n == 0 && m->ir_version < IR_WITH_OPSETS)
    ONX_TRY(onx_imports_add(r, &src->imports, (onx_span){opset_1, sizeof opset_1}));
  m->opsets = src->imports.items;
  m->n_opsets = src->imports.n;
  return ONNXRUN_OK;
}

static onnxrun_status take_entry(onx_reader *r, onx_span span, onnxrun_string *pair)
{
  enum { KEY = 1, VALUE = 2 };
  onx_walk w = onx_walk_begin(r, &onnx__string_string_entry_proto__descriptor, span);
  onx_field f;
  pair[0] = pair[1] = onx_text("");
  while (onx_walk_next(&w, &f)) {
    if (f.number == KEY || f.number == VALUE)
      pair[f.number - KEY] = onx_field_text(&f);
  }
  return w.status;
}

static onnxrun_status note_domain(onx_reader *r, onx_model_source *src, onx_span function)
{
  enum { FUNCTION_DOMAIN = 10 };
  onx_walk w = onx_walk_begin(r, &onnx__function_proto__descriptor, function);
  onnxrun_string domain = onx_text("");
  onx_field f;
  while (onx_walk_next(&w, &f)) {
    if (f.number == FUNCTION_DOMAIN)
      domain = onx_plain_domain(onx_field_text(&f));
  }
  ONX_TRY(w.status);
  return onx_table_put(&src->call_domains, &r->scratch, domain, 0)
             ? ONNXRUN_OK
             : onx_reader_full(r, domain.size, "a function's domain");
}

/* Metadata, and the domains that calls may name without an import. */
static onnxrun_status read_lists(onx_reader *r, onx_model_source *src)
{
  onx_module *m = r->module;
  m->metadata = onx_pool_array(r->pool, src->n_metadata, 2 * sizeof *m->metadata);
  m->functions = onx_pool_array(r->pool, src->n_functions, sizeof *m->functions);
  if (!m->metadata || !m->functions)
    return onx_reader_full(r, src->n_metadata, "metadata and functions");
  onx_walk w = onx_walk_begin(r, &onnx__model_proto__descriptor, src->file);
  onx_field f;
  while (onx_walk_next(&w, &f)) {
    if (f.number == METADATA)
      ONX_TRY(take_entry(r, f.span, &m->metadata[2 * m->n_metadata++]));
    else if (f.number == FUNCTION)
      ONX_TRY(note_domain(r, src, f.span));
  }
  return w.status;
}

static onnxrun_status new_scope(onx_reader *r, onx_model_source *src, onx_span body,
                                onx_scope **out)
{
  ONX_TRY(onx_scope_new(r, NULL, body, out));
  (*out)->imports = &src->imports;
  (*out)->call_domains = &src->call_domains;
  return ONNXRUN_OK;
}

/* The main graph first, so that its nodes come first in messages and limits. */
static onnxrun_status read_bodies(onx_reader *r, onx_model_source *src)
{
  onx_module *m = r->module;
  onx_scope *scope, *pending = NULL;
  onx_walk w = onx_walk_begin(r, &onnx__model_proto__descriptor, src->file);
  onx_field f;
  ONX_TRY(new_scope(r, src, src->graph, &scope));
  m->main = scope->g;
  ONX_TRY(onx_graph_read(r, scope, &pending));
  while (onx_walk_next(&w, &f)) {
    if (f.number != FUNCTION)
      continue;
    ONX_TRY(new_scope(r, src, f.span, &scope));
    ONX_TRY(onx_function_read(r, scope, &pending, &m->functions[m->n_functions++]));
  }
  ONX_TRY(w.status);
  while (pending) {
    scope = pending;
    pending = scope->next;
    ONX_TRY(onx_graph_read(r, scope, &pending));
  }
  return ONNXRUN_OK;
}

onnxrun_status onx_read_model(onx_module *m, const uint8_t *data, size_t size,
                              const onx_external *external, onnxrun_error *error)
{
  onnxrun_error own; /* inner calls hand their status over in it */
  onx_reader r = {.module = m,
                  .pool = &m->pool,
                  .scratch = {.heap = m->pool.heap},
                  .file = data,
                  .external = external,
                  .max_depth = m->limits.max_depth,
                  .error = error ? error : &own};
  onx_model_source src = {.file = {data, size}};
  onnxrun_status s = read_head(&r, &src);
  if (s == ONNXRUN_OK)
    s = read_lists(&r, &src);
  if (s == ONNXRUN_OK)
    s = read_bodies(&r, &src);
  onx_pool_release(&r.scratch);
  return s;
}
