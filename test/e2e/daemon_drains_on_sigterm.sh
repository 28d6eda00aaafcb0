#!/usr/bin/env bash
# SIGTERM to the master: what cannot be resumed is given time to end, its results arrive; a Run is let go of at once, and
# its caller told; a second signal means now.
. "$(dirname "$0")/lib.sh"
"$python" -c 'import grpc' 2>/dev/null || skip "no grpcio for $python"
foreign() { "$python" "$here/lib/foreign.py" "$@"; }
start_master
start_agent web1

foreign exec "$master" web1 "echo ready; until [ -e $T/go ]; do sleep 0.05; done; echo end; exit 3" >"$T/out" 2>"$T/err" &
executing=$!
foreign start "$master" 0123456789abcdef0123456789abcdef \
	"echo ready; until [ -e $T/go ]; do sleep 0.05; done" web1 >"$T/out2" 2>"$T/err2" &
running=$!
wait_line "$T/out" ready
wait_line "$T/out2" ready
kill -TERM "$master_pid"
wait $running
assert_equal $? 3 "exit status of a Run whose master stops"
has_line "$T/err2" 'UNAVAILABLE: the master is stopping' || fail "its caller was told: $(cat "$T/err2")"
assert_running "$master_pid" "the master"
# No new run while it drains.
run sloth agent run --reconnect 0 web1 true
assert_status 125
touch "$T/go"
wait $executing
assert_equal $? 0 "exit status of the command that was waited for"
printf 'ready\nend\nfinished: 3 \n' >"$T/expected"
assert_same "$T/expected" "$T/out"
wait_gone "$master_pid"
wait "$master_pid"
assert_equal $? 0 "exit status of the master"
forget "$master_pid"

start_master --port "$master_port"
wait_agent web1
foreign exec "$master" web1 'echo ready; sleep 7901.25' >"$T/out3" 2>"$T/err" &
executing=$!
wait_line "$T/out3" ready
kill -TERM "$master_pid"
wait_line "$T/master.log" 'stopping'
kill -TERM "$master_pid"
wait_gone "$master_pid" 5
wait "$master_pid"
assert_equal $? 1 "exit status of the master after a second signal"
[ ! -e "$T/master/master.sock" ] || fail "its socket is left"
forget "$master_pid"
wait $executing
assert_equal $? 3 "exit status of a command whose master went away"
wait_no_process 'sleep 7901.25'
