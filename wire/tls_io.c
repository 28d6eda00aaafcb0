/*
 * tls_io.c - TLS as a transport, on top of another transport.
 *
 * Rules: man SSL_get_error (the error queue is emptied before each call), SSL_write (a write that could not be
 * finished is repeated with the same bytes: conn_io.c keeps them in front), SSL_shutdown (not after an error).
 */
#include <errno.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/mem.h"
#include "wire/limits.h"
#include "wire/tls_session.h"

/* ---- the BIO below: a struct transport ---- */

static int moved(BIO *bio, struct tls_session *s, ssize_t n, int retry)
{
	BIO_clear_retry_flags(bio);
	if (n == -EAGAIN)
		BIO_set_flags(bio, retry | BIO_FLAGS_SHOULD_RETRY);
	else if (n < 0)
		s->io_error = (int)n;
	return n < 0 ? -1 : (int)n;
}

static int bio_read(BIO *bio, char *to, int n)
{
	struct tls_session *s = BIO_get_data(bio);
	ssize_t got;

	if (s->barren > WIRE_TLS_BARREN_MAX) {
		snprintf(s->why, sizeof s->why, "the peer sends too much that carries nothing (key updates?)");
		return moved(bio, s, -EBADMSG, 0);
	}
	got = s->below->ops->read(s->below, to, (size_t)n);
	s->is_at_end |= got == 0;
	s->is_dry = got == -EAGAIN;
	s->barren += got > 0 ? (size_t)got : 0;
	s->peer.has_spoken |= got > 0;
	return moved(bio, s, got, BIO_FLAGS_READ);
}

static int bio_write(BIO *bio, const char *from, int n)
{
	struct tls_session *s = BIO_get_data(bio);

	return moved(bio, s, s->below->ops->write(s->below, from, (size_t)n), BIO_FLAGS_WRITE);
}

static long bio_ctrl(BIO *bio, int what, long n, void *arg)
{
	const struct tls_session *s = BIO_get_data(bio);

	(void)n;
	(void)arg;
	if (what == BIO_CTRL_EOF)
		return s->is_at_end;
	return what == BIO_CTRL_FLUSH;
}

/* Made once, never freed: part of the program. */
static BIO_METHOD *bio_method(void)
{
	static BIO_METHOD *method;

	if (method)
		return method;
	method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "transport");
	if (!method)
		abort();
	BIO_meth_set_read(method, bio_read);
	BIO_meth_set_write(method, bio_write);
	BIO_meth_set_ctrl(method, bio_ctrl);
	return method;
}

/* ---- faults and words ---- */

/* A failure that comes before the server has said its first word in TLS, and is no alert, is not TLS at all. */
static enum wire_fault fault_of(const struct tls_session *s, int reason)
{
	switch (reason) {
	case SSL_R_WRONG_VERSION_NUMBER:
	case SSL_R_HTTP_REQUEST: return WIRE_FAULT_NOT_TLS;
	case SSL_R_NO_APPLICATION_PROTOCOL:
	case SSL_AD_REASON_OFFSET + SSL_AD_NO_APPLICATION_PROTOCOL: return WIRE_FAULT_NOT_GRPC;
	default: break;
	}
	if (reason > SSL_AD_REASON_OFFSET)
		return WIRE_FAULT_REJECTED;
	return SSL_get_state(s->ssl) == TLS_ST_CW_CLNT_HELLO ? WIRE_FAULT_NOT_TLS : WIRE_FAULT_TLS;
}

/* Alerts of RFC 8446 section 6.2 that a peer of ours can send, in the words of who reads them here. */
static const char *alert_words(int alert)
{
	switch (alert) {
	case SSL_AD_CERTIFICATE_EXPIRED: return "the peer does not accept our certificate: expired; is a clock wrong?";
	case SSL_AD_CERTIFICATE_REVOKED: return "the peer does not accept our certificate: revoked";
	case SSL_AD_UNKNOWN_CA: return "the peer does not accept our certificate: unknown CA, one of us belongs to another cluster";
	case SSL_AD_BAD_CERTIFICATE:
	case SSL_AD_UNSUPPORTED_CERTIFICATE:
	case SSL_AD_CERTIFICATE_UNKNOWN: return "the peer does not accept our certificate: not who it looks for, or not valid yet";
	case SSL_AD_CERTIFICATE_REQUIRED: return "the peer wants a certificate of us";
	case SSL_AD_PROTOCOL_VERSION: return "the peer does not speak TLS 1.3";
	case SSL_AD_NO_APPLICATION_PROTOCOL: return "the peer speaks TLS, but not gRPC (HTTP/2)";
	case SSL_AD_HANDSHAKE_FAILURE: return "the peer finds no way to speak TLS with us";
	default: return NULL;
	}
}

static const char *reason_words(int reason)
{
	switch (reason) {
	case SSL_R_WRONG_VERSION_NUMBER:
	case SSL_R_HTTP_REQUEST: return "the peer does not speak TLS (an older sloth-runner, or started with --insecure?)";
	case SSL_R_UNSUPPORTED_PROTOCOL:
	case SSL_R_VERSION_TOO_LOW: return "the peer does not speak TLS 1.3";
	case SSL_R_NO_APPLICATION_PROTOCOL: return "the peer speaks TLS, but not gRPC (HTTP/2)";
	default: return reason > SSL_AD_REASON_OFFSET ? alert_words(reason - SSL_AD_REASON_OFFSET) : NULL;
	}
}

/* What the library found wrong, in words. */
static void note_why(struct tls_session *s)
{
	unsigned long error = ERR_peek_error();
	const char *words = reason_words(ERR_GET_REASON(error)), *own = ERR_reason_error_string(error);

	if (s->is_client && !s->peer.fault)
		s->peer.fault = fault_of(s, ERR_GET_REASON(error));
	if (*s->why)
		return;
	if (s->is_client && *s->peer.refused)
		snprintf(s->why, sizeof s->why, "%s", s->peer.refused);
	else
		snprintf(s->why, sizeof s->why, "%s", words ? words : own ? own : "TLS failed");
}

/* The result of a call that has not done its work: -EAGAIN, 0 for the end of the stream, or -errno. *waits: it needs
 * the other direction than `natural` (SSL_ERROR_WANT_*). */
static int failed(struct tls_session *s, int rv, int natural, bool *waits)
{
	int error = SSL_get_error(s->ssl, rv);

	*waits = false;
	if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
		*waits = error != natural;
		return -EAGAIN;
	}
	if (error == SSL_ERROR_ZERO_RETURN)
		return 0;
	s->is_broken = true;
	if (s->is_at_end && !s->io_error && ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING)
		return 0;
	if (s->io_error)
		return s->io_error;
	note_why(s);
	return -EBADMSG;
}

/* ---- the transport ---- */

static struct tls_session *session(struct transport *t)
{
	return (struct tls_session *)t;
}

/* After the handshake: which protocol, and whether the client has got what it came for. */
static int settle(struct tls_session *s)
{
	const unsigned char *protocol;
	unsigned len;

	s->barren = 0;
	SSL_get0_alpn_selected(s->ssl, &protocol, &len);
	s->peer.is_reverse = len == 3 && !memcmp(protocol, "rh2", 3);
	s->peer.has_protocol = s->peer.is_reverse || (len == 2 && !memcmp(protocol, "h2", 2));
	s->peer.is_http1 = len == 8 && !memcmp(protocol, "http/1.", 7);
	if (s->is_client && !s->peer.has_protocol) {
		snprintf(s->why, sizeof s->why, "%s", reason_words(SSL_R_NO_APPLICATION_PROTOCOL));
		s->peer.fault = WIRE_FAULT_NOT_GRPC;
		return -EBADMSG;
	}
	return 0;
}

static int tls_handshake(struct transport *t)
{
	struct tls_session *s = session(t);
	bool wants_write;
	int rv;

	ERR_clear_error();
	s->t.read_wants_write = false;
	rv = SSL_do_handshake(s->ssl);
	if (rv == 1)
		return settle(s);
	rv = failed(s, rv, SSL_ERROR_WANT_READ, &wants_write);
	if (rv == -EAGAIN)
		s->t.read_wants_write = wants_write;
	return rv ? rv : -ECONNRESET;
}

/* Records that carry no data end a read, so that a peer who sends nothing else does not hold the loop. */
static int no_data(struct tls_session *s)
{
	if (!s->is_flooded)
		return -EAGAIN;
	snprintf(s->why, sizeof s->why, "TLS: too many key updates");
	s->is_broken = true;
	return -EBADMSG;
}

/* As much as there is: what stays behind in a record would be told by no event. */
static ssize_t tls_read(struct transport *t, void *to, size_t n)
{
	struct tls_session *s = session(t);
	size_t total = 0, got;
	int rv = s->ended;

	s->t.read_wants_write = false;
	while (!s->has_ended && total < n) {
		ERR_clear_error();
		rv = SSL_read_ex(s->ssl, (char *)to + total, n - total, &got);
		if (rv == 1) {
			total += got;
			s->barren = 0;
			continue;
		}
		rv = failed(s, rv, SSL_ERROR_WANT_READ, &s->t.read_wants_write);
		if (rv == -EAGAIN)
			rv = no_data(s);
		if (rv == -EAGAIN)
			break;
		s->has_ended = true;
		s->ended = rv;
	}
	s->has_more = total == n || (rv == -EAGAIN && !s->is_dry && !s->t.read_wants_write);
	return total ? (ssize_t)total : rv;
}

static ssize_t tls_write(struct transport *t, const void *from, size_t n)
{
	struct tls_session *s = session(t);
	size_t done;
	int rv;

	s->t.write_wants_read = false;
	if (n == 0)
		return 0;
	if (s->is_broken)
		return -EPIPE;
	ERR_clear_error();
	rv = SSL_write_ex(s->ssl, from, n, &done);
	if (rv == 1)
		return (ssize_t)done;
	rv = failed(s, rv, SSL_ERROR_WANT_WRITE, &s->t.write_wants_read);
	return rv ? rv : -EPIPE;
}

static bool tls_has_pending(const struct transport *t)
{
	return ((const struct tls_session *)t)->has_more;
}

static const char *tls_why(const struct transport *t)
{
	return ((const struct tls_session *)t)->why;
}

static void tls_shutdown(struct transport *t)
{
	struct tls_session *s = session(t);

	if (!s->is_broken && SSL_is_init_finished(s->ssl)) {
		ERR_clear_error();
		SSL_shutdown(s->ssl);		/* once: nobody waits for the peer's */
	}
	s->below->ops->shutdown(s->below);
}

static void tls_close(struct transport *t)
{
	struct tls_session *s = session(t);

	SSL_free(s->ssl);
	s->below->ops->close(s->below);
	ERR_clear_error();
	free(s);
}

/* Counts what a peer may ask for as often as it likes otherwise. */
static void on_message(int is_ours, int version, int type, const void *data, size_t n, SSL *ssl, void *arg)
{
	struct tls_session *s = arg;

	(void)version;
	(void)ssl;
	if (is_ours || type != SSL3_RT_HANDSHAKE || n == 0 || *(const uint8_t *)data != SSL3_MT_KEY_UPDATE)
		return;
	s->is_flooded |= !guard_bucket_take(&s->updates, mono_ms());
}

struct transport *tls_session_new(struct tls *tls, SSL_CTX *ctx, struct transport *below, const struct transport_wish *wish)
{
	static const struct transport_ops ops = {
		.read = tls_read, .write = tls_write, .shutdown = tls_shutdown, .close = tls_close,
		.handshake = tls_handshake, .has_pending = tls_has_pending, .why = tls_why,
	};
	struct tls_session *s = mem_new(struct tls_session);
	BIO *bio = BIO_new(bio_method());

	s->t = (struct transport){ .ops = &ops, .fd = below->fd, .peer = &s->peer };
	s->tls = tls;
	s->below = below;
	s->is_client = wish != NULL;
	if (wish) {
		s->expect = wish->kind;
		snprintf(s->expect_name, sizeof s->expect_name, "%s", wish->name ? wish->name : "");
	}
	s->ssl = SSL_new(ctx);
	if (!s->ssl || !bio)
		abort();
	BIO_set_data(bio, s);
	BIO_set_init(bio, 1);
	SSL_set_bio(s->ssl, bio, bio);
	SSL_set_app_data(s->ssl, s);
	SSL_set_msg_callback(s->ssl, on_message);
	SSL_set_msg_callback_arg(s->ssl, s);
	guard_bucket_init(&s->updates, WIRE_KEY_UPDATES, mono_ms());
	return &s->t;
}
