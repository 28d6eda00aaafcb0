#!/usr/bin/env bash
# SIGTERM to the master: commands that run are given time to end, their results arrive; a second signal means now.
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1

mkfifo "$T/in"
sloth agent run web1 'echo ready; read -r x; echo end; exit 3' <"$T/in" >"$T/out" 2>"$T/err" &
cli=$!
exec 9>"$T/in"
wait_line "$T/out" ready
kill -TERM "$master_pid"
wait_line "$T/master.log" 'stopping'
assert_running "$master_pid" "the master"
# No new run while it drains.
run sloth agent run web1 true
assert_status 125
echo >&9
exec 9>&-
wait $cli
assert_equal $? 3 "exit status of the run"
printf 'ready\nend\n' >"$T/expected"
assert_same "$T/expected" "$T/out"
wait_gone "$master_pid"
wait "$master_pid"
assert_equal $? 0 "exit status of the master"
forget "$master_pid"

start_master --port "$master_port"
wait_agent web1
sloth agent run --kill-grace 1 web1 'echo ready; sleep 7901.25' >"$T/out2" 2>"$T/err" &
cli=$!
wait_line "$T/out2" ready
kill -TERM "$master_pid"
wait_line "$T/master.log" 'stopping'
kill -TERM "$master_pid"
wait_gone "$master_pid" 5
wait "$master_pid"
assert_equal $? 1 "exit status of the master after a second signal"
[ ! -e "$T/master/master.sock" ] || fail "its socket is left"
forget "$master_pid"
wait $cli
assert_equal $? 125 "exit status of a run whose master went away"
wait_no_process 'sleep 7901.25'
