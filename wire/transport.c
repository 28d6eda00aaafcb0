/* transport.c - the plain socket. */
#include "wire/transport.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/mem.h"

static ssize_t plain_read(struct transport *t, void *to, size_t n)
{
	ssize_t rv;

	do
		rv = recv(t->fd, to, n, 0);
	while (rv < 0 && errno == EINTR);
	return rv < 0 ? -errno : rv;
}

static ssize_t plain_write(struct transport *t, const void *from, size_t n)
{
	ssize_t rv;

	do
		rv = send(t->fd, from, n, MSG_NOSIGNAL);
	while (rv < 0 && errno == EINTR);
	return rv < 0 ? -errno : rv;
}

static void plain_shutdown(struct transport *t)
{
	shutdown(t->fd, SHUT_WR);
}

static void plain_close(struct transport *t)
{
	close(t->fd);
	free(t);
}

struct transport *transport_plain(int fd)
{
	static const struct transport_ops ops = {
		.read = plain_read, .write = plain_write, .shutdown = plain_shutdown, .close = plain_close,
	};
	struct transport *t = mem_new(struct transport);

	t->ops = &ops;
	t->fd = fd;
	return t;
}
