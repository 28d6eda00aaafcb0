/*
 * doctor_master.c - the way from the agent to its master: a connection of its own, with the agent's certificate where
 * it has one, and one question, WhoAmI, which tells the master's clock and what it has of this agent.
 */
#include <errno.h>
#include <ev.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/config.h"
#include "agent/doctor.h"
#include "agent/ready.h"
#include "common/buf.h"
#include "common/clock.h"
#include "common/fd.h"
#include "common/mem.h"
#include "common/paths.h"
#include "common/str.h"
#include "wire/addr.h"
#include "wire/credential.h"
#include "wire/identity.h"
#include "wire/proto/sloth.pb-c.h"
#include "wire/tls.h"
#include "wire/wire.h"

enum { DIAL_MS = 5000, ASK_MS = 5000, CLOCK_MS = 5000, STATUS_MAX = 4096 };

struct visit {
	struct doctor *d;
	char address[WIRE_ADDR_MAX];
	bool has_certificate;
	bool is_up;
	struct wire_conn *conn;
	int64_t asked_ms;
};

/* ---- the connection ---- */

/* The steps of a connection, in order. */
enum step { STEP_LOOKUP, STEP_TCP, STEP_TLS, STEP_TRUST, STEP_N };
static const char *const step_names[STEP_N] = { "name lookup", "TCP", "TLS", "master's identity" };

/* %s: the master's host. */
static const struct {
	enum step step;
	const char *advice;
} faults[] = {
	[WIRE_FAULT_NONE] = { STEP_TRUST, "on the master: sloth master status, and its log" },
	[WIRE_FAULT_LOOKUP] = { STEP_LOOKUP, "getent hosts %s (or give --master as a number)" },
	[WIRE_FAULT_NO_ROUTE] = { STEP_TCP, "ip route get %s" },
	[WIRE_FAULT_REFUSED] = { STEP_TCP, "on %s: sloth master status, and whether this is the master's port" },
	[WIRE_FAULT_TIMEOUT] = { STEP_TCP, "on %s: sudo nft list ruleset (something between drops the packets, or the host "
		"is down)" },
	[WIRE_FAULT_CLOSED] = { STEP_TLS, "on %s: sloth master status (a forward with nothing behind it, or a master with "
		"--insecure)" },
	[WIRE_FAULT_SILENT] = { STEP_TLS, "on %s: sudo ss -ltnp (what listens there hangs, or waits for something else)" },
	[WIRE_FAULT_NEEDS_TLS] = { STEP_TCP, "without --insecure" },
	[WIRE_FAULT_NOT_TLS] = { STEP_TLS, "on %s: sudo ss -ltnp (something else answers, or a master with --insecure)" },
	[WIRE_FAULT_NOT_GRPC] = { STEP_TLS, "on %s: sudo ss -ltnp (something else answers)" },
	[WIRE_FAULT_OTHER_PEER] = { STEP_TRUST, "give --master the address of the master" },
	[WIRE_FAULT_OTHER_CA] = { STEP_TRUST, "was the master made anew? Remove agent.key, agent.crt and ca.crt from the state "
		"directory and enrol again" },
	[WIRE_FAULT_OTHER_PIN] = { STEP_TRUST, "on %s: slothd-master ca show, which prints the fingerprint; sloth token "
		"create, a token" },
	[WIRE_FAULT_DATES] = { STEP_TRUST, "timedatectl, here and on %s" },
	[WIRE_FAULT_REVOKED] = { STEP_TRUST, "on %s: slothd-master ca show" },
	[WIRE_FAULT_REJECTED] = { STEP_TLS, "on %s: the log of the master says why" },
	[WIRE_FAULT_TLS] = { STEP_TLS, "on %s: the log of the master says why" },
};

static void pass(struct visit *v, enum step step, const struct wire_peer *peer)
{
	static const char *const plain = "none: --insecure";
	bool is_plain = v->d->config->insecure && step >= STEP_TLS;
	char *detail;

	if (is_plain)
		detail = mem_strdup(plain);
	else if (step == STEP_TRUST)
		detail = mem_printf("CA %.16s", peer->ca ? peer->ca : "?");
	else
		detail = step == STEP_TLS ? mem_strdup("TLS 1.3") : mem_strdup(v->address);
	doctor_say(v->d, is_plain ? DOCTOR_SKIPPED : DOCTOR_OK, step_names[step], detail, NULL);
}

static char *advice_for(const struct visit *v, const char *form)
{
	const char *mark = strstr(form, "%s"), *why;
	struct wire_addr a;

	if (!mark || wire_addr_parse(v->address, 0, &a, &why))
		return mem_strdup(form);
	return mem_printf("%.*s%s%s", (int)(mark - form), form, a.host, mark + 2);
}

static void fail_connection(struct visit *v, const struct wire_conn *conn, const char *why)
{
	enum wire_fault fault = wire_conn_fault(conn);
	enum step step = faults[fault].step;
	char *advice = advice_for(v, faults[fault].advice);

	for (unsigned i = 0; i < (unsigned)step; i++)
		pass(v, (enum step)i, wire_conn_peer(conn));
	doctor_say(v->d, DOCTOR_FAILED, step_names[step], mem_printf("%s: %s", v->address, why), advice);
	free(advice);
}

/* ---- what the master says ---- */

static void take_clock(struct visit *v, int64_t master_ms)
{
	int64_t now = wall_us() / 1000, offset = v->asked_ms + (now - v->asked_ms) / 2 - master_ms;
	int64_t off = offset < 0 ? -offset : offset;
	bool is_wrong = off > CLOCK_MS;

	if (!master_ms)
		return;				/* a master of before */
	doctor_say(v->d, is_wrong ? DOCTOR_FAILED : DOCTOR_OK, "clock",
		   mem_printf("%s %s the master's", str_duration_ms((uint64_t)off), offset < 0 ? "behind" : "ahead of"),
		   is_wrong ? "on the machine whose clock is wrong: sudo timedatectl set-ntp true" : NULL);
}

static void take_record(struct visit *v, const Sloth__V1__OwnRecord *r)
{
	struct doctor *d = v->d;
	char *advice;

	if (!r && d->config->insecure) {
		advice = mem_printf("on the master: sloth agent doctor %s", d->config->own_name);
		doctor_say(d, DOCTOR_SKIPPED, "registered", mem_strdup("without a certificate the master does not know who asks"), advice);
		free(advice);
		return;
	}
	if (!r) {
		doctor_say(d, DOCTOR_FAILED, "registered", mem_strdup("the master does not know this agent"), "start the agent");
		return;
	}
	doctor_say(d, r->is_active ? DOCTOR_OK : DOCTOR_FAILED, "registered",
		   mem_printf("as %s, %s", r->address,
			      r->is_active ? "Active" : "Inactive: the master does not hear the agent"),
		   r->is_active ? NULL : "sudo systemctl start slothd-agent");
	if (*r->unreachable)
		doctor_say(d, DOCTOR_FAILED, "reach", mem_printf("the master met at %s: %s", r->address, r->unreachable),
			   r->advice);
	else
		doctor_say(d, *r->reach ? DOCTOR_OK : DOCTOR_SKIPPED, "reach",
			   mem_strdup(*r->reach ? r->reach : "the master has not tried yet"), NULL);
}

static void on_answer(struct wire_call *call, enum wire_code code, const char *why, const uint8_t *data, size_t len,
		      void *arg)
{
	const Sloth__V1__WhoAmIResponse *r = NULL;
	bool is_refused = code == WIRE_UNAUTHENTICATED || code == WIRE_PERMISSION_DENIED;
	struct visit *v = arg;

	if (code == WIRE_OK)
		r = wire_unpack(call, &sloth__v1__who_am_iresponse__descriptor, data, len);
	if (r) {
		take_clock(v, r->now_ms);
		take_record(v, r->agent);
	} else {
		doctor_say(v->d, DOCTOR_FAILED, "registered",
			   mem_printf("the master says: %s %s", wire_code_name(code), why),
			   is_refused ? "on the master: sloth agent pending, or a new token: sloth token create" :
			   "on the master: sloth master status, and its log");
	}
	if (v->conn)
		wire_conn_close(v->conn, 0, "asked");
}

static void on_up(struct wire_conn *conn, const struct wire_peer *peer, void *arg)
{
	const Sloth__V1__WhoAmIRequest message = SLOTH__V1__WHO_AM_IREQUEST__INIT;
	const struct wire_request request = { .path = "/sloth.v1.Master/WhoAmI", .timeout_ms = ASK_MS };
	struct visit *v = arg;

	v->is_up = true;
	for (unsigned step = 0; step < STEP_N; step++)
		pass(v, (enum step)step, peer);
	v->asked_ms = wall_us() / 1000;
	if (v->has_certificate || v->d->config->insecure)
		wire_unary(conn, &request, &message.base, on_answer, v);
	else
		wire_conn_close(conn, 0, "nothing to ask");
}

static void on_down(struct wire_conn *conn, const char *why, void *arg)
{
	struct visit *v = arg;

	v->conn = NULL;
	if (!v->is_up)
		fail_connection(v, conn, why);
}

static void visit(struct visit *v, struct wire_tls *tls)
{
	static const struct wire_conn_ops ops = { .on_up = on_up, .on_down = on_down };
	const struct wire_dial how = {
		.address = v->address, .role = WIRE_CLIENT, .tls = tls, .expect = WIRE_KIND_MASTER, .timeout_ms = DIAL_MS,
	};
	struct ev_loop *loop = ev_loop_new(EVFLAG_NOENV);
	struct wire *wire;

	if (!loop) {
		doctor_say(v->d, DOCTOR_FAILED, "TCP", mem_strdup("no event loop can be made"), "ulimit -n");
		return;
	}
	wire = wire_new(loop);
	v->conn = wire_dial(wire, &how, &ops, v);
	ev_run(loop, 0);
	wire_free(wire);
	ev_loop_destroy(loop);
}

/* ---- the certificate ---- */

static char *dates(const struct wire_identity *who)
{
	char from[WALL_TEXT_MAX], to[WALL_TEXT_MAX];

	wall_format(who->not_before_s * 1000000, from);
	wall_format(who->not_after_s * 1000000, to);
	return mem_printf("agent %s, valid from %.10s to %.10s", who->name, from, to);
}

/* What the agent that runs tells scripts of how it stands: the words behind the first one, owned; NULL: nothing. */
static char *read_standing(const struct doctor *d, bool *waits, bool *is_denied)
{
	char *path = paths_join(d->config->own_runtime_dir, ready_file), *words = NULL;
	struct buf text = { 0 };

	if (d->agent && fd_read_file(path, STATUS_MAX, &text) == 0)
		words = strchr(buf_string(&text), ' ');
	*waits = words && str_has_prefix(buf_string(&text), "waiting ");
	*is_denied = words && str_has_prefix(buf_string(&text), "denied ");
	words = words ? mem_strndup(words + 1, strcspn(words + 1, "\n")) : NULL;
	buf_done(&text);
	free(path);
	return words;
}

static void miss_certificate(struct doctor *d)
{
	const char *name = d->config->own_name;
	bool waits, is_denied;
	char *words = read_standing(d, &waits, &is_denied), *advice;

	if (waits)
		advice = mem_printf("on the master: sloth agent pending, then sloth agent accept %s", name);
	else if (is_denied)
		advice = mem_printf("on the master: sloth agent pending; where it shows %s, sloth agent accept %s --replace, else a new "
				    "token: sloth token create --name %s", name, name, name);
	else
		advice = mem_printf("on the master: sloth agent accept %s, or sloth token create --name %s and --token-file here",
				    name, name);
	doctor_say(d, DOCTOR_FAILED, "certificate", mem_printf("none yet: %s", words ? words : "the agent has not been enrolled"),
		   advice);
	free(advice);
	free(words);
}

static void look_at_certificate(struct visit *v, const struct credential *files)
{
	struct wire_identity who;
	char *error = NULL;
	int64_t now = wall_s();

	v->has_certificate = credential_is_complete(files);
	if (v->d->is_hidden)
		doctor_say(v->d, DOCTOR_SKIPPED, "certificate", mem_printf("%s: %s", files->cert, strerror(EACCES)), NULL);
	else if (!v->has_certificate)
		miss_certificate(v->d);
	else if (credential_read(files, &who, &error))
		doctor_say(v->d, DOCTOR_FAILED, "certificate", error,
			   "remove agent.key and agent.crt, and enrol again with a new token");
	else if (!str_equal(who.name, v->d->config->own_name))
		doctor_say(v->d, DOCTOR_FAILED, "certificate", dates(&who),
			   "--name as in the certificate, or another state directory");
	else if (now < who.not_before_s || now > who.not_after_s)
		doctor_say(v->d, DOCTOR_FAILED, "certificate", dates(&who),
			   "timedatectl (is the clock right?); what has expired is renewed when the agent reaches its master");
	else
		doctor_say(v->d, DOCTOR_OK, "certificate", dates(&who), NULL);
}

/* As the agent itself would trust its master. */
static struct wire_tls *open_tls(const struct visit *v, const struct credential *files, char **error)
{
	const struct config *c = v->d->config;
	bool has_ca = access(files->ca, F_OK) == 0, has_pin = c->has_token || c->has_pin;
	const struct tls_config config = {
		.cert_file = v->has_certificate ? files->cert : NULL, .key_file = v->has_certificate ? files->key : NULL,
		.ca_file = has_ca ? files->ca : NULL,
		.pin = c->has_token ? c->own_token.pin : c->has_pin ? c->own_pin : NULL,
		.trust_first = !has_ca && !has_pin,
	};

	return wire_tls_new(&config, error);
}

static void visit_in_tls(struct visit *v)
{
	const char *dir = v->d->config->own_state_dir;
	/* Not credential_open(), which completes what was interrupted: that is for the agent, which may be at it. */
	struct credential files = {
		.key = paths_join(dir, "agent.key"), .cert = paths_join(dir, "agent.crt"), .ca = paths_join(dir, "ca.crt"),
	};
	struct wire_tls *tls;
	char *error = NULL;

	look_at_certificate(v, &files);
	tls = open_tls(v, &files, &error);
	if (tls)
		visit(v, tls);
	else
		doctor_say(v->d, DOCTOR_FAILED, "TLS", error, "as it says there");
	wire_tls_free(tls);
	credential_done(&files);
}

void doctor_master(struct doctor *d)
{
	struct visit v = { .d = d };
	struct wire_addr a;
	const char *why;

	if (wire_addr_parse(d->config->master, 50053, &a, &why) == 0)	/* the configuration has checked it */
		wire_addr_format(&a, v.address);
	if (d->config->insecure)
		visit(&v, NULL);
	else
		visit_in_tls(&v);
}
