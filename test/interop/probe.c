/*
 * probe.c - one call of the interop client, and the connection below it.
 */
#include "test/interop/probe.h"

#include <ev.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/str.h"
#include "test/interop/proto/test.pb-c.h"

static const char initial_name[] = "x-grpc-test-echo-initial", initial_value[] = "test_initial_metadata_value";
static const char trailing_name[] = "x-grpc-test-echo-trailing-bin", trailing_value[] = "\xab\xab\xab";

/* ---- the session ---- */

void session_fail(struct session *s, const char *fmt, ...)
{
	va_list ap;

	if (buf_len(&s->failure))
		return;
	va_start(ap, fmt);
	buf_vprintf(&s->failure, fmt, ap);
	va_end(ap);
}

static void on_up(struct wire_conn *conn, const struct wire_peer *peer, void *arg)
{
	struct session *s = arg;

	(void)conn;
	(void)peer;
	s->is_up = true;
}

static void on_down(struct wire_conn *conn, const char *why, void *arg)
{
	struct session *s = arg;

	(void)conn;
	if (!s->is_up)
		session_fail(s, "no connection: %s", why);
	s->is_up = false;
	s->conn = NULL;
}

struct waiting {
	bool (*is_done)(const void *arg);
	const void *arg;
};

/* The layer calls back right before the loop sleeps: look again then. */
static void on_look(struct ev_loop *loop, ev_prepare *w, int events)
{
	const struct waiting *waiting = w->data;

	(void)events;
	if (waiting->is_done(waiting->arg))
		ev_break(loop, EVBREAK_ONE);
}

static void on_time(struct ev_loop *loop, ev_timer *w, int events)
{
	(void)w;
	(void)events;
	ev_break(loop, EVBREAK_ONE);
}

/* Turns the loop until `is_done`. False: the time of the case is up first. */
static bool run_until(struct session *s, bool (*is_done)(const void *), const void *arg)
{
	struct waiting waiting = { is_done, arg };
	ev_prepare look;
	ev_timer time;

	if (is_done(arg))
		return true;
	ev_prepare_init(&look, on_look);
	ev_set_priority(&look, EV_MINPRI);
	look.data = &waiting;
	ev_prepare_start(s->loop, &look);
	ev_timer_init(&time, on_time, s->until_s > ev_now(s->loop) ? s->until_s - ev_now(s->loop) : 0, 0);
	ev_timer_start(s->loop, &time);
	ev_run(s->loop, 0);
	ev_timer_stop(s->loop, &time);
	ev_prepare_stop(s->loop, &look);
	return is_done(arg);
}

static bool is_settled(const void *arg)
{
	const struct session *s = arg;

	return s->is_up || !s->conn;
}

static bool is_down(const void *arg)
{
	return !((const struct session *)arg)->conn;
}

void session_open(struct session *s, const struct wire_dial *dial)
{
	static const struct wire_conn_ops ops = { .on_up = on_up, .on_down = on_down };

	*s = (struct session){ .loop = ev_loop_new(EVFLAG_NOENV) };
	s->until_s = ev_now(s->loop) + SESSION_SECONDS;
	s->wire = wire_new(s->loop);
	s->conn = wire_dial(s->wire, dial, &ops, s);
	if (!run_until(s, is_settled, s))
		session_fail(s, "no connection in time");
}

void session_close(struct session *s)
{
	if (s->conn)
		wire_conn_close(s->conn, 0, "done");
	if (!run_until(s, is_down, s))
		session_fail(s, "the connection does not end");
	wire_free(s->wire);
	ev_loop_destroy(s->loop);
}

/* ---- what a call hears ---- */

static bool field_is(const struct wire_call *call, const char *name, const char *value)
{
	const struct wire_field *field = wire_call_field(call, name);

	return field && field->len == strlen(value) && !memcmp(field->value, value, field->len);
}

static size_t body_len(const Grpc__Testing__Payload *payload)
{
	return payload ? payload->body.len : 0;
}

static void take_message(struct probe *p, const ProtobufCMessage *message)
{
	size_t body = 0;

	if (p->response == &grpc__testing__simple_response__descriptor)
		body = body_len(((const Grpc__Testing__SimpleResponse *)message)->payload);
	else if (p->response == &grpc__testing__streaming_output_call_response__descriptor)
		body = body_len(((const Grpc__Testing__StreamingOutputCallResponse *)message)->payload);
	else if (p->response == &grpc__testing__streaming_input_call_response__descriptor)
		p->sum = ((const Grpc__Testing__StreamingInputCallResponse *)message)->aggregated_payload_size;
	if (p->n_messages < PROBE_BODIES_MAX)
		p->bodies[p->n_messages] = body;
	p->n_messages++;
}

/* Headers are there and trailers are not when a message comes. */
static void on_message(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	struct probe *p = arg;
	const ProtobufCMessage *message = wire_unpack(call, p->response, data, len);

	p->has_initial = field_is(call, initial_name, initial_value);
	if (wire_call_field(call, trailing_name))
		session_fail(p->session, "%s came in the headers", trailing_name);
	if (message)
		take_message(p, message);
}

static void on_end(struct wire_call *call, enum wire_code code, const char *why, void *arg)
{
	struct probe *p = arg;

	p->call = NULL;
	p->code = code;
	p->why = mem_strdup(why);
	p->has_trailing = field_is(call, trailing_name, trailing_value);
}

/* ---- what a case does ---- */

void probe_start(struct probe *p, struct session *s, const struct probe_request *request)
{
	static const struct wire_call_ops ops = { .on_message = on_message, .on_end = on_end };
	const struct wire_field metadata[] = { WIRE_FIELD(initial_name, initial_value), WIRE_FIELD(trailing_name, trailing_value) };
	struct wire_request call = { .path = request->path, .timeout_ms = request->timeout_ms };

	*p = (struct probe){ .session = s, .response = request->response };
	if (request->with_metadata) {
		call.metadata = metadata;
		call.n_metadata = sizeof metadata / sizeof *metadata;
	}
	if (s->conn)
		p->call = wire_call(s->conn, &call, &ops, p);
}

static bool has_ended(const void *arg)
{
	return !((const struct probe *)arg)->call;
}

void probe_done(struct probe *p)
{
	probe_cancel(p);
	run_until(p->session, has_ended, p);
	if (p->call)
		wire_accept(p->call, NULL, NULL);
	free(p->why);
}

void probe_send(struct probe *p, const ProtobufCMessage *message)
{
	if (p->call)
		wire_send_message(p->call, message);
}

void probe_half_close(struct probe *p)
{
	if (p->call)
		wire_half_close(p->call);
}

void probe_cancel(struct probe *p)
{
	if (p->call)
		wire_end(p->call, WIRE_CANCELLED, "cancelled by the client");
}

void probe_flush(struct probe *p)
{
	ev_run(p->session->loop, EVRUN_NOWAIT);
}

struct awaited {
	const struct probe *probe;
	size_t n;
};

static bool has_messages(const void *arg)
{
	const struct awaited *a = arg;

	return !a->probe->call || a->probe->n_messages >= a->n;
}

void probe_wait_messages(struct probe *p, size_t n)
{
	struct awaited awaited = { p, n };

	if (!run_until(p->session, has_messages, &awaited))
		session_fail(p->session, "%zu of %zu messages in time", p->n_messages, n);
	else if (p->n_messages < n)
		session_fail(p->session, "ended after %zu of %zu messages: %s %s", p->n_messages, n, wire_code_name(p->code),
			     p->why ? str_quote(p->why) : "not begun");
}

void probe_wait_end(struct probe *p, enum wire_code code)
{
	if (!run_until(p->session, has_ended, p))
		session_fail(p->session, "no end in time");
	else if (p->code != code)
		session_fail(p->session, "status %s %s; expected %s", wire_code_name(p->code), p->why ? str_quote(p->why) : "not begun",
			     wire_code_name(code));
}

void probe_expect_bodies(struct probe *p, const size_t *sizes, size_t n)
{
	if (p->n_messages != n)
		session_fail(p->session, "%zu responses, expected %zu", p->n_messages, n);
	for (size_t i = 0; i < n; i++)
		if (p->bodies[i] != sizes[i])
			session_fail(p->session, "response %zu has %zu bytes, expected %zu", i, p->bodies[i], sizes[i]);
}

void probe_expect_why(struct probe *p, const char *why)
{
	if (!str_equal(p->why, why))
		session_fail(p->session, "status message %s, expected %s", p->why ? str_quote(p->why) : "none", str_quote(why));
}

void probe_expect_metadata(struct probe *p)
{
	if (!p->has_initial)
		session_fail(p->session, "%s did not come back in the headers", initial_name);
	if (!p->has_trailing)
		session_fail(p->session, "%s did not come back in the trailers", trailing_name);
}
