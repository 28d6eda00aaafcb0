/*
 * test_trust.c - where root may keep its things. What only root can try is tried as root; as another user
 * everything but a wrong kind of file passes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/mem.h"
#include "common/trust.h"
#include "test/lib/tmp.h"
#include "test/lib/unit.h"

enum { SOMEBODY = 12345 };

static bool is_root(void)
{
	return geteuid() == 0;
}

/* `words` NULL: it passes. Where root has to refuse, others pass. */
static void expect(char *why, const char *words)
{
	if (words && is_root())
		ck_assert_msg(why && strstr(why, words), "not \"%s\": %s", words, why ? why : "passes");
	else
		ck_assert_msg(why == NULL, "%s", why);
	free(why);
}

static char *make_dir(const char *leaf, mode_t mode, uid_t owner)
{
	char *path = mem_strdup(tmp_path(leaf));

	ck_assert_int_eq(fd_make_dirs(path, mode), 0);
	if (is_root())
		ck_assert_int_eq(chown(path, owner, 0), 0);
	return path;
}

static void make_link(const char *target, const char *path, uid_t owner)
{
	ck_assert_int_eq(symlink(target, path), 0);
	if (is_root())
		ck_assert_int_eq(lchown(path, owner, 0), 0);
}

START_TEST(a_directory_of_ours_and_a_missing_one_pass)
{
	char *dir = make_dir("dir", 0700, 0);

	expect(trust_path(dir), NULL);
	expect(trust_dir(dir), NULL);
	expect(trust_dir(tmp_path("dir/")), NULL);
	expect(trust_dir(tmp_path("dir/not/there")), NULL);
	expect(trust_dir("/"), NULL);
	expect(trust_path("/dev/null"), NULL);
	expect(trust_path("/dev/stderr"), NULL);
	free(dir);
}
END_TEST

START_TEST(somebody_elses_is_refused_wherever_it_stands_on_the_way)
{
	char *dir = make_dir("theirs", 0755, SOMEBODY);

	expect(trust_path(dir), "theirs belongs to user 12345");
	expect(trust_dir(dir), "theirs belongs to user 12345");
	expect(trust_path(tmp_path("theirs/not/there")), "theirs belongs to user 12345");
	expect(trust_path(tmp_path("theirs/../x")), "theirs belongs to user 12345");
	free(dir);
}
END_TEST

START_TEST(a_directory_that_others_can_write_to_is_refused)
{
	char *all = make_dir("all", 0777, 0), *group = make_dir("group", 0770, 0), *sticky = make_dir("sticky", 01777, 0);

	expect(trust_path(all), "all can be written by everybody");
	expect(trust_path(tmp_path("all/x")), "all can be written by everybody");
	expect(trust_dir(group), "group can be written by others");
	expect(trust_path(group), NULL);
	expect(trust_path(tmp_path("sticky/x")), NULL);
	expect(trust_dir(sticky), "sticky can be written by others");
	free(all);
	free(group);
	free(sticky);
}
END_TEST

START_TEST(a_link_is_followed_when_root_made_it)
{
	char *good = make_dir("good", 0700, 0), *bad = make_dir("bad", 0700, SOMEBODY);

	make_link(good, tmp_path("root-absolute"), 0);
	make_link("good/.", tmp_path("root-relative"), 0);
	make_link("bad", tmp_path("root-to-bad"), 0);
	make_link("good", tmp_path("theirs"), SOMEBODY);
	make_link("loop", tmp_path("loop"), 0);
	expect(trust_dir(tmp_path("root-absolute")), NULL);
	expect(trust_dir(tmp_path("root-relative/x")), NULL);
	expect(trust_dir(tmp_path("root-to-bad/x")), "bad belongs to user 12345");
	expect(trust_dir(tmp_path("theirs")), "theirs belongs to user 12345");
	expect(trust_dir(tmp_path("loop")), NULL);	/* whoever opens it hears ELOOP */
	free(good);
	free(bad);
}
END_TEST

START_TEST(a_file_is_a_regular_one_of_ours_and_no_link)
{
	char *file = mem_strdup(tmp_file("file", "x")), *why;

	expect(trust_file(file), NULL);
	expect(trust_file(tmp_path("missing")), NULL);
	make_link("file", tmp_path("link"), 0);
	expect(trust_file(tmp_path("link")), "link is not a regular file");
	ck_assert_int_eq(chmod(file, 0620), 0);
	expect(trust_file(file), "file can be written by others");
	if (is_root())
		ck_assert_int_eq(chown(file, SOMEBODY, 0), 0);
	expect(trust_file(file), "file belongs to user 12345");
	ck_assert_int_eq(mkfifo(tmp_path("fifo"), 0600), 0);
	why = trust_file(tmp_path("fifo"));		/* blocks anybody */
	ck_assert_ptr_nonnull(why);
	free(why);
	free(file);
}
END_TEST

UNIT_MAIN(a_directory_of_ours_and_a_missing_one_pass, somebody_elses_is_refused_wherever_it_stands_on_the_way,
	  a_directory_that_others_can_write_to_is_refused, a_link_is_followed_when_root_made_it,
	  a_file_is_a_regular_one_of_ours_and_no_link)
