/*
 * attack.h - an attack is a row: what it sends, what has to happen, what it may cost meanwhile.
 *
 * Reactions are those of the layer's limits (wire/limits.h); memory is the growth of the process at its peak while
 * several attackers do the same at once.
 */
#ifndef TEST_ABUSE_ATTACK_H
#define TEST_ABUSE_ATTACK_H

#include "test/abuse/peer.h"

enum reaction {
	REACTION_GOAWAY,	/* with this code, then the end of the connection */
	REACTION_RESET,		/* RST_STREAM with this code, the connection lives */
	REACTION_STATUS,	/* grpc-status, the connection lives */
	REACTION_HTTP,		/* an HTTP status that is no 200, the connection lives */
	REACTION_CLOSE,		/* the end of the connection, whatever is said */
	REACTION_BLOCK,		/* nothing more is read from a peer that reads nothing */
	REACTION_NONE		/* the connection lives: it costs little */
};

/* Codes of RFC 9113 section 7 and of gRPC that rows expect. */
enum { PROTOCOL_ERROR = 1, FLOW_CONTROL_ERROR = 3, SETTINGS_TIMEOUT = 4, STREAM_CLOSED = 5, FRAME_SIZE_ERROR = 6,
       REFUSED_STREAM = 7, COMPRESSION_ERROR = 9, CALM = 11 };
enum { DEADLINE_EXCEEDED = 4, RESOURCE_EXHAUSTED = 8, UNIMPLEMENTED = 12, INTERNAL = 13 };

enum { RST_CANCEL = 8 };
/* Handlers at work: for one stranger's connection, and connections that use up those of the process. */
enum { HANDLERS = 8, HANDLER_JOBS = 8 };
enum { SETTING_HEADER_TABLE = 1, SETTING_WINDOW = 4 };

enum attack_flags {
	NO_HELLO = 1,		/* the attack speaks first itself */
	NO_ACK = 2,		/* SETTINGS are never acknowledged */
	MUTE = 4,		/* nothing is read */
	HOLD = 8		/* all attackers keep what they have until the last one is there */
};

struct attack {
	const char *name;
	void (*act)(struct peer *p);
	enum reaction reaction;
	uint32_t code;
	unsigned count;			/* at least so many such resets or statuses; 0: one */
	unsigned flags;			/* enum attack_flags */
	unsigned max_jobs;		/* more attackers than that are refused by another limit; 0: any number */
	unsigned growth_mib;		/* at most, while it lasts; 0: 16 */
	const char *debug;		/* that a GOAWAY has to carry; NULL: any */
};

/* What a row says about its reaction. */
#define GOAWAY(code_)		.reaction = REACTION_GOAWAY, .code = (code_)
#define RESET(code_)		.reaction = REACTION_RESET, .code = (code_)
#define STATUS(code_, n_)	.reaction = REACTION_STATUS, .code = (code_), .count = (n_)
#define HTTP_ERROR		.reaction = REACTION_HTTP
#define CLOSES			.reaction = REACTION_CLOSE
#define BLOCKS			.reaction = REACTION_BLOCK
#define LIVES			.reaction = REACTION_NONE

struct theme {
	const char *name;
	const struct attack *attacks;
	size_t n;
};

extern const struct theme theme_floods, theme_streams, theme_headers, theme_messages, theme_memory, theme_uploads,
	theme_slow, theme_rogue;

/* Paths that master and agent both serve: one unary method, one that stays quiet, one that answers at length. */
#define PATH_CHECK	"/grpc.health.v1.Health/Check"
#define PATH_WATCH	"/grpc.health.v1.Health/Watch"
#define PATH_REFLECT	"/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
/* A unary method that takes large requests. */
const char *path_large(const struct peer *p);
/* The request of reflection for a file of some KiB. */
extern const char reflect_file[];
extern const size_t reflect_file_len;

#endif
