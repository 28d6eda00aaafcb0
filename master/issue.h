/*
 * issue.h - certificates for identities: signed, kept, handed out again to the same key.
 */
#ifndef MASTER_ISSUE_H
#define MASTER_ISSUE_H

#include <stddef.h>
#include <stdint.h>

#include "master/identities.h"

struct issue {
	const uint8_t *csr;		/* checked by ca_check_request() */
	size_t csr_len;
	uint8_t *der;			/* the certificate, owned by whoever asked */
	size_t len;
};

/*
 * Signs the request for an identity, which is accepted from here on and gets its serial and times. In a change; who
 * commits it makes it true. 0; -EAGAIN: too many are valid; -errno: with *why set to owned words.
 */
int issue_certificate(struct identities_change *c, struct identity_record *identity, struct issue *issue, char **why);
/*
 * The newest certificate of an identity once more, if it is in the first half of its life: an answer that was lost
 * costs nothing. -ENOENT: one has to be made.
 */
int issue_again(struct identities_change *c, const struct identity_record *identity, struct issue *issue);

#endif
