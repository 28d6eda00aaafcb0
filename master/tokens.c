/*
 * tokens.c - see tokens.h.
 */
#include "master/tokens.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "common/mem.h"
#include "common/str.h"
#include "master/store.h"
#include "wire/identity.h"

/* ---- making ---- */

/* Names and what stands for parts of names. */
static bool is_glob(const char *text)
{
	size_t n = strlen(text);

	return n && n <= WIRE_NAME_MAX &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-*?[]!") == n;
}

/* Owned words or NULL; fills what does not depend on chance. */
static char *check_wish(const struct token_wish *wish, int64_t now_s, struct token_record *out)
{
	uint64_t ttl_s = wish->ttl_s ? wish->ttl_s : TOKENS_TTL_S;
	const char *glob = *wish->name_glob ? wish->name_glob : "*";

	out->role = identity_kind_parse(*wish->role ? wish->role : "agent");
	if (out->role != WIRE_KIND_AGENT && out->role != WIRE_KIND_OPERATOR)
		return mem_printf("a token is for the role agent or operator, not %s", str_quote(wish->role));
	if (ttl_s > TOKENS_TTL_MAX_S)
		return mem_strdup("a token lives for 3650 days at most");
	if (wish->uses > TOKENS_USES_MAX)
		return mem_printf("a token has %d uses at most", TOKENS_USES_MAX);
	if (!is_glob(glob))
		return mem_printf("%s is no name or pattern of names: %s, and * ? [ ] !", str_quote(glob), str_name_rule);
	if (out->role == WIRE_KIND_OPERATOR && !str_is_name(wish->name_glob))
		return mem_strdup("an operator's token is for one name: give it, without * ? [ ] !");
	if (wish->replace && !*wish->name_glob)
		return mem_strdup("a token that replaces identities needs the names that it may replace");
	out->uses_left = wish->uses ? wish->uses : 1;
	out->created_s = now_s;
	out->expires_s = now_s + (int64_t)ttl_s;
	out->is_replacing = wish->replace;
	snprintf(out->name_glob, sizeof out->name_glob, "%s", glob);
	snprintf(out->created_by, sizeof out->created_by, "%s", wish->by);
	return NULL;
}

static void hash_secret(const struct token *token, char out[WIRE_FINGERPRINT_LEN + 1])
{
	identity_fingerprint(token->secret, sizeof token->secret, out);
}

static void draw(struct token *token, const char *pin, struct token_record *out)
{
	str_unhex(pin, token->pin, sizeof token->pin);
	random_bytes(token->id, sizeof token->id);
	random_bytes(token->secret, sizeof token->secret);
	str_hex(token->id, sizeof token->id, out->id);
	hash_secret(token, out->secret_sha256);
}

/* In a transaction: makes room where tokens that are of no use any more are in the way. */
static int make_room(struct store *store, int64_t now_s)
{
	unsigned n = 0;
	int err;

	store_drop_tokens(store, now_s - TOKENS_KEEP_S, false);
	err = store_count_tokens(store, &n);
	if (err || n < TOKENS_MAX)
		return err;
	store_drop_tokens(store, now_s, true);
	err = store_count_tokens(store, &n);
	return err ? err : n < TOKENS_MAX ? 0 : -ENOSPC;
}

/* An id that is free. */
static int draw_unused(struct store *store, struct token *token, const char *pin, struct token_record *out)
{
	struct token_record other;
	int err;

	do {
		draw(token, pin, out);
		err = store_find_token(store, out->id, &other);
	} while (!err);
	return err == -ENOENT ? 0 : err;
}

int tokens_create(struct store *store, const struct token_wish *wish, const char *pin, int64_t now_s,
		  struct token_record *out, char text[TOKEN_TEXT_LEN + 1], char **why)
{
	struct token_record record = { .is_revoked = false };
	struct token token;
	int err;

	*why = check_wish(wish, now_s, &record);
	if (*why)
		return -EINVAL;
	store_begin_durable(store);
	err = make_room(store, now_s);
	if (!err)
		err = draw_unused(store, &token, pin, &record);
	if (err) {
		store_abandon(store);
	} else {
		store_put_token(store, &record);
		err = store_commit(store);
	}
	if (!err) {
		token_format(&token, text);
		*out = record;
	} else {
		*why = err == -ENOSPC ? mem_printf("there are %d tokens: revoke some", TOKENS_MAX)
				      : mem_printf("the token cannot be kept: %s", strerror(-err));
	}
	token_wipe(&token);
	return err;
}

int tokens_revoke(struct store *store, const char *id)
{
	struct token_record token;
	int err;

	store_begin_durable(store);
	err = store_find_token(store, id, &token);
	if (!err && token.is_revoked)
		err = -EALREADY;
	if (err) {
		store_abandon(store);
		return err;
	}
	store_revoke_token(store, id);
	return store_commit(store);
}

/* ---- checking ---- */

/* Takes the same time wherever they differ. */
static bool is_same_hash(const char *a, const char *b)
{
	volatile unsigned char differs = 0;

	for (size_t i = 0; i < WIRE_FINGERPRINT_LEN; i++)
		differs |= (unsigned char)(a[i] ^ b[i]);
	return !differs;
}

/* The whole token says of which cluster it is. */
static int parse(const char *text, const char *pin, struct token *out, const char **why)
{
	uint8_t ours[TOKEN_PIN_LEN];
	int err;

	if (!strchr(text, '.') || strncmp(text, "sloth", 5))
		return token_parse_short(text, out, why);
	err = token_parse(text, out, why);
	if (err)
		return err;
	str_unhex(pin, ours, sizeof ours);
	if (!memcmp(ours, out->pin, sizeof ours))
		return 0;
	*why = "the token is of another cluster";
	return -EACCES;
}

static const char *judge(const struct token_record *token, int64_t now_s)
{
	if (token->is_revoked)
		return "the token was revoked";
	if (token->expires_s <= now_s)
		return "the token has expired";
	return NULL;
}

int tokens_check(struct store *store, const char *text, const char *pin, int64_t now_s, struct token_record *out,
		 const char **why)
{
	char hash[WIRE_FINGERPRINT_LEN + 1], id[TRUST_TOKEN_ID_LEN + 1];
	struct token token;
	int err = parse(text, pin, &token, why);

	if (!err) {
		str_hex(token.id, sizeof token.id, id);
		hash_secret(&token, hash);
		err = store_find_token(store, id, out);
		if (err == -ENOENT || (!err && !is_same_hash(hash, out->secret_sha256))) {
			*why = "this master has no such token";
			err = -EACCES;
		} else if (err) {
			*why = "the master's database cannot be read";
		}
	}
	token_wipe(&token);
	if (!err && (*why = judge(out, now_s)))
		err = -EACCES;
	return err;
}

bool tokens_fit(const struct token_record *token, const char *name)
{
	return fnmatch(token->name_glob, name, FNM_NOESCAPE) == 0;
}
