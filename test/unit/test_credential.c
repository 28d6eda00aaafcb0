/*
 * test_credential.c - key and certificate on disk: whatever step of a renewal is the last one, by a kill or a disk
 * that is full, there is an identity that works afterwards, and the next renewal does.
 *
 * The calls that change files are ours here: the one with a given number ends the process, or fails.
 *
 * no valgrind: it forks at every step, and what is killed frees nothing
 */
#include "wire/credential.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/exits.h"
#include "master/ca.h"
#include "test/lib/tmp.h"
#include "test/lib/unit.h"
#include "wire/identity.h"
#include "wire/tls.h"

/* ---- the plan ---- */

enum { KILLED = 42, STEPS_MAX = 100 };
enum fault { NO_FAULT, KILL, FAIL_ONCE, FULL };		/* FULL: from there on */

static struct {
	enum fault fault;
	unsigned at, n;			/* from 1 */
} plan;

static void set_plan(enum fault fault, unsigned at)
{
	plan.fault = fault;
	plan.at = at;
	plan.n = 0;
}

/* Whether this call is the one that fails. */
static bool fails(void)
{
	if (plan.fault == NO_FAULT || ++plan.n < plan.at || (plan.fault == FAIL_ONCE && plan.n > plan.at))
		return false;
	if (plan.fault == KILL)
		_exit(KILLED);
	errno = ENOSPC;
	return true;
}

/* What changes files and takes no more than paths or a descriptor. */
int rename(const char *from, const char *to)
{
	return fails() ? -1 : (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

int link(const char *from, const char *to)
{
	return fails() ? -1 : (int)syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0);
}

int unlink(const char *path)
{
	return fails() ? -1 : (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}

/* No power is cut here. */
int fsync(int fd)
{
	(void)fd;
	return fails() ? -1 : 0;
}

int fchmod(int fd, mode_t mode)
{
	return fails() ? -1 : (int)syscall(SYS_fchmod, fd, mode);
}

int open(const char *path, int flags, ...)
{
	mode_t mode;
	va_list ap;

	if (!(flags & O_CREAT))
		return (int)syscall(SYS_openat, AT_FDCWD, path, flags, 0);
	va_start(ap, flags);
	mode = va_arg(ap, mode_t);
	va_end(ap);
	return fails() ? -1 : (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

/* Half of it is written before the end. */
ssize_t write(int fd, const void *data, size_t n)
{
	if (plan.fault != NO_FAULT && plan.n + 1 == plan.at)
		syscall(SYS_write, fd, data, n / 2);
	return fails() ? -1 : syscall(SYS_write, fd, data, n);
}

/* ---- an agent and its master ---- */

static struct ca *ca;
static struct credential files;
static char dir[200];

static void assert_ok(int err, char *error)
{
	ck_assert_msg(err == 0 && !error, "%d %s", err, error);
}

static void new_dir(void)
{
	static unsigned n;
	char leaf[20], *error = NULL;

	credential_done(&files);
	snprintf(leaf, sizeof leaf, "agent-%u", n++);
	snprintf(dir, sizeof dir, "%s", tmp_path(leaf));
	ck_assert_int_eq(mkdir(dir, 0700), 0);
	assert_ok(credential_open(&files, dir, "agent", &error), error);
	if (!ca)
		ck_assert_msg(ca_open(tmp_path(""), NULL, &ca, &error) == EXIT_OK, "%s", error);
}

struct issued {
	uint8_t *csr, *der;
	size_t csr_len, len;
	struct wire_identity who;
};

static void issued_done(struct issued *i)
{
	free(i->csr);
	free(i->der);
}

/* Makes the next key and has it signed. */
static struct issued ask(void)
{
	struct issued i;
	char *error = NULL;

	assert_ok(credential_request(&files, &i.csr, &i.csr_len, &error), error);
	assert_ok(ca_sign(ca, i.csr, i.csr_len, WIRE_KIND_AGENT, "web1", wall_s(), CA_AGENT_DAYS, &i.der, &i.len, &i.who, &error),
		  error);
	return i;
}

static int take(const struct issued *i, char **error)
{
	size_t len;
	const uint8_t *der = ca_certificate(ca, &len);

	return credential_take(&files, WIRE_KIND_AGENT, NULL, i->der, i->len, der, len, error);
}

/* The serial number of a renewal that goes well. */
static void renew(char serial[WIRE_SERIAL_MAX + 1])
{
	struct issued i = ask();
	char *error = NULL;

	assert_ok(take(&i, &error), error);
	memcpy(serial, i.who.serial, WIRE_SERIAL_MAX + 1);
	issued_done(&i);
}

static void assert_works(const char *serial, const char *or_serial, const char *when, unsigned at)
{
	const struct tls_config config = { .cert_file = files.cert, .key_file = files.key, .ca_file = files.ca };
	struct wire_identity who;
	char *error = NULL;
	struct wire_tls *tls;

	ck_assert_msg(credential_is_complete(&files), "%s %u: incomplete", when, at);
	tls = wire_tls_new(&config, &error);
	ck_assert_msg(tls != NULL, "%s %u: %s", when, at, error);
	wire_tls_free(tls);
	assert_ok(credential_read(&files, &who, &error), error);
	ck_assert_msg(!strcmp(who.serial, serial) || (or_serial && !strcmp(who.serial, or_serial)), "%s %u: %s", when, at,
		      who.serial);
	ck_assert_msg(access(files.new_cert, F_OK) != 0, "%s %u: a certificate is left over", when, at);
}

/* What a process does, up to the step at which it is killed; whether it came to its end. */
static bool ends(void (*act)(const struct issued *i), const struct issued *i, unsigned at)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		set_plan(KILL, at);
		act(i);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == KILLED), "step %u: status %#x", at,
		      (unsigned)status);
	return WEXITSTATUS(status) == 0;
}

static void act_take(const struct issued *i)
{
	char *error = NULL;

	assert_ok(take(i, &error), error);
}

static void act_request(const struct issued *i)
{
	struct issued mine;
	char *error = NULL;

	(void)i;
	assert_ok(credential_request(&files, &mine.csr, &mine.csr_len, &error), error);
}

static void act_open(const struct issued *i)
{
	char *error = NULL;

	(void)i;
	assert_ok(credential_open(&files, dir, "agent", &error), error);
}

static void reopen(void)
{
	char *error = NULL;

	credential_done(&files);
	assert_ok(credential_open(&files, dir, "agent", &error), error);
}

/* ---- kills ---- */

START_TEST(a_killed_renewal_leaves_the_old_pair_or_the_new_one)
{
	char old[WIRE_SERIAL_MAX + 1];
	unsigned at = 0, n_new = 0;
	bool ended;

	new_dir();
	renew(old);
	do {
		struct issued i = ask();

		ended = ends(act_take, &i, ++at);
		reopen();
		assert_works(old, i.who.serial, "take", at);
		n_new += access(files.new_key, F_OK) != 0;
		issued_done(&i);
		renew(old);
		assert_works(old, NULL, "renewed", at);
	} while (!ended && at < STEPS_MAX);
	ck_assert_uint_ge(at, 9);
	ck_assert_uint_lt(at, STEPS_MAX);
	ck_assert_uint_ge(n_new, 3);		/* from the rename on, and where there was no kill */
}
END_TEST

START_TEST(a_killed_recovery_is_finished_by_the_next)
{
	char old[WIRE_SERIAL_MAX + 1];
	unsigned at = 0, again;
	bool ended, opened;

	new_dir();
	do {
		at++;
		again = 0;
		do {
			struct issued i;

			renew(old);
			i = ask();
			ended = ends(act_take, &i, at);
			opened = ends(act_open, NULL, ++again);
			reopen();
			assert_works(old, i.who.serial, "open", at * 100 + again);
			issued_done(&i);
		} while (!opened && again < STEPS_MAX);
	} while (!ended && at < STEPS_MAX);
}
END_TEST

/* Its key is kept, so that the master knows who asks again. */
START_TEST(a_killed_first_enrolment_asks_again_with_its_key)
{
	char key[WIRE_FINGERPRINT_LEN + 1], *error = NULL;
	unsigned at = 0;
	bool ended;

	do {
		struct issued i;

		new_dir();
		i = ask();
		ended = ends(act_take, &i, ++at);
		reopen();
		if (credential_is_complete(&files)) {
			assert_works(i.who.serial, NULL, "first take", at);
		} else {
			assert_ok(credential_fingerprint(&files, key, &error), error);
			ck_assert_str_eq(key, i.who.key);
			assert_ok(take(&i, &error), error);
		}
		issued_done(&i);
	} while (!ended && at < STEPS_MAX);
	ck_assert_uint_ge(at, 9);
}
END_TEST

START_TEST(a_killed_request_leaves_no_half_key)
{
	char serial[WIRE_SERIAL_MAX + 1];
	unsigned at = 0;
	bool ended;

	do {
		new_dir();
		ended = ends(act_request, NULL, ++at);
		reopen();
		renew(serial);
		assert_works(serial, NULL, "request", at);
	} while (!ended && at < STEPS_MAX);
	ck_assert_uint_ge(at, 5);
}
END_TEST

/* ---- a disk that is full ---- */

static bool fails_with_words(const struct issued *i, enum fault fault, unsigned at)
{
	char *error = NULL;
	int err;

	set_plan(fault, at);
	err = take(i, &error);
	plan.fault = NO_FAULT;
	ck_assert_msg((err != 0) == (error != NULL), "step %u: %d %s", at, err, error);
	free(error);
	return err != 0;
}

static void fill_at_every_step(enum fault fault)
{
	char old[WIRE_SERIAL_MAX + 1], *error = NULL;
	unsigned at = 0, n_failed = 0, n_unreached = 0;

	new_dir();
	renew(old);
	while (!n_unreached) {
		struct issued i = ask();

		ck_assert_uint_lt(++at, STEPS_MAX);
		n_failed += fails_with_words(&i, fault, at);
		n_unreached += plan.n < at;
		assert_ok(credential_recover(&files, &error), error);
		assert_works(old, i.who.serial, "full", at);
		issued_done(&i);
		renew(old);
		reopen();
		assert_works(old, NULL, "space again", at);
	}
	ck_assert_uint_ge(n_failed, 7);
}

START_TEST(a_renewal_on_a_full_disk_changes_nothing)
{
	fill_at_every_step(FULL);
}
END_TEST

START_TEST(a_renewal_where_one_step_fails_can_be_repeated)
{
	fill_at_every_step(FAIL_ONCE);
}
END_TEST

/* The key is in its place and its certificate is not: not even a next answer that is worthless may cost it. */
START_TEST(a_certificate_that_waits_for_its_place_is_not_lost)
{
	char old[WIRE_SERIAL_MAX + 1], *error = NULL;
	struct issued i;
	unsigned at = 0;

	do {
		new_dir();
		renew(old);
		i = ask();
		fails_with_words(&i, FULL, ++at);
	} while (access(files.new_key, F_OK) == 0 && (issued_done(&i), at < STEPS_MAX));
	ck_assert_int_eq(access(files.new_cert, F_OK), 0);
	ck_assert_int_ne(credential_take(&files, WIRE_KIND_AGENT, NULL, i.der, i.len, i.der, i.len, &error), 0);
	free(error);
	reopen();
	assert_works(i.who.serial, NULL, "worthless answer", at);
	issued_done(&i);
}
END_TEST

/* ---- what comes ---- */

static void assert_refused(const uint8_t *cert, size_t cert_len, const uint8_t *authority, size_t len, const char *words)
{
	char *error = NULL;
	int err = credential_take(&files, WIRE_KIND_AGENT, NULL, cert, cert_len, authority, len, &error);

	ck_assert_msg(err && error && strstr(error, words), "%d %s", err, error);
	free(error);
}

START_TEST(what_is_no_certificate_of_ours_is_refused)
{
	char old[WIRE_SERIAL_MAX + 1], other_dir[200], *error = NULL;
	uint8_t *other_csr;
	size_t ca_len, other_ca_len, csr_len;
	struct ca *other;
	const uint8_t *ca_der, *other_der;
	struct issued i, foreign = { 0 };

	new_dir();
	renew(old);
	i = ask();
	ca_der = ca_certificate(ca, &ca_len);
	snprintf(other_dir, sizeof other_dir, "%s", tmp_path("other"));
	ck_assert_int_eq(mkdir(other_dir, 0700), 0);
	ck_assert_int_eq(ca_open(other_dir, NULL, &other, &error), EXIT_OK);
	other_der = ca_certificate(other, &other_ca_len);
	assert_ok(ca_sign(other, i.csr, i.csr_len, WIRE_KIND_AGENT, "web1", wall_s(), 90, &foreign.der, &foreign.len, &foreign.who,
			  &error), error);
	assert_refused(foreign.der, foreign.len, ca_der, ca_len, "another cluster");
	assert_refused(foreign.der, foreign.len, other_der, other_ca_len, "the master has another CA now");
	issued_done(&foreign);

	assert_ok(identity_make_key(tmp_path("foreign.key"), &error), error);
	assert_ok(identity_request(tmp_path("foreign.key"), &other_csr, &csr_len, &error), error);
	foreign = (struct issued){ .csr = other_csr };
	assert_ok(ca_sign(ca, other_csr, csr_len, WIRE_KIND_AGENT, "web1", wall_s(), 90, &foreign.der, &foreign.len, &foreign.who,
			  &error), error);
	assert_refused(foreign.der, foreign.len, ca_der, ca_len, "not of the key");
	issued_done(&foreign);

	for (size_t n = 0; n < i.len; n += 13)
		assert_refused(i.der, n, ca_der, ca_len, "no certificate");
	assert_refused(i.der, i.len, ca_der, ca_len - 1, "no certificate");
	assert_refused(i.der, i.len, i.der, i.len, "another cluster");
	assert_works(old, NULL, "refused", 0);
	assert_ok(take(&i, &error), error);
	assert_works(i.who.serial, NULL, "taken", 0);
	issued_done(&i);
	ca_free(other);
}
END_TEST

START_TEST(what_is_badly_protected_is_not_taken_for_missing)
{
	struct tls_config used;
	char serial[WIRE_SERIAL_MAX + 1], *error = NULL;

	new_dir();
	renew(serial);
	ck_assert_int_eq(chmod(files.key, 0644), 0);
	reopen();
	ck_assert(credential_is_complete(&files));
	used = (struct tls_config){ .cert_file = files.cert, .key_file = files.key, .ca_file = files.ca };
	ck_assert_ptr_null(wire_tls_new(&used, &error));
	ck_assert_msg(strstr(error, "everybody can read this key") && strstr(error, files.key), "%s", error);
	free(error);
}
END_TEST

/* ---- when ---- */

START_TEST(renewal_is_at_two_thirds_give_or_take_a_tenth)
{
	const struct wire_identity who = { .not_before_s = 1000000, .not_after_s = 1000000 + 90 * 86400 };
	const struct wire_identity ended = { .not_before_s = 5, .not_after_s = 5 };
	int64_t middle = 1000000 + 60 * 86400, tenth = 9 * 86400;

	ck_assert_int_eq(credential_renewal_s(&who, 0), middle - tenth);
	for (uint32_t jitter = 1; jitter > 0 && jitter < 0xffff0000u; jitter = jitter * 3 + 7) {
		ck_assert_int_ge(credential_renewal_s(&who, jitter), middle - tenth);
		ck_assert_int_le(credential_renewal_s(&who, jitter), middle + tenth);
	}
	ck_assert_int_eq(credential_renewal_s(&ended, 4711), 5);
}
END_TEST

UNIT_MAIN(a_killed_renewal_leaves_the_old_pair_or_the_new_one, a_killed_recovery_is_finished_by_the_next,
	  a_killed_first_enrolment_asks_again_with_its_key, a_killed_request_leaves_no_half_key,
	  a_renewal_on_a_full_disk_changes_nothing, a_renewal_where_one_step_fails_can_be_repeated,
	  a_certificate_that_waits_for_its_place_is_not_lost, what_is_no_certificate_of_ours_is_refused,
	  what_is_badly_protected_is_not_taken_for_missing, renewal_is_at_two_thirds_give_or_take_a_tenth)
