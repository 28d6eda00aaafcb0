/*
 * context.c - see context.h. A login is one flat directory: it appears and is replaced by one rename, and what has a
 * name with a dot in front is none.
 */
#include "cli/context.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/fd.h"
#include "common/mem.h"
#include "common/paths.h"

enum { FILE_MAX_BYTES = 4096 };

const char context_name_rule[] = "1 to 64 letters, digits, '.', '_' or '-', a letter, digit or '_' first";

bool context_is_name(const char *name)
{
	return str_is_name(name) && name[0] != '.' && name[0] != '-';
}

static char *contexts_dir(const char *root)
{
	return paths_join(root, "contexts");
}

static char *inside(const char *root, const char *before, const char *name, const char *behind)
{
	char *all = contexts_dir(root), *path = mem_printf("%s/%s%s%s", all, before, name, behind);

	free(all);
	return path;
}

char *context_dir(const char *root, const char *name)
{
	return inside(root, "", name, "");
}

char *context_staging_dir(const char *root, const char *name)
{
	return inside(root, ".", name, ".new");
}

static int fail(const char *path, int err, char **error)
{
	*error = mem_printf("%s: %s", path, strerror(-err));
	return err;
}

static int unknown(const char *name, char **error)
{
	*error = mem_printf("there is no context %s", str_quote(name));
	return -ENOENT;
}

/* ---- files of one line ---- */

static int read_line(const char *path, size_t cap, char *out, char **error)
{
	struct buf text = { 0 };
	int err = fd_read_file(path, FILE_MAX_BYTES, &text);
	size_t n = err ? 0 : strcspn(buf_string(&text), "\n");

	if (err)
		fail(path, err, error);
	else if (n >= cap)
		err = fail(path, -ENAMETOOLONG, error);
	else
		snprintf(out, cap, "%.*s", (int)n, buf_string(&text));
	buf_done(&text);
	return err;
}

static int write_line(const char *path, const char *text, char **error)
{
	char *line = mem_printf("%s\n", text);
	int err = fd_write_file(path, line, strlen(line), 0600);

	if (err)
		fail(path, err, error);
	free(line);
	return err;
}

/* ---- the address ---- */

static int parse_address(const char *path, char text[WIRE_ADDR_MAX], char **error)
{
	struct wire_addr addr;
	const char *why = "port is not in 1..65535";

	if (wire_addr_parse(text, CONTEXT_PORT, &addr, &why) || addr.is_unix || !addr.port) {
		*error = mem_printf("%s: %s is no address of a master: %s", path, str_quote(text), why);
		return -EINVAL;
	}
	wire_addr_format(&addr, text);
	return 0;
}

int context_read_address(const char *root, const char *name, char out[WIRE_ADDR_MAX], char **error)
{
	char *dir, *path;
	int err;

	if (!context_is_name(name))
		return unknown(name, error);
	dir = context_dir(root, name);
	path = paths_join(dir, "address");
	if (access(dir, F_OK) && errno == ENOENT)
		err = unknown(name, error);
	else
		err = read_line(path, WIRE_ADDR_MAX, out, error);
	if (!err)
		err = parse_address(path, out, error);
	free(path);
	free(dir);
	return err;
}

int context_write_address(const char *dir, const char *address, char **error)
{
	char *path = paths_join(dir, "address");
	int err = write_line(path, address, error);

	free(path);
	return err;
}

/* ---- the one in use ---- */

int context_read_current(const char *root, char out[CONTEXT_NAME_MAX + 1], char **error)
{
	char *path = paths_join(root, "context");
	int err = read_line(path, CONTEXT_NAME_MAX + 1, out, error);

	if (!err && !context_is_name(out)) {
		*error = mem_printf("%s: %s is not a context's name: %s", path, str_quote(out), context_name_rule);
		err = -EINVAL;
	}
	free(path);
	return err;
}

int context_write_current(const char *root, const char *name, char **error)
{
	char *path = paths_join(root, "context");
	int err = 0;

	if (name)
		err = write_line(path, name, error);
	else if (unlink(path) && errno != ENOENT)
		err = fail(path, -errno, error);
	free(path);
	return err;
}

static bool is_current(const char *root, const char *name)
{
	char current[CONTEXT_NAME_MAX + 1], *ignored = NULL;
	bool is = !context_read_current(root, current, &ignored) && str_equal(current, name);

	free(ignored);
	return is;
}

/* ---- all of them ---- */

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int context_list_read(const char *root, struct context_list *out, char **error)
{
	char *path = contexts_dir(root);
	DIR *dir = opendir(path);
	int err = dir || errno == ENOENT ? 0 : fail(path, -errno, error);

	*out = (struct context_list){ 0 };
	for (const struct dirent *e = dir ? readdir(dir) : NULL; e; e = readdir(dir)) {
		if (!context_is_name(e->d_name))
			continue;
		out->names = mem_realloc(out->names, (out->n + 1) * sizeof *out->names);
		out->names[out->n++] = mem_strdup(e->d_name);
	}
	if (dir)
		closedir(dir);
	if (out->n)
		qsort(out->names, out->n, sizeof *out->names, by_name);
	free(path);
	return err;
}

void context_list_done(struct context_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->names[i]);
	free(list->names);
	*list = (struct context_list){ 0 };
}

static bool is_at(const char *root, const char *name, const char *address)
{
	char own[WIRE_ADDR_MAX], *ignored = NULL;
	bool is = !context_read_address(root, name, own, &ignored) && !strcasecmp(own, address);

	free(ignored);
	return is;
}

int context_find(const char *root, const char *address, char out[CONTEXT_NAME_MAX + 1], char **error)
{
	struct context_list list;
	const char *found = NULL;
	int err = context_list_read(root, &list, error);

	for (size_t i = 0; i < list.n; i++) {
		if (is_at(root, list.names[i], address) && (!found || is_current(root, list.names[i])))
			found = list.names[i];
	}
	if (found)
		snprintf(out, CONTEXT_NAME_MAX + 1, "%s", found);
	context_list_done(&list);
	if (err || found)
		return err;
	*error = mem_printf("no context is of the master at %s", address);
	return -ENOENT;
}

/* ---- making and removing ---- */

/* The files of a directory, and it. */
static int remove_flat(const char *path)
{
	DIR *dir = opendir(path);
	int err = 0;

	if (!dir)
		return -errno;
	for (const struct dirent *e = readdir(dir); e; e = readdir(dir)) {
		if (!str_equal(e->d_name, ".") && !str_equal(e->d_name, "..") && unlinkat(dirfd(dir), e->d_name, 0))
			err = -errno;
	}
	closedir(dir);
	return err ? err : rmdir(path) ? -errno : 0;
}

void context_remove_staged(const char *root, const char *name)
{
	char *path = context_staging_dir(root, name);

	(void)remove_flat(path);
	free(path);
}

static int sync_dir(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), err;

	if (fd < 0)
		return -errno;
	err = fsync(fd) ? -errno : 0;
	fd_close(&fd);
	return err;
}

/* Where it cannot exchange, there is a moment without either. */
static int replace_dir(const char *from, const char *to)
{
	if (rename(from, to) == 0)
		return 0;
	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_EXCHANGE) == 0)
		return remove_flat(from);
	if (errno == EINVAL && remove_flat(to) == 0 && rename(from, to) == 0)
		return 0;
	return -errno;
}

int context_publish(const char *root, const char *name, char **error)
{
	char *from = context_staging_dir(root, name), *to = context_dir(root, name), *all = contexts_dir(root);
	int err = sync_dir(from);

	if (!err)
		err = replace_dir(from, to);
	if (!err)
		err = sync_dir(all);
	if (err)
		fail(to, err, error);
	free(from);
	free(to);
	free(all);
	return err;
}

int context_remove(const char *root, const char *name, char **error)
{
	char *path;
	int err;

	if (!context_is_name(name))
		return unknown(name, error);
	path = context_dir(root, name);
	err = access(path, F_OK) && errno == ENOENT ? unknown(name, error) : 0;
	if (!err && is_current(root, name))
		err = context_write_current(root, NULL, error);
	if (!err) {
		err = remove_flat(path);
		if (err)
			fail(path, err, error);
	}
	free(path);
	return err;
}
