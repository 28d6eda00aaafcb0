/*
 * fuzz_policy.c - a policy, and questions to it. An error is one line that names the file; a policy that was taken
 * answers, denies what its first rule denies, and says why. Input: up to the first NUL who asks, the rest is the text,
 * which is read by both gates.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/mem.h"
#include "common/policy.h"
#include "test/fuzz/fuzz.h"

static const char file[] = "policy";

static void ask(const struct policy *p, const char *name)
{
	for (unsigned i = 0; i < 2 * POLICY_N_VERBS; i++) {
		struct policy_query q = {
			.principal = name, .roles = i, .verb = (enum policy_verb)(i / 2),
			.agent = i % 2 ? name : NULL, .run_as = i % 2 ? name : NULL,
		};
		char *why = NULL;
		bool allowed = policy_decide(p, &q, &why);

		assert(why && *why && !strchr(why, '\n'));
		assert(policy_decide(p, &q, NULL) == allowed);
		free(why);
	}
}

/* One more rule that denies everything, and nothing is allowed any more. */
static void shut(struct policy *p, const char *name)
{
	const struct policy_query q = { .principal = name, .verb = POLICY_RUN };
	char *error = NULL;

	if (policy_count_rules(p) == POLICY_RULES_MAX)
		return;
	assert(policy_parse(p, "shut", "deny *", 6, &error) == 0);
	assert(!policy_decide(p, &q, NULL));
}

static void read_text(enum policy_gate gate, const char *name, const uint8_t *text, size_t n)
{
	struct policy *p = policy_new(gate);
	char *error = NULL;

	if (policy_parse(p, file, text, n, &error)) {
		assert(error && !strncmp(error, "policy:", 7) && !strchr(error, '\n'));
	} else {
		assert(!error);
		ask(p, name);
		shut(p, name);
	}
	policy_free(p);
	free(error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const uint8_t *end = n ? memchr(data, '\0', n) : NULL, *text = end ? end + 1 : data;
	char *name = end ? mem_strdup((const char *)data) : mem_strdup("operator:alice");

	if (end)
		n -= (size_t)(text - data);
	read_text(POLICY_MASTER, name, text, n);
	read_text(POLICY_AGENT, name, text, n);
	free(name);
	return 0;
}
