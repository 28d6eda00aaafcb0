/*
 * options.h - what the master was told: option table, configuration file, and the checks on both.
 */
#ifndef MASTER_OPTIONS_H
#define MASTER_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/log.h"
#include "common/opt.h"

struct options {
	/* As given; strings point into argv or into `file`. */
	const char *bind_address, *state_dir, *socket, *log_file, *log_level, *policy_dir, *config, *ca_key, *dist_dir;
	uint64_t port;
	uint64_t history_days, history_max;
	bool daemon, insecure, version, help;

	/* Derived by options_load(), owned, absolute. */
	enum log_level level;
	char *own_state_dir, *own_socket;
	char *own_log_file;		/* NULL: stderr */
	char *own_policy_dir;		/* NULL: none */
	char *own_dist_dir;		/* NULL: it cannot be found */
	char *file;			/* text of the configuration file */
};

extern const struct opt options_table[];

/*
 * Reads the command line and the configuration file. EXIT_OK, or EXIT_BAD_USAGE or EXIT_CONFIG with
 * *error set to owned words. With help or version set nothing else has been checked.
 */
int options_load(struct options *o, int argc, char **argv, char **error);
void options_done(struct options *o);

#endif
