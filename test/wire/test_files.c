/*
 * test_files.c - files for clients that speak plain HTTP, over HTTP/1.x and HTTP/2: what they get, that the slow get it
 * too, and that who is too slow is cut off. In virtual time.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/mem.h"
#include "test/lib/script.h"
#include "test/lib/skipped_time.h"
#include "test/lib/thin_tls.h"
#include "test/lib/unit.h"
#include "wire/files.h"
#include "wire/internal.h"

static void pass(struct raw *r, double seconds)
{
	pass_in(r->loop, seconds);
}

/* ---- what is served: each byte tells where it stands ---- */

enum { BIG = 6000000, SMALL = 5, BREAKS_AT = 200000 };

static unsigned n_found, n_done;

static char byte_at(uint64_t offset)
{
	return (char)('a' + offset % 23);
}

static ssize_t read_body(void *body, uint64_t offset, void *to, size_t n)
{
	const char *path = body;

	if (!strcmp(path, "/breaks") && offset + n > BREAKS_AT)
		return offset < BREAKS_AT ? (ssize_t)(BREAKS_AT - offset) : -EIO;
	for (size_t i = 0; i < n; i++)
		((char *)to)[i] = byte_at(offset + i);
	return (ssize_t)n;
}

static void done_body(void *body)
{
	free(body);
	n_done++;
}

static int find(const struct wire_peer *peer, const char *path, struct wire_file *file, void *arg)
{
	(void)peer;
	(void)arg;
	ck_assert_ptr_null(strchr(path, '?'));
	if (!strcmp(path, "/busy"))
		return -EMFILE;
	if (strcmp(path, "/big") && strcmp(path, "/small") && strcmp(path, "/empty") && strcmp(path, "/breaks"))
		return -ENOENT;
	n_found++;
	*file = (struct wire_file){ "text/x-test", !strcmp(path, "/empty") ? 0 : !strcmp(path, "/small") ? SMALL : BIG,
				    read_body, done_body, mem_strdup(path) };
	return 0;
}

static void open_from(struct raw *r, const char *from)
{
	n_found = n_done = 0;
	raw_open(r, from);
	wire_set_tls(r->wire, &thin_tls);
	wire_serve_files(r->wire, find, NULL);
}

/* A stranger. */
static void open_server(struct raw *r)
{
	open_from(r, "127.0.0.2");
}

static void close_server(struct raw *r)
{
	raw_close(r);
	ck_assert_uint_eq(n_done, n_found);
}

/* ---- reading ---- */

/* What is there now, at most `max` bytes more. */
static void take(struct raw *r, size_t max)
{
	char data[65536];
	ssize_t n;

	while (max && !r->closed) {
		n = recv(r->fd, data, max < sizeof data ? max : sizeof data, MSG_DONTWAIT);
		if (n < 0 && errno == EAGAIN)
			return;
		r->closed = n <= 0;
		r->cut = n < 0;
		if (n > 0) {
			buf_append(&r->in, data, (size_t)n);
			max -= (size_t)n;
		}
	}
}

static void take_all(struct raw *r)
{
	uint64_t end = mono_ms() + 20000;

	while (!r->closed && mono_ms() < end) {
		ev_run(r->loop, EVRUN_NOWAIT);
		take(r, SIZE_MAX);
	}
	ck_assert(r->closed && !r->cut);
}

static void say(struct raw *r, const char *text)
{
	raw_send(r, text, strlen(text));
}

/* Splits what has come: the head as a string; the content stays in r->in. */
static char *take_head(struct raw *r)
{
	const char *text = buf_string(&r->in), *end = strstr(text, "\r\n\r\n");
	char *head;

	ck_assert_msg(end != NULL, "no head: \"%.200s\"", text);
	head = mem_strndup(text, (size_t)(end - text) + 2);
	buf_consume(&r->in, (size_t)(end - text) + 4);
	return head;
}

static void check_content(const struct raw *r, size_t n)
{
	const char *data = (const char *)buf_data(&r->in);

	ck_assert_uint_eq(buf_len(&r->in), n);
	for (size_t i = 0; i < n; i++)
		UNIT_ASSERT(data[i] == byte_at(i));
}

static struct wire_conn *conn_of(const struct raw *r)
{
	return list_entry(r->wire->conns.next, struct wire_conn, link);
}

/* ---- HTTP/1.x ---- */

/* The answer to what is sent after a handshake without ALPN or with it: status line and content. */
static void answer(const char *hello, const char *request, const char *status, char **head, struct buf *content)
{
	struct raw r;

	open_server(&r);
	say(&r, hello);
	say(&r, request);
	take_all(&r);
	*head = take_head(&r);
	ck_assert_msg(!strncmp(*head, status, strlen(status)), "%s: %s", request, *head);
	buf_append(content, buf_data(&r.in), buf_len(&r.in));
	close_server(&r);
}

START_TEST(http1_requests_are_answered)
{
	static const struct {
		const char *request, *status, *field, *content;
	} cases[] = {
		{ "GET /small HTTP/1.0\r\n\r\n", "HTTP/1.1 200 OK\r\n", "\r\ncontent-type: text/x-test\r\n", "abcde" },
		{ "GET /small?x=/y HTTP/1.0\r\n\r\n", "HTTP/1.1 200 OK\r\n", "\r\ncontent-length: 5\r\n", "abcde" },
		{ "GET https://m/small HTTP/1.1\r\nhost: m\r\n\r\n", "HTTP/1.1 200 OK\r\n", "\r\nconnection: close\r\n", "abcde" },
		{ "HEAD /small HTTP/1.0\r\n\r\n", "HTTP/1.1 200 OK\r\n", "\r\ncontent-length: 5\r\n", "" },
		{ "HEAD /big HTTP/1.0\r\n\r\n", "HTTP/1.1 200 OK\r\n", "\r\ncontent-length: 6000000\r\n", "" },
		{ "GET /empty HTTP/1.0\r\n\r\n", "HTTP/1.1 200 OK\r\n", "\r\ncontent-length: 0\r\n", "" },
		{ "GET /none HTTP/1.0\r\n\r\n", "HTTP/1.1 404 Not Found\r\n", "\r\nx-content-type-options: nosniff\r\n", "no such file is served here\n" },
		{ "HEAD /none HTTP/1.0\r\n\r\n", "HTTP/1.1 404 Not Found\r\n", "\r\ncontent-length: 28\r\n", "" },
		{ "GET /busy HTTP/1.0\r\n\r\n", "HTTP/1.1 503 Service Unavailable\r\n", "\r\ncache-control: no-store\r\n", "it cannot be read for now, try again later\n" },
		{ "POST /small HTTP/1.0\r\n\r\n", "HTTP/1.1 405 Method Not Allowed\r\n", "\r\nallow: GET, HEAD\r\n", "files are for GET and HEAD\n" },
		{ "OPTIONS * HTTP/1.0\r\n\r\n", "HTTP/1.1 404 Not Found\r\n", "\r\ndate: ", "no such file is served here\n" },
		{ "GET /small HTTP/1.1\r\n\r\n", "HTTP/1.1 400 Bad Request\r\n", "\r\nconnection: close\r\n", "this is no request that is understood here\n" },
		{ "GET /small HTTP/1.0\r\ncontent-length: 3\r\n\r\nabc", "HTTP/1.1 413 Content Too Large\r\n", "", "a request has no content here\n" },
		{ "GET /small HTTP/1.7\r\n\r\n", "HTTP/1.1 505 HTTP Version Not Supported\r\n", "", "HTTP/1.0, HTTP/1.1 and, with ALPN h2, HTTP/2 are spoken here\n" },
	};
	static const char *const hellos[] = { THIN_HTTP1, THIN_NONE };

	for (size_t i = 0; i < 2 * (sizeof cases / sizeof *cases); i++) {
		struct buf content = { 0 };
		char *head;

		answer(hellos[i % 2], cases[i / 2].request, cases[i / 2].status, &head, &content);
		ck_assert_msg(strstr(head, cases[i / 2].field) != NULL, "%s: %s", cases[i / 2].request, head);
		ck_assert_str_eq(buf_string(&content), cases[i / 2].content);
		free(head);
		buf_done(&content);
	}
}
END_TEST

/* With ALPN it is known what is spoken, so that even this gets an answer. */
START_TEST(other_methods_are_answered_where_http1_was_named)
{
	struct buf content = { 0 };
	char *head;

	answer(THIN_HTTP1, "DELETE /small HTTP/1.0\r\n\r\n", "HTTP/1.1 405 ", &head, &content);
	free(head);
	buf_done(&content);
}
END_TEST

START_TEST(http1_is_one_wherever_it_is_cut)
{
	static const char text[] = THIN_NONE "GET /small HTTP/1.0\r\nx: y\r\n\r\n";

	for (size_t cut = 1; cut < sizeof text - 1; cut++) {
		struct raw r;

		open_server(&r);
		raw_send(&r, text, cut);
		raw_turn(&r);
		raw_send(&r, text + cut, sizeof text - 1 - cut);
		take_all(&r);
		free(take_head(&r));
		check_content(&r, SMALL);
		ck_assert(!r.at_fault);
		close_server(&r);
	}
}
END_TEST

START_TEST(http1_gets_a_big_file_whole)
{
	struct raw r;

	open_server(&r);
	say(&r, THIN_HTTP1 "GET /big HTTP/1.0\r\n\r\n");
	take_all(&r);
	free(take_head(&r));
	check_content(&r, BIG);
	close_server(&r);
}
END_TEST

/* Behind the request a client may end its side, or send some more that nobody reads. */
START_TEST(http1_answers_who_has_said_all)
{
	for (int sends_more = 0; sends_more < 2; sends_more++) {
		struct raw r;

		open_server(&r);
		say(&r, THIN_HTTP1 "GET /big HTTP/1.0\r\n\r\n");
		if (sends_more)
			say(&r, "GET /small HTTP/1.0\r\n\r\n");
		else
			shutdown(r.fd, SHUT_WR);
		take_all(&r);
		free(take_head(&r));
		check_content(&r, BIG);
		ck_assert_uint_eq(n_found, 1);
		close_server(&r);
	}
}
END_TEST

START_TEST(http1_takes_no_flood_behind_a_request)
{
	char *junk = mem_alloc(WIRE_LINGER_BYTES + 1);
	struct raw r;

	open_server(&r);
	say(&r, THIN_HTTP1 "GET /big HTTP/1.0\r\n\r\n");
	raw_send(&r, junk, WIRE_LINGER_BYTES + 1);
	raw_turn(&r);
	ck_assert(r.down && r.at_fault);
	close_server(&r);
	free(junk);
}
END_TEST

START_TEST(http1_who_leaves_is_noticed)
{
	struct raw r;

	open_server(&r);
	say(&r, THIN_HTTP1 "GET /big HTTP/1.0\r\n\r\n");
	raw_turn(&r);
	ck_assert_uint_eq(n_done, 0);
	close_server(&r);
	ck_assert_uint_eq(n_done, 1);
}
END_TEST

START_TEST(http1_request_has_ten_seconds)
{
	static const char *const begun[] = { THIN_HTTP1, THIN_HTTP1 "GET /small HTTP/1.0\r\nx", THIN_NONE "GET /small HTTP/1.0\r\n\r" };

	for (size_t i = 0; i < sizeof begun / sizeof *begun; i++) {
		struct raw r;

		open_server(&r);
		say(&r, begun[i]);
		pass(&r, 9);
		ck_assert(!r.down);
		pass(&r, 2);
		ck_assert(r.down && r.at_fault);
		ck_assert_str_eq(r.why, "no whole request within 10 s of connecting");
		close_server(&r);
	}
}
END_TEST

START_TEST(http1_file_that_breaks_off_is_short)
{
	struct raw r;

	open_server(&r);
	say(&r, THIN_HTTP1 "GET /breaks HTTP/1.0\r\n\r\n");
	take_all(&r);
	free(take_head(&r));
	ck_assert_uint_gt(buf_len(&r.in), 0);
	ck_assert_uint_le(buf_len(&r.in), BREAKS_AT);
	check_content(&r, buf_len(&r.in));
	close_server(&r);
}
END_TEST

START_TEST(http1_ends_with_the_server)
{
	struct raw r;

	open_server(&r);
	say(&r, THIN_HTTP1 "GET /big HTTP/1.0\r\n\r\n");
	raw_turn(&r);
	wire_shutdown(r.wire, 1000);
	r.listener = NULL;
	raw_turn(&r);
	ck_assert(r.down);
	close_server(&r);
}
END_TEST

/* ---- HTTP/2 ---- */

static void begin_h2(struct raw *r)
{
	open_server(r);
	say(r, THIN_H2);
	raw_handshake(r);
}

static void request(struct raw *r, uint32_t stream, const char *method, const char *path, uint8_t flags)
{
	struct buf block = { 0 };

	raw_field(&block, ":method", method);
	raw_field(&block, ":scheme", "https");
	raw_field(&block, ":path", path);
	raw_field(&block, ":authority", "m");
	raw_send_frame(r, RAW_HEADERS, RAW_END_HEADERS | flags, stream, buf_data(&block), buf_len(&block));
	buf_done(&block);
}

/* The next header block has this line. */
static void expect_field(struct raw *r, const char *line)
{
	ck_assert(raw_wait(r, RAW_HEADERS));
	ck_assert_msg(strstr(buf_string(&r->frame.payload), line) != NULL, "%s instead of %s", buf_string(&r->frame.payload), line);
}

START_TEST(h2_requests_are_answered)
{
	static const struct {
		const char *method, *path, *content, *field, *text;	/* text NULL: the block is all */
	} cases[] = {
		{ "GET", "/small?x", NULL, ":status: 200\n", "abcde" },
		{ "GET", "/small", NULL, "content-length: 5\n", "abcde" },
		{ "HEAD", "/small", NULL, "content-length: 5\n", NULL },
		{ "GET", "/empty", NULL, ":status: 200\n", NULL },
		{ "GET", "/none", NULL, ":status: 404\n", "no such file is served here\n" },
		{ "GET", "/busy", NULL, ":status: 503\n", "it cannot be read for now, try again later\n" },
		{ "PUT", "/small", NULL, "allow: GET, HEAD\n", "files are for GET and HEAD\n" },
		{ "POST", "/small", "x", "allow: GET, HEAD\n", "files are for GET and HEAD\n" },
		{ "GET", "/small", "x", ":status: 400\n", "this is no request that is understood here\n" },
		{ "HEAD", "/small", "x", ":status: 400\n", NULL },
		/* as without files */
		{ "GET", "/test.Echo/Unary", NULL, "allow: POST\n", "gRPC needs POST\n" },
		{ "POST", "/test.Echo/None", "x", ":status: 415\n", "gRPC needs content-type: application/grpc\n" },
	};
	struct raw r;

	begin_h2(&r);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint32_t stream = (uint32_t)(2 * i + 1);

		request(&r, stream, cases[i].method, cases[i].path, cases[i].content ? 0 : RAW_END_STREAM);
		if (cases[i].content)
			raw_send_frame(&r, RAW_DATA, RAW_END_STREAM, stream, cases[i].content, strlen(cases[i].content));
		expect_field(&r, cases[i].field);
		ck_assert_uint_eq(r.frame.stream, stream);
		ck_assert_msg(!(r.frame.flags & RAW_END_STREAM) == (cases[i].text != NULL), "%s %s", cases[i].method, cases[i].path);
		if (!cases[i].text)
			continue;
		ck_assert(raw_wait(&r, RAW_DATA));
		ck_assert(r.frame.flags & RAW_END_STREAM);
		ck_assert_str_eq(buf_string(&r.frame.payload), cases[i].text);
	}
	raw_send_request(&r, 101, "/test.Echo/Unary", 0);
	raw_send_message(&r, 101, "still", RAW_END_STREAM);
	ck_assert_str_eq(raw_wait_end(&r, 101, "grpc-status"), "0");
	close_server(&r);
}
END_TEST

/* DATA of a stream until its end, with a window that is opened again and again. False: it was reset. */
static bool take_stream(struct raw *r, uint32_t stream, struct buf *content)
{
	bool is_over = false;

	while (!is_over && raw_next(r)) {
		if (r->frame.stream != stream)
			continue;
		if (r->frame.type == RAW_RST_STREAM)
			return false;
		if (r->frame.type != RAW_DATA)
			continue;
		buf_append(content, buf_data(&r->frame.payload), buf_len(&r->frame.payload));
		is_over = r->frame.flags & RAW_END_STREAM;
		raw_send_frame(r, RAW_WINDOW_UPDATE, 0, 0, "\0\0\x40\0", 4);
		if (!is_over)
			raw_send_frame(r, RAW_WINDOW_UPDATE, 0, stream, "\0\0\x40\0", 4);
	}
	return is_over;
}

START_TEST(h2_gets_a_big_file_whole)
{
	struct buf content = { 0 };
	struct raw r;

	begin_h2(&r);
	request(&r, 1, "GET", "/big", RAW_END_STREAM);
	ck_assert(take_stream(&r, 1, &content));
	ck_assert_uint_eq(buf_len(&content), BIG);
	for (size_t i = 0; i < BIG; i++)
		UNIT_ASSERT(buf_data(&content)[i] == (uint8_t)byte_at(i));
	buf_done(&content);
	close_server(&r);
}
END_TEST

START_TEST(h2_file_that_breaks_off_is_reset)
{
	struct buf content = { 0 };
	struct raw r;

	begin_h2(&r);
	request(&r, 1, "GET", "/breaks", RAW_END_STREAM);
	ck_assert(!take_stream(&r, 1, &content));
	ck_assert_uint_eq(raw_u32(&r, 0), H2_INTERNAL_ERROR);
	ck_assert_uint_le(buf_len(&content), BREAKS_AT);
	request(&r, 3, "GET", "/small", RAW_END_STREAM);
	expect_field(&r, ":status: 200\n");
	buf_done(&content);
	close_server(&r);
}
END_TEST

/* Who opens no window holds nothing but its call, and that for a minute. */
START_TEST(h2_reader_that_stalls_is_reset)
{
	struct raw r;

	begin_h2(&r);
	request(&r, 1, "GET", "/big", RAW_END_STREAM);
	request(&r, 3, "GET", "/big", RAW_END_STREAM);
	pass(&r, 59);
	ck_assert(!r.down);
	ck_assert_uint_eq(n_done, 0);
	ck_assert_uint_le(buf_len(&conn_of(&r)->out), WIRE_DOWNLOAD_PIECE + 16384 + 9);
	pass(&r, 2);
	ck_assert(raw_wait(&r, RAW_RST_STREAM));
	ck_assert_uint_eq(raw_u32(&r, 0), H2_CANCEL);
	ck_assert(raw_wait(&r, RAW_RST_STREAM));
	raw_turn(&r);
	ck_assert_uint_eq(n_done, 2);
	ck_assert(!r.down);
	close_server(&r);
}
END_TEST

START_TEST(h2_request_without_end_has_a_minute)
{
	struct raw r;

	begin_h2(&r);
	request(&r, 1, "GET", "/small", 0);
	pass(&r, 59);
	ck_assert_uint_eq(wire_count(r.wire).calls, 1);
	pass(&r, 2);
	expect_field(&r, ":status: 400\n");
	close_server(&r);
}
END_TEST

/* ---- slow readers ---- */

static void begin_slow(struct raw *r, const char *from)
{
	int size = 65536;

	open_from(r, from);
	setsockopt(r->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	say(r, THIN_HTTP1 "GET /big HTTP/1.0\r\n\r\n");
}

/* Takes `bytes` every 10 s, until the file is there or the other side has ended it; the seconds. */
static unsigned read_slowly(struct raw *r, size_t bytes)
{
	unsigned seconds = 0;

	while (!r->down && !r->closed && seconds < 10000) {
		for (size_t left = bytes; left && !r->closed;) {
			size_t before = buf_len(&r->in);

			take(r, left);
			raw_turn(r);
			if (buf_len(&r->in) == before)
				break;
			left -= buf_len(&r->in) - before;
		}
		ck_assert(r->down || buf_len(&conn_of(r)->out) <= WIRE_DOWNLOAD_PIECE + 1024);
		pass(r, 10);
		seconds += 10;
	}
	return seconds;
}

START_TEST(slow_reader_gets_the_file)
{
	unsigned seconds;
	struct raw r;

	begin_slow(&r, "127.0.0.2");
	seconds = read_slowly(&r, 200000);
	ck_assert_msg(!r.at_fault, "after %u s and %zu bytes: %s", seconds, buf_len(&r.in), r.why);
	take_all(&r);
	ck_assert_uint_ge(seconds, 240);
	free(take_head(&r));
	check_content(&r, BIG);
	close_server(&r);
}
END_TEST

START_TEST(reader_who_stops_is_cut_off)
{
	unsigned seconds;
	struct raw r;

	begin_slow(&r, "127.0.0.2");
	seconds = read_slowly(&r, 0);
	ck_assert(r.down && r.at_fault);
	ck_assert_uint_le(seconds, 70);
	close_server(&r);
}
END_TEST

/* Always some progress, and no end in sight: also of an operator, who may take any time with his calls. */
START_TEST(reader_who_dribbles_is_cut_off)
{
	static const char *const from[] = { "127.0.0.2", "127.0.0.1" };

	for (size_t i = 0; i < sizeof from / sizeof *from; i++) {
		unsigned seconds;
		struct raw r;

		begin_slow(&r, from[i]);
		seconds = read_slowly(&r, 20000);
		ck_assert(r.down && r.at_fault);
		ck_assert_uint_le(seconds, 1000);
		ck_assert_uint_lt(buf_len(&r.in), BIG / 2);
		if (i == 1)
			ck_assert_str_eq(r.why, "the peer is too slow in taking what it asked for, or takes nothing");
		close_server(&r);
	}
}
END_TEST

/* ---- where nothing changes ---- */

START_TEST(plaintext_gets_no_files)
{
	struct raw r;

	open_from(&r, NULL);
	say(&r, "GET /small HTTP/1.0\r\n\r\n");
	take_all(&r);
	ck_assert_ptr_nonnull(strstr(buf_string(&r.in), "This port speaks gRPC"));
	close_server(&r);
	open_from(&r, NULL);
	raw_handshake(&r);
	request(&r, 1, "GET", "/small", RAW_END_STREAM);
	expect_field(&r, ":status: 405\n");
	close_server(&r);
	ck_assert_uint_eq(n_found, 0);
}
END_TEST

START_TEST(who_serves_no_files_says_what_it_speaks)
{
	static const char *const hellos[] = { THIN_HTTP1, THIN_NONE };

	for (size_t i = 0; i < 2; i++) {
		struct raw r;

		raw_open(&r, NULL);
		wire_set_tls(r.wire, &thin_tls);
		say(&r, hellos[i]);
		say(&r, "GET /small HTTP/1.0\r\n\r\n");
		take_all(&r);
		ck_assert_ptr_nonnull(strstr(buf_string(&r.in), "This port speaks gRPC"));
		raw_close(&r);
	}
}
END_TEST

UNIT_MAIN(http1_requests_are_answered, other_methods_are_answered_where_http1_was_named, http1_is_one_wherever_it_is_cut,
	  http1_gets_a_big_file_whole, http1_answers_who_has_said_all, http1_takes_no_flood_behind_a_request,
	  http1_who_leaves_is_noticed, http1_request_has_ten_seconds, http1_file_that_breaks_off_is_short,
	  http1_ends_with_the_server, h2_requests_are_answered, h2_gets_a_big_file_whole, h2_file_that_breaks_off_is_reset,
	  h2_reader_that_stalls_is_reset, h2_request_without_end_has_a_minute, slow_reader_gets_the_file,
	  reader_who_stops_is_cut_off, reader_who_dribbles_is_cut_off, plaintext_gets_no_files,
	  who_serves_no_files_says_what_it_speaks)
