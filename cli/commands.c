/*
 * commands.c - the table of all commands: what each is called, takes and shows as help.
 */
#include "cli/commands.h"

#include "cli/login_options.h"
#include "cli/run_options.h"
#include "cli/passport.h"
#include "common/exits.h"

static const struct command agent_commands[] = {
	{
		.name = "list",
		.operands = "[GLOB]",
		.summary = "List the agents that the master knows",
		.description =
		"GLOB is a shell pattern that the name has to match; quote it. The exit status\n"
		"is 1 when no agent matches.",
		.examples =
		"sloth agent list\n"
		"sloth agent list 'web*' --state unreachable\n"
		"sloth agent list -o json",
		.options = agent_list_options,
		.options_size = sizeof(struct agent_list_options),
		.max_operands = 1,
		.names = { OPERAND_AGENT },
		.run = agent_list_main,
	}, {
		.name = "get",
		.operands = "NAME",
		.summary = "Show everything that the master knows of one agent",
		.examples =
		"sloth agent get web1\n"
		"sloth agent get web1 -o json",
		.min_operands = 1,
		.max_operands = 1,
		.names = { OPERAND_AGENT },
		.run = agent_get_main,
	}, {
		.name = "doctor",
		.operands = "NAME",
		.summary = "Find out what is wrong between the master and an agent",
		.description =
		"The master looks at the agent step by step, also when it is inactive. Below each\n"
		"step that failed stands what to do, and on which machine. On the agent's machine\n"
		"slothd-agent --doctor looks from the other side. The exit status is 1 when\n"
		"something failed.",
		.examples =
		"sloth agent doctor web1\n"
		"sloth agent doctor web1 -o json",
		.min_operands = 1,
		.max_operands = 1,
		.names = { OPERAND_AGENT },
		.run = agent_doctor_main,
	}, {
		.name = "run",
		.operands = "NAME COMMAND...",
		.summary = "Run a command on an agent",
		.description =
		"Options end at NAME. The words behind it are joined by spaces and given to the\n"
		"agent's shell, as ssh does it; with --argv they are run as they are, without a\n"
		"shell. Standard input, output and error are those of the command, byte for byte.\n"
		"On a terminal the output is framed.\n"
		"\n"
		"Ctrl-C interrupts the command, a second one cancels it with all its children, a\n"
		"third gives up waiting. When contact is lost sloth tries again, and goes on at\n"
		"the exact byte.\n"
		"\n"
		"Exit status: that of the command; 128+N when signal N ended it; 124 timed out;\n"
		"125 sloth could not run it or lost it; 126 cannot be executed; 127 not found.",
		.examples =
		"sloth agent run web1 df -h\n"
		"sloth agent run web1 'systemctl is-active nginx && uptime'\n"
		"sloth agent run --user deploy --cwd /srv/app --timeout 5m web1 make test\n"
		"sloth agent run --argv web1 touch 'two words'\n"
		"sloth agent run web1 'cat > /tmp/f' < f\n"
		"tar c . | sloth agent run web1 'tar x -C /srv'\n"
		"sloth agent run -t web1 bash -l\n"
		"id=$(sloth agent run --detach web1 'make world')",
		.options = agent_run_options,
		.options_size = sizeof(struct run_options),
		.min_operands = 2,
		.max_operands = -1,
		.stops_at_operand = true,
		.usage_status = EXIT_LOST,
		.names = { OPERAND_AGENT },
		.run = agent_run_main,
	}, {
		.name = "start",
		.summary = "Start an agent on this machine (slothd-agent)",
		.description =
		"All words are those of slothd-agent(8).",
		.examples =
		"sloth agent start --name web1 --master 127.0.0.1:50053 --port 50051 \\\n"
		"    --bind-address 127.0.0.1 --daemon",
		.exec = agent_start_exec,
	}, {
		.name = "stop",
		.operands = "NAME",
		.summary = "Tell an agent to end itself",
		.description =
		"The agent stays in the list, inactive, until it is deleted or starts again. Its\n"
		"runs go on, and the next agent that is started there takes them over.",
		.examples =
		"sloth agent stop web1\n"
		"sloth agent stop web1 --kill-runs",
		.options = agent_stop_options,
		.options_size = sizeof(struct agent_stop_options),
		.min_operands = 1,
		.max_operands = 1,
		.names = { OPERAND_AGENT },
		.run = agent_stop_main,
	}, {
		.name = "drain",
		.operands = "NAME",
		.summary = "Give an agent no new runs",
		.description =
		"The runs that it has go on. It stays drained, also over restarts of it and\n"
		"of the master, until it is undrained or deleted.",
		.examples =
		"sloth agent drain web1 --wait && sloth agent run db1 ./without-web1",
		.options = agent_drain_options,
		.options_size = sizeof(struct agent_drain_options),
		.min_operands = 1,
		.max_operands = 1,
		.names = { OPERAND_AGENT },
		.run = agent_drain_main,
	}, {
		.name = "undrain",
		.operands = "NAME",
		.summary = "Give a drained agent runs again",
		.examples = "sloth agent undrain web1",
		.min_operands = 1,
		.max_operands = 1,
		.names = { OPERAND_AGENT },
		.run = agent_undrain_main,
	}, {
		.name = "delete",
		.operands = "NAME",
		.summary = "Remove an agent from the master's list",
		.description =
		"The agent itself goes on; one that still runs registers itself again. Stop it\n"
		"first.",
		.examples = "sloth agent stop web1 && sloth agent delete web1",
		.min_operands = 1,
		.max_operands = 1,
		.names = { OPERAND_AGENT },
		.run = agent_delete_main,
	}, {
		.name = "pending",
		.summary = "List the agents that wait to be accepted, and those that were denied",
		.description = "Compare the key with what the agent logs. The exit status is 1 when none waits.",
		.examples = "sloth agent pending",
		.run = agent_pending_main,
	}, {
		.name = "accept",
		.operands = "[NAME|GLOB]",
		.summary = "Let agents in that wait",
		.description = "The exit status is 1 when nothing matched, or when one was refused.",
		.examples =
		"sloth agent accept web1\n"
		"sloth agent accept web1 --fingerprint 5f3a9c01d2e47b88\n"
		"sloth agent accept 'web*'\n"
		"sloth agent accept --all",
		.options = agent_accept_options,
		.options_size = sizeof(struct identity_options),
		.max_operands = 1,
		.names = { OPERAND_PENDING },
		.run = agent_accept_main,
	}, {
		.name = "reject",
		.operands = "NAME",
		.summary = "Turn an agent away that waits",
		.examples = "sloth agent reject web1 --fingerprint 5f3a9c01d2e47b88",
		.options = agent_reject_options,
		.options_size = sizeof(struct identity_options),
		.min_operands = 1,
		.max_operands = 1,
		.names = { OPERAND_PENDING },
		.run = agent_reject_main,
	}, {
		.name = "revoke",
		.operands = "NAME",
		.summary = "Take an agent's certificate away for good",
		.description =
		"Its connections end at once. To come back it needs a new key, and a token or to\n"
		"be accepted.",
		.examples = "sloth agent revoke web1",
		.min_operands = 1,
		.max_operands = 1,
		.names = { OPERAND_AGENT },
		.run = agent_revoke_main,
	},
	{ .name = NULL },
};

static const struct command master_commands[] = {
	{
		.name = "stop",
		.summary = "Stop the master of this machine",
		.description = "Runs that are under way are given time to end.",
		.examples =
		"sloth master stop\n"
		"sloth master stop --state-dir /tmp/m",
		.options = master_options,
		.options_size = sizeof(struct master_options),
		.run = master_stop_main,
	}, {
		.name = "status",
		.summary = "Say whether a master runs on this machine",
		.description = "The exit status is 1 when none does.",
		.examples = "sloth master status",
		.options = master_options,
		.options_size = sizeof(struct master_options),
		.run = master_status_main,
	},
	{ .name = NULL },
};

static const struct command config_commands[] = {
	{
		.name = "show",
		.operands = "[client|agent|master]",
		.summary = "Show what options are set to, and where",
		.description =
		"What counts for a program that you start here and at this moment: its file, the\n"
		"environment, and what is default. Without a word it is sloth itself. The usual\n"
		"file of a daemon is read by root only; others name one.",
		.examples =
		"sloth config show\n"
		"sloth config show agent --origin\n"
		"sloth config show master --config ./master.conf -o json",
		.options = config_show_options,
		.options_size = sizeof(struct config_show_options),
		.max_operands = 1,
		.names = { OPERAND_PROGRAM },
		.run = config_show_main,
	},
	{ .name = NULL },
};

static const struct command root_commands[] = {
	{
		.name = "master",
		.summary = "Start the master (slothd-master), stop it, ask for it",
		.examples =
		"sloth master -p 50053 --daemon\n"
		"sloth master status\n"
		"sloth master stop",
		.sub = master_commands,
		.exec = master_exec,
	}, {
		.name = "agent",
		.summary = "Start, list, stop agents and run commands on them",
		.examples =
		"sloth agent list\n"
		"sloth agent run web1 uptime",
		.sub = agent_commands,
	}, {
		.name = "run",
		.summary = "List, watch, stop and wait for runs, also detached ones",
		.description =
		"A run is started by sloth agent run. Its ID may be abbreviated to its first\n"
		"digits, at least 4.",
		.examples =
		"id=$(sloth agent run --detach web1 'make world')\n"
		"sloth run logs -f $id\n"
		"sloth run wait $id",
		.sub = run_commands,
	}, {
		.name = "history",
		.summary = "Show what was run where, by whom, and how it ended",
		.description =
		"Newest first. GLOB knows * and ?; quote it. The exit status is 1 when nothing\n"
		"matches.",
		.examples =
		"sloth history --failed --since 24h\n"
		"sloth history --agent 'web*' --by alice -n 200 -o json",
		.options = history_options,
		.options_size = sizeof(struct history_options),
		.run = history_main,
	}, {
		.name = "audit",
		.summary = "Show what was done, and by whom",
		.description =
		"Records of the master's audit log, oldest first. GLOB knows * and ?; quote it.",
		.examples =
		"sloth audit --since 2h\n"
		"sloth audit --by alice --agent 'web*' --since 2026-11-25\n"
		"sloth audit --follow -o json",
		.options = audit_options,
		.options_size = sizeof(struct audit_options),
		.run = audit_main,
	}, {
		.name = "token",
		.summary = "Make, list and revoke tokens, with which agents and operators enrol",
		.examples = "sloth token create --ttl 1h >token",
		.sub = token_commands,
	}, {
		.name = "operator",
		.summary = "List and revoke the operators that have a certificate",
		.examples = "sloth operator list",
		.sub = operator_commands,
	}, {
		.name = "login",
		.operands = "MASTER",
		.summary = "Become an operator of a master, by a token",
		.description =
		"MASTER is HOST[:PORT]. A key is made, and the certificate that the master gives\n"
		"for it is kept below ~/.config/sloth as a context, which is in use from then on.\n"
		"The token says which master is the right one.",
		.examples =
		"sloth login master.example.net --token-file token\n"
		"sloth login master.example.net:50053 --token-file - --context work",
		.options = login_options,
		.options_size = sizeof(struct login_options),
		.min_operands = 1,
		.max_operands = 1,
		.run = passport_login,
	}, {
		.name = "context",
		.summary = "List, choose and remove logins",
		.examples =
		"sloth context list\n"
		"sloth context use work",
		.sub = context_commands,
	}, {
		.name = "config",
		.summary = "Show what options are set to, and where",
		.examples = "sloth config show --origin",
		.sub = config_commands,
	}, {
		.name = "whoami",
		.summary = "Show who you are to the master, and what you may do",
		.examples = "sloth whoami",
		.run = whoami_main,
	}, {
		.name = "status",
		.summary = "Show what the master is and how it does",
		.examples =
		"sloth status\n"
		"sloth --master 127.0.0.1:50053 status -o json",
		.run = status_main,
	}, {
		.name = "version",
		.summary = "Show versions, also of libraries",
		.examples = "sloth version -o json",
		.ignores_settings = true,
		.run = version_main,
	}, {
		.name = "help",
		.operands = "[COMMAND...]",
		.summary = "Show help on a command",
		.examples = "sloth help agent run",
		.max_operands = -1,
		.names = { OPERAND_COMMAND },
		.ignores_settings = true,
		.run = help_main,
	},
	{ .name = NULL },
};

const struct command cli_root = {
	.name = "sloth",
	.summary = "Run commands on remote machines through a master and its agents",
	.description =
	"The master is found by --master, --socket or --context, then SLOTH_MASTER,\n"
	"SLOTH_SOCKET or SLOTH_CONTEXT, then the context in use, then the file\n"
	"~/.config/sloth/config, then the user's own socket, then\n"
	"/run/sloth/master.sock. Over TCP sloth speaks TLS, as who logged in. Every\n"
	"option has a key and a variable, too: sloth.conf(5).",
	.examples =
	"sloth master --daemon\n"
	"sloth token create >token\n"
	"sloth agent start --name web1 --master 127.0.0.1 --token-file token --daemon\n"
	"sloth agent list\n"
	"sloth agent run web1 df -h",
	.options = cli_program_options,
	.options_size = sizeof(struct cli_global),
	.sub = root_commands,
};
