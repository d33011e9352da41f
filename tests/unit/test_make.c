/* test_make.c: values that a program makes and reads, by the public calls. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/bytes.h"

static onnxrun_error error;

static onnxrun_tensor numbers(float *data, int64_t n)
{
  return (onnxrun_tensor){ONNXRUN_FLOAT, 1, {n}, data, (size_t)n * sizeof *data};
}

static onnxrun_tensor list_of(onnxrun_dtype kind, onnxrun_list *list)
{
  return (onnxrun_tensor){.dtype = kind, .data = list, .bytes = sizeof *list};
}

Test(make, strings_are_copied)
{
  char a[] = "first", b[] = "se\0cond";
  const char *texts[] = {a, b, NULL, ""};
  const size_t sizes[] = {5, 7, 0, 0};
  const onnxrun_tensor shape = {.rank = 2, .dims = {2, 2}};
  onnxrun_value *v = NULL;
  cr_assert_eq(onnxrun_value_strings(&shape, texts, sizes, NULL, &v, NULL), ONNXRUN_OK);
  memset(a, 0, sizeof a);
  memset(b, 0, sizeof b);
  const onnxrun_tensor *t = onnxrun_value_tensor(v);
  cr_assert(t->dtype == ONNXRUN_STRING && t->rank == 2 && onnxrun_tensor_count(t) == 4);
  const onnxrun_string *s = onnxrun_tensor_string(t, 0);
  cr_expect(s->size == 5 && memcmp(s->data, "first", 5) == 0);
  s = onnxrun_tensor_string(t, 1);
  cr_expect(s->size == 7 && memcmp(s->data, "se\0cond", 7) == 0);
  cr_expect(onnxrun_tensor_string(t, 2)->size == 0 && onnxrun_tensor_string(t, 3)->size == 0);
  cr_expect_null(onnxrun_tensor_string(t, 4));
  cr_expect_null(onnxrun_tensor_string(t, SIZE_MAX));
  cr_expect_null(onnxrun_tensor_item(t, 0));
  onnxrun_value_release(v);
}

Test(make, terminated_strings_need_no_sizes)
{
  const char *texts[] = {"one", ""};
  const onnxrun_tensor shape = {.rank = 1, .dims = {2}};
  onnxrun_value *v = NULL;
  cr_assert_eq(onnxrun_value_strings(&shape, texts, NULL, NULL, &v, NULL), ONNXRUN_OK);
  cr_expect_eq(onnxrun_tensor_string(onnxrun_value_tensor(v), 0)->size, 3);
  onnxrun_value_release(v);
  const onnxrun_tensor empty = {.rank = 2, .dims = {0, 1}};
  cr_assert_eq(onnxrun_value_strings(&empty, NULL, NULL, NULL, &v, NULL), ONNXRUN_OK);
  cr_expect_eq(onnxrun_tensor_count(onnxrun_value_tensor(v)), 0);
  onnxrun_value_release(v);
}

Test(make, a_copy_outlives_all_it_was_made_of)
{
  float *data = malloc(2 * sizeof *data);
  char *text = malloc(3);
  memcpy(text, "abc", 3);
  data[0] = 1, data[1] = 2;
  onnxrun_string string = {text, 3};
  onnxrun_tensor items[] = {numbers(data, 2), {ONNXRUN_STRING, 0, {0}, &string, sizeof string}};
  onnxrun_list inner = {items, 2}, outer = {NULL, 1};
  const onnxrun_tensor sequence = list_of(ONNXRUN_SEQUENCE, &inner);
  outer.items = &sequence;
  const onnxrun_tensor optional = list_of(ONNXRUN_OPTIONAL, &outer);
  onnxrun_value *v = NULL;
  cr_assert_eq(onnxrun_value_copy(&optional, NULL, &v, NULL), ONNXRUN_OK);
  free(data);
  free(text);
  memset(items, 0xff, sizeof items);
  const onnxrun_tensor *t = onnxrun_value_tensor(v);
  cr_assert(t->dtype == ONNXRUN_OPTIONAL && onnxrun_tensor_count(t) == 1);
  t = onnxrun_tensor_item(t, 0);
  cr_assert(t->dtype == ONNXRUN_SEQUENCE && onnxrun_tensor_count(t) == 2);
  const onnxrun_tensor *floats = onnxrun_tensor_item(t, 0);
  cr_expect(floats->bytes == 8 && ((float *)floats->data)[1] == 2.0f);
  const onnxrun_string *s = onnxrun_tensor_string(onnxrun_tensor_item(t, 1), 0);
  cr_expect(s->size == 3 && memcmp(s->data, "abc", 3) == 0);
  onnxrun_value_release(v);
}

Test(make, sequences_and_optionals_are_made_of_values)
{
  float data[] = {1, 2, 3};
  const onnxrun_tensor one = numbers(data, 1), two = numbers(data + 1, 2);
  const onnxrun_tensor *const both[] = {&one, &two};
  onnxrun_value *s = NULL, *o = NULL, *none = NULL, *empty = NULL;
  cr_assert_eq(onnxrun_value_sequence(both, 2, NULL, &s, NULL), ONNXRUN_OK);
  cr_assert_eq(onnxrun_value_sequence(NULL, 0, NULL, &empty, NULL), ONNXRUN_OK);
  cr_assert_eq(onnxrun_value_optional(onnxrun_value_tensor(s), NULL, &o, NULL), ONNXRUN_OK);
  cr_assert_eq(onnxrun_value_optional(NULL, NULL, &none, NULL), ONNXRUN_OK);
  onnxrun_value_release(s);
  const onnxrun_tensor *t = onnxrun_tensor_item(onnxrun_value_tensor(o), 0);
  cr_assert_eq(onnxrun_tensor_count(t), 2);
  cr_expect_eq(onnxrun_tensor_item(t, 1)->dims[0], 2);
  cr_expect_null(onnxrun_tensor_item(t, 2));
  cr_expect_eq(onnxrun_tensor_count(onnxrun_value_tensor(none)), 0);
  cr_expect_null(onnxrun_tensor_item(onnxrun_value_tensor(none), 0));
  cr_expect_eq(onnxrun_value_tensor(empty)->dtype, ONNXRUN_SEQUENCE);
  cr_expect_null(onnxrun_tensor_item(onnxrun_value_tensor(empty), 0));
  onnxrun_value_release(o);
  onnxrun_value_release(none);
  onnxrun_value_release(empty);
}

static void refused(onnxrun_status s, onnxrun_status expected, const char *text)
{
  cr_expect_eq(s, expected, "%s: %s", onnxrun_status_text(s), text);
  cr_expect(strstr(error.text, text), "'%s' is not in: %s", text, error.text);
}

static onnxrun_value *out;

#define COPY(t) onnxrun_value_copy((t), NULL, &out, &error)

Test(make, null_is_refused)
{
  float f = 1;
  const onnxrun_tensor t = numbers(&f, 1), *const null[] = {NULL};
  const char *const no_text[] = {NULL};
  const size_t four[] = {4};
#define NO(call) refused(call, ONNXRUN_INVALID_ARGUMENT, "NULL")
  NO(COPY(NULL));
  NO(onnxrun_value_copy(&t, NULL, NULL, &error));
  NO(onnxrun_value_strings(NULL, no_text, NULL, NULL, &out, &error));
  NO(onnxrun_value_strings(&t, NULL, NULL, NULL, &out, &error));
  NO(onnxrun_value_strings(&t, no_text, NULL, NULL, &out, &error));
  NO(onnxrun_value_strings(&t, no_text, four, NULL, &out, &error));
  NO(onnxrun_value_strings(&t, no_text, four, NULL, NULL, &error));
  NO(onnxrun_value_sequence(NULL, 1, NULL, &out, &error));
  NO(onnxrun_value_sequence(null, 1, NULL, &out, &error));
  NO(onnxrun_value_sequence(NULL, 0, NULL, NULL, &error));
  NO(onnxrun_value_optional(&t, NULL, NULL, &error));
  NO(onnxrun_value_map(NULL, &t, NULL, &out, &error));
  NO(onnxrun_value_map(&t, NULL, NULL, &out, &error));
#undef NO
  cr_expect_null(out);
  cr_expect(onnxrun_value_copy(NULL, NULL, NULL, NULL) == ONNXRUN_INVALID_ARGUMENT);
  cr_expect_eq(onnxrun_tensor_count(NULL), 0);
  cr_expect_null(onnxrun_tensor_item(NULL, 0));
  cr_expect_null(onnxrun_tensor_string(NULL, 0));
  cr_expect_null(onnxrun_value_tensor(NULL));
}

Test(make, tensors_that_are_not_sound_are_refused)
{
  float f[2] = {0};
  onnxrun_tensor t = numbers(f, 2);
  t.bytes = 7;
  refused(COPY(&t), ONNXRUN_INVALID_ARGUMENT, "has 7 bytes, expected 8");
  t = numbers(NULL, 2);
  refused(COPY(&t), ONNXRUN_INVALID_ARGUMENT, "has 0 bytes, expected 8");
  t = numbers(f, -1);
  refused(COPY(&t), ONNXRUN_INVALID_ARGUMENT, "out of range");
  t = (onnxrun_tensor){ONNXRUN_FLOAT, 3, {INT64_MAX, INT64_MAX, 4}, f, SIZE_MAX};
  refused(COPY(&t), ONNXRUN_INVALID_ARGUMENT, "out of range");
  refused(onnxrun_value_strings(&t, NULL, NULL, NULL, &out, &error), ONNXRUN_INVALID_ARGUMENT,
          "out of range");
  t.rank = 17;
  refused(COPY(&t), ONNXRUN_INVALID_ARGUMENT, "out of range");
  refused(onnxrun_value_strings(&t, NULL, NULL, NULL, &out, &error), ONNXRUN_INVALID_ARGUMENT,
          "out of range");
  cr_expect_eq(onnxrun_tensor_count(&t), 0);
  t = (onnxrun_tensor){.dtype = (onnxrun_dtype)77};
  refused(COPY(&t), ONNXRUN_INVALID_ARGUMENT, "element type 77");
  cr_expect_eq(onnxrun_tensor_count(&t), 0);
  onnxrun_string s[2] = {{NULL, 3}, {"", 0}};
  t = (onnxrun_tensor){ONNXRUN_STRING, 0, {0}, s, sizeof *s};
  refused(COPY(&t), ONNXRUN_INVALID_ARGUMENT, "string 0 has 3 bytes and no data");
  t.data = (char *)s + 1;
  refused(COPY(&t), ONNXRUN_INVALID_ARGUMENT, "not aligned");
  s[0] = (onnxrun_string){"", SIZE_MAX}, s[1] = s[0];
  t = (onnxrun_tensor){ONNXRUN_STRING, 1, {2}, s, sizeof s};
  refused(COPY(&t), ONNXRUN_LIMIT, "addressed");
}

Test(make, lists_that_are_not_sound_are_refused)
{
  float f = 1;
  onnxrun_tensor items[2] = {numbers(&f, 1), {0}};
  onnxrun_list list = {items, 2}, inner = {NULL, 0};
  onnxrun_tensor t = list_of(ONNXRUN_OPTIONAL, &list);
  items[1] = items[0];
  refused(COPY(&t), ONNXRUN_INVALID_ARGUMENT, "an optional has 2 items");
  t.dtype = ONNXRUN_SEQUENCE;
  items[1] = list_of(ONNXRUN_SEQUENCE, &inner);
  refused(COPY(&t), ONNXRUN_INVALID_ARGUMENT, "item 1 is of another kind");
  const onnxrun_tensor *const mixed[] = {&items[0], &items[1]};
  refused(onnxrun_value_sequence(mixed, 2, NULL, &out, &error), ONNXRUN_INVALID_ARGUMENT,
          "item 1 is of another kind");
  list.items = NULL;
  refused(COPY(&t), ONNXRUN_INVALID_ARGUMENT, "2 items at NULL");
  cr_expect_null(onnxrun_tensor_item(&t, 0));
  t.bytes = 15;
  refused(COPY(&t), ONNXRUN_INVALID_ARGUMENT, "has 15 bytes");
  cr_expect_eq(onnxrun_tensor_count(&t), 0);
  t = (onnxrun_tensor){ONNXRUN_SEQUENCE, 1, {0}, NULL, 0};
  refused(COPY(&t), ONNXRUN_INVALID_ARGUMENT, "not one list");
  cr_expect_eq(onnxrun_tensor_count(&t), 0);
  refused(onnxrun_value_sequence(mixed, SIZE_MAX, NULL, &out, &error), ONNXRUN_LIMIT, "a value");
}

Test(make, maps_that_are_not_sound_are_refused)
{
  float f[] = {1, 2};
  int64_t n[] = {1, 2, 3};
  onnxrun_tensor values = numbers(f, 2);
  onnxrun_tensor keys = {ONNXRUN_INT64, 1, {3}, n, sizeof n};
#define MAP() onnxrun_value_map(&keys, &values, NULL, &out, &error)
  refused(MAP(), ONNXRUN_INVALID_ARGUMENT, "3 keys and 2 values");
  keys = values;
  refused(MAP(), ONNXRUN_INVALID_ARGUMENT, "keys are float");
  keys = (onnxrun_tensor){ONNXRUN_INT64, 0, {0}, n, sizeof *n};
  refused(MAP(), ONNXRUN_INVALID_ARGUMENT, "keys have rank 0");
  keys = (onnxrun_tensor){ONNXRUN_INT64, 1, {2}, n, 2 * sizeof *n};
  values.dtype = ONNXRUN_INT4;
  refused(MAP(), ONNXRUN_INVALID_ARGUMENT, "values are int4");
  values = (onnxrun_tensor){ONNXRUN_FLOAT, 0, {0}, f, sizeof *f};
  refused(MAP(), ONNXRUN_INVALID_ARGUMENT, "rank 0");
#undef MAP
  cr_expect_null(out);
  onnxrun_list list = {&keys, 1};
  const onnxrun_tensor t = list_of(ONNXRUN_MAPPING, &list);
  refused(COPY(&t), ONNXRUN_INVALID_ARGUMENT, "a map has 1 items");
}

Test(make, what_nests_too_deep_is_a_limit)
{
  onnxrun_tensor t;
  onnxrun_list list = {&t, 1};
  t = list_of(ONNXRUN_SEQUENCE, &list);
  refused(COPY(&t), ONNXRUN_LIMIT, "deeper than max_depth 64");
  onnxrun_options o = ONNXRUN_OPTIONS_INIT;
  o.max_depth = SIZE_MAX;
  refused(onnxrun_value_copy(&t, &o, &out, &error), ONNXRUN_LIMIT, "deeper");
  refused(onnxrun_value_optional(&t, NULL, &out, &error), ONNXRUN_LIMIT, "deeper");
  size_t size = 0;
  refused(onnxrun_value_write(&t, NULL, NULL, &size, &error), ONNXRUN_LIMIT, "deeper");
  o.max_depth = 1;
  list.size = 0;
  cr_expect_eq(onnxrun_value_copy(&t, &o, &out, &error), ONNXRUN_OK);
  onnxrun_value_release(out);
  out = NULL;
  refused(onnxrun_value_optional(&t, &o, &out, &error), ONNXRUN_LIMIT, "deeper");
  cr_expect_null(out);
}

/* An allocator that meets some requests, and counts what is out. */
typedef struct counting {
  size_t left, blocks;
} counting;

static void *count_resize(void *user, void *block, size_t old_size, size_t new_size, size_t align)
{
  counting *c = user;
  (void)old_size, (void)align;
  if (new_size == 0) {
    c->blocks -= block != NULL;
    free(block);
    return NULL;
  }
  void *made = c->left > 0 && posix_memalign(&block, align, new_size) == 0 ? block : NULL;
  c->left -= made != NULL;
  c->blocks += made != NULL;
  return made;
}

Test(make, memory_comes_from_the_options_and_goes_back)
{
  static float data[100000];
  const onnxrun_tensor t = numbers(data, 100000), *const items[] = {&t, &t, &t};
  onnxrun_status s = ONNXRUN_NO_MEMORY;
  for (size_t n = 0; s != ONNXRUN_OK; n++) {
    counting c = {n, 0};
    const onnxrun_allocator allocator = {&c, count_resize};
    onnxrun_options o = ONNXRUN_OPTIONS_INIT;
    o.allocator = &allocator;
    s = onnxrun_value_sequence(items, 3, &o, &out, &error);
    cr_assert(s == ONNXRUN_OK || s == ONNXRUN_NO_MEMORY, "%s", error.text);
    if (s == ONNXRUN_OK)
      onnxrun_value_release(out);
    cr_assert_eq(c.blocks, 0);
    cr_assert_lt(n, 100);
  }
  onnxrun_options o = ONNXRUN_OPTIONS_INIT;
  o.max_bytes = 1000000;
  refused(onnxrun_value_sequence(items, 3, &o, &out, &error), ONNXRUN_LIMIT, "a value");
}

/* ---- through a run ---- */

/* ValueInfoProto of a sequence (4) or optional (9) of float tensors, or of a string tensor (1). */
static bytes info_of(const char *name, uint32_t kind)
{
  bytes info = {0}, tensor = {0}, inner = {0}, outer = {0}, type = {0};
  put_number(&tensor, 1, kind == 1 ? ONNXRUN_STRING : ONNXRUN_FLOAT);
  put_message(&inner, 1, tensor);
  if (kind == 1) {
    type = inner;
  } else {
    put_message(&outer, 1, inner);
    put_message(&type, kind, outer);
  }
  put_text(&info, 1, name);
  put_message(&info, 2, type);
  return info;
}

/* Runs Identity, whose input is of that kind; `out` is lent by the session. */
static onnxrun_session *pass(uint32_t kind, const onnxrun_tensor *in, onnxrun_tensor *result,
                             onnxrun_status *status)
{
  static onnxrun_model *m;
  onnxrun_session *session = NULL;
  bytes g = {0};
  put_message(&g, GRAPH_INPUT, info_of("x", kind));
  put_message(&g, GRAPH_OUTPUT, info_of("y", kind));
  put_message(&g, GRAPH_NODE, node("Identity", "x", "y"));
  bytes file = model_of(g);
  cr_assert_eq(onnxrun_model_load(file.data, file.size, NULL, &m, &error), ONNXRUN_OK, "%s",
               error.text);
  cr_assert_eq(onnxrun_session_create(m, NULL, &session, &error), ONNXRUN_OK);
  *status = onnxrun_session_run(session, in, 1, result, 1, &error);
  return session;
}

Test(make, a_run_takes_and_lends_values)
{
  float data[] = {1, 2, 3};
  const onnxrun_tensor one = numbers(data, 1), two = numbers(data + 1, 2);
  const onnxrun_tensor *const both[] = {&one, &two};
  onnxrun_value *v = NULL, *kept = NULL;
  onnxrun_tensor result = {0};
  onnxrun_status s;
  cr_assert_eq(onnxrun_value_sequence(both, 2, NULL, &v, NULL), ONNXRUN_OK);
  onnxrun_session *session = pass(4, onnxrun_value_tensor(v), &result, &s);
  cr_assert_eq(s, ONNXRUN_OK, "%s", error.text);
  cr_assert(result.dtype == ONNXRUN_SEQUENCE && onnxrun_tensor_count(&result) == 2);
  cr_assert_eq(onnxrun_value_copy(&result, NULL, &kept, NULL), ONNXRUN_OK);
  onnxrun_session_release(session);
  onnxrun_value_release(v);
  const onnxrun_tensor *item = onnxrun_tensor_item(onnxrun_value_tensor(kept), 1);
  cr_expect(item->dims[0] == 2 && ((float *)item->data)[1] == 3.0f);
  onnxrun_value_release(kept);
}

Test(make, a_run_refuses_what_is_not_sound)
{
  onnxrun_string bad = {NULL, 5};
  onnxrun_tensor text = {ONNXRUN_STRING, 1, {1}, &bad, sizeof bad}, result = {0};
  onnxrun_list list = {NULL, 3};
  const onnxrun_tensor sequence = list_of(ONNXRUN_SEQUENCE, &list);
  onnxrun_status s;
  onnxrun_session *session = pass(1, &text, &result, &s);
  refused(s, ONNXRUN_INVALID_INPUT, "input 'x': string 0 has 5 bytes and no data");
  onnxrun_session_release(session);
  session = pass(4, &sequence, &result, &s);
  refused(s, ONNXRUN_INVALID_INPUT, "input 'x': a sequence has 3 items at NULL");
  list = (onnxrun_list){&text, 1};
  s = onnxrun_session_run(session, &sequence, 1, &result, 1, &error);
  refused(s, ONNXRUN_INVALID_INPUT, "input 'x': string 0");
  onnxrun_session_release(session);
}
