/*
 * own_cgroup.h - in which control group of cgroup v2 this process is.
 */
#ifndef COMMON_OWN_CGROUP_H
#define COMMON_OWN_CGROUP_H

/* Its directory, owned; NULL: there is no cgroup v2, or none of it is seen from here. */
char *own_cgroup(void);
/* The mount point of cgroup v2. Owned; NULL: none. */
char *own_cgroup_mount(void);

#endif
