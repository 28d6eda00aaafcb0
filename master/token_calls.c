/*
 * token_calls.c - see token_calls.h. The secret of a token passes through the answer to its making, and is wiped here.
 */
#include "master/token_calls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/mem.h"
#include "common/str.h"
#include "master/ca.h"
#include "master/dist.h"
#include "master/enroll_audit.h"
#include "master/files.h"
#include "master/gate.h"
#include "master/master.h"
#include "master/tokens.h"
#include "wire/identity.h"
#include "wire/proto/sloth.pb-c.h"
#include "wire/wire.h"

/* `pattern`: of the agents that it is about, NULL: of none. */
static bool may(struct master *m, struct wire_call *call, const char *pattern)
{
	if (!m->ca)
		wire_end(call, WIRE_FAILED_PRECONDITION, "this master runs without certificates (--insecure)");
	return m->ca && master_may_enroll(m, call, pattern);
}

static void note(struct master *m, struct wire_call *call, const char *event, const char *id, const char *reason)
{
	const struct enroll_event e = { .event = event, .name = id, .reason = reason };

	enroll_audit(m, call, &e);
}

/* ---- CreateToken ---- */

static const char *agents_of(const Sloth__V1__CreateTokenRequest *request)
{
	if (identity_kind_parse(request->role) == WIRE_KIND_OPERATOR)
		return NULL;
	return *request->name_glob ? request->name_glob : "*";
}

/* The TCP addresses, as borrowed strings. How many. */
static size_t listening(const struct master *m, char *out[MASTER_LISTENERS_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < m->n_listeners; i++) {
		const char *address = wire_listener_address(m->listeners[i]);

		if (!str_has_prefix(address, "unix:"))
			out[n++] = (char *)(uintptr_t)address;
	}
	return n;
}

/* `dist`: with nothing in it, unless the token is for an installation. */
static void send_token(struct master *m, struct wire_call *call, struct token_record *token, char *text, struct dist *dist)
{
	Sloth__V1__CreateTokenResponse response = SLOTH__V1__CREATE_TOKEN_RESPONSE__INIT;
	char *addresses[MASTER_LISTENERS_MAX];

	response.architectures = dist->architectures;
	response.n_architectures = dist->n;
	response.listening = addresses;
	response.n_listening = dist->n ? listening(m, addresses) : 0;
	response.token = text;
	response.id = token->id;
	response.expires = token->expires_s;
	wire_send_message(call, &response.base);
	wire_end(call, WIRE_OK, "");
}

static enum wire_code code_of(int err)
{
	return err == -EINVAL ? WIRE_INVALID_ARGUMENT : err == -ENOSPC ? WIRE_RESOURCE_EXHAUSTED : WIRE_UNAVAILABLE;
}

/* What is installed has to be there before there is a token for it. */
static bool look_at_dist(const struct master *m, struct wire_call *call, struct dist *dist)
{
	const char *dir = files_dir(m);
	char *why = NULL;
	int err = dir ? dist_look(dir, dist, &why) : -ENOENT;

	if (err)
		wire_end(call, WIRE_FAILED_PRECONDITION, why ? why : "this master gives no programs to anybody: see its log, "
			 "and --dist-dir in slothd-master(8)");
	free(why);
	return err == 0;
}

static void create(struct master *m, struct wire_call *call, const Sloth__V1__CreateTokenRequest *request, struct dist *dist)
{
	struct token_wish wish;
	struct token_record token;
	char text[TOKEN_TEXT_LEN + 1], who[ENROLL_WHO_MAX + 1], *why = NULL;
	int err;

	enroll_who(m, call, who);
	wish = (struct token_wish){ request->ttl_seconds, request->uses, request->role, request->name_glob, request->replace, who };
	err = tokens_create(m->store, &wish, ca_fingerprint(m->ca), wall_s(), &token, text, &why);
	if (err) {
		wire_end(call, code_of(err), why);
	} else {
		note(m, call, "token.create", token.id, token.name_glob);
		send_token(m, call, &token, text, dist);
		explicit_bzero(text, sizeof text);
	}
	free(why);
}

void token_on_create(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	const Sloth__V1__CreateTokenRequest *request = wire_unpack(call, &sloth__v1__create_token_request__descriptor, data, len);
	struct dist dist = { .n = 0 };
	struct master *m = arg;

	if (!request || !may(m, call, agents_of(request)) || (request->for_install && !look_at_dist(m, call, &dist)))
		return;
	create(m, call, request, &dist);
	dist_done(&dist);
}

/* ---- ListTokens ---- */

struct listed {
	struct token_record record;
	Sloth__V1__Token message;
};

struct listing {
	struct listed **tokens;
	size_t n;
};

static void on_token(const struct token_record *record, void *arg)
{
	struct listing *l = arg;
	struct listed *t = mem_new(struct listed);

	t->record = *record;
	sloth__v1__token__init(&t->message);
	t->message.id = t->record.id;
	t->message.role = (char *)(uintptr_t)identity_kind_name(record->role);
	t->message.name_glob = t->record.name_glob;
	t->message.uses_left = record->uses_left;
	t->message.created = record->created_s;
	t->message.expires = record->expires_s;
	t->message.created_by = t->record.created_by;
	t->message.replace = record->is_replacing;
	t->message.revoked = record->is_revoked;
	l->tokens = mem_realloc(l->tokens, (l->n + 1) * sizeof *l->tokens);
	l->tokens[l->n++] = t;
}

static void send_tokens(struct wire_call *call, const struct listing *l)
{
	Sloth__V1__ListTokensResponse response = SLOTH__V1__LIST_TOKENS_RESPONSE__INIT;

	response.tokens = mem_array(l->n, sizeof *response.tokens);
	for (; response.n_tokens < l->n; response.n_tokens++)
		response.tokens[response.n_tokens] = &l->tokens[response.n_tokens]->message;
	wire_send_message(call, &response.base);
	wire_end(call, WIRE_OK, "");
	free(response.tokens);
}

void token_on_list(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	struct master *m = arg;
	struct listing l = { .n = 0 };
	int err;

	if (!wire_unpack(call, &sloth__v1__list_tokens_request__descriptor, data, len) || !may(m, call, NULL))
		return;
	err = store_each_token(m->store, on_token, &l);
	if (err)
		wire_endf(call, WIRE_UNAVAILABLE, "tokens cannot be read: %s", strerror(-err));
	else
		send_tokens(call, &l);
	for (size_t i = 0; i < l.n; i++)
		free(l.tokens[i]);
	free(l.tokens);
}

/* ---- RevokeToken ---- */

void token_on_revoke(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	const Sloth__V1__RevokeTokenRequest *request = wire_unpack(call, &sloth__v1__revoke_token_request__descriptor, data, len);
	Sloth__V1__RevokeTokenResponse response = SLOTH__V1__REVOKE_TOKEN_RESPONSE__INIT;
	struct master *m = arg;
	int err;

	if (!request || !may(m, call, NULL))
		return;
	err = tokens_revoke(m->store, request->id);
	if (err == -ENOENT) {
		wire_endf(call, WIRE_NOT_FOUND, "there is no token %s", str_quote(request->id));
	} else if (err && err != -EALREADY) {
		wire_endf(call, WIRE_UNAVAILABLE, "the token cannot be revoked: %s", strerror(-err));
	} else {
		note(m, call, "token.revoke", request->id, err ? "it was already" : NULL);
		wire_send_message(call, &response.base);
		wire_end(call, WIRE_OK, "");
	}
}
