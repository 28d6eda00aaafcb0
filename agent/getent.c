/*
 * getent.c - users of databases that only the C library of this machine can read.
 *
 * A getent that does not end in time is killed. What it says on stderr is not read: an answer is a line, and everything
 * else is none.
 */
#include "agent/getent.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/spawn.h"
#include "common/buf.h"
#include "common/clock.h"
#include "common/fd.h"
#include "common/mem.h"
#include "common/str.h"

enum { CHUNK = 4096 };

const char *getent_places[] = { "/usr/bin/getent", "/bin/getent", NULL };
int getent_timeout_ms = 5000;

/* ---- a line ---- */

/* Reads what there is. 1: go on, 0: that was all, or -errno. */
static int read_some(int fd, struct buf *said)
{
	ssize_t n = read(fd, buf_reserve(said, CHUNK), CHUNK);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 1 : -errno;
	buf_commit(said, (size_t)n);
	if (buf_len(said) > GETENT_LINE_MAX)
		return -E2BIG;
	return n > 0;
}

static int read_all(int fd, struct buf *said)
{
	uint64_t end = mono_ms() + (uint64_t)getent_timeout_ms, now;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int rc = 1;

	while (rc > 0) {
		now = mono_ms();
		if (now >= end)
			return -ETIMEDOUT;
		if (poll(&p, 1, (int)(end - now)) > 0)
			rc = read_some(fd, said);
	}
	return rc;
}

/* getent DATABASE KEY, from the first place that has it. Its process group, or -errno. */
static pid_t start(const char *database, const char *key, int *output)
{
	char *argv[] = { NULL, (char *)(uintptr_t)database, (char *)(uintptr_t)key, NULL };
	pid_t rc = -ENOENT;

	for (const char **place = getent_places; *place && rc == -ENOENT; place++) {
		argv[0] = (char *)(uintptr_t)*place;
		rc = spawn_teller(argv, output);
	}
	return rc;
}

/* Its first line, without the end; owned. */
static int ask(const char *database, const char *key, char **line)
{
	struct buf said = { 0 };
	const char *end;
	int output, rc;
	pid_t group = start(database, key, &output);

	if (group < 0)
		return group;
	rc = read_all(output, &said);
	if (rc)
		kill(-group, SIGKILL);
	end = rc ? NULL : strchr(buf_string(&said), '\n');
	if (rc == 0 && !end)
		rc = -ENOENT;
	if (rc == 0)
		*line = mem_strndup(buf_string(&said), (size_t)(end - buf_string(&said)));
	buf_done(&said);
	fd_close(&output);
	return rc;
}

/* ---- what is in it ---- */

/* Not what getent takes for an option or, being a number, for another user's; nothing that no name can have. */
static bool is_name(const char *name)
{
	return name[0] != '-' && name[strspn(name, "+0123456789 \t\v\f\r")] && !strpbrk(name, ":\n");
}

static int ask_user(const char *key, const struct passwd **pw)
{
	struct passwd *found = NULL;
	char *line = NULL;
	int rc = ask("passwd", key, &line);
	FILE *file = rc ? NULL : fmemopen(line, strlen(line), "r");

	if (file) {
		found = fgetpwent(file);
		fclose(file);
	}
	free(line);
	if (!found)
		return rc ? rc : -EBADMSG;
	*pw = found;
	return 0;
}

int getent_user(const char *name, const struct passwd **pw)
{
	return is_name(name) ? ask_user(name, pw) : -EINVAL;
}

int getent_user_of(uid_t uid, const struct passwd **pw)
{
	char key[16];

	snprintf(key, sizeof key, "%u", uid);
	return ask_user(key, pw);
}

/* "NAME   4 24 27" behind the name. 0 or -EBADMSG. */
static int parse_groups(char *text, gid_t *groups, size_t *n)
{
	char *rest = NULL;
	uint64_t gid;

	for (char *word = strtok_r(text, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		if (*n == GETENT_GROUPS_MAX || str_parse_u64(word, 0, UINT32_MAX - 1, &gid))
			return -EBADMSG;
		if (gid != groups[0])
			groups[(*n)++] = (gid_t)gid;
	}
	return 0;
}

int getent_groups(const char *name, gid_t gid, gid_t **groups, size_t *n)
{
	gid_t *found;
	size_t count = 1;
	char *line = NULL;
	int rc = is_name(name) ? ask("initgroups", name, &line) : -EINVAL;

	if (rc)
		return rc;
	found = mem_array(GETENT_GROUPS_MAX, sizeof *found);
	found[0] = gid;
	rc = str_has_prefix(line, name) ? parse_groups(line + strlen(name), found, &count) : -EBADMSG;
	free(line);
	if (rc) {
		free(found);
		return rc;
	}
	*groups = mem_realloc(found, count * sizeof *found);
	*n = count;
	return 0;
}
