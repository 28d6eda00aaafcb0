#!/usr/bin/env bash
# A foreign client's deadline, cancel or death ends the command.
. "$(dirname "$0")/lib.sh"
"$python" -c 'import grpc' 2>/dev/null || skip "no grpcio for $python"
start_master
start_agent web1

run "$python" "$here/lib/foreign.py" exec "$master" web1 'echo ready; sleep 7601.25' 1
assert_status 3
assert_stderr_has DEADLINE_EXCEEDED
wait_no_process 'sleep 7601.25' 20

run "$python" "$here/lib/foreign.py" cancel "$master" web1 'echo ready; sleep 7606.25'
assert_stdout_is $'CANCELLED\n'
wait_no_process 'sleep 7606.25' 20

"$python" "$here/lib/foreign.py" exec "$master" web1 'echo ready; sleep 7602.25' >"$T/stdout" 2>"$T/stderr" &
client=$!
wait_line "$T/stdout" ready
kill -KILL $client
wait $client 2>/dev/null
wait_no_process 'sleep 7602.25' 20
