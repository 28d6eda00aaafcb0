/*
 * test_store_trust.c - tokens, identities, certificates and revocations on disk.
 */
#include "master/store_trust.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "master/registry.h"
#include "master/store.h"
#include "test/lib/tmp.h"
#include "test/lib/unit.h"

static char db[200];

static struct store *open_store(void)
{
	char *why = NULL;
	struct store *s = store_open(db, &why);

	ck_assert_msg(s != NULL, "%s", why);
	return s;
}

/* A database of its own for each test, also where all run in one process. */
static struct store *new_store(void)
{
	static unsigned n;
	char leaf[32];

	snprintf(leaf, sizeof leaf, "trust-%u.db", n++);
	snprintf(db, sizeof db, "%s", tmp_path(leaf));
	return open_store();
}

static struct identity_record make(const char *name, const char *key, enum identity_state state)
{
	struct identity_record r = {
		.kind = WIRE_KIND_AGENT, .state = state, .trust = TRUST_FIRST_USE, .issued_s = 5, .not_after_s = 6, .asked_s = 7,
		.decided_s = 8, .serial = "abc", .token = "01234567", .address = "h:1", .from = "10.0.0.1", .decided_by = "root",
	};

	snprintf(r.name, sizeof r.name, "%s", name);
	snprintf(r.key, sizeof r.key, "%s", key);
	return r;
}

static int put(struct store *s, const char *name, const char *key, enum identity_state state)
{
	struct identity_record r = make(name, key, state);

	store_begin_durable(s);
	store_put_identity(s, &r);
	return store_commit(s);
}

static void on_token(const struct token_record *token, void *arg)
{
	(void)token;
	++*(unsigned *)arg;
}

START_TEST(a_token_is_kept_used_and_revoked)
{
	const struct token_record token = {
		.id = "01234567", .secret_sha256 = "aa", .role = WIRE_KIND_OPERATOR, .name_glob = "bob", .uses_left = 2,
		.created_s = 1, .expires_s = 100, .created_by = "root", .is_replacing = true,
	};
	struct store *s = new_store();
	struct token_record got;
	unsigned n = 0;

	store_begin_durable(s);
	store_put_token(s, &token);
	store_use_token(s, "01234567");
	ck_assert_int_eq(store_commit(s), 0);
	store_close(s);
	s = open_store();
	ck_assert_int_eq(store_find_token(s, "01234567", &got), 0);
	ck_assert_int_eq(got.role, WIRE_KIND_OPERATOR);
	ck_assert_str_eq(got.name_glob, "bob");
	ck_assert_str_eq(got.secret_sha256, "aa");
	ck_assert_str_eq(got.created_by, "root");
	ck_assert_uint_eq(got.uses_left, 1);
	ck_assert(got.is_replacing && !got.is_revoked);
	store_begin_durable(s);
	store_use_token(s, "01234567");
	store_use_token(s, "01234567");
	store_revoke_token(s, "01234567");
	ck_assert_int_eq(store_commit(s), 0);
	ck_assert_int_eq(store_find_token(s, "01234567", &got), 0);
	ck_assert(got.is_revoked && got.uses_left == 0);
	ck_assert_int_eq(store_find_token(s, "76543210", &got), -ENOENT);
	ck_assert_int_eq(store_each_token(s, on_token, &n), 0);
	ck_assert_uint_eq(n, 1);
	store_begin_durable(s);
	store_drop_tokens(s, 50, false);
	ck_assert_int_eq(store_count_tokens(s, &n), 0);
	ck_assert_uint_eq(n, 1);
	store_drop_tokens(s, 50, true);
	ck_assert_int_eq(store_count_tokens(s, &n), 0);
	ck_assert_uint_eq(n, 0);
	ck_assert_int_eq(store_commit(s), 0);
	store_close(s);
}
END_TEST

START_TEST(an_identity_is_kept)
{
	struct store *s = new_store();
	struct identity_record r;

	ck_assert_int_eq(put(s, "web1", "k1", IDENTITY_ACCEPTED), 0);
	store_close(s);
	s = open_store();
	ck_assert_int_eq(store_find_identity(s, WIRE_KIND_AGENT, "web1", "k1", &r), 0);
	ck_assert_int_eq(r.state, IDENTITY_ACCEPTED);
	ck_assert_int_eq(r.trust, TRUST_FIRST_USE);
	ck_assert_int_eq(r.issued_s, 5);
	ck_assert_int_eq(r.not_after_s, 6);
	ck_assert_int_eq(r.asked_s, 7);
	ck_assert_int_eq(r.decided_s, 8);
	ck_assert_str_eq(r.serial, "abc");
	ck_assert_str_eq(r.token, "01234567");
	ck_assert_str_eq(r.address, "h:1");
	ck_assert_str_eq(r.from, "10.0.0.1");
	ck_assert_str_eq(r.decided_by, "root");
	ck_assert_int_eq(store_find_identity(s, WIRE_KIND_OPERATOR, "web1", "k1", &r), -ENOENT);
	ck_assert_int_eq(store_find_holder(s, WIRE_KIND_AGENT, "web1", &r), 0);
	store_close(s);
}
END_TEST

START_TEST(a_name_has_one_accepted_key)
{
	struct store *s = new_store();
	struct identity_record r;

	ck_assert_int_eq(put(s, "web1", "k1", IDENTITY_ACCEPTED), 0);
	ck_assert_int_eq(put(s, "web1", "k2", IDENTITY_DENIED), 0);
	ck_assert_int_eq(put(s, "web1", "k3", IDENTITY_PENDING), 0);
	ck_assert_int_lt(put(s, "web1", "k2", IDENTITY_ACCEPTED), 0);
	ck_assert_int_eq(store_find_holder(s, WIRE_KIND_AGENT, "web1", &r), 0);
	ck_assert_str_eq(r.key, "k1");
	ck_assert_int_eq(store_find_identity(s, WIRE_KIND_AGENT, "web1", "k2", &r), 0);
	ck_assert_int_eq(r.state, IDENTITY_DENIED);
	store_close(s);
}
END_TEST

START_TEST(those_that_wait_are_counted_and_dropped)
{
	struct store *s = new_store();
	unsigned all, of_host;

	put(s, "a", "k", IDENTITY_PENDING);
	put(s, "b", "k", IDENTITY_DENIED);
	put(s, "c", "k", IDENTITY_ACCEPTED);
	put(s, "d", "k", IDENTITY_REJECTED);
	ck_assert_int_eq(store_count_waiting(s, "10.0.0.1", &all, &of_host), 0);
	ck_assert_uint_eq(all, 2);
	ck_assert_uint_eq(of_host, 2);
	ck_assert_int_eq(store_count_waiting(s, "10.0.0.2", &all, &of_host), 0);
	ck_assert_uint_eq(of_host, 0);
	store_begin_durable(s);
	store_drop_waiting(s, 7);
	store_drop_rejected(s, 9);
	ck_assert_int_eq(store_commit(s), 0);
	ck_assert_int_eq(store_count_waiting(s, "", &all, &of_host), 0);
	ck_assert_uint_eq(all, 2);
	store_begin_durable(s);
	store_drop_waiting(s, 8);
	ck_assert_int_eq(store_commit(s), 0);
	ck_assert_int_eq(store_count_waiting(s, "", &all, &of_host), 0);
	ck_assert_uint_eq(all, 0);
	store_close(s);
}
END_TEST

static void on_certificate(const struct certificate_record *c, void *arg)
{
	strcat(arg, c->identity.serial);
	strcat(arg, " ");
}

static void put_certificate(struct store *s, const char *serial, int64_t not_after_s)
{
	struct certificate_record c = { .identity = { .kind = WIRE_KIND_AGENT, .name = "web1", .key = "k1" }, .issued_s = 3 };

	snprintf(c.identity.serial, sizeof c.identity.serial, "%s", serial);
	c.identity.not_after_s = not_after_s;
	store_begin_durable(s);
	store_put_certificate(s, &c, (const uint8_t *)"DER", 3);
	ck_assert_int_eq(store_commit(s), 0);
}

START_TEST(certificates_are_found_until_they_are_revoked)
{
	const struct revoked_record revoked = { "a1", WIRE_KIND_AGENT, "web1", 50, 100 };
	struct store *s = new_store();
	struct certificate_record c;
	char serials[200] = "";
	uint8_t *der = NULL;
	size_t len;
	unsigned n;

	put_certificate(s, "a1", 100);
	put_certificate(s, "a2", 200);
	ck_assert_int_eq(store_find_certificate(s, "a1", &c, &der, &len), 0);
	ck_assert_str_eq(c.identity.name, "web1");
	ck_assert_uint_eq(len, 3);
	ck_assert(!memcmp(der, "DER", 3));
	free(der);
	ck_assert_int_eq(store_count_certificates(s, WIRE_KIND_AGENT, "web1", 150, &n), 0);
	ck_assert_uint_eq(n, 1);
	store_begin_durable(s);
	store_put_revoked(s, &revoked);
	ck_assert_int_eq(store_commit(s), 0);
	ck_assert_int_eq(store_each_certificate(s, WIRE_KIND_AGENT, "web1", on_certificate, serials), 0);
	ck_assert_str_eq(serials, "a2 ");
	store_close(s);
}
END_TEST

START_TEST(what_is_abandoned_has_not_happened)
{
	struct identity_record r = make("web1", "k1", IDENTITY_ACCEPTED);
	struct store *s = new_store();

	store_begin_durable(s);
	store_put_identity(s, &r);
	ck_assert_int_eq(store_find_identity(s, WIRE_KIND_AGENT, "web1", "k1", &r), 0);
	store_abandon(s);
	ck_assert_int_eq(store_find_identity(s, WIRE_KIND_AGENT, "web1", "k1", &r), -ENOENT);
	ck_assert_int_eq(put(s, "web1", "k1", IDENTITY_PENDING), 0);
	store_close(s);
}
END_TEST

static void on_agent(const struct agent_record *record, void *arg)
{
	(void)record;
	++*(unsigned *)arg;
}

/* What the first version of the schema left. */
START_TEST(a_database_without_trust_gets_its_tables)
{
	static char name[] = "web1", text[] = "";
	struct agent_record agent = { name, text, text, text, text, text, false, 1, 2, 3, 0, text };
	struct store *s = new_store();
	sqlite3 *raw;
	unsigned n = 0;

	store_begin(s);
	store_put_agent(s, &agent);
	ck_assert_int_eq(store_commit(s), 0);
	store_close(s);
	ck_assert_int_eq(sqlite3_open(db, &raw), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(raw, "DROP TABLE tokens; DROP TABLE identities; DROP TABLE certificates; DROP TABLE revoked; DROP TABLE runs;"
					   "ALTER TABLE agents DROP COLUMN drained_s; ALTER TABLE agents DROP COLUMN drained_by;"
					   "PRAGMA user_version = 1", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(raw);
	s = open_store();
	ck_assert_ptr_null(store_warning(s, 0));
	ck_assert_int_eq(store_load(s, on_agent, &n), 0);
	ck_assert_uint_eq(n, 1);
	ck_assert_int_eq(put(s, "web1", "k1", IDENTITY_PENDING), 0);
	store_close(s);
}
END_TEST

START_TEST(a_table_that_is_gone_is_damage_and_counted)
{
	struct store *s = new_store();
	struct identity_record r;
	sqlite3 *raw;

	put(s, "web1", "k1", IDENTITY_PENDING);
	ck_assert_int_eq(sqlite3_open(db, &raw), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(raw, "DROP TABLE identities", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(raw);
	ck_assert_uint_eq(store_replaced(s), 0);
	ck_assert_int_eq(store_find_identity(s, WIRE_KIND_AGENT, "web1", "k1", &r), -EUCLEAN);
	ck_assert_uint_eq(store_replaced(s), 1);
	ck_assert_int_eq(store_find_identity(s, WIRE_KIND_AGENT, "web1", "k1", &r), -ENOENT);
	store_close(s);
}
END_TEST

UNIT_MAIN(a_token_is_kept_used_and_revoked, an_identity_is_kept, a_name_has_one_accepted_key,
	  those_that_wait_are_counted_and_dropped, certificates_are_found_until_they_are_revoked,
	  what_is_abandoned_has_not_happened, a_database_without_trust_gets_its_tables, a_table_that_is_gone_is_damage_and_counted)
