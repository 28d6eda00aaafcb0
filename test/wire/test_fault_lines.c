/* test_fault_lines.c - what the log says of connections that ended because their peer broke a rule. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "test/lib/script.h"
#include "test/lib/tmp.h"
#include "test/lib/unit.h"
#include "wire/internal.h"

static const char *log_path;

static void begin_log(void)
{
	log_path = tmp_file("log", "");
	ck_assert_int_eq(log_open_file(log_path), 0);
}

static size_t count_lines(const char *text)
{
	size_t n = 0;

	for (; (text = strchr(text, '\n')); text++)
		n++;
	return n;
}

/* The server's connections tell the log of their ends, as those of the daemons do. */
static void watch(struct raw *r)
{
	raw_turn(r);
	list_for_each(pos, tmp, &r->wire->conns)
		wire_conn_set_ops(list_entry(pos, struct wire_conn, link), &wire_log_faults, NULL);
}

static unsigned port_of(const struct raw *r)
{
	struct sockaddr_in self = { .sin_family = AF_INET };
	socklen_t len = sizeof self;

	ck_assert_int_eq(getsockname(r->fd, (struct sockaddr *)&self, &len), 0);
	return ntohs(self.sin_port);
}

struct fault {
	const char *why;
	struct step step;		/* bytes: at once; a frame: behind a handshake */
	unsigned times;
};

static const struct fault faults[] = {
	{ "the peer speaks neither HTTP/2 nor the reverse channel", BYTES("\x1b[31mowned\n\0owned owned"), 1 },
	{ "the peer speaks TLS, and there is no certificate here", BYTES("\x16\3\1\2\0\1\0\1\xfc\3\3owned"), 1 },
	{ "the peer speaks HTTP/1.x, this port is gRPC (HTTP/2)", BYTES("GET /owned HTTP/1.1\r\n\r\n"), 1 },
	{ "too many SETTINGS", FRAME(RAW_SETTINGS, 0, 0, ""), 50 },
	{ "too_many_pings", FRAME(RAW_PING, 0, 0, "\x1b[owned\n"), 50 },
	{ "COMPRESSION_ERROR", HEADERS(1, EH | ES, "\x1bowned\n"), 1 },
	{ "FLOW_CONTROL_ERROR", FRAME(RAW_WINDOW_UPDATE, 0, 0, "\x7f\xff\xff\xff"), 2 },
};

static char *line_of(const struct fault *f, unsigned *port)
{
	struct raw r;

	begin_log();
	raw_open(&r, NULL);
	watch(&r);
	*port = port_of(&r);
	if (f->step.kind == STEP_FRAME)
		raw_handshake(&r);
	for (unsigned i = 0; i < f->times; i++)
		script_send(&r, &f->step);
	ck_assert(raw_wait_closed(&r));
	raw_close(&r);
	return tmp_read(log_path);
}

/* Peer and reason, and nothing that the peer sent. */
START_TEST(each_fault_is_one_line)
{
	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
		unsigned port;
		char *line = line_of(&faults[i], &port);
		char *expected = mem_printf("connection 127.0.0.1:%u: ended: %s\n", port, faults[i].why);
		const char *text = strstr(line, "connection ");

		ck_assert_msg(text && !strcmp(text, expected), "\"%s\" instead of \"%s\"", line, expected);
		ck_assert_ptr_nonnull(strstr(line, " warn "));
		ck_assert_uint_eq(count_lines(line), 1);
		free(line);
		free(expected);
	}
}
END_TEST

/* Who leaves in order or is lost has done nothing wrong, whatever words he leaves behind. */
START_TEST(other_ends_are_no_lines)
{
	static const struct step goaway = GOAWAY("\0\0\0\0\0\0\0\0\x1b[owned");
	char *text;

	begin_log();
	for (int in_order = 0; in_order < 2; in_order++) {
		struct raw r;

		raw_open(&r, NULL);
		watch(&r);
		raw_handshake(&r);
		if (in_order) {
			script_send(&r, &goaway);
			ck_assert(raw_wait_closed(&r));
		}
		raw_close(&r);
	}
	text = tmp_read(log_path);
	ck_assert_str_eq(text, "");
	free(text);
}
END_TEST

static void end_for_cause(struct raw *host)
{
	struct raw r;

	raw_join(&r, host, "127.0.0.1");
	watch(host);
	raw_send(&r, "garbage", 7);
	ck_assert(raw_wait_closed(&r));
	raw_close(&r);
	raw_turn(host);
}

/* A peer that comes back all the time does not fill the log; how often it was there is told with the next line. */
START_TEST(lines_are_few_and_counted)
{
	enum { N = 100, BURST = 20 };
	uint64_t begun = mono_ms();
	char *text, *expected;
	size_t lines, most;
	struct raw host;

	begin_log();
	raw_open(&host, NULL);
	for (int i = 0; i < N; i++)
		end_for_cause(&host);
	text = tmp_read(log_path);
	lines = count_lines(text);
	most = BURST + 1 + (mono_ms() - begun) / 1000;
	ck_assert_uint_ge(lines, BURST);
	ck_assert_uint_le(lines, most);
	free(text);
	expected = mem_printf("(%u others since the last such line)\n", host.wire->faults_unsaid);
	host.wire->fault_lines.level.milli = 1000;		/* a second later */
	end_for_cause(&host);
	text = tmp_read(log_path);
	ck_assert_uint_eq(count_lines(text), lines + 1);
	ck_assert_str_eq(text + strlen(text) - strlen(expected), expected);
	free(text);
	free(expected);
	raw_close(&host);
}
END_TEST

UNIT_MAIN(each_fault_is_one_line, other_ends_are_no_lines, lines_are_few_and_counted)
