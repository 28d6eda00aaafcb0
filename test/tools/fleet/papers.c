/*
 * papers.c - see papers.h. Files are read once, when a context is made of them: each takes the place of the last. They
 * are in memory: what it costs to sync them is not what is measured.
 */
#include "test/tools/fleet/papers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/mem.h"
#include "common/paths.h"
#include "common/token.h"
#include "master/ca.h"
#include "wire/identity.h"
#include "wire/tls.h"

struct papers {
	char dir[32];
	char *key, *cert, *ca_cert;	/* files */
	uint8_t *csr;
	size_t csr_len;
	struct ca *ca;			/* NULL: there is a token */
	struct wire_tls *first;
	char token[8 + 1 + 32 + 1];
};

static void must(int failed, char *error)
{
	if (!failed)
		return;
	fprintf(stderr, "fleet: %s\n", error ? error : "failed");
	exit(EXIT_FAILURE);
}

static struct wire_tls *make_tls(const struct tls_config *config)
{
	char *error = NULL;
	struct wire_tls *tls = wire_tls_new(config, &error);

	must(!tls, error);
	return tls;
}

static struct wire_tls *use_certificate(struct papers *p, const uint8_t *der, size_t len)
{
	const struct tls_config config = { .cert_file = p->cert, .key_file = p->key, .ca_file = p->ca_cert };
	char *error = NULL;

	must(identity_save_certificate(p->cert, der, len, &error), error);
	return make_tls(&config);
}

static void read_token(struct papers *p, const char *file)
{
	struct tls_config config = { .cert_file = NULL };
	struct token token;
	char *error = NULL;

	must(token_read(file, &token, &error), error);
	config.pin = token.pin;
	p->first = make_tls(&config);
	token_format_short(&token, p->token);
}

static void open_ca(struct papers *p, const char *state_dir)
{
	char *error = NULL;
	size_t len;
	const uint8_t *der;

	must(ca_open(state_dir, NULL, &p->ca, &error), error);
	der = ca_certificate(p->ca, &len);
	must(identity_save_certificate(p->ca_cert, der, len, &error), error);
}

struct papers *papers_open(const char *state_dir, const char *token_file)
{
	struct papers *p = mem_new(struct papers);
	char *error = NULL;

	strcpy(p->dir, "/dev/shm/sloth-fleet.XXXXXX");
	must(!mkdtemp(p->dir), strerror(errno));
	p->key = paths_join(p->dir, "key");
	p->cert = paths_join(p->dir, "cert");
	p->ca_cert = paths_join(p->dir, "ca");
	must(identity_make_key(p->key, &error), error);
	must(identity_request(p->key, &p->csr, &p->csr_len, &error), error);
	if (token_file)
		read_token(p, token_file);
	else
		open_ca(p, state_dir);
	return p;
}

struct wire_tls *papers_first(const struct papers *p)
{
	return p->first;
}

struct wire_tls *papers_sign(struct papers *p, const char *name)
{
	struct wire_identity who;
	struct wire_tls *tls;
	char *error = NULL;
	uint8_t *der;
	size_t len;

	must(ca_sign(p->ca, p->csr, p->csr_len, WIRE_KIND_AGENT, name, wall_s(), CA_AGENT_DAYS, &der, &len, &who, &error), error);
	tls = use_certificate(p, der, len);
	free(der);
	return tls;
}

void papers_fill(const struct papers *p, const char *name, Sloth__V1__EnrollRequest *request)
{
	request->name = (char *)(uintptr_t)name;
	request->csr = (ProtobufCBinaryData){ p->csr_len, p->csr };
	request->token = (char *)(uintptr_t)p->token;
}

struct wire_tls *papers_take(struct papers *p, const Sloth__V1__EnrollResponse *response)
{
	char *error = NULL;

	must(identity_save_certificate(p->ca_cert, response->ca.data, response->ca.len, &error), error);
	return use_certificate(p, response->certificate.data, response->certificate.len);
}

static void free_file(char *path)
{
	unlink(path);
	free(path);
}

void papers_free(struct papers *p)
{
	if (!p)
		return;
	free_file(p->key);
	free_file(p->cert);
	free_file(p->ca_cert);
	rmdir(p->dir);
	wire_tls_free(p->first);
	ca_free(p->ca);
	free(p->csr);
	free(p);
}
