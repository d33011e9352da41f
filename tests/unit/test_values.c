/* test_values.c: tensors, sequences and optionals in files, by the public calls. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/bytes.h"

/* Writes in two calls, as the header says. */
static bytes written(const onnxrun_tensor *t, const char *name)
{
  bytes b = {0};
  onnxrun_error error = {0};
  onnxrun_status s = onnxrun_value_write(t, name, NULL, &b.size, &error);
  cr_assert_eq(s, ONNXRUN_BUFFER_TOO_SMALL, "%s", error.text);
  b.data = malloc(b.size);
  cr_assert_not_null(b.data);
  const size_t size = b.size;
  s = onnxrun_value_write(t, name, b.data, &b.size, &error);
  cr_assert_eq(s, ONNXRUN_OK, "%s", error.text);
  cr_assert_eq(b.size, size);
  return b;
}

static onnxrun_value *parsed(const bytes *file, onnxrun_dtype kind)
{
  onnxrun_value *v = NULL;
  onnxrun_error error = {0};
  const onnxrun_status s = onnxrun_value_parse(file->data, file->size, kind, NULL, &v, &error);
  cr_assert_eq(s, ONNXRUN_OK, "%s", error.text);
  return v;
}

static bool same(const onnxrun_tensor *a, const onnxrun_tensor *b);

static bool same_list(const onnxrun_list *a, const onnxrun_list *b)
{
  bool is_same = a->size == b->size;
  for (size_t i = 0; is_same && i < a->size; i++)
    is_same = same(&a->items[i], &b->items[i]);
  return is_same;
}

static bool same(const onnxrun_tensor *a, const onnxrun_tensor *b)
{
  if (a->dtype != b->dtype || a->rank != b->rank || a->bytes != b->bytes ||
      memcmp(a->dims, b->dims, a->rank * sizeof *a->dims) != 0)
    return false;
  if (a->dtype >= ONNXRUN_SEQUENCE)
    return same_list(a->data, b->data);
  if (a->dtype != ONNXRUN_STRING)
    return a->bytes == 0 || memcmp(a->data, b->data, a->bytes) == 0;
  const onnxrun_string *x = a->data, *y = b->data;
  for (size_t i = 0; i < a->bytes / sizeof *x; i++) {
    if (!onx_text_equal(x[i], y[i]))
      return false;
  }
  return true;
}

static void comes_back(const onnxrun_tensor *t)
{
  bytes file = written(t, "name");
  onnxrun_value *v = parsed(&file, t->dtype);
  cr_expect(same(t, onnxrun_value_tensor(v)), "type %d", (int)t->dtype);
  onnxrun_value_release(v);
  bytes_release(&file);
}

#define TENSOR(type, array)                                                                        \
  {                                                                                                \
    .dtype = ONNXRUN_##type, .rank = 1, .dims = {(int64_t)(sizeof(array) / sizeof *(array))},      \
    .data = (array), .bytes = sizeof(array)                                                        \
  }

Test(value, every_type_comes_back)
{
  static uint8_t data[64] = {1, 0, 1, 1, 0, 1};
#define X(name, number, bits, text)                                                                \
  if (number != ONNXRUN_STRING && number < ONNXRUN_SEQUENCE)                                       \
    comes_back(&(onnxrun_tensor){(onnxrun_dtype)number, 1, {3}, data, (3 * bits + 7) / 8});
  ONNXRUN_DTYPES(X)
#undef X
}

Test(value, strings_scalars_and_empty_tensors_come_back)
{
  onnxrun_string s[] = {{"one", 3}, {"", 0}, {"a\0b", 3}};
  comes_back(&(onnxrun_tensor)TENSOR(STRING, s));
  float f[] = {-0.0f};
  comes_back(&(onnxrun_tensor){ONNXRUN_FLOAT, 0, {0}, f, sizeof f});
  comes_back(&(onnxrun_tensor){ONNXRUN_FLOAT, 2, {0, 5}, NULL, 0});
  comes_back(&(onnxrun_tensor){ONNXRUN_STRING, 1, {0}, NULL, 0});
}

Test(value, the_bytes_are_the_standards)
{
  int16_t data[] = {258, -1};
  onnxrun_tensor t = TENSOR(INT16, data);
  bytes file = written(&t, "ab");
  static const uint8_t expected[] = {0x08, 2, 0x10, 5, 0x42, 2, 'a', 'b', 0x4a, 4, 2, 1, 255, 255};
  cr_assert_eq(file.size, sizeof expected);
  cr_expect(memcmp(file.data, expected, sizeof expected) == 0);
  bytes_release(&file);
  file = written(&t, NULL);
  cr_expect_eq(file.size, sizeof expected - 4);
  bytes_release(&file);
}

Test(value, a_buffer_that_is_too_small_is_not_written)
{
  int16_t data[] = {258, -1};
  const onnxrun_tensor t = TENSOR(INT16, data);
  uint8_t buffer[16];
  memset(buffer, 0xee, sizeof buffer);
  for (size_t room = 0; room < 10; room++) {
    size_t size = room;
    cr_expect_eq(onnxrun_value_write(&t, NULL, buffer, &size, NULL), ONNXRUN_BUFFER_TOO_SMALL);
    cr_expect_eq(size, 10);
    cr_expect_eq(buffer[0], 0xee);
  }
  size_t size = sizeof buffer;
  cr_expect_eq(onnxrun_value_write(&t, NULL, buffer, &size, NULL), ONNXRUN_OK);
  cr_expect(size == 10 && buffer[9] == 255 && buffer[10] == 0xee);
}

static onnxrun_tensor container(onnxrun_dtype type, const onnxrun_list *list)
{
  return (onnxrun_tensor){.dtype = type, .data = (void *)(uintptr_t)list, .bytes = sizeof *list};
}

Test(value, sequences_and_optionals_come_back)
{
  float f[] = {1, 2};
  int64_t i[] = {3};
  const onnxrun_tensor tensors[] = {TENSOR(FLOAT, f), TENSOR(INT64, i)};
  const onnxrun_list two = {tensors, 2}, none = {NULL, 0}, one = {tensors, 1};
  const onnxrun_tensor sequences[] = {container(ONNXRUN_SEQUENCE, &two),
                                      container(ONNXRUN_SEQUENCE, &none)};
  const onnxrun_list nested = {sequences, 2}, first = {sequences, 1};
  const onnxrun_tensor all[] = {
      container(ONNXRUN_SEQUENCE, &two),    container(ONNXRUN_SEQUENCE, &none),
      container(ONNXRUN_SEQUENCE, &nested), container(ONNXRUN_OPTIONAL, &none),
      container(ONNXRUN_OPTIONAL, &one),    container(ONNXRUN_OPTIONAL, &first)};
  for (size_t k = 0; k < sizeof all / sizeof *all; k++)
    comes_back(&all[k]);
}

Test(value, what_cannot_be_written_is_refused)
{
  float f[] = {1, 2};
  const onnxrun_tensor mixed[] = {TENSOR(FLOAT, f),
                                  container(ONNXRUN_SEQUENCE, &(onnxrun_list){0})};
  const onnxrun_list list = {mixed, 2};
  const onnxrun_tensor bad[] = {
      {(onnxrun_dtype)0, 0, {0}, f, 8},    {(onnxrun_dtype)27, 0, {0}, f, 8},
      {ONNXRUN_FLOAT, 17, {0}, f, 8},      {ONNXRUN_FLOAT, 1, {-1}, f, 8},
      {ONNXRUN_FLOAT, 1, {3}, f, 8},       {ONNXRUN_FLOAT, 1, {2}, NULL, 8},
      {ONNXRUN_SEQUENCE, 0, {0}, NULL, 0}, container(ONNXRUN_SEQUENCE, &list),
      container(ONNXRUN_OPTIONAL, &list)};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    uint8_t buffer[256];
    size_t size = sizeof buffer;
    onnxrun_error error = {0};
    cr_expect_eq(onnxrun_value_write(&bad[i], NULL, buffer, &size, &error),
                 ONNXRUN_INVALID_ARGUMENT, "case %zu: %s", i, error.text);
    cr_expect_eq(size, sizeof buffer);
    cr_expect_gt(strlen(error.text), 0);
  }
}

Test(value, lists_too_deep_to_write_are_a_limit)
{
  static onnxrun_tensor tensors[1000];
  static onnxrun_list lists[1000];
  for (size_t i = 0; i < 1000; i++) {
    lists[i] = (onnxrun_list){tensors + i + 1, i < 999};
    tensors[i] = container(ONNXRUN_SEQUENCE, &lists[i]);
  }
  size_t size = 0;
  cr_expect_eq(onnxrun_value_write(&tensors[0], NULL, NULL, &size, NULL), ONNXRUN_LIMIT);
  comes_back(&tensors[1000 - 60]);
}

/* ---- files that no writer of ours makes ---- */

static void refused(bytes file, onnxrun_dtype kind, onnxrun_status status, const char *part)
{
  onnxrun_value *v = NULL;
  onnxrun_error error = {0};
  const onnxrun_status s = onnxrun_value_parse(file.data, file.size, kind, NULL, &v, &error);
  cr_expect_eq(s, status, "%s: %s", onnxrun_status_text(s), error.text);
  cr_expect(strstr(error.text, part), "'%s' is not in: %s", part, error.text);
  bytes_release(&file);
}

static bytes small_tensor(void)
{
  return raw_tensor("t", ONNXRUN_INT8, 0, NULL, "\x07", 1);
}

Test(value, an_empty_sequence_and_optional_are_no_bytes)
{
  const onnxrun_dtype kinds[] = {ONNXRUN_SEQUENCE, ONNXRUN_OPTIONAL};
  for (size_t i = 0; i < 2; i++) {
    onnxrun_value *v = parsed(&(bytes){0}, kinds[i]);
    const onnxrun_tensor *t = onnxrun_value_tensor(v);
    cr_expect(t->dtype == kinds[i] && t->rank == 0);
    cr_expect_eq(((const onnxrun_list *)t->data)->size, 0);
    onnxrun_value_release(v);
  }
  refused((bytes){0}, ONNXRUN_FLOAT, ONNXRUN_INVALID_MODEL, "element type 0");
}

Test(value, elements_are_of_the_named_kind)
{
  bytes s = {0};
  put_number(&s, 2, 3);
  put_message(&s, 3, small_tensor());
  refused(s, ONNXRUN_SEQUENCE, ONNXRUN_INVALID_MODEL, "elements of kind 1, expected 3");
  s = (bytes){0};
  put_message(&s, 3, small_tensor());
  put_message(&s, 5, (bytes){0});
  refused(s, ONNXRUN_SEQUENCE, ONNXRUN_INVALID_MODEL, "SequenceProto.sequence_values");
  s = (bytes){0};
  put_message(&s, 3, small_tensor());
  put_message(&s, 3, small_tensor());
  refused(s, ONNXRUN_OPTIONAL, ONNXRUN_INVALID_MODEL, "OptionalProto.tensor_value");
}

/* MapProto with those keys, packed or each a field, and as many int8 scalars. */
static bytes map_file(int type, const char *keys, size_t n_keys, size_t n_values)
{
  bytes m = {0}, values = {0};
  put_number(&m, 2, (uint64_t)type);
  for (size_t i = 0; type != ONNXRUN_STRING && i < n_keys; i++)
    put_number(&m, 3, (uint64_t)(int64_t)(signed char)keys[i]);
  for (size_t i = 0; type == ONNXRUN_STRING && i < n_keys; i++)
    put_span(&m, 4, keys + i, 1);
  for (size_t i = 0; i < n_values; i++)
    put_message(&values, 3, small_tensor());
  put_message(&m, 5, values);
  return m;
}

Test(value, a_map_is_read)
{
  bytes s = map_file(ONNXRUN_INT16, "\x05\xff", 2, 2);
  onnxrun_value *v = parsed(&s, ONNXRUN_MAPPING);
  const onnxrun_tensor *t = onnxrun_value_tensor(v), *keys = onnxrun_tensor_item(t, 0);
  cr_assert(t->dtype == ONNXRUN_MAPPING && onnxrun_tensor_count(t) == 2);
  cr_assert(keys->dtype == ONNXRUN_INT16 && keys->rank == 1 && keys->dims[0] == 2);
  cr_expect(((const int16_t *)keys->data)[0] == 5 && ((const int16_t *)keys->data)[1] == -1);
  cr_expect_eq(onnxrun_tensor_count(onnxrun_tensor_item(t, 1)), 2);
  cr_expect_null(onnxrun_tensor_item(t, 2));
  bytes again = written(t, NULL);
  cr_expect_eq(onnxrun_tensor_item(onnxrun_tensor_item(t, 1), 1)->dtype, ONNXRUN_INT8);
  onnxrun_value *second = parsed(&again, ONNXRUN_MAPPING);
  cr_expect(same(t, onnxrun_value_tensor(second)));
  onnxrun_value_release(second);
  onnxrun_value_release(v);
  bytes_release(&again);
  bytes_release(&s);
  s = map_file(ONNXRUN_STRING, "ab", 2, 2);
  v = parsed(&s, ONNXRUN_MAPPING);
  const onnxrun_string *key =
      onnxrun_tensor_string(onnxrun_tensor_item(onnxrun_value_tensor(v), 0), 1);
  cr_expect(key && key->size == 1 && *key->data == 'b');
  onnxrun_value_release(v);
  bytes_release(&s);
}

Test(value, a_damaged_map_is_refused)
{
  refused((bytes){0}, ONNXRUN_MAPPING, ONNXRUN_INVALID_MODEL, "key_type is 0");
  refused(map_file(ONNXRUN_FLOAT, "", 0, 0), ONNXRUN_MAPPING, ONNXRUN_INVALID_MODEL,
          "key_type is 1");
  refused(map_file(ONNXRUN_UINT8, "\x05\xff", 2, 2), ONNXRUN_MAPPING, ONNXRUN_INVALID_MODEL,
          "key 1 is -1, which is no uint8");
  refused(map_file(ONNXRUN_INT64, "ab", 2, 1), ONNXRUN_MAPPING, ONNXRUN_INVALID_MODEL,
          "2 keys and 1 values");
  bytes s = map_file(ONNXRUN_STRING, "ab", 2, 3);
  put_number(&s, 3, 7);
  refused(s, ONNXRUN_MAPPING, ONNXRUN_INVALID_MODEL, "a map of string keys has others");
  s = map_file(ONNXRUN_INT64, "a", 1, 1);
  put_message(&s, 5, (bytes){0});
  refused(s, ONNXRUN_MAPPING, ONNXRUN_INVALID_MODEL, "given twice");
}

Test(value, a_sequence_of_maps_comes_back)
{
  bytes s = {0};
  put_number(&s, 2, 4);
  put_message(&s, 6, map_file(ONNXRUN_UINT64, "abc", 3, 3));
  put_message(&s, 6, map_file(ONNXRUN_STRING, "", 0, 0));
  onnxrun_value *v = parsed(&s, ONNXRUN_SEQUENCE);
  comes_back(onnxrun_value_tensor(v));
  onnxrun_value_release(v);
  bytes_release(&s);
}

Test(value, a_maps_values_may_be_a_tensor)
{
  float f[] = {1, 2};
  onnxrun_string text[] = {{"one", 3}, {"", 0}};
  int32_t n[] = {-7, 1 << 30};
  const onnxrun_tensor keys = TENSOR(INT32, n);
  const onnxrun_tensor values[] = {TENSOR(FLOAT, f), TENSOR(STRING, text)};
  for (size_t i = 0; i < 2; i++) {
    onnxrun_value *v = NULL;
    cr_assert_eq(onnxrun_value_map(&keys, &values[i], NULL, &v, NULL), ONNXRUN_OK);
    bytes file = written(onnxrun_value_tensor(v), "map");
    onnxrun_value *back = parsed(&file, ONNXRUN_MAPPING);
    const onnxrun_tensor *t = onnxrun_value_tensor(back), *items = onnxrun_tensor_item(t, 1);
    cr_expect(same(onnxrun_tensor_item(t, 0), &keys));
    cr_assert(items->dtype == ONNXRUN_SEQUENCE && onnxrun_tensor_count(items) == 2);
    const onnxrun_tensor *first = onnxrun_tensor_item(items, 0);
    cr_assert(first->dtype == values[i].dtype && first->rank == 0);
    cr_expect(i ? onnxrun_tensor_string(first, 0)->size == 3 : *(float *)first->data == 1.0f);
    onnxrun_value_release(back);
    onnxrun_value_release(v);
    bytes_release(&file);
  }
}

Test(value, sparse_elements_are_spread_out)
{
  const int64_t one[] = {1};
  bytes s = {0}, sparse = {0};
  put_message(&sparse, 1, raw_tensor("", ONNXRUN_INT8, 1, one, "\x07", 1));
  put_message(&sparse, 2, raw_tensor("", ONNXRUN_INT64, 1, one, "\2\0\0\0\0\0\0\0", 8));
  put_number(&sparse, 3, 4);
  put_message(&s, 4, sparse);
  onnxrun_value *v = parsed(&s, ONNXRUN_SEQUENCE);
  const onnxrun_list *list = onnxrun_value_tensor(v)->data;
  cr_assert_eq(list->size, 1);
  cr_expect(memcmp(list->items[0].data, "\0\0\x07\0", 4) == 0);
  onnxrun_value_release(v);
  bytes_release(&s);
}

Test(value, depth_has_a_limit)
{
  onnxrun_options o = ONNXRUN_OPTIONS_INIT;
  o.max_depth = 3;
  for (size_t depth = 0; depth < 6; depth++) {
    bytes s = {0};
    for (size_t i = 0; i < depth; i++) {
      bytes around = {0};
      put_message(&around, 5, s);
      s = around;
    }
    onnxrun_value *v = NULL;
    const onnxrun_status status =
        onnxrun_value_parse(s.data, s.size, ONNXRUN_SEQUENCE, &o, &v, NULL);
    cr_expect_eq(status, depth <= 3 ? ONNXRUN_OK : ONNXRUN_LIMIT, "depth %zu", depth);
    onnxrun_value_release(v);
    bytes_release(&s);
  }
}
