/*
 * session.c - the processes of a session.
 *
 * A walk sees a moment that has passed: a listed process may have ended, and its number may belong to
 * another. So a signal goes through a pidfd whose process is looked at again after it was opened. A process
 * that was forked during the walk may be missing; who waits for an empty session asks again after the
 * listed ones are gone.
 */
#include "agent/session.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/mem.h"

struct member {
	pid_t pid, sid;
};

struct session_list {
	struct member *members;
	size_t n, room;
	unsigned turn;
	bool is_walked;
};

struct session_list *session_list_new(void)
{
	return mem_new(struct session_list);
}

void session_list_free(struct session_list *l)
{
	if (!l)
		return;
	free(l->members);
	free(l);
}

static void members_add(struct session_list *l, pid_t pid, pid_t sid)
{
	if (l->n == l->room) {
		l->room = l->room ? 2 * l->room : 256;
		l->members = mem_realloc(l->members, l->room * sizeof *l->members);
	}
	l->members[l->n++] = (struct member){ pid, sid };
}

static void members_walk(struct session_list *l, unsigned turn)
{
	struct dirent *entry;
	DIR *proc;

	if (l->is_walked && l->turn == turn)
		return;
	l->is_walked = true;
	l->turn = turn;
	l->n = 0;
	proc = opendir("/proc");
	while (proc && (entry = readdir(proc))) {
		pid_t pid = entry->d_name[0] >= '1' && entry->d_name[0] <= '9' ? atoi(entry->d_name) : 0;
		pid_t sid = pid ? getsid(pid) : -1;

		if (sid > 0 && sid != pid)
			members_add(l, pid, sid);
	}
	if (proc)
		closedir(proc);
}

static bool is_alive(pid_t pid)
{
	char path[64], text[512];
	const char *end;
	ssize_t n;
	int fd;

	snprintf(path, sizeof path, "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, text, sizeof text - 1);
	close(fd);
	text[n < 0 ? 0 : n] = '\0';
	end = strrchr(text, ')');	/* the name before it may hold anything */
	return end && end[1] == ' ' && end[2] != 'Z' && end[2] != 'X';
}

struct session_count session_count(struct session_list *l, unsigned turn, pid_t sid)
{
	struct session_count count = { 0 };

	members_walk(l, turn);
	for (size_t i = 0; i < l->n; i++) {
		if (l->members[i].sid != sid)
			continue;
		count.listed++;
		count.alive += is_alive(l->members[i].pid);
	}
	return count;
}

size_t session_alive(struct session_list *l, unsigned turn, pid_t sid, pid_t *out, size_t room)
{
	size_t n = 0;

	members_walk(l, turn);
	for (size_t i = 0; i < l->n; i++) {
		if (l->members[i].sid != sid || !is_alive(l->members[i].pid))
			continue;
		if (n < room)
			out[n] = l->members[i].pid;
		n++;
	}
	return n;
}

static void signal_member(pid_t pid, pid_t sid, int number)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	if (fd < 0)
		return;
	if (getsid(pid) == sid && getpgid(pid) != sid)
		syscall(SYS_pidfd_send_signal, fd, number, NULL, 0);
	close(fd);
}

void session_signal(struct session_list *l, unsigned turn, pid_t sid, int number)
{
	members_walk(l, turn);
	for (size_t i = 0; i < l->n; i++)
		if (l->members[i].sid == sid)
			signal_member(l->members[i].pid, sid, number);
}
