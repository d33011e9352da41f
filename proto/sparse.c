/* sparse.c: SparseTensorProto, spread out. */
#include <string.h>

#include "onnx.pb-c.h"
#include "proto/tensor.h"
#include "runtime/error.h"

#define DENSE_MOST ((size_t)256 << 20) /* bytes: a few bytes of a file may ask for any size */

typedef struct onx_sparse {
  onx_reader *r;
  onx_span body;
  onx_span values, indices;
  size_t rank;
  int64_t dims[ONNXRUN_MAX_RANK];
  onnxrun_tensor value, index;
  onnxrun_string name;
} onx_sparse;

static onnxrun_status take_dims(onx_sparse *s, const onx_field *f)
{
  size_t n = 0;
  ONX_TRY(onx_count_numbers(s->r, f, &n));
  onx_numbers numbers = onx_numbers_begin(f);
  uint64_t value;
  for (; onx_numbers_next(&numbers, &value); s->rank++) {
    if (s->rank < ONNXRUN_MAX_RANK)
      s->dims[s->rank] = (int64_t)value;
  }
  return ONNXRUN_OK;
}

static onnxrun_status scan(onx_sparse *s)
{
  enum { VALUES = 1, INDICES = 2, DIMS = 3 };
  onx_walk w = onx_walk_begin(s->r, &onnx__sparse_tensor_proto__descriptor, s->body);
  onx_field f;
  while (onx_walk_next(&w, &f)) {
    if (f.number == VALUES)
      s->values = f.span;
    else if (f.number == INDICES)
      s->indices = f.span;
    else if (f.number == DIMS)
      ONX_TRY(take_dims(s, &f));
  }
  ONX_TRY(w.status);
  if (!s->values.data)
    return onx_damaged(s->r, s->body.data, "a sparse tensor has no values");
  return ONNXRUN_OK;
}

static onnxrun_status fail(const onx_sparse *s, const char *what)
{
  return onx_damaged(s->r, s->body.data, "sparse tensor '%.*s': %s", ONX_NAME(s->name), what);
}

/* Indices are positions in the flat tensor, or a row of one for each dim. */
static onnxrun_status check_operands(const onx_sparse *s, bool *is_flat)
{
  const onnxrun_tensor *v = &s->value, *i = &s->index;
  if (v->rank != 1)
    return fail(s, "values are not of rank 1");
  if (i->dtype != ONNXRUN_INT64)
    return fail(s, "indices are not int64");
  *is_flat = i->rank == 1;
  if (i->dims[0] != v->dims[0] || i->rank < 1 || i->rank > 2 ||
      (i->rank == 2 && i->dims[1] != (int64_t)s->rank))
    return fail(s, "the number of indices is not that of values");
  if (onnxrun_bits(v->dtype) < 8)
    return onx_fail(s->r->error, ONNXRUN_UNSUPPORTED, "sparse tensor '%.*s' of %s",
                    ONX_NAME(s->name), onnxrun_dtype_name(v->dtype));
  return ONNXRUN_OK;
}

static onnxrun_status new_dense(const onx_sparse *s, onx_pool *pool, size_t *elements,
                                onnxrun_tensor *out)
{
  *out = (onnxrun_tensor){.dtype = s->value.dtype, .rank = (uint32_t)s->rank};
  if (s->rank > ONNXRUN_MAX_RANK)
    return fail(s, "its rank is above 16");
  memcpy(out->dims, s->dims, sizeof out->dims);
  if (!onx_tensor_bytes(out->dtype, out->rank, out->dims, elements, &out->bytes))
    return fail(s, "its dims are negative or too large");
  if (out->bytes > DENSE_MOST)
    return onx_fail(s->r->error, ONNXRUN_LIMIT, "sparse tensor '%.*s' needs %zu bytes, at most %zu",
                    ONX_NAME(s->name), out->bytes, DENSE_MOST);
  out->data = onx_pool_take(pool, out->bytes);
  if (!out->data)
    return onx_reader_full(s->r, out->bytes, "a sparse tensor");
  onnxrun_string *strings = out->data;
  for (size_t i = 0; out->dtype == ONNXRUN_STRING && i < *elements; i++)
    strings[i] = onx_text("");
  return ONNXRUN_OK;
}

/* Position of the k-th value, or false outside the tensor. */
static bool position(const onx_sparse *s, const int64_t *row, bool is_flat, size_t elements,
                     size_t *out)
{
  size_t at = 0;
  if (is_flat) {
    *out = (size_t)row[0];
    return row[0] >= 0 && (uint64_t)row[0] < elements;
  }
  for (size_t d = 0; d < s->rank; d++) {
    if (row[d] < 0 || row[d] >= s->dims[d])
      return false;
    at = at * (size_t)s->dims[d] + (size_t)row[d];
  }
  *out = at;
  return elements > 0;
}

static onnxrun_status spread(const onx_sparse *s, bool is_flat, size_t elements,
                             onnxrun_tensor *out)
{
  const size_t bytes = onnxrun_bits(out->dtype) / 8;
  const size_t n = (size_t)s->value.dims[0], width = is_flat ? 1 : s->rank;
  const int64_t *rows = s->index.data;
  for (size_t k = 0; k < n; k++) {
    size_t at;
    if (!position(s, rows + k * width, is_flat, elements, &at))
      return fail(s, "an index is outside its dims");
    memcpy((uint8_t *)out->data + at * bytes, (const uint8_t *)s->value.data + k * bytes, bytes);
  }
  return ONNXRUN_OK;
}

onnxrun_status onx_sparse_read(onx_reader *r, onx_pool *pool, onx_span span, onnxrun_tensor *out,
                               onnxrun_string *name)
{
  onx_sparse s = {.r = r, .body = span, .name = {"", 0}};
  size_t elements = 0;
  bool is_flat = true;
  ONX_TRY(scan(&s));
  ONX_TRY(onx_tensor_read(r, &r->scratch, s.values, ONX_IN_PLACE, &s.value, &s.name));
  if (s.indices.data)
    ONX_TRY(onx_tensor_read(r, &r->scratch, s.indices, ONX_ALIGNED, &s.index, NULL));
  else if (s.value.dims[0] == 0)
    s.index = (onnxrun_tensor){.dtype = ONNXRUN_INT64, .rank = 1};
  ONX_TRY(check_operands(&s, &is_flat));
  ONX_TRY(new_dense(&s, pool, &elements, out));
  if (name)
    *name = s.name;
  return spread(&s, is_flat, elements, out);
}
