#include "test/lib/tmp.h"

#include <check.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"

static char dir[TMP_DIR_MAX];
static pid_t owner;

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *walk)
{
	(void)st;
	(void)kind;
	(void)walk;
	return remove(path);
}

/* Children of the test leave the directory alone, also those that reach exit(). */
void tmp_clear(void)
{
	if (!dir[0] || owner != getpid())
		return;
	nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	dir[0] = '\0';
}

/* A socket in it must not be longer than 107 bytes, so a long $TMPDIR does not serve. */
void tmp_make_dir(char *out)
{
	static const char leaf[] = "/sloth-test.XXXXXX";
	const char *parent = getenv("TMPDIR");

	if (!parent || strlen(parent) + sizeof leaf > TMP_DIR_MAX)
		parent = "/tmp";
	snprintf(out, TMP_DIR_MAX, "%s%s", parent, leaf);
	ck_assert_ptr_nonnull(mkdtemp(out));
}

const char *tmp_path(const char *leaf)
{
	static char ring[8][256];
	static unsigned turn;
	char *path = ring[turn++ % 8];

	if (!dir[0]) {
		if (owner != getpid())
			atexit(tmp_clear);
		tmp_make_dir(dir);
		owner = getpid();
	}
	snprintf(path, sizeof ring[0], "%s/%s", dir, leaf);
	return path;
}

const char *tmp_file(const char *leaf, const char *content)
{
	const char *path = tmp_path(leaf);

	ck_assert_int_eq(fd_write_file(path, content, strlen(content), 0600), 0);
	return path;
}

char *tmp_read(const char *path)
{
	struct buf content = { 0 };

	ck_assert_int_eq(fd_read_file(path, 1024 * 1024, &content), 0);
	return buf_take_string(&content);
}
