/*
 * test_dial_faults.c - whoever dials can tell what he met: nobody, a forward with nothing behind it, somebody else.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "test/lib/pair.h"
#include "test/lib/unit.h"
#include "wire/tls.h"

static struct {
	struct pair turn;		/* the loop only */
	int listener, accepted;
	const char *says;		/* what whoever listens says at once; NULL: nothing */
	bool closes;			/* and goes: */
	bool reads;			/* after it has read something; else with bytes unread, which is a reset */
	struct ev_io accepting, reading;
	struct wire *wire;
	struct wire_tls *tls;
	bool is_down, is_elsewhere;
	enum wire_fault fault;
	char why[200];
} at;

static void end(void)
{
	ev_io_stop(at.turn.loop, &at.reading);
	close(at.accepted);
	at.accepted = -1;
}

/* With the first bytes of whoever dialled. */
static void on_readable(struct ev_loop *loop, ev_io *w, int events)
{
	char data[4096];

	(void)events;
	ev_io_stop(loop, w);
	if (at.reads && recv(at.accepted, data, sizeof data, 0) < 0)
		ck_abort_msg("nothing to read");
	if (at.says)
		ck_assert_int_gt(send(at.accepted, at.says, strlen(at.says), MSG_NOSIGNAL), 0);
	if (at.closes)
		end();
}

static void on_acceptable(struct ev_loop *loop, ev_io *w, int events)
{
	(void)events;
	at.accepted = accept(w->fd, NULL, NULL);
	ck_assert_int_ge(at.accepted, 0);
	ev_io_init(&at.reading, on_readable, at.accepted, EV_READ);
	ev_io_start(loop, &at.reading);
}

static void on_down(struct wire_conn *conn, const char *why, void *arg)
{
	(void)arg;
	snprintf(at.why, sizeof at.why, "%s", why);
	at.fault = wire_conn_fault(conn);
	at.is_down = true;
}

/* Its port; without `listens` nobody is there. */
static unsigned open_listener(bool listens)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof a;

	at.listener = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(at.listener, (struct sockaddr *)&a, len), 0);
	ck_assert_int_eq(getsockname(at.listener, (struct sockaddr *)&a, &len), 0);
	ev_io_init(&at.accepting, on_acceptable, at.listener, EV_READ);
	at.accepted = -1;
	if (listens) {
		ck_assert_int_eq(listen(at.listener, 8), 0);
		ev_io_start(at.turn.loop, &at.accepting);
	}
	return ntohs(a.sin_port);
}

/* What dialling comes to. */
static enum wire_fault met(const char *address, bool in_tls, uint32_t timeout_ms)
{
	static const struct wire_conn_ops ops = { .on_down = on_down };
	const struct wire_dial how = {
		.address = address, .role = WIRE_CLIENT, .tls = in_tls ? at.tls : NULL, .expect = WIRE_KIND_AGENT, .timeout_ms = timeout_ms,
		.is_elsewhere = at.is_elsewhere,
	};

	at.is_down = false;
	wire_dial(at.wire, &how, &ops, NULL);
	pair_run(&at.turn, pair_is, &at.is_down);
	return at.fault;
}

static void open_all(void)
{
	const struct tls_config config = { .trust_first = true };
	char *error = NULL;

	memset(&at, 0, sizeof at);
	at.turn.loop = ev_loop_new(EVFLAG_NOENV);
	at.wire = wire_new(at.turn.loop);
	at.tls = wire_tls_new(&config, &error);
	ck_assert_msg(at.tls != NULL, "%s", error);
}

static void close_all(void)
{
	wire_free(at.wire);
	wire_tls_free(at.tls);
	ev_loop_destroy(at.turn.loop);
}

static const struct {
	const char *what, *says;
	enum wire_fault fault;
	uint32_t timeout_ms;
	bool listens, in_tls, closes, reads;
} peers[] = {
	{ "nobody", NULL, WIRE_FAULT_REFUSED, 20000, false, true, false, false },
	{ "nobody, plain", NULL, WIRE_FAULT_REFUSED, 20000, false, false, false, false },
	{ "closes", NULL, WIRE_FAULT_CLOSED, 20000, true, true, true, true },
	{ "resets", NULL, WIRE_FAULT_CLOSED, 20000, true, true, true, false },
	{ "closes, plain", NULL, WIRE_FAULT_CLOSED, 20000, true, false, true, true },
	{ "resets, plain", NULL, WIRE_FAULT_CLOSED, 20000, true, false, true, false },
	{ "waits", NULL, WIRE_FAULT_SILENT, 300, true, true, false, true },
	{ "waits, plain", NULL, WIRE_FAULT_SILENT, 300, true, false, false, true },
	{ "HTTP/1.1", "HTTP/1.1 400 Bad Request\r\n\r\n", WIRE_FAULT_NOT_TLS, 20000, true, true, true, true },
	{ "HTTP/1.1, plain", "HTTP/1.1 400 Bad Request\r\n\r\n", WIRE_FAULT_NOT_GRPC, 20000, true, false, false, true },
	{ "ssh", "SSH-2.0-OpenSSH_9.2p1\r\n", WIRE_FAULT_NOT_TLS, 20000, true, true, false, true },
};

START_TEST(who_dials_knows_what_he_met)
{
	for (size_t i = 0; i < sizeof peers / sizeof *peers; i++) {
		char address[40];
		enum wire_fault fault;

		open_all();
		at.says = peers[i].says;
		at.closes = peers[i].closes;
		at.reads = peers[i].reads;
		snprintf(address, sizeof address, "127.0.0.1:%u", open_listener(peers[i].listens));
		fault = met(address, peers[i].in_tls, peers[i].timeout_ms);
		ck_assert_msg(fault == peers[i].fault, "%s: %d", peers[i].what, (int)fault);
		ev_io_stop(at.turn.loop, &at.accepting);
		if (at.accepted >= 0)
			end();
		close(at.listener);
		close_all();
	}
}
END_TEST

START_TEST(what_is_not_reached_at_all_is_told_apart)
{
	open_all();
	ck_assert_int_eq(met("no-such-host.invalid:1", true, 200), WIRE_FAULT_LOOKUP);
	ck_assert_int_eq(met("192.0.2.1:1", false, 10000), WIRE_FAULT_NEEDS_TLS);
	ck_assert_int_eq(met("nonsense", true, 10000), WIRE_FAULT_NONE);
	close_all();
}
END_TEST

/* Whoever does not accept, and has a full backlog, is as a firewall that drops. */
START_TEST(a_dropped_packet_is_a_timeout)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t len = sizeof a;
	char address[40];
	int fd = socket(AF_INET, SOCK_STREAM, 0), fill[4];

	open_all();
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&a, len), 0);
	ck_assert_int_eq(listen(fd, 0), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	for (size_t i = 0; i < 4; i++) {
		fill[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		(void)!connect(fill[i], (struct sockaddr *)&a, len);
	}
	snprintf(address, sizeof address, "127.0.0.1:%u", ntohs(a.sin_port));
	ck_assert_int_eq(met(address, true, 50), WIRE_FAULT_TIMEOUT);
	for (size_t i = 0; i < 4; i++)
		close(fill[i]);
	close(fd);
	close_all();
}
END_TEST

/* Where others say whom to dial, nothing of this machine is touched, under whatever name. */
START_TEST(what_has_to_be_elsewhere_is_not_dialled_here)
{
	static const char *const hosts[] = { "127.0.0.1", "0.0.0.0", "localhost", "[::ffff:127.0.0.1]", "[::]" };
	char address[60];
	unsigned port;

	open_all();
	port = open_listener(true);
	at.is_elsewhere = true;
	for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
		snprintf(address, sizeof address, "%s:%u", hosts[i], port);
		ck_assert_int_eq(met(address, true, 20000), WIRE_FAULT_NONE);
		ck_assert_msg(strstr(at.why, "this machine's own loopback interface") != NULL, "%s: %s", address, at.why);
	}
	ck_assert_int_eq(at.accepted, -1);
	ev_io_stop(at.turn.loop, &at.accepting);
	close(at.listener);
	close_all();
}
END_TEST

UNIT_MAIN(who_dials_knows_what_he_met, what_is_not_reached_at_all_is_told_apart, a_dropped_packet_is_a_timeout, what_has_to_be_elsewhere_is_not_dialled_here)
