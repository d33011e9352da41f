/* cpu.h: what this processor runs. The only user of its feature bits. */
#ifndef ONX_CPU_H
#define ONX_CPU_H

#include <stdbool.h>

/* Whether code compiled for the instruction set of that name ("base", "avx2", "avx512") runs here.
 */
bool onx_cpu_runs(const char *isa);

/* For the body of a loop that waits for another thread. */
void onx_cpu_relax(void);

#endif
