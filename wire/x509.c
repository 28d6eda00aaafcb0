/*
 * x509.c - see x509.h. Key files are read into memory of ours that is wiped, and written from a BIO that wipes its own.
 */
#include "wire/x509.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/mem.h"
#include "common/str.h"
#include "wire/identity.h"

void x509_init(void)
{
	OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
}

enum { FILE_MAX = 64 * 1024, SERIAL_BYTES_MAX = WIRE_SERIAL_MAX / 2 };

/* ---- keys ---- */

const char *x509_check_key(const EVP_PKEY *key)
{
	char curve[32] = "";
	int is_explicit = 0;

	if (EVP_PKEY_is_a(key, "ED25519"))
		return NULL;
	if (!EVP_PKEY_is_a(key, "EC"))
		return "the key is of a kind that is not taken: it has to be EC P-256, EC P-384 or Ed25519";
	EVP_PKEY_get_int_param(key, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS, &is_explicit);
	EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, curve, sizeof curve, NULL);
	ERR_clear_error();
	if (!is_explicit && (!strcmp(curve, SN_X9_62_prime256v1) || !strcmp(curve, SN_secp384r1)))
		return NULL;
	return "the key is on a curve that is not taken: it has to be EC P-256, EC P-384 or Ed25519";
}

const EVP_MD *x509_sign_digest(const EVP_PKEY *key)
{
	return EVP_PKEY_is_a(key, "ED25519") ? NULL : EVP_sha256();
}

/* ---- identities ---- */

static int take_serial(const X509 *cert, struct wire_identity *out, const char **why)
{
	uint8_t bytes[SERIAL_BYTES_MAX];
	BIGNUM *n = ASN1_INTEGER_to_BN(X509_get0_serialNumber(cert), NULL);
	int len = n ? BN_num_bytes(n) : 0;

	*why = "the certificate's serial number is none";
	if (n && !BN_is_negative(n) && len > 0 && len <= SERIAL_BYTES_MAX) {
		BN_bn2bin(n, bytes);
		str_hex(bytes, (size_t)len, out->serial);
		*why = NULL;
	}
	BN_free(n);
	return *why ? -EINVAL : 0;
}

/* Exactly one URI; a DNS name is for a master only, anything else for nobody. */
static const char *check_names(const GENERAL_NAMES *names, const ASN1_STRING **uri, bool *has_dns)
{
	*uri = NULL;
	*has_dns = false;
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		int type;
		const ASN1_STRING *value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &type);

		if (type == GEN_URI && *uri)
			return "the certificate names more than one identity";
		if (type == GEN_URI)
			*uri = value;
		else if (type == GEN_DNS)
			*has_dns = true;
		else
			return "the certificate has names of a kind that none of ours has";
	}
	return *uri ? NULL : "the certificate names no identity";
}

static int take_name(X509 *cert, struct wire_identity *out, const char **why)
{
	int critical = 0;
	GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, &critical, NULL);
	const ASN1_STRING *uri;
	bool has_dns;
	int err = -EINVAL;

	*why = names ? check_names(names, &uri, &has_dns) : "the certificate names no identity";
	if (!*why)
		err = identity_parse_uri((const char *)ASN1_STRING_get0_data(uri), (size_t)ASN1_STRING_length(uri), out,
					 why);
	if (!err && has_dns && out->kind != WIRE_KIND_MASTER) {
		*why = "the certificate has a DNS name, which only a master's has";
		err = -EINVAL;
	}
	GENERAL_NAMES_free(names);
	return err;
}

static int64_t seconds(const ASN1_TIME *at)
{
	struct tm tm = { 0 };

	return ASN1_TIME_to_tm(at, &tm) == 1 ? timegm(&tm) : 0;
}

/* A point has three encodings, and whoever has the key chooses: all of them are one key. */
void x509_key_fingerprint(EVP_PKEY *key, char out[WIRE_FINGERPRINT_LEN + 1])
{
	EVP_PKEY *plain = EVP_PKEY_dup(key);
	uint8_t *der = NULL;
	int n = -1;

	out[0] = '\0';
	if (plain && (!EVP_PKEY_is_a(plain, "EC") ||
		      EVP_PKEY_set_utf8_string_param(plain, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
						     OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_UNCOMPRESSED) == 1))
		n = i2d_PUBKEY(plain, &der);
	if (n > 0)
		identity_fingerprint(der, (size_t)n, out);
	OPENSSL_free(der);
	EVP_PKEY_free(plain);
}

int x509_identity(X509 *cert, struct wire_identity *out, const char **why)
{
	struct wire_identity who = { 0 };
	EVP_PKEY *key = X509_get0_pubkey(cert);
	int err = take_name(cert, &who, why);

	if (!err)
		err = take_serial(cert, &who, why);
	if (!err) {
		*why = key ? x509_check_key(key) : "the certificate's key cannot be read";
		err = *why ? -EINVAL : 0;
	}
	ERR_clear_error();
	if (err)
		return err;
	x509_key_fingerprint(key, who.key);
	who.not_before_s = seconds(X509_get0_notBefore(cert));
	who.not_after_s = seconds(X509_get0_notAfter(cert));
	*out = who;
	return 0;
}

/* ---- files ---- */

char *x509_error(const char *file, const char *what)
{
	unsigned long error = ERR_peek_last_error();
	const char *reason = error ? ERR_reason_error_string(error) : NULL;
	char *text = mem_printf("%s: %s%s%s", file, what, reason ? ": " : "", reason ? reason : "");

	ERR_clear_error();
	return text;
}

static int no_password(char *buf, int size, int writing, void *arg)
{
	(void)buf, (void)size, (void)writing, (void)arg;
	return -1;
}

/* Nothing that could block; a key is not for everybody's eyes. NULL, or what is wrong. */
static const char *check_file(int fd, bool is_secret)
{
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return strerror(errno);
	if (!S_ISREG(st.st_mode))
		return "not a regular file";
	if (is_secret && (st.st_mode & S_IROTH))
		return "everybody can read this key: take that right away (chmod o-r) and replace the key";
	return NULL;
}

/* Up to the end of the file. NULL, or what is wrong. */
static const char *read_whole(int fd, char *text, size_t cap)
{
	size_t n = 0;

	while (n < cap) {
		ssize_t got = read(fd, text + n, cap - n);

		if (got < 0 && errno != EINTR)
			return strerror(errno);
		if (got == 0)
			return NULL;
		n += got > 0 ? (size_t)got : 0;
	}
	return "too large";
}

static void drop_text(char *text)
{
	OPENSSL_cleanse(text, FILE_MAX);
	free(text);
}

/* A zeroed byte is behind the text. Goes back with drop_text(). NULL with *error. */
static char *read_text(const char *file, bool is_secret, char **error)
{
	char *text = mem_alloc(FILE_MAX + 1);
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	const char *why = check_file(fd, is_secret);

	x509_init();
	if (!why)
		why = read_whole(fd, text, FILE_MAX);
	fd_close(&fd);
	if (!why)
		return text;
	*error = mem_printf("%s: cannot be read: %s", file, why);
	drop_text(text);
	return NULL;
}

EVP_PKEY *x509_read_key(const char *file, char **error)
{
	char *text = read_text(file, true, error);
	BIO *bio = text ? BIO_new_mem_buf(text, -1) : NULL;
	EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL) : NULL;

	if (text && !key)
		*error = mem_printf("%s: %s", file, strstr(text, "ENCRYPTED") ?
				    "the key is encrypted with a passphrase, and nobody is there to enter it" :
				    "not a private key in PEM");
	ERR_clear_error();
	BIO_free(bio);
	if (text)
		drop_text(text);
	return key;
}

X509 *x509_read_certificate(const char *file, char **error)
{
	char *text = read_text(file, false, error);
	BIO *bio = text ? BIO_new_mem_buf(text, -1) : NULL;
	X509 *cert = bio ? PEM_read_bio_X509(bio, NULL, no_password, NULL) : NULL;

	if (text && !cert)
		*error = mem_printf("%s: not a certificate in PEM", file);
	ERR_clear_error();
	BIO_free(bio);
	if (text)
		drop_text(text);
	return cert;
}

static int sync_parent(const char *file)
{
	const char *slash = strrchr(file, '/');
	char *dir = slash ? mem_strndup(file, slash > file ? (size_t)(slash - file) : 1) : mem_strdup(".");
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), err;

	err = fd < 0 || fsync(fd) ? -errno : 0;
	fd_close(&fd);
	free(dir);
	return err;
}

/* The bytes of a memory BIO into a file of that mode, which appears at once and whole. */
static int write_file(const char *file, BIO *from, mode_t mode, bool replace, char **error)
{
	char *temporary = mem_printf("%s.tmp", file), *data;
	long n = BIO_get_mem_data(from, &data);
	int fd, err;

	unlink(temporary);		/* of a process that was killed */
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	err = fd < 0 ? -errno : fd_write_all(fd, data, (size_t)n);
	if (!err && (fchmod(fd, mode) || fsync(fd)))
		err = -errno;
	fd_close(&fd);
	if (!err && (replace ? rename(temporary, file) : link(temporary, file)))
		err = -errno;
	if (err || !replace)
		unlink(temporary);
	if (!err)
		err = sync_parent(file);
	if (err)
		*error = mem_printf("%s: cannot be written: %s", file, strerror(-err));
	free(temporary);
	return err;
}

int x509_write_key(const char *file, EVP_PKEY *key, char **error)
{
	BIO *bio = BIO_new(BIO_s_secmem());
	int err;

	if (!bio || PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) != 1)
		abort();
	err = write_file(file, bio, 0600, false, error);
	BIO_free(bio);			/* it wipes what was in it */
	return err;
}

int x509_write_certificate(const char *file, X509 *cert, char **error)
{
	BIO *bio = BIO_new(BIO_s_mem());
	int err;

	if (!bio || PEM_write_bio_X509(bio, cert) != 1)
		abort();
	err = write_file(file, bio, 0644, true, error);
	BIO_free(bio);
	return err;
}

EVP_PKEY *x509_new_key(void)
{
	EVP_PKEY *key;

	x509_init();
	key = EVP_EC_gen("P-256");
	if (!key)
		abort();
	return key;
}
