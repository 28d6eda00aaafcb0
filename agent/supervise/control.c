/*
 * control.c - packets between a supervisor and the agent.
 *
 * What is owed to the agent is a set of flags, not a queue: a slow agent costs no memory, and gets the newest of
 * each. A packet that was sent by an agent is processed, also when that agent is gone by now.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "agent/supervise/supervisor.h"
#include "agent/supervise/terminal.h"
#include "common/clock.h"
#include "common/fd.h"

enum { PACKETS_A_TURN = 64 };

/* ---- from the agent ---- */

static void on_go(struct supervisor *s, const uint8_t *data, size_t n)
{
	char path[PATH_MAX];

	if (s->state != SUP_IS_IDLE || n >= sizeof path)
		return;
	memcpy(path, data, n);
	path[n] = '\0';
	begin_run(s, path);
}

static void on_resize(struct supervisor *s, uint64_t value)
{
	if (s->terminal >= 0 && s->output.streams[0].fd >= 0)
		terminal_resize(s->terminal, (uint32_t)(value >> 16) & 0xffff, (uint32_t)value & 0xffff);
}

static void dispatch(struct supervisor *s, const struct sup_packet *p, const uint8_t *data)
{
	switch ((enum sup_type)p->type) {
	case SUP_GO:
		on_go(s, data, p->length);
		break;
	case SUP_INPUT:
		input_write(&s->input, p->value, data, p->length);
		break;
	case SUP_INPUT_END:
		input_end(&s->input);
		break;
	case SUP_SIGNAL:
		run_signal(s, (int)p->value);
		break;
	case SUP_STOP:
	case SUP_KILL:
		run_stop(s, (enum sup_end)p->value, (const char *)data, p->length, p->type == SUP_KILL);
		break;
	case SUP_RESIZE:
		on_resize(s, p->value);
		break;
	case SUP_FREE:
		spool_free(&s->home.spool, p->value);
		break;
	case SUP_RELEASE:
		run_release(s, p->value == 1);
		break;
	default:		/* of an agent that knows more than we do */
		break;
	}
}

/* 1: a packet, 0: nothing is there, -1: the connection has ended. */
static int receive_one(struct supervisor *s)
{
	static struct {
		struct sup_packet head;
		uint8_t data[SUP_DATA_MAX];
	} packet;
	ssize_t n = recv(s->agent, &packet, sizeof packet, MSG_DONTWAIT);

	if (n == 0)
		return -1;
	if (n < 0) {
		/* An agent that went before it had read everything: what it sent comes behind this error. */
		if (errno == ECONNRESET || errno == EINTR)
			return 1;
		return errno == EAGAIN ? 0 : -1;
	}
	if ((size_t)n >= sizeof packet.head && packet.head.length == (size_t)n - sizeof packet.head)
		dispatch(s, &packet.head, packet.data);
	return 1;
}

void control_receive(struct supervisor *s)
{
	int rc = 1;

	for (int i = 0; i < PACKETS_A_TURN && rc > 0 && s->agent >= 0 && !s->is_over; i++)
		rc = receive_one(s);
	if (rc >= 0)
		return;
	fd_close(&s->agent);
	s->owes = 0;
	run_lose_agent(s);
}

void control_accept(struct supervisor *s)
{
	int fd = accept4(s->home.listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK), listener = s->home.listener;

	if (fd < 0)
		return;
	while (s->agent >= 0 && !s->is_over && receive_one(s) > 0)
		;
	if (s->is_over || s->home.listener != listener) {	/* the run it came for has been released meanwhile */
		fd_close(&fd);
		return;
	}
	fd_close(&s->agent);
	s->agent = fd;
	s->owes = OWES_STATE | (s->state == SUP_IS_ENDED ? OWES_ENDED : 0);
	clocks_stop(&s->clocks, CLOCK_LOST);
}

/* ---- to the agent ---- */

static struct sup_state state_of(const struct supervisor *s)
{
	return (struct sup_state){
		.phase = s->state == SUP_IS_IDLE ? SUP_PHASE_IDLE : s->state == SUP_IS_ENDED ? SUP_PHASE_ENDED :
			 SUP_PHASE_RUNNING,
		.pid = s->pid, .input_arrived = s->input.arrived, .input_taken = s->input.taken,
		.input_closed = input_is_closed(&s->input),
	};
}

/* False: not now. An error shows itself when the connection is read. */
static bool send_packet(struct supervisor *s, enum sup_type type, uint64_t value, struct iovec *data, size_t n)
{
	struct sup_packet head = { .type = type, .value = value };
	struct iovec parts[3] = { { &head, sizeof head } };
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = 1 + n };

	for (size_t i = 0; i < n; i++) {
		parts[1 + i] = data[i];
		head.length += (uint32_t)data[i].iov_len;
	}
	return sendmsg(s->agent, &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0 || (errno != EAGAIN && errno != ENOBUFS);
}

static bool send_owed(struct supervisor *s, unsigned what)
{
	struct sup_state state;
	struct iovec data[2];

	switch (what) {
	case OWES_IDLE:
		data[0] = (struct iovec){ s->name, strlen(s->name) };
		return send_packet(s, SUP_IDLE, 0, data, 1);
	case OWES_STATE:
		state = state_of(s);
		data[0] = (struct iovec){ &state, sizeof state };
		return send_packet(s, SUP_STATE, 0, data, 1);
	case OWES_STARTED:
		return send_packet(s, SUP_STARTED, (uint64_t)s->pid, NULL, 0);
	case OWES_GREW:
		return send_packet(s, SUP_GREW, 0, NULL, 0);
	case OWES_TAKEN:
		return send_packet(s, SUP_TAKEN, input_tell(&s->input), NULL, 0);
	default:
		data[0] = (struct iovec){ &s->status, sizeof s->status };
		data[1] = (struct iovec){ s->reason, s->status.reason_length };
		return send_packet(s, SUP_ENDED, 0, data, 2);
	}
}

bool control_has_due(const struct supervisor *s)
{
	return s->owes && (s->owes != OWES_STARTED || !clocks_runs(&s->clocks, CLOCK_STARTED));
}

void control_flush(struct supervisor *s)
{
	if (s->agent >= 0 && s->state != SUP_IS_IDLE && input_is_due(&s->input))
		s->owes |= OWES_TAKEN;
	if (!control_has_due(s))
		return;
	for (unsigned what = OWES_IDLE; s->agent >= 0 && what <= OWES_ENDED; what <<= 1) {
		if (!(s->owes & what))
			continue;
		if (!send_owed(s, what))
			return;
		s->owes &= ~what;
	}
}
