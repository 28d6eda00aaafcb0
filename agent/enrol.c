/*
 * enrol.c - see enrol.h.
 *
 *   AWAY --timer--> ASKING --issued--> HELD --due for renewal--> RENEWING
 *    ^                |                 ^                            |
 *    +---- pending, denied, lost        +---- issued, refused, lost -+
 *   STOPPED is reached from all and left by none. AWAY goes straight to HELD when the files have become complete.
 *
 * Each attempt has a connection of its own, which is closed when the answer is there.
 */
#include "agent/enrol.h"

#include <errno.h>
#include <ev.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/backoff.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/sm.h"
#include "common/str.h"
#include "wire/addr.h"
#include "wire/credential.h"
#include "wire/identity.h"
#include "wire/proto/sloth.pb-c.h"
#include "wire/tls.h"
#include "wire/wire.h"

enum enrol_state { ENROL_AWAY, ENROL_ASKING, ENROL_HELD, ENROL_RENEWING, ENROL_STOPPED };

static const struct sm_state enrol_states[] = {
	[ENROL_AWAY]     = { "away",     SM(ENROL_ASKING) | SM(ENROL_HELD) | SM(ENROL_STOPPED) },
	[ENROL_ASKING]   = { "asking",   SM(ENROL_AWAY) | SM(ENROL_HELD) | SM(ENROL_STOPPED) },
	[ENROL_HELD]     = { "held",     SM(ENROL_RENEWING) | SM(ENROL_STOPPED) },
	[ENROL_RENEWING] = { "renewing", SM(ENROL_HELD) | SM(ENROL_STOPPED) },
	[ENROL_STOPPED]  = { "stopped",  0 },
};

struct enrol {
	struct enrol_config config;	/* but token and pin, of which copies are kept: */
	char master[WIRE_ADDR_MAX];	/* with its port: config.master */
	struct token token;		/* until there is a certificate */
	bool has_token, has_pin;
	uint8_t pin[TOKEN_PIN_LEN];
	struct wire *wire;
	struct ev_loop *loop;
	struct credential files;
	struct wire_tls *first;		/* before there is a certificate; NULL: not needed yet */
	char met[WIRE_FINGERPRINT_LEN + 1];	/* the CA that was met first, where anybody is trusted; "": none yet */
	struct wire_tls *own;		/* NULL: there is none */
	char serial[WIRE_SERIAL_MAX + 1];	/* of the certificate in `own` */
	unsigned state;			/* enum enrol_state */
	struct wire_conn *conn;		/* of the attempt */
	ev_timer timer;
	struct backoff backoff;
	uint32_t jitter;
	char *trouble;			/* as logged last; NULL: none */
};

static void set_timer(struct enrol *e, uint64_t ms)
{
	ev_timer_stop(e->loop, &e->timer);
	ev_now_update(e->loop);
	ev_timer_set(&e->timer, (double)ms / 1000, 0.);
	ev_timer_start(e->loop, &e->timer);
}

/* Logged when it is not what was logged last, and told. Takes `text`. */
static void set_trouble(struct enrol *e, enum standing standing, char *text)
{
	if (!str_equal(e->trouble, text))
		log_warn("agent %s: %s", e->config.name, text);
	if (e->config.on_news)
		e->config.on_news(e->own ? STANDING_SAME : standing, text, e->config.arg);
	free(e->trouble);
	e->trouble = text;
}

/* The attempt is over: again after so long. */
static void try_later(struct enrol *e, uint64_t ms)
{
	bool held = e->state == ENROL_RENEWING;

	if (e->state == ENROL_STOPPED)
		return;
	sm_move(enrol_states, &e->state, held ? ENROL_HELD : ENROL_AWAY, "enrolment");
	set_timer(e, held ? ENROL_LOOK_MS : ms);
}

static uint64_t next_delay_ms(struct enrol *e)
{
	return backoff_next_ms(&e->backoff, (uint32_t)random_below(UINT64_C(1) << 32));
}

/* The attempt has failed. Takes `text`. */
static void fail_attempt(struct enrol *e, enum standing standing, char *text)
{
	set_trouble(e, standing, text);
	try_later(e, next_delay_ms(e));
}

/* ---- the certificate ---- */

static struct wire_tls *own_tls(const struct enrol *e, char **error)
{
	const struct tls_config config = { .cert_file = e->files.cert, .key_file = e->files.key, .ca_file = e->files.ca };

	return wire_tls_new(&config, error);
}

/* Works with the files as they are. 0, or -1 with *error set to owned words: with those before, if any. */
static int use_files(struct enrol *e, char **error)
{
	struct wire_identity who;

	if (credential_read(&e->files, &who, error))
		return -1;
	if (!e->own)
		e->own = own_tls(e, error);
	else
		wire_tls_reload(e->own, error);
	if (*error)
		return -1;
	snprintf(e->serial, sizeof e->serial, "%s", who.serial);
	return 0;
}

/* The first certificate is in use. */
static void hold(struct enrol *e)
{
	sm_move(enrol_states, &e->state, ENROL_HELD, "enrolment");
	set_timer(e, ENROL_LOOK_MS);
	token_wipe(&e->token);
	e->has_token = false;
	e->config.on_identity(e->own, e->config.arg);
}

static void issued(struct enrol *e, const Sloth__V1__EnrollResponse *r)
{
	bool renewed = e->state == ENROL_RENEWING;
	char fingerprint[WIRE_FINGERPRINT_LEN + 1], *error = NULL;
	const char *shown = wire_conn_peer(e->conn)->ca;

	identity_fingerprint(r->ca.data, r->ca.len, fingerprint);
	if (!str_equal(shown, fingerprint))
		error = mem_strdup("the master's answer has another CA than its connection");
	else if (credential_take(&e->files, WIRE_KIND_AGENT, e->config.name, r->certificate.data, r->certificate.len, r->ca.data, r->ca.len, &error) == 0)
		use_files(e, &error);
	if (error) {
		fail_attempt(e, STANDING_TRYING, mem_printf("the certificate that came cannot be used: %s", error));
		free(error);
		return;
	}
	log_info("agent %s: %s by master %s, CA %s", e->config.name, renewed ? "certificate renewed" : "enrolled",
		 e->config.master, fingerprint);
	mem_set_string(&e->trouble, NULL);
	backoff_reset(&e->backoff);
	if (renewed)
		try_later(e, ENROL_LOOK_MS);
	else
		hold(e);
}

/* ---- answers ---- */

/* When the master wants to be asked again; whoever it is, it cannot make us wait for ever. */
static uint64_t retry_ms(const Sloth__V1__EnrollResponse *r)
{
	if (r->retry_ms < ENROL_RETRY_MIN_MS)
		return ENROL_RETRY_MIN_MS;
	return r->retry_ms < ENROL_AGAIN_MAX_MS ? r->retry_ms : ENROL_AGAIN_MAX_MS;
}

/* What an operator compares before he accepts it. */
static void wait_for_operator(struct enrol *e, enum standing standing, char *words, const Sloth__V1__EnrollResponse *r)
{
	const char *ca = wire_conn_peer(e->conn)->ca;
	char key[WIRE_FINGERPRINT_LEN + 1], *error = NULL;

	if (credential_fingerprint(&e->files, key, &error)) {
		fail_attempt(e, STANDING_TRYING, error);
	} else {
		set_trouble(e, standing, mem_printf("%s  (this key %.16s, CA %.16s)", words, key, ca ? ca : "?"));
		backoff_reset(&e->backoff);
		try_later(e, retry_ms(r));
	}
	free(words);
}

static void take_answer(struct enrol *e, const Sloth__V1__EnrollResponse *r)
{
	switch (r->state) {
	case SLOTH__V1__ENROLL_STATE__ENROLL_STATE_ISSUED:
		issued(e, r);
		break;
	case SLOTH__V1__ENROLL_STATE__ENROLL_STATE_PENDING:
		wait_for_operator(e, STANDING_WAITING, mem_printf("waiting for acceptance; on the master: sloth agent accept %s",
								  e->config.name), r);
		break;
	default:
		wait_for_operator(e, STANDING_DENIED, mem_printf("master %s denies a certificate: %s; asking again", e->config.master,
								 str_quote(r->message)), r);
		break;
	}
}

/* What no repetition changes. */
static enum standing standing_of(enum wire_code code)
{
	return code == WIRE_PERMISSION_DENIED || code == WIRE_UNAUTHENTICATED || code == WIRE_INVALID_ARGUMENT ?
	       STANDING_DENIED : STANDING_TRYING;
}

static void on_answer(struct wire_call *call, enum wire_code code, const char *why, const uint8_t *data, size_t len,
		      void *arg)
{
	struct enrol *e = arg;
	Sloth__V1__EnrollResponse *r = NULL;

	if (e->state != ENROL_ASKING && e->state != ENROL_RENEWING)
		return;
	if (code == WIRE_OK)
		r = wire_unpack(call, &sloth__v1__enroll_response__descriptor, data, len);
	if (r) {
		take_answer(e, r);
	} else {
		fail_attempt(e, standing_of(code), mem_printf("no certificate from master %s: %s: %s; asking again", e->config.master,
					   wire_code_name(code), *why ? str_quote(why) : "its answer is malformed"));
	}
	if (e->conn)
		wire_conn_close(e->conn, 0, "answered");
}

/* ---- asking ---- */

static void send_request(struct enrol *e, const char *path, const ProtobufCMessage *message)
{
	struct wire_request request = { .path = path, .timeout_ms = ENROL_CALL_MS };

	wire_unary(e->conn, &request, message, on_answer, e);
}

static void ask_renewal(struct enrol *e, uint8_t *csr, size_t len)
{
	Sloth__V1__RenewRequest message = SLOTH__V1__RENEW_REQUEST__INIT;

	message.csr = (ProtobufCBinaryData){ len, csr };
	send_request(e, "/sloth.v1.Master/Renew", &message.base);
}

static void ask_first(struct enrol *e, uint8_t *csr, size_t len)
{
	Sloth__V1__EnrollRequest message = SLOTH__V1__ENROLL_REQUEST__INIT;
	char token[8 + 1 + 32 + 1] = "";

	if (e->has_token)
		token_format_short(&e->token, token);
	message.name = (char *)(uintptr_t)e->config.name;
	message.csr = (ProtobufCBinaryData){ len, csr };
	message.token = token;
	message.address = (char *)(uintptr_t)(e->config.address ? e->config.address : "");
	message.first_use = enrol_trusts_anybody(e);
	send_request(e, "/sloth.v1.Master/Enroll", &message.base);
	explicit_bzero(token, sizeof token);
}

/* Where anybody is trusted, the first that answers is, and nobody after it. */
static bool is_met(struct enrol *e, const struct wire_peer *peer)
{
	if (e->state != ENROL_ASKING || !enrol_trusts_anybody(e))
		return true;
	if (!*e->met)
		snprintf(e->met, sizeof e->met, "%s", peer->ca);
	return str_equal(e->met, peer->ca);
}

/* The connection's end is no news then. */
static void give_up(struct enrol *e, struct wire_conn *conn, char *text)
{
	fail_attempt(e, STANDING_TRYING, text);
	wire_conn_close(conn, 0, "nothing is asked");
}

static void on_up(struct wire_conn *conn, const struct wire_peer *peer, void *arg)
{
	struct enrol *e = arg;
	char *error = NULL;
	uint8_t *csr;
	size_t len;

	if (e->state != ENROL_ASKING && e->state != ENROL_RENEWING)
		return;
	if (!is_met(e, peer)) {
		give_up(e, conn, mem_printf("master %s shows another CA (%.16s) than the one that was met first (%.16s): if it has been made "
					    "anew, start this agent again", e->config.master, peer->ca, e->met));
		return;
	}
	if (credential_request(&e->files, &csr, &len, &error)) {
		give_up(e, conn, error);
		return;
	}
	if (e->state == ENROL_RENEWING)
		ask_renewal(e, csr, len);
	else
		ask_first(e, csr, len);
	free(csr);
}

static void on_down(struct wire_conn *conn, const char *why, void *arg)
{
	struct enrol *e = arg;

	if (conn != e->conn)
		return;
	e->conn = NULL;
	if (e->state != ENROL_ASKING && e->state != ENROL_RENEWING)
		return;
	fail_attempt(e, STANDING_TRYING, mem_printf("cannot ask master %s for a certificate: %s; trying again", e->config.master, why));
}

static void dial(struct enrol *e, struct wire_tls *tls)
{
	static const struct wire_conn_ops ops = { .on_up = on_up, .on_down = on_down };
	const struct wire_dial how = {
		.address = e->config.master, .role = WIRE_CLIENT, .tls = tls, .expect = WIRE_KIND_MASTER,
	};

	e->conn = wire_dial(e->wire, &how, &ops, e);
}

static struct wire_tls *first_tls(const struct enrol *e, char **error)
{
	const struct tls_config config = {
		.ca_file = access(e->files.ca, F_OK) == 0 ? e->files.ca : NULL,
		.pin = e->has_pin ? e->pin : NULL, .trust_first = enrol_trusts_anybody(e),
	};

	return wire_tls_new(&config, error);
}

static void ask(struct enrol *e)
{
	char *error = NULL;

	sm_move(enrol_states, &e->state, ENROL_ASKING, "enrolment");
	if (!e->first)
		e->first = first_tls(e, &error);
	if (e->first)
		dial(e, e->first);
	else
		fail_attempt(e, STANDING_TRYING, error);
}

/* What an earlier attempt could not bring to its end, for want of space say, may have become complete. */
static void begin(struct enrol *e)
{
	char *error = NULL;

	if (!credential_recover(&e->files, &error) && credential_is_complete(&e->files) && !use_files(e, &error)) {
		hold(e);
	} else if (error) {
		set_trouble(e, STANDING_TRYING, error);
		set_timer(e, next_delay_ms(e));
	} else {
		ask(e);
	}
}

static void look(struct enrol *e)
{
	struct wire_identity who;
	char *error = NULL;

	set_timer(e, ENROL_LOOK_MS);
	if (!credential_recover(&e->files, &error) && !credential_read(&e->files, &who, &error) &&
	    !str_equal(who.serial, e->serial))
		use_files(e, &error);
	if (error) {
		set_trouble(e, STANDING_TRYING, error);
		return;
	}
	if (wall_s() < credential_renewal_s(&who, e->jitter))
		return;
	sm_move(enrol_states, &e->state, ENROL_RENEWING, "enrolment");
	ev_timer_stop(e->loop, &e->timer);
	dial(e, e->own);
}

static void on_timer(struct ev_loop *loop, ev_timer *w, int events)
{
	struct enrol *e = w->data;

	(void)loop, (void)events;
	if (e->state == ENROL_AWAY)
		begin(e);
	else if (e->state == ENROL_HELD)
		look(e);
}

/* ---- for the agent ---- */

bool enrol_trusts_anybody(const struct enrol *e)
{
	return !e->has_pin && access(e->files.ca, F_OK) != 0;
}

bool enrol_has_identity(const struct enrol *e)
{
	return e->own != NULL;
}

/* Who is told whom to trust, and has the CA of another, was told wrong then or now. */
static int check_pin(const struct enrol *e, const uint8_t *pin, char **error)
{
	char told[WIRE_FINGERPRINT_LEN + 1], known[WIRE_FINGERPRINT_LEN + 1];
	uint8_t *der;
	size_t len;

	if (!pin || access(e->files.ca, F_OK) != 0)
		return 0;
	if (identity_read_der(e->files.ca, &der, &len, error))
		return -EINVAL;
	identity_fingerprint(der, len, known);
	free(der);
	str_hex(pin, TOKEN_PIN_LEN, told);
	if (str_equal(told, known))
		return 0;
	*error = mem_printf("%s: this CA is %.16s.., the one to be trusted %.16s..: to move the agent to another master, remove "
			    "agent.key, agent.crt and ca.crt there", e->files.ca, known, told);
	return -EINVAL;
}

/* A certificate in the name of another agent: the state directory is that one's. */
static int check_name(const struct enrol *e, char **error)
{
	struct wire_identity who;

	if (credential_read(&e->files, &who, error))
		return -EINVAL;
	if (str_equal(who.name, e->config.name))
		return 0;
	*error = mem_printf("%s: the certificate of agent %s, not of %s: give --name %s, or remove agent.key and agent.crt to "
			    "enrol under the new name", e->files.cert, who.name, e->config.name, who.name);
	return -EINVAL;
}

/* A token is for who has no certificate yet: later nobody looks at it. */
static int open_files(struct enrol *e, char **error)
{
	int err = credential_open(&e->files, e->config.state_dir, "agent", error);

	if (err)
		return err;
	if (!credential_is_complete(&e->files))
		return check_pin(e, e->has_pin ? e->pin : NULL, error);
	if (check_pin(e, e->config.pin, error) || check_name(e, error))
		return -EINVAL;
	return use_files(e, error);
}

int enrol_new(struct wire *wire, const struct enrol_config *config, struct enrol **out, char **error)
{
	struct enrol *e = mem_new(struct enrol);
	const uint8_t *pin = config->token ? config->token->pin : config->pin;
	int err;
	struct wire_addr a;
	const char *why;

	e->config = *config;
	if (wire_addr_parse(config->master, 50053, &a, &why) == 0) {	/* the configuration has checked it */
		wire_addr_format(&a, e->master);
		e->config.master = e->master;
	}
	e->has_token = config->token != NULL;
	if (config->token)
		e->token = *config->token;
	e->has_pin = pin != NULL;
	if (pin)
		memcpy(e->pin, pin, sizeof e->pin);
	e->wire = wire;
	e->loop = wire_loop(wire);
	e->jitter = (uint32_t)random_below(UINT32_MAX);
	backoff_init(&e->backoff, ENROL_RETRY_MIN_MS, ENROL_RETRY_MAX_MS);
	ev_init(&e->timer, on_timer);
	e->timer.data = e;
	err = open_files(e, error);
	if (err)
		enrol_free(e);
	else
		*out = e;
	return err;
}

void enrol_start(struct enrol *e)
{
	if (e->own) {
		hold(e);
		look(e);
	} else {
		ask(e);
	}
}

void enrol_reload(struct enrol *e)
{
	char *error = NULL;

	if (e->own && use_files(e, &error))
		log_error("agent %s: the certificate stays as it was: %s", e->config.name, error);
	free(error);
}

void enrol_stop(struct enrol *e)
{
	if (!e || e->state == ENROL_STOPPED)
		return;
	sm_move(enrol_states, &e->state, ENROL_STOPPED, "enrolment");
	ev_timer_stop(e->loop, &e->timer);
	if (e->conn)
		wire_conn_close(e->conn, 0, "the agent stops");
}

void enrol_free(struct enrol *e)
{
	if (!e)
		return;
	wire_tls_free(e->first);
	wire_tls_free(e->own);
	credential_done(&e->files);
	token_wipe(&e->token);
	free(e->trouble);
	free(e);
}
