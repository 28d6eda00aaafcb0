/*
 * commands.h - the table of all commands.
 */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "cli/command.h"

extern const struct command cli_root;

/* One function per command; see command.h for the forms. */
int agent_list_main(void *options, int argc, char **argv);
int agent_get_main(void *options, int argc, char **argv);
int agent_doctor_main(void *options, int argc, char **argv);
int agent_run_main(void *options, int argc, char **argv);
int run_list_main(void *options, int argc, char **argv);
int run_show_main(void *options, int argc, char **argv);
int run_attach_main(void *options, int argc, char **argv);
int run_logs_main(void *options, int argc, char **argv);
int run_stop_main(void *options, int argc, char **argv);
int run_signal_main(void *options, int argc, char **argv);
int run_wait_main(void *options, int argc, char **argv);
int run_rm_main(void *options, int argc, char **argv);
int history_main(void *options, int argc, char **argv);
int agent_stop_main(void *options, int argc, char **argv);
int agent_drain_main(void *options, int argc, char **argv);
int agent_undrain_main(void *options, int argc, char **argv);
int agent_delete_main(void *options, int argc, char **argv);
int agent_start_exec(const struct cli_global *global, int argc, char **argv);
int master_exec(const struct cli_global *global, int argc, char **argv);
int master_stop_main(void *options, int argc, char **argv);
int master_status_main(void *options, int argc, char **argv);
int audit_main(void *options, int argc, char **argv);
int agent_pending_main(void *options, int argc, char **argv);
int agent_accept_main(void *options, int argc, char **argv);
int agent_reject_main(void *options, int argc, char **argv);
int agent_revoke_main(void *options, int argc, char **argv);
int operator_list_main(void *options, int argc, char **argv);
int operator_revoke_main(void *options, int argc, char **argv);
int token_create_main(void *options, int argc, char **argv);
int token_list_main(void *options, int argc, char **argv);
int token_revoke_main(void *options, int argc, char **argv);
int context_list_main(void *options, int argc, char **argv);
int context_use_main(void *options, int argc, char **argv);
int context_rm_main(void *options, int argc, char **argv);
int config_show_main(void *options, int argc, char **argv);
int whoami_main(void *options, int argc, char **argv);
int status_main(void *options, int argc, char **argv);
int version_main(void *options, int argc, char **argv);
int help_main(void *options, int argc, char **argv);

struct agent_list_options {
	struct cli_global global;
	const char *state;
};
extern const struct opt agent_list_options[];

struct agent_stop_options {
	struct cli_global global;
	bool kill_runs;
};
extern const struct opt agent_stop_options[];

struct agent_drain_options {
	struct cli_global global;
	bool wait;
};
extern const struct opt agent_drain_options[];

/* Of `run list` and `history`. */
struct history_options {
	struct cli_global global;
	const char *agent, *by, *since, *until, *state, *lines;
	bool all, failed;
	bool kept;			/* no option: only those whose agent has output of them */
};
extern const struct opt run_list_options[], history_options[];

struct run_wait_options {
	struct cli_global global;
	uint64_t timeout_ms;
};
extern const struct opt run_wait_options[];

struct audit_options {
	struct cli_global global;
	const char *by, *agent, *since, *until;
	bool follow;
};
extern const struct opt audit_options[];

struct config_show_options {
	struct cli_global global;
	const char *config;
	bool origin;
};
extern const struct opt config_show_options[];

struct identity_options {
	struct cli_global global;
	bool all, replace;
	const char *fingerprint;
};
extern const struct opt agent_accept_options[], agent_reject_options[];

struct token_create_options {
	struct cli_global global;
	uint64_t ttl_ms, uses;
	const char *role, *name;
	const char *print_install;	/* NULL: not asked for; "": one line */
	const char *incus, *master_address;
	bool replace;
};
extern const struct opt token_create_options[];

extern const struct opt context_options[];		/* struct cli_global */

/* The groups of commands_trust.c. */
extern const struct command token_commands[], operator_commands[], context_commands[];

struct master_options {
	struct cli_global global;
	const char *state_dir;
};
extern const struct opt master_options[];

/* struct run_options, see run_options.h */
extern const struct opt agent_run_options[], run_attach_options[], run_logs_options[];

extern const struct command run_commands[];		/* commands_run.c */

#endif
