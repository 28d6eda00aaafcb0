/*
 * reconfigure.c - the configuration of an agent that runs is read again (SIGHUP).
 *
 * Either all of what was read is right, and then what can change at once does; or nothing changes. What takes a new start
 * is named as long as it differs from what is in force.
 */
#include <stdlib.h>

#include "agent/agent.h"
#include "common/exits.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/reload.h"
#include "common/str.h"

/* The rows with OPT_LIVE. */
static void take_over(struct agent *a, const char *who, const struct config *seen, const struct config *fresh)
{
	struct config *c = a->config;

	if (!str_equal(seen->log_file, fresh->log_file))
		reload_move_log(who, fresh->own_log_file);
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
	const struct config *seen = c->seen ? c->seen : c;
	char *error = NULL, *who = mem_printf("agent %s: ", c->own_name);

	if (config_load_again(fresh, c, &error) == EXIT_OK) {
		take_over(a, who, seen, fresh);
		reload_log_changes(who, config_options, c, seen, fresh);
		if (c->seen)
			config_done(c->seen);
		free(c->seen);
		c->seen = fresh;
	} else {
		reload_refuse(who, error);
		config_done(fresh);
		free(fresh);
	}
	free(who);
}
