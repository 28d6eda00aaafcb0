/*
 * commands_trust.c - the tables of `sloth token`, `sloth operator` and `sloth context`.
 */
#include "cli/commands.h"

const struct command token_commands[] = {
	{
		.name = "create",
		.summary = "Make a token",
		.description =
		"The token alone goes to standard output. Whoever has it can enrol with it: keep\n"
		"it in a file of mode 600, and off command lines.\n"
		"\n"
		"With --print-install standard output gets, in its place, the line that installs\n"
		"the agent, to be pasted into a shell of the machine that becomes one.",
		.examples =
		"sloth token create --name web1 --print-install\n"
		"sloth token create --name c1 --print-install=incus --incus 192.168.1.17:50061\n"
		"umask 077; sloth token create --name web1 >token\n"
		"sloth token create --uses 20 --ttl 2h --name 'web*' >token\n"
		"sloth token create --role operator --name alice >token",
		.options = token_create_options,
		.options_size = sizeof(struct token_create_options),
		.run = token_create_main,
	}, {
		.name = "list",
		.summary = "List the tokens, without what is secret of them",
		.examples = "sloth token list",
		.run = token_list_main,
	}, {
		.name = "revoke",
		.operands = "ID",
		.summary = "End a token: nobody enrols with it any more",
		.description = "Who has enrolled with it stays.",
		.examples = "sloth token revoke 3f9a01bc",
		.min_operands = 1,
		.max_operands = 1,
		.names = { OPERAND_TOKEN },
		.run = token_revoke_main,
	},
	{ .name = NULL },
};

const struct command operator_commands[] = {
	{
		.name = "list",
		.summary = "List the operators that have a certificate, or had one",
		.examples = "sloth operator list",
		.run = operator_list_main,
	}, {
		.name = "revoke",
		.operands = "NAME",
		.summary = "Take an operator's certificate away for good",
		.description = "The operator's connections end at once.",
		.examples = "sloth operator revoke alice",
		.min_operands = 1,
		.max_operands = 1,
		.names = { OPERAND_OPERATOR },
		.run = operator_revoke_main,
	},
	{ .name = NULL },
};

const struct command context_commands[] = {
	{
		.name = "list",
		.summary = "List the logins; the one in use has a star",
		.examples = "sloth context list",
		.options = context_options,
		.options_size = sizeof(struct cli_global),
		.run = context_list_main,
	}, {
		.name = "use",
		.operands = "NAME",
		.summary = "Talk to the master of this login from now on",
		.examples = "sloth context use work",
		.options = context_options,
		.options_size = sizeof(struct cli_global),
		.min_operands = 1,
		.max_operands = 1,
		.names = { OPERAND_CONTEXT },
		.run = context_use_main,
	}, {
		.name = "rm",
		.operands = "NAME",
		.summary = "Forget a login, with its key",
		.description =
		"The certificate stays good for who has a copy of the key: sloth operator revoke\n"
		"ends it.",
		.examples = "sloth context rm work",
		.options = context_options,
		.options_size = sizeof(struct cli_global),
		.min_operands = 1,
		.max_operands = 1,
		.names = { OPERAND_CONTEXT },
		.run = context_rm_main,
	},
	{ .name = NULL },
};
