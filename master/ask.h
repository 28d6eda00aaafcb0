/*
 * ask.h - one call that asks for a certificate: what Enroll and Renew have in common.
 *
 * Steps return true to go on, or false when the ask is decided. Whatever the decision, ask_end() commits or abandons
 * the change, answers, and frees.
 */
#ifndef MASTER_ASK_H
#define MASTER_ASK_H

#include <stdbool.h>

#include "master/identities.h"
#include "master/issue.h"
#include "wire/proto/sloth.pb-c.h"
#include "wire/wire.h"

struct ask {
	struct master *m;
	struct wire_call *call;
	const struct wire_peer *peer;
	struct identities_change change;
	enum wire_kind kind;
	const char *name, *address;
	bool is_unix, has_token;
	char from[TRUST_HOST_MAX + 1];
	struct token_record token;
	struct issue issue;
	char issue_key[WIRE_FINGERPRINT_LEN + 1];	/* of the request */
	struct identity_record mine, holder;		/* of name and key; of the name, with another key */
	bool is_known, is_held;
	bool has_moved;					/* `mine` has another address than in the store */
	bool writes;					/* the change has something to commit */
	const char *event;				/* for the records; NULL: nothing has happened */

	enum wire_code code;
	Sloth__V1__EnrollState state;
	uint32_t retry_ms;
	char *words;
};

/* False: the call has been answered. The change is begun by whoever goes on. */
bool ask_begin(struct ask *a, struct master *m, struct wire_call *call);
void ask_end(struct ask *a);

/* Decisions; always false. */
bool ask_refuse(struct ask *a, enum wire_code code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
bool ask_fail(struct ask *a, int err);			/* of the store */
bool ask_answer(struct ask *a, Sloth__V1__EnrollState state, uint32_t retry_ms, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
bool ask_answer_pending(struct ask *a);
bool ask_issue(struct ask *a, const char *event);	/* a new certificate for `mine` */

/* Steps. */
bool ask_check_key(struct ask *a, ProtobufCBinaryData csr);
bool ask_look(struct ask *a);				/* fills mine, holder */
bool ask_wait(struct ask *a, enum identity_state state);	/* `mine` waits in this state */
bool ask_void_holder(struct ask *a);
/* The caller is the very identity that it asks for. */
bool ask_is_own(const struct ask *a);

#endif
