/*
 * turns.c - see turns.h. The time in which we waited for a processor is the second number of /proc/self/schedstat; where
 * the kernel does not tell it, it counts as ours. What a hypervisor takes away stands nowhere: but a turn in which we have
 * never slept took no more than the processor time that it used.
 */
#include "common/turns.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fd.h"
#include "common/log.h"

static bool is_watching;
static uint64_t children_us;		/* that those have waited whom we have waited for */

static uint64_t read_waited_us(int fd)
{
	char text[80];
	uint64_t ns = 0;
	ssize_t n = fd < 0 ? -1 : pread(fd, text, sizeof text - 1, 0);

	text[n < 0 ? 0 : n] = '\0';
	return sscanf(text, "%*u %" SCNu64, &ns) == 1 ? ns / 1000 : 0;
}

static uint64_t waited_us(const struct turns *t)
{
	return read_waited_us(t->stat_fd) + children_us;
}

void turns_began_process(pid_t pid)
{
	char path[40];
	int fd;

	if (!is_watching)
		return;
	snprintf(path, sizeof path, "/proc/%d/schedstat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	children_us += read_waited_us(fd);
	fd_close(&fd);
}

static void read_usage(struct turns_usage *u)
{
	struct timespec cpu;
	struct rusage all;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
	getrusage(RUSAGE_SELF, &all);
	*u = (struct turns_usage){ .cpu_us = (uint64_t)cpu.tv_sec * 1000000 + (uint64_t)cpu.tv_nsec / 1000, .sleeps = all.ru_nvcsw };
}

static void on_begin(struct ev_loop *loop, ev_check *w, int events)
{
	struct turns *t = w->data;

	(void)loop, (void)events;
	t->begun_us = mono_us();
	t->waited_us = waited_us(t);
	read_usage(&t->usage);
}

static void on_end(struct ev_loop *loop, ev_prepare *w, int events)
{
	struct turns *t = w->data;
	struct turns_usage usage;
	uint64_t took_us, waiting_us;

	(void)loop, (void)events;
	if (!t->begun_us)
		return;
	took_us = mono_us() - t->begun_us;
	waiting_us = waited_us(t) - t->waited_us;
	took_us -= waiting_us < took_us ? waiting_us : took_us;
	read_usage(&usage);
	if (usage.sleeps == t->usage.sleeps && usage.cpu_us - t->usage.cpu_us < took_us)
		took_us = usage.cpu_us - t->usage.cpu_us;
	if (took_us > t->longest_us)
		t->longest_us = took_us;
	if (took_us > TURNS_LONG_MS * 1000)
		log_debug("loop: a turn took %" PRIu64 " ms, besides %" PRIu64 " ms of waiting for a processor", took_us / 1000,
			  waiting_us / 1000);
}

void turns_watch(struct turns *t, struct ev_loop *loop)
{
	*t = (struct turns){ .stat_fd = -1 };
	if (!log_enabled(LOG_DEBUG))
		return;
	is_watching = true;
	t->loop = loop;
	t->stat_fd = open("/proc/self/schedstat", O_RDONLY | O_CLOEXEC);
	ev_check_init(&t->begin, on_begin);
	ev_prepare_init(&t->end, on_end);
	ev_set_priority(&t->begin, EV_MAXPRI);		/* before all others, after all others */
	ev_set_priority(&t->end, EV_MINPRI);
	t->begin.data = t->end.data = t;
	ev_check_start(loop, &t->begin);
	ev_prepare_start(loop, &t->end);
	ev_unref(loop);
	ev_unref(loop);
}

void turns_unwatch(struct turns *t)
{
	if (!t->loop)
		return;
	ev_ref(t->loop);
	ev_ref(t->loop);
	ev_check_stop(t->loop, &t->begin);
	ev_prepare_stop(t->loop, &t->end);
	fd_close(&t->stat_fd);
	is_watching = false;
	log_debug("loop: the longest turn took %" PRIu64 " us", t->longest_us);
	t->loop = NULL;
}
