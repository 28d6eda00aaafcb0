/*
 * audit.c - `sloth audit`: records of the master's audit log, as they come.
 *
 * What has arrived is written before the next message is taken, so a reader that is slow holds the master's side up
 * and nothing piles up here.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/audit_text.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/when.h"
#include "common/clock.h"
#include "common/exits.h"
#include "common/mem.h"
#include "common/str.h"

const struct opt audit_options[] = {
	{ "by", 0, OPT_STRING, "GLOB", "only what was done by whoever matches", offsetof(struct audit_options, by), 0, 0 },
	{ "agent", 0, OPT_STRING, "GLOB", "only what concerns an agent whose name matches",
	  offsetof(struct audit_options, agent), 0, 0 },
	{ "since", 0, OPT_STRING, "TIME", "only from then on: 2026-11-25, 2026-11-25T07:02:00Z, or an age like 2h or 7d",
	  offsetof(struct audit_options, since), 0, 0 },
	{ "until", 0, OPT_STRING, "TIME", "only what was before that", offsetof(struct audit_options, until), 0, 0 },
	{ "follow", 0, OPT_FLAG, NULL, "go on with what comes", offsetof(struct audit_options, follow), 0, 0 },
	CLI_OPTION_OUTPUT("text or json"),
	CLI_OPTION_TARGET,
	CLI_OPTION_COLOR,
	CLI_OPTION_HELP,
	CLI_OPTION_END,
};

struct audit {
	struct client client;
	struct output output;
	const struct audit_options *options;
	Sloth__V1__AuditRequest request;
	bool is_json;
	bool is_unwritable;		/* output_finish() says why */
	int status;
};

static void audit_failed(struct audit *a, const char *error, const char *hint)
{
	output_failed(&a->options->global, "audit", error, hint);
	a->status = EXIT_FAILED;
}

/* ---- records ---- */

static void on_message(struct wire_call *call, const uint8_t *data, size_t len, void *arg)
{
	struct audit *a = arg;
	const Sloth__V1__AuditResponse *response = wire_unpack(call, &sloth__v1__audit_response__descriptor, data, len);
	struct buf out = { 0 };

	if (!response || a->is_unwritable)
		return;
	for (size_t i = 0; i < response->n_records; i++) {
		if (a->is_json)
			audit_text_append_json(&out, response->records[i]);
		else
			audit_text_append(&out, response->records[i]);
	}
	fwrite(buf_data(&out), 1, buf_len(&out), stdout);
	buf_done(&out);
	a->is_unwritable = fflush(stdout) != 0;
	if (a->is_unwritable)
		wire_end(call, WIRE_CANCELLED, "ended here");
}

static void on_end(struct wire_call *call, enum wire_code code, const char *why, void *arg)
{
	struct audit *a = arg;

	(void)call;
	if (code != WIRE_OK && !a->is_unwritable)
		audit_failed(a, *why ? why : wire_code_name(code), client_hint(code, why));
	client_leave(&a->client);
}

static void on_up(struct client *client, void *arg)
{
	static const struct wire_call_ops ops = { .on_message = on_message, .on_end = on_end };
	struct wire_request request = { .path = "/sloth.v1.Master/Audit", .runs_long = true };
	struct audit *a = arg;
	struct wire_call *call;

	client_fill_request(client, &request);
	call = wire_call(client->conn, &request, &ops, a);
	wire_send_message(call, &a->request.base);
	wire_half_close(call);
}

static void on_failed(struct client *client, const char *error, const char *hint, void *arg)
{
	(void)client;
	audit_failed(arg, error, hint);
}

static void show(struct audit *a)
{
	static const struct client_ops ops = { .on_up = on_up, .on_failed = on_failed };
	char *error = NULL, *hint = NULL;
	int ret = client_open(&a->client, &a->options->global, &ops, a, &error, &hint);

	if (ret)
		audit_failed(a, error, hint);
	else
		client_loop(&a->client);
	if (ret == -EINVAL)
		a->status = EXIT_USAGE;
	client_close(&a->client);
	free(error);
	free(hint);
}

/* ---- the command line ---- */

/* False: a usage error, which has been reported. */
static bool take_time(const struct audit_options *o, const char *option, const char *text, int64_t *out)
{
	char *error;

	if (!text || when_parse(text, wall_s(), out) == 0)
		return true;
	error = mem_printf("%s: %s is no time like 2026-11-25, 2026-11-25T07:02:00Z, 2h or 7d", option, str_quote(text));
	output_failed(&o->global, "audit", error, "sloth audit --help");
	free(error);
	return false;
}

static char *text_or_empty(const char *text)
{
	return (char *)(uintptr_t)(text ? text : "");		/* packing does not change it */
}

int audit_main(void *options, int argc, char **argv)
{
	const struct audit_options *o = options;
	struct audit a = { .options = o, .request = SLOTH__V1__AUDIT_REQUEST__INIT };

	(void)argc;
	(void)argv;
	if (output_init(&a.output, &o->global) || !take_time(o, "--since", o->since, &a.request.since) ||
	    !take_time(o, "--until", o->until, &a.request.until))
		return EXIT_USAGE;
	a.is_json = a.output.ops == &output_json;
	a.request.by = text_or_empty(o->by);
	a.request.agent = text_or_empty(o->agent);
	a.request.follow = o->follow;
	show(&a);
	return a.status;
}
