/*
 * daemon_files.c - see daemon_files.h. Owns nothing.
 */
#include "common/daemon_files.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/daemon.h"
#include "common/exits.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/paths.h"
#include "common/trust.h"

int daemon_files_status(int err)
{
	switch (-err) {
	case ENOSPC:
	case EDQUOT:
	case EROFS:
	case EIO:
	case ENFILE:
	case EMFILE:
		return EXIT_FAILED;
	default:
		return EXIT_CONFIG;
	}
}

int daemon_files_make_dir(const char *dir, mode_t mode, char **error)
{
	int err;

	*error = trust_path(dir);	/* nothing is made in a place of somebody else */
	if (*error)
		return EXIT_CONFIG;
	err = fd_make_dirs(dir, mode);
	if (err) {
		*error = mem_printf("directory %s cannot be made: %s", dir, strerror(-err));
		return EXIT_FAILED;
	}
	*error = trust_dir(dir);
	return *error ? EXIT_CONFIG : EXIT_OK;
}

int daemon_files_check(const char *dir, const char *const *names, char **error)
{
	*error = NULL;
	for (; *names && !*error; names++) {
		char *path = paths_join(dir, *names);

		*error = trust_file(path);
		free(path);
	}
	return *error ? EXIT_CONFIG : EXIT_OK;
}

int daemon_files_lock(const char *dir, const char *pid_name, const char *what, int *lock, char **error)
{
	char *path = paths_join(dir, pid_name);
	int status = EXIT_OK;
	pid_t other = 0;

	*lock = daemon_lock(path, &other);
	if (*lock == -EWOULDBLOCK) {
		*error = mem_printf("another %s runs with the state directory %s, pid %d; give another --state-dir to run a "
				    "second one", what, dir, (int)other);
		status = EXIT_CONFIG;
	} else if (*lock < 0) {
		*error = mem_printf("%s cannot be written: %s", path, strerror(-*lock));
		status = EXIT_FAILED;
	}
	free(path);
	return status;
}

int daemon_files_open_log(const char *path, char **error)
{
	int err;

	if (!path)
		return EXIT_OK;
	*error = trust_path(path);
	if (*error)
		return EXIT_CONFIG;
	err = log_open_file(path);
	if (!err)
		return EXIT_OK;
	*error = mem_printf("log file %s cannot be written: %s", path, strerror(-err));
	return EXIT_FAILED;
}
