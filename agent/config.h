/*
 * config.h - what the agent was told, on its command line, in the environment, in its file; and the checks on it.
 */
#ifndef AGENT_CONFIG_H
#define AGENT_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "common/log.h"
#include "common/opt_read.h"
#include "common/token.h"

enum { CONFIG_RUNS_MAX = 1024, CONFIG_QUEUED_MAX = 1024 };	/* unless --max-runs and --max-queued say otherwise */

struct config {
	/* As given; strings point into argv or into what `read` owns. */
	const char *name, *master, *bind_address, *report_address, *incus;
	const char *state_dir, *log_file, *log_level, *policy, *config_file;
	const char *token, *token_file, *ca_fingerprint, *show_config;
	uint64_t port, max_runs, max_queued;
	bool daemon, insecure, require_pin, kill_runs, doctor, check_config, version, help;

	/* Derived by config_load(). */
	enum log_level level;
	char *own_name;		/* owned: name, else the host name */
	char *own_bind_host;	/* owned: bind_address without brackets; NULL: both loopback addresses; WIRE_ANY_HOST */
	struct token own_token;	/* has_token: with which it may enrol; wiped when it has been passed on */
	uint8_t own_pin[TOKEN_PIN_LEN];	/* has_pin: of the CA */
	bool has_token, has_pin;
	char *own_missing_token;	/* owned: why the token file is not there, which matters before there is a certificate */
	bool own_token_was_shown;	/* on the command line */
	char *own_state_dir;	/* owned */
	char *own_runtime_dir;	/* owned */
	char *own_log_file;	/* owned; NULL: stderr */
	char *own_policy;	/* owned; NULL: none */
	bool needs_policy;	/* somebody has named it */

	/* For who reads it again. */
	struct opt_read read;	/* where everything stands */
	int argc;
	char **argv;		/* borrowed */
	struct config *seen;	/* owned: what was read last; NULL: this */
};

extern const struct opt config_options[];

/*
 * Reads the configuration file, the environment and the command line. EXIT_OK, or EXIT_BAD_USAGE or EXIT_CONFIG with
 * *error set to owned words. With help or version set nothing else has been checked. A token among argv is overwritten
 * there.
 */
int config_load(struct config *c, int argc, char **argv, char **error);
/* Everything but tokens again, relative paths from where the process is by now. The same statuses. */
int config_load_again(struct config *c, const struct config *before, char **error);
/* --show-config and --check-config: true when there is nothing else to do. */
bool config_show(const struct config *c);
void config_done(struct config *c);

#endif
