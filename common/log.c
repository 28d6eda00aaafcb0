/*
 * log.c - writes the log lines of log.h.
 *
 * Owns the log file. Invariant: one line is one write(2), so programs that share a file do not mix
 * their lines. A line that cannot be written (full disk, nobody reads stderr) is lost and counted; the
 * count is reported by the next line that gets through.
 */
#include "common/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fd.h"
#include "common/mem.h"
#include "common/paths.h"
#include "common/str.h"

/* One page: a pipe that poll(2) calls writable takes that much without blocking. */
enum { LINE_MAX_BYTES = 4096 };

static const struct {
	const char *name;
	int priority;		/* of syslog(3), for the journal */
} levels[] = {
	[LOG_DEBUG] = { "debug", 7 },
	[LOG_INFO]  = { "info", 6 },
	[LOG_WARN]  = { "warn", 4 },
	[LOG_ERROR] = { "error", 3 },
};

static struct {
	const char *ident;
	enum log_level level;
	bool to_journal;	/* stderr is the journal's socket */
	char *path;		/* owned; NULL: stderr */
	int fd;			/* the open file; meaningful with path only */
	bool torn;		/* the last line was written in part: end it first */
	unsigned lost;		/* lines since the last one that got through */
	int lost_errno;
} out = { .ident = "sloth", .level = LOG_INFO };

/* $JOURNAL_STREAM is "device:inode" of the socket; stderr may have been redirected since. */
static bool is_journal(int fd)
{
	const char *text = getenv("JOURNAL_STREAM");
	unsigned long long dev, ino;
	struct stat st;

	return text && sscanf(text, "%llu:%llu", &dev, &ino) == 2 && fstat(fd, &st) == 0 &&
	       st.st_dev == dev && st.st_ino == ino;
}

void log_init(const char *ident, enum log_level level)
{
	out.ident = ident;
	out.level = level;
	out.to_journal = is_journal(STDERR_FILENO);
}

void log_set_level(enum log_level level)
{
	out.level = level;
}

int log_parse_level(const char *text, enum log_level *level)
{
	for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
		if (strcmp(text, levels[i].name) == 0) {
			*level = (enum log_level)i;
			return 0;
		}
	}
	return -EINVAL;
}

bool log_enabled(enum log_level level)
{
	return level >= out.level;
}

/* Non-blocking for the case that `path` is a FIFO. The fd or -errno. */
static int open_log(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0640);

	return fd < 0 ? -errno : fd;
}

int log_open_file(const char *path)
{
	char *absolute = paths_absolute(path);	/* a daemon changes its directory */
	int fd = open_log(absolute);

	if (fd < 0) {
		free(absolute);
		return fd;
	}
	if (out.path) {
		fd_close(&out.fd);
		free(out.path);
	}
	out.path = absolute;
	out.fd = fd;
	out.torn = false;
	return 0;
}

int log_reopen(void)
{
	return out.path ? log_open_file(out.path) : 0;
}

/* path.1 -> path.2, path -> path.1. 0 or -errno when `path` is still there. */
static int shift_files(void)
{
	int err = 0;

	for (int i = LOG_FILES - 1; i > 0; i--) {
		char *from = i > 1 ? mem_printf("%s.%d", out.path, i - 1) : mem_strdup(out.path);
		char *to = mem_printf("%s.%d", out.path, i);

		err = rename(from, to) < 0 ? -errno : 0;
		free(from);
		free(to);
	}
	return err;
}

/*
 * Asks the file for its size each time: others may write to it, truncate or move it. Whoever shares it
 * and finds it moved away only opens the next one. Where the directory does not allow renaming, the
 * file starts over, because the bound on its size comes first.
 */
static void rotate_when_full(size_t n)
{
	struct stat st, named;

	if (fstat(out.fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size + (off_t)n <= LOG_FILE_MAX)
		return;
	if (stat(out.path, &named) == 0 && named.st_dev == st.st_dev && named.st_ino == st.st_ino &&
	    shift_files() < 0) {
		if (ftruncate(out.fd, 0) < 0)
			out.lost_errno = errno;
		return;
	}
	log_reopen();	/* on error the old file goes on, and the next line tries again */
}

/* All of it or nothing, without blocking. 0 or -errno. */
static int put(const char *line, size_t n)
{
	struct pollfd pfd = { .fd = STDERR_FILENO, .events = POLLOUT };
	ssize_t done;
	int fd;

	if (out.path)
		rotate_when_full(n);
	else if (poll(&pfd, 1, 0) == 0)
		return -EAGAIN;
	fd = out.path ? out.fd : STDERR_FILENO;
	if (out.torn && write(fd, "\n", 1) < 0)
		return -errno;
	do
		done = write(fd, line, n);
	while (done < 0 && errno == EINTR);
	out.torn = done > 0 && (size_t)done < n;
	return done < 0 ? -errno : out.torn ? -ENOSPC : 0;
}

/* "TIME level ident: text\n", or "<6>text\n" for the journal, which knows the rest. */
static size_t format_line(char *line, enum log_level level, const char *text, size_t n_text)
{
	char now[WALL_TEXT_MAX];
	size_t n;

	if (out.to_journal && !out.path) {
		n = (size_t)snprintf(line, LINE_MAX_BYTES, "<%d>", levels[level].priority);
	} else {
		wall_format(wall_us(), now);
		n = (size_t)snprintf(line, LINE_MAX_BYTES, "%s %-5s %.64s: ", now, levels[level].name,
				     out.ident);
	}
	n += str_escape(line + n, LINE_MAX_BYTES - 1 - n, text, n_text, "");
	line[n] = '\n';
	return n + 1;
}

static void emit(enum log_level level, const char *text, size_t n_text)
{
	char line[LINE_MAX_BYTES];
	size_t n = format_line(line, level, text, n_text);
	int err = put(line, n);

	if (err) {
		out.lost++;
		out.lost_errno = -err;
	}
}

static void report_lost(void)
{
	char text[128];
	unsigned lost = out.lost;
	int n = snprintf(text, sizeof text, "log: lines lost: %u (%s)", lost, strerror(out.lost_errno));

	out.lost = 0;
	emit(LOG_WARN, text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1);
	if (out.lost)
		out.lost = lost;	/* not through yet; this line is not one of those lost */
}

void log_write(enum log_level level, const char *fmt, ...)
{
	char text[LINE_MAX_BYTES];
	int saved = errno;
	va_list ap;
	int n;

	if (!log_enabled(level))
		return;
	if (out.lost)
		report_lost();
	errno = saved;		/* for %m */
	va_start(ap, fmt);
	n = vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (n >= 0)
		emit(level, text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1);
	errno = saved;
}
