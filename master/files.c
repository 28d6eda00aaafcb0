/*
 * files.c - see files.h.
 *
 * No path of a peer is ever joined to another one: it is compared with those above, or taken apart into names that are
 * opened one below the other. A name has no '/', begins with no '.', and is no symbolic link. What is not a regular
 * file, what everybody could have written and what not everybody on this machine may read is not given away: so a
 * --dist-dir that leads to the wrong place gives away little.
 *
 * A file that several read at the same time is open once, so that a thousand downloads need no descriptors but those of
 * their connections. What has been replaced meanwhile is read to its end by those who have begun it.
 */
#include "master/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/exits.h"
#include "common/fd.h"
#include "common/list.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/str.h"
#include "common/trust.h"
#include "master/ca.h"
#include "master/master.h"
#include "master/options.h"
#include "master/secure.h"
#include "wire/files.h"
#include "wire/guard.h"

enum { CA_MAX = 64 * 1024, LINES_BURST = 5, LINES_PER_S = 1 };

static const char text_type[] = "text/plain; charset=utf-8";

struct files {
	char *dir;			/* NULL: none */
	struct buf ca;			/* PEM */
	struct list open;		/* struct open_file */
	struct guard_bucket lines;	/* in the log, about what is there and not served */
};

struct open_file {
	struct list link;
	int fd;
	struct stat st;			/* when it was opened */
	unsigned readers;
};

/* ---- what is in memory ---- */

static ssize_t read_memory(void *body, uint64_t offset, void *to, size_t n)
{
	memcpy(to, (const char *)body + offset, n);
	return (ssize_t)n;
}

static int give_memory(const void *data, size_t n, const char *type, struct wire_file *file)
{
	*file = (struct wire_file){ .type = type, .size = n, .read = read_memory, .body = (void *)(uintptr_t)data };
	return 0;
}

/* ---- what is on disk ---- */

static ssize_t read_file(void *body, uint64_t offset, void *to, size_t n)
{
	const struct open_file *f = body;
	ssize_t got = pread(f->fd, to, n, (off_t)offset);

	return got < 0 ? -errno : got;
}

static void done_file(void *body)
{
	struct open_file *f = body;

	if (--f->readers)
		return;
	list_remove(&f->link);
	fd_close(&f->fd);
	free(f);
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* The file that is open already, or this one. Takes over fd. */
static struct open_file *share(struct files *files, int fd, const struct stat *st)
{
	struct open_file *f;

	list_for_each(pos, tmp, &files->open) {
		f = list_entry(pos, struct open_file, link);
		if (is_same(&f->st, st)) {
			fd_close(&fd);
			f->readers++;
			return f;
		}
	}
	f = mem_new(struct open_file);
	f->fd = fd;
	f->st = *st;
	f->readers = 1;
	list_push(&files->open, &f->link);
	return f;
}

/* Why a file that is there is not for everybody; NULL: it is. */
static const char *why_not(const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		return "it is no regular file";
	if (st->st_mode & S_IWOTH)
		return "everybody can write to it";
	return st->st_mode & S_IROTH ? NULL : "not everybody on this machine may read it (chmod a+r)";
}

/* What is missing is nothing to tell of. */
static int refuse(struct files *files, const char *arch, const char *name, int error, const char *why)
{
	bool is_missing = error == ENOENT || error == ENOTDIR;

	if (!is_missing && guard_bucket_take(&files->lines, mono_ms()))
		log_warn("%s/%s%s%s is not served: %s", files->dir, arch ? arch : "", arch ? "/" : "", name,
			 why ? why : error == ELOOP ? "it is a symbolic link" : strerror(error));
	return is_missing || why || error == ELOOP ? -ENOENT : -error;
}

/* The name in the directory, or in the one of `arch` there. A descriptor, or -1 and errno. */
static int open_below(const char *dir, const char *arch, const char *name)
{
	int at = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC), below, fd;

	if (at >= 0 && arch) {
		below = openat(at, arch, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		fd_close(&at);
		at = below;
	}
	if (at < 0)
		return -1;
	fd = openat(at, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	fd_close(&at);
	return fd;
}

static int give_file(struct files *files, const char *arch, const char *name, const char *type, struct wire_file *file)
{
	struct stat st;
	const char *why;
	int fd;

	if (!files->dir)
		return -ENOENT;
	fd = open_below(files->dir, arch, name);
	if (fd < 0)
		return refuse(files, arch, name, errno, NULL);
	why = fstat(fd, &st) ? "it cannot be looked at" : why_not(&st);
	if (why) {
		fd_close(&fd);
		return refuse(files, arch, name, EACCES, why);
	}
	*file = (struct wire_file){
		.type = type, .size = (uint64_t)st.st_size, .read = read_file, .done = done_file, .body = share(files, fd, &st),
	};
	return 0;
}

/* ---- paths ---- */

static bool is_name(const char *name)
{
	return str_is_name(name) && *name != '.';
}

/* "ARCH/NAME" */
static int give_of_arch(struct files *files, const char *rest, struct wire_file *file)
{
	const char *slash = strchr(rest, '/');
	char *arch;
	int rv = -ENOENT;

	if (!slash)
		return rv;
	arch = mem_strndup(rest, (size_t)(slash - rest));
	if (is_name(arch) && is_name(slash + 1))
		rv = give_file(files, arch, slash + 1, "application/octet-stream", file);
	free(arch);
	return rv;
}

static int find(const struct wire_peer *peer, const char *path, struct wire_file *file, void *arg)
{
	static const char dist[] = "/dist/";
	struct master *m = arg;
	struct files *files = m->files;

	log_debug("file %s for %s", str_quote(path), peer->address);
	if (!strcmp(path, "/ca.crt"))
		return give_memory(buf_data(&files->ca), buf_len(&files->ca), "application/x-pem-file", file);
	if (!strcmp(path, "/healthz"))
		return m->is_stopping ? -ESHUTDOWN : give_memory("ok\n", 3, text_type, file);
	if (!strcmp(path, "/bootstrap.sh"))
		return give_file(files, NULL, path + 1, "text/x-shellscript; charset=utf-8", file);
	if (!strcmp(path, "/dist/SHA256SUMS"))
		return give_file(files, NULL, "SHA256SUMS", text_type, file);
	return str_has_prefix(path, dist) ? give_of_arch(files, path + sizeof dist - 1, file) : -ENOENT;
}

/* ---- start and end ---- */

/*
 * Who was told of a directory that is not there, or is not only ours, does not start; one that nobody named is left
 * alone. Whoever could write there would be root on the next machines that become agents.
 */
static int take_dir(struct files *files, const struct options *o, char **error)
{
	struct stat st;
	char *why;

	if (!o->own_dist_dir)
		return EXIT_OK;
	why = trust_dir(o->own_dist_dir);
	if (!why && o->dist_dir && stat(o->own_dist_dir, &st))
		why = mem_printf("dist-dir %s: %s", o->own_dist_dir, strerror(errno));
	else if (!why && o->dist_dir && !S_ISDIR(st.st_mode))
		why = mem_printf("dist-dir %s: not a directory", o->own_dist_dir);
	if (!why) {
		files->dir = mem_strdup(o->own_dist_dir);
		return EXIT_OK;
	}
	if (o->dist_dir) {
		*error = why;
		return EXIT_CONFIG;
	}
	log_warn("agents cannot be installed from here: %s", why);
	free(why);
	return EXIT_OK;
}

int files_serve(struct master *m, const struct options *o, char **error)
{
	const char *ca = ca_cert_file(secure_ca(m));
	struct files *files = mem_new(struct files);
	int err, status;

	m->files = files;
	list_init(&files->open);
	guard_bucket_init(&files->lines, LINES_BURST, LINES_PER_S, mono_ms());
	status = take_dir(files, o, error);
	if (status != EXIT_OK)
		return status;
	err = fd_read_file(ca, CA_MAX, &files->ca);
	if (err) {
		*error = mem_printf("%s: cannot be read: %s", ca, strerror(-err));
		return EXIT_CONFIG;
	}
	wire_serve_files(m->wire, find, m);
	return EXIT_OK;
}

const char *files_dir(const struct master *m)
{
	return m->files ? m->files->dir : NULL;
}

void files_free(struct master *m)
{
	struct files *files = m->files;

	if (!files)
		return;
	buf_done(&files->ca);
	free(files->dir);
	free(files);
	m->files = NULL;
}
