/* cpu.c: instruction sets by name. */
#include "runtime/cpu.h"

#include <stdint.h>
#include <string.h>

#define LINE ((size_t)64)

void onx_cpu_fetch(const void *from, size_t bytes)
{
  for (size_t i = 0; i < bytes; i += LINE)
    __builtin_prefetch((const char *)from + i);
}

#if defined(__x86_64__) || defined(__i386__)

#include <cpuid.h>
#include <immintrin.h>

/* clang 14 has no name for F16C in __builtin_cpu_supports. */
static bool has_f16c(void)
{
  unsigned a, b, c, d;
  return __get_cpuid(1, &a, &b, &c, &d) && (c & bit_F16C);
}

bool onx_cpu_runs(const char *isa)
{
  if (strcmp(isa, "base") == 0)
    return true;
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && has_f16c();
  if (strcmp(isa, "avx2") == 0)
    return avx2;
  return strcmp(isa, "avx512") == 0 && avx2 && __builtin_cpu_supports("avx512f") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512bw");
}

void onx_cpu_relax(void)
{
  __builtin_ia32_pause();
}

/* Whole cache lines; a line in one store is a third faster than in four. */
__attribute__((target("avx512f"))) static void stream_lines_512(char *to, const char *from,
                                                                size_t bytes)
{
  for (size_t i = 0; i < bytes; i += LINE) {
    _mm512_stream_si512((__m512i *)(void *)(to + i), _mm512_loadu_si512(from + i));
  }
}

static void stream_lines(char *to, const char *from, size_t bytes)
{
  for (size_t i = 0; i < bytes; i += LINE) {
    for (size_t j = i; j < i + LINE; j += sizeof(__m128i)) {
      const __m128i x = _mm_loadu_si128((const __m128i *)(const void *)(from + j));
      _mm_stream_si128((__m128i *)(void *)(to + j), x);
    }
  }
}

void onx_cpu_stream(void *to, const void *from, size_t bytes)
{
  const size_t unaligned = -(uintptr_t)to % LINE, first = unaligned < bytes ? unaligned : bytes;
  const size_t lines = (bytes - first) / LINE * LINE;
  char *out = to;
  const char *in = from;
  memcpy(out, in, first);
  (__builtin_cpu_supports("avx512f") ? stream_lines_512 : stream_lines)(out + first, in + first,
                                                                        lines);
  memcpy(out + first + lines, in + first + lines, bytes - first - lines);
}

void onx_cpu_streamed(void)
{
  _mm_sfence();
}

#else

void onx_cpu_stream(void *to, const void *from, size_t bytes)
{
  memcpy(to, from, bytes);
}

void onx_cpu_streamed(void)
{
}

bool onx_cpu_runs(const char *isa)
{
  return strcmp(isa, "base") == 0;
}

void onx_cpu_relax(void)
{
#if defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

#endif
