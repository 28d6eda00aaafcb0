/*
 * test_tokens.c - tokens: what may be wished for, and which of those that are shown are good.
 */
#include "master/tokens.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/str.h"
#include "master/crowd.h"
#include "master/store.h"
#include "test/lib/tmp.h"
#include "test/lib/unit.h"

static const char pin[] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
static const char other_pin[] = "ff112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
static struct store *store;

static void open_store(void)
{
	static unsigned n;
	char leaf[32], *why = NULL;

	snprintf(leaf, sizeof leaf, "tokens-%u.db", n++);
	store = store_open(tmp_path(leaf), &why);
	ck_assert_msg(store != NULL, "%s", why);
}

static struct token_wish wish(const char *role, const char *glob)
{
	return (struct token_wish){ .role = role, .name_glob = glob, .by = "root" };
}

static struct token_record created;
static char text[TOKEN_TEXT_LEN + 1];

static void create(struct token_wish w)
{
	char *why = NULL;

	ck_assert_msg(!tokens_create(store, &w, pin, 1000, &created, text, &why), "%s", why);
}

static int check(const char *shown, int64_t now_s, const char *words)
{
	struct token_record token;
	const char *why = "";
	int err = tokens_check(store, shown, pin, now_s, &token, &why);

	ck_assert_msg(strstr(err ? why : "good", words) != NULL, "%s", err ? why : "good");
	if (!err)
		ck_assert_str_eq(token.id, created.id);
	return err;
}

START_TEST(a_token_is_good_in_both_forms)
{
	open_store();
	create(wish("", ""));
	ck_assert_int_eq(created.role, WIRE_KIND_AGENT);
	ck_assert_str_eq(created.name_glob, "*");
	ck_assert_uint_eq(created.uses_left, 1);
	ck_assert_int_eq(created.expires_s, 1000 + 3600);
	ck_assert(str_has_prefix(text, "sloth1.00112233"));
	check(text, 1000, "good");
	check(text + 7 + 64 + 1, 1000, "good");
	ck_assert_ptr_null(strstr(created.secret_sha256, text + 7 + 64 + 1 + 9));
	store_close(store);
}
END_TEST

START_TEST(what_is_no_token_is_told_apart)
{
	char short_text[42], bad[TOKEN_TEXT_LEN + 1];
	struct token_record token;
	const char *why;

	open_store();
	create(wish("agent", "web*"));
	snprintf(short_text, sizeof short_text, "%s", text + 7 + 64 + 1);
	for (size_t n = 0; n < strlen(text); n++) {
		snprintf(bad, sizeof bad, "%.*s", (int)n, text);
		ck_assert_int_eq(check(bad, 1000, ""), -EINVAL);
	}
	for (size_t n = 0; n < strlen(short_text); n++) {
		snprintf(bad, sizeof bad, "%.*s", (int)n, short_text);
		ck_assert_int_eq(check(bad, 1000, ""), -EINVAL);
	}
	ck_assert_int_eq(tokens_check(store, text, other_pin, 1000, &token, &why), -EACCES);
	ck_assert_str_eq(why, "the token is of another cluster");
	snprintf(bad, sizeof bad, "%s", short_text);
	bad[40] = bad[40] == '0' ? '1' : '0';
	ck_assert_int_eq(check(bad, 1000, "no such token"), -EACCES);		/* the secret */
	snprintf(bad, sizeof bad, "%s", short_text);
	bad[0] = bad[0] == '0' ? '1' : '0';
	ck_assert_int_eq(check(bad, 1000, "no such token"), -EACCES);		/* the id */
	store_close(store);
}
END_TEST

START_TEST(a_token_ends)
{
	open_store();
	create((struct token_wish){ .ttl_s = 60, .role = "agent", .name_glob = "", .by = "root" });
	check(text, 1059, "good");
	ck_assert_int_eq(check(text, 1060, "expired"), -EACCES);
	ck_assert_int_eq(tokens_revoke(store, created.id), 0);
	ck_assert_int_eq(tokens_revoke(store, created.id), -EALREADY);
	ck_assert_int_eq(tokens_revoke(store, "ffffffff"), -ENOENT);
	ck_assert_int_eq(check(text, 1000, "revoked"), -EACCES);
	store_close(store);
}
END_TEST

static void refuse(struct token_wish w, const char *words)
{
	char *why = NULL;

	ck_assert_int_eq(tokens_create(store, &w, pin, 1000, &created, text, &why), -EINVAL);
	ck_assert_msg(strstr(why, words) != NULL, "%s", why);
	free(why);
}

START_TEST(wishes_have_limits)
{
	struct token_wish w = wish("agent", "web*");

	open_store();
	refuse(wish("master", ""), "agent or operator");
	refuse(wish("operator", ""), "for one name");
	refuse(wish("operator", "bo*"), "for one name");
	refuse(wish("agent", "a,b"), "pattern of names");
	refuse(wish("agent", "a/b"), "pattern of names");
	refuse(wish("agent", "0123456789012345678901234567890123456789012345678901234567890123x"), "pattern of names");
	w.uses = TOKENS_USES_MAX + 1;
	refuse(w, "uses");
	w.uses = TOKENS_USES_MAX;
	w.ttl_s = TOKENS_TTL_MAX_S + 1;
	refuse(w, "3650 days");
	w.ttl_s = UINT64_MAX;
	refuse(w, "3650 days");
	w.ttl_s = TOKENS_TTL_MAX_S;
	create(w);
	ck_assert(tokens_fit(&created, "web1") && !tokens_fit(&created, "db1"));
	w = wish("agent", "");
	w.replace = true;
	refuse(w, "replace");
	w.name_glob = "web1";
	create(w);
	ck_assert(created.is_replacing);
	store_close(store);
}
END_TEST

START_TEST(there_are_so_many_and_no_more)
{
	struct token_record token = { .role = WIRE_KIND_AGENT, .name_glob = "*", .uses_left = 1, .expires_s = 2000 };
	struct token_wish w = wish("agent", "");
	char *why = NULL;

	open_store();
	store_begin(store);
	for (unsigned i = 0; i < TOKENS_MAX; i++) {
		snprintf(token.id, sizeof token.id, "%08x", i);
		store_put_token(store, &token);
	}
	ck_assert_int_eq(store_commit(store), 0);
	ck_assert_int_eq(tokens_create(store, &w, pin, 1000, &created, text, &why), -ENOSPC);
	ck_assert_msg(strstr(why, "revoke some") != NULL, "%s", why);
	free(why);
	ck_assert_int_eq(tokens_revoke(store, "00000007"), 0);
	create(w);						/* in the place of that one */
	ck_assert_int_eq(tokens_create(store, &w, pin, 1000, &created, text, &why), -ENOSPC);
	free(why);
	ck_assert_int_eq(tokens_create(store, &w, pin, 2001, &created, text, &why), 0);
	store_close(store);
}
END_TEST

/* ---- how often somebody may ask ---- */

START_TEST(a_crowd_behind_one_address_gets_in)
{
	struct crowd *c = calloc(1, sizeof *c);
	unsigned refused = 0;

	crowd_init(c, 0);
	/* 300 agents ask at once, and then every two seconds. */
	for (uint64_t ms = 0; ms <= 30000; ms += 2000)
		for (unsigned i = 0; i < 300; i++)
			refused += !crowd_may_ask(c, "10.0.0.1", ms + i);
	ck_assert_uint_eq(refused, 0);
	free(c);
}
END_TEST

START_TEST(one_address_may_not_ask_for_ever_and_keeps_nobody_out)
{
	struct crowd *c = calloc(1, sizeof *c);
	unsigned n = 0;
	char host[32];

	crowd_init(c, 1000);
	while (crowd_may_ask(c, "2001:db8::1", 1000) && n < 10000)
		n++;
	ck_assert_uint_eq(n, CROWD_BURST);
	ck_assert(!crowd_may_ask(c, "2001:db8::2", 1000));	/* the same network */
	ck_assert(crowd_may_ask(c, "2001:db8:0:1::1", 1000));
	ck_assert(crowd_may_ask(c, "10.0.0.1", 1000));
	for (unsigned i = 0; i < 10000; i++) {
		snprintf(host, sizeof host, "10.%u.%u.%u", i >> 16, (i >> 8) & 255, i & 255);
		n += crowd_may_ask(c, host, 1001);
	}
	ck_assert_uint_le(n, CROWD_ALL_BURST + 1);
	ck_assert(crowd_may_ask(c, "10.0.0.1", 3000));
	free(c);
}
END_TEST

UNIT_MAIN(a_token_is_good_in_both_forms, what_is_no_token_is_told_apart, a_token_ends, wishes_have_limits,
	  there_are_so_many_and_no_more, a_crowd_behind_one_address_gets_in,
	  one_address_may_not_ask_for_ever_and_keeps_nobody_out)
