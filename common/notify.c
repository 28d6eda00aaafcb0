/*
 * notify.c - tells the service manager how we are. Best effort: a manager that does not listen is no
 * reason to fail.
 *
 * Owns two timers of the loop: the one of the watchdog, and the one that asks for time once the end has begun.
 */
#include "common/notify.h"

#include <ev.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/fd.h"
#include "common/log.h"

enum { MORE_TIME_S = 30, ASK_AGAIN_S = 10 };

static struct sockaddr_un manager;
static socklen_t manager_len;	/* 0: nobody to tell */
static uint64_t watchdog_us;	/* 0: nobody watches us */
static struct ev_loop *loop;	/* NULL: not watched */
static ev_timer watchdog, extension;

/* One that is meant for another process, such as the parent of ours, is none. */
static void init_watchdog(void)
{
	const char *us = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");

	watchdog_us = us && (!pid || strtol(pid, NULL, 10) == getpid()) ? strtoull(us, NULL, 10) : 0;
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

void notify_init(void)
{
	const char *path = getenv("NOTIFY_SOCKET");
	size_t n = path ? strlen(path) : 0;

	manager_len = 0;
	if (n > 1 && n < sizeof manager.sun_path && (path[0] == '/' || path[0] == '@')) {
		manager = (struct sockaddr_un){ .sun_family = AF_UNIX };
		memcpy(manager.sun_path, path, n);
		if (path[0] == '@')
			manager.sun_path[0] = '\0';	/* abstract: exactly n bytes count */
		manager_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
	}
	unsetenv("NOTIFY_SOCKET");
	init_watchdog();
}

bool notify_has_manager(void)
{
	return manager_len != 0;
}

/* passed: a descriptor that goes with it; -1: none. */
static bool tell(const void *text, size_t len, int passed)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { .room = { 0 } };
	struct iovec iov = { .iov_base = (void *)(uintptr_t)text, .iov_len = len };	/* read only */
	struct msghdr message = { .msg_name = &manager, .msg_namelen = manager_len, .msg_iov = &iov, .msg_iovlen = 1 };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool is_told;

	if (passed >= 0) {
		control.head = (struct cmsghdr){
			.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof passed),
		};
		memcpy(CMSG_DATA(&control.head), &passed, sizeof passed);
		message.msg_control = control.room;
		message.msg_controllen = sizeof control.room;
	}
	is_told = fd >= 0 && sendmsg(fd, &message, MSG_NOSIGNAL) >= 0;
	if (!is_told)
		log_debug("service manager: not told: %m");
	fd_close(&fd);
	return is_told;
}

void notify_send(const char *fmt, ...)
{
	struct buf text = { 0 };
	va_list ap;

	if (!manager_len)
		return;
	va_start(ap, fmt);
	buf_vprintf(&text, fmt, ap);
	va_end(ap);
	tell(buf_data(&text), buf_len(&text), -1);
	buf_done(&text);
}

bool notify_keep(int fd, const char *name)
{
	char text[100];
	int len = snprintf(text, sizeof text, "FDSTORE=1\nFDNAME=%s", name);

	return manager_len && tell(text, (size_t)len, fd);
}

void notify_keep_none(const char *name)
{
	notify_send("FDSTOREREMOVE=1\nFDNAME=%s", name);
}

/* ---- the loop ---- */

static void on_watchdog(struct ev_loop *l, ev_timer *w, int events)
{
	(void)l, (void)w, (void)events;
	notify_send("WATCHDOG=1");
}

static void on_extension(struct ev_loop *l, ev_timer *w, int events)
{
	(void)l, (void)w, (void)events;
	notify_send("EXTEND_TIMEOUT_USEC=%d000000", MORE_TIME_S);
}

static void start_timer(ev_timer *w, void (*on)(struct ev_loop *, ev_timer *, int), double after_s, double every_s)
{
	ev_timer_init(w, on, after_s, every_s);
	ev_timer_start(loop, w);
	ev_unref(loop);
}

static void stop_timer(ev_timer *w)
{
	if (!ev_is_active(w))
		return;
	ev_ref(loop);
	ev_timer_stop(loop, w);
}

void notify_watch(struct ev_loop *l)
{
	double half_s = (double)watchdog_us / 2e6;

	loop = l;
	if (manager_len && watchdog_us)
		start_timer(&watchdog, on_watchdog, 0., half_s);
}

void notify_unwatch(void)
{
	if (!loop)
		return;
	stop_timer(&watchdog);
	stop_timer(&extension);
	loop = NULL;
}

void notify_reloading(void)
{
	notify_send("RELOADING=1\nMONOTONIC_USEC=%" PRIu64, mono_us());
}

void notify_reloaded(void)
{
	notify_send("READY=1");
}

void notify_stopping(const char *status)
{
	notify_send("STOPPING=1\nSTATUS=%s", status);
	if (loop && manager_len && !ev_is_active(&extension))
		start_timer(&extension, on_extension, ASK_AGAIN_S, ASK_AGAIN_S);
}
