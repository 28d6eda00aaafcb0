/* crowd.c - see crowd.h. */
#include "test/abuse/crowd.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/mem.h"
#include "test/abuse/attack.h"

/* So many connections come up while the next ones are made; the time to acknowledge SETTINGS is short. */
enum { FILES_SPARE = 64, WAIT_MS = 5000, AHEAD = 64 };

static struct sockaddr_in address_of(const struct crowd *c, unsigned i)
{
	struct sockaddr_in sa = c->first.from;

	if (c->per_address)
		sa.sin_addr.s_addr = htonl(ntohl(sa.sin_addr.s_addr) + i / c->per_address);
	return sa;
}

static bool open_one(const struct crowd *c, struct peer *p, unsigned i)
{
	*p = c->first;
	p->from = address_of(c, i);
	if (!peer_open(p)) {
		fprintf(stderr, "connection %u: %s\n", i + 1, strerror(errno));
		return false;
	}
	if (c->is_silent)
		return true;
	peer_hello(p);
	for (unsigned s = 0; s < c->streams; s++)
		peer_request(p, PATH_REFLECT, NULL, NULL, 0);
	peer_flush(p);
	return true;
}

static bool is_up(const struct peer *p, const void *arg)
{
	(void)arg;
	return p->seen.settings_ack;
}

static bool bring_up(const struct crowd *c, struct peer *p)
{
	return !c->is_silent && peer_wait(p, WAIT_MS, is_up, NULL);
}

static bool is_closed(const struct peer *p, const void *arg)
{
	(void)arg;
	return p->is_closed;
}

static void wait_for_end_of_input(void)
{
	char data[64];

	while (read(STDIN_FILENO, data, sizeof data) > 0)
		;
}

/* A silent connection lives unless it is closed; another one has to answer. */
static bool is_alive(const struct crowd *c, struct peer *p)
{
	if (c->is_silent)
		return !peer_wait(p, 1, is_closed, NULL);
	return is_up(p, NULL) && peer_is_served(p) && !p->seen.goaway && !p->seen.resets[REFUSED_STREAM];
}

static unsigned count_alive(const struct crowd *c, struct peer *peers, unsigned n)
{
	unsigned alive = 0;

	for (unsigned i = 0; i < n; i++)
		alive += is_alive(c, &peers[i]);
	return alive;
}

int crowd_run(struct crowd *c)
{
	struct peer *peers = mem_array(c->n, sizeof *peers);
	unsigned n = 0, up = 0, up_to = 0;

	fd_raise_limit(c->n + FILES_SPARE);
	while (n < c->n && open_one(c, &peers[n], n)) {
		n++;
		if (n - up_to == AHEAD)
			up += bring_up(c, &peers[up_to++]);
	}
	while (up_to < n)
		up += bring_up(c, &peers[up_to++]);
	printf("holding %u of %u\n", c->is_silent ? n : up, c->n);
	fflush(stdout);
	wait_for_end_of_input();
	for (unsigned i = 0; i < n; i++)
		peers[i].end_ms = UINT64_MAX;
	printf("%u of %u left\n", count_alive(c, peers, n), c->n);
	for (unsigned i = 0; i < n; i++)
		peer_close(&peers[i]);
	free(peers);
	return n < c->n;
}

int crowd_churn(struct crowd *c)
{
	unsigned n = 0;
	struct peer p;

	while (n < c->n && open_one(c, &p, n)) {
		peer_close(&p);
		n++;
	}
	printf("%u of %u made\n", n, c->n);
	return n < c->n;
}
