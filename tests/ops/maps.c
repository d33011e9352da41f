/* maps.c: every version, instruction set, choice of attributes and of types of a row. */
#undef NDEBUG
#include "tests/ops/maps.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/bind.h"

/* Types that a map row can speak of; strings and complex numbers are for a CASE. */
#define NUMBERS (FLOAT_TYPES | WHOLE_TYPES | T(BOOL))

/* The end of a choice "alpha=1 beta=2" in "...; alpha=1 beta=2; ...". */
static const char *choice_end(const char *choice)
{
  const char *end = strchr(choice, ';');
  return end ? end : choice + strlen(choice);
}

static const onnxrun_attr *attribute_of(const onnxrun_kernel *k, const char *name, size_t size)
{
  const onnxrun_attr *a = k->attrs;
  while (a && a->name && (strlen(a->name) != size || strncmp(a->name, name, size) != 0))
    a++;
  return a && a->name ? a : NULL;
}

static void give(trial *t, const onnxrun_attr *a, const char *value)
{
  char text[40] = "";
  const size_t size = strcspn(value, " ;");
  assert(size < sizeof text);
  if (a->type == ONNXRUN_ATTR_FLOAT) {
    trial_float(t, a->name, strtof(value, NULL));
  } else if (a->type == ONNXRUN_ATTR_INT) {
    trial_int(t, a->name, strtoll(value, NULL, 10));
  } else {
    char *kept = test_memory(size + 1);
    memcpy(kept, value, size);
    trial_string(t, a->name, kept);
  }
}

/* Gives the trial the attributes of a choice; false when the kernel lacks one. */
static bool give_choice(trial *t, const onnxrun_kernel *k, const char *choice)
{
  const char *end = choice_end(choice);
  for (const char *at = choice + strspn(choice, " "); at < end;) {
    const size_t name = strcspn(at, "=");
    const onnxrun_attr *a = attribute_of(k, at, name);
    if (!a)
      return false;
    give(t, a, at + name + 1);
    at += strcspn(at, " ;");
    at += strspn(at, " ");
  }
  return true;
}

/* ---- types ----------------------------------------------------------------------------------- */

static void check_case(map_case *c)
{
  char note[120] = "";
  size_t at = 0;
  for (uint32_t o = 0; o < c->n && at < sizeof note; o++)
    at += (size_t)snprintf(note + at, sizeof note - at, "%s%s", o ? "," : "of ",
                           c->has[o] ? onnxrun_dtype_name(c->types[o]) : "none");
  const void *mark = tensors_mark();
  c->t->note = note;
  map_sample(c);
  map_check_loop(c);
  map_check_runs(c);
  tensors_free_since(mark);
  c->t->note = NULL;
}

/* Gives types to operands from o on, those of one variable the same, and checks each case. */
static void each_type(map_case *c, uint32_t o)
{
  if (o == c->n) {
    check_case(c);
    return;
  }
  const onnxrun_operand *operand = onx_operand_at(c->kernel->inputs, o);
  const uint64_t allowed = operand->types & NUMBERS & (o == c->key ? c->row->types : UINT64_MAX);
  for (uint32_t before = 0; before < o; before++) {
    if (operand->var && onx_operand_at(c->kernel->inputs, before)->var == operand->var) {
      c->types[o] = c->types[before];
      if (allowed >> c->types[o] & 1)
        each_type(c, o + 1);
      return;
    }
  }
  for (int t = 1; t < 64; t++) {
    c->types[o] = (onnxrun_dtype)t;
    if (allowed >> t & 1)
      each_type(c, o + 1);
  }
}

/* With and without each optional operand; variadic ones in several numbers. */
static void each_count(map_case *c)
{
  uint32_t n = 0, optional = 0;
  bool is_variadic = false;
  for (; c->kernel->inputs[n].name; n++) {
    optional |= (c->kernel->inputs[n].flags & ONNXRUN_OPTIONAL_OPERAND ? 1u : 0u) << n;
    is_variadic = is_variadic || (c->kernel->inputs[n].flags & ONNXRUN_VARIADIC);
  }
  assert(n <= MAP_OPERANDS);
  for (uint32_t count = n; count <= (is_variadic ? MAP_OPERANDS : n); count++) {
    for (uint32_t absent = 0; absent <= optional; absent++) {
      if (absent & ~optional)
        continue;
      c->n = count;
      for (uint32_t o = 0; o < count; o++)
        c->has[o] = !(absent >> o & 1);
      while (c->n > 1 && !c->has[c->n - 1])
        c->n--;
      each_type(c, 0);
    }
  }
}

/* ---- the row --------------------------------------------------------------------------------- */

static bool is_of(const onnxrun_kernel *k, const map_row *row)
{
  return strcmp(k->op, row->op) == 0 && (k->flags & ONNXRUN_MAP);
}

/* The types of all versions' key operands are those of the row. */
static void check_types(const map_row *row, const onnxrun_registry *r)
{
  trial *t = trial_new(row->op, 0);
  uint64_t types = 0;
  for (size_t i = 0; i < onnxrun_registry_size(r); i++) {
    const onnxrun_kernel *k = onnxrun_registry_kernel(r, i);
    if (is_of(k, row))
      types |= onx_operand_at(k->inputs, k->key)->types & NUMBERS;
  }
  for (int type = 1; type < 64; type++) {
    if ((types ^ row->types) >> type & 1)
      test_fail(t, r, "%s is %s", onnxrun_dtype_name((onnxrun_dtype)type),
                types >> type & 1 ? "not in the row, but a kernel takes it"
                                  : "in the row, but no kernel takes it");
  }
}

static size_t check_choice(const map_row *row, const onnxrun_registry *r, const char *choice)
{
  size_t n_kernels = 0;
  for (size_t i = 0; i < onnxrun_registry_size(r); i++) {
    const onnxrun_kernel *k = onnxrun_registry_kernel(r, i);
    map_case c = {.row = row, .registry = r, .kernel = k, .key = k->key};
    c.t = trial_new(row->op, k->since);
    c.t->domain = k->domain;
    if (!is_of(k, row) || !give_choice(c.t, k, choice))
      continue;
    n_kernels++;
    each_count(&c);
  }
  return n_kernels;
}

void map_passes(const map_row *row)
{
  const onnxrun_registry *r;
  for (size_t isa = 0; (r = test_registry(isa)); isa++) {
    check_types(row, r);
    const char *choice = row->attributes;
    while (choice) {
      if (check_choice(row, r, choice) == 0)
        test_fail(trial_new(row->op, 0), r, "no version has the attributes '%s'", choice);
      choice = *choice_end(choice) ? choice_end(choice) + 1 : NULL;
    }
  }
}
