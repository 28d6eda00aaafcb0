/*
 * runs.h - all runs of an agent: those that live, the ids of those that were, and how many there may be.
 */
#ifndef AGENT_RUNS_H
#define AGENT_RUNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/run.h"

struct runs;

/* on_idle: the last live run has ended. */
struct runs *runs_new(struct ev_loop *loop, size_t max, void (*on_idle)(void *arg), void *arg);
/* Keeps the ids of runs in the file at `path`, see past.h: those of earlier agents are known from here on.
 * Before the first run. 0 or -errno. */
int runs_remember(struct runs *runs, const char *path);
/* No run lives any more. */
void runs_free(struct runs *runs);

enum runs_verdict { RUNS_OK, RUNS_FULL, RUNS_STOPPING, RUNS_KNOWN };
/* May a run with this id be started? RUNS_KNOWN: one with it has been. */
enum runs_verdict runs_admit(const struct runs *runs, const uint8_t *id);

size_t runs_count(const struct runs *runs);
size_t runs_max(const struct runs *runs);
/* No run is admitted from here on. */
void runs_stop(struct runs *runs);
void runs_cancel_all(struct runs *runs, const char *reason);
void runs_kill_all(struct runs *runs, const char *reason);

/* For run.c. */
struct exec_host *runs_host(struct runs *runs);
struct ev_loop *runs_loop(struct runs *runs);
void runs_add(struct runs *runs, struct list *link, const uint8_t *id);
void runs_remove(struct runs *runs, struct list *link);

#endif
