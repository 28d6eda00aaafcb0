/* test_http1.c - heads of HTTP/1.x requests: what is taken, what is refused and how, in whatever pieces they come. */
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "test/lib/unit.h"
#include "wire/http1.h"

#define HOST "Host: m\r\n"

struct row {
	const char *text;
	size_t n;
	unsigned status;	/* 0: more has to come */
	const char *target;
	size_t behind;		/* bytes that are not of the request */
};
#define ROW(text_, ...) { .text = "" text_, .n = sizeof(text_) - 1, .status = __VA_ARGS__ }
#define GET(line_, ...) ROW("GET / HTTP/1.1\r\n" HOST line_ "\r\n\r\n", __VA_ARGS__)

static const struct row rows[] = {
	/* whole */
	ROW("GET /ca.crt HTTP/1.1\r\nHost: m:50053\r\n\r\n", 200, "/ca.crt"),
	ROW("HEAD /a/b?c=d HTTP/1.0\r\n\r\n", 200, "/a/b?c=d"),
	ROW("GET / HTTP/1.0\r\nHost: m\r\n\r\n", 200, "/"),
	ROW("PUT /x HTTP/1.1\r\n" HOST "\r\n", 200, "/x"),
	ROW("OPTIONS * HTTP/1.1\r\n" HOST "\r\n", 200, ""),
	ROW("CONNECT m:1 HTTP/1.1\r\n" HOST "\r\n", 200, ""),
	ROW("get / HTTP/1.1\r\n" HOST "\r\n", 200, "/"),		/* methods have a case: another one (RFC 9110 9.1) */
	ROW("GET http://m:1/x HTTP/1.1\r\n" HOST "\r\n", 200, "/x"),
	ROW("GET HTTPS://m HTTP/1.1\r\n" HOST "\r\n", 200, "/"),
	ROW("GET http://m?q HTTP/1.1\r\n" HOST "\r\n", 200, "/"),
	ROW("GET / HTTP/1.1\r\nHOST:\t m \t\r\nX:\r\ny: \x80\tz\r\n\r\n", 200, "/"),
	ROW("GET / HTTP/1.1\r\nHost:\r\n\r\n", 200, "/"),		/* RFC 9110 7.2: an empty one, if there is no authority */
	GET("Content-Length: 0", 200, "/"),
	GET("Connection: keep-alive\r\nRange: bytes=1-", 200, "/"),
	ROW("GET / HTTP/1.0\r\n\r\nGET / HTTP/1.0\r\n\r\n", 200, "/", 18),
	/* not yet */
	ROW("", 0), ROW("G", 0), ROW("GET / HTTP/1.1\r\n", 0), ROW("GET / HTTP/1.1\r\n" HOST, 0), ROW("GET / HTTP/1.1\r\n" HOST "\r", 0),
	/* lines (2.2) */
	ROW("\r\nGET / HTTP/1.0\r\n\r\n", 400, NULL, 18),
	ROW("GET / HTTP/1.0\n\n", 400, NULL, 1),
	ROW("GET / HTTP/1.0\r\r\n", 400, NULL, 1),
	ROW("GET /\0 HTTP/1.0\r\n\r\n", 400, NULL, 13),
	ROW("GET / HTTP/1.0\r\nx: a\rb\r\n\r\n", 400, NULL, 4),
	ROW("GET / HTTP/1.0\r\nx: a\nb\r\n\r\n", 400, NULL, 5),
	ROW("GET / HTTP/1.0\r\nx: \0\r\n\r\n", 400, NULL, 4),
	ROW("GET / HTTP/1.0\r\nx: \x7f\r\n\r\n", 400, NULL, 4),
	/* the request line (3) */
	ROW("GET /\r\n", 400), ROW("GET\r\n", 400), ROW("GET  / HTTP/1.0\r\n", 400), ROW("GET /  HTTP/1.0\r\n", 400),
	ROW("GET / HTTP/1.0 \r\n", 400), ROW(" GET / HTTP/1.0\r\n", 400), ROW("GET\t/ HTTP/1.0\r\n", 400),
	ROW("G(T / HTTP/1.0\r\n", 400), ROW("GET / http/1.0\r\n", 400), ROW("GET / HTTP/1\r\n", 400), ROW("GET / HTTP/1.10\r\n", 400),
	ROW("GET / HTTP/1.x\r\n", 400), ROW("GET x HTTP/1.0\r\n", 400), ROW("GET * HTTP/1.0\r\n", 400), ROW("GET http:// HTTP/1.0\r\n", 400),
	ROW("GET ftp://m/ HTTP/1.0\r\n", 400), ROW("GET /a#b HTTP/1.0\r\n", 400), ROW("GET /\xc3\xa4 HTTP/1.0\r\n", 400),
	ROW("GET / HTTP/1.2\r\n", 505), ROW("GET / HTTP/0.9\r\n", 505), ROW("PRI * HTTP/2.0\r\n", 505),
	/* fields (5) */
	GET("x : y", 400, NULL, 2), GET(" x: y", 400, NULL, 2), GET("x: y\r\n z", 400, NULL, 2), GET("\tx: y", 400, NULL, 2),
	GET("x", 400, NULL, 2), GET(": y", 400, NULL, 2), GET("x(: y", 400, NULL, 2),
	/* Host (3.2) */
	ROW("GET / HTTP/1.1\r\n\r\n", 400), GET("host: m", 400, NULL, 2), ROW("GET / HTTP/1.0\r\n" HOST HOST, 400),
	ROW("GET / HTTP/1.1\r\nHost: a b\r\n", 400), ROW("GET / HTTP/1.1\r\nHost: a/b\r\n", 400), ROW("GET / HTTP/1.1\r\nHost: a,b@c\r\n", 400),
	/* content (6) */
	GET("Content-Length: 1", 413), GET("Content-Length: 99999999999999999999999", 413),
	GET("Content-Length: -1", 400, NULL, 2), GET("Content-Length: 0x0", 400, NULL, 2), GET("Content-Length:", 400, NULL, 2),
	GET("Content-Length: 0, 0", 400, NULL, 2), GET("Content-Length: 0\r\ncontent-length: 0", 400, NULL, 2),
	GET("Transfer-Encoding: chunked", 400), GET("transfer-encoding: identity", 400),
	GET("Content-Length: 1\r\nTransfer-Encoding: chunked", 400),
};

/* In pieces that end at `cut`, behind which each byte is one when `step` is set. Each piece has memory of its own. */
static unsigned take(struct http1 *h, const struct row *row, size_t cut, bool step, size_t *taken)
{
	unsigned status = 0;
	size_t at = 0;

	while (at < row->n && !status) {
		size_t end = at < cut ? cut : step ? at + 1 : row->n, used;
		uint8_t *piece = mem_dup(row->text + at, end - at);

		status = http1_take(h, piece, end - at, &used);
		at += used;
		free(piece);
	}
	*taken = at;
	return status;
}

static void check_row(const struct row *row, size_t cut, bool step)
{
	struct http1 h = { 0 };
	size_t taken;
	unsigned status = take(&h, row, cut, step, &taken);

	ck_assert_msg(status == row->status, "\"%s\" cut at %zu: %u", row->text, cut, status);
	ck_assert_msg(taken == row->n - row->behind, "\"%s\" cut at %zu: %zu bytes", row->text, cut, taken);
	if (status == 200)
		ck_assert_str_eq(h.target, row->target);
	http1_done(&h);
}

START_TEST(each_head_has_one_result_wherever_it_is_cut)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		check_row(&rows[i], 0, true);
		for (size_t cut = 0; cut <= rows[i].n; cut++)
			check_row(&rows[i], cut, false);
	}
}
END_TEST

START_TEST(methods_are_told_apart)
{
	static const struct {
		const char *line;
		enum download_method method;
	} methods[] = {
		{ "GET / HTTP/1.0\r\n", DOWNLOAD_GET }, { "HEAD / HTTP/1.0\r\n", DOWNLOAD_HEAD }, { "POST / HTTP/1.0\r\n", DOWNLOAD_OTHER },
		{ "head / HTTP/1.0\r\n", DOWNLOAD_OTHER }, { "GETS / HTTP/1.0\r\n", DOWNLOAD_OTHER },
	};

	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
		struct http1 h = { 0 };
		size_t used;

		ck_assert_uint_eq(http1_take(&h, (const uint8_t *)methods[i].line, strlen(methods[i].line), &used), 0);
		ck_assert_int_eq(h.method, methods[i].method);
		http1_done(&h);
	}
}
END_TEST

/* `head`, then fillers without end. */
static unsigned fill(const char *head, const char *filler, size_t *taken)
{
	struct http1 h = { 0 };
	unsigned status;
	size_t used;

	status = http1_take(&h, (const uint8_t *)head, strlen(head), &used);
	*taken = used;
	while (!status && *taken < 100000) {
		status = http1_take(&h, (const uint8_t *)filler, strlen(filler), &used);
		*taken += used;
	}
	ck_assert_uint_le(h.line.cap, 4 * WIRE_HTTP1_HEAD_MAX);
	http1_done(&h);
	return status;
}

START_TEST(heads_have_a_limit)
{
	size_t taken;

	ck_assert_uint_eq(fill("GET /", "a", &taken), 414);
	ck_assert_uint_eq(taken, WIRE_HTTP1_HEAD_MAX + 1);
	ck_assert_uint_eq(fill("GET / HTTP/1.1\r\nx: ", "a", &taken), 431);
	ck_assert_uint_eq(taken, WIRE_HTTP1_HEAD_MAX + 1);
	ck_assert_uint_eq(fill("GET / HTTP/1.1\r\n", "x: y\r\n", &taken), 431);
	ck_assert_uint_eq(taken, WIRE_HTTP1_HEAD_MAX + 1);
}
END_TEST

START_TEST(targets_have_a_limit)
{
	for (size_t n = WIRE_PATH_MAX; n <= WIRE_PATH_MAX + 1; n++) {
		char *path = mem_alloc(n + 1), *head;
		struct http1 h = { 0 };
		size_t used;

		memset(path, '/', n);
		head = mem_printf("GET %s HTTP/1.0\r\n\r\n", path);
		ck_assert_uint_eq(http1_take(&h, (const uint8_t *)head, strlen(head), &used), n > WIRE_PATH_MAX ? 414 : 200);
		if (h.status == 200)
			ck_assert_str_eq(h.target, path);
		http1_done(&h);
		free(head);
		free(path);
	}
}
END_TEST

UNIT_MAIN(each_head_has_one_result_wherever_it_is_cut, methods_are_told_apart, heads_have_a_limit,
	  targets_have_a_limit)
