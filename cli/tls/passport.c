/*
 * passport.c - see cli/passport.h: the certificate of a context, and its renewal.
 *
 * One process renews at a time: who finds another one at it goes on with what there is.
 */
#include "cli/passport.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/report.h"
#include "cli/target.h"
#include "cli/tls/question.h"
#include "common/clock.h"
#include "common/fd.h"
#include "common/mem.h"
#include "common/paths.h"
#include "wire/credential.h"
#include "wire/libraries.h"
#include "wire/proto/sloth.pb-c.h"
#include "wire/tls.h"

enum { RENEW_MS = 5000, OPEN_TRIES = 5, OPEN_PAUSE_US = 20000 };

struct passport {
	struct credential files;
	struct wire_tls *tls;
	char *address, *context;
};

void passport_init(int argc, char **argv)
{
	(void)argc;
	(void)argv;
}

struct wire_tls *passport_tls(const struct passport *p)
{
	return p ? p->tls : NULL;
}

static void passport_free(struct passport *p)
{
	wire_tls_free(p->tls);
	credential_done(&p->files);
	free(p->address);
	free(p->context);
	free(p);
}

/* ---- renewal ---- */

/* What of its life is over, in hundredths; -1: not known. */
static int64_t age_percent(const struct wire_identity *who)
{
	int64_t life = who->not_after_s - who->not_before_s;

	return life > 0 ? (wall_s() - who->not_before_s) * 100 / life : -1;
}

/* The same for all processes that have this certificate, and another one for the next. */
static uint32_t jitter_of(const struct wire_identity *who)
{
	char digits[9];

	snprintf(digits, sizeof digits, "%.8s", who->serial);
	return (uint32_t)strtoul(digits, NULL, 16);
}

static bool is_due(const struct passport *p, struct wire_identity *who)
{
	char *ignored = NULL;
	bool is = credential_read(&p->files, who, &ignored) == 0 && wall_s() >= credential_renewal_s(who, jitter_of(who));

	free(ignored);
	return is;
}

static int ask_renewal(const struct passport *p, char **error)
{
	Sloth__V1__RenewRequest message = SLOTH__V1__RENEW_REQUEST__INIT;
	const struct question question = {
		.address = p->address, .tls = p->tls, .files = &p->files, .path = "/sloth.v1.Master/Renew",
		.message = &message.base, .csr = &message.csr, .timeout_ms = RENEW_MS,
	};
	struct answer answer;

	return question_ask(&question, &answer, error);
}

/* -EWOULDBLOCK: another process is at it. */
static int renew(const struct passport *p, char **error)
{
	char *path = paths_join(p->files.dir, "lock");
	int lock = fd_lock_file(path), err = lock < 0 ? lock : ask_renewal(p, error);

	if (lock < 0)
		*error = mem_printf("%s: %s", path, strerror(-lock));
	else
		fd_close(&lock);
	free(path);
	return err;
}

static void renew_when_due(const struct passport *p)
{
	enum { NEAR_THE_END_PERCENT = 90 };
	struct wire_identity who;
	char *error = NULL;

	if (is_due(p, &who) && renew(p, &error) && is_due(p, &who) && age_percent(&who) >= NEAR_THE_END_PERCENT)
		report_error("the certificate of context %s %s and cannot be renewed: %s", p->context,
			     wall_s() > who.not_after_s ? "has ended" : "ends soon", error);
	free(error);
}

/* An expired certificate is good for its renewal and nothing else. */
static void renew_when_expired(const struct passport *p)
{
	struct wire_identity who;
	char *error = NULL;

	if (is_due(p, &who) && wall_s() > who.not_after_s && renew(p, &error) == 0)
		wire_tls_reload(p->tls, &error);
	free(error);			/* the master says what it thinks of an expired one */
}

/* ---- opening ---- */

static struct wire_tls *make_tls(const struct passport *p, char **error)
{
	const struct tls_config config = { .cert_file = p->files.cert, .key_file = p->files.key, .ca_file = p->files.ca };

	return wire_tls_new(&config, error);
}

/* Another process may be putting a new pair in place right now. */
static int open_files(struct passport *p, const char *dir, char **error)
{
	for (int i = 0; i < OPEN_TRIES; i++) {
		free(*error);
		*error = NULL;
		credential_done(&p->files);
		if (credential_open(&p->files, dir, "operator", error) == 0)
			p->tls = make_tls(p, error);
		if (p->tls)
			return 0;
		usleep(OPEN_PAUSE_US);
	}
	return -EACCES;
}

int passport_open(const struct target *target, struct passport **out, char **error, char **hint)
{
	struct passport *p = mem_new(struct passport);
	char *root = paths_user_config_dir(), *dir = context_dir(root, target->context);
	int err;

	p->address = mem_strdup(target->address);
	p->context = mem_strdup(target->context);
	err = open_files(p, dir, error);
	if (err) {
		*hint = mem_printf("sloth login %s, with a new token", target->address);
		passport_free(p);
	} else {
		renew_when_expired(p);
		*out = p;
	}
	free(dir);
	free(root);
	return err;
}

void passport_close(struct passport *p, bool may_renew)
{
	if (!p)
		return;
	if (may_renew)
		renew_when_due(p);
	passport_free(p);
}

size_t passport_library(struct library *out)
{
	*out = tls_library();
	return 1;
}
