/* login.c - see login.h. */
#include "cli/login.h"

#include <ctype.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/fd.h"
#include "common/mem.h"
#include "common/str.h"

enum { FILE_MAX = 32, LOGIN_MAX = 64 };

/* False: the file is not there, as in kernels without audit, or nobody has logged in (-1). */
static bool read_login_uid(const char *path, uid_t *uid)
{
	struct buf text = { 0 };
	uint64_t n = 0;
	bool is_set = fd_read_file(path, FILE_MAX, &text) == 0 && buf_len(&text) &&
		      str_parse_u64(buf_string(&text), 0, UINT32_MAX - 1, &n) == 0;

	buf_done(&text);
	*uid = (uid_t)n;
	return is_set;
}

static char *name_of(uid_t uid)
{
	const struct passwd *user = getpwuid(uid);

	return user ? mem_strdup(user->pw_name) : mem_printf("uid:%u", (unsigned)uid);
}

/* It becomes metadata, which takes printable ASCII. */
static bool is_fit(const char *name)
{
	for (const char *c = name; *c; c++)
		if (!isgraph((unsigned char)*c))
			return false;
	return *name && strlen(name) <= LOGIN_MAX;
}

char *login_name_from(const char *path, const char *sudo_user, uid_t self)
{
	char *name;
	uid_t uid;

	if (read_login_uid(path, &uid)) {
		if (uid == self)
			return NULL;
		name = name_of(uid);
	} else {
		name = mem_strdup(sudo_user);
	}
	if (name && is_fit(name))
		return name;
	free(name);
	return NULL;
}

char *login_name(uid_t self)
{
	return login_name_from("/proc/self/loginuid", getenv("SUDO_USER"), self);
}
