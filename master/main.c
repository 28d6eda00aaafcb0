/*
 * main.c - slothd-master: start, signals, end.
 *
 * Start: options, background, state directory (its lock keeps a second master out), log, policy, listeners, store.
 * The listeners come before the store, so that peers wait in the backlog instead of being refused.
 *
 * End: SIGTERM or SIGINT stops the timers, writes the store and drains the connections; the loop ends when
 * the last one is down. A second signal ends the process after the socket's file is removed. What cannot
 * be started is said on stderr, and in the log when that is a file.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/daemon.h"
#include "common/daemon_files.h"
#include "common/daemon_signals.h"
#include "common/exits.h"
#include "common/fd.h"
#include "common/listen_fds.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/notify.h"
#include "common/opt_complete.h"
#include "common/paths.h"
#include "common/trust.h"
#include "master/audit.h"
#include "master/audit_query.h"
#include "master/ca_command.h"
#include "master/control.h"
#include "master/enroll.h"
#include "master/files.h"
#include "master/fleet.h"
#include "master/gate.h"
#include "master/history.h"
#include "master/listen.h"
#include "master/master.h"
#include "master/options.h"
#include "master/reconfigure.h"
#include "master/relay.h"
#include "master/revoked.h"
#include "master/run_calls.h"
#include "master/secure.h"
#include "master/service.h"
#include "master/standing.h"
#include "master/store.h"
#include "master/version.h"
#include "wire/limits.h"
#include "wire/tls.h"
#include "wire/wire.h"

static const char ident[] = "slothd-master";

struct program {
	struct master m;
	struct options o;
	int lock;
	bool has_log_file;
	struct daemon_signals signals;
};

/* Owned words are freed; returns the status. */
static int fail(const struct program *p, int status, char *error)
{
	fprintf(stderr, "%s: %s\n", ident, error);
	if (p->has_log_file)
		log_error("%s", error);
	free(error);
	return status;
}

/* ---- signals ---- */

static void on_stop(const char *name, void *arg)
{
	struct master *m = arg;
	bool goes_on;

	if (m->is_stopping) {
		log_warn("second signal: ending now");
		listen_close(m);
		store_close(m->store);
		_exit(EXIT_FAILED);
	}
	log_info("stopping: %s", name);
	standing_end(m);
	notify_stopping("stopping");
	m->is_stopping = true;
	secure_stop(m);
	fleet_stop(m);
	history_stop(m);
	audit_query_stop(m);
	run_calls_stop(m);
	goes_on = relay_stop(m);
	m->n_listeners = 0;		/* wire_shutdown() closes them */
	wire_shutdown(m->wire, goes_on ? MASTER_GRACE_MS : MASTER_WORDS_MS);
}

static void on_hangup(void *arg)
{
	struct master *m = arg;
	int err;

	notify_reloading();
	reconfigure(m);
	err = log_reopen();
	if (err)
		log_warn("log file cannot be opened again: %s", strerror(-err));
	else
		log_info("log opened again");
	gate_reload(m);
	secure_reload(m);
	wire_log_counts(m->wire);
	notify_reloaded();
}

/* ---- start ---- */

/* What is in it already is ours, too. */
static int check_audit_dir(const char *state_dir, char **error)
{
	char *dir = paths_join(state_dir, "audit"), *current = paths_join(dir, "audit.log");

	*error = trust_dir(dir);
	if (!*error)
		*error = trust_file(current);
	free(current);
	free(dir);
	return *error ? EXIT_CONFIG : EXIT_OK;
}

/* The state directory is ours: made, looked through, locked. */
static int take_state_dir(struct program *p, char **error)
{
	static const char *const files[] = {
		"master.pid", "registry.db", "registry.db-wal", "registry.db-shm", "cluster", "ca.key", "ca.crt", "master.key",
		"master.crt", "revoked", NULL,
	};
	const char *dir = p->o.own_state_dir;
	int status = daemon_files_make_dir(dir, 0700, error);

	if (status == EXIT_OK)
		status = daemon_files_check(dir, files, error);
	if (status == EXIT_OK)
		status = daemon_files_lock(dir, files[0], "master", &p->lock, error);
	if (status == EXIT_OK)
		status = check_audit_dir(dir, error);
	return status;
}

static int open_log(struct program *p, char **error)
{
	int status = daemon_files_open_log(p->o.own_log_file, error);

	p->has_log_file = status == EXIT_OK && p->o.own_log_file;
	return status;
}

static int load_policy(struct program *p, char **error)
{
	p->m.policy_dir = p->o.own_policy_dir;
	p->m.needs_policy_dir = p->o.policy_dir != NULL;
	return gate_load(&p->m, error);
}

static int open_store(struct program *p)
{
	char *path = paths_join(p->o.own_state_dir, "registry.db"), *why = NULL;
	int status;

	p->m.store = store_open(path, &why);
	free(path);
	if (!p->m.store)
		return fail(p, EXIT_CONFIG, why);
	p->m.ca = secure_ca(&p->m);
	status = enroll_open(&p->m, &why);	/* who is revoked is known before agents are dialled */
	if (status != EXIT_OK)
		return fail(p, status, why);
	wire_tls_set_revoked(secure_tls(&p->m), revoked_has, p->m.revoked);
	fleet_start(&p->m);
	history_open(&p->m, &(struct history_limits){ p->o.history_days, p->o.history_max });
	return EXIT_OK;
}

static void say_ready(struct program *p)
{
	char *text = mem_printf("%s runs with pid %d and logs to %s", ident, (int)getpid(), p->o.own_log_file);

	standing_begin(&p->m);
	daemon_ready(text);
	free(text);
}

static void set_up(struct program *p)
{
	struct master *m = &p->m;
	char *dir;

	fd_raise_limit(3 * WIRE_CONNS_MAX);
	m->loop = ev_loop_new(EVFLAG_NOENV);
	daemon_signals_watch(&p->signals, m->loop);
	notify_watch(m->loop);
	m->wire = wire_new(m->loop);
	m->registry = registry_new();
	dir = paths_join(p->o.own_state_dir, "audit");
	m->audit = audit_open(m->loop, dir, NULL);
	free(dir);
	m->options = &p->o;
	m->state_dir = p->o.own_state_dir;
	m->started_s = wall_s();
	m->started_ms = mono_ms();
	list_init(&m->relays);
	list_init(&m->audit_queries);
	list_init(&m->run_waits);
	control_serve(m);
	service_serve(m);
	enroll_serve(m);
	wire_serve_health(m->wire);
	wire_serve_reflection(m->wire);
	gate_watch(m);
}

/* EXIT_OK: it runs. */
static int start(struct program *p)
{
	char *error = NULL;
	int status;

	if (p->o.daemon)
		daemon_start();
	log_init(ident, p->o.level);
	status = take_state_dir(p, &error);
	if (status == EXIT_OK)
		status = open_log(p, &error);
	if (status == EXIT_OK)
		status = load_policy(p, &error);
	if (status != EXIT_OK)
		return fail(p, status, error);
	set_up(p);
	status = secure_open(&p->m, &p->o, &error);
	if (status == EXIT_OK)
		status = files_serve(&p->m, &p->o, &error);
	if (status == EXIT_OK)
		status = listen_open(&p->m, &p->o, &error);
	return status == EXIT_OK ? open_store(p) : fail(p, status, error);
}

static void run(struct program *p)
{
	say_ready(p);
	ev_run(p->m.loop, 0);
	wire_log_counts(p->m.wire);
	log_info("stopped");
}

/* ---- end ---- */

static void tear_down(struct program *p)
{
	struct master *m = &p->m;

	daemon_signals_unwatch(&p->signals);
	notify_unwatch();
	if (m->wire) {
		listen_close(m);
		fleet_free(m);
		wire_free(m->wire);
		files_free(m);
		history_free(m);
		secure_free(m);
		audit_close(m->audit);
		ev_loop_destroy(m->loop);
	}
	enroll_free(m);
	store_close(m->store);
	registry_free(m->registry);
	gate_close(m);
	fd_close(&p->lock);
	options_done(&p->o);
}

static void print_help(void)
{
	printf("Usage: %s [OPTIONS]\n"
	       "       %s ca init|show|export [OPTIONS]\n\n"
	       "Registry and dispatcher of Sloth: agents register with it, operators run\n"
	       "commands through it.\n\n", ident, ident);
	opt_print_help(options_table, stdout);
	printf("\nSee slothd-master(8).\n");
}

int main(int argc, char **argv)
{
	struct program p = { .lock = -1, .signals = { .on_stop = on_stop, .on_hangup = on_hangup, .arg = &p.m } };
	char *error = NULL;
	int status;

	if (ca_complete(argc, argv) || opt_complete_main(options_table, argc, argv))
		return EXIT_OK;
	daemon_forbid_dumps();
	signal(SIGPIPE, SIG_IGN);
	fd_occupy_standard();
	listen_fds_init();
	if (argc > 1 && strcmp(argv[1], "ca") == 0)
		return ca_command(argc - 1, argv + 1);
	notify_init();
	status = options_load(&p.o, argc, argv, &error);
	if (status != EXIT_OK) {
		fail(&p, status, error);
		if (status == EXIT_BAD_USAGE)
			fprintf(stderr, "Try: %s --help\n", ident);
	} else if (p.o.help) {
		print_help();
	} else if (p.o.version) {
		master_print_version();
	} else if (!options_show(&p.o)) {
		status = start(&p);
		if (status == EXIT_OK)
			run(&p);
	}
	tear_down(&p);
	return status;
}
