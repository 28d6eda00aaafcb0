/*
 * waiting.h - a name that stands in no list of agents, or whose agent is not met: is there a key that asks for it, and what
 * lets it in?
 */
#ifndef MASTER_WAITING_H
#define MASTER_WAITING_H

struct master;

/* The command that lets in whoever waits under that name, pending or denied: "sloth agent accept web2". Owned; NULL: nobody
 * does. */
char *waiting_command(struct master *m, const char *name);
/* Why no agent of that name is known, and what to do: it waits, was denied, rejected or revoked, or has not registered.
 * Owned; NULL: nobody has ever asked for it. */
char *waiting_words(struct master *m, const char *name);

#endif
