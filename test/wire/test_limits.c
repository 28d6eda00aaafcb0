/* test_limits.c - bounds of limits.h that calls run into without anything being wrong with them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/mem.h"
#include "test/lib/pair.h"
#include "test/lib/script.h"
#include "test/lib/unit.h"
#include "wire/h2_session.h"
#include "wire/internal.h"

/* ---- stream ids ---- */

static void unary(struct pair *p, enum wire_code code)
{
	struct record r;

	pair_unary(p, "/test.Echo/Unary", "x", 1, &r);
	ck_assert_msg(r.code == code, "%s: %s", wire_code_name(r.code), r.why);
	ck_assert_int_eq(r.unprocessed, code != WIRE_OK);
	record_done(&r);
}

/* RFC 9113 5.1.1: ids end. The owner is told in time, and a call that finds none may be sent elsewhere. */
START_TEST(connection_wears_out)
{
	struct pair p;

	pair_open(&p, PAIR_UNIX);
	nghttp2_session_set_next_stream_id(p.conn->h2->session, 0x60000001 - 2);
	ck_assert(wire_conn_is_open(p.conn));
	unary(&p, WIRE_OK);
	ck_assert(!wire_conn_is_open(p.conn));
	unary(&p, WIRE_OK);
	nghttp2_session_set_next_stream_id(p.conn->h2->session, 0x7fffffff);
	unary(&p, WIRE_OK);
	unary(&p, WIRE_UNAVAILABLE);
	pair_close(&p);
}
END_TEST

/* ---- calls that wait ---- */

START_TEST(calls_that_wait_for_a_connection_are_bounded)
{
	const struct wire_request request = { .path = "/test.Echo/Unary" };
	const struct wire_dial dial = { .address = "127.0.0.1:1", .role = WIRE_CLIENT };
	enum { N = WIRE_WAITING_CALLS_MAX + 1 };
	struct record *r = mem_array(N, sizeof *r);
	struct wire_conn *conn;
	struct pair p;

	pair_open(&p, PAIR_UNIX);
	conn = wire_dial(p.caller, &dial, NULL, NULL);
	for (int i = 0; i < N; i++)
		r[i].call = wire_call(conn, &request, &record_ops, &r[i]);
	for (int i = 0; i < N; i++) {
		pair_run(&p, pair_is, &r[i].ended);
		ck_assert_int_eq(r[i].code, i < N - 1 ? WIRE_UNAVAILABLE : WIRE_RESOURCE_EXHAUSTED);
		ck_assert(r[i].unprocessed);
		record_done(&r[i]);
	}
	free(r);
	pair_close(&p);
}
END_TEST

/* ---- calls at work ---- */

static unsigned n_at_work;

static void on_end(struct wire_call *call, enum wire_code code, const char *why, void *arg)
{
	(void)call, (void)code, (void)why, (void)arg;
	n_at_work--;
}

static void work(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	static const struct wire_call_ops ops = { .on_end = on_end };

	(void)data, (void)len, (void)arg;
	n_at_work++;
	wire_accept(call, &ops, NULL);
}

static void send_work(struct raw *r, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		raw_send_request(r, 2 * i + 1, "/test.Limits/Work", 0);
	raw_turn(r);
}

static void start_work(struct raw *r, uint32_t n)
{
	static const struct wire_method method = { .path = "/test.Limits/Work", .roles = WIRE_ANYONE, .start = work };

	wire_serve(r->wire, &method, 1, NULL);
	send_work(r, n);
}

/* The place is free when the handler has ended, not before. */
START_TEST(calls_at_work_for_a_stranger_are_bounded)
{
	const uint32_t next = 2 * WIRE_HANDLERS_PER_CONN + 1;
	struct raw r;

	raw_open(&r, "127.0.0.2");
	raw_handshake(&r);
	start_work(&r, WIRE_HANDLERS_PER_CONN);
	ck_assert_uint_eq(n_at_work, WIRE_HANDLERS_PER_CONN);
	raw_send_request(&r, next, "/test.Limits/Work", 0);
	ck_assert_str_eq(raw_wait_end(&r, next, "grpc-status"), "8");
	raw_send_frame(&r, RAW_RST_STREAM, 0, 1, "\0\0\0\x8", 4);
	raw_turn(&r);
	ck_assert_uint_eq(n_at_work, WIRE_HANDLERS_PER_CONN - 1);
	raw_send_request(&r, next + 2, "/test.Echo/Unary", 0);
	raw_send_message(&r, next + 2, "x", RAW_END_STREAM);
	ck_assert_str_eq(raw_wait_end(&r, next + 2, "grpc-status"), "0");
	raw_close(&r);
}
END_TEST

static bool has_free_place(void *arg)
{
	(void)arg;
	return n_at_work < WIRE_HANDLERS_MAX;
}

/* Of all strangers together, on connections none of which is at its own bound. */
START_TEST(calls_at_work_for_all_strangers_are_bounded)
{
	struct raw first, others[WIRE_HANDLERS_MAX / WIRE_HANDLERS_PER_CONN];
	const size_t last = sizeof others / sizeof *others - 1;

	raw_open(&first, "127.0.0.2");
	raw_handshake(&first);
	start_work(&first, WIRE_HANDLERS_PER_CONN);
	for (size_t i = 0; i <= last; i++) {
		raw_join(&others[i], &first, "127.0.0.3");
		raw_handshake(&others[i]);
		if (i < last)
			send_work(&others[i], WIRE_HANDLERS_PER_CONN);
	}
	ck_assert_uint_eq(n_at_work, WIRE_HANDLERS_MAX);
	send_work(&others[last], 1);
	ck_assert_str_eq(raw_wait_end(&others[last], 1, "grpc-status"), "8");
	raw_send_frame(&first, RAW_RST_STREAM, 0, 1, "\0\0\0\x8", 4);
	pair_run(&(struct pair){ .loop = first.loop }, has_free_place, NULL);
	raw_send_request(&others[last], 3, "/test.Echo/Unary", 0);
	raw_send_message(&others[last], 3, "x", RAW_END_STREAM);
	ck_assert_str_eq(raw_wait_end(&others[last], 3, "grpc-status"), "0");
	for (size_t i = 0; i <= last; i++)
		raw_close(&others[i]);
	raw_close(&first);
}
END_TEST

START_TEST(calls_at_work_for_an_operator_are_as_many_as_his_streams)
{
	struct raw r;

	raw_open(&r, NULL);
	raw_handshake(&r);
	start_work(&r, 10 * WIRE_HANDLERS_MAX);
	ck_assert_uint_eq(n_at_work, 10 * WIRE_HANDLERS_MAX);
	raw_close(&r);
}
END_TEST

/* ---- connections ---- */

enum { COMES_TOO_OFTEN = 4000 };	/* also where a machine is so slow that tokens come back meanwhile */

START_TEST(stranger_that_keeps_coming_back_is_refused_and_his_neighbour_is_not)
{
	unsigned n = 0;
	struct raw r;

	raw_open(&r, "127.0.0.2");
	do {
		raw_reopen(&r, "127.0.0.2");
		raw_turn_until_taken(&r);
	} while (!r.down && ++n < COMES_TOO_OFTEN);
	ck_assert_uint_ge(n, 250);
	ck_assert_str_eq(r.why, "too many connections within a short time from its address");
	raw_reopen(&r, "127.0.0.3");
	raw_handshake(&r);
	raw_reopen(&r, "127.0.0.1");
	raw_handshake(&r);
	raw_close(&r);
}
END_TEST

START_TEST(operator_may_come_back_as_often_as_he_likes)
{
	struct raw r;

	raw_open(&r, NULL);
	for (unsigned n = 0; n < 500; n++) {
		raw_reopen(&r, "127.0.0.1");
		raw_turn_until_taken(&r);
		ck_assert_msg(!r.down, "%s", r.why);
	}
	raw_close(&r);
}
END_TEST

/* ---- connections on unix sockets ---- */

/* Descriptors for both ends, and for the bound of all connections, which is half of what there may be. */
static bool has_descriptors_for(rlim_t conns)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur < 4 * conns)
		limit.rlim_cur = limit.rlim_max < 4 * conns ? limit.rlim_max : 4 * conns;
	setrlimit(RLIMIT_NOFILE, &limit);
	return limit.rlim_cur >= 4 * conns;
}

/* A connection to the pair's listener that says nothing. */
static int connect_unix(struct pair *p)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	snprintf(to.sun_path, sizeof to.sun_path, "%s/s", p->dir);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
	for (int i = 0; i < 3; i++)
		ev_run(p->loop, EVRUN_NOWAIT);
	return fd;
}

static bool is_closed(int fd)
{
	char byte;

	return recv(fd, &byte, 1, MSG_DONTWAIT) == 0;
}

static bool is_alone(void *wire)
{
	return wire_count(wire).conns == 1;
}

START_TEST(connections_on_unix_sockets_are_bounded)
{
	int fds[WIRE_CONNS_UNIX - 1], one_more;		/* the pair has one already */
	struct pair p;

	if (!has_descriptors_for(WIRE_CONNS_UNIX)) {
		printf("SKIP: connections_on_unix_sockets_are_bounded: the hard limit of descriptors is too low\n");
		return;
	}
	pair_open(&p, PAIR_UNIX);
	for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
		fds[i] = connect_unix(&p);
	ck_assert_uint_eq(wire_count(p.answerer).conns, WIRE_CONNS_UNIX);
	one_more = connect_unix(&p);
	ck_assert(is_closed(one_more));
	ck_assert_uint_eq(wire_count(p.answerer).conns, WIRE_CONNS_UNIX);
	close(one_more);
	for (size_t i = 0; i < sizeof fds / sizeof *fds; i++) {
		ck_assert(!is_closed(fds[i]));
		close(fds[i]);
	}
	pair_run(&p, is_alone, p.answerer);
	one_more = connect_unix(&p);
	ck_assert(!is_closed(one_more));
	close(one_more);
	pair_close(&p);
}
END_TEST

/* ---- descriptors ---- */

static void count_refused(struct wire_conn *conn, const char *why, void *arg)
{
	unsigned *n = arg;

	(void)conn;
	*n += strstr(why, "ulimit -n") != NULL;
}

static bool is_refused(void *n)
{
	return *(unsigned *)n > 0;
}

/* Callers decide how many agents a master dials, and find a descriptor themselves nevertheless. */
START_TEST(dialling_many_leaves_descriptors)
{
	enum { FILES = 64, DIALS = FILES };
	const struct wire_conn_ops ops = { .on_down = count_refused };
	struct wire_dial dial = { .role = WIRE_CLIENT, .is_one_of_many = true };
	struct wire_conn *conns[DIALS];
	struct rlimit limit, low;
	unsigned n = 0;
	struct pair p;

	pair_open(&p, PAIR_TCP);
	getrlimit(RLIMIT_NOFILE, &limit);
	low = (struct rlimit){ FILES, limit.rlim_max };
	setrlimit(RLIMIT_NOFILE, &low);
	dial.address = wire_listener_address(p.listener);
	for (int i = 0; i < DIALS; i++)
		conns[i] = wire_dial(p.caller, &dial, &ops, &n);
	setrlimit(RLIMIT_NOFILE, &limit);
	pair_run(&p, is_refused, &n);
	ck_assert_uint_ge(n, DIALS - FILES / 2);
	ck_assert_uint_lt(n, DIALS);
	for (int i = 0; i < (int)(DIALS - n); i++)
		wire_conn_close(conns[i], 0, "done");
	pair_run(&p, is_alone, p.caller);
	pair_run(&p, is_alone, p.answerer);
	pair_close(&p);
}
END_TEST

/* ---- streams that the server resets ---- */

/* MadeYouReset, CVE-2025-8671: a request whose stream has to be reset by the server, for a window that overflows. */
static void make_reset(struct raw *r, uint32_t stream)
{
	raw_send_request(r, stream, "/test.Echo/Silent", 0);
	raw_send_frame(r, RAW_WINDOW_UPDATE, 0, stream, "\x7f\xff\xff\xff", 4);
}

START_TEST(resets_by_the_server_are_bounded)
{
	const uint32_t burst = 100;
	struct raw r;

	raw_open(&r, NULL);
	raw_handshake(&r);
	for (uint32_t i = 0; i < burst; i++)
		make_reset(&r, 2 * i + 1);
	raw_send_frame(&r, RAW_PING, 0, 0, "12345678", 8);
	ck_assert(raw_wait(&r, RAW_PING));
	for (uint32_t i = burst; i < 1000 && !r.deaf; i++)
		make_reset(&r, 2 * i + 1);
	ck_assert(raw_wait(&r, RAW_GOAWAY));
	ck_assert_uint_eq(raw_u32(&r, 4), H2_ENHANCE_YOUR_CALM);
	raw_close(&r);
	ck_assert_str_eq(r.why, "too many stream errors");
	ck_assert(r.at_fault);
}
END_TEST

/* Those behind a status that the client did not wait for are the protocol's. */
START_TEST(resets_without_an_error_are_not_counted)
{
	struct raw r;

	raw_open(&r, NULL);
	raw_handshake(&r);
	for (uint32_t id = 1; id < 500; id += 2) {
		raw_send_request(&r, id, "/test.Echo/Once", 0);
		raw_send_message(&r, id, "x", 0);
		ck_assert_str_eq(raw_wait_end(&r, id, "grpc-status"), "0");
		ck_assert(raw_wait(&r, RAW_RST_STREAM));
		ck_assert_uint_eq(raw_u32(&r, 0), H2_NO_ERROR);
	}
	raw_close(&r);
}
END_TEST

/* Sends some of it, if the socket takes it. Much at once would be too many control frames. */
static void push(struct raw *r, struct buf *b)
{
	size_t some = buf_len(b) < 8192 ? buf_len(b) : 8192;
	ssize_t n = send(r->fd, buf_data(b), some, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n > 0)
		buf_consume(b, (size_t)n);
	ev_run(r->loop, EVRUN_NOWAIT);
}

/* Makes the server want to send what is not read; the server's end. */
static struct wire_conn *block_server(struct raw *r)
{
	struct wire_conn *conn = list_entry(r->wire->conns.next, struct wire_conn, link);
	int small = 4096;

	setsockopt(r->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
	setsockopt(conn->transport->fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
	raw_send_request(r, 1, "/test.Echo/Count", 0);
	raw_send_message(r, 1, "1000", RAW_END_STREAM);
	raw_turn(r);
	ck_assert(conn->blocked);
	ck_assert(conn->reading);
	return conn;
}

/* Each of these leaves a RST_STREAM in the library's queue, which nothing else bounds for an operator. */
static void add_cancelled(struct buf *out, uint32_t stream)
{
	static const char get[] = GET;

	raw_head(out, RAW_HEADERS, EH, stream, sizeof get - 1);
	buf_append(out, get, sizeof get - 1);
	raw_head(out, RAW_WINDOW_UPDATE, 0, stream, 4);
	buf_append(out, "\x7f\xff\xff\xff", 4);
	raw_head(out, RAW_RST_STREAM, 0, stream, 4);
	buf_append(out, "\0\0\0\x8", 4);
}

START_TEST(flood_that_is_never_read_is_not_read_either)
{
	enum { N = 2 * WIRE_OUTBOUND_FRAMES_MAX };
	struct wire_conn *conn;
	struct buf out = { 0 };
	struct raw r;

	raw_open(&r, NULL);
	raw_handshake(&r);
	conn = block_server(&r);
	for (uint32_t i = 1; i <= N; i++)
		add_cancelled(&out, 2 * i + 1);
	while (buf_len(&out) && conn->reading)
		push(&r, &out);
	ck_assert(!conn->reading);
	ck_assert_uint_lt(h2_queued_frames(conn->h2), N);
	raw_close(&r);
	buf_done(&out);
}
END_TEST

/* ---- paths ---- */

static void done(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	(void)data, (void)len, (void)arg;
	wire_send(call, "", 0);
	wire_end(call, WIRE_OK, NULL);
}

/* A method of that long a path is served, or is not there. */
static enum wire_code code_of_path(size_t n)
{
	char *path = mem_alloc(n + 1);
	const struct wire_method method = { .path = path, .roles = WIRE_ANYONE, .unary = true, .start = done };
	struct record r;
	struct pair p;

	memset(path, 'x', n);
	memcpy(path, "/test.Limits/", 13);
	path[n] = '\0';
	pair_open(&p, PAIR_UNIX);
	wire_serve(p.answerer, &method, 1, NULL);
	pair_unary(&p, path, "", 0, &r);
	record_done(&r);
	pair_close(&p);
	free(path);
	return r.code;
}

START_TEST(paths_are_bounded)
{
	ck_assert_int_eq(code_of_path(WIRE_PATH_MAX), WIRE_OK);
	ck_assert_int_eq(code_of_path(WIRE_PATH_MAX + 1), WIRE_UNIMPLEMENTED);
}
END_TEST

/* ---- messages ---- */

START_TEST(methods_have_their_own_largest_message)
{
	static const struct wire_method method = { .path = "/test.Limits/Small", .roles = WIRE_ANYONE, .max_message = 10, .unary = true, .start = done };
	struct record r;
	struct pair p;

	pair_open(&p, PAIR_UNIX);
	wire_serve(p.answerer, &method, 1, NULL);
	pair_unary(&p, method.path, "0123456789", 10, &r);
	ck_assert_int_eq(r.code, WIRE_OK);
	record_done(&r);
	pair_unary(&p, method.path, "0123456789+", 11, &r);
	ck_assert_int_eq(r.code, WIRE_RESOURCE_EXHAUSTED);
	record_done(&r);
	pair_close(&p);
}
END_TEST

UNIT_MAIN(connection_wears_out, calls_that_wait_for_a_connection_are_bounded, calls_at_work_for_a_stranger_are_bounded,
	  calls_at_work_for_all_strangers_are_bounded, calls_at_work_for_an_operator_are_as_many_as_his_streams,
	  connections_on_unix_sockets_are_bounded,
	  dialling_many_leaves_descriptors, resets_by_the_server_are_bounded,
	  resets_without_an_error_are_not_counted, flood_that_is_never_read_is_not_read_either,
	  stranger_that_keeps_coming_back_is_refused_and_his_neighbour_is_not,
	  operator_may_come_back_as_often_as_he_likes, paths_are_bounded, methods_have_their_own_largest_message)
