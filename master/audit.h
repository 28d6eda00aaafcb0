/*
 * audit.h - who did what: an append-only log of JSON lines, STATE/audit/audit.log.
 *
 *   audit.log                             the current file
 *   audit.log.20261125T070000.000Z        a full one, named after the time of its last record
 *
 * Nothing that has to be recorded happens unrecorded: audit_note() says whether the record is written, and who
 * cannot have one does not begin. When the disk is full, the oldest files go first. What has happened already and
 * cannot be written waits in memory, AUDIT_BACKLOG_MAX bytes of it; what goes beyond is counted, and the count is
 * recorded later.
 *
 * What survives: a record is one write(2), so the death of the master loses none and cuts none. With the power of
 * the machine the last seconds may be lost: the kernel is asked to write out once a second, without waiting for the
 * disk, because the loop would wait too; a full file and the last one are synced. A line that was cut is ended at
 * the next start, and readers skip it.
 *
 * No secret comes here: tokens, keys and values of environment variables are not to be put into an event.
 */
#ifndef MASTER_AUDIT_H
#define MASTER_AUDIT_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/list.h"

struct audit;
struct ev_loop;
struct principal;

enum {
	AUDIT_RECORD_MAX = 64 * 1024,	/* bytes of a line at most */
	AUDIT_VALUE_MAX = 4096,		/* of a command, of all of an argument vector, of a reason */
	AUDIT_BACKLOG_MAX = 1024 * 1024,
	AUDIT_RUN_ID_MAX = 16
};

struct audit_limits {
	uint64_t file_bytes;		/* a file is full */
	uint64_t total_bytes;		/* of all files; the oldest are deleted, never the current one */
	uint64_t keep_s;		/* age of the last record of a file */
	unsigned disk_percent;		/* used of the file system: a warning */
};
extern const struct audit_limits audit_default_limits;

/* How a run ended. */
struct audit_result {
	const char *state;		/* "exited", "signalled", ..., "unreachable", "unknown" */
	uint64_t code;			/* exit status or signal number, as `state` says */
	bool has_counts;
	uint64_t stdout_bytes, stderr_bytes, duration_ms;
};

/* One record. What is NULL or 0 is left out. Text may be anything: it is cut and made UTF-8 here. */
struct audit_event {
	const char *event;		/* "run.start", "agent.accept"; never NULL */
	const struct principal *who;	/* NULL: the master itself */
	const char *agent;		/* the agent that it is about */
	const char *object;		/* anything else that it is about: an operator, a token's id, a fingerprint */
	const char *command;
	const ProtobufCBinaryData *argv;
	size_t n_argv;
	const ProtobufCBinaryData *env;	/* NAME=VALUE; the names are recorded */
	size_t n_env;
	const uint8_t *run_id;
	size_t run_id_len;
	const char *run_as;		/* user; NULL or "": the agent's own */
	const char *cwd;
	bool is_decided;		/* somebody asked whether it may be done */
	bool is_denied;
	const char *rule;		/* that decided */
	const struct audit_result *result;
	const char *reason;		/* in words */
};

/* Never fails: what cannot be opened is tried again with every record. `limits` is copied; NULL: the default. */
struct audit *audit_open(struct ev_loop *loop, const char *dir, const struct audit_limits *limits);
/* Everything is synced. NULL is fine. Every follower has to be gone. */
void audit_close(struct audit *a);

/* For what must not happen unrecorded. 0, or -errno: it is not recorded, see audit_failing(). */
int audit_note(struct audit *a, const struct audit_event *e) __attribute__((warn_unused_result));
/* For what has happened: written now or later. */
void audit_note_past(struct audit *a, const struct audit_event *e);
/* Why records cannot be written and what to do, in words; NULL: they can. */
const char *audit_failing(const struct audit *a);
/* i-th thing that an operator should know; NULL past the last. Valid until the next call. */
const char *audit_warning(struct audit *a, size_t i);

const char *audit_dir(const struct audit *a);
/* The inode of the current file, 0: there is none. */
uint64_t audit_inode(const struct audit *a);

/* Told after records were written; embedded in whoever reads them. */
struct audit_follower {
	struct list link;
	void (*told)(void *arg);
	void *arg;
};
void audit_follow(struct audit *a, struct audit_follower *f);
void audit_unfollow(struct audit_follower *f);

#endif
