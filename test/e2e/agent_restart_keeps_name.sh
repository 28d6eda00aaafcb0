#!/usr/bin/env bash
# An agent that was killed and started again is no conflict: same state directory, same identity, at once.
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1
instance=$(json "$(sloth agent get web1 -o json)" .instance)
for _ in 1 2 3; do
	kill_daemon "${agent_pid[web1]}"
	begin=$SECONDS
	start_agent web1
	is_new() { [ "$(sloth agent run web1 'echo $(ps -o ppid= -p $PPID)' 2>/dev/null)" = "${agent_pid[web1]}" ]; }
	until_true 30 is_new || fail "runs do not reach the new process"
	assert_at_most $((SECONDS - begin)) 10 "seconds to come back"
	assert_equal "$(json "$(sloth agent get web1 -o json)" .instance)" "$instance" instance
	! has_line "$T/web1.log" 'taken' || fail "a conflict was seen"
done
