/* windows.h: windows that move over spatial dims, for the references of Conv and the pools. */
#ifndef WINDOWS_H
#define WINDOWS_H

#undef NDEBUG
#include <assert.h>
#include <string.h>

#include "tests/ops/harness.h"

#define MAP(...)
#define CASE(op, function) void function(void);
#include "tests/ops/cases.def"
#undef MAP
#undef CASE

#define N_OF(array) (sizeof(array) / sizeof *(array))
#define SPATIAL 3

/* A window over up to three spatial dims and what it moves over. */
typedef struct moves {
  uint32_t rank;
  int64_t in[SPATIAL], kernel[SPATIAL], stride[SPATIAL], dilation[SPATIAL];
  int64_t before[SPATIAL], after[SPATIAL], out[SPATIAL];
} moves;

static const onnxrun_dtype floats[] = {ONNXRUN_FLOAT, ONNXRUN_DOUBLE, ONNXRUN_FLOAT16,
                                       ONNXRUN_BFLOAT16};

static inline onnxrun_tensor *whole(onnxrun_dtype type, uint32_t rank, const int64_t *dims)
{
  const double least = is_float_type(type) || is_signed_type(type) ? -4 : 0;
  return tensor_cast(tensor_random(ONNXRUN_INT32, rank, dims, least, 4), type);
}

static inline void set_outputs(moves *m, bool ceils)
{
  for (uint32_t i = 0; i < m->rank; i++) {
    const int64_t reach = (m->kernel[i] - 1) * m->dilation[i] + 1;
    const int64_t rest = m->in[i] + m->before[i] + m->after[i] - reach;
    assert(rest >= 0);
    m->out[i] = rest / m->stride[i] + 1;
    if (ceils && rest % m->stride[i] && m->out[i] * m->stride[i] < m->in[i] + m->before[i])
      m->out[i]++;
  }
}

static inline int64_t product(uint32_t n, const int64_t *dims)
{
  int64_t p = 1;
  for (uint32_t i = 0; i < n; i++)
    p *= dims[i];
  return p;
}

/* Where tap `tap` of output `out` reads, both counted through all spatial dims; -1: padding. */
static inline int64_t read_at(const moves *m, int64_t out, int64_t tap)
{
  int64_t at = 0, stride = 1;
  for (uint32_t i = m->rank; i-- > 0;) {
    const int64_t x =
        out % m->out[i] * m->stride[i] + tap % m->kernel[i] * m->dilation[i] - m->before[i];
    out /= m->out[i];
    tap /= m->kernel[i];
    if (x < 0 || x >= m->in[i])
      return -1;
    at += x * stride;
    stride *= m->in[i];
  }
  return at;
}

static inline void trial_moves(trial *t, const moves *m, bool has_kernel, bool has_dilations)
{
  int64_t pads[2 * SPATIAL];
  for (uint32_t i = 0; i < m->rank; i++) {
    pads[i] = m->before[i];
    pads[m->rank + i] = m->after[i];
  }
  if (has_kernel)
    trial_ints(t, "kernel_shape", m->rank, m->kernel);
  if (has_dilations)
    trial_ints(t, "dilations", m->rank, m->dilation);
  trial_ints(t, "strides", m->rank, m->stride);
  trial_ints(t, "pads", 2 * m->rank, pads);
}

static inline void join(int64_t *dims, int64_t a, int64_t b, uint32_t rank, const int64_t *rest)
{
  dims[0] = a;
  dims[1] = b;
  memcpy(dims + 2, rest, rank * sizeof *rest);
}

#endif
