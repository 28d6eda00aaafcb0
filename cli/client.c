/*
 * client.c - connecting to the master, and asking it one question.
 *
 * A connection that fails before it is up ends in on_failed() with words that name the address, the
 * place where that address stands, why it failed and what to try.
 */
#include "cli/client.h"

#include <ev.h>
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/login.h"
#include "cli/report.h"
#include "common/exits.h"
#include "common/mem.h"
#include "common/paths.h"
#include "common/str.h"

enum {
	CLIENT_DIAL_MS = 10000,
	CLIENT_ASK_MS = 30000,
	CLIENT_KEEPALIVE_MS = 30000,	/* TCP only: finds a master that vanished */
};

static bool is_no_socket(const struct client *c)
{
	struct stat st;

	return c->target.is_unix && stat(c->target.address + strlen("unix:"), &st) == 0 && !S_ISSOCK(st.st_mode);
}

/* "usermod -aG sloth bob": the static text stays for the life of the process. */
static const char *permission_hint(void)
{
	static char text[200];
	const struct passwd *pw = getpwuid(geteuid());

	snprintf(text, sizeof text, "as root: usermod -aG sloth %s, and a new session; or from anywhere: sloth login HOST:PORT",
		 pw ? pw->pw_name : "USER");
	return text;
}

const char *client_fault_hint(enum wire_fault fault)
{
	static const char plaintext[] = "the master's address; --insecure, for a master on this machine that takes plaintext";
	static const char *const hints[] = {
		[WIRE_FAULT_NEEDS_TLS] = "without --insecure, after sloth login HOST:PORT",
		[WIRE_FAULT_NOT_TLS] = plaintext,
		[WIRE_FAULT_CLOSED] = plaintext,
		[WIRE_FAULT_OTHER_CA] = "whether this is the master's address; sloth login HOST:PORT with a token of that master",
		[WIRE_FAULT_OTHER_PIN] = "whether this is the master's address, and a token that this master made",
		[WIRE_FAULT_DATES] = "date, here and on the master's machine; a master renews its own certificate",
		[WIRE_FAULT_REVOKED] = "sloth login HOST:PORT, with a new token",
		[WIRE_FAULT_OTHER_PEER] = "the address of the master: that one is of somebody else",
		[WIRE_FAULT_NOT_GRPC] = "the address of the master: that one is of another program",
	};

	return (size_t)fault < sizeof hints / sizeof *hints ? hints[fault] : NULL;
}

/* What a master says of our certificate, in a status: words are all there is. */
static const char *refusal_hint(const char *why)
{
	static const struct {
		const char *words;
		enum wire_fault fault;
	} refusals[] = {
		{ "another CA", WIRE_FAULT_OTHER_CA }, { "is a clock wrong", WIRE_FAULT_DATES },
		{ "was revoked", WIRE_FAULT_REVOKED },
	};

	for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
		if (strstr(why, refusals[i].words))
			return client_fault_hint(refusals[i].fault);
	}
	return NULL;
}

static const char *connect_hint(const struct client *c, enum wire_fault fault, const char *why)
{
	const char *hint = c->target.is_unix ? NULL : client_fault_hint(fault);

	if (hint)
		return hint;
	if (c->target.is_unix && strcasestr(why, "permission"))
		return permission_hint();
	if (is_no_socket(c))
		return "the path of a master's socket: this is a file of another kind";
	if (fault != WIRE_FAULT_REFUSED)
		return "sloth master status on the master's machine, and whether this is the master's address";
	if (c->target.is_unix && str_equal(c->target.address + strlen("unix:"), paths_system_socket) &&
	    paths_has_unit(TARGET_UNIT))
		return TARGET_START_UNIT;
	if (c->target.is_unix)
		return "sloth master --daemon, to start a master here";
	return "sloth master status on the master's machine, and the port after --master";
}

static void client_failed(struct client *c, enum wire_fault fault, const char *why)
{
	char *error = mem_printf("master at %s (%s): %s", c->target.address, c->target.from, why);

	c->ops->on_failed(c, error, connect_hint(c, fault, why), c->arg);
	free(error);
}

static void connect_to_master(struct client *c);

static void on_up(struct wire_conn *conn, const struct wire_peer *peer, void *arg)
{
	struct client *c = arg;

	(void)conn;
	(void)peer;
	c->is_up = c->was_up = true;
	c->ops->on_up(c, c->arg);
}

/* It took our connection last, and dropped it at some step: the next one is for its successor. Once: it may be a forward,
 * too, with nothing behind it. */
static bool is_taken_by_a_master_that_ends(struct client *c, const struct wire_conn *conn)
{
	enum wire_fault fault = wire_conn_fault(conn);

	if (c->was_up || c->was_closed)
		return false;
	c->was_closed = fault == WIRE_FAULT_CLOSED || fault == WIRE_FAULT_TLS || fault == WIRE_FAULT_NONE;
	return c->was_closed;
}

static void on_down(struct wire_conn *conn, const char *why, void *arg)
{
	struct client *c = arg;

	if (conn != c->conn)		/* one that was given up for the next */
		return;
	c->conn = NULL;
	if (is_taken_by_a_master_that_ends(c, conn))
		connect_to_master(c);
	else if (!c->is_up)
		client_failed(c, wire_conn_fault(conn), why);
}

static const struct wire_conn_ops conn_ops = { .on_up = on_up, .on_down = on_down };

static void connect_to_master(struct client *c)
{
	const struct wire_dial dial = {
		.address = c->target.address, .role = WIRE_CLIENT, .timeout_ms = CLIENT_DIAL_MS,
		.tls = passport_tls(c->passport), .expect = WIRE_KIND_MASTER,
		.keepalive_ms = c->target.is_unix ? 0 : CLIENT_KEEPALIVE_MS,
	};

	c->is_up = false;
	c->conn = wire_dial(c->wire, &dial, &conn_ops, c);
}

void client_redial(struct client *c)
{
	struct wire_conn *old = c->conn;

	connect_to_master(c);
	if (old)
		wire_conn_close(old, 0, "done");
}

/* TLS, or the word that there is none. */
static int open_passport(struct client *c, char **error, char **hint)
{
	if (c->target.is_unix)
		return 0;
	if (!c->target.is_insecure)
		return passport_open(&c->target, &c->passport, error, hint);
	report_error("insecure: plaintext to %s: every user of this machine can have part in it", c->target.address);
	return 0;
}

int client_open(struct client *c, const struct cli_global *global, const struct client_ops *ops, void *arg,
		char **error, char **hint)
{
	int ret;

	*c = (struct client){ .ops = ops, .arg = arg };
	ret = target_find(global, &c->target, error, hint);
	if (!ret)
		ret = open_passport(c, error, hint);
	if (ret)
		return ret;
	c->loop = ev_loop_new(EVFLAG_NOENV);
	if (!c->loop) {
		*error = mem_strdup("no event loop: out of file descriptors?");
		passport_close(c->passport, false);
		c->passport = NULL;
		return -EMFILE;
	}
	c->login = login_name(getuid());
	c->wire = wire_new(c->loop);
	connect_to_master(c);
	return 0;
}

void client_fill_request(struct client *c, struct wire_request *request)
{
	if (!c->login)
		return;
	c->login_field = WIRE_FIELD("sloth-login", c->login);
	request->metadata = &c->login_field;
	request->n_metadata = 1;
}

void client_loop(struct client *c)
{
	ev_run(c->loop, 0);
}

void client_leave(struct client *c)
{
	if (c->conn)
		wire_conn_close(c->conn, 0, "done");
}

void client_close(struct client *c)
{
	wire_free(c->wire);
	if (c->loop)
		ev_loop_destroy(c->loop);
	free(c->login);
	passport_close(c->passport, c->was_up);
	*c = (struct client){ 0 };
}

const char *client_hint(enum wire_code code, const char *why)
{
	const char *hint = code == WIRE_UNAUTHENTICATED || code == WIRE_PERMISSION_DENIED ? refusal_hint(why) : NULL;

	if (hint)
		return hint;
	switch (code) {
	case WIRE_NOT_FOUND:
		return "sloth agent list";
	case WIRE_UNAVAILABLE:
		return "sloth agent list, which shows why an agent cannot be reached";
	case WIRE_UNIMPLEMENTED:
		return "whether this is the master's address, and of which version master and agent are";
	case WIRE_UNAUTHENTICATED:
		return "sloth login HOST:PORT, with a token of that master; its owner makes one: sloth token create --role operator";
	case WIRE_PERMISSION_DENIED:
		return "sloth whoami, which shows who you are to the master; root on its machine is its admin";
	case WIRE_DEADLINE_EXCEEDED:
		return "sloth status, which shows whether the master answers at all";
	default:
		return NULL;
	}
}

/* ---- one question ---- */

struct asking {
	const struct client_question *question;
	struct output output;
	int status;
	bool has_asked_again;
};

static void ask(struct client *c, const struct asking *a);

static void ask_failed(struct asking *a, enum wire_code code, const char *error, const char *hint)
{
	a->status = EXIT_FAILED;
	if (!a->question->lost || !a->question->lost(code, a->question->arg))
		output_failed(a->output.global, a->question->what, error, hint);
}

/* A master that is on its way out, or full, may have refused the call unseen: then asking again, once and
 * wherever there is a connection, does nothing twice. */
static bool ask_again(struct client *c, const struct wire_call *call)
{
	struct asking *a = c->arg;

	if (a->has_asked_again || !wire_call_is_unprocessed(call))
		return false;
	a->has_asked_again = true;
	if (wire_conn_is_open(c->conn))
		ask(c, a);
	else
		client_redial(c);
	return true;
}

static void on_answer(struct wire_call *call, enum wire_code code, const char *why, const uint8_t *data, size_t len,
		      void *arg)
{
	struct client *c = arg;
	struct asking *a = c->arg;
	const void *message;

	if (code != WIRE_OK && ask_again(c, call))
		return;
	if (code != WIRE_OK) {
		ask_failed(a, code, *why ? why : wire_code_name(code),
			   code == WIRE_NOT_FOUND && a->question->list ? a->question->list : client_hint(code, why));
	} else {
		message = wire_unpack(call, a->question->response, data, len);
		if (message)
			a->status = a->question->answer(message, &a->output, a->question->arg);
		else
			ask_failed(a, WIRE_INTERNAL, "the master's answer cannot be decoded", client_hint(WIRE_UNIMPLEMENTED, ""));
	}
	client_leave(c);
}

static void ask(struct client *c, const struct asking *a)
{
	struct wire_request request = { .path = a->question->path, .runs_long = a->question->waits };

	if (!a->question->waits)
		request.timeout_ms = CLIENT_ASK_MS;
	client_fill_request(c, &request);
	wire_unary(c->conn, &request, a->question->request, on_answer, c);
}

static void ask_on_up(struct client *c, void *arg)
{
	ask(c, arg);
}

static void ask_on_failed(struct client *c, const char *error, const char *hint, void *arg)
{
	(void)c;
	ask_failed(arg, WIRE_UNAVAILABLE, error, hint);
}

int client_ask(const struct cli_global *global, const struct client_question *question)
{
	static const struct client_ops ops = { .on_up = ask_on_up, .on_failed = ask_on_failed };
	struct asking asking = { .question = question, .status = EXIT_FAILED };
	struct client client;
	char *error = NULL, *hint = NULL;
	int ret;

	if (output_init(&asking.output, global))
		return EXIT_USAGE;
	asking.output.address = client.target.address;
	ret = client_open(&client, global, &ops, &asking, &error, &hint);
	if (ret)
		ask_failed(&asking, WIRE_INVALID_ARGUMENT, error, hint);
	else
		client_loop(&client);
	if (ret == -EINVAL)
		asking.status = EXIT_USAGE;	/* where the master is was said wrong */
	client_close(&client);
	free(error);
	free(hint);
	return asking.status;
}
