/*
 * play.h - `sloth agent run` against a master that is played by the test: the CLI runs in a child with its
 * standard fds in our hands, the master's side follows a script. What real programs rarely do is what is shown.
 */
#ifndef TEST_LIB_PLAY_H
#define TEST_LIB_PLAY_H

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/buf.h"
#include "test/lib/tmp.h"
#include "wire/proto/sloth.pb-c.h"
#include "wire/wire.h"

struct play {
	struct ev_loop *loop;
	struct wire *wire;
	struct wire_listener *listener;
	char dir[TMP_DIR_MAX], address[TMP_DIR_MAX + 16];
	/* the script */
	void (*on_start)(struct play *, struct wire_call *, const Sloth__V1__RunStart *);
	void (*on_resume)(struct play *, struct wire_call *, const Sloth__V1__RunResume *);
	void (*on_input)(struct play *, struct wire_call *, const Sloth__V1__RunInput *);
	void (*on_drain)(struct play *, struct wire_call *);
	/* ListRuns, WaitRun, ControlRun: the end of the path tells which */
	void (*on_question)(struct play *, struct wire_call *, const char *method, const uint8_t *data, size_t len);
	/* what came */
	struct buf in;			/* stdin bytes */
	bool has_end;
	unsigned starts, resumes, signals, cancels, acks;
	bool has_exit_ack;
	uint32_t rows, columns;		/* of the last resize */
	uint64_t acked, sent;
	enum wire_code end_code;
	bool has_ended;
	/* the child */
	int err;			/* its stderr; 0: a file */
	pid_t pid;
	int status;			/* exit status, once is_gone */
	bool is_gone;
	ev_io exited;
	int pidfd;
};

/* What the master says. */
void play_say(struct wire_call *call, const char *text);
void play_complain(struct wire_call *call, const char *text);
void play_say_started(struct wire_call *call);
void play_start_at(struct wire_call *call, uint64_t position, uint64_t stdin_offset);
void play_say_taken(struct wire_call *call, uint64_t offset, bool closed);
/* The end of the run, and then that of the call. */
void play_say_exit(struct wire_call *call, Sloth__V1__RunEnd end, unsigned code, uint64_t n_out, uint64_t n_err);
void play_tell_exit(struct wire_call *call, Sloth__V1__RunEnd end, unsigned code, uint64_t n_out, uint64_t n_err);

void play_open(struct play *p);
/* The child: `sloth --master ADDRESS agent run ...`. fds that are -1 go to files. */
void play_fork(struct play *p, const char *line, int in, int out);
/* The same with the words of any command: `sloth --master ADDRESS ...`. */
void play_fork_command(struct play *p, const char *line, int in, int out);
/* Until the CLI has ended and its connection is down. */
void play_run(struct play *p);
/* What the child wrote to its file "out" or "err", which is removed. Owned. */
char *play_text(const struct play *p, const char *name);
void play_close(struct play *p);

#endif
