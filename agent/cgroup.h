/*
 * cgroup.h - where runs can have control groups of their own.
 */
#ifndef AGENT_CGROUP_H
#define AGENT_CGROUP_H

#include <stdbool.h>

/* The directory of a cgroup v2 in which groups can be made and processes moved into them: what a service manager has
 * delegated to us, into a part of which this process then moves; else, unless this process is a service, its own group.
 * Owned; NULL: no. */
char *cgroup_find(bool is_service);
bool cgroup_is_delegated(void);
/* Of a group's directory: a service manager has left it to whoever runs there. */
bool cgroup_has_mark(const char *path);
/* This process's own group, if groups can be made there and processes moved into them; nothing is moved. Owned; NULL: no. */
char *cgroup_own(void);

#endif
