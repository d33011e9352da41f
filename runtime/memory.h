/* memory.h: allocation under a limit, pools, and size arithmetic that cannot wrap. */
#ifndef ONX_MEMORY_H
#define ONX_MEMORY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "onnxrun/onnxrun.h"

#define ONX_ALIGN 64

/* Rounds up to a multiple of ONX_ALIGN; `bytes` is at most SIZE_MAX - ONX_ALIGN. */
static inline size_t onx_whole_lines(size_t bytes)
{
  return (bytes + ONX_ALIGN - 1) & ~(size_t)(ONX_ALIGN - 1);
}

/* *out = a * b, or a + b; false and untouched when it does not fit. */
bool onx_mul(size_t a, size_t b, size_t *out);
bool onx_add(size_t a, size_t b, size_t *out);

/* An allocator with a budget. Thread-safe. */
typedef struct onx_heap {
  onnxrun_allocator allocator;
  size_t max_bytes;
  _Atomic size_t bytes;  /* taken now */
  _Atomic bool is_spent; /* the last refusal was the budget's, not the allocator's */
} onx_heap;

/* An object of `size` zeroed bytes that begins with its own onx_heap, made by the options and
 * charged with the object itself. A failure names `what`. */
onnxrun_status onx_object_new(size_t size, const onnxrun_options *options, const char *what,
                              void **out, onnxrun_error *error);
/* Frees the object itself; what was taken from its heap must have been given back. NULL is fine. */
void onx_object_release(void *object, size_t size);
/* Aligned to ONX_ALIGN, content undefined; NULL when the allocator or the budget says no. Size 0
 * gives a pointer that may not be read and is given back with size 0. */
void *onx_heap_take(onx_heap *heap, size_t bytes);
void onx_heap_give(onx_heap *heap, void *block, size_t bytes);
/* NO_MEMORY or LIMIT, whichever made the last take fail, with a text naming `bytes` and `what`. */
onnxrun_status onx_heap_fail(onx_heap *heap, size_t bytes, const char *what, onnxrun_error *error);

/* Many small blocks that are freed together. Not thread-safe. Zero-initialise all but `heap`. */
typedef struct onx_pool {
  onx_heap *heap;
  struct onx_chunk *chunks;
  struct onx_owned *owned;
} onx_pool;

/* Zeroed, aligned to 16 (to ONX_ALIGN from 64 bytes up); NULL on failure. Size 0 gives a valid
 * pointer. */
void *onx_pool_take(onx_pool *pool, size_t bytes);
/* n elements of `size` bytes; NULL also when the product does not fit. */
void *onx_pool_array(onx_pool *pool, size_t n, size_t size);
/* A copy with a zero byte behind it; NULL on failure. */
char *onx_pool_text(onx_pool *pool, const char *text, size_t size);
/* Grows an array that lives in the pool so that it holds `need` elements: doubles *capacity; the
 * old block stays until release. false on failure, array untouched. */
bool onx_pool_grow(onx_pool *pool, void **array, size_t *capacity, size_t need, size_t size);
/* Makes release(object) be called before the blocks are freed, the newest first. false: no memory,
 * and the object is still the caller's. */
bool onx_pool_own(onx_pool *pool, void *object, void (*release)(void *object));
/* Forgets all blocks and keeps some memory for the next ones. */
void onx_pool_reset(onx_pool *pool);
void onx_pool_release(onx_pool *pool);

#endif
