/*
 * past.h - the ids of runs that were started and how they ended, so that none is started twice and its end is still
 * known when its directory is gone, also by the agent that comes after this one.
 *
 * The last PAST_MAX ids are remembered: those of 24 hours where runs are not started more often than every 1.4 seconds
 * around the clock, which costs 15 MB on disk and 1 MB of memory at most. Where they are, an id that is not known may
 * have been forgotten: past_remembers() says so, and then nothing that was asked for before is started.
 */
#ifndef AGENT_PAST_H
#define AGENT_PAST_H

#include <stdbool.h>
#include <stdint.h>

enum { PAST_MAX = 65536, PAST_ID_BYTES = 16, PAST_REASON_MAX = 111 };

/* Written to the file as it is. */
struct past_outcome {
	uint8_t has_ended;		/* else the rest is not known */
	uint8_t end;			/* enum run_end */
	uint8_t containment;		/* enum sup_containment */
	uint8_t output_cut;
	int32_t code, signal, pad;
	int64_t started_ms, ended_ms;	/* wall clock */
	uint64_t duration_ms;
	uint64_t total[2];
	uint64_t owner;			/* hash of who started it */
	char reason[PAST_REASON_MAX + 1];
};

enum { PAST_RECORD_BYTES = 40 + sizeof(struct past_outcome) };	/* in the file */

struct past;

/* In memory only, until past_open(): ids, and no outcomes. max: PAST_MAX, or another multiple of 1024. */
struct past *past_new(unsigned max);
void past_free(struct past *p);

/* Takes in what the file at `path` has, and keeps there what is added from here on; made when it is
 * missing. Before the first past_put(). 0, or -errno. */
int past_open(struct past *p, const char *path);

/* A run is about to start, or has ended. 0: that is written, and survives the death of the process. -errno: it is in
 * memory only, so a run that is about to start must not; nothing has changed in the file. */
int past_put(struct past *p, const uint8_t *id, const struct past_outcome *outcome);
/* It did not start after all, and may do so yet. Nothing for one that has ended. */
void past_forget(struct past *p, const uint8_t *id);
bool past_has(const struct past *p, const uint8_t *id);
/* An id that is not known, and that was put, if it was, not longer ago than that: was it never? age_ms 0: nobody says how
 * long ago it was, and 24 hours are assumed. Some time for a message's way is added. */
bool past_remembers(const struct past *p, uint64_t age_ms);
/* has_ended is 0 when no more is known than that it was started. False: never heard of. */
bool past_find(const struct past *p, const uint8_t *id, struct past_outcome *out);

#endif
