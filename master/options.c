/*
 * options.c - what the master was told.
 *
 * Read by opt_load(). An address that may not be listened on without TLS is EXIT_CONFIG, too.
 */
#include "master/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/exits.h"
#include "common/mem.h"
#include "common/opt_load.h"
#include "common/opt_show.h"
#include "common/paths.h"
#include "common/str.h"
#include "master/history.h"
#include "wire/addr.h"

#define FIELD(name) offsetof(struct options, name)
const struct opt options_table[] = {
	{ "port", 'p', OPT_UINT, "PORT", "TCP port to listen on, 0 picks a free one; default: 50053", FIELD(port), 0, 65535 },
	{ "bind-address", 0, OPT_STRING, "ADDRESS",
	  "address to listen on; default: every address, with --insecure 127.0.0.1 and ::1", FIELD(bind_address), 0, 0 },
	{ "state-dir", 0, OPT_STRING, "DIR",
	  "directory for what is kept; default: /var/lib/sloth as root, else ~/.local/state/sloth",
	  FIELD(state_dir), 0, 0 },
	{ "socket", 0, OPT_STRING, "PATH",
	  "unix socket for operators; default: DIR/master.sock with --state-dir, else /run/sloth/master.sock as "
	  "root or $XDG_RUNTIME_DIR/sloth/master.sock", FIELD(socket), 0, 0 },
	{ "ca-key", 0, OPT_STRING, "FILE", "key of the CA, where it is not DIR/ca.key", FIELD(ca_key), 0, 0 },
	{ "insecure", 0, OPT_FLAG, NULL, "take plaintext, too, from 127.0.0.1 and ::1: every user of this machine may do anything",
	  FIELD(insecure), 0, 0 },
	{ "daemon", 0, OPT_FLAG | OPT_ON_LINE, NULL, "go to the background once the master listens", FIELD(daemon), 0, 0 },
	{ "log-file", 0, OPT_STRING | OPT_LIVE, "FILE", "log there instead of to stderr", FIELD(log_file), 0, 0 },
	{ "log-level", 0, OPT_CHOICE | OPT_LIVE, "LEVEL=debug|info|warn|error", "debug, info, warn or error; default: info",
	  FIELD(log_level), 0, 0 },
	{ "policy-dir", 0, OPT_STRING | OPT_LIVE, "DIR",
	  "who may do what, in files *.conf there; default: /etc/sloth/policy.d as root", FIELD(policy_dir), 0, 0 },
	{ "dist-dir", 0, OPT_STRING, "DIR",
	  "what agents are installed from, given to everybody; default: ../share/sloth/dist beside this program's directory",
	  FIELD(dist_dir), 0, 0 },
	{ "history-days", 0, OPT_UINT | OPT_LIVE, "DAYS", "how long runs stay in the history; default: 90",
	  FIELD(history_days), 1, 36500 },
	{ "history-max", 0, OPT_UINT | OPT_LIVE, "N", "and how many; default: 100000", FIELD(history_max), 1, 10000000 },
	{ "config", 0, OPT_STRING | OPT_ON_LINE, "FILE", "read options from FILE; default: /etc/sloth/master.conf as root",
	  FIELD(config), 0, 0 },
	{ "check-config", 0, OPT_FLAG | OPT_ON_LINE, NULL, "say whether the configuration is right, and exit",
	  FIELD(check_config), 0, 0 },
	{ "show-config", 0, OPT_OPTIONAL | OPT_ON_LINE, "FORM=" OPT_SHOW_FORMATS,
	  "print what every option is set to, and exit; origin: with where that stands; json", FIELD(show_config), 0, 0 },
	{ "version", 0, OPT_FLAG | OPT_ON_LINE, NULL, "print the version and exit", FIELD(version), 0, 0 },
	{ "help", 'h', OPT_FLAG | OPT_ON_LINE, NULL, "print this help and exit", FIELD(help), 0, 0 },
	{ NULL, 0, OPT_FLAG, NULL, NULL, 0, 0, 0 },
};

/* Every check of single values. 0 or -EINVAL. */
static int check(void *out, char **error)
{
	struct options *o = out;
	struct wire_addr a;

	log_parse_level(o->log_level, &o->level);
	if (o->bind_address && wire_addr_parse_literal(o->bind_address, &a)) {
		*error = mem_printf("bind-address %s: not an IP address", str_quote(o->bind_address));
		return -EINVAL;
	}
	return 0;
}

static int check_plaintext(const struct options *o, char **error)
{
	struct wire_addr a;

	if (!o->insecure || !o->bind_address || wire_addr_parse_literal(o->bind_address, &a) || wire_addr_is_loopback(&a))
		return EXIT_OK;
	*error = mem_printf("bind-address %s: --insecure is for loopback addresses only; use 127.0.0.1 or ::1, or leave "
			    "--insecure out", o->bind_address);
	return EXIT_CONFIG;
}

static int check_paths(const struct options *o, char **error)
{
	char *address = mem_printf("unix:%s", o->own_socket);
	struct wire_addr a;
	const char *why;
	int status = EXIT_OK;

	if (wire_addr_parse(address, 0, &a, &why)) {
		*error = mem_printf("socket %s: %s; choose another with --socket", o->own_socket, why);
		status = EXIT_CONFIG;
	}
	free(address);
	return status;
}

static void set_defaults(void *out)
{
	*(struct options *)out = (struct options){
		.port = 50053, .log_level = "info", .history_days = HISTORY_DAYS, .history_max = HISTORY_RUNS_MAX,
	};
}

static const struct opt_source options_source = {
	.table = options_table, .size = sizeof(struct options), .what = "master", .section = "Master",
	.default_file = "/etc/sloth/master.conf", .set_defaults = set_defaults, .check = check,
};

static void derive_paths(struct options *o)
{
	char *dir = NULL;

	o->own_state_dir = o->state_dir ? paths_absolute(o->state_dir) : paths_state_dir("sloth");
	if (o->socket) {
		o->own_socket = paths_absolute(o->socket);
	} else {
		dir = o->state_dir ? mem_strdup(o->own_state_dir) : paths_runtime_dir("sloth");
		o->own_socket = paths_join(dir, "master.sock");
		free(dir);
	}
	if (o->log_file)
		o->own_log_file = paths_absolute(o->log_file);
	else if (o->daemon && o->state_dir)
		o->own_log_file = paths_join(o->own_state_dir, "slothd-master.log");
	else if (o->daemon)
		o->own_log_file = paths_log_file("slothd-master", o->own_state_dir);
	if (o->policy_dir)
		o->own_policy_dir = paths_absolute(o->policy_dir);
	else if (paths_has_system_config())
		o->own_policy_dir = mem_strdup("/etc/sloth/policy.d");
	o->own_dist_dir = o->dist_dir ? paths_absolute(o->dist_dir) : paths_beside("share/sloth/dist");
}

/* What has to do with more than one value. */
static int finish(struct options *o, char **error)
{
	int status = check_plaintext(o, error);

	if (status == EXIT_OK) {
		derive_paths(o);
		status = check_paths(o, error);
	}
	if (status != EXIT_OK)
		opt_blame(&o->read, error);
	return status;
}

int options_load(struct options *o, int argc, char **argv, char **error)
{
	struct opt_read read;
	int status = opt_load(&options_source, argc, argv, o, &read, error);

	o->read = read;
	o->argc = argc;
	o->argv = argv;
	return status != EXIT_OK || o->help || o->version ? status : finish(o, error);
}

int options_load_again(struct options *o, const struct options *before, char **error)
{
	struct opt_read read;
	int status = opt_load_again(&options_source, before->argc, before->argv, &before->read, o, &read, error);

	o->read = read;
	if (status == EXIT_OK)
		status = opt_check_policy("policy-dir", before->seen ? before->seen->policy_dir : before->policy_dir, o->policy_dir,
					  error);
	return status == EXIT_OK ? finish(o, error) : status;
}

bool options_show(const struct options *o)
{
	struct options shown = *o;

	if (!o->show_config)
		return o->check_config;
	shown.state_dir = o->own_state_dir;
	shown.socket = o->own_socket;
	shown.log_file = o->own_log_file;
	shown.policy_dir = o->own_policy_dir;
	shown.dist_dir = o->own_dist_dir;
	opt_show_all(&o->read, &shown, o->show_config, stdout);
	return true;
}

void options_done(struct options *o)
{
	if (o->seen)
		options_done(o->seen);
	free(o->seen);
	free(o->own_state_dir);
	free(o->own_socket);
	free(o->own_log_file);
	free(o->own_policy_dir);
	free(o->own_dist_dir);
	opt_read_done(&o->read);
	*o = (struct options){ 0 };
}
