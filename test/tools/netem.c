/*
 * netem.c - a bad line between two network namespaces: every packet arrives late, and some never do.
 *
 *   netem PID NAME PID NAME DELAY_MS LOSS_PERMILLE
 *
 * Makes a tun device in the namespace of each process, with that name, and passes packets between them, each DELAY_MS
 * later, in order; LOSS_PERMILLE of them are dropped, the same ones in each run that sends the same. Says "ready" once both
 * are there, and goes on to SIGTERM. For kernels that have no netem of their own.
 */
#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/mem.h"
#include "common/str.h"

enum { PACKET_MAX = 2048, QUEUE_MAX = 4096 };	/* what comes beyond is dropped, as a router does it */

struct packet {
	uint64_t due_us;
	size_t len;
	uint8_t data[];
};

struct side {
	struct side *other;
	int fd;
	ev_io reading;
	ev_timer leaving;		/* when the first packet in the queue is due */
	struct packet *queue[QUEUE_MAX];	/* to the other side: a ring, n from `first` on */
	size_t first, n;
};

static struct {
	uint64_t delay_us, loss_permille;
	uint32_t state;			/* of the random numbers */
} line = { .state = 2463534242u };

/* Marsaglia's xorshift. */
static bool is_lost(void)
{
	line.state ^= line.state << 13;
	line.state ^= line.state >> 17;
	line.state ^= line.state << 5;
	return line.state % 1000 < line.loss_permille;
}

static void fail(const char *what)
{
	fprintf(stderr, "netem: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int open_tun(const char *pid, const char *name)
{
	struct ifreq request = { .ifr_flags = IFF_TUN | IFF_NO_PI };
	char path[64];
	int ns, fd;

	snprintf(path, sizeof path, "/proc/%s/ns/net", pid);
	ns = open(path, O_RDONLY | O_CLOEXEC);
	if (ns < 0 || setns(ns, CLONE_NEWNET))
		fail(path);
	close(ns);
	fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &request))
		fail("/dev/net/tun");
	return fd;
}

static void set_leaving(struct ev_loop *loop, struct side *s)
{
	uint64_t now = mono_us(), due;

	if (!s->n || ev_is_active(&s->leaving))
		return;
	due = s->queue[s->first]->due_us;
	ev_now_update(loop);
	ev_timer_set(&s->leaving, due > now ? (double)(due - now) / 1e6 : 0, 0);
	ev_timer_start(loop, &s->leaving);
}

/* A device that is down takes nothing: then packets are lost, too. */
static void on_leaving(struct ev_loop *loop, ev_timer *w, int events)
{
	struct side *s = w->data;

	(void)events;
	while (s->n && s->queue[s->first]->due_us <= mono_us()) {
		struct packet *p = s->queue[s->first];

		s->first = (s->first + 1) % QUEUE_MAX;
		s->n--;
		(void)!write(s->other->fd, p->data, p->len);
		free(p);
	}
	set_leaving(loop, s);
}

static void take(struct side *s, const uint8_t *data, size_t len)
{
	struct packet *p;

	if (is_lost() || s->n >= QUEUE_MAX)
		return;
	p = mem_alloc(sizeof *p + len);
	p->due_us = mono_us() + line.delay_us;
	p->len = len;
	memcpy(p->data, data, len);
	s->queue[(s->first + s->n++) % QUEUE_MAX] = p;
}

static void on_readable(struct ev_loop *loop, ev_io *w, int events)
{
	struct side *s = w->data;
	uint8_t data[PACKET_MAX];
	ssize_t n;

	(void)events;
	while ((n = read(s->fd, data, sizeof data)) > 0)
		take(s, data, (size_t)n);
	set_leaving(loop, s);
}

static void side_open(struct ev_loop *loop, struct side *s, struct side *other, const char *pid, const char *name)
{
	s->other = other;
	s->fd = open_tun(pid, name);
	ev_io_init(&s->reading, on_readable, s->fd, EV_READ);
	ev_timer_init(&s->leaving, on_leaving, 0, 0);
	s->reading.data = s->leaving.data = s;
	ev_io_start(loop, &s->reading);
}

static void side_close(struct ev_loop *loop, struct side *s)
{
	ev_io_stop(loop, &s->reading);
	ev_timer_stop(loop, &s->leaving);
	for (size_t i = 0; i < s->n; i++)
		free(s->queue[(s->first + i) % QUEUE_MAX]);
	close(s->fd);
}

static void on_term(struct ev_loop *loop, ev_signal *w, int events)
{
	(void)w, (void)events;
	ev_break(loop, EVBREAK_ALL);
}

int main(int argc, char **argv)
{
	struct ev_loop *loop = ev_default_loop(EVFLAG_NOENV);
	static struct side sides[2];
	uint64_t delay_ms;
	ev_signal term;

	if (argc != 7 || str_parse_u64(argv[5], 0, 10000, &delay_ms) || str_parse_u64(argv[6], 0, 1000, &line.loss_permille)) {
		fprintf(stderr, "usage: netem PID NAME PID NAME DELAY_MS LOSS_PERMILLE\n");
		return 2;
	}
	line.delay_us = delay_ms * 1000;
	side_open(loop, &sides[0], &sides[1], argv[1], argv[2]);
	side_open(loop, &sides[1], &sides[0], argv[3], argv[4]);
	ev_signal_init(&term, on_term, SIGTERM);
	ev_signal_start(loop, &term);
	puts("ready");
	fflush(stdout);
	ev_run(loop, 0);
	side_close(loop, &sides[0]);
	side_close(loop, &sides[1]);
	return 0;
}
