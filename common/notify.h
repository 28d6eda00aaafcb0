/*
 * notify.h - sd_notify(3) by hand: datagrams to $NOTIFY_SOCKET (path or @abstract), and the watchdog.
 *
 * There is one manager for a process. Without it, or with one that does not listen, all of this does nothing.
 */
#ifndef COMMON_NOTIFY_H
#define COMMON_NOTIFY_H

#include <stdbool.h>

struct ev_loop;

/* Takes $NOTIFY_SOCKET, $WATCHDOG_USEC and $WATCHDOG_PID out of the environment. */
void notify_init(void);
/* Whether there is anybody to tell, as far as one can know. */
bool notify_has_manager(void);
/* Lines as sd_notify(3) has them, without a final newline. */
void notify_send(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Gives the manager the socket fd under that name, to keep it while the unit is restarted. What it keeps already stays one
 * socket. False: nobody was told. */
bool notify_keep(int fd, const char *name);
/* It is to keep none of that name. */
void notify_keep_none(const char *name);

/* From here on the loop says WATCHDOG=1 twice in the time after which the manager takes it for hung; if it is asked to.
 * The watcher does not keep the loop alive. */
void notify_watch(struct ev_loop *loop);
/* Before the loop is destroyed. */
void notify_unwatch(void);

/* Around what is done for SIGHUP. */
void notify_reloading(void);
void notify_reloaded(void);
/* The end has begun. While the loop turns, the manager is asked for more time: whoever waits for commands to end waits as
 * long as these may take. */
void notify_stopping(const char *status);

#endif
