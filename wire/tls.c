/*
 * tls.c - contexts: the files, and what both ends insist on. See tls.h.
 */
#include "wire/tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/str.h"
#include "wire/libraries.h"
#include "wire/tls_session.h"
#include "wire/x509.h"

enum {
	READ_BUFFER = 4 * (16 * 1024 + 22) + 8,	/* four full records with their heads and tails in one read(2), and alignment */
	CHAIN_MAX = 16 * 1024		/* what a peer may send of certificates: ours are two of less than 1 KiB */
};

/* What a stranger can make us compute: nothing slower than these. */
static const char groups[] = "X25519:P-256:P-384", client_signatures[] = "ECDSA+SHA256:ECDSA+SHA384:ed25519";

/* All that TLS 1.3 has here, the cheapest that is as good first (RFC 8446 B.4). */
static const char ciphersuites[] = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";

static const uint8_t alpn_h2[] = "\2h2", alpn_rh2[] = "\3rh2";

/* ---- contexts ---- */

static int select_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *in,
			   unsigned int in_len, void *arg)
{
	static const uint8_t known[] = "\2h2\3rh2\10http/1.1\10http/1.0";
	unsigned char *chosen;

	(void)ssl;
	(void)arg;
	if (SSL_select_next_proto(&chosen, out_len, known, sizeof known - 1, in, in_len) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

static SSL_CTX *new_context(struct tls *tls, const SSL_METHOD *method)
{
	SSL_CTX *ctx = SSL_CTX_new(method);

	if (!ctx)
		abort();
	SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION);
	SSL_CTX_clear_mode(ctx, SSL_MODE_AUTO_RETRY);
	if (SSL_CTX_set_ciphersuites(ctx, ciphersuites) != 1 || SSL_CTX_set1_groups_list(ctx, groups) != 1 ||
	    SSL_CTX_set1_client_sigalgs_list(ctx, client_signatures) != 1)
		abort();
	SSL_CTX_set_max_cert_list(ctx, CHAIN_MAX);
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET);
	SSL_CTX_set_num_tickets(ctx, 0);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_read_ahead(ctx, 1);
	SSL_CTX_set_default_read_buffer_len(ctx, READ_BUFFER);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);		/* a server asks, and takes clients without one */
	SSL_CTX_set_cert_verify_callback(ctx, tls_verify_callback, tls);
	return ctx;
}

/* The certificate, its key, and of a server the CA's certificate behind it: so a client that knows a pin finds it. From
 * clients it would be one more that a master has to decode, which is a tenth of a handshake. Owned words or NULL. */
static char *use_certificate(const struct tls *tls, SSL_CTX *ctx, X509 *ca)
{
	char *error = NULL;
	X509 *cert = x509_read_certificate(tls->cert_file, &error);
	EVP_PKEY *key = cert ? x509_read_key(tls->key_file, &error) : NULL;

	if (key && (SSL_CTX_use_certificate(ctx, cert) != 1 || SSL_CTX_use_PrivateKey(ctx, key) != 1 ||
		    (ca && SSL_CTX_add1_chain_cert(ctx, ca) != 1)))
		error = x509_error(tls->cert_file, "cannot be used with its key and its CA");
	X509_free(cert);
	EVP_PKEY_free(key);
	return error;
}

static void free_contexts(SSL_CTX *client, SSL_CTX *server, X509 *ca)
{
	SSL_CTX_free(client);
	SSL_CTX_free(server);
	X509_free(ca);
}

int wire_tls_reload(struct wire_tls *face, char **error)
{
	struct tls *tls = (struct tls *)face;
	SSL_CTX *client, *server;
	X509 *ca;

	ERR_clear_error();
	*error = NULL;
	ca = tls->ca_file ? x509_read_certificate(tls->ca_file, error) : NULL;
	if (*error)
		return -EINVAL;
	client = new_context(tls, TLS_client_method());
	server = new_context(tls, TLS_server_method());
	SSL_CTX_set_alpn_select_cb(server, select_protocol, NULL);
	if (tls->cert_file) {
		*error = use_certificate(tls, client, NULL);
		if (!*error)
			*error = use_certificate(tls, server, ca);
	}
	if (*error) {
		free_contexts(client, server, ca);
		return -EINVAL;
	}
	free_contexts(tls->client, tls->server, tls->ca);
	tls->client = client;
	tls->server = server;
	tls->ca = ca;
	return 0;
}

/* ---- sessions ---- */

static struct transport *tls_connect(struct wire_tls *face, struct transport *below, const struct transport_wish *wish)
{
	struct tls *tls = (struct tls *)face;
	struct transport *t = tls_session_new(tls, tls->client, below, wish);
	SSL *ssl = ((struct tls_session *)t)->ssl;

	SSL_set_connect_state(ssl);
	if (wish->is_reverse)
		SSL_set_alpn_protos(ssl, alpn_rh2, sizeof alpn_rh2 - 1);
	else
		SSL_set_alpn_protos(ssl, alpn_h2, sizeof alpn_h2 - 1);
	if (wish->kind == WIRE_KIND_MASTER)
		SSL_set_tlsext_host_name(ssl, "slothd-master");
	else if (wish->kind == WIRE_KIND_NONE && wish->name && *wish->name)
		SSL_set_tlsext_host_name(ssl, wish->name);
	return t;
}

static struct transport *tls_accept(struct wire_tls *face, struct transport *below)
{
	struct tls *tls = (struct tls *)face;
	struct transport *t = tls_session_new(tls, tls->server, below, NULL);

	SSL_set_accept_state(((struct tls_session *)t)->ssl);
	return t;
}

static char *copy(const char *text)
{
	return text ? mem_strdup(text) : NULL;
}

struct wire_tls *wire_tls_new(const struct tls_config *config, char **error)
{
	struct tls *tls = mem_new(struct tls);

	x509_init();
	tls->face = (struct wire_tls){ tls_connect, tls_accept };
	tls->cert_file = copy(config->cert_file);
	tls->key_file = copy(config->key_file);
	tls->ca_file = copy(config->ca_file);
	tls->has_pin = config->pin != NULL;
	if (config->pin)
		memcpy(tls->pin, config->pin, TLS_PIN_LEN);
	tls->trust_first = config->trust_first;
	if (wire_tls_reload(&tls->face, error)) {
		wire_tls_free(&tls->face);
		return NULL;
	}
	return &tls->face;
}

void wire_tls_free(struct wire_tls *face)
{
	struct tls *tls = (struct tls *)face;

	if (!tls)
		return;
	free_contexts(tls->client, tls->server, tls->ca);
	free(tls->cert_file);
	free(tls->key_file);
	free(tls->ca_file);
	free(tls);
}

void wire_tls_set_revoked(struct wire_tls *face, bool (*is_revoked)(const char *serial, void *arg), void *arg)
{
	struct tls *tls = (struct tls *)face;

	tls->is_revoked = is_revoked;
	tls->arg = arg;
}

struct library tls_library(void)
{
	return (struct library){ "OpenSSL", OpenSSL_version(OPENSSL_VERSION_STRING), OPENSSL_VERSION_STR };
}
