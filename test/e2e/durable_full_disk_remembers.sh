#!/usr/bin/env bash
# The disk of the state directory is full when a run starts, and the agent is killed when it is over: the next one knows
# its id and how it ended, and does not start it again.
# build: plain
. "$(dirname "$0")/lib.sh"
. "$here/lib/small.sh"
. "$here/lib/agent_run.sh"
small_tree 20m
small_tree 100m run
start_master
start_fixed_agent
epoch=$(agent_run epoch "$agent")
fill_but "$T/agent-web1" 0
for n in 1 2 3; do
	id=$(new_id)
	call_whole "first$n" start "$id" "echo >>'$T/started$n'; exit 5"
	assert_event "first$n" '^exit exited 5'
	kill_daemon "${agent_pid[web1]}"
	launch_fixed_agent
	call_whole "again$n" resume "$id" "epoch=$epoch" "command=echo >>'$T/started$n'; exit 5"
	assert_event "again$n" '^exit exited 5'
	assert_equal "$(wc -l <"$T/started$n")" 1 'times it was started'
done
assert_equal "$(agent_run epoch "$agent")" "$epoch" 'epoch'
