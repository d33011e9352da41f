/* copy.c: ordinary and streaming copies on a number of threads. */
#include "bench/copy.h"

#include <string.h>

#ifdef __SSE2__
#include <immintrin.h>
#endif

/* Part i of a copy: whole lines, but for the last. */
static copy part_of(const copy *c, int i)
{
  const size_t lines = c->bytes / 64 / (size_t)c->threads, from = (size_t)i * lines * 64;
  const size_t to = i + 1 == c->threads ? c->bytes : from + lines * 64;
  return (copy){(char *)c->to + from, (const char *)c->from + from, to - from, 1};
}

static void plain_part(const copy *c)
{
  memcpy(c->to, c->from, c->bytes);
}

#ifdef __SSE2__
static void streaming_part(const copy *c)
{
  const __m128i *from = c->from;
  __m128i *to = c->to;
  const size_t lines = c->bytes / 64;
  for (size_t i = 0; i < 4 * lines; i += 4) {
    const __m128i a = _mm_loadu_si128(from + i), b = _mm_loadu_si128(from + i + 1);
    const __m128i d = _mm_loadu_si128(from + i + 2), e = _mm_loadu_si128(from + i + 3);
    _mm_stream_si128(to + i, a);
    _mm_stream_si128(to + i + 1, b);
    _mm_stream_si128(to + i + 2, d);
    _mm_stream_si128(to + i + 3, e);
  }
  memcpy(to + 4 * lines, from + 4 * lines, c->bytes - 64 * lines);
  _mm_sfence();
}
#else
#define streaming_part plain_part
#endif

/* Threads of the same pool that the library's default executor uses, so that none of another pool
 * spins beside them. */
static void copy_by(const copy *c, void (*part)(const copy *))
{
  if (c->threads == 1) {
    part(c);
    return;
  }
#pragma omp parallel for num_threads(c->threads) schedule(static, 1)
  for (int i = 0; i < c->threads; i++) {
    const copy one = part_of(c, i);
    part(&one);
  }
}

void copy_plainly(void *arg)
{
  copy_by(arg, plain_part);
}

void copy_streaming(void *arg)
{
  copy_by(arg, streaming_part);
}
