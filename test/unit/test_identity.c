/*
 * test_identity.c - names of identities, key files, requests, and what a certificate has to look like.
 */
#include "wire/identity.h"

#include <errno.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/mem.h"
#include "test/lib/tmp.h"
#include "test/lib/unit.h"
#include "wire/x509.h"

#define CLUSTER "0123456789abcdef0123456789abcdef"
#define URI "spiffe://" CLUSTER
#define TEN "0123456789"
#define LONGEST_NAME TEN TEN TEN TEN TEN TEN "0123"

/* ---- names ---- */

static const struct {
	const char *uri;
	enum wire_kind kind;		/* NONE: refused */
	const char *name;
} uris[] = {
	{ URI "/agent/web1", WIRE_KIND_AGENT, "web1" },
	{ URI "/operator/alice.b_c-d", WIRE_KIND_OPERATOR, "alice.b_c-d" },
	{ URI "/master/master", WIRE_KIND_MASTER, "master" },
	{ URI "/operator/" LONGEST_NAME, WIRE_KIND_OPERATOR, LONGEST_NAME },
	{ URI "/agent/" LONGEST_NAME "x", WIRE_KIND_NONE, NULL },
	{ URI "/operator/" LONGEST_NAME "x", WIRE_KIND_NONE, NULL },
	{ URI "/agent/a,b", WIRE_KIND_NONE, NULL },
	{ URI "/agent/a,URI:spiffe://x/operator/root", WIRE_KIND_NONE, NULL },
	{ URI "/agent/a/b", WIRE_KIND_NONE, NULL },
	{ URI "/agent/a/", WIRE_KIND_NONE, NULL },
	{ URI "/agent/..", WIRE_KIND_NONE, NULL },
	{ URI "/agent/", WIRE_KIND_NONE, NULL },
	{ URI "/agent", WIRE_KIND_NONE, NULL },
	{ URI "//web1", WIRE_KIND_NONE, NULL },
	{ URI "/Agent/web1", WIRE_KIND_NONE, NULL },
	{ URI "/user/web1", WIRE_KIND_NONE, NULL },
	{ URI "/agent/web 1", WIRE_KIND_NONE, NULL },
	{ URI "/agent/web1\n", WIRE_KIND_NONE, NULL },
	{ URI "/agent/w\xc3\xa9", WIRE_KIND_NONE, NULL },
	{ URI "/agent/web1?x", WIRE_KIND_NONE, NULL },
	{ URI "/agent/%77", WIRE_KIND_NONE, NULL },
	{ "spiffe://0123456789ABCDEF0123456789ABCDEF/agent/web1", WIRE_KIND_NONE, NULL },
	{ "spiffe://" CLUSTER CLUSTER "0/agent/web1", WIRE_KIND_NONE, NULL },
	{ "spiffe://0123/agent/web1", WIRE_KIND_NONE, NULL },
	{ "spiffe:///agent/web1", WIRE_KIND_NONE, NULL },
	{ "Spiffe://" CLUSTER "/agent/web1", WIRE_KIND_NONE, NULL },
	{ "https://" CLUSTER "/agent/web1", WIRE_KIND_NONE, NULL },
	{ "spiffe:", WIRE_KIND_NONE, NULL },
	{ "", WIRE_KIND_NONE, NULL },
};

START_TEST(identity_uri_is_taken_apart)
{
	for (size_t i = 0; i < sizeof uris / sizeof *uris; i++) {
		struct wire_identity who = { 0 };
		const char *why = NULL;
		int err = identity_parse_uri(uris[i].uri, strlen(uris[i].uri), &who, &why);
		char *made;

		ck_assert_msg((err == 0) == (uris[i].kind != WIRE_KIND_NONE), "%s: %d", uris[i].uri, err);
		if (err) {
			ck_assert_int_eq(err, -EINVAL);
			ck_assert_ptr_nonnull(why);
			continue;
		}
		ck_assert_int_eq(who.kind, uris[i].kind);
		ck_assert_str_eq(who.name, uris[i].name);
		ck_assert_str_eq(who.cluster, CLUSTER);
		made = identity_uri(who.cluster, who.kind, who.name);
		ck_assert_str_eq(made, uris[i].uri);
		free(made);
	}
}
END_TEST

START_TEST(identity_uri_has_no_nul)
{
	static const char with_nul[] = URI "/agent/web1\0x", at_end[] = URI "/agent/web1";
	struct wire_identity who;
	const char *why;

	ck_assert_int_eq(identity_parse_uri(with_nul, sizeof with_nul - 1, &who, &why), -EINVAL);
	ck_assert_int_eq(identity_parse_uri(at_end, sizeof at_end, &who, &why), -EINVAL);
}
END_TEST

START_TEST(identity_kinds_have_names)
{
	ck_assert_str_eq(identity_kind_name(WIRE_KIND_NONE), "");
	ck_assert_str_eq(identity_kind_name((enum wire_kind)77), "");
	for (unsigned kind = WIRE_KIND_AGENT; kind <= WIRE_KIND_MASTER; kind++)
		ck_assert_int_eq(identity_kind_parse(identity_kind_name((enum wire_kind)kind)), kind);
	ck_assert_int_eq(identity_kind_parse(""), WIRE_KIND_NONE);
	ck_assert_int_eq(identity_kind_parse("agents"), WIRE_KIND_NONE);
}
END_TEST

/* ---- keys ---- */

/* A place of its own for each test, also where all run in one process. */
static const char *place(const char *leaf)
{
	const char *path = tmp_path(leaf);

	unlink(path);
	return path;
}

static const char *make_key(const char *leaf)
{
	const char *path = place(leaf);
	char *error = NULL;

	ck_assert_msg(identity_make_key(path, &error) == 0, "%s", error);
	return path;
}

static void assert_says(char *error, const char *words)
{
	ck_assert_ptr_nonnull(error);
	ck_assert_msg(strstr(error, words) != NULL, "'%s' lacks '%s'", error, words);
	free(error);
}

START_TEST(identity_key_is_for_its_owner_alone)
{
	const char *path = make_key("own.key");
	char *text = tmp_read(path), *again, *error = NULL;
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0600);
	ck_assert_ptr_eq(strstr(text, "-----BEGIN PRIVATE KEY-----"), text);
	ck_assert_int_eq(identity_make_key(path, &error), -EEXIST);
	assert_says(error, "own.key: cannot be written: File exists");
	again = tmp_read(path);
	ck_assert_str_eq(again, text);
	free(again);
	free(text);
}
END_TEST

START_TEST(identity_key_that_cannot_be_written)
{
	char *error = NULL;

	ck_assert_int_eq(identity_make_key(tmp_path("no-such-dir/x.key"), &error), -ENOENT);
	assert_says(error, "cannot be written");
}
END_TEST

/* What reads a key, with what it says. */
static void assert_no_key(const char *path, const char *words)
{
	char fingerprint[WIRE_FINGERPRINT_LEN + 1], *error = NULL;
	uint8_t *der;
	size_t len;

	ck_assert_int_eq(identity_key_fingerprint(path, fingerprint, &error), -EINVAL);
	assert_says(error, words);
	error = NULL;
	ck_assert_int_eq(identity_request(path, &der, &len, &error), -EINVAL);
	assert_says(error, words);
}

static const char *write_encrypted(const char *leaf)
{
	const char *path = place(leaf);
	EVP_PKEY *key = x509_new_key();
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(PEM_write_PKCS8PrivateKey(f, key, EVP_aes_128_cbc(), "geheim", 6, NULL, NULL), 1);
	fclose(f);
	EVP_PKEY_free(key);
	return path;
}

static const char *with_mode(const char *path, mode_t mode)
{
	ck_assert_int_eq(chmod(path, mode), 0);
	return path;
}

START_TEST(identity_key_file_of_another_kind_is_refused)
{
	static char large[70 * 1024];

	memset(large, 'x', sizeof large - 1);
	assert_no_key(place("missing.key"), "missing.key: cannot be read: No such file");
	assert_no_key(tmp_path("."), "not a regular file");
	assert_no_key("/dev/zero", "not a regular file");
	assert_no_key(with_mode(tmp_file("empty.key", ""), 0600), "not a private key");
	assert_no_key(with_mode(tmp_file("garbage.key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"), 0600),
		      "not a private key");
	assert_no_key(with_mode(tmp_file("large.key", large), 0600), "too large");
	assert_no_key(with_mode(write_encrypted("locked.key"), 0600), "encrypted with a passphrase");
	assert_no_key(with_mode(make_key("public.key"), 0644), "everybody can read this key");
}
END_TEST

START_TEST(identity_openssl_reads_no_configuration)
{
	char *error = NULL;

	setenv("OPENSSL_CONF", tmp_file("openssl.cnf", "openssl_conf = a\n[a]\nalg_section = b\n[b]\n"
						       "default_properties = fips=yes\n"), 1);
	ck_assert_msg(identity_make_key(place("hermetic.key"), &error) == 0, "%s", error);
	unsetenv("OPENSSL_CONF");
}
END_TEST

START_TEST(identity_request_has_the_key_alone)
{
	const char *path = make_key("request.key");
	char fingerprint[WIRE_FINGERPRINT_LEN + 1], of_request[WIRE_FINGERPRINT_LEN + 1], *error = NULL;
	uint8_t *der;
	const unsigned char *p;
	size_t len;
	X509_REQ *req;

	ck_assert_int_eq(identity_key_fingerprint(path, fingerprint, &error), 0);
	ck_assert_int_eq(identity_request(path, &der, &len, &error), 0);
	p = der;
	req = d2i_X509_REQ(NULL, &p, (long)len);
	ck_assert_ptr_nonnull(req);
	ck_assert_ptr_eq(p, der + len);
	ck_assert_int_eq(X509_REQ_verify(req, X509_REQ_get0_pubkey(req)), 1);
	x509_key_fingerprint(X509_REQ_get0_pubkey(req), of_request);
	ck_assert_str_eq(fingerprint, of_request);
	ck_assert_int_eq(X509_NAME_entry_count(X509_REQ_get_subject_name(req)), 0);
	ck_assert_int_eq(X509_REQ_get_attr_count(req), 0);
	X509_REQ_free(req);
	free(der);
}
END_TEST

START_TEST(a_key_is_the_same_in_every_encoding)
{
	static const char *const formats[] = { "compressed", "hybrid", "uncompressed" };
	char want[WIRE_FINGERPRINT_LEN + 1], have[WIRE_FINGERPRINT_LEN + 1];
	EVP_PKEY *key = x509_new_key();

	x509_key_fingerprint(key, want);
	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
		unsigned char *der = NULL;
		const unsigned char *p;
		EVP_PKEY *read;
		int n;

		ck_assert_int_eq(EVP_PKEY_set_utf8_string_param(key, "point-format", formats[i]), 1);
		n = i2d_PUBKEY(key, &der);
		p = der;
		read = d2i_PUBKEY(NULL, &p, n);
		ck_assert_ptr_nonnull(read);
		x509_key_fingerprint(read, have);
		ck_assert_str_eq(have, want);
		EVP_PKEY_free(read);
		OPENSSL_free(der);
	}
	EVP_PKEY_free(key);
}
END_TEST

/* ---- certificates ---- */

struct names {
	const char *uris[3], *dns, *email;
};

static void add_name(GENERAL_NAMES *names, int type, const char *text, int len)
{
	GENERAL_NAME *name = GENERAL_NAME_new();
	ASN1_IA5STRING *value = ASN1_IA5STRING_new();

	ASN1_STRING_set(value, text, len);
	GENERAL_NAME_set0_value(name, type, value);
	sk_GENERAL_NAME_push(names, name);
}

static void add_names(X509 *cert, const struct names *n)
{
	GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();

	for (size_t i = 0; i < 3 && n->uris[i]; i++)
		add_name(names, GEN_URI, n->uris[i], -1);
	if (n->dns)
		add_name(names, GEN_DNS, n->dns, -1);
	if (n->email)
		add_name(names, GEN_EMAIL, n->email, -1);
	if (sk_GENERAL_NAME_num(names))
		ck_assert_int_eq(X509_add1_ext_i2d(cert, NID_subject_alt_name, names, 1, X509V3_ADD_DEFAULT), 1);
	GENERAL_NAMES_free(names);
}

static int to_der(const X509 *cert, uint8_t **der, size_t *len)
{
	unsigned char *out = NULL;
	int n = i2d_X509(cert, &out);

	if (n <= 0)
		return -1;
	*der = mem_dup(out, (size_t)n);
	*len = (size_t)n;
	OPENSSL_free(out);
	return 0;
}

/* Signed with its own key, as DER. */
static uint8_t *make_cert(const struct names *names, long serial, EVP_PKEY *key, size_t *len)
{
	X509 *cert = X509_new();
	uint8_t *der;

	X509_set_version(cert, X509_VERSION_3);
	ASN1_INTEGER_set_int64(X509_get_serialNumber(cert), serial);
	ASN1_TIME_set(X509_getm_notBefore(cert), 1000);
	ASN1_TIME_set(X509_getm_notAfter(cert), 2000);
	X509_set_pubkey(cert, key);
	add_names(cert, names);
	ck_assert_int_gt(X509_sign(cert, key, EVP_sha256()), 0);
	ck_assert_int_eq(to_der(cert, &der, len), 0);
	X509_free(cert);
	return der;
}

static int parse_names(const struct names *names, long serial, struct wire_identity *who, char **error)
{
	EVP_PKEY *key = x509_new_key();
	size_t len;
	uint8_t *der = make_cert(names, serial, key, &len);
	int err = identity_parse_certificate(der, len, who, error);

	free(der);
	EVP_PKEY_free(key);
	return err;
}

static const struct {
	struct names names;
	const char *why;		/* NULL: taken */
} certs[] = {
	{ { { URI "/agent/web1" }, NULL, NULL }, NULL },
	{ { { URI "/master/m" }, "slothd-master", NULL }, NULL },
	{ { { URI "/agent/web1" }, "slothd-master", NULL }, "DNS name" },
	{ { { URI "/operator/alice" }, "x", NULL }, "DNS name" },
	{ { { URI "/master/m" }, NULL, "a@b" }, "of a kind" },
	{ { { NULL }, NULL, NULL }, "no identity" },
	{ { { NULL }, "slothd-master", NULL }, "no identity" },
	{ { { URI "/agent/a", URI "/agent/b" }, NULL, NULL }, "more than one" },
	{ { { URI "/agent/a", URI "/agent/a" }, NULL, NULL }, "more than one" },
	{ { { "https://x", URI "/agent/a" }, NULL, NULL }, "more than one" },
	{ { { "https://x" }, NULL, NULL }, "spiffe" },
	{ { { URI "/agent/a,b" }, NULL, NULL }, "not allowed" },
};

START_TEST(identity_certificate_names_exactly_one)
{
	for (size_t i = 0; i < sizeof certs / sizeof *certs; i++) {
		struct wire_identity who;
		char *error = NULL;
		int err = parse_names(&certs[i].names, 0x1234, &who, &error);

		ck_assert_msg((err == 0) == !certs[i].why, "row %zu: %s", i, error);
		if (err) {
			assert_says(error, certs[i].why);
			continue;
		}
		ck_assert_str_eq(who.cluster, CLUSTER);
		ck_assert_str_eq(who.serial, "1234");
		ck_assert_uint_eq(strlen(who.key), WIRE_FINGERPRINT_LEN);
		ck_assert_int_eq(who.not_before_s, 1000);
		ck_assert_int_eq(who.not_after_s, 2000);
	}
}
END_TEST

START_TEST(identity_certificate_with_nul_or_bad_serial)
{
	EVP_PKEY *key = x509_new_key();
	const struct names good = { { URI "/agent/aXb" }, NULL, NULL };
	struct wire_identity who;
	char *error = NULL;
	size_t len;
	uint8_t *der = make_cert(&good, 7, key, &len), *x = memmem(der, len, "aXb", 3);

	ck_assert_int_eq(identity_parse_certificate(der, len, &who, &error), 0);
	x[1] = '\0';
	ck_assert_int_eq(identity_parse_certificate(der, len, &who, &error), -EINVAL);
	assert_says(error, "NUL");
	ck_assert_int_eq(parse_names(&good, -7, &who, &error), -EINVAL);
	assert_says(error, "serial");
	ck_assert_int_eq(parse_names(&good, 0, &who, &error), -EINVAL);
	assert_says(error, "serial");
	free(der);
	EVP_PKEY_free(key);
}
END_TEST

START_TEST(identity_certificate_is_kept_as_pem)
{
	const char *path = place("kept.crt");
	const struct names names = { { URI "/agent/web1" }, NULL, NULL };
	EVP_PKEY *key = x509_new_key();
	struct wire_identity who;
	char *error = NULL, *text;
	size_t len, n;
	uint8_t *der = make_cert(&names, 7, key, &len), *again;

	ck_assert_int_eq(identity_save_certificate(path, der, len, &error), 0);
	ck_assert_int_eq(identity_save_certificate(path, der, len, &error), 0);
	text = tmp_read(path);
	ck_assert_ptr_eq(strstr(text, "-----BEGIN CERTIFICATE-----"), text);
	ck_assert_int_eq(identity_read_certificate(path, &who, &error), 0);
	ck_assert_str_eq(who.name, "web1");
	ck_assert_int_eq(identity_read_der(path, &again, &n, &error), 0);
	ck_assert_uint_eq(n, len);
	ck_assert_mem_eq(again, der, len);
	ck_assert_int_eq(identity_save_certificate(path, der, len - 1, &error), -EINVAL);
	assert_says(error, "no certificate");
	der = mem_realloc(der, len + 1);
	ck_assert_int_eq(identity_save_certificate(path, der, len + 1, &error), -EINVAL);
	assert_says(error, "no certificate");
	ck_assert_int_eq(identity_read_der(tmp_file("no.crt", "hello"), &again, &n, &error), -EINVAL);
	assert_says(error, "no.crt: not a certificate");
	ck_assert_int_eq(identity_read_certificate(place("gone.crt"), &who, &error), -EINVAL);
	assert_says(error, "gone.crt");
	free(text);
	free(again);
	free(der);
	EVP_PKEY_free(key);
}
END_TEST

START_TEST(identity_key_and_certificate_are_a_pair)
{
	const struct names names = { { URI "/agent/web1" }, NULL, NULL };
	const char *mine = make_key("mine.key"), *other = make_key("other.key"), *path = place("mine.crt");
	char *error = NULL;
	EVP_PKEY *key;
	uint8_t *der;
	size_t len;

	key = x509_read_key(mine, &error);
	ck_assert_ptr_nonnull(key);
	der = make_cert(&names, 7, key, &len);
	ck_assert_int_eq(identity_save_certificate(path, der, len, &error), 0);
	ck_assert_int_eq(identity_check_pair(mine, path, &error), 0);
	ck_assert_int_eq(identity_check_pair(other, path, &error), -EINVAL);
	assert_says(error, "is not of the key");
	free(der);
	EVP_PKEY_free(key);
}
END_TEST

START_TEST(identity_fingerprint_is_sha256)
{
	char out[WIRE_FINGERPRINT_LEN + 1];

	identity_fingerprint((const uint8_t *)"abc", 3, out);
	ck_assert_str_eq(out, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}
END_TEST

UNIT_MAIN(identity_uri_is_taken_apart, identity_uri_has_no_nul, identity_kinds_have_names,
	  identity_key_is_for_its_owner_alone, identity_key_that_cannot_be_written,
	  identity_key_file_of_another_kind_is_refused, identity_openssl_reads_no_configuration,
	  identity_request_has_the_key_alone, a_key_is_the_same_in_every_encoding,
	  identity_certificate_names_exactly_one,
	  identity_certificate_with_nul_or_bad_serial, identity_certificate_is_kept_as_pem,
	  identity_key_and_certificate_are_a_pair, identity_fingerprint_is_sha256)
