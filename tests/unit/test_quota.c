/* test_quota.c: the CPU quota of containers, by files as each kind of system has them. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/quota.h"

static char root[32];

static void make_root(void)
{
  strcpy(root, "/tmp/onnxrun-quota-XXXXXX");
  cr_assert_not_null(mkdtemp(root));
}

static void remove_root(void)
{
  char command[64];
  snprintf(command, sizeof command, "rm -r %s", root);
  cr_assert_eq(system(command), 0);
}

TestSuite(quota, .init = make_root, .fini = remove_root);

/* Writes a file with the folders it needs. */
static void write_file(const char *name, const char *text)
{
  char path[256];
  const int n = snprintf(path, sizeof path, "%s%s", root, name);
  cr_assert(n > 0 && n < (int)sizeof path);
  for (char *at = path + strlen(root) + 1; (at = strchr(at, '/')); at++) {
    *at = '\0';
    mkdir(path, 0777);
    *at = '/';
  }
  FILE *f = fopen(path, "w");
  cr_assert(f && fputs(text, f) >= 0 && fclose(f) == 0);
}

Test(quota, none_without_files)
{
  cr_assert_eq(onx_quota_cpus(root), 0);
  write_file("/proc/self/cgroup", "0::/\n");
  cr_assert_eq(onx_quota_cpus(root), 0);
  cr_assert_lt(onx_quota_cpus(""), 100000);
}

Test(quota, version_2_in_a_container)
{
  write_file("/proc/self/cgroup", "0::/\n");
  write_file("/sys/fs/cgroup/cpu.max", "max 100000\n");
  cr_assert_eq(onx_quota_cpus(root), 0);
  write_file("/sys/fs/cgroup/cpu.max", "150000 100000\n");
  cr_assert_eq(onx_quota_cpus(root), 2);
  write_file("/sys/fs/cgroup/cpu.max", "1000 100000\n");
  cr_assert_eq(onx_quota_cpus(root), 1);
  write_file("/sys/fs/cgroup/cpu.max", "400000 100000\n");
  cr_assert_eq(onx_quota_cpus(root), 4);
}

Test(quota, version_2_of_a_service_and_those_around_it)
{
  write_file("/proc/self/cgroup", "0::/a.slice/b.service\n");
  write_file("/sys/fs/cgroup/a.slice/b.service/cpu.max", "600000 100000\n");
  cr_assert_eq(onx_quota_cpus(root), 6);
  write_file("/sys/fs/cgroup/a.slice/cpu.max", "300000 100000\n");
  cr_assert_eq(onx_quota_cpus(root), 3);
  write_file("/sys/fs/cgroup/cpu.max", "max 100000\n");
  cr_assert_eq(onx_quota_cpus(root), 3);
}

Test(quota, version_1_by_the_controllers_name)
{
  write_file("/proc/self/cgroup", "12:cpuset:/x\n4:cpu,cpuacct:/docker/1f\n1:name=systemd:/y\n");
  write_file("/sys/fs/cgroup/cpu/docker/1f/cpu.cfs_quota_us", "250000\n");
  cr_assert_eq(onx_quota_cpus(root), 0);
  write_file("/sys/fs/cgroup/cpu/docker/1f/cpu.cfs_period_us", "100000\n");
  cr_assert_eq(onx_quota_cpus(root), 3);
  write_file("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
  write_file("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  cr_assert_eq(onx_quota_cpus(root), 3);
}

Test(quota, version_1_whose_path_is_not_there)
{
  write_file("/proc/self/cgroup", "4:cpuacct,cpu:/kubepods/pod7\n");
  write_file("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "200000\n");
  write_file("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  cr_assert_eq(onx_quota_cpus(root), 2);
}

Test(quota, nonsense_is_no_quota)
{
  write_file("/proc/self/cgroup", "x\n::\n4:cpuset:/\n0::\n7:cpu\n");
  write_file("/sys/fs/cgroup/cpu.max", "-5 0\n");
  write_file("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "lots\n");
  write_file("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  cr_assert_eq(onx_quota_cpus(root), 0);
}
