/*
 * bench_proc.c - whole processes against each other, in turns, for `make bench`.
 *
 *   bench_proc pairs N COMMAND... -- COMMAND...
 *       Runs both in turns, N times each; prints the medians in microseconds, from spawn to reaped, and that of
 *       the ratios of the pairs.
 *   bench_proc start N PORT COMMAND... -- COMMAND...
 *       The first is a server: its time is from spawn to an accepted connection at 127.0.0.1:PORT, then it
 *       gets SIGTERM. The second is run to its end as above.
 *
 *   bench_proc cpu PID
 *       Microseconds on a processor of all threads that the process has or had.
 *
 * Streams of the commands go to /dev/null. Exit status 1 when a command cannot be run or a server never listens.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/mem.h"
#include "common/str.h"

enum { LIMIT_US = 10 * 1000 * 1000 };

static pid_t spawn(char **command)
{
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int err;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	err = posix_spawnp(&pid, command[0], &actions, NULL, command, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (err) {
		fprintf(stderr, "bench_proc: %s: %s\n", command[0], strerror(err));
		exit(EXIT_FAILURE);
	}
	return pid;
}

static double time_to_end(char **command)
{
	uint64_t begin = mono_us();
	int status;

	waitpid(spawn(command), &status, 0);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		fprintf(stderr, "bench_proc: %s failed\n", command[0]);
		exit(EXIT_FAILURE);
	}
	return (double)(mono_us() - begin);
}

static int try_connect(uint16_t port)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), ret;

	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ret = connect(fd, (const struct sockaddr *)&sa, sizeof sa);
	close(fd);
	return ret;
}

static double time_to_accept(char **command, uint16_t port)
{
	const struct timespec pause = { .tv_nsec = 20000 };
	uint64_t begin = mono_us(), took;
	pid_t pid = spawn(command);

	while (try_connect(port)) {
		if (mono_us() - begin > LIMIT_US) {
			fprintf(stderr, "bench_proc: %s does not listen on port %u\n", command[0], port);
			kill(pid, SIGKILL);
			exit(EXIT_FAILURE);
		}
		nanosleep(&pause, NULL);
	}
	took = mono_us() - begin;
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
	return (double)took;
}

static int by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double median(double *values, size_t n)
{
	qsort(values, n, sizeof *values, by_value);
	return values[n / 2];
}

static int print_cpu(const char *pid)
{
	clockid_t clock;
	struct timespec t;

	if (clock_getcpuclockid((pid_t)strtol(pid, NULL, 10), &clock) || clock_gettime(clock, &t)) {
		fprintf(stderr, "bench_proc: no process %s\n", pid);
		return EXIT_FAILURE;
	}
	printf("%lld\n", (long long)t.tv_sec * 1000000 + t.tv_nsec / 1000);
	return EXIT_SUCCESS;
}

/* The second command begins behind "--", which becomes the end of the first. NULL: there is none. */
static char **split(char **words)
{
	for (; *words; words++)
		if (str_equal(*words, "--")) {
			*words = NULL;
			return words[1] ? words + 1 : NULL;
		}
	return NULL;
}

int main(int argc, char **argv)
{
	bool is_start = argc > 1 && str_equal(argv[1], "start");
	int words = is_start ? 4 : 3;
	size_t n = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
	uint16_t port = is_start && argc > 3 ? (uint16_t)strtoul(argv[3], NULL, 10) : 0;
	char **other = argc > words ? split(argv + words) : NULL;	/* and ends our command with a NULL */
	double *ours, *beside, *ratios;

	if (argc == 3 && str_equal(argv[1], "cpu"))
		return print_cpu(argv[2]);
	if (!other || !n || !argv[words]) {
		fputs("usage: bench_proc pairs N COMMAND... -- COMMAND...\n"
		      "       bench_proc start N PORT COMMAND... -- COMMAND...\n"
		      "       bench_proc cpu PID\n", stderr);
		return EXIT_FAILURE;
	}
	ours = mem_array(n, sizeof *ours);
	beside = mem_array(n, sizeof *beside);
	ratios = mem_array(n, sizeof *ratios);
	for (size_t i = 0; i < n; i++) {
		ours[i] = is_start ? time_to_accept(argv + words, port) : time_to_end(argv + words);
		beside[i] = time_to_end(other);
		ratios[i] = ours[i] / beside[i];
	}
	printf("%.0f %.0f %.3f\n", median(ours, n), median(beside, n), median(ratios, n));
	free(ours);
	free(beside);
	free(ratios);
	return EXIT_SUCCESS;
}
