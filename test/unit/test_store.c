/*
 * test_store.c - the registry on disk: what is written is read, damage and full disks are survived.
 */
#include "master/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/str.h"
#include "master/registry.h"
#include "test/lib/tmp.h"
#include "test/lib/unit.h"

static char leaf[32], db[200];

/* A database of its own for each test, also where all run in one process. */
static void choose_path(void)
{
	static unsigned n;

	snprintf(leaf, sizeof leaf, "registry-%u.db", n++);
	snprintf(db, sizeof db, "%s", tmp_path(leaf));
}

static struct agent_record make_record(const char *name, const char *address)
{
	return (struct agent_record){
		.name = (char *)(uintptr_t)name, .address = (char *)(uintptr_t)address, .instance = (char *)(uintptr_t)"",
		.version = (char *)(uintptr_t)"1.0", .shell = (char *)(uintptr_t)"/bin/sh",
		.facts = (char *)(uintptr_t)"{\"host\":\"\xc3\xa9\"}", .is_foreign = true,
		.registered_s = 11, .heartbeat_s = 12, .facts_s = 13,
		.drained_s = 14, .drained_by = (char *)(uintptr_t)"root",
	};
}

static struct store *open_store(void)
{
	char *why = NULL;
	struct store *s = store_open(db, &why);

	ck_assert_msg(s != NULL, "%s", why);
	return s;
}

static int put(struct store *s, const char *name, const char *address)
{
	struct agent_record rec = make_record(name, address);

	store_begin(s);
	store_put_agent(s, &rec);
	store_put_facts(s, &rec);
	return store_commit(s);
}

static unsigned n_read;
static char last_name[80], last_address[80];

static void on_record(const struct agent_record *rec, void *arg)
{
	(void)arg;
	n_read++;
	snprintf(last_name, sizeof last_name, "%s", rec->name);
	snprintf(last_address, sizeof last_address, "%s", rec->address);
}

static unsigned count(struct store *s)
{
	n_read = 0;
	ck_assert_int_eq(store_load(s, on_record, NULL), 0);
	return n_read;
}

static void expect_all(const struct agent_record *rec, void *arg)
{
	n_read++;
	(void)arg;
	ck_assert_str_eq(rec->name, "web1");
	ck_assert_str_eq(rec->address, "127.0.0.1:1");
	ck_assert_str_eq(rec->instance, "");
	ck_assert_str_eq(rec->version, "1.0");
	ck_assert_str_eq(rec->shell, "/bin/sh");
	ck_assert_str_eq(rec->facts, "{\"host\":\"\xc3\xa9\"}");
	ck_assert(rec->is_foreign);
	ck_assert_int_eq(rec->registered_s, 11);
	ck_assert_int_eq(rec->heartbeat_s, 99);
	ck_assert_int_eq(rec->facts_s, 13);
	ck_assert_int_eq(rec->drained_s, 14);
	ck_assert_str_eq(rec->drained_by, "root");
}

START_TEST(what_is_written_is_read)
{
	struct agent_record rec = make_record("web1", "127.0.0.1:1");
	struct store *s;

	choose_path();
	s = open_store();
	ck_assert_int_eq(put(s, "web1", "127.0.0.1:1"), 0);
	rec.heartbeat_s = 99;
	store_begin(s);
	store_put_seen(s, &rec);
	ck_assert_int_eq(store_commit(s), 0);
	store_close(s);
	s = open_store();
	n_read = 0;
	ck_assert_int_eq(store_load(s, expect_all, NULL), 0);
	ck_assert_uint_eq(n_read, 1);
	ck_assert_ptr_null(store_warning(s, 0));
	store_close(s);
}
END_TEST

START_TEST(deleting_and_clearing)
{
	struct store *s;

	choose_path();
	s = open_store();
	put(s, "a", "127.0.0.1:1");
	put(s, "b", "127.0.0.1:2");
	put(s, "c", "127.0.0.1:3");
	store_begin(s);
	store_delete(s, "a");
	ck_assert_int_eq(store_commit(s), 0);
	ck_assert_uint_eq(count(s), 2);
	store_begin(s);
	store_clear(s);
	ck_assert_int_eq(store_commit(s), 0);
	ck_assert_uint_eq(count(s), 0);
	store_close(s);
}
END_TEST

START_TEST(a_commit_survives_kill_9)
{
	static struct store *s;		/* still known to the leak checker at the kill */
	pid_t pid;

	choose_path();
	pid = fork();
	if (pid == 0) {
		s = open_store();
		if (put(s, "web1", "127.0.0.1:1") == 0)
			raise(SIGKILL);
		_exit(1);
	}
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	s = open_store();
	ck_assert_uint_eq(count(s), 1);
	ck_assert_str_eq(last_name, "web1");
	store_close(s);
}
END_TEST

static bool was_moved_aside(void)
{
	DIR *d = opendir(tmp_path(""));
	char prefix[64];
	struct dirent *e;
	bool was = false;

	snprintf(prefix, sizeof prefix, "%s.corrupt-2", leaf);
	while ((e = readdir(d)))
		was |= str_has_prefix(e->d_name, prefix);
	closedir(d);
	return was;
}

START_TEST(garbage_is_moved_aside)
{
	struct store *s;

	choose_path();
	tmp_file(leaf, "this is not a database, and it is long enough to be read as one...");
	s = open_store();
	ck_assert(was_moved_aside());
	ck_assert_ptr_nonnull(strstr(store_warning(s, 0), "moved aside"));
	ck_assert_int_eq(put(s, "web1", "127.0.0.1:1"), 0);
	ck_assert_uint_eq(count(s), 1);
	store_close(s);
}
END_TEST

/* Overwrites everything behind the first two pages. */
static void damage_pages(void)
{
	char noise[4096];
	struct stat st;
	int fd = open(db, O_RDWR | O_CLOEXEC);

	memset(noise, 0xa5, sizeof noise);
	ck_assert_int_eq(fstat(fd, &st), 0);
	for (off_t at = 8192; at + 4096 <= st.st_size; at += 4096)
		ck_assert_int_eq(pwrite(fd, noise, sizeof noise, at), 4096);
	close(fd);
}

START_TEST(a_database_damaged_inside_is_moved_aside_at_load)
{
	struct store *s;
	char name[32];

	choose_path();
	s = open_store();
	for (int i = 0; i < 500; i++) {
		snprintf(name, sizeof name, "agent-%03d", i);
		put(s, name, "127.0.0.1:1");
	}
	store_close(s);
	damage_pages();
	s = open_store();
	n_read = 0;
	ck_assert_int_eq(store_load(s, on_record, NULL), -EUCLEAN);
	ck_assert(was_moved_aside());
	ck_assert_int_eq(put(s, "web1", "127.0.0.1:1"), 0);
	ck_assert_uint_eq(count(s), 1);
	store_close(s);
}
END_TEST

START_TEST(a_newer_schema_is_not_touched)
{
	struct store *s;
	char *why = NULL;
	int fd;

	choose_path();
	s = open_store();
	put(s, "web1", "127.0.0.1:1");
	store_close(s);
	/* user_version is the big-endian number at offset 60 of the header. */
	fd = open(db, O_WRONLY | O_CLOEXEC);
	ck_assert_int_eq(pwrite(fd, "\0\0\0\143", 4, 60), 4);
	close(fd);
	ck_assert_ptr_null(store_open(db, &why));
	ck_assert_ptr_nonnull(strstr(why, "newer version (schema 99"));
	free(why);
	ck_assert(!was_moved_aside());
}
END_TEST

START_TEST(a_failing_disk_is_survived_and_said)
{
	struct rlimit none = { 0, RLIM_INFINITY }, unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	struct store *s;

	choose_path();
	s = open_store();
	put(s, "a", "127.0.0.1:1");
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &none);		/* every write fails from here on */
	ck_assert_int_lt(put(s, "b", "127.0.0.1:1"), 0);
	ck_assert_ptr_nonnull(strstr(store_warning(s, 0), "cannot be written"));
	setrlimit(RLIMIT_FSIZE, &unlimited);
	ck_assert_int_eq(put(s, "b", "127.0.0.1:1"), 0);
	ck_assert_ptr_null(store_warning(s, 0));
	ck_assert_uint_eq(count(s), 2);
	store_close(s);
}
END_TEST

START_TEST(a_store_that_cannot_be_opened_opens_later)
{
	struct store *s;

	snprintf(db, sizeof db, "%s", tmp_path("not-there/registry.db"));
	s = open_store();
	ck_assert_int_lt(store_load(s, on_record, NULL), 0);
	ck_assert_int_lt(put(s, "a", "127.0.0.1:1"), 0);
	ck_assert_ptr_nonnull(store_warning(s, 0));
	ck_assert_int_eq(mkdir(tmp_path("not-there"), 0700), 0);
	ck_assert_int_eq(put(s, "a", "127.0.0.1:1"), 0);
	ck_assert_ptr_null(store_warning(s, 0));
	store_close(s);
}
END_TEST

UNIT_MAIN(what_is_written_is_read, deleting_and_clearing, a_commit_survives_kill_9, garbage_is_moved_aside,
	  a_database_damaged_inside_is_moved_aside_at_load, a_newer_schema_is_not_touched,
	  a_failing_disk_is_survived_and_said, a_store_that_cannot_be_opened_opens_later)
