/* cases.c: models and data for the rows of cases.def. */
#include "bench/cases.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define T(name) ONNXRUN_TYPE(name)
#define FLOAT_TYPES (T(FLOAT16) | T(BFLOAT16) | T(FLOAT) | T(DOUBLE))
#define SIGNED_TYPES (T(INT8) | T(INT16) | T(INT32) | T(INT64))
#define UNSIGNED_TYPES (T(UINT8) | T(UINT16) | T(UINT32) | T(UINT64))
#define WHOLE_TYPES (SIGNED_TYPES | UNSIGNED_TYPES)
#define MAP(op, types, lowest, highest, ulp, ulp_f64, reference, attributes)                       \
  {#op, "", types, lowest, highest, attributes},
#define CASE(...)

const bench_case bench_cases[] = {
#include "tests/ops/cases.def"
    {"PRelu", "by channel", FLOAT_TYPES, -100, 100, ""},
    {"Softmax", "", FLOAT_TYPES, -10, 10, ""},
    {"LogSoftmax", "", FLOAT_TYPES, -10, 10, ""},
    {"Hardmax", "", FLOAT_TYPES, -10, 10, ""},
};
const size_t n_bench_cases = sizeof bench_cases / sizeof *bench_cases;

#undef MAP
#undef CASE

/* What models have between their layers. Far outside, functions saturate or give subnormal numbers,
 * which take another time. */
#define USUAL 6.0

enum {
  PATTERN = 1 << 20, /* random elements, then they repeat: too many for a branch predictor */
  ROW = 1024,        /* of Softmax */
  CHANNELS = 64,
  OPSET = 17, /* or the operator's first, where that is newer */
};

static uint64_t random_bits(uint64_t *state)
{
  uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15); /* splitmix64 */
  z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
  return z ^ z >> 31;
}

/* Rounded towards zero, to zero below the normal numbers: a sample need not be exact. */
static uint16_t half_of(float value)
{
  uint32_t u;
  memcpy(&u, &value, sizeof u);
  const uint32_t magnitude = u & 0x7fffffff;
  return (uint16_t)((u >> 16 & 0x8000u) |
                    (magnitude < 0x38800000 ? 0 : (magnitude >> 13) - 0x1c000));
}

static void set_element(const onnxrun_tensor *t, size_t i, double value)
{
  const float f = (float)value;
  const int64_t whole = (int64_t)value;
  uint32_t bits;
  memcpy(&bits, &f, sizeof bits);
  switch (t->dtype) {
  case ONNXRUN_DOUBLE:
    ((double *)t->data)[i] = value;
    return;
  case ONNXRUN_FLOAT:
    ((float *)t->data)[i] = f;
    return;
  case ONNXRUN_FLOAT16:
    ((uint16_t *)t->data)[i] = half_of(f);
    return;
  case ONNXRUN_BFLOAT16:
    ((uint16_t *)t->data)[i] = (uint16_t)(bits >> 16);
    return;
  default: { /* whole numbers, and bool: the low bytes, as this machine lays them */
    const size_t bytes = onnxrun_dtype_bits(t->dtype) / 8;
    const int64_t kept = t->dtype == ONNXRUN_BOOL ? value > 0 : whole;
    memcpy((char *)t->data + i * bytes, &kept, bytes);
  }
  }
}

static size_t elements_of(const onnxrun_tensor *t)
{
  size_t n = 1;
  for (uint32_t d = 0; d < t->rank; d++)
    n *= (size_t)t->dims[d];
  return n;
}

/* Whole numbers without a sign are positive. */
static void fill(const onnxrun_tensor *t, double lowest, double highest, uint64_t seed)
{
  const size_t n = elements_of(t), fresh = n < PATTERN ? n : PATTERN;
  const uint64_t bit = UINT64_C(1) << t->dtype;
  const double from = (bit & UNSIGNED_TYPES) && lowest < 0 ? 0 : lowest;
  uint64_t state = seed;
  for (size_t i = 0; i < fresh; i++)
    set_element(t, i, from + (highest - from) * (double)(random_bits(&state) >> 11) * 0x1p-53);
  const size_t bytes = onnxrun_dtype_bits(t->dtype) / 8 * n;
  for (size_t done = fresh * (bytes / n); done < bytes; done *= 2)
    memcpy((char *)t->data + done, t->data, done < bytes - done ? done : bytes - done);
}

/* The type of an operand, when the key has `type`: the same wherever that is allowed. */
static onnxrun_dtype type_of(const onnxrun_operand *o, onnxrun_dtype type)
{
  if (o->types & (UINT64_C(1) << type))
    return type;
  int t = 0;
  while (t < 63 && !(o->types >> t & 1))
    t++;
  return (onnxrun_dtype)t;
}

/* Input 0 of the case, or any that has its shape. */
static onnxrun_tensor shaped(const bench_case *c, onnxrun_dtype type, size_t size)
{
  onnxrun_tensor t = {.dtype = type, .rank = 1, .dims = {(int64_t)size}};
  size_t inner = 0;
  if (strcmp(c->form, "by channel") == 0) {
    size_t channels = CHANNELS;
    while (channels > 1 && (size % channels != 0 || size / channels < 16))
      channels /= 2;
    inner = size / channels;
    t = (onnxrun_tensor){.dtype = type, .rank = 3, .dims = {1, (int64_t)channels}};
  } else if (strstr(c->op, "max")) { /* Softmax and its relatives */
    inner = size % ROW == 0 ? ROW : size;
    t = (onnxrun_tensor){.dtype = type, .rank = 2, .dims = {(int64_t)(size / inner)}};
  }
  if (inner)
    t.dims[t.rank - 1] = (int64_t)inner;
  return t;
}

/* The slope of PRelu: one, or one for each channel. */
static onnxrun_tensor slope_of(const bench_case *c, onnxrun_dtype type, size_t size)
{
  onnxrun_tensor t = shaped(c, type, size);
  if (t.rank == 1)
    t.dims[0] = 1;
  else
    t = (onnxrun_tensor){.dtype = type, .rank = 2, .dims = {t.dims[1], 1}};
  return t;
}

static void allocate(onnxrun_tensor *t, size_t least)
{
  t->bytes = onnxrun_dtype_bits(t->dtype) / 8 * elements_of(t);
  t->data = take_aligned(t->bytes > least ? t->bytes : least);
  memset(t->data, 0, t->bytes > least ? t->bytes : least);
}

/* An input of one element as a constant. */
static void set_scalar(problem *p, size_t i, onnxrun_dtype type, double value)
{
  onnxrun_tensor *t = &p->node.in[i];
  *t = (onnxrun_tensor){.dtype = type};
  allocate(t, 0);
  set_element(t, 0, value);
  p->node.is_constant[i] = true;
  if (p->node.n_in <= i)
    p->node.n_in = i + 1;
}

/* "name=value" as an attribute or an input of one element. */
static bool set_attribute(problem *p, const onnxrun_kernel *k, onnxrun_dtype type, char *name,
                          const char *value)
{
  for (const onnxrun_attr *a = k->attrs; a && a->name; a++) {
    if (strcmp(a->name, name) != 0 || p->node.n_attrs == NODE_ATTRS)
      continue;
    const bool is_text = a->type == ONNXRUN_ATTR_STRING || a->type == ONNXRUN_ATTR_ENUM;
    p->node.attrs[p->node.n_attrs++] =
        (node_attr){.name = name,
                    .type = is_text                       ? NODE_STRING
                            : a->type == ONNXRUN_ATTR_INT ? NODE_INT
                                                          : NODE_FLOAT,
                    .f = strtof(value, NULL),
                    .i = strtoll(value, NULL, 10),
                    .s = value};
    return true;
  }
  for (size_t i = 1; i < NODE_INPUTS && k->inputs[i].name; i++) {
    if (strcmp(k->inputs[i].name, name) == 0) {
      set_scalar(p, i, type, strtod(value, NULL));
      return true;
    }
  }
  return false;
}

static bool set_attributes(problem *p, const onnxrun_kernel *k, onnxrun_dtype type,
                           const char *attributes)
{
  if (strlen(attributes) >= sizeof p->text)
    return false;
  strcpy(p->text, attributes);
  for (char *at = strtok(p->text, " "); at; at = strtok(NULL, " ")) {
    char *equals = strchr(at, '=');
    if (!equals)
      return false;
    *equals = '\0';
    if (!set_attribute(p, k, type, at, equals + 1))
      return false;
  }
  return true;
}

/* Shapes of the inputs that the operator must have; two of those that it may have many of. */
static void set_inputs(problem *p, const bench_case *c, const onnxrun_kernel *k, onnxrun_dtype type,
                       size_t size)
{
  const onnxrun_operand *o = k->inputs;
  for (size_t i = 0; i < NODE_INPUTS && o->name; i++) {
    const bool is_needed = !(o->flags & ONNXRUN_OPTIONAL_OPERAND) && !p->node.is_constant[i];
    if (is_needed) {
      const bool is_slope = i == 1 && strcmp(k->op, "PRelu") == 0;
      p->node.in[i] = is_slope ? slope_of(c, type, size) : shaped(c, type_of(o, type), size);
      p->node.is_constant[i] = is_slope;
      if (p->node.n_in <= i)
        p->node.n_in = i + 1;
    }
    if (!(o->flags & ONNXRUN_VARIADIC) || i > 0)
      o++;
  }
}

static void allocate_all(problem *p, const bench_case *c)
{
  const size_t n = elements_of(&p->out), out = n * onnxrun_dtype_bits(p->out.dtype) / 8;
  p->moved = out;
  for (size_t i = 0; i < p->node.n_in; i++) {
    const onnxrun_tensor *t = &p->node.in[i];
    if (t->dtype != ONNXRUN_UNDEFINED && !p->node.is_constant[i])
      p->moved += elements_of(t) * onnxrun_dtype_bits(t->dtype) / 8;
  }
  for (size_t i = 0; i < p->node.n_in; i++) {
    onnxrun_tensor *t = &p->node.in[i];
    if (t->dtype == ONNXRUN_UNDEFINED || t->data)
      continue;
    allocate(t, p->node.is_constant[i] ? 0 : p->moved / 2);
    if (p->node.is_constant[i])
      fill(t, -1, 1, i + 1);
    else
      fill(t, fmax(c->lowest, -USUAL), fmin(c->highest, USUAL), i + 1);
    if (!p->node.is_constant[i])
      p->in[p->n_in++] = *t;
  }
  allocate(&p->out, p->moved / 2);
  p->from = p->in[0].data;
  p->to = p->out.data;
}

bool problem_make(problem *p, const bench_case *c, const onnxrun_kernel *k, onnxrun_dtype type,
                  size_t size, const char *attributes)
{
  const uint64_t bit = UINT64_C(1) << type;
  memset(p, 0, sizeof *p);
  if (!(c->types & bit) || !(k->inputs[k->key].types & bit) ||
      !set_attributes(p, k, type, attributes)) {
    problem_release(p);
    return false;
  }
  set_inputs(p, c, k, type, size);
  p->node.op = k->op;
  p->node.opset = k->since > OPSET ? k->since : OPSET;
  p->out = shaped(c, type_of(&k->outputs[0], type), size);
  p->node.out = p->out.dtype;
  allocate_all(p, c);
  return true;
}

void problem_release(problem *p)
{
  for (size_t i = 0; i < p->node.n_in; i++)
    free(p->node.in[i].data);
  free(p->out.data);
  memset(p, 0, sizeof *p);
}
