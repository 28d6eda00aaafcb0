/*
 * forward.c - forwards TCP connections, as a proxy device of a container does, or a port of a router.
 *
 *   forward ADDRESS:PORT TO_ADDRESS:PORT [NETWORK]
 *
 * It listens in the network in which it is started; NETWORK, the file of a network namespace, is where it connects from.
 * Says "forwarding" once it listens, and goes on to SIGTERM: its connections end with it. One that leads nowhere
 * is accepted and closed. Bytes stay in the kernel, and each direction of a connection is a thread that only waits, so that
 * tests and measurements beside it have the processor.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/mem.h"

enum { CHUNK = 1 << 20, NEAR = 0, FAR = 1 };

/* Freed by the direction that ends last. */
struct pair {
	int fd[2];
	atomic_int n_directions;
};

static struct sockaddr_in target;

static void die(const char *what)
{
	fprintf(stderr, "forward: %s: %s\n", what, strerror(errno));
	exit(1);
}

static struct sockaddr_in parse_address(const char *text)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	const char *colon = strrchr(text, ':');
	char host[INET_ADDRSTRLEN] = "";

	if (colon && (size_t)(colon - text) < sizeof host)
		memcpy(host, text, (size_t)(colon - text));
	if (!colon || inet_pton(AF_INET, host, &address.sin_addr) != 1) {
		fprintf(stderr, "forward: %s is not ADDRESS:PORT\n", text);
		exit(2);
	}
	address.sin_port = htons((uint16_t)strtoul(colon + 1, NULL, 10));
	return address;
}

/* Moves what `from` says to `to`, by a pipe. False: one of them is broken. */
static bool copy(int from, int to)
{
	ssize_t n, moved;
	int buffer[2];
	bool is_whole = false;

	if (pipe2(buffer, O_CLOEXEC))
		return false;
	fcntl(buffer[1], F_SETPIPE_SZ, CHUNK);
	while ((n = splice(from, NULL, buffer[1], NULL, CHUNK, SPLICE_F_MOVE)) > 0) {
		for (; n > 0; n -= moved)
			if ((moved = splice(buffer[0], NULL, to, NULL, (size_t)n, SPLICE_F_MOVE)) <= 0)
				goto out;
	}
	is_whole = n == 0;
out:
	close(buffer[0]);
	close(buffer[1]);
	return is_whole;
}

static void run_direction(struct pair *p, int from)
{
	if (copy(p->fd[from], p->fd[!from]))
		shutdown(p->fd[!from], SHUT_WR);
	else
		for (int side = NEAR; side <= FAR; side++)
			shutdown(p->fd[side], SHUT_RDWR);
	if (atomic_fetch_sub(&p->n_directions, 1) > 1)
		return;
	close(p->fd[NEAR]);
	close(p->fd[FAR]);
	free(p);
}

static void start_thread(void *(*run)(void *), struct pair *p)
{
	pthread_t thread;

	if ((errno = pthread_create(&thread, NULL, run, p)))
		die("a thread");
	pthread_detach(thread);
}

static void *run_back(void *arg)
{
	run_direction(arg, FAR);
	return NULL;
}

static void *run_connection(void *arg)
{
	struct pair *p = arg;

	p->fd[FAR] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (p->fd[FAR] < 0)
		die("a socket");
	if (connect(p->fd[FAR], (struct sockaddr *)&target, sizeof target)) {
		close(p->fd[NEAR]);
		close(p->fd[FAR]);
		free(p);
		return NULL;
	}
	for (int side = NEAR; side <= FAR; side++)
		setsockopt(p->fd[side], IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
	start_thread(run_back, p);
	run_direction(p, NEAR);
	return NULL;
}

static void on_term(int sig)
{
	(void)sig;
	_exit(0);
}

static int open_listener(const char *text)
{
	struct sockaddr_in address = parse_address(text);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
	if (bind(fd, (struct sockaddr *)&address, sizeof address) || listen(fd, SOMAXCONN))
		die(text);
	return fd;
}

static void enter_network(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || setns(fd, CLONE_NEWNET))
		die(path);
	close(fd);
}

int main(int argc, char **argv)
{
	struct pair *p;
	int listener;

	if (argc < 3 || argc > 4) {
		fprintf(stderr, "usage: forward ADDRESS:PORT TO_ADDRESS:PORT [NETWORK]\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	signal(SIGTERM, on_term);
	target = parse_address(argv[2]);
	listener = open_listener(argv[1]);
	if (argc == 4)
		enter_network(argv[3]);
	puts("forwarding");
	fflush(stdout);
	for (;;) {
		p = mem_alloc(sizeof *p);
		p->n_directions = 2;
		p->fd[NEAR] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (p->fd[NEAR] < 0)
			die("accept");
		start_thread(run_connection, p);
	}
}
