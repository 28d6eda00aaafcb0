/*
 * enroll_audit.h - the one place where the decisions about identities and tokens are recorded.
 */
#ifndef MASTER_ENROLL_AUDIT_H
#define MASTER_ENROLL_AUDIT_H

#include "master/principal.h"

struct master;
struct wire_call;

enum { ENROLL_WHO_MAX = 128 };

struct enroll_event {
	const char *event;		/* "agent.enroll", "token.create" */
	const char *name;		/* of the agent, or of whatever it is about */
	const char *object;		/* fingerprint, token's id; NULL: none */
	bool is_denied;
	const char *reason;		/* NULL: none */
};
void enroll_audit(struct master *m, struct wire_call *call, const struct enroll_event *e);

/* "root", "root (claims alice)", "operator:bob": for what is kept beside a decision. */
void enroll_who(struct master *m, struct wire_call *call, char out[ENROLL_WHO_MAX + 1]);

#endif
