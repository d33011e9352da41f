/* window.h: what convolutions and pools share: a window that moves over the spatial dims of an
 * input [N, C, D1, D2, ...], its attributes, and the output's dims. */
#ifndef ONX_KIT_WINDOW_H
#define ONX_KIT_WINDOW_H

#include "ops/kit/vec.h"

/* Attributes; absent ones are empty: strides and dilations of 1, pads of 0. */
typedef struct window_attrs {
  onnxrun_ints kernel_shape, strides, dilations, pads;
  int64_t auto_pad, ceil_mode;
} window_attrs;

enum { WINDOW_NOTSET, WINDOW_SAME_UPPER, WINDOW_SAME_LOWER, WINDOW_VALID };

/* Rows of an attribute table; `s` has a window_attrs named `window`. */
#define WINDOW_INTS(s, field)                                                                      \
  {                                                                                                \
#field, ONNXRUN_ATTR_INTS, 0, offsetof(s, window.field), 0, NULL                               \
  }
#define WINDOW_INTS_REQUIRED(s, field)                                                             \
  {                                                                                                \
#field, ONNXRUN_ATTR_INTS, 1, offsetof(s, window.field), 0, NULL                               \
  }
#define WINDOW_AUTO_PAD(s)                                                                         \
  {                                                                                                \
    "auto_pad", ONNXRUN_ATTR_ENUM, 0, offsetof(s, window.auto_pad), WINDOW_NOTSET,                 \
        "NOTSET|SAME_UPPER|SAME_LOWER|VALID"                                                       \
  }
#define WINDOW_CEIL_MODE(s)                                                                        \
  {                                                                                                \
    "ceil_mode", ONNXRUN_ATTR_INT, 0, offsetof(s, window.ceil_mode), 0, NULL                       \
  }

/* One spatial dim: tap t of output o reads input o * stride + t * dilation - before. */
typedef struct window_axis {
  size_t in, out, taps, stride, dilation, before, after;
} window_axis;

typedef struct window {
  uint32_t rank; /* spatial dims */
  window_axis axis[ONNXRUN_MAX_RANK];
} window;

/* The geometry of a window of kernel[rank] over X; fails on what does not fit together. */
#define window_make ONX_KIT(window_make)
KIT onnxrun_status window_make(const onnxrun_host *h, onnxrun_node *n, const window_attrs *a,
                               const onnxrun_tensor *x, const int64_t *kernel, window *w);

/* The first output whose tap reads at or past `from`, counted as input plus padding before, at most
 * `most`. */
static inline size_t window_first(const window_axis *x, size_t tap, size_t from, size_t most)
{
  const size_t at = tap * x->dilation;
  const size_t o = from > at ? (from - at - 1) / x->stride + 1 : 0;
  return o < most ? o : most;
}

/* Outputs [*from, *to) for which that tap reads inside the input. */
static inline void window_inside(const window_axis *x, size_t tap, size_t *from, size_t *to)
{
  *from = window_first(x, tap, x->before, x->out);
  *to = window_first(x, tap, x->before + x->in, x->out);
}

/* Every step-th element of `from`, n of them, of 1, 4 or 8 bytes. */
#define window_pick ONX_KIT(window_pick)
KIT void window_pick(void *to, const void *from, size_t n, size_t step, size_t bytes);

#ifdef ONX_KIT_BODIES
/* One size of element, with the even ones of two registers of 16 bytes; the last few one by one,
 * for such a step reads one element more than it takes. */
#define WINDOW_PICK(E, ...)                                                                        \
  typedef E window_##E __attribute__((may_alias));                                                 \
  static void window_pick_##E(window_##E *restrict y, const window_##E *restrict x, size_t n,      \
                              size_t step)                                                         \
  {                                                                                                \
    typedef E lanes __attribute__((vector_size(16)));                                              \
    enum { LANES = 16 / sizeof(E) };                                                               \
    size_t i = 0;                                                                                  \
    for (; step == 2 && i + LANES < n; i += LANES) {                                               \
      lanes low, high;                                                                             \
      memcpy(&low, x + 2 * i, 16);                                                                 \
      memcpy(&high, x + 2 * i + LANES, 16);                                                        \
      low = __builtin_shufflevector(low, high, __VA_ARGS__);                                       \
      memcpy(y + i, &low, 16);                                                                     \
    }                                                                                              \
    for (; i < n; i++) {                                                                           \
      y[i] = x[i * step];                                                                          \
      KEEP_LOOP;                                                                                   \
    }                                                                                              \
  }
WINDOW_PICK(uint8_t, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30)
WINDOW_PICK(uint32_t, 0, 2, 4, 6)
WINDOW_PICK(uint64_t, 0, 2)
#undef WINDOW_PICK

KIT void window_pick(void *to, const void *from, size_t n, size_t step, size_t bytes)
{
  if (bytes == sizeof(uint8_t))
    window_pick_uint8_t(to, from, n, step);
  else if (bytes == sizeof(uint32_t))
    window_pick_uint32_t(to, from, n, step);
  else
    window_pick_uint64_t(to, from, n, step);
}

/* Bounds that keep every sum and product of the geometry within 64 bits. */
#define WINDOW_MOST ((int64_t)1 << 30)

/* The attribute's value i, `otherwise` when it is absent. */
static COLD onnxrun_status window_value(const onnxrun_host *h, onnxrun_node *n,
                                        const onnxrun_ints *a, uint32_t i, const char *name,
                                        size_t *value)
{
  if (a->size == 0)
    return ONNXRUN_OK;
  const int64_t least = strcmp(name, "pads") == 0 ? 0 : 1;
  if (a->items[i] < least || a->items[i] > WINDOW_MOST)
    return h->fail(n, ONNXRUN_INVALID_MODEL, "attribute '%s' has %lld at %u, expected %d to %lld",
                   name, (long long)a->items[i], i, (int)least, (long long)WINDOW_MOST);
  *value = (size_t)a->items[i];
  return ONNXRUN_OK;
}

static COLD onnxrun_status window_count(const onnxrun_host *h, onnxrun_node *n,
                                        const onnxrun_ints *a, uint32_t count, const char *name)
{
  if (a->size == 0 || a->size == count)
    return ONNXRUN_OK;
  return h->fail(n, ONNXRUN_INVALID_MODEL, "attribute '%s' has %zu values, expected %u", name,
                 a->size, count);
}

/* The output's extent and the pads of auto_pad. */
static COLD onnxrun_status window_extent(const onnxrun_host *h, onnxrun_node *n,
                                         const window_attrs *a, window_axis *x, uint32_t i)
{
  const size_t reach = (x->taps - 1) * x->dilation + 1;
  if (a->auto_pad == WINDOW_SAME_UPPER || a->auto_pad == WINDOW_SAME_LOWER) {
    x->out = x->in / x->stride + (x->in % x->stride != 0);
    const size_t need = x->out > 0 ? (x->out - 1) * x->stride + reach : 0;
    const size_t pads = need > x->in ? need - x->in : 0;
    x->before = a->auto_pad == WINDOW_SAME_UPPER ? pads / 2 : pads - pads / 2;
    x->after = pads - x->before;
    return ONNXRUN_OK;
  }
  if (a->auto_pad == WINDOW_VALID)
    x->before = x->after = 0;
  const size_t padded = x->in + x->before + x->after;
  if (padded < reach)
    return h->fail(
        n, ONNXRUN_INVALID_INPUT,
        "the window reaches over %zu elements of spatial dim %u, the padded input has %zu", reach,
        i, padded);
  const size_t rest = padded - reach;
  x->out = rest / x->stride + 1;
  /* A last window that is only partly there must begin in the input or the padding before it. */
  if (a->ceil_mode && rest % x->stride != 0 && x->out * x->stride < x->in + x->before)
    x->out++;
  return ONNXRUN_OK;
}

COLD KIT onnxrun_status window_make(const onnxrun_host *h, onnxrun_node *n, const window_attrs *a,
                                    const onnxrun_tensor *x, const int64_t *kernel, window *w)
{
  w->rank = x->rank - 2;
  onnxrun_status s = window_count(h, n, &a->strides, w->rank, "strides");
  if (s == ONNXRUN_OK)
    s = window_count(h, n, &a->dilations, w->rank, "dilations");
  if (s == ONNXRUN_OK)
    s = window_count(h, n, &a->pads, 2 * w->rank, "pads");
  const onnxrun_ints shape = {kernel, w->rank};
  for (uint32_t i = 0; s == ONNXRUN_OK && i < w->rank; i++) {
    window_axis *axis = &w->axis[i];
    *axis = (window_axis){.in = (size_t)x->dims[2 + i], .stride = 1, .dilation = 1};
    s = window_value(h, n, &shape, i, "kernel_shape", &axis->taps);
    if (s == ONNXRUN_OK)
      s = window_value(h, n, &a->strides, i, "strides", &axis->stride);
    if (s == ONNXRUN_OK)
      s = window_value(h, n, &a->dilations, i, "dilations", &axis->dilation);
    if (s == ONNXRUN_OK)
      s = window_value(h, n, &a->pads, i, "pads", &axis->before);
    if (s == ONNXRUN_OK)
      s = window_value(h, n, &a->pads, w->rank + i, "pads", &axis->after);
    if (s == ONNXRUN_OK)
      s = window_extent(h, n, a, axis, i);
  }
  return s;
}
#endif /* ONX_KIT_BODIES */

#endif
