/*
 * audit_run.h - what the audit log has of one run: that it begins, before it may, and how it ended. Also of those
 * that were not allowed to begin.
 *
 * Two records with one run id: "run.start" and "run.end" ("resume.*", "execute.*"). Where the second one is missing,
 * the master died in between.
 */
#ifndef MASTER_AUDIT_RUN_H
#define MASTER_AUDIT_RUN_H

#include "master/audit.h"
#include "wire/wire.h"

struct audit_run;
struct history_end;
struct master;

/* What is asked for: borrowed. `kind` is static: "run", "resume", "execute". */
struct audit_run_what {
	const char *kind;
	struct audit_event event;	/* agent, command, argv, env, run_id, run_as, cwd, rule */
};

/* Records the beginning. NULL: that cannot be done, and the call has been ended with words. A run without an id of
 * the caller's gets one. */
struct audit_run *audit_run_begin(struct master *m, struct wire_call *call, const struct audit_run_what *what);
/* Records that it may not begin. */
void audit_run_deny(struct master *m, struct wire_call *call, const struct audit_run_what *what, const char *reason);

/* Records the end, once: *run is NULL afterwards. NULL in *run is fine. */
void audit_run_end(struct audit_run **run, const struct audit_result *result, const char *reason);
/* The same without counts. */
void audit_run_end_as(struct audit_run **run, const char *state, const char *reason);
/* From the agent's call, which has ended: its last message and its trailers, or, where they do not say, its status. */
void audit_run_end_by_call(struct audit_run **run, const struct history_end *end);

#endif
