#!/usr/bin/env bash
# SIGTERM to an agent ends its commands with everything they started; the caller learns why.
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1
sloth agent run --kill-grace 1 web1 'echo ready; sleep 7902.25 & sleep 7903.25' >"$T/stdout" 2>"$T/stderr" &
cli=$!
wait_line "$T/stdout" ready
stop_daemon "${agent_pid[web1]}"
wait $cli
status=$?
[ "$status" -ne 0 ] || fail "success was reported"
[ -s "$T/stderr" ] || fail "no reason was told"
wait_no_process 'sleep 790[23].25'
