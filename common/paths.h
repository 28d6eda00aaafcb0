/*
 * paths.h - where things live. Root: /var/lib, /run, /var/log, /etc. Others: XDG directories.
 * All results are owned strings.
 */
#ifndef COMMON_PATHS_H
#define COMMON_PATHS_H

#include <stdbool.h>

/* Is /etc/sloth the place of our configuration? For root, and for whom a service manager has given it to. */
bool paths_has_system_config(void);

/* `name` is "sloth" (master) or "sloth-agent". */
char *paths_state_dir(const char *name);	/* /var/lib/NAME, else $XDG_STATE_HOME/NAME or ~/.local/state/NAME */
char *paths_runtime_dir(const char *name);	/* /run/NAME, else $XDG_RUNTIME_DIR/NAME; no XDG: the state dir's "run" */
/* /var/log/sloth/PROGRAM.log when that directory can be written or made, else STATE_DIR/PROGRAM.log. */
char *paths_log_file(const char *program, const char *state_dir);
/* The CLI's configuration: $XDG_CONFIG_HOME/sloth/config or ~/.config/sloth/config. */
char *paths_user_config(void);
char *paths_user_config_dir(void);	/* the directory of it */
/* dir/leaf */
char *paths_join(const char *dir, const char *leaf);
/* PLACE beside the directory of this program, wherever that was installed ("sbin/X" for a program in bin). NULL: unknown. */
char *paths_beside(const char *place);
/* `path` from the root, so that it survives a change of the working directory. */
char *paths_absolute(const char *path);

/* Whether systemd is the system's manager and has a unit of that name, "slothd-master". */
bool paths_has_unit(const char *name);

extern const char paths_system_socket[];	/* /run/sloth/master.sock */

#endif
