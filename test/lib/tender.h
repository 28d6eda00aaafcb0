/*
 * tender.h - a real sloth-supervise, with the test as its agent.
 *
 * Everything waits for an event with a deadline of 20 s. tender_close() asserts that the supervisor ends by itself and
 * leaves no file.
 */
#ifndef TEST_LIB_TENDER_H
#define TEST_LIB_TENDER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "agent/supervise/spec.h"
#include "agent/supervise/supervise.h"
#include "common/buf.h"
#include "test/lib/tmp.h"

enum { TENDER_WAIT_MS = 20000 };

struct tender {
	char dir[TMP_DIR_MAX];		/* RUNS */
	char idle[64];			/* name of the supervisor's directory */
	char home[TMP_DIR_MAX + 64];	/* path of the run's */
	pid_t pid;			/* the supervisor */
	int fd;				/* the connection; -1: none */
	struct spec spec;		/* of the next run */
	const char *paths[2];
	char *argv[4];
	/* the packet that came last */
	uint32_t type;			/* 0: the connection has ended */
	uint64_t value;
	uint8_t data[SUP_DATA_MAX];
	size_t n;
	/* of SUP_ENDED */
	struct sup_status status;
	char reason[SUP_REASON_MAX + 1];
	/* what was read of the spool */
	int spool;
	struct sup_spool *head;
	uint64_t read_to;
	struct buf out[2];
};

/* Its path. */
const char *tender_program(void);
/* The id of every run here, in hex: its own in each test, as a sweep goes by it. */
const char *tender_run_id(void);
/* Starts one, which is idle. */
void tender_open(struct tender *t);
void tender_close(struct tender *t);
/* The next run is `sh -c script`. */
void tender_shell(struct tender *t, const char *script);
/* Starts it. */
void tender_go(struct tender *t);
void tender_run(struct tender *t, const char *script);
void tender_send(struct tender *t, enum sup_type type, uint64_t value, const void *data, size_t n);
/* The next packet's type; 0: the end of the connection. */
uint32_t tender_next(struct tender *t);
/* The next packet of this type, others are passed over. Fails at the end of the connection. */
void tender_wait(struct tender *t, enum sup_type type);
/* Waits for SUP_ENDED: its end and code. */
void tender_expect(struct tender *t, enum sup_end end, int code);
/* For the next run. */
void tender_release(struct tender *t);
/* Reads what is in the spool by now into out[]. */
void tender_read(struct tender *t);
/* Until stdout has `text` at its end. */
void tender_await(struct tender *t, const char *text);
/* Everything it wrote. Borrowed. */
const char *tender_output(struct tender *t, int stream);
/* The agent goes; another one comes through the socket, and has read SUP_STATE. */
void tender_hang_up(struct tender *t);
void tender_call_again(struct tender *t, struct sup_state *state);
/* Until the supervisor has ended; its exit status or 128 + signal. */
int tender_wait_exit(struct tender *t);
/* A path in the run's directory. Static. */
const char *tender_path(const struct tender *t, const char *name);
/* Removes the run's directory, whose files have stayed. */
void tender_clear(struct tender *t);
/* Whether the file is in the run's directory. */
bool tender_has(const struct tender *t, const char *name);
/* A new cgroup v2 in which others can be made, for the test to remove. NULL, and says so: none is writable here. */
const char *tender_cgroup(void);
/* Whether the process is there and no zombie. */
bool process_lives(pid_t pid);
/* Until it does not. */
void await_death(pid_t pid);

/* Until stdout has so many lines. */
void tender_await_lines(struct tender *t, unsigned n);

#endif
