/*
 * main.c - the supervisor of one run at a time: see supervise.h. One poll(2) loop.
 *
 * In a turn output comes before the end of the process that wrote it, and stdout before stderr: a process that
 * wrote to both most often wrote to stdout first.
 */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "agent/supervise/cgroup.h"
#include "agent/supervise/child.h"
#include "agent/supervise/supervisor.h"
#include "agent/supervise/sweep.h"
#include "common/clock.h"
#include "common/exits.h"
#include "common/fd.h"

static struct spool_record record;	/* of it a run uses what it reads at once: pages that nobody touches cost nothing */
static struct supervisor supervisor = {
	.record = &record,
	.agent = SUP_CONTROL_FD, .runs = SUP_RUNS_FD, .terminal = -1,
	.input = { .fd = -1 }, .output = { .streams = { { .fd = -1 }, { .fd = -1 } } },
};

static volatile sig_atomic_t has_sigchld;

static void on_sigchld(int number)
{
	(void)number;
	has_sigchld = 1;
}

/* ---- the loop ---- */

enum { AT_AGENT, AT_LISTENER, AT_OUT, AT_ERR, AT_IN, N_POLLS };

static void fill_polls(const struct supervisor *s, struct pollfd *polls)
{
	polls[AT_AGENT] = (struct pollfd){ .fd = s->agent, .events = (short)(POLLIN | (control_has_due(s) ? POLLOUT : 0)) };
	polls[AT_LISTENER] = (struct pollfd){ .fd = s->home.listener, .events = POLLIN };
	for (size_t i = 0; i < OUTPUT_STREAMS; i++)
		polls[AT_OUT + i] = (struct pollfd){
			.fd = output_wants(&s->output, i) ? s->output.streams[i].fd : -1, .events = POLLIN,
		};
	polls[AT_IN] = (struct pollfd){ .fd = input_waits(&s->input) ? s->input.fd : -1, .events = POLLOUT };
}

/* SIGCHLD comes in here only. */
static void wait_for_something(struct supervisor *s, struct pollfd *polls)
{
	int ms = clocks_wait_ms(&s->clocks, mono_ms());
	struct timespec limit = { ms / 1000, (ms % 1000) * 1000000L };
	sigset_t none;

	sigemptyset(&none);
	fill_polls(s, polls);
	if (ppoll(polls, N_POLLS, ms < 0 ? NULL : &limit, &none) < 0)
		for (int i = 0; i < N_POLLS; i++)
			polls[i].revents = 0;
}

static void turn(struct supervisor *s, const struct pollfd *polls)
{
	if (polls[AT_LISTENER].revents)
		control_accept(s);
	if (s->agent >= 0 && polls[AT_AGENT].fd == s->agent && polls[AT_AGENT].revents)
		control_receive(s);
	for (size_t i = 0; i < OUTPUT_STREAMS; i++)
		if (polls[AT_OUT + i].revents && polls[AT_OUT + i].fd == s->output.streams[i].fd)
			output_read(&s->output, i, polls[AT_OUT + i].revents & POLLHUP);
	if (polls[AT_IN].revents && input_waits(&s->input))
		input_push(&s->input);
	if (has_sigchld && !s->is_over) {
		has_sigchld = 0;
		run_reap(s);
	}
	if (!s->is_over)
		run_turn(s);
}

/* ---- the start ---- */

static int check_descriptors(void)
{
	struct stat runs;
	int type;
	socklen_t n = sizeof type;

	if (getsockopt(SUP_CONTROL_FD, SOL_SOCKET, SO_TYPE, &type, &n) || type != SOCK_SEQPACKET)
		return -ENOTSOCK;
	if (fstat(SUP_RUNS_FD, &runs) || !S_ISDIR(runs.st_mode))
		return -ENOTDIR;
	fcntl(SUP_CONTROL_FD, F_SETFD, FD_CLOEXEC);
	fcntl(SUP_RUNS_FD, F_SETFD, FD_CLOEXEC);
	/* What the agent itself has inherited and does not know of: a run holds none of it open. */
	syscall(SYS_close_range, SUP_RUNS_FD + 1, ~0U, 0);
	return 0;
}

/* The agent's terminal, pipes and journal are not held open by a run. */
static void let_go_of_stdio(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int i = 0; i < 3 && null >= 0; i++)
		dup2(null, i);
	fd_close(&null);
}

static int start(struct supervisor *s)
{
	struct sigaction reap = { .sa_handler = on_sigchld, .sa_flags = SA_NOCLDSTOP };
	sigset_t chld;
	int err;

	cgroup_leave_agent();
	setsid();		/* fails where the agent has done it */
	umask(077);
	child_own_signals();
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, NULL);
	sigaction(SIGCHLD, &reap, NULL);
	/* Memory for input goes back to the system when it was used. */
	mallopt(M_MMAP_THRESHOLD, 64 * 1024);
	err = contain_init();
	if (!err)
		err = child_init();
	return err ? err : begin_idle(s);
}

int main(int argc, char **argv)
{
	struct pollfd polls[N_POLLS];
	int err;

	if (argc > 1 && strcmp(argv[1], "--sweep") == 0)
		return sweep_main(argc - 2, argv + 2);
	fd_occupy_standard();
	err = argc > 1 ? -EINVAL : check_descriptors();
	if (err) {
		fprintf(stderr, "sloth-supervise: started by slothd-agent only: %s\n", strerror(-err));
		return EXIT_BAD_USAGE;
	}
	err = start(&supervisor);
	if (err) {
		fprintf(stderr, "sloth-supervise: cannot make a run directory: %s\n", strerror(-err));
		return EXIT_FAILED;
	}
	let_go_of_stdio();
	control_flush(&supervisor);
	while (!supervisor.is_over) {
		wait_for_something(&supervisor, polls);
		turn(&supervisor, polls);
	}
	return EXIT_OK;
}
