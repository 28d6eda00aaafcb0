/*
 * certs.c - certificates of every kind, also such as the master would never sign.
 *
 *   certs ISSUER FILES FIRST_DAY LAST_DAY URI...
 *
 * Signs with ISSUER.key and ISSUER.crt, be they a CA's or not, the key in FILES.key, which is made when there is
 * none, and writes FILES.crt: a leaf with these URIs, valid from FIRST_DAY to LAST_DAY counted from this moment. An @
 * in a URI stands for a NUL. The one URI "CA" makes it no leaf but a CA.
 */
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/mem.h"
#include "wire/x509.h"

enum { DAY_S = 24 * 3600 };

/* What cannot be done here is a fault of the test. */
static void must(int ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "certs: %s failed\n", what);
	exit(EXIT_FAILURE);
}

static void add_uri(GENERAL_NAMES *names, const char *uri)
{
	ASN1_IA5STRING *text = ASN1_IA5STRING_new();
	GENERAL_NAME *name = GENERAL_NAME_new();
	char *bytes = mem_strdup(uri);
	size_t n = strlen(uri);

	for (size_t i = 0; i < n; i++)
		if (bytes[i] == '@')
			bytes[i] = '\0';
	must(text && name && ASN1_STRING_set(text, bytes, (int)n), "a name");
	GENERAL_NAME_set0_value(name, GEN_URI, text);
	must(sk_GENERAL_NAME_push(names, name) > 0, "a list of names");
	free(bytes);
}

static void add_uris(X509 *cert, char **uris, size_t n)
{
	GENERAL_NAMES *names = GENERAL_NAMES_new();

	for (size_t i = 0; i < n; i++)
		add_uri(names, uris[i]);
	must(X509_add1_ext_i2d(cert, NID_subject_alt_name, names, 1, X509V3_ADD_DEFAULT) == 1, "subjectAltName");
	GENERAL_NAMES_free(names);
}

static void add_text(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *extension;

	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	must(extension && X509_add_ext(cert, extension, -1) == 1, value);
	X509_EXTENSION_free(extension);
}

static X509 *make(X509 *issuer, EVP_PKEY *key, char **args, int n)
{
	X509 *cert = X509_new();
	BIGNUM *serial = BN_new();
	bool is_ca = n == 3 && !strcmp(args[2], "CA");

	must(cert && X509_set_version(cert, 2) && X509_set_pubkey(cert, key), "a certificate");
	must(BN_rand(serial, 120, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY), "a serial number");
	BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(cert));
	BN_free(serial);
	X509_set_issuer_name(cert, X509_get_subject_name(issuer));
	X509_gmtime_adj(X509_getm_notBefore(cert), atol(args[0]) * DAY_S);
	X509_gmtime_adj(X509_getm_notAfter(cert), atol(args[1]) * DAY_S);
	add_text(cert, issuer, NID_basic_constraints, is_ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
	add_text(cert, issuer, NID_ext_key_usage, "clientAuth,serverAuth");
	if (!is_ca)
		add_uris(cert, args + 2, (size_t)n - 2);
	return cert;
}

/* Owned. */
static EVP_PKEY *key_of(const char *stem, bool may_make)
{
	char *file = mem_printf("%s.key", stem), *error = NULL;
	EVP_PKEY *key;

	if (may_make && access(file, F_OK)) {
		key = x509_new_key();
		must(!x509_write_key(file, key, &error), file);
	} else {
		key = x509_read_key(file, &error);
		must(key != NULL, file);
	}
	free(file);
	return key;
}

int main(int argc, char **argv)
{
	char *file, *error = NULL;
	EVP_PKEY *signer, *key;
	X509 *issuer, *cert;

	if (argc < 6) {
		fputs("usage: certs ISSUER FILES FIRST_DAY LAST_DAY URI...\n", stderr);
		return EXIT_FAILURE;
	}
	x509_init();
	signer = key_of(argv[1], false);
	file = mem_printf("%s.crt", argv[1]);
	issuer = x509_read_certificate(file, &error);
	must(issuer != NULL, file);
	free(file);
	key = key_of(argv[2], true);
	cert = make(issuer, key, argv + 3, argc - 3);
	must(X509_sign(cert, signer, EVP_sha256()) > 0, "signing");
	file = mem_printf("%s.crt", argv[2]);
	must(!x509_write_certificate(file, cert, &error), file);
	free(file);
	X509_free(cert);
	X509_free(issuer);
	EVP_PKEY_free(key);
	EVP_PKEY_free(signer);
	return EXIT_SUCCESS;
}
