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

/* ---- where options stand ---- */

static const struct opt *row_of(const struct cli_global *global, const char *name)
{
	return global->read ? opt_find(global->read->table, name) : NULL;
}

static enum opt_level level_of(const struct cli_global *global, const char *name)
{
	return row_of(global, name) ? opt_origin(global->read, name)->level : OPT_BY_LINE;
}

/* `value` when it stands there. */
static const char *value_at(const struct cli_global *global, enum opt_level level, const char *name, const char *value)
{
	return level_of(global, name) == level ? value : NULL;
}

/* "--master", "SLOTH_MASTER", or the file and its line. Owned. */
static char *place_of(const struct cli_global *global, const char *name)
{
	const struct opt *o = row_of(global, name);

	return o ? opt_origin_text(global->read, o, NULL) : mem_printf("--%s", name);
}

/* ---- addresses ---- */

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
	snprintf(out->from, sizeof out->from, "%s", from);
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

static int exclude_each_other(const char *one, const char *other, char **error, char **hint)
{
	*error = mem_printf("%s and %s exclude each other", one, other);
	*hint = mem_printf("%s alone", one);
	return -EINVAL;
}

/* What stands at that level; -ENOENT when it names neither. */
static int set_either(const struct cli_global *global, enum opt_level level, struct target *out, char **error, char **hint)
{
	const char *master = value_at(global, level, "master", global->master);
	const char *path = value_at(global, level, "socket", global->socket);
	char *from = place_of(global, "master"), *from_path = place_of(global, "socket");
	int ret = -ENOENT;

	if (master && path)
		ret = exclude_each_other(from, from_path, error, hint);
	else if (master)
		ret = set_address(out, master, from, error, hint);
	else if (path)
		ret = set_socket(out, path, from_path, error, hint);
	free(from);
	free(from_path);
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
	snprintf(out->from, sizeof out->from, "%s", from);
	snprintf(out->context, sizeof out->context, "%s", name);
	return 0;
}

/* The one that was named at that level. */
static int set_named_context(const struct cli_global *global, enum opt_level level, const struct target_places *places,
			     struct target *out, char **error, char **hint)
{
	const char *name = value_at(global, level, "context", global->context);
	char *from;
	int ret;

	if (!name)
		return -ENOENT;
	from = place_of(global, "context");
	ret = set_context(out, places->root, name, from, error, hint);
	free(from);
	return ret;
}

static int set_context_in_use(const struct target_places *places, struct target *out, char **error, char **hint)
{
	char name[CONTEXT_NAME_MAX + 1];
	int ret = context_read_current(places->root, name, error);

	if (!ret)
		return set_context(out, places->root, name, "the context in use", error, hint);
	if (ret == -ENOENT) {
		free(*error);
		*error = NULL;
	} else {
		*hint = mem_strdup("sloth context use NAME, or go around it with --master");
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
	*hint = mem_printf("%s, to start one here; sloth login HOST:PORT, for one elsewhere",
			   places->has_unit(TARGET_UNIT) ? TARGET_START_UNIT : "sloth master --daemon");
	return -ENOENT;
}

/* Whether there was nothing to find, so that the next place is looked at. */
static bool is_silent(int ret, const char *error)
{
	return ret == -ENOENT && !error;
}

static int set_at(const struct cli_global *global, enum opt_level level, const struct target_places *places, struct target *out,
		  char **error, char **hint)
{
	int ret = set_either(global, level, out, error, hint);

	return is_silent(ret, *error) ? set_named_context(global, level, places, out, error, hint) : ret;
}

static int find_address(const struct cli_global *global, const struct target_places *places, struct target *out,
			char **error, char **hint)
{
	int ret = set_at(global, OPT_BY_LINE, places, out, error, hint);

	if (is_silent(ret, *error))
		ret = set_at(global, OPT_BY_ENV, places, out, error, hint);
	if (is_silent(ret, *error))
		ret = set_context_in_use(places, out, error, hint);
	if (is_silent(ret, *error))
		ret = set_at(global, OPT_BY_FILE, places, out, error, hint);
	if (is_silent(ret, *error))
		ret = set_from_sockets(places, out, error, hint);
	return ret;
}

/* As whom: the context that was named, else the one of the address. */
static int set_identity(const struct cli_global *global, const struct target_places *places, struct target *out,
			char **error, char **hint)
{
	const char *name = level_of(global, "context") == OPT_BY_FILE ? NULL : global->context;	/* that one is for its own master */
	char ignored[WIRE_ADDR_MAX], *why = NULL;
	int ret;

	if (*out->context)
		return 0;
	if (name) {
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
	bool has_context = value_at(global, OPT_BY_LINE, "context", global->context) != NULL;
	bool is_insecure = global->insecure && level_of(global, "insecure") == OPT_BY_LINE;

	if (!value_at(global, OPT_BY_LINE, "socket", global->socket) || (!has_context && !is_insecure))
		return 0;
	*error = mem_printf("--socket and %s exclude each other", has_context ? "--context" : "--insecure");
	*hint = mem_strdup("--socket alone: the kernel says who is at a unix socket");
	return -EINVAL;
}

int target_find_in(const struct cli_global *global, const struct target_places *places, struct target *out,
		   char **error, char **hint)
{
	int ret;

	*error = *hint = NULL;
	*out = (struct target){ 0 };
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
	struct target_places places = { .system_socket = paths_system_socket, .has_unit = paths_has_unit };
	char *root = paths_user_config_dir(), *dir = paths_runtime_dir("sloth");
	char *user_socket = paths_join(dir, "master.sock");
	int ret;

	places.root = root;
	places.user_socket = user_socket;
	ret = target_find_in(global, &places, out, error, hint);
	free(root);
	free(dir);
	free(user_socket);
	return ret;
}
