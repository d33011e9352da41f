/* test_tensors.c: TensorProto, external data and sparse tensors, as initializers and as values. */
#include <criterion/criterion.h>
#include <string.h>

#include "runtime/error.h"
#include "tests/support/bytes.h"

enum {
  DIMS = 1,
  TYPE = 2,
  SEGMENT = 3,
  FLOATS = 4,
  INT32S = 5,
  STRINGS = 6,
  INT64S = 7,
  NAME = 8,
  RAW = 9,
  DOUBLES = 10,
  UINT64S = 11,
  EXTERNAL = 13,
  LOCATION = 14,
};

/* A value read by the public call. */
typedef struct value {
  onnxrun_value *v;
  const onnxrun_tensor *t;
  bytes file;
} value;

static value accepted(bytes file)
{
  value a = {.file = file};
  onnxrun_error error = {0};
  const onnxrun_status s =
      onnxrun_value_parse(file.data, file.size, ONNXRUN_UNDEFINED, NULL, &a.v, &error);
  cr_assert_eq(s, ONNXRUN_OK, "%s", error.text);
  a.t = onnxrun_value_tensor(a.v);
  cr_assert_not_null(a.t);
  cr_assert_not_null(a.t->data);
  return a;
}

static void release(value *a)
{
  onnxrun_value_release(a->v);
  bytes_release(&a->file);
}

static void refused(bytes file, onnxrun_status status, const char *part, const char *other)
{
  onnxrun_value *v = NULL;
  onnxrun_error error = {0};
  const onnxrun_status s =
      onnxrun_value_parse(file.data, file.size, ONNXRUN_FLOAT, NULL, &v, &error);
  cr_expect_eq(s, status, "%s: %s", onnxrun_status_text(s), error.text);
  cr_expect(strstr(error.text, part), "'%s' is not in: %s", part, error.text);
  cr_expect(!other || strstr(error.text, other), "'%s' is not in: %s", other, error.text);
  cr_expect_null(v);
  bytes_release(&file);
}

static bytes vector(int type, int64_t n)
{
  return raw_tensor("w", type, 1, &n, NULL, 0);
}

/* Reads `file` and compares the elements' bytes. */
static void holds(bytes file, const void *expected, size_t size)
{
  value a = accepted(file);
  cr_expect_eq(a.t->bytes, size);
  cr_expect(memcmp(a.t->data, expected, size) == 0, "type %d", (int)a.t->dtype);
  release(&a);
}

/* ---- raw data ---- */

Test(raw, every_type_takes_its_bytes)
{
  static const uint8_t data[64] = {1, 0, 1, 1};
#define X(name, number, bits, text)                                                                \
  if (number != ONNXRUN_STRING && number < ONNXRUN_SEQUENCE)                                       \
    holds(raw_tensor("w", number, 1, (int64_t[]){3}, data, (3 * bits + 7) / 8), data,              \
          (3 * bits + 7) / 8);
  ONNXRUN_DTYPES(X)
#undef X
}

Test(raw, dims_packed_and_not)
{
  bytes t = {0}, packed = {0};
  put_number(&t, DIMS, 2);
  put_varint(&packed, 1);
  put_varint(&packed, 3);
  put_message(&t, DIMS, packed);
  put_number(&t, TYPE, ONNXRUN_UINT8);
  put_span(&t, RAW, "abcdef", 6);
  value a = accepted(t);
  cr_expect(a.t->rank == 3 && a.t->dims[0] == 2 && a.t->dims[1] == 1 && a.t->dims[2] == 3);
  cr_expect_eq(a.t->data, a.file.data + a.file.size - 6, "in the file, not copied");
  release(&a);
}

Test(raw, values_are_aligned_to_their_type)
{
  for (size_t pad = 0; pad < 8; pad++) {
    static double data[300];
    data[299] = 0.5;
    bytes t = vector(ONNXRUN_DOUBLE, 300);
    put_span(&t, 12, "padding", pad);
    put_span(&t, RAW, data, sizeof data);
    value a = accepted(t);
    cr_expect_eq((uintptr_t)a.t->data % sizeof(double), 0);
    cr_expect(memcmp(a.t->data, data, sizeof data) == 0);
    release(&a);
  }
}

Test(raw, bools_become_0_or_1)
{
  holds(raw_tensor("b", ONNXRUN_BOOL, 1, (int64_t[]){4}, "\x00\x01\x02\xff", 4), "\0\1\1\1", 4);
}

Test(raw, scalars_and_tensors_without_elements)
{
  holds(raw_tensor("w", ONNXRUN_INT16, 0, NULL, "\x01\x02", 2), "\x01\x02", 2);
  bytes files[] = {vector(ONNXRUN_FLOAT, 0), vector(ONNXRUN_STRING, 0),
                   raw_tensor("w", ONNXRUN_FLOAT, 2, (int64_t[]){0, INT64_MAX}, "", 0)};
  for (size_t i = 0; i < 3; i++) {
    value a = accepted(files[i]);
    cr_expect_eq(a.t->bytes, 0);
    release(&a);
  }
}

Test(raw, size_must_be_that_of_the_dims)
{
  const float data[6] = {0};
  refused(raw_tensor("w", ONNXRUN_FLOAT, 2, (int64_t[]){2, 3}, data, 20), ONNXRUN_INVALID_MODEL,
          "tensor 'w' at byte 0: raw_data holds 20, expected 24", "float[2,3]");
  refused(raw_tensor("w", ONNXRUN_INT4, 1, (int64_t[]){3}, data, 1), ONNXRUN_INVALID_MODEL,
          "holds 1, expected 2", "int4[3]");
  refused(vector(ONNXRUN_FLOAT, 1), ONNXRUN_INVALID_MODEL, "float_data holds 0, expected 1", NULL);
}

/* ---- what a tensor cannot be ---- */

Test(tensor, dims_are_not_negative_and_their_product_fits)
{
  refused(vector(ONNXRUN_FLOAT, -1), ONNXRUN_INVALID_MODEL, "negative or too large", "'w'");
  const int64_t large[][3] = {{INT64_MAX, 2, 1},
                              {(int64_t)1 << 32, (int64_t)1 << 32, 1},
                              {(int64_t)1 << 21, (int64_t)1 << 21, (int64_t)1 << 22},
                              {INT64_MAX, INT64_MAX, INT64_MAX},
                              {INT64_MIN, 0, 1}};
  for (size_t i = 0; i < sizeof large / sizeof *large; i++)
    refused(raw_tensor("w", ONNXRUN_DOUBLE, 3, large[i], "x", 1), ONNXRUN_INVALID_MODEL,
            "negative or too large", NULL);
  refused(vector(ONNXRUN_FLOAT, (int64_t)1 << 40), ONNXRUN_INVALID_MODEL,
          "holds 0, expected 1099511627776", NULL);
}

Test(tensor, ranks_go_to_16)
{
  int64_t dims[17];
  for (int i = 0; i < 17; i++)
    dims[i] = 1;
  holds(raw_tensor("w", ONNXRUN_INT8, 16, dims, "\x07", 1), "\x07", 1);
  refused(raw_tensor("w", ONNXRUN_INT8, 17, dims, "\x07", 1), ONNXRUN_UNSUPPORTED, "rank is 17",
          "16");
}

Test(tensor, types_are_the_files)
{
  const int none[] = {0, 27, ONNXRUN_SEQUENCE, ONNXRUN_OPTIONAL, -1, 1 << 30};
  for (size_t i = 0; i < sizeof none / sizeof *none; i++)
    refused(vector(none[i], 1), ONNXRUN_INVALID_MODEL, "element type", "does not exist");
}

Test(tensor, segments_are_not_supported)
{
  bytes t = raw_tensor("w", ONNXRUN_INT8, 0, NULL, "\x07", 1);
  put_message(&t, SEGMENT, (bytes){0});
  refused(t, ONNXRUN_UNSUPPORTED, "segments", "'w'");
}

Test(tensor, data_is_given_once)
{
  bytes t = raw_tensor("w", ONNXRUN_INT32, 0, NULL, "\1\2\3\4", 4);
  put_number(&t, INT32S, 5);
  refused(t, ONNXRUN_INVALID_MODEL, "more than one place", NULL);
}

/* ---- typed arrays ---- */

static bytes with_numbers(int type, int64_t n, uint32_t field, const uint64_t *values, size_t count)
{
  bytes t = vector(type, n);
  for (size_t i = 0; i < count; i++)
    put_number(&t, field, values[i]);
  return t;
}

static bytes with_packed(int type, int64_t n, uint32_t field, const uint64_t *values, size_t count)
{
  bytes t = vector(type, n), packed = {0};
  for (size_t i = 0; i < count; i++)
    put_varint(&packed, values[i]);
  put_message(&t, field, packed);
  return t;
}

static void both_ways(int type, uint32_t field, const uint64_t *values, const void *expected,
                      size_t size)
{
  holds(with_numbers(type, 3, field, values, 3), expected, size);
  holds(with_packed(type, 3, field, values, 3), expected, size);
}

Test(typed, integers)
{
  const uint64_t v[] = {1, (uint64_t)-2, 100}, u[] = {1, 200, 0};
  both_ways(ONNXRUN_INT8, INT32S, v, (int8_t[]){1, -2, 100}, 3);
  both_ways(ONNXRUN_UINT8, INT32S, u, (uint8_t[]){1, 200, 0}, 3);
  both_ways(ONNXRUN_INT16, INT32S, v, (int16_t[]){1, -2, 100}, 6);
  both_ways(ONNXRUN_UINT16, INT32S, u, (uint16_t[]){1, 200, 0}, 6);
  both_ways(ONNXRUN_INT32, INT32S, v, (int32_t[]){1, -2, 100}, 12);
  both_ways(ONNXRUN_BOOL, INT32S, u, (uint8_t[]){1, 1, 0}, 3);
  both_ways(ONNXRUN_INT64, INT64S, v, (int64_t[]){1, -2, 100}, 24);
  const uint64_t big[] = {UINT32_MAX, 0, 7};
  both_ways(ONNXRUN_UINT32, UINT64S, big, (uint32_t[]){UINT32_MAX, 0, 7}, 12);
  const uint64_t most[] = {UINT64_MAX, 0, 7};
  both_ways(ONNXRUN_UINT64, UINT64S, most, most, 24);
}

Test(typed, small_floats_are_bits_in_int32_data)
{
  const uint64_t halves[] = {0x3c00, 0xfbff, 0x8000}, eights[] = {0x38, 0xff, 0x80};
  both_ways(ONNXRUN_FLOAT16, INT32S, halves, (uint16_t[]){0x3c00, 0xfbff, 0x8000}, 6);
  both_ways(ONNXRUN_BFLOAT16, INT32S, halves, (uint16_t[]){0x3c00, 0xfbff, 0x8000}, 6);
  for (int type = ONNXRUN_FLOAT8E4M3FN; type <= ONNXRUN_FLOAT8E5M2FNUZ; type++)
    both_ways(type, INT32S, eights, (uint8_t[]){0x38, 0xff, 0x80}, 3);
  both_ways(ONNXRUN_FLOAT8E8M0, INT32S, eights, (uint8_t[]){0x38, 0xff, 0x80}, 3);
}

Test(typed, packed_elements_have_a_number_for_each_byte)
{
  const uint64_t v[] = {0x21, 0xf3};
  const int fours[] = {ONNXRUN_UINT4, ONNXRUN_INT4, ONNXRUN_FLOAT4E2M1};
  for (size_t i = 0; i < 3; i++)
    holds(with_numbers(fours[i], 3, INT32S, v, 2), "\x21\xf3", 2);
  holds(with_numbers(ONNXRUN_UINT2, 5, INT32S, v, 2), "\x21\xf3", 2);
  holds(with_packed(ONNXRUN_INT2, 8, INT32S, v, 2), "\x21\xf3", 2);
  refused(with_numbers(ONNXRUN_INT4, 5, INT32S, v, 2), ONNXRUN_INVALID_MODEL,
          "int32_data holds 2, expected 3", NULL);
}

Test(typed, floats_and_doubles)
{
  const float f[] = {1.5f, -2, 0, 4};
  bytes t = vector(ONNXRUN_FLOAT, 4);
  put_span(&t, FLOATS, f, 8);
  put_fixed32(&t, FLOATS, 0);
  put_span(&t, FLOATS, f + 3, 4);
  holds(t, f, sizeof f);
  t = vector(ONNXRUN_COMPLEX64, 2);
  put_span(&t, FLOATS, f, sizeof f);
  holds(t, f, sizeof f);
  const double d[] = {1.5, -2};
  t = vector(ONNXRUN_DOUBLE, 2);
  put_span(&t, DOUBLES, d, 8);
  uint64_t bits;
  memcpy(&bits, d + 1, 8);
  put_fixed64(&t, DOUBLES, bits);
  holds(t, d, sizeof d);
  t = vector(ONNXRUN_COMPLEX128, 1);
  put_span(&t, DOUBLES, d, sizeof d);
  holds(t, d, sizeof d);
}

Test(typed, an_empty_array_before_the_data_changes_nothing)
{
  const float f[] = {1.5f, -2};
  bytes t = vector(ONNXRUN_FLOAT, 2);
  put_span(&t, FLOATS, f, 0);
  put_span(&t, FLOATS, f, sizeof f);
  holds(t, f, sizeof f);
}

Test(typed, strings_are_views)
{
  bytes t = vector(ONNXRUN_STRING, 3);
  put_text(&t, STRINGS, "one");
  put_text(&t, STRINGS, "");
  put_span(&t, STRINGS, "a\0b", 3);
  value a = accepted(t);
  const onnxrun_string *s = a.t->data;
  cr_expect_eq(a.t->bytes, 3 * sizeof *s);
  cr_expect(onx_text_equal(s[0], onx_text("one")) && s[1].size == 0);
  cr_expect(onx_text_equal(s[2], (onnxrun_string){"a\0b", 3}));
  cr_expect_eq((const uint8_t *)s[2].data, a.file.data + a.file.size - 3);
  release(&a);
  t = vector(ONNXRUN_STRING, 1);
  put_text(&t, RAW, "raw");
  refused(t, ONNXRUN_INVALID_MODEL, "strings are not in string_data", NULL);
}

Test(typed, counts_must_be_those_of_the_dims)
{
  const uint64_t v[] = {1, 2, 3};
  refused(with_numbers(ONNXRUN_INT64, 2, INT64S, v, 3), ONNXRUN_INVALID_MODEL,
          "int64_data holds 3, expected 2", "int64[2]");
  refused(with_packed(ONNXRUN_INT64, 4, INT64S, v, 3), ONNXRUN_INVALID_MODEL,
          "int64_data holds 3, expected 4", NULL);
  refused(with_packed(ONNXRUN_INT64, 3, INT32S, v, 3), ONNXRUN_INVALID_MODEL,
          "int64_data holds 0, expected 3", NULL);
}

Test(typed, damage_is_found)
{
  bytes t = vector(ONNXRUN_FLOAT, 1);
  put_span(&t, FLOATS, "12345", 5);
  refused(t, ONNXRUN_INVALID_MODEL, "float_data has 5 bytes, expected a multiple of 4", "byte 7");
  t = vector(ONNXRUN_INT64, 1);
  put_span(&t, INT64S, "\x80\x80", 2);
  refused(t, ONNXRUN_INVALID_MODEL, "int64_data is cut off", "byte ");
  t = vector(ONNXRUN_INT64, 1);
  put_span(&t, INT64S, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11);
  refused(t, ONNXRUN_INVALID_MODEL, "int64_data does not end", "byte ");
}

/* ---- external data: in models alone ---- */

static const uint8_t outside[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

static onnxrun_status map_outside(void *user, onnxrun_string path, const uint8_t **data,
                                  size_t *size, onnxrun_error *error)
{
  *(onnxrun_string *)user = path;
  if (!onx_text_equal(path, onx_text("w.bin")))
    return onx_fail(error, ONNXRUN_NOT_FOUND, "no '%.*s'", (int)path.size, path.data);
  *data = outside;
  *size = sizeof outside;
  return ONNXRUN_OK;
}

static bytes external_model(const char *location, const char *offset, const char *length)
{
  const char *const pairs[] = {"location", location, "offset",   offset,
                               "length",   length,   "checksum", "abc"};
  bytes t = vector(ONNXRUN_INT32, 2), g = graph_xy();
  for (size_t i = 0; i < 8; i += 2) {
    bytes entry = {0};
    put_text(&entry, 1, pairs[i]);
    if (pairs[i + 1])
      put_text(&entry, 2, pairs[i + 1]);
    put_message(&t, EXTERNAL, entry);
  }
  put_number(&t, LOCATION, 1);
  put_message(&g, GRAPH_INITIALIZER, t);
  put_message(&g, GRAPH_NODE, node("Add", "x w", "y"));
  return model_of(g);
}

static reading *read_external(bytes file)
{
  static onnxrun_string asked;
  static const onx_external external = {&asked, map_outside};
  return read_bytes(file, &external);
}

Test(external, data_is_pointed_to)
{
  const char *const offsets[] = {NULL, "0", "4", "8"};
  for (size_t i = 0; i < 4; i++) {
    reading *r = read_external(external_model("w.bin", offsets[i], i % 2 ? "8" : NULL));
    cr_assert_eq(r->status, ONNXRUN_OK, "%s", r->error.text);
    const onnxrun_tensor *t = value_named(r->m.main, "w")->constant;
    cr_expect(memcmp(t->data, outside + (i < 2 ? 0 : 4 * (i - 1)), 8) == 0);
    reading_release(r);
  }
}

static void external_refused(bytes file, onnxrun_status status, const char *part)
{
  reading *r = read_external(file);
  cr_expect_eq(r->status, status, "%s: %s", onnxrun_status_text(r->status), r->error.text);
  cr_expect(strstr(r->error.text, part), "'%s' is not in: %s", part, r->error.text);
  reading_release(r);
}

Test(external, places_outside_the_file_are_refused)
{
  external_refused(external_model("w.bin", "9", NULL), ONNXRUN_INVALID_MODEL,
                   "needs bytes 9 to 9 + 8 of 'w.bin', which has 16");
  external_refused(external_model("w.bin", "18446744073709551615", "8"), ONNXRUN_INVALID_MODEL,
                   "which has 16");
  external_refused(external_model("w.bin", "18446744073709551616", "8"), ONNXRUN_INVALID_MODEL,
                   "is not a number");
  external_refused(external_model("w.bin", "-1", NULL), ONNXRUN_INVALID_MODEL, "is not a number");
  external_refused(external_model("w.bin", "0", "7"), ONNXRUN_INVALID_MODEL,
                   "external length is 7, expected 8");
  external_refused(external_model("other.bin", "0", "8"), ONNXRUN_NOT_FOUND, "no 'other.bin'");
}

Test(external, models_from_memory_and_values_have_none)
{
  reading *r = read_bytes(external_model("w.bin", NULL, NULL), NULL);
  cr_expect_eq(r->status, ONNXRUN_INVALID_MODEL);
  cr_expect(strstr(r->error.text, "tensor 'w'"), "%s", r->error.text);
  reading_release(r);
  bytes t = vector(ONNXRUN_INT32, 2);
  put_number(&t, LOCATION, 1);
  refused(t, ONNXRUN_INVALID_MODEL, "in another file", NULL);
}

/* ---- sparse tensors ---- */

static bytes sparse(int rank, const int64_t *dims, bytes values, bytes indices)
{
  bytes s = {0};
  put_message(&s, 1, values);
  put_message(&s, 2, indices);
  for (int i = 0; i < rank; i++)
    put_number(&s, 3, (uint64_t)dims[i]);
  return s;
}

static bytes float_values(int64_t n, const float *values)
{
  return raw_tensor("w", ONNXRUN_FLOAT, 1, &n, values, (size_t)n * sizeof *values);
}

static bytes index_tensor(int rank, const int64_t *dims, const int64_t *at)
{
  size_t n = sizeof *at;
  for (int i = 0; i < rank; i++)
    n *= (size_t)dims[i];
  return raw_tensor("i", ONNXRUN_INT64, rank, dims, at, n);
}

static reading *read_sparse(bytes s)
{
  bytes g = graph_xy();
  put_message(&g, GRAPH_SPARSE, s);
  put_message(&g, GRAPH_NODE, node("Add", "x w", "y"));
  return read_bytes(model_of(g), NULL);
}

static void sparse_holds(bytes s, const float *expected, size_t n)
{
  reading *r = read_sparse(s);
  cr_assert_eq(r->status, ONNXRUN_OK, "%s", r->error.text);
  const onnxrun_tensor *t = value_named(r->m.main, "w")->constant;
  cr_assert_eq(t->bytes, n * sizeof *expected);
  cr_expect(memcmp(t->data, expected, t->bytes) == 0);
  reading_release(r);
}

Test(sparse, flat_and_full_indices)
{
  const int64_t dims[] = {2, 3}, two[] = {2}, rows[] = {2, 2};
  const float v[] = {5, 6}, expected[] = {0, 5, 0, 0, 0, 6};
  sparse_holds(sparse(2, dims, float_values(2, v), index_tensor(1, two, (int64_t[]){1, 5})),
               expected, 6);
  sparse_holds(sparse(2, dims, float_values(2, v), index_tensor(2, rows, (int64_t[]){0, 1, 1, 2})),
               expected, 6);
  const int64_t none[] = {0};
  sparse_holds(sparse(2, dims, float_values(0, v), index_tensor(1, none, none)), (float[6]){0}, 6);
}

static void sparse_refused(bytes s, onnxrun_status status, const char *part)
{
  reading *r = read_sparse(s);
  cr_expect_eq(r->status, status, "%s: %s", onnxrun_status_text(r->status), r->error.text);
  cr_expect(strstr(r->error.text, part), "'%s' is not in: %s", part, r->error.text);
  reading_release(r);
}

Test(sparse, what_cannot_be_is_refused)
{
  const int64_t dims[] = {2, 3}, one[] = {1}, two[] = {2}, row[] = {1, 2}, wide[] = {1, 3};
  const int64_t bad[] = {6, -1, INT64_MAX, INT64_MIN};
  const float v[] = {5, 6};
  for (size_t i = 0; i < 4; i++)
    sparse_refused(sparse(2, dims, float_values(1, v), index_tensor(1, one, bad + i)),
                   ONNXRUN_INVALID_MODEL, "an index is outside");
  sparse_refused(sparse(2, dims, float_values(1, v), index_tensor(2, row, (int64_t[]){0, 3})),
                 ONNXRUN_INVALID_MODEL, "an index is outside");
  sparse_refused(sparse(2, dims, float_values(1, v), index_tensor(2, wide, (int64_t[]){0, 1, 2})),
                 ONNXRUN_INVALID_MODEL, "number of indices");
  sparse_refused(sparse(2, dims, float_values(1, v), index_tensor(1, two, (int64_t[]){0, 1})),
                 ONNXRUN_INVALID_MODEL, "number of indices");
  const int64_t huge[] = {(int64_t)1 << 20, (int64_t)1 << 20};
  sparse_refused(sparse(2, huge, float_values(1, v), index_tensor(1, one, (int64_t[]){0})),
                 ONNXRUN_LIMIT, "needs 4398046511104 bytes");
  const int64_t endless[] = {INT64_MAX, INT64_MAX};
  sparse_refused(sparse(2, endless, float_values(1, v), index_tensor(1, one, (int64_t[]){0})),
                 ONNXRUN_INVALID_MODEL, "too large");
  sparse_refused((bytes){0}, ONNXRUN_INVALID_MODEL, "has no values");
}

Test(sparse, an_attribute_becomes_a_tensor)
{
  const int64_t dims[] = {3}, one[] = {1};
  bytes a = attr("sparse_value", 11), n = node("Constant", "", "y");
  put_message(&a, 22,
              sparse(1, dims, float_values(1, (float[]){9}), index_tensor(1, one, (int64_t[]){2})));
  put_message(&n, NODE_ATTR, a);
  bytes g = graph_xy();
  put_message(&g, GRAPH_NODE, n);
  reading *r = read_bytes(model_of(g), NULL);
  cr_assert_eq(r->status, ONNXRUN_OK, "%s", r->error.text);
  const onx_attr *read = r->m.main->nodes[0].attrs;
  cr_assert_eq(read->type, ONNXRUN_ATTR_TENSOR);
  cr_expect(memcmp(read->v.t->data, (float[]){0, 0, 9}, 12) == 0);
  reading_release(r);
}
