/*
 * store.h - the registry, and whom the master trusts, on disk: one SQLite database in the state directory, in WAL
 * mode. This is the database and the registry in it; store_trust.h has the rest.
 *
 * Nothing here stops the master. A damaged database is moved aside and a new one begun; what cannot be
 * written stays the caller's to write again. Both are logged once, at error level, and stay in
 * store_warnings() while they are true.
 *
 * A committed transaction survives the death of the process. One second's worth of commits may be lost
 * with the power of the machine, but for durable ones; the file stays consistent.
 */
#ifndef MASTER_STORE_H
#define MASTER_STORE_H

#include <stddef.h>

#include "common/library.h"

struct agent_record;
struct store;

/*
 * Opens or makes the database at `path`. Never NULL but when the database is not ours to touch: NULL with
 * *why set to owned words (written by a newer version).
 */
struct store *store_open(const char *path, char **why);
/* Folds the log into the database file. NULL is fine. */
void store_close(struct store *s);

/* Every record, in no order; strings are borrowed until the callback returns. 0; -EUCLEAN: damage was met,
 * what was read before it has been reported, the database was replaced: write everything; another
 * -errno: it cannot be read at this time, try again later and write nothing before. */
int store_load(struct store *s, void (*on_record)(const struct agent_record *record, void *arg), void *arg);

/*
 * A transaction around any number of the calls below: what fails in between fails the commit, and nothing
 * of it is written. 0; -ENOSPC, -EIO and the like: try again later; -EUCLEAN: the database was replaced
 * and is empty, store_clear() and write everything.
 */
void store_begin(struct store *s);
/* The same, and what is committed is on the disk. */
void store_begin_durable(struct store *s);
int store_commit(struct store *s);
/* Nothing of it is written. */
void store_abandon(struct store *s);

void store_put_agent(struct store *s, const struct agent_record *record);
void store_put_facts(struct store *s, const struct agent_record *record);
void store_put_seen(struct store *s, const struct agent_record *record);
void store_delete(struct store *s, const char *name);
void store_clear(struct store *s);

/* How often the database was replaced by an empty one: whoever sees that change writes everything again. */
unsigned store_replaced(const struct store *s);

/* i-th thing that an operator should know; NULL past the last. */
const char *store_warning(const struct store *s, size_t i);

struct library store_library(void);

#endif
