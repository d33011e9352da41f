/* quota.c: CPU quotas of control groups, version 2 and version 1.
 *
 * /proc/self/cgroup names the process's group: "0::/path" of version 2, "4:cpu,cpuacct:/path" of
 * version 1. A container sees its own group as the root, or, without a namespace of groups, a path
 * that is not there; then the root counts. A quota of a group around it binds as well. */
#include "runtime/quota.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { PATH_MOST = 1024 };

static size_t cpus_of(long long quota, long long period)
{
  return quota > 0 && period > 0 ? (size_t)((quota - 1) / period + 1) : 0;
}

static bool read_number(const char *path, long long *n)
{
  FILE *f = fopen(path, "re");
  if (!f)
    return false;
  const bool is_read = fscanf(f, "%lld", n) == 1;
  fclose(f);
  return is_read;
}

/* "max 100000", or "150000 100000". */
static size_t group_2(const char *folder)
{
  char path[PATH_MOST + 32];
  long long quota = 0, period = 0;
  snprintf(path, sizeof path, "%s/cpu.max", folder);
  FILE *f = fopen(path, "re");
  if (!f)
    return 0;
  if (fscanf(f, "%lld %lld", &quota, &period) != 2)
    quota = 0;
  fclose(f);
  return cpus_of(quota, period);
}

static size_t group_1(const char *folder)
{
  char path[PATH_MOST + 32];
  long long quota, period;
  snprintf(path, sizeof path, "%s/cpu.cfs_quota_us", folder);
  if (!read_number(path, &quota) || quota <= 0)
    return 0;
  snprintf(path, sizeof path, "%s/cpu.cfs_period_us", folder);
  return read_number(path, &period) ? cpus_of(quota, period) : 0;
}

static size_t least(size_t a, size_t b)
{
  return a == 0 || (b > 0 && b < a) ? b : a;
}

/* The least quota of the group and of those around it, the mount itself apart. */
static size_t groups(const char *root, const char *mount, char *group,
                     size_t (*quota)(const char *folder))
{
  char folder[PATH_MOST];
  size_t cpus = 0;
  while (group[0] == '/' && group[1]) {
    const int n = snprintf(folder, sizeof folder, "%s%s%s", root, mount, group);
    if (n > 0 && n < PATH_MOST)
      cpus = least(cpus, quota(folder));
    *strrchr(group, '/') = '\0';
  }
  return cpus;
}

/* Whether `cpu` is among the names up to the colon. */
static bool has_cpu(const char *names)
{
  for (const char *at = names; *at && *at != ':'; at += strcspn(at, ",:")) {
    at += *at == ',';
    if (strncmp(at, "cpu", 3) == 0 && (at[3] == ',' || at[3] == ':'))
      return true;
  }
  return false;
}

/* The quota by one line of /proc/self/cgroup. */
static size_t by_line(const char *root, char *line)
{
  line[strcspn(line, "\n")] = '\0';
  const char *names = strchr(line, ':');
  char *group = names ? strchr(names + 1, ':') : NULL;
  if (!group)
    return 0;
  group++;
  if (names[1] == ':')
    return groups(root, "/sys/fs/cgroup", group, group_2);
  return has_cpu(names + 1) ? groups(root, "/sys/fs/cgroup/cpu", group, group_1) : 0;
}

size_t onx_quota_cpus(const char *root)
{
  char line[PATH_MOST];
  size_t cpus = 0;
  snprintf(line, sizeof line, "%s/proc/self/cgroup", root);
  FILE *f = fopen(line, "re");
  while (f && fgets(line, sizeof line, f))
    cpus = least(cpus, by_line(root, line));
  if (f)
    fclose(f);
  snprintf(line, sizeof line, "%s/sys/fs/cgroup", root);
  cpus = least(cpus, group_2(line));
  snprintf(line, sizeof line, "%s/sys/fs/cgroup/cpu", root);
  return least(cpus, group_1(line));
}
