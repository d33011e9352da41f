/* pool_cases.c: the pools and BatchNormalization against plain loops over any number of spatial
 * dims, on whole numbers where sums must be exact. */
#include <math.h>

#include "tests/ops/windows.h"

static const moves windows[] = {
    {2, {9, 12}, {2, 2}, {2, 2}, {1, 1}, {0, 0}, {0, 0}, {0}},
    {2, {9, 12}, {3, 3}, {2, 2}, {1, 1}, {1, 1}, {1, 1}, {0}},
    {2, {7, 40}, {3, 2}, {1, 1}, {1, 1}, {0, 1}, {2, 0}, {0}},
    {2, {8, 11}, {2, 3}, {3, 4}, {2, 3}, {1, 2}, {1, 2}, {0}},
    {2, {1, 1}, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}, {0}},
    {2, {6, 5}, {6, 5}, {1, 1}, {1, 1}, {0, 0}, {0, 0}, {0}},
    {1, {300}, {5}, {3}, {7}, {4}, {1}, {0}},
    {1, {3}, {2}, {1}, {2}, {1}, {1}, {0}},
    {3, {4, 5, 6}, {2, 3, 2}, {1, 2, 3}, {2, 1, 1}, {1, 0, 1}, {0, 1, 1}, {0}},
};

/* What a pool makes of the window of output `out` in a plane. */
typedef double (*pool_fn)(const moves *m, const onnxrun_tensor *x, int64_t plane, int64_t out,
                          bool padded);

static double largest(const moves *m, const onnxrun_tensor *x, int64_t plane, int64_t out,
                      bool padded)
{
  double most = x->dtype == ONNXRUN_UINT8 ? 0 : x->dtype == ONNXRUN_INT8 ? -128 : -INFINITY;
  (void)padded;
  for (int64_t tap = 0; tap < product(m->rank, m->kernel); tap++) {
    const int64_t at = read_at(m, out, tap);
    const double value = at < 0 ? -INFINITY : get_number(x, (size_t)(plane + at));
    if (value > most || value != value)
      most = value;
    if (most != most)
      break;
  }
  return most;
}

/* How many taps of the window lie in the input and its padding. */
static int64_t padded_taps(const moves *m, int64_t out)
{
  int64_t n = 1;
  for (uint32_t i = m->rank; i-- > 0;) {
    int64_t inside = 0;
    for (int64_t t = 0; t < m->kernel[i]; t++)
      inside += out % m->out[i] * m->stride[i] + t * m->dilation[i] <
                m->before[i] + m->in[i] + m->after[i];
    out /= m->out[i];
    n *= inside;
  }
  return n;
}

static double average(const moves *m, const onnxrun_tensor *x, int64_t plane, int64_t out,
                      bool padded)
{
  double sum = 0;
  int64_t n = 0;
  for (int64_t tap = 0; tap < product(m->rank, m->kernel); tap++) {
    const int64_t at = read_at(m, out, tap);
    if (at >= 0) {
      sum += get_number(x, (size_t)(plane + at));
      n++;
    }
  }
  return sum / (double)(padded ? padded_taps(m, out) : n);
}

static onnxrun_tensor *pooled(const moves *m, const onnxrun_tensor *x, pool_fn pool, bool padded)
{
  int64_t dims[2 + SPATIAL];
  join(dims, x->dims[0], x->dims[1], m->rank, m->out);
  onnxrun_tensor *y = tensor_new(x->dtype, 2 + m->rank, dims);
  const int64_t out = product(m->rank, m->out), in = product(m->rank, m->in);
  for (int64_t i = 0; i < x->dims[0] * x->dims[1] * out; i++)
    set_number(y, (size_t)i, pool(m, x, i / out * in, i % out, padded));
  return y;
}

static onnxrun_tensor *image(onnxrun_dtype type, const moves *m)
{
  int64_t dims[2 + SPATIAL];
  join(dims, 2, 3, m->rank, m->in);
  return whole(type, 2 + m->rank, dims);
}

void maxpool_windows(void)
{
  const onnxrun_dtype types[] = {ONNXRUN_FLOAT,    ONNXRUN_DOUBLE, ONNXRUN_FLOAT16,
                                 ONNXRUN_BFLOAT16, ONNXRUN_INT8,   ONNXRUN_UINT8};
  for (size_t i = 0; i < N_OF(windows) * N_OF(types); i++) {
    moves m = windows[i / N_OF(types)];
    const bool ceils = i % 2;
    set_outputs(&m, ceils);
    const onnxrun_tensor *x = image(types[i % N_OF(types)], &m);
    trial *t = trial_new("MaxPool", 22);
    trial_moves(t, &m, true, true);
    trial_int(t, "ceil_mode", ceils);
    trial_input(t, x);
    trial_expect(t, pooled(&m, x, largest, false));
    trial_passes(t);
  }
}

void maxpool_special_values(void)
{
  trial *t = trial_new("MaxPool", 8);
  trial_ints(t, "kernel_shape", INTS(2));
  trial_input(t, tensor_of(ONNXRUN_FLOAT, DIMS(1, 1, 7),
                           VALUES(NAN, 1, 2, NAN, -INFINITY, -INFINITY, INFINITY)));
  trial_expect(
      t, tensor_of(ONNXRUN_FLOAT, DIMS(1, 1, 6), VALUES(NAN, 2, NAN, NAN, -INFINITY, INFINITY)));
  trial_expect(t, tensor_of(ONNXRUN_INT64, DIMS(1, 1, 6), VALUES(0, 2, 3, 3, 4, 6)));
  trial_passes(t);
}

/* Indices count through all of X; the first of equals wins. */
void maxpool_indices_cases(void)
{
  for (int64_t by_columns = 0; by_columns < 2; by_columns++) {
    trial *t = trial_new("MaxPool", 12);
    trial_ints(t, "kernel_shape", INTS(2, 2));
    trial_ints(t, "strides", INTS(1, 2));
    trial_int(t, "storage_order", by_columns);
    trial_input(t, tensor_of(ONNXRUN_INT8, DIMS(1, 2, 2, 4),
                             VALUES(1, 5, 5, 2, 3, 5, 4, 1, 7, 7, -3, -4, 7, 7, -5, -3)));
    trial_expect(t, tensor_of(ONNXRUN_INT8, DIMS(1, 2, 1, 2), VALUES(5, 5, 7, -3)));
    if (by_columns)
      trial_expect(t, tensor_of(ONNXRUN_INT64, DIMS(1, 2, 1, 2), VALUES(2, 4, 8, 12)));
    else
      trial_expect(t, tensor_of(ONNXRUN_INT64, DIMS(1, 2, 1, 2), VALUES(1, 2, 8, 10)));
    trial_passes(t);
  }
  /* A window that lies in the padding has the least number and no index. */
  trial *t = trial_new("MaxPool", 12);
  trial_ints(t, "kernel_shape", INTS(2));
  trial_ints(t, "dilations", INTS(2));
  trial_ints(t, "pads", INTS(1, 1));
  trial_input(t, tensor_of(ONNXRUN_FLOAT16, DIMS(1, 1, 1), VALUES(3)));
  trial_expect(t, tensor_of(ONNXRUN_FLOAT16, DIMS(1, 1, 1), VALUES(-INFINITY)));
  trial_expect(t, tensor_of(ONNXRUN_INT64, DIMS(1, 1, 1), VALUES(-1)));
  trial_passes(t);
}

void maxpool_refuses(void)
{
  trial *t = trial_new("MaxPool", 12);
  trial_ints(t, "kernel_shape", INTS(3));
  trial_input(t, tensor_new(ONNXRUN_FLOAT, DIMS(1, 1, 4, 4)));
  trial_expect(t, tensor_new(ONNXRUN_FLOAT, DIMS(1)));
  trial_fails(t, ONNXRUN_INVALID_MODEL, "attribute 'kernel_shape' has 1 values, expected 2");
  trial_ints(t, "kernel_shape", INTS(5, 1));
  trial_fails(t, ONNXRUN_INVALID_INPUT, "the window reaches over 5 elements of spatial dim 0");
  trial_ints(t, "kernel_shape", INTS(1 << 30, 1 << 30));
  trial_ints(t, "dilations", INTS(1 << 30, 1 << 30));
  trial_ints(t, "strides", INTS(1 << 30, 1 << 30));
  trial_fails(t, ONNXRUN_INVALID_INPUT, "the window reaches over");
  trial_ints(t, "kernel_shape", INTS(0, 1));
  trial_fails(t, ONNXRUN_INVALID_MODEL, "attribute 'kernel_shape' has 0 at 0, expected 1 to");
  trial_clear(t);
  trial_input(t, tensor_new(ONNXRUN_FLOAT, DIMS(4, 4)));
  trial_expect(t, tensor_new(ONNXRUN_FLOAT, DIMS(1)));
  trial_fails(t, ONNXRUN_INVALID_INPUT, "input 'X' has rank 2, expected 3 or more");
}

void averagepool_windows(void)
{
  for (size_t i = 0; i < N_OF(windows) * N_OF(floats); i++) {
    moves m = windows[i / N_OF(floats)];
    const bool ceils = i % 2, padded = i / 2 % 2;
    set_outputs(&m, ceils);
    const onnxrun_tensor *x = image(floats[i % N_OF(floats)], &m);
    trial *t = trial_new("AveragePool", 22);
    trial_moves(t, &m, true, true);
    trial_int(t, "ceil_mode", ceils);
    trial_int(t, "count_include_pad", padded);
    trial_input(t, x);
    trial_expect(t, pooled(&m, x, average, padded));
    trial_within_ulp(t, 1); /* a quotient that is rounded twice for 16 bits */
    trial_passes(t);
  }
}

/* Before opset 7 padding never counts. */
void averagepool_of_old_opsets(void)
{
  moves m = windows[1];
  set_outputs(&m, false);
  const onnxrun_tensor *x = image(ONNXRUN_FLOAT, &m);
  trial *t = trial_new("AveragePool", 1);
  trial_moves(t, &m, true, false);
  trial_input(t, x);
  trial_expect(t, pooled(&m, x, average, false));
  trial_within_ulp(t, 1);
  trial_passes(t);
}

void globalaveragepool_cases(void)
{
  const int64_t sizes[][2] = {{1, 1}, {7, 7}, {13, 79}, {3, 2000}, {1, 5}};
  for (size_t i = 0; i < N_OF(sizes) * N_OF(floats); i++) {
    const int64_t *size = sizes[i / N_OF(floats)], n = size[0] * size[1];
    const onnxrun_tensor *x = whole(floats[i % N_OF(floats)], DIMS(2, 3, size[0], size[1]));
    onnxrun_tensor *y = tensor_new(x->dtype, DIMS(2, 3, 1, 1));
    for (int64_t plane = 0; plane < 6; plane++) {
      double sum = 0;
      for (int64_t j = 0; j < n; j++)
        sum += get_number(x, (size_t)(plane * n + j));
      set_number(y, (size_t)plane, sum / (double)n);
    }
    trial *t = trial_new("GlobalAveragePool", 22);
    trial_input(t, x);
    trial_expect(t, y);
    trial_within_ulp(t, 0.51);
    trial_passes(t);
  }
}

void globalaveragepool_without_elements(void)
{
  trial *t = trial_new("GlobalAveragePool", 1);
  trial_input(t, tensor_new(ONNXRUN_FLOAT, DIMS(1, 2, 0, 3)));
  trial_expect(t, tensor_of(ONNXRUN_FLOAT, DIMS(1, 2, 1, 1), VALUES(NAN, NAN)));
  trial_passes(t);
}

/* ---- BatchNormalization ---------------------------------------------------------------------- */

/* scale, B, mean, var of n features. */
static void features(const onnxrun_dtype type[2], uint32_t rank, const int64_t *dims,
                     const onnxrun_tensor *p[4])
{
  for (int i = 0; i < 4; i++)
    p[i] = tensor_random(type[i / 2], rank, dims, i == 3 ? 0.5 : -2, 2);
}

static void check_normalizing(const onnxrun_dtype type[3], uint32_t rank, const int64_t *dims,
                              int32_t opset, bool is_spatial)
{
  const onnxrun_tensor *x = tensor_random(type[0], rank, dims, -3, 3), *p[4];
  onnxrun_tensor *y = tensor_new(type[0], rank, dims);
  const int64_t inner = product(rank - 2, dims + 2), channels = dims[1];
  features(type + 1, is_spatial ? 1 : rank - 1, dims + 1, p);
  for (int64_t i = 0; i < dims[0] * channels * inner; i++) {
    const size_t at = (size_t)(is_spatial ? i / inner % channels : i % (channels * inner));
    set_number(y, (size_t)i,
               (get_number(x, (size_t)i) - get_number(p[2], at)) /
                       sqrt(get_number(p[3], at) + (double)0.001f) * get_number(p[0], at) +
                   get_number(p[1], at));
  }
  trial *t = trial_new("BatchNormalization", opset);
  trial_float(t, "epsilon", 0.001f);
  if (opset < 7)
    trial_int(t, "is_test", 1);
  if (!is_spatial)
    trial_int(t, "spatial", 0);
  trial_input(t, x);
  for (int i = 0; i < 4; i++)
    trial_input(t, p[i]);
  trial_expect(t, y);
  /* Two roundings of terms below 16 (in 16 bits one more), however small their sum. */
  const double u = type[0] == ONNXRUN_DOUBLE ? 0x1p-53 : 0x1p-24;
  trial_within(t,
               type[0] == ONNXRUN_FLOAT16    ? 0x1p-10
               : type[0] == ONNXRUN_BFLOAT16 ? 0x1p-7
                                             : 0,
               32 * u);
  trial_passes(t);
}

void batchnormalization_normalizes(void)
{
  const onnxrun_dtype types[][3] = {
      {ONNXRUN_FLOAT, ONNXRUN_FLOAT, ONNXRUN_FLOAT},
      {ONNXRUN_DOUBLE, ONNXRUN_DOUBLE, ONNXRUN_DOUBLE},
      {ONNXRUN_FLOAT16, ONNXRUN_FLOAT, ONNXRUN_DOUBLE},
      {ONNXRUN_BFLOAT16, ONNXRUN_FLOAT16, ONNXRUN_FLOAT},
      {ONNXRUN_FLOAT, ONNXRUN_DOUBLE, ONNXRUN_BFLOAT16},
  };
  for (size_t i = 0; i < N_OF(types); i++) {
    check_normalizing(types[i], DIMS(2, 5, 7, 9), 15, true);
    check_normalizing(types[i], DIMS(3, 300), 15, true);
    check_normalizing(types[i], DIMS(1, 2, 5000), 15, true);
  }
}

void batchnormalization_of_old_opsets(void)
{
  const onnxrun_dtype all[3] = {ONNXRUN_FLOAT, ONNXRUN_FLOAT, ONNXRUN_FLOAT};
  const int32_t opsets[] = {1, 6, 7};
  for (size_t i = 0; i < N_OF(opsets); i++) {
    check_normalizing(all, DIMS(2, 3, 4, 5), opsets[i], true);
    check_normalizing(all, DIMS(2, 3, 4, 5), opsets[i], false);
  }
  check_normalizing(all, DIMS(2, 3, 4), 9, true);
  check_normalizing(all, DIMS(2, 3, 4), 14, true);
}

/* Y, running mean and variance; in old opsets also the batch's own. */
static void check_training(int32_t opset, uint32_t n_out)
{
  const onnxrun_dtype all[2] = {ONNXRUN_FLOAT, ONNXRUN_FLOAT};
  const onnxrun_tensor *x = tensor_random(ONNXRUN_FLOAT, DIMS(3, 4, 5), -3, 3), *p[4];
  onnxrun_tensor *out[5] = {tensor_new(ONNXRUN_FLOAT, DIMS(3, 4, 5))};
  features(all, DIMS(4), p);
  for (int i = 1; i < 5; i++)
    out[i] = tensor_new(ONNXRUN_FLOAT, DIMS(4));
  for (size_t c = 0; c < 4; c++) {
    double mean = 0, var = 0;
    for (size_t i = 0; i < 15; i++)
      mean += get_number(x, i / 5 * 20 + c * 5 + i % 5) / 15;
    for (size_t i = 0; i < 15; i++)
      var += pow(get_number(x, i / 5 * 20 + c * 5 + i % 5) - mean, 2) / 15;
    for (size_t i = 0; i < 15; i++) {
      const size_t at = i / 5 * 20 + c * 5 + i % 5;
      set_number(out[0], at,
                 (get_number(x, at) - mean) / sqrt(var + 1e-5) * get_number(p[0], c) +
                     get_number(p[1], c));
    }
    set_number(out[1], c, get_number(p[2], c) * 0.75 + mean * 0.25);
    set_number(out[2], c, get_number(p[3], c) * 0.75 + var * 0.25);
    set_number(out[3], c, mean);
    set_number(out[4], c, var);
  }
  trial *t = trial_new("BatchNormalization", opset);
  trial_float(t, "momentum", 0.75f);
  if (opset >= 14)
    trial_int(t, "training_mode", 1);
  trial_input(t, x);
  for (int i = 0; i < 4; i++)
    trial_input(t, p[i]);
  for (uint32_t i = 0; i < n_out; i++)
    trial_expect(t, out[i]);
  trial_within(t, 1e-6, 1e-6);
  trial_passes(t);
}

void batchnormalization_trains(void)
{
  check_training(15, 3);
  check_training(14, 1);
  check_training(9, 5);
  check_training(7, 3);
  check_training(6, 1);
}

void batchnormalization_refuses(void)
{
  trial *t = trial_new("BatchNormalization", 15);
  trial_input(t, tensor_new(ONNXRUN_FLOAT, DIMS(2, 3, 4)));
  for (int i = 0; i < 4; i++)
    trial_input(t, tensor_new(ONNXRUN_FLOAT, DIMS(i == 1 ? 4 : 3)));
  trial_expect(t, tensor_new(ONNXRUN_FLOAT, DIMS(1)));
  trial_fails(t, ONNXRUN_INVALID_INPUT, "input 'B' has 4 elements, expected 3");
}
