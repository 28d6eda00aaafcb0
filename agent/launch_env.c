/*
 * launch_env.c - the environment of a run. Nothing of the agent's own environment gets through but LANG: it
 * may hold a notify socket, credentials, a token.
 */
#include "agent/launch_env.h"

#include <stdlib.h>
#include <string.h>

#include "agent/exec_program.h"
#include "common/mem.h"
#include "common/str.h"

enum { N_BASE = 10 };

char **launch_strings(const char *what, const ProtobufCBinaryData *items, size_t n, char **error)
{
	char **list = mem_array(n + 1, sizeof *list);

	for (size_t i = 0; i < n; i++) {
		const char *why = NULL;

		if (items[i].len >= EXEC_ARG_MAX)
			why = "longer than 131071 bytes";
		else if (items[i].len && memchr(items[i].data, 0, items[i].len))
			why = "has a NUL byte";
		if (why) {
			*error = mem_printf("%s %zu: %s", what, i + 1, why);
			launch_strings_free(list);
			return NULL;
		}
		list[i] = mem_strndup(items[i].len ? (const char *)items[i].data : "", items[i].len);
	}
	return list;
}

void launch_strings_free(char **list)
{
	for (char **s = list; s && *s; s++)
		free(*s);
	free(list);
}

static size_t base_env(char **env, const struct launch_who *who)
{
	const struct user *user = who->user;
	const char *lang = getenv("LANG");
	size_t n = 0;

	env[n++] = mem_printf("PATH=%s", exec_default_path);
	env[n++] = mem_printf("HOME=%s", user->home);
	env[n++] = mem_printf("USER=%s", user->name);
	env[n++] = mem_printf("LOGNAME=%s", user->name);
	env[n++] = mem_printf("SHELL=%s", user->shell);
	env[n++] = mem_printf("LANG=%s", lang && *lang ? lang : "C.UTF-8");
	env[n++] = mem_printf("SLOTH_RUN_ID=%s", who->run_id);
	env[n++] = mem_printf("SLOTH_AGENT=%s", who->agent);
	env[n++] = mem_printf("SLOTH_PRINCIPAL=%s", who->principal);
	if (who->term)
		env[n++] = mem_printf("TERM=%s", who->term);
	return n;
}

/* Length of the name with '='; 0: there is none. */
static size_t name_length(const char *entry)
{
	const char *equals = strchr(entry, '=');

	return equals && equals > entry ? (size_t)(equals - entry) + 1 : 0;
}

static char *entry_fault(const char *entry)
{
	static const char *const reserved[] = { "SLOTH_RUN_ID=", "SLOTH_AGENT=", "SLOTH_PRINCIPAL=" };

	if (name_length(entry) == 0)
		return mem_printf("environment entry %s: not NAME=VALUE", str_quote(entry));
	for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
		if (str_has_prefix(entry, reserved[i]))
			return mem_printf("environment entry %s: the agent sets that itself", str_quote(entry));
	return NULL;
}

/* Takes `entry`; it replaces one of the same name. */
static void set_entry(char **env, size_t *n, char *entry)
{
	size_t length = name_length(entry);

	for (size_t i = 0; i < *n; i++) {
		if (strncmp(env[i], entry, length) == 0) {
			free(env[i]);
			env[i] = entry;
			return;
		}
	}
	env[(*n)++] = entry;
}

char **launch_env(const struct launch_who *who, const ProtobufCBinaryData *entries, size_t n_entries, char **error)
{
	char **added = launch_strings("environment entry", entries, n_entries, error);
	char **env;
	size_t n, i;

	if (!added)
		return NULL;
	env = mem_array(N_BASE + n_entries + 1, sizeof *env);
	n = base_env(env, who);
	for (i = 0; i < n_entries && !(*error = entry_fault(added[i])); i++)
		set_entry(env, &n, added[i]);
	if (i == n_entries) {
		free(added);
		return env;
	}
	launch_strings_free(env);
	for (; i < n_entries; i++)
		free(added[i]);
	free(added);
	return NULL;
}
