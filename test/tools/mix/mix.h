/*
 * mix.h - what the files of `mix` share: a call of the mixture, and the kinds that there are.
 *
 * A kind starts a call, reacts to what comes, and judges the end. Everything that it draws comes from the
 * call's own generator, so that a seed gives the same calls again. A call is valid until its connection is down.
 */
#ifndef TEST_TOOLS_MIX_H
#define TEST_TOOLS_MIX_H

#include <ev.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/list.h"
#include "wire/proto/sloth.pb-c.h"
#include "wire/wire.h"

enum { MIX_MASTER = 1, MIX_AGENT = 2, MIX_BOTH = MIX_MASTER | MIX_AGENT };

#define MIX_NOBODY "nobody-has-this-name"
#define MIX_CODE(name) (1u << WIRE_##name)

struct mix_call;
struct mix_conn;

struct mix_kind {
	const char *name;
	unsigned weight;			/* how often it is drawn; 0: never */
	unsigned places;			/* who can be asked, a set of MIX_* */
	uint32_t codes;				/* set of MIX_CODE() that a call of this kind may end with */
	void (*start)(struct mix_call *c);	/* mix_open() and what follows */
	/* The rest may be NULL. */
	void (*on_message)(struct mix_call *c, const uint8_t *data, size_t len);
	void (*on_drain)(struct mix_call *c);
	void (*on_timer)(struct mix_call *c);
	void (*judge)(struct mix_call *c, enum wire_code code);	/* says what is wrong; code: one of `codes` */
};

extern const struct mix_kind mix_plain_kinds[], mix_run_kinds[], mix_execute_kinds[];
extern const size_t mix_n_plain_kinds, mix_n_run_kinds, mix_n_execute_kinds;

/* What a run promised to say, what it said, and how it ended. Index: 0 stdout, 1 stderr. */
struct mix_run {
	uint8_t id[16];
	bool is_endless;			/* stdout says the same line again and again */
	struct buf expected[2];
	size_t n_got[2];
	bool is_wrong;				/* which has been said */
	unsigned status, signal;		/* expected, for kinds that check it */
	struct buf input;
	size_t n_sent;				/* of input */
	bool input_is_over;			/* all is sent, or nobody wants it */
	bool has_started, has_exit;
	Sloth__V1__RunEnd end;
	uint32_t code;
	unsigned act_after;			/* bytes of output, then the kind does its deed */
	bool has_acted;
};

struct mix_call {
	struct list link;			/* calls of its connection, those that have ended too */
	struct mix_conn *conn;
	const struct mix_kind *kind;
	struct wire_call *call;
	uint64_t random;			/* state of its generator */
	uint64_t begun_ms;
	bool has_ended;
	unsigned n_messages;
	ev_timer timer;
	struct buf payload;			/* comes back as it was sent */
	struct mix_run run;
};

/* ---- for kinds ---- */

/* Text for a field of a message: packing does not change it. */
static inline char *mix_text(const char *text) { return (char *)(uintptr_t)text; }

uint32_t mix_random(struct mix_call *c, uint32_t below);
bool mix_is_at_master(const struct mix_call *c);
const char *mix_agent_name(const struct mix_call *c);
struct wire_call *mix_open(struct mix_call *c, const char *path, uint64_t timeout_ms);
/* One message, and no other. */
void mix_ask(struct mix_call *c, const char *path, const ProtobufCMessage *message);
/* NULL: malformed, which has been said. */
void *mix_unpack(struct mix_call *c, const ProtobufCMessageDescriptor *type, const uint8_t *data, size_t len);
void mix_set_timer(struct mix_call *c, unsigned ms);
void mix_wrong(struct mix_call *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A run that ended as it should, for a kind that asks for it again. NULL: none yet. */
const uint8_t *mix_past_run(struct mix_call *c);
void mix_note_run(struct mix_call *c);

/* ---- command.c: what all kinds of runs do ---- */

extern const char mix_endless[], mix_quiet[];	/* commands: output without end, none at all */

const char *mix_run_path(const struct mix_call *c);
/* A Run, with the id that is in c->run. */
void mix_run_open(struct mix_call *c, Sloth__V1__RunStart *start, uint64_t deadline_ms);
/* A Run of a command that gets no input, with an id of its own. */
void mix_run_command(struct mix_call *c, const char *command, uint64_t deadline_ms);
/* A command that prints up to so many lines and fewer on stderr; what it promises is noted. Owned. */
char *mix_run_counting(struct mix_call *c, unsigned lines_max);
/* The command is mix_endless; mix_run_is_time() some time later. */
void mix_run_expect_endless(struct mix_call *c);
/* Once: enough has come for what the kind is about to do. Half of the calls: with the first event. */
bool mix_run_is_time(struct mix_call *c);
/* Output that has come: checked. */
void mix_run_output(struct mix_call *c, int stream, const ProtobufCBinaryData *data);
void mix_run_message(struct mix_call *c, const uint8_t *data, size_t len);
/* All that was promised has come. */
void mix_run_expect_whole(struct mix_call *c);
void mix_run_expect_end(struct mix_call *c, Sloth__V1__RunEnd end, unsigned code);
void mix_run_done(struct mix_run *r);

#endif
