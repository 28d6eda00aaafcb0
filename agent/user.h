/*
 * user.h - users of this machine: who a command runs as.
 */
#ifndef AGENT_USER_H
#define AGENT_USER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct user {
	uid_t uid;
	gid_t gid;
	char *name, *home, *shell;
	gid_t *groups;		/* only of a user that is switched to */
	size_t n_groups;
	bool is_own;		/* the agent's own user: nothing to switch */
};

/* Once, before the first look-up. */
void user_init(void);
/* What user_init() does in a static program: look-ups load nothing, and ask getent about users that are not in /etc. */
void user_read_files_only(void);

/* The agent's own user. One without an entry in the user database gets its number for a name. */
struct user *user_own(void);

/*
 * The user called `name`, groups included; the agent's own user is found by its name too. 0, or -errno
 * with *error set to owned words: -ENOENT no such user, -EPERM the agent is not root and cannot switch, others: it could
 * not be found out.
 */
int user_lookup(const char *name, struct user **out, char **error);
/* The name by which the user database knows a number, owned; NULL: none. */
char *user_name_of(uid_t uid);
void user_free(struct user *u);

#endif
