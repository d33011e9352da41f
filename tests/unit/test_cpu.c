/* test_cpu.c: instruction sets by name. */
#include <criterion/criterion.h>

#include "runtime/cpu.h"

Test(cpu, the_base_always_runs)
{
  cr_assert(onx_cpu_runs("base"));
}

Test(cpu, an_unknown_set_does_not_run)
{
  cr_assert_not(onx_cpu_runs(""));
  cr_assert_not(onx_cpu_runs("avx"));
  cr_assert_not(onx_cpu_runs("avx5122"));
}

Test(cpu, a_processor_of_a_set_runs_the_sets_below)
{
  cr_assert(!onx_cpu_runs("avx512") || onx_cpu_runs("avx2"));
}

Test(cpu, relaxing_returns)
{
  onx_cpu_relax();
}
