/* test_memory.c: sizes, budgets, pools. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/memory.h"

typedef struct object {
  onx_heap heap; /* first */
  onx_pool pool;
} object;

/* Counts blocks and bytes, and refuses when told to. */
typedef struct counting {
  size_t blocks, bytes;
  bool refuses;
} counting;

static void *count_resize(void *user, void *block, size_t old_size, size_t new_size, size_t align)
{
  counting *c = user;
  if (new_size == 0) {
    c->blocks--;
    c->bytes -= old_size;
    free(block);
    return NULL;
  }
  void *fresh = c->refuses ? NULL : aligned_alloc(align, (new_size + align - 1) / align * align);
  if (fresh) {
    c->blocks++;
    c->bytes += new_size;
  }
  return fresh;
}

static object *new_object(counting *c, size_t max_bytes)
{
  const onnxrun_allocator allocator = {c, count_resize};
  onnxrun_options o = ONNXRUN_OPTIONS_INIT;
  o.allocator = &allocator;
  o.max_bytes = max_bytes;
  void *made = NULL;
  cr_assert_eq(onx_object_new(sizeof(object), &o, "a test", &made, NULL), ONNXRUN_OK);
  object *x = made;
  x->pool.heap = &x->heap;
  return x;
}

Test(memory, products_and_sums_that_do_not_fit_are_refused)
{
  size_t out = 7;
  cr_assert(onx_mul(SIZE_MAX / 3, 3, &out) && out == SIZE_MAX / 3 * 3);
  cr_assert(onx_mul(SIZE_MAX, 0, &out) && out == 0);
  cr_assert(!onx_mul(SIZE_MAX / 2 + 1, 2, &out) && out == 0);
  cr_assert(onx_add(SIZE_MAX, 0, &out) && out == SIZE_MAX);
  cr_assert(!onx_add(SIZE_MAX, 1, &out) && out == SIZE_MAX);
}

Test(memory, options_of_another_size_are_refused)
{
  onnxrun_options o = ONNXRUN_OPTIONS_INIT;
  o.size--;
  void *made = NULL;
  onnxrun_error error;
  cr_assert_eq(onx_object_new(sizeof(object), &o, "a test", &made, &error),
               ONNXRUN_INVALID_ARGUMENT);
  cr_assert(strstr(error.text, "size") && !made);
}

Test(memory, an_object_is_charged_with_itself_and_given_back)
{
  counting c = {0};
  object *x = new_object(&c, 0);
  cr_assert(x->heap.bytes == sizeof(object) && c.bytes == sizeof(object));
  onx_object_release(x, sizeof *x);
  cr_assert(c.blocks == 0 && c.bytes == 0);
  onx_object_release(NULL, 1);
}

Test(memory, an_object_larger_than_its_budget_is_a_limit)
{
  onnxrun_options o = ONNXRUN_OPTIONS_INIT;
  o.max_bytes = 1;
  void *made = NULL;
  cr_assert_eq(onx_object_new(sizeof(object), &o, "a test", &made, NULL), ONNXRUN_LIMIT);
}

Test(memory, a_heap_gives_up_to_its_budget_and_takes_back)
{
  counting c = {0};
  object *x = new_object(&c, sizeof(object) + 100);
  void *a = onx_heap_take(&x->heap, 60);
  cr_assert(a && (uintptr_t)a % ONX_ALIGN == 0);
  cr_assert_null(onx_heap_take(&x->heap, 41));
  cr_assert_null(onx_heap_take(&x->heap, SIZE_MAX));
  void *b = onx_heap_take(&x->heap, 40);
  cr_assert_not_null(b);
  onx_heap_give(&x->heap, a, 60);
  onx_heap_give(&x->heap, b, 40);
  onx_heap_give(&x->heap, NULL, 40);
  cr_assert_eq(x->heap.bytes, sizeof(object));
  onx_object_release(x, sizeof *x);
  cr_assert_eq(c.blocks, 0);
}

Test(memory, a_large_block_begins_with_a_large_page)
{
  onnxrun_options o = ONNXRUN_OPTIONS_INIT;
  void *made = NULL;
  const size_t bytes = ((size_t)9 << 20) + 3;
  cr_assert_eq(onx_object_new(sizeof(object), &o, "a test", &made, NULL), ONNXRUN_OK);
  object *x = made;
  unsigned char *a = onx_heap_take(&x->heap, bytes);
  cr_assert(a && (uintptr_t)a % ((size_t)2 << 20) == 0);
  memset(a, 1, bytes);
  onx_heap_give(&x->heap, a, bytes);
  onx_object_release(x, sizeof *x);
}

Test(memory, no_bytes_are_a_pointer_too)
{
  counting c = {0};
  object *x = new_object(&c, 0);
  void *a = onx_heap_take(&x->heap, 0);
  cr_assert_not_null(a);
  onx_heap_give(&x->heap, a, 0);
  cr_assert_not_null(onx_pool_take(&x->pool, 0));
  cr_assert_not_null(onx_pool_array(&x->pool, 0, 8));
  onx_pool_release(&x->pool);
  onx_object_release(x, sizeof *x);
  cr_assert_eq(c.bytes, 0);
}

Test(memory, a_pool_takes_less_at_once_when_the_budget_ends)
{
  counting c = {0};
  object *x = new_object(&c, sizeof(object) + 1000);
  cr_assert_not_null(onx_pool_take(&x->pool, 8));
  cr_assert_not_null(onx_pool_take(&x->pool, 300));
  cr_assert_null(onx_pool_take(&x->pool, 500));
  onx_pool_release(&x->pool);
  onx_object_release(x, sizeof *x);
}

/* A pool's block has a header: it fails, not the few bytes that were asked for. */
Test(memory, a_failure_says_whether_the_budget_or_the_allocator_refused)
{
  counting c = {0};
  object *x = new_object(&c, sizeof(object) + 100);
  onnxrun_error error = {0};
  cr_assert_null(onx_pool_take(&x->pool, 8));
  cr_assert_eq(onx_heap_fail(&x->heap, 8, "eight bytes", &error), ONNXRUN_LIMIT, "%s", error.text);
  cr_assert(strstr(error.text, "eight bytes") && strstr(error.text, "max_bytes"), "%s", error.text);
  c.refuses = true;
  cr_assert_null(onx_heap_take(&x->heap, 8));
  cr_assert_eq(onx_heap_fail(&x->heap, 8, "eight bytes", &error), ONNXRUN_NO_MEMORY);
  cr_assert_str_eq(error.text, "no memory for eight bytes (8 bytes)");
  cr_assert_eq(onx_heap_fail(&x->heap, 8, "eight bytes", NULL), ONNXRUN_NO_MEMORY);
  onx_object_release(x, sizeof *x);
}

Test(memory, a_pools_blocks_are_zeroed_aligned_and_apart)
{
  counting c = {0};
  object *x = new_object(&c, 0);
  unsigned char *block[300];
  for (size_t i = 0; i < 300; i++) {
    const size_t size = i * 7;
    block[i] = onx_pool_take(&x->pool, size);
    cr_assert_not_null(block[i]);
    cr_assert_eq((uintptr_t)block[i] % (size >= ONX_ALIGN ? ONX_ALIGN : 16), 0);
    for (size_t b = 0; b < size; b++)
      cr_assert_eq(block[i][b], 0);
    memset(block[i], (int)(i + 1), size);
  }
  for (size_t i = 0; i < 300; i++) {
    for (size_t b = 0; b < i * 7; b++)
      cr_assert_eq(block[i][b], (unsigned char)(i + 1));
  }
  onx_pool_release(&x->pool);
  cr_assert_null(x->pool.chunks);
  onx_object_release(x, sizeof *x);
  cr_assert(c.blocks == 0 && c.bytes == 0);
}

/* What was released, in order; the objects are the digits' places. */
static char released[8];

static void note(void *digit)
{
  strncat(released, digit, 1);
}

Test(memory, a_pool_releases_what_it_owns_newest_first_and_once)
{
  counting c = {0};
  object *x = new_object(&c, (size_t)1 << 20);
  char *digits = onx_pool_text(&x->pool, "123", 3);
  released[0] = '\0';
  for (int i = 0; i < 3; i++)
    cr_assert(onx_pool_own(&x->pool, digits + i, note));
  onx_pool_reset(&x->pool);
  cr_assert_str_eq(released, "321");
  digits = onx_pool_text(&x->pool, "4", 1);
  cr_assert(onx_pool_own(&x->pool, digits, note));
  onx_pool_release(&x->pool);
  cr_assert_str_eq(released, "3214");
  x->heap.max_bytes = 1;
  cr_assert_not(onx_pool_own(&x->pool, digits, note));
  onx_pool_release(&x->pool);
  cr_assert_str_eq(released, "3214");
  onx_object_release(x, sizeof *x);
}

Test(memory, a_pool_refuses_sizes_that_do_not_fit)
{
  counting c = {0};
  object *x = new_object(&c, 0);
  cr_assert_null(onx_pool_take(&x->pool, SIZE_MAX));
  cr_assert_null(onx_pool_take(&x->pool, SIZE_MAX - 64));
  cr_assert_null(onx_pool_array(&x->pool, SIZE_MAX / 2, 3));
  cr_assert_null(onx_pool_text(&x->pool, "", SIZE_MAX));
  onx_pool_release(&x->pool);
  onx_object_release(x, sizeof *x);
}

Test(memory, a_pools_text_is_terminated)
{
  counting c = {0};
  object *x = new_object(&c, 0);
  cr_assert_str_eq(onx_pool_text(&x->pool, "abcdef", 3), "abc");
  cr_assert_str_eq(onx_pool_text(&x->pool, NULL, 0), "");
  onx_pool_release(&x->pool);
  onx_object_release(x, sizeof *x);
}

Test(memory, an_array_grows_and_keeps_its_elements)
{
  counting c = {0};
  object *x = new_object(&c, (size_t)1 << 20);
  uint32_t *array = NULL;
  size_t capacity = 0;
  for (uint32_t i = 0; i < 1000; i++) {
    cr_assert(onx_pool_grow(&x->pool, (void **)&array, &capacity, i + 1, sizeof *array));
    array[i] = i;
  }
  const uint32_t *before = array;
  const size_t held = capacity;
  cr_assert_not(onx_pool_grow(&x->pool, (void **)&array, &capacity, 1 << 20, sizeof *array));
  cr_assert_not(onx_pool_grow(&x->pool, (void **)&array, &capacity, SIZE_MAX, sizeof *array));
  cr_assert(array == before && capacity == held);
  for (uint32_t i = 0; i < 1000; i++)
    cr_assert_eq(array[i], i);
  onx_pool_release(&x->pool);
  onx_object_release(x, sizeof *x);
}
