/*
 * test_user.c - users that are in no file of this machine, as a static agent learns of them; getent is a script here.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/getent.h"
#include "agent/spawn.h"
#include "agent/user.h"
#include "common/clock.h"
#include "common/mem.h"
#include "test/lib/tmp.h"
#include "test/lib/unit.h"

enum { PATIENCE_MS = 20 * 1000 };

/* It answers as these lines of shell do. */
static void use_getent(const char *lines)
{
	char *script = mem_printf("#!/bin/sh\n%s\n", lines);
	const char *path = tmp_file("getent", script);

	ck_assert_int_eq(chmod(path, 0700), 0);
	getent_places[0] = path;
	getent_places[1] = NULL;
	getent_timeout_ms = PATIENCE_MS;
	spawn_init();
	free(script);
}

static int groups_of(const char *name, gid_t **groups, size_t *n)
{
	*groups = NULL;
	*n = 0;
	return getent_groups(name, 50, groups, n);
}

START_TEST(user_found_by_getent)
{
	const struct passwd *pw = NULL;

	use_getent("[ $# = 2 ] && [ \"$1\" = passwd ] && "
		   "printf '%s:x:70000:70001:Ann:/srv/a b:/bin/zsh\\n' \"$2\"");
	ck_assert_int_eq(getent_user("LAB\\ann", &pw), 0);
	ck_assert_str_eq(pw->pw_name, "LAB\\ann");
	ck_assert_uint_eq(pw->pw_uid, 70000);
	ck_assert_uint_eq(pw->pw_gid, 70001);
	ck_assert_str_eq(pw->pw_dir, "/srv/a b");
	ck_assert_str_eq(pw->pw_shell, "/bin/zsh");
	ck_assert_int_eq(getent_user_of(4294967294U, &pw), 0);
	ck_assert_str_eq(pw->pw_name, "4294967294");
}
END_TEST

START_TEST(groups_found_by_getent)
{
	gid_t *groups;
	size_t n;

	use_getent("[ \"$1\" = initgroups ] && echo \"$2                 4 50 27\"");
	ck_assert_int_eq(groups_of("ann", &groups, &n), 0);
	ck_assert_uint_eq(n, 3);
	ck_assert_uint_eq(groups[0], 50);
	ck_assert_uint_eq(groups[1], 4);
	ck_assert_uint_eq(groups[2], 27);
	free(groups);
	use_getent("echo \"$2\"");
	ck_assert_int_eq(groups_of("ann", &groups, &n), 0);
	ck_assert_uint_eq(n, 1);
	ck_assert_uint_eq(groups[0], 50);
	free(groups);
}
END_TEST

START_TEST(answers_that_are_none)
{
	const struct passwd *pw = NULL;
	gid_t *groups;
	size_t n;
	static const struct {
		const char *lines;
		int of_user, of_groups;
	} cases[] = {
		{ "exit 2", -ENOENT, -ENOENT },
		{ "printf ann:x:1:1::/:", -ENOENT, -ENOENT },			/* cut */
		{ "echo nonsense", -EBADMSG, -EBADMSG },
		{ "echo ann four", -EBADMSG, -EBADMSG },
		{ "echo ann 4294967295", -EBADMSG, -EBADMSG },
		{ "head -c 1000000 /dev/zero", -E2BIG, -E2BIG },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		use_getent(cases[i].lines);
		ck_assert_int_eq(getent_user("ann", &pw), cases[i].of_user);
		ck_assert_int_eq(groups_of("ann", &groups, &n), cases[i].of_groups);
		ck_assert_ptr_null(pw);
		ck_assert_ptr_null(groups);
	}
	getent_places[0] = tmp_path("nothing");
	ck_assert_int_eq(getent_user("ann", &pw), -ENOENT);
}
END_TEST

START_TEST(names_that_getent_would_take_for_more)
{
	static const char *const names[] = { "", "-s", "--help", "0", "+0", " 0", "a:b", "a\nb" };
	const struct passwd *pw = NULL;

	use_getent("echo root:x:0:0::/root:/bin/sh");
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		ck_assert_int_eq(getent_user(names[i], &pw), -EINVAL);
	ck_assert_ptr_null(pw);
}
END_TEST

/* The process ends within the test's patience. */
static void assert_ends(pid_t pid)
{
	uint64_t until = mono_ms() + PATIENCE_MS;

	while (kill(pid, 0) == 0 && mono_ms() < until)
		poll(NULL, 0, 5);
	ck_assert_int_eq(kill(pid, 0), -1);
}

START_TEST(getent_that_hangs_is_killed)
{
	const struct passwd *pw = NULL;
	char *lines = mem_printf("echo $$ > '%s'\nsleep 1000", tmp_path("pid"));
	char *text;

	use_getent(lines);
	for (getent_timeout_ms = 50; access(tmp_path("pid"), F_OK); getent_timeout_ms *= 2) {
		ck_assert_int_lt(getent_timeout_ms, PATIENCE_MS);
		ck_assert_int_eq(getent_user("ann", &pw), -ETIMEDOUT);
	}
	text = tmp_read(tmp_path("pid"));
	assert_ends((pid_t)strtol(text, NULL, 10));
	free(text);
	free(lines);
}
END_TEST

START_TEST(lookup_asks_getent_last)
{
	struct user *u = NULL;
	char *error = NULL, *name;

	use_getent("case $1.$2 in passwd.ann|passwd.70000) echo ann:x:70000:70001::/srv/ann:/bin/zsh ;;\n"
		   "initgroups.ann) echo ann 4 ;;\npasswd.*) exit 2 ;;\nesac");
	user_read_files_only();
	name = user_name_of(70000);
	ck_assert_str_eq(name, "ann");
	free(name);
	ck_assert_int_eq(user_lookup("nobody-of-this-name", &u, &error), -ENOENT);
	ck_assert_ptr_nonnull(strstr(error, "no such user"));
	free(error);
	error = NULL;
	if (geteuid() != 0) {
		ck_assert_int_eq(user_lookup("ann", &u, &error), -EPERM);
		free(error);
		return;
	}
	ck_assert_int_eq(user_lookup("ann", &u, &error), 0);
	ck_assert_uint_eq(u->uid, 70000);
	ck_assert_uint_eq(u->n_groups, 2);
	ck_assert_uint_eq(u->groups[1], 4);
	user_free(u);
	ck_assert_int_eq(user_lookup("root", &u, &error), 0);		/* found in the file: getent says nothing of it */
	user_free(u);
}
END_TEST

UNIT_MAIN(user_found_by_getent, groups_found_by_getent, answers_that_are_none, names_that_getent_would_take_for_more,
	  getent_that_hangs_is_killed, lookup_asks_getent_last)
