/*
 * doctor.h - slothd-agent --doctor: what is wrong with the agent of this configuration, on its machine and on the way
 * to its master. The agent itself may run meanwhile; nothing is changed.
 */
#ifndef AGENT_DOCTOR_H
#define AGENT_DOCTOR_H

#include <stdbool.h>
#include <sys/types.h>

struct config;

struct doctor {
	const struct config *config;
	bool has_failed;		/* anything */
	pid_t agent;			/* that runs; 0: none, or is_hidden */
	bool is_hidden;			/* what is in the state directory is not for this user to see */
};

/* Prints a line for each thing that was looked at. EXIT_OK, or EXIT_FAILED when one failed. */
int doctor_run(const struct config *config);
/* The configuration itself is wrong, and config_load() has said that `status`: prints that. Takes `error`. EXIT_FAILED. */
int doctor_refuse(int status, char *error);

/* ---- for the parts ---- */

enum doctor_result { DOCTOR_OK, DOCTOR_FAILED, DOCTOR_SKIPPED };
/* Takes `detail`. `advice` NULL: none. */
void doctor_say(struct doctor *d, enum doctor_result result, const char *name, char *detail, const char *advice);
/*
 * doctor_options.c: --doctor alone, or with --state-dir, is about the agent that runs there, so it looks with the options that
 * this one was started with.
 * True: go on, with d->config, which may be `own` then. False: there are such options, and they are not to be had.
 */
struct doctor_options {
	struct config *config;		/* NULL: nothing was taken */
	char *words, **argv;
};
bool doctor_take_options(struct doctor *d, struct doctor_options *own);
void doctor_drop_options(struct doctor_options *own);
/* doctor_local.c: files, limits, the process and its port. */
void doctor_local(struct doctor *d);
/* doctor_master.c: the way to the master, and what it has of us. */
void doctor_master(struct doctor *d);

#endif
