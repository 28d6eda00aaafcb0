/* Logins as files: names, addresses, the one in use, and that one takes the place of another as a whole. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/context.h"
#include "common/fd.h"
#include "common/mem.h"
#include "test/lib/tmp.h"
#include "test/lib/unit.h"

static char *error;
static char address[WIRE_ADDR_MAX], name[CONTEXT_NAME_MAX + 1];

static const char *root(void)
{
	return tmp_path("root");
}

static void forget_error(void)
{
	free(error);
	error = NULL;
}

/* Staged with one more file, as a key would be. */
static void stage(const char *which, const char *where, const char *key)
{
	char *dir = context_staging_dir(root(), which), *path = mem_printf("%s/operator.key", dir);

	ck_assert_int_eq(fd_make_dirs(dir, 0700), 0);
	ck_assert_int_eq(context_write_address(dir, where, &error), 0);
	ck_assert_int_eq(fd_write_file(path, key, strlen(key), 0600), 0);
	free(path);
	free(dir);
}

static void make(const char *which, const char *where)
{
	stage(which, where, "key");
	ck_assert_int_eq(context_publish(root(), which, &error), 0);
}

static char *key_of(const char *which)
{
	char *dir = context_dir(root(), which), *path = mem_printf("%s/operator.key", dir), *text = tmp_read(path);

	free(path);
	free(dir);
	return text;
}

START_TEST(context_has_a_name_that_is_a_files)
{
	static const char *const good[] = { "a", "work", "10.0.0.1-7", "ip__1", "_x", "A-b.c" };
	static const char *const bad[] = { "", ".", "..", ".new", "-x", "a/b", "a b", "../x", "a\n" };

	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		ck_assert_msg(context_is_name(good[i]), "%s", good[i]);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		ck_assert_msg(!context_is_name(bad[i]), "%s", bad[i]);
		ck_assert_int_eq(context_read_address(root(), bad[i], address, &error), -ENOENT);
		forget_error();
		ck_assert_int_eq(context_remove(root(), bad[i], &error), -ENOENT);
		forget_error();
	}
}
END_TEST

START_TEST(context_is_not_there_before_it_is_published)
{
	struct context_list list;

	stage("work", "10.0.0.1:7", "key");
	ck_assert_int_eq(context_read_address(root(), "work", address, &error), -ENOENT);
	forget_error();
	ck_assert_int_eq(context_list_read(root(), &list, &error), 0);
	ck_assert_uint_eq(list.n, 0);
	ck_assert_int_eq(context_find(root(), "10.0.0.1:7", name, &error), -ENOENT);
	forget_error();
	ck_assert_int_eq(context_publish(root(), "work", &error), 0);
	ck_assert_int_eq(context_read_address(root(), "work", address, &error), 0);
	ck_assert_str_eq(address, "10.0.0.1:7");
}
END_TEST

START_TEST(context_replaces_an_older_one_whole)
{
	char *dir = context_dir(root(), "work"), *extra = mem_printf("%s/operator.crt", dir), *key;
	char *staging = context_staging_dir(root(), "work");

	make("work", "10.0.0.1:7");
	ck_assert_int_eq(fd_write_file(extra, "old", 3, 0600), 0);
	stage("work", "10.0.0.2:8", "new key");
	context_read_address(root(), "work", address, &error);
	ck_assert_str_eq(address, "10.0.0.1:7");
	ck_assert_int_eq(context_publish(root(), "work", &error), 0);
	context_read_address(root(), "work", address, &error);
	ck_assert_str_eq(address, "10.0.0.2:8");
	key = key_of("work");
	ck_assert_str_eq(key, "new key");
	ck_assert_int_ne(access(extra, F_OK), 0);
	ck_assert_int_ne(access(staging, F_OK), 0);
	free(key);
	free(extra);
	free(staging);
	free(dir);
}
END_TEST

START_TEST(context_staged_in_vain_leaves_the_older_one)
{
	char *key;

	make("work", "10.0.0.1:7");
	stage("work", "10.0.0.2:8", "new key");
	context_remove_staged(root(), "work");
	context_remove_staged(root(), "work");
	key = key_of("work");
	ck_assert_str_eq(key, "key");
	free(key);
}
END_TEST

START_TEST(context_in_use_is_one_or_none)
{
	ck_assert_int_eq(context_read_current(root(), name, &error), -ENOENT);
	forget_error();
	make("work", "10.0.0.1:7");
	make("home", "10.0.0.2:7");
	ck_assert_int_eq(context_write_current(root(), "work", &error), 0);
	ck_assert_int_eq(context_read_current(root(), name, &error), 0);
	ck_assert_str_eq(name, "work");
	ck_assert_int_eq(context_remove(root(), "home", &error), 0);
	ck_assert_int_eq(context_read_current(root(), name, &error), 0);
	ck_assert_int_eq(context_remove(root(), "work", &error), 0);
	ck_assert_int_eq(context_read_current(root(), name, &error), -ENOENT);
	forget_error();
	ck_assert_int_eq(context_remove(root(), "work", &error), -ENOENT);
	ck_assert_ptr_nonnull(strstr(error, "no context \"work\""));
	forget_error();
	ck_assert_int_eq(context_write_current(root(), NULL, &error), 0);
}
END_TEST

START_TEST(context_files_with_nonsense_are_errors)
{
	char *path = mem_printf("%s/context", root());

	make("work", "10.0.0.1:7");
	ck_assert_int_eq(fd_write_file(path, "../../etc\n", 10, 0600), 0);
	ck_assert_int_eq(context_read_current(root(), name, &error), -EINVAL);
	ck_assert_ptr_nonnull(strstr(error, path));
	forget_error();
	stage("odd", "unix:/x", "key");
	ck_assert_int_eq(context_publish(root(), "odd", &error), 0);
	ck_assert_int_eq(context_read_address(root(), "odd", address, &error), -EINVAL);
	forget_error();
	ck_assert_int_eq(context_find(root(), "10.0.0.1:7", name, &error), 0);
	ck_assert_str_eq(name, "work");
	free(path);
}
END_TEST

START_TEST(context_list_is_in_order)
{
	struct context_list list;

	make("zoo", "10.0.0.1:7");
	make("Alps", "10.0.0.1:7");
	make("home", "10.0.0.1:7");
	ck_assert_int_eq(context_list_read(root(), &list, &error), 0);
	ck_assert_uint_eq(list.n, 3);
	ck_assert_str_eq(list.names[0], "Alps");
	ck_assert_str_eq(list.names[1], "home");
	ck_assert_str_eq(list.names[2], "zoo");
	context_list_done(&list);
}
END_TEST

UNIT_MAIN(context_has_a_name_that_is_a_files, context_is_not_there_before_it_is_published,
	  context_replaces_an_older_one_whole, context_staged_in_vain_leaves_the_older_one, context_in_use_is_one_or_none,
	  context_files_with_nonsense_are_errors, context_list_is_in_order)
