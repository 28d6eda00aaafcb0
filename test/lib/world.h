/*
 * world.h - a master, an operator and agents that are not real, in one process on one loop: real sockets, no
 * commands.
 *
 * world_close() ends all of them and asserts that the loop returns by itself and nothing is alive.
 */
#ifndef TEST_LIB_WORLD_H
#define TEST_LIB_WORLD_H

#include "master/master.h"
#include "test/lib/pair.h"
#include "wire/proto/agent.pb-c.h"
#include "wire/proto/sloth.pb-c.h"

struct fake {
	struct wire *wire;
	struct wire_listener *listener;
	const char *name;		/* what Hello says */
	uint8_t instance[16];
	struct wire_conn *conn;		/* the newest from the master */
	unsigned n_conns, n_hellos, n_shutdowns, n_runs;
	struct wire_call *run;		/* the newest Run or RunCommand; NULL: ended */
	unsigned n_messages;		/* of it */
	struct buf message;		/* its last one */
	bool half_closed, ended, drained;
	bool is_mute;			/* it answers no Hello */
	unsigned n_refused;		/* so many runs to come are reset with REFUSED_STREAM */
	enum wire_code code;		/* with `ended` */
	uint64_t left_ms;		/* of the newest run's deadline, at its beginning */
	char principal[64], client[16], epoch[40], role[16];
	uint8_t own_epoch[16];
	/* ListRuns, WaitRun, ControlRun */
	Sloth__V1__RunRecord **has;	/* what it says it has */
	size_t n_has;
	Sloth__V1__RunRecord *answer;	/* to a WaitRun, at once; NULL: it waits, */
	struct wire_call *waiting;	/* and this is the newest that does; NULL: ended */
	unsigned n_lists, n_waits, n_controls;
	uint8_t waited_for[16];
	uint32_t wait_ms;
};

struct world {
	struct pair turn;		/* for pair_run(): the loop only */
	struct master m;
	struct wire *operator;
	struct wire_conn *conn;		/* the operator's, on the unix socket */
};

void world_open(struct world *w);
void world_close(struct world *w);

/* An agent that listens: of ours (Hello, Run, Ping, Shutdown, RunCommand), or foreign (RunCommand). */
void fake_open(struct world *w, struct fake *f, const char *name, bool is_foreign);
void fake_close(struct fake *f);
const char *fake_address(const struct fake *f);
/* Registers it as a program of ours would; the answer is in r->last. Run to its end. */
void fake_register(struct world *w, const char *name, const char *address, const struct fake *f, struct record *r);
/* As a foreign program would; waits for the end of the check. */
void fake_register_foreign(struct world *w, struct fake *f);

/* One question to the master, decoded; valid until record_done(r). */
void *world_ask(struct world *w, const char *path, const ProtobufCMessage *request,
		const ProtobufCMessageDescriptor *type, struct record *r);
/* Begins a Run, ExecuteCommand or Ping: a first message, the rest is the test's. */
void world_call(struct world *w, const char *path, const ProtobufCMessage *first, struct record *r);

#endif
