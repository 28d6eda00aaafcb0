/*
 * past.h - the ids of runs that were started, so that none is started twice, also by the agent that comes after
 * this one.
 *
 * The last PAST_MAX ids are remembered: more than are started in the minute in which a caller whose connection
 * was lost asks again.
 */
#ifndef AGENT_PAST_H
#define AGENT_PAST_H

#include <stdbool.h>
#include <stdint.h>

enum { PAST_MAX = 32768, PAST_ID_BYTES = 16 };

struct past;

/* In memory only, until past_open(). */
struct past *past_new(void);
void past_free(struct past *p);

/* Takes in the ids that the file at `path` has, and keeps there what is added from here on; made when it is
 * missing. Before the first past_add(). 0, or -errno. */
int past_open(struct past *p, const char *path);

/* Written before it returns, so that it survives the death of the process; a disk that is full costs that. */
void past_add(struct past *p, const uint8_t *id);
bool past_has(const struct past *p, const uint8_t *id);
/* Ids have been dropped because there were more than PAST_MAX. */
bool past_has_dropped(const struct past *p);

#endif
