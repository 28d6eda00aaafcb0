/*
 * paths.c - the places of paths.h. Reads the environment and the user database, makes nothing but
 * /var/log/sloth. Variables that are empty or relative count as unset, as the XDG specification asks.
 */
#include "common/paths.h"

#include <limits.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/mem.h"

const char paths_system_socket[] = "/run/sloth/master.sock";

static const char log_dir[] = "/var/log/sloth";

char *paths_join(const char *dir, const char *leaf)
{
	size_t n = strlen(dir);

	return mem_printf("%s%s%s", dir, n && dir[n - 1] == '/' ? "" : "/", leaf);
}

/* "/usr/bin" becomes "/usr", and that "". */
static void to_parent(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash)
		*slash = '\0';
}

char *paths_beside(const char *place)
{
	char self[PATH_MAX];			/* the kernel gives it without links and dots */
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

	if (n < 0)
		return NULL;
	self[n] = '\0';
	to_parent(self);
	to_parent(self);
	return mem_printf("%s/%s", self, place);
}

char *paths_absolute(const char *path)
{
	char *here, *joined;

	if (path[0] == '/')
		return mem_strdup(path);
	here = get_current_dir_name();
	joined = here ? paths_join(here, path) : mem_strdup(path);
	free(here);
	return joined;
}

static bool is_root(void)
{
	return geteuid() == 0;
}

/* An absolute path from the environment, or NULL. */
static const char *from_env(const char *name)
{
	const char *value = getenv(name);

	return value && value[0] == '/' ? value : NULL;
}

static const char *home(void)
{
	const char *dir = from_env("HOME");
	struct passwd *pw;

	if (dir)
		return dir;
	pw = getpwuid(geteuid());
	return pw && pw->pw_dir && pw->pw_dir[0] == '/' ? pw->pw_dir : "/";
}

bool paths_has_system_config(void)
{
	const char *dir = from_env("CONFIGURATION_DIRECTORY");

	return is_root() || (dir && strcmp(dir, "/etc/sloth") == 0);
}

/* A directory that the service manager has made for us. Of several, "one:two", none is meant. Owned or NULL. */
static char *given(const char *variable)
{
	const char *dir = from_env(variable);

	return dir && !strchr(dir, ':') ? mem_strdup(dir) : NULL;
}

/* $variable/name, else ~/otherwise/name. */
static char *xdg(const char *variable, const char *otherwise, const char *name)
{
	const char *dir = from_env(variable);
	char *base, *path;

	if (dir)
		return paths_join(dir, name);
	base = paths_join(home(), otherwise);
	path = paths_join(base, name);
	free(base);
	return path;
}

char *paths_state_dir(const char *name)
{
	char *dir = given("STATE_DIRECTORY");

	if (dir)
		return dir;
	if (is_root())
		return paths_join("/var/lib", name);
	return xdg("XDG_STATE_HOME", ".local/state", name);
}

char *paths_runtime_dir(const char *name)
{
	const char *dir = is_root() ? "/run" : from_env("XDG_RUNTIME_DIR");
	char *state, *path = given("RUNTIME_DIRECTORY");

	if (path)
		return path;
	if (dir)
		return paths_join(dir, name);
	state = paths_state_dir(name);
	path = paths_join(state, "run");
	free(state);
	return path;
}

char *paths_log_file(const char *program, const char *state_dir)
{
	bool usable = fd_make_dirs(log_dir, 0755) == 0 && access(log_dir, W_OK | X_OK) == 0;
	char *leaf = mem_printf("%s.log", program);
	char *path = paths_join(usable ? log_dir : state_dir, leaf);

	free(leaf);
	return path;
}

char *paths_user_config_dir(void)
{
	return xdg("XDG_CONFIG_HOME", ".config", "sloth");
}

char *paths_user_config(void)
{
	return xdg("XDG_CONFIG_HOME", ".config", "sloth/config");
}

bool paths_has_unit(const char *name)
{
	static const char *const dirs[] = {
		"/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system",
		"/lib/systemd/system",
	};
	bool has = false;

	for (size_t i = 0; !has && i < sizeof dirs / sizeof *dirs; i++) {
		char *path = mem_printf("%s/%s.service", dirs[i], name);

		has = access(path, F_OK) == 0;
		free(path);
	}
	return has && access("/run/systemd/system", F_OK) == 0;
}
