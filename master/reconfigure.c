/*
 * reconfigure.c - see reconfigure.h.
 */
#include "master/reconfigure.h"

#include <stdlib.h>

#include "common/exits.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/reload.h"
#include "common/str.h"
#include "master/history.h"
#include "master/master.h"
#include "master/options.h"

/* The rows with OPT_LIVE. */
static void take_over(struct master *m, const struct options *seen, const struct options *fresh)
{
	struct options *o = m->options;

	if (!str_equal(seen->log_file, fresh->log_file))
		reload_move_log("", fresh->own_log_file);
	if (!str_equal(seen->policy_dir, fresh->policy_dir)) {
		mem_set_string(&o->own_policy_dir, fresh->own_policy_dir);
		m->policy_dir = o->own_policy_dir;
		m->needs_policy_dir = fresh->policy_dir != NULL;
	}
	log_set_level(fresh->level);
	history_set_limits(m, &(struct history_limits){ fresh->history_days, fresh->history_max });
}

void reconfigure(struct master *m)
{
	struct options *o = m->options, *fresh = mem_new(struct options);
	const struct options *seen = o->seen ? o->seen : o;
	char *error = NULL;

	if (options_load_again(fresh, o, &error) == EXIT_OK) {
		take_over(m, seen, fresh);
		reload_log_changes("", options_table, o, seen, fresh);
		if (o->seen)
			options_done(o->seen);
		free(o->seen);
		o->seen = fresh;
	} else {
		reload_refuse("", error);
		options_done(fresh);
		free(fresh);
	}
}
