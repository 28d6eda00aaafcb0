/*
 * command.h - the CLI's commands as tables: one row per command with its options, operands, help and
 * examples. Help, usage errors and dispatch come from the rows and nowhere else.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "common/opt_read.h"

/* Options of every command. The options struct of a command begins with this one. */
struct cli_global {
	const char *master, *socket, *context, *format, *color;
	bool insecure, help, version;
	const struct opt_read *read;	/* where they stand; NULL: on the command line */
};

#define CLI_OPTION_MASTER \
	{ "master", 0, OPT_STRING, "ADDR", "talk to the master at HOST:PORT or unix:/PATH", \
	  offsetof(struct cli_global, master), 0, 0 }
#define CLI_OPTION_SOCKET \
	{ "socket", 0, OPT_STRING, "PATH", "talk to the master at this unix socket", \
	  offsetof(struct cli_global, socket), 0, 0 }
#define CLI_OPTION_CONTEXT \
	{ "context", 0, OPT_STRING, "NAME", "talk to the master of this login, see sloth context list", \
	  offsetof(struct cli_global, context), 0, 0 }
#define CLI_OPTION_INSECURE \
	{ "insecure", 0, OPT_FLAG, NULL, "plaintext instead of TLS, on this machine only", \
	  offsetof(struct cli_global, insecure), 0, 0 }
/* All of them: which master, and as whom. */
#define CLI_OPTION_TARGET CLI_OPTION_MASTER, CLI_OPTION_SOCKET, CLI_OPTION_CONTEXT, CLI_OPTION_INSECURE
#define CLI_OPTION_FORMAT(values, text) \
	{ "output", 'o', OPT_CHOICE, "FORMAT=" values, "how results are shown: " text, offsetof(struct cli_global, format), 0, 0 }
#define CLI_OPTION_OUTPUT(formats) CLI_OPTION_FORMAT("text|json", formats)
/* Of who shows the output of runs. */
#define CLI_OPTION_VIEW(formats) CLI_OPTION_FORMAT("raw|frame|box|json|text", formats)
#define CLI_OPTION_COLOR \
	{ "color", 0, OPT_CHOICE, "WHEN=auto|always|never", "use colours: auto, always or never", \
	  offsetof(struct cli_global, color), 0, 0 }
#define CLI_OPTION_HELP \
	{ "help", 'h', OPT_FLAG | OPT_ON_LINE, NULL, "show this help and exit", offsetof(struct cli_global, help), 0, 0 }
#define CLI_OPTION_VERSION \
	{ "version", 'V', OPT_FLAG | OPT_ON_LINE, NULL, "show the version and exit", offsetof(struct cli_global, version), 0, 0 }
#define CLI_OPTION_END { NULL, 0, OPT_FLAG, NULL, NULL, 0, 0, 0 }

/* The rows of a command without options of its own. */
extern const struct opt cli_global_options[];
/* Those before the command: the same and --version. */
extern const struct opt cli_program_options[];

/* What an operand names, for completion. */
enum operand {
	OPERAND_ANY, OPERAND_AGENT, OPERAND_PENDING, OPERAND_RUN, OPERAND_OPEN_RUN, OPERAND_KEPT_RUN, OPERAND_TOKEN,
	OPERAND_OPERATOR, OPERAND_CONTEXT, OPERAND_COMMAND, OPERAND_SIGNAL, OPERAND_PROGRAM
};

struct command {
	const char *name;		/* NULL ends a table */
	const char *operands;		/* as in help: "[GLOB]"; NULL: none */
	const char *summary;		/* one line, no full stop */
	const char *description;	/* lines of at most 78 columns; NULL: none */
	const char *examples;		/* one per line; NULL: none */
	const struct opt *options;	/* NULL: cli_global_options and struct cli_global */
	size_t options_size;
	int min_operands, max_operands;	/* max -1: any number */
	enum operand names[2];		/* the first ones */
	bool stops_at_operand;		/* what follows the first operand is not looked at */
	bool ignores_settings;		/* works with a wrong configuration file, too */
	int usage_status;		/* exit status of a wrong command line; 0: EXIT_USAGE */
	/* argv holds the operands only; NULL-terminated. Lists in options are freed behind it. The exit status. */
	int (*run)(void *options, int argc, char **argv);
	const struct command *sub;	/* a group of commands; run is NULL */
	/*
	 * A command whose words all belong to another program (argv[0] is the command's own). In a group:
	 * taken when the next word is not one of the group's. help prints that program's own help.
	 */
	int (*exec)(const struct cli_global *global, int argc, char **argv);
};

/* Its own, or those of every command. */
const struct opt *command_options(const struct command *command);
/* Of its options struct. */
size_t command_options_size(const struct command *command);
const struct command *command_find(const struct command *group, const char *name);

/* The whole program but for process-wide set-up: finds the command, runs it, gives the exit status. */
int command_main(const struct command *root, int argc, char **argv);
/* Help of the command that the words name ("agent", "run"); an unknown one is a usage error. */
int command_help(const struct command *root, const struct cli_global *global, int argc, char **argv);
/* `path` is the command in words: "sloth agent run". */
void command_print_help(const struct command *command, const char *path, FILE *to);

#endif
