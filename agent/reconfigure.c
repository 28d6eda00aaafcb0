/*
 * reconfigure.c - the configuration of an agent that runs is read again (SIGHUP).
 *
 * Either all of what was read is right, and then what can change at once does; or nothing changes. What takes a new start
 * is named as long as it differs from what is in force.
 */
#include <stdlib.h>

#include "agent/agent.h"
#include "common/daemon_files.h"
#include "common/exits.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/opt_load.h"
#include "common/str.h"

static void log_changes(const struct config *c, const struct config *fresh)
{
	char *live = opt_changes(config_options, c->seen ? c->seen : c, fresh, true);
	char *later = opt_changes(config_options, c, fresh, false);

	log_info("agent %s: configuration read again: %s%s", c->own_name, live ? "changed: " : "nothing new to do",
		 live ? live : "");
	if (later)
		log_warn("agent %s: %s: takes effect at the next start", c->own_name, later);
	free(live);
	free(later);
}

/* From a file to another; away from standard error, but not back. */
static void move_log(const struct config *c, const struct config *fresh)
{
	char *error = NULL;

	if (!fresh->own_log_file)
		log_warn("agent %s: log-file: standard error takes effect at the next start", c->own_name);
	else if (daemon_files_open_log(fresh->own_log_file, &error) != EXIT_OK)
		log_error("agent %s: %s; the log stays where it was", c->own_name, error);
	free(error);
}

/* The rows with OPT_LIVE. */
static void take_over(struct agent *a, const struct config *fresh)
{
	struct config *c = a->config;
	const struct config *seen = c->seen ? c->seen : c;

	if (!str_equal(seen->log_file, fresh->log_file))
		move_log(c, fresh);
	if (!str_equal(seen->policy, fresh->policy)) {
		mem_set_string(&c->own_policy, fresh->own_policy);
		c->needs_policy = fresh->needs_policy;
	}
	log_set_level(fresh->level);
	c->kill_runs = fresh->kill_runs;
	runs_set_limits(a->runs, fresh->max_runs, fresh->max_queued);
}

void agent_reconfigure(struct agent *a)
{
	struct config *c = a->config, *fresh = mem_new(struct config);
	char *error = NULL;

	if (config_load_again(fresh, c, &error) == EXIT_OK) {
		take_over(a, fresh);
		log_changes(c, fresh);
		if (c->seen)
			config_done(c->seen);
		free(c->seen);
		c->seen = fresh;
		return;
	}
	log_error("agent %s: %s; the configuration stays as it was", c->own_name, error);
	free(error);
	config_done(fresh);
	free(fresh);
}
