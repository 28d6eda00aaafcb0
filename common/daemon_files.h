/*
 * daemon_files.h - the places of a daemon: its directories, its lock, its log; with words for who starts it.
 *
 * Each returns EXIT_OK, or sets *error to owned words and returns EXIT_CONFIG where somebody has to change
 * something (see trust.h for what root refuses) and EXIT_FAILED for the rest.
 */
#ifndef COMMON_DAEMON_FILES_H
#define COMMON_DAEMON_FILES_H

#include <sys/types.h>

/* The exit status for a -errno of a file: EXIT_FAILED where the disk is to blame, which may pass; else EXIT_CONFIG. */
int daemon_files_status(int err);
/* Makes a directory for things of ours and its parents, with `mode`, where they are missing. */
int daemon_files_make_dir(const char *dir, mode_t mode, char **error);
/* The files of ours in it, as far as they are there; `names` ends with NULL. */
int daemon_files_check(const char *dir, const char *const *names, char **error);
/* The lock on a state directory, see daemon_lock(), as *lock. `what` is the daemon: "agent". */
int daemon_files_lock(const char *dir, const char *pid_name, const char *what, int *lock, char **error);
/* From here on the log goes to `path`; NULL: it stays on stderr. */
int daemon_files_open_log(const char *path, char **error);

#endif
