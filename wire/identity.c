/* identity.c - see identity.h; identity_uri.c has the names, x509.c the files. */
#include "wire/identity.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/str.h"
#include "wire/x509.h"

void identity_fingerprint(const uint8_t *der, size_t len, char out[WIRE_FINGERPRINT_LEN + 1])
{
	unsigned char digest[WIRE_FINGERPRINT_LEN / 2] = { 0 };

	x509_init();
	EVP_Digest(der, len, digest, NULL, EVP_sha256(), NULL);
	str_hex(digest, sizeof digest, out);
}

/* ---- keys ---- */

int identity_make_key(const char *key_file, char **error)
{
	EVP_PKEY *key = x509_new_key();
	int err = x509_write_key(key_file, key, error);

	EVP_PKEY_free(key);
	return err;
}

int identity_key_fingerprint(const char *key_file, char out[WIRE_FINGERPRINT_LEN + 1], char **error)
{
	EVP_PKEY *key = x509_read_key(key_file, error);

	if (!key)
		return -EINVAL;
	x509_key_fingerprint(key, out);
	EVP_PKEY_free(key);
	return 0;
}

static int encode_request(X509_REQ *req, EVP_PKEY *key, uint8_t **der, size_t *len)
{
	uint8_t *encoded = NULL;
	int n;

	if (X509_REQ_set_version(req, X509_REQ_VERSION_1) != 1 || X509_REQ_set_pubkey(req, key) != 1 ||
	    X509_REQ_sign(req, key, x509_sign_digest(key)) <= 0)
		return -EINVAL;
	n = i2d_X509_REQ(req, &encoded);
	if (n <= 0)
		return -EINVAL;
	*der = mem_dup(encoded, (size_t)n);
	*len = (size_t)n;
	OPENSSL_free(encoded);
	return 0;
}

int identity_request(const char *key_file, uint8_t **der, size_t *len, char **error)
{
	EVP_PKEY *key = x509_read_key(key_file, error);
	X509_REQ *req;
	int err;

	if (!key)
		return -EINVAL;
	req = X509_REQ_new();
	err = req ? encode_request(req, key, der, len) : -ENOMEM;
	if (err)
		*error = x509_error(key_file, "no certificate request can be made with this key");
	X509_REQ_free(req);
	EVP_PKEY_free(key);
	return err;
}

/* ---- certificates ---- */

static X509 *decode(const uint8_t *der, size_t len, char **error)
{
	const uint8_t *at = der;
	X509 *cert;

	x509_init();
	cert = len <= 65536 ? d2i_X509(NULL, &at, (long)len) : NULL;
	if (cert && at == der + len)
		return cert;
	X509_free(cert);
	ERR_clear_error();
	*error = mem_strdup("what came is no certificate");
	return NULL;
}

int identity_save_certificate(const char *cert_file, const uint8_t *der, size_t len, char **error)
{
	X509 *cert = decode(der, len, error);
	int err;

	if (!cert)
		return -EINVAL;
	err = x509_write_certificate(cert_file, cert, error);
	X509_free(cert);
	return err;
}

static int identify(X509 *cert, const char *what, struct wire_identity *out, char **error)
{
	const char *why;
	int err = x509_identity(cert, out, &why);

	if (err)
		*error = mem_printf("%s: %s", what, why);
	X509_free(cert);
	return err;
}

int identity_read_certificate(const char *cert_file, struct wire_identity *out, char **error)
{
	X509 *cert = x509_read_certificate(cert_file, error);

	return cert ? identify(cert, cert_file, out, error) : -EINVAL;
}

int identity_parse_certificate(const uint8_t *der, size_t len, struct wire_identity *out, char **error)
{
	X509 *cert = decode(der, len, error);

	return cert ? identify(cert, "certificate", out, error) : -EINVAL;
}

int identity_read_der(const char *cert_file, uint8_t **der, size_t *len, char **error)
{
	X509 *cert = x509_read_certificate(cert_file, error);
	uint8_t *encoded = NULL;
	int n;

	if (!cert)
		return -EINVAL;
	n = i2d_X509(cert, &encoded);
	X509_free(cert);
	if (n <= 0)
		abort();
	*der = mem_dup(encoded, (size_t)n);
	*len = (size_t)n;
	OPENSSL_free(encoded);
	return 0;
}

int identity_check_pair(const char *key_file, const char *cert_file, char **error)
{
	EVP_PKEY *key = x509_read_key(key_file, error);
	X509 *cert = key ? x509_read_certificate(cert_file, error) : NULL;
	int err = -EINVAL;

	if (cert && X509_check_private_key(cert, key) == 1)
		err = 0;
	else if (cert)
		*error = mem_printf("%s: the certificate is not of the key %s", cert_file, key_file);
	ERR_clear_error();
	X509_free(cert);
	EVP_PKEY_free(key);
	return err;
}

int identity_check_issuer(const uint8_t *cert, size_t cert_len, const uint8_t *ca, size_t ca_len, char **error)
{
	X509 *c = decode(cert, cert_len, error), *issuer = c ? decode(ca, ca_len, error) : NULL;
	int err = -EINVAL;

	if (issuer && X509_check_ca(issuer) == 1 && X509_verify(c, X509_get0_pubkey(issuer)) == 1)
		err = 0;
	else if (issuer)
		*error = mem_strdup("the certificate is not of that CA: it belongs to another cluster");
	ERR_clear_error();
	X509_free(c);
	X509_free(issuer);
	return err;
}
