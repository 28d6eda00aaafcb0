/*
 * client.h - the CLI's side of the connection to the master.
 *
 * A client lives on the stack of a command: client_open(), client_loop() until everything is down,
 * client_close(). What goes wrong on the way is said on stderr here, in one place and one form.
 */
#ifndef CLI_CLIENT_H
#define CLI_CLIENT_H

#include <protobuf-c/protobuf-c.h>

#include "cli/output.h"
#include "cli/passport.h"
#include "cli/target.h"
#include "wire/wire.h"

struct ev_loop;
struct client;

struct client_ops {
	/* The connection works: calls may be started. */
	void (*on_up)(struct client *client, void *arg);
	/* It could not be made. error and hint (may be NULL) are ready for report_*(). */
	void (*on_failed)(struct client *client, const char *error, const char *hint, void *arg);
};

struct client {
	struct ev_loop *loop;
	struct wire *wire;
	struct wire_conn *conn;		/* NULL when it is down */
	struct target target;
	struct passport *passport;		/* NULL: no TLS */
	const struct client_ops *ops;
	void *arg;
	char *login;			/* see login.h; NULL: none */
	struct wire_field login_field;
	bool is_up, was_up;
	bool was_closed;		/* before it was up, for the first time */
};

/* Begins to connect. 0, or -errno with *error and *hint set to owned lines; then nothing is open. */
int client_open(struct client *client, const struct cli_global *global, const struct client_ops *ops, void *arg,
		char **error, char **hint);
/* What every request of this client carries beside its own: its metadata. */
void client_fill_request(struct client *client, struct wire_request *request);
/* Runs until every watcher is gone. */
void client_loop(struct client *client);
/* Begins to connect once more, with the callbacks as before; a connection that is there is given up. */
void client_redial(struct client *client);
/* Asks the connection to go down; the loop then ends by itself. */
void client_leave(struct client *client);
/* Also renews the certificate that it came with, when it is time. */
void client_close(struct client *client);

/* What to try when a connection to the master met this; NULL: nothing that this alone tells. */
const char *client_fault_hint(enum wire_fault fault);
/* What the user may do about a call that ended with this code and these words; NULL: nothing better than the message. */
const char *client_hint(enum wire_code code, const char *why);

/*
 * One question, one answer; asked once more when the master has provably not looked at it. `answer` gets
 * the decoded response and gives the exit status; a failure is reported as "sloth: WHAT: why" and is
 * EXIT_FAILED.
 */
struct client_question {
	const char *what;			/* "agent list" */
	const char *path;
	const ProtobufCMessage *request;
	const ProtobufCMessageDescriptor *response;
	int (*answer)(const void *message, const struct output *output, void *arg);
	/* There is no answer. True: nothing is reported, the caller asks again. NULL: never. */
	bool (*lost)(enum wire_code code, void *arg);
	void *arg;
	const char *list;		/* of what it asks about, to try when that is not there; NULL: sloth agent list */
	bool waits;			/* the answer may take for ever */
};
int client_ask(const struct cli_global *global, const struct client_question *question);

#endif
