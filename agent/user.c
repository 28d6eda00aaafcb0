/*
 * user.c - users of this machine, from the user database of the C library. A look-up may block where
 * the database is remote.
 */
#include "agent/user.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/mem.h"
#include "common/str.h"

enum { NAME_BYTES_MAX = 256 };

static struct user *user_from_passwd(const struct passwd *pw)
{
	struct user *u = mem_new(struct user);

	u->uid = pw->pw_uid;
	u->gid = pw->pw_gid;
	u->name = mem_strdup(pw->pw_name);
	u->home = mem_strdup(pw->pw_dir && pw->pw_dir[0] ? pw->pw_dir : "/");
	u->shell = mem_strdup(pw->pw_shell && pw->pw_shell[0] ? pw->pw_shell : "/bin/sh");
	u->is_own = u->uid == geteuid();
	return u;
}

struct user *user_own(void)
{
	const struct passwd *pw = getpwuid(geteuid());
	const char *home = getenv("HOME");
	struct user *u;

	if (pw)
		return user_from_passwd(pw);
	u = mem_new(struct user);
	u->uid = geteuid();
	u->gid = getegid();
	u->name = mem_printf("%u", u->uid);
	u->home = mem_strdup(home && home[0] == '/' ? home : "/");
	u->shell = mem_strdup("/bin/sh");
	u->is_own = true;
	return u;
}

static void load_groups(struct user *u)
{
	int n = 32;

	u->groups = mem_array((size_t)n, sizeof *u->groups);
	while (getgrouplist(u->name, u->gid, u->groups, &n) < 0)	/* n is then what it takes */
		u->groups = mem_realloc(u->groups, (size_t)n * sizeof *u->groups);
	u->n_groups = (size_t)n;
}

static int cannot_switch(const char *name, char **error)
{
	struct user *own = user_own();

	*error = mem_printf("cannot run as %s: the agent runs as \"%s\", and only an agent that runs as root can "
			    "run commands as other users", str_quote(name), own->name);
	user_free(own);
	return -EPERM;
}

int user_lookup(const char *name, struct user **out, char **error)
{
	const struct passwd *pw;
	struct user *u;

	errno = 0;
	pw = strlen(name) <= NAME_BYTES_MAX ? getpwnam(name) : NULL;
	if (!pw) {
		*error = mem_printf("cannot run as %s: no such user on this machine", str_quote(name));
		return -ENOENT;
	}
	u = user_from_passwd(pw);
	if (!u->is_own && geteuid() != 0) {
		user_free(u);
		return cannot_switch(name, error);
	}
	if (!u->is_own)
		load_groups(u);
	*out = u;
	return 0;
}

char *user_name_of(uid_t uid)
{
	const struct passwd *pw = getpwuid(uid);

	return pw ? mem_strdup(pw->pw_name) : NULL;
}

void user_free(struct user *u)
{
	if (!u)
		return;
	free(u->name);
	free(u->home);
	free(u->shell);
	free(u->groups);
	free(u);
}
