/*
 * identities.h - names and the keys that have them: what may happen to an identity, whoever asked for it.
 *
 * A change is one transaction. What it makes void is in STATE/revoked before it is committed, so that a master that
 * dies in between has revoked too much and never too little; then the connections of those identities are cut.
 */
#ifndef MASTER_IDENTITIES_H
#define MASTER_IDENTITIES_H

#include <stdbool.h>
#include <stdint.h>

#include "master/store_trust.h"

struct master;
struct wire_peer;

enum {
	IDENTITIES_WAITING_MAX = 4096,			/* strangers fill the disk */
	IDENTITIES_WAITING_PER_HOST_MAX = 1024,		/* and one of them keeps the others out */
	IDENTITIES_WAIT_S = 24 * 3600,
	IDENTITIES_REJECTED_S = 30 * 24 * 3600,		/* then its key may ask again */
	IDENTITIES_GRACE_S = 365 * 24 * 3600,		/* that long an expired one may renew itself */
	IDENTITIES_CERTIFICATES_MAX = 64		/* valid ones of one identity: it renews itself in a circle */
};

struct identities_change {
	struct master *m;
	int64_t now_s;
	struct revoked_record *voided;		/* certificates */
	size_t n_voided;
	struct identity_record *ended;		/* whose connections are cut */
	size_t n_ended;
	bool is_open;
};

void identities_begin(struct identities_change *c, struct master *m, int64_t now_s);
/* The identity and all of its certificates, also those of former keys, are void. -errno of the store. */
int identities_void(struct identities_change *c, const struct identity_record *identity, const char *by);
/* Makes another key the one that has the name. */
void identities_move(struct identities_change *c, const struct identity_record *from, const struct identity_record *to);
/* 0 or -errno: nothing was changed, except that what was made void may be void. */
int identities_commit(struct identities_change *c);
/* Does nothing after a commit. */
void identities_abandon(struct identities_change *c);

/* Whether one more may wait; drops those that have waited for too long. 0; -ENOSPC with *why set to owned words; -errno
 * of the store. In a change. */
int identities_make_room(struct identities_change *c, const char *host, char **why);

/*
 * For the admission of a peer whose certificate is good: does this master know it? NULL: it does; else static words.
 * A certificate that the database has lost is entered again when the file of revocations is old enough to
 * answer for it; else it waits, like a stranger, to be accepted.
 */
const char *identities_judge(struct master *m, const struct wire_peer *peer);

/* Two thirds and a tenth of its newest certificate's life are over. */
bool identities_is_late(const struct identity_record *identity, int64_t now_s);
/* "agent web1 (SHA256 0123456789ab...)", in one of the buffers of str_quote(). */
const char *identities_text(const struct identity_record *identity);
/* The host of a peer, for records: no port, no brackets. */
void identities_host(const struct wire_peer *peer, char out[TRUST_HOST_MAX + 1]);

#endif
