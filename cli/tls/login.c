/*
 * login.c - `sloth login MASTER`: a token becomes a key and a certificate, kept as a context.
 *
 * All of it is made in a directory beside the contexts, and takes its place only when it is whole: an older login of
 * the same name stays until then. When the master may have answered and the answer was lost, the key stays there: the
 * next try asks with it again, and gets what was meant for it, though the token is used up.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/client.h"
#include "cli/context.h"
#include "cli/login_options.h"
#include "cli/output.h"
#include "cli/report.h"
#include "cli/passport.h"
#include "cli/tls/question.h"
#include "common/exits.h"
#include "common/fd.h"
#include "common/mem.h"
#include "common/paths.h"
#include "common/token.h"
#include "wire/credential.h"
#include "wire/identity.h"
#include "wire/proto/sloth.pb-c.h"
#include "wire/tls.h"

enum { ENROL_MS = 20000 };

struct login {
	const struct login_options *options;
	struct output output;
	struct token token;
	char address[WIRE_ADDR_MAX], context[CONTEXT_NAME_MAX + 1];
	char *root, *staging;
	struct credential files;
	char *error;
	const char *hint;
};

/* For `return fail(...)`; takes `error`. */
static int fail(struct login *l, int err, char *error, const char *hint)
{
	free(l->error);
	l->error = error;
	l->hint = hint;
	return err;
}

/* ---- what was asked for ---- */

static int set_address(struct login *l, const char *text)
{
	struct wire_addr addr;
	const char *why = "port is not in 1..65535", *hint = "sloth login HOST:PORT";

	if (wire_addr_parse(text, CONTEXT_PORT, &addr, &why) || (!addr.is_unix && !addr.port))
		return fail(l, -EINVAL, mem_printf("%s is no address: %s", str_quote(text), why), hint);
	if (addr.is_unix)
		return fail(l, -EINVAL, mem_strdup("a unix socket needs no login: the kernel says who is there"), hint);
	wire_addr_format(&addr, l->address);
	return 0;
}

/* "master.example.net:50053" -> "master.example.net", "[::1]:7" -> "ip__1-7". */
static void name_after_address(struct login *l)
{
	struct wire_addr addr;
	const char *why;
	char port[8] = "";

	wire_addr_parse(l->address, 0, &addr, &why);
	if (addr.port != CONTEXT_PORT)
		snprintf(port, sizeof port, "-%u", addr.port);
	snprintf(l->context, sizeof l->context, "%s%.*s%s", strchr(addr.host, ':') ? "ip" : "",
		 (int)(CONTEXT_NAME_MAX - sizeof port - 2), addr.host, port);
	for (char *c = l->context; (c = strchr(c, ':')); c++)
		*c = '_';
}

static int set_context(struct login *l, const char *wanted)
{
	if (!wanted)
		name_after_address(l);
	else
		snprintf(l->context, sizeof l->context, "%s", wanted);
	if (context_is_name(l->context) && (!wanted || str_equal(wanted, l->context)))
		return 0;
	return fail(l, -EINVAL, mem_printf("--context: %s is not a context's name: %s",
					   str_quote(wanted ? wanted : l->context), context_name_rule), "--context NAME");
}

/* ---- the token ---- */

/* Wiped where it stands: what /proc shows of us keeps it no longer than needed. */
static int take_text(struct login *l, const char *from, const char *text)
{
	const char *why = "";
	int err = token_parse(text, &l->token, &why);

	explicit_bzero((char *)(uintptr_t)text, strlen(text));
	if (!err)
		return 0;
	return fail(l, -EBADMSG, mem_printf("%s: %s", from, why), "the whole token, as sloth token create printed it");
}

static int take_file(struct login *l, const char *path)
{
	char *error = NULL;
	int err = token_read(path, &l->token, &error);

	return err ? fail(l, -EBADMSG, error, "the whole token, as sloth token create printed it, in a file of mode 600") : 0;
}

static int take_token(struct login *l)
{
	const struct login_options *o = l->options;
	const char *variable = getenv("SLOTH_TOKEN");

	if (o->token && o->token_file)
		return fail(l, -EINVAL, mem_strdup("--token and --token-file exclude each other"), "--token-file alone");
	if (o->token) {
		report_error("--token: every user of this machine could read it; --token-file and SLOTH_TOKEN are better");
		return take_text(l, "--token", o->token);
	}
	if (o->token_file)
		return take_file(l, o->token_file);
	if (variable && *variable)
		return take_text(l, "SLOTH_TOKEN", variable);
	return fail(l, -EINVAL, mem_strdup("a token is missing"),
		    "sloth token create --role operator --name YOU on the master; then --token-file FILE, or - for standard input");
}

/* ---- the place ---- */

static int make_staging(struct login *l)
{
	char *all = paths_join(l->root, "contexts"), *ca, *error = NULL;
	int err = fd_make_dirs(all, 0700);

	free(all);
	if (!err)
		err = fd_make_dirs(l->staging, 0700);
	if (!err && chmod(l->staging, 0700))
		err = -errno;
	if (err)
		return fail(l, err, mem_printf("%s: %s", l->staging, strerror(-err)), NULL);
	err = credential_open(&l->files, l->staging, "operator", &error);
	if (err)
		return fail(l, err, error, NULL);
	ca = paths_join(l->staging, "ca.crt");
	unlink(ca);			/* of a try before, maybe at another master */
	free(ca);
	return 0;
}

/* ---- enrolment ---- */

static const char *refusal_hint(enum wire_fault fault, enum wire_code code)
{
	if (client_fault_hint(fault))
		return client_fault_hint(fault);
	if (code == WIRE_INVALID_ARGUMENT)
		return "a token for an operator, and a name that it is for: --name NAME";
	if (code == WIRE_PERMISSION_DENIED)
		return "a new token: sloth token create --role operator --name YOU, on the master";
	if (code == WIRE_UNIMPLEMENTED)
		return "whether this is the master's address, and of which version it is";
	return "sloth master status on the master's machine, and whether this is its address";
}

static int ask(struct login *l, struct wire_tls *tls)
{
	Sloth__V1__EnrollRequest message = SLOTH__V1__ENROLL_REQUEST__INIT;
	const struct question question = {
		.address = l->address, .tls = tls, .files = &l->files, .path = "/sloth.v1.Master/Enroll",
		.message = &message.base, .csr = &message.csr, .timeout_ms = ENROL_MS,
	};
	char token[8 + 1 + 32 + 1], *error = NULL;
	struct answer answer;
	int err;

	token_format_short(&l->token, token);
	message.token = token;
	if (l->options->name)
		message.name = (char *)(uintptr_t)l->options->name;
	err = question_ask(&question, &answer, &error);
	explicit_bzero(token, sizeof token);
	if (err && (answer.is_answered || !answer.is_asked))
		context_remove_staged(l->root, l->context);
	if (!err)
		return 0;
	fail(l, err, mem_printf("master at %s: %s", l->address, error), refusal_hint(answer.fault, answer.code));
	free(error);
	return err;
}

static int enrol(struct login *l)
{
	const struct tls_config config = { .pin = l->token.pin };
	char *error = NULL;
	struct wire_tls *tls = wire_tls_new(&config, &error);
	int err = tls ? ask(l, tls) : fail(l, -EINVAL, error, NULL);

	wire_tls_free(tls);
	return err;
}

/* The token says what one becomes. */
static int check_kind(struct login *l, struct wire_identity *who)
{
	char *error = NULL;

	if (credential_read(&l->files, who, &error))
		return fail(l, -EINVAL, error, NULL);
	if (who->kind == WIRE_KIND_OPERATOR)
		return 0;
	return fail(l, -EINVAL, mem_printf("the token is for an %s, not for an operator", identity_kind_name(who->kind)),
		    "sloth token create --role operator --name YOU, on the master");
}

static int publish(struct login *l)
{
	char *error = NULL;
	int err = context_write_address(l->staging, l->address, &error);

	if (!err)
		err = context_publish(l->root, l->context, &error);
	if (!err)
		err = context_write_current(l->root, l->context, &error);
	return err ? fail(l, err, error, NULL) : 0;
}

/* ---- the command ---- */

static int make_login(struct login *l, struct wire_identity *who)
{
	int err = make_staging(l);

	if (!err)
		err = enrol(l);
	if (err)
		return err;
	err = check_kind(l, who);
	if (!err)
		err = publish(l);
	if (err)
		context_remove_staged(l->root, l->context);
	return err;
}

static int prepare(struct login *l, const char *master)
{
	int err = set_address(l, master);

	if (!err)
		err = set_context(l, l->options->global.context);
	if (!err)
		err = take_token(l);
	return err;
}

static int run(struct login *l, const char *master)
{
	struct wire_identity who;
	struct login_result result = { .address = l->address, .context = l->context };
	int err = prepare(l, master);
	int status = err == -EINVAL ? EXIT_USAGE : EXIT_FAILED;

	if (!err) {
		l->root = paths_user_config_dir();
		l->staging = context_staging_dir(l->root, l->context);
		status = EXIT_FAILED;
		err = make_login(l, &who);
	}
	if (err) {
		output_failed(&l->options->global, "login", l->error, l->hint);
		return status;
	}
	result.name = who.name;
	result.cluster = who.cluster;
	result.not_after = who.not_after_s;
	l->output.ops->login(&l->output, &result);
	return EXIT_OK;
}

int passport_login(void *options, int argc, char **argv)
{
	struct login l = { .options = options };
	int status;

	(void)argc;
	if (output_init(&l.output, &l.options->global))
		return EXIT_USAGE;
	status = run(&l, argv[0]);
	token_wipe(&l.token);
	credential_done(&l.files);
	free(l.root);
	free(l.staging);
	free(l.error);
	return status;
}
