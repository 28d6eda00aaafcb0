#!/usr/bin/env bash
# The agent has started more runs than it remembers: an id that it does not know may be one of those, so a run that was
# asked for before is not started, and nobody is told that it never began. What is asked for first still starts.
# build: plain
. "$(dirname "$0")/lib.sh"
. "$here/lib/agent_run.sh"
start_master
start_fixed_agent
epoch=$(agent_run epoch "$agent")

# go_round: the first record has the number that it will have when the ring has gone round once.
go_round() {
	"$python" - "$T/agent-web1/past-runs" <<-'PY'
		import struct, sys
		with open(sys.argv[1], 'r+b') as f:
		    size = 216
		    f.seek(size + 8)
		    assert struct.unpack('Q', f.read(8)) == (1,), 'no record is where it should be'
		    f.seek(size + 8)
		    f.write(struct.pack('Q', 65536 + 1))
	PY
}
call_whole first start "$(new_id)" 'exit 5'
assert_event first '^exit exited 5'
kill_daemon "${agent_pid[web1]}"
go_round || fail 'the layout of past-runs is another one'
launch_fixed_agent

id=$(new_id)
wait_run "$id" 'unknown .*more runs'
call_whole resumed resume "$id" "epoch=$epoch" "command=echo >>'$T/started'"
assert_event resumed '^exit unknown .*more runs'
[ ! -e "$T/started" ] || fail 'it was started'
call_whole second start "$(new_id)" 'exit 6'
assert_event second '^exit exited 6'
