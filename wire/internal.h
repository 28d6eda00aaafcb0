/*
 * internal.h - the structs that the files of wire/ share. Nobody outside includes it.
 *
 *   wire.c    the shared part and its turn: due calls, flush, burial
 *   conn.c    one connection: life cycle; conn_secure.c: who is there; conn_io.c: bytes; conn_time.c: timers;
 *             conn_http1.c: one that speaks HTTP/1.x
 *   dial.c, listen.c   how a connection begins
 *   call.c    what both ends of a call have in common; call_io.c: messages
 *   client.c, server.c   what they do not
 *
 * A turn. Nothing is freed and no callback of `struct wire_call_ops` for an end is made where it comes up:
 * work is put on a list of struct wire, and an ev_prepare that runs before the loop sleeps does it:
 *
 *   1. due calls   on_message after a resume, on_drain, on_end
 *   2. dirty conns gather frames, write
 *   3. dying conns on_down, free, once all their calls have been told
 *
 * What comes up meanwhile is done in the next turn, and the loop does not sleep before it.
 */
#ifndef WIRE_INTERNAL_H
#define WIRE_INTERNAL_H

#include <ev.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "common/buf.h"
#include "common/list.h"
#include "wire/addr.h"
#include "wire/deframe.h"
#include "wire/files.h"
#include "wire/h2.h"
#include "wire/limits.h"
#include "wire/meta.h"
#include "wire/seen.h"
#include "wire/transport.h"
#include "wire/trim.h"
#include "wire/unpack.h"
#include "wire/wire.h"

struct wire_table {
	const struct wire_method *methods;
	size_t n;
	void *arg;
};

struct wire {
	struct ev_loop *loop;
	struct ev_prepare turn;
	struct ev_idle again;
	struct list due, dirty, dying;		/* see above */
	struct list conns, listeners;
	struct wire_table *tables;
	size_t n_tables;
	struct resolver *resolver;		/* made when a name has to be looked up */
	struct trim trim, conn_trim;		/* after many calls, after many connections */
	struct guard_bucket fault_lines;	/* in the log */
	unsigned faults_unsaid;
	struct census *census;			/* connections per address */
	struct wire_tls *tls;			/* of the listeners; NULL: none */
	wire_admit *admit;
	void *admit_arg;
	void (*on_refusal)(struct wire_call *call, void *arg);
	void *refusal_arg;
	wire_find_file *find_file;		/* NULL: no files are served */
	void *find_file_arg;
	unsigned handshakes, handshakes_turn;	/* steps of them in the turn of the loop with that number */
	struct seen plaintext_seen;		/* addresses of plaintext peers that the log has named */
	struct buf out;				/* frames gathered for the connection being flushed */
	uint8_t *in;				/* WIRE_READ_BUFFER bytes, for the connection being read */
	size_t buffered;			/* bytes held for all calls, */
	size_t buffered_runs;			/* of which for runs, see call_may_grow() */
	struct health *health;
	unsigned n_conns, n_many, n_calls, n_handlers, n_unix;
	uint64_t calls_total;
	uint32_t keepalive_scale;		/* of dialled connections; a peer has asked for fewer PINGs */
	bool stopped_serving, shutting_down, is_freeing;
	bool missed_te;				/* and said so */
	bool needs_tls;				/* no plaintext but on unix sockets */
};

enum conn_state {
	CONN_DIALING,		/* looking up, connecting */
	CONN_SNIFFING,		/* accepted: what does the peer speak? */
	CONN_SECURING,		/* TLS handshake */
	CONN_HTTP1,		/* one request of HTTP/1.x, and the answer */
	CONN_HANDSHAKE,		/* HTTP/2 has begun, the peer's SETTINGS are missing */
	CONN_UP,
	CONN_DRAINING,		/* no new calls */
	CONN_CLOSING,		/* last bytes out, then shutdown */
	CONN_LINGERING,		/* our end is shut; reading and discarding until the peer's is */
	CONN_DOWN		/* socket closed; waits for its calls to be told */
};

struct wire_conn {
	struct wire *wire;
	struct list link, dirty_link, dying_link;
	struct list calls;		/* every call, waiting ones included */
	struct list waiting;		/* client calls without a stream yet, by waiting_link */
	unsigned state;			/* enum conn_state */
	enum wire_role role;
	const struct wire_conn_ops *ops;
	void *arg;
	bool accepted;			/* not dialled */
	bool is_one_of_many;		/* dialled, and one of n_many */
	struct dial *dial;		/* while DIALING */
	struct transport *transport;
	struct h2 *h2;			/* NULL: HTTP/2 has not begun, */
	struct conn_http1 *http1;	/* nor has HTTP/1.x */
	struct buf out;			/* bytes that the socket did not take */
	struct ev_io reader, writer;
	struct ev_timer timer;		/* set to the nearest of the times below, or earlier */
	struct wire_peer peer;
	char *peer_address, *authority;
	struct transport_peer *secure;	/* what `peer` says of TLS; NULL: plaintext */
	char local_host[64];
	uint64_t counted_as;		/* by the census: address of a stranger, identity; 0: not */
	uint8_t sniffed[16];
	uint8_t n_sniffed;
	bool speaks_tls;		/* accepted: its first byte begins a TLS handshake */
	bool is_sniffable;		/* no TLS handshake begins with its first byte */
	bool is_operator;		/* loopback or unix: an operator's limits */
	bool at_fault;			/* the peer broke a rule or a limit */
	bool has_spoken;		/* bytes of it have come, in plaintext or inside TLS */
	enum wire_fault fault;		/* dialled: the first that was met */
	struct wire_identity *met;	/* with WIRE_FAULT_OTHER_PEER; NULL: none */
	bool told_up, told_drain, drain_due, up_due;
	bool blocked;			/* the socket takes no more for now */
	bool deaf;			/* nor ever again, but what the peer said is still to be read */
	bool reading;
	bool ping_out, goaway_final;
	bool is_older_ping;		/* the next answer to a PING is none to the notice of the end */
	bool peer_ends;			/* it has sent GOAWAY */
	unsigned n_calls, n_streams, n_waiting, n_handlers;
	unsigned n_downloads;		/* calls that are some */
	uint32_t keepalive_ms, keepalive_timeout_ms, dial_timeout_ms, drain_grace_ms;
	bool keepalive_idle;
	/* Times in milliseconds of mono_ms(); 0: not running. */
	uint64_t armed_ms;		/* what the timer is set to */
	uint64_t begun_ms, last_read_ms, ping_sent_ms, blocked_ms, drain_ms, closing_ms, header_block_ms;
	uint64_t turned_ms;		/* the first call began, or the last one ended */
	size_t lingered;		/* bytes discarded */
	const char *goaway_debug;	/* of the last GOAWAY; static */
	char *why;			/* the first reason for the end */
};

enum call_due { DUE_DELIVER = 1, DUE_DRAIN = 2, DUE_END = 4 };

struct wire_call {
	struct wire_conn *conn;
	struct list link, due_link, waiting_link;
	enum wire_role role;		/* ours in this call */
	int32_t id;			/* 0: no stream */
	const struct wire_call_ops *ops;
	void *arg;
	const struct wire_method *method;	/* server */
	void *method_arg;
	char *path;
	char *user_agent;
	struct meta in;			/* received */
	size_t text_bytes;		/* of path and user_agent */
	bool in_too_large;		/* `in` is more than a header block may hold */
	struct meta headers;		/* to be sent: the request's or the response's */
	struct meta trailers;		/* to be sent */
	struct buf sendq;		/* framed messages, or the text of an HTTP error */
	struct buf held;		/* received while paused */
	struct deframe deframe;
	struct download *download;	/* server: the answer to a client that speaks no gRPC; else NULL */
	struct buf request;		/* server, unary: the message until END_STREAM */
	struct unpack_arena arena;
	struct ev_timer timer;
	uint64_t deadline_us;		/* of mono_us(); UINT64_MAX: none */
	uint64_t armed_us;		/* what the timer is set to */
	size_t pulled;			/* bytes of sendq that are promised to the frame being sent */
	uint64_t begun_ms, progress_ms;	/* the call began; bytes moved last */
	size_t accounted;		/* part of wire->buffered */
	unsigned due;			/* set of enum call_due */
	enum wire_code code;		/* once `ended`; at a server what goes into the trailers */
	char *why;
	enum wire_code told_code;	/* once `over`: what on_end gets */
	char *told_why;
	uint16_t http_status;		/* client: of the response; server: other than 200 to send */
	bool headers_sent;		/* server: response headers are queued; client: the request is */
	bool headers_seen;		/* client: final response headers */
	bool foreign_body;		/* the body is no gRPC */
	bool has_status;		/* client: grpc-status seen */
	long odd_status;		/* client: as field_parse_status() tells */
	bool compressed;		/* peer's grpc-encoding is not identity */
	bool bad_timeout, is_post, is_get, is_head, has_content_type, has_content, has_te;
	uint8_t content;		/* enum field_content */
	bool started;			/* server: the handler has the call */
	bool counted;			/* server: is one of n_handlers */
	bool runs_long, is_run;		/* see call_set_runs_long() */
	bool paused;
	bool stopped;			/* wire_send() said stop */
	bool local_done;		/* client: half-closed; server: wire_end() */
	bool end_sent;			/* our END_STREAM is out */
	bool remote_done;		/* END_STREAM received and delivered */
	bool half_close_due;		/* END_STREAM received, held bytes come first */
	bool over;			/* on_end is due or done; nothing else is delivered */
	bool told;			/* on_end has returned */
	bool unprocessed;
	unsigned n_messages;		/* received */
};

/* ---- wire.c ---- */
void wire_schedule(struct wire *wire);

/* ---- conn.c ---- */
struct wire_conn *conn_new(struct wire *wire, enum conn_state state, const struct wire_conn_ops *ops, void *arg);
/* The socket is connected: takes over fd, begins to read. `sa`: the peer. */
void conn_attach(struct wire_conn *conn, int fd, const struct sockaddr *sa, socklen_t len);
/* The TLS handshake begins; HTTP/2 follows. NULL for a server's. */
void conn_secure(struct wire_conn *conn, struct wire_tls *tls, const struct transport_wish *wish);
/* Goes on with it, unless this turn of the loop has had enough of them: then when it is called again. */
void conn_secure_step(struct wire_conn *conn);
/* HTTP/2 begins in this role, once it is known who the peer is. */
void conn_begin(struct wire_conn *conn, enum wire_role role);
void conn_mark_dirty(struct wire_conn *conn);
/* Ends at once: the socket is closed, calls end with UNAVAILABLE and `why`. */
void conn_abort(struct wire_conn *conn, const char *why);
/* What comes to an end next is the peer's fault. */
void conn_blame(struct wire_conn *conn);
/* What the end that comes next is of, for who dialled. The first one stays. */
void conn_note_fault(struct wire_conn *conn, enum wire_fault fault);
/* Writes what is queued, then closes as TCP wants it (no RST over unread data). */
void conn_finish(struct wire_conn *conn, const char *why);
void conn_flush(struct wire_conn *conn);
void conn_announce(struct wire_conn *conn);	/* makes the on_up and on_drain that are due */
/* Sets the timer to the nearest time that runs. */
void conn_arm(struct wire_conn *conn);
void conn_bury(struct wire_conn *conn);		/* on_down, then freed */
/* Ends the connection and every call, also those whose reader is slow. */
void conn_end_all(struct wire_conn *conn, const char *why);
/* Starts waiting client calls while there are free streams. */
void conn_start_waiting(struct wire_conn *conn);
void conn_call_came(struct wire_conn *conn);	/* a call of the connection was made */
void conn_call_gone(struct wire_conn *conn);	/* and freed */

/* ---- listen.c ---- */
/* On a TCP socket that listens and does not block; owns it from here on. */
struct wire_listener *wire_listen_fd(struct wire *wire, int fd, const struct wire_conn_ops *ops);

struct wire_listener {
	struct wire *wire;
	struct list link;
	const struct wire_conn_ops *ops;
	void *arg;
	struct ev_io watcher;
	struct ev_timer pause;		/* out of descriptors: not accepting for a moment */
	int fd;
	char *address;
	char *path;			/* of a unix socket, removed at the end */
	dev_t dev;			/* if it is still this one */
	ino_t ino;
	bool is_passed;			/* the service manager opened it */
	bool is_kept;			/* it has it, too */
};

/* ---- dial.c ---- */
void dial_cancel(struct wire_conn *conn);
bool dial_is_looking_up(const struct wire_conn *conn);

/* ---- call.c ---- */
struct wire_call *call_new(struct wire_conn *conn, enum wire_role role);
void call_due(struct wire_call *call, unsigned what);
void call_run_due(struct wire_call *call);
/* The call is over for its owner: on_end(code, why) is due, nothing else is delivered. */
void call_over(struct wire_call *call, enum wire_code code, const char *why);
/* The stream is gone; frees the call when it has been told. */
void call_unlink_stream(struct wire_call *call);
void call_conn_down(struct wire_call *call, const char *why);
void call_arm(struct wire_call *call);
/* Ends the call because of what the peer did or did not do. */
void call_refuse(struct wire_call *call, enum wire_code code, const char *why);

/* ---- call_io.c ---- */
void call_deliver_held(struct wire_call *call);
void call_wake_sender(struct wire_call *call);
void call_account(struct wire_call *call);
/* As its method or its request says: once, before it is accepted or sent. */
void call_set_runs_long(struct wire_call *call, bool runs_long);
/* Whether what the process has buffered leaves room for more of this call. */
#define CALL_TOO_MUCH "too much is buffered, try again later"
bool call_may_grow(const struct wire_call *call);
/* Drops what is queued to be sent. */
void call_drop_queue(struct wire_call *call);
void call_set_deadline(struct wire_call *call, uint64_t us_from_now);
/* Stream events of h2.h; the stream's object is the call. */
void call_h2_field(void *call, const uint8_t *name, size_t name_len, const uint8_t *value, size_t value_len);
void call_h2_headers(void *call, bool end_stream, bool too_large);
void call_h2_data(void *call, const uint8_t *data, size_t n);
void call_h2_half_close(void *call);
void call_h2_end_sent(void *call);
void call_h2_close(void *call, uint32_t error, bool unprocessed);
size_t call_h2_pull(void *call, size_t max, enum h2_pull *then);
bool call_h2_copy(void *call, uint8_t *to, size_t n);
void call_h2_trailers(void *call);

/* ---- client.c ---- */
void client_submit(struct wire_call *call);
void client_field(struct wire_call *call, const char *name, size_t name_len, const uint8_t *value, size_t len);
void client_headers(struct wire_call *call, bool end_stream, bool too_large);
void client_stream_ended(struct wire_call *call);	/* END_STREAM is there, but may not have been delivered */
void client_half_close(struct wire_call *call);
void client_closed(struct wire_call *call, uint32_t error, bool unprocessed);
void client_foreign_body(struct wire_call *call, const uint8_t *data, size_t n);
void client_fail(struct wire_call *call, uint32_t h2_error, enum wire_code code, const char *why);

/* ---- server.c ---- */
struct wire_call *server_request(struct wire_conn *conn, int32_t id);
void server_field(struct wire_call *call, const char *name, size_t name_len, const uint8_t *value, size_t len);
void server_headers(struct wire_call *call, bool end_stream, bool too_large);
void server_half_close(struct wire_call *call);
void server_message(struct wire_call *call, const uint8_t *data, size_t len);
void server_closed(struct wire_call *call, uint32_t error);
void server_send_headers(struct wire_call *call);
void server_send_trailers(struct wire_call *call);
/* Ends the call from inside the layer: what is queued is dropped, the status goes out, the owner is told. */
void server_fail(struct wire_call *call, enum wire_code code, const char *why);

#endif
