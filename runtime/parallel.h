/* parallel.h: threads. parallel.c is the only user of OpenMP. */
#ifndef ONX_PARALLEL_H
#define ONX_PARALLEL_H

#include "onnxrun/onnxrun.h"

/* OpenMP's threads, or the caller's own where the library is built without. `width` reads the
 * defaults: OMP_NUM_THREADS, the affinity mask and the CPU quota of the container. */
const onnxrun_executor *onx_parallel_default(void);

#endif
