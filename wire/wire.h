/*
 * wire.h - gRPC over HTTP/2: connections and calls.
 *
 *   struct wire       what the connections of one trust domain share: loop, limits, services
 *   struct wire_conn  one HTTP/2 connection; owns its calls; valid until on_down returns
 *   struct wire_call  one RPC, the same type at both ends; valid until on_end returns
 *
 * Who dialled and who starts calls are two things: an agent that cannot be reached dials as
 * WIRE_SERVER ("reverse channel"), and the master takes the client role on the socket it accepted.
 *
 * Contract
 *  - Callbacks come from the loop only, never from inside a wire_* function. After wire_end() on a call
 *    only its on_end follows.
 *  - wire_call() and wire_dial() never fail: a refused, dead or impossible call ends through on_end, a
 *    connection through on_down, with a reason in words. A NULL callback is skipped,
 *    and so is a NULL table of them.
 *  - Messages are bytes. `data` in callbacks is borrowed until the callback returns, also past wire_end().
 *  - wire_send() always takes the message; false asks the caller to stop until on_drain.
 *  - wire_pause() stops on_message and withholds the stream's window, nothing else.
 *  - The loop ends by itself when every listener is closed and every connection is down.
 */
#ifndef WIRE_WIRE_H
#define WIRE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "wire/code.h"

struct ev_loop;
struct wire;
struct wire_conn;
struct wire_call;
struct wire_listener;
struct wire_tls;
typedef struct ProtobufCMessage ProtobufCMessage;
typedef struct ProtobufCMessageDescriptor ProtobufCMessageDescriptor;

enum wire_role { WIRE_CLIENT, WIRE_SERVER };

/* ---- the shared part ---- */

/* Creates the shared part on `loop`, which the caller keeps until after wire_free(). */
struct wire *wire_new(struct ev_loop *loop);
/* Ends everything at once: every call gets on_end(UNAVAILABLE), every connection on_down. Not from a
 * callback. NULL is fine. */
void wire_free(struct wire *wire);
/* Stops listening and drains every connection: two GOAWAYs, running calls have grace_ms to end. */
void wire_shutdown(struct wire *wire, uint32_t grace_ms);
/* Live objects, for tests and debug logs. */
struct wire_counts {
	unsigned conns, calls, listeners;
	uint64_t calls_total;
	size_t buffered;	/* bytes held for all calls */
};
struct wire_counts wire_count(const struct wire *wire);
void wire_log_counts(const struct wire *wire);		/* one line at level debug */
struct ev_loop *wire_loop(const struct wire *wire);

/* ---- who is there, and who may ---- */

/* The identity that a certificate states in its one URI: spiffe://CLUSTER/{agent|operator|master}/NAME. */
enum wire_kind { WIRE_KIND_NONE, WIRE_KIND_AGENT, WIRE_KIND_OPERATOR, WIRE_KIND_MASTER };
enum { WIRE_NAME_MAX = 64, WIRE_SERIAL_MAX = 40, WIRE_FINGERPRINT_LEN = 64 };
struct wire_identity {
	enum wire_kind kind;
	char name[WIRE_NAME_MAX + 1];
	char cluster[WIRE_FINGERPRINT_LEN + 1];
	char serial[WIRE_SERIAL_MAX + 1];		/* of the certificate, lower-case hex */
	char key[WIRE_FINGERPRINT_LEN + 1];		/* SHA-256 of its public key (SubjectPublicKeyInfo), hex */
	int64_t not_before_s, not_after_s;		/* unix seconds */
};

/* What a peer is to this process: a set. Methods name those that may call them. */
enum wire_roles {
	WIRE_STRANGER = 1,	/* nobody vouches for it */
	WIRE_EXPIRED = 2,	/* an agent or operator whose certificate is good but for its time: it may renew it */
	WIRE_AGENT = 4,
	WIRE_OPERATOR = 8,
	WIRE_ADMIN = 16,
	WIRE_MASTER = 32,
	WIRE_ANYONE = 63
};

/* Who is at the other end. Strings live as long as the connection. */
struct wire_peer {
	const char *address;		/* "10.0.0.7:50051", "unix:/path" or "unix" */
	bool is_unix, is_loopback;
	bool is_secure;			/* TLS */
	pid_t pid;			/* unix: the peer's credentials when it connected; else -1 */
	uid_t uid;
	gid_t gid;
	unsigned roles;			/* set of enum wire_roles */
	const struct wire_identity *identity;	/* of its certificate; NULL: it has shown none */
	const char *refused;		/* why that certificate is not accepted; NULL: it is */
	const char *ca;			/* TLS, dialled: SHA-256 of the certificate of its CA, hex; else NULL */
};

/*
 * Gives a peer its roles: once for each connection that is accepted or dialled, before any call. Without such a
 * function unix and loopback peers have all roles and others WIRE_STRANGER. `peer->roles` is not set yet; `refused` may
 * be set, to words that outlive the connection.
 */
typedef unsigned wire_admit(struct wire_peer *peer, void *arg);
void wire_set_admission(struct wire *wire, wire_admit *admit, void *arg);
/* Told of each call that the roles of its peer do not allow, before it ends. */
void wire_set_refusal(struct wire *wire, void (*on_refusal)(struct wire_call *call, void *arg), void *arg);
/* Connections whose peer `matches` end at once, in both directions. The number of them. */
size_t wire_cut(struct wire *wire, bool (*matches)(const struct wire_peer *peer, void *arg), void *arg, const char *why);

/*
 * TLS of the listeners; NULL: there is none yet, and peers that speak TLS are turned away. Borrowed until it is
 * replaced or wire_free(). See tls.h.
 */
void wire_set_tls(struct wire *wire, struct wire_tls *tls);
/* Plaintext is for unix sockets and loopback addresses in any case; from here on for unix sockets alone. */
void wire_require_tls(struct wire *wire);

/* ---- services ---- */

struct wire_method {
	const char *path;		/* "/package.Service/Method" */
	unsigned roles;			/* set of enum wire_roles: who may call it */
	size_t max_message;		/* request limit in bytes; 0: WIRE_MESSAGE_MAX */
	bool unary;			/* exactly one request message: `start` comes with it */
	bool runs_long;			/* a run: may be quiet, not counted as a unary handler */
	/*
	 * A call has arrived. Unary: the whole request is there as data, len. Streaming: data is NULL. The
	 * handler calls wire_accept() if it wants callbacks, or wire_send() and wire_end() at once.
	 */
	void (*start)(struct wire_call *call, const uint8_t *data, size_t len, void *arg);
};

/* Serves a table (borrowed until wire_free()). Every connection in the server role serves all tables. */
void wire_serve(struct wire *wire, const struct wire_method *methods, size_t n, void *arg);
/* grpc.health.v1 and grpc.reflection.v1 + v1alpha for what is served. */
void wire_serve_health(struct wire *wire);
/* Health answers NOT_SERVING from here on, though calls are still taken: for a server that lets its work come
 * to an end before wire_shutdown(), which says the same. */
void wire_stop_serving(struct wire *wire);
void wire_serve_reflection(struct wire *wire);

/* ---- connections ---- */

struct wire_conn_ops {
	/* The connection works: HTTP/2 SETTINGS have arrived. */
	void (*on_up)(struct wire_conn *conn, const struct wire_peer *peer, void *arg);
	/* The peer has announced its end (GOAWAY) or wire_conn_close() was called: no call can be
	 * started any more, those that run may end in order. At most once, before on_down. */
	void (*on_drain)(struct wire_conn *conn, const char *why, void *arg);
	/* Once, after every on_end, also for a connection that never came up. */
	void (*on_down)(struct wire_conn *conn, const char *why, void *arg);
};

/*
 * What stands in the way of a connection: the words of its end say more, this tells one end from another. It is known
 * from on_end of its calls to on_down; before that it is what the connection would be told for if time were up now.
 */
enum wire_fault {
	WIRE_FAULT_NONE,	/* nothing, or what only the words describe */
	WIRE_FAULT_LOOKUP,	/* the host name has no address, or nobody who could tell answers */
	WIRE_FAULT_NO_ROUTE,
	WIRE_FAULT_REFUSED,	/* nothing listens there */
	WIRE_FAULT_TIMEOUT,	/* no TCP connection in time */
	WIRE_FAULT_CLOSED,	/* connected, then closed before a byte came */
	WIRE_FAULT_SILENT,	/* connected, and no byte came in time */
	WIRE_FAULT_NEEDS_TLS,	/* plaintext does not go there */
	WIRE_FAULT_NOT_TLS,	/* what came is no TLS */
	WIRE_FAULT_NOT_GRPC,	/* TLS, or a plain connection, but no HTTP/2 on it */
	WIRE_FAULT_OTHER_PEER,	/* of our CA, but not who was looked for: wire_conn_met() */
	WIRE_FAULT_OTHER_CA,
	WIRE_FAULT_OTHER_PIN,	/* not the CA whose fingerprint was given */
	WIRE_FAULT_DATES,	/* its certificate is not valid now */
	WIRE_FAULT_REVOKED,
	WIRE_FAULT_REJECTED,	/* the peer does not take our certificate, or our way to speak TLS */
	WIRE_FAULT_TLS		/* anything else about TLS */
};
enum wire_fault wire_conn_fault(const struct wire_conn *conn);
/* Whose certificate was met where somebody else's was looked for; NULL: none of our CA. */
const struct wire_identity *wire_conn_met(const struct wire_conn *conn);

/*
 * Listens on "host:port" (a literal address; port 0: any) or "unix:/path" (a stale socket is replaced,
 * mode 0660). NULL with *error set to owned words ("127.0.0.1:50053: Address already in use").
 */
struct wire_listener *wire_listen(struct wire *wire, const char *address, const struct wire_conn_ops *ops,
				  void *arg, char **error);
#define WIRE_ANY_HOST "*"
/*
 * Listens on host:port, or, host being NULL, on 127.0.0.1 and, where the machine has it, ::1 with the same
 * port, or for WIRE_ANY_HOST on every address of both families. Port 0: any. The number of listeners in `out`; 0: *error says why, in owned words.
 */
size_t wire_listen_port(struct wire *wire, const char *host, uint16_t port, const struct wire_conn_ops *ops,
			struct wire_listener *out[2], char **error);
/* Listens on the TCP sockets that a service manager has opened for us, if there are any. The number of listeners; with
 * loopback_only and one that is not on a loopback address *error is set to owned words, and nothing listens. */
size_t wire_listen_passed(struct wire *wire, const struct wire_conn_ops *ops, bool loopback_only,
			  struct wire_listener *out[2], char **error);
/* Once all that is listened on is open: the service manager, if there is one, keeps these listeners while its unit is
 * restarted, and the next process finds them by their addresses. So nobody is refused in between. What it kept before and
 * nobody has taken is let go of. */
void wire_listeners_keep(struct wire_listener *const *listeners, size_t n);
uint16_t wire_listener_port(const struct wire_listener *l);		/* in use; 0: a unix socket */
const char *wire_listener_address(const struct wire_listener *l);	/* with the port in use */
void wire_listener_close(struct wire_listener *l);			/* a unix socket is removed, unless it is kept */

struct wire_dial {
	const char *address;		/* host:port, [v6]:port, unix:/path */
	enum wire_role role;		/* ours */
	struct wire_tls *tls;		/* NULL: plaintext, which goes to unix sockets and loopback addresses only */
	enum wire_kind expect;		/* TLS: who has to answer; NONE: a server of any other kind, by its host name */
	const char *expect_name;	/* NULL: any of that kind; with NONE the host name in its certificate */
	uint32_t timeout_ms;		/* to SETTINGS; 0: 20 s */
	uint32_t keepalive_ms;		/* PING after so much silence, at least 10 s; 0: none */
	uint32_t keepalive_timeout_ms;	/* and close when so long unanswered; 0: 10 s */
	bool keepalive_idle;		/* also while no call is open */
	bool is_one_of_many;		/* others decide how many: fails where few descriptors are left */
	bool is_elsewhere;		/* others decide where to: not this machine's loopback, whatever a name says, see addr.h */
};
struct wire_conn *wire_dial(struct wire *wire, const struct wire_dial *dial, const struct wire_conn_ops *ops, void *arg);

/* For listeners: logs connections that ended because the peer broke a rule or a limit, some per second. */
extern const struct wire_conn_ops wire_log_faults;

/* For connections from a listener: other callbacks and argument from here on. */
void wire_conn_set_ops(struct wire_conn *conn, const struct wire_conn_ops *ops, void *arg);
void wire_conn_set_keepalive(struct wire_conn *conn, uint32_t after_ms, uint32_t timeout_ms, bool idle);
enum wire_role wire_conn_role(const struct wire_conn *conn);		/* ours */
const struct wire_peer *wire_conn_peer(const struct wire_conn *conn);
/* Local address of a connected TCP socket without the port, "" before that. */
const char *wire_conn_local_host(const struct wire_conn *conn);
/* Up and not draining, with stream ids left for long: a new call can be started. */
bool wire_conn_is_open(const struct wire_conn *conn);
/* Ends in order: no more calls, those that run have grace_ms (0: they end now). on_down follows. */
void wire_conn_close(struct wire_conn *conn, uint32_t grace_ms, const char *why);

/* ---- metadata ---- */

/* Values of names that end in "-bin" are raw bytes, base64 is the layer's business; all others are
 * printable ASCII. */
struct wire_field {
	const char *name;		/* lower case */
	const void *value;
	size_t len;
};
/* A text value. */
#define WIRE_FIELD(name_, text_) ((struct wire_field){ (name_), (text_), strlen(text_) })

/* First value that the peer sent with that name: at a server the request's metadata, at a client the
 * response headers, then the trailers. NULL: none. */
const struct wire_field *wire_call_field(const struct wire_call *call, const char *name);
/* The same for text values; `otherwise` when there is none. NUL-terminated. */
const char *wire_call_text(const struct wire_call *call, const char *name, const char *otherwise);
/* i-th field in order of arrival, or NULL past the last. */
const struct wire_field *wire_call_field_at(const struct wire_call *call, size_t i);

/* ---- calls ---- */

struct wire_call_ops {
	void (*on_message)(struct wire_call *call, const uint8_t *data, size_t len, void *arg);
	void (*on_half_close)(struct wire_call *call, void *arg);	/* the peer sends no more */
	void (*on_drain)(struct wire_call *call, void *arg);		/* queue fell below the low mark */
	/* Once, last. A client gets the call's status; a server WIRE_OK when its status went out whole,
	 * else why it did not (CANCELLED, DEADLINE_EXCEEDED, UNAVAILABLE). `why` may be empty, not NULL; a peer's
	 * words come as they were sent: valid UTF-8, control characters included. */
	void (*on_end)(struct wire_call *call, enum wire_code code, const char *why, void *arg);
};

struct wire_request {
	const char *path;
	const struct wire_field *metadata;	/* copied; more than WIRE_HEADER_FIELDS_MAX end the call */
	size_t n_metadata;
	uint64_t timeout_ms;			/* deadline from this moment on; 0: none */
	size_t max_message;			/* response limit; 0: WIRE_MESSAGE_MAX */
	bool runs_long;				/* no stall timers */
};

/* Starts a call; it waits while the connection is coming up or has no free stream. */
struct wire_call *wire_call(struct wire_conn *conn, const struct wire_request *request,
			    const struct wire_call_ops *ops, void *arg);
/* A server takes a call that has arrived. May be called again to change ops and arg. */
void wire_accept(struct wire_call *call, const struct wire_call_ops *ops, void *arg);

/* Queues one message. True: go on; false: stop until on_drain. After wire_end(), wire_half_close() or
 * the end of the call it is dropped, and the result is true. */
bool wire_send(struct wire_call *call, const void *data, size_t len);
/* The same, packed straight into the queue. A message that no peer may accept (a string that is not UTF-8,
 * say) ends the call with INTERNAL. */
bool wire_send_message(struct wire_call *call, const ProtobufCMessage *message);
size_t wire_queued(const struct wire_call *call);	/* bytes sent but not yet handed to the socket */
/* Client: no message follows. */
void wire_half_close(struct wire_call *call);
/* Server: queued messages, then this status. Client: cancels (RST_STREAM CANCEL); `code` and `why` are
 * what on_end gets. `why` may be NULL, is copied. Does nothing on a call that has ended. */
void wire_end(struct wire_call *call, enum wire_code code, const char *why);
void wire_endf(struct wire_call *call, enum wire_code code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Client: lets go of a call with RST_STREAM(NO_ERROR): a lost caller, not a cancelled one. */
void wire_abandon(struct wire_call *call, enum wire_code code, const char *why);
void wire_pause(struct wire_call *call);
void wire_resume(struct wire_call *call);

/* Server: a field of the response headers (before the first message) or of the trailers (before
 * wire_end()). Invalid names and values are dropped. */
void wire_add_header(struct wire_call *call, const struct wire_field *field);
void wire_add_trailer(struct wire_call *call, const struct wire_field *field);

/*
 * Decodes a message: checked against the wire rules of protobuf and our limits first, then unpacked
 * into memory that belongs to the call. Valid until the next wire_unpack() on this call or its on_end.
 * NULL: malformed or too costly; the call has been ended with INTERNAL or RESOURCE_EXHAUSTED.
 */
void *wire_unpack(struct wire_call *call, const ProtobufCMessageDescriptor *type, const uint8_t *data, size_t len);

struct wire_conn *wire_call_conn(const struct wire_call *call);
const char *wire_call_path(const struct wire_call *call);
const char *wire_call_user_agent(const struct wire_call *call);	/* server: the request's; "" without one */
/* Milliseconds left of the deadline; UINT64_MAX: none. */
uint64_t wire_call_left_ms(const struct wire_call *call);
/* Client, in on_end: the server has provably not begun to process the call; it may be sent again. */
bool wire_call_is_unprocessed(const struct wire_call *call);

/* ---- one request, one response ---- */

/* `data` is the response of an OK call, otherwise NULL. The call is valid during the callback. */
typedef void wire_unary_done(struct wire_call *call, enum wire_code code, const char *why,
			     const uint8_t *data, size_t len, void *arg);
/* May be cancelled with wire_end(); `done` is called in any case, once. */
struct wire_call *wire_unary(struct wire_conn *conn, const struct wire_request *request,
			     const ProtobufCMessage *message, wire_unary_done *done, void *arg);

#endif
