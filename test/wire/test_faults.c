/*
 * test_faults.c - sockets that misbehave. recv(), send() and accept4() are ours here: they deliver little,
 * say EAGAIN, or cut the connection at a given byte, by a plan that each test sets.
 *
 * The exchange that is disturbed is the same everywhere: a unary call, a chat and a stream at once. A call
 * may end well or with UNAVAILABLE, never well without all that belongs to it; and in the end nothing is
 * alive (pair_close() looks).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "test/lib/echo.h"
#include "test/lib/pair.h"
#include "test/lib/unit.h"

/* ---- the plan ---- */

enum { ANY = -1 };
enum side { DIALLED, ACCEPTED, SIDES };

static struct plan {
	size_t max;			/* bytes that one call moves at most; 0: any */
	long again_at;			/* the call with this number, from 0, says EAGAIN; ANY: every second one; */
	bool says_again;		/* if this is set */
	enum side cut_side;		/* once so many bytes have been sent by that side */
	size_t cut_at;
	bool cuts;
	int cut_error;			/* what both ends then meet; 0: the end of the stream */
	int accept_error;		/* of the first accepts */
	unsigned accept_failures;
} plan;

static struct {
	long calls;
	size_t sent[SIDES];
	int accepted;			/* descriptor */
	bool is_cut;
} seen;

static void set_plan(struct plan p)
{
	plan = p;
	memset(&seen, 0, sizeof seen);
	seen.accepted = -1;
}

static bool says_again(void)
{
	long n = seen.calls++;

	return plan.says_again && (plan.again_at == ANY ? n % 2 == 0 : n == plan.again_at);
}

static size_t shortened(size_t n)
{
	return plan.max && n > plan.max ? plan.max : n;
}

/* ---- the sockets ---- */

ssize_t recv(int fd, void *to, size_t n, int flags)
{
	if (says_again()) {
		errno = EAGAIN;
		return -1;
	}
	if (seen.is_cut && plan.cut_error) {
		errno = plan.cut_error;
		return -1;
	}
	return syscall(SYS_recvfrom, fd, to, shortened(n), flags, NULL, NULL);
}

ssize_t send(int fd, const void *from, size_t n, int flags)
{
	enum side side = fd == seen.accepted ? ACCEPTED : DIALLED;
	ssize_t done;

	if (says_again()) {
		errno = EAGAIN;
		return -1;
	}
	n = shortened(n);
	if (plan.cuts && side == plan.cut_side && n > plan.cut_at - seen.sent[side])
		n = plan.cut_at - seen.sent[side];
	if (seen.is_cut) {
		errno = plan.cut_error ? plan.cut_error : EPIPE;
		return -1;
	}
	done = n ? syscall(SYS_sendto, fd, from, n, flags, NULL, 0) : 0;
	if (done > 0)
		seen.sent[side] += (size_t)done;
	if (plan.cuts && side == plan.cut_side && seen.sent[side] == plan.cut_at) {
		seen.is_cut = true;
		shutdown(fd, SHUT_RDWR);
	}
	if (n == 0) {
		errno = EPIPE;
		return -1;
	}
	return done;
}

int accept4(int fd, struct sockaddr *sa, socklen_t *len, int flags)
{
	int taken;

	if (plan.accept_failures) {
		plan.accept_failures--;
		errno = plan.accept_error;
		return -1;
	}
	taken = (int)syscall(SYS_accept4, fd, sa, len, flags);
	if (taken >= 0)
		seen.accepted = taken;
	return taken;
}

/* ---- the exchange ---- */

enum { CHATS = 3, COUNT = 6, COUNT_BYTES = 1000, NEARLY_ALL = 1000 };

struct exchange {
	struct record unary, chat, count;
};

static void start_call(struct pair *p, const char *path, const char *text, unsigned times, struct record *r)
{
	pair_call(p, path, r);
	while (times--)
		wire_send(r->call, text, strlen(text));
	wire_half_close(r->call);
}

static bool is_over(void *arg)
{
	struct exchange *x = arg;

	return x->unary.ended && x->chat.ended && x->count.ended;
}

/* Ended well with all that belongs to it, or because the connection went. */
static bool ended_well(const struct record *r, unsigned n_messages, uint64_t bytes)
{
	if (r->code != WIRE_OK) {
		ck_assert_msg(r->code == WIRE_UNAVAILABLE, "%s: %s", wire_code_name(r->code), r->why);
		ck_assert_str_ne(r->why, "");
		return false;
	}
	ck_assert_uint_eq(r->n_messages, n_messages);
	ck_assert_uint_eq(r->bytes, bytes);
	return true;
}

/* True when all three ended well. */
static bool run_exchange(struct pair *p)
{
	struct exchange x;
	char count[16];
	bool well;

	snprintf(count, sizeof count, "%d", COUNT);
	start_call(p, "/test.Echo/Unary", "hello", 1, &x.unary);
	start_call(p, "/test.Echo/Chat", "ping", CHATS, &x.chat);
	start_call(p, "/test.Echo/Count", count, 1, &x.count);
	pair_run(p, is_over, &x);
	well = ended_well(&x.unary, 1, 5);
	well &= ended_well(&x.chat, CHATS, 4 * CHATS);
	well &= ended_well(&x.count, COUNT, COUNT * COUNT_BYTES);
	record_done(&x.unary);
	record_done(&x.chat);
	record_done(&x.count);
	return well;
}

static void expect_undisturbed(struct plan disturbance)
{
	for (int form = 0; form < PAIR_FORMS; form++) {
		struct pair p;

		set_plan(disturbance);
		pair_open(&p, (enum pair_form)form);
		ck_assert(run_exchange(&p));
		pair_close(&p);
	}
}

START_TEST(one_byte_at_a_time_is_enough)
{
	expect_undisturbed((struct plan){ .max = 1 });
}
END_TEST

START_TEST(short_reads_and_writes_of_any_size_are_enough)
{
	for (size_t max = 2; max < 40; max++)
		expect_undisturbed((struct plan){ .max = max });
	for (size_t max = 100; max < 20000; max += max / 3)
		expect_undisturbed((struct plan){ .max = max });
}
END_TEST

START_TEST(every_second_call_may_say_eagain)
{
	expect_undisturbed((struct plan){ .says_again = true, .again_at = ANY });
	expect_undisturbed((struct plan){ .says_again = true, .again_at = ANY, .max = 11 });
}
END_TEST

START_TEST(any_single_call_may_say_eagain)
{
	long calls;

	expect_undisturbed((struct plan){ 0 });
	calls = seen.calls;
	ck_assert_int_gt(calls, 5);
	for (long at = 0; at < calls; at++)
		expect_undisturbed((struct plan){ .says_again = true, .again_at = at });
}
END_TEST

/* ---- cuts ---- */

/* The connection may go before it was up: then the dialler hears why. */
static bool run_cut(enum pair_form form, enum side side, size_t at, int error)
{
	struct pair p;
	bool well = false;

	set_plan((struct plan){ .cuts = true, .cut_side = side, .cut_at = at, .cut_error = error });
	pair_start(&p, form);
	pair_run(&p, pair_has_begun, &p);
	if (p.conn)
		well = run_exchange(&p);
	ck_assert_msg(p.conn || p.why[0] || !p.n_down, "no reason was given");
	pair_close(&p);
	return well;
}

static void cut_at_every_byte(enum pair_form form, enum side side, int error)
{
	size_t total, n_cut = 0;
	struct pair p;

	set_plan((struct plan){ 0 });
	pair_open(&p, form);
	ck_assert(run_exchange(&p));
	total = seen.sent[side];
	pair_close(&p);
	ck_assert_uint_gt(total, 100);
	for (size_t at = 0; at <= total; at += at < NEARLY_ALL ? 1 : 97)
		n_cut += !run_cut(form, side, at, error);
	ck_assert_uint_gt(n_cut, 100);		/* later ones may cut off nothing that matters */
}

START_TEST(cut_at_every_byte_of_the_dialler)
{
	cut_at_every_byte(PAIR_UNIX, DIALLED, 0);
	cut_at_every_byte(PAIR_UNIX_REVERSE, DIALLED, ECONNRESET);
}
END_TEST

START_TEST(cut_at_every_byte_of_the_listener)
{
	cut_at_every_byte(PAIR_UNIX, ACCEPTED, ECONNRESET);
	cut_at_every_byte(PAIR_UNIX_REVERSE, ACCEPTED, 0);
}
END_TEST

/* ---- accept ---- */

START_TEST(listener_survives_a_lack_of_descriptors)
{
	static const int errors[] = { EMFILE, ENFILE, ENOBUFS, ENOMEM, ECONNABORTED, EPROTO, EINTR };

	for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
		struct pair p;

		set_plan((struct plan){ .accept_error = errors[i], .accept_failures = 2 });
		pair_open(&p, PAIR_TCP);
		ck_assert(run_exchange(&p));
		pair_close(&p);
	}
}
END_TEST

UNIT_MAIN(one_byte_at_a_time_is_enough, short_reads_and_writes_of_any_size_are_enough, every_second_call_may_say_eagain,
	  any_single_call_may_say_eagain, cut_at_every_byte_of_the_dialler, cut_at_every_byte_of_the_listener,
	  listener_survives_a_lack_of_descriptors)
