/*
 * test_enrol.c - how an agent comes to its certificate and keeps it, against a master that is a table of two methods
 * and answers as it is told. In virtual time; the wall clock can be set.
 *
 * no valgrind: the keys and certificates of so many CAs take minutes there
 */
#include "agent/enrol.h"

#include <ev.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/exits.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/str.h"
#include "master/ca.h"
#include "test/lib/tmp.h"
#include "test/lib/unit.h"
#include "wire/identity.h"
#include "wire/proto/sloth.pb-c.h"
#include "wire/tls.h"
#include "wire/wire.h"

enum { DAY_S = 86400, AT_ONCE_S = 5 };

/* ---- clocks ---- */

static int64_t skipped_ns, wall_ahead_s;

int clock_gettime(clockid_t id, struct timespec *ts)
{
	int rv = (int)syscall(SYS_clock_gettime, id, ts);
	int64_t ns = ts->tv_sec * 1000000000LL + ts->tv_nsec + skipped_ns;

	ts->tv_sec = ns / 1000000000LL + (id == CLOCK_REALTIME ? wall_ahead_s : 0);
	ts->tv_nsec = ns % 1000000000LL;
	return rv;
}

/* Both ends are this process: what is under way on the loopback is there at once. */
int epoll_wait(int fd, struct epoll_event *events, int max, int timeout_ms)
{
	int n = (int)syscall(SYS_epoll_wait, fd, events, max, timeout_ms ? 2 : 0);

	if (n == 0 && timeout_ms > 0)
		skipped_ns += timeout_ms * 1000000LL;
	return n;
}

/* No power is cut here. */
int fsync(int fd)
{
	(void)fd;
	return 0;
}

/* ---- the master ---- */

enum answer { ISSUE, PENDING, DENY, FAIL, OTHER_CA, OTHER_KEY, NO_CERTIFICATE, NO_MESSAGE, MUTE };

static struct master_end {
	struct ca *ca;
	struct wire *wire;
	struct wire_tls *tls;
	struct wire_listener *listener;
	char address[64];
	enum answer answer, to_renewals;
	uint32_t retry_ms;
	const char *words;		/* of FAIL and DENY */
	unsigned n_enroll, n_renew;
	char name[80], token[80], reported[80], serial[WIRE_SERIAL_MAX + 1];
	bool first_use, was_expired;
	char renewed_by[WIRE_NAME_MAX + 1];
} master, other;

static struct ev_loop *loop;
static struct wire *wire;
static struct enrol *enrol;
static struct enrol_config config;
static struct token token;
static struct {
	unsigned n_identities, n_news;
	enum standing standing;
	char last[1000];
	struct wire_tls *tls;
} seen;

static void sign(const uint8_t *csr, size_t len, ProtobufCBinaryData *out)
{
	struct wire_identity who;
	char *error = NULL;

	ck_assert_msg(!ca_sign(master.ca, csr, len, WIRE_KIND_AGENT, "web1", wall_s(), CA_AGENT_DAYS, &out->data, &out->len, &who,
			       &error), "%s", error);
	snprintf(master.serial, sizeof master.serial, "%s", who.serial);
}

/* A certificate of a key that nobody asked with. */
static void sign_other(ProtobufCBinaryData *out)
{
	const char *file = tmp_path("other.key");
	char *error = NULL;
	uint8_t *csr;
	size_t len;

	unlink(file);
	ck_assert(!identity_make_key(file, &error) && !identity_request(file, &csr, &len, &error));
	sign(csr, len, out);
	free(csr);
}

static void issue(const ProtobufCBinaryData *csr, enum answer answer, Sloth__V1__EnrollResponse *r)
{
	r->state = SLOTH__V1__ENROLL_STATE__ENROLL_STATE_ISSUED;
	r->ca.data = (uint8_t *)(uintptr_t)ca_certificate(answer == OTHER_CA ? other.ca : master.ca, &r->ca.len);
	if (answer == OTHER_KEY)
		sign_other(&r->certificate);
	else
		sign(csr->data, csr->len, &r->certificate);
	if (answer == NO_CERTIFICATE)
		r->certificate.len -= 1;
}

static void answer_call(struct wire_call *call, const ProtobufCBinaryData *csr, enum answer answer)
{
	Sloth__V1__EnrollResponse r = SLOTH__V1__ENROLL_RESPONSE__INIT;

	r.retry_ms = master.retry_ms;
	r.message = (char *)(uintptr_t)(master.words ? master.words : "");
	r.fingerprint = (char *)(uintptr_t)"0123456789abcdef\nMAINPID=1";
	if (answer == MUTE) {
		wire_accept(call, NULL, NULL);
		return;
	}
	if (answer == FAIL) {
		wire_end(call, WIRE_PERMISSION_DENIED, master.words);
		return;
	}
	if (answer == PENDING)
		r.state = SLOTH__V1__ENROLL_STATE__ENROLL_STATE_PENDING;
	else if (answer == DENY)
		r.state = SLOTH__V1__ENROLL_STATE__ENROLL_STATE_DENIED;
	else if (answer != NO_MESSAGE)
		issue(csr, answer, &r);
	if (answer == NO_MESSAGE)
		wire_send(call, "\xff\xff\xff", 3);
	else
		wire_send_message(call, &r.base);
	free(r.certificate.data);
	wire_end(call, WIRE_OK, NULL);
}

static void on_enroll(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	const Sloth__V1__EnrollRequest *q = wire_unpack(call, &sloth__v1__enroll_request__descriptor, data, len);
	struct master_end *m = arg;

	ck_assert_ptr_nonnull(q);
	m->n_enroll++;
	snprintf(m->name, sizeof m->name, "%s", q->name);
	snprintf(m->token, sizeof m->token, "%s", q->token);
	snprintf(m->reported, sizeof m->reported, "%s", q->address);
	m->first_use = q->first_use;
	answer_call(call, &q->csr, m->answer);
}

static void on_renew(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	const Sloth__V1__RenewRequest *q = wire_unpack(call, &sloth__v1__renew_request__descriptor, data, len);
	const struct wire_peer *peer = wire_conn_peer(wire_call_conn(call));
	struct master_end *m = arg;

	ck_assert_ptr_nonnull(q);
	ck_assert_ptr_nonnull(peer->identity);
	m->n_renew++;
	m->was_expired = peer->refused != NULL;
	snprintf(m->renewed_by, sizeof m->renewed_by, "%s", peer->identity->name);
	answer_call(call, &q->csr, m->to_renewals);
}

static const struct wire_method methods[] = {
	{ .path = "/sloth.v1.Master/Enroll", .roles = WIRE_ANYONE, .unary = true, .start = on_enroll },
	{ .path = "/sloth.v1.Master/Renew", .roles = WIRE_ANYONE, .unary = true, .start = on_renew },
};

static void refresh_leaf(struct master_end *m)
{
	char *error = NULL;

	ck_assert_msg(ca_refresh_leaf(m->ca, wall_s(), &error) >= 0 && (!m->tls || !wire_tls_reload(m->tls, &error)), "%s", error);
}

static void listen_at(struct master_end *m, const char *address)
{
	char *error = NULL;

	m->wire = wire_new(loop);
	wire_serve(m->wire, methods, sizeof methods / sizeof *methods, m);
	wire_set_tls(m->wire, m->tls);
	wire_require_tls(m->wire);
	m->listener = wire_listen(m->wire, address, NULL, NULL, &error);
	ck_assert_msg(m->listener != NULL, "%s", error);
	snprintf(m->address, sizeof m->address, "%s", wire_listener_address(m->listener));
}

static void make_master(struct master_end *m, const char *dir)
{
	struct tls_config how = { 0 };
	char *error = NULL;

	memset(m, 0, sizeof *m);
	mkdir(dir, 0700);
	ck_assert_msg(ca_open(dir, NULL, &m->ca, &error) == EXIT_OK, "%s", error);
	refresh_leaf(m);
	how.cert_file = ca_leaf_file(m->ca);
	how.key_file = ca_leaf_key_file(m->ca);
	how.ca_file = ca_cert_file(m->ca);
	m->tls = wire_tls_new(&how, &error);
	ck_assert_msg(m->tls != NULL, "%s", error);
}

/* ---- the agent ---- */

static void on_identity(struct wire_tls *tls, void *arg)
{
	(void)arg;
	ck_assert_ptr_nonnull(tls);
	seen.n_identities++;
	seen.tls = tls;
}

static void on_news(enum standing standing, const char *words, void *arg)
{
	(void)arg;
	seen.n_news++;
	seen.standing = standing;
	snprintf(seen.last, sizeof seen.last, "%s", words);
	for (const char *c = words; *c; c++)
		ck_assert_msg((unsigned char)*c >= 32, "a control character in the news: %s", words);
}

static const char *state_file(const char *leaf)
{
	static char path[TMP_DIR_MAX + 60];

	snprintf(path, sizeof path, "%s/%s", tmp_path("agent"), leaf);
	return path;
}

static void open_all(void)
{
	static const char *const files[] = { "agent.key", "agent.crt", "ca.crt", "agent.key.new", "agent.crt.new" };

	signal(SIGPIPE, SIG_IGN);
	skipped_ns = wall_ahead_s = 0;
	memset(&seen, 0, sizeof seen);
	loop = ev_loop_new(EVFLAG_NOENV);
	wire = wire_new(loop);
	wire_require_tls(wire);
	make_master(&master, tmp_path("master"));
	other = (struct master_end){ .ca = NULL };
	listen_at(&master, "127.0.0.1:0");
	mkdir(tmp_path("agent"), 0700);
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		unlink(state_file(files[i]));
	config = (struct enrol_config){
		.name = "web1", .master = master.address, .state_dir = mem_strdup(tmp_path("agent")), .address = "192.0.2.7:50051",
		.on_identity = on_identity, .on_news = on_news,
	};
	str_unhex(ca_fingerprint(master.ca), token.pin, sizeof token.pin);
	memset(token.id, 0xab, sizeof token.id);
	memset(token.secret, 0xcd, sizeof token.secret);
}

static void start(void)
{
	char *error = NULL;

	ck_assert_msg(enrol_new(wire, &config, &enrol, &error) == 0, "%s", error);
	enrol_start(enrol);
}

static void on_late(struct ev_loop *l, struct ev_timer *w, int events)
{
	(void)l, (void)events;
	*(bool *)w->data = true;
	ev_break(l, EVBREAK_ONE);
}

static void on_look(struct ev_loop *l, struct ev_prepare *w, int events)
{
	bool (*is_so)(void) = *(bool (**)(void))w->data;

	(void)events;
	if (is_so())
		ev_break(l, EVBREAK_ONE);
}

/* Whether it came to be so within so much time. */
static bool turn(bool (*is_so)(void), double seconds)
{
	struct ev_timer late;
	struct ev_prepare look;
	bool is_late = false;

	ev_timer_init(&late, on_late, seconds, 0);
	ev_prepare_init(&look, on_look);
	late.data = &is_late;
	look.data = &is_so;
	ev_now_update(loop);
	ev_timer_start(loop, &late);
	ev_prepare_start(loop, &look);
	ev_run(loop, 0);
	ev_timer_stop(loop, &late);
	ev_prepare_stop(loop, &look);
	return !is_late;
}

static bool never(void)		{ return false; }
static bool has_identity(void)	{ return seen.n_identities > 0; }
static bool has_news(void)	{ return seen.n_news > 0; }
static bool was_asked(void)	{ return master.n_enroll > 0; }
static bool was_renewed(void)	{ return master.n_renew > 0; }

static void pass(double seconds)
{
	turn(never, seconds);
}

static void expect_identity(double seconds)
{
	ck_assert_msg(turn(has_identity, seconds), "no identity: %s", seen.last);
}

static void expect_news(const char *words)
{
	ck_assert(turn(has_news, AT_ONCE_S));
	ck_assert_msg(strstr(seen.last, words) != NULL, "%s", seen.last);
	seen.n_news = 0;
}

/* Stops, and asserts that nothing of it is left: the loop ends by itself. */
static void close_all(void)
{
	unsigned n_identities = seen.n_identities, n_news = seen.n_news;

	enrol_stop(enrol);
	enrol_stop(enrol);
	wire_shutdown(wire, 0);
	if (master.wire)
		wire_shutdown(master.wire, 0);
	if (other.wire)
		wire_shutdown(other.wire, 0);
	ev_run(loop, 0);
	ck_assert_uint_eq(seen.n_identities, n_identities);
	ck_assert_uint_eq(seen.n_news, n_news);
	wire_free(wire);
	wire_free(master.wire);
	wire_free(other.wire);
	enrol_free(enrol);
	wire_tls_free(master.tls);
	wire_tls_free(other.tls);
	ca_free(master.ca);
	ca_free(other.ca);
	free((void *)(uintptr_t)config.state_dir);
	ev_loop_destroy(loop);
	enrol = NULL;
	skipped_ns = 0;			/* the test's own length is measured, too */
}

/* As if its process had ended: another can be started. */
static void end_agent(void)
{
	enrol_stop(enrol);
	wire_free(wire);
	enrol_free(enrol);
	enrol = NULL;
	seen.n_identities = 0;
	wire = wire_new(loop);
	wire_require_tls(wire);
}

/* The other master takes over its address. */
static void replace_master(void)
{
	char address[64];

	make_master(&other, tmp_path("other"));
	snprintf(address, sizeof address, "%s", master.address);
	wire_free(master.wire);
	master.wire = NULL;
	other.answer = master.answer;
	other.retry_ms = master.retry_ms;
	listen_at(&other, address);
}

/* ---- coming in ---- */

START_TEST(a_token_is_all_it_takes)
{
	struct stat st;

	open_all();
	config.token = &token;
	start();
	ck_assert(!enrol_trusts_anybody(enrol));
	expect_identity(AT_ONCE_S);
	ck_assert_str_eq(master.token, "abababab.cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd");
	ck_assert_str_eq(master.name, "web1");
	ck_assert_str_eq(master.reported, "192.0.2.7:50051");
	ck_assert(!master.first_use);
	ck_assert(stat(state_file("agent.key"), &st) == 0 && (st.st_mode & 07777) == 0600);
	ck_assert_int_ne(access(state_file("agent.key.new"), F_OK), 0);
	pass(3600);
	ck_assert_uint_eq(master.n_enroll, 1);
	ck_assert_uint_eq(master.n_renew, 0);
	ck_assert_uint_eq(seen.n_identities, 1);
	ck_assert_uint_eq(seen.n_news, 0);
	close_all();
}
END_TEST

START_TEST(who_has_a_certificate_asks_for_none)
{
	open_all();
	start();
	expect_identity(AT_ONCE_S);
	end_agent();
	wire_free(master.wire);		/* it may be away */
	master.wire = NULL;
	start();
	ck_assert_uint_eq(seen.n_identities, 1);
	pass(3600);
	ck_assert_uint_eq(seen.n_identities, 1);
	ck_assert_uint_eq(master.n_enroll, 1);
	close_all();
}
END_TEST

START_TEST(who_waits_says_how_it_gets_in)
{
	char key[WIRE_FINGERPRINT_LEN + 1], words[80], *error = NULL;

	open_all();
	master.answer = PENDING;
	master.retry_ms = 2000;
	start();
	expect_news("sloth agent accept web1");
	ck_assert_int_eq(seen.standing, STANDING_WAITING);
	ck_assert(!identity_key_fingerprint(state_file("agent.key.new"), key, &error));
	snprintf(words, sizeof words, "(this key %.16s, CA %.16s)", key, ca_fingerprint(master.ca));
	ck_assert_msg(strstr(seen.last, words) != NULL, "%s", seen.last);
	ck_assert(master.first_use);
	pass(60);
	ck_assert_uint_ge(master.n_enroll, 20);
	ck_assert_uint_le(master.n_enroll, 31);
	ck_assert_uint_eq(seen.n_identities, 0);
	master.answer = ISSUE;
	expect_identity(2.5);
	close_all();
}
END_TEST

START_TEST(who_is_denied_asks_again_when_told_to)
{
	open_all();
	master.answer = DENY;
	master.words = "the name web1 belongs to another key\nMAINPID=1";
	master.retry_ms = 10000;
	start();
	expect_news("belongs to another key");
	ck_assert_int_eq(seen.standing, STANDING_DENIED);
	pass(25);
	ck_assert_uint_eq(master.n_enroll, 3);
	master.retry_ms = UINT32_MAX;
	pass(10);
	master.answer = ISSUE;
	expect_identity(ENROL_AGAIN_MAX_MS / 1000. + 1);
	close_all();
}
END_TEST

START_TEST(nobody_makes_it_wait_for_ever_or_ask_all_the_time)
{
	open_all();
	master.answer = PENDING;
	start();			/* at once, says the master */
	pass(10);
	ck_assert_uint_le(master.n_enroll, 51);
	master.retry_ms = UINT32_MAX;
	pass(1);
	master.n_enroll = 0;
	ck_assert(turn(was_asked, ENROL_AGAIN_MAX_MS / 1000. + 1));
	close_all();
}
END_TEST

START_TEST(a_token_that_is_not_taken_is_told_in_the_masters_words)
{
	open_all();
	config.token = &token;
	master.answer = FAIL;
	master.words = "the token is used up\nREADY=1";
	start();
	expect_news("PERMISSION_DENIED: \"the token is used up\\nREADY=1\"");
	ck_assert_int_eq(seen.standing, STANDING_DENIED);
	pass(100);
	ck_assert_uint_le(master.n_enroll, 60);		/* 200 ms, 400 ms, ... 10 s */
	ck_assert_uint_ge(master.n_enroll, 10);
	close_all();
}
END_TEST

/* ---- whom it trusts ---- */

START_TEST(a_token_of_another_cluster_is_shown_to_nobody)
{
	open_all();
	token.pin[31] ^= 1;
	config.token = &token;
	start();
	expect_news("not the one of the token");
	pass(30);
	ck_assert_uint_eq(master.n_enroll, 0);
	close_all();
}
END_TEST

START_TEST(a_pin_works_without_a_token)
{
	uint8_t pin[TOKEN_PIN_LEN];

	open_all();
	str_unhex(ca_fingerprint(master.ca), pin, sizeof pin);
	config.pin = pin;
	start();
	memset(pin, 0, sizeof pin);	/* it is copied */
	ck_assert(!enrol_trusts_anybody(enrol));
	expect_identity(AT_ONCE_S);
	ck_assert(!master.first_use);
	close_all();
}
END_TEST

START_TEST(of_those_that_nobody_vouches_for_the_first_stays)
{
	open_all();
	master.answer = PENDING;
	master.retry_ms = 2000;
	start();
	ck_assert(enrol_trusts_anybody(enrol));
	expect_news("waiting for acceptance");
	replace_master();
	other.answer = ISSUE;
	pass(30);
	ck_assert_msg(strstr(seen.last, "shows another CA") != NULL, "%s", seen.last);
	ck_assert_uint_eq(other.n_enroll, 0);
	ck_assert_uint_eq(seen.n_identities, 0);
	close_all();
}
END_TEST

START_TEST(a_ca_that_was_kept_is_the_only_one)
{
	open_all();
	start();
	expect_identity(AT_ONCE_S);
	end_agent();
	unlink(state_file("agent.crt"));
	replace_master();
	start();
	ck_assert(!enrol_trusts_anybody(enrol));
	expect_news("another cluster");
	pass(30);
	ck_assert_uint_eq(other.n_enroll, 0);
	close_all();
}
END_TEST

/* ---- answers that are worth nothing ---- */

static const struct {
	enum answer answer;
	const char *words;
} worthless[] = {
	{ OTHER_CA, "another CA than its connection" },
	{ OTHER_KEY, "not of the key" },
	{ NO_CERTIFICATE, "no certificate" },
	{ NO_MESSAGE, "malformed" },
};

START_TEST(an_answer_that_is_worth_nothing_is_no_end)
{
	open_all();
	make_master(&other, tmp_path("other"));
	for (size_t i = 0; i < sizeof worthless / sizeof *worthless; i++) {
		seen.n_news = 0;
		master.answer = worthless[i].answer;
		if (!enrol)
			start();
		pass(11);
		ck_assert_msg(strstr(seen.last, worthless[i].words) != NULL, "%s: %s", worthless[i].words, seen.last);
		ck_assert_int_ne(access(state_file("agent.crt"), F_OK), 0);
		ck_assert_uint_eq(seen.n_identities, 0);
	}
	master.answer = ISSUE;
	expect_identity(11);
	close_all();
}
END_TEST

START_TEST(a_master_that_never_answers_is_asked_again)
{
	open_all();
	master.answer = MUTE;
	start();
	pass(ENROL_CALL_MS / 1000. + 1);
	ck_assert_msg(strstr(seen.last, "DEADLINE_EXCEEDED") != NULL, "%s", seen.last);
	master.answer = ISSUE;
	expect_identity(ENROL_CALL_MS / 1000. + 2);
	close_all();
}
END_TEST

/* A log that grows while a machine waits for its master is no help to anybody. */
START_TEST(what_goes_on_is_logged_once)
{
	char *file = mem_strdup(tmp_file("stderr", "")), *text;
	int fd = open(file, O_WRONLY | O_APPEND), saved = dup(STDERR_FILENO);
	unsigned lines = 0;

	open_all();
	wire_free(master.wire);
	master.wire = NULL;
	dup2(fd, STDERR_FILENO);
	start();
	pass(120);
	dup2(saved, STDERR_FILENO);
	ck_assert_uint_ge(seen.n_news, 10);
	ck_assert_msg(strstr(seen.last, "refused") != NULL, "%s", seen.last);
	text = tmp_read(file);
	for (const char *c = text; (c = strchr(c, '\n')); c++)
		lines++;
	ck_assert_msg(lines == 1, "%s", text);
	free(text);
	free(file);
	close(fd);
	close(saved);
	listen_at(&master, master.address);
	expect_identity(11);
	close_all();
}
END_TEST

/* ---- the disk ---- */

/* What it has is completed as soon as it can be, without asking anybody: the name is its own key's by now. */
START_TEST(a_certificate_without_a_place_is_used_when_it_has_one)
{
	open_all();
	ck_assert_int_eq(mkdir(state_file("agent.crt"), 0700), 0);
	ck_assert_int_eq(mkdir(state_file("agent.crt/x"), 0700), 0);
	start();
	expect_news("agent.crt: ");
	pass(30);
	ck_assert_uint_eq(master.n_enroll, 1);
	ck_assert_uint_eq(seen.n_identities, 0);
	rmdir(state_file("agent.crt/x"));
	rmdir(state_file("agent.crt"));
	expect_identity(11);
	ck_assert_uint_eq(master.n_enroll, 1);
	close_all();
}
END_TEST

START_TEST(a_key_that_everybody_can_read_is_no_key)
{
	char *error = NULL;

	open_all();
	start();
	expect_identity(AT_ONCE_S);
	end_agent();
	ck_assert_int_eq(chmod(state_file("agent.key"), 0644), 0);
	ck_assert_int_lt(enrol_new(wire, &config, &enrol, &error), 0);
	ck_assert_ptr_null(enrol);
	ck_assert_msg(strstr(error, "everybody can read this key") != NULL, "%s", error);
	free(error);
	close_all();
}
END_TEST

/* ---- keeping it ---- */

/* The master's clock is the same one: it has renewed its own certificate. */
static void set_clock(int64_t ahead_s)
{
	wall_ahead_s = ahead_s;
	refresh_leaf(&master);
}

static void enrol_first(void)
{
	open_all();
	start();
	expect_identity(AT_ONCE_S);
	seen.n_news = 0;
}

START_TEST(a_certificate_is_renewed_in_time)
{
	char serial[WIRE_SERIAL_MAX + 1];
	struct wire_identity who;
	char *error = NULL;

	enrol_first();
	snprintf(serial, sizeof serial, "%s", master.serial);
	set_clock(49 * DAY_S);
	pass(300);
	ck_assert_uint_eq(master.n_renew, 0);
	set_clock(70 * DAY_S);
	ck_assert(turn(was_renewed, ENROL_LOOK_MS / 1000. + 1));
	pass(600);
	ck_assert_uint_eq(master.n_renew, 1);
	ck_assert_str_eq(master.renewed_by, "web1");
	ck_assert(!master.was_expired);
	ck_assert_str_ne(master.serial, serial);
	ck_assert(!identity_read_certificate(state_file("agent.crt"), &who, &error));
	ck_assert_str_eq(who.serial, master.serial);
	ck_assert_uint_eq(master.n_enroll, 1);
	ck_assert_uint_eq(seen.n_identities, 1);

	set_clock(140 * DAY_S);		/* and again, with that one */
	master.n_renew = 0;
	ck_assert(turn(was_renewed, ENROL_LOOK_MS / 1000. + 1));
	ck_assert(!master.was_expired);
	close_all();
}
END_TEST

START_TEST(an_expired_certificate_renews_itself)
{
	enrol_first();
	set_clock(200 * DAY_S);
	ck_assert(turn(was_renewed, ENROL_LOOK_MS / 1000. + 1));
	ck_assert(master.was_expired);
	pass(600);
	ck_assert_uint_eq(master.n_renew, 1);
	close_all();
}
END_TEST

START_TEST(a_renewal_that_is_refused_is_tried_again)
{
	enrol_first();
	make_master(&other, tmp_path("other"));
	master.to_renewals = FAIL;
	master.words = "not today";
	set_clock(70 * DAY_S);
	pass(600);
	ck_assert_uint_ge(master.n_renew, 9);
	ck_assert_uint_le(master.n_renew, 11);
	ck_assert_msg(strstr(seen.last, "not today") != NULL, "%s", seen.last);
	master.to_renewals = MUTE;
	pass(600);
	ck_assert_msg(strstr(seen.last, "DEADLINE_EXCEEDED") != NULL, "%s", seen.last);
	for (size_t i = 0; i < sizeof worthless / sizeof *worthless; i++) {
		master.to_renewals = worthless[i].answer;
		pass(130);
		ck_assert_msg(strstr(seen.last, worthless[i].words) != NULL, "%s: %s", worthless[i].words, seen.last);
	}
	master.to_renewals = ISSUE;
	master.n_renew = 0;
	pass(600);
	ck_assert_uint_eq(master.n_renew, 1);
	ck_assert_uint_eq(seen.n_identities, 1);
	close_all();
}
END_TEST

START_TEST(a_renewal_without_a_master_is_tried_again)
{
	enrol_first();
	wire_free(master.wire);
	master.wire = NULL;
	set_clock(70 * DAY_S);
	pass(600);
	ck_assert_msg(strstr(seen.last, "refused") != NULL, "%s", seen.last);
	listen_at(&master, master.address);
	ck_assert(turn(was_renewed, ENROL_LOOK_MS / 1000. + 1));
	close_all();
}
END_TEST

/* ---- clocks that are wrong ---- */

START_TEST(a_clock_behind_or_ahead_is_told)
{
	open_all();
	wall_ahead_s = -3 * DAY_S;
	start();
	expect_news("is not valid before");
	ck_assert_msg(strstr(seen.last, "is a clock wrong?") != NULL, "%s", seen.last);
	wall_ahead_s = 100 * DAY_S;
	pass(11);
	ck_assert_msg(strstr(seen.last, "has expired on") && strstr(seen.last, "is a clock wrong?"), "%s", seen.last);
	ck_assert_uint_eq(master.n_enroll, 0);
	wall_ahead_s = -DAY_S / 2;		/* no battery, but less than a day */
	expect_identity(11);
	close_all();
}
END_TEST

/* ---- files that change, and the end ---- */

START_TEST(a_reload_keeps_what_works)
{
	struct wire_tls *tls;

	enrol_first();
	tls = seen.tls;
	enrol_reload(enrol);
	ck_assert_int_eq(rename(state_file("agent.crt"), tmp_path("away")), 0);
	enrol_reload(enrol);
	pass(130);
	ck_assert_uint_eq(seen.n_identities, 1);
	ck_assert_int_eq(rename(tmp_path("away"), state_file("agent.crt")), 0);
	set_clock(70 * DAY_S);
	ck_assert(turn(was_renewed, ENROL_LOOK_MS / 1000. + 1));
	ck_assert_ptr_eq(seen.tls, tls);
	close_all();
}
END_TEST

START_TEST(it_stops_in_every_state)
{
	open_all();			/* dialling */
	start();
	close_all();

	open_all();			/* asking */
	master.answer = MUTE;
	start();
	ck_assert(turn(was_asked, AT_ONCE_S));
	close_all();

	open_all();			/* away */
	master.answer = PENDING;
	master.retry_ms = 10000;
	start();
	ck_assert(turn(has_news, AT_ONCE_S));
	close_all();

	enrol_first();			/* held */
	close_all();

	enrol_first();			/* renewing */
	master.to_renewals = MUTE;
	set_clock(70 * DAY_S);
	ck_assert(turn(was_renewed, ENROL_LOOK_MS / 1000. + 1));
	close_all();
}
END_TEST

UNIT_MAIN(a_token_is_all_it_takes, who_has_a_certificate_asks_for_none, who_waits_says_how_it_gets_in,
	  who_is_denied_asks_again_when_told_to, nobody_makes_it_wait_for_ever_or_ask_all_the_time,
	  a_token_that_is_not_taken_is_told_in_the_masters_words, a_token_of_another_cluster_is_shown_to_nobody,
	  a_pin_works_without_a_token, of_those_that_nobody_vouches_for_the_first_stays, a_ca_that_was_kept_is_the_only_one,
	  an_answer_that_is_worth_nothing_is_no_end, a_master_that_never_answers_is_asked_again, what_goes_on_is_logged_once,
	  a_certificate_without_a_place_is_used_when_it_has_one, a_key_that_everybody_can_read_is_no_key,
	  a_certificate_is_renewed_in_time, an_expired_certificate_renews_itself, a_renewal_that_is_refused_is_tried_again,
	  a_renewal_without_a_master_is_tried_again, a_clock_behind_or_ahead_is_told, a_reload_keeps_what_works,
	  it_stops_in_every_state)
