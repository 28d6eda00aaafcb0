/*
 * notify.c - tells the service manager how we are. Best effort: a manager that does not listen is no
 * reason to fail.
 */
#include "common/notify.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/log.h"

static struct sockaddr_un manager;
static socklen_t manager_len;	/* 0: nobody to tell */

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
}

void notify_send(const char *fmt, ...)
{
	struct buf text = { 0 };
	va_list ap;
	int fd;

	if (!manager_len)
		return;
	va_start(ap, fmt);
	buf_vprintf(&text, fmt, ap);
	va_end(ap);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || sendto(fd, buf_data(&text), buf_len(&text), MSG_NOSIGNAL,
			     (const struct sockaddr *)&manager, manager_len) < 0)
		log_debug("service manager: not told: %m");
	if (fd >= 0)
		close(fd);
	buf_done(&text);
}
