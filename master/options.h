/*
 * options.h - what the master was told, on its command line, in the environment, in its file; and the checks on it.
 */
#ifndef MASTER_OPTIONS_H
#define MASTER_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/log.h"
#include "common/opt_read.h"

struct options {
	/* As given; strings point into argv or into what `read` owns. */
	const char *bind_address, *state_dir, *socket, *log_file, *log_level, *policy_dir, *config, *ca_key, *show_config, *dist_dir;
	uint64_t port;
	uint64_t history_days, history_max;
	bool daemon, insecure, check_config, version, help;

	/* Derived by options_load(), owned, absolute. */
	enum log_level level;
	char *own_state_dir, *own_socket;
	char *own_log_file;		/* NULL: stderr */
	char *own_policy_dir;		/* NULL: none */
	char *own_dist_dir;		/* NULL: it cannot be found */

	/* For who reads it again. */
	struct opt_read read;		/* where everything stands */
	int argc;
	char **argv;			/* borrowed */
	struct options *seen;		/* owned: what was read last; NULL: this */
};

extern const struct opt options_table[];

/*
 * Reads the configuration file, the environment and the command line. EXIT_OK, or EXIT_BAD_USAGE or EXIT_CONFIG with
 * *error set to owned words. With help or version set nothing else has been checked.
 */
int options_load(struct options *o, int argc, char **argv, char **error);
/* All of it again, relative paths from where the process is by now. The same statuses. */
int options_load_again(struct options *o, const struct options *before, char **error);
/* --show-config and --check-config: true when there is nothing else to do. */
bool options_show(const struct options *o);
void options_done(struct options *o);

#endif
