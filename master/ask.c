/*
 * ask.c - see ask.h.
 */
#include "master/ask.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/mem.h"
#include "common/str.h"
#include "master/ca.h"
#include "master/crowd.h"
#include "master/enroll.h"
#include "master/enroll_audit.h"
#include "master/master.h"
#include "master/store.h"

/* ---- decisions ---- */

static void set_words(struct ask *a, const char *fmt, va_list ap)
{
	struct buf text = { 0 };

	buf_vprintf(&text, fmt, ap);
	free(a->words);
	a->words = buf_take_string(&text);
}

bool ask_refuse(struct ask *a, enum wire_code code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set_words(a, fmt, ap);
	va_end(ap);
	a->code = code;
	return false;
}

bool ask_fail(struct ask *a, int err)
{
	return ask_refuse(a, WIRE_UNAVAILABLE, "the master's database cannot be used (%s): try again later", strerror(-err));
}

bool ask_answer(struct ask *a, Sloth__V1__EnrollState state, uint32_t retry_ms, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set_words(a, fmt, ap);
	va_end(ap);
	a->state = state;
	a->retry_ms = retry_ms;
	return false;
}

bool ask_answer_pending(struct ask *a)
{
	bool is_soon = a->change.now_s - a->mine.asked_s < ENROLL_SOON_S;

	return ask_answer(a, SLOTH__V1__ENROLL_STATE__ENROLL_STATE_PENDING, is_soon ? ENROLL_RETRY_SOON_MS : ENROLL_RETRY_MS,
			  "waiting to be accepted: sloth agent accept %s --fingerprint %.16s", a->name, a->issue_key);
}

bool ask_issue(struct ask *a, const char *event)
{
	char *why = NULL;
	int err = issue_certificate(&a->change, &a->mine, &a->issue, &why);

	if (err) {
		ask_refuse(a, err == -EAGAIN ? WIRE_RESOURCE_EXHAUSTED : WIRE_UNAVAILABLE, "%s", why);
		free(why);
		return false;
	}
	a->writes = true;
	a->event = event;
	return ask_answer(a, SLOTH__V1__ENROLL_STATE__ENROLL_STATE_ISSUED, 0, "enrolled as %s", a->name);
}

/* ---- steps ---- */

bool ask_check_key(struct ask *a, ProtobufCBinaryData csr)
{
	const char *why = "";

	a->issue.csr = csr.data;
	a->issue.csr_len = csr.len;
	if (!csr.len)
		return ask_refuse(a, WIRE_INVALID_ARGUMENT, "there is no certificate request");
	if (ca_check_request(csr.data, csr.len, a->issue_key, &why) < 0)
		return ask_refuse(a, WIRE_INVALID_ARGUMENT, "%s", why);
	return true;
}

bool ask_look(struct ask *a)
{
	int err = store_find_identity(a->m->store, a->kind, a->name, a->issue_key, &a->mine);

	a->is_known = !err;
	if (err && err != -ENOENT)
		return ask_fail(a, err);
	err = store_find_holder(a->m->store, a->kind, a->name, &a->holder);
	a->is_held = !err && strcmp(a->holder.key, a->issue_key) != 0;
	return err && err != -ENOENT ? ask_fail(a, err) : true;
}

/* One that has waited already is written only when something has changed: it asks often. */
bool ask_wait(struct ask *a, enum identity_state state)
{
	bool is_new = !a->is_known;
	char *why = NULL;
	int err = is_new ? identities_make_room(&a->change, a->from, &why) : 0;

	if (why) {
		ask_refuse(a, WIRE_RESOURCE_EXHAUSTED, "%s", why);
		free(why);
		return false;
	}
	if (err)
		return ask_fail(a, err);
	if (is_new || a->mine.state != state)
		a->event = state == IDENTITY_DENIED ? "agent.denied" : "agent.pending";
	if (a->event || a->has_moved) {
		a->mine.state = state;
		store_put_identity(a->m->store, &a->mine);
		a->writes = true;
	}
	return true;
}

bool ask_void_holder(struct ask *a)
{
	char by[TRUST_WHO_MAX + 1];
	int err;

	snprintf(by, sizeof by, "token %s", a->token.id);
	err = identities_void(&a->change, &a->holder, by);
	return err ? ask_fail(a, err) : true;
}

bool ask_is_own(const struct ask *a)
{
	const struct wire_identity *id = a->peer->identity;

	return id && !a->peer->refused && a->is_held && id->kind == a->kind && !strcmp(id->name, a->name);
}

/* ---- beginning and end ---- */

bool ask_begin(struct ask *a, struct master *m, struct wire_call *call)
{
	*a = (struct ask){ .m = m, .call = call, .peer = wire_conn_peer(wire_call_conn(call)), .address = "" };
	if (!m->ca)
		wire_end(call, WIRE_FAILED_PRECONDITION, "this master runs without certificates (--insecure)");
	else if (m->is_stopping)
		wire_end(call, WIRE_UNAVAILABLE, "the master is stopping");
	if (!m->ca || m->is_stopping)
		return false;
	a->is_unix = a->peer->is_unix;
	identities_host(a->peer, a->from);
	return true;
}

static void answer(const struct ask *a)
{
	Sloth__V1__EnrollResponse response = SLOTH__V1__ENROLL_RESPONSE__INIT;
	size_t len;

	if (a->code != WIRE_OK) {
		wire_end(a->call, a->code, a->words);
		return;
	}
	response.state = a->state;
	response.message = a->words;
	response.retry_ms = a->retry_ms;
	response.fingerprint = (char *)(uintptr_t)a->issue_key;
	response.ca.data = (uint8_t *)(uintptr_t)ca_certificate(a->m->ca, &len);
	response.ca.len = len;
	if (a->state == SLOTH__V1__ENROLL_STATE__ENROLL_STATE_ISSUED)
		response.certificate = (ProtobufCBinaryData){ a->issue.len, a->issue.der };
	wire_send_message(a->call, &response.base);
	wire_end(a->call, WIRE_OK, "");
}

static void audit(const struct ask *a)
{
	const struct enroll_event e = {
		.event = a->event ? a->event : "agent.enroll", .name = a->name ? a->name : "", .object = a->issue_key,
		.is_denied = a->code != WIRE_OK || a->state == SLOTH__V1__ENROLL_STATE__ENROLL_STATE_DENIED,
		.reason = a->words,
	};

	if (a->event || (a->code != WIRE_OK && crowd_may_be_said(a->m->crowd, mono_ms())))
		enroll_audit(a->m, a->call, &e);
}

void ask_end(struct ask *a)
{
	int err = 0;

	if (a->code == WIRE_OK && a->writes)
		err = identities_commit(&a->change);
	if (err)
		ask_fail(a, err);
	identities_abandon(&a->change);
	audit(a);
	answer(a);
	free(a->issue.der);
	free(a->words);
}
