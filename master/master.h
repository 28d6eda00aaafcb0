/*
 * master.h - struct master, the one context of slothd-master: passed, never global.
 *
 *   main.c      start, signals, end              options.c   command line and configuration
 *   reconfigure.c  the latter, read again
 *   registry.c  the agents                       store*.c    the registry and the trust on disk
 *   fleet.c     what happens to agents           channel.c   the connection to one agent
 *   control.c   agent.AgentRegistry              service.c   sloth.v1.Master
 *   execute.c   ExecuteCommand                   dispatch.c  Run, to relay.c or bridge.c
 *   relay.c     couples two calls                bridge.c    Run on an agent that has RunCommand only
 *   history*.c  the runs of before          follow.c     agents are asked how runs ended
 *   run_list.c  ListRuns                    run_calls.c  WaitRun, ControlRun
 *   pending.c   calls that wait for an agent     info.c      agents as messages
 *   examine*.c  looks at one agent step by step  reach.c     what dialling an agent met
 *   listen.c    addresses and the unix socket    secure.c    CA, certificate, TLS; what peers are
 *   principal.c who calls                        gate.c      what the policy allows
 *   audit*.c    the audit log: its files, records, runs, readers
 *   enroll.c    joining, waiting, renewing       decide.c    accept, reject, revoke; lists
 *   identities.c who has which name              issue.c     certificates
 *   tokens.c, token_calls.c                      revoked.c   void certificates
 *   files.c     what strangers may download
 */
#ifndef MASTER_MASTER_H
#define MASTER_MASTER_H

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/list.h"
#include "master/principal.h"
#include "master/registry.h"
#include "wire/guard.h"

enum {
	MASTER_RELAYS_MAX = 4096,		/* calls being relayed: each may buffer two send queues */
	MASTER_RELAYS_PER_AGENT_MAX = 1024,
	MASTER_GRACE_MS = 10000,		/* from SIGTERM to the end of calls that run */
	MASTER_WORDS_MS = 1000,			/* without such: for the last words of calls whose callers do not read */
	MASTER_LISTENERS_MAX = 3
};

struct options;
struct wire;
struct wire_listener;
struct store;
struct secure;
struct policy;
struct audit;
struct ca;
struct revoked;
struct crowd;
struct history;
struct files;

struct fleet {
	ev_timer liveness;		/* when the next agent may become Inactive */
	ev_timer writing;		/* when changes go to the store */
	bool is_loaded;			/* the store's agents are in the registry */
	bool is_incomplete;		/* the store lacks more than dirty bits say: write everything */
	unsigned n_replaced;		/* store_replaced() at the last load or write */
	struct guard_bucket refusals;	/* of registrations, that are logged */
};

struct master {
	struct ev_loop *loop;
	struct wire *wire;
	struct registry *registry;
	struct store *store;
	struct secure *secure;		/* CA, certificate, TLS */
	struct audit *audit;
	struct list audit_queries;	/* struct audit_query of every reader of the log */
	unsigned n_audit_queries;
	struct history *history;	/* of runs */
	struct list run_waits;		/* callers of WaitRun */
	unsigned n_run_waits, n_run_lists;
	struct files *files;		/* that anybody may download */
	struct ca *ca;			/* NULL: there is none, nobody can enrol */
	struct revoked *revoked;
	struct crowd *crowd;		/* of those that ask to be enrolled */
	struct principal_users users;
	struct fleet fleet;
	struct options *options;	/* changed by reconfigure() only */
	const char *state_dir;
	struct policy *policy;		/* gate.c */
	const char *policy_dir;		/* NULL: none */
	bool needs_policy_dir;		/* somebody has named it */
	struct guard_bucket refusals;	/* that are recorded */
	struct wire_listener *listeners[MASTER_LISTENERS_MAX];
	size_t n_listeners;
	struct list relays;		/* struct relay_link of every relayed call */
	unsigned n_relays;
	unsigned n_examines;
	uint32_t runs_active;
	uint64_t runs_total;
	int64_t started_s;
	uint64_t started_ms;
	bool is_stopping;
};

#endif
