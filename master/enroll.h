/*
 * enroll.h - who asks for a certificate, and the table of sloth.v1.Master's methods about trust.
 *
 * Happy path: a token is checked, a use of it counted, a certificate signed and all of it committed in one
 * transaction, then answered. Without a token an agent waits until it is accepted and asks again meanwhile.
 *
 * Failures: what cannot be written is UNAVAILABLE and has not happened; without a CA everything is
 * FAILED_PRECONDITION. A name that belongs to another key is denied, and shown to the operator.
 */
#ifndef MASTER_ENROLL_H
#define MASTER_ENROLL_H

struct master;

enum {
	ENROLL_RETRY_SOON_MS = 2000,		/* while it has waited for less than a minute */
	ENROLL_RETRY_MS = 10000,
	ENROLL_SOON_S = 60
};

/* Needs m->store. EXIT_OK, or an exit status with *error set to owned words. */
int enroll_open(struct master *m, char **error);
void enroll_free(struct master *m);
/* May come before enroll_open(). */
void enroll_serve(struct master *m);

#endif
