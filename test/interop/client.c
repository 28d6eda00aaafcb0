/*
 * client.c - interop_client: one case of the gRPC interop tests against any server.
 *
 *   interop_client --server_host HOST --server_port N --test_case NAME
 *
 * --test_case all runs every case, each on a connection of its own. Prints "NAME: ok" or "NAME: failed: why"
 * for each; exit status 0 when all went well, 1 when one did not, 2 for flags that make no sense.
 */
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/exits.h"
#include "common/mem.h"
#include "common/str.h"
#include "test/interop/cases.h"
#include "test/interop/flags.h"
#include "wire/tls.h"

struct client_flags {
	const char *server_host, *test_case, *use_tls, *ca_file, *host_override, *ignored;
	uint64_t server_port;
};

#define IGNORED(name, arg) \
	{ name, 0, OPT_STRING, arg, "taken and not used", offsetof(struct client_flags, ignored), 0, 0 }

static const struct opt table[] = {
	{ "server_host", 0, OPT_STRING, "HOST", "server to call, localhost by default",
	  offsetof(struct client_flags, server_host), 0, 0 },
	{ "server_port", 0, OPT_UINT, "N", "its port", offsetof(struct client_flags, server_port), 1, 65535 },
	{ "test_case", 0, OPT_STRING, "NAME", "the case, or all", offsetof(struct client_flags, test_case), 0, 0 },
	{ "use_tls", 0, OPT_STRING, "BOOL", "true: TLS; needs --ca_file", offsetof(struct client_flags, use_tls), 0, 0 },
	{ "ca_file", 0, OPT_STRING, "PATH", "certificate of the CA that is trusted", offsetof(struct client_flags, ca_file), 0, 0 },
	{ "server_host_override", 0, OPT_STRING, "HOST", "whom the server's certificate has to name; server_host by default",
	  offsetof(struct client_flags, host_override), 0, 0 },
	IGNORED("use_test_ca", "BOOL"),
	IGNORED("default_service_account", "NAME"),
	IGNORED("oauth_scope", "SCOPE"),
	IGNORED("service_account_key_file", "PATH"),
	{ 0 },
};

static bool run_case(const struct interop_case *c, const struct wire_dial *dial)
{
	struct session s;
	bool is_good;

	session_open(&s, dial);
	if (!buf_len(&s.failure))
		c->run(&s);
	session_close(&s);
	is_good = !buf_len(&s.failure);
	if (is_good)
		printf("%s: ok\n", c->name);
	else
		printf("%s: failed: %s\n", c->name, buf_string(&s.failure));
	fflush(stdout);
	buf_done(&s.failure);
	return is_good;
}

static bool run_all(const struct wire_dial *dial)
{
	bool is_good = true;

	for (const struct interop_case *c = interop_cases; c->name; c++)
		is_good = run_case(c, dial) && is_good;
	return is_good;
}

static bool run_named(const char *name, const struct wire_dial *dial)
{
	const struct interop_case *c = case_find(name);

	return c ? run_case(c, dial) : run_all(dial);
}

/* True: dial->tls is what the flags ask for. */
static bool use_tls(const struct client_flags *flags, struct wire_dial *dial)
{
	const struct tls_config config = { .ca_file = flags->ca_file };
	char *error = NULL;
	bool wanted;

	if (!flags_parse_bool("interop_client", flags->use_tls, &wanted))
		return false;
	if (!wanted)
		return true;
	if (!flags->ca_file)
		error = mem_strdup("--use_tls=true needs --ca_file");
	else
		dial->tls = wire_tls_new(&config, &error);
	dial->expect_name = flags->host_override ? flags->host_override : flags->server_host;
	if (error)
		fprintf(stderr, "interop_client: %s\n", error);
	free(error);
	return dial->tls != NULL;
}

static bool are_complete(const struct client_flags *flags)
{
	if (!flags->server_port || !flags->test_case)
		fprintf(stderr, "interop_client: --server_port and --test_case are needed; see --help\n");
	else if (!case_find(flags->test_case) && !str_equal(flags->test_case, "all"))
		fprintf(stderr, "interop_client: no test case is called %s\n", str_quote(flags->test_case));
	else
		return true;
	return false;
}

int main(int argc, char **argv)
{
	struct client_flags flags = { .server_host = "localhost" };
	int status = EXIT_USAGE;
	struct wire_dial dial = { .role = WIRE_CLIENT };
	bool is_v6, is_good;
	char *address;

	if (!flags_parse("interop_client", "the client of the gRPC interop tests", table, argc, argv, &flags, &status) ||
	    !are_complete(&flags) || !use_tls(&flags, &dial))
		return status;
	signal(SIGPIPE, SIG_IGN);
	is_v6 = strchr(flags.server_host, ':') && flags.server_host[0] != '[';
	address = mem_printf(is_v6 ? "[%s]:%u" : "%s:%u", flags.server_host, (unsigned)flags.server_port);
	dial.address = address;
	is_good = run_named(flags.test_case, &dial);
	wire_tls_free(dial.tls);
	free(address);
	return is_good ? EXIT_OK : EXIT_FAILED;
}
