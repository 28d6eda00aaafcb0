/*
 * own_cgroup.c - see own_cgroup.h. Owns nothing.
 */
#include "common/own_cgroup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/fd.h"
#include "common/mem.h"

enum { FILE_MAX = 1024 * 1024 };

/* Of a line: "ID PARENT DEV ROOT POINT OPTIONS ... - cgroup2 ...". */
char *own_cgroup_mount(void)
{
	struct buf text = { 0 };
	char *line, *rest, *point = NULL;

	if (fd_read_file("/proc/self/mountinfo", FILE_MAX, &text)) {
		buf_done(&text);
		return NULL;
	}
	buf_string(&text);
	for (line = strtok_r((char *)buf_data(&text), "\n", &rest); line && !point; line = strtok_r(NULL, "\n", &rest)) {
		char at[4096], root[4096];

		if (strstr(line, " - cgroup2 ") && sscanf(line, "%*s %*s %*s %4095s %4095s", root, at) == 2 &&
		    strcmp(root, "/") == 0)
			point = mem_strdup(at);
	}
	buf_done(&text);
	return point;
}

/* Our own group below it: the line "0::/PATH". Owned. */
static char *find_own(const char *mount)
{
	struct buf text = { 0 };
	char *line, *rest, *path = NULL;

	if (fd_read_file("/proc/self/cgroup", FILE_MAX, &text)) {
		buf_done(&text);
		return NULL;
	}
	buf_string(&text);
	for (line = strtok_r((char *)buf_data(&text), "\n", &rest); line && !path; line = strtok_r(NULL, "\n", &rest))
		if (strncmp(line, "0::/", 4) == 0)
			path = mem_printf("%s%s", mount, line[4] ? line + 3 : "");
	buf_done(&text);
	return path;
}

char *own_cgroup(void)
{
	char *mount = own_cgroup_mount(), *path = mount ? find_own(mount) : NULL;

	free(mount);
	return path;
}
