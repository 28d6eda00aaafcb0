/*
 * begin.c - from SUP_GO to a process.
 *
 * Whatever fails on the way is the end of the run, in words: "not started". The strings of the specification are
 * let go of when the process has them. That of a detached run is on disk before it starts: we wait for that, so that the
 * agent does not have to.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "agent/supervise/child.h"
#include "agent/supervise/supervisor.h"
#include "agent/supervise/terminal.h"
#include "common/clock.h"
#include "common/fd.h"
#include "common/mem.h"

enum {
	STARTED_MS = 4,			/* less than the agent itself waits before it tells its caller */
	SHED_MS = 1000			/* a short run leaves its memory to the next one */
};

int begin_idle(struct supervisor *s)
{
	int err = home_make(&s->home, s->runs, s->name);

	if (!err)
		s->owes = OWES_IDLE;
	return err;
}

/* ---- the specification ---- */

static int read_spec(int dir, struct buf *out)
{
	int fd = openat(dir, "spec", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	off_t size = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
	ssize_t n = 0;
	int err = 0;

	if (size < 0)
		err = -errno;
	else if (size > SPEC_FILE_MAX)
		err = -EFBIG;
	else if (size > 0)
		n = pread(fd, buf_reserve(out, (size_t)size), (size_t)size, 0);
	if (!err && n != size)
		err = n < 0 ? -errno : -EBADMSG;
	if (!err)
		buf_commit(out, (size_t)n);
	fd_close(&fd);
	return err;
}

/* Of a user that is switched to, a specification names one. */
static bool is_complete(const struct spec *spec)
{
	return spec->paths && spec->paths[0] && spec->argv && spec->argv[0];
}

static int load_spec(struct supervisor *s)
{
	struct buf file = { 0 };
	int err = read_spec(s->home.dir, &file);

	if (!err)
		err = spec_unpack(&s->spec, buf_data(&file), buf_len(&file));
	s->spec.text = file.data;
	if (!err && !is_complete(&s->spec))
		err = -EBADMSG;
	return err;
}

/* Numbers stay, what is owned goes. */
static void forget_strings(struct spec *spec)
{
	struct spec numbers = *spec;

	numbers.paths = NULL;
	numbers.argv = numbers.env = NULL;
	numbers.script = numbers.cwd = numbers.cgroup = numbers.user = numbers.principal = numbers.command = NULL;
	numbers.groups = NULL;
	numbers.n_groups = 0;
	numbers.text = NULL;
	spec_done(spec);
	*spec = numbers;
}

/* ---- its descriptors ---- */

struct stdio {
	int ours[3], theirs[3];
	int script;
};

static void close_three(int *fds)
{
	for (int i = 0; i < 3; i++)
		fd_close(&fds[i]);
}

static int open_pipes(struct stdio *io, bool no_input)
{
	if (no_input && (io->theirs[0] = open("/dev/null", O_RDONLY | O_CLOEXEC)) < 0)
		return -errno;
	for (int i = no_input ? 1 : 0; i < 3; i++) {
		int ends[2];

		if (pipe2(ends, O_CLOEXEC))
			return -errno;
		io->ours[i] = ends[i == 0];
		io->theirs[i] = ends[i != 0];
		if (fcntl(io->ours[i], F_SETFL, O_NONBLOCK))
			return -errno;
	}
	return 0;
}

/* All three are the terminal, whose output is the first stream. */
static int open_terminal(struct stdio *io, const struct spec *spec)
{
	int err = terminal_open(&io->ours[1], &io->theirs[0], spec->is_own_user ? geteuid() : spec->uid);

	if (err)
		return err;
	if (spec->rows && spec->columns)
		terminal_resize(io->ours[1], spec->rows, spec->columns);
	for (int i = 1; i < 3; i++)
		if ((io->theirs[i] = fcntl(io->theirs[0], F_DUPFD_CLOEXEC, 3)) < 0)
			return -errno;
	return 0;
}

static int write_script(struct stdio *io, const char *script)
{
	io->script = memfd_create("sloth-command", MFD_CLOEXEC);
	return io->script < 0 ? -errno : fd_write_all(io->script, script, strlen(script));
}

static int open_stdio(struct stdio *io, const struct spec *spec)
{
	int err;

	*io = (struct stdio){ { -1, -1, -1 }, { -1, -1, -1 }, -1 };
	err = spec->has_terminal ? open_terminal(io, spec) : open_pipes(io, spec->no_input);
	if (!err && spec->script)
		err = write_script(io, spec->script);
	return err;
}

/* ---- the process ---- */

static void watch(struct supervisor *s, struct stdio *io)
{
	bool has_terminal = s->spec.has_terminal;

	s->terminal = has_terminal ? io->ours[1] : -1;
	input_start(&s->input, has_terminal ? io->ours[1] : io->ours[0], has_terminal);
	output_start(&s->output, &s->home.spool, s->record, io->ours[1], io->ours[2]);
}

static void note_start(struct supervisor *s, pid_t pid, bool is_outside)
{
	s->pid = pid;
	s->has_children = true;
	s->seen_end = s->home.spool.head->end;
	s->started_us = mono_us();
	s->status.started_us = (uint64_t)wall_us();
	contain_started(&s->contain, pid, is_outside);
	s->status.containment = s->contain.kind;
	if (s->spec.timeout_ms)
		clocks_start(&s->clocks, CLOCK_TIMEOUT, s->started_us / 1000 + 1, s->spec.timeout_ms);	/* never early */
	home_write_pid(&s->home, pid);		/* without it the run goes on; it is for the case that we are killed */
	clocks_start(&s->clocks, CLOCK_SHED, mono_ms(), SHED_MS);
	s->owes |= OWES_STARTED;
	if (s->spec.no_input)		/* nobody waits for it with input: short runs are told in one go */
		clocks_start(&s->clocks, CLOCK_STARTED, mono_ms(), STARTED_MS);
	run_move(s, SUP_IS_RUNNING);
}

static void spawn(struct supervisor *s, struct stdio *io)
{
	struct child_plan plan = { .spec = &s->spec, .script = io->script, .cgroup = -1 };
	struct child_failure failure;
	pid_t pid;

	memcpy(plan.fds, io->theirs, sizeof plan.fds);
	contain_begin(&s->contain, s->spec.cgroup, s->spec.id);
	if (s->contain.kind == SUP_CONTAINED_CGROUP)
		plan.cgroup = s->contain.cgroup.dir;
	pid = child_start(&plan, &failure);
	if (pid > 0) {
		watch(s, io);
		note_start(s, pid, plan.is_outside);
	} else {
		int code;
		char *why = child_failure_text(&failure, &s->spec, &code);

		close_three(io->ours);
		run_fail(s, code, why);
		free(why);
	}
}

static void fail(struct supervisor *s, const char *what, int err)
{
	char *why = mem_printf("%s: %s", what, strerror(-err));

	run_fail(s, 0, why);
	free(why);
}

/* The directory of the agent's choice instead of ours. */
static int move_home(struct supervisor *s, const char *path)
{
	struct home there;
	int err = home_enter(&there, path);

	if (err)
		return err;
	home_remove(&s->home);
	s->home = there;
	return 0;
}

void begin_run(struct supervisor *s, const char *path)
{
	struct stdio io;
	int err;

	input_start(&s->input, -1, false);
	output_start(&s->output, &s->home.spool, s->record, -1, -1);
	s->status = (struct sup_status){ .magic = SUP_STATUS_MAGIC };
	if (*path && (err = move_home(s, path))) {
		s->is_homeless = true;
		fail(s, "its directory cannot be used", err);
		return;
	}
	if ((err = load_spec(s))) {
		fail(s, "its specification cannot be read", err);
		return;
	}
	if (s->spec.is_detached && (err = home_sync(&s->home))) {
		fail(s, "its specification cannot be written to disk", err);
		forget_strings(&s->spec);
		return;
	}
	spool_limit(&s->home.spool, s->spec.spool_max, s->spec.free_min, s->spec.is_detached);
	if ((err = open_stdio(&io, &s->spec))) {
		fail(s, "no process can be started", err);
		close_three(io.ours);
	} else {
		spawn(s, &io);
	}
	close_three(io.theirs);
	fd_close(&io.script);
	forget_strings(&s->spec);
}
