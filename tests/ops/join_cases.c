/* join_cases.c: Concat and Gather, against plain loops over elements. */
#include "tests/ops/every_type.h"
#include "tests/ops/harness.h"

#define MAP(...)
#define CASE(op, function) void function(void);
#include "tests/ops/cases.def"
#undef MAP
#undef CASE

/* ---- Concat ---------------------------------------------------------------------------------- */

/* Along the axis, of inputs that have `along[i]` there and `dims` elsewhere. */
static void concats(onnxrun_dtype type, uint32_t rank, int64_t *dims, int64_t axis, size_t n,
                    const int64_t *along)
{
  trial *t = trial_new("Concat", 13);
  const uint32_t d = (uint32_t)(axis < 0 ? axis + (int64_t)rank : axis);
  size_t outer = 1, inner = 1, at = 0;
  int64_t total = 0;
  trial_int(t, "axis", axis);
  for (uint32_t e = 0; e < rank; e++)
    *(e < d ? &outer : &inner) *= e == d ? 1 : (size_t)dims[e];
  for (size_t i = 0; i < n; i++) {
    dims[d] = along[i];
    total += along[i];
    trial_input(t, tensor_random(type, rank, dims, -100, 100));
  }
  dims[d] = total;
  onnxrun_tensor *y = tensor_new(type, rank, dims);
  for (size_t o = 0; o < outer; o++) {
    for (size_t i = 0; i < n; i++) {
      const size_t size = (size_t)along[i] * inner;
      for (size_t k = 0; k < size; k++)
        copy_element(y, at++, t->in[i], o * size + k);
    }
  }
  trial_expect(t, y);
  trial_passes(t);
}

void concat_cases(void)
{
  for (size_t i = 0; i < N_TYPES; i++) {
    if (!is_container(all_types[i]) && onnxrun_bits(all_types[i]) >= 8)
      concats(all_types[i], DIMS(2, 0, 3), 1, INTS(2, 1, 4));
  }
  for (size_t i = 0; i < N_SIZES; i++) {
    concats(sizes[i], DIMS(3, 4, 0), -1, INTS(1, 0, 5));
    concats(sizes[i], DIMS(0, 7), 0, INTS(0, 3, 0, 1, 0));
    concats(sizes[i], DIMS(5, 0), 1, INTS(1, 1, 1, 1, 1, 1, 1));
  }
  concats(ONNXRUN_FLOAT, DIMS(3, 0, 100), 1, INTS(70, 3, 50)); /* pieces over several items */
  concats(ONNXRUN_FLOAT, DIMS(0), 0, INTS(9000, 1, 9000));
  concats(ONNXRUN_FLOAT, DIMS(0), 0, INTS(5));
  concats(ONNXRUN_FLOAT, DIMS(2, 0), 1, INTS(0, 0));
  concats(ONNXRUN_FLOAT, DIMS(0, 0), 1, INTS(2, 3));
  trial *t = trial_new("Concat", 1); /* axis is 1 by default */
  trial_input(t, tensor_of(ONNXRUN_FLOAT, DIMS(2, 1), VALUES(1, 2)));
  trial_input(t, tensor_of(ONNXRUN_FLOAT, DIMS(2, 1), VALUES(3, 4)));
  trial_expect(t, tensor_of(ONNXRUN_FLOAT, DIMS(2, 2), VALUES(1, 3, 2, 4)));
  trial_passes(t);
}

void concat_refuses(void)
{
  trial *t = trial_new("Concat", 13);
  trial_input(t, tensor_new(ONNXRUN_FLOAT, DIMS(2, 3)));
  trial_fails(t, ONNXRUN_INVALID_MODEL, "axis");
  trial_int(t, "axis", 2);
  trial_fails(t, ONNXRUN_INVALID_MODEL, "axis 2 is outside [-2, 2)");
  trial_int(t, "axis", 1);
  trial_input(t, tensor_new(ONNXRUN_FLOAT, DIMS(3, 3)));
  trial_fails(t, ONNXRUN_INVALID_INPUT, "dim 0 of input 1 is 3, of input 0 2");
  trial_clear(t);
  trial_input(t, tensor_new(ONNXRUN_FLOAT, DIMS(2, 3)));
  trial_input(t, tensor_new(ONNXRUN_FLOAT, DIMS(2)));
  trial_fails(t, ONNXRUN_INVALID_INPUT, "input 1 has rank 1, input 0 has 2");
  trial_clear(t);
  trial_input(t, tensor_new(ONNXRUN_FLOAT, SCALAR));
  trial_fails(t, ONNXRUN_INVALID_MODEL, "axis 1 is outside [-0, 0)");
}

/* ---- Gather ---------------------------------------------------------------------------------- */

static void gathers(onnxrun_dtype type, int64_t axis, const onnxrun_tensor *x,
                    const onnxrun_tensor *indices)
{
  trial *t = trial_new("Gather", 13);
  int64_t dims[2 * ONNXRUN_MAX_RANK];
  uint32_t rank = 0;
  const uint32_t d = (uint32_t)(axis < 0 ? axis + (int64_t)x->rank : axis);
  size_t outer = 1, inner = 1, at = 0;
  for (uint32_t e = 0; e < d; e++, outer *= (size_t)x->dims[e - 1])
    dims[rank++] = x->dims[e];
  for (uint32_t e = 0; e < indices->rank; e++)
    dims[rank++] = indices->dims[e];
  for (uint32_t e = d + 1; e < x->rank; e++, inner *= (size_t)x->dims[e - 1])
    dims[rank++] = x->dims[e];
  onnxrun_tensor *y = tensor_new(type, rank, dims);
  for (size_t o = 0; o < outer; o++) {
    for (size_t i = 0; i < onnxrun_elements(indices); i++) {
      const int64_t index = get_int(indices, i), bound = x->dims[d];
      const size_t slice = o * (size_t)bound + (size_t)(index < 0 ? index + bound : index);
      for (size_t k = 0; k < inner; k++)
        copy_element(y, at++, x, slice * inner + k);
    }
  }
  trial_int(t, "axis", axis);
  trial_input(t, x);
  trial_input(t, indices);
  trial_expect(t, y);
  trial_passes(t);
}

void gather_cases(void)
{
  for (size_t i = 0; i < N_TYPES; i++) {
    const onnxrun_dtype type = all_types[i];
    if (is_container(type) || onnxrun_bits(type) < 8)
      continue;
    const onnxrun_dtype index = i % 2 ? ONNXRUN_INT32 : ONNXRUN_INT64;
    const onnxrun_tensor *x = tensor_random(type, DIMS(3, 4, 5), -100, 100);
    gathers(type, 1, x, tensor_of(index, DIMS(2, 3), VALUES(0, -1, 3, -4, 2, 2)));
    gathers(type, -1, x, tensor_of(index, DIMS(1), VALUES(-5)));
  }
  const onnxrun_tensor *x = tensor_random(ONNXRUN_FLOAT, DIMS(3, 9000), -1, 1);
  gathers(ONNXRUN_FLOAT, 0, x, tensor_of(ONNXRUN_INT64, SCALAR, VALUES(1)));
  gathers(ONNXRUN_FLOAT, 0, x, tensor_of(ONNXRUN_INT64, DIMS(2), VALUES(2, 0)));
  gathers(ONNXRUN_FLOAT, 0, x, tensor_new(ONNXRUN_INT64, DIMS(0)));
  gathers(ONNXRUN_FLOAT, 1, tensor_new(ONNXRUN_FLOAT, DIMS(0, 3)),
          tensor_of(ONNXRUN_INT64, DIMS(1), VALUES(2)));
}

void gather_refuses(void)
{
  trial *t = trial_new("Gather", 13);
  trial_input(t, tensor_new(ONNXRUN_FLOAT, DIMS(2, 3)));
  trial_input(t, tensor_ints(INTS(0, 2)));
  trial_fails(t, ONNXRUN_RUN_FAILED, "indices[1] is 2, outside [-2, 2)");
  trial_clear(t);
  trial_input(t, tensor_new(ONNXRUN_FLOAT, DIMS(2, 3)));
  trial_input(t, tensor_ints(INTS(INT64_MIN)));
  trial_fails(t, ONNXRUN_RUN_FAILED, "indices[0] is -9223372036854775808, outside [-2, 2)");
  trial_clear(t);
  trial_input(t, tensor_new(ONNXRUN_FLOAT, DIMS(0, 3)));
  trial_input(t, tensor_ints(INTS(0)));
  trial_fails(t, ONNXRUN_RUN_FAILED, "indices[0] is 0, outside [-0, 0)");
  trial_int(t, "axis", 2);
  trial_fails(t, ONNXRUN_INVALID_MODEL, "axis 2 is outside [-2, 2)");
}
