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
	pid_t agent;			/* that runs; 0: none */
};

/* Prints a line for each thing that was looked at. EXIT_OK, or EXIT_FAILED when one failed. */
int doctor_run(const struct config *config);
/* The configuration itself is wrong: prints that. Takes `error`. EXIT_FAILED. */
int doctor_refuse(char *error);

/* ---- for the parts ---- */

enum doctor_result { DOCTOR_OK, DOCTOR_FAILED, DOCTOR_SKIPPED };
/* Takes `detail`. `advice` NULL: none. */
void doctor_say(struct doctor *d, enum doctor_result result, const char *name, char *detail, const char *advice);
/* doctor_local.c: files, limits, the process and its port. */
void doctor_local(struct doctor *d);
/* doctor_master.c: the way to the master, and what it has of us. */
void doctor_master(struct doctor *d);

#endif
