#!/usr/bin/env bash
# kill -9 of the master loses no agent: the next one lists them before they have been heard from.
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1
start_agent web2
stop_daemon "${agent_pid[web2]}"
sloth agent get web2 -o json >"$T/before"
kill_daemon "$master_pid"

start_master --port "$master_port"
run sloth agent list
assert_status 0
assert_stdout_like '^web1 '
assert_stdout_like '^web2 .*Inactive'
wait_agent web1
sloth agent get web2 -o json >"$T/after"
for key in .instance .registered .address; do
	assert_equal "$(json "$(cat "$T/after")" $key)" "$(json "$(cat "$T/before")" $key)" "$key after the restart"
done
