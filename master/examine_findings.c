/* examine_findings.c - see examine_findings.h. */
#include "master/examine_findings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "common/mem.h"
#include "common/str.h"
#include "master/claim.h"
#include "master/examine.h"
#include "master/registry.h"
#include "wire/addr.h"

static char ok[] = "ok", failed[] = "failed", skipped[] = "skipped", empty[] = "";

static const char *const names[STEP_N] = {
	[STEP_LOOKUP] = "name lookup", [STEP_TCP] = "TCP", [STEP_TLS] = "TLS", [STEP_ALPN] = "ALPN",
	[STEP_CERTIFICATE] = "certificate", [STEP_IDENTITY] = "identity", [STEP_CLOCK] = "clock",
	[STEP_ROUND_TRIP] = "round trip", [STEP_VERSION] = "version", [STEP_CONTACT] = "last contact", [STEP_REACH] = "reach",
};

void findings_init(struct findings *f)
{
	for (int i = 0; i < STEP_N; i++) {
		sloth__v1__finding__init(&f->steps[i]);
		f->steps[i].name = (char *)(uintptr_t)names[i];
		f->steps[i].result = skipped;
		f->steps[i].detail = f->steps[i].advice = empty;
	}
}

static void set(Sloth__V1__Finding *to, char *result, char *detail, char *advice)
{
	if (to->detail != empty)
		free(to->detail);
	if (to->advice != empty)
		free(to->advice);
	to->result = result;
	to->detail = detail ? detail : empty;
	to->advice = advice ? advice : empty;
}

void findings_done(struct findings *f)
{
	for (int i = 0; i < STEP_N; i++)
		set(&f->steps[i], skipped, NULL, NULL);
}

void findings_ok(struct findings *f, enum examine_step step, char *detail)
{
	set(&f->steps[step], ok, detail, NULL);
}

void findings_failed(struct findings *f, enum examine_step step, char *detail, char *advice)
{
	set(&f->steps[step], failed, detail, advice);
}

/* ---- the connection ---- */

static char *lookup_text(const char *address)
{
	struct sockaddr_storage sa;
	struct wire_addr a;
	const char *why;
	socklen_t len;

	if (wire_addr_parse(address, 0, &a, &why))
		return mem_strdup(why);
	return mem_printf(wire_addr_to_sockaddr(&a, &sa, &len) == 0 ? "%s needs none" : "%s has an address", a.host);
}

static void pass(struct findings *f, enum examine_step step, const char *address, bool in_tls)
{
	static const char plain[] = "none: the agent is INSECURE";

	switch (step) {
	case STEP_LOOKUP:
		findings_ok(f, step, lookup_text(address));
		break;
	case STEP_TCP:
		findings_ok(f, step, mem_printf("connected to %s", address));
		break;
	case STEP_TLS:
		set(&f->steps[step], in_tls ? ok : skipped, mem_strdup(in_tls ? "TLS 1.3" : plain), NULL);
		break;
	case STEP_ALPN:
		findings_ok(f, step, mem_strdup(in_tls ? "h2" : "HTTP/2 without TLS"));
		break;
	case STEP_CERTIFICATE:
		set(&f->steps[step], in_tls ? ok : skipped, mem_strdup(in_tls ? "of this cluster" : plain), NULL);
		break;
	default:
		break;
	}
}

static char *dates(const struct wire_identity *who)
{
	char from[WALL_TEXT_MAX], to[WALL_TEXT_MAX];

	wall_format(who->not_before_s * 1000000, from);
	wall_format(who->not_after_s * 1000000, to);
	return mem_printf("valid from %.10s to %.10s", from, to);
}

void findings_connected(struct findings *f, const char *address, const struct wire_identity *identity)
{
	for (int step = STEP_LOOKUP; step <= STEP_CERTIFICATE; step++)
		pass(f, (enum examine_step)step, address, identity != NULL);
	if (identity)
		findings_ok(f, STEP_CERTIFICATE, dates(identity));
}

static enum examine_step step_of(enum wire_fault fault, bool in_tls)
{
	switch (fault) {
	case WIRE_FAULT_LOOKUP: return STEP_LOOKUP;
	case WIRE_FAULT_NO_ROUTE:
	case WIRE_FAULT_REFUSED:
	case WIRE_FAULT_NEEDS_TLS:
	case WIRE_FAULT_TIMEOUT: return STEP_TCP;
	case WIRE_FAULT_NOT_GRPC: return STEP_ALPN;
	case WIRE_FAULT_OTHER_PEER: return STEP_IDENTITY;
	case WIRE_FAULT_OTHER_CA:
	case WIRE_FAULT_OTHER_PIN:
	case WIRE_FAULT_DATES:
	case WIRE_FAULT_REVOKED: return STEP_CERTIFICATE;
	case WIRE_FAULT_NONE: return STEP_IDENTITY;
	default: return in_tls ? STEP_TLS : STEP_ALPN;
	}
}

void findings_fault(struct findings *f, const char *address, bool in_tls, enum wire_fault fault, char *detail,
		    char *advice)
{
	enum examine_step at = step_of(fault, in_tls);

	for (int step = STEP_LOOKUP; step < (int)at; step++)
		pass(f, (enum examine_step)step, address, in_tls);
	findings_failed(f, at, detail, advice);
}

/* ---- what the agent answers ---- */

void findings_clock(struct findings *f, int64_t agent_ms, int64_t asked_ms, int64_t answered_ms)
{
	int64_t offset = agent_ms - (asked_ms + (answered_ms - asked_ms) / 2), off = offset < 0 ? -offset : offset;
	const char *side = offset < 0 ? "behind" : "ahead of";

	if (!agent_ms)
		return;				/* an agent of before */
	if (off <= EXAMINE_CLOCK_MS)
		findings_ok(f, STEP_CLOCK, mem_printf("%s %s the master's", str_duration_ms((uint64_t)off), side));
	else
		findings_failed(f, STEP_CLOCK, mem_printf("%s %s the master's", str_duration_ms((uint64_t)off), side),
				mem_strdup("on the machine whose clock is wrong: sudo timedatectl set-ntp true"));
}

static int by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

void findings_round_trip(struct findings *f, uint64_t *us, unsigned n)
{
	uint64_t middle;

	if (n == 0)
		return;
	qsort(us, n, sizeof *us, by_size);
	middle = us[n / 2];
	findings_ok(f, STEP_ROUND_TRIP, mem_printf("%.2f ms at best, median %.2f ms of %u", (double)us[0] / 1000,
						   (double)middle / 1000, n));
}

/* ---- what the registry has ---- */

static char *ago(int64_t at_s)
{
	int64_t age = wall_s() - at_s;

	if (at_s <= 0)
		return mem_strdup("never");
	return age < 1 ? mem_strdup("now") : mem_printf("%s ago", str_duration_ms((uint64_t)age * 1000));
}

static void note_contact(struct findings *f, const struct agent *a)
{
	char *when = ago(a->record.heartbeat_s);

	if (claim_conflict(a))
		findings_failed(f, STEP_CONTACT, mem_strdup(claim_conflict(a)),
				mem_strdup("stop one of them; see sloth-security(7)"));
	else if (a->is_active)
		findings_ok(f, STEP_CONTACT, mem_strdup(when));
	else
		findings_failed(f, STEP_CONTACT, mem_printf("%s: it is Inactive", when),
				mem_strdup("on the agent's machine: systemctl status slothd-agent, then slothd-agent --doctor"));
	free(when);
}

void findings_record(struct findings *f, const struct agent *a, char *advice)
{
	note_contact(f, a);
	if (a->unreachable)
		findings_failed(f, STEP_REACH, mem_strdup(a->unreachable), advice);
	else if (a->reach == REACH_DIRECT)
		findings_ok(f, STEP_REACH, mem_strdup(reach_name(a->reach)));
}
