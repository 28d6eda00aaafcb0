/*
 * runs_adopt.c - what earlier agents have left in the directories of runs, taken over at the start.
 *
 * The lock of a directory says whether its supervisor lives. One that lives is connected to, and tells by itself how its
 * run stands. One that does not has left an end in its file, or none: then the run is lost. What is no run is removed: the
 * directory of an idle supervisor, one that no supervisor has entered, or one whose spec cannot be read and which nobody
 * holds. Where somebody does, the run is taken over without words: it has no owner, and an administrator can end it.
 *
 * To take a run that goes on for a lost one would kill it. So where the machine does not let us look, for want of
 * descriptors say, nothing is decided: the agent does not start, and the next one looks again.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/rundir.h"
#include "agent/run_own.h"
#include "agent/runs.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/str.h"

enum { CONNECT_TRIES = 400, CONNECT_MS = 5 };

struct found {
	size_t n_live, n_over, n_lost;
};

/* The machine does not let us look: nothing is known of the file. */
static bool is_want(int rc)
{
	return rc == -EMFILE || rc == -ENFILE || rc == -ENOMEM;
}

/*
 * A connection to the supervisor; -ESRCH: there is none; or why it cannot be had. The socket of one that was told to
 * enter the directory a moment ago is not there yet. Before the loop runs.
 */
static int connect_to(int dir_fd)
{
	int fd = -ESRCH;

	for (int i = 0; i < CONNECT_TRIES && fd < 0; i++) {
		int held = rundir_held(dir_fd);

		if (held <= 0)
			return held ? held : -ESRCH;
		if (i > 0)
			poll(NULL, 0, CONNECT_MS);
		fd = rundir_connect(dir_fd);
	}
	return fd;
}

/* Takes dir_fd. 0, or -errno: it was left alone. */
static int adopt_run(struct runs *runs, const struct spec *spec, bool is_state, int dir_fd, struct found *found)
{
	int fd = connect_to(dir_fd);
	char reason[SUP_REASON_MAX + 1];
	struct sup_status status;
	struct run *run;
	int rc = 0;

	if (fd == -ESRCH)
		rc = rundir_read_status(dir_fd, &status, reason);
	if ((fd < 0 && fd != -ESRCH) || is_want(rc)) {
		close(dir_fd);
		return rc ? rc : fd;
	}
	run = run_make(runs, spec);
	run->is_in_state_dir = is_state;
	run->has_files = true;
	if (fd >= 0) {
		found->n_live++;
		run_adopt(run, fd, dir_fd);
		return 0;
	}
	if (rc == 0) {
		found->n_over++;
		run_adopt_ended(run, &status, reason);
	} else {
		found->n_lost++;
		run_lose(run, dir_fd);
	}
	close(dir_fd);
	return 0;
}

/* Its own agent, an earlier one of ours, has ended, so it goes by itself. */
static void remove_idle(int runs_fd, const char *name)
{
	int dir_fd = rundir_open(runs_fd, name);

	if (dir_fd >= 0 && rundir_held(dir_fd) == 0)
		rundir_remove(runs_fd, name);
	fd_close(&dir_fd);
}

/* Its agent has ended between making it and saying go: it never began, and does not by a go that is still under way. */
static bool remove_unbegun(struct runs *runs, const uint8_t *id, int runs_fd, const char *name, int dir_fd)
{
	bool was_entered = faccessat(dir_fd, "out", F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	int seal = was_entered ? -EEXIST : rundir_seal(dir_fd);

	if (seal < 0)
		return false;
	past_forget(runs_past(runs), id);
	rundir_remove(runs_fd, name);
	close(seal);
	return true;
}

static int adopt(struct runs *runs, bool is_state, const char *name, struct found *found)
{
	int runs_fd = runs_dir(runs, is_state), dir_fd, held, rc = 0;
	uint8_t id[RUN_ID_BYTES];
	struct spec spec;

	if (strlen(name) != 2 * RUN_ID_BYTES || str_unhex(name, id, sizeof id)) {
		remove_idle(runs_fd, name);
		return 0;
	}
	dir_fd = rundir_open(runs_fd, name);
	if (dir_fd < 0)
		return dir_fd == -ENOTDIR || dir_fd == -ELOOP ? 0 : dir_fd;
	held = rundir_held(dir_fd);
	if (held < 0 || runs_find(runs, id) || remove_unbegun(runs, id, runs_fd, name, dir_fd)) {
		close(dir_fd);
		return held < 0 ? held : 0;
	}
	rc = rundir_read_spec(dir_fd, &spec);
	if (is_want(rc)) {
		close(dir_fd);
		return rc;
	}
	if (rc == 0 && memcmp(spec.id, id, sizeof id) == 0) {
		rc = adopt_run(runs, &spec, is_state, dir_fd, found);
	} else if (held) {
		log_warn("run %s: it goes on, and nothing else is known of it", name);
		spec_done(&spec);
		spec = (struct spec){ .is_detached = true };
		memcpy(spec.id, id, sizeof id);
		rc = adopt_run(runs, &spec, is_state, dir_fd, found);
	} else {
		rc = 0;
		log_warn("run %s: what is left of it cannot be read, and is removed", name);
		close(dir_fd);
		rundir_remove(runs_fd, name);
	}
	spec_done(&spec);
	return rc;
}

int runs_adopt(struct runs *runs, bool is_state)
{
	struct found found = { 0 };
	struct dirent *entry;
	int fd = dup(runs_dir(runs, is_state)), rc = 0;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir) {
		rc = -errno;
		fd_close(&fd);
		return rc;
	}
	while (rc == 0 && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			rc = adopt(runs, is_state, entry->d_name, &found);
	closedir(dir);
	if (found.n_live + found.n_over + found.n_lost > 0)
		log_info("runs of an earlier agent: %zu go on, %zu are over, %zu are lost", found.n_live, found.n_over,
			 found.n_lost);
	return rc;
}
