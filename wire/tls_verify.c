/*
 * tls_verify.c - what a certificate is worth.
 *
 * There is one CA and no path between: the one in our file, the one whose fingerprint we were given, or, for who
 * enrols without either, the one that the server shows.
 */
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/str.h"
#include "wire/identity.h"
#include "wire/tls_session.h"
#include "wire/x509.h"

/* ---- the CA ---- */

static bool is_ca(X509 *cert)
{
	return X509_check_ca(cert) == 1 && X509_self_signed(cert, 1) == 1;
}

static bool has_pin(X509 *cert, const uint8_t *pin)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned n;

	return X509_digest(cert, EVP_sha256(), digest, &n) == 1 && n == TLS_PIN_LEN && !memcmp(digest, pin, n);
}

/* NULL: none that we may take. Borrowed. */
static X509 *find_ca(const struct tls *tls, STACK_OF(X509) *sent)
{
	if (tls->ca)
		return tls->ca;
	for (int i = 0; i < sk_X509_num(sent); i++) {
		X509 *cert = sk_X509_value(sent, i);

		if (is_ca(cert) && (tls->has_pin ? has_pin(cert, tls->pin) : tls->trust_first))
			return cert;
	}
	return NULL;
}

static void note_ca(struct tls_session *s, X509 *ca)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned n;

	if (X509_digest(ca, EVP_sha256(), digest, &n) == 1)
		str_hex(digest, n, s->peer.ca);
}

/* ---- the chain ---- */

/* X509_V_OK or why not. */
static int check_chain(X509 *leaf, X509 *ca, bool of_server, unsigned long flags)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509_VERIFY_PARAM *param;
	int rv = X509_V_ERR_OUT_OF_MEM;

	if (store && ctx && X509_STORE_add_cert(store, ca) == 1 && X509_STORE_CTX_init(ctx, store, leaf, NULL) == 1) {
		param = X509_STORE_CTX_get0_param(ctx);
		X509_VERIFY_PARAM_set_flags(param, flags);
		if (!(flags & X509_V_FLAG_NO_CHECK_TIME))	/* a time that is set would be checked all the same */
			X509_VERIFY_PARAM_set_time(param, wall_s());
		X509_VERIFY_PARAM_set_purpose(param, of_server ? X509_PURPOSE_SSL_SERVER : X509_PURPOSE_SSL_CLIENT);
		rv = X509_verify_cert(ctx) == 1 ? X509_V_OK : X509_STORE_CTX_get_error(ctx);
	}
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	return rv;
}

static const char *date(int64_t s)
{
	static char text[32];
	time_t at = (time_t)s;
	struct tm tm;

	gmtime_r(&at, &tm);
	strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", &tm);
	return text;
}

static int refuse(struct tls_session *s, int code, enum wire_fault fault, const char *text)
{
	s->peer.fault = fault;
	snprintf(s->peer.refused, sizeof s->peer.refused, "%s", text);
	return code;
}

static int refuse_time(struct tls_session *s, int code, const struct wire_identity *who)
{
	char text[160];

	if (code == X509_V_ERR_CERT_HAS_EXPIRED)
		snprintf(text, sizeof text, "the certificate of %s %s has expired on %s; is a clock wrong?",
			 identity_kind_name(who->kind), who->name, date(who->not_after_s));
	else
		snprintf(text, sizeof text, "the certificate of %s %s is not valid before %s; is a clock wrong?",
			 identity_kind_name(who->kind), who->name, date(who->not_before_s));
	return refuse(s, code, WIRE_FAULT_DATES, text);
}

/* A client finds a master that was made anew, and has to be told the way back to it. */
static int refuse_ca(struct tls_session *s)
{
	char text[sizeof s->peer.refused];

	snprintf(text, sizeof text, "the certificate is of another CA: it belongs to another cluster");
	if (s->is_client && s->tls->ca_file)
		snprintf(text + strlen(text), sizeof text - strlen(text), "; was the master made anew? Then remove %s and enrol again",
			 s->tls->ca_file);
	return refuse(s, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, WIRE_FAULT_OTHER_CA, text);
}

static int refuse_chain(struct tls_session *s, int code)
{
	const char *words = X509_verify_cert_error_string(code);
	char text[160];

	switch (code) {
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_CERT_SIGNATURE_FAILURE:
		return refuse_ca(s);
	default:
		snprintf(text, sizeof text, "the certificate is not valid: %s", words);
		return refuse(s, code, WIRE_FAULT_TLS, text);
	}
}

/* Whether it is who a client looks for. */
static int check_name(struct tls_session *s, const struct wire_identity *who)
{
	char text[220];

	if (!s->is_client)
		return X509_V_OK;
	if (who->kind == s->expect && (!*s->expect_name || !strcmp(who->name, s->expect_name)))
		return X509_V_OK;
	if (who->kind == s->expect)
		snprintf(text, sizeof text, "name differs: that address answers as %s", who->name);
	else
		snprintf(text, sizeof text, "that address answers as %s %s, which is no %s", identity_kind_name(who->kind),
			 who->name, identity_kind_name(s->expect));
	s->peer.met = *who;
	return refuse(s, X509_V_ERR_HOSTNAME_MISMATCH, WIRE_FAULT_OTHER_PEER, text);
}

/* A server that is none of ours: it has no identity, its certificate names hosts. */
static int check_host(struct tls_session *s, X509 *leaf)
{
	char text[220];

	if (X509_check_host(leaf, s->expect_name, 0, 0, NULL) == 1 || X509_check_ip_asc(leaf, s->expect_name, 0) == 1)
		return X509_V_OK;
	snprintf(text, sizeof text, "the certificate is not of %s", s->expect_name);
	return refuse(s, X509_V_ERR_HOSTNAME_MISMATCH, WIRE_FAULT_TLS, text);
}

/* ---- the verdict ---- */

static bool is_about_time(int code)
{
	return code == X509_V_ERR_CERT_HAS_EXPIRED || code == X509_V_ERR_CERT_NOT_YET_VALID;
}

int tls_verify(struct tls_session *s, X509 *leaf, STACK_OF(X509) *sent)
{
	struct wire_identity who;
	const char *why = "";
	X509 *ca = find_ca(s->tls, sent);
	int code, late;

	if (!ca)
		return refuse(s, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
			      s->tls->has_pin ? WIRE_FAULT_OTHER_PIN : WIRE_FAULT_TLS, s->tls->has_pin ?
			      "the CA is not the one of the token or of --ca-fingerprint (its fingerprint differs): wrong address, or not this cluster" :
			      "no certificate of a CA was shown");
	note_ca(s, ca);
	late = check_chain(leaf, ca, s->is_client, 0);
	code = is_about_time(late) ? check_chain(leaf, ca, s->is_client, X509_V_FLAG_NO_CHECK_TIME) : late;
	if (code != X509_V_OK)
		return refuse_chain(s, code);
	if (s->is_client && !s->expect)
		return late == X509_V_OK ? check_host(s, leaf) : refuse_chain(s, late);
	if (x509_identity(leaf, &who, &why) < 0)
		return refuse(s, X509_V_ERR_APPLICATION_VERIFICATION, WIRE_FAULT_TLS, why);
	if (s->tls->is_revoked && s->tls->is_revoked(who.serial, s->tls->arg))
		return refuse(s, X509_V_ERR_CERT_REVOKED, WIRE_FAULT_REVOKED, "the certificate was revoked");
	code = check_name(s, &who);
	if (code != X509_V_OK)
		return code;
	s->peer.is_expired = late == X509_V_ERR_CERT_HAS_EXPIRED;
	if (late == X509_V_OK || s->peer.is_expired)
		s->peer.identity = who;
	return late == X509_V_OK ? X509_V_OK : refuse_time(s, late, &who);
}

/* A server goes on with every client: what its certificate is worth decides about its calls. */
int tls_verify_callback(X509_STORE_CTX *ctx, void *tls)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(ctx, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct tls_session *s = SSL_get_app_data(ssl);
	int code = tls_verify(s, X509_STORE_CTX_get0_cert(ctx), X509_STORE_CTX_get0_untrusted(ctx));

	(void)tls;
	X509_STORE_CTX_set_error(ctx, s->is_client ? code : X509_V_OK);
	return !s->is_client || code == X509_V_OK;
}
