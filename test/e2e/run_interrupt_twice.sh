#!/usr/bin/env bash
# A second Ctrl-C cancels a command that ignores the first one, with everything that it started.
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1

run "$python" "$here/lib/pty_run.py" expect:ready 'send:\x03' expect:again 'send:\x03' -- \
	sloth agent run -o raw --kill-grace 300ms web1 \
	'trap "echo again" INT; trap "" TERM; echo ready; sleep 7302.25 & while :; do sleep 0.05; done'
assert_status 130
wait_no_process 'sleep 7302.25'
