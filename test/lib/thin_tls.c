#include "test/lib/thin_tls.h"

#include <errno.h>
#include <stdlib.h>

#include "common/mem.h"

struct thin {
	struct transport t;		/* first */
	struct transport *below;
	struct transport_peer peer;
	char hello[THIN_LEN];
	size_t n;
};

static struct transport *below(struct transport *t)
{
	return ((struct thin *)t)->below;
}

static ssize_t thin_read(struct transport *t, void *to, size_t n)
{
	return below(t)->ops->read(below(t), to, n);
}

static ssize_t thin_write(struct transport *t, const void *from, size_t n)
{
	return below(t)->ops->write(below(t), from, n);
}

static void thin_shutdown(struct transport *t)
{
	below(t)->ops->shutdown(below(t));
}

static void thin_close(struct transport *t)
{
	below(t)->ops->close(below(t));
	free(t);
}

static int thin_handshake(struct transport *t)
{
	struct thin *s = (struct thin *)t;
	ssize_t n;

	while (s->n < THIN_LEN) {
		n = thin_read(t, s->hello + s->n, THIN_LEN - s->n);
		if (n <= 0)
			return n < 0 ? (int)n : -ECONNRESET;
		s->n += (size_t)n;
	}
	s->peer.has_protocol = s->hello[1] == '2';
	s->peer.is_http1 = s->hello[1] == '1';
	return 0;
}

static struct transport *thin_accept(struct wire_tls *tls, struct transport *under)
{
	static const struct transport_ops ops = {
		.read = thin_read, .write = thin_write, .shutdown = thin_shutdown, .close = thin_close, .handshake = thin_handshake,
	};
	struct thin *s = mem_new(struct thin);

	(void)tls;
	s->t = (struct transport){ .ops = &ops, .fd = under->fd, .peer = &s->peer };
	s->below = under;
	return &s->t;
}

struct wire_tls thin_tls = { .accept = thin_accept };
