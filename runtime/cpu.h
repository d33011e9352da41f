/* cpu.h: what this processor runs. The only user of its feature bits. */
#ifndef ONX_CPU_H
#define ONX_CPU_H

#include <stdbool.h>
#include <stddef.h>

/* Whether code compiled for the instruction set of that name ("base", "avx2", "avx512") runs here.
 */
bool onx_cpu_runs(const char *isa);

/* For the body of a loop that waits for another thread. */
void onx_cpu_relax(void);

/* memcpy whose stores pass by the caches, for results larger than those: memory is written without
 * being read first. Meanwhile as many bytes from `ahead` on, which are read next, are brought to
 * the cache; there may be fewer. */
void onx_cpu_stream(void *to, const void *from, size_t bytes, const void *ahead);
/* After the last of them, before other threads are told that the results are there. */
void onx_cpu_streamed(void);

#endif
