/*
 * reload.c - see reload.h.
 */
#include "common/reload.h"

#include <stdlib.h>

#include "common/daemon_files.h"
#include "common/exits.h"
#include "common/log.h"
#include "common/opt_load.h"

void reload_log_changes(const char *who, const struct opt *table, const void *in_force, const void *seen, const void *fresh)
{
	char *live = opt_changes(table, seen, fresh, true);
	char *later = opt_changes(table, in_force, fresh, false);

	log_info("%sconfiguration read again: %s%s", who, live ? "changed: " : "nothing new to do", live ? live : "");
	if (later)
		log_warn("%s%s: takes effect at the next start", who, later);
	free(live);
	free(later);
}

void reload_move_log(const char *who, const char *path)
{
	char *error = NULL;

	if (!path)
		log_warn("%slog-file: standard error takes effect at the next start", who);
	else if (daemon_files_open_log(path, &error) != EXIT_OK)
		log_error("%s%s; the log stays where it was", who, error);
	free(error);
}

void reload_refuse(const char *who, char *error)
{
	log_error("%s%s; the configuration stays as it was", who, error);
	free(error);
}
