#!/usr/bin/env bash
# Runs that cannot be resumed, as any gRPC client asks for them: a master that was killed learns from the agent how they
# ended, as of all others.
# build: plain
. "$(dirname "$0")/lib.sh"
"$python" -c 'import grpc' 2>/dev/null || skip "no grpcio for $python"
start_master
start_agent web1
foreign() { "$python" "$here/lib/foreign.py" "$@"; }

foreign exec "$master" web1 'echo ready; exec sleep 7691.25' >"$T/out" 2>/dev/null &
caller=$!
wait_line "$T/out" ready
id=$(json "$(sloth run list -o json)" '.runs[0].id')
[ -n "$id" ] || fail 'the run is not listed'
kill_daemon "$master_pid"
start_master --port "$master_port"
wait_agent web1
state() { json "$(sloth run list --all -o json)" '.runs[0].state'; }
is_cancelled() { [ "$(state)" = cancelled ]; }
until_true 20 is_cancelled || fail "it is recorded as $(state): $(sloth run show "$id")"
assert_equal "$(json "$(sloth run list --all -o json)" '.runs[0].id')" "$id" 'id'
run sloth run show "$id"
assert_stdout_has 'caller was lost'
wait_no_process 'sleep 7691[.]25'
wait $caller
assert_equal $? 3 'exit status of the client'
