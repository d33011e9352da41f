/* registry.c: the built-in tables, added kernels, and lookup by domain and operator. */
#include "runtime/registry.h"

#include <string.h>

#include "onx_isas.h"
#include "runtime/cpu.h"
#include "runtime/error.h"
#include "runtime/halves.h"
#include "runtime/plugin.h"

/* ops/table.c: each operator's kernels, and what puts another instruction set's code into copies of
 * them, in the same order. */
typedef const onnxrun_kernel *const *const onx_builtin;
typedef void (*const onx_code)(onnxrun_kernel *kernels);

#define ONX_X(isa) onx_ops__##isa
extern onx_builtin ONX_FIRST_ISA(ONX_X)[];
#undef ONX_X
#define ONX_X(isa) extern onx_code onx_ops__##isa[];
ONX_OTHER_ISAS(ONX_X)
#undef ONX_X

/* The oldest instruction set first: the last that runs is the best. */
static const struct onx_isa {
  const char *name;
  onx_code *code; /* NULL: the kernels' own */
} isas[] = {
#define ONX_X(isa) {#isa, NULL},
    ONX_FIRST_ISA(ONX_X)
#undef ONX_X
#define ONX_X(isa) {#isa, onx_ops__##isa},
        ONX_OTHER_ISAS(ONX_X)
#undef ONX_X
};

typedef struct onx_loaded {
  void *object; /* of onx_plugin_open */
  struct onx_loaded *next;
} onx_loaded;

struct onnxrun_registry {
  onx_heap heap; /* first: see onx_object_new */
  onx_pool pool;
  const struct onx_isa *isa;
  onx_table lists;         /* "domain op" to an index of `first` */
  const onx_entry **first; /* the preferred kernel of each list */
  size_t n_first, cap_first;
  const onnxrun_kernel **all; /* in the order of adding */
  size_t n_all, cap_all;
  onx_loaded *loaded; /* the newest first */
};

static onnxrun_status find_isa(const char *name, const struct onx_isa **out, onnxrun_error *error)
{
  const struct onx_isa *found = NULL;
  for (size_t i = 0; i < sizeof isas / sizeof *isas; i++) {
    const bool wanted = !name || strcmp(name, isas[i].name) == 0;
    if (wanted && onx_cpu_runs(isas[i].name))
      found = &isas[i];
    else if (wanted && name)
      return onx_fail(error, ONNXRUN_INVALID_ARGUMENT, "isa '%s' does not run on this processor",
                      name);
  }
  if (!found)
    return onx_fail(error, ONNXRUN_INVALID_ARGUMENT, "isa '%s' is not in this build", name);
  *out = found;
  return ONNXRUN_OK;
}

/* Key of the list; "\n" cannot be confused with a part of either name of a valid model. */
static bool list_key(char *buffer, size_t size, onnxrun_string domain, onnxrun_string op,
                     onnxrun_string *key)
{
  if (domain.size >= size || op.size >= size - domain.size - 1)
    return false;
  memcpy(buffer, domain.data, domain.size);
  buffer[domain.size] = '\n';
  memcpy(buffer + domain.size + 1, op.data, op.size);
  *key = (onnxrun_string){buffer, domain.size + 1 + op.size};
  return true;
}

#define KEY_BYTES 256

const onx_entry *onx_registry_first(const onnxrun_registry *r, onnxrun_string domain,
                                    onnxrun_string op)
{
  char buffer[KEY_BYTES];
  onnxrun_string key;
  if (!list_key(buffer, sizeof buffer, domain, op, &key))
    return NULL;
  const uint32_t list = onx_table_find(&r->lists, key);
  return list == ONX_NONE ? NULL : r->first[list];
}

/* The index of the kernel's list, made empty if it is not there; ONX_NONE: no memory. */
static uint32_t list_of(onnxrun_registry *r, const onnxrun_kernel *k)
{
  char buffer[KEY_BYTES];
  onnxrun_string key;
  if (!list_key(buffer, sizeof buffer, onx_text(k->domain), onx_text(k->op), &key))
    return ONX_NONE;
  const uint32_t known = onx_table_find(&r->lists, key);
  if (known != ONX_NONE)
    return known;
  key.data = onx_pool_text(&r->pool, key.data, key.size);
  const uint32_t list = (uint32_t)r->n_first;
  if (!key.data ||
      !onx_pool_grow(&r->pool, (void **)&r->first, &r->cap_first, r->n_first + 1,
                     sizeof *r->first) ||
      !onx_table_put(&r->lists, &r->pool, key, list))
    return ONX_NONE;
  r->first[r->n_first++] = NULL;
  return list;
}

/* The kernel itself, or a copy with zeros behind what its author knew. */
static const onnxrun_kernel *whole_kernel(onnxrun_registry *r, const onnxrun_kernel *k)
{
  if (k->size >= sizeof *k)
    return k;
  onnxrun_kernel *copy = onx_pool_take(&r->pool, sizeof *copy);
  if (copy) {
    memcpy(copy, k, k->size);
    copy->size = sizeof *copy;
  }
  return copy;
}

static onnxrun_status append(onnxrun_registry *r, const onnxrun_kernel *given, onnxrun_error *error)
{
  const onnxrun_kernel *k = whole_kernel(r, given);
  onx_entry *entry = onx_pool_take(&r->pool, sizeof *entry);
  const uint32_t list = k && entry ? list_of(r, k) : ONX_NONE;
  if (list == ONX_NONE ||
      !onx_pool_grow(&r->pool, (void **)&r->all, &r->cap_all, r->n_all + 1, sizeof *r->all))
    return onx_heap_fail(&r->heap, sizeof *entry, "a registry", error);
  *entry = (onx_entry){k, r->first[list]};
  r->first[list] = entry;
  r->all[r->n_all++] = k;
  return ONNXRUN_OK;
}

/* A file lists its newest descriptor last, and the last added is preferred. */
static onnxrun_status append_builtin(onnxrun_registry *r, onx_builtin listed, onx_code *code,
                                     onnxrun_error *error)
{
  size_t n = 0;
  while (listed[n])
    n++;
  onnxrun_kernel *own = code ? onx_pool_take(&r->pool, n * sizeof *own) : NULL;
  if (code && !own)
    return onx_heap_fail(&r->heap, n * sizeof *own, "a registry", error);
  for (size_t i = 0; own && i < n; i++)
    own[i] = *listed[i];
  if (own)
    (*code)(own);
  for (size_t i = 0; i < n; i++)
    ONX_TRY(append(r, own ? &own[i] : listed[i], error));
  return ONNXRUN_OK;
}

static onnxrun_status append_builtins(onnxrun_registry *r, onnxrun_error *error)
{
#define ONX_X(isa) onx_ops__##isa
  onx_builtin *const builtins = ONX_FIRST_ISA(ONX_X);
#undef ONX_X
  onx_code *const code = r->isa->code;
  for (size_t i = 0; builtins[i]; i++)
    ONX_TRY(append_builtin(r, builtins[i], code ? &code[i] : NULL, error));
  return ONNXRUN_OK;
}

onnxrun_status onnxrun_registry_create(const onnxrun_options *options, onnxrun_registry **out,
                                       onnxrun_error *error)
{
  if (!out)
    return onx_fail(error, ONNXRUN_INVALID_ARGUMENT, "out is NULL");
  const struct onx_isa *isa = NULL;
  ONX_TRY(find_isa(options ? options->isa : NULL, &isa, error));
  void *object = NULL;
  ONX_TRY(onx_object_new(sizeof **out, options, "a registry", &object, error));
  onnxrun_registry *r = object;
  r->pool.heap = &r->heap;
  r->isa = isa;
  const onnxrun_status s = append_builtins(r, error);
  if (s != ONNXRUN_OK) {
    onnxrun_registry_release(r);
    return s;
  }
  *out = r;
  return ONNXRUN_OK;
}

/* Tables end with a NULL name; of the second operand only that is looked at. */
static bool is_single(const onnxrun_operand *table)
{
  return table[0].name && !(table[0].flags & ONNXRUN_VARIADIC) && !table[1].name;
}

/* Bytes of the params that an attribute is decoded into; 0: there is no such type. */
static size_t field_bytes(onnxrun_attr_type t)
{
  switch (t) {
  case ONNXRUN_ATTR_FLOAT:
    return sizeof(float);
  case ONNXRUN_ATTR_INT:
  case ONNXRUN_ATTR_ENUM:
    return sizeof(int64_t);
  case ONNXRUN_ATTR_TENSOR:
    return sizeof(const onnxrun_tensor *);
  case ONNXRUN_ATTR_STRING:
  case ONNXRUN_ATTR_FLOATS:
  case ONNXRUN_ATTR_INTS:
  case ONNXRUN_ATTR_STRINGS:
    return sizeof(onnxrun_string); /* a pointer and a size, all of them */
  case ONNXRUN_ATTR_GRAPH:
  case ONNXRUN_ATTR_IGNORED:
    break;
  }
  return 0;
}

static const char *fault_of_attrs(const onnxrun_kernel *k)
{
  for (const onnxrun_attr *a = k->attrs; a && a->name; a++) {
    const size_t bytes = field_bytes(a->type);
    if (a->type == ONNXRUN_ATTR_IGNORED)
      continue;
    if (bytes == 0)
      return "an attribute's type does not exist";
    if (a->offset > k->params_size || bytes > k->params_size - a->offset)
      return "an attribute lies outside the params";
    if (a->type == ONNXRUN_ATTR_ENUM && !a->text)
      return "an attribute has no choices";
  }
  return NULL;
}

/* Whether the key, 0 where there is nothing to choose by, is an input. */
static bool has_key(const onnxrun_kernel *k)
{
  uint32_t n = 0;
  while (k->inputs[n].name && !(k->inputs[n].flags & ONNXRUN_VARIADIC))
    n++;
  return k->key < n || k->inputs[n].name || k->key == 0;
}

/* Whether every table that the host walks is there and ends; names the first that is not. */
static const char *fault_of(const onnxrun_kernel *k)
{
  if (k->size < offsetof(onnxrun_kernel, item_cost))
    return "size is not that of onnxrun_kernel";
  if (!k->domain || !k->op || !*k->op)
    return "domain or op is missing";
  if (strlen(k->domain) + strlen(k->op) + 2 > KEY_BYTES)
    return "domain and op are too long";
  if (!k->inputs || !k->outputs)
    return "inputs or outputs are missing";
  if (k->since < 1 || (k->until != 0 && k->until < k->since))
    return "since and until are not a span of opsets";
  if (!has_key(k))
    return "key is past the inputs";
  const bool has_loops = k->loops && k->loops[0].run;
  if ((k->flags & ONNXRUN_MAP) && !has_loops)
    return "a map needs loops";
  if ((k->flags & (ONNXRUN_MAP | ONNXRUN_VIEW)) && !is_single(k->outputs))
    return "a map or view has one output";
  if ((k->flags & ONNXRUN_BY_FLOAT) && (!(k->flags & ONNXRUN_MAP) || !onx_halves_fit(k)))
    return "not a map of one type with a loop for float, of up to 3 inputs";
  if ((k->flags & ONNXRUN_VIEW) &&
      (!k->inputs[0].name || (k->inputs[0].flags & ONNXRUN_OPTIONAL_OPERAND) || !k->shape))
    return "a view needs an input and shape()";
  if (!has_loops && !k->run && !(k->flags & ONNXRUN_VIEW) && !k->shape)
    return "neither loops nor run";
  if (!(k->flags & ONNXRUN_MAP) && !k->shape && !k->run)
    return "neither shape nor run, which say the outputs' shapes";
  return fault_of_attrs(k);
}

onnxrun_status onnxrun_registry_add(onnxrun_registry *registry, const onnxrun_kernel *kernel,
                                    onnxrun_error *error)
{
  if (!registry || !kernel)
    return onx_fail(error, ONNXRUN_INVALID_ARGUMENT, "registry or kernel is NULL");
  const char *fault = fault_of(kernel);
  if (fault)
    return onx_fail(error, ONNXRUN_INVALID_ARGUMENT, "kernel '%.80s': %s",
                    kernel->op ? kernel->op : "?", fault);
  return append(registry, kernel, error);
}

/* Takes the last kernels out again, until `n` are left: each is the first of its list. */
static void drop_after(onnxrun_registry *r, size_t n)
{
  while (r->n_all > n) {
    const uint32_t list = list_of(r, r->all[--r->n_all]);
    r->first[list] = r->first[list]->next;
  }
}

/* All of a plug-in's kernels, or none. */
static onnxrun_status append_plugin(onnxrun_registry *r, const char *path,
                                    const onnxrun_kernel *const *kernels, onnxrun_error *error)
{
  const size_t before = r->n_all;
  onnxrun_status s = ONNXRUN_OK;
  for (size_t i = 0; kernels[i]; i++) {
    const char *fault = fault_of(kernels[i]);
    if (fault)
      return onx_fail(error, ONNXRUN_BAD_PLUGIN, "plug-in '%.100s': kernel '%.60s': %s", path,
                      kernels[i]->op ? kernels[i]->op : "?", fault);
  }
  for (size_t i = 0; s == ONNXRUN_OK && kernels[i]; i++)
    s = append(r, kernels[i], error);
  if (s != ONNXRUN_OK)
    drop_after(r, before);
  return s;
}

onnxrun_status onnxrun_registry_load(onnxrun_registry *registry, const char *path,
                                     onnxrun_error *error)
{
  if (!registry || !path)
    return onx_fail(error, ONNXRUN_INVALID_ARGUMENT, "registry or path is NULL");
  onx_loaded *loaded = onx_pool_take(&registry->pool, sizeof *loaded);
  const onnxrun_kernel *const *kernels = NULL;
  if (!loaded)
    return onx_heap_fail(&registry->heap, sizeof *loaded, "a plug-in", error);
  ONX_TRY(onx_plugin_open(path, &loaded->object, &kernels, error));
  const onnxrun_status s = append_plugin(registry, path, kernels, error);
  if (s != ONNXRUN_OK) {
    onx_plugin_close(loaded->object);
    return s;
  }
  loaded->next = registry->loaded;
  registry->loaded = loaded;
  return ONNXRUN_OK;
}

size_t onnxrun_registry_size(const onnxrun_registry *registry)
{
  return registry ? registry->n_all : 0;
}

const onnxrun_kernel *onnxrun_registry_kernel(const onnxrun_registry *registry, size_t i)
{
  return i < onnxrun_registry_size(registry) ? registry->all[i] : NULL;
}

const char *onnxrun_registry_isa(const onnxrun_registry *registry)
{
  return registry ? registry->isa->name : "";
}

void onnxrun_registry_release(onnxrun_registry *registry)
{
  if (!registry)
    return;
  for (const onx_loaded *l = registry->loaded; l; l = l->next)
    onx_plugin_close(l->object);
  onx_pool_release(&registry->pool);
  onx_object_release(registry, sizeof *registry);
}
