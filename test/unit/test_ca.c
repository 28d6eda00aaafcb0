/*
 * test_ca.c - the CA is made once and never twice by accident; what it signs says what it was told, and no more.
 *
 * no valgrind: the keys and certificates of so many CAs take a minute there
 */
#include "master/ca.h"

#include <errno.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/exits.h"
#include "common/fd.h"
#include "common/mem.h"
#include "common/paths.h"
#include "test/lib/tmp.h"
#include "test/lib/unit.h"
#include "wire/identity.h"
#include "wire/x509.h"

static const char *const files[] = { "cluster", "ca.key", "ca.crt", "master.key", "master.crt" };
enum { CLUSTER, CA_KEY, CA_CRT, LEAF_KEY, LEAF_CRT, N_FILES };

static char dir[TMP_DIR_MAX + 32];

/* An empty state directory. */
static void new_dir(void)
{
	static unsigned n;
	char leaf[32];

	snprintf(leaf, sizeof leaf, "state-%u", n++);
	snprintf(dir, sizeof dir, "%s", tmp_path(leaf));
	ck_assert_int_eq(mkdir(dir, 0700), 0);
}

static struct ca *open_ca(const char *key_file)
{
	struct ca *ca = NULL;
	char *error = NULL;

	ck_assert_msg(ca_open(dir, key_file, &ca, &error) == EXIT_OK, "%s", error);
	ck_assert_msg(ca_refresh_leaf(ca, wall_s(), &error) >= 0, "%s", error);
	return ca;
}

static void assert_says(char *error, const char *words)
{
	ck_assert_ptr_nonnull(error);
	ck_assert_msg(strstr(error, words) != NULL, "'%s' lacks '%s'", error, words);
	free(error);
}

static void assert_refused(const char *key_file, const char *words)
{
	struct ca *ca = NULL;
	char *error = NULL;

	ck_assert_int_eq(ca_open(dir, key_file, &ca, &error), EXIT_CONFIG);
	ck_assert_ptr_null(ca);
	assert_says(error, words);
}

/* A file of the state directory; owned. */
static char *in_dir(const char *leaf)
{
	return paths_join(dir, leaf);
}

static bool is_there(int file)
{
	char *path = in_dir(files[file]);
	bool there = access(path, F_OK) == 0;

	free(path);
	return there;
}

static void drop(int file)
{
	char *path = in_dir(files[file]);

	unlink(path);
	free(path);
}

static void put(int file, const char *content, mode_t mode)
{
	char *path = in_dir(files[file]);

	ck_assert_int_eq(fd_write_file(path, content, strlen(content), mode), 0);
	free(path);
}

START_TEST(ca_is_made_once)
{
	struct ca *ca, *again;
	struct stat st;
	char *key;

	new_dir();
	ca = open_ca(NULL);
	ck_assert_uint_eq(strlen(ca_cluster(ca)), 32);
	ck_assert_int_ge(ca_not_after(ca), wall_s() + (int64_t)(CA_DAYS - 1) * 24 * 3600);
	key = in_dir("ca.key");
	ck_assert_int_eq(stat(key, &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0600);
	free(key);
	ck_assert_int_eq(stat(ca_leaf_key_file(ca), &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0600);
	again = open_ca(NULL);
	ck_assert_str_eq(ca_fingerprint(ca), ca_fingerprint(again));
	ck_assert_str_eq(ca_cluster(ca), ca_cluster(again));
	ca_free(again);
	ca_free(ca);
	ca_free(NULL);
}
END_TEST

START_TEST(ca_key_may_be_elsewhere)
{
	const char *key = tmp_path("elsewhere.key");
	struct ca *ca, *again;

	new_dir();
	unlink(key);
	ca = open_ca(key);
	ck_assert(!is_there(CA_KEY));
	again = open_ca(key);
	ck_assert_str_eq(ca_fingerprint(ca), ca_fingerprint(again));
	assert_refused(NULL, "ca.key: cannot be read");
	ca_free(again);
	ca_free(ca);
}
END_TEST

START_TEST(ca_key_that_is_wrong_is_never_replaced)
{
	char *first, *error = NULL, *path;
	struct ca *ca;

	new_dir();
	ca_free(open_ca(NULL));
	path = in_dir("ca.key");
	first = tmp_read(path);
	put(CA_KEY, "garbage", 0600);
	assert_refused(NULL, "ca.key: not a private key");
	put(CA_KEY, first, 0644);
	assert_refused(NULL, "everybody can read");
	drop(CA_KEY);
	assert_refused(NULL, "ca.key: cannot be read");
	ck_assert(!is_there(CA_KEY));
	ck_assert_int_eq(identity_make_key(path, &error), 0);
	assert_refused(NULL, "not the key of ca.crt");
	put(CA_KEY, first, 0600);
	ca = open_ca(NULL);
	ca_free(ca);
	free(first);
	free(path);
}
END_TEST

START_TEST(ca_of_another_cluster_is_refused)
{
	struct ca *ca;
	char *error = NULL;

	new_dir();
	ca_free(open_ca(NULL));
	put(CLUSTER, "0123456789abcdef0123456789abcdef\n", 0644);
	assert_refused(NULL, "not the CA of the cluster");
	ck_assert_int_eq(ca_look(dir, &ca, &error), EXIT_CONFIG);
	assert_says(error, "not the CA of the cluster");
	put(CLUSTER, "0123\n", 0644);
	assert_refused(NULL, "32 hex digits");
	put(CLUSTER, "", 0644);
	assert_refused(NULL, "32 hex digits");
}
END_TEST

START_TEST(ca_on_a_full_disk_is_made_later)
{
	const struct rlimit none = { 0, RLIM_INFINITY }, any = { RLIM_INFINITY, RLIM_INFINITY };
	struct ca *ca = NULL;
	char *error = NULL;

	new_dir();
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &none), 0);
	ck_assert_int_eq(ca_open(dir, NULL, &ca, &error), EXIT_FAILED);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &any), 0);
	assert_says(error, "cannot be written");
	ca_free(open_ca(NULL));
	new_dir();
	assert_refused(tmp_path("no-such-dir/ca.key"), "cannot be written");
}
END_TEST

/* What the next start may make of it. */
static bool may_start(void)
{
	if (is_there(CA_CRT))
		return is_there(CA_KEY) && is_there(CLUSTER);
	if (is_there(LEAF_KEY) || is_there(LEAF_CRT))
		return false;
	return is_there(CLUSTER) || !is_there(CA_KEY);
}

static void start_without(unsigned gone)
{
	struct ca *ca = NULL;
	char fingerprint[WIRE_FINGERPRINT_LEN + 1], *error = NULL;
	bool had_cert, may;
	int status;

	new_dir();
	ca = open_ca(NULL);
	memcpy(fingerprint, ca_fingerprint(ca), sizeof fingerprint);
	ca_free(ca);
	for (int i = 0; i < N_FILES; i++)
		if (gone & 1u << i)
			drop(i);
	had_cert = is_there(CA_CRT);
	may = may_start();
	status = ca_open(dir, NULL, &ca, &error);
	ck_assert_msg(status == (may ? EXIT_OK : EXIT_CONFIG), "without %#x: %d %s", gone, status, error);
	if (status != EXIT_OK) {
		assert_says(error, dir);
		return;
	}
	if (had_cert)
		ck_assert_str_eq(fingerprint, ca_fingerprint(ca));
	ck_assert_int_ge(ca_refresh_leaf(ca, wall_s(), &error), 0);
	ck_assert_int_eq(identity_check_pair(ca_leaf_key_file(ca), ca_leaf_file(ca), &error), 0);
	ca_free(ca);
	ca_free(open_ca(NULL));
}

START_TEST(ca_files_that_are_missing_are_made_or_missed)
{
	for (unsigned gone = 0; gone < 1u << N_FILES; gone++)
		start_without(gone);
}
END_TEST

START_TEST(ca_leaf_is_renewed)
{
	const int64_t day = 24 * 3600, now = wall_s();
	struct ca *ca, *other;
	struct wire_identity a, b;
	char *error = NULL;

	new_dir();
	ca = open_ca(NULL);
	ck_assert_int_eq(identity_read_certificate(ca_leaf_file(ca), &a, &error), 0);
	ck_assert_int_eq(a.kind, WIRE_KIND_MASTER);
	ck_assert_str_eq(a.cluster, ca_cluster(ca));
	ck_assert_int_eq(ca_refresh_leaf(ca, now + 50 * day, &error), 0);
	ck_assert_int_eq(ca_refresh_leaf(ca, now + 65 * day, &error), 1);
	ck_assert_int_eq(ca_refresh_leaf(ca, now + 65 * day, &error), 0);
	ck_assert_int_eq(identity_read_certificate(ca_leaf_file(ca), &b, &error), 0);
	ck_assert_str_ne(a.serial, b.serial);
	ck_assert_int_eq(ca_refresh_leaf(ca, now, &error), 1);		/* not valid yet */
	new_dir();
	other = open_ca(NULL);
	ck_assert_int_eq(rename(ca_leaf_file(ca), ca_leaf_file(other)), 0);
	ck_assert_int_eq(ca_refresh_leaf(other, now, &error), 1);	/* of another CA */
	ca_free(other);
	ca_free(ca);
}
END_TEST

/* ---- requests ---- */

static uint8_t *request(EVP_PKEY *key, bool is_noisy, size_t *len)
{
	X509_REQ *req = X509_REQ_new();
	unsigned char *out = NULL;
	uint8_t *der;
	int n;

	X509_REQ_set_version(req, X509_REQ_VERSION_1);
	X509_REQ_set_pubkey(req, key);
	if (is_noisy) {
		STACK_OF(X509_EXTENSION) *extensions = sk_X509_EXTENSION_new_null();

		X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(req), "CN", MBSTRING_ASC,
					   (const unsigned char *)"root", -1, -1, 0);
		sk_X509_EXTENSION_push(extensions, X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name,
								       "DNS:foreign,URI:spiffe://x/operator/root"));
		sk_X509_EXTENSION_push(extensions, X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints, "CA:TRUE"));
		X509_REQ_add_extensions(req, extensions);
		sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
	}
	ck_assert_int_gt(X509_REQ_sign(req, key, x509_sign_digest(key)), 0);
	n = i2d_X509_REQ(req, &out);
	ck_assert_int_gt(n, 0);
	der = mem_dup(out, (size_t)n);
	*len = (size_t)n;
	OPENSSL_free(out);
	X509_REQ_free(req);
	return der;
}

static EVP_PKEY *new_key(const char *kind)
{
	x509_init();
	if (!strcmp(kind, "ED25519"))
		return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	if (!strcmp(kind, "RSA-1024"))
		return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024);
	if (!strcmp(kind, "RSA-2048"))
		return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
	return EVP_PKEY_Q_keygen(NULL, NULL, "EC", kind);
}

static const struct {
	const char *kind;
	bool is_taken;
} kinds[] = {
	{ "P-256", true }, { "P-384", true }, { "ED25519", true }, { "P-224", false }, { "P-521", false },
	{ "secp256k1", false }, { "RSA-1024", false }, { "RSA-2048", false },
};

START_TEST(ca_takes_strong_keys_alone)
{
	struct ca *ca;

	new_dir();
	ca = open_ca(NULL);
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		EVP_PKEY *key = new_key(kinds[i].kind);
		char fingerprint[WIRE_FINGERPRINT_LEN + 1], *error = NULL;
		struct wire_identity who;
		const char *why = NULL;
		size_t len, n;
		uint8_t *csr = request(key, false, &len), *der;
		int err = ca_check_request(csr, len, fingerprint, &why);

		ck_assert_msg((err == 0) == kinds[i].is_taken, "%s: %d", kinds[i].kind, err);
		if (err) {
			ck_assert_ptr_nonnull(why);
		} else {
			ck_assert_int_eq(ca_sign(ca, csr, len, WIRE_KIND_AGENT, "web1", wall_s(), CA_AGENT_DAYS, &der, &n, &who,
						 &error), 0);
			ck_assert_str_eq(who.key, fingerprint);
			free(der);
		}
		free(csr);
		EVP_PKEY_free(key);
	}
	ca_free(ca);
}
END_TEST

START_TEST(ca_refuses_broken_requests)
{
	EVP_PKEY *key = new_key("P-256");
	char fingerprint[WIRE_FINGERPRINT_LEN + 1];
	const char *why;
	size_t len;
	uint8_t *csr = request(key, false, &len);

	for (size_t n = 0; n < len; n += 7) {
		ck_assert_int_eq(ca_check_request(csr, n, fingerprint, &why), -EINVAL);
		ck_assert_str_eq(fingerprint, "");
	}
	csr = mem_realloc(csr, len + 1);
	csr[len] = 0;
	ck_assert_int_eq(ca_check_request(csr, len + 1, fingerprint, &why), -EINVAL);
	csr[len - 1] ^= 1;
	ck_assert_int_eq(ca_check_request(csr, len, fingerprint, &why), -EINVAL);
	ck_assert_ptr_nonnull(strstr(why, "signature"));
	free(csr);
	EVP_PKEY_free(key);
}
END_TEST

/* ---- what is signed ---- */

static uint8_t *sign(struct ca *ca, const char *name, size_t *len, struct wire_identity *who)
{
	EVP_PKEY *key = new_key("P-256");
	char *error = NULL;
	uint8_t *der = NULL, *csr;
	size_t csr_len;

	csr = request(key, true, &csr_len);
	ck_assert_int_eq(ca_sign(ca, csr, csr_len, WIRE_KIND_AGENT, name, wall_s(), CA_AGENT_DAYS, &der, len, who, &error), 0);
	free(csr);
	EVP_PKEY_free(key);
	return der;
}

static int verify(X509 *leaf, X509 *root, int purpose)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	int ok;

	X509_STORE_add_cert(store, root);
	X509_STORE_CTX_init(ctx, store, leaf, NULL);
	X509_STORE_CTX_set_purpose(ctx, purpose);
	X509_STORE_CTX_set_flags(ctx, X509_V_FLAG_X509_STRICT);
	ok = X509_verify_cert(ctx);
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	return ok;
}

START_TEST(ca_certificate_says_what_it_was_told)
{
	static const char longest[] = "0123456789012345678901234567890123456789012345678901234567890123";
	struct ca *ca;
	struct wire_identity who;
	GENERAL_NAMES *names;
	X509 *leaf, *root;
	char *error = NULL;
	size_t len, root_len;
	const uint8_t *p, *root_der;
	uint8_t *der;

	new_dir();
	ca = open_ca(NULL);
	der = sign(ca, longest, &len, &who);
	ck_assert_str_eq(who.name, longest);
	ck_assert_int_eq(who.kind, WIRE_KIND_AGENT);
	ck_assert_uint_eq(strlen(who.serial), 32);
	ck_assert_int_le(who.not_before_s, wall_s() - CA_BACKDATE_S);
	ck_assert_int_ge(who.not_before_s, wall_s() - CA_BACKDATE_S - 60);
	p = der;
	leaf = d2i_X509(NULL, &p, (long)len);
	root_der = ca_certificate(ca, &root_len);
	p = root_der;
	root = d2i_X509(NULL, &p, (long)root_len);
	ck_assert_int_eq(verify(leaf, root, X509_PURPOSE_SSL_CLIENT), 1);
	ck_assert_int_eq(verify(leaf, root, X509_PURPOSE_SSL_SERVER), 1);
	ck_assert_int_eq(X509_check_ca(leaf), 0);
	ck_assert_int_eq(X509_get_pathlen(root), 0);
	ck_assert_uint_eq(X509_get_key_usage(root), KU_KEY_CERT_SIGN | KU_CRL_SIGN);
	ck_assert_uint_eq(X509_get_extended_key_usage(leaf), XKU_SSL_CLIENT | XKU_SSL_SERVER);
	names = X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);
	ck_assert_int_eq(sk_GENERAL_NAME_num(names), 1);
	GENERAL_NAMES_free(names);
	ck_assert_int_eq(identity_check_issuer(der, len, root_der, root_len, &error), 0);
	ck_assert_int_eq(identity_check_issuer(der, len, der, len, &error), -EINVAL);
	assert_says(error, "not of that CA");
	X509_free(root);
	X509_free(leaf);
	free(der);
	ca_free(ca);
}
END_TEST

START_TEST(ca_signs_no_name_that_is_none)
{
	static const char *const bad[] = { "", ".", "..", "a,b", "a/b", "a b", "a\n", "w\xc3\xa9", "a,URI:spiffe://x/operator/root",
					   "01234567890123456789012345678901234567890123456789012345678901234" };
	EVP_PKEY *key = new_key("P-256");
	size_t len, n;
	uint8_t *csr = request(key, false, &len), *der;
	struct wire_identity who;
	struct ca *ca;

	new_dir();
	ca = open_ca(NULL);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		char *error = NULL;

		ck_assert_int_eq(ca_sign(ca, csr, len, WIRE_KIND_AGENT, bad[i], wall_s(), 1, &der, &n, &who, &error), -EINVAL);
		ck_assert_ptr_nonnull(error);
		free(error);
	}
	free(csr);
	EVP_PKEY_free(key);
	ca_free(ca);
}
END_TEST

START_TEST(ca_certificate_ends_with_the_ca)
{
	EVP_PKEY *key = new_key("P-256");
	size_t len, n;
	uint8_t *csr = request(key, false, &len), *der;
	struct wire_identity who;
	struct ca *ca;
	char *error = NULL;

	new_dir();
	ca = open_ca(NULL);
	ck_assert_int_eq(ca_sign(ca, csr, len, WIRE_KIND_OPERATOR, "alice", wall_s(), CA_DAYS + 100, &der, &n, &who, &error), 0);
	ck_assert_int_eq(who.not_after_s, ca_not_after(ca));
	free(der);
	free(csr);
	EVP_PKEY_free(key);
	ca_free(ca);
}
END_TEST

UNIT_MAIN(ca_is_made_once, ca_key_may_be_elsewhere, ca_key_that_is_wrong_is_never_replaced,
	  ca_of_another_cluster_is_refused, ca_on_a_full_disk_is_made_later,
	  ca_files_that_are_missing_are_made_or_missed, ca_leaf_is_renewed, ca_takes_strong_keys_alone,
	  ca_refuses_broken_requests, ca_certificate_says_what_it_was_told, ca_signs_no_name_that_is_none,
	  ca_certificate_ends_with_the_ca)
