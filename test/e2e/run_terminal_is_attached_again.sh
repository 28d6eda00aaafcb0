#!/usr/bin/env bash
# A run with a terminal outlives its master: contact is found again, and the terminal goes on where it was.
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1

(
	wait_process '^sleep 7413.25'
	kill -KILL "$master_pid"
	until_true 20 is_gone "$master_pid"
	touch "$T/killed"
) &
"$python" "$here/lib/pty_run.py" expect:ready 'expect:lost contact with web1' 'expect:in contact again' 'send:word\r' \
	'expect:got word' -- \
	sloth agent run -t web1 'sleep 7413.25 & echo re""ady; read -r x; echo got $x; kill %1; exit 6' >"$T/stdout" 2>"$T/stderr" &
terminal=$!
until_true 20 test -e "$T/killed" || fail "the master lives"
wait "$master_pid" 2>/dev/null
forget "$master_pid"
start_master --port "$master_port"
wait $terminal
status=$?
assert_status 6
