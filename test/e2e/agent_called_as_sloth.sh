#!/usr/bin/env bash
#
# Where there is no CLI, sloth and sloth-runner are links to the agent's program: "agent start" works, and what does not
# names the package that has it.
. "$(dirname "$0")/lib.sh"

mkdir -p "$T/only/bin"
ln -s "$SLOTH_BUILD/sbin/slothd-agent" "$T/only/bin/sloth-runner"
ln -s "$SLOTH_BUILD/sbin/slothd-agent" "$T/only/bin/sloth"
start_master
start_daemon "$T/web1.log" "$T/only/bin/sloth-runner" agent start --insecure --name web1 --master "$master" --port 0 \
	--bind-address 127.0.0.1 --state-dir "$T/agent"
wait_agent web1
run sloth agent run -n web1 echo hello
assert_stdout_is $'hello\n'

for words in 'agent list' 'agent' '' 'status'; do
	# shellcheck disable=SC2086  # a list of words
	run "$T/only/bin/sloth" $words
	assert_status 64
	assert_stderr_has 'only "sloth agent start" works here'
	assert_stderr_has sloth-cli
done
