#!/usr/bin/env bash
# SIGTERM and SIGHUP to sloth cancel the run: 143 and 129, and no process is left.
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1

for case in TERM:143 HUP:129; do
	: >"$T/stdout"
	sloth agent run --kill-grace 300ms web1 'echo ready; sleep 7303.25' >"$T/stdout" 2>"$T/stderr" &
	cli=$!
	wait_line "$T/stdout" ready
	kill "-${case%:*}" "$cli"
	wait "$cli"
	status=$?
	assert_status "${case#*:}"
	wait_no_process 'sleep 7303.25'
done
