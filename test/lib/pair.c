#include "test/lib/pair.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/exits.h"
#include "master/ca.h"
#include "test/lib/echo.h"
#include "wire/tls.h"

enum { DEADLINE_S = 20 };

/* ---- connections ---- */

static void caller_up(struct wire_conn *conn, const struct wire_peer *peer, void *arg)
{
	struct pair *p = arg;

	(void)peer;
	p->conn = conn;
	p->n_up++;
}

static void caller_drain(struct wire_conn *conn, const char *why, void *arg)
{
	struct pair *p = arg;

	(void)conn;
	(void)why;
	p->n_drain++;
}

static void caller_down(struct wire_conn *conn, const char *why, void *arg)
{
	struct pair *p = arg;

	(void)conn;
	p->conn = NULL;
	p->n_down++;
	snprintf(p->why, sizeof p->why, "%s", why);
}

static const struct wire_conn_ops caller_ops = { .on_up = caller_up, .on_drain = caller_drain, .on_down = caller_down };

static void answerer_up(struct wire_conn *conn, const struct wire_peer *peer, void *arg)
{
	struct pair *p = arg;

	(void)peer;
	p->peer = conn;
}

static void answerer_down(struct wire_conn *conn, const char *why, void *arg)
{
	struct pair *p = arg;

	(void)conn;
	(void)why;
	p->peer = NULL;
	p->n_answerer_down++;
}

static const struct wire_conn_ops answerer_ops = { .on_up = answerer_up, .on_down = answerer_down };

static bool is_up(void *arg)
{
	struct pair *p = arg;

	return p->conn && p->peer;
}

bool pair_has_begun(void *arg)
{
	struct pair *p = arg;

	return p->conn || p->n_down || p->n_answerer_down;
}

/* Both ends show the leaf of a CA of their own and look for it. */
static void use_tls(struct pair *p, struct wire_dial *dial)
{
	struct tls_config config = { 0 };
	char *error = NULL;

	ck_assert_msg(ca_open(p->dir, NULL, &p->ca, &error) == EXIT_OK, "%s", error);
	ck_assert_int_eq(ca_refresh_leaf(p->ca, wall_s(), &error), 1);
	config.cert_file = ca_leaf_file(p->ca);
	config.key_file = ca_leaf_key_file(p->ca);
	config.ca_file = ca_cert_file(p->ca);
	p->tls = wire_tls_new(&config, &error);
	ck_assert_msg(p->tls != NULL, "%s", error);
	wire_set_tls(p->caller, p->tls);
	wire_set_tls(p->answerer, p->tls);
	wire_require_tls(p->caller);
	wire_require_tls(p->answerer);
	dial->tls = p->tls;
	dial->expect = WIRE_KIND_MASTER;
}

static void drop_tls(struct pair *p)
{
	static const char *const files[] = { "ca.key", "ca.crt", "master.key", "master.crt", "cluster" };
	char path[TMP_DIR_MAX + 20];

	if (!p->tls)
		return;
	wire_tls_free(p->tls);
	ca_free(p->ca);
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		snprintf(path, sizeof path, "%s/%s", p->dir, files[i]);
		unlink(path);
	}
}

void pair_start(struct pair *p, enum pair_form form)
{
	bool reverse = form >= PAIR_TCP_REVERSE;
	struct wire_dial dial = { .role = reverse ? WIRE_SERVER : WIRE_CLIENT };
	char address[100], *error = NULL;

	signal(SIGPIPE, SIG_IGN);
	*p = (struct pair){ .loop = ev_loop_new(EVFLAG_NOENV) };
	p->caller = wire_new(p->loop);
	p->answerer = wire_new(p->loop);
	echo_serve(p->answerer);
	tmp_make_dir(p->dir);
	if (form == PAIR_UNIX || form == PAIR_UNIX_REVERSE)
		snprintf(address, sizeof address, "unix:%s/s", p->dir);
	else
		snprintf(address, sizeof address, "127.0.0.1:0");
	if (form == PAIR_TLS || form == PAIR_TLS_REVERSE)
		use_tls(p, &dial);
	p->listener = wire_listen(reverse ? p->caller : p->answerer, address, reverse ? &caller_ops : &answerer_ops, p, &error);
	ck_assert_msg(p->listener != NULL, "%s", error);
	dial.address = wire_listener_address(p->listener);
	wire_dial(reverse ? p->answerer : p->caller, &dial, reverse ? &answerer_ops : &caller_ops, p);
}

void pair_open(struct pair *p, enum pair_form form)
{
	pair_start(p, form);
	pair_run(p, is_up, p);
}

struct waiting {
	bool (*done)(void *);
	void *arg;
	bool late;
};

static void on_deadline(struct ev_loop *loop, struct ev_timer *w, int events)
{
	struct waiting *waiting = w->data;

	(void)events;
	waiting->late = true;
	ev_break(loop, EVBREAK_ONE);
}

/* The layer calls back right before the loop sleeps: look again then. */
static void on_look(struct ev_loop *loop, struct ev_prepare *w, int events)
{
	struct waiting *waiting = w->data;

	(void)events;
	if (waiting->done(waiting->arg))
		ev_break(loop, EVBREAK_ONE);
}

void pair_run(struct pair *p, bool (*done)(void *), void *arg)
{
	struct waiting waiting = { .done = done, .arg = arg };
	struct ev_timer deadline;
	struct ev_prepare look;

	if (done(arg))
		return;
	ev_timer_init(&deadline, on_deadline, DEADLINE_S, 0);
	ev_prepare_init(&look, on_look);
	ev_set_priority(&look, EV_MINPRI);
	deadline.data = look.data = &waiting;
	ev_timer_start(p->loop, &deadline);
	ev_prepare_start(p->loop, &look);
	ev_run(p->loop, 0);
	ev_timer_stop(p->loop, &deadline);
	ev_prepare_stop(p->loop, &look);
	ck_assert_msg(!waiting.late, "not done within %d s", DEADLINE_S);
}

bool pair_is(void *flag)
{
	return *(bool *)flag;
}

void pair_close(struct pair *p)
{
	struct waiting waiting = { .late = false };
	struct ev_timer t;
	struct wire_counts c;

	wire_shutdown(p->caller, 100);
	wire_shutdown(p->answerer, 100);
	ev_timer_init(&t, on_deadline, DEADLINE_S, 0);
	t.data = &waiting;
	ev_timer_start(p->loop, &t);
	ev_unref(p->loop);		/* the watchdog itself must not keep the loop */
	ev_run(p->loop, 0);
	ev_ref(p->loop);
	ev_timer_stop(p->loop, &t);
	ck_assert_msg(!waiting.late, "the loop does not end by itself");
	c = wire_count(p->caller);
	ck_assert_uint_eq(c.conns + c.calls + c.listeners, 0);
	c = wire_count(p->answerer);
	ck_assert_uint_eq(c.conns + c.calls + c.listeners, 0);
	wire_free(p->caller);
	wire_free(p->answerer);
	ev_loop_destroy(p->loop);
	drop_tls(p);
	rmdir(p->dir);
}

/* ---- calls ---- */

static void on_message(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	struct record *r = arg;

	(void)call;
	ck_assert(!r->ended);
	r->n_messages++;
	r->bytes += len;
	buf_clear(&r->last);
	buf_append(&r->last, data, len);
}

static void on_drain(struct wire_call *call, void *arg)
{
	struct record *r = arg;

	(void)call;
	r->drained = true;
}

static void on_end(struct wire_call *call, enum wire_code code, const char *why, void *arg)
{
	struct record *r = arg;

	ck_assert(!r->ended);
	r->ended = true;
	r->code = code;
	r->call = NULL;
	r->unprocessed = wire_call_is_unprocessed(call);
	snprintf(r->why, sizeof r->why, "%s", why);
	snprintf(r->header, sizeof r->header, "%s", wire_call_text(call, "x-header", ""));
	snprintf(r->trailer, sizeof r->trailer, "%s", wire_call_text(call, "x-trailer", ""));
}

const struct wire_call_ops record_ops = { .on_message = on_message, .on_drain = on_drain, .on_end = on_end };

void pair_call(struct pair *p, const char *path, struct record *r)
{
	struct wire_request request = { .path = path };

	*r = (struct record){ 0 };
	r->call = wire_call(p->conn, &request, &record_ops, r);
}

void pair_unary(struct pair *p, const char *path, const void *data, size_t len, struct record *r)
{
	pair_call(p, path, r);
	wire_send(r->call, data, len);
	wire_half_close(r->call);
	pair_run(p, pair_is, &r->ended);
}

void record_done(struct record *r)
{
	buf_done(&r->last);
}
