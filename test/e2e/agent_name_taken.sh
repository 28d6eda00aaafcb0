#!/usr/bin/env bash
# A name that a live agent has is refused to another one, which says so and takes it over when it is free.
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1
start_daemon "$T/other.log" slothd-agent --insecure --name web1 --master "$master" --port 0 --bind-address 127.0.0.1 --state-dir "$T/other"
other=$started
wait_line "$T/other.log" 'name .*web1.* is taken by a live agent at 127\.0\.0\.1:[0-9]+'
assert_running "$other" "the second agent"
# The parent of a command is its supervisor, whose parent is the agent.
agent_of='echo $(ps -o ppid= -p $PPID)'
run sloth agent run web1 "$agent_of"
assert_stdout_is "${agent_pid[web1]}
"
wait_line "$T/master.log" 'web1.*taken'

stop_daemon "${agent_pid[web1]}"
is_taken_over() { [ "$(sloth agent run web1 "$agent_of" 2>/dev/null)" = "$other" ]; }
until_true 50 is_taken_over || fail "the name was not taken over"
