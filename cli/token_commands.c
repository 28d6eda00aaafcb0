/*
 * token_commands.c - `sloth token create|list|revoke`.
 */
#include <stdlib.h>

#include "cli/agent_text.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/report.h"
#include "common/clock.h"
#include "common/exits.h"
#include "common/mem.h"
#include "common/str.h"

enum { TOKEN_USES_MAX = 1000000 };

#define TOKEN_OPTION(name, kind, arg, help, field, max) \
	{ name, 0, kind, arg, help, offsetof(struct token_create_options, field), (max) != 0, max }

const struct opt token_create_options[] = {
	TOKEN_OPTION("ttl", OPT_DURATION, "TIME", "how long it is good: 30m, 12h, 7d; without it 1h", ttl_ms, 0),
	TOKEN_OPTION("uses", OPT_UINT, "N", "how many may enrol with it; without it 1", uses, TOKEN_USES_MAX),
	TOKEN_OPTION("role", OPT_CHOICE, "ROLE=agent|operator", "what it makes of who has it: agent, the default, or operator", role, 0),
	TOKEN_OPTION("name", OPT_STRING | OPT_ON_LINE, "GLOB", "names that it is for; an operator's has to be one name", name, 0),
	TOKEN_OPTION("replace", OPT_FLAG | OPT_ON_LINE, NULL, "it may take over a name that has a certificate", replace, 0),
	CLI_OPTION_OUTPUT("text or json"),
	CLI_OPTION_TARGET,
	CLI_OPTION_COLOR,
	CLI_OPTION_HELP,
	CLI_OPTION_END,
};

/* ---- create ---- */

static void tell(const struct token_create_options *o, const Sloth__V1__CreateTokenResponse *token)
{
	bool is_operator = str_equal(o->role, "operator");
	char *until = agent_clock_text(token->expires, wall_s());
	char *text = mem_printf("token %s, good until %s for %llu %s; whoever has it can use it: %s", token->id, until,
				o->uses ? (unsigned long long)o->uses : 1ULL, is_operator ? "operator" : "agent",
				is_operator ? "sloth login HOST:PORT --token-file FILE" :
				"sloth agent start --name NAME --master HOST:PORT --token-file FILE");

	report_error("%s", text);
	free(text);
	free(until);
}

static int on_created(const void *message, const struct output *output, void *arg)
{
	tell(arg, message);
	output->ops->token(output, message);
	return EXIT_OK;
}

static int no_name(const struct token_create_options *o)
{
	output_failed(&o->global, "token create", "--role operator: whom it is for is missing", "--name NAME");
	return EXIT_USAGE;
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

	(void)argc;
	(void)argv;
	if (str_equal(o->role, "operator") && !o->name)
		return no_name(o);
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
		.arg = (char *)(uintptr_t)id,
	};

	(void)argc;
	request.id = (char *)(uintptr_t)id;
	return client_ask(options, &question);
}
