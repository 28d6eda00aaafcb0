/*
 * listen.h - where the master listens: loopback addresses on one port, and the unix socket.
 */
#ifndef MASTER_LISTEN_H
#define MASTER_LISTEN_H

#include <stdbool.h>

struct master;
struct options;

/* Fills m->listeners. EXIT_OK, or an exit status with *error set to owned words; nothing listens then. */
int listen_open(struct master *m, const struct options *o, char **error);
/* HOST:PORT is a loopback address and a port of ours: whoever dials it gets to this master. */
bool listen_is_own(const struct master *m, const char *address);
/* After an end in disorder: the socket's file is removed. */
void listen_close(struct master *m);

#endif
