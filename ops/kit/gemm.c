/* gemm.c: the one instance of gemm.h's loops that the files of an instruction set share. */
#define GEMM_BODIES
#include "ops/kit/gemm_int.h"
