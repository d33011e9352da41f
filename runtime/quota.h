/* quota.h: how much of the machine a container may use. */
#ifndef ONX_QUOTA_H
#define ONX_QUOTA_H

#include <stddef.h>

/* CPUs that this process may use at once by the quotas of its cgroup and of those around it,
 * rounded up; 0 when there is none. `root` stands in front of /proc and /sys: "" but in tests. */
size_t onx_quota_cpus(const char *root);

#endif
