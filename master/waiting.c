/* waiting.c - see waiting.h. Reads the store at each question: they are asked by hand, one name at a time. */
#include "master/waiting.h"

#include <stdlib.h>

#include "common/clock.h"
#include "common/mem.h"
#include "common/str.h"
#include "master/identities.h"
#include "master/master.h"
#include "master/store_trust.h"

struct waiting {
	const char *name;
	int64_t now_s;
	bool is_known[IDENTITY_STATES];		/* a key in that state has the name */
};

static void on_identity(const struct identity_record *r, void *arg)
{
	struct waiting *w = arg;
	bool waits = r->state == IDENTITY_PENDING || r->state == IDENTITY_DENIED;

	if (r->kind != WIRE_KIND_AGENT || !str_equal(r->name, w->name))
		return;
	if (!waits || r->asked_s >= w->now_s - IDENTITIES_WAIT_S)
		w->is_known[r->state] = true;
}

/* False: the store cannot be read, and nothing is known. */
static bool look(struct waiting *w, struct master *m, const char *name)
{
	*w = (struct waiting){ .name = name, .now_s = wall_s() };
	return store_each_identity(m->store, on_identity, w) == 0;
}

/* What has the name already is replaced. */
static char *command(const struct waiting *w)
{
	return mem_printf("sloth agent accept %s%s", w->name, w->is_known[IDENTITY_ACCEPTED] ? " --replace" : "");
}

char *waiting_command(struct master *m, const char *name)
{
	struct waiting w;

	if (!look(&w, m, name) || !(w.is_known[IDENTITY_PENDING] || w.is_known[IDENTITY_DENIED]))
		return NULL;
	return command(&w);
}

char *waiting_words(struct master *m, const char *name)
{
	char *accept, *words = NULL;
	struct waiting w;

	if (!look(&w, m, name))
		return NULL;
	accept = command(&w);
	if (w.is_known[IDENTITY_PENDING])
		words = mem_printf("agent %s waits to be accepted: sloth agent pending shows its key, %s lets it in", name, accept);
	else if (w.is_known[IDENTITY_DENIED])
		words = mem_printf("agent %s was denied, the name belongs to another key: sloth agent pending shows its key, %s lets it in",
				   name, accept);
	else if (w.is_known[IDENTITY_ACCEPTED])
		words = mem_printf("agent %s is accepted, but has not registered; on its machine: slothd-agent --doctor", name);
	else if (w.is_known[IDENTITY_REJECTED])
		words = mem_printf("agent %s was rejected: %s lets it in", name, accept);
	else if (w.is_known[IDENTITY_REVOKED])
		words = mem_printf("agent %s was revoked: it needs a new key and a token, sloth token create --name %s", name, name);
	free(accept);
	return words;
}
