/*
 * test_revoked.c - what was revoked stays so, whatever becomes of the database.
 */
#include "master/revoked.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "master/store.h"
#include "master/store_trust.h"
#include "test/lib/tmp.h"
#include "test/lib/unit.h"

static char file[200], db[200];
static struct store *store;
static struct revoked *r;

static const struct revoked_record one = { "0a1b", WIRE_KIND_AGENT, "web1", 1000, 2000 };
static const struct revoked_record two = { "0a1c", WIRE_KIND_OPERATOR, "bob", 1001, 2001 };

static void open_both(void)
{
	char *why = NULL;

	store = store_open(db, &why);
	ck_assert_msg(store != NULL, "%s", why);
	ck_assert_msg(revoked_open(file, store, 500, &r, &why) == 0, "%s", why);
}

static void close_both(void)
{
	revoked_free(r);
	store_close(store);
}

static void open_new(void)
{
	static unsigned n;
	char leaf[32];

	snprintf(leaf, sizeof leaf, "revoked-%u", n);
	snprintf(file, sizeof file, "%s", tmp_path(leaf));
	snprintf(leaf, sizeof leaf, "revoked-%u.db", n++);
	snprintf(db, sizeof db, "%s", tmp_path(leaf));
	open_both();
}

static void append(const char *text)
{
	FILE *f = fopen(file, "a");

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

START_TEST(what_is_added_is_known_now_and_later)
{
	struct stat st;

	open_new();
	ck_assert(!revoked_has("0a1b", r));
	ck_assert_int_eq(revoked_add(r, &two, 1), 0);
	ck_assert_int_eq(revoked_add(r, &one, 1), 0);
	ck_assert_int_eq(revoked_add(r, &one, 1), 0);
	ck_assert(revoked_has("0a1b", r) && revoked_has("0a1c", r) && !revoked_has("0a1", r) && !revoked_has("", r));
	close_both();
	ck_assert_int_eq(stat(file, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	open_both();
	ck_assert(revoked_has("0a1b", r) && revoked_has("0a1c", r) && !revoked_has("0a1d", r));
	ck_assert_int_eq(revoked_since_s(r), 500);
	close_both();
}
END_TEST

START_TEST(a_name_is_covered_up_to_its_revocation)
{
	open_new();
	revoked_add(r, &one, 1);
	ck_assert(revoked_covers(r, WIRE_KIND_AGENT, "web1", 999));
	ck_assert(!revoked_covers(r, WIRE_KIND_AGENT, "web1", 1000));
	ck_assert(!revoked_covers(r, WIRE_KIND_OPERATOR, "web1", 999));
	ck_assert(!revoked_covers(r, WIRE_KIND_AGENT, "web2", 999));
	close_both();
}
END_TEST

START_TEST(a_lost_database_brings_nobody_back)
{
	open_new();
	revoked_add(r, &one, 1);
	close_both();
	unlink(db);
	open_both();
	ck_assert(revoked_has("0a1b", r));
	close_both();
}
END_TEST

static void put_accepted(const char *serial)
{
	struct identity_record id = { .kind = WIRE_KIND_AGENT, .name = "web1", .key = "k", .state = IDENTITY_ACCEPTED };

	snprintf(id.serial, sizeof id.serial, "%s", serial);
	store_begin_durable(store);
	store_put_identity(store, &id);
	ck_assert_int_eq(store_commit(store), 0);
}

START_TEST(a_database_from_a_backup_learns_what_happened_since)
{
	struct identity_record id;

	open_new();
	put_accepted("0a1b");
	revoked_add(r, &one, 1);
	close_both();
	open_both();
	ck_assert_int_eq(store_find_identity(store, WIRE_KIND_AGENT, "web1", "k", &id), 0);
	ck_assert_int_eq(id.state, IDENTITY_REVOKED);
	close_both();
	unlink(file);			/* and the database alone is enough from here on */
	open_both();
	ck_assert(revoked_has("0a1b", r));
	close_both();
}
END_TEST

START_TEST(a_cut_line_is_ended)
{
	char *text;

	open_new();
	close_both();
	append("0a1b agent web1 1000 2000\n0a1c operat");
	open_both();
	ck_assert(revoked_has("0a1b", r));
	ck_assert(revoked_has("0a1c", r));		/* its serial is whole */
	close_both();
	append("0a");
	open_both();
	ck_assert(!revoked_has("0a", r));		/* this one's may not be */
	revoked_add(r, &two, 1);
	revoked_add(r, &(struct revoked_record){ "ffff", WIRE_KIND_AGENT, "x", 1, 2 }, 1);
	close_both();
	text = tmp_read(file);
	ck_assert_ptr_nonnull(strstr(text, "\nffff agent x 1 2\n"));
	free(text);
	open_both();
	ck_assert(revoked_has("0a1b", r) && revoked_has("0a1c", r) && revoked_has("ffff", r));
	close_both();
}
END_TEST

START_TEST(a_file_without_its_first_line_vouches_for_nothing_before)
{
	open_new();
	revoked_add(r, &one, 1);
	close_both();
	tmp_file(strrchr(file, '/') + 1, "0a1b agent web1 1000 2000\n");
	open_both();
	ck_assert(revoked_has("0a1b", r));
	ck_assert_int_eq(revoked_since_s(r), 500);
	close_both();
}
END_TEST

START_TEST(a_file_that_cannot_be_read_stops_the_master)
{
	char *why = NULL;

	open_new();
	close_both();
	unlink(file);
	ck_assert_int_eq(mkdir(file, 0700), 0);
	store = store_open(db, &why);
	ck_assert_int_lt(revoked_open(file, store, 500, &r, &why), 0);
	ck_assert_msg(strstr(why, "Is a directory") && strstr(why, file), "%s", why);
	free(why);
	store_close(store);
}
END_TEST

START_TEST(what_cannot_be_written_is_not_revoked)
{
	struct rlimit none = { 0, RLIM_INFINITY }, unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	int err;

	open_new();
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &none);
	err = revoked_add(r, &one, 1);
	setrlimit(RLIMIT_FSIZE, &unlimited);
	ck_assert_int_lt(err, 0);
	ck_assert(!revoked_has("0a1b", r));
	ck_assert_int_eq(revoked_add(r, &one, 1), 0);
	ck_assert(revoked_has("0a1b", r));
	close_both();
}
END_TEST

UNIT_MAIN(what_is_added_is_known_now_and_later, a_name_is_covered_up_to_its_revocation, a_lost_database_brings_nobody_back,
	  a_database_from_a_backup_learns_what_happened_since, a_cut_line_is_ended,
	  a_file_without_its_first_line_vouches_for_nothing_before, a_file_that_cannot_be_read_stops_the_master,
	  what_cannot_be_written_is_not_revoked)
