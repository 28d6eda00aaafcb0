/*
 * user.c - users of this machine, from the user database of the C library. A look-up may block where
 * the database is remote.
 *
 * A static program has a C library of its own, into which the plugins of the machine's (LDAP, SSSD, systemd) must not get.
 * So it reads the files in /etc only, and asks getent about whom they do not know.
 */
#include "agent/user.h"

#include <errno.h>
#include <grp.h>
#include <link.h>
#include <nss.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/getent.h"
#include "common/mem.h"
#include "common/str.h"

enum { NAME_BYTES_MAX = 256 };

static bool is_getent_asked;

/* ---- which databases ---- */

static int note_interpreter(struct dl_phdr_info *program, size_t size, void *arg)
{
	bool *has_interpreter = arg;

	(void)size;
	for (int i = 0; i < program->dlpi_phnum; i++)
		*has_interpreter |= program->dlpi_phdr[i].p_type == PT_INTERP;
	return 1;		/* the program itself comes first: its libraries are not asked */
}

void user_init(void)
{
	bool has_interpreter = false;

	dl_iterate_phdr(note_interpreter, &has_interpreter);
	if (!has_interpreter)
		user_read_files_only();
}

void user_read_files_only(void)
{
	__nss_configure_lookup("passwd", "files");
	__nss_configure_lookup("group", "files");
	__nss_configure_lookup("initgroups", "files");
	__nss_configure_lookup("hosts", "files dns");
	is_getent_asked = true;
}

static const struct passwd *find_uid(uid_t uid)
{
	const struct passwd *pw = getpwuid(uid);

	if (!pw && is_getent_asked)
		getent_user_of(uid, &pw);
	return pw;
}

/* ---- users ---- */

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
	const struct passwd *pw = find_uid(geteuid());
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

/* What getent did not answer. */
static int cannot_ask(const char *name, int rc, char **error)
{
	*error = mem_printf("cannot run as %s: getent, asked for this user, failed: %s; try \"getent passwd\" there",
			    str_quote(name), strerror(-rc));
	return rc;
}

static int no_such_user(const char *name, char **error)
{
	*error = mem_printf("cannot run as %s: no such user on the agent's machine", str_quote(name));
	return -ENOENT;
}

/* The entry, and whether it came from getent. */
static int find_name(const char *name, const struct passwd **pw, bool *from_getent, char **error)
{
	int rc = -ENOENT;

	*from_getent = false;
	*pw = strlen(name) <= NAME_BYTES_MAX ? getpwnam(name) : NULL;
	if (*pw)
		return 0;
	if (is_getent_asked && strlen(name) <= NAME_BYTES_MAX)
		rc = getent_user(name, pw);
	*from_getent = rc == 0;
	if (rc == -ENOENT || rc == -EINVAL)
		return no_such_user(name, error);
	return rc ? cannot_ask(name, rc, error) : 0;
}

int user_lookup(const char *name, struct user **out, char **error)
{
	const struct passwd *pw;
	struct user *u;
	bool from_getent;
	int rc = find_name(name, &pw, &from_getent, error);

	if (rc)
		return rc;
	u = user_from_passwd(pw);
	if (!u->is_own && geteuid() != 0)
		rc = cannot_switch(name, error);
	else if (!u->is_own && !from_getent)
		load_groups(u);
	else if (!u->is_own && (rc = getent_groups(u->name, u->gid, &u->groups, &u->n_groups)))
		cannot_ask(name, rc, error);
	if (rc)
		user_free(u);
	else
		*out = u;
	return rc;
}

char *user_name_of(uid_t uid)
{
	const struct passwd *pw = find_uid(uid);

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
