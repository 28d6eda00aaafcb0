/*
 * listen_fds.h - sockets that the service manager passes: sd_listen_fds(3) by hand. Those that it has opened for us take
 * the place of the port; those that it has kept for us since an earlier process of the unit opened them (notify_keep())
 * are found by their address, so that the configuration still says where to listen.
 */
#ifndef COMMON_LISTEN_FDS_H
#define COMMON_LISTEN_FDS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

/* What kept sockets are called between us and the manager. */
#define LISTEN_FDS_KEPT "sloth-listener"

/* Takes $LISTEN_FDS, $LISTEN_PID and $LISTEN_FDNAMES out of the environment. The descriptors are close-on-exec from here
 * on. To be called before anything else opens one; without descriptors for this process it does nothing. */
void listen_fds_init(void);
/* The listening TCP sockets that were opened for us, owned by the caller from here on, at most max; the rest of these is
 * closed with a line in the log. Their number. */
size_t listen_fds_take_tcp(int *fds, size_t max);
/* The kept socket that listens at that address, owned by the caller from here on; -1: there is none. */
int listen_fds_take_kept(const struct sockaddr *sa);
/* Closes the kept ones that nobody has taken. True: there were some, and the manager has them still. */
bool listen_fds_close_kept(void);

#endif
