/* x509.c - see x509.h. */
#include "wire/x509.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/mem.h"
#include "common/str.h"
#include "wire/identity.h"

void x509_init(void)
{
	OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
}

/* ---- identities ---- */

static void take_serial(X509 *cert, struct wire_identity *out)
{
	BIGNUM *number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(cert), NULL);
	char *hex = number ? BN_bn2hex(number) : NULL;
	size_t n = hex ? strlen(hex) : 0;

	if (n > WIRE_SERIAL_MAX)
		n = WIRE_SERIAL_MAX;
	for (size_t i = 0; i < n; i++)
		out->serial[i] = (char)(hex[i] >= 'A' && hex[i] <= 'F' ? hex[i] - 'A' + 'a' : hex[i]);
	out->serial[n] = '\0';
	OPENSSL_free(hex);
	BN_free(number);
}

static int64_t seconds(const ASN1_TIME *at)
{
	struct tm tm = { 0 };

	return ASN1_TIME_to_tm(at, &tm) == 1 ? timegm(&tm) : 0;
}

void x509_key_fingerprint(EVP_PKEY *key, char out[WIRE_FINGERPRINT_LEN + 1])
{
	uint8_t *der = NULL;
	int len = i2d_PUBKEY(key, &der);

	out[0] = '\0';
	if (len > 0)
		identity_fingerprint(der, (size_t)len, out);
	OPENSSL_free(der);
}

/* The only URI among the names. NULL with *why. */
static const ASN1_IA5STRING *only_uri(const GENERAL_NAMES *names, const char **why)
{
	const ASN1_IA5STRING *uri = NULL;

	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type != GEN_URI)
			continue;
		*why = "the certificate states more than one identity";
		if (uri)
			return NULL;
		uri = name->d.uniformResourceIdentifier;
	}
	*why = "the certificate states no identity";
	return uri;
}

int x509_identity(X509 *cert, struct wire_identity *out, const char **why)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	EVP_PKEY *key = X509_get0_pubkey(cert);
	const ASN1_IA5STRING *uri;
	int err = -EINVAL;

	*out = (struct wire_identity){ 0 };
	uri = only_uri(names, why);
	if (uri)
		err = identity_parse_uri((const char *)ASN1_STRING_get0_data(uri), (size_t)ASN1_STRING_length(uri), out, why);
	GENERAL_NAMES_free(names);
	if (err)
		return err;
	take_serial(cert, out);
	x509_key_fingerprint(key, out->key);
	out->not_before_s = seconds(X509_get0_notBefore(cert));
	out->not_after_s = seconds(X509_get0_notAfter(cert));
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

static BIO *open_file(const char *file, char **error)
{
	BIO *bio;

	x509_init();
	ERR_clear_error();
	bio = BIO_new_file(file, "re");
	if (bio)
		return bio;
	ERR_clear_error();
	*error = mem_printf("%s: cannot be read: %s", file, strerror(errno));
	return NULL;
}

EVP_PKEY *x509_read_key(const char *file, char **error)
{
	BIO *bio = open_file(file, error);
	EVP_PKEY *key;

	if (!bio)
		return NULL;
	key = PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);
	if (!key)
		*error = x509_error(file, "not a private key in PEM without a password");
	BIO_free(bio);
	return key;
}

X509 *x509_read_certificate(const char *file, char **error)
{
	BIO *bio = open_file(file, error);
	X509 *cert;

	if (!bio)
		return NULL;
	cert = PEM_read_bio_X509(bio, NULL, no_password, NULL);
	if (!cert)
		*error = x509_error(file, "not a certificate in PEM");
	BIO_free(bio);
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
