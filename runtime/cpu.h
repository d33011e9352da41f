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

/* Brings memory that will be read next to the cache; it need not be there. */
void onx_cpu_fetch(const void *from, size_t bytes);
/* memcpy whose stores pass by the caches, for results larger than those: memory is written without
 * being read first. */
void onx_cpu_stream(void *to, const void *from, size_t bytes);
/* After the last of them, before other threads are told that the results are there. */
void onx_cpu_streamed(void);

#endif
