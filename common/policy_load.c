/*
 * policy_load.c - policies from files. Each file is read whole; the first that is wrong ends it.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/fd.h"
#include "common/mem.h"
#include "common/paths.h"
#include "common/policy.h"
#include "common/str.h"
#include "common/trust.h"

static char *cannot_read(const char *path, int err)
{
	return mem_printf("policy %s cannot be read: %s", path, strerror(err));
}

/* A file whose directory is fit for it. 0; -ENOENT without words; or another -errno with *error. */
static int add_file(struct policy *p, const char *path, char **error)
{
	struct buf content = { 0 };
	int err;

	*error = trust_file(path);
	if (*error)
		return -EPERM;
	err = fd_read_file(path, POLICY_FILE_MAX, &content);
	if (err == -EFBIG)
		*error = mem_printf("policy %s is larger than %s", path, str_bytes(POLICY_FILE_MAX));
	else if (err && err != -ENOENT)
		*error = cannot_read(path, -err);
	if (!err)
		err = policy_parse(p, path, buf_data(&content), buf_len(&content), error);
	buf_done(&content);
	return err;
}

static struct policy *load_file(const char *path, bool must_exist, char **error)
{
	struct policy *p = policy_new(POLICY_AGENT);
	int err = add_file(p, path, error);

	if (err == -ENOENT && !must_exist)
		return p;
	if (err == -ENOENT)
		*error = cannot_read(path, ENOENT);
	if (err) {
		policy_free(p);
		return NULL;
	}
	return p;
}

struct policy *policy_load_file(const char *path, bool must_exist, char **error)
{
	char *dir = paths_absolute(path);

	*strrchr(dir, '/') = '\0';
	*error = trust_dir(*dir ? dir : "/");
	free(dir);
	if (*error)
		return NULL;
	return load_file(path, must_exist, error);
}

/* ---- directories ---- */

static int is_policy(const struct dirent *entry)
{
	size_t n = strlen(entry->d_name);

	return entry->d_name[0] != '.' && n > 5 && str_equal(entry->d_name + n - 5, ".conf");
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int add_entries(struct policy *p, const char *dir, struct dirent **entries, int n, char **error)
{
	int err = 0;

	if (n > POLICY_FILES_MAX) {
		*error = mem_printf("policy %s: %d files, at most %d are taken", dir, n, POLICY_FILES_MAX);
		return -E2BIG;
	}
	for (int i = 0; i < n && !err; i++) {
		char *path = paths_join(dir, entries[i]->d_name);

		err = add_file(p, path, error);
		if (err == -ENOENT)
			*error = cannot_read(path, ENOENT);
		free(path);
	}
	return err;
}

/* All of them, or none: a policy that lacks a file is another policy. */
static int add_dir(struct policy *p, const char *dir, bool must_exist, char **error)
{
	struct dirent **entries;
	int n = scandir(dir, &entries, is_policy, by_name), err;

	if (n < 0 && errno == ENOENT && !must_exist)
		return 0;
	if (n < 0) {
		err = -errno;
		*error = cannot_read(dir, errno);
		return err;
	}
	err = add_entries(p, dir, entries, n, error);
	for (int i = 0; i < n; i++)
		free(entries[i]);
	free(entries);
	return err;
}

struct policy *policy_load_dir(const char *dir, bool must_exist, char **error)
{
	struct policy *p;

	*error = trust_dir(dir);
	if (*error)
		return NULL;
	p = policy_new(POLICY_MASTER);
	if (add_dir(p, dir, must_exist, error)) {
		policy_free(p);
		return NULL;
	}
	return p;
}
