#include "test/lib/cluster.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/mem.h"
#include "master/enroll.h"
#include "master/identities.h"
#include "master/revoked.h"
#include "master/store.h"
#include "wire/identity.h"

/* ---- the master ---- */

static unsigned admit(struct wire_peer *peer, void *arg)
{
	struct cluster *c = arg;

	c->unknown = NULL;
	if (peer->is_unix)
		return WIRE_ANYONE;
	if (!peer->identity)
		return WIRE_STRANGER;
	c->unknown = identities_judge(&c->w.m, peer);
	if (c->unknown) {
		peer->refused = c->unknown;
		return WIRE_STRANGER;
	}
	if (peer->refused)
		return WIRE_EXPIRED;
	return peer->identity->kind == WIRE_KIND_OPERATOR ? WIRE_OPERATOR : WIRE_AGENT;
}

const char *cluster_file(const struct cluster *c, const char *leaf)
{
	static char path[TMP_DIR_MAX + 100];

	snprintf(path, sizeof path, "%s/%s", c->dir, leaf);
	return path;
}

static void open_trust(struct cluster *c)
{
	struct master *m = &c->w.m;
	char *error = NULL;

	ck_assert_msg(!enroll_open(m, &error), "%s", error);
	wire_tls_set_revoked(c->tls, revoked_has, m->revoked);
}

static void open_tls(struct cluster *c)
{
	struct master *m = &c->w.m;
	struct tls_config config = { 0 };
	char *error = NULL;

	ck_assert_msg(!ca_open(c->dir, NULL, &m->ca, &error), "%s", error);
	ck_assert_msg(ca_refresh_leaf(m->ca, wall_s(), &error) >= 0, "%s", error);
	config.cert_file = ca_leaf_file(m->ca);
	config.key_file = ca_leaf_key_file(m->ca);
	config.ca_file = ca_cert_file(m->ca);
	c->tls = wire_tls_new(&config, &error);
	ck_assert_msg(c->tls != NULL, "%s", error);
	wire_set_tls(m->wire, c->tls);
}

/* A state directory of its own for each test, also where all run in one process. */
void cluster_open(struct cluster *c)
{
	static unsigned n;
	char leaf[32], *error = NULL;

	*c = (struct cluster){ .tls = NULL };
	snprintf(leaf, sizeof leaf, "state-%u", n++);
	snprintf(c->dir, sizeof c->dir, "%s", tmp_path(leaf));
	ck_assert(!mkdir(c->dir, 0700));
	world_open(&c->w);
	store_close(c->w.m.store);
	c->w.m.store = store_open(cluster_file(c, "registry.db"), &error);
	c->w.m.state_dir = c->dir;
	wire_set_admission(c->w.m.wire, admit, c);
	open_tls(c);
	open_trust(c);
	enroll_serve(&c->w.m);
	c->port = wire_listen(c->w.m.wire, "127.0.0.1:0", NULL, NULL, &error);
	ck_assert_msg(c->port != NULL, "%s", error);
}

void cluster_close(struct cluster *c)
{
	struct ca *ca = c->w.m.ca;

	world_close(&c->w);
	enroll_free(&c->w.m);
	wire_tls_free(c->tls);
	ca_free(ca);
}

void cluster_restart(struct cluster *c, void (*between)(struct cluster *c))
{
	char *why = NULL;

	enroll_free(&c->w.m);
	store_close(c->w.m.store);
	between(c);
	c->w.m.store = store_open(cluster_file(c, "registry.db"), &why);
	ck_assert_msg(c->w.m.store != NULL, "%s", why);
	open_trust(c);
}

/* ---- members ---- */

void member_open(struct member *m, struct cluster *c)
{
	static unsigned n;
	char *error = NULL;

	*m = (struct member){ .c = c };
	snprintf(m->key_file, sizeof m->key_file, "%s/m%u.key", c->dir, n);
	snprintf(m->cert_file, sizeof m->cert_file, "%s/m%u.crt", c->dir, n++);
	ck_assert_msg(!identity_make_key(m->key_file, &error), "%s", error);
	ck_assert_msg(!identity_request(m->key_file, &m->csr, &m->csr_len, &error), "%s", error);
	ck_assert_msg(!identity_key_fingerprint(m->key_file, m->key, &error), "%s", error);
}

void member_close(struct member *m)
{
	wire_free(m->wire);
	wire_tls_free(m->tls);
	free(m->csr);
	m->wire = NULL;
}

static void ask(struct member *m, const char *name, const char *token, struct record *r)
{
	Sloth__V1__EnrollRequest request = SLOTH__V1__ENROLL_REQUEST__INIT;

	request.name = (char *)(uintptr_t)name;
	request.token = (char *)(uintptr_t)token;
	request.csr = (ProtobufCBinaryData){ m->csr_len, m->csr };
	request.first_use = !*token;
	request.address = (char *)(uintptr_t)"10.9.8.7:50051";
	world_call(&m->c->w, "/sloth.v1.Master/Enroll", &request.base, r);
	wire_half_close(r->call);
	pair_run(&m->c->w.turn, pair_is, &r->ended);
}

const Sloth__V1__EnrollResponse *member_enroll(struct member *m, const char *name, const char *token)
{
	static Sloth__V1__EnrollResponse *response;
	struct record r;

	ask(m, name, token, &r);
	ck_assert_msg(r.code == WIRE_OK, "%s", r.why);
	if (response)
		sloth__v1__enroll_response__free_unpacked(response, NULL);
	response = sloth__v1__enroll_response__unpack(NULL, buf_len(&r.last), buf_data(&r.last));
	ck_assert_ptr_nonnull(response);
	ck_assert_str_eq(response->fingerprint, m->key);
	record_done(&r);
	return response;
}

void member_enroll_fails(struct member *m, const char *name, const char *token, enum wire_code code, const char *words)
{
	struct record r;

	ask(m, name, token, &r);
	ck_assert_msg(r.code == code && strstr(r.why, words), "%d: %s", r.code, r.why);
	record_done(&r);
}

void member_keep(struct member *m, const Sloth__V1__EnrollResponse *response)
{
	char *error = NULL;

	ck_assert_msg(response->state == SLOTH__V1__ENROLL_STATE__ENROLL_STATE_ISSUED, "%s", response->message);
	ck_assert_msg(!identity_save_certificate(m->cert_file, response->certificate.data, response->certificate.len, &error), "%s",
		      error);
	ck_assert_msg(!identity_check_pair(m->key_file, m->cert_file, &error), "%s", error);
}

static void on_up(struct wire_conn *conn, const struct wire_peer *peer, void *arg)
{
	struct member *m = arg;

	(void)conn, (void)peer;
	m->n_up++;
}

static void on_down(struct wire_conn *conn, const char *why, void *arg)
{
	struct member *m = arg;

	(void)conn;
	m->n_down++;
	m->conn = NULL;
	snprintf(m->why, sizeof m->why, "%s", why);
}

static bool has_begun(void *arg)
{
	struct member *m = arg;

	return m->n_up || m->n_down;
}

void member_connect(struct member *m)
{
	static const struct wire_conn_ops ops = { .on_up = on_up, .on_down = on_down };
	struct tls_config config = { m->cert_file, m->key_file, ca_cert_file(m->c->w.m.ca), NULL, false };
	struct wire_dial dial = { .role = WIRE_CLIENT, .expect = WIRE_KIND_MASTER };
	char *error = NULL;

	wire_free(m->wire);
	wire_tls_free(m->tls);
	m->wire = wire_new(m->c->w.turn.loop);
	m->tls = wire_tls_new(&config, &error);
	ck_assert_msg(m->tls != NULL, "%s", error);
	dial.address = wire_listener_address(m->c->port);
	dial.tls = m->tls;
	m->n_up = m->n_down = 0;
	m->conn = wire_dial(m->wire, &dial, &ops, m);
	pair_run(&m->c->w.turn, has_begun, m);
	ck_assert_msg(m->n_up == 1, "%s", m->why);
}

void member_call(struct member *m, const char *path, const ProtobufCMessage *request, struct record *r)
{
	const struct wire_request how = { .path = path };

	*r = (struct record){ .call = NULL };
	r->call = wire_call(m->conn, &how, &record_ops, r);
	wire_send_message(r->call, request);
	wire_half_close(r->call);
	pair_run(&m->c->w.turn, pair_is, &r->ended);
}
