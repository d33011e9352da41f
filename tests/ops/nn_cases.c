/* nn_cases.c: Conv against plain loops over any number of spatial dims. Most operands are small
 * whole numbers, so that sums are exact and results must be too, after one rounding to the type. */
#include "tests/ops/windows.h"

/* ---- Conv ------------------------------------------------------------------------------------ */

typedef struct filters {
  int64_t images, channels, count, groups;
  moves m;
} filters;

static onnxrun_tensor *conv_reference(const filters *f, const onnxrun_tensor *x,
                                      const onnxrun_tensor *w, const onnxrun_tensor *b)
{
  const moves *m = &f->m;
  int64_t dims[2 + SPATIAL];
  join(dims, f->images, f->count, m->rank, m->out);
  onnxrun_tensor *y = tensor_new(x->dtype, 2 + m->rank, dims);
  const int64_t out = product(m->rank, m->out), in = product(m->rank, m->in);
  const int64_t taps = product(m->rank, m->kernel), each = f->channels / f->groups;
  for (int64_t i = 0; i < f->images * f->count * out; i++) {
    const int64_t filter = i / out % f->count, image = i / out / f->count;
    const int64_t first = filter / (f->count / f->groups) * each;
    double sum = b ? get_number(b, (size_t)filter) : 0;
    for (int64_t k = 0; k < each * taps; k++) {
      const int64_t at = read_at(m, i % out, k % taps);
      const int64_t channel = image * f->channels + first + k / taps;
      if (at >= 0)
        sum += get_number(x, (size_t)(channel * in + at)) *
               get_number(w, (size_t)(filter * each * taps + k));
    }
    set_number(y, (size_t)i, sum);
  }
  return y;
}

static void check_conv(onnxrun_dtype type, filters *f, bool has_bias)
{
  int64_t dims[2 + SPATIAL];
  set_outputs(&f->m, false);
  join(dims, f->images, f->channels, f->m.rank, f->m.in);
  const onnxrun_tensor *x = whole(type, 2 + f->m.rank, dims);
  join(dims, f->count, f->channels / f->groups, f->m.rank, f->m.kernel);
  const onnxrun_tensor *w = whole(type, 2 + f->m.rank, dims);
  const onnxrun_tensor *b = has_bias ? whole(type, DIMS(f->count)) : NULL;
  trial *t = trial_new("Conv", 22);
  trial_moves(t, &f->m, true, true);
  trial_int(t, "group", f->groups);
  trial_input(t, x);
  trial_input(t, w);
  if (b)
    trial_input(t, b);
  trial_expect(t, conv_reference(f, x, w, b));
  trial_passes(t);
}

/* Images, channels, filters, groups; then of each dim: extent, kernel, stride, dilation, pads. */
static filters conv_2d(int64_t channels, int64_t count, int64_t groups, int64_t size,
                       const int64_t k[5])
{
  filters f = {2, channels, count, groups, {.rank = 2}};
  for (int i = 0; i < 2; i++) {
    f.m.in[i] = size + 2 * i;
    f.m.kernel[i] = k[0];
    f.m.stride[i] = k[1];
    f.m.dilation[i] = k[2];
    f.m.before[i] = k[3];
    f.m.after[i] = k[4];
  }
  return f;
}

void conv_windows(void)
{
  const int64_t windows[][5] = {{1, 1, 1, 0, 0}, {3, 1, 1, 1, 1}, {3, 2, 1, 1, 1}, {3, 1, 2, 2, 2},
                                {5, 3, 2, 0, 4}, {1, 2, 1, 0, 0}, {2, 2, 1, 0, 1}, {3, 1, 1, 5, 3},
                                {1, 1, 1, 1, 0}, {7, 2, 1, 3, 3}, {2, 5, 3, 4, 0}};
  for (size_t i = 0; i < N_OF(windows); i++) {
    const int64_t groups[] = {1, 2, 4};
    for (size_t g = 0; g < N_OF(groups); g++) {
      filters f = conv_2d(4, 8, groups[g], 11, windows[i]);
      check_conv(ONNXRUN_FLOAT, &f, i % 2);
    }
  }
}

/* Sums in several chunks, several blocks of filters and of positions, wide and narrow images. */
void conv_sizes(void)
{
  const int64_t one[5] = {1, 1, 1, 0, 0}, three[5] = {3, 1, 1, 1, 1}, even[5] = {2, 2, 1, 0, 0};
  const int64_t sizes[][3] = {{1, 1, 1},    {3, 13, 5},   {300, 2, 3}, {40, 97, 4},
                              {5, 200, 18}, {70, 33, 17}, {1, 1, 70},  {2, 24, 40}};
  for (size_t i = 0; i < N_OF(sizes); i++) {
    filters f = conv_2d(sizes[i][0], sizes[i][1], 1, sizes[i][2], one);
    check_conv(ONNXRUN_FLOAT, &f, true);
    f = conv_2d(sizes[i][0], sizes[i][1], 1, sizes[i][2], three);
    check_conv(i % 2 ? ONNXRUN_DOUBLE : ONNXRUN_FLOAT, &f, false);
    f = conv_2d(sizes[i][0], sizes[i][1], 1, sizes[i][2] + 1, even);
    check_conv(ONNXRUN_FLOAT, &f, true);
  }
}

static int64_t any_of(int64_t least, int64_t most)
{
  return least + (int64_t)(test_random() * (double)(most - least + 1));
}

/* Windows, sizes and groups as they come. */
void conv_random(void)
{
  for (int i = 0; i < 150; i++) {
    const int64_t groups = any_of(0, 3) ? 1 : any_of(1, 5);
    filters f = {any_of(1, 2), groups * any_of(1, 9), groups * any_of(1, 40), groups, {0}};
    if (any_of(0, 3) == 0)
      f.channels *= any_of(1, 8);
    f.m.rank = (uint32_t)any_of(1, 3);
    for (uint32_t d = 0; d < f.m.rank; d++) {
      f.m.kernel[d] = any_of(1, f.m.rank == 3 ? 3 : 6);
      f.m.stride[d] = any_of(1, 3);
      f.m.dilation[d] = any_of(0, 2) ? 1 : any_of(1, 4);
      f.m.before[d] = any_of(0, 4);
      f.m.after[d] = any_of(0, 4);
      f.m.in[d] = any_of(1, f.m.rank == 3 ? 7 : 24) + (f.m.kernel[d] - 1) * f.m.dilation[d];
    }
    check_conv(floats[any_of(0, 3)], &f, any_of(0, 1));
  }
}

void conv_depthwise(void)
{
  const int64_t windows[][5] = {{3, 1, 1, 1, 1}, {3, 2, 1, 1, 1}, {5, 1, 2, 4, 4}, {2, 3, 1, 0, 2}};
  for (size_t i = 0; i < N_OF(windows); i++) {
    for (int64_t times = 1; times < 4; times++) {
      filters f = conv_2d(5, 5 * times, 5, i == 0 ? 50 : 13, windows[i]);
      check_conv(floats[i], &f, times == 2);
    }
  }
}

void conv_types(void)
{
  const int64_t three[5] = {3, 2, 1, 1, 0};
  for (size_t i = 0; i < N_OF(floats); i++) {
    filters f = conv_2d(6, 14, 2, 9, three);
    check_conv(floats[i], &f, true);
    f = conv_2d(60, 7, 1, 6, three);
    check_conv(floats[i], &f, true);
  }
}

void conv_ranks(void)
{
  filters line = {3, 4, 6, 2, {1, {300}, {25}, {3}, {2}, {7}, {0}, {0}}};
  check_conv(ONNXRUN_FLOAT, &line, true);
  filters long_line = {1, 1, 1, 1, {1, {5000}, {301}, {1}, {1}, {0}, {2}, {0}}};
  check_conv(ONNXRUN_FLOAT, &long_line, true);
  filters audio = {1, 1, 20, 1, {1, {2000}, {256}, {64}, {1}, {96}, {0}, {0}}};
  check_conv(ONNXRUN_FLOAT, &audio, false);
  filters space = {
      2, 3, 5, 1, {3, {5, 6, 7}, {3, 2, 3}, {2, 1, 1}, {1, 2, 1}, {1, 0, 2}, {0, 1, 1}, {0}}};
  check_conv(ONNXRUN_FLOAT, &space, true);
  filters separable = {
      1, 4, 4, 4, {3, {4, 5, 6}, {3, 3, 3}, {1, 1, 2}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, {0}}};
  check_conv(ONNXRUN_DOUBLE, &separable, false);
}

void conv_without_elements(void)
{
  trial *t = trial_new("Conv", 11);
  trial_input(t, tensor_new(ONNXRUN_FLOAT, DIMS(0, 2, 4, 4)));
  trial_input(t, tensor_new(ONNXRUN_FLOAT, DIMS(3, 2, 3, 3)));
  trial_expect(t, tensor_new(ONNXRUN_FLOAT, DIMS(0, 3, 2, 2)));
  trial_passes(t);
  trial_clear(t);
  trial_input(t, tensor_new(ONNXRUN_FLOAT, DIMS(1, 0, 2, 3)));
  trial_input(t, tensor_new(ONNXRUN_FLOAT, DIMS(2, 0, 2, 2)));
  trial_input(t, tensor_of(ONNXRUN_FLOAT, DIMS(2), VALUES(3, 4)));
  trial_expect(t, tensor_of(ONNXRUN_FLOAT, DIMS(1, 2, 1, 2), VALUES(3, 3, 4, 4)));
  trial_passes(t);
}

/* auto_pad: the pads that it stands for give the same. */
void conv_auto_pad(void)
{
  const struct {
    const char *name;
    int64_t before, after;
  } pads[] = {{"SAME_UPPER", 1, 2}, {"SAME_LOWER", 2, 1}, {"VALID", 0, 0}};
  for (size_t i = 0; i < N_OF(pads); i++) {
    filters f = conv_2d(2, 3, 1, 8, (const int64_t[5]){5, 2, 1, pads[i].before, pads[i].after});
    set_outputs(&f.m, false);
    const onnxrun_tensor *x = whole(ONNXRUN_FLOAT, DIMS(2, 2, 8, 10));
    const onnxrun_tensor *w = whole(ONNXRUN_FLOAT, DIMS(3, 2, 5, 5));
    trial *t = trial_new("Conv", 1);
    trial_string(t, "auto_pad", pads[i].name);
    trial_ints(t, "strides", INTS(2, 2));
    trial_input(t, x);
    trial_input(t, w);
    trial_expect(t, conv_reference(&f, x, w, NULL));
    trial_passes(t);
  }
}

/* Sums of real numbers: each term may be off by half an ulp of a partial sum. */
void conv_is_accurate(void)
{
  filters f = conv_2d(80, 5, 1, 6, (const int64_t[5]){3, 1, 1, 1, 1});
  set_outputs(&f.m, false);
  const onnxrun_tensor *x = tensor_random(ONNXRUN_FLOAT, DIMS(2, 80, 6, 8), -1, 1);
  const onnxrun_tensor *w = tensor_random(ONNXRUN_FLOAT, DIMS(5, 80, 3, 3), -1, 1);
  trial *t = trial_new("Conv", 11);
  trial_ints(t, "pads", INTS(1, 1, 1, 1));
  trial_input(t, x);
  trial_input(t, w);
  trial_expect(t, conv_reference(&f, x, w, NULL));
  trial_within(t, 0, 720 * 0x1p-24 * 4);
  trial_passes(t);
}

static void refuse_conv(trial *t, const onnxrun_tensor *w, const onnxrun_tensor *b,
                        onnxrun_status status, const char *text)
{
  trial_clear(t);
  trial_input(t, tensor_new(ONNXRUN_FLOAT, DIMS(1, 3, 5, 5)));
  trial_input(t, w);
  trial_input(t, b);
  trial_expect(t, tensor_new(ONNXRUN_FLOAT, DIMS(1)));
  trial_fails(t, status, text);
}

void conv_refuses(void)
{
  const onnxrun_status input = ONNXRUN_INVALID_INPUT, model = ONNXRUN_INVALID_MODEL;
  const onnxrun_tensor *w = tensor_new(ONNXRUN_FLOAT, DIMS(2, 3, 3, 3));
  trial *t = trial_new("Conv", 11);
  refuse_conv(t, tensor_new(ONNXRUN_FLOAT, DIMS(2, 4, 3, 3)), NULL, input,
              "input 'W' has 4 channels, expected 3");
  refuse_conv(t, tensor_new(ONNXRUN_FLOAT, DIMS(2, 3, 3)), NULL, input,
              "input 'W' has rank 3, expected 4");
  refuse_conv(t, w, tensor_new(ONNXRUN_FLOAT, DIMS(3)), input, "expected 1 and 2");
  refuse_conv(t, tensor_new(ONNXRUN_FLOAT, DIMS(2, 3, 6, 3)), NULL, input,
              "the window reaches over 6 elements of spatial dim 0, the padded input has 5");
  refuse_conv(t, tensor_new(ONNXRUN_FLOAT, DIMS(2, 3, 0, 3)), NULL, model,
              "'kernel_shape' has 0 at 0");
  trial_ints(t, "kernel_shape", INTS(3, 2));
  refuse_conv(t, w, NULL, input, "attribute 'kernel_shape' has 2 at 1, input 'W' has 3");
  trial_ints(t, "kernel_shape", INTS(3, 3));
  trial_ints(t, "strides", INTS(1, 0));
  refuse_conv(t, w, NULL, model, "attribute 'strides' has 0 at 1, expected 1 to");
  trial_ints(t, "strides", INTS(1));
  refuse_conv(t, w, NULL, model, "attribute 'strides' has 1 values, expected 2");
  trial_ints(t, "strides", INTS(1, 1));
  trial_ints(t, "dilations", INTS(INT64_MAX, 1));
  refuse_conv(t, w, NULL, model, "attribute 'dilations' has 9223372036854775807 at 0");
  trial_ints(t, "dilations", INTS(1, 1));
  trial_ints(t, "pads", INTS(0, 0, -1, 0));
  refuse_conv(t, w, NULL, model, "attribute 'pads' has -1 at 2, expected 0 to");
  trial_ints(t, "pads", INTS(1 << 30, 1 << 30, 1 << 30, 1 << 30));
  refuse_conv(t, w, NULL, ONNXRUN_LIMIT, "");
  trial_ints(t, "pads", INTS(0, 0, 0, 0));
  trial_int(t, "group", 2);
  refuse_conv(t, w, NULL, input, "attribute 'group' is 2, expected a divisor of the 3 channels");
  trial_int(t, "group", 3);
  refuse_conv(t, tensor_new(ONNXRUN_FLOAT, DIMS(2, 1, 3, 3)), NULL, input,
              "input 'W' has 2 filters, expected a multiple of 3");
}
