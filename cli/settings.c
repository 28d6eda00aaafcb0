/*
 * settings.c - see settings.h. The file is read twice, so that a command's own section wins wherever it stands: once for
 * what all commands share, when everything in it is checked, and once for the command.
 */
#include "cli/settings.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/mem.h"
#include "common/paths.h"
#include "common/str.h"

#define CLIENT "Client"

struct settings {
	const struct command *root;
	const struct command *command;	/* whose options are read */
	const char *words;		/* its section */
	bool is_own;			/* this time that section is taken over */
	const struct command *section;	/* the one we are in; NULL: [Client] */
	struct opt_read *read;
};

/* ---- sections ---- */

/* "agent run" -> the command, which has options in this program. NULL: none. */
static const struct command *find_command(const struct command *root, const char *section)
{
	char *words = mem_strdup(section), *rest = words, *word;
	const struct command *c = root;

	while (c && (word = strsep(&rest, " \t")))
		c = command_find(c, word);
	free(words);
	return c && c->run ? c : NULL;
}

static char *on_section(const char *name, void *arg)
{
	struct settings *s = arg;

	s->section = str_equal(name, CLIENT) ? NULL : find_command(s->root, name);
	if (s->section || str_equal(name, CLIENT))
		return NULL;
	if (str_equal(name, "Agent") || str_equal(name, "Master") || str_equal(name, "agent start") || str_equal(name, "master"))
		return mem_printf("section [%s] is for the daemon's own file, below /etc/sloth", name);
	return mem_printf("unknown section [%.64s]: neither [" CLIENT "] nor a command, as [agent run]", name);
}

/* ---- keys ---- */

/* Is it a good one, whoever it is for? NULL, or owned words. */
static char *check_pair(const struct command *section, const struct ini_pair *pair)
{
	const struct opt *table = section ? command_options(section) : cli_global_options;
	size_t size = section ? command_options_size(section) : sizeof(struct cli_global);
	void *scratch = mem_alloc(size);
	struct opt_read read;
	char *why;

	opt_read_init(&read, table, scratch, size);
	why = opt_read_pair(&read, pair);
	opt_read_done(&read);
	free(scratch);
	return why;
}

static bool is_shared(const struct opt *o)
{
	return o->offset < sizeof(struct cli_global);
}

/* Not every command has every option that all of them share: login --context is another thing. */
static bool is_wanted(const struct settings *s, const struct ini_pair *pair)
{
	const struct opt *o = opt_find(s->read->table, pair->key);

	if (s->is_own)
		return s->section == s->command;
	return !s->section && o && is_shared(o) && !(o->kind & OPT_ON_LINE);
}

static char *on_pair(const struct ini_pair *pair, void *arg)
{
	struct settings *s = arg;
	char *why = check_pair(s->section, pair);

	if (!why && is_wanted(s, pair))
		why = opt_read_pair(s->read, pair);
	return why;
}

/* ---- all of it ---- */

static int read_file(struct settings *s, const char *path, bool is_own, char **error)
{
	static const struct ini_ops ops = { .on_section = on_section, .on_pair = on_pair };
	struct buf text = { 0 };
	int err;

	s->is_own = is_own;
	s->section = NULL;
	err = ini_read(path, &text, &ops, s, error);
	opt_read_keep(s->read, &text);
	return err;
}

int settings_read(const struct command *root, const struct command *command, const char *words, enum settings_part part,
		  struct opt_read *read, char **error)
{
	struct settings s = { .root = root, .command = command, .words = words, .read = read };
	char *path = paths_user_config();
	bool is_there = path && access(path, F_OK) == 0;	/* what is out of sight is nobody's who calls us */
	int err = 0;

	*error = NULL;
	free(read->path);
	read->path = path;
	if (is_there && part == SETTINGS_ALL)
		err = read_file(&s, path, false, error);
	if (is_there && !err && command)
		err = read_file(&s, path, true, error);
	if (!err && part == SETTINGS_ALL)
		err = opt_read_env(read, NULL, 0, sizeof(struct cli_global), error);
	if (!err && command)
		err = opt_read_env(read, words, sizeof(struct cli_global), SIZE_MAX, error);
	return err;
}

static bool is_set(const struct opt *o, const struct cli_global *global)
{
	const char *field = (const char *)global + o->offset;

	return opt_kind(o) == OPT_FLAG ? *(const bool *)field : *(const char *const *)field != NULL;
}

void settings_overlay(struct opt_read *read, const struct cli_global *global)
{
	for (const struct opt *o = cli_program_options; o->name; o++) {
		size_t size = opt_kind(o) == OPT_FLAG ? sizeof(bool) : sizeof(const char *);
		const struct opt *row = opt_find(read->table, o->name);

		if (!is_set(o, global))
			continue;
		memcpy((char *)read->out + o->offset, (const char *)global + o->offset, size);
		if (row)
			opt_read_note(read, row, OPT_BY_LINE);
	}
}
