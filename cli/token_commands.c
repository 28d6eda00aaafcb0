/*
 * token_commands.c - `sloth token create|list|revoke`.
 */
#include <stdarg.h>
#include <stdlib.h>

#include "cli/agent_text.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/install.h"
#include "cli/install_master.h"
#include "cli/report.h"
#include "common/clock.h"
#include "common/exits.h"
#include "common/mem.h"
#include "common/str.h"

enum { TOKEN_USES_MAX = 1000000, INSTALL_TTL_MS = 15 * 60 * 1000 };

#define TOKEN_OPTION(name, kind, arg, help, field, max) \
	{ name, 0, kind, arg, help, offsetof(struct token_create_options, field), (max) != 0, max }

const struct opt token_create_options[] = {
	TOKEN_OPTION("ttl", OPT_DURATION, "TIME", "how long it is good: 30m, 12h, 7d; without it 1h", ttl_ms, 0),
	TOKEN_OPTION("uses", OPT_UINT, "N", "how many may enrol with it; without it 1", uses, TOKEN_USES_MAX),
	TOKEN_OPTION("role", OPT_CHOICE, "ROLE=agent|operator", "what it makes of who has it: agent, the default, or operator", role, 0),
	TOKEN_OPTION("name", OPT_STRING | OPT_ON_LINE, "GLOB", "names that it is for; an operator's has to be one name", name, 0),
	TOKEN_OPTION("replace", OPT_FLAG | OPT_ON_LINE, NULL, "it may take over a name that has a certificate", replace, 0),
	TOKEN_OPTION("print-install", OPT_OPTIONAL | OPT_ON_LINE, "FORM=incus", "print what installs the agent NAME: a line for its "
		     "machine; incus: for the host of its container; the token is then good for 15m", print_install, 0),
	TOKEN_OPTION("incus", OPT_STRING | OPT_ON_LINE, "HOST:PORT", "with --print-install: the address that is forwarded to the "
		     "container", incus, 0),
	TOKEN_OPTION("master-address", OPT_STRING, "HOST[:PORT]", "with --print-install: where that machine reaches the master",
		     master_address, 0),
	CLI_OPTION_OUTPUT("text or json"),
	CLI_OPTION_TARGET,
	CLI_OPTION_COLOR,
	CLI_OPTION_HELP,
	CLI_OPTION_END,
};

/* ---- create --print-install ---- */

static int refuse(const struct token_create_options *o, const char *hint, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The command line is wrong. */
static int refuse(const struct token_create_options *o, const char *hint, const char *fmt, ...)
{
	struct buf error = { 0 };
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&error, fmt, ap);
	va_end(ap);
	output_failed(&o->global, "token create", buf_string(&error), hint);
	buf_done(&error);
	return EXIT_USAGE;
}

static bool is_for_incus(const struct token_create_options *o)
{
	return str_equal(o->print_install, "incus");
}

/* EXIT_OK; *incus is filled when there is one. */
static int check_install(const struct token_create_options *o, struct wire_addr *incus)
{
	static const char *const help = "sloth token create --help";
	struct wire_addr told;
	const char *why;
	char *error;
	int status;

	if (!o->print_install)
		return o->incus || o->master_address ? refuse(o, "--print-install", "%s is about the line that installs an agent",
							      o->incus ? "--incus" : "--master-address") : EXIT_OK;
	if (*o->print_install && !is_for_incus(o))
		return refuse(o, help, "--print-install=%s: nothing, or incus", o->print_install);
	if (str_equal(o->role, "operator"))
		return refuse(o, "sloth login", "--print-install: an operator needs no agent");
	if (!o->name)
		return refuse(o, "--name NAME", "--print-install: the name of the agent is missing");
	if (!context_is_name(o->name))
		return refuse(o, "--name NAME", "--print-install: \"%s\" is a pattern or no name: it is about one agent", o->name);
	if (o->uses > 1)
		return refuse(o, "one line for each agent", "--print-install: its token is for one agent");
	if (o->master_address && install_find_master(o->master_address, NULL, NULL, 0, &told, &why, &error)) {
		status = refuse(o, "--master-address 192.168.1.29:50053", "--master-address: %s", error);
		free(error);
		return status;
	}
	if (is_for_incus(o) && !o->incus)
		return refuse(o, "--incus HOST:PORT", "--print-install=incus: the address that is forwarded to the container is missing");
	if (o->incus && (wire_addr_parse(o->incus, 0, incus, &why) || incus->is_unix || !incus->port || wire_addr_is_any(incus)))
		return refuse(o, "--incus 192.168.1.17:50061", "--incus %s: not HOST:PORT at which the master reaches the container", str_quote(o->incus));
	return EXIT_OK;
}

static void tell_install(const struct token_create_options *o, const Sloth__V1__CreateTokenResponse *token,
			 const struct install *install, const char *how)
{
	char master[WIRE_ADDR_MAX], *until = agent_clock_text(token->expires, wall_s());

	wire_addr_format(&install->master, master);
	report_error("token %s, good until %s, once, for agent %s", token->id, until, o->name);
	report_error("it will look for the master at %s, %s%s", master, how,
		     wire_addr_is_loopback(&install->master) ? ": from other machines that does not lead here, see --master-address" : "");
	free(until);
}

static int print_install(const struct token_create_options *o, const Sloth__V1__CreateTokenResponse *token,
			 const struct output *output)
{
	struct install install = { .name = o->name, .token = token->token };
	struct install_lines lines;
	const char *how;
	char *error;

	if (install_find_master(o->master_address, output->address, token->listening, token->n_listening, &install.master, &how,
				&error)) {
		output_failed(output->global, "token create", error, "--master-address HOST:PORT");
		free(error);
		return EXIT_FAILED;
	}
	check_install(o, &install.incus);
	install_lines_make(&install, is_for_incus(o), &lines);
	tell_install(o, token, &install, how);
	output->ops->install(output, token, &lines);
	install_lines_done(&lines);
	return EXIT_OK;
}

/* ---- create ---- */

static void tell(const struct token_create_options *o, const Sloth__V1__CreateTokenResponse *token)
{
	bool is_operator = str_equal(o->role, "operator");
	char *until = agent_clock_text(token->expires, wall_s());
	char *text = mem_printf("token %s, good until %s for %llu %s%s; whoever has it can use it: %s", token->id, until,
				o->uses ? (unsigned long long)o->uses : 1ULL, is_operator ? "operator" : "agent", o->uses > 1 ? "s" : "",
				is_operator ? "sloth login HOST:PORT --token-file FILE" :
				"sloth agent start --name NAME --master HOST:PORT --token-file FILE");

	report_error("%s", text);
	free(text);
	free(until);
}

static int on_created(const void *message, const struct output *output, void *arg)
{
	const struct token_create_options *o = arg;

	if (o->print_install)
		return print_install(o, message, output);
	tell(o, message);
	output->ops->token(output, message);
	return EXIT_OK;
}

int token_create_main(void *options, int argc, char **argv)
{
	struct token_create_options *o = options;
	Sloth__V1__CreateTokenRequest request = SLOTH__V1__CREATE_TOKEN_REQUEST__INIT;
	const struct client_question question = {
		.what = "token create",
		.path = "/sloth.v1.Master/CreateToken",
		.request = &request.base,
		.response = &sloth__v1__create_token_response__descriptor,
		.answer = on_created,
		.arg = o,
	};
	struct wire_addr incus;
	int status;

	(void)argc;
	(void)argv;
	if (str_equal(o->role, "operator") && !o->name)
		return refuse(o, "--name NAME", "--role operator: whom it is for is missing");
	status = check_install(o, &incus);
	if (status != EXIT_OK)
		return status;
	if (o->print_install && !o->ttl_ms)
		o->ttl_ms = INSTALL_TTL_MS;
	request.for_install = o->print_install != NULL;
	request.ttl_seconds = (o->ttl_ms + 999) / 1000;
	request.uses = (uint32_t)o->uses;
	request.role = (char *)(uintptr_t)(o->role ? o->role : "");
	request.name_glob = (char *)(uintptr_t)(o->name ? o->name : "");
	request.replace = o->replace;
	return client_ask(&o->global, &question);
}

/* ---- list, revoke ---- */

static int on_listed(const void *message, const struct output *output, void *arg)
{
	const Sloth__V1__ListTokensResponse *response = message;

	(void)arg;
	if (!response->n_tokens) {
		output_failed(output->global, "token list", "the master has no token", "sloth token create");
		return EXIT_FAILED;
	}
	output->ops->tokens(output, response->tokens, response->n_tokens);
	return EXIT_OK;
}

int token_list_main(void *options, int argc, char **argv)
{
	const Sloth__V1__ListTokensRequest request = SLOTH__V1__LIST_TOKENS_REQUEST__INIT;
	const struct client_question question = {
		.what = "token list",
		.path = "/sloth.v1.Master/ListTokens",
		.request = &request.base,
		.response = &sloth__v1__list_tokens_response__descriptor,
		.answer = on_listed,
	};

	(void)argc;
	(void)argv;
	return client_ask(options, &question);
}

static int on_revoked(const void *message, const struct output *output, void *arg)
{
	(void)message;
	output->ops->done(output, "revoked", arg, "");
	return EXIT_OK;
}

/* A whole token is understood, too: people have that, and what they paste is not sent on. */
static const char *id_of(char *text)
{
	enum { ID_AT = 7 + 64 + 1, ID_LEN = 8 };

	if (!str_has_prefix(text, "sloth1.") || strlen(text) < ID_AT + ID_LEN)
		return text;
	text[ID_AT + ID_LEN] = '\0';
	return text + ID_AT;
}

int token_revoke_main(void *options, int argc, char **argv)
{
	Sloth__V1__RevokeTokenRequest request = SLOTH__V1__REVOKE_TOKEN_REQUEST__INIT;
	const char *id = id_of(argv[0]);
	const struct client_question question = {
		.what = "token revoke",
		.path = "/sloth.v1.Master/RevokeToken",
		.request = &request.base,
		.response = &sloth__v1__revoke_token_response__descriptor,
		.answer = on_revoked,
		.list = "sloth token list",
		.arg = (char *)(uintptr_t)id,
	};

	(void)argc;
	request.id = (char *)(uintptr_t)id;
	return client_ask(options, &question);
}
