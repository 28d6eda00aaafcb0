/* What a server makes of a client's certificate by its times: an expired one still says who it is, so that it can be
 * renewed. */
#include <ev.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/exits.h"
#include "common/fd.h"
#include "common/mem.h"
#include "master/ca.h"
#include "test/lib/tmp.h"
#include "test/lib/unit.h"
#include "wire/credential.h"
#include "wire/tls.h"
#include "wire/wire.h"

enum { DAY_S = 24 * 3600 };

struct meeting {
	struct wire *server, *client;
	struct wire_listener *listener;
	unsigned n_up, n_down;
	/* what the server knows of the client */
	enum wire_kind kind;
	char name[WIRE_NAME_MAX + 1], refused[200];
};

static void server_up(struct wire_conn *conn, const struct wire_peer *peer, void *arg)
{
	struct meeting *m = arg;

	(void)conn;
	m->n_up++;
	if (peer->identity) {
		m->kind = peer->identity->kind;
		strcpy(m->name, peer->identity->name);
	}
	if (peer->refused)
		strncat(m->refused, peer->refused, sizeof m->refused - 1);
}

static void server_down(struct wire_conn *conn, const char *why, void *arg)
{
	struct meeting *m = arg;

	(void)conn;
	(void)why;
	m->n_down++;
	wire_listener_close(m->listener);
}

static void client_up(struct wire_conn *conn, const struct wire_peer *peer, void *arg)
{
	(void)peer;
	(void)arg;
	wire_conn_close(conn, 0, "seen");
}

/* A certificate that began so many days before now and lives for 30. */
static void enrol(struct ca *ca, struct credential *files, int64_t age_days)
{
	struct wire_identity who;
	uint8_t *csr, *der;
	size_t csr_len, len, ca_len;
	const uint8_t *ca_der = ca_certificate(ca, &ca_len);
	char *error = NULL;

	ck_assert_int_eq(credential_request(files, &csr, &csr_len, &error), 0);
	ck_assert_int_eq(ca_sign(ca, csr, csr_len, WIRE_KIND_OPERATOR, "alice", wall_s() - age_days * DAY_S, 30, &der, &len,
				 &who, &error), 0);
	ck_assert_int_eq(credential_take(files, WIRE_KIND_OPERATOR, NULL, der, len, ca_der, ca_len, &error), 0);
	free(csr);
	free(der);
}

static struct wire_tls *tls_of(const char *cert, const char *key, const char *ca)
{
	const struct tls_config config = { .cert_file = cert, .key_file = key, .ca_file = ca };
	char *error = NULL;
	struct wire_tls *tls = wire_tls_new(&config, &error);

	ck_assert_msg(tls != NULL, "%s", error);
	return tls;
}

static void meet(struct meeting *m, struct wire_tls *server_tls, struct wire_tls *client_tls)
{
	static const struct wire_conn_ops server_ops = { .on_up = server_up, .on_down = server_down };
	static const struct wire_conn_ops client_ops = { .on_up = client_up };
	struct ev_loop *loop = ev_loop_new(EVFLAG_NOENV);
	struct wire_dial dial = { .role = WIRE_CLIENT, .tls = client_tls, .expect = WIRE_KIND_MASTER };
	char *error = NULL;

	*m = (struct meeting){ .server = wire_new(loop), .client = wire_new(loop) };
	wire_set_tls(m->server, server_tls);
	m->listener = wire_listen(m->server, "127.0.0.1:0", &server_ops, m, &error);
	ck_assert_msg(m->listener != NULL, "%s", error);
	dial.address = wire_listener_address(m->listener);
	wire_dial(m->client, &dial, &client_ops, m);
	ev_run(loop, 0);
	wire_free(m->client);
	wire_free(m->server);
	ev_loop_destroy(loop);
	ck_assert_uint_eq(m->n_up, 1);
	ck_assert_uint_eq(m->n_down, 1);
}

static const struct {
	int64_t age_days;
	enum wire_kind kind;
	const char *refused;
} rows[] = {
	{ 0, WIRE_KIND_OPERATOR, "" },
	{ 29, WIRE_KIND_OPERATOR, "" },
	{ 40, WIRE_KIND_OPERATOR, "the certificate of operator alice has expired on " },
	{ 400, WIRE_KIND_OPERATOR, "the certificate of operator alice has expired on " },
	{ -3, WIRE_KIND_NONE, "the certificate of operator alice is not valid before " },
};

static void check_row(size_t i)
{
	struct credential files;
	struct meeting m;
	struct ca *ca;
	struct wire_tls *server_tls, *client_tls;
	char *dir = mem_printf("%s/%zu", tmp_path("row"), i), *error = NULL;

	ck_assert_int_eq(fd_make_dirs(dir, 0700), 0);
	ck_assert_msg(ca_open(dir, NULL, &ca, &error) == EXIT_OK, "%s", error);
	ck_assert_int_eq(ca_refresh_leaf(ca, wall_s(), &error), 1);
	ck_assert_int_eq(credential_open(&files, dir, "operator", &error), 0);
	enrol(ca, &files, rows[i].age_days);
	server_tls = tls_of(ca_leaf_file(ca), ca_leaf_key_file(ca), ca_cert_file(ca));
	client_tls = tls_of(files.cert, files.key, files.ca);
	meet(&m, server_tls, client_tls);
	ck_assert_int_eq(m.kind, rows[i].kind);
	ck_assert_str_eq(m.name, m.kind ? "alice" : "");
	ck_assert_msg(!strncmp(m.refused, rows[i].refused, strlen(rows[i].refused)), "%s", m.refused);
	ck_assert(!*rows[i].refused == !*m.refused);
	wire_tls_free(client_tls);
	wire_tls_free(server_tls);
	credential_done(&files);
	ca_free(ca);
	free(dir);
}

START_TEST(tls_knows_who_has_expired)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		check_row(i);
}
END_TEST

UNIT_MAIN(tls_knows_who_has_expired)
