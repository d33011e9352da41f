/* copy.h: copies of memory, the measure of what moves memory. */
#ifndef BENCH_COPY_H
#define BENCH_COPY_H

#include <stddef.h>

typedef struct copy {
  void *to; /* begins at a multiple of 64 */
  const void *from;
  size_t bytes;
  int threads;
} copy;

/* Both take a copy. Each thread copies one part, by memcpy() or by stores that pass the caches. */
void copy_plainly(void *arg);
void copy_streaming(void *arg);

#endif
