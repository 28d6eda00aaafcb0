/*
 * principal.h - who a call comes from, in the one text that policy, audit log and agents know:
 *
 *   "alice", "uid:1234"                   a user of the master's machine, by the credentials of the unix socket
 *   "operator:alice", "agent:web1"        by certificate
 *   "tcp:127.0.0.1:4711"                  by nothing but an address
 *
 * Beside it stands what the caller claims (sloth-login, the login that became root, say): not verified, never a
 * part of the text, and no rule may look at it.
 */
#ifndef MASTER_PRINCIPAL_H
#define MASTER_PRINCIPAL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "wire/addr.h"
#include "wire/wire.h"

enum { PRINCIPAL_CLAIMS_MAX = 64, PRINCIPAL_NAME_MAX = WIRE_ADDR_MAX + 4, PRINCIPAL_USERS = 16 };

struct principal {
	char name[PRINCIPAL_NAME_MAX];
	char claims[PRINCIPAL_CLAIMS_MAX + 1];	/* "": none, or the same as the name */
	const char *from;			/* address; lives as long as the connection */
	unsigned roles;				/* set of enum wire_roles */
};

/*
 * Names of users. The user database may be a server far away, so each answer is used for a while. Zeroed: fresh.
 */
struct principal_users {
	struct principal_user {
		uid_t uid;
		uint64_t until_ms;		/* 0: unused */
		char name[WIRE_NAME_MAX + 1];
	} users[PRINCIPAL_USERS];
	unsigned next;				/* the one to be replaced */
};

/* Whether two names are those of one principal. Somebody without TLS has another port each time he connects. */
bool principal_is_same(const char *a, const char *b);

void principal_of_call(struct principal *p, struct principal_users *users, struct wire_call *call);
/* The two parts of it. `claim` is what came over the wire, or "". */
void principal_of_peer(struct principal *p, struct principal_users *users, const struct wire_peer *peer);
void principal_set_claim(struct principal *p, const char *claim);

#endif
