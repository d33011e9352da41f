/* map_loops.c: a map's loop called directly: values against the reference, then the same bits for
 * every length, address, cut, step and place of the output. */
#undef NDEBUG
#include <assert.h>
#include <math.h>
#include <string.h>

#include "runtime/bind.h"
#include "runtime/call.h"
#include "tests/ops/maps.h"

/* The loop at hand. */
typedef struct direct {
  const map_case *c;
  onx_pool pool;
  onnxrun_node call;
  onnxrun_error error;
  void *params;
  onnxrun_loop_fn loop;
  size_t item[MAP_OPERANDS], out_item; /* bytes of an element */
} direct;

/* Operands of one call, in guarded memory. */
typedef struct operands {
  void *in[MAP_OPERANDS];
  size_t step[MAP_OPERANDS];
} operands;

/* shape() for operands of n elements, those with step 0 as scalars. */
static void set_up(direct *d, const onnxrun_tensor *in[MAP_OPERANDS])
{
  const onx_node *node = d->call.node;
  onx_copy_params(node, d->params);
  onx_call_begin(&d->call, node, ONX_SHAPE, &d->pool, &d->error);
  for (uint32_t o = 0; o < d->c->n; o++)
    d->call.in[o] = in[o];
  d->call.out[0].dtype = d->c->result;
  if (onx_call_shape(&d->call, d->params) != ONNXRUN_OK)
    test_fail(d->c->t, d->c->registry, "shape() fails: %s", d->error.text);
  d->loop = onx_call_loop(&d->call);
  if (!d->loop)
    test_fail(d->c->t, d->c->registry, "there is no loop for %s",
              onnxrun_dtype_name(d->c->types[d->c->key]));
}

static void call(const direct *d, const operands *p, void *out, size_t begin, size_t end)
{
  const void *in[MAP_OPERANDS];
  void *outs[] = {out};
  memcpy(in, p->in, sizeof in);
  const onnxrun_job job = {
      .in = in, .out = outs, .step = p->step, .n_in = d->c->n, .params = d->params};
  d->loop(&job, begin, end);
}

/* Operands of `length` elements from index p on, `shift` elements past an aligned address; those
 * with step 0 are their element at[o]. */
static operands copy_operands(const direct *d, const size_t *step, const size_t *at, size_t p,
                              size_t length, size_t shift)
{
  operands copy = {{NULL}, {0}};
  for (uint32_t o = 0; o < d->c->n; o++) {
    if (!d->c->has[o])
      continue;
    const size_t bytes = (step[o] ? length : 1) * d->item[o];
    const char *from = (const char *)d->c->in[o]->data + (step[o] ? p : at[o]) * d->item[o];
    copy.step[o] = step[o];
    copy.in[o] = guarded_new(bytes, shift * d->item[o], 0);
    memcpy(copy.in[o], from, bytes);
  }
  return copy;
}

static void free_operands(const direct *d, operands *p)
{
  for (uint32_t o = 0; o < d->c->n; o++) {
    if (p->in[o] && !guarded_intact(p->in[o]))
      test_fail(d->c->t, d->c->registry, "bytes beside operand %u are written", o);
    guarded_free(p->in[o]);
  }
}

/* NaN's sign and payload apart: which operand's NaN comes out is the compiler's choice. */
static void same_bits(const direct *d, const void *found, const void *truth, size_t length,
                      const char *how)
{
  const onnxrun_tensor a = {.dtype = d->c->result, .data = (void *)found};
  const onnxrun_tensor b = {.dtype = d->c->result, .data = (void *)truth};
  if (length == 0 || memcmp(found, truth, length * d->out_item) == 0)
    return;
  for (size_t i = 0; i < length; i++) {
    if (!same_element(&a, &b, i))
      test_fail(d->c->t, d->c->registry,
                "%s, length %zu, %s: element %zu is %.17g, other bits than %.17g",
                onnxrun_dtype_name(d->c->types[d->c->key]), length, how, i, get_number(&a, i),
                get_number(&b, i));
  }
}

/* One stretch of the samples whose results are known. */
typedef struct stretch {
  const size_t *step, *at;
  size_t from, length, shift;
  const void *truth;
} stretch;

static void check_apart(const direct *d, const stretch *s)
{
  operands p = copy_operands(d, s->step, s->at, s->from, s->length, s->shift);
  void *out = guarded_new(s->length * d->out_item, (3 - s->shift) * d->out_item, 0xd2);
  const size_t cut = s->length / 3;
  call(d, &p, out, 0, s->length);
  same_bits(d, out, s->truth, s->length, "in one range");
  memset(out, 0xd2, s->length * d->out_item);
  call(d, &p, out, cut, s->length);
  call(d, &p, out, 0, cut);
  same_bits(d, out, s->truth, s->length, "in two ranges");
  if (!guarded_intact(out))
    test_fail(d->c->t, d->c->registry, "length %zu: bytes beside the output are written",
              s->length);
  guarded_free(out);
  free_operands(d, &p);
}

static void check_in_place(const direct *d, const stretch *s)
{
  for (uint32_t o = 0; o < d->c->n; o++) {
    if (!d->c->has[o] || d->item[o] != d->out_item || (!s->step[o] && s->length != 1))
      continue;
    operands p = copy_operands(d, s->step, s->at, s->from, s->length, s->shift);
    call(d, &p, p.in[o], 0, s->length);
    same_bits(d, p.in[o], s->truth, s->length, "in place");
    free_operands(d, &p);
  }
}

/* Lengths around every vector width from 4 to 64. */
static void check_lengths(const direct *d, const size_t *step, const size_t *at, const void *truth,
                          size_t n)
{
  static const size_t lengths[] = {0,  1,  2,  3,  4,  5,  7,  8,  9,   15,  16,  17, 19,
                                   31, 32, 33, 35, 63, 64, 65, 67, 131, 259, 500, 515};
  for (size_t k = 0; k < sizeof lengths / sizeof *lengths; k++) {
    const size_t n_shifts = d->c->n <= 2 ? 3 : 1; /* of many operands one address for a length */
    for (size_t shift = k % 3; shift < k % 3 + n_shifts; shift++) {
      const size_t from = (size_t)(test_random() * (double)(n - lengths[k]));
      const stretch s = {step,       at,        from,
                         lengths[k], shift % 3, (const char *)truth + from * d->out_item};
      check_apart(d, &s);
      check_in_place(d, &s);
    }
  }
}

/* Operands at step 0 give what as many copies of their element would. All of them at step 0: the
 * engine does that for one element only. */
static void check_steps(const direct *d, unsigned ones)
{
  enum { LENGTH = 70 };
  size_t step[MAP_OPERANDS] = {0}, at[MAP_OPERANDS] = {0}, all[MAP_OPERANDS];
  const size_t n = onnxrun_elements(d->c->in[d->c->key]);
  const size_t from = (size_t)(test_random() * (double)(n - LENGTH));
  for (uint32_t o = 0; o < d->c->n; o++) {
    all[o] = d->c->has[o];
    step[o] = d->c->has[o] && (ones >> o & 1);
    at[o] = (size_t)(test_random() * (double)n);
  }
  operands p = copy_operands(d, all, at, from, LENGTH, 1);
  for (uint32_t o = 0; o < d->c->n; o++) {
    for (size_t i = 0; d->c->has[o] && !step[o] && i < LENGTH; i++)
      memcpy((char *)p.in[o] + i * d->item[o], (const char *)d->c->in[o]->data + at[o] * d->item[o],
             d->item[o]);
  }
  void *truth = guarded_new(LENGTH * d->out_item, 0, 0);
  call(d, &p, truth, 0, LENGTH);
  free_operands(d, &p);
  for (size_t length = 0; length <= (ones ? LENGTH : 1); length += length < 18 ? 1 : 13) {
    const stretch s = {step, at, from, length, length % 3, truth};
    check_apart(d, &s);
    check_in_place(d, &s);
  }
  guarded_free(truth);
}

/* x op x, also in place: one array behind all operands of its type. */
static void check_shared(const direct *d)
{
  enum { LENGTH = 37 };
  size_t all[MAP_OPERANDS];
  for (uint32_t o = 0; o < d->c->n; o++) {
    all[o] = d->c->has[o];
    if (!d->c->has[o] || d->c->types[o] != d->c->types[0])
      return;
  }
  operands apart = copy_operands(d, all, all, 0, LENGTH, 0);
  for (uint32_t o = 1; o < d->c->n; o++)
    memcpy(apart.in[o], apart.in[0], LENGTH * d->item[0]);
  void *truth = guarded_new(LENGTH * d->out_item, 0, 0);
  call(d, &apart, truth, 0, LENGTH);
  operands shared = apart;
  for (uint32_t o = 1; o < d->c->n; o++)
    shared.in[o] = shared.in[0];
  const bool in_place = d->out_item == d->item[0];
  void *out = in_place ? shared.in[0] : guarded_new(LENGTH * d->out_item, 0, 0);
  call(d, &shared, out, 0, LENGTH);
  same_bits(d, out, truth, LENGTH, "all operands in one array");
  if (!in_place)
    guarded_free(out);
  guarded_free(truth);
  free_operands(d, &apart);
}

/* All samples once against the reference, then stretches of them. */
static void check_values(direct *d, const size_t *step, const size_t *at, bool has_stretches)
{
  const map_case *c = d->c;
  const size_t n = onnxrun_elements(c->in[c->key]);
  operands p = copy_operands(d, step, at, 0, n, 0);
  onnxrun_tensor out = {c->result, 1, {(int64_t)n}, guarded_new(n * d->out_item, 0, 0x6b), 0};
  call(d, &p, out.data, 0, n);
  for (size_t i = 0; i < n; i++) {
    map_args a;
    size_t index[MAP_OPERANDS];
    for (uint32_t o = 0; o < c->n; o++)
      index[o] = step[o] ? i : at[o];
    map_take(c, c->in, index, &a);
    map_judge(c, &a, &out, i);
  }
  if (has_stretches)
    check_lengths(d, step, at, out.data, n);
  guarded_free(out.data);
  free_operands(d, &p);
}

/* An index below n of a number: NaN as a limit is nobody's case. */
static size_t pick_scalar(const map_case *c, uint32_t o, size_t n)
{
  size_t at = (size_t)(test_random() * (double)n);
  while (c->has[o] && isnan(get_number(c->in[o], at)))
    at = (at + 1) % n;
  return at;
}

/* Operands past the first are scalars: a few choices of them. */
static void check_scalars(direct *d)
{
  const map_case *c = d->c;
  const size_t step[MAP_OPERANDS] = {1};
  const size_t n = onnxrun_elements(c->in[0]);
  const bool has_scalars = c->has[1] || (c->n > 2 && c->has[2]);
  for (int k = 0; k < (has_scalars ? 8 : 1); k++) {
    size_t at[MAP_OPERANDS] = {0};
    const onnxrun_tensor *in[MAP_OPERANDS] = {c->in[0]};
    for (uint32_t o = 1; o < c->n; o++) {
      at[o] = pick_scalar(c, o, k < 4 ? 40 : n);
      onnxrun_tensor *scalar = c->has[o] ? tensor_new(c->types[o], SCALAR) : NULL;
      if (scalar)
        copy_element(scalar, 0, c->in[o], at[o]);
      in[o] = scalar;
    }
    set_up(d, in);
    check_values(d, step, at, k == 0);
  }
}

static void check_all(direct *d)
{
  const map_case *c = d->c;
  size_t step[MAP_OPERANDS] = {0};
  unsigned present = 0;
  for (uint32_t o = 0; o < c->n; o++) {
    step[o] = c->has[o];
    present |= (unsigned)c->has[o] << o;
  }
  set_up(d, (const onnxrun_tensor **)c->in);
  check_values(d, step, step, true);
  check_shared(d);
  for (unsigned ones = 0; ones < present; ones++) {
    const bool is_one_way = c->row->reference->flags & ONE_WAY;
    const int n_ones = __builtin_popcount(ones); /* of many operands not all choices */
    const bool is_tried = c->n <= 3 || n_ones <= 1 || n_ones == (int)c->n - 1;
    if (is_tried && (ones & ~present) == 0 && (!is_one_way || ones == 0 || (ones & 1)))
      check_steps(d, ones);
  }
}

void map_check_loop(map_case *c)
{
  direct d = {.c = c};
  built *b = NULL;
  for (uint32_t o = 0; o < c->n; o++)
    c->t->in[o] = c->in[o];
  c->t->n_in = c->n;
  if (trial_build(c->t, c->registry, 0, &b, &d.error) != ONNXRUN_OK)
    test_fail(c->t, c->registry, "building fails: %s", d.error.text);
  const onx_node *node = &b->m.main->nodes[0];
  if (node->kernel != c->kernel)
    test_fail(c->t, c->registry, "another kernel is preferred at its own first opset");
  d.pool.heap = &b->heap;
  d.params = onx_pool_take(&d.pool, onx_plan_size(node->kernel));
  const bool has_call = onx_call_new(&d.call, &d.pool, c->n, 1);
  assert(d.params && has_call);
  d.call.node = node;
  c->result = b->m.main->values[node->out[0]].dtype;
  d.out_item = onnxrun_bits(c->result) / 8;
  for (uint32_t o = 0; o < c->n; o++)
    d.item[o] = onnxrun_bits(c->types[o]) / 8;
  if (c->row->reference->flags & SCALARS)
    check_scalars(&d);
  else
    check_all(&d);
  onx_pool_release(&d.pool);
  built_release(b);
}
