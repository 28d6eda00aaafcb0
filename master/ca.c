/* ca.c - see ca.h. */
#include "master/ca.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/exits.h"
#include "common/fd.h"
#include "common/mem.h"
#include "common/paths.h"
#include "common/str.h"
#include "wire/identity.h"
#include "wire/x509.h"

enum { CLUSTER_BYTES = 16, SERIAL_BYTES = 16, DAY_S = 24 * 3600, REQUEST_MAX = 16 * 1024 };

struct ca {
	char *cluster_file, *key_file, *cert_file, *leaf_key_file, *leaf_file;
	char cluster[2 * CLUSTER_BYTES + 1];
	char fingerprint[WIRE_FINGERPRINT_LEN + 1];
	EVP_PKEY *key;			/* NULL: opened to be shown only */
	X509 *cert;
	uint8_t *der;
	size_t der_len;
};

/* ---- making certificates ---- */

static int add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *extension;
	int ok;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);	/* value: constants of this file only */
	ok = extension && X509_add_ext(cert, extension, -1) == 1;
	X509_EXTENSION_free(extension);
	return ok ? 0 : -EINVAL;
}

static int push_name(GENERAL_NAMES *names, int type, const char *text)
{
	GENERAL_NAME *name = GENERAL_NAME_new();
	ASN1_IA5STRING *value = ASN1_IA5STRING_new();

	if (!name || !value || ASN1_STRING_set(value, text, -1) != 1)
		abort();
	GENERAL_NAME_set0_value(name, type, value);
	return sk_GENERAL_NAME_push(names, name) > 0 ? 0 : -ENOMEM;
}

/* Structs, not text: a name is never parsed. */
static int add_names(X509 *cert, const char *uri, bool is_master)
{
	GENERAL_NAMES *names = GENERAL_NAMES_new();
	int err;

	if (!names)
		abort();
	err = push_name(names, GEN_URI, uri);
	if (!err && is_master)
		err = push_name(names, GEN_DNS, "slothd-master");
	if (!err && X509_add1_ext_i2d(cert, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT) != 1)
		err = -EINVAL;
	GENERAL_NAMES_free(names);
	return err;
}

static int set_serial(X509 *cert)
{
	uint8_t bytes[SERIAL_BYTES];
	BIGNUM *number;
	int ok;

	random_bytes(bytes, sizeof bytes);
	bytes[0] = (uint8_t)((bytes[0] & 0x7f) | 0x40);		/* positive, always of the same length */
	number = BN_bin2bn(bytes, sizeof bytes, NULL);
	ok = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert));
	BN_free(number);
	return ok ? 0 : -ENOMEM;
}

static int set_common_name(X509_NAME *name, const char *text)
{
	return X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8, (const unsigned char *)text, -1, -1, 0) == 1 ?
		0 : -EINVAL;
}

/* What all certificates have. NULL: OpenSSL failed. */
static X509 *new_certificate(const char *common_name, EVP_PKEY *key, int64_t from_s, int64_t to_s)
{
	X509 *cert = X509_new();

	if (cert && X509_set_version(cert, X509_VERSION_3) == 1 && set_serial(cert) == 0 &&
	    ASN1_TIME_set(X509_getm_notBefore(cert), (time_t)from_s) && ASN1_TIME_set(X509_getm_notAfter(cert), (time_t)to_s) &&
	    set_common_name(X509_get_subject_name(cert), common_name) == 0 && X509_set_pubkey(cert, key) == 1)
		return cert;
	X509_free(cert);
	return NULL;
}

static char *root_name(const char *cluster)
{
	return mem_printf("Sloth cluster %s", cluster);
}

static X509 *make_root(const char *cluster, EVP_PKEY *key)
{
	char *name = root_name(cluster);
	int64_t now = wall_s();
	X509 *cert = new_certificate(name, key, now - CA_BACKDATE_S, now + (int64_t)CA_DAYS * DAY_S);

	free(name);
	if (cert && X509_set_issuer_name(cert, X509_get_subject_name(cert)) == 1 &&
	    add_extension(cert, cert, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") == 0 &&
	    add_extension(cert, cert, NID_key_usage, "critical,keyCertSign,cRLSign") == 0 &&
	    add_extension(cert, cert, NID_subject_key_identifier, "hash") == 0 && X509_sign(cert, key, x509_sign_digest(key)) > 0)
		return cert;
	X509_free(cert);
	return NULL;
}

/* A leaf of this CA; NULL: OpenSSL failed. */
static X509 *make_leaf(const struct ca *ca, EVP_PKEY *key, enum wire_kind kind, const char *name, int64_t now_s, uint32_t days)
{
	char *uri = identity_uri(ca->cluster, kind, name);
	int64_t to_s = now_s + (int64_t)days * DAY_S, last_s = ca_not_after(ca);
	X509 *cert = new_certificate(name, key, now_s - CA_BACKDATE_S, to_s < last_s ? to_s : last_s);

	if (cert && (X509_set_issuer_name(cert, X509_get_subject_name(ca->cert)) != 1 ||
		     add_extension(cert, ca->cert, NID_basic_constraints, "critical,CA:FALSE") ||
		     add_extension(cert, ca->cert, NID_key_usage, "critical,digitalSignature") ||
		     add_extension(cert, ca->cert, NID_ext_key_usage, "serverAuth,clientAuth") ||
		     add_extension(cert, ca->cert, NID_subject_key_identifier, "hash") ||
		     add_extension(cert, ca->cert, NID_authority_key_identifier, "keyid:always") ||
		     add_names(cert, uri, kind == WIRE_KIND_MASTER) || X509_sign(cert, ca->key, x509_sign_digest(ca->key)) <= 0)) {
		X509_free(cert);
		cert = NULL;
	}
	free(uri);
	return cert;
}

/* ---- the files ---- */

static bool exists(const char *path)
{
	return access(path, F_OK) == 0 || errno != ENOENT;
}

static int make_cluster(const struct ca *ca, char **error)
{
	uint8_t id[CLUSTER_BYTES];
	char text[2 * CLUSTER_BYTES + 2];
	int err;

	random_bytes(id, sizeof id);
	str_hex(id, sizeof id, text);
	strcat(text, "\n");
	err = fd_write_file(ca->cluster_file, text, strlen(text), 0644);
	if (err)
		*error = mem_printf("%s: cannot be written: %s", ca->cluster_file, strerror(-err));
	return err;
}

static int read_cluster(struct ca *ca, char **error)
{
	struct buf text = { 0 };
	uint8_t id[CLUSTER_BYTES];
	int err = fd_read_file(ca->cluster_file, 256, &text);

	if (err) {
		*error = mem_printf("%s: cannot be read: %s", ca->cluster_file, strerror(-err));
	} else {
		buf_append(&text, "", 1);
		snprintf(ca->cluster, sizeof ca->cluster, "%.*s", 2 * CLUSTER_BYTES, (const char *)buf_data(&text));
		err = str_unhex(ca->cluster, id, sizeof id);
		if (err)
			*error = mem_printf("%s: not the id of a cluster, 32 hex digits", ca->cluster_file);
	}
	buf_done(&text);
	return err;
}

static int make_ca(const struct ca *ca, char **error)
{
	EVP_PKEY *key = x509_new_key();
	X509 *cert = make_root(ca->cluster, key);
	int err = -EINVAL;

	if (cert)
		err = x509_write_key(ca->key_file, key, error);
	else
		*error = x509_error(ca->cert_file, "cannot be made");
	if (!err)
		err = x509_write_certificate(ca->cert_file, cert, error);
	X509_free(cert);
	EVP_PKEY_free(key);
	return err;
}

/* The certificate to a key that was written before the power went. */
static int make_certificate(struct ca *ca, char **error)
{
	EVP_PKEY *key = x509_read_key(ca->key_file, error);
	X509 *cert = key ? make_root(ca->cluster, key) : NULL;
	int err = cert ? x509_write_certificate(ca->cert_file, cert, error) : -EINVAL;

	if (key && !cert)
		*error = x509_error(ca->cert_file, "cannot be made");
	X509_free(cert);
	EVP_PKEY_free(key);
	return err;
}

/*
 * A new CA only where there is no trace of one. A key alone is a first start that was cut short, unless somebody has
 * given it, or certificates of its CA are about.
 */
static int make_missing(struct ca *ca, bool own_key, char **error)
{
	bool has_cert = exists(ca->cert_file), has_key = exists(ca->key_file);
	bool has_leaf = exists(ca->leaf_file) || exists(ca->leaf_key_file);
	int err = exists(ca->cluster_file) ? 0 : -ENOENT;

	if (has_cert)
		return 0;
	if (has_leaf || (err && has_key && own_key)) {
		*error = mem_printf("%s is missing, but what it has signed is there: put it back from a backup", ca->cert_file);
		return -ENOENT;
	}
	if (err && make_cluster(ca, error))
		return -EIO;
	if (read_cluster(ca, error))
		return -EINVAL;
	return has_key ? make_certificate(ca, error) : make_ca(ca, error);
}

static int encode(struct ca *ca)
{
	uint8_t *der = NULL;
	int n = i2d_X509(ca->cert, &der);

	if (n <= 0)
		return -EINVAL;
	ca->der = mem_dup(der, (size_t)n);
	ca->der_len = (size_t)n;
	OPENSSL_free(der);
	identity_fingerprint(ca->der, ca->der_len, ca->fingerprint);
	return 0;
}

/* A state directory that was put together from two backups shows here. */
static bool is_of_cluster(const struct ca *ca)
{
	char *want = root_name(ca->cluster), have[128] = "";
	bool same;

	X509_NAME_get_text_by_NID(X509_get_subject_name(ca->cert), NID_commonName, have, sizeof have);
	same = strcmp(want, have) == 0;
	free(want);
	return same;
}

/* The certificate, not the key. */
static int read_public(struct ca *ca, char **error)
{
	if (read_cluster(ca, error))
		return -EINVAL;
	ca->cert = x509_read_certificate(ca->cert_file, error);
	if (!ca->cert)
		return -EINVAL;
	if (!is_of_cluster(ca)) {
		*error = mem_printf("%s: not the CA of the cluster in %s: put the right files back from one backup",
				    ca->cert_file, ca->cluster_file);
		return -EINVAL;
	}
	return encode(ca);
}

static int read_ca(struct ca *ca, char **error)
{
	if (read_public(ca, error))
		return -EINVAL;
	ca->key = x509_read_key(ca->key_file, error);
	if (!ca->key)
		return -EINVAL;
	if (X509_check_private_key(ca->cert, ca->key) != 1) {
		*error = x509_error(ca->key_file, "not the key of ca.crt: put the right one back from a backup");
		return -EINVAL;
	}
	return 0;
}

static struct ca *ca_new(const char *dir, const char *key_file)
{
	struct ca *ca = mem_new(struct ca);

	x509_init();
	ca->cluster_file = paths_join(dir, "cluster");
	ca->key_file = key_file ? mem_strdup(key_file) : paths_join(dir, "ca.key");
	ca->cert_file = paths_join(dir, "ca.crt");
	ca->leaf_key_file = paths_join(dir, "master.key");
	ca->leaf_file = paths_join(dir, "master.crt");
	return ca;
}

int ca_open(const char *state_dir, const char *key_file, struct ca **out, char **error)
{
	struct ca *ca = ca_new(state_dir, key_file);
	int err = make_missing(ca, !key_file, error);

	if (!err)
		err = read_ca(ca, error);
	if (err) {
		ca_free(ca);
		return err == -EINVAL || err == -ENOENT ? EXIT_CONFIG : EXIT_FAILED;	/* a full disk may pass */
	}
	*out = ca;
	return EXIT_OK;
}

int ca_look(const char *state_dir, struct ca **out, char **error)
{
	struct ca *ca = ca_new(state_dir, NULL);

	if (read_public(ca, error)) {
		ca_free(ca);
		return EXIT_CONFIG;
	}
	*out = ca;
	return EXIT_OK;
}

void ca_free(struct ca *ca)
{
	if (!ca)
		return;
	EVP_PKEY_free(ca->key);
	X509_free(ca->cert);
	free(ca->der);
	free(ca->cluster_file);
	free(ca->key_file);
	free(ca->cert_file);
	free(ca->leaf_key_file);
	free(ca->leaf_file);
	free(ca);
}

/* ---- what it is ---- */

const char *ca_cluster(const struct ca *ca)
{
	return ca->cluster;
}

const char *ca_fingerprint(const struct ca *ca)
{
	return ca->fingerprint;
}

const uint8_t *ca_certificate(const struct ca *ca, size_t *len)
{
	*len = ca->der_len;
	return ca->der;
}

const char *ca_cert_file(const struct ca *ca)
{
	return ca->cert_file;
}

const char *ca_leaf_file(const struct ca *ca)
{
	return ca->leaf_file;
}

const char *ca_leaf_key_file(const struct ca *ca)
{
	return ca->leaf_key_file;
}

static int64_t seconds(const ASN1_TIME *at)
{
	struct tm tm = { 0 };

	return ASN1_TIME_to_tm(at, &tm) == 1 ? timegm(&tm) : 0;
}

int64_t ca_not_before(const struct ca *ca)
{
	return seconds(X509_get0_notBefore(ca->cert));
}

int64_t ca_not_after(const struct ca *ca)
{
	return seconds(X509_get0_notAfter(ca->cert));
}

/* ---- the master's leaf ---- */

/* Of this CA, of its key, and in its first two thirds. */
static bool is_leaf_good(const struct ca *ca, int64_t now_s)
{
	struct wire_identity who;
	char *error = NULL;
	X509 *cert = x509_read_certificate(ca->leaf_file, &error);
	bool good = cert && X509_verify(cert, ca->key) == 1;

	X509_free(cert);
	good = good && identity_check_pair(ca->leaf_key_file, ca->leaf_file, &error) == 0 &&
	       identity_read_certificate(ca->leaf_file, &who, &error) == 0 && who.kind == WIRE_KIND_MASTER &&
	       now_s < who.not_before_s + (who.not_after_s - who.not_before_s) * 2 / 3 && now_s >= who.not_before_s;
	ERR_clear_error();
	free(error);
	return good;
}

/* A new one each time: a stolen one is worth no more than its certificate. Whoever trusts the CA trusts what it signs, so
 * nothing is lost when the power goes between the two files: both are made once more. */
static EVP_PKEY *leaf_key(const struct ca *ca, char **error)
{
	if (unlink(ca->leaf_key_file) && errno != ENOENT) {
		*error = mem_printf("%s: cannot be replaced: %s", ca->leaf_key_file, strerror(errno));
		return NULL;
	}
	return identity_make_key(ca->leaf_key_file, error) ? NULL : x509_read_key(ca->leaf_key_file, error);
}

int ca_refresh_leaf(struct ca *ca, int64_t now_s, char **error)
{
	EVP_PKEY *key;
	X509 *cert;
	int err;

	if (is_leaf_good(ca, now_s))
		return 0;
	key = leaf_key(ca, error);
	if (!key)
		return -EIO;
	cert = make_leaf(ca, key, WIRE_KIND_MASTER, "master", now_s, CA_MASTER_DAYS);
	err = cert ? x509_write_certificate(ca->leaf_file, cert, error) : -EINVAL;
	if (!cert)
		*error = x509_error(ca->leaf_file, "cannot be made");
	X509_free(cert);
	EVP_PKEY_free(key);
	return err ? err : 1;
}

/* ---- signing for others ---- */

static X509_REQ *decode_request(const uint8_t *csr, size_t len)
{
	const uint8_t *at = csr;
	X509_REQ *req = len <= REQUEST_MAX ? d2i_X509_REQ(NULL, &at, (long)len) : NULL;

	if (req && at == csr + len)
		return req;
	X509_REQ_free(req);
	ERR_clear_error();
	return NULL;
}

int ca_check_request(const uint8_t *csr, size_t len, char key[WIRE_FINGERPRINT_LEN + 1], const char **why)
{
	X509_REQ *req = decode_request(csr, len);
	EVP_PKEY *public = req ? X509_REQ_get0_pubkey(req) : NULL;
	int err = -EINVAL;

	*key = '\0';
	if (!public)
		*why = "the certificate request is malformed";
	else if ((*why = x509_check_key(public)))
		err = -EINVAL;
	else if (X509_REQ_verify(req, public) != 1)
		*why = "the signature of the certificate request is wrong";
	else
		err = 0;
	if (!err)
		x509_key_fingerprint(public, key);
	X509_REQ_free(req);
	ERR_clear_error();
	return err;
}

static int encode_certificate(X509 *cert, uint8_t **der, size_t *len, struct wire_identity *out)
{
	const char *why;
	uint8_t *encoded = NULL;
	int n = i2d_X509(cert, &encoded);

	if (n <= 0 || x509_identity(cert, out, &why) < 0) {
		OPENSSL_free(encoded);
		return -EINVAL;
	}
	*der = mem_dup(encoded, (size_t)n);
	*len = (size_t)n;
	OPENSSL_free(encoded);
	return 0;
}

int ca_sign(struct ca *ca, const uint8_t *csr, size_t csr_len, enum wire_kind kind, const char *name, int64_t now_s,
	    uint32_t days, uint8_t **der, size_t *len, struct wire_identity *out, char **error)
{
	X509_REQ *req;
	X509 *cert;
	int err;

	if (!str_is_name(name)) {
		*error = mem_printf("name %s cannot be used: %s", str_quote(name), str_name_rule);
		return -EINVAL;
	}
	req = decode_request(csr, csr_len);
	cert = req ? make_leaf(ca, X509_REQ_get0_pubkey(req), kind, name, now_s, days) : NULL;
	err = cert ? encode_certificate(cert, der, len, out) : -EINVAL;
	if (err)
		*error = x509_error(name, "no certificate can be made");
	X509_free(cert);
	X509_REQ_free(req);
	return err;
}
