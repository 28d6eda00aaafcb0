#!/usr/bin/env bash
# The supervisor of a run is killed, while its agent lives and while it does not: the end is unknown, the caller is told
# why and has all that was written, and no process of the run is left.
. "$(dirname "$0")/lib.sh"
. "$here/lib/agent_run.sh"
start_master
start_fixed_agent
kill_supervisor() { kill -KILL "$(ps -o ppid= -p "$1" | tr -d ' ')"; }
script() { echo "setsid sleep $1.25 & (setsid setsid sleep $1.25 &) ; echo \$\$ >$T/$1.pid; echo ready; exec sleep $1.25"; }

id=$(new_id)
call one start "$id" "$(script 7601)"
wait_line "$T/one.out" ready
kill_supervisor "$(cat "$T/7601.pid")"
wait "$call"
assert_event one '^exit unknown 0 its supervisor was killed'
assert_event one '^status OK'
printf 'ready\n' >"$T/expected"
assert_same "$T/expected" "$T/one.out"
no_process 'sleep 7601[.]25' || fail "processes of the run are left: $(pgrep -af 'sleep 7601[.]25')"
wait_run "$id" unknown

id=$(new_id)
call two start "$id" "$(script 7602)" ack=no
wait_line "$T/two.out" ready
kill_daemon "${agent_pid[web1]}"
kill_supervisor "$(cat "$T/7602.pid")"
launch_fixed_agent
wait_run "$id" 'unknown 0 0 False True its supervisor was killed'
wait_no_process 'sleep 7602[.]25'
call_whole three resume "$id"
assert_event three '^exit unknown'
assert_same "$T/expected" "$T/three.out"
until_true 30 no_run_dirs || fail "a directory is left"
