/*
 * notify.h - sd_notify(3) by hand: datagrams to $NOTIFY_SOCKET (path or @abstract).
 */
#ifndef COMMON_NOTIFY_H
#define COMMON_NOTIFY_H

/* Takes $NOTIFY_SOCKET out of the environment. Without it notify_send() does nothing. */
void notify_init(void);
/* For example "READY=1\nSTATUS=...". */
void notify_send(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
