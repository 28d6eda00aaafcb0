/*
 * cgroup.h - where runs can have control groups of their own.
 */
#ifndef AGENT_CGROUP_H
#define AGENT_CGROUP_H

/* The directory of this process's own cgroup v2, if groups can be made there and processes moved into them. Owned; NULL:
 * no. */
char *cgroup_find(void);
/* The mount point of cgroup v2. Owned; NULL: none. */
char *cgroup_mount(void);

#endif
