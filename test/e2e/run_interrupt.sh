#!/usr/bin/env bash
# Ctrl-C reaches the remote process group; a command that handles it decides how the run ends.
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1

# The command handles it and goes on to its own end.
run "$python" "$here/lib/pty_run.py" expect:ready 'send:\x03' expect:caught -- \
	sloth agent run -o raw web1 'trap "echo caught; exit 7" INT; echo ready; while :; do sleep 0.05; done'
assert_status 7

# It does not: SIGINT ends it.
run "$python" "$here/lib/pty_run.py" expect:ready 'send:\x03' -- \
	sloth agent run -o raw web1 'echo ready; exec sleep 7301.25'
assert_status 130
wait_no_process 'sleep 7301.25'
