#!/usr/bin/env bash
# 200 runs at once on one agent, thrice, each with an output and an exit status of its own; also with output beyond what
# connections buffer. No turn of the agent's loop takes 20 ms, not counting the time in which others have the processor.
# build: plain
# timeout: 60
. "$(dirname "$0")/lib.sh"
. "$here/lib/small.sh"
small_tree 400m run		# in memory, as /run is
start_master
start_agent web1 --log-level debug
sloth agent run -n web1 true

for lines in 10 1000 100000; do
	run "$SLOTH_PLAIN_BUILD/test/bench_client" at-once "unix:$master_socket" web1 200 $lines
	assert_status 0
	assert_stdout_like '^200( |$)'
done
stop_daemon "${agent_pid[web1]}"
! has_line "$T/web1.log" 'loop: a turn took' || fail "$(grep 'loop: ' "$T/web1.log")"
wait_line "$T/web1.log" 'loop: the longest turn took [0-9]+ us'
note "$(grep -o 'the longest turn.*' "$T/web1.log")"
