/*
 * bench_client.c - runs over one warm connection to a master, for tests and `make bench`.
 *
 *   bench_client pairs ADDRESS AGENT N [PID...]
 *       N pairs of a local `bash -c true` (spawned with two pipes, read to their ends, reaped) and the same
 *       command run on AGENT. Prints one line of medians: microseconds of the run, of the spawn, their ratio;
 *       then the same for CPU time, for the run that of the processes PID together.
 *   bench_client at-once ADDRESS AGENT N LINES
 *       N runs at the same time, each with output on both streams (LINES on stdout) and an exit status of its
 *       own. Prints how many ended with exactly that.
 *   bench_client latency ADDRESS AGENT N
 *       N runs of `true` in a row; prints their median in microseconds.
 *
 * Exit status 1 when a run did not end as it should.
 */
#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/mem.h"
#include "common/str.h"
#include "wire/proto/sloth.pb-c.h"
#include "wire/wire.h"

enum { ERROR_LINES = 10, CODES = 200, ACK_BYTES = 64 * 1024 };

struct pair {
	double run_us, spawn_us, run_cpu_us, spawn_cpu_us;
};

struct bench {
	struct wire *wire;
	struct wire_conn *conn;
	const char *agent;
	unsigned n_left, n_wrong, n_open;
	bool with_pairs, at_once;
	unsigned long lines;		/* at once: of stdout */
	struct pair *pairs;		/* one for each run that has ended */
	size_t n_runs;
	uint64_t daemons_ns;		/* their CPU time when the pair began */
	pid_t pids[8];
	size_t n_pids;
};

struct one_run {
	struct bench *bench;
	unsigned number;
	struct buf out, err;
	size_t acknowledged;
	uint64_t begin_us;
	bool is_good;
};

static void next(struct bench *b);

/* ---- measuring ---- */

/* Time on a processor of the first thread of each process, in nanoseconds. */
static uint64_t daemons_cpu(const struct bench *b)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < b->n_pids; i++) {
		char path[64];
		unsigned long long ns = 0;
		FILE *f;

		snprintf(path, sizeof path, "/proc/%d/schedstat", (int)b->pids[i]);
		f = fopen(path, "r");
		if (f && fscanf(f, "%llu", &ns) == 1)
			sum += ns;
		if (f)
			fclose(f);
	}
	return sum;
}

static uint64_t usage_ns(int who)
{
	struct rusage u;

	getrusage(who, &u);
	return (uint64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000000u +
		(uint64_t)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1000u;
}

static void read_to_end(int fd)
{
	char data[4096];

	while (read(fd, data, sizeof data) > 0)
		;
	close(fd);
}

/* One local `bash -c true` with pipes for both streams. */
static void spawn_local(struct bench *b)
{
	char *argv[] = { (char *)"bash", (char *)"-c", (char *)"true", NULL };
	uint64_t begin = mono_us(), cpu = usage_ns(RUSAGE_SELF) + usage_ns(RUSAGE_CHILDREN);
	posix_spawn_file_actions_t actions;
	int out[2], err[2], status;
	pid_t pid;

	if (pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC))
		abort();
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, out[1], 1);
	posix_spawn_file_actions_adddup2(&actions, err[1], 2);
	if (posix_spawnp(&pid, "bash", &actions, NULL, argv, environ))
		abort();
	posix_spawn_file_actions_destroy(&actions);
	close(out[1]);
	close(err[1]);
	read_to_end(out[0]);
	read_to_end(err[0]);
	waitpid(pid, &status, 0);
	b->pairs[b->n_runs].spawn_us = (double)(mono_us() - begin);
	b->pairs[b->n_runs].spawn_cpu_us = (double)(usage_ns(RUSAGE_SELF) + usage_ns(RUSAGE_CHILDREN) - cpu) / 1000;
}

static int by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double run_us(const struct pair *p) { return p->run_us; }
static double spawn_us(const struct pair *p) { return p->spawn_us; }
static double ratio_us(const struct pair *p) { return p->run_us / p->spawn_us; }
static double run_cpu(const struct pair *p) { return p->run_cpu_us; }
static double spawn_cpu(const struct pair *p) { return p->spawn_cpu_us; }
static double ratio_cpu(const struct pair *p) { return p->run_cpu_us / p->spawn_cpu_us; }

static double median(const struct bench *b, double (*value)(const struct pair *))
{
	double *values = mem_array(b->n_runs + 1, sizeof *values), middle;

	for (size_t i = 0; i < b->n_runs; i++)
		values[i] = value(&b->pairs[i]);
	qsort(values, b->n_runs, sizeof *values, by_value);
	middle = values[b->n_runs / 2];
	free(values);
	return middle;
}

/* ---- one run ---- */

/* Whether `got` is the lines first, first + 1, ... */
static bool is_sequence(const struct buf *got, unsigned long first, unsigned long n)
{
	struct buf expected = { 0 };
	bool is_same;

	for (unsigned long i = first; i < first + n; i++)
		buf_printf(&expected, "%lu\n", i);
	is_same = buf_len(got) == buf_len(&expected) &&
		(!buf_len(got) || !memcmp(buf_data(got), buf_data(&expected), buf_len(got)));
	buf_done(&expected);
	return is_same;
}

static char *command_of(const struct one_run *run)
{
	const struct bench *b = run->bench;

	if (!b->at_once)
		return mem_strdup("true");
	return mem_printf("seq %u %lu; seq %u %u >&2; exit %u", run->number, run->number + b->lines - 1,
			  run->number, run->number + ERROR_LINES - 1, run->number % CODES);
}

static bool is_right(const struct one_run *run, const Sloth__V1__RunExit *end)
{
	const struct bench *b = run->bench;

	return end->end == SLOTH__V1__RUN_END__RUN_END_EXITED &&
		end->code == (b->at_once ? run->number % CODES : 0) &&
		end->stdout_bytes == buf_len(&run->out) && end->stderr_bytes == buf_len(&run->err) &&
		is_sequence(&run->out, run->number, b->at_once ? b->lines : 0) &&
		is_sequence(&run->err, run->number, b->at_once ? ERROR_LINES : 0);
}

static void acknowledge(struct one_run *run, struct wire_call *call, bool exit)
{
	Sloth__V1__RunInput input = SLOTH__V1__RUN_INPUT__INIT;
	Sloth__V1__RunAck ack = SLOTH__V1__RUN_ACK__INIT;

	ack.position = run->acknowledged = buf_len(&run->out) + buf_len(&run->err);
	ack.exit = exit;
	input.event_case = SLOTH__V1__RUN_INPUT__EVENT_ACK;
	input.ack = &ack;
	wire_send_message(call, &input.base);
}

static void on_message(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	struct one_run *run = arg;
	const Sloth__V1__RunOutput *event = wire_unpack(call, &sloth__v1__run_output__descriptor, data, len);

	if (!event)
		return;
	if (event->event_case == SLOTH__V1__RUN_OUTPUT__EVENT_STDOUT_DATA)
		buf_append(&run->out, event->stdout_data.data, event->stdout_data.len);
	else if (event->event_case == SLOTH__V1__RUN_OUTPUT__EVENT_STDERR_DATA)
		buf_append(&run->err, event->stderr_data.data, event->stderr_data.len);
	if (buf_len(&run->out) + buf_len(&run->err) - run->acknowledged >= ACK_BYTES)
		acknowledge(run, call, false);
	if (event->event_case != SLOTH__V1__RUN_OUTPUT__EVENT_EXIT)
		return;
	run->is_good = is_right(run, event->exit);
	acknowledge(run, call, true);
}

static void on_end(struct wire_call *call, enum wire_code code, const char *why, void *arg)
{
	struct one_run *run = arg;
	struct bench *b = run->bench;

	(void)call;
	b->pairs[b->n_runs++].run_us = (double)(mono_us() - run->begin_us);
	if (code != WIRE_OK || !run->is_good) {
		b->n_wrong++;
		fprintf(stderr, "run %u ended with %s: %s; %zu and %zu bytes\n", run->number, wire_code_name(code), why,
			buf_len(&run->out), buf_len(&run->err));
	}
	buf_done(&run->out);
	buf_done(&run->err);
	free(run);
	b->n_open--;
	next(b);
}

static void start_run(struct bench *b)
{
	static const struct wire_call_ops ops = { .on_message = on_message, .on_end = on_end };
	static const struct wire_request request = { .path = "/sloth.v1.Master/Run", .runs_long = true };
	Sloth__V1__RunInput input = SLOTH__V1__RUN_INPUT__INIT;
	Sloth__V1__RunStart start = SLOTH__V1__RUN_START__INIT;
	struct one_run *run = mem_new(struct one_run);
	uint8_t id[16];
	char *command;

	run->bench = b;
	run->number = b->n_left;
	command = command_of(run);
	random_bytes(id, sizeof id);
	start.agent_name = (char *)b->agent;
	start.command = command;
	start.run_id = (ProtobufCBinaryData){ sizeof id, id };
	start.stdin_closed = true;
	input.event_case = SLOTH__V1__RUN_INPUT__EVENT_START;
	input.start = &start;
	run->begin_us = mono_us();
	b->n_open++;
	wire_send_message(wire_call(b->conn, &request, &ops, run), &input.base);
	free(command);
}

/* What the daemons do behind the end of a run counts for the next pair, which has it too. */
static void end_pair(struct bench *b)
{
	uint64_t now = daemons_cpu(b);

	if (b->n_runs)
		b->pairs[b->n_runs - 1].run_cpu_us = (double)(now - b->daemons_ns) / 1000;
	b->daemons_ns = now;
}

/* After a run: the next one, or the end of the connection. */
static void next(struct bench *b)
{
	if (b->n_open)
		return;
	end_pair(b);
	if (!b->n_left) {
		wire_conn_close(b->conn, 0, "done");
		return;
	}
	if (b->with_pairs)
		spawn_local(b);
	start_run(b);
	b->n_left--;
}

/* ---- the program ---- */

static void on_up(struct wire_conn *conn, const struct wire_peer *peer, void *arg)
{
	struct bench *b = arg;

	(void)conn;
	(void)peer;
	if (!b->at_once) {
		next(b);
		return;
	}
	for (; b->n_left; b->n_left--)
		start_run(b);
}

static void on_down(struct wire_conn *conn, const char *why, void *arg)
{
	struct bench *b = arg;

	(void)conn;
	if (b->n_left || b->n_open) {
		fprintf(stderr, "connection down: %s\n", why);
		b->n_wrong++;
	}
}

static void run_all(struct bench *b, const char *address)
{
	static const struct wire_conn_ops ops = { .on_up = on_up, .on_down = on_down };
	struct ev_loop *loop = ev_loop_new(EVFLAG_NOENV);
	struct wire_dial dial = { .address = address, .role = WIRE_CLIENT };

	b->wire = wire_new(loop);
	b->conn = wire_dial(b->wire, &dial, &ops, b);
	ev_run(loop, 0);
	wire_free(b->wire);
	ev_loop_destroy(loop);
}

static void print_result(const struct bench *b, unsigned n)
{
	if (b->at_once)
		printf("%zu of %u runs ended as they should\n", b->n_runs - b->n_wrong, n);
	else if (b->with_pairs && b->n_runs)
		printf("%.0f %.0f %.3f %.0f %.0f %.3f\n", median(b, run_us), median(b, spawn_us), median(b, ratio_us),
		       median(b, run_cpu), median(b, spawn_cpu), median(b, ratio_cpu));
	else
		printf("%.0f\n", median(b, run_us));
}

int main(int argc, char **argv)
{
	struct bench b = { .lines = 1000 };
	unsigned n;

	signal(SIGPIPE, SIG_IGN);
	if (argc < 5) {
		fputs("usage: bench_client pairs|at-once|latency ADDRESS AGENT N [LINES | PID...]\n", stderr);
		return EXIT_FAILURE;
	}
	b.agent = argv[3];
	n = b.n_left = (unsigned)strtoul(argv[4], NULL, 10);
	b.with_pairs = str_equal(argv[1], "pairs");
	b.at_once = str_equal(argv[1], "at-once");
	b.pairs = mem_array(n + 1, sizeof *b.pairs);
	if (b.at_once && argc > 5)
		b.lines = strtoul(argv[5], NULL, 10);
	for (int i = 5; b.with_pairs && i < argc && b.n_pids < 8; i++)
		b.pids[b.n_pids++] = (pid_t)strtol(argv[i], NULL, 10);
	run_all(&b, argv[2]);
	print_result(&b, n);
	free(b.pairs);
	return b.n_wrong || b.n_left ? EXIT_FAILURE : EXIT_SUCCESS;
}
