/*
 * reconfigure.c - see reconfigure.h.
 */
#include "master/reconfigure.h"

#include <stdlib.h>

#include "common/daemon_files.h"
#include "common/exits.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/opt_load.h"
#include "common/str.h"
#include "master/history.h"
#include "master/master.h"
#include "master/options.h"

static void log_changes(const struct options *o, const struct options *fresh)
{
	char *live = opt_changes(options_table, o->seen ? o->seen : o, fresh, true);
	char *later = opt_changes(options_table, o, fresh, false);

	log_info("configuration read again: %s%s", live ? "changed: " : "nothing new to do", live ? live : "");
	if (later)
		log_warn("%s: takes effect at the next start", later);
	free(live);
	free(later);
}

/* From a file to another; away from standard error, but not back. */
static void move_log(const struct options *fresh)
{
	char *error = NULL;

	if (!fresh->own_log_file)
		log_warn("log-file: standard error takes effect at the next start");
	else if (daemon_files_open_log(fresh->own_log_file, &error) != EXIT_OK)
		log_error("%s; the log stays where it was", error);
	free(error);
}

/* The rows with OPT_LIVE. */
static void take_over(struct master *m, const struct options *fresh)
{
	struct options *o = m->options;
	const struct options *seen = o->seen ? o->seen : o;

	if (!str_equal(seen->log_file, fresh->log_file))
		move_log(fresh);
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
	char *error = NULL;

	if (options_load_again(fresh, o, &error) == EXIT_OK) {
		take_over(m, fresh);
		log_changes(o, fresh);
		if (o->seen)
			options_done(o->seen);
		free(o->seen);
		o->seen = fresh;
		return;
	}
	log_error("%s; the configuration stays as it was", error);
	free(error);
	options_done(fresh);
	free(fresh);
}
