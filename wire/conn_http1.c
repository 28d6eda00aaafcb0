/*
 * conn_http1.c - a connection that speaks HTTP/1.x, inside TLS: one request, one answer, the end.
 *
 * It never goes on with a second request ("Connection: close", RFC 9112 9.6): so nothing that a client sends ahead can
 * be taken for one. What comes behind the request is read and dropped, up to a limit; a client that ends its side
 * still gets its answer.
 */
#include <stdio.h>
#include <stdlib.h>

#include "common/mem.h"
#include "wire/conn.h"
#include "wire/download.h"
#include "wire/http1.h"

struct conn_http1 {
	struct http1 request;
	struct download *answer;	/* once the request is whole */
	bool has_head;			/* of the answer: it has been gathered */
};

void conn_http1_begin(struct wire_conn *conn)
{
	if (!conn_admit(conn))
		return;
	conn->http1 = mem_new(struct conn_http1);
	conn_set_state(conn, CONN_HTTP1);
}

void conn_http1_free(struct conn_http1 *h)
{
	if (!h)
		return;
	http1_done(&h->request);
	download_free(h->answer);
	free(h);
}

/* ---- the request ---- */

/* What is no request is the client's fault; a file that is not there may be ours. */
static void answer(struct wire_conn *conn, unsigned status)
{
	struct conn_http1 *h = conn->http1;

	if (status == 200) {
		h->answer = download_new(conn, h->request.method, h->request.target);
	} else {
		h->answer = download_error(status, h->request.method);
		conn_blame(conn);
	}
	conn_limit_unsent(conn);
	conn_mark_dirty(conn);
	conn_arm(conn);
}

void conn_http1_input(struct wire_conn *conn, const uint8_t *data, size_t n)
{
	struct conn_http1 *h = conn->http1;
	size_t used = 0;
	unsigned status;

	if (!h->answer) {
		status = http1_take(&h->request, data, n, &used);
		if (status)
			answer(conn, status);
	}
	conn->lingered += n - used;
	if (conn->lingered <= WIRE_LINGER_BYTES)
		return;
	conn_blame(conn);
	conn_abort(conn, "the peer sends on behind its HTTP/1.x request");
}

/* ---- the answer ---- */

static void gather_head(const struct download *d, struct buf *out)
{
	struct headers h = { .n = 0 };

	download_headers(d, &h);
	buf_printf(out, "HTTP/1.1 %u %s\r\n", download_status(d), download_reason(d));
	for (size_t i = 0; i < h.n; i++)
		if (*h.fields[i].name != ':')
			buf_printf(out, "%s: %.*s\r\n", h.fields[i].name, (int)h.fields[i].value_len, (const char *)h.fields[i].value);
	buf_append_str(out, "connection: close\r\n\r\n");
	headers_done(&h);
}

int conn_http1_gather(struct conn_http1 *h, struct buf *out)
{
	uint64_t left;
	size_t n;
	int rv;

	if (!h->answer)
		return 0;
	if (!h->has_head)
		gather_head(h->answer, out);
	h->has_head = true;
	left = download_left(h->answer);
	n = left < WIRE_DOWNLOAD_PIECE ? (size_t)left : WIRE_DOWNLOAD_PIECE;
	rv = download_read(h->answer, buf_reserve(out, n), n);
	if (rv == 0)
		buf_commit(out, n);
	return rv;
}

bool conn_http1_is_answering(const struct wire_conn *conn)
{
	return conn->http1 && conn->http1->answer;
}

bool conn_http1_is_over(const struct wire_conn *conn)
{
	return conn_http1_is_answering(conn) && conn->http1->has_head && download_left(conn->http1->answer) == 0;
}

const char *conn_http1_why(const struct wire_conn *conn, char *text, size_t size)
{
	unsigned status = download_status(conn->http1->answer);

	if (!conn->at_fault)
		return "an HTTP/1.x request was answered";
	snprintf(text, size, "an HTTP/1.x request was refused: %u %s", status, download_reason(conn->http1->answer));
	return text;
}

uint64_t conn_http1_due_ms(const struct wire_conn *conn)
{
	return conn_http1_is_answering(conn) && conn->state == CONN_HTTP1 ? download_due_ms(conn->http1->answer) : UINT64_MAX;
}
