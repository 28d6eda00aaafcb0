/*
 * output.h - results of commands on stdout: text for people and JSON for programs are two instances of
 * one table of functions. (Runs have views of their own, see view.h.)
 */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "cli/command.h"
#include "cli/style.h"
#include "common/library.h"
#include "wire/proto/agent.pb-c.h"
#include "wire/proto/sloth.pb-c.h"

/* What `sloth master status` found. */
struct master_found {
	pid_t pid;		/* 0: none runs */
	const char *state_dir;
};

/* Who `sloth login` has made of its user. */
struct login_result {
	const char *name, *cluster, *address, *context;
	int64_t not_after;	/* unix seconds */
};

/* One login of `sloth context list`. */
struct context_row {
	const char *name, *address;
	const char *error;	/* why there is no address; NULL: there is */
	bool is_current;
};

struct output;
struct install_lines;

struct output_ops {
	const char *format;
	/* error: why there are none; NULL when there are some. It has gone to stderr already. */
	void (*agents)(const struct output *to, const Agent__AgentInfo *const *agents, size_t n, const char *error);
	void (*agent)(const struct output *to, const Agent__AgentInfo *agent);
	/* What `sloth agent doctor` found about that agent. */
	void (*findings)(const struct output *to, const char *agent, const Sloth__V1__ExamineResponse *found);
	void (*status)(const struct output *to, const Sloth__V1__StatusResponse *status);
	void (*master)(const struct output *to, const struct master_found *found);
	/* Runs: record_text.c, record_json.c. error: as with agents. */
	void (*runs)(const struct output *to, const Sloth__V1__ListRunsResponse *runs, const char *error);
	void (*run)(const struct output *to, const Sloth__V1__RunRecord *run);
	/* Something was done to an agent or the master: "stopped", "deleted". */
	void (*done)(const struct output *to, const char *what, const char *name, const char *message);
	/* Identities and tokens: trust_text.c, trust_json.c. */
	void (*login)(const struct output *to, const struct login_result *login);
	void (*whoami)(const struct output *to, const Sloth__V1__WhoAmIResponse *who);
	void (*contexts)(const struct output *to, const struct context_row *rows, size_t n);
	void (*token)(const struct output *to, const Sloth__V1__CreateTokenResponse *token);
	/* Lines with the token in them. */
	void (*install)(const struct output *to, const Sloth__V1__CreateTokenResponse *token, const struct install_lines *lines);
	void (*tokens)(const struct output *to, Sloth__V1__Token *const *tokens, size_t n);
	/* error: as with agents */
	void (*identities)(const struct output *to, Sloth__V1__Identity *const *identities, size_t n, const char *error);
	/* what: "accepted"; refusals have gone to stderr already */
	void (*decision)(const struct output *to, const char *what, const Sloth__V1__DecisionResponse *decision,
			 const char *error);
	void (*version)(const struct library *libraries, size_t n);	/* version.h */
	/* A command ended with this error, which has gone to stderr already. */
	void (*failed)(const char *error);
};

extern const struct output_ops output_text, output_json;
extern const struct output_ops output_names;	/* lists only, for completion; no option chooses it */

struct output {
	const struct output_ops *ops;
	const struct cli_global *global;
	struct style style;
	const char *address;	/* of the master that answered; NULL: none was asked */
};

/* From -o and --color. 0, or -EINVAL after the usage error has been reported. */
int output_init(struct output *output, const struct cli_global *global);
/* A command failed: "sloth: WHAT: ERROR" and what to try (NULL: nothing) on stderr, and on stdout what -o wants. */
void output_failed(const struct cli_global *global, const char *what, const char *error, const char *hint);
/* Makes stdout a stream that remembers why a write failed: stdio tells only the caller of that write. */
void output_begin(void);
/* Flushes stdout: `status`, or the exit status for a stdout that took not all of it; a failure stays what it is. */
int output_finish(int status);

#endif
