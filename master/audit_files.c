/*
 * audit_files.c - see audit_files.h. The directory is asked each time: it holds some dozen files, and the question
 * comes with a full file, a full disk or a reader.
 */
#include "master/audit_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/paths.h"
#include "common/str.h"

static const char prefix[] = AUDIT_CURRENT ".";
static const char pattern[] = "00000000T000000.000Z";	/* '0' stands for a digit */

static bool is_full_file(const char *name)
{
	const char *stamp = name + sizeof prefix - 1;

	if (!str_has_prefix(name, prefix) || strlen(stamp) != AUDIT_STAMP_LEN)
		return false;
	for (size_t i = 0; i < AUDIT_STAMP_LEN; i++)
		if (pattern[i] == '0' ? stamp[i] < '0' || stamp[i] > '9' : stamp[i] != pattern[i])
			return false;
	return true;
}

/* Of a full file, which has the length that it has. */
static void copy_name(char out[AUDIT_NAME_MAX], const char *name)
{
	memcpy(out, name, sizeof prefix + AUDIT_STAMP_LEN);
}

/* Calls `on_name` for every full file, in no order. */
static void each(const char *dir, void (*on_name)(DIR *d, const struct dirent *entry, void *arg), void *arg)
{
	DIR *d = opendir(dir);
	const struct dirent *entry;

	if (!d)
		return;
	while ((entry = readdir(d)))
		if (is_full_file(entry->d_name))
			on_name(d, entry, arg);
	closedir(d);
}

/* ---- looking ---- */

struct search {
	const char *after;
	uint64_t inode;
	char *out;			/* "": nothing yet */
};

static void take_next(DIR *d, const struct dirent *entry, void *arg)
{
	struct search *s = arg;

	(void)d;
	if (strcmp(entry->d_name, s->after) > 0 && (!*s->out || strcmp(entry->d_name, s->out) < 0))
		copy_name(s->out, entry->d_name);
}

bool audit_files_next(const char *dir, const char *after, char out[AUDIT_NAME_MAX])
{
	struct search s = { .after = after, .out = out };
	char found[AUDIT_NAME_MAX] = "";

	s.out = found;
	each(dir, take_next, &s);
	memcpy(out, found, sizeof found);
	return *found != '\0';
}

static void take_inode(DIR *d, const struct dirent *entry, void *arg)
{
	struct search *s = arg;
	struct stat st;

	if (fstatat(dirfd(d), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_ino == s->inode)
		copy_name(s->out, entry->d_name);
}

bool audit_files_find(const char *dir, uint64_t inode, char out[AUDIT_NAME_MAX])
{
	struct search s = { .inode = inode, .out = out };

	*out = '\0';
	each(dir, take_inode, &s);
	return *out != '\0';
}

/* ---- names ---- */

/* "2026-01-31T12:04:05.123Z" without what is between the digits of date and time. */
static void make_name(int64_t us, char out[AUDIT_NAME_MAX])
{
	char text[WALL_TEXT_MAX];
	size_t n = sizeof prefix - 1;

	wall_format(us, text);
	memcpy(out, prefix, n);
	for (const char *c = text; *c && n < AUDIT_NAME_MAX - 1; c++)
		if (*c != '-' && *c != ':')
			out[n++] = *c;
	out[n] = '\0';
}

static void take_last(DIR *d, const struct dirent *entry, void *arg)
{
	struct search *s = arg;

	(void)d;
	if (strcmp(entry->d_name, s->out) > 0)
		copy_name(s->out, entry->d_name);
}

/* A clock that was set back does not bring the order of the files into disorder: the next name in their order. */
static void follow_name(const char *last, char out[AUDIT_NAME_MAX])
{
	size_t i = strlen(last);

	memcpy(out, last, AUDIT_NAME_MAX);
	while (i-- > sizeof prefix - 1) {
		if (out[i] < '0' || out[i] > '9')
			continue;
		if (out[i]++ < '9')
			return;
		out[i] = '0';
	}
}

void audit_files_new_name(const char *dir, int64_t now_us, char out[AUDIT_NAME_MAX])
{
	char last[AUDIT_NAME_MAX] = "";
	struct search s = { .out = last };

	each(dir, take_last, &s);
	make_name(now_us, out);
	if (*last && strcmp(out, last) <= 0)
		follow_name(last, out);
}

bool audit_files_is_before(const char *name, int64_t us)
{
	char limit[AUDIT_NAME_MAX];

	make_name(us, limit);
	return strcmp(name, limit) < 0;
}

/* ---- deleting ---- */

static bool drop(const char *dir, const char *name)
{
	char *path = paths_join(dir, name);
	bool is_gone = unlink(path) == 0;

	if (is_gone)
		log_info("audit log: %s is deleted", path);
	else
		log_warn("audit log: %s cannot be deleted: %s", path, strerror(errno));
	free(path);
	return is_gone;
}

bool audit_files_drop_oldest(const char *dir)
{
	char name[AUDIT_NAME_MAX];

	return audit_files_next(dir, "", name) && drop(dir, name);
}

static void add_size(DIR *d, const struct dirent *entry, void *arg)
{
	uint64_t *total = arg;
	struct stat st;

	if (fstatat(dirfd(d), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		*total += (uint64_t)st.st_size;
}

void audit_files_trim(const char *dir, uint64_t max_bytes, int64_t oldest_us)
{
	char name[AUDIT_NAME_MAX];
	uint64_t total;

	while (audit_files_next(dir, "", name)) {
		total = 0;
		each(dir, add_size, &total);
		if ((total <= max_bytes && !audit_files_is_before(name, oldest_us)) || !drop(dir, name))
			return;
	}
}
