/*
 * test_tls.c - what TLS refuses and how each side reads of it, what it withstands before and after its handshake, and
 * that certificates can be replaced and withdrawn under connections that live. In virtual time.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/exits.h"
#include "common/mem.h"
#include "master/ca.h"
#include "test/lib/echo.h"
#include "test/lib/pair.h"
#include "test/lib/skipped_time.h"
#include "test/lib/unit.h"
#include "wire/identity.h"
#include "wire/limits.h"
#include "wire/tls.h"

enum { DAY_S = 24 * 3600 };

/* No power is cut here. */
int fsync(int fd)
{
	(void)fd;
	return 0;
}

/* ---- whom certificates are of ---- */

static struct ca *ours, *theirs;

static const char *path_of(const char *name, const char *what)
{
	static char paths[4][200];
	static unsigned n;
	char *path = paths[n++ % 4];

	snprintf(path, sizeof paths[0], "%s.%s", tmp_path(name), what);
	return path;
}

static struct ca *make_ca(const char *name)
{
	struct ca *ca;
	char *error = NULL, *dir = mem_strdup(tmp_path(name));

	ck_assert_int_eq(mkdir(dir, 0700), 0);
	ck_assert_msg(ca_open(dir, NULL, &ca, &error) == EXIT_OK, "%s", error);
	free(dir);
	return ca;
}

/* NAME.key and NAME.crt: who, and how many days ago it began; it lives for 30. */
static void make_files(const char *file, struct ca *ca, enum wire_kind kind, const char *name, int64_t age_days)
{
	struct wire_identity who;
	uint8_t *csr, *der;
	size_t csr_len, len;
	char *error = NULL;

	unlink(path_of(file, "key"));
	ck_assert(!identity_make_key(path_of(file, "key"), &error));
	ck_assert(!identity_request(path_of(file, "key"), &csr, &csr_len, &error));
	ck_assert(!ca_sign(ca, csr, csr_len, kind, name, wall_s() - age_days * DAY_S, 30, &der, &len, &who, &error));
	ck_assert(!identity_save_certificate(path_of(file, "crt"), der, len, &error));
	free(csr);
	free(der);
}

static void make_all(void)
{
	signal(SIGPIPE, SIG_IGN);
	ours = make_ca("ours");
	theirs = make_ca("theirs");
	make_files("master", ours, WIRE_KIND_MASTER, "master", 0);
	make_files("agent", ours, WIRE_KIND_AGENT, "web1", 0);
	make_files("expired", ours, WIRE_KIND_MASTER, "master", 40);
	make_files("early", ours, WIRE_KIND_MASTER, "master", -3);
	make_files("foreign", theirs, WIRE_KIND_MASTER, "master", 0);
	make_files("old-agent", ours, WIRE_KIND_AGENT, "web1", 40);
	make_files("early-agent", ours, WIRE_KIND_AGENT, "web1", -3);
	make_files("foreign-agent", theirs, WIRE_KIND_AGENT, "web1", 0);
}

static struct wire_tls *tls_of(const char *shows)
{
	const struct tls_config config = {
		.cert_file = shows ? path_of(shows, "crt") : NULL, .key_file = shows ? path_of(shows, "key") : NULL,
		.ca_file = ca_cert_file(ours),
	};
	char *error = NULL;
	struct wire_tls *tls = wire_tls_new(&config, &error);

	ck_assert_msg(tls != NULL, "%s", error);
	return tls;
}

/* ---- a server and a client of it ---- */

static struct {
	struct pair turn;		/* for pair_run(): the loop only */
	struct wire *server, *client;
	struct wire_tls *server_tls, *client_tls;
	struct wire_listener *listener;
	struct wire_conn *conn;		/* the client's */
	unsigned n_up, n_down, n_server_up, n_server_down;
	char why[300], server_why[300];
	enum wire_fault fault;
	char met[WIRE_NAME_MAX + 1];	/* where it was somebody else; "": nobody */
	const char *revoked;		/* name */
} at;

static void on_call(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	(void)arg;
	wire_send(call, data, len);
	wire_end(call, WIRE_OK, NULL);
}

static const struct wire_method methods[] = {
	{ "/test.Tls/Agents", WIRE_AGENT, 0, true, false, on_call },
	{ "/test.Tls/Renew", WIRE_AGENT | WIRE_EXPIRED, 0, true, false, on_call },
	{ "/test.Tls/Anyone", WIRE_ANYONE, 0, true, false, on_call },
};

/* As the master does it. */
static unsigned admit(struct wire_peer *peer, void *arg)
{
	(void)arg;
	if (!peer->identity)
		return WIRE_STRANGER;
	return peer->refused ? WIRE_EXPIRED : peer->identity->kind == WIRE_KIND_AGENT ? WIRE_AGENT : WIRE_STRANGER;
}

static bool is_revoked(const char *serial, void *arg)
{
	struct wire_identity who;
	char *error = NULL;

	(void)arg;
	return at.revoked && !identity_read_certificate(path_of(at.revoked, "crt"), &who, &error) && !strcmp(who.serial, serial);
}

static void server_up(struct wire_conn *conn, const struct wire_peer *peer, void *arg)
{
	(void)conn, (void)peer, (void)arg;
	at.n_server_up++;
}

static void server_down(struct wire_conn *conn, const char *why, void *arg)
{
	(void)conn, (void)arg;
	at.n_server_down++;
	snprintf(at.server_why, sizeof at.server_why, "%s", why);
}

static void client_up(struct wire_conn *conn, const struct wire_peer *peer, void *arg)
{
	(void)conn, (void)peer, (void)arg;
	at.n_up++;
}

static void client_down(struct wire_conn *conn, const char *why, void *arg)
{
	(void)arg;
	if (conn == at.conn)
		at.conn = NULL;
	at.n_down++;
	snprintf(at.why, sizeof at.why, "%s", why);
	at.fault = wire_conn_fault(conn);
	snprintf(at.met, sizeof at.met, "%s", wire_conn_met(conn) ? wire_conn_met(conn)->name : "");
}

static const struct wire_conn_ops server_ops = { .on_up = server_up, .on_down = server_down };
static const struct wire_conn_ops client_ops = { .on_up = client_up, .on_down = client_down };

static void open_server(const char *shows)
{
	char *error = NULL;

	memset(&at, 0, sizeof at);
	at.turn.loop = ev_loop_new(EVFLAG_NOENV);
	at.server = wire_new(at.turn.loop);
	at.server_tls = tls_of(shows);
	wire_tls_set_revoked(at.server_tls, is_revoked, NULL);
	wire_set_tls(at.server, at.server_tls);
	wire_require_tls(at.server);
	wire_set_admission(at.server, admit, NULL);
	wire_serve(at.server, methods, sizeof methods / sizeof *methods, NULL);
	echo_serve(at.server);
	at.listener = wire_listen(at.server, "127.0.0.1:0", &server_ops, NULL, &error);
	ck_assert_msg(at.listener != NULL, "%s", error);
}

static void open_client(const char *shows)
{
	at.client = wire_new(at.turn.loop);
	at.client_tls = tls_of(shows);
	wire_tls_set_revoked(at.client_tls, is_revoked, NULL);
}

static void close_all(void)
{
	if (at.client)
		wire_shutdown(at.client, 0);
	wire_shutdown(at.server, 0);
	ev_run(at.turn.loop, 0);
	if (at.client)
		ck_assert_uint_eq(wire_count(at.client).conns, 0);
	ck_assert_uint_eq(wire_count(at.server).conns, 0);
	wire_free(at.client);
	wire_free(at.server);
	wire_tls_free(at.client_tls);
	wire_tls_free(at.server_tls);
	ev_loop_destroy(at.turn.loop);
	skipped_ns = 0;
}

static bool has_begun(void *arg)
{
	(void)arg;
	return (at.n_up && at.n_server_up) || (at.n_down && at.n_server_down);
}

static bool is_down(void *arg)
{
	(void)arg;
	return at.n_down && at.n_server_down;
}

static bool server_is_down(void *arg)
{
	(void)arg;
	return at.n_server_down > 0;
}

static void dial_as(const char *expect_name)
{
	struct wire_dial dial = {
		.address = wire_listener_address(at.listener), .role = WIRE_CLIENT, .tls = at.client_tls,
		.expect = WIRE_KIND_MASTER, .expect_name = expect_name,
	};

	at.n_up = at.n_server_up = at.n_down = at.n_server_down = 0;
	at.conn = wire_dial(at.client, &dial, &client_ops, NULL);
	pair_run(&at.turn, has_begun, NULL);
}

static void connect_client(void)
{
	dial_as(NULL);
	ck_assert_msg(at.n_up == 1, "%s", at.why);
}

static void start_call(const char *path, const void *data, size_t len, struct record *r)
{
	const struct wire_request request = { .path = path };

	*r = (struct record){ .call = NULL };
	r->call = wire_call(at.conn, &request, &record_ops, r);
	wire_send(r->call, data, len);
	wire_half_close(r->call);
}

static void call(const char *path, const void *data, size_t len, struct record *r)
{
	start_call(path, data, len, r);
	pair_run(&at.turn, pair_is, &r->ended);
}

static void expect_call(const char *path, enum wire_code code, const char *words)
{
	struct record r;

	call(path, "hello", 5, &r);
	ck_assert_msg(r.code == code && strstr(r.why, words), "%s: %s %s", path, wire_code_name(r.code), r.why);
	record_done(&r);
}

/* ---- reasons ---- */

static const struct {
	const char *shows, *expect_name;
	bool is_revoked;
	enum wire_fault fault;
	const char *why, *server_why;
} servers[] = {
	{ "expired", NULL, false, WIRE_FAULT_DATES,
	  "the certificate of master master has expired on ", "expired; is a clock wrong?" },
	{ "early", NULL, false, WIRE_FAULT_DATES,
	  "the certificate of master master is not valid before ", "not valid yet" },
	{ "foreign", NULL, false, WIRE_FAULT_OTHER_CA,
	  "it belongs to another cluster", "unknown CA, one of us belongs to another cluster" },
	{ "agent", NULL, false, WIRE_FAULT_OTHER_PEER,
	  "that address answers as agent web1, which is no master", "not who it looks for" },
	{ "master", "other", false, WIRE_FAULT_OTHER_PEER,
	  "name differs: that address answers as master", "not who it looks for" },
	{ "master", NULL, true, WIRE_FAULT_REVOKED,
	  "the certificate was revoked", "the peer does not accept our certificate: revoked" },
};

START_TEST(both_sides_read_why_a_server_is_refused)
{
	make_all();
	for (size_t i = 0; i < sizeof servers / sizeof *servers; i++) {
		open_server(servers[i].shows);
		open_client("agent");
		at.revoked = servers[i].is_revoked ? servers[i].shows : NULL;
		dial_as(servers[i].expect_name);
		pair_run(&at.turn, is_down, NULL);
		ck_assert_msg(at.n_up == 0 && at.n_server_up == 0, "server %zu came up", i);
		ck_assert_msg(strstr(at.why, servers[i].why) != NULL, "%s: %s", servers[i].why, at.why);
		ck_assert_msg(strstr(at.server_why, servers[i].server_why) != NULL, "%s: %s", servers[i].server_why, at.server_why);
		ck_assert_msg(at.fault == servers[i].fault, "%s: fault %d", servers[i].why, (int)at.fault);
		ck_assert_str_eq(at.met, servers[i].fault != WIRE_FAULT_OTHER_PEER ? "" : servers[i].expect_name ? "master" : "web1");
		close_all();
	}
}
END_TEST

/* A client is let in whatever it shows; what it is worth decides about its calls, which say so. */
static const struct {
	const char *shows;
	bool is_revoked;
	enum wire_code code, to_renew;
	const char *why;
} clients[] = {
	{ "agent", false, WIRE_OK, WIRE_OK, "" },
	{ NULL, false, WIRE_UNAUTHENTICATED, WIRE_UNAUTHENTICATED, "this needs a certificate of this cluster" },
	{ "old-agent", false, WIRE_PERMISSION_DENIED, WIRE_OK, "the certificate of agent web1 has expired on " },
	{ "early-agent", false, WIRE_UNAUTHENTICATED, WIRE_UNAUTHENTICATED, "the certificate of agent web1 is not valid before " },
	{ "foreign-agent", false, WIRE_UNAUTHENTICATED, WIRE_UNAUTHENTICATED, "it belongs to another cluster" },
	{ "agent", true, WIRE_UNAUTHENTICATED, WIRE_UNAUTHENTICATED, "the certificate was revoked" },
	{ "old-agent", true, WIRE_UNAUTHENTICATED, WIRE_UNAUTHENTICATED, "the certificate was revoked" },
	{ "master", false, WIRE_PERMISSION_DENIED, WIRE_PERMISSION_DENIED, "is not for you" },
};

START_TEST(a_refused_client_reads_why_in_its_calls)
{
	make_all();
	for (size_t i = 0; i < sizeof clients / sizeof *clients; i++) {
		open_server("master");
		open_client(clients[i].shows);
		at.revoked = clients[i].is_revoked ? clients[i].shows : NULL;
		connect_client();
		expect_call("/test.Tls/Agents", clients[i].code, clients[i].why);
		expect_call("/test.Tls/Renew", clients[i].to_renew, clients[i].to_renew == WIRE_OK ? "" : clients[i].why);
		expect_call("/test.Tls/Anyone", WIRE_OK, "");
		close_all();
	}
}
END_TEST

/* ---- certificates under live connections ---- */

START_TEST(new_connections_use_what_was_read_again)
{
	struct wire_identity before, after;
	struct wire_conn *first;
	struct record stuck;
	char *error = NULL;

	make_all();
	open_server("master");
	open_client("agent");
	connect_client();
	first = at.conn;
	before = *wire_conn_peer(first)->identity;
	start_call("/test.Echo/Silent", "", 0, &stuck);
	make_files("master", ours, WIRE_KIND_MASTER, "master", 0);
	ck_assert_int_eq(wire_tls_reload(at.server_tls, &error), 0);
	connect_client();
	after = *wire_conn_peer(at.conn)->identity;
	ck_assert_str_ne(before.serial, after.serial);
	ck_assert(wire_conn_is_open(first) && !stuck.ended);
	at.conn = first;
	expect_call("/test.Tls/Agents", WIRE_OK, "");

	unlink(path_of("master", "key"));		/* what cannot be read changes nothing */
	ck_assert_int_ne(wire_tls_reload(at.server_tls, &error), 0);
	ck_assert_msg(strstr(error, "master.key: ") != NULL, "%s", error);
	free(error);
	connect_client();
	ck_assert_str_eq(wire_conn_peer(at.conn)->identity->serial, after.serial);
	ck_assert(!stuck.ended);
	wire_end(stuck.call, WIRE_CANCELLED, "seen");
	pair_run(&at.turn, pair_is, &stuck.ended);
	close_all();
}
END_TEST

static bool is_agent(const struct wire_peer *peer, void *name)
{
	return peer->identity && peer->identity->kind == WIRE_KIND_AGENT && !strcmp(peer->identity->name, name);
}

START_TEST(connections_of_an_identity_can_be_cut)
{
	struct record stuck;
	char none[] = "web2", one[] = "web1";
	unsigned turns = 0;

	make_all();
	open_server("master");
	open_client("agent");
	connect_client();
	start_call("/test.Echo/Silent", "", 0, &stuck);
	expect_call("/test.Tls/Agents", WIRE_OK, "");
	ck_assert_uint_eq(wire_cut(at.server, is_agent, none, "revoked"), 0);
	ck_assert_uint_eq(wire_cut(at.server, is_agent, one, "revoked"), 1);
	ck_assert_uint_eq(at.n_server_down, 0);		/* callbacks come from the loop */
	while (!at.n_server_down && turns++ < 3)
		ev_run(at.turn.loop, EVRUN_NOWAIT);
	ck_assert_uint_le(turns, 2);
	ck_assert_str_eq(at.server_why, "revoked");
	pair_run(&at.turn, pair_is, &stuck.ended);
	ck_assert_int_eq(stuck.code, WIRE_UNAVAILABLE);
	ck_assert_uint_eq(at.n_down, 1);
	close_all();
}
END_TEST

START_TEST(an_identity_has_few_connections)
{
	make_all();
	open_server("master");
	open_client("agent");
	for (unsigned i = 0; i < WIRE_CONNS_PER_AGENT; i++)
		connect_client();
	dial_as(NULL);
	pair_run(&at.turn, is_down, NULL);
	ck_assert_uint_eq(at.n_server_up, 0);
	ck_assert_str_eq(at.server_why, "too many connections of its identity");
	ck_assert_uint_eq(wire_count(at.server).conns, WIRE_CONNS_PER_AGENT);
	close_all();
}
END_TEST

/* ---- much at once, through little ---- */

START_TEST(large_messages_pass_small_socket_buffers)
{
	enum { N = 1024 * 1024 };
	char *data = mem_alloc(N);
	struct record r[3];

	make_all();
	open_server("master");
	open_client("agent");
	connect_client();
	is_real = true;			/* the kernel has its own timers for windows of so few bytes */
	for (int fd = 3; fd < 64; fd++) {		/* both ends: whatever is a socket */
		const int tiny = 4096;

		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &tiny, sizeof tiny);
	}
	for (size_t i = 0; i < N; i++)
		data[i] = (char)(i * 2654435761u >> 13);
	for (size_t i = 0; i < 3; i++)
		start_call("/test.Echo/Chat", data, N - i, &r[i]);
	for (size_t i = 0; i < 3; i++) {
		pair_run(&at.turn, pair_is, &r[i].ended);
		ck_assert_msg(r[i].code == WIRE_OK, "%s", r[i].why);
		ck_assert_uint_eq(buf_len(&r[i].last), N - i);
		ck_assert(!memcmp(buf_data(&r[i].last), data, N - i));
		record_done(&r[i]);
	}
	free(data);
	close_all();
	is_real = false;
}
END_TEST

/* ---- strangers with a socket ---- */

static int dial_raw(void)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	sa.sin_port = htons(wire_listener_port(at.listener));
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&sa, sizeof sa), 0);
	ck_assert_int_eq(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	at.n_server_down = 0;
	return fd;
}

/* The first flight of a client that offers these protocols; its length. */
static size_t client_hello(uint8_t *out, size_t cap)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL *ssl = SSL_new(ctx);
	BIO *to = BIO_new(BIO_s_mem());
	int n;

	SSL_set_bio(ssl, BIO_new(BIO_s_mem()), to);
	SSL_set_connect_state(ssl);
	SSL_set_alpn_protos(ssl, (const uint8_t *)"\2h2", 3);
	SSL_do_handshake(ssl);
	n = BIO_read(to, out, (int)cap);
	ck_assert_int_gt(n, 100);
	ck_assert_int_lt(n, (int)cap);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	ERR_clear_error();
	return (size_t)n;
}

/* Sends this and no more; how long the server bears it, in virtual seconds. */
static double borne(const uint8_t *data, size_t n, bool then_ends)
{
	int fd = dial_raw();
	uint64_t begun_ms = mono_ms();

	while (n) {		/* more than the socket takes may be refused before it is there */
		ssize_t sent = send(fd, data, n, MSG_NOSIGNAL);

		if (sent < 0 && errno != EAGAIN)
			break;
		data += sent > 0 ? sent : 0;
		n -= sent > 0 ? (size_t)sent : 0;
		ev_run(at.turn.loop, EVRUN_NOWAIT);
	}
	if (then_ends)
		shutdown(fd, SHUT_WR);
	pair_run(&at.turn, server_is_down, NULL);
	close(fd);
	return (double)(mono_ms() - begun_ms) / 1000;
}

START_TEST(a_handshake_that_stops_anywhere_has_ten_seconds)
{
	static uint8_t hello[2048];
	size_t n;
	double s;

	make_all();
	open_server("master");
	n = client_hello(hello, sizeof hello);
	for (size_t i = 1; i <= n; i += i < 12 ? 1 : 97) {
		s = borne(hello, i, false);
		ck_assert_msg(s > 9.5 && s < 11.5, "%zu of %zu bytes: %.1f s", i, n, s);
		ck_assert_msg(strstr(at.server_why, "within 10 s") != NULL, "%s", at.server_why);
	}
	ck_assert_uint_eq(at.n_server_up, 0);
	close_all();
}
END_TEST

START_TEST(a_handshake_that_is_cut_anywhere_is_over)
{
	static uint8_t hello[2048];
	size_t n;

	make_all();
	open_server("master");
	n = client_hello(hello, sizeof hello);
	for (size_t i = 1; i <= n; i++) {
		double s = borne(hello, i, true);

		ck_assert_msg(s < 1, "%zu of %zu bytes: %.1f s", i, n, s);
		ck_assert_str_ne(at.server_why, "");
	}
	ck_assert_uint_eq(at.n_server_up, 0);
	close_all();
}
END_TEST

struct drip {
	const uint8_t *next;
	int fd;
};

static void on_drip(struct ev_loop *loop, struct ev_timer *w, int events)
{
	struct drip *d = w->data;

	(void)loop, (void)events;
	send(d->fd, d->next++, 1, MSG_NOSIGNAL);
}

/* The limit is for the whole, not for each byte. */
START_TEST(a_handshake_that_drips_has_ten_seconds)
{
	static uint8_t hello[2048];
	struct drip drip = { .next = hello };
	struct ev_timer timer;
	uint64_t begun_ms;

	make_all();
	open_server("master");
	ck_assert_uint_gt(client_hello(hello, sizeof hello), 100);
	drip.fd = dial_raw();
	begun_ms = mono_ms();
	ev_timer_init(&timer, on_drip, 0, 1);
	timer.data = &drip;
	ev_timer_start(at.turn.loop, &timer);
	pair_run(&at.turn, server_is_down, NULL);
	ev_timer_stop(at.turn.loop, &timer);
	ck_assert_uint_lt(mono_ms() - begun_ms, WIRE_HANDSHAKE_MS + 1500);
	ck_assert_uint_gt(mono_ms() - begun_ms, WIRE_HANDSHAKE_MS - 500);
	close(drip.fd);
	close_all();
}
END_TEST

/* What comes behind a whole ClientHello, or in its place. */
static const struct {
	const char *what;
	bool has_hello;
	const char *bytes;
	size_t n, times;
} garbage[] = {
	{ "plain HTTP/2", true, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 24, 1 },
	{ "a record of no kind", true, "\x63\x03\x03\x00\x01x", 6, 1 },
	{ "an oversized record", true, "\x17\x03\x03\xff\xff", 5, 1 },
	{ "a record that no key made", true, "\x17\x03\x03\x00\x20" "01234567890123456789012345678901", 37, 1 },
	{ "a second ClientHello", true, "\x16\x03\x03\x00\x04\x01\x00\x00\x00", 9, 1 },
	{ "an alert", true, "\x15\x03\x03\x00\x02\x02\x28", 7, 1 },
	{ "no handshake message", false, "\x16\x03\x01\x00\x05hello", 10, 1 },
	{ "a message of 16 MiB", false, "\x16\x03\x01\x00\x04\x01\xff\xff\xff", 9, 1 },
	{ "empty records", false, "\x16\x03\x01\x00\x00", 5, 1000 },
	{ "SSL 2", false, "\x16\x02\x00\x00\x01\x01", 6, 1 },
};

START_TEST(garbage_in_a_handshake_ends_it_at_once)
{
	static uint8_t bytes[8192];

	make_all();
	open_server("master");
	for (size_t i = 0; i < sizeof garbage / sizeof *garbage; i++) {
		size_t n = garbage[i].has_hello ? client_hello(bytes, sizeof bytes) : 0;
		double s;

		for (size_t t = 0; t < garbage[i].times; t++, n += garbage[i].n)
			memcpy(bytes + n, garbage[i].bytes, garbage[i].n);
		s = borne(bytes, n, false);
		ck_assert_msg(s < 1, "%s: %.1f s, %s", garbage[i].what, s, at.server_why);
		ck_assert_msg(!strncmp(at.server_why, "TLS: ", 5) && at.server_why[5], "%s: %s", garbage[i].what, at.server_why);
	}
	ck_assert_uint_eq(at.n_server_up, 0);
	close_all();
}
END_TEST

/* 16 KiB records of one ClientHello that says it has 16 MiB. */
START_TEST(a_huge_hello_is_not_kept)
{
	enum { RECORD = 16384, RECORDS = 64 };
	uint8_t *data = mem_alloc((size_t)RECORDS * (RECORD + 5));
	double s;

	make_all();
	open_server("master");
	for (size_t i = 0; i < RECORDS; i++)
		memcpy(data + i * (RECORD + 5), "\x16\x03\x01\x40\x00", 5);
	memcpy(data + 5, "\x01\x01\xff\xff", 4);		/* under the library's limit, so that it has to be gathered */
	s = borne(data, (size_t)RECORDS * (RECORD + 5), false);
	ck_assert_msg(s < 1, "%.1f s, %s", s, at.server_why);
	memcpy(data + 5, "\x01\xff\xff\xff", 4);
	s = borne(data, (size_t)RECORDS * (RECORD + 5), false);
	ck_assert_msg(s < 1, "%.1f s, %s", s, at.server_why);
	free(data);
	close_all();
}
END_TEST

/* ---- strangers with TLS of their own ---- */

struct foreign {
	int fd;
	SSL_CTX *ctx;
	SSL *ssl;
};

static void foreign_open(struct foreign *f, int max_version, const char *alpn)
{
	f->fd = dial_raw();
	f->ctx = SSL_CTX_new(TLS_client_method());
	SSL_CTX_set_max_proto_version(f->ctx, max_version);
	f->ssl = SSL_new(f->ctx);
	SSL_set_fd(f->ssl, f->fd);
	SSL_set_connect_state(f->ssl);
	SSL_set_alpn_protos(f->ssl, (const uint8_t *)alpn, (unsigned)strlen(alpn));
}

static void foreign_close(struct foreign *f)
{
	SSL_free(f->ssl);
	SSL_CTX_free(f->ctx);
	close(f->fd);
	ERR_clear_error();
}

/* Until the handshake is over for it, or the server has ended it. */
static bool foreign_shakes(struct foreign *f)
{
	int rv;

	while ((rv = SSL_do_handshake(f->ssl)) != 1 && !at.n_server_down) {
		ERR_clear_error();
		ev_run(at.turn.loop, EVRUN_NOWAIT);
	}
	return rv == 1;
}

START_TEST(who_speaks_something_else_is_told_apart)
{
	struct foreign f;

	make_all();
	open_server("master");
	foreign_open(&f, TLS1_2_VERSION, "\2h2");
	ck_assert(!foreign_shakes(&f));
	ck_assert_msg(strstr(at.server_why, "does not speak TLS 1.3") != NULL, "%s", at.server_why);
	foreign_close(&f);
	foreign_open(&f, 0, "\6spdy/3");
	ck_assert(!foreign_shakes(&f));
	ck_assert_msg(strstr(at.server_why, "not gRPC") != NULL, "%s", at.server_why);
	foreign_close(&f);
	close_all();
}
END_TEST

/* Each costs new keys; a peer has no use for more than a few of them without sending anything. */
START_TEST(a_flood_of_key_updates_ends_the_connection)
{
	enum { FLOOD = 20000 };
	struct foreign f;
	unsigned n = 0;

	make_all();
	open_server("master");
	foreign_open(&f, 0, "\2h2");
	ck_assert(foreign_shakes(&f));
	for (unsigned tries = 0; !at.n_server_down && tries < FLOOD; tries++) {
		if (SSL_key_update(f.ssl, SSL_KEY_UPDATE_NOT_REQUESTED) == 1 && SSL_do_handshake(f.ssl) == 1)
			n++;
		ERR_clear_error();
		ev_run(at.turn.loop, EVRUN_NOWAIT);
	}
	ck_assert_msg(at.n_server_down == 1, "the server has taken %u of them", n);
	ck_assert_msg(strstr(at.server_why, "key updates") != NULL, "%s", at.server_why);
	foreign_close(&f);
	close_all();
}
END_TEST

UNIT_MAIN(both_sides_read_why_a_server_is_refused, a_refused_client_reads_why_in_its_calls,
	  new_connections_use_what_was_read_again, connections_of_an_identity_can_be_cut, an_identity_has_few_connections,
	  large_messages_pass_small_socket_buffers,
	  a_handshake_that_stops_anywhere_has_ten_seconds, a_handshake_that_is_cut_anywhere_is_over,
	  a_handshake_that_drips_has_ten_seconds, garbage_in_a_handshake_ends_it_at_once, a_huge_hello_is_not_kept,
	  who_speaks_something_else_is_told_apart, a_flood_of_key_updates_ends_the_connection)
