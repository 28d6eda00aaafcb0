/*
 * terminal.h - a pseudo terminal for a run that wants one.
 */
#ifndef SUPERVISE_TERMINAL_H
#define SUPERVISE_TERMINAL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Both ends; the run's end belongs to user `uid`. 0 or -errno. */
int terminal_open(int *ours, int *theirs, uid_t uid);
void terminal_resize(int fd, uint32_t rows, uint32_t columns);
/* The reader sees the end of file, as after Ctrl-D, unless it has taken that meaning from the terminal. */
void terminal_end_input(int fd, bool is_in_line);
/* The process group in the foreground; 0: none. */
pid_t terminal_foreground(int fd);

#endif
