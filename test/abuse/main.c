/*
 * main.c - attacks on a running daemon, and a server that attacks its clients.
 *
 *   attack [OPTION...] list [THEME]      names, and MiB that a daemon may grow by meanwhile
 *   attack [OPTION...] run NAME          from several processes at once
 *   attack [OPTION...] serve NAME        prints "listening PORT", attacks each of --rounds connections
 *   attack [OPTION...] crowd N           N connections, held until standard input ends
 *   attack [OPTION...] churn N           N connections, each closed at once
 *
 * `run` and `serve` print what came of it; the exit status is 0 when each connection met the reaction that the
 * table has for the attack.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/opt.h"
#include "common/str.h"
#include "test/abuse/attack.h"
#include "test/abuse/crowd.h"

enum { ACCEPT_MS = 30000, GROWTH_MIB = 16 };

const char reflect_file[] = "\x1a\x16" "wire/proto/agent.proto";
const size_t reflect_file_len = sizeof reflect_file - 1;

static const struct theme *const themes[] = {
	&theme_floods, &theme_streams, &theme_headers, &theme_messages, &theme_memory, &theme_uploads, &theme_slow, &theme_rogue,
};

struct options {
	const char *host, *from;
	uint64_t port, jobs, rounds, per_address, streams;
	bool agent, silent;
};

static const struct opt table[] = {
	{ "host", 'H', OPT_STRING, "HOST", "address that is attacked", offsetof(struct options, host), 0, 0 },
	{ "port", 'p', OPT_UINT, "PORT", "its port", offsetof(struct options, port), 0, 65535 },
	{ "from", 'f', OPT_STRING, "HOST", "address of the attacker, the lowest of several", offsetof(struct options, from), 0, 0 },
	{ "agent", 'a', OPT_FLAG, NULL, "an agent listens there, no master", offsetof(struct options, agent), 0, 0 },
	{ "jobs", 'j', OPT_UINT, "N", "attackers at once", offsetof(struct options, jobs), 1, 64 },
	{ "rounds", 'r', OPT_UINT, "N", "connections of each, one after the other", offsetof(struct options, rounds), 1, 0 },
	{ "per-address", 0, OPT_UINT, "N", "of a crowd, before the next address follows",
	  offsetof(struct options, per_address), 0, 0 },
	{ "streams", 0, OPT_UINT, "N", "on each connection of a crowd", offsetof(struct options, streams), 0, 0 },
	{ "silent", 0, OPT_FLAG, NULL, "a crowd says nothing", offsetof(struct options, silent), 0, 0 },
	{ NULL, 0, OPT_FLAG, NULL, NULL, 0, 0, 0 },
};

const char *path_large(const struct peer *p)
{
	return p->is_agent ? "/agent.Agent/RunCommand" : "/agent.AgentRegistry/GetAgentInfo";
}

static const struct attack *find(const char *name)
{
	for (size_t t = 0; t < sizeof themes / sizeof *themes; t++)
		for (size_t i = 0; i < themes[t]->n; i++)
			if (str_equal(themes[t]->attacks[i].name, name))
				return &themes[t]->attacks[i];
	return NULL;
}

static int list(const char *theme)
{
	int status = EXIT_FAILURE;

	for (size_t t = 0; t < sizeof themes / sizeof *themes; t++)
		for (size_t i = 0; i < themes[t]->n && (!theme || str_equal(themes[t]->name, theme)); i++) {
			const struct attack *a = &themes[t]->attacks[i];

			printf("%s %u\n", a->name, a->growth_mib ? a->growth_mib : GROWTH_MIB);
			status = EXIT_SUCCESS;
		}
	return status;
}

/* ---- judging ---- */

static bool has_reacted(const struct peer *p, const void *arg)
{
	const struct attack *a = arg;
	const struct seen *seen = &p->seen;
	unsigned count = a->count ? a->count : 1;

	switch (a->reaction) {
	case REACTION_GOAWAY:
		return p->is_closed && seen->goaway && seen->goaway_code == a->code && (!a->debug || str_equal(seen->debug, a->debug));
	case REACTION_RESET:
		return seen->resets[a->code] >= count;
	case REACTION_STATUS:
		return seen->statuses[a->code] >= count;
	case REACTION_HTTP:
		return seen->http_errors >= count;
	case REACTION_CLOSE:
		return p->is_closed;
	case REACTION_BLOCK:
		return p->is_blocked;
	default:
		return true;
	}
}

/* What ends a call, or nothing, leaves the connection in use. */
static bool must_live(const struct attack *a)
{
	return a->reaction != REACTION_GOAWAY && a->reaction != REACTION_CLOSE && !(a->flags & MUTE);
}

static void describe(const struct attack *a, const struct peer *p)
{
	printf("%s: %llu KiB sent", a->name, (unsigned long long)p->sent_bytes / 1024);
	for (unsigned i = 0; i < PEER_CODES; i++)
		if (p->seen.statuses[i])
			printf(", status %u x %u", i, p->seen.statuses[i]);
	for (unsigned i = 0; i < PEER_CODES; i++)
		if (p->seen.resets[i])
			printf(", reset %u x %u", i, p->seen.resets[i]);
	if (p->seen.http_errors)
		printf(", http error");
	if (p->seen.data_bytes)
		printf(", %llu KiB of data", (unsigned long long)p->seen.data_bytes / 1024);
	if (p->seen.goaway)
		printf(", goaway %u '%s'", p->seen.goaway_code, p->seen.debug);
	printf("%s%s\n", p->is_blocked ? ", blocked" : "", p->is_closed ? ", closed" : "");
}

/* True: as the table has it. */
static bool judge(const struct attack *a, struct peer *p)
{
	bool reacted;

	if (a->reaction == REACTION_BLOCK)
		reacted = has_reacted(p, a);
	else
		reacted = peer_wait(p, PEER_TIME_MS, has_reacted, a);
	return reacted && (!must_live(a) || peer_is_served(p));
}

/* ---- attackers ---- */

struct barrier {
	int up[2], down[2];
};

/* Here an attacker waits until all others have come as far. */
static void meet(const struct barrier *b)
{
	char byte = 0;

	if (write(b->up[1], &byte, 1) == 1)
		poll(&(struct pollfd){ .fd = b->down[0], .events = POLLIN }, 1, PEER_TIME_MS);
}

static void prepare(const struct attack *a, struct peer *p)
{
	p->is_mute = a->flags & MUTE;
	p->keeps_acks = a->flags & NO_ACK;
}

static bool attack_once(const struct attack *a, struct peer *p, const struct barrier *b, bool is_told)
{
	bool good;

	prepare(a, p);
	if (!peer_open(p)) {
		perror(a->name);
		return false;
	}
	if (!(a->flags & NO_HELLO))
		peer_hello(p);
	a->act(p);
	good = judge(a, p);
	if (a->flags & HOLD)
		meet(b);
	if (is_told || !good)
		describe(a, p);
	peer_close(p);
	return good;
}

/* Each attacker has a host of its own, above that of --from: else the attacks behind it would be refused for coming
 * too often, and not for what they do. */
static void take_address(struct peer *p)
{
	p->from.sin_addr.s_addr = htonl(ntohl(p->from.sin_addr.s_addr) + (uint32_t)getpid() % 65536);
}

static int attacker(const struct attack *a, struct peer p, const struct barrier *b, uint64_t rounds, bool is_first)
{
	bool good = true;

	take_address(&p);
	close(b->up[0]);
	close(b->down[1]);
	if (a->flags & (HOLD | MUTE))
		rounds = 1;
	for (uint64_t i = 1; i <= rounds && good; i++)
		good = attack_once(a, &p, b, is_first && i == rounds);
	fflush(stdout);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* All have met, or have ended: lets them go. */
static void lead(struct barrier *b, uint64_t n)
{
	char byte;

	close(b->up[1]);
	close(b->down[0]);
	while (n && read(b->up[0], &byte, 1) == 1)
		n--;
	close(b->down[1]);
	close(b->up[0]);
}

static int run(const struct attack *a, const struct options *o, const struct peer *p)
{
	uint64_t jobs = a->max_jobs && a->max_jobs < o->jobs ? a->max_jobs : o->jobs;
	int status, result = EXIT_SUCCESS;
	struct barrier b;

	if (pipe(b.up) || pipe(b.down))
		return EXIT_FAILURE;
	for (uint64_t i = 0; i < jobs; i++)
		if (fork() == 0)
			_exit(attacker(a, *p, &b, o->rounds, i == 0));
	lead(&b, jobs);
	while (wait(&status) > 0)
		if (status)
			result = EXIT_FAILURE;
	return result;
}

/* ---- a rogue server ---- */

static bool has_request(const struct peer *p, const void *arg)
{
	(void)arg;
	return p->seen.request;
}

static bool serve_once(const struct attack *a, int listener)
{
	struct pollfd coming = { .fd = listener, .events = POLLIN };
	struct peer p = { 0 };
	bool good;

	if (poll(&coming, 1, ACCEPT_MS) != 1)
		return false;
	prepare(a, &p);
	peer_take(&p, accept(listener, NULL, NULL));
	peer_hello(&p);
	good = peer_wait(&p, PEER_TIME_MS, has_request, NULL);
	if (good) {
		a->act(&p);
		good = peer_wait(&p, PEER_TIME_MS, has_reacted, a);
	}
	describe(a, &p);
	fflush(stdout);
	peer_close(&p);
	return good;
}

static int serve(const struct attack *a, const struct options *o)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof sa;
	bool good = true;

	if (fd < 0 || bind(fd, (struct sockaddr *)&sa, len) || listen(fd, 64) || getsockname(fd, (struct sockaddr *)&sa, &len)) {
		perror("listen");
		return EXIT_FAILURE;
	}
	printf("listening %u\n", ntohs(sa.sin_port));
	fflush(stdout);
	for (uint64_t i = 0; i < o->rounds; i++)
		good &= serve_once(a, fd);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ---- the program ---- */

static int usage(const char *why)
{
	fprintf(stderr, "attack: %s\nusage: attack [OPTION...] list [THEME] | run NAME | serve NAME | crowd N | churn N\n", why);
	opt_print_help(table, stderr);
	return EXIT_FAILURE;
}

static bool set_address(struct sockaddr_in *sa, const char *host, uint64_t port)
{
	*sa = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	return inet_pton(AF_INET, host, &sa->sin_addr) == 1;
}

static int make_crowd(const struct options *o, const struct peer *p, const char *mode, const char *n)
{
	struct crowd crowd = {
		.first = *p, .per_address = (unsigned)o->per_address, .streams = (unsigned)o->streams, .is_silent = o->silent,
	};
	uint64_t count;

	if (str_parse_u64(n, 1, UINT32_MAX, &count))
		return usage("how many connections?");
	crowd.n = (unsigned)count;
	return str_equal(mode, "churn") ? crowd_churn(&crowd) : crowd_run(&crowd);
}

static int command(const struct options *o, const char *mode, const char *name)
{
	struct peer p = { .is_agent = o->agent };
	const struct attack *a;

	if (str_equal(mode, "list"))
		return list(name);
	if (!set_address(&p.to, o->host, o->port) || !set_address(&p.from, o->from, 0))
		return usage("not an IPv4 address");
	if (str_equal(mode, "crowd") || str_equal(mode, "churn"))
		return make_crowd(o, &p, mode, name ? name : "");
	a = name ? find(name) : NULL;
	if (!a)
		return usage("no such attack");
	return str_equal(mode, "serve") ? serve(a, o) : run(a, o, &p);
}

int main(int argc, char **argv)
{
	struct options o = { .host = "127.0.0.1", .from = "127.0.0.2", .jobs = 1, .rounds = 1 };
	char *error;
	int at = opt_parse(table, argc, argv, &o, &error);

	signal(SIGPIPE, SIG_IGN);
	if (at < 0)
		return usage(error);
	if (at >= argc)
		return usage("what?");
	return command(&o, argv[at], at + 1 < argc ? argv[at + 1] : NULL);
}
