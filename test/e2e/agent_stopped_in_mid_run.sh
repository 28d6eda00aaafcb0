#!/usr/bin/env bash
# SIGTERM to an agent lets its commands go on, and the next agent has them; with --kill-runs it ends them, with everything
# that they started, and the caller learns why.
. "$(dirname "$0")/lib.sh"
start_master
port=$(closed_port)
start_agent web1 --port "$port"
mkfifo "$T/go"
sloth agent run web1 "echo ready; read -r x <$T/go; echo end; exit 3" >"$T/stdout" 2>"$T/stderr" &
cli=$!
wait_line "$T/stdout" ready
stop_daemon "${agent_pid[web1]}"
start_agent web1 --port "$port" --kill-runs
echo >"$T/go"
wait $cli
status=$?
assert_status 3
assert_stdout_is $'ready\nend\n'

: >"$T/stdout"		# what is waited for is not what the run before has said
sloth agent run --kill-grace 1 web1 'echo ready; sleep 7902.25 & sleep 7903.25' >"$T/stdout" 2>"$T/stderr" &
cli=$!
wait_line "$T/stdout" ready
stop_daemon "${agent_pid[web1]}"
wait $cli
status=$?
assert_status 143
assert_stderr_has 'the agent is stopping'
wait_no_process 'sleep 790[23].25'
