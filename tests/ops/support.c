/* support.c: guarded memory, and how a test ends. */
#undef NDEBUG
#include <assert.h>
#include <criterion/criterion.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/ops/harness.h"

enum { GUARD = 128, GUARD_BYTE = 0xe7 };

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#include <sanitizer/lsan_interface.h>
#else
#define __lsan_disable() ((void)0)
#define __lsan_enable() ((void)0)
#define ASAN_POISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#endif

/* Before the front guard; the block's own bytes come behind it. */
typedef struct header {
  void *base;
  size_t bytes, front;
} header;

void *guarded_new(size_t bytes, size_t offset, unsigned char fill)
{
  void *base = NULL;
  const int failed = posix_memalign(&base, 64, 2 * GUARD + 64 + offset + bytes);
  assert(!failed && offset < 64);
  unsigned char *block = (unsigned char *)base + 64 + GUARD + offset;
  *(header *)base = (header){base, bytes, GUARD + offset};
  memset((unsigned char *)base + 64, GUARD_BYTE, GUARD + offset);
  memset(block, fill, bytes);
  memset(block + bytes, GUARD_BYTE, GUARD - offset);
  ASAN_POISON_MEMORY_REGION((unsigned char *)base + 64, GUARD + offset);
  ASAN_POISON_MEMORY_REGION(block + bytes, GUARD - offset);
  return block;
}

/* The header lies where the alignment of the block says. */
static const header *header_of(const void *block)
{
  const uintptr_t at = (uintptr_t)block - GUARD;
  return (const header *)(at / 64 * 64 - 64);
}

static bool are_guards(const unsigned char *from, size_t n)
{
  bool all = true;
  ASAN_UNPOISON_MEMORY_REGION(from, n);
  for (size_t i = 0; i < n; i++)
    all = all && from[i] == GUARD_BYTE;
  ASAN_POISON_MEMORY_REGION(from, n);
  return all;
}

bool guarded_intact(const void *block)
{
  const header *h = header_of(block);
  const unsigned char *b = block;
  return are_guards(b - h->front, h->front) && are_guards(b + h->bytes, 2 * GUARD - h->front);
}

void guarded_free(void *block)
{
  if (!block)
    return;
  const header *h = header_of(block);
  ASAN_UNPOISON_MEMORY_REGION((unsigned char *)block - h->front, h->bytes + 2 * GUARD);
  free(h->base);
}

static jmp_buf *catcher;
static char caught[600];

const char *failure_of(void (*check)(void))
{
  jmp_buf here;
  if (setjmp(here) == 0) {
    catcher = &here;
    caught[0] = '\0';
    __lsan_disable(); /* a check that is left loses what it holds */
    check();
  }
  __lsan_enable();
  catcher = NULL;
  return caught;
}

void test_fail(const trial *t, const onnxrun_registry *registry, const char *format, ...)
{
  char text[600];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  if (catcher) {
    memcpy(caught, text, sizeof caught);
    longjmp(*catcher, 1);
  }
  cr_assert_fail("%s-%d (%s)%s%s: %s", t->op, t->opset, onnxrun_registry_isa(registry),
                 t->note ? " " : "", t->note ? t->note : "", text);
  abort();
}
