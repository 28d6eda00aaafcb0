/*
 * identity_commands.c - who may be an agent or operator: `sloth agent pending|accept|reject|revoke`,
 * `sloth operator list|revoke`.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "cli/client.h"
#include "cli/commands.h"
#include "cli/report.h"
#include "common/exits.h"
#include "common/mem.h"
#include "common/str.h"

#define IDENTITY_OPTION(name, kind, arg, help, field) \
	{ name, 0, kind, arg, help, offsetof(struct identity_options, field), 0, 0 }
#define FINGERPRINT_OPTION \
	IDENTITY_OPTION("fingerprint", OPT_STRING | OPT_ON_LINE, "HEX", "only the key with this fingerprint, or one that begins so", fingerprint)

const struct opt agent_accept_options[] = {
	IDENTITY_OPTION("all", OPT_FLAG | OPT_ON_LINE, NULL, "every agent that waits", all),
	FINGERPRINT_OPTION,
	IDENTITY_OPTION("replace", OPT_FLAG | OPT_ON_LINE, NULL, "also where the name has a certificate, which is revoked", replace),
	CLI_OPTION_OUTPUT("text or json"),
	CLI_OPTION_TARGET,
	CLI_OPTION_COLOR,
	CLI_OPTION_HELP,
	CLI_OPTION_END,
};

const struct opt agent_reject_options[] = {
	FINGERPRINT_OPTION,
	CLI_OPTION_OUTPUT("text or json"),
	CLI_OPTION_TARGET,
	CLI_OPTION_COLOR,
	CLI_OPTION_HELP,
	CLI_OPTION_END,
};

static char *text(const char *s)
{
	return (char *)(uintptr_t)(s ? s : "");		/* packing does not change it */
}

static int usage(const struct cli_global *global, const char *what, char *error)
{
	char *hint = mem_printf("sloth %s --help", what);

	output_failed(global, what, error, hint);
	free(hint);
	free(error);
	return EXIT_USAGE;
}

/* ---- fingerprints ---- */

/* As people copy it, "AB:CD...", to what the master compares. Owned; NULL: no fingerprint or the beginning of one. */
static char *clean_fingerprint(const char *s)
{
	char *clean = mem_alloc(strlen(s) + 1);
	size_t n = 0;

	for (; *s; s++) {
		if (isxdigit((unsigned char)*s))
			clean[n++] = (char)tolower((unsigned char)*s);
		else if (*s != ':')
			break;
	}
	if (!*s && n && n <= WIRE_FINGERPRINT_LEN)
		return clean;
	free(clean);
	return NULL;
}

/* *out is owned, "" without the option. False after the usage error has been reported. */
static bool read_fingerprint(const struct identity_options *o, const char *what, char **out)
{
	*out = o->fingerprint ? clean_fingerprint(o->fingerprint) : mem_strdup("");
	if (!*out)
		usage(&o->global, what, mem_printf("--fingerprint: %s is not hexadecimal", str_quote(o->fingerprint)));
	return *out != NULL;
}

/* ---- decisions ---- */

struct decision {
	const char *what, *done, *hint;		/* "agent accept", "accepted" */
	const char *none;			/* why nothing was decided */
};

static int on_decided(const void *message, const struct output *output, void *arg)
{
	const Sloth__V1__DecisionResponse *response = message;
	const struct decision *d = arg;
	const char *error = NULL;

	for (size_t i = 0; i < response->n_refusals; i++)
		report_error("%s: %s", d->what, response->refusals[i]);
	if (response->n_refusals) {
		error = response->refusals[0];
	} else if (!response->n_identities) {
		error = d->none;
		report_error("%s: %s", d->what, error);
	}
	if (error)
		report_hint("%s", d->hint);
	output->ops->decision(output, d->done, response, error);
	return error ? EXIT_FAILED : EXIT_OK;
}

static int decide(const struct cli_global *global, const struct decision *d, const char *path, const ProtobufCMessage *request)
{
	const struct client_question question = {
		.what = d->what,
		.path = path,
		.request = request,
		.response = &sloth__v1__decision_response__descriptor,
		.answer = on_decided,
		.arg = (void *)(uintptr_t)d,
	};

	return client_ask(global, &question);
}

int agent_accept_main(void *options, int argc, char **argv)
{
	static const struct decision d = {
		.what = "agent accept", .done = "accepted", .hint = "sloth agent pending", .none = "no agent that waits matches",
	};
	const struct identity_options *o = options;
	Sloth__V1__AcceptRequest request = SLOTH__V1__ACCEPT_REQUEST__INIT;
	char *fingerprint;
	int status;

	if (argc && o->all)
		return usage(&o->global, d.what, mem_strdup("--all and a name exclude each other"));
	if (!argc && !o->all && !o->fingerprint)
		return usage(&o->global, d.what, mem_strdup("missing operand: NAME, --all or --fingerprint"));
	if (!read_fingerprint(o, d.what, &fingerprint))
		return EXIT_USAGE;
	request.name_glob = text(argc ? argv[0] : "*");
	request.fingerprint = fingerprint;
	request.replace = o->replace;
	status = decide(&o->global, &d, "/sloth.v1.Master/Accept", &request.base);
	free(fingerprint);
	return status;
}

int agent_reject_main(void *options, int argc, char **argv)
{
	static const struct decision d = {
		.what = "agent reject", .done = "rejected", .hint = "sloth agent pending", .none = "no agent that waits matches",
	};
	const struct identity_options *o = options;
	Sloth__V1__RejectRequest request = SLOTH__V1__REJECT_REQUEST__INIT;
	char *fingerprint;
	int status;

	(void)argc;
	if (!read_fingerprint(o, d.what, &fingerprint))
		return EXIT_USAGE;
	request.name_glob = text(argv[0]);
	request.fingerprint = fingerprint;
	status = decide(&o->global, &d, "/sloth.v1.Master/Reject", &request.base);
	free(fingerprint);
	return status;
}

static int revoke(const struct cli_global *global, const struct decision *d, const char *kind, const char *name)
{
	Sloth__V1__RevokeRequest request = SLOTH__V1__REVOKE_REQUEST__INIT;

	request.kind = text(kind);
	request.name = text(name);
	return decide(global, d, "/sloth.v1.Master/Revoke", &request.base);
}

int agent_revoke_main(void *options, int argc, char **argv)
{
	static const struct decision d = {
		.what = "agent revoke", .done = "revoked", .hint = "sloth agent list", .none = "no agent of that name has a certificate",
	};

	(void)argc;
	return revoke(options, &d, "agent", argv[0]);
}

int operator_revoke_main(void *options, int argc, char **argv)
{
	static const struct decision d = {
		.what = "operator revoke", .done = "revoked", .hint = "sloth operator list",
		.none = "no operator of that name has a certificate",
	};

	(void)argc;
	return revoke(options, &d, "operator", argv[0]);
}

/* ---- lists ---- */

struct listing {
	const char *what, *kind, *none, *hint;
};

static int on_listed(const void *message, const struct output *output, void *arg)
{
	const Sloth__V1__ListIdentitiesResponse *response = message;
	const struct listing *listing = arg;
	Sloth__V1__Identity **chosen = mem_array(response->n_identities, sizeof *chosen);
	size_t n = 0;

	for (size_t i = 0; i < response->n_identities; i++) {
		if (str_equal(response->identities[i]->kind, listing->kind))
			chosen[n++] = response->identities[i];
	}
	if (n) {
		output->ops->identities(output, chosen, n, NULL);
	} else {
		report_error("%s: %s", listing->what, listing->none);
		report_hint("%s", listing->hint);
		output->ops->identities(output, NULL, 0, listing->none);
	}
	free(chosen);
	return n ? EXIT_OK : EXIT_FAILED;
}

static int list(const struct cli_global *global, const struct listing *listing, bool pending_only)
{
	Sloth__V1__ListIdentitiesRequest request = SLOTH__V1__LIST_IDENTITIES_REQUEST__INIT;
	const struct client_question question = {
		.what = listing->what,
		.path = "/sloth.v1.Master/ListIdentities",
		.request = &request.base,
		.response = &sloth__v1__list_identities_response__descriptor,
		.answer = on_listed,
		.arg = (void *)(uintptr_t)listing,
	};

	request.pending_only = pending_only;
	return client_ask(global, &question);
}

int agent_pending_main(void *options, int argc, char **argv)
{
	static const struct listing pending = {
		.what = "agent pending", .kind = "agent", .none = "no agent waits to be accepted", .hint = "sloth agent list",
	};

	(void)argc;
	(void)argv;
	return list(options, &pending, true);
}

int operator_list_main(void *options, int argc, char **argv)
{
	static const struct listing operators = {
		.what = "operator list", .kind = "operator", .none = "no operator has a certificate",
		.hint = "sloth token create --role operator --name NAME",
	};

	(void)argc;
	(void)argv;
	return list(options, &operators, false);
}
