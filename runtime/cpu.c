/* cpu.c: instruction sets by name. */
#include "runtime/cpu.h"

#include <stdint.h>
#include <string.h>

#if defined(__x86_64__) || defined(__i386__)

#include <cpuid.h>
#include <emmintrin.h>

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

void onx_cpu_stream(void *to, const void *from, size_t bytes)
{
  char *out = to;
  const char *in = from;
  const size_t unaligned = -(uintptr_t)out % 64;
  const size_t first = unaligned < bytes ? unaligned : bytes;
  memcpy(out, in, first);
  size_t at = first;
  for (; at + 64 <= bytes; at += 64) {
    for (size_t i = 0; i < 64; i += sizeof(__m128i)) {
      const __m128i x = _mm_loadu_si128((const __m128i *)(const void *)(in + at + i));
      _mm_stream_si128((__m128i *)(void *)(out + at + i), x);
    }
  }
  memcpy(out + at, in + at, bytes - at);
  _mm_sfence();
}

#else

void onx_cpu_stream(void *to, const void *from, size_t bytes)
{
  memcpy(to, from, bytes);
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
