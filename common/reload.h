/*
 * reload.h - what a daemon says, and does, when it has read its configuration again (SIGHUP).
 *
 * `who` begins each line of the log: "agent web1: ", or "".
 */
#ifndef COMMON_RELOAD_H
#define COMMON_RELOAD_H

#include "common/opt.h"

/*
 * Says which options changed: those that take effect at once (OPT_LIVE) against `seen`, what was read the last time; those
 * that take a new start against `in_force`, so that they are named as long as they differ from it.
 */
void reload_log_changes(const char *who, const struct opt *table, const void *in_force, const void *seen, const void *fresh);
/* The log goes to `path` from here on; away from standard error (NULL), but not back. When it cannot, it stays. */
void reload_move_log(const char *who, const char *path);
/* Nothing changes; frees `error`. */
void reload_refuse(const char *who, char *error);

#endif
