/*
 * daemon.h - becoming a background process, with an honest answer to who started it.
 *
 * The caller's process stays until the daemon has said daemon_ready() or has ended; it then exits
 * 0, or with the daemon's own exit status after the daemon's stderr has been shown. Everything written to
 * stderr before daemon_ready() reaches the terminal.
 */
#ifndef COMMON_DAEMON_H
#define COMMON_DAEMON_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * No core dump is made of this process, whatever the machine's limits and handlers: its memory holds keys and tokens.
 * For the same reason no process of its user but root's can trace it or read what /proc has of it. Programs that it
 * executes are as they always are.
 */
void daemon_forbid_dumps(void);

/* Forks, starts a session, returns in the child only. Call before threads, loops or libraries exist, with
 * SIGPIPE ignored. The working directory stays until daemon_ready(). */
void daemon_start(void);
/* The daemon works: prints `message` (one line, may be NULL) on the caller's stdout, lets it exit 0 and
 * moves fds 0-2 to /dev/null and the working directory to "/": relative paths of the command line are
 * opened, or made absolute, before. Does nothing when daemon_start() was not called. */
void daemon_ready(const char *message);
bool daemon_is_background(void);

/*
 * The pid file of a state directory, also the lock that keeps a second daemon out. Returns the held fd,
 * or -errno; -EWOULDBLOCK: another daemon runs there, its pid is in *other (0: not known). Waits up to two
 * seconds for the lock of one that is dead. Call it after daemon_start(), which changes the pid. The file may
 * be removed while the lock is held.
 */
int daemon_lock(const char *pid_path, pid_t *other);
/* The pid of the daemon that holds the lock; 0 when none does; -errno, -EPERM when the file's number is that of a
 * process that is not of the file's owner. */
pid_t daemon_find(const char *pid_path);

#endif
