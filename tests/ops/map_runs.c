/* map_runs.c: a map run by the engine, broadcast in every way that it allows. */
#include <math.h>
#include <string.h>

#include "tests/ops/maps.h"

typedef struct shape {
  uint32_t rank;
  int64_t dims[4];
} shape;

/* What operands after the first are broadcast from, and a pair that grows both. */
static const shape full = {4, {2, 3, 4, 5}};
static const shape parts[] = {{0, {0}},          {1, {1}},          {1, {5}},
                              {3, {3, 1, 1}},    {2, {4, 1}},       {4, {2, 1, 4, 1}},
                              {4, {1, 3, 1, 5}}, {4, {2, 3, 4, 5}}, {4, {2, 1, 1, 1}}};
static const shape column = {2, {3, 1}}, line = {2, {1, 4}};
static const shape none = {2, {0, 3}}, one_line = {2, {1, 3}};
static const shape large = {3, {64, 33, 40}}, channels = {2, {33, 1}};

static void join(shape *out, const shape *s)
{
  shape joined = {out->rank > s->rank ? out->rank : s->rank, {0}};
  for (uint32_t d = 0; d < joined.rank; d++) {
    const int64_t a = d + out->rank < joined.rank ? 1 : out->dims[d + out->rank - joined.rank];
    const int64_t b = d + s->rank < joined.rank ? 1 : s->dims[d + s->rank - joined.rank];
    joined.dims[d] = a == 1 ? b : a;
  }
  *out = joined;
}

/* The index in an operand of that shape of the output's element i. */
static size_t index_of(const shape *out, size_t i, const onnxrun_tensor *t)
{
  size_t index = 0, stride = 1;
  for (uint32_t d = out->rank; d-- > 0;) {
    const size_t at = i % (size_t)out->dims[d];
    i /= (size_t)out->dims[d];
    if (d + t->rank < out->rank)
      continue;
    const size_t dim = (size_t)t->dims[d + t->rank - out->rank];
    index += dim == 1 ? 0 : at * stride;
    stride *= dim;
  }
  return index;
}

/* Values from the samples; past the first operand no whole zero, which would be divided by, and no
 * scalar NaN. */
static onnxrun_tensor *operand(const map_case *c, uint32_t o, const shape *s)
{
  onnxrun_tensor *t = tensor_new(c->types[o], s->rank, s->dims);
  const size_t n = onnxrun_elements(c->in[o]);
  for (size_t i = 0; i < onnxrun_elements(t); i++)
    copy_element(t, i, c->in[o], (size_t)(test_random() * (double)n));
  if (s->rank == 0 && isnan(get_number(t, 0)))
    set_number(t, 0, 1);
  for (size_t i = 0; o > 0 && !is_float_type(t->dtype) && i < onnxrun_elements(t); i++) {
    if (t->dtype != ONNXRUN_BOOL && get_int(t, i) == 0)
      set_int(t, i, 1);
  }
  return t;
}

/* NULL when an element is free. */
static onnxrun_tensor *plain_result(map_case *c, onnxrun_tensor *const *in, const shape *out)
{
  onnxrun_tensor *y = tensor_new(c->result, out->rank, out->dims);
  for (size_t i = 0; i < onnxrun_elements(y); i++) {
    map_args a;
    size_t at[MAP_OPERANDS] = {0};
    bool is_free = false;
    for (uint32_t o = 0; o < c->n; o++)
      at[o] = c->has[o] ? index_of(out, i, in[o]) : 0;
    map_take(c, in, at, &a);
    map_expect(c, &a, y, i, &is_free);
    if (is_free)
      return NULL;
  }
  return y;
}

static void check_shapes(map_case *c, const shape *const *shapes)
{
  onnxrun_tensor *in[MAP_OPERANDS] = {NULL};
  shape out = {0, {0}};
  const unsigned flags = c->row->reference->flags;
  trial_clear(c->t);
  for (uint32_t o = 0; o < c->n; o++) {
    if (c->has[o]) {
      in[o] = operand(c, o, shapes[o]);
      if (o == 0 || !(flags & (ONE_WAY | SCALARS)))
        join(&out, shapes[o]);
    }
    trial_input(c->t, in[o]);
  }
  const onnxrun_tensor *y = plain_result(c, in, &out);
  if (!y)
    return;
  trial_expect(c->t, y);
  /* The reference is rounded once more when it becomes a tensor. */
  const bool is_exact = map_bound(c) < 0.51 && c->result == ONNXRUN_FLOAT;
  c->t->allowed.ulp = is_float_type(c->result) && !is_exact ? map_bound(c) + 0.5 : 0;
  /* Either zero, for the loop has been judged already; and where the truth was rounded to zero, as
   * many of the units that are there. */
  c->t->allowed.absolute = 1e-320;
  if (c->t->allowed.ulp > 0)
    c->t->allowed.absolute += c->t->allowed.ulp * (double)ulp_at(c->result, 0);
  trial_passes(c->t);
}

/* Operand o has shape b, the others a. */
static void check_pair(map_case *c, uint32_t o, const shape *a, const shape *b)
{
  const shape *shapes[MAP_OPERANDS];
  for (uint32_t i = 0; i < MAP_OPERANDS; i++)
    shapes[i] = i > 0 && (c->row->reference->flags & SCALARS) ? &parts[0] : i == o ? b : a;
  check_shapes(c, shapes);
}

static bool broadcasts(const map_case *c)
{
  for (const onnxrun_attr *a = c->kernel->attrs; a && a->name; a++) {
    if (strcmp(a->name, "broadcast") == 0)
      return false;
  }
  return c->n > 1 && c->kernel->since >= 7 && !(c->row->reference->flags & SCALARS);
}

/* Enough work for several threads. */
static void check_large(map_case *c)
{
  c->t->is_brief = true;
  check_pair(c, c->n, &large, NULL);
  if (broadcasts(c))
    check_pair(c, 1, &large, &channels);
  c->t->is_brief = false;
}

/* Broadcasting is the engine's, so one type of each operator goes through all of it. */
void map_check_runs(map_case *c)
{
  static size_t turn;
  const size_t n_parts = sizeof parts / sizeof *parts;
  const uint32_t first = c->row->reference->flags & ONE_WAY ? 1 : 0;
  const bool is_lead = c->n <= 3 && (c->row->types & (T(FLOAT) | T(BOOL)) & T_OF(c->types[c->key]));
  if (c->registry != test_registry(0))
    return;
  check_pair(c, c->n, &full, NULL);
  check_pair(c, c->n, &none, NULL);
  if (is_lead && c->t->n_attrs == 0)
    check_large(c);
  if (!broadcasts(c))
    return;
  for (uint32_t o = first; o < c->n; o++) {
    for (size_t k = 0; k < (is_lead ? n_parts : 1); k++)
      check_pair(c, o, &full, &parts[turn++ % n_parts]);
  }
  if (!(c->row->reference->flags & ONE_WAY)) {
    check_pair(c, 1, &column, &line);
    check_pair(c, 1, &one_line, &none);
  }
}
