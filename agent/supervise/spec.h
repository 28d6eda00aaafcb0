/*
 * spec.h - what a run is, as a file: written by the agent, read by the supervisor and by the agent that comes after.
 *
 * The file is a sequence of fields {u32 tag, u32 length, bytes}, in no order that matters; lists are repeated fields.
 * Unknown tags are skipped, so that an agent and the supervisors of the one before it understand each other. Nothing
 * in it is trusted less than its directory, which belongs to the agent's user with mode 0700; damage is still an
 * error, not a crash.
 */
#ifndef SUPERVISE_SPEC_H
#define SUPERVISE_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

enum {
	SPEC_FILE_MAX = 4 * 1024 * 1024,
	SPEC_LIMITS_MAX = 16
};

struct spec_limit {
	uint32_t resource;		/* RLIMIT_* */
	uint32_t pad;
	uint64_t soft, hard;		/* RLIM_INFINITY: none */
};

/* Strings are NUL-terminated, lists end with NULL. Zero and NULL mean "not set" throughout. */
struct spec {
	/* what the supervisor does */
	const char **paths;		/* programs to try in this order, up to the first that exists */
	char **argv, **env;
	const char *script;		/* becomes descriptor 3, opened on memory: a command too long for an argument */
	const char *cwd;
	bool cwd_may_fail;		/* then it is "/" */
	bool no_input;			/* standard input is /dev/null */
	bool is_own_user;		/* no switch of user */
	uint32_t uid, gid;
	uint32_t *groups;
	size_t n_groups;
	int32_t nice;			/* added to the agent's */
	struct spec_limit limits[SPEC_LIMITS_MAX];
	size_t n_limits;
	uint64_t timeout_ms;		/* from the start of the process */
	uint64_t grace_ms;		/* between TERM and KILL */
	uint64_t lost_ms;		/* without an agent for so long: cancelled; 0: goes on */
	uint64_t spool_max;		/* bytes of the spool: the run blocks, or a detached one drops the oldest */
	uint64_t free_min;		/* bytes that stay free on the spool's file system, as far as this run decides */
	bool is_detached;		/* spec and status are fsynced, nothing is freed by SUP_FREE */
	bool has_terminal;
	uint32_t rows, columns;
	const char *cgroup;		/* directory of a cgroup v2 in which the run gets one of its own; NULL: subreaper */
	/* what only agents need */
	uint8_t id[16];
	const char *user;		/* name of uid, for words */
	const char *principal, *command;	/* as shown */
	uint64_t reconnect_ms;
	uint64_t asked_ms;		/* wall clock, unix milliseconds */
	bool keeps_when_lost;
	void *text;			/* owned by spec_load(): what the pointers point into */
};

struct buf;

/* Appends the whole file to `out`. */
void spec_pack(const struct spec *s, struct buf *out);
/* `data` is borrowed for the life of *s. 0, or -EBADMSG. spec_done() in both cases. */
int spec_unpack(struct spec *s, const void *data, size_t n);
void spec_done(struct spec *s);

#endif
