/*
 * listen.h - where the master listens: loopback addresses on one port, and the unix socket.
 */
#ifndef MASTER_LISTEN_H
#define MASTER_LISTEN_H

struct master;
struct options;

/* Fills m->listeners. EXIT_OK, or an exit status with *error set to owned words; nothing listens then. */
int listen_open(struct master *m, const struct options *o, char **error);
/* After an end in disorder: the socket's file is removed. */
void listen_close(struct master *m);

#endif
