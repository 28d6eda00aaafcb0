/*
 * limits.h - every bound of the layer, with the attack or the fault that it stops.
 */
#ifndef WIRE_LIMITS_H
#define WIRE_LIMITS_H

/* Messages and headers. */
#define WIRE_MESSAGE_MAX	(4u * 1024 * 1024)	/* 4 GiB length prefix; the value of all gRPC stacks */
#define WIRE_HEADER_LIST_MAX	(16u * 1024)		/* HPACK bomb: nghttp2 has no bound of its own */
#define WIRE_HEADER_BOMB	(64u * 1024)		/* unpacked so far: nobody needs to see the rest of such a block */
#define WIRE_HEADER_FIELDS_MAX	128u
#define WIRE_PATH_MAX		1024u
#define WIRE_BIG_HEADERS_MAX	3u			/* blocks over the limit before the connection goes */

/* Streams and connections. */
#define WIRE_STREAMS_OPERATOR	1024u			/* loopback and unix peers */
#define WIRE_STREAMS_UNKNOWN	100u			/* peers without an identity */
#define WIRE_CONNS_MAX		16384u
#define WIRE_CONNS_SPARE	16u			/* one in so many more for operators: strangers do not shut them out */
#define WIRE_CONNS_PER_ADDRESS	64u			/* one host may not take every slot */
#define WIRE_ARRIVALS_KNOWN	2048u			/* addresses of strangers whose rate is known: millions come over IPv6 */
#define WIRE_CONNS_PER_AGENT	4u			/* by identity, whatever the address: a stolen key */
#define WIRE_CONNS_PER_OPERATOR	256u
#define WIRE_CONNS_UNIX		1024u
#define WIRE_ACCEPTS_PER_TURN	64
#define WIRE_TLS_BARREN_MAX	(32u * 1024)		/* TLS that carries nothing: key updates, each of which costs new keys, and
							 * empty records; twice the largest record, and above every handshake */
#define WIRE_HANDSHAKES_PER_TURN 4u			/* steps of TLS handshakes, about a millisecond of processor time each */
#define WIRE_HANDLERS_PER_CONN	8u			/* unary handlers at work: HEADERS+RST with work behind */
#define WIRE_HANDLERS_MAX	64u
#define WIRE_PEER_STREAMS_GUESS	10u			/* until the peer's SETTINGS: what Go agents allow */
#define WIRE_WAITING_CALLS_MAX	4096u			/* calls that wait for a free stream */

/* Flow control and queues. */
#define WIRE_STREAM_WINDOW	(256 * 1024)
#define WIRE_CONN_WINDOW	(1024 * 1024)
#define WIRE_SEND_HIGH		(256u * 1024)		/* wire_send() says stop; not 64 KiB, which one write takes at once: a
							 * relayed stream would stand between each two of them */
#define WIRE_SEND_LOW		(128u * 1024)		/* on_drain */
#define WIRE_FRAME_SERVER	(16u * 1024)		/* frames that a server takes: as every client sends them unasked */
#define WIRE_FRAME_CLIENT	(66u * 1024)		/* and a client: output in messages of 64 KiB with their heads */
#define WIRE_SEND_FRAME_MAX	WIRE_FRAME_CLIENT
#define WIRE_WRITE_BUFFER	(128u * 1024)		/* what one write(2) gathers */
#define WIRE_READ_BUFFER	(64u * 1024)
#define WIRE_READS_PER_TURN	4			/* fairness between connections */
#define WIRE_WRITES_PER_TURN	4
#define WIRE_OUTBOUND_FRAMES_MAX 4096u			/* flood and never read: frames the library queues, and
							 * more than 1024 streams need for window updates */
#define WIRE_BUFFERED_MAX	(128u * 1024 * 1024)	/* metadata, assembly and queues of the process, but for runs */
#define WIRE_BUFFERED_STRANGERS	(64u * 1024 * 1024)	/* of which strangers may not take what operators need */

/* Files for clients that speak plain HTTP, see files.h. */
#define WIRE_HTTP1_HEAD_MAX	(8u * 1024)		/* request line and fields: endless ones */
#define WIRE_DOWNLOAD_PIECE	(64u * 1024)		/* of files, for one connection in one turn: hundreds of downloads leave
							 * the loop to others; and what a slow reader makes us hold */
#define WIRE_DOWNLOAD_UNSENT	(128 * 1024)		/* what the kernel holds of them before it has been sent: not the
							 * megabytes of a socket that was fast before; so that progress shows, too */
#define WIRE_DOWNLOAD_RATE	4096u			/* bytes per second, on average and beyond */
#define WIRE_DOWNLOAD_GRACE_MS	60000u			/* this time: one byte a minute keeps a connection otherwise */

/* Times in milliseconds. */
#define WIRE_HANDSHAKE_MS	10000u			/* slow preface, idle TCP, half handshake */
#define WIRE_SETTINGS_ACK_MS	10000u			/* never ACKs SETTINGS */
#define WIRE_HEADER_BLOCK_MS	5000u			/* half a header block */
#define WIRE_REQUEST_MS		60000u			/* slow body of a unary request */
#define WIRE_WRITE_STALL_MS	30000u			/* socket never read */
#define WIRE_STREAM_STALL_MS	60000u			/* window 0; a handler on which nothing moves */
#define WIRE_IDLE_MS		(15u * 60 * 1000)	/* connection without a call, nobody's keepalive */
#define WIRE_DIAL_MS		20000u
#define WIRE_GOAWAY_MS		2000u			/* first to second GOAWAY at the latest */
#define WIRE_LINGER_MS		1000u			/* read and discard after shutdown(SHUT_WR) */
#define WIRE_LINGER_BYTES	(64u * 1024)
#define WIRE_MIN_PING_MS	5000u			/* PINGs of a client closer than this are strikes */
#define WIRE_KEEPALIVE_MIN_MS	10000u			/* gRPC A8: no client asks more often */
#define WIRE_KEEPALIVE_SCALE_MAX 64u			/* how much rarer PINGs become for strict peers */
#define WIRE_SERVER_PING_MS	60000u			/* server: PING after so much silence */
#define WIRE_SERVER_PING_TIMEOUT_MS 20000u

/* Rates, see guard.h. */
#define WIRE_PEER_RESETS	200u, 20u		/* burst, per second: CVE-2023-44487 */
#define WIRE_OWN_RESETS		100u, 10u		/* CVE-2025-8671 */
#define WIRE_SETTINGS_RATE	10u, 10u
#define WIRE_KEY_UPDATES	10u, 1u			/* TLS 1.3: each costs two derivations and an answer */
#define WIRE_CONTROL_RATE	20000u, 20000u
#define WIRE_CONTROL_IDLE_MAX	1000u			/* control frames without a request between */
#define WIRE_PING_RATE		10u, 10u
#define WIRE_FAULT_LINES	20u, 1u			/* lines in the log about connections ended for cause */
#define WIRE_PING_STRIKES_MAX	2u
#define WIRE_ARRIVALS		256u, 64u		/* connections of one address of strangers: a flood that comes back with a
							 * budget of its own each time; 300 agents behind one address pass */

#endif
