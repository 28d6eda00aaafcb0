/*
 * secure.c - see secure.h.
 *
 * Roles: on the unix socket by credentials (root and the master's own user: admin; whoever else the socket's mode
 * lets in: operator), over TLS by the certificate, over plaintext only with --insecure. What a role may do stands in
 * the method tables, what a principal may do in the policy.
 */
#include "master/secure.h"

#include <ev.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/exits.h"
#include "common/log.h"
#include "common/mem.h"
#include "master/audit.h"
#include "master/ca.h"
#include "master/identities.h"
#include "master/master.h"
#include "master/options.h"
#include "wire/tls.h"
#include "wire/wire.h"

enum { LOOK_S = 60 };		/* how often the age of certificates is looked at */

struct secure {
	struct ca *ca;
	struct wire_tls *tls;
	ev_timer looking;
	bool insecure;
	bool reload_due;		/* the certificate in use is older than the one on disk */
};

/* ---- roles ---- */

bool secure_is_plaintext(const struct wire_peer *peer)
{
	return !peer->is_unix && !peer->is_secure;
}

/* A peer whose credentials the kernel does not tell is nobody. */
static unsigned unix_roles(const struct wire_peer *peer)
{
	if (peer->uid == (uid_t)-1)
		return WIRE_STRANGER;
	return peer->uid == 0 || peer->uid == geteuid() ? WIRE_ADMIN | WIRE_OPERATOR : WIRE_OPERATOR;
}

static unsigned identity_roles(struct master *m, struct wire_peer *peer)
{
	const char *unknown = identities_judge(m, peer);

	if (unknown) {
		peer->refused = unknown;
		return WIRE_STRANGER;
	}
	if (peer->refused)
		return WIRE_EXPIRED;
	switch (peer->identity->kind) {
	case WIRE_KIND_AGENT: return WIRE_AGENT;
	case WIRE_KIND_OPERATOR: return WIRE_OPERATOR;
	case WIRE_KIND_MASTER: return WIRE_MASTER;
	default: return WIRE_STRANGER;
	}
}

static unsigned roles_of(struct wire_peer *peer, void *arg)
{
	struct master *m = arg;
	const struct secure *s = m->secure;

	if (peer->is_unix)
		return unix_roles(peer) | (s->insecure ? WIRE_AGENT : 0);
	if (peer->identity)
		return identity_roles(m, peer);
	if (secure_is_plaintext(peer) && s->insecure && peer->is_loopback)
		return WIRE_AGENT | WIRE_OPERATOR;
	return WIRE_STRANGER;
}

/* ---- the certificate ---- */

static void refresh(struct master *m)
{
	struct secure *s = m->secure;
	char *error = NULL;
	int rv = ca_refresh_leaf(s->ca, wall_s(), &error);

	s->reload_due |= rv == 1;
	if (rv >= 0 && s->reload_due)
		rv = wire_tls_reload(s->tls, &error);
	if (rv < 0) {
		log_error("the master's certificate cannot be renewed: %s", error);
	} else if (s->reload_due) {
		s->reload_due = false;
		log_info("the master has a new certificate");
		audit_note_past(m->audit, &(struct audit_event){ .event = "ca.renew", .object = "master" });
	}
	free(error);
}

static bool has_expired(const struct wire_peer *peer, void *arg)
{
	return peer->identity && peer->identity->not_after_s < *(const int64_t *)arg;
}

/* What was let in when its certificate was good is not let in for ever. */
static void look(struct master *m)
{
	int64_t now = wall_s();

	refresh(m);
	wire_cut(m->wire, has_expired, &now, "the peer's certificate has expired");
}

static void on_looking(struct ev_loop *loop, ev_timer *w, int events)
{
	(void)loop;
	(void)events;
	look(w->data);
}

static struct wire_tls *make_tls(const struct secure *s, char **error)
{
	const struct tls_config config = {
		.cert_file = ca_leaf_file(s->ca), .key_file = ca_leaf_key_file(s->ca), .ca_file = ca_cert_file(s->ca),
	};

	return wire_tls_new(&config, error);
}

static int open_ca(struct secure *s, const struct master *m, const struct options *o, char **error)
{
	int status = ca_open(m->state_dir, o->ca_key, &s->ca, error);

	if (status != EXIT_OK)
		return status;
	if (ca_refresh_leaf(s->ca, wall_s(), error) < 0)
		return EXIT_FAILED;	/* it was to be written */
	s->tls = make_tls(s, error);
	return s->tls ? EXIT_OK : EXIT_CONFIG;
}

int secure_open(struct master *m, const struct options *o, char **error)
{
	struct secure *s = mem_new(struct secure);
	int status;

	m->secure = s;
	s->insecure = o->insecure;
	ev_timer_init(&s->looking, on_looking, LOOK_S, LOOK_S);
	s->looking.data = m;
	status = open_ca(s, m, o, error);
	if (status != EXIT_OK)
		return status;
	wire_set_admission(m->wire, roles_of, m);
	wire_set_tls(m->wire, s->tls);
	if (!o->insecure)
		wire_require_tls(m->wire);
	ev_timer_start(m->loop, &s->looking);
	log_info("cluster %s, CA %s", ca_cluster(s->ca), ca_fingerprint(s->ca));
	return EXIT_OK;
}

void secure_reload(struct master *m)
{
	char *error = NULL;

	if (wire_tls_reload(m->secure->tls, &error))
		log_error("certificates stay as they were: %s", error);
	free(error);
	look(m);
}

void secure_stop(struct master *m)
{
	ev_timer_stop(m->loop, &m->secure->looking);
}

void secure_free(struct master *m)
{
	struct secure *s = m->secure;

	if (!s)
		return;
	wire_tls_free(s->tls);
	ca_free(s->ca);
	free(s);
	m->secure = NULL;
}

struct ca *secure_ca(const struct master *m)
{
	return m->secure->ca;
}

struct wire_tls *secure_tls(const struct master *m)
{
	return m->secure ? m->secure->tls : NULL;
}
