/*
 * enrol.h - how the agent comes to its certificate and keeps it: asks the master for one (with a token, or until an
 * operator accepts it), and renews it in time.
 *
 * Never gives up and never ends the agent: what is wrong is logged once, until it changes. Whom it trusts before it
 * has the CA's certificate: the CA whose fingerprint stands in the token or was configured, else whoever answers
 * first, which is logged and told to the master.
 */
#ifndef AGENT_ENROL_H
#define AGENT_ENROL_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/ready.h"
#include "common/token.h"

enum {
	ENROL_RETRY_MIN_MS = 200, ENROL_RETRY_MAX_MS = 10000,	/* the master cannot be reached, or fails */
	ENROL_AGAIN_MAX_MS = 60 * 1000,		/* who waits or was denied asks again when the master says so, but then at the latest */
	ENROL_CALL_MS = 10000,
	ENROL_LOOK_MS = 60 * 1000	/* at the certificate's age, and between attempts to renew it */
};

struct wire;
struct wire_tls;
struct enrol;

struct enrol_config {			/* borrowed for its life */
	const char *name, *master, *state_dir;
	const char *address;		/* HOST:PORT, for whoever accepts it; may be NULL */
	const struct token *token;	/* NULL: none; copied, the copy is wiped when there is a certificate */
	const uint8_t *pin;		/* SHA-256 of the CA's certificate; NULL: none but the token's; copied */
	/* There is a certificate, at once or when it has come: from here on TLS works. Once. */
	void (*on_identity)(struct wire_tls *tls, void *arg);
	/* How an attempt came out, in borrowed words. */
	void (*on_news)(enum standing standing, const char *words, void *arg);
	void *arg;
};

/* 0, or -errno with *error set to owned words: what is in the state directory cannot be used. */
int enrol_new(struct wire *wire, const struct enrol_config *config, struct enrol **out, char **error);
bool enrol_has_identity(const struct enrol *e);
/* Whether anybody who answers would be trusted. */
bool enrol_trusts_anybody(const struct enrol *e);
void enrol_start(struct enrol *e);
/* SIGHUP: the files are read again. */
void enrol_reload(struct enrol *e);
void enrol_stop(struct enrol *e);
/* After enrol_stop() and wire_free(). NULL is fine. */
void enrol_free(struct enrol *e);

#endif
