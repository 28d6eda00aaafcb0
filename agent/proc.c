/*
 * proc.c - the only place that starts processes.
 *
 * vfork: the child borrows our memory until it executes the program, so a start costs the same whatever
 * the agent's size, and the agent stands still meanwhile. A working directory on a dead network file
 * system therefore stops the agent as long as chdir(2) hangs. Between vfork and exec the child makes
 * system calls only, on memory that was prepared for it, with all signals blocked: no malloc, no stdio,
 * no library call that may take a lock. It reports a failure through a shared page, which also works
 * where vfork is a fork (emulators).
 */
#include "agent/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/mem.h"

enum { CHILD_FILES_SOFT = 1024, SCRIPT_FD = 3 };

struct proc_host {
	struct proc_failure *report;	/* shared page, written by the child */
	struct rlimit files;		/* the child's */
	bool has_oom_score;		/* ours is not 0: the child puts its own back */
	int null_fd;
};

static bool read_oom_score(void)
{
	struct buf text = { 0 };
	bool is_set;

	fd_read_file("/proc/self/oom_score_adj", 64, &text);
	is_set = buf_len(&text) > 0 && buf_data(&text)[0] != '0';
	buf_done(&text);
	return is_set;
}

struct proc_host *proc_host_new(void)
{
	struct proc_host *h = mem_new(struct proc_host);

	h->report = mmap(NULL, sizeof *h->report, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (h->report == MAP_FAILED)
		h->report = NULL;
	getrlimit(RLIMIT_NOFILE, &h->files);
	h->files.rlim_cur = h->files.rlim_max < CHILD_FILES_SOFT ? h->files.rlim_max : CHILD_FILES_SOFT;
	h->has_oom_score = read_oom_score();
	h->null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	return h;
}

void proc_host_free(struct proc_host *h)
{
	if (!h)
		return;
	if (h->report)
		munmap(h->report, sizeof *h->report);
	fd_close(&h->null_fd);
	free(h);
}

int proc_host_null(const struct proc_host *h)
{
	return h->null_fd;
}

void proc_reset_signals(void)
{
	/* A zeroed struct sigaction of the kernel: the C library keeps signals 32 and 33 to itself. */
	static const unsigned long by_default[8];
	sigset_t none;

	for (int i = 1; i < NSIG; i++)
		syscall(SYS_rt_sigaction, i, by_default, NULL, NSIG / 8);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* ---- in the child: system calls only ---- */

/* What the agent ignores or handles. A handler that ran here would write to the agent's memory. */
static int child_signals(void)
{
	static const int changed[] = { SIGPIPE, SIGTERM, SIGINT, SIGHUP };
	struct sigaction dfl = { .sa_handler = SIG_DFL };

	for (size_t i = 0; i < sizeof changed / sizeof *changed; i++)
		if (sigaction(changed[i], &dfl, NULL))
			return -1;
	return 0;
}

static int child_fds(const struct proc_spec *spec)
{
	unsigned first = 3;

	for (int i = 0; i < 3; i++)
		if (dup2(spec->fds[i], i) < 0)
			return -1;
	if (spec->script >= 0) {
		first = SCRIPT_FD + 1;
		if (spec->script == SCRIPT_FD ? fcntl(SCRIPT_FD, F_SETFD, 0) : dup2(spec->script, SCRIPT_FD) < 0)
			return -1;
	}
	/* Everything of ours is close-on-exec; this is for what a library opened otherwise. */
	if (syscall(SYS_close_range, first, ~0U, 0) && errno != ENOSYS)
		return -1;
	return 0;
}

static void child_oom_score(void)
{
	int fd;

	/* The agent's memory, which is not to be dumped (daemon.h), is still ours, and its files in /proc are root's. */
	prctl(PR_SET_DUMPABLE, 1);
	fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	prctl(PR_SET_DUMPABLE, 0);
	if (fd >= 0) {
		(void)!write(fd, "0", 1);
		close(fd);
	}
}

/* Raw system calls: the C library's would tell other threads, and there are none. */
static bool child_user(const struct user *u, enum proc_step *step)
{
	*step = PROC_GROUPS;
	if (syscall(SYS_setgroups, u->n_groups, u->groups) || syscall(SYS_setresgid, u->gid, u->gid, u->gid))
		return false;
	*step = PROC_USER;
	if (syscall(SYS_setresuid, u->uid, u->uid, u->uid))
		return false;
	*step = PROC_REGAIN;
	errno = EPERM;
	return u->uid == 0 || syscall(SYS_setuid, 0) != 0;
}

static bool child_prepare(const struct proc_host *h, const struct proc_spec *spec, enum proc_step *step)
{
	*step = PROC_SETUP;
	if (setsid() < 0 || child_signals() || child_fds(spec) || setrlimit(RLIMIT_NOFILE, &h->files))
		return false;
	umask(022);
	if (h->has_oom_score)
		child_oom_score();
	if (!spec->user->is_own && !child_user(spec->user, step))
		return false;
	*step = PROC_CWD;
	return chdir(spec->cwd) == 0 || (spec->cwd_may_fail && chdir("/") == 0);
}

/* As execvp(3) searches: on to the next where there is none, and what is not allowed is remembered. */
static int child_exec(const struct proc_spec *spec)
{
	int error = ENOENT;

	for (const char *const *path = spec->paths; *path; path++) {
		execve(*path, spec->argv, spec->env);
		if (errno == EACCES)
			error = EACCES;
		else if (errno != ENOENT && errno != ENOTDIR)
			return errno;
	}
	return error;
}

static void __attribute__((noreturn)) child_main(const struct proc_host *h, const struct proc_spec *spec)
{
	struct proc_failure *report = h->report;
	enum proc_step step;
	sigset_t none;

	if (child_prepare(h, spec, &step)) {
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		step = PROC_EXEC;
		errno = child_exec(spec);
	}
	report->error = errno;
	report->step = step;
	_exit(127);
}

/* ---- in the agent ---- */

/* Nothing here lives across vfork but its arguments. */
static pid_t __attribute__((noinline)) start_child(const struct proc_host *h, const struct proc_spec *spec)
{
	pid_t pid = vfork();

	if (pid == 0)
		child_main(h, spec);
	return pid;
}

static pid_t start_blocked(const struct proc_host *h, const struct proc_spec *spec)
{
	sigset_t all, before;
	int error;
	pid_t pid;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid = start_child(h, spec);
	error = errno;
	sigprocmask(SIG_SETMASK, &before, NULL);
	errno = error;
	return pid;
}

static int fail(struct proc_failure *failure, enum proc_step step, int error)
{
	*failure = (struct proc_failure){ step, error };
	return -1;
}

int proc_spawn(struct proc_host *h, const struct proc_spec *spec, struct proc *out, struct proc_failure *failure)
{
	struct proc p;

	if (!h->report)
		return fail(failure, PROC_SPAWN, ENOMEM);
	h->report->error = 0;
	p.pid = start_blocked(h, spec);
	if (p.pid < 0)
		return fail(failure, PROC_SPAWN, errno);
	if (h->report->error) {
		*failure = *h->report;
		waitpid(p.pid, NULL, 0);
		return -1;
	}
	p.pidfd = (int)syscall(SYS_pidfd_open, p.pid, 0);
	if (p.pidfd < 0) {
		fail(failure, PROC_SPAWN, errno);
		kill(-p.pid, SIGKILL);
		waitpid(p.pid, NULL, 0);
		return -1;
	}
	*out = p;
	return 0;
}

bool proc_has_ended(const struct proc *p, struct proc_status *status)
{
	siginfo_t info = { 0 };

	if (waitid(P_PIDFD, (id_t)p->pidfd, &info, WEXITED | WNOHANG | WNOWAIT) || info.si_pid == 0)
		return false;
	*status = (struct proc_status){ 0 };
	if (info.si_code == CLD_EXITED)
		status->code = info.si_status;
	else
		status->signal = info.si_status;
	return true;
}

int proc_signal(const struct proc *p, int number)
{
	return kill(-p->pid, number) ? -errno : 0;
}

void proc_done(struct proc *p)
{
	siginfo_t info;

	waitid(P_PIDFD, (id_t)p->pidfd, &info, WEXITED | WNOHANG);
	fd_close(&p->pidfd);
	p->pid = 0;
}
