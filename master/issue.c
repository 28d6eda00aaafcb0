/*
 * issue.c - see issue.h.
 */
#include "master/issue.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "master/ca.h"
#include "master/master.h"
#include "master/store.h"

int issue_again(struct identities_change *c, const struct identity_record *identity, struct issue *issue)
{
	struct certificate_record cert;
	int err;

	if (!*identity->serial || c->now_s < identity->issued_s ||
	    c->now_s >= identity->issued_s + (identity->not_after_s - identity->issued_s) / 2)
		return -ENOENT;
	err = store_find_certificate(c->m->store, identity->serial, &cert, &issue->der, &issue->len);
	return err ? err : issue->der ? 0 : -ENOENT;
}

static int check_count(struct identities_change *c, const struct identity_record *identity, char **why)
{
	unsigned n = 0;
	int err = store_count_certificates(c->m->store, identity->kind, identity->name, c->now_s, &n);

	if (!err && n >= IDENTITIES_CERTIFICATES_MAX) {
		*why = mem_printf("%s has %u certificates that are valid, and gets no more until some have expired",
				  identity->name, n);
		return -EAGAIN;
	}
	return err;
}

int issue_certificate(struct identities_change *c, struct identity_record *identity, struct issue *issue, char **why)
{
	uint32_t days = identity->kind == WIRE_KIND_OPERATOR ? CA_OPERATOR_DAYS : CA_AGENT_DAYS;
	struct certificate_record cert = { .issued_s = c->now_s };
	int err = check_count(c, identity, why);

	if (!err)
		err = ca_sign(c->m->ca, issue->csr, issue->csr_len, identity->kind, identity->name, c->now_s, days, &issue->der,
			      &issue->len, &cert.identity, why);
	if (err) {
		if (!*why)
			*why = mem_printf("the master's database: %s", strerror(-err));
		return err;
	}
	identity->state = IDENTITY_ACCEPTED;
	identity->issued_s = c->now_s;
	identity->not_after_s = cert.identity.not_after_s;
	snprintf(identity->serial, sizeof identity->serial, "%s", cert.identity.serial);
	store_put_certificate(c->m->store, &cert, issue->der, issue->len);
	store_put_identity(c->m->store, identity);
	store_drop_certificates(c->m->store, c->now_s - IDENTITIES_GRACE_S - 24 * 3600);
	return 0;
}
