/*
 * procs.c - walks /proc. What cannot be read is not there.
 */
#include "agent/supervise/procs.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/fd.h"
#include "common/mem.h"

enum { CHILDREN_MAX = 4 * 1024 * 1024, DESCEND_MAX = 64 * 1024 };

/* The fields of /proc/PID/stat behind the name, which may hold anything. */
static bool parse_stat(char *text, struct proc_entry *out)
{
	char *at = strrchr(text, ')');

	if (!at || at[1] != ' ' || !at[2])
		return false;
	out->state = at[2];
	at += 3;
	out->parent = (pid_t)strtol(at, &at, 10);
	out->group = (pid_t)strtol(at, &at, 10);
	out->session = (pid_t)strtol(at, &at, 10);
	for (int field = 7; field < 22; field++)
		at += strspn(at, " "), at += strcspn(at, " ");
	out->start = strtoull(at, NULL, 10);
	return true;
}

bool procs_look(pid_t pid, struct proc_entry *out)
{
	char path[32], text[1024];
	ssize_t n;
	int fd;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, text, sizeof text - 1);
	close(fd);
	text[n < 0 ? 0 : n] = '\0';
	*out = (struct proc_entry){ .pid = pid };
	return parse_stat(text, out);
}

static void add(struct procs *p, const struct proc_entry *e)
{
	if (p->n == p->room) {
		p->room = p->room ? 2 * p->room : 256;
		p->all = mem_realloc(p->all, p->room * sizeof *p->all);
	}
	p->all[p->n++] = *e;
}

static int by_pid(const void *a, const void *b)
{
	pid_t x = ((const struct proc_entry *)a)->pid, y = ((const struct proc_entry *)b)->pid;

	return (x > y) - (x < y);
}

void procs_walk(struct procs *p)
{
	struct proc_entry e;
	struct dirent *entry;
	DIR *proc = opendir("/proc");

	p->n = 0;
	while (proc && (entry = readdir(proc))) {
		pid_t pid = entry->d_name[0] >= '1' && entry->d_name[0] <= '9' ? atoi(entry->d_name) : 0;

		if (pid > 0 && procs_look(pid, &e))
			add(p, &e);
	}
	if (proc)
		closedir(proc);
	if (p->n > 0)
		qsort(p->all, p->n, sizeof *p->all, by_pid);
}

void procs_done(struct procs *p)
{
	free(p->all);
	*p = (struct procs){ 0 };
}

struct proc_entry *procs_find(const struct procs *p, pid_t pid)
{
	struct proc_entry key = { .pid = pid };

	return p->n ? bsearch(&key, p->all, p->n, sizeof *p->all, by_pid) : NULL;
}

/* ---- down from one process, which costs nothing for all the others ---- */

/* Its number may be somebody else's by now; who was given to `root` meanwhile is a child of that. */
static void add_child(struct procs *p, pid_t pid, pid_t parent, pid_t root)
{
	struct proc_entry e;

	if (!procs_look(pid, &e) || (e.parent != parent && e.parent != root))
		return;
	e.is_marked = true;
	add(p, &e);
}

static bool add_children_of_thread(struct procs *p, pid_t pid, const char *thread, pid_t root)
{
	struct buf text = { 0 };
	char path[80], *at, *end;
	int err;

	snprintf(path, sizeof path, "/proc/%d/task/%.20s/children", (int)pid, thread);
	err = fd_read_file(path, CHILDREN_MAX, &text);
	at = (char *)(uintptr_t)buf_string(&text);
	for (pid_t child; !err && (child = (pid_t)strtol(at, &end, 10)) > 0; at = end)
		add_child(p, child, pid, root);
	buf_done(&text);
	return !err;
}

static bool add_children(struct procs *p, pid_t pid, pid_t root)
{
	char path[40];
	struct dirent *entry;
	bool is_ok = true;
	DIR *threads;

	snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
	threads = opendir(path);
	while (threads && (entry = readdir(threads)))
		if (entry->d_name[0] != '.')
			is_ok &= add_children_of_thread(p, pid, entry->d_name, root);
	if (threads)
		closedir(threads);
	return threads && is_ok;
}

/* Who was seen with two parents is there twice. */
static void sort_once(struct procs *p)
{
	size_t n = 0;

	if (p->n > 0)
		qsort(p->all, p->n, sizeof *p->all, by_pid);
	for (size_t i = 0; i < p->n; i++)
		if (n == 0 || p->all[n - 1].pid != p->all[i].pid)
			p->all[n++] = p->all[i];
	p->n = n;
}

bool procs_descend(struct procs *p, pid_t root)
{
	p->n = 0;
	if (!add_children(p, root, root))
		return false;
	for (size_t i = 0; i < p->n && i < DESCEND_MAX; i++)	/* they may be forking faster than they are found */
		add_children(p, p->all[i].pid, root);
	sort_once(p);
	return true;
}

/* A child mostly has a higher number than its parent, so few rounds do. */
void procs_mark_descendants(struct procs *p, pid_t except)
{
	bool has_more = true;

	while (has_more) {
		has_more = false;
		for (size_t i = 0; i < p->n; i++) {
			struct proc_entry *e = &p->all[i], *parent;

			if (e->is_marked || e->pid == except)
				continue;
			parent = procs_find(p, e->parent);
			if (parent && parent->is_marked)
				has_more = e->is_marked = true;
		}
	}
}

bool proc_entry_signal(const struct proc_entry *e, int number)
{
	int fd = (int)syscall(SYS_pidfd_open, e->pid, 0);
	struct proc_entry again;
	bool is_done;

	if (fd < 0)
		return false;
	is_done = procs_look(e->pid, &again) && again.start == e->start &&
		  syscall(SYS_pidfd_send_signal, fd, number, NULL, 0) == 0;
	close(fd);
	return is_done;
}
