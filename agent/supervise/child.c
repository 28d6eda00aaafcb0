/*
 * child.c - starts the process of a run.
 *
 * vfork: the child borrows our memory until it executes the program. Between vfork and exec it makes system
 * calls only, on memory that was prepared for it, with all signals blocked: no malloc, no stdio, no library
 * call that may take a lock. It reports through a shared page, which also works where vfork is a fork (emulators).
 * Where the run has a cgroup the child is a fork that is born in it: to move a process there costs milliseconds.
 * A working directory on a dead network file system stops this supervisor and nobody else.
 */
#include "agent/supervise/child.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/fd.h"

enum { CHILD_FILES_SOFT = 1024, SCRIPT_FD = 3 };

/* The shared page, written by the child. */
struct report {
	struct child_failure failure;
	bool is_outside;
};

static struct report *report;
static struct rlimit files;		/* the child's */
static bool has_oom_score;		/* ours is not 0: the child puts its own back */
static int own_nice;

/* What a supervisor ignores. It ends when its run has ended, not when somebody ends the agent's session or service. */
static const int ignored[] = {
	SIGPIPE, SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGXFSZ, SIGUSR1, SIGUSR2, SIGALRM, SIGTSTP, SIGTTIN, SIGTTOU,
};

static bool read_oom_score(void)
{
	char c = '0';
	int fd = open("/proc/self/oom_score_adj", O_RDONLY | O_CLOEXEC);

	if (fd >= 0 && read(fd, &c, 1) != 1)
		c = '0';
	fd_close(&fd);
	return c != '0';
}

int child_init(void)
{
	report = mmap(NULL, sizeof *report, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (report == MAP_FAILED)
		return -errno;
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max < CHILD_FILES_SOFT ? files.rlim_max : CHILD_FILES_SOFT;
	has_oom_score = read_oom_score();
	own_nice = getpriority(PRIO_PROCESS, 0);
	return 0;
}

void child_own_signals(void)
{
	/* A zeroed struct sigaction of the kernel: the C library keeps signals 32 and 33 to itself. */
	static const unsigned long by_default[8];
	sigset_t none;

	for (int i = 1; i < NSIG; i++)
		syscall(SYS_rt_sigaction, i, by_default, NULL, NSIG / 8);
	for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
		signal(ignored[i], SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* ---- in the child: system calls only ---- */

static int child_signals(void)
{
	struct sigaction dfl = { .sa_handler = SIG_DFL };

	for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
		if (sigaction(ignored[i], &dfl, NULL))
			return -1;
	return sigaction(SIGCHLD, &dfl, NULL);	/* our handler would write to the supervisor's memory */
}

static int child_fds(const struct child_plan *plan)
{
	unsigned first = 3;

	for (int i = 0; i < 3; i++)
		if (dup2(plan->fds[i], i) < 0)
			return -1;
	if (plan->script >= 0) {
		first = SCRIPT_FD + 1;
		if (plan->script == SCRIPT_FD ? fcntl(SCRIPT_FD, F_SETFD, 0) : dup2(plan->script, SCRIPT_FD) < 0)
			return -1;
	}
	/* Everything of ours is close-on-exec; this is for what was inherited otherwise. */
	if (syscall(SYS_close_range, first, ~0U, 0) && errno != ENOSYS)
		return -1;
	return 0;
}

static void child_oom_score(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd >= 0) {
		(void)!write(fd, "0", 1);
		close(fd);
	}
}

static bool child_limits(const struct spec *spec)
{
	for (size_t i = 0; i < spec->n_limits; i++) {
		const struct spec_limit *l = &spec->limits[i];
		struct rlimit limit = { .rlim_cur = l->soft, .rlim_max = l->hard };

		report->failure.resource = l->resource;
		if (setrlimit((__rlimit_resource_t)l->resource, &limit))
			return false;
	}
	return true;
}

static bool child_nice(const struct spec *spec)
{
	int by = spec->nice < -40 ? -40 : spec->nice > 40 ? 40 : spec->nice;	/* the kernel cuts the rest */

	return by == 0 || setpriority(PRIO_PROCESS, 0, own_nice + by) == 0;
}

/* Raw system calls: the C library's would tell other threads, and there are none. */
static bool child_user(const struct spec *spec, enum child_step *step)
{
	*step = CHILD_GROUPS;
	if (syscall(SYS_setgroups, spec->n_groups, spec->groups) ||
	    syscall(SYS_setresgid, spec->gid, spec->gid, spec->gid))
		return false;
	*step = CHILD_USER;
	if (syscall(SYS_setresuid, spec->uid, spec->uid, spec->uid))
		return false;
	*step = CHILD_REGAIN;
	errno = EPERM;
	return spec->uid == 0 || syscall(SYS_setuid, 0) != 0;
}

static void child_cgroup(const struct child_plan *plan)
{
	int fd = openat(plan->cgroup, "cgroup.procs", O_WRONLY | O_CLOEXEC);

	report->is_outside = plan->cgroup >= 0 && (fd < 0 || write(fd, "0", 1) != 1);
}

static bool child_prepare(const struct child_plan *plan, enum child_step *step)
{
	const struct spec *spec = plan->spec;

	*step = CHILD_SETUP;
	if (setsid() < 0 || child_signals() || child_fds(plan) || setrlimit(RLIMIT_NOFILE, &files))
		return false;
	umask(022);
	if (has_oom_score)
		child_oom_score();
	*step = CHILD_TERMINAL;
	if (spec->has_terminal && ioctl(0, TIOCSCTTY, 0))
		return false;
	*step = CHILD_LIMIT;
	if (!child_limits(spec))
		return false;
	*step = CHILD_NICE;
	if (!child_nice(spec))
		return false;
	if (!spec->is_own_user && !child_user(spec, step))
		return false;
	*step = CHILD_CWD;
	return chdir(spec->cwd ? spec->cwd : "/") == 0 || (spec->cwd_may_fail && chdir("/") == 0);
}

/* As execvp(3) searches: on to the next where there is none, and what is not allowed is remembered. */
static int child_exec(const struct spec *spec)
{
	static char *const no_env[] = { NULL };
	int error = ENOENT;

	for (const char *const *path = spec->paths; *path; path++) {
		execve(*path, spec->argv, spec->env ? spec->env : no_env);
		if (errno == EACCES)
			error = EACCES;
		else if (errno != ENOENT && errno != ENOTDIR)
			return errno;
	}
	return error;
}

static void __attribute__((noreturn)) child_main(const struct child_plan *plan)
{
	enum child_step step;
	sigset_t none;

	if (child_prepare(plan, &step)) {
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		step = CHILD_EXEC;
		errno = child_exec(plan->spec);
	}
	report->failure.error = errno;
	report->failure.step = step;
	_exit(127);
}

/* ---- in the supervisor ---- */

/* Since Linux 5.7. Returns twice, as fork(2); the supervisor waits for the exec, as with vfork. */
static pid_t fork_into_cgroup(const struct child_plan *plan)
{
	struct clone_args args = {
		.flags = CLONE_VFORK | CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = (unsigned)plan->cgroup,
	};

	return (pid_t)syscall(SYS_clone3, &args, sizeof args);
}

/* Nothing here lives across vfork but its argument. */
static pid_t __attribute__((noinline)) fork_child(const struct child_plan *plan)
{
	pid_t pid = plan->cgroup >= 0 ? fork_into_cgroup(plan) : -1;

	if (pid == 0)
		child_main(plan);
	if (pid > 0)
		return pid;
	pid = vfork();
	if (pid == 0) {
		child_cgroup(plan);
		child_main(plan);
	}
	return pid;
}

pid_t child_start(struct child_plan *plan, struct child_failure *failure)
{
	sigset_t all, before;
	int error;
	pid_t pid;

	*report = (struct report){ 0 };
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid = fork_child(plan);
	error = errno;
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (pid < 0) {
		*failure = (struct child_failure){ .step = CHILD_SPAWN, .error = error };
		return -1;
	}
	if (report->failure.error) {
		*failure = report->failure;
		waitpid(pid, NULL, 0);
		return -1;
	}
	plan->is_outside = report->is_outside;
	return pid;
}
