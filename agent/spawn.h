/*
 * spawn.h - the programs that the agent starts: sloth-supervise, as the supervisor of runs or to sweep up after one; and what
 * tells it of the system and of its users.
 *
 * Nobody waits for these processes: the kernel reaps them. What they are and when they end is seen by their descriptors.
 */
#ifndef AGENT_SPAWN_H
#define AGENT_SPAWN_H

#include <stdint.h>
#include <sys/types.h>

/* Once, before the first: children of this process leave no zombies from here on. */
void spawn_init(void);
/* Where the program is: beside this one, in the tree that it was installed or built in. Owned; NULL: not known. */
char *spawn_program(void);

/* A supervisor; *control becomes our end of its packets, which does not block. 0 or -errno. */
int spawn_supervisor(const char *program, int runs_fd, int *control);

/* Kills what a run without a supervisor has left. A pidfd that is readable when it is done, or -errno. */
int spawn_sweep(const char *program, pid_t pid, uint64_t start_time, const char *run_id, const char *cgroup);

/* `argv` is a program of the system's that tells us something: its standard output as *out, which does not block. It gets
 * our environment. Its process group, which exists for as long as somebody of it holds the other end; or -errno. */
pid_t spawn_teller(char **argv, int *out);

/* Signals as a program expects them that was started by whoever: default actions, SIGPIPE ignored, none blocked. */
void spawn_reset_signals(void);

#endif
