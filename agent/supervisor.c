/*
 * supervisor.c - the agent's end of one supervisor.
 *
 * A packet is one message of the socket: it arrives whole or not at all. One call of the kernel takes all that have come,
 * as the start and the end of a short run most often come together.
 */
#include "agent/supervisor.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/mem.h"
#include "common/str.h"

enum {
	AT_ONCE = 4, STAT_MAX = 4096,
	IN_MAX = sizeof(struct sup_packet) + sizeof(struct sup_status) + SUP_REASON_MAX
};

/* ---- in ---- */

/* False: the supervisor has been freed. */
static bool take_packet(struct supervisor *s, const uint8_t *data, size_t n)
{
	struct sup_packet packet;
	bool is_freed = false;

	if (n < sizeof packet)
		return true;
	memcpy(&packet, data, sizeof packet);
	if (packet.length != n - sizeof packet)
		return true;
	s->is_freed = &is_freed;
	s->ops->on_packet(s, &packet, data + sizeof packet);
	if (!is_freed)
		s->is_freed = NULL;
	return !is_freed;
}

static void on_readable(struct ev_loop *loop, ev_io *w, int events)
{
	struct supervisor *s = w->data;
	struct mmsghdr messages[AT_ONCE] = { 0 };
	struct iovec parts[AT_ONCE];
	uint8_t data[AT_ONCE][IN_MAX];
	int n;

	(void)events;
	for (int i = 0; i < AT_ONCE; i++) {
		parts[i] = (struct iovec){ data[i], IN_MAX };
		messages[i].msg_hdr.msg_iov = &parts[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	n = recvmmsg(s->fd, messages, AT_ONCE, MSG_DONTWAIT, NULL);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	for (int i = 0; i < n && messages[i].msg_len > 0; i++)
		if (!take_packet(s, data[i], messages[i].msg_len))
			return;
	if (n > 0 && messages[n - 1].msg_len > 0)
		return;
	ev_io_stop(loop, &s->in);
	ev_io_stop(loop, &s->out);
	s->ops->on_gone(s);
}

/* ---- out ---- */

void supervisor_pack(struct buf *out, enum sup_type type, uint64_t value, const void *data, size_t n)
{
	struct sup_packet packet = { .type = type, .length = (uint32_t)n, .value = value };

	buf_append(out, &packet, sizeof packet);
	buf_append(out, data, n);
}

/* False: not now. One that cannot be delivered at all counts as sent: on_gone tells. */
static bool send_packet(struct supervisor *s, const struct sup_packet *packet, const void *data)
{
	struct iovec parts[2] = { { (void *)(uintptr_t)packet, sizeof *packet },
				  { (void *)(uintptr_t)data, packet->length } };
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = packet->length ? 2 : 1 };

	return sendmsg(s->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0 || (errno != EAGAIN && errno != ENOBUFS);
}

static void flush(struct supervisor *s)
{
	struct sup_packet packet;

	while (buf_len(&s->queue) > 0) {
		memcpy(&packet, buf_data(&s->queue), sizeof packet);
		if (!send_packet(s, &packet, buf_data(&s->queue) + sizeof packet)) {
			ev_io_start(s->loop, &s->out);
			return;
		}
		buf_consume(&s->queue, sizeof packet + packet.length);
	}
	buf_trim(&s->queue);
	ev_io_stop(s->loop, &s->out);
}

static void on_writable(struct ev_loop *loop, ev_io *w, int events)
{
	(void)loop, (void)events;
	flush(w->data);
}

void supervisor_send(struct supervisor *s, enum sup_type type, uint64_t value, const void *data, size_t n)
{
	struct sup_packet packet = { .type = type, .length = (uint32_t)n, .value = value };

	if (buf_len(&s->queue) == 0 && send_packet(s, &packet, data))
		return;
	supervisor_pack(&s->queue, type, value, data, n);
	ev_io_start(s->loop, &s->out);
}

void supervisor_send_all(struct supervisor *s, struct buf *packets)
{
	buf_append(&s->queue, buf_data(packets), buf_len(packets));
	buf_done(packets);
	flush(s);
}

/* Its pid is in the name that it gave its directory; of one that was connected to, the kernel knows. */
static pid_t pid_of(const struct supervisor *s)
{
	struct ucred peer = { .pid = 0 };
	socklen_t n = sizeof peer;
	uint64_t pid;

	if (s->name[0])
		return str_has_prefix(s->name, "idle-") && !str_parse_u64(s->name + strlen("idle-"), 2, INT32_MAX, &pid) ?
			(pid_t)pid : 0;
	return getsockopt(s->fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) ? 0 : peer.pid;
}

bool supervisor_is_stopped(const struct supervisor *s)
{
	struct buf text = { 0 };
	char path[32];
	const char *state;
	bool is;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid_of(s));
	(void)fd_read_file(path, STAT_MAX, &text);
	state = strrchr(buf_string(&text), ')');	/* behind the name, which may hold anything */
	is = state && str_has_prefix(state, ") T");
	buf_done(&text);
	return is;
}

void supervisor_signal(const struct supervisor *s, int number)
{
	pid_t pid = pid_of(s);

	if (pid > 1)
		kill(pid, number);
}

/* ---- life ---- */

struct supervisor *supervisor_new(struct ev_loop *loop, int fd, const struct supervisor_ops *ops, void *owner)
{
	struct supervisor *s = mem_new(struct supervisor);

	list_init(&s->link);
	s->owner = owner;
	s->loop = loop;
	s->ops = ops;
	s->fd = fd;
	s->dir_fd = -1;
	s->spool = SPOOL_FILE_NONE;
	ev_io_init(&s->in, on_readable, fd, EV_READ);
	ev_io_init(&s->out, on_writable, fd, EV_WRITE);
	s->in.data = s->out.data = s;
	ev_io_start(loop, &s->in);
	return s;
}

void supervisor_set_dir(struct supervisor *s, int dir_fd)
{
	spool_file_close(&s->spool);
	fd_close(&s->dir_fd);
	s->dir_fd = dir_fd;
}

void supervisor_free(struct supervisor *s)
{
	if (!s)
		return;
	if (s->is_freed)
		*s->is_freed = true;
	ev_io_stop(s->loop, &s->in);
	ev_io_stop(s->loop, &s->out);
	list_remove(&s->link);
	supervisor_set_dir(s, -1);
	buf_done(&s->queue);
	fd_close(&s->fd);
	free(s);
}
