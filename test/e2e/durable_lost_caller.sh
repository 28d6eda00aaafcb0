#!/usr/bin/env bash
# A caller that is lost has the time that it asked for; then its run is cancelled, unless it is to be kept. One that says
# goodbye ends it at once.
. "$(dirname "$0")/lib.sh"
. "$here/lib/agent_run.sh"
start_master
start_fixed_agent
lost=$(new_id) saved=$(new_id) gone=$(new_id) back=$(new_id)
lose() { kill -KILL "$1"; wait "$1" 2>/dev/null; }

call saved start "$saved" 'echo ready; exec sleep 7623.25' reconnect=1 keep=yes
wait_line "$T/saved.out" ready
lose "$call"
call back start "$back" 'echo ready; exec sleep 7624.25' reconnect=60000
wait_line "$T/back.out" ready
lose "$call"
call lost start "$lost" 'echo ready; exec sleep 7621.25' reconnect=4000
wait_line "$T/lost.out" ready
since=${EPOCHREALTIME/./}
lose "$call"
wait_run "$lost" running 1
wait_run "$lost" 'cancelled .* its caller was lost for 4.0 s'
[ $((${EPOCHREALTIME/./} - since)) -ge 3900000 ] || fail "it was not waited for"
wait_no_process 'sleep 7621[.]25'
# Its end is there for as long again.
call_whole again resume "$lost" position=6
assert_event again '^exit cancelled'

call_whole gone start "$gone" 'echo ready; exec sleep 7622.25' then=cancel
assert_event gone '^status CANCELLED'
wait_run "$gone" 'cancelled .* cancelled by its caller' 5
wait_no_process 'sleep 7622[.]25'

wait_run "$saved" running
wait_run "$back" running
for id in "$saved" "$back"; do
	call_whole last resume "$id" position=6 then=cancel
	wait_run "$id" cancelled
done
# A call of RunCommand cannot come back.
"$python" "$here/lib/foreign.py" run "$agent" 'echo ready; exec sleep 7625.25' >"$T/command.out" &
command=$!
wait_line "$T/command.out" ready
lose "$command"
wait_no_process 'sleep 7625[.]25' 3
