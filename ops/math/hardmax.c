/* Hardmax: 1 where the first largest element along an axis stands, 0 elsewhere. Opsets 1, 11 (all
 * dims from axis on), 13 (axis alone). Exact; NaN counts as the largest, as in ArgMax. A plain
 * scan: no model is known that spends time here. */
#include "ops/kit/half.h"

struct hardmax {
  int64_t axis;
  size_t count, inner;
};

static COLD onnxrun_status hardmax_shape(const onnxrun_host *h, onnxrun_node *n, struct hardmax *p,
                                         bool is_flat)
{
  const onnxrun_tensor *x = h->input(n, 0);
  uint32_t axis = 0;
  onnxrun_status s = axis_of(h, n, p->axis, x->rank, &axis);
  if (!s)
    s = h->output(n, 0, x->rank, x->dims);
  if (s)
    return s;
  onnxrun_work work = ONNXRUN_WORK_INIT;
  if (onnxrun_elements(x) == 0)
    return h->plan(n, &work);
  const uint32_t last = is_flat ? x->rank : axis + 1;
  p->count = dims_product(x, axis, last);
  p->inner = dims_product(x, last, x->rank);
  work.items = onnxrun_elements(x) / p->count;
  work.item_cost = 10 + 4 * (double)p->count;
  return h->plan(n, &work);
}

static COLD onnxrun_status hardmax_shape_1(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  return hardmax_shape(h, n, params, true);
}

static COLD onnxrun_status hardmax_shape_13(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  return hardmax_shape(h, n, params, false);
}

/* An item is a line along the axis. */
#define HARDMAX_LOOP(name, STORED, T, LOAD, ONE)                                                   \
  static void name(const onnxrun_job *job, size_t begin, size_t end)                               \
  {                                                                                                \
    const struct hardmax *p = job->params;                                                         \
    for (size_t i = begin; i < end; i++) {                                                         \
      const size_t from = i / p->inner * p->count * p->inner + i % p->inner;                       \
      const STORED *x = (const STORED *)job->in[0] + from;                                         \
      STORED *y = (STORED *)job->out[0] + from;                                                    \
      T best = LOAD(x[0]);                                                                         \
      size_t at = 0;                                                                               \
      for (size_t r = 0; r < p->count; r++) {                                                      \
        const T v = LOAD(x[r * p->inner]);                                                         \
        if (v > best || (v != v && best == best)) {                                                \
          best = v;                                                                                \
          at = r;                                                                                  \
        }                                                                                          \
        y[r * p->inner] = 0;                                                                       \
      }                                                                                            \
      y[at * p->inner] = ONE;                                                                      \
    }                                                                                              \
  }
#define AS_IS(x) (x)
HARDMAX_LOOP(hardmax_f32, float, float, AS_IS, 1)
HARDMAX_LOOP(hardmax_f64, double, double, AS_IS, 1)
HARDMAX_LOOP(hardmax_f16, uint16_t, float, f16_load, 0x3c00)
HARDMAX_LOOP(hardmax_bf16, uint16_t, float, bf16_load, 0x3f80)

static const onnxrun_operand hardmax_in[] = {IN("input", 'T', T_FLOATS), END};
static const onnxrun_operand hardmax_out[] = {OUT("output", 'T', T_FLOATS), END};
static const onnxrun_attr hardmax_attrs_1[] = {ATTR_I(struct hardmax, axis, 1), END};
static const onnxrun_attr hardmax_attrs_13[] = {ATTR_I(struct hardmax, axis, -1), END};
static const onnxrun_loop hardmax_loops[] = {{ONNXRUN_FLOAT, hardmax_f32},
                                             {ONNXRUN_DOUBLE, hardmax_f64},
                                             {ONNXRUN_FLOAT16, hardmax_f16},
                                             {ONNXRUN_BFLOAT16, hardmax_bf16},
                                             END};

#define HARDMAX(n, last)                                                                           \
  static const onnxrun_kernel hardmax_##n = {KERNEL("Hardmax", n, last),                           \
                                             .inputs = hardmax_in,                                 \
                                             .outputs = hardmax_out,                               \
                                             .attrs = hardmax_attrs_##n,                           \
                                             .params_size = sizeof(struct hardmax),                \
                                             .shape = hardmax_shape_##n,                           \
                                             .loops = hardmax_loops};
HARDMAX(1, 12)
HARDMAX(13, 0)

KERNELS(hardmax, &hardmax_1, &hardmax_13)
