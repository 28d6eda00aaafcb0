#include "test/lib/tender.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fd.h"
#include "common/str.h"

static char run_id_env[sizeof "SLOTH_RUN_ID=" + 32];
static char *const env[] = { (char[]){ "PATH=/usr/bin:/bin" }, run_id_env, NULL };

const char *tender_run_id(void)
{
	static char hex[33];

	snprintf(hex, sizeof hex, "%032x", (unsigned)getpid());
	return hex;
}

const char *tender_program(void)
{
	static char path[1024];
	const char *build = getenv("SLOTH_BUILD");
	ssize_t n;

	if (build) {
		snprintf(path, sizeof path, "%s/libexec/sloth/sloth-supervise", build);
		return path;
	}
	n = readlink("/proc/self/exe", path, sizeof path / 2);
	ck_assert_int_gt(n, 0);
	path[n] = '\0';
	for (int i = 0; i < 3; i++)		/* BUILD/test/unit/test_x */
		*strrchr(path, '/') = '\0';
	strcat(path, "/libexec/sloth/sloth-supervise");
	return path;
}

static void start(struct tender *t, int theirs, int runs)
{
	const char *program = tender_program();		/* an assertion in the child would write to descriptor 3 */

	t->pid = fork();
	ck_assert_int_ge(t->pid, 0);
	if (t->pid)
		return;
	theirs = fcntl(theirs, F_DUPFD, 10);
	runs = fcntl(runs, F_DUPFD, 10);
	dup2(theirs, SUP_CONTROL_FD);
	dup2(runs, SUP_RUNS_FD);
	syscall(SYS_close_range, 5, ~0U, 0);
	execl(program, "sloth-supervise", NULL);
	_exit(127);
}

void tender_open(struct tender *t)
{
	int ends[2], runs;

	memset(t, 0, sizeof *t);
	t->spool = -1;
	tmp_make_dir(t->dir);
	runs = open(t->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	start(t, ends[1], runs);
	close(ends[1]);
	close(runs);
	t->fd = ends[0];
	tender_wait(t, SUP_IDLE);
	ck_assert_uint_lt(t->n, sizeof t->idle);
	memcpy(t->idle, t->data, t->n);
}

static void forget_spool(struct tender *t)
{
	if (t->head)
		munmap(t->head, SUP_SPOOL_HEAD);
	t->head = NULL;
	fd_close(&t->spool);
	buf_done(&t->out[0]);
	buf_done(&t->out[1]);
}

void tender_close(struct tender *t)
{
	forget_spool(t);
	fd_close(&t->fd);
	if (t->pid)
		ck_assert_int_eq(tender_wait_exit(t), 0);
	ck_assert_int_eq(rmdir(t->dir), 0);
}

int tender_wait_exit(struct tender *t)
{
	int pidfd = (int)syscall(SYS_pidfd_open, t->pid, 0), status;
	struct pollfd p = { .fd = pidfd, .events = POLLIN };

	ck_assert_int_eq(poll(&p, 1, TENDER_WAIT_MS), 1);
	close(pidfd);
	ck_assert_int_eq(waitpid(t->pid, &status, 0), t->pid);
	t->pid = 0;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

void tender_shell(struct tender *t, const char *script)
{
	t->paths[0] = "/bin/sh";
	t->argv[0] = (char *)(uintptr_t)"sh";
	t->argv[1] = (char *)(uintptr_t)"-c";
	t->argv[2] = (char *)(uintptr_t)script;
	t->spec = (struct spec){ .paths = t->paths, .argv = t->argv, .env = (char **)(uintptr_t)env, .cwd = "/",
				 .is_own_user = true };
	snprintf(run_id_env, sizeof run_id_env, "SLOTH_RUN_ID=%s", tender_run_id());
	ck_assert_int_eq(str_unhex(tender_run_id(), t->spec.id, sizeof t->spec.id), 0);
}

void tender_go(struct tender *t)
{
	char path[2 * TMP_DIR_MAX + 64];
	struct buf file = { 0 };

	snprintf(path, sizeof path, "%s/%s/spec", t->dir, t->idle);
	spec_pack(&t->spec, &file);
	ck_assert_int_eq(fd_write_file(path, buf_data(&file), buf_len(&file), 0600), 0);
	buf_done(&file);
	snprintf(path, sizeof path, "%s/%s", t->dir, t->idle);
	snprintf(t->home, sizeof t->home, "%s/%s", t->dir, tender_run_id());
	ck_assert_int_eq(rename(path, t->home), 0);
	tender_send(t, SUP_GO, 0, NULL, 0);
}

void tender_run(struct tender *t, const char *script)
{
	tender_shell(t, script);
	tender_go(t);
}

void tender_send(struct tender *t, enum sup_type type, uint64_t value, const void *data, size_t n)
{
	struct sup_packet head = { .type = type, .length = (uint32_t)n, .value = value };
	struct iovec parts[] = { { &head, sizeof head }, { (void *)(uintptr_t)data, n } };
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };

	ck_assert_int_eq(sendmsg(t->fd, &message, MSG_NOSIGNAL), (ssize_t)(sizeof head + n));
}

uint32_t tender_next(struct tender *t)
{
	struct pollfd p = { .fd = t->fd, .events = POLLIN };
	struct sup_packet head;
	struct iovec parts[] = { { &head, sizeof head }, { t->data, sizeof t->data } };
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };
	ssize_t n;

	ck_assert_int_eq(poll(&p, 1, TENDER_WAIT_MS), 1);
	n = recvmsg(t->fd, &message, 0);
	if (n <= 0)
		return t->type = 0;
	ck_assert_uint_eq((size_t)n, sizeof head + head.length);
	t->type = head.type;
	t->value = head.value;
	t->n = head.length;
	if (t->type == SUP_ENDED) {
		memcpy(&t->status, t->data, sizeof t->status);
		memcpy(t->reason, t->data + sizeof t->status, t->status.reason_length);
		t->reason[t->status.reason_length] = '\0';
	}
	return t->type;
}

void tender_wait(struct tender *t, enum sup_type type)
{
	while (tender_next(t) != type)
		ck_assert_msg(t->type != 0, "the supervisor has gone before packet %d", (int)type);
}

void tender_expect(struct tender *t, enum sup_end end, int code)
{
	tender_wait(t, SUP_ENDED);
	ck_assert_uint_eq(t->status.magic, SUP_STATUS_MAGIC);
	ck_assert_msg(t->status.end == end && t->status.code == code, "end %u code %d: %s", t->status.end,
		      t->status.code, t->reason);
}

void tender_release(struct tender *t)
{
	char path[2 * TMP_DIR_MAX + 64];

	forget_spool(t);
	t->read_to = 0;
	snprintf(path, sizeof path, "%s/%s", t->dir, t->idle);
	ck_assert_int_eq(rename(t->home, path), 0);
	tender_send(t, SUP_RELEASE, 0, NULL, 0);
}

static void open_spool(struct tender *t)
{
	t->spool = open(tender_path(t, "out"), O_RDWR | O_CLOEXEC);
	ck_assert_int_ge(t->spool, 0);
	t->head = mmap(NULL, SUP_SPOOL_HEAD, PROT_READ | PROT_WRITE, MAP_SHARED, t->spool, 0);
	ck_assert_ptr_ne(t->head, MAP_FAILED);
	ck_assert_uint_eq(t->head->magic, SUP_SPOOL_MAGIC);
	t->read_to = t->head->base;
}

void tender_read(struct tender *t)
{
	if (!t->head)
		open_spool(t);
	if (t->read_to < t->head->base)
		t->read_to = t->head->base;
	while (t->read_to < t->head->end) {
		struct sup_record r;

		ck_assert_int_eq(pread(t->spool, &r, sizeof r, (off_t)t->read_to), sizeof r);
		ck_assert_uint_ge(r.length, 1);
		ck_assert_uint_le(r.length, SUP_DATA_MAX);
		ck_assert_int_eq(pread(t->spool, buf_reserve(&t->out[r.stream], r.length), r.length,
				       (off_t)(t->read_to + sizeof r)), (ssize_t)r.length);
		buf_commit(&t->out[r.stream], r.length);
		t->read_to += sizeof r + r.length;
	}
}

static bool ends_with(struct buf *b, const char *text)
{
	size_t n = strlen(text);

	return buf_len(b) >= n && memcmp(buf_data(b) + buf_len(b) - n, text, n) == 0;
}

void tender_await(struct tender *t, const char *text)
{
	for (tender_read(t); !ends_with(&t->out[0], text); tender_read(t)) {
		t->head->wants = 1;
		if (t->head->end == t->read_to)
			tender_wait(t, SUP_GREW);
	}
}

const char *tender_output(struct tender *t, int stream)
{
	tender_read(t);
	return buf_string(&t->out[stream]);
}

void tender_hang_up(struct tender *t)
{
	fd_close(&t->fd);
}

void tender_call_again(struct tender *t, struct sup_state *state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	fd_close(&t->fd);
	snprintf(address.sun_path, sizeof address.sun_path, "%.90s/sock", t->home);
	/* The path of a run's directory is short enough in a test. */
	t->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(connect(t->fd, (struct sockaddr *)&address, sizeof address), 0);
	ck_assert_uint_eq(tender_next(t), SUP_STATE);
	ck_assert_uint_eq(t->n, sizeof *state);
	memcpy(state, t->data, sizeof *state);
}

const char *tender_path(const struct tender *t, const char *name)
{
	static char path[sizeof t->home + 64];

	snprintf(path, sizeof path, "%s/%s", t->home, name);
	return path;
}

bool tender_has(const struct tender *t, const char *name)
{
	return access(tender_path(t, name), F_OK) == 0;
}

void tender_clear(struct tender *t)
{
	static const char *const names[] = { "spec", "pid", "status", "out", "sock", "lock" };

	forget_spool(t);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		unlink(tender_path(t, names[i]));
	ck_assert_int_eq(rmdir(t->home), 0);
}

const char *tender_cgroup(void)
{
	static const char *const places[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };
	static char path[100];

	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof path, "%s/sloth-test-%d", places[i], (int)getpid());
		if (mkdir(path, 0755))
			continue;
		strcat(path, "/cgroup.procs");
		if (access(path, W_OK) == 0) {
			*strrchr(path, '/') = '\0';
			return path;
		}
		*strrchr(path, '/') = '\0';
		rmdir(path);
	}
	printf("no cgroup v2 is writable here: containment by cgroup is not tested\n");
	return NULL;
}

bool process_lives(pid_t pid)
{
	char path[40], state = 'Z';
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	f = fopen(path, "re");
	if (!f)
		return false;
	if (fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
		state = 'Z';
	fclose(f);
	return state != 'Z' && state != 'X';
}

void await_death(pid_t pid)
{
	uint64_t end = mono_ms() + TENDER_WAIT_MS;

	while (process_lives(pid)) {
		ck_assert_msg(mono_ms() < end, "process %d is still there", (int)pid);
		poll(NULL, 0, 5);
	}
}

static unsigned count_lines(struct buf *b)
{
	unsigned n = 0;

	for (size_t i = 0; i < buf_len(b); i++)
		n += buf_data(b)[i] == '\n';
	return n;
}

void tender_await_lines(struct tender *t, unsigned n)
{
	for (tender_read(t); count_lines(&t->out[0]) < n; tender_read(t)) {
		t->head->wants = 1;
		if (t->head->end == t->read_to)
			tender_wait(t, SUP_GREW);
	}
}
