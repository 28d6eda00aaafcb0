/*
 * config.c - what the agent was told.
 *
 * Read by opt_load(). EXIT_CONFIG are also an address that may not be used without TLS, a token that is none, and a
 * host name that is no name.
 */
#include "agent/config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/exits.h"
#include "common/mem.h"
#include "common/opt_load.h"
#include "common/opt_show.h"
#include "common/paths.h"
#include "common/str.h"
#include "wire/addr.h"
#include "wire/wire.h"

#define FIELD(name) offsetof(struct config, name)
const struct opt config_options[] = {
	{ "name", 0, OPT_STRING, "NAME", "name of this agent; default: the host name", FIELD(name), 0, 0 },
	{ "master", 0, OPT_STRING, "HOST[:PORT]", "master to register with; default: 127.0.0.1:50053",
	  FIELD(master), 0, 0 },
	{ "port", 'p', OPT_UINT, "PORT", "port to listen on, 0 picks a free one; default: 50051",
	  FIELD(port), 0, 65535 },
	{ "bind-address", 0, OPT_STRING, "ADDRESS",
	  "address to listen on and to report; default: every address, with --insecure 127.0.0.1 and ::1",
	  FIELD(bind_address), 0, 0 },
	{ "report-address", 0, OPT_STRING, "HOST:PORT",
	  "address at which the master reaches this agent; default: the address used to reach the master",
	  FIELD(report_address), 0, 0 },
	{ "incus", 0, OPT_STRING, "HOST:PORT",
	  "in a container behind a forwarded port: --bind-address 0.0.0.0 --report-address HOST:PORT", FIELD(incus), 0, 0 },
	{ "token-file", 0, OPT_STRING, "FILE", "the token to enrol with; $SLOTH_TOKEN works, too", FIELD(token_file), 0, 0 },
	{ "token", 0, OPT_STRING | OPT_SECRET, "TOKEN", "the same; on a command line every user of this machine can read it",
	  FIELD(token), 0, 0 },
	{ "ca-fingerprint", 0, OPT_STRING, "HEX", "SHA-256 of the certificate of the master's CA, for who has no token",
	  FIELD(ca_fingerprint), 0, 0 },
	{ "require-pin", 0, OPT_FLAG, NULL, "never trust the first CA that answers: a token or --ca-fingerprint is needed",
	  FIELD(require_pin), 0, 0 },
	{ "insecure", 0, OPT_FLAG, NULL,
	  "no TLS, on this machine only: every user of it can run commands through this agent", FIELD(insecure), 0, 0 },
	{ "daemon", 0, OPT_FLAG | OPT_ON_LINE, NULL, "go to the background once the master has answered, after 2 seconds at the latest", FIELD(daemon), 0, 0 },
	{ "state-dir", 0, OPT_STRING, "DIR",
	  "directory for what is kept; default: /var/lib/sloth-agent as root, else ~/.local/state/sloth-agent",
	  FIELD(state_dir), 0, 0 },
	{ "log-file", 0, OPT_STRING | OPT_LIVE, "FILE", "log there instead of to stderr", FIELD(log_file), 0, 0 },
	{ "log-level", 0, OPT_CHOICE | OPT_LIVE, "LEVEL=debug|info|warn|error", "debug, info, warn or error; default: info",
	  FIELD(log_level), 0, 0 },
	{ "max-runs", 0, OPT_UINT | OPT_LIVE, "N", "commands that may run at once; default: 1024", FIELD(max_runs), 1, 1000000 },
	{ "max-queued", 0, OPT_UINT | OPT_LIVE, "N", "commands beyond these that may wait for their turn; default: 1024", FIELD(max_queued),
	  0, 1000000 },
	{ "kill-runs", 0, OPT_FLAG | OPT_LIVE, NULL, "end all commands when the agent is stopped by a signal; else they go on", FIELD(kill_runs),
	  0, 0 },
	{ "policy", 0, OPT_STRING | OPT_LIVE, "FILE", "what the master may ask for; default: /etc/sloth/agent.policy as root",
	  FIELD(policy), 0, 0 },
	{ "config", 0, OPT_STRING | OPT_ON_LINE, "FILE", "read options from FILE; default: /etc/sloth/agent.conf as root",
	  FIELD(config_file), 0, 0 },
	{ "doctor", 0, OPT_FLAG | OPT_ON_LINE, NULL, "say what is wrong with the agent, and on the way to its master, and exit",
	  FIELD(doctor), 0, 0 },
	{ "check-config", 0, OPT_FLAG | OPT_ON_LINE, NULL, "say whether the configuration is right, and exit",
	  FIELD(check_config), 0, 0 },
	{ "show-config", 0, OPT_OPTIONAL | OPT_ON_LINE, "FORM=" OPT_SHOW_FORMATS,
	  "print what every option is set to, and exit; origin: with where that stands; json", FIELD(show_config), 0, 0 },
	{ "version", 0, OPT_FLAG | OPT_ON_LINE, NULL, "print the version and exit", FIELD(version), 0, 0 },
	{ "help", 'h', OPT_FLAG | OPT_ON_LINE, NULL, "print this help and exit", FIELD(help), 0, 0 },
	{ NULL, 0, OPT_FLAG, NULL, NULL, 0, 0, 0 },
};

/* 0 is a port to listen on only. */
static bool is_port_zero(const struct wire_addr *a, const char **why)
{
	*why = "port is not in 1..65535";
	return !a->is_unix && a->port == 0;
}

static int check_addresses(const struct config *c, char **error)
{
	struct wire_addr a;
	const char *why;

	if (wire_addr_parse(c->master, 50053, &a, &why) || is_port_zero(&a, &why)) {
		*error = mem_printf("master %s: %s", str_quote(c->master), why);
		return -EINVAL;
	}
	if (!c->report_address)
		return 0;
	if (wire_addr_parse(c->report_address, 0, &a, &why) || is_port_zero(&a, &why)) {
		*error = mem_printf("report-address %s: %s", str_quote(c->report_address), why);
		return -EINVAL;
	}
	if (a.is_unix) {
		*error = mem_printf("report-address %s: an agent has no unix socket; give HOST:PORT",
				    str_quote(c->report_address));
		return -EINVAL;
	}
	if (wire_addr_is_any(&a)) {
		*error = mem_printf("report-address %s: nobody can reach that address; give the one at which "
				    "the master reaches this machine", str_quote(c->report_address));
		return -EINVAL;
	}
	return 0;
}

static int check_bind_address(const struct config *c, char **error)
{
	struct wire_addr a;

	if (c->bind_address && wire_addr_parse_literal(c->bind_address, &a)) {
		*error = mem_printf("bind-address %s: not an IP address", str_quote(c->bind_address));
		return -EINVAL;
	}
	return 0;
}

/* Stands for two others, which may say the same. */
static int take_incus(struct config *c, char **error)
{
	static const char any[] = "0.0.0.0";
	bool differs = c->bind_address && !str_equal(c->bind_address, any);

	if (!c->incus)
		return 0;
	if (differs || (c->report_address && !str_equal(c->report_address, c->incus))) {
		*error = mem_printf("incus %s: that is --bind-address %s --report-address %s, and %s %s says otherwise",
				    str_quote(c->incus), any, c->incus, differs ? "bind-address" : "report-address",
				    differs ? c->bind_address : c->report_address);
		return -EINVAL;
	}
	c->bind_address = any;
	c->report_address = c->incus;
	return 0;
}

/* Every check of single values. 0 or -EINVAL. */
static int config_check(void *out, char **error)
{
	struct config *c = out;

	if (take_incus(c, error))
		return -EINVAL;
	log_parse_level(c->log_level, &c->level);
	if (c->name && !str_is_name(c->name)) {
		*error = mem_printf("name %s cannot be used: %s", str_quote(c->name), str_name_rule);
		return -EINVAL;
	}
	if (check_addresses(c, error))
		return -EINVAL;
	return check_bind_address(c, error);
}

/* A host name passes: whether it is loopback shows when it is connected. */
static bool is_remote(const struct wire_addr *a)
{
	struct sockaddr_storage sa;
	socklen_t len;

	return !a->is_unix && !wire_addr_is_loopback(a) && wire_addr_to_sockaddr(a, &sa, &len) == 0;
}

static int not_insecure(const char *what, const char *value, char **error)
{
	*error = mem_printf("%s %s: --insecure is for this machine only, with loopback addresses; use 127.0.0.1 or ::1, "
			    "or leave --insecure out", what, value);
	return EXIT_CONFIG;
}

/* Behind a proxy device every peer looks like 127.0.0.1: an agent that is reached from elsewhere needs TLS. */
static int check_insecure(const struct config *c, char **error)
{
	struct wire_addr a;
	const char *why;

	if (!c->insecure)
		return EXIT_OK;
	if (wire_addr_parse(c->master, 50053, &a, &why) == 0 && is_remote(&a))
		return not_insecure("master", c->master, error);
	if (c->report_address && wire_addr_parse(c->report_address, 0, &a, &why) == 0 && !wire_addr_is_loopback(&a))
		return not_insecure("report-address", c->report_address, error);
	if (c->bind_address && wire_addr_parse_literal(c->bind_address, &a) == 0 && !wire_addr_is_loopback(&a))
		return not_insecure("bind-address", c->bind_address, error);
	return EXIT_OK;
}

/* TLS is the way to the master: over its unix socket there is none. */
static int check_master(const struct config *c, char **error)
{
	struct wire_addr a;
	const char *why;

	if (c->insecure || wire_addr_parse(c->master, 50053, &a, &why) || !a.is_unix)
		return EXIT_OK;
	*error = mem_printf("master %s: an agent enrols over TLS; give HOST:PORT, or --insecure", c->master);
	return EXIT_CONFIG;
}

/* ---- how to enrol ---- */

static int take_token(struct config *c, const char *text, const char *from, char **error)
{
	const char *why;

	if (token_parse(text, &c->own_token, &why)) {
		*error = mem_printf("%s: %s; sloth token create on the master makes one", from, why);
		return EXIT_CONFIG;
	}
	c->has_token = true;
	return EXIT_OK;
}

/* A file that is gone has done its work, unless the agent has no certificate yet, which is not known here. */
static int read_token(struct config *c, char **error)
{
	int err = token_read(c->token_file, &c->own_token, error);

	c->has_token = err == 0;
	if (err != -ENOENT)
		return err ? EXIT_CONFIG : EXIT_OK;
	c->own_missing_token = *error;
	*error = NULL;
	return EXIT_OK;
}

static enum opt_level level_of(const struct config *c, const char *name)
{
	return opt_origin(&c->read, name)->level;
}

/* In its file a token is for who may read that. */
static bool is_shown_by_file(const struct config *c)
{
	struct stat st;

	return level_of(c, "token") == OPT_BY_FILE && stat(c->read.path, &st) == 0 && S_ISREG(st.st_mode) &&
	       (st.st_mode & S_IROTH);
}

/* The token itself, wiped where it stood; SLOTH_TOKEN is one of its places. */
static int take_own_token(struct config *c, char **error)
{
	bool is_variable = level_of(c, "token") == OPT_BY_ENV;
	int status;

	if (is_shown_by_file(c)) {
		*error = mem_strdup("token: everybody can read this file; take that right away (chmod 600) and make a new token");
		return EXIT_CONFIG;
	}
	status = take_token(c, c->token, is_variable ? "SLOTH_TOKEN" : "token", error);
	c->own_token_was_shown = level_of(c, "token") == OPT_BY_LINE;
	explicit_bzero((char *)(uintptr_t)c->token, strlen(c->token));	/* out of /proc/PID/cmdline, too */
	return status;
}

/* Of both the one that stands where more counts. */
static int find_token(struct config *c, char **error)
{
	bool by_file = c->token_file && (!c->token || level_of(c, "token-file") > level_of(c, "token"));
	char *env = getenv("SLOTH_TOKEN");
	int status = EXIT_OK;

	if (c->insecure)
		status = EXIT_OK;		/* nobody is asked for anything */
	else if (by_file)
		status = c->check_config ? EXIT_OK : read_token(c, error);
	else if (c->token)
		status = take_own_token(c, error);
	if (env)
		explicit_bzero(env, strlen(env));
	unsetenv("SLOTH_TOKEN");
	return status;
}

static int find_pin(struct config *c, char **error)
{
	if (!c->ca_fingerprint)
		return EXIT_OK;
	c->has_pin = str_unhex(c->ca_fingerprint, c->own_pin, sizeof c->own_pin) == 0;
	if (c->has_pin)
		return EXIT_OK;
	*error = mem_printf("ca-fingerprint %s: not 64 hex digits; slothd-master ca show on the master prints it",
			    str_quote(c->ca_fingerprint));
	return EXIT_CONFIG;
}

static int derive_name(struct config *c, char **error)
{
	char host[256] = "";

	gethostname(host, sizeof host - 1);
	if (!c->name && !str_is_name(host)) {
		*error = mem_printf("the host name %s cannot be the agent's name: %s; give --name NAME",
				    str_quote(host), str_name_rule);
		return EXIT_CONFIG;
	}
	c->own_name = mem_strdup(c->name ? c->name : host);
	return EXIT_OK;
}

static void derive_bind_host(struct config *c)
{
	struct wire_addr a;

	if (c->bind_address && wire_addr_parse_literal(c->bind_address, &a) == 0)
		c->own_bind_host = mem_strdup(a.host);
	else if (!c->insecure)
		c->own_bind_host = mem_strdup(WIRE_ANY_HOST);
}

static void derive_paths(struct config *c)
{
	if (c->state_dir) {
		c->own_state_dir = paths_absolute(c->state_dir);
		c->own_runtime_dir = paths_join(c->own_state_dir, "run");
	} else {
		c->own_state_dir = paths_state_dir("sloth-agent");
		c->own_runtime_dir = paths_runtime_dir("sloth-agent");
	}
	if (c->log_file)
		c->own_log_file = paths_absolute(c->log_file);
	else if (c->daemon && c->state_dir)
		c->own_log_file = paths_join(c->own_state_dir, "slothd-agent.log");
	else if (c->daemon)
		c->own_log_file = paths_log_file("slothd-agent", c->own_state_dir);
	c->needs_policy = c->policy != NULL;
	if (c->policy)
		c->own_policy = paths_absolute(c->policy);
	else if (paths_has_system_config())
		c->own_policy = mem_strdup("/etc/sloth/agent.policy");
}

static void set_defaults(void *out)
{
	*(struct config *)out = (struct config){
		.master = "127.0.0.1:50053", .port = 50051, .log_level = "info", .max_runs = CONFIG_RUNS_MAX,
		.max_queued = CONFIG_QUEUED_MAX,
	};
}

static const struct opt_source config_source = {
	.table = config_options, .size = sizeof(struct config), .what = "agent", .section = "Agent",
	.default_file = "/etc/sloth/agent.conf", .set_defaults = set_defaults, .check = config_check,
};

/* What has to do with more than one value. */
static int check_together(struct config *c, char **error)
{
	int status = check_insecure(c, error);

	if (status == EXIT_OK)
		status = check_master(c, error);
	if (status == EXIT_OK)
		status = find_pin(c, error);
	if (status == EXIT_OK)
		status = derive_name(c, error);
	if (status != EXIT_OK)
		opt_blame(&c->read, error);
	else
		derive_bind_host(c);
	return status;
}

/* The first word may be "start". */
int config_load(struct config *c, int argc, char **argv, char **error)
{
	int skip = argc > 1 && str_equal(argv[1], "start");
	struct opt_read read;
	int status = opt_load(&config_source, argc - skip, argv + skip, c, &read, error);

	c->read = read;
	c->argc = argc - skip;
	c->argv = argv + skip;
	if (status != EXIT_OK || c->help || c->version)
		return status;
	status = check_together(c, error);
	if (status == EXIT_OK && !c->show_config && (status = find_token(c, error)) != EXIT_OK)
		opt_blame(&c->read, error);
	if (status == EXIT_OK)
		derive_paths(c);
	return status;
}

int config_load_again(struct config *c, const struct config *before, char **error)
{
	struct opt_read read;
	int status = opt_load_again(&config_source, before->argc, before->argv, &before->read, c, &read, error);

	c->read = read;
	if (c->token && level_of(c, "token") == OPT_BY_FILE)	/* nobody enrols with it any more, and this is kept */
		explicit_bzero((char *)(uintptr_t)c->token, strlen(c->token));
	if (status == EXIT_OK)
		status = check_together(c, error);
	if (status == EXIT_OK)
		status = opt_check_policy("policy", before->seen ? before->seen->policy : before->policy, c->policy, error);
	if (status == EXIT_OK)
		derive_paths(c);
	return status;
}

bool config_show(const struct config *c)
{
	struct config shown = *c;

	if (!c->show_config)
		return c->check_config;
	shown.name = c->own_name;
	shown.state_dir = c->own_state_dir;
	shown.log_file = c->own_log_file;
	shown.policy = c->own_policy;
	opt_show_all(&c->read, &shown, c->show_config, stdout);
	return true;
}

void config_done(struct config *c)
{
	if (c->seen)
		config_done(c->seen);
	free(c->seen);
	free(c->own_name);
	free(c->own_missing_token);
	free(c->own_bind_host);
	free(c->own_state_dir);
	free(c->own_runtime_dir);
	free(c->own_log_file);
	free(c->own_policy);
	opt_read_done(&c->read);
	token_wipe(&c->own_token);
	*c = (struct config){ 0 };
}
