/*
 * principal.c - see principal.h. A user's name that could be taken for another kind of principal, or that is more
 * than one plain word, is not used: the number stands for it.
 */
#include "master/principal.h"

#include <ctype.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/str.h"

enum { KNOWN_MS = 600 * 1000, UNKNOWN_MS = 60 * 1000, PASSWD_MAX = 4096 };

/* Printable ASCII without what our own texts are made of. */
static bool is_word(const char *s)
{
	for (const char *c = s; *c; c++)
		if (!isgraph((unsigned char)*c) || strchr(":()\"", *c))
			return false;
	return *s != '\0';
}

/* ---- users of this machine ---- */

static void look_up(struct principal_user *u, uid_t uid)
{
	char memory[PASSWD_MAX];
	struct passwd entry, *found = NULL;

	u->uid = uid;
	if (getpwuid_r(uid, &entry, memory, sizeof memory, &found) == 0 && found && is_word(found->pw_name) &&
	    strlen(found->pw_name) < sizeof u->name) {
		snprintf(u->name, sizeof u->name, "%s", found->pw_name);
		u->until_ms = mono_ms() + KNOWN_MS;
	} else {
		snprintf(u->name, sizeof u->name, "uid:%u", (unsigned)uid);
		u->until_ms = mono_ms() + UNKNOWN_MS;
	}
}

static const char *user_name(struct principal_users *users, uid_t uid)
{
	uint64_t now = mono_ms();
	struct principal_user *u;

	for (size_t i = 0; i < PRINCIPAL_USERS; i++) {
		u = &users->users[i];
		if (u->until_ms && u->uid == uid) {
			if (u->until_ms <= now)
				look_up(u, uid);
			return u->name;
		}
	}
	u = &users->users[users->next++ % PRINCIPAL_USERS];
	look_up(u, uid);
	return u->name;
}

/* ---- all kinds ---- */

static const char *kind_name(enum wire_kind kind)
{
	switch (kind) {
	case WIRE_KIND_AGENT: return "agent";
	case WIRE_KIND_OPERATOR: return "operator";
	case WIRE_KIND_MASTER: return "master";
	default: return "unknown";
	}
}

void principal_of_peer(struct principal *p, struct principal_users *users, const struct wire_peer *peer)
{
	p->claims[0] = '\0';
	p->from = peer->address;
	p->roles = peer->roles;
	if (peer->is_unix)
		snprintf(p->name, sizeof p->name, "%s", user_name(users, peer->uid));
	else if (peer->identity && !peer->refused)
		snprintf(p->name, sizeof p->name, "%s:%s", kind_name(peer->identity->kind), peer->identity->name);
	else
		snprintf(p->name, sizeof p->name, "tcp:%s", peer->address);
}

void principal_set_claim(struct principal *p, const char *claim)
{
	const char *colon = strchr(p->name, ':'), *own = colon ? colon + 1 : p->name;
	size_t n = 0;

	if (str_equal(claim, own))
		claim = "";
	for (; n < PRINCIPAL_CLAIMS_MAX && claim[n]; n++)
		p->claims[n] = isgraph((unsigned char)claim[n]) && !strchr("()\"\\", claim[n]) ? claim[n] : '?';
	p->claims[n] = '\0';
}

bool principal_is_same(const char *a, const char *b)
{
	const char *port_a = strrchr(a, ':'), *port_b = strrchr(b, ':');

	if (!str_has_prefix(a, "tcp:") || !str_has_prefix(b, "tcp:"))
		return str_equal(a, b);
	return port_a - a == port_b - b && !strncmp(a, b, (size_t)(port_a - a));
}

void principal_of_call(struct principal *p, struct principal_users *users, struct wire_call *call)
{
	principal_of_peer(p, users, wire_conn_peer(wire_call_conn(call)));
	principal_set_claim(p, wire_call_text(call, "sloth-login", ""));
}
