/*
 * resolve.c - see resolve.h. c-ares owns its sockets and says which to watch; one timer drives its
 * retries. An answer that is there at once (hosts file) is still delivered from the loop.
 *
 * A channel reads /etc/resolv.conf when it is made. A machine that has moved to another network has another
 * one, so a lookup that finds the file changed and no other lookup under way begins with a new channel.
 */
#include "wire/resolve.h"

#include <ares.h>
#include <ev.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/list.h"
#include "common/mem.h"

static const char config_path[] = "/etc/resolv.conf";

enum { ADDRS_MAX = 8, TRIES = 2, TRY_MS = 3000 };

struct watch {
	struct list link;
	struct resolver *resolver;
	struct ev_io io;
};

struct resolver {
	struct ev_loop *loop;
	ares_channel channel;
	struct ev_timer timer;
	struct list watches;
	unsigned n_queries;		/* that the channel has */
	struct stat config;		/* of config_path when the channel was made; zeroed: it was not there */
	bool usable;
};

struct resolve_query {
	struct resolver *resolver;
	resolve_done *done;		/* NULL: cancelled */
	void *arg;
	struct sockaddr_storage addrs[ADDRS_MAX];
	size_t n;
	char why[160];
	struct ev_timer deliver;
	bool answered;
};

static void set_timer(struct resolver *r)
{
	struct timeval tv;

	ev_timer_stop(r->loop, &r->timer);
	if (!ares_timeout(r->channel, NULL, &tv))
		return;
	ev_timer_set(&r->timer, (double)tv.tv_sec + (double)tv.tv_usec / 1e6, 0);
	ev_timer_start(r->loop, &r->timer);
}

static void on_timer(struct ev_loop *loop, struct ev_timer *w, int events)
{
	struct resolver *r = w->data;

	(void)loop;
	(void)events;
	ares_process_fd(r->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	set_timer(r);
}

static void on_socket(struct ev_loop *loop, struct ev_io *w, int events)
{
	struct watch *watch = w->data;
	struct resolver *r = watch->resolver;
	int fd = w->fd;

	(void)loop;
	ares_process_fd(r->channel, events & EV_READ ? fd : ARES_SOCKET_BAD, events & EV_WRITE ? fd : ARES_SOCKET_BAD);
	set_timer(r);
}

static struct watch *find_watch(struct resolver *r, int fd)
{
	list_for_each(pos, tmp, &r->watches) {
		struct watch *w = list_entry(pos, struct watch, link);

		if (w->io.fd == fd)
			return w;
	}
	return NULL;
}

static void drop_watch(struct watch *w)
{
	ev_io_stop(w->resolver->loop, &w->io);
	list_remove(&w->link);
	free(w);
}

static void on_state(void *arg, ares_socket_t fd, int readable, int writable)
{
	struct resolver *r = arg;
	struct watch *w = find_watch(r, fd);

	if (w)
		drop_watch(w);
	if (!readable && !writable)
		return;
	w = mem_new(struct watch);
	w->resolver = r;
	ev_io_init(&w->io, on_socket, fd, (readable ? EV_READ : 0) | (writable ? EV_WRITE : 0));
	w->io.data = w;
	list_push(&r->watches, &w->link);
	ev_io_start(r->loop, &w->io);
}

/* ---- the channel ---- */

static struct stat look_at_config(void)
{
	struct stat st;

	if (stat(config_path, &st))
		memset(&st, 0, sizeof st);
	return st;
}

static void open_channel(struct resolver *r)
{
	struct ares_options options = { .tries = TRIES, .timeout = TRY_MS, .sock_state_cb = on_state, .sock_state_cb_data = r };

	r->config = look_at_config();
	r->usable = ares_init_options(&r->channel, &options,
				      ARES_OPT_TRIES | ARES_OPT_TIMEOUTMS | ARES_OPT_SOCK_STATE_CB) == ARES_SUCCESS;
}

static void close_channel(struct resolver *r)
{
	if (r->usable)
		ares_destroy(r->channel);
	r->usable = false;
}

static void renew_channel(struct resolver *r)
{
	struct stat now = look_at_config();

	if (r->n_queries || (now.st_dev == r->config.st_dev && now.st_ino == r->config.st_ino &&
			     now.st_size == r->config.st_size && now.st_mtim.tv_sec == r->config.st_mtim.tv_sec &&
			     now.st_mtim.tv_nsec == r->config.st_mtim.tv_nsec))
		return;
	close_channel(r);
	open_channel(r);
}

struct resolver *resolver_new(struct ev_loop *loop)
{
	struct resolver *r = mem_new(struct resolver);

	r->loop = loop;
	list_init(&r->watches);
	ev_timer_init(&r->timer, on_timer, 0, 0);
	r->timer.data = r;
	if (ares_library_init(ARES_LIB_INIT_ALL) == ARES_SUCCESS)
		open_channel(r);
	return r;
}

void resolver_free(struct resolver *r)
{
	if (!r)
		return;
	close_channel(r);
	list_for_each(pos, tmp, &r->watches)
		drop_watch(list_entry(pos, struct watch, link));
	ev_timer_stop(r->loop, &r->timer);
	ares_library_cleanup();
	free(r);
}

/* ---- queries ---- */

static void on_deliver(struct ev_loop *loop, struct ev_timer *w, int events)
{
	struct resolve_query *q = w->data;

	(void)loop;
	(void)events;
	if (q->done)
		q->done(q->addrs, q->n, q->why, q->arg);
	free(q);
}

static void keep(struct resolve_query *q, const struct ares_addrinfo *info)
{
	for (const struct ares_addrinfo_node *n = info->nodes; n && q->n < ADDRS_MAX; n = n->ai_next)
		if (n->ai_addrlen <= sizeof q->addrs[0])
			memcpy(&q->addrs[q->n++], n->ai_addr, n->ai_addrlen);
}

static void on_answer(void *arg, int status, int timeouts, struct ares_addrinfo *info)
{
	struct resolve_query *q = arg;

	(void)timeouts;
	q->resolver->n_queries--;
	if (status == ARES_EDESTRUCTION || !q->done) {
		ares_freeaddrinfo(info);
		free(q);
		return;
	}
	if (status == ARES_SUCCESS)
		keep(q, info);
	if (q->n == 0)
		snprintf(q->why, sizeof q->why, "name lookup failed: %s", ares_strerror(status));
	ares_freeaddrinfo(info);
	q->answered = true;
	ev_timer_start(q->resolver->loop, &q->deliver);
}

struct resolve_query *resolve_start(struct resolver *r, const char *host, uint16_t port, resolve_done *done, void *arg)
{
	struct resolve_query *q = mem_new(struct resolve_query);
	struct ares_addrinfo_hints hints = { .ai_flags = ARES_AI_NUMERICSERV, .ai_socktype = SOCK_STREAM };
	char service[8];

	renew_channel(r);
	q->resolver = r;
	q->done = done;
	q->arg = arg;
	ev_timer_init(&q->deliver, on_deliver, 0, 0);
	q->deliver.data = q;
	snprintf(service, sizeof service, "%u", port);
	if (!r->usable) {
		snprintf(q->why, sizeof q->why, "name lookup failed: the resolver cannot be initialised");
		q->answered = true;
		ev_timer_start(r->loop, &q->deliver);
		return q;
	}
	r->n_queries++;
	ares_getaddrinfo(r->channel, host, service, &hints, on_answer, q);
	set_timer(r);
	return q;
}

void resolve_cancel(struct resolve_query *q)
{
	q->done = NULL;
	if (!q->answered)
		return;		/* c-ares still has it: on_answer() frees */
	ev_timer_stop(q->resolver->loop, &q->deliver);
	free(q);
}
