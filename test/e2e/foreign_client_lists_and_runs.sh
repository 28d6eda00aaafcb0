#!/usr/bin/env bash
# Any gRPC client: ListAgents, GetAgentInfo, ExecuteCommand with output, exit code, signal and error statuses.
. "$(dirname "$0")/lib.sh"
"$python" -c 'import grpc' 2>/dev/null || skip "no grpcio for $python"
start_master
start_agent web1
foreign() { run "$python" "$here/lib/foreign.py" "$@"; }

foreign list "$master"
assert_status 0
assert_stdout_like '^web1 Active 127\.0\.0\.1:[0-9]+$'
foreign info "$master" web1
assert_stdout_like '^True'
assert_stdout_has '"agent_name": "web1"'
foreign info "$master" nobody-here
assert_stdout_like '^False .'

foreign exec "$master" web1 'echo out; echo err >&2; exit 3'
assert_status 0
assert_stdout_is $'out\nfinished: 3 \n'
assert_stderr_is $'err\n'
foreign exec "$master" web1 'kill -9 $$'
assert_stdout_like '^finished: -1 .*(9|KILL)'
foreign exec "$master" web1 'seq 1 20000'
{ seq 1 20000; echo 'finished: 0 '; } >"$T/expected"
assert_same "$T/expected" "$T/stdout"

foreign exec "$master" nobody-here true
assert_status 3
assert_stderr_has 'status: NOT_FOUND: agent not found or inactive: nobody-here'
launch_agent web2 --report-address "127.0.0.1:$(closed_port)"
wait_shows web2 unreachable
foreign exec "$master" web2 true
assert_status 3
assert_stderr_has 'status: UNAVAILABLE: agent not found or inactive: web2'
