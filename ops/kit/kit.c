/* kit.c: the one instance of what ops/kit shares between the files of an instruction set. */
#define ONX_KIT_BODIES
#include "ops/kit/binary.h"
#include "ops/kit/compare.h"
#include "ops/kit/copy.h"
#include "ops/kit/pool.h"
#include "ops/kit/tile.h"
