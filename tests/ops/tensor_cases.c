/* tensor_cases.c: operators that move elements or give them other dims. References compute each
 * output element's place in the input from its coordinates. */
#include <string.h>

#include "tests/ops/every_type.h"
#include "tests/ops/harness.h"

#define MAP(...)
#define CASE(op, function) void function(void);
#include "tests/ops/cases.def"
#undef MAP
#undef CASE

/* Element `at` (coordinates) of the output is element place(at, with) of the input. */
typedef size_t (*place_fn)(const int64_t *at, const void *with);

static onnxrun_tensor *moved(const onnxrun_tensor *x, uint32_t rank, const int64_t *dims,
                             place_fn place, const void *with)
{
  onnxrun_tensor *y = tensor_new(x->dtype, rank, dims);
  for (size_t i = 0; i < onnxrun_elements(y); i++) {
    int64_t at[ONNXRUN_MAX_RANK];
    size_t rest = i;
    for (uint32_t d = rank; d-- > 0;) {
      at[d] = (int64_t)(rest % (size_t)dims[d]);
      rest /= (size_t)dims[d];
    }
    copy_element(y, i, x, place(at, with));
  }
  return y;
}

/* ---- Transpose ------------------------------------------------------------------------------- */

typedef struct permutation {
  const onnxrun_tensor *x;
  const int64_t *perm;
} permutation;

static size_t permuted_place(const int64_t *at, const void *with)
{
  const permutation *p = with;
  int64_t from[ONNXRUN_MAX_RANK] = {0};
  size_t place = 0;
  for (uint32_t d = 0; d < p->x->rank; d++)
    from[p->perm[d]] = at[d];
  for (uint32_t d = 0; d < p->x->rank; d++)
    place = place * (size_t)p->x->dims[d] + (size_t)from[d];
  return place;
}

static void transposes(onnxrun_dtype type, uint32_t rank, const int64_t *dims, const int64_t *perm)
{
  int64_t out[ONNXRUN_MAX_RANK];
  trial *t = trial_new("Transpose", 13);
  const onnxrun_tensor *x = tensor_random(type, rank, dims, -100, 100);
  for (uint32_t d = 0; d < rank; d++)
    out[d] = dims[perm[d]];
  const permutation p = {x, perm};
  trial_ints(t, "perm", rank, perm);
  trial_input(t, x);
  trial_expect(t, moved(x, rank, out, permuted_place, &p));
  trial_passes(t);
}

#define PERM(...)                                                                                  \
  (int64_t[])                                                                                      \
  {                                                                                                \
    __VA_ARGS__                                                                                    \
  }

void transpose_of_every_type(void)
{
  for (size_t i = 0; i < N_TYPES; i++) {
    if (!is_container(all_types[i]))
      transposes(all_types[i], DIMS(3, 5, 7), PERM(2, 0, 1));
  }
}

void transpose_in_blocks(void)
{
  for (size_t i = 0; i < N_SIZES; i++) {
    transposes(sizes[i], DIMS(67, 83), PERM(1, 0));
    transposes(sizes[i], DIMS(2, 3, 131), PERM(0, 2, 1));
    transposes(sizes[i], DIMS(2, 131, 3), PERM(0, 2, 1));
    transposes(sizes[i], DIMS(5, 18, 3, 17), PERM(3, 0, 2, 1));
  }
  /* Strides that fall into the same sets of a cache, and blocks cut by an item's end. */
  transposes(ONNXRUN_FLOAT, DIMS(37, 1024), PERM(1, 0));
  transposes(ONNXRUN_UINT8, DIMS(130, 4096), PERM(1, 0));
  transposes(ONNXRUN_FLOAT, DIMS(3, 9000), PERM(1, 0));
}

void transpose_of_rows(void)
{
  for (size_t i = 0; i < N_SIZES; i++) {
    transposes(sizes[i], DIMS(4, 3, 5), PERM(1, 0, 2));
    transposes(sizes[i], DIMS(4, 1, 3, 2, 5), PERM(2, 1, 0, 3, 4));
    transposes(sizes[i], DIMS(2, 2, 9000), PERM(1, 0, 2));
  }
}

void transpose_of_edges(void)
{
  transposes(ONNXRUN_FLOAT, DIMS(7), PERM(0));
  transposes(ONNXRUN_FLOAT, DIMS(1, 1, 1), PERM(2, 1, 0));
  transposes(ONNXRUN_INT4, DIMS(1, 1), PERM(1, 0));
  transposes(ONNXRUN_UINT2, DIMS(3, 2, 1, 2, 2, 2, 1, 2, 2, 1, 2, 2, 1, 1, 2, 2),
             PERM(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0));
  transposes(ONNXRUN_DOUBLE, DIMS(2, 1, 2, 1, 3, 1, 2, 1, 2, 2, 1, 2, 1, 2, 1, 2),
             PERM(1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14));
  transposes(ONNXRUN_FLOAT, DIMS(3, 0, 5), PERM(2, 0, 1));
  transposes(ONNXRUN_INT4, DIMS(0, 5), PERM(1, 0));
  trial *t = trial_new("Transpose", 1); /* without perm: reversed */
  trial_input(t, tensor_of(ONNXRUN_INT32, DIMS(2, 3), VALUES(1, 2, 3, 4, 5, 6)));
  trial_expect(t, tensor_of(ONNXRUN_INT32, DIMS(3, 2), VALUES(1, 4, 2, 5, 3, 6)));
  trial_passes(t);
  trial_clear(t);
  trial_input(t, tensor_of(ONNXRUN_INT32, SCALAR, VALUES(5)));
  trial_expect(t, tensor_of(ONNXRUN_INT32, SCALAR, VALUES(5)));
  trial_passes(t);
}

void transpose_refuses(void)
{
  trial *t = trial_new("Transpose", 13);
  trial_input(t, tensor_new(ONNXRUN_FLOAT, DIMS(2, 3)));
  trial_ints(t, "perm", INTS(0, 1, 2));
  trial_fails(t, ONNXRUN_INVALID_MODEL, "perm has 3 elements, the input's rank is 2");
  trial_ints(t, "perm", INTS(0, 0));
  trial_fails(t, ONNXRUN_INVALID_MODEL, "perm[1] is 0, expected each of [0, 2) once");
  trial_ints(t, "perm", INTS(0, 2));
  trial_fails(t, ONNXRUN_INVALID_MODEL, "perm[1] is 2");
  trial_ints(t, "perm", INTS(INT64_MIN, INT64_MAX));
  trial_fails(t, ONNXRUN_INVALID_MODEL, "perm[0] is -9223372036854775808");
}

/* ---- Slice ----------------------------------------------------------------------------------- */

typedef struct slicing {
  const onnxrun_tensor *x;
  int64_t start[ONNXRUN_MAX_RANK], step[ONNXRUN_MAX_RANK];
} slicing;

static size_t sliced_place(const int64_t *at, const void *with)
{
  const slicing *s = with;
  size_t place = 0;
  for (uint32_t d = 0; d < s->x->rank; d++)
    place = place * (size_t)s->x->dims[d] + (size_t)(s->start[d] + at[d] * s->step[d]);
  return place;
}

/* A slice whose first place and count along each dim are known. */
static void slices(onnxrun_dtype type, onnxrun_dtype index, const int64_t *lists, size_t n,
                   const slicing *s, const int64_t *counts)
{
  trial *t = trial_new("Slice", 13);
  trial_input(t, s->x);
  for (size_t list = 0; list < 4; list++) {
    onnxrun_tensor *values = tensor_new(index, DIMS((int64_t)n));
    for (size_t i = 0; i < n; i++)
      set_int(values, i, lists[list * n + i]);
    trial_input(t, values);
  }
  trial_expect(t, moved(s->x, s->x->rank, counts, sliced_place, s));
  (void)type;
  trial_passes(t);
}

void slice_by_steps(void)
{
  for (size_t i = 0; i < N_SIZES; i++) {
    const slicing s = {tensor_random(sizes[i], DIMS(5, 6, 11), -100, 100), {4, 0, 10}, {-2, 1, -3}};
    const int64_t lists[] = {/* starts */ -1, 20, /* ends */ -20, 0, /* axes */ 0, -1,
                             /* steps */ -2,  -3};
    slices(sizes[i], i % 2 ? ONNXRUN_INT32 : ONNXRUN_INT64, lists, 2, &s, PERM(3, 6, 4));
    const slicing runs = {tensor_random(sizes[i], DIMS(4, 5, 9), -9, 9), {1, 1, 2}, {2, 1, 1}};
    const int64_t run_lists[] = {2, 1, 1, 8, 99, -1, 2, 0, 1, 1, 2, 1};
    slices(sizes[i], ONNXRUN_INT64, run_lists, 3, &runs, PERM(2, 3, 6));
  }
  const slicing rows = {tensor_random(ONNXRUN_FLOAT, DIMS(3, 20000), -9, 9), {0, 1}, {1, 1}};
  slices(ONNXRUN_FLOAT, ONNXRUN_INT64, PERM(1, 20000, 1, 1), 1, &rows, PERM(3, 19999));
}

void slice_at_the_limits(void)
{
  static const struct {
    int64_t start, end, step, first, count;
  } rows[] = {
      {INT64_MIN, INT64_MAX, 1, 0, 5},
      {INT64_MAX, INT64_MIN, -1, 4, 5},
      {0, INT64_MAX, INT64_MAX, 0, 1},
      {4, INT64_MIN, INT64_MIN, 4, 1},
      {INT64_MAX, INT64_MAX, 1, 0, 0},
      {INT64_MIN, INT64_MIN, -1, 0, 1},
      {3, 1, 1, 0, 0},
      {1, 3, -1, 0, 0},
      {-5, -1, 2, 0, 2},
      {-6, -7, -1, 0, 1},
      {5, 0, -4, 4, 1},
      {0, 5, 5, 0, 1},
      {0, 5, 4, 0, 2},
      {-1, INT64_MIN + 1, -2, 4, 3},
      {2, -1, INT64_MAX - 1, 2, 1},
      {4, 4, 1, 0, 0},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const slicing s = {tensor_range(ONNXRUN_INT16, DIMS(5, 2), 1, 1),
                       {rows[i].first, 0},
                       {rows[i].count > 1 ? rows[i].step : 0, 1}};
    slices(ONNXRUN_INT16, ONNXRUN_INT64, PERM(rows[i].start, rows[i].end, 0, rows[i].step), 1, &s,
           PERM(rows[i].count, 2));
  }
  const slicing none = {tensor_new(ONNXRUN_FLOAT, DIMS(0, 3)), {0}, {1, 1}};
  slices(ONNXRUN_FLOAT, ONNXRUN_INT64, PERM(-3, 7, 0, -1), 1, &none, PERM(0, 3));
}

void slice_of_old_opsets(void)
{
  trial *t = trial_new("Slice", 1);
  trial_ints(t, "starts", INTS(1, -2));
  trial_ints(t, "ends", INTS(2, 1000));
  trial_input(t, tensor_range(ONNXRUN_INT32, DIMS(2, 4), 0, 1));
  trial_expect(t, tensor_of(ONNXRUN_INT32, DIMS(1, 2), VALUES(6, 7)));
  trial_passes(t);
  trial_ints(t, "axes", INTS(1, 0));
  trial_clear(t);
  trial_input(t, tensor_range(ONNXRUN_INT32, DIMS(2, 4), 0, 1));
  trial_expect(t, tensor_of(ONNXRUN_INT32, DIMS(2, 1), VALUES(1, 5)));
  trial_passes(t);
  trial *defaults = trial_new("Slice", 10);
  trial_input(defaults, tensor_range(ONNXRUN_INT32, DIMS(2, 4), 0, 1));
  trial_input(defaults, tensor_ints(INTS(1)));
  trial_input(defaults, tensor_ints(INTS(2)));
  trial_expect(defaults, tensor_of(ONNXRUN_INT32, DIMS(1, 4), VALUES(4, 5, 6, 7)));
  trial_passes(defaults);
}

void slice_refuses(void)
{
  static const struct {
    size_t n;
    int64_t lists[4][3];
    onnxrun_status status;
    const char *text;
  } rows[] = {
      {2, {{0, 0}, {1, 1}, {0, 0}, {1, 1}}, ONNXRUN_INVALID_MODEL, "axis 0 is given twice"},
      {2, {{0, 0}, {1, 1}, {0, -2}, {1, 1}}, ONNXRUN_INVALID_MODEL, "axis -2 is given twice"},
      {1, {{0}, {1}, {2}, {1}}, ONNXRUN_INVALID_MODEL, "axis 2 is outside [-2, 2)"},
      {1, {{0}, {1}, {INT64_MIN}, {1}}, ONNXRUN_INVALID_MODEL, "is outside [-2, 2)"},
      {1, {{0}, {1}, {0}, {0}}, ONNXRUN_INVALID_INPUT, "the step along axis 0 is 0"},
      {3, {{0}, {1}, {0, 1, 2}, {1}}, ONNXRUN_INVALID_INPUT, "starts has 3 elements"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    trial *t = trial_new("Slice", 13);
    trial_input(t, tensor_new(ONNXRUN_FLOAT, DIMS(2, 3)));
    for (size_t list = 0; list < 4; list++)
      trial_input(t, tensor_ints(rows[i].n, rows[i].lists[list]));
    trial_fails(t, rows[i].status, rows[i].text);
  }
  trial *t = trial_new("Slice", 13);
  trial_input(t, tensor_new(ONNXRUN_FLOAT, DIMS(2, 3)));
  trial_input(t, tensor_ints(INTS(0)));
  trial_input(t, tensor_ints(INTS(1, 2)));
  trial_fails(t, ONNXRUN_INVALID_INPUT, "ends has 2 elements, expected 1");
}
