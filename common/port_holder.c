/*
 * port_holder.c - see port_holder.h: /proc/net/tcp has the sockets with their inodes, /proc/PID/fd who has these open.
 * Owns nothing; what cannot be read is not known.
 */
#include "common/port_holder.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/fd.h"
#include "common/mem.h"
#include "common/str.h"

enum { TABLE_MAX = 16 * 1024 * 1024, COMMAND_MAX = 80, STATE_LISTEN = 10 };

/* "  0: 0100007F:C383 00000000:0000 0A tx:rx tr:when retransmits uid timeout inode". A socket that waits for its last
 * packets has no inode. */
static void look_in(const char *table, unsigned port, void (*on_socket)(uint64_t inode, bool listens, void *arg), void *arg)
{
	struct buf text = { 0 };
	char *line, *rest;

	if (fd_read_file(table, TABLE_MAX, &text) == 0) {
		buf_string(&text);
		for (line = strtok_r((char *)buf_data(&text), "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
			unsigned local, state;
			uint64_t inode;

			if (sscanf(line, " %*d: %*[0-9A-F]:%x %*[0-9A-F]:%*x %x %*s %*s %*s %*u %*d %" SCNu64, &local, &state,
				   &inode) == 3 && local == port && inode)
				on_socket(inode, state == STATE_LISTEN, arg);
		}
	}
	buf_done(&text);
}

static void look(unsigned port, void (*on_socket)(uint64_t inode, bool listens, void *arg), void *arg)
{
	look_in("/proc/net/tcp", port, on_socket, arg);
	look_in("/proc/net/tcp6", port, on_socket, arg);
}

static bool has_open(const char *pid, const char *wanted)
{
	char path[64], link[64];
	struct dirent *entry;
	bool has = false;
	DIR *fds;

	snprintf(path, sizeof path, "/proc/%.20s/fd", pid);
	fds = opendir(path);
	while (fds && !has && (entry = readdir(fds))) {
		ssize_t n = readlinkat(dirfd(fds), entry->d_name, link, sizeof link - 1);

		link[n < 0 ? 0 : n] = '\0';
		has = strcmp(link, wanted) == 0;
	}
	if (fds)
		closedir(fds);
	return has;
}

/* 0: nobody whom we may look at. */
static long find_process(uint64_t inode)
{
	char wanted[48];
	struct dirent *entry;
	DIR *proc = opendir("/proc");
	long pid = 0;

	snprintf(wanted, sizeof wanted, "socket:[%" PRIu64 "]", inode);
	while (proc && !pid && (entry = readdir(proc)))
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' && has_open(entry->d_name, wanted))
			pid = strtol(entry->d_name, NULL, 10);
	if (proc)
		closedir(proc);
	return pid;
}

/* Its command line in one line, at most COMMAND_MAX bytes. Owned. */
static char *command_of(long pid)
{
	char path[48], safe[4 * COMMAND_MAX + 1];
	struct buf text = { 0 };
	size_t n;

	snprintf(path, sizeof path, "/proc/%ld/cmdline", pid);
	if (fd_read_file(path, 64 * 1024, &text) || buf_len(&text) == 0)
		buf_append(&text, "?", 1);
	n = buf_len(&text) < COMMAND_MAX ? buf_len(&text) : COMMAND_MAX;
	for (size_t i = 0; i < n; i++)
		if (buf_data(&text)[i] == '\0')
			((uint8_t *)(uintptr_t)buf_data(&text))[i] = ' ';
	while (n > 1 && buf_data(&text)[n - 1] == ' ')
		n--;
	n = str_escape(safe, sizeof safe - 1, (const char *)buf_data(&text), n, "");
	buf_done(&text);
	return mem_strndup(safe, n);
}

/* What the kernel gives to outgoing connections may be gone when a daemon starts. */
static bool is_ephemeral(unsigned port)
{
	struct buf text = { 0 };
	unsigned first = 1, last = 0;

	if (fd_read_file("/proc/sys/net/ipv4/ip_local_port_range", 64, &text) == 0)
		(void)sscanf(buf_string(&text), "%u %u", &first, &last);
	buf_done(&text);
	return port >= first && port <= last;
}

/* ---- whoever has it ---- */

struct holder {
	uint64_t inode;		/* 0: none found */
	bool listens;
};

/* Who listens comes before who is connected from there. */
static void take(uint64_t inode, bool listens, void *arg)
{
	struct holder *h = arg;

	if (!h->listens)
		*h = (struct holder){ inode, listens };
}

char *port_holder(uint16_t port)
{
	struct holder h = { 0 };
	char *command, *words, *all;
	long pid;

	look(port, take, &h);
	pid = h.inode ? find_process(h.inode) : 0;
	if (pid) {
		command = command_of(pid);
		words = mem_printf("pid %ld (%s) %s", pid, command, h.listens ? "listens there" : "is connected from there");
		free(command);
	} else {
		words = mem_printf("who has it cannot be seen by this user; as root: ss -tanp 'sport = :%u'", port);
	}
	if (!is_ephemeral(port))
		return words;
	all = mem_printf("%s; the kernel takes ports like this one for outgoing connections, too, unless sysctl "
			 "net.ipv4.ip_local_reserved_ports names it", words);
	free(words);
	return all;
}

/* ---- one process ---- */

struct asked {
	char pid[24];
	bool has_it, is_taken;
};

static void compare(uint64_t inode, bool listens, void *arg)
{
	struct asked *a = arg;
	char wanted[48];

	if (!listens)
		return;
	a->is_taken = true;
	snprintf(wanted, sizeof wanted, "socket:[%" PRIu64 "]", inode);
	a->has_it = a->has_it || has_open(a->pid, wanted);
}

enum port_listener port_listener(uint16_t port, pid_t pid)
{
	struct asked a = { .has_it = false };
	char path[48];

	snprintf(a.pid, sizeof a.pid, "%d", (int)pid);
	snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
	look(port, compare, &a);
	if (a.has_it)
		return PORT_ITS;
	if (!a.is_taken)
		return PORT_FREE;
	return pid && access(path, R_OK) ? PORT_SOMEBODYS : PORT_ANOTHERS;
}
