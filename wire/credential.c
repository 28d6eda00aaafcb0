/* credential.c - see credential.h. */
#include "wire/credential.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/mem.h"
#include "wire/identity.h"

static bool exists(const char *path)
{
	return access(path, F_OK) == 0;
}

static bool is_pair(const char *key, const char *cert)
{
	char *error = NULL;
	bool is = exists(key) && exists(cert) && identity_check_pair(key, cert, &error) == 0;

	free(error);
	return is;
}

static int sync_dir(const char *dir, char **error)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int err = fd < 0 || fsync(fd) ? -errno : 0;

	fd_close(&fd);
	if (err)
		*error = mem_printf("%s: cannot be written: %s", dir, strerror(-err));
	return err;
}

static int move(const char *from, const char *to, char **error)
{
	if (rename(from, to) == 0)
		return 0;
	*error = mem_printf("%s: cannot be renamed to %s: %s", from, to, strerror(errno));
	return -errno;
}

/* The new pair into its place. The key goes first: a new certificate without a new key of its own then belongs to the
 * key, until it follows. */
static int promote(const struct credential *c, char **error)
{
	int err = is_pair(c->new_key, c->new_cert) ? move(c->new_key, c->key, error) : 0;

	if (!err)
		err = move(c->new_cert, c->cert, error);
	return err ? err : sync_dir(c->dir, error);
}

int credential_recover(const struct credential *c, char **error)
{
	if (!exists(c->new_cert))
		return 0;
	if (is_pair(c->new_key, c->new_cert) || is_pair(c->key, c->new_cert))
		return promote(c, error);
	if (is_pair(c->key, c->cert)) {
		unlink(c->new_cert);
		return 0;
	}
	*error = mem_printf("%s: belongs to no key that can be read here, and neither does %s: remove them to enrol again",
			    c->new_cert, c->cert);
	return -EINVAL;
}

int credential_open(struct credential *c, const char *dir, const char *stem, char **error)
{
	*c = (struct credential){
		.dir = mem_strdup(dir),
		.key = mem_printf("%s/%s.key", dir, stem),
		.cert = mem_printf("%s/%s.crt", dir, stem),
		.ca = mem_printf("%s/ca.crt", dir),
		.new_key = mem_printf("%s/%s.key.new", dir, stem),
		.new_cert = mem_printf("%s/%s.crt.new", dir, stem),
	};
	return credential_recover(c, error);
}

void credential_done(struct credential *c)
{
	free(c->dir);
	free(c->key);
	free(c->cert);
	free(c->ca);
	free(c->new_key);
	free(c->new_cert);
	*c = (struct credential){ 0 };
}

bool credential_is_complete(const struct credential *c)
{
	return exists(c->ca) && exists(c->key) && exists(c->cert);
}

int credential_read(const struct credential *c, struct wire_identity *out, char **error)
{
	return identity_read_certificate(c->cert, out, error);
}

static int make_key(const struct credential *c, char **error)
{
	return exists(c->new_key) ? 0 : identity_make_key(c->new_key, error);
}

int credential_request(const struct credential *c, uint8_t **csr, size_t *len, char **error)
{
	int err = credential_recover(c, error);

	if (!err)
		err = make_key(c, error);
	return err ? err : identity_request(c->new_key, csr, len, error);
}

int credential_fingerprint(const struct credential *c, char out[WIRE_FINGERPRINT_LEN + 1], char **error)
{
	int err = make_key(c, error);

	return err ? err : identity_key_fingerprint(c->new_key, out, error);
}

/* The CA is kept when it is the first, and has to be the same ever after. */
static int take_ca(const struct credential *c, const uint8_t *ca, size_t len, char **error)
{
	uint8_t *old;
	size_t old_len;
	bool same;
	int err;

	if (!exists(c->ca))
		return identity_save_certificate(c->ca, ca, len, error);
	err = identity_read_der(c->ca, &old, &old_len, error);
	if (err)
		return err;
	same = old_len == len && !memcmp(old, ca, len);
	free(old);
	if (same)
		return 0;
	*error = mem_printf("%s: the master has another CA now: if that is meant, remove this file and enrol again", c->ca);
	return -EINVAL;
}

static int check_who(enum wire_kind kind, const char *name, const uint8_t *cert, size_t len, char **error)
{
	struct wire_identity who;
	int err = identity_parse_certificate(cert, len, &who, error);

	if (err || (who.kind == kind && (!name || !strcmp(who.name, name))))
		return err;
	*error = mem_printf("the certificate that came is of %s %s", identity_kind_name(who.kind), who.name);
	return -EINVAL;
}

int credential_take(const struct credential *c, enum wire_kind kind, const char *name, const uint8_t *cert, size_t cert_len,
		    const uint8_t *ca, size_t ca_len, char **error)
{
	int err = credential_recover(c, error);

	if (err)
		return err;
	err = identity_check_issuer(cert, cert_len, ca, ca_len, error);
	if (!err)
		err = check_who(kind, name, cert, cert_len, error);
	if (!err)
		err = take_ca(c, ca, ca_len, error);
	if (!err)
		err = identity_save_certificate(c->new_cert, cert, cert_len, error);
	if (!err)
		err = identity_check_pair(c->new_key, c->new_cert, error);
	if (!err)
		return promote(c, error);
	unlink(c->new_cert);
	return err;
}

int64_t credential_renewal_s(const struct wire_identity *who, uint32_t jitter)
{
	int64_t life = who->not_after_s - who->not_before_s;
	int64_t span = life / 5 + 1;		/* from a tenth before to a tenth after */

	return who->not_before_s + life * 2 / 3 - life / 10 + (int64_t)(jitter % (uint64_t)span);
}
