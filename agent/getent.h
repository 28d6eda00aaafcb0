/*
 * getent.h - users of databases that only the C library of this machine can read, asked for by its program getent(1).
 *
 * Functions block for at most getent_timeout_ms. 0 or -errno, outputs untouched on failure: -ENOENT there is no entry, or
 * nothing to ask; -EINVAL nothing that can be asked for; -ETIMEDOUT no answer in time; -E2BIG, -EBADMSG an answer that
 * cannot be one.
 */
#ifndef AGENT_GETENT_H
#define AGENT_GETENT_H

#include <pwd.h>
#include <stddef.h>
#include <sys/types.h>

enum {
	GETENT_GROUPS_MAX = 65536,		/* Linux has no more */
	GETENT_LINE_MAX = 12 * GETENT_GROUPS_MAX,
};

/* Where getent is; the first that exists is asked. Ends with NULL. Tests have another one, and less time. */
extern const char *getent_places[];
extern int getent_timeout_ms;

/* The entry, in memory of the C library's that the next look-up uses again. */
int getent_user(const char *name, const struct passwd **pw);
int getent_user_of(uid_t uid, const struct passwd **pw);
/* The groups of `name`, of which `gid` is the first; owned. */
int getent_groups(const char *name, gid_t gid, gid_t **groups, size_t *n);

#endif
