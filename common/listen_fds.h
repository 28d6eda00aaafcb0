/*
 * listen_fds.h - sockets that the service manager has opened for us: sd_listen_fds(3) by hand.
 */
#ifndef COMMON_LISTEN_FDS_H
#define COMMON_LISTEN_FDS_H

#include <stddef.h>


/* Takes $LISTEN_FDS, $LISTEN_PID and $LISTEN_FDNAMES out of the environment. The descriptors are close-on-exec from here
 * on. To be called before anything else opens one; without descriptors for this process it does nothing. */
void listen_fds_init(void);
/* The listening TCP sockets among them, owned by the caller from here on, at most max; the rest is closed with a line in the
 * log. Their number. */
size_t listen_fds_take_tcp(int *fds, size_t max);

#endif
