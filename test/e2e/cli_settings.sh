#!/usr/bin/env bash
# Options of sloth in its file and in the environment, for all commands and for one; what counts is shown with its place.
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1
config=$XDG_CONFIG_HOME/sloth/config
mkdir -p "${config%/*}"
printf '[Client]\noutput = json\n\n[agent run]\noutput = raw\nenv = A=1\nenv = B=2\n' >"$config"

run sloth agent list
assert_status 0
assert_stdout_like '^ *[{[]'
# shellcheck disable=SC2016  # for the agent
run sloth agent run web1 'echo $A$B'
assert_stdout_is $'12\n'
# shellcheck disable=SC2016
SLOTH_AGENT_RUN_ENV=A=3 run sloth agent run web1 'echo $A$B'
assert_stdout_is $'3\n'
SLOTH_OUTPUT=text run sloth agent list
assert_stdout_has NAME
run sloth agent list -o text
assert_stdout_has NAME

run sloth config show --origin -o text
assert_status 0
assert_stdout_like '^output = text +--output$'
assert_stdout_like '^master = unix:.* +SLOTH_MASTER$'
assert_stdout_has '[agent run]'
assert_stdout_like "^env = B=2 +$config:7\$"	# a list stands where its last item does

printf '\n[agent run]\ntimeuot = 5\n' >"$config"
run sloth agent run web1 true
assert_status 125
assert_stderr_has "$config:3: unknown key \"timeuot\", did you mean timeout?"
run sloth agent list
assert_status 2
run sloth config show
assert_status 2
run sloth version
assert_status 0
run sloth agent run --help
assert_status 0
