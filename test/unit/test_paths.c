/* Who we are and what /var/log allows is stood in for, so that the result is the same for every user. */
#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/paths.h"
#include "test/lib/unit.h"

static uid_t uid = 1000;
static int log_dir_state;	/* errno of making and writing it */

uid_t geteuid(void)
{
	return uid;
}

struct passwd *getpwuid(uid_t who)
{
	static char dir[] = "/h/from-passwd";
	static struct passwd pw = { .pw_dir = dir };

	return who == 1000 ? &pw : NULL;
}

static int answer_for_log_dir(const char *path)
{
	if (strncmp(path, "/var/log/sloth", 14) != 0)
		return 0;
	errno = log_dir_state;
	return errno ? -1 : 0;
}

int stat(const char *path, struct stat *st)
{
	if (answer_for_log_dir(path) < 0)
		return -1;
	*st = (struct stat){ .st_mode = S_IFDIR | 0755 };
	return 0;
}

int mkdir(const char *path, mode_t mode)
{
	(void)mode;
	return answer_for_log_dir(path);
}

int access(const char *path, int mode)
{
	(void)mode;
	return answer_for_log_dir(path);
}

/* Compares and frees. */
static void expect(char *path, const char *expected)
{
	ck_assert_str_eq(path, expected);
	free(path);
}

static void clear_environment(void)
{
	uid = 1000;
	unsetenv("XDG_STATE_HOME");
	unsetenv("XDG_RUNTIME_DIR");
	unsetenv("XDG_CONFIG_HOME");
	setenv("HOME", "/h/me", 1);
}

START_TEST(root_lives_in_the_system_directories)
{
	clear_environment();
	uid = 0;
	setenv("XDG_STATE_HOME", "/xdg", 1);
	setenv("XDG_RUNTIME_DIR", "/xdg", 1);
	expect(paths_state_dir("sloth-agent"), "/var/lib/sloth-agent");
	expect(paths_runtime_dir("sloth"), "/run/sloth");
	ck_assert_str_eq(paths_system_socket, "/run/sloth/master.sock");
}
END_TEST

START_TEST(users_live_below_home)
{
	clear_environment();
	expect(paths_state_dir("sloth"), "/h/me/.local/state/sloth");
	expect(paths_runtime_dir("sloth"), "/h/me/.local/state/sloth/run");
	expect(paths_user_config(), "/h/me/.config/sloth/config");
}
END_TEST

START_TEST(xdg_directories_win)
{
	clear_environment();
	setenv("XDG_STATE_HOME", "/s", 1);
	setenv("XDG_RUNTIME_DIR", "/r/", 1);
	setenv("XDG_CONFIG_HOME", "/c", 1);
	expect(paths_state_dir("sloth"), "/s/sloth");
	expect(paths_runtime_dir("sloth"), "/r/sloth");
	expect(paths_user_config(), "/c/sloth/config");
}
END_TEST

START_TEST(empty_and_relative_variables_count_as_unset)
{
	clear_environment();
	setenv("XDG_STATE_HOME", "", 1);
	setenv("XDG_RUNTIME_DIR", "run", 1);
	setenv("XDG_CONFIG_HOME", "./c", 1);
	expect(paths_state_dir("sloth"), "/h/me/.local/state/sloth");
	expect(paths_runtime_dir("sloth"), "/h/me/.local/state/sloth/run");
	expect(paths_user_config(), "/h/me/.config/sloth/config");
}
END_TEST

START_TEST(home_comes_from_the_user_database_else)
{
	clear_environment();
	unsetenv("HOME");
	expect(paths_user_config(), "/h/from-passwd/.config/sloth/config");
	uid = 4711;		/* in no database */
	expect(paths_user_config(), "/.config/sloth/config");
}
END_TEST

START_TEST(log_file_is_in_the_state_dir_where_the_system_has_no_place_for_it)
{
	static const int states[] = { EACCES, EROFS, ENOENT };

	expect(paths_log_file("slothd-master", "/state"), "/var/log/sloth/slothd-master.log");
	for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
		log_dir_state = states[i];
		expect(paths_log_file("slothd-master", "/state"), "/state/slothd-master.log");
	}
}
END_TEST

START_TEST(joining_and_making_absolute)
{
	expect(paths_join("/a", "b"), "/a/b");
	expect(paths_join("/", "b"), "/b");
	expect(paths_absolute("/a/b"), "/a/b");
	ck_assert_int_eq(chdir("/proc"), 0);
	expect(paths_absolute("a/b"), "/proc/a/b");
}
END_TEST

UNIT_MAIN(root_lives_in_the_system_directories, users_live_below_home, xdg_directories_win,
	  empty_and_relative_variables_count_as_unset, home_comes_from_the_user_database_else,
	  log_file_is_in_the_state_dir_where_the_system_has_no_place_for_it, joining_and_making_absolute)
