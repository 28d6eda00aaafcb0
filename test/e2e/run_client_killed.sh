#!/usr/bin/env bash
# The client is killed in mid-run: the command and its children are gone within the time it had to come back, and the
# grace.
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1

sloth agent run --reconnect 1 --kill-grace 1 web1 'trap "" TERM; sleep 7501.25 & echo ready; while :; do sleep 7502.25; done' >"$T/stdout" &
cli=$!
wait_line "$T/stdout" ready
wait_process 'sleep 7501.25'
kill -KILL $cli
wait $cli 2>/dev/null
wait_no_process 'sleep 750[12].25' 15
run sloth agent run web1 echo fine
assert_status 0
