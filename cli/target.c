/*
 * target.c - finding the master. Each place is looked at only when those before it are silent, and a
 * place that speaks decides: a wrong address there is an error, not a reason to look further.
 */
#include "cli/target.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/fd.h"
#include "common/mem.h"
#include "common/paths.h"
#include "common/str.h"

/* The keys of the configuration file. */
struct target_config {
	const char *master, *socket;
};
static const struct opt config_keys[] = {
	{ "master", 0, OPT_STRING, "ADDR", "address of the master", offsetof(struct target_config, master), 0, 0 },
	{ "socket", 0, OPT_STRING, "PATH", "unix socket of the master", offsetof(struct target_config, socket), 0, 0 },
	CLI_OPTION_END,
};

static int set_address(struct target *out, const char *address, const char *from, char **error, char **hint)
{
	struct wire_addr addr;
	const char *why = "port is not in 1..65535";

	/* 0 is a port to listen on only. */
	if (wire_addr_parse(address, CONTEXT_PORT, &addr, &why) || (!addr.is_unix && !addr.port)) {
		*error = mem_printf("%s: %s is no address: %s", from, str_quote(address), why);
		*hint = mem_strdup("HOST:PORT, [V6]:PORT or unix:/PATH");
		return -EINVAL;
	}
	out->from = from;
	out->is_unix = addr.is_unix;
	wire_addr_format(&addr, out->address);
	return 0;
}

static int set_socket(struct target *out, const char *path, const char *from, char **error, char **hint)
{
	char *address = mem_printf("unix:%s", path);
	int ret = set_address(out, address, from, error, hint);

	free(address);
	return ret;
}

/* One place that may name an address or a socket; -ENOENT when it is silent. */
static int set_either(struct target *out, const char *master, const char *socket, const char *const from[2],
		      char **error, char **hint)
{
	if (master && socket) {
		*error = mem_printf("%s and %s exclude each other", from[0], from[1]);
		*hint = mem_printf("%s alone", from[0]);
		return -EINVAL;
	}
	if (master)
		return set_address(out, master, from[0], error, hint);
	if (socket)
		return set_socket(out, socket, from[1], error, hint);
	return -ENOENT;
}

static int set_from_config(const char *path, struct target *out, char **error, char **hint)
{
	static const char *const from[] = { "configuration: master", "configuration: socket" };
	struct target_config config = { 0 };
	char *memory = NULL;
	int ret;

	if (!path || access(path, F_OK))
		return -ENOENT;
	ret = opt_parse_file(config_keys, path, &config, &memory, error);
	if (ret)
		*hint = mem_printf("correct the file, or go around it with --master");
	else
		ret = set_either(out, config.master, config.socket, from, error, hint);
	free(memory);
	return ret;
}

/* A named context, or the one in use; -ENOENT without *error: there is none. */
static int set_context(struct target *out, const char *root, const char *name, const char *from, char **error, char **hint)
{
	int ret = context_read_address(root, name, out->address, error);

	if (ret) {
		*hint = mem_strdup("sloth context list; sloth context use NAME; sloth login HOST:PORT");
		return ret;
	}
	out->from = from;
	snprintf(out->context, sizeof out->context, "%s", name);
	return 0;
}

static int set_from_contexts(const struct target_places *places, struct target *out, char **error, char **hint)
{
	char name[CONTEXT_NAME_MAX + 1];
	int ret;

	if (places->env_context && *places->env_context)
		return set_context(out, places->root, places->env_context, "SLOTH_CONTEXT", error, hint);
	ret = context_read_current(places->root, name, error);
	if (ret == -ENOENT) {
		free(*error);
		*error = NULL;
	} else if (ret) {
		*hint = mem_strdup("sloth context use NAME, or go around it with --master");
	} else {
		return set_context(out, places->root, name, "the context in use", error, hint);
	}
	return ret;
}

static bool socket_answers(const char *path)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd, ret;

	if (strlen(path) >= sizeof sa.sun_path)
		return false;
	memcpy(sa.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	ret = connect(fd, (const struct sockaddr *)&sa, sizeof sa);
	fd_close(&fd);
	return ret == 0;
}

/* The user's own socket, unless it is a dead one that hides the system's. */
static int set_from_sockets(const struct target_places *places, struct target *out, char **error, char **hint)
{
	bool has_system = access(places->system_socket, F_OK) == 0;

	if (!str_equal(places->user_socket, places->system_socket) && access(places->user_socket, F_OK) == 0 &&
	    (!has_system || socket_answers(places->user_socket)))
		return set_socket(out, places->user_socket, "the user's own socket", error, hint);
	if (has_system)
		return set_socket(out, places->system_socket, "the system's socket", error, hint);
	*error = mem_printf("no master: none is named, and there is no socket at %s%s%s", places->user_socket,
			    str_equal(places->user_socket, places->system_socket) ? "" : " or ",
			    str_equal(places->user_socket, places->system_socket) ? "" : places->system_socket);
	*hint = mem_strdup("sloth master --daemon, to start one here; sloth login HOST:PORT, for one elsewhere");
	return -ENOENT;
}

/* Whether there was nothing to find, so that the next place is looked at. */
static bool is_silent(int ret, const char *error)
{
	return ret == -ENOENT && !error;
}

static int find_address(const struct cli_global *global, const struct target_places *places, struct target *out,
			char **error, char **hint)
{
	static const char *const from[] = { "--master", "--socket" };
	int ret = set_either(out, global->master, global->socket, from, error, hint);

	if (!is_silent(ret, *error))
		return ret;
	if (global->context)
		return set_context(out, places->root, global->context, "--context", error, hint);
	if (places->env && *places->env)
		return set_address(out, places->env, "SLOTH_MASTER", error, hint);
	ret = set_from_contexts(places, out, error, hint);
	if (!is_silent(ret, *error))
		return ret;
	ret = set_from_config(places->config, out, error, hint);
	if (!is_silent(ret, *error))
		return ret;
	return set_from_sockets(places, out, error, hint);
}

/* As whom: the context that was named, else the one of the address. */
static int set_identity(const struct cli_global *global, const struct target_places *places, struct target *out,
			char **error, char **hint)
{
	const char *name = global->context ? global->context : places->env_context;
	char ignored[WIRE_ADDR_MAX], *why = NULL;
	int ret;

	if (*out->context)
		return 0;
	if (name && *name) {
		ret = context_read_address(places->root, name, ignored, error);
		snprintf(out->context, sizeof out->context, "%s", ret ? "" : name);
	} else {
		ret = context_find(places->root, out->address, out->context, &why);
		if (ret)
			*error = mem_printf("master at %s (%s): %s", out->address, out->from,
					    ret == -ENOENT ? "nobody has logged in there from here" : why);
		free(why);
	}
	if (ret)
		*hint = mem_printf("sloth login %s, with a token of that master; --insecure, where it takes plaintext",
				   out->address);
	return ret;
}

static int exclude(const struct cli_global *global, char **error, char **hint)
{
	const char *with = global->context ? "--context" : "--insecure";

	if (!global->socket || (!global->context && !global->insecure))
		return 0;
	*error = mem_printf("--socket and %s exclude each other", with);
	*hint = mem_strdup("--socket alone: the kernel says who is at a unix socket");
	return -EINVAL;
}

int target_find_in(const struct cli_global *global, const struct target_places *places, struct target *out,
		   char **error, char **hint)
{
	int ret;

	*error = *hint = NULL;
	*out = (struct target){ .from = "" };
	ret = exclude(global, error, hint);
	if (!ret)
		ret = find_address(global, places, out, error, hint);
	if (ret || out->is_unix)
		return ret;
	out->is_insecure = global->insecure;
	return out->is_insecure ? 0 : set_identity(global, places, out, error, hint);
}

int target_find(const struct cli_global *global, struct target *out, char **error, char **hint)
{
	struct target_places places = {
		.env = getenv("SLOTH_MASTER"), .env_context = getenv("SLOTH_CONTEXT"), .system_socket = paths_system_socket,
	};
	char *root = paths_user_config_dir(), *config = paths_user_config(), *dir = paths_runtime_dir("sloth");
	char *user_socket = paths_join(dir, "master.sock");
	int ret;

	places.root = root;
	places.config = config;
	places.user_socket = user_socket;
	ret = target_find_in(global, &places, out, error, hint);
	free(root);
	free(config);
	free(dir);
	free(user_socket);
	return ret;
}
