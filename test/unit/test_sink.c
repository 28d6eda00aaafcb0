/* Writing to an inherited fd: nothing blocks, nothing is lost, nobody else's description is changed. */
#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/sink.h"
#include "test/lib/tmp.h"
#include "test/lib/unit.h"

enum { CHUNK = 64 * 1024, CHUNKS = 40 };

struct flow {
	struct ev_loop *loop;
	struct sink sink;
	ev_io readable;
	int reader;
	unsigned sent, events;
	size_t got;
	bool is_wrong;
};

static uint8_t byte_at(size_t position)
{
	return (uint8_t)(position * 31 + position / 4099);
}

static void send_more(struct flow *f)
{
	static uint8_t chunk[CHUNK];
	int ret = 0;

	while (f->sent < CHUNKS && ret == 0) {
		for (size_t i = 0; i < CHUNK; i++)
			chunk[i] = byte_at((size_t)f->sent * CHUNK + i);
		ret = sink_write(&f->sink, chunk, CHUNK);
		f->sent++;
	}
	ck_assert_int_ge(ret, 0);
	if (ret == 1)
		ev_io_start(f->loop, &f->readable);
}

static void on_event(struct sink *sink, void *arg)
{
	struct flow *f = arg;

	ck_assert_int_eq(sink->error, 0);
	f->events++;
	send_more(f);
}

static void on_readable(struct ev_loop *loop, ev_io *w, int revents)
{
	static uint8_t data[30000];
	struct flow *f = w->data;
	ssize_t n = read(f->reader, data, sizeof data);

	(void)revents;
	for (ssize_t i = 0; i < n; i++)
		f->is_wrong |= data[i] != byte_at(f->got++);
	if (f->got == (size_t)CHUNK * CHUNKS || n <= 0)
		ev_io_stop(loop, w);
}

static void check_flow(int writer, int reader, enum sink_kind forced, enum sink_kind expected)
{
	struct flow f = { .loop = ev_loop_new(EVFLAG_NOENV), .reader = reader };

	ev_io_init(&f.readable, on_readable, reader, EV_READ);
	f.readable.data = &f;
	sink_init(&f.sink, f.loop, writer, on_event, &f);
	f.sink.kind = forced;
	send_more(&f);
	ck_assert(sink_is_busy(&f.sink));		/* it said stop before the reader read at all */
	ev_run(f.loop, 0);
	ck_assert_int_eq(f.sink.kind, expected);
	ck_assert_uint_eq(f.got, (size_t)CHUNK * CHUNKS);
	ck_assert(!f.is_wrong);
	ck_assert_uint_gt(f.events, 0);
	ck_assert_int_eq(fcntl(writer, F_GETFL) & O_NONBLOCK, 0);
	sink_done(&f.sink);
	ck_assert_int_ge(fcntl(writer, F_GETFD), 0);	/* the inherited one stays open */
	close(writer);
	close(reader);
	ev_loop_destroy(f.loop);
}

START_TEST(sink_writes_to_a_pipe_through_a_description_of_its_own)
{
	int fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	check_flow(fds[1], fds[0], SINK_UNKNOWN, SINK_NONBLOCK);
}
END_TEST

START_TEST(sink_writes_to_a_pipe_that_cannot_be_opened_again)
{
	int fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	check_flow(fds[1], fds[0], SINK_POLLED, SINK_POLLED);
}
END_TEST

START_TEST(sink_writes_to_a_socket)
{
	int fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	check_flow(fds[1], fds[0], SINK_UNKNOWN, SINK_SOCKET);
}
END_TEST

static void no_event(struct sink *sink, void *arg)
{
	(void)sink;
	(void)arg;
	ck_abort_msg("an event of a sink that never waited");
}

static int write_once(int fd, const void *data, size_t n)
{
	struct ev_loop *loop = ev_loop_new(EVFLAG_NOENV);
	struct sink sink;
	int ret;

	signal(SIGPIPE, SIG_IGN);
	sink_init(&sink, loop, fd, no_event, NULL);
	ret = sink_write(&sink, data, n);
	ck_assert_int_eq(sink.error, ret);
	if (ret)
		ck_assert_int_eq(sink_write(&sink, data, n), ret);	/* and so it stays */
	sink_done(&sink);
	ev_loop_destroy(loop);
	return ret;
}

START_TEST(sink_says_what_is_wrong)
{
	int fds[2], full = open("/dev/full", O_WRONLY);

	ck_assert_int_eq(write_once(full, "x", 1), -ENOSPC);
	close(full);
	ck_assert_int_eq(write_once(-1, "x", 1), -EBADF);
	ck_assert_int_eq(pipe(fds), 0);
	close(fds[0]);
	ck_assert_int_eq(write_once(fds[1], "x", 1), -EPIPE);
	close(fds[1]);
}
END_TEST

START_TEST(sink_writes_to_a_file_in_place)
{
	int fd = open(tmp_path("file"), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	char back[4] = "";

	ck_assert_int_eq(write_once(fd, "abc", 3), 0);
	ck_assert_int_eq(pread(fd, back, 3, 0), 3);
	ck_assert_str_eq(back, "abc");
	close(fd);
}
END_TEST

UNIT_MAIN(sink_writes_to_a_pipe_through_a_description_of_its_own, sink_writes_to_a_pipe_that_cannot_be_opened_again,
	  sink_writes_to_a_socket, sink_says_what_is_wrong, sink_writes_to_a_file_in_place)
