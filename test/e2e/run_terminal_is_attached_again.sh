#!/usr/bin/env bash
# A run with a terminal outlives its master: contact is found again, and the terminal goes on where it was.
. "$(dirname "$0")/lib.sh"
start_master
start_agent web1

"$python" "$here/lib/pty_run.py" expect:ready "touch:$T/shown" 'expect:lost contact with web1' 'expect:in contact again' \
	'send:word\r' 'expect:got word' -- \
	sloth agent run -t web1 'echo re""ady; read -r x; echo got $x; exit 6' >"$T/stdout" 2>"$T/stderr" &
terminal=$!
until_true 20 test -e "$T/shown" || fail "the run does not begin"
kill_daemon "$master_pid"
start_master --port "$master_port"
wait $terminal
status=$?
assert_status 6
