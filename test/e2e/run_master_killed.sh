#!/usr/bin/env bash
# The master is killed in mid-run: the client ends with 125, the agent ends the command, registers with the next
# master by itself, and that one still knows it.
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1

sloth agent run --kill-grace 1 --reconnect 0 web1 'echo ready; sleep 7504.25' >"$T/stdout" 2>"$T/stderr" &
cli=$!
wait_line "$T/stdout" ready
kill_daemon "$master_pid"
wait $cli
status=$?
assert_status 125
assert_stderr_has 'result unknown'
wait_no_process 'sleep 7504.25' 20
assert_running "${agent_pid[web1]}" "the agent"

start_master --port "$master_port"
run sloth agent list
assert_stdout_has web1
wait_agent web1
run sloth agent run web1 echo back
assert_status 0
assert_stdout_is $'back\n'
